"""Fairness: who carried how much of being on call, out of the rosters as they really were."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from helpdesk.desk import reference
from helpdesk.desk.roster_sources import gather
from helpdesk.desk.rosters import Turn, turns_by
from helpdesk.rules.access import Asker, figures_teams
from helpdesk.rules.fairness import Burden, burden_of, total
from helpdesk.rules.hours import Calendar
from helpdesk.store.notices import count_told
from helpdesk.store.organisation import find_organisation
from helpdesk.store.people import Person
from helpdesk.store.policies import find_calendar
from helpdesk.store.rosters import Roster, list_rosters
from helpdesk.store.teams import list_teams


@dataclass(frozen=True)
class Carried:
    """A turn of somebody's, or its part within the period, by the clock of `zone`."""

    roster: Roster
    person: Person
    turn: Turn
    zone: str
    burden: Burden


@dataclass(frozen=True)
class Share:
    """What one person carried in a period; `pages`: how many alarms told them, in whichever roster."""

    person: Person
    burden: Burden
    pages: int


def rosters_for(asker: Asker) -> list[Roster]:
    """The rosters whose figures the asker may see, by name: a lead those of the teams they lead."""
    led = figures_teams(asker)
    if led is None:
        return list_rosters()
    teams = _teams()
    return [roster for roster in list_rosters() if teams.get(roster.id, set()) & led]


def carried(rosters: Sequence[Roster], start: datetime, end: datetime) -> list[Carried]:
    """Every turn of these rosters within [start, end), roster by roster in order. Gaps are nobody's."""
    plans = gather([roster.id for roster in rosters], start, end)
    return [each for roster in rosters for each in _carried(roster, turns_by(plans[roster.id], start, end))]


def shares(turns: Iterable[Carried], start: datetime, end: datetime) -> list[Share]:
    """These turns by person, whoever carried most first. Who had two turns at once carried both."""
    found: dict[int, list[Carried]] = {}
    for each in turns:
        found.setdefault(each.person.id, []).append(each)
    told = count_told(found.keys(), start, end)
    by_person = [
        Share(theirs[0].person, total(each.burden for each in theirs), told.get(person_id, 0))
        for person_id, theirs in found.items()
    ]
    return sorted(by_person, key=lambda share: (-share.burden.seconds, share.person.name))


def is_one_team(rosters: Iterable[Roster]) -> bool:
    """Whether these rosters are one team's, so that an even share among their people says something."""
    teams = _teams()
    return len({frozenset(teams.get(roster.id, ())) for roster in rosters}) == 1


def _teams() -> dict[int | None, set[int]]:
    """The teams, by id, for which each roster answers."""
    found: dict[int | None, set[int]] = {}
    for team in list_teams(active_only=False):
        for roster_id in (team.roster_id, team.backup_roster_id):
            found.setdefault(roster_id, set()).add(team.id)
    return found


def _carried(roster: Roster, turns: Iterable[Turn]) -> Iterator[Carried]:
    days_off = _days_off(roster)
    for turn in turns:
        if turn.person is None:
            continue
        for from_at, to_at, zone in _by_zone(roster, turn):
            burden = burden_of(from_at, to_at, ZoneInfo(zone), days_off)
            part = Turn(from_at, to_at, turn.person, turn.source, turn.flag)
            yield Carried(roster, turn.person, part, zone, burden)


def _days_off(roster: Roster) -> Calendar | None:
    """The calendar that names the roster's holidays: its own, else the desk's."""
    organisation = find_organisation()
    calendar_id = roster.holiday_calendar_id or (organisation.calendar_id if organisation else None)
    calendar = find_calendar(calendar_id) if calendar_id is not None else None
    return reference.calendar_of(calendar) if calendar is not None else None


def _by_zone(roster: Roster, turn: Turn) -> Iterator[tuple[datetime, datetime, str]]:
    """The turn, cut where a version moved the roster to another zone."""
    cuts = sorted({v.effective_at for v in roster.versions if turn.from_at < v.effective_at < turn.to_at})
    pieces = [(a, b, _zone_at(roster, a)) for a, b in pairwise([turn.from_at, *cuts, turn.to_at])]
    if len({zone for _from, _to, zone in pieces}) == 1:
        pieces = [(turn.from_at, turn.to_at, pieces[0][2])]
    yield from pieces


def _zone_at(roster: Roster, at: datetime) -> str:
    return next((v.zone for v in reversed(roster.versions) if v.effective_at <= at), roster.zone)
