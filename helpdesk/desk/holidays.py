"""Holiday arrangements: a roster's holidays proposed weeks ahead, and who takes them, a person a day.

From the proposal on they are taken out of the roster's layers: a gap that a lead has to fill. What has begun
stays as it was.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from helpdesk.desk import reference
from helpdesk.desk.changes import By, Refused, log_change
from helpdesk.desk.roster_sources import arrangement_of, gather
from helpdesk.desk.rosters import Turn, turns_by
from helpdesk.desk.turn_news import told
from helpdesk.rules import holidays
from helpdesk.rules.rosters import dates_span
from helpdesk.store.db import db, transaction
from helpdesk.store.rosters import (
    HolidayArrangement,
    Roster,
    get_arrangement,
    get_roster_for_change,
    list_people_by_id,
    list_rosters_arranging_holidays,
)

AHEAD = 56  # days before its first date that an arrangement is proposed
LONGEST = 40  # days of holidays in a row that are looked at as one


def propose_all(now: datetime) -> None:
    """What is to be arranged in every roster, as its calendar now has it. Done daily; twice is as once."""
    for roster_id in [roster.id for roster in list_rosters_arranging_holidays()]:
        with transaction(), told([roster_id], now=now, actor_id=None):
            propose(get_roster_for_change(roster_id), now)


def propose(roster: Roster, now: datetime) -> None:
    """The roster's holidays from tomorrow on that nobody has arranged, as the calendar has them: new ones,
    longer and shorter ones; what is no holiday any more goes, unless people stand in it. In a transaction."""
    today = today_of(roster, now)
    kept = [a for a in roster.arrangements if a.people or a.first_on <= today]
    empty = {a.first_on: a for a in roster.arrangements if a not in kept}
    for first_on, last_on in _wanted(roster, today, [(a.first_on, a.last_on) for a in kept]):
        found = empty.pop(first_on, None)
        if found is None:
            found = HolidayArrangement(first_on=first_on, last_on=last_on, proposed_at=now)
            roster.arrangements.append(found)
        found.last_on = last_on
    for gone in empty.values():
        roster.arrangements.remove(gone)
    db.session.flush()


def fill(arrangement_id: int, people: Sequence[int], name: str, by: By) -> HolidayArrangement:
    """These people, by id, take the arrangement's days in order; nobody: it is to be filled anew.

    Days that have begun stay with whom they had; those before the first filling stay a gap. Raises Refused
    (people: count, unknown, begun; over), LookupError.
    """
    roster_id = get_arrangement(arrangement_id).roster_id
    with transaction(), told([roster_id], now=by.now, actor_id=by.actor_id):
        roster = get_roster_for_change(roster_id)
        found = get_arrangement(arrangement_id)
        before = state_of(found)
        wanted = _checked(found, people, today_of(roster, by.now))
        if not wanted or not found.people:
            found.filled_at = by.now.replace(microsecond=0) if wanted else None
        found.people, found.filled_by_id, found.name = wanted, by.actor_id, name
        db.session.flush()
        log_change(f"roster:{roster.name}", before, state_of(found), by, "holidays_arranged")
        if not wanted:
            propose(roster, by.now)
    return found


def foreseen(found: HolidayArrangement, people: Sequence[int], now: datetime) -> tuple[Turn, ...]:
    """What these people would make of the arrangement: the turns from the day before it to the day after.

    Raises as `fill` does; writes nothing.
    """
    roster = found.roster
    wanted = _checked(found, people, today_of(roster, now))
    start, end = dates_span(ZoneInfo(roster.zone), _shift(found.first_on, -1), _shift(found.last_on, 1))
    plan = gather([roster.id], start, end)[roster.id]
    here = replace(
        arrangement_of(found), people=tuple(wanted), filled_at=found.filled_at if found.people else now
    )
    others = tuple(a for a in plan.arrangements if a.first_on != found.first_on)
    return turns_by(replace(plan, arrangements=(*others, here)), start, end)


def days_of(arrangement: HolidayArrangement) -> list[date]:
    """Its dates, in order."""
    days = (arrangement.last_on - arrangement.first_on).days
    return [_shift(arrangement.first_on, n) for n in range(days + 1)]


def state_of(arrangement: HolidayArrangement) -> dict[str, object]:
    """What the log keeps of it."""
    return {
        "holidays": f"{arrangement.first_on} - {arrangement.last_on}",
        "name": arrangement.name,
        "people": ", ".join(map(str, arrangement.people)),
    }


def today_of(roster: Roster, now: datetime) -> date:
    """The date in the roster's zone."""
    return now.astimezone(ZoneInfo(roster.zone)).date()


def _wanted(roster: Roster, today: date, kept: list[holidays.Dates]) -> list[holidays.Dates]:
    if roster.holiday_calendar_id is None:
        return []
    calendar = reference.current()[1].calendars[roster.holiday_calendar_id]
    closed = holidays.closed_dates(calendar, _shift(today, 1), _shift(today, AHEAD + LONGEST))
    return [each for each in holidays.to_arrange(closed, kept) if each[0] <= _shift(today, AHEAD)]


def _checked(found: HolidayArrangement, people: Sequence[int], today: date) -> list[int]:
    """Who takes its days, those that have begun as they were. Raises Refused."""
    days = days_of(found)
    if days[-1] < today:
        raise Refused("people", "over")
    if len(people) not in (0, len(days)):
        raise Refused("people", "count")
    if not people and days[0] <= today:
        raise Refused("people", "begun")
    wanted = [
        had if day <= today else person
        for day, person, had in zip(days, people, found.people or people, strict=bool(people))
    ]
    known = list_people_by_id(set(wanted))
    if any(person not in known for person in wanted):
        raise Refused("people", "unknown")
    return wanted


def _shift(day: date, days: int) -> date:
    return day + timedelta(days=days)
