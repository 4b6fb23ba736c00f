"""The scenario file of `helpdesk sla explain`.

Source: the specification of the SLA clock, "The scenario file".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.rules.hours import Calendar, parse_calendar
from helpdesk.rules.scenario import (
    ScenarioError,
    as_list,
    as_object,
    as_text,
    parse_instant,
    required,
    shown,
    under,
)
from helpdesk.rules.sla import Event, Policy, SeverityTargets, Target, Window, cycles_as_json, explain

_SEVERITY_KEYS = ("response", "resolution", "update", "maintenance_pauses")
_MOST_MINUTES = 10**9


@dataclass(frozen=True, slots=True)
class Scenario:
    """All that the SLA clock asks for; `windows` are those of the ticket's service alone."""

    policy: Policy
    windows: tuple[Window, ...]
    events: tuple[Event, ...]
    now: datetime


def explain_scenario(raw: object) -> dict[str, Any]:
    """Answers {"cycles": [...]} for decoded JSON of any shape; raises ScenarioError if it is no scenario."""
    scenario = parse_scenario(raw)
    return cycles_as_json(explain(scenario.policy, scenario.windows, scenario.events, scenario.now))


def parse_scenario(raw: object) -> Scenario:
    """Answers the scenario in decoded JSON; raises ScenarioError, which says what is wrong and where."""
    found = as_object(raw, "")
    calendars = {
        name: parse_calendar(item, under("calendars", name))
        for name, item in as_object(found.get("calendars", {}), "calendars").items()
    }
    policy = {
        name: _parse_severity(item, calendars, under("policy", name))
        for name, item in as_object(required(found, "policy", ""), "policy").items()
    }
    service = found.get("service")
    if service is not None:
        as_text(service, "service")
    return Scenario(
        policy=policy,
        windows=_parse_windows(found.get("maintenance", []), service),
        events=tuple(
            _parse_event(item, f"events[{n}]")
            for n, item in enumerate(as_list(required(found, "events", ""), "events"))
        ),
        now=parse_instant(required(found, "now", ""), "now"),
    )


def _parse_severity(raw: object, calendars: Mapping[str, Calendar], where: str) -> SeverityTargets:
    found = as_object(raw, where)
    for key in found:
        if key not in _SEVERITY_KEYS:  # a misspelt `update` would be a promise lost without a word
            raise ScenarioError(f"{under(where, key)}: unknown, expected one of {', '.join(_SEVERITY_KEYS)}")
    pauses = found.get("maintenance_pauses", False)
    if not isinstance(pauses, bool):
        raise ScenarioError(f"{where}.maintenance_pauses: expected true or false, not {shown(pauses)}")
    return SeverityTargets(
        response=_parse_target(required(found, "response", where), calendars, f"{where}.response"),
        resolution=_parse_target(required(found, "resolution", where), calendars, f"{where}.resolution"),
        update=_parse_target(found["update"], calendars, f"{where}.update") if "update" in found else None,
        maintenance_pauses=pauses,
    )


def _parse_target(raw: object, calendars: Mapping[str, Calendar], where: str) -> Target:
    found = as_object(raw, where)
    seconds = _parse_minutes(required(found, "minutes", where), f"{where}.minutes")
    name = required(found, "calendar", where)
    if name is None:
        return Target(seconds, None)
    if as_text(name, f"{where}.calendar") not in calendars:
        raise ScenarioError(f"{where}.calendar: there is no calendar {shown(name)}")
    return Target(seconds, calendars[name])


def _parse_minutes(raw: object, where: str) -> int:
    """Answers the seconds in a number of minutes, which may have a fraction that is whole seconds."""
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise ScenarioError(f"{where}: expected a number of minutes, not {shown(raw)}")
    if not raw > 0:  # NaN is not either
        raise ScenarioError(f"{where}: must be more than 0, not {shown(raw)}")
    if raw > _MOST_MINUTES:
        raise ScenarioError(f"{where}: must be at most {_MOST_MINUTES}, not {shown(raw)}")
    seconds = round(raw * 60, 6)
    if seconds != seconds // 1 or seconds < 1:
        raise ScenarioError(f"{where}: expected whole seconds, not {shown(raw)} minutes")
    return int(seconds)


def _parse_windows(raw: object, service: str | None) -> tuple[Window, ...]:
    windows = []
    for n, item in enumerate(as_list(raw, "maintenance")):
        where = f"maintenance[{n}]"
        found = as_object(item, where)
        starts_at = parse_instant(required(found, "starts_at", where), f"{where}.starts_at")
        ends_at = parse_instant(required(found, "ends_at", where), f"{where}.ends_at")
        if ends_at <= starts_at:
            raise ScenarioError(f"{where}: the end must be after the start")
        if as_text(required(found, "service", where), f"{where}.service") == service:
            windows.append(Window(starts_at, ends_at))
    return tuple(windows)


def _parse_event(raw: object, where: str) -> Event:
    found = as_object(raw, where)
    kind = as_text(required(found, "type", where), f"{where}.type")
    severity = None
    if kind in ("reported", "severity_changed"):
        severity = as_text(required(found, "severity", where), f"{where}.severity")
    return Event(parse_instant(required(found, "at", where), f"{where}.at"), kind, severity)
