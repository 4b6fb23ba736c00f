"""How the JSON of scenario files is read: every wrong value becomes one line that says what and where."""

import re
import reprlib
from datetime import UTC, datetime
from typing import Any

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?Z")
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}")
# Time zones and the ten-year search reach a little beyond an instant; these years leave them room.
_YEARS = range(2, 9980)


class ScenarioError(ValueError):
    """A scenario, calendar or event that the rules refuse: one line that says what is wrong and where."""


def shown(value: object) -> str:
    """Answers a short form of any value, on one line, for an error message."""
    return reprlib.repr(value)


def under(where: str, key: str) -> str:
    """Answers the path of a key inside the object at `where` ("" is the whole file)."""
    if not _PLAIN_KEY.fullmatch(key):
        return f"{where}[{shown(key)}]"
    return f"{where}.{key}" if where else key


def as_object(raw: object, where: str) -> dict[str, Any]:
    """Answers `raw` as an object; raises ScenarioError if it is something else."""
    if not isinstance(raw, dict):
        raise ScenarioError(f"{where or 'the scenario'}: expected an object, not {shown(raw)}")
    return raw


def as_list(raw: object, where: str) -> list[Any]:
    """Answers `raw` as a list; raises ScenarioError if it is something else."""
    if not isinstance(raw, list):
        raise ScenarioError(f"{where}: expected a list, not {shown(raw)}")
    return raw


def as_text(raw: object, where: str) -> str:
    """Answers `raw` as a string; raises ScenarioError if it is something else."""
    if not isinstance(raw, str):
        raise ScenarioError(f"{where}: expected a string, not {shown(raw)}")
    return raw


def required(raw: dict[str, Any], key: str, where: str) -> Any:
    """Answers the value of `key`, which may be null; raises ScenarioError if there is no such key."""
    if key not in raw:
        raise ScenarioError(f"{under(where, key)}: missing")
    return raw[key]


def parse_instant(raw: object, where: str) -> datetime:
    """Answers an ISO 8601 instant with Z as aware UTC, fractions of a second cut off.

    Raises ScenarioError if it is not such a string, or outside the years 2 to 9979.
    """
    text = as_text(raw, where)
    if not _INSTANT.fullmatch(text):
        raise ScenarioError(f"{where}: expected an instant like 2026-03-02T08:10:00Z, not {shown(text)}")
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ScenarioError(f"{where}: there is no such instant as {shown(text)}") from None
    if instant.year not in _YEARS:
        raise ScenarioError(f"{where}: the year of {shown(text)} is out of range")
    return instant.replace(microsecond=0)


def instant_text(instant: datetime) -> str:
    """Answers an instant as ISO 8601 with Z, to the second."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
