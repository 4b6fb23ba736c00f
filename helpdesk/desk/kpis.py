"""The organisation's own key figures: set, measured by hand, by table and by programs, and how they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.desk import changes
from helpdesk.desk.changes import By, ChangedMeanwhile, Refused, State
from helpdesk.rules.kpi_tables import Fault, Known, read_table
from helpdesk.rules.kpis import Standing, Way, standing_of
from helpdesk.rules.rota_dates import Cell
from helpdesk.store.db import db, transaction
from helpdesk.store.kpis import Kpi, KpiActual, find_actual, list_kpis, lock_kpis
from helpdesk.store.names import get_row_for_change
from helpdesk.store.organisation import find_organisation


@dataclass(frozen=True)
class Course:
    """How a key figure stands: what was measured last (None: nothing yet), where the way was on that day,
    and how much of the way is gone, in percent."""

    kpi: Kpi
    way: Way
    standing: Standing
    latest: KpiActual | None
    asked: Decimal | None
    percent: int | None


@dataclass(frozen=True)
class Change:
    """What a line of a table does: `before` is the value of that day so far (None: there is none)."""

    kpi: Kpi
    on: date
    value: Decimal
    words: str
    before: Decimal | None
    is_same: bool


@dataclass(frozen=True)
class Plan:
    """What a table would do; with `faults` nothing of it is taken in."""

    changes: tuple[Change, ...]
    faults: tuple[Fault, ...]

    @property
    def coming(self) -> list[Change]:
        """The lines that say something new."""
        return [each for each in self.changes if not each.is_same]


class NotTaken(Exception):
    """The table has faults or says nothing new; nothing was written."""


def today_at(now: datetime) -> date:
    """The day in the organisation's zone."""
    organisation = find_organisation()
    return now.astimezone(ZoneInfo(organisation.zone if organisation else "UTC")).date()


def course_of(kpi: Kpi, today: date) -> Course:
    """How the key figure stands on that day."""
    way = Way(kpi.baseline, kpi.baseline_on, kpi.target, kpi.target_on)
    latest = next((each for each in reversed(kpi.actuals) if each.on <= today), None)
    standing = standing_of(way, (latest.on, latest.value) if latest else None, today)
    if latest is None:
        return Course(kpi, way, standing, None, None, None)
    return Course(kpi, way, standing, latest, way.at(latest.on), way.percent_gone(latest.value))


def state_of(kpi: Kpi) -> State:
    """What the form shows."""
    return {
        "name": kpi.name,
        "unit": kpi.unit,
        "baseline": plain(kpi.baseline),
        "baseline_on": kpi.baseline_on.isoformat(),
        "target": plain(kpi.target),
        "target_on": kpi.target_on.isoformat(),
        "position": kpi.position,
        "is_active": kpi.is_active,
    }


def plain(value: Decimal) -> str:
    """A decimal without zeros at its end, as people and programs write it: "52.5"."""
    return f"{value.normalize():f}"


def save(kpi_id: int | None, values: dict[str, Any], by: By, seen: str | None = None) -> Kpi:
    """A new key figure (None), or one with other names, numbers or days.

    Raises Refused (name_taken), ChangedMeanwhile, LookupError.
    """
    with transaction():
        changes.require_free_name(Kpi, values["name"], kpi_id)
        subject = f"kpi:{values['name']}"
        if kpi_id is None:
            kpi = Kpi(**values)
            db.session.add(kpi)
            changes.log_change(subject, None, state_of(kpi), by)
        else:
            kpi = get_row_for_change(Kpi, kpi_id)
            changes.apply(kpi, values, state_of, subject, by, seen)
        db.session.flush()
    return kpi


def measure(kpi_id: int, on: date, value: Decimal, words: str, by: By, *, door: str) -> KpiActual:
    """Notes what was measured on a day; it takes the place of what stood there, and the security log keeps
    both. The same once more changes nothing.

    Raises Refused (in_future), LookupError.
    """
    with transaction():
        kpi = get_row_for_change(Kpi, kpi_id)
        if on > today_at(by.now):
            raise Refused("on", "in_future")
        return _write(kpi, on, value, words, by, door)


def take_back(kpi_id: int, on: date, by: By) -> None:
    """Removes what was measured on a day; the security log keeps it. LookupError where there is nothing."""
    with transaction():
        kpi = get_row_for_change(Kpi, kpi_id)
        found = find_actual(kpi_id, on)
        if found is None:
            raise LookupError(f"nothing was measured on {on}")
        changes.log_change(_subject(kpi, on), _state(found), {}, by, "kpi_taken_back")
        db.session.delete(found)


def plan(rows: Sequence[Sequence[Cell]], today: date) -> Plan:
    """What a table of measured values would do; reads, writes nothing."""
    kpis = {kpi.id: kpi for kpi in list_kpis()}
    known = [Known(kpi.id, kpi.name, kpi.unit) for kpi in kpis.values()]
    lines, faults = read_table(rows, known, today)
    found = []
    for line in lines:
        kpi = kpis[line.kpi_id]
        before = next((each for each in kpi.actuals if each.on == line.on), None)
        is_same = before is not None and (before.value, before.words) == (line.value, line.words)
        found.append(Change(kpi, line.on, line.value, line.words, before.value if before else None, is_same))
    return Plan(tuple(found), tuple(faults))


def marker_of(planned: Plan) -> str:
    """Differs where the plan does: what is taken in is what was looked at."""
    lines = [[each.kpi.id, each.on, each.value, each.words, each.before] for each in planned.changes]
    return changes.marker_of({"lines": lines})


def take_in(rows: Sequence[Sequence[Cell]], by: By, seen: str) -> Plan:
    """Writes all that the table says, or nothing; `seen` is the marker of the plan that was looked at.

    Raises NotTaken; ChangedMeanwhile where the plan is another by now.
    """
    with transaction():
        lock_kpis()
        planned = plan(rows, today_at(by.now))
        if planned.faults or not planned.coming:
            raise NotTaken
        if marker_of(planned) != seen:
            raise ChangedMeanwhile
        for each in planned.coming:
            _write(each.kpi, each.on, each.value, each.words, by, "table")
    return planned


def _write(kpi: Kpi, on: date, value: Decimal, words: str, by: By, door: str) -> KpiActual:
    found = find_actual(kpi.id, on)
    before = _state(found) if found else None
    if found is None:
        found = KpiActual(
            kpi_id=kpi.id, on=on, value=value, words=words, door=door, by_id=by.actor_id, at=by.now
        )
        db.session.add(found)
    elif (found.value, found.words) != (value, words):
        found.value, found.words = value, words
        found.door, found.by_id, found.at = door, by.actor_id, by.now
    changes.log_change(_subject(kpi, on), before, _state(found), by, "kpi_measured")
    db.session.flush()
    return found


def _state(actual: KpiActual) -> State:
    return {"value": plain(actual.value), "words": actual.words}


def _subject(kpi: Kpi, on: date) -> str:
    return f"kpi:{kpi.name} {on}"
