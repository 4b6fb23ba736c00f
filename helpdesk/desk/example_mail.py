"""What came by mail lately in the demonstration: real messages through the intake, and what was answered.

A picture and a formatted text, an answer between quoted lines, an invitation, a letter that came back,
thanks, an automatic answer, a forged colleague, a duplicate, and mail that says not who sent it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from struct import pack
from zlib import compress, crc32

from helpdesk.desk import closing, tickets
from helpdesk.desk import example_mail_texts as texts
from helpdesk.desk.example import REPORTER, get_person_named
from helpdesk.outbound import links
from helpdesk.store.db import transaction
from helpdesk.store.letters import find_letter_by_key
from helpdesk.store.organisation import get_organisation
from helpdesk.store.people import Address, find_person_by_address
from helpdesk.store.tickets import get_ticket

OUR_MX = "mx.example.org"
HOME = "ana.home@example.org"
# Takes a message in as a mail server hands it over: bytes, sender and recipient of the envelope, when.
# Answers with the ticket's id, None where it is on none.
Receive = Callable[[bytes, str | None, str, datetime], int | None]


@dataclass(frozen=True)
class _Post:
    """The post of the demonstration: the desk's address, how mail is received, and now."""

    desk: str
    receive: Receive
    now: datetime

    def bring(self, mail: EmailMessage, minutes: int, sender: str | None, again: bool = False) -> int | None:
        """Receives the mail as of so many minutes ago."""
        at = self.now - timedelta(minutes=minutes)
        if not again:
            mail["Date"] = format_datetime(at)
            mail["Message-ID"] = f"<{crc32(mail.as_bytes()):08x}@example.org>"
        return self.receive(mail.as_bytes(), sender, str(mail["To"]), at)

    def ago(self, minutes: int) -> datetime:
        return self.now - timedelta(minutes=minutes)


def happen(now: datetime, desk: str, receive: Receive) -> None:
    """All of it, once the history has been written. `desk`: the desk's own mail address."""
    organisation = get_organisation()
    with transaction():
        organisation.options = {**organisation.options, "mail_authserv": OUR_MX}
        ana = get_person_named(REPORTER)
        ana.addresses.append(Address(email=HOME))
    post = _Post(desk, receive, now.replace(microsecond=0))
    _show_a_picture(post)
    _answer_between(post)
    _thank(post)
    _come_back(post)
    _set_aside(post)


def _show_a_picture(post: _Post) -> None:
    """Ana writes from home, with a picture in her text, formatted, and a file; Bo answers."""
    mail = _mail(HOME, post.desk, "The scanner at gate 2 stops with a message", texts.SCANNER, "dmarc=none")
    mail.add_alternative(texts.SCANNER_HTML, subtype="html")
    html = mail.get_body(("html",))
    if html is not None:
        html.add_related(picture(), "image", "png", cid="<message@example.org>", filename="message.png")
    mail.add_attachment("08:41 E17 no answer from the server\n" * 40, filename="scanner.log")
    ticket_id = post.bring(mail, 52, HOME)
    if ticket_id is not None:
        bo = get_person_named("Bo")
        tickets.reply(ticket_id, bo, "Thank you, the picture helps. I look at it now.", now=post.ago(47))


def _answer_between(post: _Post) -> None:
    """Ana answers between the lines, asks for a meeting, and somebody writes in Bo's name."""
    first = _mail(
        "ana@example.org", post.desk, "Monthly report is wrong since the new version", texts.WRONG_REPORT
    )
    ticket_id = post.bring(first, 190, "ana@example.org")
    if ticket_id is None:
        return
    ticket, bo = get_ticket(ticket_id), get_person_named("Bo")
    tickets.accept(ticket_id, bo, now=post.ago(180))
    tickets.reply(ticket_id, bo, texts.QUESTIONS, now=post.ago(170))
    answer = _mail(
        "ana@example.org", links.reply_address(ticket), "Re: Monthly report is wrong", texts.BETWEEN
    )
    answer.add_attachment(_invitation(post.now).encode(), "text", "calendar", filename="meeting.ics")
    post.bring(answer, 140, "ana@example.org")
    forged = _mail(
        "bo@example.org", links.reply_address(ticket), "Re: Monthly report", texts.FORGED, "dmarc=fail"
    )
    post.bring(forged, 75, "bo@example.org")


def _thank(post: _Post) -> None:
    """Solved; a colleague is away, and Ana says thanks, which reopens nothing."""
    first = _mail("ana@example.org", post.desk, "A colleague cannot open the shared calendar", texts.CALENDAR)
    first["Cc"] = "reporter2@example.org"
    ticket_id = post.bring(first, 400, "ana@example.org")
    if ticket_id is None:
        return
    ticket, bo = get_ticket(ticket_id), get_person_named("Bo")
    tickets.accept(ticket_id, bo, now=post.ago(390))
    away = _mail(
        "reporter2@example.org", links.reply_address(ticket), "Automatic reply: shared calendar", texts.AWAY
    )
    away["Auto-Submitted"] = "auto-replied"
    post.bring(away, 389, "reporter2@example.org")
    closing.resolve(ticket_id, bo, "Rights", "Your colleague may read the calendar again.", now=post.ago(60))
    thanks = _mail(
        "ana@example.org", links.reply_address(ticket), "Re: A colleague cannot open", texts.THANKS
    )
    post.bring(thanks, 35, "ana@example.org")


def _come_back(post: _Post) -> None:
    """A reporter's address takes no mail any more: the report says so on the answer, and on the person."""
    person = find_person_by_address("reporter1@example.org")
    if person is None or person.email is None:
        return
    ticket_id = post.bring(
        _mail(person.email, post.desk, "No sound in video calls", texts.NO_SOUND), 130, person.email
    )
    if ticket_id is None:
        return
    kai = get_person_named("Kai")
    entry = tickets.reply(ticket_id, kai, "Which headset do you use?", now=post.ago(110))
    letter = find_letter_by_key(f"entry:{entry.id}:{person.id}")
    if letter is not None:
        report = texts.REPORT.format(mx=OUR_MX, desk=post.desk, to=person.email, about=letter.message_id)
        post.receive(report.encode(), "", post.desk, post.ago(108))


def _set_aside(post: _Post) -> None:
    """Mail that is on no ticket: without a sender, from a list, and one that came twice."""
    nobody = _mail("", post.desk, "Delivery for building 3", "The pallets stand at the gate. Who takes them?")
    del nobody["From"]
    post.bring(nobody, 240, None)
    news = _mail("news@example.org", post.desk, "What is new in November", "Ten tips for your warehouse.")
    news["List-Id"] = "<news.example.org>"
    post.bring(news, 320, "news@example.org")
    twice = _mail("ana@example.org", post.desk, "Badge for a visitor tomorrow", "One visitor, from ten on.")
    post.bring(twice, 65, "ana@example.org")
    post.bring(twice, 64, "ana@example.org", again=True)


def _mail(sender: str, to: str, subject: str, text: str, found: str = "dmarc=pass") -> EmailMessage:
    """A mail as our own MX hands it on, with what it found of the sender (RFC 8601)."""
    mail = EmailMessage()
    mail["Authentication-Results"] = f"{OUR_MX}; {found} header.from=example.org"
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail.set_content(text)
    return mail


def _invitation(now: datetime) -> str:
    """To half an hour the day after tomorrow, as a calendar's file."""
    starts_at = (now + timedelta(days=2)).replace(hour=9, minute=0, second=0)
    ends_at = starts_at + timedelta(minutes=30)
    start, end, made = (f"{at:%Y%m%dT%H%M%SZ}" for at in (starts_at, ends_at, now))
    return texts.INVITATION.format(start=start, end=end, made=made).replace("\n", "\r\n")


def picture() -> bytes:
    """A window with a red line in it, as a PNG: a screen that somebody has photographed."""
    width, height = 440, 200
    boxes = (  # left, top, right, bottom, colour
        (0, 0, width, height, b"\xdd\xe3\xec"),
        (30, 20, 410, 180, b"\xff\xff\xff"),
        (30, 20, 410, 46, b"\x2a\x5b\xd7"),
        (50, 70, 300, 80, b"\xb3\x20\x2a"),
        (50, 94, 380, 102, b"\x9a\xa5\xb5"),
        (50, 112, 350, 120, b"\x9a\xa5\xb5"),
        (320, 144, 390, 166, b"\xe3\xe7\xed"),
    )
    rows = b""
    for y in range(height):
        row = bytearray(3 * width)
        for left, top, right, bottom, colour in boxes:
            if top <= y < bottom:
                row[3 * left : 3 * right] = colour * (right - left)
        rows += b"\0" + row
    head = pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        pack(">I", len(data)) + kind + data + pack(">I", crc32(kind + data)) for kind, data in chunks
    )
