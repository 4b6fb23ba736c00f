"""Raw bytes of a mail to what the desk understands: read leniently, for real mail breaks every rule."""

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import Message as Header
from email.utils import parsedate_to_datetime
from hashlib import sha256
from io import BytesIO
from typing import Any

from helpdesk.desk.attachments import Upload
from helpdesk.intake import mime
from helpdesk.intake.addresses import addresses
from helpdesk.intake.body import BEGINNING, IDS, Body
from helpdesk.intake.charsets import clean, decode, decode_header, raw_text
from helpdesk.intake.formatted import has_remote_pictures, safe_html
from helpdesk.intake.mime import Part
from helpdesk.rules.authentication import authenticated
from helpdesk.rules.reports import DeliveryReport, guess_report, read_report
from helpdesk.rules.threading import Head

MOST_HEADERS = 200
LONGEST_VALUE = 1000  # characters of a header's value that rules read
LONGEST_SUBJECT = 2000
# Where a message was sent to whose envelope is lost, as in a mailbox.
_DELIVERED_TO = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
_IN_BRACKETS = re.compile(r"<[^<>]{3,600}>")
_BARE_ID = re.compile(r"[^\s<>,;\"]{1,250}@[^\s<>,;\"]{1,250}")


class Unparseable(Exception):
    """The bytes cannot be read as a mail; the text says why."""


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
        mail = mime.read(mime.normal(raw))
        body = Body()
        body.read(mail)
        body.finish()
        return _assemble(mail, body, sender, recipients, received_on, authserv)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, AssertionError) as fault:
        raise Unparseable(f"{type(fault).__name__}: {fault}"[:200]) from fault


def parse_barely(
    raw: bytes, sender: str | None, recipients: list[str], received_on: str, authserv: str = ""
) -> Parsed:
    """What can be had of a mail that `parse` refuses: its header, its raw text, and itself as a file."""
    mail = mime.read(raw)
    body = Body(texts=[decode(raw[mail.start : mail.start + BEGINNING])])
    body.files.append(Upload("message.eml", BytesIO(raw)))
    return _assemble(mail, body, sender, recipients, received_on, authserv)


def _assemble(
    mail: Part, body: Body, sender: str | None, recipients: list[str], received_on: str, authserv: str
) -> Parsed:
    header, charset = mail.header, body.charset
    from_name, from_address = _author(header, sender, charset)
    copied = tuple(_addresses(header, "to", charset) + _addresses(header, "cc", charset))
    delivered = [address for name in _DELIVERED_TO for _, address in _addresses(header, name)]
    is_report = mail.kind == "multipart/report"
    head = Head(
        from_address=from_address,
        sender=sender,
        recipients=(*(each.lower() for each in recipients), *(address for _, address in copied), *delivered),
        subject=_subject(header, charset),
        headers=_headers(header, charset),
        in_reply_to=_ids(header, "in-reply-to"),
        references=_ids(header, "references") + (tuple(body.returned) if is_report else ()),
        is_report=is_report,
    )
    text = "\n\n".join(text.strip("\n") for text in body.texts if text.strip())
    report = _report(header, head, text, body)
    formatted = safe_html("\n<hr>\n".join(body.pages)) if body.pages else ""
    return Parsed(
        # Bounces of no standard are reports as well.
        head=replace(head, is_report=is_report or report is not None),
        from_name=from_name,
        identity=_identity(mail, received_on),
        subject=head.subject,
        text=text,
        copied=copied,
        files=body.files,
        left_out=body.left_out,
        authentication=authenticated(_values(header, "authentication-results"), authserv, from_address),
        dated=_dated(header),
        reply_to=next((address for _, address in _addresses(header, "reply-to")), None),
        report=report,
        formatted=formatted,
        events=body.events,
        notices=_notices(body, formatted),
    )


def _notices(body: Body, formatted: str) -> tuple[str, ...]:
    remote = {"remote_pictures"} if has_remote_pictures(formatted) else set()
    return tuple(sorted(body.notices | remote))


def _report(header: Header, head: Head, text: str, body: Body) -> DeliveryReport | None:
    """What it says of a letter, where it is a delivery report of whatever kind."""
    ids = (*body.returned, *head.in_reply_to, *head.references)
    for status in body.statuses:
        if found := read_report(status, tuple(dict.fromkeys(ids))):
            return found
    named = [address for _, address in _addresses(header, "x-failed-recipients")]
    ids = (*ids, *IDS.findall(text[:20_000]))
    return guess_report(head.from_address, head.subject, text, named, tuple(dict.fromkeys(ids)))


def _subject(header: Header, charset: str) -> str:
    """The first that says anything."""
    said = (decode_header(str(each), charset)[:LONGEST_SUBJECT] for each in header.get_all("subject", []))
    return next((each for each in said if each), "")


def _author(header: Header, sender: str | None, charset: str) -> tuple[str, str | None]:
    """(name, address) of From, else of Sender, else the envelope's; the address None where none is usable."""
    for name in ("from", "sender"):
        if found := _addresses(header, name, charset):
            return found[0]
    written = addresses(sender or "") or _addresses(header, "return-path")
    said = decode_header(_value(header, "from"), charset).strip("\"'<> ")[:120]
    return (said, written[0][1]) if written else (said, None)


def _headers(header: Header, charset: str) -> dict[str, str]:
    """Each header's first value, by its name in lower case."""
    found: dict[str, str] = {}
    for name, value in header.items()[:MOST_HEADERS]:
        found.setdefault(name.lower(), decode_header(str(value)[:LONGEST_VALUE], charset))
    return found


def _dated(header: Header) -> datetime | None:
    try:
        found = parsedate_to_datetime(clean(_value(header, "date")))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _value(header: Header, name: str) -> str:
    return str(header.get(name, ""))


def _values(header: Header, name: str) -> list[str]:
    return [decode_header(str(each)) for each in header.get_all(name, [])]


def _ids(header: Header, name: str) -> tuple[str, ...]:
    """Message-IDs with their brackets, without white space that folding put into them."""
    value = clean(raw_text(_value(header, name)))
    found = ["".join(each.split()) for each in _IN_BRACKETS.findall(value)]
    return tuple(found or [f"<{each}>" for each in _BARE_ID.findall(value)])


def _identity(mail: Part, received_on: str) -> str:
    found = _ids(mail.header, "message-id")
    if found:
        return found[0]
    stable = [_value(mail.header, name) for name in ("message-id", "from", "subject")]
    stable.append(_value(mail.header, "date") or received_on)
    digest = sha256("\0".join(stable).encode("utf-8", "surrogateescape") + b"\0")
    digest.update(mail.body.replace(b"\r\n", b"\n").rstrip(b"\n"))
    return f"sha256:{digest.hexdigest()}"


def _addresses(header: Header, name: str, charset: str = "") -> list[tuple[str, str]]:
    """(name, address) of all fields of that name, each address once."""
    found: dict[str, str] = {}
    for value in header.get_all(name, []):
        for each_name, address in addresses(str(value), charset):
            found.setdefault(address, each_name)
    return [(each_name, address) for address, each_name in found.items()]
