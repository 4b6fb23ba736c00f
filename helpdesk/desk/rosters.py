"""Who is on call: stored rosters as rules/oncall takes them, and its answers with people in them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NotRequired, TypedDict

from helpdesk.desk import reference
from helpdesk.desk.reference import TARGETS
from helpdesk.rules import oncall
from helpdesk.rules.access import Asker, may, may_for_team
from helpdesk.rules.oncall_scenario import parse_roster
from helpdesk.rules.recipients import Turns
from helpdesk.store.organisation import find_organisation
from helpdesk.store.people import Person
from helpdesk.store.rosters import (
    Layer,
    Roster,
    find_roster,
    list_absences,
    list_overrides,
    list_people_by_id,
    list_teams_of_roster,
)
from helpdesk.store.teams import Team, list_teams, list_teams_without_roster

HORIZON = timedelta(days=62)  # how far ahead "until when, and who is next" is looked for


class LayerDraft(TypedDict):
    """A layer as schemas/rosters loads it: texts as in on-call.md, people by id, `hours` None for always."""

    name: str
    people: list[int]
    starts_at: str
    ends_at: str | None
    every: int
    unit: str
    hours: dict[str, Any] | None
    calendar_id: NotRequired[int | None]


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
    roster = find_roster(roster_id) if roster_id is not None else None
    return turns_of(roster, at, at + timedelta.resolution)[0].person if roster is not None else None


def turns_of(roster: Roster, start: datetime, end: datetime) -> tuple[Turn, ...]:
    """The turns that cover [start, end) without holes or overlaps, gaps included."""
    return _turns(_gather([roster], start, end)[roster.id], start, end)


def lanes_of(
    roster: Roster, start: datetime, end: datetime, drafts: Sequence[LayerDraft] | None = None
) -> tuple[Lane, ...]:
    """The result and below it each layer, topmost first, within [start, end).

    `drafts` in place of the stored layers show what they would make. Raises ScenarioError for bad ones.
    """
    gathered = _gather([roster], start, end)[roster.id]
    if drafts is not None:
        gathered = replace(gathered, layers=layers_of(roster.zone, drafts))
    lanes = [Lane(None, _turns(gathered, start, end))]
    for layer in reversed(gathered.layers):
        alone = replace(gathered, layers=(layer,), overrides=())
        found = _turns(alone, start, end)
        lanes.append(Lane(layer.name, tuple(t for t in found if t.source is not None)))
    return tuple(lanes)


def on_call_now(rosters: list[Roster], now: datetime) -> list[OnCall]:
    """Who is on call in each of these rosters, in a handful of queries for all of them."""
    gathered = _gather(rosters, now, now + HORIZON)
    return [_on_call(roster, _turns(gathered[roster.id], now, now + HORIZON)) for roster in rosters]


def turns_at(
    roster_ids: Iterable[int | None], at: datetime, with_next: bool = True
) -> dict[int | None, Turns]:
    """Who is on call in each of these rosters at the instant, and who has its next turn (None where that is
    not asked: it is looked for two months ahead). None, and an id of no roster, is left out."""
    found = [roster for each in roster_ids if each is not None and (roster := find_roster(each))]
    if with_next:
        return {each.roster.id: Turns(_id(each.person), _id(each.next)) for each in on_call_now(found, at)}
    moment = at + timedelta.resolution
    gathered = _gather(found, at, moment)
    on_call = {roster.id: _turns(gathered[roster.id], at, moment)[0].person for roster in found}
    return {roster_id: Turns(_id(person)) for roster_id, person in on_call.items()}


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
    roster = find_roster(roster_id) if roster_id is not None else None
    return on_call_now([roster], now)[0] if roster is not None else None


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


def layers_of(zone: str, drafts: Iterable[LayerDraft]) -> tuple[oncall.Layer, ...]:
    """Drafts as the rule takes them, people by id. Raises ScenarioError, which names the place
    ("roster.layers[0].every: ..."), for what the rule refuses."""
    raw = [
        {name: value for name, value in draft.items() if name != "calendar_id"}
        | {"people": [str(person) for person in draft["people"]]}
        for draft in drafts
    ]
    parsed = parse_roster({"timezone": zone, "layers": raw}, "roster").layers
    return tuple(replace(layer, people=tuple(int(str(p)) for p in layer.people)) for layer in parsed)


def draft_of(layer: Layer) -> LayerDraft:
    """A stored layer as a draft."""
    return {
        "name": layer.name,
        "people": list(layer.people),
        "starts_at": layer.starts_at,
        "ends_at": layer.ends_at,
        "every": layer.every,
        "unit": layer.unit,
        "hours": layer.hours,
        "calendar_id": layer.calendar_id,
    }


def _gather(rosters: list[Roster], start: datetime, end: datetime) -> dict[int, oncall.Roster]:
    """Each roster for questions about [start, end): its layers, and what overrides and absences touch it."""
    overrides = list_overrides([roster.id for roster in rosters], start, end)
    absences = tuple(oncall.Absence(a.person_id, a.starts_at, a.ends_at) for a in list_absences(start, end))
    found = {}
    for roster in rosters:
        parsed = parse_roster({"timezone": roster.zone, "layers": []}, "roster")
        found[roster.id] = replace(
            parsed,
            layers=layers_of(roster.zone, map(draft_of, roster.layers)),
            absences=absences,
            overrides=tuple(
                oncall.Override(o.person_id, o.starts_at, o.ends_at)
                for o in overrides
                if o.roster_id == roster.id
            ),
        )
    return found


def _turns(roster: oncall.Roster, start: datetime, end: datetime) -> tuple[Turn, ...]:
    found = oncall.shifts(roster, start, end)
    people = list_people_by_id({shift.person for shift in found if isinstance(shift.person, int)})
    turns: list[Turn] = []
    for shift in found:
        person = people.get(shift.person) if isinstance(shift.person, int) else None
        turns += _until_left(Turn(shift.from_at, shift.to_at, person, shift.source, shift.flag))
    return tuple(turns)


def _until_left(turn: Turn) -> list[Turn]:
    """The turn, a gap from when its person left."""
    left_at = turn.person.left_at if turn.person is not None else None
    if left_at is None or left_at >= turn.to_at:
        return [turn]
    gap = replace(turn, from_at=max(turn.from_at, left_at), person=None, flag="left")
    return [gap] if left_at <= turn.from_at else [replace(turn, to_at=left_at), gap]


def _on_call(roster: Roster, turns: tuple[Turn, ...]) -> OnCall:
    # Two turns of one person in a row are one to whoever asks until when.
    runs = [(person, list(run)) for person, run in groupby(turns, key=lambda turn: turn.person)]
    person, run = runs[0]
    if len(runs) == 1:
        return OnCall(roster, person, None, None)
    return OnCall(roster, person, run[-1].to_at, runs[1][0])
