"""HTML mail to the text that people would read: quoted parts as lines with ">"."""

import re
from html import unescape
from html.parser import HTMLParser

_UNREAD = frozenset({"script", "style", "head", "title", "template"})
_LINES = frozenset(
    {
        "address",
        "article",
        "aside",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "footer",
        "form",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "section",
        "table",
        "tr",
        "ul",
    }
)
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote"})
_SHOWN = _LINES | _PARAGRAPHS | {"br", "span", "font", "b", "td", "img"}
_FILLED_IN = frozenset({"text", "email", "tel", "number", "date", "url", "search"})
_SPACES = re.compile(r"[ \t\r\n\f\xa0]+")
_CODE = re.compile(r"<(?:script|style)\b[^<>]{0,2000}>", re.IGNORECASE)
_CODE_END = re.compile(r"</(?:script|style)\b[^<>]{0,100}>", re.IGNORECASE)
_TAG = re.compile(r"<!--[^>]{0,200}-->|</?[a-zA-Z!][^<>]{0,2000}>")


def html_to_text(html: str) -> str:
    """The words of an HTML mail in reading order, line ends \\n; never fails on broken HTML."""
    reader = _Reader()
    try:
        reader.feed(html)
    except AssertionError:  # the standard library's, on some broken declarations
        return _bare(html)
    # What is left begins with a tag that never ends. close() would look for its end once for each "<" in it:
    # minutes for a small hostile mail.
    reader.handle_data(unescape(reader.rawdata))
    return reader.text() or _bare(html)


def _bare(html: str) -> str:
    """What is left without tags: for HTML whose style, script or head never ends and would hide all words."""
    first, *rest = _CODE.split(html)
    words = [first, *(_CODE_END.split(piece, maxsplit=1)[-1] for piece in rest)]
    return _SPACES.sub(" ", unescape(_TAG.sub(" ", " ".join(words)))).strip()


def _filled_in(said: dict[str, str | None]) -> str:
    """What a form's field holds."""
    return (said.get("value") or "") if (said.get("type") or "text") in _FILLED_IN else ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.line = ""
        self.depth = 0  # of quotes
        self.unread: list[str] = []
        self.preformatted = 0
        self.link: tuple[str, int] | None = None  # address, and where in the line its words begin

    def text(self) -> str:
        self._end_line()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self.lines)).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.unread and self.unread[-1] in ("head", "title") and tag in _SHOWN:
            self.unread.clear()  # neither ends in mail that was cut or written by hand
        if tag in _UNREAD:
            self.unread.append(tag)
        elif tag == "body":
            self.unread.clear()  # a head or title that never ended must not swallow the mail
        elif tag == "br":
            self._end_line(always=True)
        elif tag in ("td", "th"):
            self.line += "\t" if self.line.strip() else ""
        elif tag in _LINES:
            self._end_line()
            self.line += "- " if tag == "li" else ""
        elif tag in _PARAGRAPHS:
            self._end_paragraph()
            self.depth += tag == "blockquote"
            self.preformatted += tag == "pre"
        elif tag in ("img", "area"):
            said = dict(attrs)
            self.line += f"[{alt}]" if (alt := said.get("alt") or said.get("title")) else ""
        elif tag == "input":
            self.line += _filled_in(dict(attrs))
        elif tag == "a":
            self.link = ((dict(attrs).get("href") or "").strip(), len(self.line))

    def handle_endtag(self, tag: str) -> None:
        if tag in self.unread:
            while self.unread.pop() != tag:
                pass
        elif tag in _LINES:
            self._end_line()
        elif tag in _PARAGRAPHS:
            self._end_paragraph()
            if tag == "blockquote":
                self.depth = max(self.depth - 1, 0)
            if tag == "pre":
                self.preformatted = max(self.preformatted - 1, 0)
        elif tag == "a" and self.link:
            address, start = self.link
            words = self.line[start:].strip()
            if address.startswith(("http:", "https:")) and words and words.rstrip("/") != address.rstrip("/"):
                self.line += f" <{address}>"
            self.link = None

    def handle_data(self, data: str) -> None:
        if self.unread:
            return
        if self.preformatted:
            first, *rest = data.split("\n")
            self.line += first
            for each in rest:
                self._end_line(always=True)
                self.line = each
            return
        words = _SPACES.sub(" ", data)
        self.line += words.lstrip(" ") if not self.line or self.line.endswith((" ", "\t")) else words

    def unknown_decl(self, data: str) -> None:
        if data.startswith("CDATA["):
            self.handle_data(data[6:])

    def _end_line(self, always: bool = False) -> None:
        line = self.line.rstrip() if self.preformatted else self.line.strip(" ")
        if line.strip() or always:
            self.lines.append(f"{'> ' * min(self.depth, 5)}{line}".rstrip())
        self.line = ""
        self.link = None

    def _end_paragraph(self) -> None:
        self._end_line()
        if self.lines and self.lines[-1].strip("> "):
            self.lines.append("> " * min(self.depth, 5) if self.depth else "")
