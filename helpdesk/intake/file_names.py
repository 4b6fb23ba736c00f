"""The sender's name for a file: RFC 2231, or what programs write instead."""

import re
from email.message import Message
from urllib.parse import unquote_to_bytes

from helpdesk.intake.charsets import decode, decode_header

_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2}){2}")


def file_name(header: Message) -> str:
    """The name that a part's header gives its file, "" where it gives none; never fails."""
    for field, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        values = _values(header, field, parameter)
        # Both may be there: the encoded one is exact, the other for old programs.
        for value in sorted(values, key=lambda each: isinstance(each, str)):
            if name := _name(value):
                return name
    return ""


def _values(header: Message, field: str, parameter: str) -> list[str | tuple[str | None, str | None, str]]:
    try:
        found = header.get_params([], header=field)
    except (ValueError, LookupError, TypeError, AttributeError):
        return []
    return [value for name, value in found if name.lower().rstrip("*") == parameter and value]


def _name(value: str | tuple[str | None, str | None, str]) -> str:
    if isinstance(value, tuple):
        charset, _language, text = value
        # The standard library gives each byte as a character, but leaves others as they are.
        content = "".join(text or "")
        try:
            value = decode(content.encode("latin-1"), charset or "utf-8")
        except UnicodeEncodeError:
            value = content
    name = decode_header(value)
    if name.isascii() and _ESCAPED.search(name):  # percent signs without the star that announces them
        text = re.sub(r"^[\w-]{2,20}'[\w-]{0,10}'", "", name)
        try:
            return unquote_to_bytes(text).decode("utf-8")
        except UnicodeDecodeError:
            pass
    return name.strip("\"' ")
