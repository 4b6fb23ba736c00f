"""The parser meets anything: bytes at random, and whole mails with bytes changed."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as some

from helpdesk.intake.charsets import decode, decode_header
from helpdesk.intake.html_text import html_to_text
from helpdesk.intake.parse import Unparseable, parse, parse_barely
from helpdesk.rules.language import guess_locale
from helpdesk.rules.quotes import split

CORPUS = [path.read_bytes() for path in sorted((Path(__file__).parent / "corpus").glob("*.eml"))]


@some.composite
def damaged_mail(draw: some.DrawFn) -> bytes:
    mail = draw(some.sampled_from(CORPUS))
    start = draw(some.integers(0, len(mail)))
    end = draw(some.integers(start, min(len(mail), start + 40)))
    return mail[:start] + draw(some.binary(max_size=40)) + mail[end:]


def read(raw: bytes) -> None:
    try:
        found = parse(raw, "ana@example.org", ["desk@example.org"], "2026-03-02")
    except Unparseable:
        found = parse_barely(raw, "ana@example.org", ["desk@example.org"], "2026-03-02")
    for text in (found.subject, found.text, found.from_name, found.identity, *found.head.headers.values()):
        assert "\0" not in text
        text.encode()
    split(found.text, found.subject)
    guess_locale(found.text)


@settings(max_examples=300, deadline=None)
@given(damaged_mail())
def test_a_damaged_mail_is_read_or_refused_and_never_breaks(raw: bytes) -> None:
    read(raw)


@settings(max_examples=150, deadline=None)
@given(some.binary(max_size=400))
def test_bytes_at_random_are_read_or_refused(raw: bytes) -> None:
    read(raw)


@settings(max_examples=200, deadline=None)
@given(some.text(max_size=200))
def test_any_html_becomes_text(html: str) -> None:
    html_to_text(html)


@settings(max_examples=200, deadline=None)
@given(
    some.text(max_size=120),
    some.sampled_from(
        ["utf-8", "gb18030", "utf-16", "utf-7", "idna", "punycode", "unicode_escape", "rot13", "none"]
    ),
)
def test_any_header_and_any_charset_can_be_read(text: str, charset: str) -> None:
    decode_header(text)
    decode(text.encode("utf-8", "surrogatepass"), charset)


@settings(max_examples=200, deadline=None)
@given(some.text(alphabet="> \nab-_:OnwroteFSu", max_size=200))
def test_folding_keeps_every_word(text: str) -> None:
    parts = split(text)
    assert (parts.shown + parts.folded).split() == text.split() or (
        "".join((parts.shown + parts.folded).split()) == "".join(text.split())
    )


def test_a_mail_nested_a_thousand_times_is_bounded() -> None:
    levels = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number)
        for number in range(1000)
    )
    raw = (
        b"From: ana@example.org\r\nMIME-Version: 1.0\r\n"
        + levels
        + b"Content-Type: text/plain\r\n\r\ndeep\r\n"
    )
    read(raw)


def test_a_mail_of_five_thousand_parts_says_what_was_left_out() -> None:
    parts = b"".join(b"--b\r\nContent-Type: text/plain\r\n\r\nline %d\r\n" % n for n in range(5000))
    raw = b"From: ana@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + parts + b"--b--\r\n"
    found = parse(raw, None, [], "2026-03-02")
    assert "line 900" in found.text
    assert [(each["why"], each["size"] > 100_000) for each in found.left_out] == [("too_many", True)]


def test_each_charset_of_chinese_mail_is_read() -> None:
    words = "三楼的打印机坏了，请帮忙看看"
    for said, real in (
        ("gb2312", "gb2312"),
        ("gbk", "gbk"),
        ("gb18030", "gb18030"),
        ("", "gbk"),
        ("us-ascii", "gbk"),
    ):
        assert decode(words.encode(real), said) == words
    assert decode("三樓的印表機壞了".encode("big5"), "big5") == "三樓的印表機壞了"


def test_words_cut_inside_a_character_are_joined() -> None:
    assert decode_header("=?utf-8?B?5omT5Q==?= =?utf-8?B?jbDmnLo=?=") == "打印机"
