"""The set-up that deadlines rest on, as the rules take it: remembered by each process until it changes.

The database says with one value which revision is in force (store/revision), so a change published by one
process is seen by the next transaction of every other, and nothing else need be read again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from helpdesk.desk import ladders
from helpdesk.rules import escalation, hours, sla
from helpdesk.rules.maintenance import COUNTS, Counts
from helpdesk.rules.policies import Rule
from helpdesk.rules.severity import Severity
from helpdesk.rules.sla_cycles import TargetName
from helpdesk.store.organisation import Organisation, find_organisation_afresh, list_departments
from helpdesk.store.policies import (
    Calendar,
    PolicyVersion,
    list_calendars,
    list_policies,
    list_policy_rules,
)

TARGETS: tuple[TargetName, ...] = ("response", "resolution", "update")
TRIAGE_MINUTES = 15


@dataclass(frozen=True, slots=True)
class Terms:
    """A version of a policy; `targets` with the calendars as they now stand. What maintenance takes of the
    clock: rules/maintenance."""

    id: int
    effective_at: datetime
    targets: sla.Policy
    supplier_pauses: bool
    triage_minutes: int
    maintenance_lead: timedelta
    maintenance_counts: Counts


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy with its versions in order."""

    id: int
    versions: tuple[Terms, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """Rules in the order in which they are tried, policies, terms and calendars by id, for each department
    itself and those above it, and the ladder of each severity and target."""

    rules: tuple[Rule, ...]
    policies: Mapping[int, Policy]
    terms: Mapping[int, Terms]
    calendars: Mapping[int, hours.Calendar]
    departments: Mapping[int, tuple[int, ...]]
    ladders: Mapping[str, Mapping[str, escalation.Ladder]]


_remembered: dict[str, Reference] = {}


def current() -> tuple[Organisation | None, Reference]:
    """The organisation, read anew (None before the first set-up), and the set-up in force."""
    organisation = find_organisation_afresh()
    if organisation is None:
        return None, _read()
    found = _remembered.get(organisation.revision)
    if found is None:
        found = _read()
        _remembered.clear()
        _remembered[organisation.revision] = found
    return organisation, found


def foreseen(instead: Mapping[int, hours.Calendar]) -> tuple[Organisation | None, Reference]:
    """As `current`, but with these calendars by id; nobody remembers it."""
    return find_organisation_afresh(), _read(instead)


def calendar_of(calendar: Calendar) -> hours.Calendar:
    """A stored calendar as the clock takes it: each version holds for the local dates from its instant on."""
    return _spliced(tuple((v.effective_at, _text(v.definition)) for v in calendar.versions))


def calendars_known(at: datetime) -> dict[int, hours.Calendar]:
    """The calendars by id as they had been published by then; one that was made later as it was made."""
    return {
        calendar.id: _spliced(
            tuple(
                (v.effective_at, _text(v.definition))
                for v in calendar.versions
                if v.published_at <= at or v.number == 1
            )
        )
        for calendar in list_calendars()
    }


def calendar_with(
    calendar: Calendar, effective_at: datetime, definition: Mapping[str, Any]
) -> hours.Calendar:
    """As `calendar_of`, with one more version."""
    known = ((v.effective_at, _text(v.definition)) for v in calendar.versions)
    return _spliced((*known, (effective_at, _text(definition))))


def _text(definition: Mapping[str, Any]) -> str:
    return json.dumps(definition, sort_keys=True)


def _read(instead: Mapping[int, hours.Calendar] | None = None) -> Reference:
    calendars = {calendar.id: calendar_of(calendar) for calendar in list_calendars()} | dict(instead or {})
    policies = {
        policy.id: Policy(policy.id, tuple(_terms(version, calendars) for version in policy.versions))
        for policy in list_policies()
    }
    return Reference(
        tuple(
            Rule(row.id, row.policy_id, row.kind, row.service_id, row.department_id)
            for row in list_policy_rules()
        ),
        policies,
        {terms.id: terms for policy in policies.values() for terms in policy.versions},
        calendars,
        _with_those_above({row.id: row.parent_id for row in list_departments()}),
        {severity: ladders.ladders_of(severity) for severity in Severity},
    )


def _with_those_above(parents: Mapping[int, int | None]) -> dict[int, tuple[int, ...]]:
    found: dict[int, tuple[int, ...]] = {}
    for department_id in parents:
        above, place = [department_id], parents[department_id]
        while place is not None and place not in above:
            above.append(place)
            place = parents[place]
        found[department_id] = tuple(above)
    return found


def _terms(version: PolicyVersion, calendars: Mapping[int, hours.Calendar]) -> Terms:
    definition = version.definition
    targets = {
        severity: sla.SeverityTargets(
            **{name: _target(raw[name], calendars) for name in TARGETS if raw.get(name)},
            maintenance_pauses=raw["maintenance_pauses"],
        )
        for severity, raw in definition.items()
        if isinstance(raw, dict)
    }
    return Terms(
        version.id,
        version.effective_at,
        targets,
        bool(definition.get("supplier_pauses")),
        definition.get("triage_minutes", TRIAGE_MINUTES),
        timedelta(minutes=definition.get("maintenance_lead_minutes", 0)),
        definition.get("maintenance_counts", COUNTS[0]),
    )


def _target(raw: Mapping[str, Any], calendars: Mapping[int, hours.Calendar]) -> sla.Target:
    calendar_id = raw["calendar_id"]
    return sla.Target(raw["minutes"] * 60, None if calendar_id is None else calendars[calendar_id])


# By content, so that a change of one leaves the others the days that they have worked out.
@lru_cache(maxsize=64)
def _spliced(versions: tuple[tuple[datetime, str], ...]) -> hours.Calendar:
    spliced: hours.Calendar | None = None
    for effective_at, definition in versions:
        calendar = hours.parse_calendar(json.loads(definition), "calendar")
        if spliced is not None:
            since = effective_at.astimezone(calendar.zone).date()
            calendar = replace(calendar, since=since, before=spliced)
        spliced = calendar
    if spliced is None:
        raise LookupError("a calendar without a version")
    return spliced
