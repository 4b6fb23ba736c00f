"""The example organisation's maintenance: windows in every state, what recurs, freezes, who needs what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from helpdesk.desk import freezes, maintenance, window_series
from helpdesk.desk.changes import By
from helpdesk.rules.recurrence import Recurrence, first_start
from helpdesk.store.maintenance import Window
from helpdesk.store.organisation import list_departments
from helpdesk.store.people import Person
from helpdesk.store.services import Service, list_services, replace_audience, replace_needed
from helpdesk.store.window_plans import end_rounds_due

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEEDS = (
    ("ERP reports", "ERP"),
    ("Web shop", "ERP"),
    ("Remote access", "Network and Wi-Fi"),
    ("Shared folders", "Network and Wi-Fi"),
    ("Label printing", "Scanners and forklift terminals"),
)
USERS = (
    ("Scanners and forklift terminals", ("Warehouse", "Logistics", "Production")),
    ("Label printing", ("Warehouse", "Logistics")),
    ("Payroll", ("Personnel",)),
    ("Personnel files", ("Personnel",)),
)
BACK = "Put yesterday's copy back; decided an hour before the end. It takes 30 minutes."


class Plan(NamedTuple):
    """A window of four hours at 20:00, `days` from today; `course` says how it went (see _go)."""

    days: int
    service: str
    lead: str
    reason: str
    effect: str = "down"
    course: str = "as planned"


PLANS = (
    Plan(-147, "ERP", "Chen", "New version"),
    Plan(-117, "Network and Wi-Fi", "Oli", "New switches in building 2", course="extended"),
    Plan(-87, "ERP", "Chen", "Year's archive", "read_only"),
    Plan(-57, "Mail and calendar", "Jin", "Move to new servers", course="early"),
    Plan(-40, "Printing", "Jin", "New printers in building 1", course="cancelled"),
    Plan(-27, "Web shop", "Chen", "New version"),
    Plan(3, "ERP", "Chen", "New version"),
    Plan(9, "Time recording", "Wei", "New terminals", "degraded", course="draft"),
    Plan(11, "Shared folders", "Oli", "Larger disks", "read_only", course="approved"),
)


@dataclass(frozen=True)
class _Stage:
    people: Mapping[str, Person]
    services: Mapping[str, Service]
    zone: ZoneInfo
    now: datetime
    approver: str


def install(people: Mapping[str, Person], approver: str, zone: str, now: datetime) -> None:
    """All of it, as it would have come about by `now`. In the transaction that founds the organisation."""
    services = {service.name: service for service in list_services()}
    stage = _Stage(people, services, ZoneInfo(zone), now, approver)
    _relate(stage)
    _freezes(stage)
    for plan in PLANS:
        _go(stage, plan)
    _running(stage)
    _series(stage)
    end_rounds_due(now)


def _relate(stage: _Stage) -> None:
    departments = {department.name: department.id for department in list_departments()}
    for service, needed in NEEDS:
        replace_needed(stage.services[service].id, [stage.services[needed].id])
    for service, users in USERS:
        replace_audience(stage.services[service].id, [departments[name] for name in users])


def _freezes(stage: _Stage) -> None:
    by = By(stage.now, stage.people[stage.approver].id)
    first = date(stage.now.year, 1, 1)
    quarter = "FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=-7"
    holidays = "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=20"
    freezes.save(None, {"name": "Closing of the quarter", "first_on": first, "days": 7, "rule": quarter}, by)
    freezes.save(None, {"name": "Holidays", "first_on": first, "days": 14, "rule": holidays}, by)


def _go(stage: _Stage, plan: Plan) -> None:
    """Planned nine days ahead, approved, announced a week ahead, and what became of it since."""
    evening = stage.now.astimezone(stage.zone).replace(hour=20, minute=0, second=0, microsecond=0)
    starts_at = (evening + plan.days * DAY).astimezone(stage.now.tzinfo)
    planned_at = min(starts_at - 9 * DAY, stage.now - 3 * DAY)
    window = _draft(stage, plan, starts_at, starts_at + 4 * HOUR, planned_at)
    if plan.course == "draft":
        return
    maintenance.approve(window.id, _by(stage, stage.approver, planned_at + DAY))
    if plan.course == "approved":
        return
    maintenance.announce(window.id, _by(stage, plan.lead, planned_at + 2 * DAY))
    if plan.course == "cancelled":
        maintenance.cancel(window.id, _by(stage, plan.lead, starts_at - DAY), "The printers come later")
    if starts_at + DAY > stage.now:
        return
    maintenance.sweep(starts_at)
    late, soon = starts_at + 3 * HOUR, starts_at + 2 * HOUR
    if plan.course == "extended":
        ends_at = window.ends_at + 2 * HOUR
        maintenance.extend(window.id, ends_at, _by(stage, plan.lead, late), "A switch is broken")
    if plan.course == "early":
        maintenance.finish(window.id, _by(stage, plan.lead, soon), "It was quick")
    maintenance.sweep(window.ends_at)


def _running(stage: _Stage) -> None:
    """One that runs now."""
    plan = Plan(0, "Telephones", "Jin", "New software for the exchange", "degraded")
    began_at = stage.now.replace(minute=0, second=0, microsecond=0) - HOUR
    told_at = began_at - 2 * DAY
    window = _draft(stage, plan, began_at, began_at + 4 * HOUR, told_at - DAY)
    maintenance.approve(window.id, _by(stage, stage.approver, told_at - HOUR))
    maintenance.announce(window.id, _by(stage, plan.lead, told_at))
    maintenance.sweep(began_at)


def _draft(stage: _Stage, plan: Plan, starts_at: datetime, ends_at: datetime, at: datetime) -> Window:
    values = {"service_ids": [stage.services[plan.service].id], "starts_at": starts_at, "ends_at": ends_at}
    words = {"reason": plan.reason, "effect": plan.effect, "rollback_plan": BACK}
    return maintenance.draft(
        {**values, **words, "owner_id": stage.people[plan.lead].id}, _by(stage, plan.lead, at)
    )


def _series(stage: _Stage) -> None:
    """One that goes on, and one that waits for somebody's yes."""
    evening = datetime.combine(stage.now.astimezone(stage.zone).date(), time(20))
    for rule, service, lead, reason in (
        ("FREQ=MONTHLY;BYDAY=2TU", "Mail and calendar", "Jin", "Security updates"),
        ("FREQ=WEEKLY;BYDAY=SU", "Web shop", "Chen", "New pictures of goods"),
    ):
        values = {
            "rule": rule,
            "zone": stage.zone.key,
            "starts_at": f"{first_start(Recurrence(rule, evening, stage.zone, 120), evening):%Y-%m-%dT%H:%M}",
            "minutes": 120,
            "exceptions": [],
            "service_ids": [stage.services[service].id],
            "reason": reason,
            "effect": "degraded",
            "rollback_plan": BACK,
            "owner_id": stage.people[lead].id,
        }
        series = window_series.draft(values, _by(stage, lead, stage.now - 2 * DAY))
        if lead == "Jin":
            window_series.approve(series.id, _by(stage, stage.approver, stage.now - DAY))


def _by(stage: _Stage, name: str, at: datetime) -> By:
    return By(at, stage.people[name].id)
