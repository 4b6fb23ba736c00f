"""Hands waiting letters to the mail server: MIME is built here, never while an alarm rings.

A letter is claimed first and marked sent right after the server's 250. A crash in between may send it
once more, with the same Message-ID. What fails for now comes again, later each time; what fails for
good, or for three days, is failed, with the server's words kept.
"""

import logging
import smtplib
import ssl
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from flask import current_app

from helpdesk.config import SmtpServer
from helpdesk.outbound import links
from helpdesk.outbound.sending import OnFailure, Patience, Sending, settle
from helpdesk.store.db import transaction
from helpdesk.store.letters import Letter, claim_letters, get_letter
from helpdesk.store.organisation import find_organisation

log = logging.getLogger(__name__)

BATCH = 50
ANSWERS_WITHIN = 20.0  # seconds for each word of the server's
CLAIMED_FOR = timedelta(minutes=4)  # longer than all of its words about one letter may take
PATIENCE = Patience(give_up_after=timedelta(days=3), longest_wait=timedelta(hours=1))

_UNSENDABLE = ("failed", "the letter cannot be put into the form of a mail")
_NOBODY = ("failed", "there is nobody to send it to any more")


class _Unreachable(Exception):
    """The server cannot be talked to at all: the letter waits, and no other is tried."""


def send_waiting(now: datetime, on_failure: OnFailure, batch: int = BATCH) -> Sending:
    """Sends letters that wait and are due, over one connection. All zero: none is left, or none can be sent.

    `on_failure(letter, now)` runs in the transaction that gives a letter up.
    """
    server = current_app.config["SETTINGS"].smtp_server
    if server is None:
        return Sending()
    letter_id = _claim(now)
    if letter_id is None:
        return Sending()
    counts = {"sent": 0, "waiting": 0, "failed": 0}
    try:
        with _connected(server) as connection:
            for left in reversed(range(batch)):
                outcome, fault = _tried(connection, get_letter(letter_id))
                with transaction():
                    counts[_settle(letter_id, outcome, fault, now, on_failure)] += 1
                    following = _claim(now) if left else None
                if following is None:
                    break
                letter_id = following
    except (_Unreachable, OSError, smtplib.SMTPException) as broken:
        log.warning("mail server: %s", broken)
        counts[_settle(letter_id, "again", str(broken), now, on_failure)] += 1
    return Sending(counts["sent"], counts["waiting"], counts["failed"])


def _claim(now: datetime) -> int | None:
    """The id of the next letter, which is ours for CLAIMED_FOR; None if none waits. One at a time: those
    that a killed sender had claimed wait until the claim runs out."""
    with transaction():
        return next(iter(claim_letters(now, now + CLAIMED_FOR, 1)), None)


def _connected(server: SmtpServer) -> smtplib.SMTP:
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
    except BaseException:
        connection.close()
        raise
    return connection


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
    if not letter.to_address:
        return _NOBODY
    message = _built(letter)
    return _send(connection, letter.to_address, message) if message is not None else _UNSENDABLE


def _send(connection: smtplib.SMTP, address: str, message: EmailMessage) -> tuple[str, str]:
    """("sent" | "again" | "failed", the server's words). Raises _Unreachable where the connection broke."""
    own = current_app.config["SETTINGS"].mail_address
    try:
        connection.send_message(message, own, [address])
    except smtplib.SMTPRecipientsRefused as fault:
        code, words = next(iter(fault.recipients.values()))
        return _judged(code, words)
    except smtplib.SMTPNotSupportedError as fault:
        return "failed", str(fault)
    except smtplib.SMTPServerDisconnected as fault:
        raise _Unreachable(str(fault)) from fault
    except smtplib.SMTPResponseException as fault:
        if fault.smtp_code == 421:  # the server closes the connection
            raise _Unreachable(_words(fault.smtp_error)) from fault
        return _judged(fault.smtp_code, fault.smtp_error)
    return "sent", ""


def _judged(code: int, words: bytes | str) -> tuple[str, str]:
    return ("failed" if code >= 500 else "again"), f"{code} {_words(words)}"


def _words(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(text.split())


def _settle(letter_id: int, outcome: str, fault: str, now: datetime, on_failure: OnFailure) -> str:
    """Keeps what became of a letter, at once and by itself; returns its state."""
    with transaction():
        return settle(get_letter(letter_id), outcome, fault, now, PATIENCE, on_failure)


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
    message = EmailMessage()
    name = organisation.name if organisation else ""
    message["From"] = Address(name or "Helpdesk", addr_spec=settings.mail_address)
    message["To"] = letter.to_address
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.created_at)
    message["Message-ID"] = letter.message_id
    if letter.reply_to:
        message["Reply-To"] = letter.reply_to
    thread = links.thread_id(letter.ticket_id) if letter.ticket_id else None
    if letter.in_reply_to or thread:
        message["In-Reply-To"] = letter.in_reply_to or thread
        message["References"] = " ".join(each for each in (thread, letter.in_reply_to) if each)
    message["Auto-Submitted"] = "auto-replied" if letter.kind == "received" else "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["X-Helpdesk-Instance"] = links.instance_id()
    message["Content-Language"] = letter.locale.replace("_", "-")
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message
