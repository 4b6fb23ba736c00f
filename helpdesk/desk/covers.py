"""What absences do to rosters: which turns they touch, and who takes those instead."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from helpdesk.desk.roster_sources import gather
from helpdesk.desk.turn_news import AHEAD, runs_of
from helpdesk.rules.rosters import Plan, shifts
from helpdesk.rules.spans import Span
from helpdesk.store.people import Person
from helpdesk.store.rosters import Absence, Roster, list_rosters


@dataclass(frozen=True)
class Cover:
    """[from_at, to_at) would be the turn of whoever is away: `person` takes it; None: nobody."""

    roster: Roster
    from_at: datetime
    to_at: datetime
    person: Person | None


def covers(absences: Iterable[Absence], now: datetime) -> dict[int, list[Cover]]:
    """By absence what it means to rosters from now on, up to turn_news.AHEAD; [] where it touches no turn."""
    listed, end = list(absences), now + AHEAD
    found: dict[int, list[Cover]] = {absence.id: [] for absence in listed}
    away = {absence.person_id for absence in listed}
    rosters = list_rosters()
    plans = gather([roster.id for roster in rosters], now, end)
    for roster in rosters:
        plan = plans[roster.id]
        theirs = {person_id: _if_present(plan, person_id, now, end) for person_id in away & _people(plan)}
        runs = runs_of(roster, now, end) if any(theirs.values()) else []
        for absence in listed:
            for turn in theirs.get(absence.person_id, []):
                found[absence.id] += _covers(roster, runs, absence, turn)
    return found


def _people(plan: Plan) -> set[object]:
    layered = {person for version in plan.versions for layer in version.layers for person in layer.people}
    return layered | {person for arrangement in plan.arrangements for person in arrangement.people}


def _if_present(plan: Plan, person_id: object, start: datetime, end: datetime) -> list[Span]:
    """When the roster would be that person's if they were never away."""
    others = tuple(absence for absence in plan.absences if absence.person != person_id)
    return [
        (shift.from_at, shift.to_at)
        for shift in shifts(replace(plan, absences=others), start, end)
        if shift.person == person_id and shift.source != "override"
    ]


def _covers(
    roster: Roster, runs: list[tuple[Person | None, Span]], absence: Absence, turn: Span
) -> Iterator[Cover]:
    """Who has the part of the turn that lies in the absence."""
    for person, run in runs:
        from_at = max(absence.starts_at, turn[0], run[0])
        to_at = min(absence.ends_at, turn[1], run[1])
        if from_at < to_at and (person is None or person.id != absence.person_id):
            yield Cover(roster, from_at, to_at, person)
