"""Reports that can be sent: what each is read from, with whose rights, and where its page is.

They are said in words when a letter is written (outbound/report_words): its reader's language is known there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from helpdesk.desk import figures, games, kpis, loop, operations
from helpdesk.rules.access import Asker, may
from helpdesk.rules.figures import Period, days_of
from helpdesk.rules.follow_ups import Loop
from helpdesk.store import breaches, follow_ups
from helpdesk.store.kpis import list_kpis

Asked = Mapping[str, Any]
"""What narrows a report, as store/schedules keeps it: kind, period, and of some team, service or severity."""

PARTED_BY = ("severity", "team", "service")
NARROWING = ("team", "service", "severity")
LISTED = 100  # of what is open; the page has the rest


@dataclass(frozen=True)
class Question:
    """A report of the days [first, last] of `zone`, the organisation's, as it stands at `now`."""

    asker: Asker
    asked: Asked
    first: date
    last: date
    zone: str
    now: datetime

    def figures(self, by: str = "severity") -> figures.Asked:
        """The same as the pages of figures ask it."""
        nothing = dict.fromkeys(
            (
                "as_of",
                "grain",
                "target",
                "verdict",
                "excused",
                "severity",
                "service",
                "team",
                "person",
                "door",
            )
        )
        days = {"since": self.first, "until": self.last, "by": by, "department": None}
        return figures.ask(
            {**nothing, **days, "kind": self.asked["kind"], **self.narrowed}, self.zone, self.now
        )

    @property
    def narrowed(self) -> dict[str, Any]:
        """What it is of, where not of everything."""
        return {name: self.asked[name] for name in NARROWING if self.asked.get(name) is not None}


@dataclass(frozen=True)
class Reviewed:
    """How often each cause was named for what was promised in the period, and the reviews open now."""

    causes: Sequence[tuple[breaches.BreachCause | None, int]]
    still_open: Sequence[breaches.Reviewed]


@dataclass(frozen=True)
class FollowedUp:
    """How well the loop was closed in the period, and the follow-ups open now."""

    loop: Loop
    still_open: Sequence[follow_ups.FollowUp]


@dataclass(frozen=True)
class Reader:
    """How a report is read, which action its reader must be allowed, where its page is, and by which of
    NARROWING it can be narrowed. `has_kind`: it is of faults, requests or questions."""

    find: Callable[[Question], Any]
    needs: str
    path: str
    narrowing: tuple[str, ...] = ()
    has_kind: bool = True


@dataclass(frozen=True)
class Report:
    """What was found: `found` is what its reader gives; `path` the page that shows the same."""

    code: str
    question: Question
    found: Any
    path: str
    has_kind: bool


def readable(asker: Asker) -> tuple[str, ...]:
    """The codes of the reports that the asker may read."""
    return tuple(code for code, reader in REPORTS.items() if may(asker, reader.needs))


def read(code: str, asker: Asker, asked: Asked, zone: str, due_at: datetime, now: datetime) -> Report:
    """The report `code` (of REPORTS) as it stands at `now`, of the period in which `due_at` lies: one that is
    written late is of the days that it was meant for. Raises KeyError for no report of ours."""
    reader = REPORTS[code]
    first, last = days_of(Period(asked["period"]), due_at.astimezone(ZoneInfo(zone)).date())
    question = Question(asker, asked, first, last, zone, now)
    return Report(code, question, reader.find(question), _path(reader, question), reader.has_kind)


def _path(reader: Reader, question: Question) -> str:
    if not reader.has_kind:
        return reader.path
    days = {"since": question.first, "until": question.last}
    return f"{reader.path}?{urlencode({'kind': question.asked['kind'], **days, **question.narrowed})}"


def _compliance(question: Question) -> dict[str, figures.Compliance]:
    """The shares kept, by each of PARTED_BY."""
    return {by: figures.compliance(question.asker, question.figures(by)) for by in PARTED_BY}


def _work(question: Question) -> operations.Operations:
    return operations.Operations(question.asker, question.figures())


def _games(question: Question) -> games.Games:
    return games.games_of(question.asker, question.figures().question)


def _reviews(question: Question) -> Reviewed:
    asker, asked = question.asker, question.figures().question
    kind, team_id = asked.kind, asked.team_id
    period = breaches.Reviews(question.now, kind=kind, team_id=team_id, since=asked.since, until=asked.until)
    still_open = breaches.Reviews(question.now, kind=kind, team_id=team_id, state="open")
    return Reviewed(breaches.count_causes(asker, period), breaches.list_reviews(asker, still_open, LISTED))


def _follow_ups(question: Question) -> FollowedUp:
    asker, asked = question.asker, question.figures().question
    return FollowedUp(
        loop.loop(asker, asked.kind, asked.since, asked.until, question.now),
        follow_ups.list_follow_ups(asker, True, LISTED, kind=asked.kind),
    )


def _kpis(question: Question) -> list[kpis.Course]:
    today = kpis.today_at(question.now)
    return [kpis.course_of(each, today) for each in list_kpis(active_only=True)]


REPORTS: Mapping[str, Reader] = {
    "compliance": Reader(_compliance, "figures.see", "/figures", NARROWING),
    "work": Reader(_work, "figures.see", "/figures/work", NARROWING),
    "games": Reader(_games, "figures.see", "/figures/games", ("team",)),
    "reviews": Reader(_reviews, "figures.see", "/figures/reviews/causes", ("team",)),
    "follow_ups": Reader(_follow_ups, "followup.see", "/figures/follow-ups/loop"),
    "kpis": Reader(_kpis, "figures.see", "/figures/key-figures", has_kind=False),
}
