"""A mail's HTML as it may be shown: without anything active, pictures from elsewhere only on request."""

import re
from html import unescape
from io import BytesIO

import nh3

from helpdesk.desk.attachments import Upload
from helpdesk.intake.transfer import base64

LONGEST_FORMATTED = 1_000_000  # characters
DEEPEST_HTML = 500  # tags within tags: cleaning takes the square of it, and no mail program writes so
_TEXT = {
    "p",
    "br",
    "hr",
    "div",
    "span",
    "b",
    "strong",
    "i",
    "em",
    "u",
    "s",
    "del",
    "ins",
    "sub",
    "sup",
    "small",
    "big",
}
_TEXT |= {
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "pre",
    "code",
    "tt",
    "kbd",
    "samp",
    "font",
    "center",
    "a",
}
_TEXT |= {
    "abbr",
    "cite",
    "q",
    "mark",
    "address",
    "article",
    "section",
    "header",
    "footer",
    "main",
    "aside",
    "nav",
}
_LISTS = {
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "table",
    "caption",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "th",
    "td",
    "col",
}
_LISTS |= {"colgroup", "figure", "figcaption", "img"}
_ATTRIBUTES = {
    "*": {"dir", "lang", "align", "valign", "title", "style"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "font": {"color", "face", "size"},
    "ol": {"start", "type"},
    "table": {"border", "cellpadding", "cellspacing", "width", "bgcolor"},
    "td": {"colspan", "rowspan", "width", "height", "bgcolor", "nowrap"},
    "th": {"colspan", "rowspan", "width", "height", "bgcolor", "nowrap"},
    "tr": {"bgcolor"},
    "col": {"span", "width"},
    "blockquote": {"type"},
}
# Nothing that can leave its place, hide a page's own parts or fetch anything.
_STYLES = {"color", "background-color", "font-family", "font-size", "font-style", "font-weight", "text-align"}
_STYLES |= {"text-decoration", "text-indent", "line-height", "white-space", "vertical-align", "direction"}
_STYLES |= {"border", "border-top", "border-bottom", "border-left", "border-right", "border-collapse"}
_STYLES |= {
    "padding",
    "padding-left",
    "margin",
    "margin-left",
    "width",
    "max-width",
    "height",
    "list-style-type",
}
# In what nh3 writes every attribute stands in double quotes, and "<" only begins a tag.
_PICTURE = re.compile(r'(<img\b(?:[^"<>]|"[^"]*")*?) src="(https?:[^"]*)"')
_IN_PLACE = re.compile(
    rb"""(\bsrc\s*=\s*["']?)data:image/(png|jpe?g|gif|webp)(?:;[^,"'<>]{0,50})?;base64,([A-Za-z0-9+/=%\s]+)""",
    re.IGNORECASE,
)
_CID = re.compile(r"""\bcid:([^"'\s<>)]{1,200})""", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]{0,30})")
# Those that end by themselves, or by what follows.
_VOID = {
    "br",
    "hr",
    "img",
    "meta",
    "link",
    "input",
    "col",
    "wbr",
    "area",
    "base",
    "p",
    "li",
    "dt",
    "dd",
    "option",
}
_VOID |= {"tr", "td", "th"}
# Cleaning takes the square of a style's length.
_LONG_STYLE = re.compile(
    r"""\sstyle\s*=\s*(?:"[^"<>]{3000,}"|'[^'<>]{3000,}'|[^\s"'<>]{3000,})""", re.IGNORECASE
)
_REMOTE = "data-remote="
_WAITING = re.compile(rf'<img\b(?:[^"<>]|"[^"]*")*? {_REMOTE}"')


def safe_html(html: str) -> str:
    """The HTML that may be shown on a page of its own.

    `cid:` pictures stay for the page to resolve; those from elsewhere have their address in `data-remote` and
    no `src`, so that nobody learns who reads. "" for HTML that is nested beyond reading.
    """
    html = html[:LONGEST_FORMATTED]
    html = _LONG_STYLE.sub("", html)
    if _deepest(html) > DEEPEST_HTML:
        return ""
    cleaned = nh3.clean(
        html,
        tags=_TEXT | _LISTS,
        clean_content_tags={"script", "style", "title", "head", "template", "noscript", "svg", "math"},
        attributes=_ATTRIBUTES,
        filter_style_properties=_STYLES,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
    )
    return _PICTURE.sub(rf'\1 {_REMOTE}"\2"', cleaned)


def _deepest(html: str) -> int:
    depth = deepest = 0
    for end, tag in _TAG.findall(html):
        if tag.lower() not in _VOID:
            depth = max(depth - 1, 0) if end else depth + 1
            deepest = max(deepest, depth)
    return deepest


def has_remote_pictures(formatted: str) -> bool:
    """Whether what `safe_html` gave wants pictures from elsewhere."""
    return _WAITING.search(formatted) is not None


def shown_pictures(html: str) -> set[str]:
    """The Content-IDs that the HTML shows, without brackets."""
    return {unescape(each) for each in _CID.findall(html)}


def take_out_pictures(html: bytes, number: int) -> tuple[bytes, list[Upload]]:
    """Pictures that stand in the HTML itself (data:), as files that it shows by their Content-ID.
    `number`: from which to count, so that several texts of a mail do not share names."""
    found: list[Upload] = []

    def replace(match: re.Match[bytes]) -> bytes:
        name = f"picture-{number + len(found)}"
        ending = match[2].decode().lower().replace("jpeg", "jpg")
        found.append(Upload(f"{name}.{ending}", BytesIO(base64(match[3])), f"{name}@inline", "inline"))
        return match[1] + f"cid:{name}@inline".encode()

    return _IN_PLACE.sub(replace, html), found
