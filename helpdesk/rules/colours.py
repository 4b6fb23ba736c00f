"""An organisation's accent colour, made legible in both themes.

Contrast as WCAG 2.2 has it (relative luminance, success criterion 1.4.3).
"""

import re
from typing import NamedTuple

ENOUGH = 4.5
STANDARD = "#2a5bd7"
_COLOUR = re.compile(r"#[0-9a-f]{6}")
# What text in the accent stands on in each theme (static/helpdesk.css: paper, bg, hover).
_LIGHT, _DARK = ("#ffffff", "#f6f7f9", "#f0f3f8"), ("#1a202a", "#12161d", "#222a36")
_BLACK, _WHITE, _NIGHT = "#000000", "#ffffff", "#0d1424"
_STEP = 0.03


class Accent(NamedTuple):
    """The colours of one theme: text and buttons, what is written on them, a ground in the colour, and the
    stronger form that stands on that ground."""

    accent: str
    ink: str
    soft: str
    deep: str


def colour_of(text: str) -> str | None:
    """The colour as #rrggbb, or None for what is none."""
    typed = text.strip().lower()
    return typed if _COLOUR.fullmatch(typed) else None


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def light(colour: str) -> Accent:
    """The colour for the light theme, darkened as far as it takes to be read."""
    return _legible(colour, _LIGHT, _BLACK, ink=_WHITE, share=0.1)


def dark(colour: str) -> Accent:
    """The colour for the dark theme, lightened as far as it takes to be read."""
    return _legible(colour, _DARK, _WHITE, ink=_NIGHT, share=0.12)


def _legible(colour: str, grounds: tuple[str, ...], towards: str, *, ink: str, share: float) -> Accent:
    mixed, steps = colour, 0
    while True:
        soft = _mix(grounds[0], mixed, share)
        if min(contrast(mixed, ground) for ground in (*grounds, soft, ink)) >= ENOUGH:
            return Accent(mixed, ink, soft, _mix(mixed, towards, 0.2))
        steps += 1
        mixed = _mix(colour, towards, steps * _STEP)


def _mix(one: str, other: str, share: float) -> str:
    """`share` of the other colour in the one."""
    pairs = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * min(share, 1)):02x}" for a, b in pairs)


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    parts = (part / 255 for part in _parts(colour))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
