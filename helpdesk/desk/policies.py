"""Which promise holds: calendars and target policies as the SLA clock takes them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from helpdesk.rules import hours, sla
from helpdesk.rules.sla_cycles import TargetName
from helpdesk.store.db import db, transaction
from helpdesk.store.organisation import get_organisation
from helpdesk.store.policies import (
    Calendar,
    CalendarVersion,
    Policy,
    PolicyVersion,
    list_calendars,
    list_policies,
)
from helpdesk.store.services import Service

TARGETS: tuple[TargetName, ...] = ("response", "resolution", "update")
OFFICE_WEEK = {day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
# Minutes: response, resolution, update of each severity.
DEFAULT_TARGETS = {"critical": (60, 240, 60), "major": (120, 480, 240), "minor": (240, 1440, 480)}
TRIAGE_MINUTES = 15


def targets_of(version: PolicyVersion) -> sla.Policy:
    """The targets of a policy version, with its calendars as they now stand."""
    return targets_by_version({version.id: version.definition})[version.id]


def targets_by_version(definitions: Mapping[int, dict[str, Any]]) -> dict[int, sla.Policy]:
    """As `targets_of` for many versions, given as their definitions by id."""
    calendars = {calendar.id: calendar_of(calendar) for calendar in list_calendars()}
    return {
        version_id: {
            severity: sla.SeverityTargets(
                **{name: _target(raw[name], calendars) for name in TARGETS if raw.get(name)},
                maintenance_pauses=raw["maintenance_pauses"],
            )
            for severity, raw in definition.items()
            if isinstance(raw, dict)
        }
        for version_id, definition in definitions.items()
    }


def calendar_of(calendar: Calendar) -> hours.Calendar:
    """A stored calendar as the clock takes it: each version holds for the local dates from its instant on."""
    return _spliced(
        tuple((v.effective_at, json.dumps(v.definition, sort_keys=True)) for v in calendar.versions)
    )


def supplier_pauses(version: PolicyVersion) -> bool:
    """Whether waiting for a supplier pauses the clock under this policy."""
    return bool(version.definition.get("supplier_pauses"))


def office_calendar() -> hours.Calendar | None:
    """The desk's own working hours, by which reminders and silent closing count; None is always open."""
    calendar_id = get_organisation().calendar_id
    calendar = next((c for c in list_calendars() if c.id == calendar_id), None)
    return calendar_of(calendar) if calendar else None


def choose_policy(kind: str, service: Service | None, at: datetime) -> PolicyVersion:
    """The policy version for a ticket of that kind and service reported at that instant.

    The service's own policy, else the first in order whose kind fits. LookupError if nothing fits.
    """
    policies = list_policies()
    named = [p for p in policies if service is not None and p.id == service.policy_id]
    for policy in named or [p for p in policies if p.kind in (None, kind)]:
        in_force = [v for v in policy.versions if v.effective_at <= at] or policy.versions[:1]
        if in_force:
            return in_force[-1]
    raise LookupError(f"no policy for {kind}")


def install_defaults(now: datetime, zone: str, night_answer: bool) -> None:
    """Creates the default calendar and policy, once, at the first set-up.

    With `night_answer` critical runs 24x7; else it runs in office hours like the others, and the
    administrator is asked for holiday cover. Sources: the issue's defaults.
    """
    with transaction():
        office = Calendar(name="Office hours")
        office.versions.append(
            CalendarVersion(
                number=1,
                definition={"timezone": zone, "week": OFFICE_WEEK, "dates": {}},
                published_at=now,
                effective_at=now,
            )
        )
        db.session.add(office)
        db.session.flush()
        get_organisation().calendar_id = office.id
        policy = Policy(name="Standard", kind=None, position=0)
        policy.versions.append(
            PolicyVersion(
                number=1,
                definition=default_definition(office.id, night_answer),
                published_at=now,
                effective_at=now,
            )
        )
        db.session.add(policy)


def default_definition(office_id: int, night_answer: bool) -> dict[str, Any]:
    """The default policy's definition: the issue's minutes; critical 24x7 only where somebody answers."""
    definition: dict[str, Any] = {"supplier_pauses": False, "triage_minutes": TRIAGE_MINUTES}
    for severity, minutes in DEFAULT_TARGETS.items():
        calendar = None if severity == "critical" and night_answer else office_id
        definition[severity] = {
            name: {"minutes": m, "calendar_id": calendar} for name, m in zip(TARGETS, minutes, strict=True)
        } | {"maintenance_pauses": severity != "critical"}
    return definition


def _target(raw: dict[str, Any], calendars: dict[int, hours.Calendar]) -> sla.Target:
    calendar_id = raw["calendar_id"]
    return sla.Target(raw["minutes"] * 60, None if calendar_id is None else calendars[calendar_id])


# Parsed calendars are kept between requests, by content: each remembers the days it has worked out.
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
