"""Which promise holds: calendars and target policies as the SLA clock takes them."""

from datetime import datetime
from typing import Any

from helpdesk.desk.reference import TARGETS, TRIAGE_MINUTES, Reference, Terms
from helpdesk.store.db import db, transaction
from helpdesk.store.organisation import get_organisation
from helpdesk.store.policies import Calendar, CalendarVersion, Policy, PolicyVersion
from helpdesk.store.services import Service

OFFICE_WEEK = {day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
# Minutes: response, resolution, update of each severity.
DEFAULT_TARGETS = {"critical": (60, 240, 60), "major": (120, 480, 240), "minor": (240, 1440, 480)}


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
