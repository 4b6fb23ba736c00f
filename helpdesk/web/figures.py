"""Figures: which promises were kept, each figure with the tickets behind it."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, g, render_template
from flask_babel import gettext as _
from flask_login import current_user

from helpdesk.desk import figures as desk
from helpdesk.desk.security import note_export
from helpdesk.outbound.figure_words import compliance_table, say_as_of
from helpdesk.rules.figures import DIMENSIONS, Verdict
from helpdesk.schemas.figures import ListedSchema
from helpdesk.store.facts import count_listed, list_promises
from helpdesk.store.follow_ups import count_follow_ups, list_follow_ups
from helpdesk.web import figures_lists as lists
from helpdesk.web.auth import address
from helpdesk.web.charts import picture_asked
from helpdesk.web.figures_asked import Page, by_tabs, frame, grain_tabs, read, settled, whole
from helpdesk.web.figures_tables import chart_of, stat_of, table_of
from helpdesk.web.frame import asker, may, needs
from helpdesk.web.sheets import ANSWERS

bp = Blueprint("figures", __name__, url_prefix="/figures")
PAGE, LAST_PAGE = 50, 1000  # whatever comes before a page is read, too: later ones only narrowed
LATEST, TO_DO = 10, 3  # promises of each sort, and follow-ups, shown on the first page
MOST_ROWS = 20_000  # of a list as a workbook, which is made while one waits


@bp.get("")
@needs("figures.see")
def index() -> Response | str | tuple[str, int]:
    """Shares kept over time and by one dimension, and the latest promises broken and excused."""
    page, errors = read()
    page = settled(whole(page))
    found = desk.compliance(asker(), page.asked)
    drawn = [chart_of(page, found, target) for target in found.totals]
    if picture := picture_asked(drawn, "figures:compliance"):
        return picture
    body = render_template(
        "figures/index.html",
        **frame(page, errors),
        stats=[stat_of(page, found, target) for target in found.totals],
        has_any=any(tally.decided or tally.running for tally in found.totals.values()),
        charts_drawn=drawn,
        grain_tabs=grain_tabs(page),
        by_tabs=by_tabs(page),
        table=table_of(page, found),
        broken=_latest(page, verdict=Verdict.BREACHED.value),
        excused=_latest(page, verdict=Verdict.BREACHED.value, excused=True),
        broken_count=sum(tally.breached for tally in found.totals.values()),
        excused_count=sum(tally.excused for tally in found.totals.values()),
        downloads={what: _downloads(page, what) for what in ("time", page.asked.by)},
        follow_ups=list_follow_ups(asker(), is_open=True, limit=TO_DO),
        follow_up_count=count_follow_ups(asker(), is_open=True),
    )
    return (body, 422) if errors else body


def _latest(page: Page, **narrowed: Any) -> list[dict[str, Any]]:
    question = replace(page.asked.question, **narrowed)
    return lists.rows_of(list_promises(asker(), question, LATEST), page.asked)


@bp.get("/tickets")
@needs("figures.see")
def tickets() -> str | tuple[str, int]:
    """The promises behind a figure."""
    page, errors = read(ListedSchema)
    page = settled(page)
    question = page.asked.question
    total = count_listed(asker(), question)
    last = max(1, -(-total // PAGE))
    number = min(page.data["page"], last, LAST_PAGE)
    rows = list_promises(asker(), question, PAGE, (number - 1) * PAGE)
    body = render_template(
        "figures/tickets.html",
        **frame(page, errors),
        rows=lists.rows_of(rows, page.asked),
        total=total,
        previous_url=page.url("tickets", page=number - 1) if number > 1 else None,
        next_url=page.url("tickets", page=number + 1) if number < min(last, LAST_PAGE) else None,
        pages=_("%(page)s of %(pages)s", page=number, pages=last),
        downloads=_downloads(page, "promises"),
        is_too_long=total > MOST_ROWS,
    )
    return (body, 422) if errors else body


@bp.get(f"/<any(time, {', '.join(DIMENSIONS)}):table>.<any(csv, xlsx):ending>")
@needs("figures.export")
def export(table: str, ending: str) -> Response | str | tuple[str, int]:
    """The figures of one table; the security log keeps who took them."""
    page, errors = read()
    if errors:
        return index()  # type: ignore[return-value]
    page = settled(whole(page))
    asked = page.asked if table == "time" else replace(page.asked, by=table)
    columns, rows = compliance_table(asked, desk.compliance(asker(), asked), table)
    _note(page, table, ending, len(rows))
    more = {"sheet": _("Figures"), "note": lists.say_counting(asked)} if ending == "xlsx" else {}
    return ANSWERS[ending](_name(page, table), columns, rows, **more)


@bp.get("/promises.<any(csv, xlsx):ending>")
@needs("figures.export")
def export_promises(ending: str) -> Response | str | tuple[str, int]:
    """Every promise behind the figures as a line; the security log keeps who took them."""
    page, errors = read()
    page = settled(page)
    if errors or (ending == "xlsx" and count_listed(asker(), page.asked.question) > MOST_ROWS):
        return tickets()  # type: ignore[return-value]
    walked = lists.Lines(desk.walk(asker(), page.asked), page.asked, is_local=ending == "xlsx")
    more = {"sheet": _("Promises"), "note": lists.say_counting(page.asked)} if ending == "xlsx" else {}
    answer = ANSWERS[ending](_name(page, "promises"), lists.COLUMNS, walked, **more)
    _note(page, "promises", ending, walked.count)
    return answer


def _note(page: Page, what: str, ending: str, rows: int) -> None:
    note_export(
        f"figures:{what}.{ending}",
        {**page.words, "as_of": say_as_of(page.asked), "rows": rows},
        now=g.now,
        actor_id=current_user.id,
        address=address(),
    )


def _name(page: Page, what: str) -> str:
    asked = page.asked
    return f"helpdesk-{asked.question.kind}-{what}-{asked.first}-{asked.last}"


def _downloads(page: Page, table: str) -> list[tuple[str, str]]:
    """The ways to a table as files, for those who may take it out."""
    if not may("figures.export"):
        return []
    if table == "promises":
        return [(ending.upper(), page.url("export_promises", ending=ending)) for ending in ANSWERS]
    return [(ending.upper(), page.url("export", table=table, ending=ending)) for ending in ANSWERS]
