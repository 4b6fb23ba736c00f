"""The scenario file of the on-call rule: from JSON to a roster and back to its shifts (on-call.md)."""

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.rules.hours import parse_week_and_dates, parse_zone
from helpdesk.rules.oncall import UNITS, Absence, Layer, Override, Roster, shifts
from helpdesk.rules.scenario import (
    ScenarioError,
    as_list,
    as_object,
    as_text,
    instant_text,
    parse_instant,
    required,
    shown,
    under,
)

_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?")


def explain(raw: object) -> dict[str, Any]:
    """Answers {"shifts": [{"from", "to", "person", "source", "flag"}]} for a decoded scenario file.

    Raises ScenarioError, whose one line says what is wrong and where, for anything malformed.
    """
    scenario = as_object(raw, "")
    start, end = _parse_range(scenario, "")
    roster = parse_roster(required(scenario, "roster", ""), "roster")
    return {
        "shifts": [
            {
                "from": instant_text(shift.from_at),
                "to": instant_text(shift.to_at),
                "person": shift.person,
                "source": shift.source,
                "flag": shift.flag,
            }
            for shift in shifts(roster, start, end)
        ]
    }


def parse_roster(raw: object, where: str) -> Roster:
    """Answers the roster in {"timezone", "layers", "absences", "overrides"}; the last two may be left out.

    People are their names. Raises ScenarioError.
    """
    found = as_object(raw, where)
    zone = parse_zone(required(found, "timezone", where), under(where, "timezone"))
    at = under(where, "layers")
    layers: dict[str, Layer] = {}
    for n, item in enumerate(as_list(required(found, "layers", where), at)):
        layer = _parse_layer(item, zone, f"{at}[{n}]")
        if layer.name in layers:
            raise ScenarioError(f"{at}[{n}].name: a second layer named {shown(layer.name)}")
        layers[layer.name] = layer
    absences = (Absence(*span) for span in _parse_person_spans(found, "absences", where))
    overrides = (Override(*span) for span in _parse_person_spans(found, "overrides", where))
    return Roster(zone, tuple(layers.values()), tuple(absences), tuple(overrides))


def _parse_layer(raw: object, zone: ZoneInfo, where: str) -> Layer:
    found = as_object(raw, where)
    name = _parse_name(required(found, "name", where), under(where, "name"))
    at = under(where, "people")
    people = [
        _parse_name(p, f"{at}[{n}]") for n, p in enumerate(as_list(required(found, "people", where), at))
    ]
    if not people:
        raise ScenarioError(f"{at}: at least one person is needed")
    starts_at = _parse_local(required(found, "starts_at", where), under(where, "starts_at"))
    every = required(found, "every", where)
    if type(every) is not int or every < 1:  # True is an int to isinstance
        raise ScenarioError(f"{under(where, 'every')}: expected a whole number above 0, not {shown(every)}")
    unit = as_text(required(found, "unit", where), under(where, "unit"))
    if unit not in UNITS:
        raise ScenarioError(f"{under(where, 'unit')}: expected one of {', '.join(UNITS)}, not {shown(unit)}")
    ends_at = None
    if found.get("ends_at") is not None:
        ends_at = _parse_local(found["ends_at"], under(where, "ends_at"))
        if ends_at <= starts_at:
            raise ScenarioError(f"{under(where, 'ends_at')}: must be after starts_at")
    hours = None
    if found.get("hours") is not None:
        hours = parse_week_and_dates(found["hours"], zone, under(where, "hours"))
    return Layer(name, tuple(people), starts_at, every, unit, ends_at, hours)


def _parse_person_spans(raw: dict[str, Any], key: str, where: str) -> list[tuple[str, datetime, datetime]]:
    """The absences or overrides of a roster: person, start and end."""
    found = []
    for n, item in enumerate(as_list(raw.get(key, []), under(where, key))):
        at = f"{under(where, key)}[{n}]"
        span = as_object(item, at)
        person = _parse_name(required(span, "person", at), under(at, "person"))
        found.append((person, *_parse_range(span, at)))
    return found


def _parse_range(raw: dict[str, Any], where: str) -> tuple[datetime, datetime]:
    """The instants `from` and `to` of an object."""
    start = parse_instant(required(raw, "from", where), under(where, "from"))
    end = parse_instant(required(raw, "to", where), under(where, "to"))
    if end <= start:
        raise ScenarioError(f"{under(where, 'to')}: must be after from")
    return start, end


def _parse_name(raw: object, where: str) -> str:
    name = as_text(raw, where)
    if not name.strip():
        raise ScenarioError(f"{where}: expected a name, not {shown(name)}")
    return name


def _parse_local(raw: object, where: str) -> datetime:
    """A local date and time, naive; whether the zone skips or repeats it is the rule's business."""
    text = as_text(raw, where)
    if not _LOCAL.fullmatch(text):
        raise ScenarioError(f"{where}: expected a local time like 2026-03-02T09:00, not {shown(text)}")
    return parse_instant(f"{text}Z", where).replace(tzinfo=None)
