"""Raw bytes of a mail to what the desk understands: read leniently, for real mail breaks every rule."""

import binascii
import mimetypes
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message as Part
from email.parser import BytesHeaderParser, BytesParser
from email.policy import Compat32
from email.utils import getaddresses, parsedate_to_datetime
from hashlib import sha256
from io import BytesIO
from typing import Any

from helpdesk.desk.attachments import Upload
from helpdesk.intake.charsets import clean, decode, decode_header, raw_text
from helpdesk.intake.html_text import html_to_text
from helpdesk.rules.authentication import authenticated
from helpdesk.rules.reports import DeliveryReport, guess_report, read_report
from helpdesk.rules.threading import INSTANCE_HEADER, Head

MOST_PARTS = 200
DEEPEST = 20
KEPT_HEADERS = (
    "auto-submitted",
    "x-auto-response-suppress",
    "precedence",
    "list-id",
    "return-path",
    "x-autoreply",
    "x-autorespond",
    "x-autoreply-from",
    "x-mail-autoreply",
    INSTANCE_HEADER.lower(),
)
_ADDRESS = re.compile(r"[^\s<>@\"',;:()\[\]]+@[^\s<>@\"',;:()\[\]]+")
_IDS = re.compile(r"<[^<>\s]{3,500}>")
_FILE_TYPES = {"message/rfc822": ".eml", "application/ms-tnef": ".dat", "text/calendar": ".ics"}


class Unparseable(Exception):
    """The bytes cannot be read as a mail; the text says why."""


class _Lenient(Compat32):
    """Headers with raw bytes in them as text, where the standard library's policy gives question marks."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return raw_text(value)


_POLICY = _Lenient()
# As it was written, not as a mailbox file would have it.
_AS_WRITTEN = Compat32(linesep="\r\n", max_line_length=0, mangle_from_=False)


@dataclass(frozen=True)
class Parsed:
    """A mail as read: addresses in lower case, text with line ends \\n, every file whole.

    `identity` is the Message-ID with its brackets, or "sha256:..." of what stays the same on every way
    here. `left_out`: {"name", "size", "why"} of each part beyond the limits (too_large, too_many, too_deep,
    total; the raw bytes hold them still). `authentication`: see rules/authentication. `dated`: the Date
    header, only to be shown. `formatted`: safe HTML, "" for a plain mail. `events`: what calendars say (see
    intake/events). `notices`: codes of what a reader should know (signed_smime, encrypted_smime, signed_pgp,
    encrypted_pgp, winmail, remote_pictures, calendar).
    """

    head: Head
    from_name: str
    identity: str
    subject: str
    text: str
    copied: tuple[tuple[str, str], ...] = ()  # (name, address) of To and Cc
    files: list[Upload] = field(default_factory=list)
    left_out: list[dict[str, Any]] = field(default_factory=list)
    authentication: str = ""
    dated: datetime | None = None
    reply_to: str | None = None
    report: DeliveryReport | None = None
    formatted: str = ""
    events: list[dict[str, str]] = field(default_factory=list)
    notices: tuple[str, ...] = ()


def parse(
    raw: bytes, sender: str | None, recipients: list[str], received_on: str, authserv: str = ""
) -> Parsed:
    """Reads a mail. `sender` and `recipients` are the envelope's; `received_on` (a date) stands in for
    a missing Date when telling messages without Message-ID apart; `authserv` is the authserv-id of our own
    mail exchanger, "" to trust none. Raises Unparseable."""
    try:
        mail = BytesParser(policy=_POLICY).parsebytes(raw)
        body = _Body()
        body.read(mail, 0)
        return _assemble(mail, raw, body, sender, recipients, received_on, authserv)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, AssertionError) as fault:
        raise Unparseable(f"{type(fault).__name__}: {fault}"[:200]) from fault


def parse_barely(
    raw: bytes, sender: str | None, recipients: list[str], received_on: str, authserv: str = ""
) -> Parsed:
    """What can be had of a mail that `parse` refuses: its header, its raw text, and itself as a file."""
    mail = BytesHeaderParser(policy=_POLICY).parsebytes(raw)
    body = _Body(texts=[decode(raw.partition(b"\n\n")[2] or raw)])
    body.files.append(Upload("message.eml", BytesIO(raw)))
    return _assemble(mail, raw, body, sender, recipients, received_on, authserv)


def _assemble(
    mail: Part,
    raw: bytes,
    body: "_Body",
    sender: str | None,
    recipients: list[str],
    received_on: str,
    authserv: str,
) -> Parsed:
    subject = decode_header(_header(mail, "subject"))
    from_name, from_address = next(iter(_addresses(mail, "from")), ("", None))
    copied = tuple(_addresses(mail, "to") + _addresses(mail, "cc"))
    head = Head(
        from_address=from_address or ((sender or "").lower() if _ADDRESS.fullmatch(sender or "") else None),
        sender=sender,
        recipients=tuple(r.lower() for r in recipients) + tuple(address for _, address in copied),
        subject=subject,
        headers={name: decode_header(_header(mail, name)) for name in KEPT_HEADERS if name in mail},
        in_reply_to=_ids(mail, "in-reply-to"),
        references=_ids(mail, "references") + tuple(body.reported_ids),
        is_report=mail.get_content_type() == "multipart/report",
    )
    text = "\n\n".join(text.strip("\n") for text in body.texts if text.strip())
    return Parsed(
        head=head,
        from_name=from_name,
        identity=_identity(mail, raw, received_on),
        subject=subject,
        text=text,
        copied=copied,
        files=body.files,
        left_out=body.left_out,
        authentication=authenticated(
            [decode_header(str(each)) for each in mail.get_all("authentication-results", [])],
            authserv,
            head.from_address,
        ),
        dated=_dated(mail),
        reply_to=next((address for _, address in _addresses(mail, "reply-to")), None),
        report=_report(mail, head, text, body),
    )


def _report(mail: Part, head: Head, text: str, body: "_Body") -> DeliveryReport | None:
    for status in body.statuses:
        if found := read_report(status, head.references + head.in_reply_to):
            return found
    named = [address for _, address in _addresses(mail, "x-failed-recipients")]
    ids = (*head.references, *head.in_reply_to, *_IDS.findall(text[:20_000]))
    return guess_report(head.from_address, head.subject, text, named, ids)


def _dated(mail: Part) -> datetime | None:
    try:
        found = parsedate_to_datetime(_header(mail, "date"))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _header(mail: Part, name: str) -> str:
    return str(mail.get(name, ""))


def _ids(mail: Part, name: str) -> tuple[str, ...]:
    return tuple(_IDS.findall(clean(_header(mail, name))))


def _identity(mail: Part, raw: bytes, received_on: str) -> str:
    found = _IDS.search(clean(_header(mail, "message-id")))
    if found:
        return found[0]
    end = re.search(rb"\r?\n\r?\n", raw)
    body = b"\n".join(raw[end.end() :].splitlines()) if end else raw
    stable = [_header(mail, name) for name in ("message-id", "from", "subject")]
    stable.append(_header(mail, "date") or received_on)
    digest = sha256("\0".join(stable).encode("utf-8", "replace") + b"\0" + body)
    return f"sha256:{digest.hexdigest()}"


def _addresses(mail: Part, name: str) -> list[tuple[str, str]]:
    """(name, address) of a header's addresses, those that can be written to, each once."""
    found: dict[str, str] = {}
    for value in mail.get_all(name, []):
        # Names are decoded after the list is taken apart: an encoded comma separates nothing.
        usable = [(n, a) for n, a in getaddresses([str(value)]) if _ADDRESS.fullmatch(a)]
        for each_name, address in usable or [("", a) for a in _ADDRESS.findall(str(value))]:
            if len(address) <= 254:
                found.setdefault(clean(address).lower(), decode_header(each_name).strip("\"' ")[:120])
    return [(each_name, address) for address, each_name in found.items()]


@dataclass
class _Body:
    """Walks the parts of a mail and collects its texts and files."""

    texts: list[str] = field(default_factory=list)
    files: list[Upload] = field(default_factory=list)
    reported_ids: list[str] = field(default_factory=list)
    parts: int = 0
    left_out: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)

    def read(self, part: Part, depth: int) -> None:
        self.parts += 1
        if self.parts > MOST_PARTS or depth > DEEPEST:
            why = "too_many" if self.parts > MOST_PARTS else "too_deep"
            self.left_out.append({"name": _file_name(part), "size": 0, "why": why})
            return
        kind = part.get_content_type()
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            if kind == "multipart/alternative":
                self._read_alternative(part, depth)
            else:
                for each in _children(part):
                    self.read(each, depth + 1)
        elif part.get_content_maintype() == "message":
            self._keep_message(part)
        elif kind in ("text/plain", "text/html") and not _is_file(part):
            text = decode(_content(part), part.get_content_charset())
            self.texts.append(html_to_text(text) if kind == "text/html" else text)
        elif part.get_content_maintype() == "multipart":  # without a boundary: all there is, is text
            self.texts.append(decode(_content(part)))
        else:
            self._keep_file(part)

    def _read_alternative(self, part: Part, depth: int) -> None:
        """The plain text if it has words, else the richest that has; files of all."""
        versions: list[tuple[bool, list[str]]] = []
        for each in _children(part):
            before, self.texts = self.texts, []
            self.read(each, depth + 1)
            if any(text.strip() for text in self.texts):
                versions.append((each.get_content_type() == "text/plain", self.texts))
            self.texts = before
        plain = next((texts for is_plain, texts in versions if is_plain), None)
        self.texts += plain or (versions[-1][1] if versions else [])

    def _keep_message(self, part: Part) -> None:
        """A forwarded or reported message stays whole; a bounce names the one it is about."""
        inner = next(iter(_children(part)), None)
        content = _whole(part)
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            self.statuses.append(decode(content))
        if part.get_content_type() in ("message/rfc822", "message/global") and inner is not None:
            self.reported_ids += _ids(inner, "message-id")
        self._add(part, content, decode_header(_header(inner, "subject")) if inner is not None else "")

    def _keep_file(self, part: Part) -> None:
        content = _content(part)
        if part.get_content_type() == "text/rfc822-headers":
            inner = BytesHeaderParser(policy=_POLICY).parsebytes(content)
            self.reported_ids += _ids(inner, "message-id")
        self._add(part, content, "")

    def _add(self, part: Part, content: bytes, name: str) -> None:
        given = _file_name(part)
        ending = _FILE_TYPES.get(part.get_content_type()) or mimetypes.guess_extension(
            part.get_content_type()
        )
        content_id = clean(_header(part, "content-id")).strip("<> ")[:200] or None
        stem = name.replace("/", "-").replace("\\", "-")[:80]
        self.files.append(Upload(given or f"{stem or 'file'}{ending or ''}", BytesIO(content), content_id))


def _children(part: Part) -> list[Part]:
    payload = part.get_payload()
    return [each for each in payload if isinstance(each, Part)] if isinstance(payload, list) else []


def _is_file(part: Part) -> bool:
    disposition = part.get_content_disposition()
    return disposition == "attachment" or (bool(_file_name(part)) and disposition is not None)


def _file_name(part: Part) -> str:
    """The sender's name for a file: RFC 2231, or what programs write instead."""
    for header, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        try:
            value = part.get_param(parameter, header=header)
        except (ValueError, LookupError, TypeError):
            continue
        if isinstance(value, tuple):
            charset, _language, text = value
            value = decode((text or "").encode("latin-1", "replace"), charset)
        if value:
            return decode_header(str(value))
    return ""


def _content(part: Part) -> bytes:
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return payload
    return _whole(part)


def _whole(part: Part) -> bytes:
    """The bytes of the message that a message/* part holds, as they were written."""
    children = _children(part)
    if not children:
        decoded = part.get_payload(decode=True)
        return decoded if isinstance(decoded, bytes) else b""
    if part.get("content-transfer-encoding", "").strip().lower() == "base64":
        text = children[0].get_payload()
        if isinstance(text, str):
            try:
                return binascii.a2b_base64(text.encode("ascii", "ignore"))
            except binascii.Error:
                return text.encode("utf-8", "replace")
    return b"\n".join(each.as_bytes(policy=_AS_WRITTEN) for each in children)
