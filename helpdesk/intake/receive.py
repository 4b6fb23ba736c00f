"""Takes mail in: bytes on the disk and a committed row first, understood afterwards."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from io import SEEK_END, BytesIO
from typing import Any

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError

from helpdesk.desk import mail, understanding
from helpdesk.desk.attachments import Upload
from helpdesk.desk.mail import Message, Outcome
from helpdesk.desk.mailboxes import own_addresses
from helpdesk.desk.registration import Report
from helpdesk.intake.parse import Parsed, Unparseable, parse, parse_barely
from helpdesk.rules import quotes
from helpdesk.schemas.fields import LONGEST_LINE, LONGEST_TEXT, clean
from helpdesk.schemas.tickets import ReportSchema
from helpdesk.store.mail import RawMail, get_bytes, get_raw_mail
from helpdesk.store.organisation import find_organisation

log = logging.getLogger(__name__)
CLAIMED_AT_ONCE = 10
TOGETHER = 5  # in one commit: meanwhile nobody else writes to SQLite
SMALL = 1 << 18  # bytes


def store_raw(
    content: bytes,
    door: str,
    sender: str | None,
    recipients: Sequence[str],
    now: datetime,
    *,
    claimed: bool = False,
) -> int:
    """Keeps one message for good; the id of its row. Only then may a door say that it has it.

    `claimed`: the caller `settle`s it. Raises OSError or OperationalError where it must come again.
    """
    return mail.take_in([mail.keep_raw(BytesIO(content), door, sender, recipients)], now, claimed=claimed)[0]


def parse_waiting(now: datetime, limit: int = 100) -> int:
    """Understands messages that wait; how many it settled.

    Before the first set-up they wait. Raises OperationalError or OSError where database or disk fail.
    """
    if find_organisation() is None:
        return 0
    settled = 0
    while settled < limit:
        claimed = mail.claim(now, min(CLAIMED_AT_ONCE, limit - settled))
        if not claimed:
            break
        for first in range(0, len(claimed), TOGETHER):
            _settle_together(claimed[first : first + TOGETHER], now)
        settled += len(claimed)
    return settled


def _settle_together(raw_mail_ids: Sequence[int], now: datetime) -> None:
    """In one commit, for commits take long; where one of them is large or stumbles, each by itself."""
    waiting = [get_raw_mail(each) for each in raw_mail_ids]
    if len(waiting) > 1 and all(raw.size <= SMALL for raw in waiting):
        try:
            understanding.understand([(raw.id, _read(raw)) for raw in waiting], own=_own(), now=now)
            return
        except Exception as fault:
            log.info("mails %s stumble together: %s", list(raw_mail_ids), fault)
    for raw_mail_id in raw_mail_ids:
        settle(raw_mail_id, now)


def settle(raw_mail_id: int, now: datetime) -> Outcome:
    """Understands one claimed message; what cannot be understood is put off or set aside with its cause.

    Raises OperationalError or OSError where database or disk fail: the claim runs out, it is tried again.
    """
    raw = get_raw_mail(raw_mail_id)
    if raw.attempts > mail.MOST_ATTEMPTS:  # each of them took the process down
        return mail.set_aside(raw_mail_id, "stopped_us", now)
    try:
        return understanding.understand([(raw_mail_id, _read(raw))], own=_own(), now=now)[0]
    except Unparseable as fault:
        log.warning("mail %s cannot be parsed: %s", raw_mail_id, fault)
        return mail.set_aside(raw_mail_id, "unparseable", now)
    except FileNotFoundError:
        return mail.set_aside(raw_mail_id, "file_missing", now)
    except (OperationalError, OSError):
        raise
    except Exception as fault:
        log.exception("mail %s cannot be understood", raw_mail_id)
        return mail.put_off(raw_mail_id, f"fault:{type(fault).__name__}", now)


def _own() -> frozenset[str]:
    return own_addresses(current_app.config["SETTINGS"].own_addresses)


def _read(raw: RawMail) -> Message:
    return _message(_parsed(raw, get_bytes(raw)))


def _parsed(raw: RawMail, content: bytes) -> Parsed:
    organisation = find_organisation()
    authserv = organisation.options.get("mail_authserv", "") if organisation else ""
    known = (raw.sender, raw.recipients, raw.received_at.date().isoformat(), authserv)
    try:
        return parse(content, *known)
    except Unparseable:
        if raw.rescued_by_id is None:
            raise
        return parse_barely(content, *known)


def _message(parsed: Parsed) -> Message:
    """Through the schema of every report. What is too long for it comes as a file, whole."""
    is_reply = bool(parsed.head.in_reply_to or parsed.head.references)
    parts = quotes.split(parsed.text[: quotes.LONGEST_READ], parsed.subject, is_reply=is_reply)
    files = list(parsed.files)
    if len(parsed.text) > LONGEST_TEXT:
        files.append(Upload("message.txt", BytesIO(parsed.text.encode())))
    if parsed.formatted:
        files.append(Upload("message.html", BytesIO(parsed.formatted.encode()), role="formatted"))
    given = {"subject": _subject(parsed), "body": parts.shown[:LONGEST_TEXT]}
    return Message(
        head=parsed.head,
        from_name=parsed.from_name,
        identity=parsed.identity,
        report=Report(**ReportSchema().load(given)),
        fingerprint=_fingerprint(parsed),
        quoted=parts.folded[:LONGEST_TEXT],
        own_words=parts.own,
        copied=parsed.copied,
        files=files,
        reply_to=parsed.reply_to,
        authentication=parsed.authentication,
        delivery=parsed.report,
        detail=_detail(parsed),
    )


def _detail(parsed: Parsed) -> dict[str, Any]:
    """What its entry says of the mail beside its words."""
    return {
        "left_out": parsed.left_out,
        "dated": parsed.dated.astimezone(UTC).isoformat() if parsed.dated else "",
        "events": parsed.events,
        "notices": list(parsed.notices),
        "subject": parsed.subject if len(parsed.subject) > LONGEST_LINE else "",
    }


def _fingerprint(parsed: Parsed) -> str:
    """Names sender, words and files: alike on every way that a message takes here."""
    files = [(file.name, file.stream.seek(0, SEEK_END)) for file in parsed.files]
    for file in parsed.files:
        file.stream.seek(0)
    said = (parsed.head.from_address, parsed.subject.split(), parsed.text.split(), files)
    return sha256(repr(said).encode("utf-8", "backslashreplace")).hexdigest()


def _subject(parsed: Parsed) -> str:
    """The subject, else the first words, else that there is none."""
    first_line = next((line.strip() for line in parsed.text.splitlines() if line.strip()), "")
    found = clean(parsed.subject) or clean(first_line)[:80]
    if not found:
        organisation = find_organisation()
        with force_locale(organisation.locale if organisation else "en"):
            return _("Mail without a subject")
    return found if len(found) <= LONGEST_LINE else f"{found[: LONGEST_LINE - 1]}…"
