"""Whom a step of a ladder tells, and who stands in where nobody is there or can be reached.

Pure: who could be told at an instant in, people (ids) and reasons out. Source: the wording of the
escalation section.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, TypeAlias

To: TypeAlias = Literal[
    "on_call",
    "backup",
    "next_turn",
    "team",
    "assignee",
    "lead",
    "manager",
    "person",
    "administrators",
]
Channel: TypeAlias = Literal["all", "mail", "chat"]
Why: TypeAlias = Literal[
    "nobody", "absent", "off_duty", "same_as_on_call", "left", "unreachable", "barred", "passed_on"
]
# Why somebody who is there is told nothing: each is for somebody to mend.
GAPS: frozenset[Why] = frozenset({"unreachable", "barred"})

# Whom to tell at once where a step finds nobody; the administrators are the last.
NEXT: Mapping[To, To] = {
    "team": "on_call",
    "assignee": "on_call",
    "on_call": "backup",
    "next_turn": "backup",
    "backup": "lead",
    "person": "lead",
    "lead": "manager",
    "manager": "administrators",
}
# Recipients for whom a roster can be named in place of the team's.
OF_A_ROSTER: frozenset[To] = frozenset({"on_call", "backup", "next_turn"})
# Where somebody should always be: nobody there is a gap that somebody has to mend.
_EXPECTED: frozenset[To] = frozenset({"on_call", "backup", "next_turn", "team", "person"})


class Turns(NamedTuple):
    """Who is on call in a roster, and who has its next turn; None: nobody."""

    on_call: int | None = None
    next_turn: int | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """Who could be told at an instant: ids of people, those who have left taken out.

    `on_call`, `next_turn` and `backup` answer for the team's rosters, `rosters` for those that steps name,
    by id. `away` are absent, `left` those among the named who have left; `is_open`: in office hours.
    `without_mail` have no mail address, `without_chat` no verified channel; who is in both cannot be reached.
    `team_has_channel`: the team has one of its own, in which all its members read. `outsiders` read no
    ticket of the team's restricted services but those that they have; `barred` may not read the present one.
    """

    team: tuple[int, ...] = ()
    leads: tuple[int, ...] = ()
    manager: int | None = None
    administrators: tuple[int, ...] = ()
    on_call: int | None = None
    backup: int | None = None
    away: frozenset[int] = frozenset()
    is_open: bool = True
    next_turn: int | None = None
    rosters: Mapping[int, Turns] = field(default_factory=dict)
    left: frozenset[int] = frozenset()
    without_mail: frozenset[int] = frozenset()
    without_chat: frozenset[int] = frozenset()
    team_has_channel: bool = False
    outsiders: frozenset[int] = frozenset()
    barred: frozenset[int] = frozenset()

    def about(self, is_restricted: bool, assignee: int | None) -> "Around":
        """As `self`, for a ticket of the team: of a restricted service or not, and who has it."""
        return replace(self, barred=self.outsiders - {assignee}) if is_restricted else self

    def admits(self, people: Iterable[int]) -> tuple[int, ...]:
        """Those of the people who may read the ticket."""
        return tuple(person for person in people if person not in self.barred)

    def reached(self, to: To, people: Iterable[int], channel: Channel) -> tuple[int, ...]:
        """Those of the people whom it reaches over that channel if they are told as `to`."""
        if to == "team" and channel != "mail" and self.team_has_channel:
            return tuple(people)
        return tuple(person for person in people if self.reaches(person, channel))

    def reaches(self, person: int, channel: Channel) -> bool:
        """Whether the person can be told over that channel; "all": over any."""
        by_mail, by_chat = person not in self.without_mail, person not in self.without_chat
        if channel == "all":
            return by_mail or by_chat
        return by_mail if channel == "mail" else by_chat


@dataclass(frozen=True, slots=True)
class Told:
    """Whom a ring tells, as what, over which channel; and whom it passed over: (as what, why)."""

    people: tuple[int, ...]
    to: To
    passed_over: tuple[tuple[To, Why], ...]
    channel: Channel = "all"

    @property
    def gaps(self) -> tuple[To, ...]:
        """What was passed over and has to be mended: nobody where somebody should be, or nobody reachable."""
        return tuple(
            to
            for to, why in self.passed_over
            if why in GAPS or (why in ("nobody", "left") and to in _EXPECTED)
        )


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a step asks for: `to` with the person or the roster it names."""

    to: To
    assignee: int | None
    person: int | None = None
    roster: int | None = None


def whom(
    to: To,
    around: Around,
    assignee: int | None,
    *,
    person: int | None = None,
    roster: int | None = None,
    channel: Channel = "all",
) -> Told:
    """Who is told where a step says `to`: the first on the way up (NEXT) with anybody there.

    `person` is whom "person" names; `roster` stands in for the team's where `to` is on_call, backup or
    next_turn. An absent or off-duty assignee (outside office hours and not on call) is passed over; so is a
    backup or next turn who is the very person on call, whoever may not read the ticket, and whoever cannot
    be reached over `channel`. Where the backup or next turn is that very person, they do not stand in for
    themselves further up either: the next different person does, unless they are the last administrator.
    Stand-ins are told over whatever reaches them. Empty `people` only where even no administrator is left.
    """
    passed: list[tuple[To, Why]] = []
    wanted = _Wanted(to, assignee, person, roster)
    by: Channel = channel
    told_already: int | None = None
    while True:
        people, why = _others(wanted.to, *_there(wanted, around), told_already)
        if why == "same_as_on_call" and told_already is None:
            told_already = _first_in_line(wanted, around)
        admitted = around.admits(people)
        reached = around.reached(wanted.to, admitted, by)
        if reached:
            return Told(reached, wanted.to, tuple(passed), by)
        passed.append((wanted.to, "unreachable" if admitted else "barred" if people else why))
        following = NEXT.get(wanted.to)
        if following is None:
            return Told((), to, tuple(passed), channel)
        wanted, by = _Wanted(following, assignee), "all"


def next_after(to: To, around: Around, assignee: int | None, passed_on: frozenset[int]) -> Told:
    """Who is told where somebody who was told as `to` passes it on: the first further up (NEXT) with anybody
    there but those who have `passed_on` the same. Empty `people`: nobody is left to pass it on to."""
    passed: list[tuple[To, Why]] = []
    at = NEXT.get(to)
    while at is not None:
        there, why = _there(_Wanted(at, assignee), around)
        people, why = around.admits(there), "barred" if there else why
        others = tuple(p for p in people if p not in passed_on)
        reached = tuple(p for p in others if around.reaches(p, "all"))
        if reached:
            return Told(reached, at, tuple(passed))
        passed.append((at, "unreachable" if others else "passed_on" if people else why))
        at = NEXT.get(at)
    return Told((), to, tuple(passed))


def _there(wanted: _Wanted, around: Around) -> tuple[tuple[int, ...], Why]:
    """Who is there, and why nobody is."""
    to = wanted.to
    if to in OF_A_ROSTER:
        return _in_turn(wanted, around)
    if to == "assignee":
        return _assignee(wanted.assignee, around)
    if to == "person":
        if wanted.person is None or wanted.person in around.left:
            return (), "nobody" if wanted.person is None else "left"
        return _present((wanted.person,), around), "absent"
    if to == "administrators":
        return around.administrators, "nobody"
    named = {"team": around.team, "lead": around.leads, "manager": _one(around.manager)}[to]
    return _present(named, around), "absent" if named else "nobody"


def _others(
    to: To, people: tuple[int, ...], why: Why, told_already: int | None
) -> tuple[tuple[int, ...], Why]:
    """Those there but whoever was told already, as the first in line; the last administrators in any case."""
    others = tuple(person for person in people if person != told_already)
    if people and not others:
        return (people, why) if to == "administrators" else ((), "same_as_on_call")
    return others, why


def _in_turn(wanted: _Wanted, around: Around) -> tuple[tuple[int, ...], Why]:
    """Whoever a roster puts there. An override may name somebody absent: an explicit choice stands."""
    turns = _turns_of(wanted, around)
    if wanted.to == "on_call":
        return _one(turns.on_call), "nobody"
    if wanted.to == "backup":
        found = around.backup if wanted.roster is None else turns.on_call
    else:
        found = turns.next_turn
    if found is not None and found == _first_in_line(wanted, around):
        return (), "same_as_on_call"
    if wanted.to == "next_turn" and found is not None:
        return _present((found,), around), "absent"
    return _one(found), "nobody"


def _turns_of(wanted: _Wanted, around: Around) -> Turns:
    """The turns of the roster that is named, else of the team's first."""
    if wanted.roster is None:
        return Turns(around.on_call, around.next_turn)
    return around.rosters.get(wanted.roster, Turns())


def _first_in_line(wanted: _Wanted, around: Around) -> int | None:
    """Who was told before a backup or the next turn is."""
    return around.on_call if wanted.to == "backup" else _turns_of(wanted, around).on_call


def _assignee(assignee: int | None, around: Around) -> tuple[tuple[int, ...], Why]:
    if assignee is None:
        return (), "nobody"
    if assignee in around.away:
        return (), "absent"
    on_duty = around.is_open or assignee in (around.on_call, around.backup)
    return ((assignee,), "nobody") if on_duty else ((), "off_duty")


def _present(people: Iterable[int], around: Around) -> tuple[int, ...]:
    return tuple(person for person in people if person not in around.away)


def _one(person: int | None) -> tuple[int, ...]:
    return () if person is None else (person,)
