"""How the desk works: times, backlog, arrivals, ratings and load, each figure with its tickets behind it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from helpdesk import i18n
from helpdesk.desk.operations import Operations
from helpdesk.desk.security import note_export
from helpdesk.outbound import links
from helpdesk.outbound.figure_words import DIMENSIONS
from helpdesk.outbound.operation_words import TABLES, hours, say_counting
from helpdesk.store.operation_lists import Behind, count_behind, list_behind
from helpdesk.web import operations_shown as shown
from helpdesk.web.auth import address
from helpdesk.web.charts import picture_asked
from helpdesk.web.frame import asker, may, needs
from helpdesk.web.operation_charts import charts_of
from helpdesk.web.operations_asked import WorkPage, ask, frame
from helpdesk.web.sheets import ANSWERS, Cell

bp = Blueprint("operations", __name__, url_prefix="/figures/work")
PAGE = 50
FIRST = 10  # tickets of a list shown on the page of figures
MOST_ROWS = 50_000  # of a list as a file, which is made while one waits
TITLES = {
    "accepted": _l("Accepted, what took longest first"),
    "answered": _l("Answered, what took longest first"),
    "solved": _l("Solved, what took longest first"),
    "unaccepted": _l("Not accepted yet, the oldest first"),
    "unanswered": _l("Not answered yet, the oldest first"),
    "unsolved": _l("Not solved yet, the oldest first"),
    "open": _l("Open, the oldest first"),
    "finished": _l("Solved at least once"),
    "arrived": _l("Tickets reported"),
    "reopened": _l("Reopened"),
    "rated": _l("Rated"),
    "badly_rated": _l("Rated 1 or 2"),
    "unhappy": _l("Green but unhappy"),
    "taken": _l("Taken"),
    "resolved": _l("Resolved"),
}


@bp.get("")
@needs("figures.see")
def index() -> Response | str | tuple[str, int]:
    """How long things take, what lies about, when it comes, whether it holds, and who has it."""
    page, errors = ask()
    found = Operations(asker(), page.asked)
    drawn = charts_of(page, found)
    if picture := picture_asked(drawn.values(), "figures:work"):
        return picture
    unhappy = Behind("unhappy")
    body = render_template(
        "operations/index.html",
        **frame(page, errors),
        stats=shown.stats_of(page, found),
        times=shown.times_of(page, found),
        by_tabs=_by_tabs(page),
        by=page.asked.by,
        by_title=str(DIMENSIONS[page.asked.by][0]),
        times_by=shown.times_by(page, found),
        drawn=drawn,
        weekdays=i18n.weekday_names("abbreviated"),
        cover_rows=shown.cover_rows(page, found) if found.cover else [],
        liked=shown.liked_rows(page, found),
        has_any=bool(found.arrivals or found.open_now.total or found.loads),
        unhappy=shown.tickets_of(list_behind(asker(), page.asked.question, unhappy, FIRST), unhappy.what),
        unhappy_count=count_behind(asker(), page.asked.question, unhappy),
        unhappy_url=page.list_url("unhappy"),
        loads=shown.load_rows(page, found),
        downloads={what: _downloads(page, what) for what in TABLES},
    )
    return (body, 422) if errors else body


@bp.get("/tickets")
@needs("figures.see")
def tickets() -> str | tuple[str, int]:
    """The tickets behind a figure."""
    page, errors = ask(is_list=True)
    behind, question, number = page.behind(), page.asked.question, page.data["page"]
    total = count_behind(asker(), question, behind)
    rows = list_behind(asker(), question, behind, PAGE, (number - 1) * PAGE)
    body = render_template(
        "operations/tickets.html",
        **_with_chips(page, frame(page, errors)),
        title=str(TITLES[behind.what]),
        what=behind.what,
        rows=shown.tickets_of(rows, behind.what),
        total=total,
        cover=_cover(page),
        is_too_long=total > MOST_ROWS,
        figures_url=page.figures_url(),
        previous_url=page.url("operations.tickets", page=number - 1) if number > 1 else None,
        next_url=page.url("operations.tickets", page=number + 1) if number * PAGE < total else None,
        pages=_("%(page)s of %(pages)s", page=number, pages=max(1, -(-total // PAGE))),
        downloads=_downloads(page, "tickets"),
    )
    return (body, 422) if errors else body


def _with_chips(page: WorkPage, shared: dict[str, Any]) -> dict[str, Any]:
    return shared | {"chips": [*shared["chips"], *page.chips]}


def _cover(page: WorkPage) -> str:
    """Who was on call in the hour of the week that the list is about; "" for any other list."""
    weekday, hour = page.data["weekday"], page.data["hour"]
    if weekday is None or hour is None:
        return ""
    return shown.cover_then(Operations(asker(), page.asked), weekday, hour)


def _by_tabs(page: WorkPage) -> list[dict[str, Any]]:
    return [
        {"label": title, "url": page.figures_url(by=by, _anchor="by"), "current": page.asked.by == by}
        for by, (title, _table, _none) in DIMENSIONS.items()
    ]


@bp.get(f"/<any({', '.join(TABLES)}):what>.<any(csv, xlsx):ending>")
@needs("figures.export")
def export(what: str, ending: str) -> Response | str | tuple[str, int]:
    """One of the tables; the security log keeps who took it."""
    page, errors = ask()
    if errors:
        return index()  # type: ignore[return-value]
    columns, rows = TABLES[what](Operations(asker(), page.asked))
    return _answer(page, what, ending, columns, rows)


@bp.get("/tickets.<any(csv, xlsx):ending>")
@needs("figures.export")
def export_tickets(ending: str) -> Response | str | tuple[str, int]:
    """Every ticket behind a figure; the security log keeps who took them."""
    page, errors = ask(is_list=True)
    behind, question = page.behind(), page.asked.question
    if errors or count_behind(asker(), question, behind) > MOST_ROWS:
        return tickets()  # type: ignore[return-value]
    rows = [_line(row, page) for row in list_behind(asker(), question, behind, MOST_ROWS)]
    return _answer(page, f"tickets-{behind.what}", ending, COLUMNS, rows)


COLUMNS = [
    *("ticket", "subject", "severity", "service", "team", "person", "state", "reported_at"),
    *("counted_hours", "clock_hours", "reopened", "stars", "words", "time_zone", "link"),
]


def _line(row: Any, page: WorkPage) -> list[Cell]:
    reported: datetime = row.reported_at.astimezone(ZoneInfo(page.asked.zone))
    took: list[Cell] = [None if each is None else hours(each) for each in (row.counted, row.clock)]
    return [
        *(f"HD-{row.ticket_id}", row.subject, row.severity, row.service, row.team, row.person, row.state),
        *(reported.replace(tzinfo=None, microsecond=0), *took, row.reopen_count, row.stars, row.words),
        *(page.asked.zone, links.url(f"/tickets/HD-{row.ticket_id}")),
    ]


def _answer(page: WorkPage, what: str, ending: str, columns: list[str], rows: list[list[Cell]]) -> Response:
    note_export(
        f"work:{what}.{ending}",
        {**page.words, "rows": len(rows)},
        now=g.now,
        actor_id=current_user.id,
        address=address(),
    )
    asked = page.asked
    name = f"helpdesk-work-{asked.question.kind}-{what}-{asked.first}-{asked.last}"
    more = {"sheet": _("How the desk works"), "note": say_counting(asked.zone)} if ending == "xlsx" else {}
    return ANSWERS[ending](name, columns, rows, **more)


def _downloads(page: WorkPage, what: str) -> list[tuple[str, str]]:
    """The ways to a table as files, for those who may take it out."""
    if not may("figures.export"):
        return []
    if what == "tickets":
        return [(ending.upper(), page.url("operations.export_tickets", ending=ending)) for ending in ANSWERS]
    return [(ending.upper(), page.url("operations.export", what=what, ending=ending)) for ending in ANSWERS]
