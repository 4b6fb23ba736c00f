"""Why promises were broken: causes by how often, each with the reviews that name it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, Response, g, render_template
from flask_babel import gettext as _

from helpdesk.desk import breaches as desk
from helpdesk.outbound.review_words import causes_table, reviews_table, say_cause
from helpdesk.schemas.breaches import OfCauseSchema
from helpdesk.store.breaches import (
    BreachCause,
    Reviews,
    count_causes,
    count_reviews,
    list_causes,
    list_reviews,
)
from helpdesk.web.breach_rows import PAGE, answer, downloads, pages_of, rows_of
from helpdesk.web.charts import Pareto, picture_asked
from helpdesk.web.figures_asked import Page, frame, live, read
from helpdesk.web.frame import asker, needs

bp = Blueprint("causes", __name__, url_prefix="/causes")


@dataclass(frozen=True)
class _OfCause(Page):
    """A question about the reviews behind a cause."""

    @property
    def words(self) -> dict[str, str]:
        """With the cause."""
        cause = self.data["cause"]
        return super().words | ({} if cause is None else {"cause": str(cause)})


@bp.get("")
@needs("figures.see")
def index() -> Response | str | tuple[str, int]:
    """Why promises given in these days were broken."""
    page, errors = read()
    page = live(page, OTHERS)
    counted = count_causes(asker(), _asked(page))
    chart = _pareto(page, counted)
    if picture := picture_asked([chart] if chart else [], "figures:causes"):
        return picture
    said = sum(count for cause, count in counted if cause is not None)
    body = render_template(
        "breaches/causes.html",
        **frame(page, errors),
        chart=chart,
        said=said,
        total=sum(count for _cause, count in counted),
        list_url=page.url("breaches.causes.listed"),
        unsaid_url=page.url("breaches.causes.listed", cause=0),
        downloads=downloads(lambda ending: page.url("breaches.causes.export", ending=ending)),
    )
    return (body, 422) if errors else body


def _pareto(page: Page, counted: Sequence[tuple[BreachCause | None, int]]) -> Pareto | None:
    """None where no cause is named."""
    bars = [
        (say_cause(cause.name), count, page.url("breaches.causes.listed", cause=cause.id))
        for cause, count in counted
        if cause is not None
    ]
    if not bars:
        return None
    said, first = sum(count for _name, count, _url in bars), bars[0]
    return Pareto(
        name="causes",
        title=_("Causes of broken promises"),
        description=_(
            "%(name)s is named most: %(count)s of %(said)s.", name=first[0], count=first[1], said=said
        ),
        bars=bars,
        note=_("Of promises given in these days"),
    )


@bp.get("/list")
@needs("figures.see")
def listed() -> str | tuple[str, int]:
    """The reviews behind a cause."""
    page, errors = read(OfCauseSchema)
    page = live(_OfCause(page.data, page.asked), OTHERS)
    cause_id, number = page.data["cause"], page.data["page"]
    asked = replace(_asked(page), cause_id=cause_id)
    total = count_reviews(asker(), asked)
    known = {cause.id: cause.name for cause in list_causes(active_only=False)}
    body = render_template(
        "breaches/of_cause.html",
        **frame(page, errors),
        title=_("All causes") if cause_id is None else say_cause(known.get(cause_id)),
        rows=rows_of(list_reviews(asker(), asked, PAGE, (number - 1) * PAGE)),
        total=total,
        causes_url=page.url("breaches.causes.index", cause=None),
        downloads=downloads(lambda ending: page.url("breaches.causes.export_list", ending=ending)),
        **pages_of(number, total, lambda number: page.url("breaches.causes.listed", page=number)),
    )
    return (body, 422) if errors else body


@bp.get("/causes.<any(csv, xlsx):ending>")
@needs("figures.export")
def export(ending: str) -> Response | str | tuple[str, int]:
    """The causes and how often; the security log keeps who took them."""
    page, errors = read()
    if errors:
        return index()  # type: ignore[return-value]
    table = causes_table(count_causes(asker(), _asked(live(page, OTHERS))), page.asked)
    return answer("causes", _name(page, "causes"), ending, table, page.words)


@bp.get("/list.<any(csv, xlsx):ending>")
@needs("figures.export")
def export_list(ending: str) -> Response | str | tuple[str, int]:
    """The reviews behind a cause, a line each; the security log keeps who took them."""
    page, errors = read(OfCauseSchema)
    if errors:
        return listed()  # type: ignore[return-value]
    asked = replace(_asked(live(page, OTHERS)), cause_id=page.data["cause"])
    rows = desk.walk(asker(), asked)
    return answer("reviews", _name(page, "reviews"), ending, reviews_table(rows, page.asked.zone), page.words)


def _name(page: Page, what: str) -> str:
    return f"helpdesk-{page.asked.question.kind}-{what}-{page.asked.first}-{page.asked.last}"


# What narrows the figures, but no review.
OTHERS = ("target", "verdict", "excused", "severity", "service", "person", "door", "department", "alone")


def _asked(page: Page) -> Reviews:
    question = page.asked.question
    return Reviews(
        g.now,
        kind=question.kind,
        since=question.since,
        until=question.until,
        team_id=question.team_id or None,
    )
