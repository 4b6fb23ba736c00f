"""Facts of a timeline: what became of each promise, and since when it was known so."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.rules.facts import Clock, Fact, Key, history, standing
from helpdesk.rules.sla import SeverityTargets, Target, explain
from helpdesk.rules.timeline import Happening, events_of

MINUTE = timedelta(minutes=1)
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
POLICY = {
    "minor": SeverityTargets(Target(60 * 60, None), Target(240 * 60, None), Target(60 * 60, None)),
    "critical": SeverityTargets(Target(10 * 60, None), Target(60 * 60, None)),
}


class Line(NamedTuple):
    kind: str
    at: datetime
    detail: dict[str, Any]
    actor_id: int | None
    recorded_at: datetime
    voided_at: datetime | None = None


OPEN = ["accepted", "replied", "reporter_replied", "waiting", "severity_changed", "resolved"]
OPEN += ["moved", "assigned", "void", "cancelled"]
REPORTED = {"severity": "minor", "service": 1, "team": 2}


def at(minutes: int) -> datetime:
    return NINE + minutes * MINUTE


def told(*lines: tuple[int, str] | tuple[int, str, dict[str, Any]], by: int = 7) -> list[Line]:
    """Lines of (minutes after nine, kind, detail), the report at nine."""
    found = [Line("reported", NINE, REPORTED, 1, NINE)]
    for minutes, kind, *detail in lines:
        found.append(Line(kind, at(minutes), detail[0] if detail else {}, by, at(minutes)))
    return found


def clock(_timeline: list[Happening]) -> Clock:
    return Clock(POLICY, (), False)


def facts(lines: Sequence[Line]) -> dict[Key, Fact]:
    return standing(lines, clock)


def spans(lines: Sequence[Line], key: Key) -> list[tuple[str, datetime, datetime | None]]:
    found = [known for known in history(lines, clock) if (known.fact.target, known.fact.cycle) == key]
    return [(known.fact.outcome, known.known_at, known.gone_at) for known in found]


def test_a_promise_has_a_fact_from_its_stop_on() -> None:
    lines = told((30, "accepted"), (100, "resolved"))
    assert facts(lines[:1]) == {}
    assert set(facts(lines[:2])) == {("response", 1)}
    fact = facts(lines)["resolution", 1]
    assert (fact.outcome, fact.ended_by, fact.elapsed_seconds) == ("met", "stopped", 100 * 60)
    assert (fact.started_at, fact.ended_at, fact.due_at) == (NINE, at(100), at(240))
    assert spans(lines, ("response", 1)) == [("met", at(30), None)]


def test_a_promise_broken_before_its_stop_is_breached() -> None:
    assert facts(told((61, "accepted")))["response", 1].outcome == "breached"


def test_a_reopened_solution_has_no_fact_until_it_is_solved_again() -> None:
    lines = told((30, "accepted"), (100, "resolved"), (110, "reopened"), (260, "resolved"))
    assert ("resolution", 1) not in facts(lines[:4])
    assert spans(lines, ("resolution", 1)) == [("met", at(100), at(110)), ("breached", at(260), None)]
    assert facts(lines)["response", 2].outcome == "breached"


def test_a_reopening_that_was_none_leaves_what_was_known_before_and_after_it() -> None:
    lines = told((30, "accepted"), (100, "resolved"), (110, "reopened"), (130, "accepted"))
    lines[3] = lines[3]._replace(voided_at=at(400))
    assert spans(lines, ("resolution", 1)) == [("met", at(100), at(110)), ("met", at(400), None)]
    assert spans(lines, ("response", 2)) == [("met", at(130), at(400))]


def test_a_cancelled_ticket_counts_only_where_it_is_breached() -> None:
    lines = told((30, "accepted"), (300, "cancelled"))
    found = facts(lines)
    assert (found["resolution", 1].outcome, found["resolution", 1].ended_by) == ("breached", "cancelled")
    assert (found["response", 1].outcome, found["response", 1].ended_by) == ("cancelled", "stopped")
    assert spans(lines, ("response", 1)) == [("met", at(30), at(300)), ("cancelled", at(300), None)]
    in_time = facts(told((30, "merged", {"into": 9})))
    assert {(each.outcome, each.ended_by) for each in in_time.values()} == {("cancelled", "merged")}


def test_waiting_is_told_apart_by_the_seconds_that_it_has_spared() -> None:
    lines = told((30, "waiting", {"for": "reporter"}), (90, "resumed"), (100, "resolved"))
    found = facts(lines)["resolution", 1]
    assert (found.waiting_seconds, found.elapsed_seconds) == (60 * 60, 40 * 60)
    assert facts(lines)["response", 1].waiting_seconds == 0


def test_a_promise_counts_at_the_severity_it_was_given_at() -> None:
    lines = told((5, "severity_changed", {"to": "critical"}), (12, "accepted"))
    assert facts(lines)["response", 1].severity == "minor"


def test_whose_it_was_is_said_by_the_timeline_as_it_was_at_the_end() -> None:
    moved = {"to_service": 4, "from_team": 2, "to_team": 5, "person": None}
    lines = told((5, "assigned", {"to": 8}), (30, "replied"), (40, "accepted"), (50, "moved", moved))
    lines += told((100, "assigned", {"to": 9}), (120, "resolved"))[1:]
    found = facts(lines)
    assert found["response", 1][3:6] == (1, 2, 8)
    assert found["resolution", 1][3:6] == (4, 5, 9)


def test_what_is_written_with_one_instant_is_known_at_once() -> None:
    lines = told((30, "resolved"), (30, "reopened"))
    assert spans(lines, ("resolution", 1)) == []


class Walk:
    """A timeline at random, as verbs would write it."""

    def __init__(self, chance: Random) -> None:
        self.chance, self.now = chance, NINE
        self.lines = [Line("reported", NINE, REPORTED, 1, NINE)]
        self.state, self.waits = "open", False

    def step(self) -> None:
        self.now += self.chance.choice((0, 1, 20, 70)) * MINUTE
        kind = self.chance.choice(
            {
                "open": OPEN,
                "resolved": ["reopened", "reopened", "reporter_replied", "assigned", "closed", "merged"],
                "ended": ["assigned"],
            }[self.state]
        )
        if kind == "void":
            self.void()
            return
        if kind == "waiting" and self.waits:
            kind = "resumed"
        details = {"waiting": {"for": "reporter"}, "moved": {"to_service": 3, "to_team": 4}}
        details["severity_changed"] = {"to": self.chance.choice(list(POLICY))}
        details["assigned"] = {"to": self.chance.choice((7, 8, None))}
        self.lines.append(Line(kind, self.now, details.get(kind, {}), 7, self.now))
        self.waits = kind == "waiting" or (self.waits and kind not in ("resumed", "reporter_replied"))
        if kind in ("resolved", "reopened", "closed", "merged", "cancelled"):
            self.state = {"resolved": "resolved", "reopened": "open"}.get(kind, "ended")
            self.waits = False

    def void(self) -> None:
        """Takes back the last reopening, as desk/reopenings does."""
        places = [n for n, e in enumerate(self.lines) if e.kind == "reopened" and e.voided_at is None]
        if places and not any(e.kind in ("waiting", "resolved") for e in self.lines[places[-1] :]):
            self.lines[places[-1]] = self.lines[places[-1]]._replace(voided_at=self.now)
            self.state, self.waits = "resolved", False


@given(st.integers(0, 2**32), st.integers(1, 25))
@settings(max_examples=300, deadline=None)
def test_the_history_says_of_each_instant_what_its_timeline_said(seed: int, steps: int) -> None:
    walk = Walk(Random(seed))
    for _ in range(steps):
        walk.step()
    found = history(walk.lines, clock)
    changes = {line.recorded_at for line in walk.lines} | {line.voided_at for line in walk.lines} - {None}
    for then in changes:
        known = [e for e in walk.lines if e.recorded_at <= then and not (e.voided_at and e.voided_at <= then)]
        of_then = [k.fact for k in found if k.known_at <= then and (k.gone_at is None or k.gone_at > then)]
        assert {(fact.target, fact.cycle): fact for fact in of_then} == facts(known)


@given(st.integers(0, 2**32), st.integers(1, 25))
@settings(max_examples=300, deadline=None)
def test_facts_and_open_cycles_are_all_the_cycles_of_the_clock(seed: int, steps: int) -> None:
    walk = Walk(Random(seed))
    for _ in range(steps):
        walk.step()
    lines = [line for line in walk.lines if line.voided_at is None]
    events = events_of([Happening(e.kind, e.at, e.detail) for e in lines], supplier_pauses=False)
    cycles = explain(POLICY, (), events, walk.now)
    found = facts(lines)
    assert found.keys() == {(c.target, c.cycle) for c in cycles if c.stopped_at is not None}
    is_cancelled = lines[-1].kind in ("cancelled", "merged") or walk.state == "ended"
    for cycle in cycles:
        fact = found.get((cycle.target, cycle.cycle))
        if fact is not None and not is_cancelled:
            assert (fact.outcome, fact.elapsed_seconds) == (cycle.state, cycle.elapsed_seconds)
            assert (fact.due_at, fact.allowance_seconds) == (cycle.due_at, cycle.allowance_seconds)
