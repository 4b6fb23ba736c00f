"""Fields that every schema shares: text cleaned of what nobody types, with messages that say the mend."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validate

LONGEST_LINE = 200  # characters
LONGEST_TEXT = 100_000

_REFUSED = re.compile("[\x00\ud800-\udfff]")
# Everything of category Cc but tab and newline, and the marks that turn reading order around unseen.
_UNSEEN = re.compile("[\x01-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


def clean(text: str) -> str:
    """The text as it is kept: NFC, lines ended by \\n, without control characters.

    Raises ValidationError for a NUL or half a character: no editor writes them, some databases refuse them.
    """
    if _REFUSED.search(text):
        raise ValidationError(
            [_l("This text holds characters that cannot be kept. Type it or paste it anew.")]
        )
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _UNSEEN.sub("", lines)).strip()


class Text(fields.String):
    """Several lines. `missing`: what to say where it is required and empty."""

    one_line = False
    longest = LONGEST_TEXT

    def __init__(self, *, missing: Any = None, longest: int | None = None, **kwargs: Any) -> None:
        self.most = longest or self.longest
        said = missing or _l("Fill this in.")
        messages = {"required": said, "null": said, "invalid": _l("Write this as text.")}
        super().__init__(required=missing is not None, error_messages=messages, **kwargs)
        if not self.required and "load_default" not in kwargs:
            self.load_default = ""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text = clean(super()._deserialize(value, attr, data, **kwargs) or "")
        if self.one_line:
            text = " ".join(text.split())
        if self.required and not text:
            raise self.make_error("required")
        if len(text) > self.most:
            raise ValidationError([_l("Shorten this to %(most)s characters.", most=self.most)])
        return text


class Line(Text):
    """One line: line ends become spaces."""

    one_line = True
    longest = LONGEST_LINE


class Instant(fields.AwareDateTime):
    """An instant as aware UTC; one that a zone leads out of the calendar is not valid."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> datetime:
        try:
            return super()._deserialize(*args, **kwargs).astimezone(UTC)
        except OverflowError as fault:
            raise self.make_error("invalid", input=args[0], obj_type=self.OBJ_TYPE) from fault


def choice(values: type[Enum], said: Any, **kwargs: Any) -> fields.Enum:
    """One of an enumeration's values; `said` is the message for anything else, and for nothing."""
    return fields.Enum(
        values, by_value=True, error_messages={"required": said, "unknown": said, "null": said}, **kwargs
    )


def one_of(values: tuple[str, ...], said: Any, **kwargs: Any) -> fields.String:
    """One of a few words; `said` is the message for anything else, and for nothing."""
    return fields.String(
        validate=validate.OneOf(values, error=said),
        error_messages={"required": said, "null": said, "invalid": said},
        **kwargs,
    )


def number(said: Any, **kwargs: Any) -> fields.Integer:
    """An id, from 1 up; `said` is the message for anything else, and for nothing."""
    return fields.Integer(
        validate=validate.Range(1, 2**31 - 1, error=said),
        error_messages={"required": said, "null": said, "invalid": said, "too_large": said},
        **kwargs,
    )


def whole(least: int, most: int, **kwargs: Any) -> fields.Integer:
    """A whole number within bounds; required unless it has a default."""
    said = _l("Enter a whole number from %(least)s to %(most)s.", least=least, most=most)
    kwargs.setdefault("required", "load_default" not in kwargs)
    return fields.Integer(
        validate=validate.Range(least, most, error=said),
        error_messages={"required": said, "null": said, "invalid": said, "too_large": said},
        **kwargs,
    )
