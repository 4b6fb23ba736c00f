"""The parser against mail that nobody would write: no exception, no word lost, the bytes as sent."""

import base64
import quopri
import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as some

from helpdesk.intake import receive
from helpdesk.intake.parse import Parsed, parse
from helpdesk.rules.quotes import split
from helpdesk.store.mail import get_bytes, get_raw_mail
from tests.conftest import MONDAY_9, House

CORPUS = [path.read_bytes() for path in sorted((Path(__file__).parent / "corpus").rglob("*.eml"))]
SEED = 20261122
ODD = (
    *(b"\r\n", b"\n", b"\r", b"\0", b"--b\r\n", b"--b--\r\n", b"=?utf-8?B?", b"?=", b"=\r\n", b"="),
    *(b"\xff\xfe", b"Content-Type: multipart/mixed\r\n", b"Content-Type: message/rfc822\r\n\r\n"),
    *(b"Content-Type: text/html\r\n", b"Content-Transfer-Encoding: base64\r\n", b"; charset=idna"),
    *(b"Content-Transfer-Encoding: x-uuencode\r\n", b'; charset="\xe4"', b"filename*0*=x''%", b"From: "),
    *(b"<" * 50, b"(" * 50, b'"', b"BEGIN:VEVENT\nDTSTART:", b">", b"begin 644 x\n"),
)


def read(raw: bytes) -> Parsed:
    """Reads it; whatever a database or a page would stumble over is a fault."""
    found = parse(raw, "ana@example.org", ["desk@example.org"], "2026-03-02", "mx.example.org")
    said = [found.subject, found.text, found.from_name, found.identity, found.formatted, *found.notices]
    said += found.head.headers.values()
    said += [text for _name, address in found.copied for text in (_name, address)]
    said += [value for event in found.events for value in event.values()]
    said += [each["name"] for each in found.left_out] + [file.name for file in found.files]
    for text in said:
        assert "\0" not in text
        text.encode()
    parts = split(found.text, found.subject)
    # History from the middle is folded behind what is shown: no letter is gone, some stand elsewhere.
    assert Counter(f"{parts.shown}\n{parts.folded}".split()) == Counter(found.text.split())
    return found


def damaged(dice: random.Random) -> bytes:
    mail = bytearray(dice.choice(CORPUS))
    for _ in range(dice.randint(1, 6)):
        at, end = dice.randint(0, len(mail)), dice.randint(0, len(mail))
        match dice.randrange(6):
            case 0:
                mail[at:at] = dice.choice(ODD)
            case 1:
                del mail[at : at + dice.randint(1, 60)]
            case 2:
                mail[at:at] = mail[end : end + 400]
            case 3:
                other = dice.choice(CORPUS)
                cut = dice.randint(0, len(other))
                mail[at:at] = other[cut : cut + 2000]
            case 4:
                mail[at : at + 1] = bytes([dice.randrange(256)])
            case 5:
                lines = bytes(mail).split(b"\n")
                first = dice.randint(0, len(lines))
                moved = lines[first : first + 5]
                dice.shuffle(moved)
                mail = bytearray(b"\n".join([*lines[:first], *moved, *lines[first + 5 :]]))
    return bytes(mail[:200_000])


def test_two_thousand_damaged_mails_are_read() -> None:
    dice = random.Random(SEED)
    for number in range(2000):
        mail = damaged(dice)
        try:
            read(mail)
        except Exception as fault:
            raise AssertionError(f"damaged mail {number}: {mail[:3000]!r}") from fault


def test_damaged_mails_end_somewhere_and_their_bytes_are_as_sent(house: House) -> None:
    dice, now = random.Random(SEED + 1), MONDAY_9
    for _ in range(60):
        mail, now = damaged(dice), now + timedelta(minutes=10)
        raw_mail_id = receive.store_raw(mail, "smtp", "ana@example.org", ["desk@example.org"], now)
        assert receive.parse_waiting(now) == 1
        raw = get_raw_mail(raw_mail_id)
        assert get_bytes(raw) == mail
        assert raw.outcome in ("created", "entry", "filed", "duplicate", "quarantined"), mail
        assert not raw.cause.startswith("fault:"), (raw.cause, mail)


CHARSETS = ("utf-8", "gb2312", "gbk", "big5", "utf-16", "iso-2022-jp", "")
WORDS = ("打印机", "Printer", "故障", "paper jam", "三楼")


@some.composite
def whole_mail(draw: some.DrawFn) -> tuple[bytes, list[str]]:
    """A mail of nested parts in any charset and encoding, and the marks that stand in it, one a part."""
    marks: list[str] = []

    def leaf() -> bytes:
        mark = f"mark{len(marks)}x"
        marks.append(mark)
        kind = draw(some.sampled_from(("plain", "html")))
        charset = draw(some.sampled_from(CHARSETS))
        words = draw(some.sampled_from(WORDS)) if charset in ("utf-8", "gbk", "utf-16") else "words"
        text = f"{words} {mark}" if kind == "plain" else f"<p>{words} <b>{mark}</b></p>"
        content = text.encode(charset or "ascii")
        encoding = draw(some.sampled_from(("base64", "quoted-printable", "8bit")))
        if encoding == "8bit" and charset == "utf-16":  # no line ends that a mail could have
            encoding = "base64"
        if encoding == "base64":
            content = base64.encodebytes(content)
        if encoding == "quoted-printable":
            content = quopri.encodestring(content)
        said = f"; charset={charset}" if charset else ""
        named = draw(some.sampled_from(("", 'Content-Disposition: attachment; filename="a.txt"\r\n')))
        head = f"Content-Type: text/{kind}{said}\r\nContent-Transfer-Encoding: {encoding}\r\n{named}\r\n"
        return head.encode() + content + b"\r\n"

    def part(depth: int) -> bytes:
        if depth == 0 or draw(some.integers(0, 3)) == 0:
            return leaf()
        kind = draw(some.sampled_from(("mixed", "related", "report", "signed", "unheard-of")))
        parts = [part(depth - 1) for _ in range(draw(some.integers(1, 3)))]
        mark = f"b{draw(some.integers(0, 10**6))}-{depth}-{len(marks)}"
        closed = b"--" + mark.encode() + b"--\r\n" if draw(some.booleans()) else b""
        head = f'Content-Type: multipart/{kind}; boundary="{mark}"\r\n\r\n'.encode()
        return head + b"".join(b"--" + mark.encode() + b"\r\n" + each for each in parts) + closed

    mail = b"From: ana@example.org\r\nSubject: Printer\r\nMIME-Version: 1.0\r\n" + part(3)
    ends = draw(some.sampled_from((b"\r\n", b"\n")))
    return mail.replace(b"\r\n", b"\n").replace(b"\n", ends), marks


@settings(max_examples=200, deadline=None)
@given(whole_mail())
def test_no_part_of_a_mail_is_lost(made: tuple[bytes, list[str]]) -> None:
    raw, marks = made
    found = read(raw)
    files = b"".join(file.stream.read().replace(b"\0", b"") for file in found.files).decode("latin-1")
    for mark in marks:
        assert mark in found.text or mark in files


@settings(max_examples=150, deadline=None)
@given(some.binary(max_size=3000))
def test_a_file_comes_out_as_it_was_put_in(content: bytes) -> None:
    raw = (
        b"From: ana@example.org\r\nContent-Type: application/octet-stream; name=a.bin\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(content)
    )
    assert read(raw).files[0].stream.read() == content


@settings(max_examples=150, deadline=None)
@given(some.binary(max_size=2000))
def test_a_forwarded_message_stays_byte_for_byte(inner: bytes) -> None:
    if b"--zz" in inner:
        return
    raw = (
        b"From: ana@example.org\r\nContent-Type: multipart/mixed; boundary=zz\r\n\r\n--zz\r\n"
        b"Content-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--zz--\r\n"
    )
    kept = read(raw).files[0].stream.read()
    assert kept == inner or kept == inner.rstrip(b"\r")  # a line end belongs to the boundary
