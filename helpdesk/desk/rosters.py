"""Who is on call: stored rosters as rules/oncall takes them, and its answers with people in them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from helpdesk.desk import reference
from helpdesk.desk.reference import TARGETS
from helpdesk.desk.roster_sources import LayerDraft as LayerDraft
from helpdesk.desk.roster_sources import draft_of as draft_of
from helpdesk.desk.roster_sources import gather
from helpdesk.desk.roster_sources import layers_of as layers_of
from helpdesk.rules import oncall
from helpdesk.rules import rosters as rules
from helpdesk.rules.access import Asker, may, may_for_team
from helpdesk.rules.recipients import Turns
from helpdesk.rules.rosters import Plan, Version, both, lanes, shifts
from helpdesk.store.organisation import find_organisation
from helpdesk.store.people import Person
from helpdesk.store.rosters import (
    Roster,
    list_gone,
    list_people_by_id,
    list_rosters_by_id,
    list_teams_of_roster,
)
from helpdesk.store.teams import Team, list_teams, list_teams_without_roster

NEARBY = timedelta(days=8)
HORIZON = timedelta(days=62)  # how far ahead "until when, and who is next" is looked for


@dataclass(frozen=True)
class Turn:
    """[from_at, to_at) belongs to `person`; None: nobody, a gap.

    `source` as in rules/oncall.Shift. `flag`: "absent" where an override's person is away, "left" where
    the person whose turn it would be has left (a gap), else None.
    """

    from_at: datetime
    to_at: datetime
    person: Person | None
    source: str | None = None
    flag: str | None = None


@dataclass(frozen=True)
class Lane:
    """The turns of one layer where it puts somebody; `name` None: the result of all, gaps included."""

    name: str | None
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class Doubled:
    """In [from_at, to_at) the person is on call here and in `other`, first and backup of one team."""

    from_at: datetime
    to_at: datetime
    person: Person
    other: Roster


@dataclass(frozen=True)
class OnCall:
    """Who is on call, until when (None: no change in sight), and who is next (None: nobody)."""

    roster: Roster
    person: Person | None
    until: datetime | None
    next: Person | None


def who_is_on_call(roster_id: int | None, at: datetime) -> Person | None:
    """The person on call in that roster at the instant; None in a gap, or where there is no such roster.

    The turn of somebody who has left is a gap.
    """
    found = turns_at([roster_id], at, with_next=False)
    person_id = found[roster_id].on_call if roster_id in found else None
    return list_people_by_id({person_id})[person_id] if person_id is not None else None


def turns_of(roster: Roster, start: datetime, end: datetime) -> tuple[Turn, ...]:
    """The turns that cover [start, end) without holes or overlaps, gaps included; before the roster's first
    version there are only overrides."""
    return turns_by(gather([roster.id], start, end)[roster.id], start, end)


def turns_by(plan: Plan, start: datetime, end: datetime) -> tuple[Turn, ...]:
    """As `turns_of`, of a roster that is stored or only thought of."""
    found = shifts(plan, start, end)
    return _turns(found, _people(found))


def lanes_of(
    roster: Roster,
    start: datetime,
    end: datetime,
    drafts: Sequence[LayerDraft] | None = None,
    effective_at: datetime | None = None,
) -> tuple[Lane, ...]:
    """The result and below it each layer and holiday arrangement, topmost first, within [start, end).

    `drafts` show what they would make from `effective_at` on (None: throughout), after what is stored.
    Raises ScenarioError for bad ones, LookupError for an unknown calendar.
    """
    plan = gather([roster.id], start, end)[roster.id]
    if drafts is not None:
        foreseen = Version(effective_at or start, ZoneInfo(roster.zone), layers_of(roster.zone, drafts))
        plan = replace(plan, versions=(*plan.versions, foreseen))
    found = [(None, shifts(plan, start, end)), *lanes(plan, start, end)]
    people = _people(shift for _name, lane in found for shift in lane)
    return tuple(Lane(name, _turns(lane, people)) for name, lane in found)


def on_call_now(rosters: list[Roster], now: datetime) -> list[OnCall]:
    """Who is on call in each of these rosters, in a handful of queries for all of them."""
    plans = gather([roster.id for roster in rosters], now, now + HORIZON)
    known: dict[int, Person] = {}
    return [_line(roster, plans[roster.id], now, known) for roster in rosters]


def turns_at(
    roster_ids: Iterable[int | None], at: datetime, with_next: bool = True
) -> dict[int | None, Turns]:
    """Who is on call in each of these rosters at the instant, and who has its next turn (None where that is
    not asked: it is looked for two months ahead). None is left out; in no such roster nobody is on call."""
    wanted = [roster_id for roster_id in roster_ids if roster_id is not None]
    if with_next:
        found = on_call_now(list(list_rosters_by_id(wanted).values()), at)
        return {each.roster.id: Turns(_id(each.person), _id(each.next)) for each in found}
    plans = gather(wanted, at, at + timedelta.resolution)
    on_call = {roster_id: rules.who_is_on_call(plan, at).person for roster_id, plan in plans.items()}
    gone = list_gone({person for person in on_call.values() if isinstance(person, int)})
    return {
        roster_id: Turns(person)
        if isinstance(person, int)
        and not any(left <= at and (back is None or at < back) for left, back in gone.get(person, ()))
        else Turns()
        for roster_id, person in on_call.items()
    }


def doubled(roster: Roster, start: datetime, end: datetime) -> tuple[Doubled, ...]:
    """When the same person is on call in this roster and in the other one of a team that has both, by start.

    Nothing is wrong with the rosters then, but escalation cannot go on to the backup.
    """
    pairs = {(team.roster_id, team.backup_roster_id) for team in list_teams_of_roster(roster.id)}
    others = {one if other == roster.id else other for one, other in pairs} - {None, roster.id}
    found = list_rosters_by_id({other for other in others if other is not None})
    mine = [(t.from_at, t.to_at, t.person) for t in turns_of(roster, start, end)]
    doubles = [
        Doubled(from_at, to_at, person, other)
        for other in found.values()
        for from_at, to_at, person in both(
            mine, [(t.from_at, t.to_at, t.person) for t in turns_of(other, start, end)]
        )
        if person is not None
    ]
    return tuple(sorted(doubles, key=lambda each: each.from_at))


def _id(person: Person | None) -> int | None:
    return person.id if person is not None else None


def on_call_for(team_ids: frozenset[int], now: datetime) -> OnCall | None:
    """What concerns members of these teams most: their first team's roster, else the default team's.

    None where there is no such roster.
    """
    organisation = find_organisation()
    wanted = [*sorted(team_ids), organisation.default_team_id if organisation else None]
    with_roster = {team.id: team.roster_id for team in list_teams() if team.roster_id is not None}
    roster_id = next((with_roster[team_id] for team_id in wanted if team_id in with_roster), None)
    if roster_id is None:
        return None
    return next(iter(on_call_now(list(list_rosters_by_id({roster_id}).values()), now)), None)


def teams_to_cover(asker: Asker) -> list[Team]:
    """Active teams without a roster for whom the asker may make one, by name; [] where no policy promises
    anything day and night."""
    if not may(asker, "roster.edit"):
        return []
    teams = [t for t in list_teams_without_roster() if may_for_team(asker, "roster.edit", t.id)]
    return teams if teams and _is_promised_day_and_night() else []


def _is_promised_day_and_night() -> bool:
    _organisation, setup = reference.current()
    applied = {rule.policy_id for rule in setup.rules}
    latest = [setup.policies[policy_id].versions[-1] for policy_id in applied]
    promised = [of.get(name) for terms in latest for of in terms.targets.values() for name in TARGETS]
    return any(target is not None and target.calendar is None for target in promised)


def may_edit(asker: Asker, roster: Roster) -> bool:
    """Whether the asker may change the roster: a lead only one that answers for a team they lead."""
    teams: list[int | None] = [team.id for team in list_teams_of_roster(roster.id)]
    return any(may_for_team(asker, "roster.edit", team_id) for team_id in teams or [None])


def _turns(found: Sequence[oncall.Shift], people: Mapping[int, Person]) -> tuple[Turn, ...]:
    turns: list[Turn] = []
    for turn in (part for shift in found for part in _parted(_turn(shift, people))):
        last = turns[-1] if turns else None
        if turn.flag == "left" and last is not None and _ends_with(last, turn):
            turn = replace(turns.pop(), to_at=turn.to_at)
        turns.append(turn)
    return tuple(turns)


def _ends_with(last: Turn, gap: Turn) -> bool:
    """Whether they are one gap, of two who have left one after the other."""
    return (last.to_at, last.flag, last.source) == (gap.from_at, gap.flag, gap.source)


def _turn(shift: oncall.Shift, people: Mapping[int, Person]) -> Turn:
    person = people.get(shift.person) if isinstance(shift.person, int) else None
    return Turn(shift.from_at, shift.to_at, person, shift.source, shift.flag)


def _people(found: Iterable[oncall.Shift]) -> dict[int, Person]:
    return list_people_by_id({shift.person for shift in found if isinstance(shift.person, int)})


def _parted(turn: Turn) -> Iterator[Turn]:
    """The turn, with gaps where its person had left."""
    at = turn.from_at
    for from_at, to_at in turn.person.gone if turn.person is not None else ():
        begins, ends = max(from_at, at), min(to_at or turn.to_at, turn.to_at)
        if begins < ends:
            if at < begins:
                yield replace(turn, from_at=at, to_at=begins)
            yield replace(turn, from_at=begins, to_at=ends, person=None, flag="left")
            at = ends
    if at < turn.to_at:
        yield replace(turn, from_at=at) if at > turn.from_at else turn


def _line(roster: Roster, plan: Plan, now: datetime, known: dict[int, Person]) -> OnCall:
    """Who is on call, until when and who is next: looked for nearby first."""
    for horizon in (NEARBY, HORIZON):
        found = shifts(plan, now, now + horizon)
        known |= list_people_by_id({s.person for s in found if isinstance(s.person, int)} - known.keys())
        # Two turns of one person in a row are one to whoever asks until when.
        runs = [(person, list(run)) for person, run in groupby(_turns(found, known), key=lambda t: t.person)]
        if len(runs) > 1:
            return OnCall(roster, runs[0][0], runs[0][1][-1].to_at, runs[1][0])
    return OnCall(roster, runs[0][0], None, None)
