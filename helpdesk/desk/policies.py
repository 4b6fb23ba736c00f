"""Which promise holds: calendars and target policies as the SLA clock takes them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.desk.reference import TARGETS, TRIAGE_MINUTES, Reference, Terms
from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.maintenance import COUNTS
from helpdesk.rules.policies import Rule, first_fitting
from helpdesk.store.db import db, transaction
from helpdesk.store.organisation import get_organisation
from helpdesk.store.policies import Calendar, CalendarVersion, Policy, PolicyRule, PolicyVersion

OFFICE_WEEK = {day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
MAINTENANCE_LEAD_MINUTES = 60
# Minutes: response, resolution, update of each severity.
DEFAULT_TARGETS = {"critical": (60, 240, 60), "major": (120, 480, 240), "minor": (240, 1440, 480)}


@dataclass(frozen=True)
class Names:
    """What the calendars and policies of the first set-up are called, in the organisation's language."""

    office: str = "Office hours"
    office_with_holidays: str = "Office hours, holidays too"
    standard: str = "Standard"
    requests: str = "Requests"
    questions: str = "Questions"


def rule_for(reference: Reference, kind: str, service_id: int | None, department_id: int | None) -> Rule:
    """The first rule that fits a ticket of that kind and service whose reporter is in that department (None:
    in none). LookupError if none does."""
    departments = reference.departments.get(department_id or 0, ())
    rule = first_fitting(reference.rules, kind, service_id, departments)
    if rule is None:
        raise LookupError(f"no policy for {kind}")
    return rule


def choose_policy(
    reference: Reference, kind: str, service_id: int | None, department_id: int | None, at: datetime
) -> Terms:
    """The policy version for such a ticket (as in `rule_for`) reported at that instant. LookupError if no
    rule fits."""
    versions = reference.policies[rule_for(reference, kind, service_id, department_id).policy_id].versions
    in_force = [v for v in versions if v.effective_at <= at] or versions[:1]
    return in_force[-1]


def policies_of(reference: Reference, service_id: int | None) -> set[int]:
    """The ids of the policies that tickets about that service (None: about none) can come under, whatever
    their kind and whoever reports them."""
    places = {None, *(rule.department_id for rule in reference.rules)}
    return {rule_for(reference, kind, service_id, place).policy_id for kind in Kind for place in places}


def install_defaults(
    now: datetime, zone: str, night_answer: bool, names: Names | None = None, cover_reason: str = ""
) -> None:
    """Creates the default calendars, policies and rules, once, at the first set-up.

    Each kind has a policy of its own, which begin alike; the last is for faults, and for whatever has none.
    With `night_answer` critical runs 24x7 (`cover_reason`: why, while no roster stands); else it runs in a
    calendar of its own: office hours that no holiday interrupts, for holidays are put into the other one.
    Sources: the issue's defaults.
    """
    names = names or Names()
    kinds = ((names.requests, Kind.REQUEST), (names.questions, Kind.QUESTION), (names.standard, None))
    with transaction():
        office = _office_hours(names.office, zone, now)
        get_organisation().calendar_id = office.id
        covered = None if night_answer else _office_hours(names.office_with_holidays, zone, now)
        definition = default_definition(office.id, covered.id if covered else None)
        for position, (name, kind) in enumerate(kinds):
            version = PolicyVersion(number=1, definition=definition, published_at=now, effective_at=now)
            version.reason = cover_reason
            policy = Policy(name=name, versions=[version])
            db.session.add(PolicyRule(position=position, kind=kind, policy=policy))


def _office_hours(name: str, zone: str, now: datetime) -> Calendar:
    calendar = Calendar(name=name)
    definition = {"timezone": zone, "week": OFFICE_WEEK, "dates": {}}
    version = CalendarVersion(number=1, definition=definition, published_at=now, effective_at=now)
    calendar.versions.append(version)
    db.session.add(calendar)
    db.session.flush()
    return calendar


def default_definition(office_id: int | None, critical_id: int | None) -> dict[str, Any]:
    """The default policy's definition: the issue's minutes in the calendars of these ids; None is 24x7."""
    definition: dict[str, Any] = {
        "supplier_pauses": False,
        "triage_minutes": TRIAGE_MINUTES,
        "maintenance_lead_minutes": MAINTENANCE_LEAD_MINUTES,
        "maintenance_counts": COUNTS[0],
    }
    for severity, minutes in DEFAULT_TARGETS.items():
        calendar = critical_id if severity == "critical" else office_id
        definition[severity] = {
            name: {"minutes": m, "calendar_id": calendar} for name, m in zip(TARGETS, minutes, strict=True)
        } | {"maintenance_pauses": severity != "critical"}
    return definition
