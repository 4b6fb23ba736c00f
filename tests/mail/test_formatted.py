"""HTML of a mail as it may be shown: nothing active in it, nothing fetched that nobody asked for."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from helpdesk.intake.formatted import has_remote_pictures, safe_html, shown_pictures


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<p onclick='alert(1)'>x</p>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='JaVaScRiPt:alert(1)'>x</a>",
        "<iframe src='https://example.org'></iframe>",
        "<form action='https://example.org'><input name=password></form>",
        "<svg><script>alert(1)</script></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<meta http-equiv=refresh content='0;url=https://example.org'>",
        "<base href='https://example.org'>",
        "<link rel=stylesheet href='https://example.org/x.css'>",
        "<p style='position:fixed;top:0'>x</p>",
        "<p style='background:url(https://example.org/x.png)'>x</p>",
        "<table background='https://example.org/x.png'><tr><td>x</table>",
        "<img srcset='https://example.org/x.png 2x'>",
        "<video poster='https://example.org/x.png'></video>",
    ],
)
def test_nothing_active_is_left(html: str) -> None:
    shown = safe_html(html).lower()
    for part in (
        "script",
        "onclick",
        "onerror",
        "iframe",
        "<form",
        "<input",
        "<svg",
        "<meta",
        "<base",
        "<link",
    ):
        assert part not in shown
    assert "position" not in shown
    assert "example.org" not in shown


def test_pictures_from_elsewhere_wait_and_our_own_stay() -> None:
    shown = safe_html("<img src='https://example.org/p.gif' alt='a'><img src='cid:shot@x'>")
    assert 'data-remote="https://example.org/p.gif"' in shown
    assert ' src="https' not in shown
    assert 'src="cid:shot@x"' in shown
    assert has_remote_pictures(shown)
    assert not has_remote_pictures(safe_html("<img src='cid:shot@x'> data-remote= in words"))
    assert shown_pictures("<img src='cid:shot@x'>") == {"shot@x"}


def test_a_sender_cannot_fake_the_attribute() -> None:
    shown = safe_html("<img alt='\" src=\"https://example.org/x.png' data-remote='https://example.org'>")
    assert re.search(r'\ssrc="', shown) is None
    assert 'data-remote="' not in shown


@settings(max_examples=200, deadline=None)
@given(some.text(alphabet="<>/='\" imgsrcahefjvpt:;!-&#x0", max_size=200))
def test_no_html_makes_it_fail_or_fetch(html: str) -> None:
    assert re.search(r'<img[^>]*\ssrc="http', safe_html(html)) is None
