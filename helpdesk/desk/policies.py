"""Which promise holds: calendars and target policies as the SLA clock takes them."""

from datetime import datetime
from typing import Any

from helpdesk.desk.reference import TARGETS, TRIAGE_MINUTES, Reference, Terms
from helpdesk.rules.lifecycle import Kind
from helpdesk.store.db import db, transaction
from helpdesk.store.organisation import get_organisation
from helpdesk.store.policies import Calendar, CalendarVersion, Policy, PolicyVersion
from helpdesk.store.services import Service

OFFICE_WEEK = {day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
# Minutes: response, resolution, update of each severity.
DEFAULT_TARGETS = {"critical": (60, 240, 60), "major": (120, 480, 240), "minor": (240, 1440, 480)}
# In the order in which they are tried: each kind has its own, which begin alike. The last is for faults, and
# for whatever has none.
DEFAULT_POLICIES = (("Requests", Kind.REQUEST), ("Questions", Kind.QUESTION), ("Standard", None))


def choose_policy(reference: Reference, kind: str, service: Service | None, at: datetime) -> Terms:
    """The policy version for a ticket of that kind and service reported at that instant.

    The service's own policy, else the first in order whose kind fits. LookupError if nothing fits.
    """
    named = [p for p in reference.policies if service is not None and p.id == service.policy_id]
    for policy in named or [p for p in reference.policies if p.kind in (None, kind)]:
        in_force = [v for v in policy.versions if v.effective_at <= at] or policy.versions[:1]
        if in_force:
            return in_force[-1]
    raise LookupError(f"no policy for {kind}")


def install_defaults(now: datetime, zone: str, night_answer: bool) -> None:
    """Creates the default calendars and policies, once, at the first set-up.

    With `night_answer` critical runs 24x7; else it runs in a calendar of its own: office hours that no
    holiday interrupts, for holidays are put into the other one. Sources: the issue's defaults.
    """
    with transaction():
        office = _office_hours("Office hours", zone, now)
        get_organisation().calendar_id = office.id
        covered = None if night_answer else _office_hours("Office hours, holidays too", zone, now)
        for position, (name, kind) in enumerate(DEFAULT_POLICIES, start=1 - len(DEFAULT_POLICIES)):
            definition = default_definition(office.id, covered.id if covered else None)
            version = PolicyVersion(number=1, definition=definition, published_at=now, effective_at=now)
            db.session.add(Policy(name=name, kind=kind, position=position, versions=[version]))


def _office_hours(name: str, zone: str, now: datetime) -> Calendar:
    calendar = Calendar(name=name)
    definition = {"timezone": zone, "week": OFFICE_WEEK, "dates": {}}
    version = CalendarVersion(number=1, definition=definition, published_at=now, effective_at=now)
    calendar.versions.append(version)
    db.session.add(calendar)
    db.session.flush()
    return calendar


def default_definition(office_id: int, critical_id: int | None) -> dict[str, Any]:
    """The default policy's definition: the issue's minutes in the calendars of these ids; None is 24x7."""
    definition: dict[str, Any] = {"supplier_pauses": False, "triage_minutes": TRIAGE_MINUTES}
    for severity, minutes in DEFAULT_TARGETS.items():
        calendar = critical_id if severity == "critical" else office_id
        definition[severity] = {
            name: {"minutes": m, "calendar_id": calendar} for name, m in zip(TARGETS, minutes, strict=True)
        } | {"maintenance_pauses": severity != "critical"}
    return definition
