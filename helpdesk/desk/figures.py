"""Figures: what the pages and the export say beyond the store's counts."""

import csv
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import IO, Any

from helpdesk.desk import targets
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.security import log_event
from helpdesk.rules.access import Asker
from helpdesk.rules.figures import Verdict
from helpdesk.store.db import transaction
from helpdesk.store.escalations import list_timelines
from helpdesk.store.figures import Promises, list_open_tickets, walk_promises

# What a spreadsheet would take for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def late_seconds(rows: Sequence[Any], now: datetime) -> list[int | None]:
    """How late each broken promise is, in seconds that count (hours, maintenance, waiting as for its
    deadline); None for one that is not broken. `rows` as store.figures lists them."""
    still_open = [row.ticket_id for row in rows if row.verdict == Verdict.BREACHED and row.stopped_at is None]
    elapsed = _elapsed(sorted(set(still_open)), now)
    return [_late(row, elapsed) if row.verdict == Verdict.BREACHED else None for row in rows]


def _late(row: Any, elapsed: dict[tuple[int, str, int], int]) -> int:
    counted: int = elapsed.get((row.ticket_id, row.target, row.cycle), row.elapsed_seconds)
    return max(0, counted - int(row.allowance_seconds))


def _elapsed(ticket_ids: list[int], now: datetime) -> dict[tuple[int, str, int], int]:
    """What has been counted by now of the open targets of these tickets."""
    tickets = list_open_tickets(ticket_ids)
    timelines = list_timelines(ticket_ids)
    grounds = Grounds(min((ticket.reported_at for ticket in tickets), default=now))
    return {
        (ticket.id, cycle.target, cycle.cycle): cycle.elapsed_seconds
        for ticket in tickets
        for cycle in targets.cycles_of(ticket, targets.happenings(timelines[ticket.id]), grounds, now)
    }


def export(
    asker: Asker,
    asked: Promises,
    file: IO[str],
    *,
    zone: str,
    filters: dict[str, str],
    link: Callable[[int], str],
    now: datetime,
    address: str = "",
) -> int:
    """Writes one line per promise as CSV and logs who took out what; returns the number of lines.

    Instants are ISO 8601 in UTC; the first line names the zone in which the period's days begin. `link`
    gives a ticket's address. Nothing that a spreadsheet could take for a formula is left as it is.
    """
    file.write("\ufeff")  # by which spreadsheets know UTF-8
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([*COLUMNS, f"instants in UTC; days of the period in {zone}"])
    count = 0
    for rows in walk_promises(asker, asked):
        for row, late in zip(rows, late_seconds(rows, now), strict=True):
            writer.writerow([harmless(value) for value in _line(row, late, link)])
            count += 1
    with transaction():
        log_event(
            "exported",
            now=now,
            actor_id=asker.person_id,
            subject="figures",
            detail={**filters, "rows": count},
            address=address,
        )
    return count


COLUMNS = (
    "ticket",
    "subject",
    "severity",
    "service",
    "team",
    "person",
    "reported_through",
    "promise",
    "cycle",
    "outcome",
    "given_at",
    "due_at",
    "done_at",
    "allowed_seconds",
    "late_seconds",
    "excused",
    "excused_by",
    "excuse_reason",
    "link",
)


def _line(row: Any, late: int | None, link: Callable[[int], str]) -> tuple[Any, ...]:
    return (
        f"HD-{row.ticket_id}",
        row.subject,
        row.severity,
        row.service or "",
        row.team,
        row.person or "",
        row.door,
        row.target,
        row.cycle,
        row.verdict,
        _instant(row.started_at),
        _instant(row.due_at),
        _instant(row.stopped_at),
        row.allowance_seconds,
        "" if late is None else late,
        "yes" if row.excused_by else "",
        row.excused_by or "",
        row.excuse or "",
        link(row.ticket_id),
    )


def _instant(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def harmless(value: Any) -> Any:
    """The value, with an apostrophe before a text that a spreadsheet would take for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
