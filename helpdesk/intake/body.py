"""What a mail's parts hold: its texts, files, calendars and reports."""

import mimetypes
import re
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any
from urllib.parse import unquote

from helpdesk.desk.attachments import Upload
from helpdesk.intake import formatted, mime
from helpdesk.intake.charsets import clean, decode, decode_header
from helpdesk.intake.events import events
from helpdesk.intake.file_names import file_name
from helpdesk.intake.html_text import html_to_text
from helpdesk.intake.mime import Part
from helpdesk.intake.plain_text import take_out_files, unflowed, without_markup
from helpdesk.intake.signed import opened
from helpdesk.intake.transfer import encoding_of, undone, undone_text
from helpdesk.intake.versions import needed
from helpdesk.rules.media_types import picture_of

MOST_PARTS = 1000
DEEPEST = 30
MOST_FILES = 100
LARGEST_FILE = 25 * 1024**2  # bytes
MOST_BYTES = 50 * 1024**2  # of all files of a mail
LONGEST_READ = 1_000_000  # bytes of text; a longer one comes as a file, and its beginning is shown
BEGINNING = 50_000
MOST_LISTED = 50  # of what was left out
IDS = re.compile(r"<[^<>\s]{3,500}>")
_ENDINGS = {
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "application/ms-tnef": ".dat",
    "text/calendar": ".ics",
    "text/rfc822-headers": ".txt",
    "message/delivery-status": ".txt",
    "text/plain": ".txt",
}
_NOTICES = {
    "application/pkcs7-signature": "signed_smime",
    "application/x-pkcs7-signature": "signed_smime",
    "application/pgp-signature": "signed_pgp",
    "application/pgp-encrypted": "encrypted_pgp",
    "application/ms-tnef": "winmail",
    "application/vnd.ms-tnef": "winmail",
}
_STATUSES = ("message/delivery-status", "message/global-delivery-status")
_SEALED = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_CALENDARS = ("text/calendar", "application/ics", "application/calendar")
_NO_TEXTS = frozenset(
    {
        *(
            "text/calendar",
            "text/csv",
            "text/vcard",
            "text/x-vcard",
            "text/directory",
            "text/rtf",
            "text/css",
        ),
        *("text/xml", "text/javascript", "text/rfc822-headers", "text/tab-separated-values"),
    }
)
_MARKED_UP = ("text/enriched", "text/richtext")
# What mail programs write around the parts of a mail, for programs that know none.
_BOILERPLATE = re.compile(
    rb"\bmime\b|multi-?part|openpgp|cryptographically|mail (?:reader|client|program)", re.I
)
_META = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)


@dataclass
class Body:
    """Walks the parts of a mail. `returned`: Message-IDs of the mails that it holds; `statuses`: what
    delivery reports say; `charset`: the first that a text declares."""

    texts: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)  # its HTML, where it has any
    files: list[Upload] = field(default_factory=list)
    left_out: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
    events: list[dict[str, str]] = field(default_factory=list)
    notices: set[str] = field(default_factory=set)
    charset: str = ""
    said: set[str] = field(default_factory=set)  # the texts without white space
    parts: int = 0
    size: int = 0  # of the files

    def read(self, part: Part, depth: int = 0) -> None:
        """Takes what the part holds, and the parts in it."""
        self.parts += 1
        kind = part.kind
        main = kind.partition("/")[0]
        if self.parts > MOST_PARTS or depth > DEEPEST:
            why = "too_many" if self.parts > MOST_PARTS else "too_deep"
            self._leave_out(file_name(part.header), part.end - part.start, why)
        elif main == "multipart":
            self._read_several(part, depth)
        elif kind in _SEALED and (inner := self._open(part)):
            self.read(mime.read(inner), depth + 1)
        elif main == "message":
            self._keep_message(part)
        elif _is_text(part):
            self._read_text(part)
        else:
            self._keep_file(part)

    def finish(self) -> None:
        """Says which files the text shows as pictures and what it is locked with; a calendar that comes alone
        says its event."""
        shown = {each for page in self.pages for each in formatted.shown_pictures(page)}
        shown |= {unquote(each) for each in shown}
        self.files = [
            replace(file, role="inline") if file.content_id in shown and _is_picture(file) else file
            for file in self.files
        ]
        if not self.texts and self.events:
            self.texts = [f"{each['summary']}\n{each['where']}".strip() for each in self.events]
        said = "\n".join(self.texts)
        if "-----BEGIN PGP MESSAGE-----" in said:
            self.notices.add("encrypted_pgp")
        if "-----BEGIN PGP SIGNED MESSAGE-----" in said:
            self.notices.add("signed_pgp")

    def _read_several(self, part: Part, depth: int) -> None:
        part = _with_parts(part)
        if part.kind == "multipart/alternative":
            self._read_alternative(part, depth)
        else:
            for each in part.children():
                if self.parts >= MOST_PARTS:  # the rest of them is one
                    self._leave_out("", part.end - each.start, "too_many")
                    break
                self.read(each, depth + 1)
        for start, end in part.loose:
            self._read_loose(part, start, end)

    def _read_alternative(self, part: Part, depth: int) -> None:
        """The plain text; the HTML's words instead where it says more; files of all of them."""
        before, versions = self.texts, []
        for each in part.children():
            self.texts = []
            self.read(each, depth + 1)
            if any(text.strip() for text in self.texts):
                versions.append((each.kind == "text/plain", "\n\n".join(self.texts)))
        self.texts = before
        plain = "\n\n".join(text for is_plain, text in versions if is_plain)
        rich = next((text for is_plain, text in reversed(versions) if not is_plain), "")
        self.texts += [text for text in needed(plain, rich) if text]

    def _read_loose(self, part: Part, start: int, end: int) -> None:
        """Words around the parts: a gateway's footer, or all there is where no boundary is found."""
        words = part.raw[start : min(end, start + LONGEST_READ)]
        if words.strip(b"-\r\n\t ") and not _BOILERPLATE.search(words[:400]):
            self._add_text(decode(words, self.charset))

    def _read_text(self, part: Part) -> None:
        content, words = undone_text(part.body, _encoding(part))
        is_page = part.kind == "text/html"
        if is_page:
            content, pictures = formatted.take_out_pictures(content, len(self.files) + 1)
            for each in pictures:
                self._keep(each)
        if len(content) > LONGEST_READ:
            self._keep(Upload("message.html" if is_page else "message.txt", BytesIO(content)))
            content = content[:BEGINNING].rpartition(b"\n")[0] or content[:BEGINNING]
        declared = part.header.get_content_charset("") or ""
        if is_page and (meta := _META.search(content[:4096])) and declared in ("", "us-ascii"):
            said = meta[1].decode("ascii")
            declared = declared if said.lower().startswith(("utf-16", "unicode")) else said  # it was read
        self.charset = self.charset or declared
        self._add_text(self._words(part, decode(content, declared)))
        if words.strip():
            self._add_text(decode(words, declared))

    def _words(self, part: Part, text: str) -> str:
        if part.kind == "text/html":
            self.pages.append(text)
            return html_to_text(text)
        if part.kind in _MARKED_UP:
            return without_markup(text)
        if str(part.header.get_param("format", "")).lower() == "flowed":
            text = unflowed(text, str(part.header.get_param("delsp", "")).lower() == "yes")
        text, files = take_out_files(text)
        for each in files:
            self._keep(each)
        return text

    def _add_text(self, text: str) -> None:
        """Once: some programs write the same words as text and as HTML beside each other."""
        said = "".join(text.split())
        if said and said not in self.said:
            self.said.add(said)
            self.texts.append(text)

    def _open(self, part: Part) -> bytes | None:
        """The mail within an S/MIME envelope that is only signed; None where it is locked or cannot be read.
        The envelope stays as a file either way."""
        content, _words = undone(part.body, _encoding(part))
        notice, inner = opened(content, str(part.header.get_param("smime-type", "")))
        self.notices.add(notice)
        if inner:
            self._keep(Upload(file_name(part.header) or "smime.p7m", BytesIO(content)))
        return inner

    def _keep_message(self, part: Part) -> None:
        """A forwarded or returned message stays whole; a report names the one that it is about."""
        content, _words = undone(part.body, _encoding(part))
        if part.kind in _STATUSES:
            self.statuses.append(decode(content[:LONGEST_READ]))
        subject = ""
        if part.kind in ("message/rfc822", "message/global"):
            inner = mime.read(content).header
            self._note_returned(inner.get("message-id", ""))
            subject = decode_header(inner.get("subject", ""))
        name = file_name(part.header) or f"{_as_name(subject) or 'message'}{_ending(part.kind)}"
        self._keep(Upload(name, BytesIO(content)))

    def _keep_file(self, part: Part) -> None:
        content, words = undone(part.body, _encoding(part))
        kind, name = part.kind, file_name(part.header)
        if kind == "text/rfc822-headers":
            self._note_returned(mime.read(content).header.get("message-id", ""))
        if kind in _CALENDARS or name.lower().endswith(".ics"):
            self.events += events(decode(content[:LONGEST_READ], part.header.get_content_charset("utf-8")))
            self.notices.add("calendar")
            name = name or "invitation.ics"
        if notice := _NOTICES.get(kind) or ("winmail" if name.lower() == "winmail.dat" else ""):
            self.notices.add(notice)
        content_id = clean(str(part.header.get("content-id", ""))).strip("<> \t")[:200] or None
        self._keep(Upload(name or f"file{_ending(kind)}", BytesIO(content), content_id))
        if words.strip():
            self._add_text(decode(words))

    def _note_returned(self, value: str) -> None:
        self.returned += IDS.findall(clean(str(value)))

    def _keep(self, file: Upload) -> None:
        size = file.stream.seek(0, 2)
        file.stream.seek(0)
        if size > LARGEST_FILE:
            self._leave_out(file.name, size, "too_large")
        elif len(self.files) >= MOST_FILES:
            self._leave_out(file.name, size, "too_many")
        elif self.size + size > MOST_BYTES:
            self._leave_out(file.name, size, "total")
        else:
            self.size += size
            self.files.append(file)

    def _leave_out(self, name: str, size: int, why: str) -> None:
        """Lists it; what is beyond MOST_LISTED counts with the last of them."""
        if len(self.left_out) < MOST_LISTED:
            self.left_out.append({"name": name[:200], "size": size, "why": why})
        else:
            self.left_out[-1] |= {"name": "…", "size": self.left_out[-1]["size"] + size}


def _is_text(part: Part) -> bool:
    """A text without a name is meant to be read, also where a program calls it an attachment."""
    if not part.kind.startswith("text/") or part.kind in _NO_TEXTS:
        return False
    named, disposition = bool(file_name(part.header)), part.header.get_content_disposition()
    if part.kind not in ("text/plain", "text/html", *_MARKED_UP) or disposition == "attachment":
        return not named
    return not named or disposition is None


def _with_parts(part: Part) -> Part:
    """A multipart as it is; where it was encoded as a whole, against RFC 2045 6.4, undone."""
    encoding = _encoding(part)
    if not encoding or part.is_parted:
        return part
    content, _words = undone(part.body, encoding)
    inner = replace(part, raw=content, start=0, end=len(content))
    return inner if inner.is_parted else part


def _is_picture(file: Upload) -> bool:
    start = file.stream.read(16)
    file.stream.seek(0)
    return picture_of(start) is not None


def _encoding(part: Part) -> str:
    return encoding_of([str(each) for each in part.header.get_all("content-transfer-encoding", [])])


def _ending(kind: str) -> str:
    return _ENDINGS.get(kind) or mimetypes.guess_extension(kind) or ""


def _as_name(subject: str) -> str:
    return subject.replace("/", "-").replace("\\", "-")[:80]
