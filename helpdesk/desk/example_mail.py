"""What came by mail lately in the demonstration: real messages through the intake, and what was answered.

A picture and a formatted text, an answer between quoted lines, an invitation, a letter that came back,
thanks, an automatic answer, a forged colleague, a duplicate, and mail that says not who sent it.
"""

from collections.abc import Callable, Iterable, Iterator
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
from helpdesk.store.tickets import Ticket, get_ticket

OUR_MX = "mx.example.org"
ANA, HOME, BO = "ana@example.org", "ana.home@example.org", "bo@example.org"
GONE, AWAY, NEWS = "reporter1@example.org", "reporter2@example.org", "news@example.org"
# Takes a message in as a mail server hands it over: bytes, sender and recipient of the envelope, when.
# Answers with the ticket's id, None where it is on none.
Receive = Callable[[bytes, str | None, str, datetime], int | None]


# What happens in a story; before each step it says how many minutes ago that was.
Story = Iterator[int]


@dataclass
class _Post:
    """The post of the demonstration: the desk's address, how mail is received, and what time it is."""

    desk: str
    receive: Receive
    now: datetime

    def bring(self, mail: EmailMessage, sender: str | None, again: bool = False) -> Ticket | None:
        """Receives the mail; its ticket, None where it is on none."""
        if not again:
            mail["Date"] = format_datetime(self.now)
            mail["Message-ID"] = f"<{crc32(mail.as_bytes()):08x}@example.org>"
        ticket_id = self.receive(mail.as_bytes(), sender, str(mail["To"]), self.now)
        return get_ticket(ticket_id) if ticket_id is not None else None

    def tell(self, stories: Iterable[Story]) -> None:
        """The steps of all stories as they came one after the other."""
        until = self.now
        ahead = {story: next(story) for story in stories}
        while ahead:
            story = max(ahead, key=ahead.__getitem__)
            self.now = until - timedelta(minutes=ahead.pop(story))
            minutes = next(story, None)
            if minutes is not None:
                ahead[story] = minutes


def happen(now: datetime, desk: str, receive: Receive) -> None:
    """All of it, once the history has been written. `desk`: the desk's own mail address."""
    organisation = get_organisation()
    with transaction():
        organisation.options = {**organisation.options, "mail_authserv": OUR_MX}
        ana = get_person_named(REPORTER)  # held: the session alone does not
        ana.addresses.append(Address(email=HOME))
    post = _Post(desk, receive, now.replace(microsecond=0))
    tellers = (_show_a_picture, _answer_between, _thank, _come_back, _say_nothing_of_oneself, _write_twice)
    post.tell([teller(post) for teller in tellers])


def _show_a_picture(post: _Post) -> Story:
    """Ana writes from home, with a picture in her text, formatted, and a file; Bo answers."""
    yield 52
    mail = _mail(HOME, post.desk, "The scanner at gate 2 stops with a message", texts.SCANNER, "dmarc=none")
    mail.add_alternative(texts.SCANNER_HTML, subtype="html")
    html = mail.get_body(("html",))
    if html is not None:
        html.add_related(picture(), "image", "png", cid="<message@example.org>", filename="message.png")
    mail.add_attachment("08:41 E17 no answer from the server\n" * 40, filename="scanner.log")
    ticket = post.bring(mail, HOME)
    yield 47
    if ticket is not None:
        words = "Thank you, the picture helps. I look at it now."
        tickets.reply(ticket.id, get_person_named("Bo"), words, now=post.now)


def _answer_between(post: _Post) -> Story:
    """Ana answers between the lines, asks for a meeting, and somebody writes in Bo's name."""
    yield 190
    first = _mail(ANA, post.desk, "Monthly report is wrong since the new version", texts.WRONG_REPORT)
    ticket, bo = post.bring(first, ANA), get_person_named("Bo")
    if ticket is None:
        return
    yield 180
    tickets.accept(ticket.id, bo, now=post.now)
    yield 170
    tickets.reply(ticket.id, bo, texts.QUESTIONS, now=post.now)
    yield 140
    to = links.reply_address(ticket)
    answer = _mail(ANA, to, "Re: Monthly report is wrong", texts.BETWEEN)
    answer.add_attachment(_invitation(post.now).encode(), "text", "calendar", filename="meeting.ics")
    post.bring(answer, ANA)
    yield 75
    post.bring(_mail(BO, to, "Re: Monthly report", texts.FORGED, "dmarc=fail"), BO)


def _thank(post: _Post) -> Story:
    """Solved; a colleague is away, and Ana says thanks, which reopens nothing."""
    yield 400
    first = _mail(ANA, post.desk, "A colleague cannot open the shared calendar", texts.CALENDAR)
    first["Cc"] = AWAY
    ticket, bo = post.bring(first, ANA), get_person_named("Bo")
    if ticket is None:
        return
    to = links.reply_address(ticket)
    yield 389
    away = _mail(AWAY, to, "Automatic reply: shared calendar", texts.AWAY)
    away["Auto-Submitted"] = "auto-replied"
    post.bring(away, AWAY)
    yield 385
    tickets.accept(ticket.id, bo, now=post.now)
    yield 60
    closing.resolve(ticket.id, bo, "Rights", "Your colleague may read the calendar again.", now=post.now)
    yield 35
    post.bring(_mail(ANA, to, "Re: A colleague cannot open the shared calendar", texts.THANKS), ANA)


def _come_back(post: _Post) -> Story:
    """A reporter's address takes no mail any more: the report says so on the answer, and on the person."""
    yield 130
    person = find_person_by_address(GONE)
    ticket = post.bring(_mail(GONE, post.desk, "No sound in video calls", texts.NO_SOUND), GONE)
    if person is None or ticket is None:
        return
    yield 110
    entry = tickets.reply(ticket.id, get_person_named("Kai"), "Which headset do you use?", now=post.now)
    yield 108
    letter = find_letter_by_key(f"entry:{entry.id}:{person.id}")
    if letter is not None:
        report = texts.REPORT.format(mx=OUR_MX, desk=post.desk, to=GONE, about=letter.message_id)
        post.receive(report.encode(), "", post.desk, post.now)


def _say_nothing_of_oneself(post: _Post) -> Story:
    """A mail from a list, and one without a sender."""
    yield 320
    news = _mail(NEWS, post.desk, "What is new in November", "Ten tips for your warehouse.")
    news["List-Id"] = "<news.example.org>"
    post.bring(news, NEWS)
    yield 240
    nobody = _mail("", post.desk, "Delivery for building 3", "The pallets stand at the gate. Who takes them?")
    del nobody["From"]
    post.bring(nobody, None)


def _write_twice(post: _Post) -> Story:
    """The same mail over two ways."""
    yield 65
    mail = _mail(ANA, post.desk, "Badge for a visitor tomorrow", "One visitor, from ten on.")
    post.bring(mail, ANA)
    yield 64
    post.bring(mail, ANA, again=True)


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
