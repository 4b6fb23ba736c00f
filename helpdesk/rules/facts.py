"""Facts: what became of each promise, read from its ticket's timeline, and since when it was known so.

A promise is a cycle of a target. It has a fact while it has a stop: the solution of a ticket that was
reopened has none until it is solved again. Whose it was is said by the timeline alone, so that facts made
again are the same. A ticket that was cancelled or merged counts only where it is breached ("The SLA clock",
Events).
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeAlias

from helpdesk.rules.sla import Cycle, Policy, Window, ended_after_each
from helpdesk.rules.timeline import HEARD, Happening, events_of_each

Key: TypeAlias = tuple[str, int]
"""Target and cycle."""

READ = HEARD | {"assigned"}
"""The kinds of entries that facts rest on."""

_ENDS = ("cancelled", "merged")


class Line(Protocol):
    """An entry of a timeline, as facts need it."""

    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def detail(self) -> Mapping[str, Any]: ...
    @property
    def actor_id(self) -> int | None: ...


class KnownLine(Line, Protocol):
    """With when it was written, and when it was taken back (None: it holds)."""

    @property
    def recorded_at(self) -> datetime: ...
    @property
    def voided_at(self) -> datetime | None: ...


class Clock(NamedTuple):
    """What the clock is asked with beyond the timeline."""

    policy: Policy
    windows: Iterable[Window]
    supplier_pauses: bool


ClockOf: TypeAlias = Callable[[list[Happening]], Clock]
"""The clock of a timeline: the maintenance that counts depends on where its ticket was."""


class Whose(NamedTuple):
    """With whom a ticket was; None: of no service, of a team that its report does not say, nobody's."""

    service_id: int | None = None
    team_id: int | None = None
    person_id: int | None = None


class Fact(NamedTuple):
    """A finished cycle: `severity` in force at its start, the rest as it stood at its end.

    `outcome`: met, breached, cancelled (it counts nowhere); `ended_by`: cancelled, merged where that of its
    ticket ended it, else stopped.
    """

    target: str
    cycle: int
    severity: str
    service_id: int | None
    team_id: int | None
    person_id: int | None
    started_at: datetime
    due_at: datetime | None
    ended_at: datetime
    allowance_seconds: int
    elapsed_seconds: int
    waiting_seconds: int
    outcome: str
    ended_by: str


class Known(NamedTuple):
    """A fact, from when it was known so until it no longer held (None: it stands)."""

    fact: Fact
    known_at: datetime
    gone_at: datetime | None


def standing(timeline: Sequence[Line], clock_of: ClockOf) -> dict[Key, Fact]:
    """The facts of a timeline, which is in the order written and has no voided entries.

    Raises ScenarioError where it is in disorder.
    """
    last = deque(_walk(timeline, clock_of), maxlen=1)
    return last[0][1] if last else {}


def history(timeline: Sequence[KnownLine], clock_of: ClockOf) -> list[Known]:
    """All facts that a timeline, in the order written and with its voided entries, ever had: what was known
    at an instant T are those with known_at <= T and gone_at None or after T.

    Raises ScenarioError where it is in disorder.
    """
    done: list[Known] = []
    stands: dict[Key, Known] = {}
    for at, facts in _known(timeline, clock_of):
        for key, known in list(stands.items()):
            if facts.get(key) != known.fact:
                done.append(Known(known.fact, known.known_at, at))
                del stands[key]
        for key, fact in facts.items():
            stands.setdefault(key, Known(fact, at, None))
    return [*done, *stands.values()]


def _known(timeline: Sequence[KnownLine], clock_of: ClockOf) -> Iterator[tuple[datetime, dict[Key, Fact]]]:
    """From which instant on, each later than the last, which facts were known.

    What was taken back was heard until then; from there on all is heard anew without it.
    """
    changes = sorted({line.voided_at for line in timeline if line.voided_at is not None})
    last: tuple[datetime, dict[Key, Fact]] | None = None
    for since, until in zip([None, *changes], [*changes, None], strict=True):
        heard = timeline if not changes else [line for line in timeline if _is_heard(line, since, until)]
        for line, facts in _walk(heard, clock_of):
            at = line.recorded_at if since is None else max(line.recorded_at, since)
            if last is not None:
                at = max(at, last[0])
                if last[0] < at:
                    yield last
            last = at, facts
    if last is not None:
        yield last


def _is_heard(line: KnownLine, since: datetime | None, until: datetime | None) -> bool:
    """Whether the entry is part of the timeline as it was known from `since` until `until`."""
    is_written = until is None or line.recorded_at < until
    return is_written and (since is None or line.voided_at is None or line.voided_at > since)


def _walk(timeline: Sequence[Any], clock_of: ClockOf) -> Iterator[tuple[Any, dict[Key, Fact]]]:
    """After each entry the facts that stand then."""
    happenings = [Happening(line.kind, line.at, line.detail) for line in timeline]
    clock = clock_of(happenings)
    told = events_of_each(happenings, clock.supplier_pauses)
    whose, facts = Whose(), dict[Key, Fact]()
    for line, ended in zip(timeline, ended_after_each(clock.policy, clock.windows, told), strict=True):
        whose = moved_on(whose, line)
        facts = {(cycle.target, cycle.cycle): _fact(facts, cycle, line.kind, whose) for cycle in ended}
        yield line, facts


def whose_at_end(timeline: Iterable[Line]) -> Whose:
    """With whom the ticket is after all these entries."""
    whose = Whose()
    for line in timeline:
        whose = moved_on(whose, line)
    return whose


def moved_on(whose: Whose, line: Line) -> Whose:
    """With whom the ticket is after the entry."""
    detail = line.detail
    if line.kind == "reported":
        return Whose(detail.get("service"), detail.get("team"), None)
    if line.kind == "accepted":
        return whose._replace(person_id=line.actor_id)
    if line.kind == "assigned":
        return whose._replace(person_id=detail.get("to"))
    if line.kind == "moved":
        # Old entries do not say who keeps it: whoever has it does within their team.
        keeps = whose.person_id if detail.get("to_team") == detail.get("from_team") else None
        return Whose(detail.get("to_service"), detail.get("to_team"), detail.get("person", keeps))
    return whose


def _fact(facts: Mapping[Key, Fact], cycle: Cycle, kind: str, whose: Whose) -> Fact:
    """The cycle's fact after an entry of that kind: the one that stands, where it has the same stop."""
    fact = facts.get((cycle.target, cycle.cycle))
    if fact is None or fact.ended_at != cycle.stopped_at:
        assert cycle.stopped_at is not None
        fact = Fact(
            cycle.target,
            cycle.cycle,
            cycle.severity,
            *whose,
            cycle.started_at,
            cycle.due_at,
            cycle.stopped_at,
            cycle.allowance_seconds,
            cycle.elapsed_seconds,
            cycle.waiting_seconds,
            cycle.state,
            kind if kind in _ENDS and cycle.was_cancelled else "stopped",
        )
    if kind in _ENDS and fact.outcome == "met":
        return fact._replace(outcome="cancelled")
    return fact
