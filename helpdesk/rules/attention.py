"""What must not fall between people: who should accept, who has gone silent, when news was promised.

Pure, and beside the SLA clock: it reads a ticket's timeline and asks the clock how its time counts, but no
target, figure or deadline knows of it. Source: "Nothing falls between people".

An entry whose detail has "accept" asks somebody to accept the ticket anew; its value says why: `raised` (the
severity went up) or `handed` (another person or team has it now). While a response cycle is open its own
ladder asks for that; an acceptance is watched from where none is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from helpdesk.rules.escalation import Ladder, Step
from helpdesk.rules.severity import Severity
from helpdesk.rules.sla import Policy
from helpdesk.rules.sla_cycles import Cycle, CycleCount
from helpdesk.rules.timeline import Happening

Asked: TypeAlias = Literal["raised", "handed"]

# For a ticket that was handed over. (For one that was raised it is the response ladder of its severity.)
HANDED: Ladder = (Step("assignee", minutes=0), Step("assignee", percent=50), Step("lead", percent=100))

# Minutes counted for the response without a word of whoever accepted; a minor one may take its time.
SILENT_AFTER: Mapping[str, int] = {Severity.CRITICAL: 30, Severity.MAJOR: 120}
# The lead hears of a promise of news that was not kept.
NEWS_LEAD_AFTER = timedelta(minutes=15)

# The kinds of entries that are heard here beyond those that the clock hears.
HEARD = frozenset({"assigned", "noted", "update_promised", "released"})

_RANK = {Severity.MINOR: 0, Severity.MAJOR: 1, Severity.CRITICAL: 2}
_SETS_SEVERITY = {"reported": "severity", "severity_changed": "to"}
_ENDS = frozenset({"resolved", "closed", "cancelled", "merged"})
# What staff do that others can see. Looking at it (triaged), linking it and what the clock does are none.
_WORDS = frozenset({"replied", "noted", "waiting", "moved", "update_promised"})


@dataclass(frozen=True, slots=True)
class Asking:
    """Somebody should accept: the `number`-th time on this ticket (from 1), asked `at`, and why."""

    number: int
    at: datetime
    why: Asked


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing was heard since the `number`-th acceptance (from 1), or since a waiting after it ended."""

    number: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Attention:
    """What a ticket is left with: one asking of a kind at most, in order; `silence` None: there is none.

    Who raises a ticket and hands it on asks twice: the ladder of its severity goes on until somebody accepts.
    """

    askings: tuple[Asking, ...]
    silence: Silence | None


def is_raised(before: str, after: str) -> bool:
    """Whether the second severity is the graver one."""
    return _RANK[Severity(after)] > _RANK[Severity(before)]


def ladder_name(timeline: Iterable[Happening], severity: str) -> str:
    """What the severity's ladder is called in its rings' keys: another name each time that the ticket is
    raised to it anew ("critical", "critical.2"), so that the ladder begins again."""
    times = 0
    for happening in timeline:
        named = _SETS_SEVERITY.get(happening.kind)
        if named is not None and happening.detail[named] == severity:
            times += times == 0 or happening.detail.get("accept") == "raised"
    return severity if times < 2 else f"{severity}.{times}"


def is_accepted_by(
    person_id: int, assignee_id: int | None, accepted_at: datetime | None, escalated_at: datetime | None
) -> bool:
    """Whether the person has accepted, and has been told nothing since (`escalated_at`: when somebody last
    was): then accepting once more would say nothing new."""
    if assignee_id != person_id or accepted_at is None:
        return False
    return escalated_at is None or escalated_at <= accepted_at


def read(timeline: Iterable[Happening]) -> Attention:
    """What the timeline (without voided entries) leaves open."""
    reader = _Reader()
    for happening in sorted(timeline, key=lambda h: h.at):
        reader.read(happening)
    return Attention(tuple(reader.askings), reader.silence)


class _Reader:
    """Walks the timeline once."""

    def __init__(self) -> None:
        self.askings: list[Asking] = []
        self.silence: Silence | None = None
        self.asked = self.accepted = 0
        self.has_ended = False
        self.waiting_for: str | None = None

    def read(self, happening: Happening) -> None:
        kind = happening.kind
        if kind in _ENDS or kind == "reopened":
            self.has_ended = kind != "reopened"
            self.askings, self.silence, self.waiting_for = [], None, None
        elif kind == "accepted":
            self.accepted += 1
            self.askings = []
            self.silence = None if self.has_ended else Silence(self.accepted, happening.at)
        elif "accept" in happening.detail:
            self._ask(happening.at, happening.detail["accept"])
        elif _is_word(happening):
            self.silence = None
        if kind == "waiting":
            self.waiting_for = happening.detail["for"]
        elif kind == "resumed" or (kind == "reporter_replied" and self.waiting_for == "reporter"):
            self._go_on(happening.at)

    def _ask(self, at: datetime, why: Asked) -> None:
        self.asked += 1
        self.silence = None
        if not self.has_ended:
            others = [asking for asking in self.askings if asking.why == "raised"] if why == "handed" else []
            self.askings = [*others, Asking(self.asked, at, why)]

    def _go_on(self, at: datetime) -> None:
        """Who accepted while somebody was waited for had nothing to say before."""
        if self.silence is not None:
            self.silence = replace(self.silence, since=at)
        self.waiting_for = None


def _is_word(happening: Happening) -> bool:
    by_hand = happening.kind == "severity_changed" and happening.detail.get("rule", "by_hand") == "by_hand"
    return by_hand or happening.kind in _WORDS


def acceptance(
    asking: Asking, timeline: Iterable[Happening], cycles: Sequence[Cycle], policy: Policy
) -> Cycle | None:
    """The time to accept in, as a cycle of the target "acceptance" numbered as the asking; None while a
    response cycle is open.

    As long as the response target of the severity in force, and counted as it is, from the asking on or from
    where the response was given. `cycles` are the ticket's.
    """
    responses = [cycle for cycle in cycles if cycle.target == "response"]
    if any(cycle.stopped_at is None for cycle in responses):
        return None
    start = max([asking.at.replace(microsecond=0), *(c.stopped_at for c in responses if c.stopped_at)])
    counted = _counted_for_response(timeline, cycles, policy, asking.number, start)
    return replace(counted, target="acceptance")  # type: ignore[arg-type]  # a target of this module's own


def silence_alarms(
    silence: Silence, timeline: Iterable[Happening], cycles: Sequence[Cycle], policy: Policy, severity: str
) -> Iterator[tuple[str, datetime]]:
    """Whom to tell of the silence, and when: ("assignee", instant), and the lead after twice the time."""
    minutes = SILENT_AFTER.get(severity)
    if minutes is None:
        return
    since = silence.since.replace(microsecond=0)
    counted = _counted_for_response(timeline, cycles, policy, silence.number, since)
    for to, times in (("assignee", 1), ("lead", 2)):
        due_at = counted.reaches_at(times * minutes * 60)
        if due_at is not None:
            yield to, due_at


def news_alarms(update_by: datetime) -> Iterator[tuple[str, datetime]]:
    """Whom to tell when promised news did not come, and when."""
    yield "assignee", update_by
    yield "lead", update_by + NEWS_LEAD_AFTER


def _counted_for_response(
    timeline: Iterable[Happening], cycles: Sequence[Cycle], policy: Policy, number: int, start: datetime
) -> Cycle:
    """A response cycle that began at `start`, whole seconds, and goes on."""
    severity = ""
    later: list[tuple[datetime, str]] = []
    for happening in sorted(timeline, key=lambda h: h.at):
        named = _SETS_SEVERITY.get(happening.kind)
        if named is None:
            continue
        if happening.at.replace(microsecond=0) <= start:
            severity = happening.detail[named]
        elif happening.detail[named] != (later[-1][1] if later else severity):
            later.append((happening.at.replace(microsecond=0), happening.detail[named]))
    count = CycleCount("response", number, start, policy[severity], cycles[0].count.windows)
    for at, changed in later:
        count.change_severity(policy[changed], at)
    return count.result(later[-1][0] if later else start)
