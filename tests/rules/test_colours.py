"""Any colour becomes one that can be read, in both themes; pictures are known by their bytes."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.rules.colours import ENOUGH, STANDARD, colour_of, contrast, dark, light
from helpdesk.rules.pictures import picture_of

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
SOFT_TEXT = ("#566274", "#9eaabb")  # --soft of static/helpdesk.css, light and dark


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == 21
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54


@given(COLOURS)
def test_every_colour_can_be_read_in_both_themes(colour: str) -> None:
    for theme, paper, ink, soft in (
        (light(colour), "#ffffff", "#1b2330", SOFT_TEXT[0]),
        (dark(colour), "#1a202a", "#e6eaf1", SOFT_TEXT[1]),
    ):
        assert contrast(theme.accent, paper) >= ENOUGH
        assert contrast(theme.accent, theme.soft) >= ENOUGH
        assert contrast(theme.deep, theme.soft) >= ENOUGH
        assert contrast(theme.ink, theme.accent) >= ENOUGH
        assert contrast(theme.ink, theme.deep) >= ENOUGH
        assert contrast(ink, theme.soft) >= ENOUGH
        assert contrast(soft, theme.soft) >= ENOUGH


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert light(STANDARD).accent == STANDARD
    assert dark("#ffd800").accent == "#ffd800"


def test_only_six_digits_are_a_colour() -> None:
    assert colour_of(" #2A5BD7 ") == STANDARD
    assert [colour_of(text) for text in ("", "red", "#fff", "#2a5bd7;} body{display:none")] == [None] * 4


def test_pictures_are_known_by_their_bytes() -> None:
    jpeg = (
        b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08" + struct.pack(">HH", 30, 40) + b"\x03" + b"\0" * 9
    )
    webp = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + b"\x27\0\0" + b"\x1d\0\0"
    assert picture_of(jpeg) == ("image/jpeg", 40, 30)
    assert picture_of(b"RIFF" + struct.pack("<I", len(webp)) + webp) == ("image/webp", 40, 30)
    assert picture_of(b"RIFF" + struct.pack("<I", 9999) + webp) is None
    assert picture_of(b"GIF89a" + b"\0" * 20) is None
    assert picture_of(b"") is None
