"""The register of tickets as a workbook: which columns it has, and what a ticket's line says in them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.i18n import say_list, say_of, zone_city
from helpdesk.outbound import links
from helpdesk.outbound.figure_words import DOORS, PROMISES, VERDICTS
from helpdesk.outbound.review_words import say_cause
from helpdesk.outbound.standing import KINDS, SEVERITIES, STATES
from helpdesk.outbound.workbook import Cell, Workbook
from helpdesk.rules.figures import TARGETS
from helpdesk.rules.register import standing_of, waited_seconds
from helpdesk.store.exports import RegisterPage


@dataclass(frozen=True)
class About:
    """What a register is of: the days [first, last] and the zone in which they begin, who ordered it and
    when; in which language it is written."""

    first: str
    last: str
    zone: str
    locale: str
    ordered_by: str
    ordered_at: datetime


@dataclass(frozen=True)
class _Line:
    """A ticket with all that its line says. `local` makes an instant the time on the wall of the zone."""

    ticket: Any
    page: RegisterPage
    now: datetime
    local: Callable[[datetime | None], datetime | None]
    said: dict[tuple[int, str], str]

    def say(self, words: Mapping[Any, Any], code: str) -> str:
        """A code in words, looked up once a workbook: a translation costs more than all else of a cell."""
        key = (id(words), code)
        if key not in self.said:
            self.said[key] = str(words.get(code, code))
        return self.said[key]

    def standing(self, target: str) -> Any:
        cycles = [row for row in self.page.targets.get(self.ticket.id, ()) if row.target == target]
        return standing_of(cycles, self.now)

    @property
    def answered_at(self) -> datetime | None:
        """When the first answer was given."""
        return next(
            (row.stopped_at for row in self.page.targets.get(self.ticket.id, ()) if _is_answer(row)), None
        )

    @property
    def excuses(self) -> str:
        found = self.page.excuses.get(self.ticket.id, ())
        return say_list(say_of(_cycle(row), row.reason) for row in found)

    @property
    def breach_causes(self) -> str:
        found = self.page.reviews.get(self.ticket.id, ())
        return say_list(
            say_of(str(PROMISES[row.target]), say_cause(row.cause) if row.cause else row.words)
            for row in found
        )


def _is_answer(row: Any) -> bool:
    return row.target == "response" and row.cycle == 1 and row.state in ("met", "breached")


def _cycle(row: Any) -> str:
    name = str(PROMISES[row.target])
    return f"{name} ({row.cycle})" if row.cycle > 1 else name


@dataclass(frozen=True)
class _Column:
    title: Any
    width: int
    cell: Callable[[_Line], Cell]
    is_instant: bool = False


def _of_ticket(name: str) -> Callable[[_Line], Cell]:
    return lambda line: getattr(line.ticket, name)


def _said(words: Mapping[Any, Any], name: str) -> Callable[[_Line], Cell]:
    return lambda line: line.say(words, getattr(line.ticket, name))


def _at(name: str) -> Callable[[_Line], Cell]:
    return lambda line: line.local(getattr(line.ticket, name))


def _number_of(name: str) -> Callable[[_Line], Cell]:
    def cell(line: _Line) -> Cell:
        found = getattr(line.ticket, name)
        return None if found is None else f"HD-{found}"

    return cell


_COLUMNS = (
    _Column(_l("Number"), 11, _number_of("id")),
    _Column(_l("Subject"), 50, _of_ticket("subject")),
    _Column(_l("Kind"), 11, _said(KINDS, "kind")),
    _Column(_l("Severity"), 11, _said(SEVERITIES, "severity")),
    _Column(_l("State"), 14, _said(STATES, "state")),
    _Column(_l("Service"), 22, _of_ticket("service")),
    _Column(_l("Team"), 18, _of_ticket("team")),
    _Column(_l("Assignee"), 20, _of_ticket("assignee")),
    _Column(_l("Reporter"), 20, _of_ticket("reporter")),
    _Column(_l("Department"), 20, _of_ticket("department")),
    _Column(_l("Way in"), 14, _said(DOORS, "door")),
    _Column(_l("Reported"), 19, _at("reported_at"), True),
    _Column(_l("Accepted"), 19, _at("accepted_at"), True),
    _Column(_l("Answered"), 19, lambda line: line.local(line.answered_at), True),
    _Column(_l("Resolved"), 19, _at("resolved_at"), True),
    _Column(_l("Closed"), 19, _at("closed_at"), True),
    _Column(_l("Waited (minutes)"), 17, lambda line: _minutes(_waited(line))),
    _Column(_l("Reopened (times)"), 17, _of_ticket("reopen_count")),
    _Column(_l("Rating (1 to 5)"), 16, _of_ticket("stars")),
    _Column(_l("Words to the rating"), 30, lambda line: line.ticket.rating_words or None),
    _Column(_l("Excused"), 30, lambda line: line.excuses or None),
    _Column(_l("Why it was late"), 30, lambda line: line.breach_causes or None),
    _Column(_l("Cause"), 30, lambda line: line.ticket.cause or None),
    _Column(_l("Part of"), 11, _number_of("parent_id")),
    _Column(_l("Merged into"), 12, _number_of("merged_into_id")),
    _Column(_l("Web address"), 40, lambda line: links.url(f"/tickets/HD-{line.ticket.id}")),
)
# Of each target, what stands of its last promise, and how many were broken in all.
_OF_TARGET = (
    (_l("%(promise)s: outcome"), 20),
    (_l("%(promise)s: due (%(zone)s)"), 21),
    (_l("%(promise)s: done (%(zone)s)"), 21),
    (_l("%(promise)s: allowed (minutes)"), 22),
    (_l("%(promise)s: counted (minutes)"), 22),
    (_l("%(promise)s: broken (times)"), 22),
)


def _waited(line: _Line) -> int:
    return waited_seconds(line.page.entries.get(line.ticket.id, ()), line.now)


def _minutes(seconds: int) -> float:
    return round(seconds / 60, 1)


def _target_cells(line: _Line, target: str) -> Sequence[Cell]:
    found = line.standing(target)
    if found is None:
        return (None,) * len(_OF_TARGET)
    cycle = found.cycle
    return (
        line.say(VERDICTS, found.outcome),
        line.local(cycle.due_at),
        line.local(cycle.stopped_at),
        _minutes(cycle.allowance_seconds),
        None
        if cycle.stopped_at is None
        else _minutes(cycle.elapsed_seconds),  # of an open one it still grows
        found.broken,
    )


def write(file: IO[bytes], pages: Iterable[RegisterPage], about: About, now: datetime, folder: Path) -> None:
    """Writes the workbook: the tickets, page after page, and a sheet that says what it is. Instants are local
    times of the zone, as spreadsheets know none; the headings name it. `now` judges what is still open; in
    `folder` lies what is not compressed yet."""
    with force_locale(about.locale), Workbook(file, folder) as book:
        book.table(_("Tickets"), *_heading(about.zone), _lines(pages, ZoneInfo(about.zone), now))
        book.table(_("About this table"), (_("About this table"), ""), (40, 60), _about(about))


def _heading(zone: str) -> tuple[list[str], list[int]]:
    place = zone_city(zone)
    titles = [
        _("%(column)s (%(zone)s)", column=each.title, zone=place) if each.is_instant else str(each.title)
        for each in _COLUMNS
    ]
    of_targets = [
        str(title) % {"promise": PROMISES[target], "zone": place}
        for target in TARGETS
        for title, _width in _OF_TARGET
    ]
    widths = [each.width for each in _COLUMNS] + [width for _title, width in _OF_TARGET] * len(TARGETS)
    return titles + of_targets, widths


def _lines(pages: Iterable[RegisterPage], zone: ZoneInfo, now: datetime) -> Iterator[list[Cell]]:
    def local(at: datetime | None) -> datetime | None:
        return None if at is None else at.astimezone(zone).replace(tzinfo=None, microsecond=0)

    said: dict[tuple[int, str], str] = {}
    for page in pages:
        for ticket in page.tickets:
            line = _Line(ticket, page, now, local, said)
            cells = [column.cell(line) for column in _COLUMNS]
            for target in TARGETS:
                cells += _target_cells(line, target)
            yield cells


def _about(about: About) -> list[Sequence[Cell]]:
    at = about.ordered_at.astimezone(ZoneInfo(about.zone)).replace(tzinfo=None, microsecond=0)
    return [
        (_("Period from"), about.first),
        (_("To (included)"), about.last),
        (_("Time zone of days and instants"), about.zone),
        (_("Ordered by"), about.ordered_by),
        (_("Ordered at"), at),
        (
            _("How it is counted"),
            _(
                "Each ticket stands as it was when its line was written. Of several promises of a kind the"
                " last one stands here; what is open and past due is broken. Counted minutes leave out closed"
                " hours, waiting and maintenance; minutes waited are those of the clock on the wall."
            ),
        ),
    ]
