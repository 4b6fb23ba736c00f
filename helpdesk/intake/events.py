"""What a calendar in a mail says of its events (RFC 5545): shown, never accepted by itself."""

import re
from datetime import UTC, datetime, tzinfo
from io import StringIO
from zoneinfo import ZoneInfo

from dateutil.tz import tzical

MOST_EVENTS = 10
LONGEST_VALUE = 500  # characters
_FIRST_YEAR, _LAST_YEAR = 1970, 2100
_FOLD = re.compile(r"\n[ \t]")
_LINE = re.compile(r"^([A-Za-z-]+)((?:;(?:[^\":;]|\"[^\"]*\")*)*):(.*)$")
_ESCAPED = re.compile(r"\\([nN,;\\])")
_ZONE = re.compile(r"TZID=\"?([^\";:]+)", re.IGNORECASE)
_NAME = re.compile(r"CN=(\"[^\"]*\"|[^;:]*)", re.IGNORECASE)
# The rules of zones that people live by. Another kind may keep a computer busy for years.
_RULE = re.compile(
    r"FREQ=YEARLY(?:;(?:INTERVAL=1|BYMONTH=\d{1,2}|BYDAY=-?\d?[A-Z]{2}|BYMONTHDAY=[\d,-]{1,30}|WKST=[A-Z]{2}"
    r"|UNTIL=[\dTZ]{8,16}))*"
)


def events(text: str) -> list[dict[str, str]]:
    """{"summary", "starts_at", "ends_at", "where", "organizer", "method"} of each event; "" where nothing is
    said. Instants are ISO in UTC, whole days ISO dates; a time without a zone that we know stays as written,
    without one. Never fails."""
    lines = [match for line in _FOLD.sub("", text).splitlines() if (match := _LINE.match(line))]
    method = next((match[3] for match in lines if match[1].upper() == "METHOD"), "").strip().upper()
    zones: dict[str, tzinfo | None] = {}
    found: list[dict[str, str]] = []
    inside: dict[str, str] | None = None
    for match in lines:
        name, parameters, value = match[1].upper(), match[2], match[3].strip()
        if name in ("BEGIN", "END"):
            if name == "BEGIN" and value.upper() == "VEVENT" and len(found) < MOST_EVENTS:
                inside = dict.fromkeys(("summary", "starts_at", "ends_at", "where", "organizer"), "")
                inside["method"] = method
                found.append(inside)
            elif inside is not None:  # an alarm within it has a summary of its own
                inside = None if name == "BEGIN" or value.upper() == "VEVENT" else inside
        elif inside is not None:
            _note(inside, name, parameters, value, text, zones)
    return found


def _note(
    event: dict[str, str], name: str, parameters: str, value: str, text: str, zones: dict[str, tzinfo | None]
) -> None:
    if name in ("DTSTART", "DTEND"):
        zone = _ZONE.search(parameters)
        if zone and zone[1] not in zones:
            zones[zone[1]] = _zone(zone[1], text)
        event["starts_at" if name == "DTSTART" else "ends_at"] = _instant(
            value, zones[zone[1]] if zone else None
        )
    elif name in ("SUMMARY", "LOCATION"):
        event["summary" if name == "SUMMARY" else "where"] = _plain(value)
    elif name == "ORGANIZER":
        said = _NAME.search(parameters)
        event["organizer"] = _plain(said[1].strip('"') if said else re.sub(r"(?i)^mailto:", "", value))


def _instant(value: str, zone: tzinfo | None) -> str:
    """20260302T090000Z, 20260302T090000 or 20260302 in ISO; "" for anything else."""
    try:
        if len(value) == 8:
            return datetime.strptime(value, "%Y%m%d").date().isoformat()  # noqa: DTZ007
        at = datetime.strptime(value.rstrip("Zz")[:15], "%Y%m%dT%H%M%S")  # noqa: DTZ007
        if value[-1:] in ("Z", "z"):
            return at.replace(tzinfo=UTC).isoformat()
        is_near = _FIRST_YEAR <= at.year <= _LAST_YEAR  # far off a zone's rules are long to follow
        return at.replace(tzinfo=zone).astimezone(UTC).isoformat() if zone and is_near else at.isoformat()
    except (ValueError, OverflowError):
        return ""


def _zone(name: str, text: str) -> tzinfo | None:
    """By its name, else as the calendar itself defines it; None where neither can be read."""
    try:
        return ZoneInfo(name.strip().lstrip("/"))
    except (LookupError, ValueError, OSError):
        pass
    rules = re.findall(r"^RRULE[^:\n]*:(.*)$", text.partition("BEGIN:VEVENT")[0], re.MULTILINE)
    if len(rules) > 20 or not all(_RULE.fullmatch(each.strip()) for each in rules):
        return None
    try:
        return tzical(StringIO(_FOLD.sub("", text).partition("BEGIN:VEVENT")[0])).get(name)
    except Exception:  # dateutil raises whatever its rules stumble upon
        return None


def _plain(value: str) -> str:
    said = _ESCAPED.sub(lambda match: " " if match[1] in "nN" else match[1], value)
    return " ".join(said.split())[:LONGEST_VALUE]
