"""Freezes: days on which nothing should be changed. Windows in them are warned about, not refused."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from helpdesk.desk import changes
from helpdesk.desk.changes import By, State
from helpdesk.rules.hours import local_to_instant
from helpdesk.rules.recurrence import frozen_days
from helpdesk.rules.spans import Span
from helpdesk.store.db import db, transaction
from helpdesk.store.maintenance import Freeze
from helpdesk.store.names import get_row_for_change
from helpdesk.store.organisation import get_organisation
from helpdesk.store.window_plans import list_freezes

FIELDS = ("name", "first_on", "days", "rule")


class Frozen(NamedTuple):
    """A freeze that touches what was asked about, in the organisation's days: `until` is the first free
    one."""

    name: str
    first_on: date
    until: date


def state_of(freeze: Freeze) -> State:
    """What the form shows; the day as text."""
    return {**{name: getattr(freeze, name) for name in FIELDS}, "first_on": freeze.first_on.isoformat()}


def save(freeze_id: int | None, values: State, by: By, seen: str | None = None) -> Freeze:
    """A new freeze (None), or all about one. `rule` is an RRULE as rules/recurrence keeps it, "": once.

    Raises Refused (name_taken), ChangedMeanwhile, LookupError.
    """
    with transaction():
        changes.require_free_name(Freeze, values["name"], freeze_id)
        if freeze_id is None:
            freeze = Freeze(**values)
            db.session.add(freeze)
            db.session.flush()
            changes.log_change(f"freeze:{freeze.name}", None, state_of(freeze), by)
            return freeze
        freeze = get_row_for_change(Freeze, freeze_id)
        changes.apply(freeze, values, state_of, f"freeze:{freeze.name}", by, seen)
    return freeze


def remove(freeze_id: int, by: By) -> None:
    """The freeze is no more. LookupError where there is none."""
    with transaction():
        freeze = get_row_for_change(Freeze, freeze_id)
        changes.log_change(f"freeze:{freeze.name}", state_of(freeze), {}, by)
        db.session.delete(freeze)


def touching(spans: list[Span]) -> list[Frozen]:
    """The freezes that any of the spans (aware UTC) touches, each stretch once, in their order."""
    zone = ZoneInfo(get_organisation().zone)
    found: dict[Frozen, None] = {}
    freezes = list_freezes() if spans else []
    for start, end in spans:
        since = start.astimezone(zone).date()
        until = (end - timedelta(microseconds=1)).astimezone(zone).date() + timedelta(days=1)
        for each in freezes:
            for first, after in frozen_days(each.rule, each.first_on, each.days, since, until):
                found[Frozen(each.name, first, after)] = None
    return sorted(found, key=lambda frozen: (frozen.first_on, frozen.name))


def between(first: date, until: date) -> list[Frozen]:
    """The freezes that touch the days [first, until) of the organisation's zone, in their order."""
    zone = ZoneInfo(get_organisation().zone)
    return touching([(_midnight(zone, first), _midnight(zone, until))])


def _midnight(zone: ZoneInfo, day: date) -> datetime:
    return local_to_instant(zone, datetime.combine(day, time()))
