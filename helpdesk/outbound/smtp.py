"""Hands waiting letters to the mail server: MIME is built here, never while an alarm rings.

A letter is claimed first and marked sent right after the server's 250. A crash in between may send it
once more, with the same Message-ID. What fails for now comes again, later each time; what fails for
good, or for two days, is failed, with the server's words kept. What fails because of us and not of the
recipient (the server is away, our password or our own address is refused) fails no letter at once.
"""

import logging
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from flask import current_app

from helpdesk.config import SmtpServer
from helpdesk.outbound import links
from helpdesk.outbound.sending import OnFailure, Patience, Sending, settle
from helpdesk.rules.letters import ALARMS, can_be_quiet
from helpdesk.store import db
from helpdesk.store.db import transaction
from helpdesk.store.letters import (
    Letter,
    claim_letters,
    find_pace_end,
    get_letter,
    list_conversation,
    put_off_letters,
)
from helpdesk.store.organisation import find_organisation, is_sending_stopped

log = logging.getLogger(__name__)

BATCH = 50
ANSWERS_WITHIN = 20.0  # seconds for each word of the server's
CLAIMED_FOR = timedelta(minutes=4)  # longer than all of its words about one letter may take
PATIENCE = Patience(give_up_after=timedelta(days=2), longest_wait=timedelta(hours=4))
# Our own server comes back sooner than a stranger's, and then everything waits for it.
SERVER_AWAY = Patience(give_up_after=PATIENCE.give_up_after, longest_wait=timedelta(minutes=15))
# What we ask of a server that reports on delivery (RFC 3461): failures and delays, without the letter's body.
REPORTS = ("RET=HDRS",), ("NOTIFY=FAILURE,DELAY",)
SEVEN_BIT = SMTP.clone(cte_type="7bit")  # not every server on the way takes eight

TOO_LARGE = 552
_UNSENDABLE = ("failed", "the letter cannot be put into the form of a mail")
_NOBODY = ("failed", "there is nobody to send it to any more")


class _Unreachable(Exception):
    """The server cannot be talked to, or takes nothing from us: the letter waits, and no other is tried."""


def send_waiting(now: datetime, on_failure: OnFailure, batch: int = BATCH) -> Sending:
    """Sends letters that wait and are due, over one connection. All zero: none is left, or none can be sent.

    `on_failure(letter, now)` runs in the transaction that gives a letter up.
    """
    server = current_app.config["SETTINGS"].smtp_server
    if server is None:
        return Sending()
    with transaction():
        letter_id = _claim(now)
    if letter_id is None:
        return Sending()
    counts = {"sent": 0, "waiting": 0, "failed": 0}
    try:
        with _connected(server) as connection:
            for left in reversed(range(batch)):
                outcome, fault = _tried(connection, get_letter(letter_id))
                with transaction():
                    counts[settle(get_letter(letter_id), outcome, fault, now, PATIENCE, on_failure)] += 1
                    following = _claim(now) if left else None
                if following is None:
                    break
                letter_id = following
    except (_Unreachable, OSError, smtplib.SMTPException) as broken:
        log.warning("mail server: %s", broken)
        with transaction():
            state = settle(get_letter(letter_id), "again", _said(broken), now, SERVER_AWAY, on_failure)
            counts[state] += 1
    return Sending(counts["sent"], counts["waiting"], counts["failed"])


def _claim(now: datetime) -> int | None:
    """The id of the next letter, which is ours for CLAIMED_FOR; None if none may leave. One at a time: those
    that a killed sender had claimed wait until the claim runs out. Inside a transaction."""
    if is_sending_stopped():
        return None
    while claimed := claim_letters(now, now + CLAIMED_FOR, 1):
        letter = get_letter(claimed[0])
        until = find_pace_end(letter, now)
        if until is None:
            return letter.id
        put_off_letters(letter.to_address, until)
    return None


@contextmanager
def _connected(server: SmtpServer) -> Iterator[smtplib.SMTP]:
    """A connection, private and signed in as the setting says. Raises OSError or SMTPException."""
    context = ssl.create_default_context()
    if server.privacy == "tls":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=ANSWERS_WITHIN, context=context
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=ANSWERS_WITHIN)
    try:
        _sign_in(connection, server, context)
        yield connection
    except BaseException:
        connection.close()
        raise
    with suppress(OSError):  # all is said and settled: whatever the server answers changes nothing
        connection.quit()


def _sign_in(connection: smtplib.SMTP, server: SmtpServer, context: ssl.SSLContext) -> None:
    connection.ehlo_or_helo_if_needed()
    if server.privacy == "starttls" or (
        server.privacy == "starttls-if-offered" and connection.has_extn("starttls")
    ):
        connection.starttls(context=context)
    if server.user is not None:
        connection.login(server.user, server.password or "")


def _tried(connection: smtplib.SMTP, letter: Letter) -> tuple[str, str]:
    """As `_send`; what can never be sent does not hold up the others."""
    address = letter.to_address
    if not address:
        return _NOBODY
    message = _built(letter)
    db.session.rollback()  # no transaction stays open while a server takes its time
    return _send(connection, address, message) if message is not None else _UNSENDABLE


def _reports_on(message_id: str) -> tuple[list[str], list[str]]:
    """Which reports we want, and how they are to name the letter (RFC 3461 4.4) should they return nothing of
    it; options of MAIL and of RCPT."""
    mail_options, rcpt_options = REPORTS
    name = message_id.strip("<>")
    named = [f"ENVID={name}"] if re.fullmatch(r"[!-*,-<>-~]{1,100}", name) else []
    return [*mail_options, *named], list(rcpt_options)


def _send(connection: smtplib.SMTP, address: str, message: EmailMessage) -> tuple[str, str]:
    """("sent" | "again" | "failed", the server's words). Raises _Unreachable where no letter would leave."""
    own = current_app.config["SETTINGS"].mail_address
    wants = _reports_on(message["Message-ID"]) if connection.has_extn("dsn") else ([], [])
    try:
        connection.send_message(message, own, [address], *wants)
    except smtplib.SMTPRecipientsRefused as fault:
        code, words = next(iter(fault.recipients.values()))
        if code == 421:
            raise _Unreachable(f"421 {_words(words)}") from fault
        return _judged(code, words)
    except smtplib.SMTPNotSupportedError as fault:
        return "failed", str(fault)
    except smtplib.SMTPServerDisconnected as fault:
        raise _Unreachable(str(fault)) from fault
    except smtplib.SMTPResponseException as fault:
        # 421: the server closes the connection. Our own address refused: no letter would leave.
        refuses_us = isinstance(fault, smtplib.SMTPSenderRefused) and fault.smtp_code != TOO_LARGE
        if fault.smtp_code == 421 or refuses_us:
            raise _Unreachable(_said(fault)) from fault
        return _judged(fault.smtp_code, fault.smtp_error)
    return "sent", ""


def _said(fault: Exception) -> str:
    if isinstance(fault, smtplib.SMTPResponseException):
        return f"{fault.smtp_code} {_words(fault.smtp_error)}"
    return " ".join(str(fault).split())


def _judged(code: int, words: bytes | str) -> tuple[str, str]:
    return ("failed" if code >= 500 else "again"), f"{code} {_words(words)}"


def _words(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(text.split())


def _built(letter: Letter) -> EmailMessage | None:
    """The letter as MIME; None where that cannot be: one bad address must not hold up the others."""
    try:
        return build(letter)
    except (ValueError, UnicodeError, LookupError):
        log.exception("letter %s cannot be built", letter.id)
        return None


def build(letter: Letter) -> EmailMessage:
    """The letter as MIME. Answering machines see that it is automatic; mail programs group it by ticket.

    Its marks, for whoever takes in mail: Message-ID and X-Helpdesk-Instance (see links), Auto-Submitted
    (RFC 3834), X-Auto-Response-Suppress, References to links.thread_id, Reply-To with the reply token.
    """
    settings = current_app.config["SETTINGS"]
    organisation = find_organisation()
    message = EmailMessage(SEVEN_BIT)
    name = organisation.name if organisation else ""
    message["From"] = Address(name or "Helpdesk", addr_spec=settings.mail_address)
    message["To"] = letter.to_address
    message["Subject"] = _subject(letter)
    message["Date"] = format_datetime(letter.created_at)
    message["Message-ID"] = letter.message_id
    if letter.reply_to:
        message["Reply-To"] = letter.reply_to
    _group(message, letter)
    _offer_quiet(message, letter)
    message["Auto-Submitted"] = "auto-replied" if letter.kind == "received" else "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["X-Helpdesk-Instance"] = links.instance_id()
    message["Content-Language"] = letter.locale.replace("_", "-")
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    _attach_event(message, letter.ics)
    return message


def _attach_event(message: EmailMessage, ics: str) -> None:
    """An event for calendars; its method (RFC 5545 3.7.2) stands in the type as well (RFC 6047 2.4)."""
    method = re.search(r"^METHOD:([A-Z]+)", ics, re.MULTILINE)
    if method is not None:
        message.add_attachment(
            ics, subtype="calendar", filename="event.ics", params={"method": method[1]}, cte="base64"
        )


def _subject(letter: Letter) -> str:
    """The ticket's own, the same on all its letters: some mail programs show no others as one conversation.
    What is new stands on top of the text. An alarm says itself what is up."""
    if letter.ticket is None or letter.kind in ALARMS:
        return letter.subject
    return " ".join(f"[{letter.ticket.number}] {letter.ticket.subject}".split())


def _group(message: EmailMessage, letter: Letter) -> None:
    """The letter answers the mail that it is about, else the one before it to the same address (RFC 5322
    3.6.4). All of a ticket's letters refer to its thread, the first letter, and what they answer."""
    if letter.ticket_id is None:
        return
    earlier = list_conversation(letter)
    known = [links.thread_id(letter.ticket_id), *earlier, letter.in_reply_to]
    references = list(dict.fromkeys(each for each in known if each))
    message["In-Reply-To"] = references[-1]
    message["References"] = " ".join(references)


def _offer_quiet(message: EmailMessage, letter: Letter) -> None:
    """Where its reader can do without letters of this kind: RFC 2369, and RFC 8058, which is for https."""
    if letter.person is None or not can_be_quiet(letter.kind, letter.person.role):
        return
    url = links.quiet_url(letter.person.id)
    message["List-Unsubscribe"] = f"<{url}>"
    if url.startswith("https:"):
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
