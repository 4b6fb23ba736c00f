"""What would ring, and for whom, if a ticket came in at an instant and nobody accepted it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from helpdesk.desk import policies
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.ladders import names_in
from helpdesk.desk.surroundings import gather
from helpdesk.rules import escalation, sla
from helpdesk.rules.escalation import Around, Rung, To, Told
from helpdesk.rules.recipients import GAPS
from helpdesk.store.rosters import list_people_by_id
from helpdesk.store.services import Service
from helpdesk.store.teams import Team, get_team

REPEATS_SHOWN = 40  # of one step; what goes on longer is said, not listed


@dataclass(frozen=True)
class Ring:
    """A step's rings [at, until] that all tell the same, `times` of them. `is_first`: of the step.

    `goes_on`: it would ring on and on like this beyond what is shown.
    """

    at: datetime
    until: datetime
    times: int
    target: str
    step: escalation.Step
    told: Told
    is_first: bool
    goes_on: bool = False

    @property
    def gaps(self) -> tuple[To, ...]:
        """As what nobody is there or can be reached. That nobody has a new ticket yet is no gap."""
        empty = [to for to, why in self.told.passed_over if why in {"nobody", "left", *GAPS}]
        return tuple(to for to in empty if to != "assignee")

    @property
    def is_gap(self) -> bool:
        """Whether somebody has to mend something."""
        return bool(self.gaps) or not self.told.people


@dataclass(frozen=True)
class Preview:
    """The ticket's targets (`cycles`) and its rings in their order; `names` of everybody told or named by a
    step, and of the `rosters` that steps name."""

    starts_at: datetime
    team: Team
    cycles: tuple[sla.Cycle, ...]
    rings: tuple[Ring, ...]
    names: dict[int, str]
    rosters: dict[int, str]

    @property
    def gaps(self) -> list[Ring]:
        """Those rings that somebody must mend before it is true."""
        return [ring for ring in self.rings if ring.is_gap]


def preview(
    kind: str, service: Service | None, severity: str, department_id: int | None, at: datetime
) -> Preview:
    """What would happen to such a ticket reported at `at` (past or to come), reporter of that department.

    The rules are those that ring; nothing is written. `service` None: the default team's. LookupError as for
    `report`.
    """
    at = at.replace(microsecond=0)  # the clock counts whole seconds
    grounds = Grounds(at)
    team = service.team if service is not None else _default_team(grounds)
    service_id = service.id if service is not None else None
    terms = policies.choose_policy(grounds.reference, kind, service_id, department_id, at)
    windows = grounds.windows_of(service.id, terms) if service is not None else ()
    cycles = sla.explain(
        terms.targets,
        windows,
        [sla.Event(at, "reported", severity)],
        at,
    )
    ladders = grounds.ladders_of(severity)
    is_restricted = service is not None and service.is_restricted
    surroundings = _Surroundings(team, is_restricted, grounds, ladders)
    rings = [
        ring
        for cycle in cycles
        for ring in _rings(ladders.get(cycle.target, ()), cycle, severity, surroundings)
    ]
    told = {person for ring in rings for person in ring.told.people}
    people, rosters = names_in(ring.step for ring in rings)
    people |= {person.id: person.name for person in list_people_by_id(told).values()}
    return Preview(at, team, cycles, tuple(sorted(rings, key=lambda ring: ring.at)), people, rosters)


def _default_team(grounds: Grounds) -> Team:
    organisation = grounds.organisation
    if organisation is None or organisation.default_team_id is None:
        raise LookupError("no default team")
    return get_team(organisation.default_team_id)


class _Surroundings:
    """Who could be told, by instant, gathered once each."""

    def __init__(
        self, team: Team, is_restricted: bool, grounds: Grounds, ladders: Mapping[str, escalation.Ladder]
    ) -> None:
        self._team, self._is_restricted, self._office = team, is_restricted, grounds.office
        steps = [step for ladder in ladders.values() for step in ladder]
        self._rosters = {step.roster_id for step in steps if step.roster_id is not None}
        self._people = {step.person_id for step in steps if step.person_id is not None}
        self._at: dict[datetime, Around] = {}

    def at(self, instant: datetime) -> Around:
        if instant not in self._at:
            self._at[instant] = gather(
                self._team,
                instant,
                office=self._office,
                roster_ids=self._rosters,
                person_ids=self._people,
            ).about(self._is_restricted, None)
        return self._at[instant]


def _rings(
    ladder: escalation.Ladder, cycle: sla.Cycle, severity: str, surroundings: _Surroundings
) -> Iterator[Ring]:
    """The rings of a target's steps until its last step has rung and it is due."""
    first = [firing.due_at for firing in escalation.firings(ladder, cycle, severity, {})]
    end = max([*first, *([cycle.due_at] if cycle.due_at is not None else [])], default=None)
    for place, step in enumerate(ladder):
        if end is not None:
            numbered = replace(step, number=place if step.number is None else step.number)
            yield from _of_step(numbered, cycle, severity, end, surroundings)


def _of_step(
    step: escalation.Step, cycle: sla.Cycle, severity: str, end: datetime, surroundings: _Surroundings
) -> Iterator[Ring]:
    shown: Ring | None = None
    for count, (firing, is_last) in enumerate(_firings(step, cycle, severity, end)):
        around = surroundings.at(firing.due_at)
        told = escalation.whom(
            step.to, around, None, person=step.person_id, roster=step.roster_id, channel=step.channel
        )
        if shown is not None and shown.told == told:
            shown = replace(shown, until=firing.due_at, times=shown.times + 1)
        else:
            if shown is not None:
                yield shown
            shown = Ring(firing.due_at, firing.due_at, 1, cycle.target, step, told, is_first=count == 0)
        if is_last:
            shown = replace(shown, goes_on=True)
    if shown is not None:
        yield shown


def _firings(
    step: escalation.Step, cycle: sla.Cycle, severity: str, end: datetime
) -> Iterator[tuple[escalation.Firing, bool]]:
    """The step's rings up to `end`, if nobody ever accepts; with whether it would go on after this one."""
    rung: dict[str, Rung] = {}
    key = escalation.step_key(cycle, severity, step.number or 0)
    following = next(escalation.firings([step], cycle, severity, rung), None)
    for count in range(1, REPEATS_SHOWN + 1):
        if following is None:
            return
        here = following
        rung = {key: Rung(here.occurrence, here.due_at)}
        following = next(escalation.firings([step], cycle, severity, rung), None)
        goes_on = following is not None and (following.due_at > end or count == REPEATS_SHOWN)
        yield here, goes_on
        if goes_on:
            return
