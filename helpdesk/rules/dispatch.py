"""Who is given a ticket: whoever is on call, has the next turn, or has the fewest tickets.

Pure: who could take it in, who does and who was passed over out. No way ever chooses somebody who is away,
who lacks a skill that the ticket's service asks for, or who may not read it. Source: "Dispatch".
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Way: TypeAlias = Literal["on_call", "in_turn", "least_loaded"]
WAYS: tuple[Way, ...] = get_args(Way)
BY_HAND = "by_hand"  # what a team's rule is where nobody is given its tickets by rule

Why: TypeAlias = Literal["away", "unskilled", "barred"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who works tickets and has not left: whether they are absent, which skills (ids) they have,
    whether they may read this ticket, and how many tickets they have in work."""

    person_id: int
    is_away: bool = False
    skills: frozenset[int] = frozenset()
    may_see: bool = True
    load: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom the way chooses (None: nobody fits), with their `load`; `passed_over`: who would have come before
    them (of the least loaded: who could not take it), and why not."""

    way: Way
    person_id: int | None
    load: int = 0
    passed_over: tuple[tuple[int, Why], ...] = ()


def way_of(rule: str) -> Way | None:
    """The way of a team's rule; None where its tickets are given out by hand."""
    return next((way for way in WAYS if way == rule), None)


def choose(
    way: Way, candidates: Sequence[Candidate], needed: Collection[int], last_id: int | None = None
) -> Choice:
    """Who gets the ticket. `needed`: the skills that its service asks for.

    on_call takes the first who fits, in the order given (first in line, then the backup). The others go round
    by id, beginning after `last_id` (who had the last one; None: from the lowest): in_turn takes the first
    who fits, least_loaded the one with the fewest in work, of several the one whose turn comes first.
    """
    order = list(candidates) if way == "on_call" else round_from(candidates, last_id)
    faults = [(candidate, fault_of(candidate, needed)) for candidate in order]
    fits = [candidate for candidate, fault in faults if fault is None]
    chosen = None
    if fits:
        chosen = min(fits, key=lambda each: each.load) if way == "least_loaded" else fits[0]
    before = order.index(chosen) if chosen and way != "least_loaded" else len(order)
    passed = tuple((each.person_id, fault) for each, fault in faults[:before] if fault is not None)
    return Choice(way, chosen.person_id if chosen else None, chosen.load if chosen else 0, passed)


def round_from(candidates: Sequence[Candidate], last_id: int | None) -> list[Candidate]:
    """The candidates by id, beginning with the one after `last_id`, who comes last whether or not they are
    among them still."""
    by_id = sorted(candidates, key=lambda each: each.person_id)
    if last_id is None:
        return by_id
    return [c for c in by_id if c.person_id > last_id] + [c for c in by_id if c.person_id <= last_id]


def fault_of(candidate: Candidate, needed: Collection[int]) -> Why | None:
    """Why the candidate cannot be given the ticket; None: they can."""
    if candidate.is_away:
        return "away"
    if not candidate.skills.issuperset(needed):
        return "unskilled"
    return None if candidate.may_see else "barred"
