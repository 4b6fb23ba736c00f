"""Promises one by one: as rows of a page, and as lines of a file."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import gettext as _

from helpdesk import i18n
from helpdesk.desk import figures as desk
from helpdesk.outbound import links
from helpdesk.outbound.figure_words import PROMISES, VERDICTS, say_as_of
from helpdesk.rules.figures import Verdict
from helpdesk.store.facts import Listed
from helpdesk.web.sheets import Cell

COLUMNS = (
    *("ticket", "subject", "severity", "service", "team", "person", "department", "reported_through"),
    *("promise", "cycle", "outcome", "ended_by", "given_at", "due_at", "done_at"),
    *("allowed_seconds", "counted_seconds", "waiting_seconds", "late_seconds"),
    *("excused", "excused_by", "excuse_reason", "time_zone", "as_of", "link"),
)


def rows_of(rows: Sequence[Listed], asked: desk.Asked) -> list[dict[str, Any]]:
    """Promises as a list shows them: each leads to its ticket and to why its deadline is when it is."""
    return [
        {
            "url": url_for("tickets.page", number=f"HD-{row.ticket_id}"),
            "why_url": url_for(
                "tickets.page",
                number=f"HD-{row.ticket_id}",
                why=f"{row.target}-{row.cycle}",
                _anchor="why",
            ),
            "number": f"HD-{row.ticket_id}",
            "subject": row.subject,
            "severity": row.severity,
            "promise": str(PROMISES[row.target]) + (f" ({row.cycle})" if row.cycle > 1 else ""),
            "service": row.service or _("No service"),
            "team": row.team,
            "person": row.person or _("nobody"),
            "due_at": row.due_at,
            "verdict": row.verdict,
            "outcome": _outcome(row, late),
            "excuse": _("Excused by %(name)s: %(reason)s", name=row.excused_by, reason=row.excuse)
            if row.excused_by
            else "",
        }
        for row, late in zip(rows, desk.late_seconds(rows, asked), strict=True)
    ]


def _outcome(row: Listed, late: int | None) -> str:
    if late is None:
        return str(VERDICTS[Verdict(row.verdict)])
    said = _("%(time)s late", time=i18n.say_working_time(max(60, late)))
    return said if row.stopped_at else _("%(late)s, still open", late=said)


class Lines:
    """Promises as lines of a file, counted as they are taken. Instants are those of the organisation's zone:
    with its offset, or (`is_local`, for workbooks) as the clock on the wall shows them."""

    def __init__(
        self, walked: Iterable[tuple[Listed, int | None]], asked: desk.Asked, *, is_local: bool
    ) -> None:
        self.walked, self.zone, self.is_local = walked, asked.zone, is_local
        self.as_of = say_as_of(asked)
        self.count = 0

    def __iter__(self) -> Iterator[list[Cell]]:
        for row, late in self.walked:
            self.count += 1
            yield self._line(row, late)

    def _line(self, row: Listed, late: int | None) -> list[Cell]:
        what: list[Cell] = [row.subject, row.severity, row.service, row.team, row.person, row.department]
        instants = [self._instant(at) for at in (row.started_at, row.due_at, row.stopped_at)]
        counted: list[Cell] = [row.allowance_seconds, row.elapsed_seconds, row.waiting_seconds, late]
        excuse = ["yes" if row.excused_by else "", row.excused_by, row.excuse]
        return [
            *(f"HD-{row.ticket_id}", *what, row.door),
            *(row.target, row.cycle, row.verdict, row.ended_by, *instants),
            *(*counted, *excuse, self.zone, self.as_of, links.url(f"/tickets/HD-{row.ticket_id}")),
        ]

    def _instant(self, at: datetime | None) -> datetime | None:
        if at is None:
            return None
        local = at.astimezone(ZoneInfo(self.zone)).replace(microsecond=0)
        return local.replace(tzinfo=None) if self.is_local else local


def say_counting(asked: desk.Asked) -> str:
    """How the columns are counted, for below a table."""
    return _(
        "Days and times are those of %(zone)s, as of %(instant)s. A promise belongs to the day on which it"
        " was given. Broken: later than promised, or still open and past its time.",
        zone=asked.zone,
        instant=say_as_of(asked),
    )
