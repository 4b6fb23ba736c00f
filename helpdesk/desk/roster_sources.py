"""Stored rosters as rules/rosters takes them: versions, arrangements, overrides, absences; people by id."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any, NotRequired, TypedDict
from zoneinfo import ZoneInfo

from helpdesk.desk import reference
from helpdesk.rules import hours, oncall
from helpdesk.rules.oncall_scenario import parse_roster
from helpdesk.rules.rosters import Arrangement, Plan, Version
from helpdesk.store.rosters import (
    HolidayArrangement,
    Layer,
    LayerRow,
    list_absences,
    list_arrangements,
    list_layers_in_force,
    list_overrides,
)

_DAYS = timedelta(days=2)  # no zone is further from UTC


class LayerDraft(TypedDict):
    """A layer as schemas/rosters loads it: texts as in on-call.md, people by id. Its hours are `hours`, or
    those of the calendar `calendar_id`; neither: always."""

    name: str
    people: list[int]
    starts_at: str
    ends_at: str | None
    every: int
    unit: str
    hours: dict[str, Any] | None
    calendar_id: NotRequired[int | None]


def draft_of(layer: Layer) -> LayerDraft:
    """A stored layer as a draft."""
    return {
        "name": layer.name,
        "people": list(layer.people),
        "starts_at": layer.starts_at,
        "ends_at": layer.ends_at,
        "every": layer.every,
        "unit": layer.unit,
        "hours": layer.hours,
        "calendar_id": layer.calendar_id,
    }


def layers_of(zone: str, drafts: Iterable[LayerDraft]) -> tuple[oncall.Layer, ...]:
    """Drafts as the rule takes them, people by id. Raises ScenarioError, which names the place
    ("roster.layers[0].every: ..."), for what the rule refuses; LookupError for an unknown calendar."""
    drafts = list(drafts)
    raw = [
        {name: value for name, value in draft.items() if name != "calendar_id"}
        | {"people": [str(person) for person in draft["people"]]}
        for draft in drafts
    ]
    calendars = _calendars() if any(draft.get("calendar_id") for draft in drafts) else {}
    parsed = parse_roster({"timezone": zone, "layers": raw}, "roster").layers
    people = [tuple(int(str(person)) for person in layer.people) for layer in parsed]
    return tuple(
        _named(replace(layer, people=them), draft.get("calendar_id"), calendars)
        for layer, them, draft in zip(parsed, people, drafts, strict=True)
    )


def gather(roster_ids: Collection[int], start: datetime, end: datetime) -> dict[int, Plan]:
    """What is known of each of these rosters for questions about [start, end), in four queries; an id of no
    roster is an empty plan."""
    rows = list_layers_in_force(roster_ids, start, end)
    is_named = any(row.calendar_id is not None for row in rows)
    versions = _versions(rows, _calendars() if is_named else {})
    absences = tuple(oncall.Absence(a.person_id, a.starts_at, a.ends_at) for a in list_absences(start, end))
    overrides: dict[int, list[oncall.Override]] = {}
    for o in list_overrides(roster_ids, start, end):
        overrides.setdefault(o.roster_id, []).append(oncall.Override(o.person_id, o.starts_at, o.ends_at))
    arrangements: dict[int, list[Arrangement]] = {}
    for found in list_arrangements(roster_ids, (start - _DAYS).date(), (end + _DAYS).date()):
        arrangements.setdefault(found.roster_id, []).append(arrangement_of(found))
    return {
        roster_id: Plan(
            tuple(versions.get(roster_id, ())),
            tuple(arrangements.get(roster_id, ())),
            absences,
            tuple(overrides.get(roster_id, ())),
        )
        for roster_id in roster_ids
    }


def arrangement_of(stored: HolidayArrangement) -> Arrangement:
    """A stored arrangement as the rule takes it; one without a name bears its first date."""
    return Arrangement(
        stored.name or stored.first_on.isoformat(),
        stored.first_on,
        stored.last_on,
        tuple(stored.people),
        stored.filled_at,
    )


def _versions(rows: list[LayerRow], calendars: Mapping[int, hours.Calendar]) -> dict[int, list[Version]]:
    found: dict[int, list[Version]] = {}
    for (roster_id, _number), group in groupby(rows, key=lambda row: row[:2]):
        layers = list(group)
        found.setdefault(roster_id, []).append(
            Version(
                layers[0].effective_at,
                ZoneInfo(layers[0].zone),
                tuple(_layer(row, calendars) for row in layers if row.name is not None),
            )
        )
    return found


def _layer(row: LayerRow, calendars: Mapping[int, hours.Calendar]) -> oncall.Layer:
    return _named(_parsed(row.zone, row[4:-1]), row.calendar_id, calendars)


# By content: the same layer is asked for at each alarm, and with it are kept the days that its hours make.
@lru_cache(maxsize=4096)
def _parsed(zone: str, fields: tuple[Any, ...]) -> oncall.Layer:
    """A layer of a zone from the fields of LayerRow that are its own, without its calendar."""
    name, people, starts_at, ends_at, every, unit, own_hours = fields
    draft: LayerDraft = {
        "name": name,
        "people": json.loads(people),
        "starts_at": starts_at,
        "ends_at": ends_at,
        "every": every,
        "unit": unit,
        "hours": None if own_hours is None else json.loads(own_hours),
    }
    return layers_of(zone, [draft])[0]


def _named(
    layer: oncall.Layer, calendar_id: int | None, calendars: Mapping[int, hours.Calendar]
) -> oncall.Layer:
    """The layer with the hours of the calendar that it names, if any: its versions, in its zone."""
    if calendar_id is None:
        return layer
    if calendar_id not in calendars:
        raise LookupError(f"no calendar {calendar_id}")
    return replace(layer, hours=calendars[calendar_id])


def _calendars() -> Mapping[int, hours.Calendar]:
    return reference.current()[1].calendars
