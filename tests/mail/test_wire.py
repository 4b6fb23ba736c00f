"""The text after DATA: found whole however it is cut into pieces, and what comes behind it left for later."""

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.intake.smtp import Listener, Text

awkward = st.lists(st.sampled_from([b"\r\n", b".", b"\r", b"\n", b"a", b"..", b"\r\n.", b"\0", b"\xff"]))


@given(
    words=awkward, rest=st.sampled_from([b"", b"QUIT\r\n", b"\r\n.\r\n"]), cuts=st.lists(st.integers(1, 6))
)
def test_a_text_in_any_pieces_is_read_to_its_end_and_no_further(
    words: list[bytes], rest: bytes, cuts: list[int]
) -> None:
    content = b"".join(words)
    if content and not content.endswith(b"\r\n"):
        content += b"\r\n"
    sent = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n" + rest
    text, read = Text(), b""
    for size in [*cuts, len(sent)]:
        if text.rest is None:
            piece, sent = sent[:size], sent[size:]
            read += text.take(piece)
    assert (read, (text.rest or b"") + sent) == (content, rest)


def test_a_line_feed_alone_ends_no_text() -> None:
    """Else what one server reads as a message another reads as two (smuggling)."""
    for alone in (b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n\n.\r\n"):
        text, sent = Text(), b"Hello" + alone + b"MAIL FROM:<eli@example.org>"
        assert (text.take(sent), text.rest) == (sent, None)


def test_whatever_senders_call_themselves_is_taken() -> None:
    for given_, address in {
        "<>": "<>",
        "<> SIZE=10": "<>",
        "<ana@example.org> BODY=8BITMIME": "ana@example.org",
        "ana@example.org": "ana@example.org",
        "<a..na.@example.org>": "a..na.@example.org",
        "<ana@home@example.org>": "ana@home@example.org",
        "<ana@example.org.>": "ana@example.org.",
        "<ana, of example@example.org>": "ana, of example@example.org",
        "<@one.example.org,@two.example.org:ana@example.org>": "ana@example.org",
        '<"a > b"@example.org>': '"a > b"@example.org',
        "<安娜@example.org> SMTPUTF8": "安娜@example.org",
    }.items():
        assert Listener._getaddr(None, given_)[0] == address  # type: ignore[arg-type]
    for broken in ("<ana@example.org", "ana of example.org>", "<a<b>@example.org>>"):
        assert "<" not in (Listener._getaddr(None, broken)[0] or "")  # type: ignore[arg-type]
