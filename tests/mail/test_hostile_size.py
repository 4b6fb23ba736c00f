"""A small mail must not keep the desk busy for minutes, whatever it is made of."""

import time

import pytest

from helpdesk.intake.html_text import html_to_text
from helpdesk.outbound.links import without_signed
from helpdesk.rules import quotes

AT_ONCE = 3.0  # seconds; the linear way takes hundredths, the quadratic one minutes


def _seconds(work: object) -> float:
    started = time.monotonic()
    work()  # type: ignore[operator]
    return time.monotonic() - started


@pytest.mark.parametrize("piece", ["<a href='", "<a '", "<!--", "<![CDATA[", "</", "<?", "<"])
def test_html_that_never_ends_its_tags_is_read_at_once(piece: str) -> None:
    assert _seconds(lambda: html_to_text(piece * 10_000)) < AT_ONCE


def test_words_after_a_tag_that_never_ends_are_kept() -> None:
    assert html_to_text("<p>Printer</p><p>is on fire &amp; smoking <a href='x") == (
        "Printer\n\nis on fire & smoking <a href='x"
    )


@pytest.mark.parametrize("piece", [" ", "-", "_ ", "\n", "am schrieb "])
def test_long_runs_of_one_character_are_split_at_once(piece: str) -> None:
    assert _seconds(lambda: quotes.split("am schrieb" + piece * 50_000)) < AT_ONCE


def test_long_dotted_words_in_a_letter_are_searched_for_links_at_once() -> None:
    assert _seconds(lambda: without_signed("a." * 50_000)) < AT_ONCE
