"""Reviews of broken promises: what is to be explained, one by one, and their causes as a picture."""

from typing import Any

from flask import Blueprint, Response, abort, g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from helpdesk.desk import breaches as desk
from helpdesk.desk.changes import By
from helpdesk.outbound.review_words import reviews_table, say_cause, say_promise
from helpdesk.rules import access
from helpdesk.schemas.breaches import ReviewSchema, ReviewsSchema
from helpdesk.store.breaches import (
    BreachCause,
    BreachReview,
    Reviews,
    count_reviews,
    find_review,
    list_beside,
    list_causes,
    list_reviews,
)
from helpdesk.store.teams import list_teams
from helpdesk.web import breach_causes
from helpdesk.web.admin.frame import Page, form_page
from helpdesk.web.auth import address
from helpdesk.web.breach_rows import PAGE, answer, downloads, pages_of, rows_of, zone
from helpdesk.web.countdowns import due_of
from helpdesk.web.forms import load
from helpdesk.web.frame import asker, may, needs

bp = Blueprint("breaches", __name__, url_prefix="/figures/reviews")
bp.register_blueprint(breach_causes.bp)
OF_TICKET = 100  # reviews shown on its page
FIRST = 3  # shown on the manager's first page
STATES = {"open": _l("Open"), "overdue": _l("Overdue"), "closed": _l("Closed")}


@bp.app_context_processor
def _context() -> dict[str, Any]:
    # A function, so that only pages which show them ask the database.
    return {"open_reviews": open_reviews, "reviews_of": reviews_of, "say_cause": say_cause}


def open_reviews() -> dict[str, Any]:
    """For the manager's first page: how many reviews are open and overdue, and the next due."""
    counted = {state: count_reviews(asker(), Reviews(g.now, state=state)) for state in ("open", "overdue")}
    rows = rows_of(list_reviews(asker(), Reviews(g.now, state="open"), FIRST))
    dues = [{"due": due_of(row["review"].due_at, 0)} for row in rows]
    return {
        **counted,
        "rows": [row | due for row, due in zip(rows, dues, strict=True)],
        "url": url_for("breaches.index"),
    }


def reviews_of(ticket_id: int) -> dict[tuple[str, int], BreachReview]:
    """For the ticket's page: its reviews that the asker may see, by target and cycle."""
    asked = Reviews(g.now, ticket_id=ticket_id)
    found = list_reviews(asker(), asked, OF_TICKET) if may("figures.see") else []
    return {(each.review.target, each.review.cycle): each.review for each in found}


@bp.get("")
@needs("figures.see")
def index() -> str | tuple[str, int]:
    """What is still to be explained, the nearest deadline first; and what was."""
    data, errors = load(ReviewsSchema, request.args)
    shown = data or {"state": "open", "team": None, "mine": False, "page": 1}
    asked = Reviews(
        g.now,
        state=shown["state"],
        team_id=shown["team"],
        owner_id=current_user.id if shown["mine"] else None,
    )
    total, number = count_reviews(asker(), asked), shown["page"]
    body = render_template(
        "breaches/index.html",
        errors=errors,
        state=shown["state"],
        rows=rows_of(list_reviews(asker(), asked, PAGE, (number - 1) * PAGE)),
        total=total,
        state_tabs=[
            {"label": label, "url": _url(shown, state=state, page=None), "current": state == shown["state"]}
            for state, label in STATES.items()
        ],
        chips=_chips(shown),
        mine_url=None if shown["mine"] else _url(shown, mine=1, page=None),
        downloads=downloads(lambda ending: _url(shown, "export", ending=ending, page=None)),
        **pages_of(number, total, lambda page: _url(shown, page=page)),
    )
    return (body, 422) if errors else body


@bp.get("/<int:review_id>")
@bp.post("/<int:review_id>")
@needs("figures.see")
def edit(review_id: int) -> Page:
    """What broke, why, who owns it and what is done about it."""
    found = find_review(review_id, asker(), g.now) or abort(404)
    review = found.review
    may_write = access.may_for_team(asker(), "review.write", review.team_id)
    if request.method == "POST" and not may_write:
        abort(404)
    beside = list_beside(review, asker(), g.now) if review.closed_at is None else []
    beside = [each for each in beside if access.may_for_team(asker(), "review.write", each.team_id)]

    def save(data: dict[str, Any], seen: str | None) -> object:
        return desk.save(
            review_id,
            data,
            By(g.now, current_user.id, address()),
            seen,
            closes=request.form.get("do") == "close",
            beside=[each.id for each in beside] if request.form.get("beside") else [],
        )

    return form_page(
        "breaches/review.html",
        desk.state_of(review),
        ReviewSchema,
        save,
        url_for(".edit", review_id=review_id),
        state=desk.state_of(review),
        right="review.write",
        may_write=may_write,
        found=found,
        row=rows_of([found])[0],
        beside=[f"{each.ticket.number}, {say_promise(each.target, each.cycle)}" for each in beside],
        causes=[(cause.id, say_cause(cause.name)) for cause in _choice(review.cause)],
        owners=[(person.id, person.name) for person in desk.list_owners(review)],
    )


def _choice(chosen: BreachCause | None) -> list[BreachCause]:
    """The causes to choose from, and the one that was chosen."""
    found = list_causes()
    return found if chosen is None or chosen in found else [*found, chosen]


@bp.get("/reviews.<any(csv, xlsx):ending>")
@needs("figures.export")
def export(ending: str) -> Response | str | tuple[str, int]:
    """The list as it is narrowed; the security log keeps who took it."""
    data, _errors = load(ReviewsSchema, request.args)
    if data is None:
        return index()  # type: ignore[return-value]
    owner_id = current_user.id if data["mine"] else None
    asked = Reviews(g.now, state=data["state"], team_id=data["team"], owner_id=owner_id)
    table = reviews_table(desk.walk(asker(), asked), zone())
    return answer("reviews", "helpdesk-reviews", ending, table, request.args.to_dict())


def _url(shown: dict[str, Any], endpoint: str = "index", **other: Any) -> str:
    given = {"state": shown["state"], "team": shown["team"], "mine": 1 if shown["mine"] else None, **other}
    return url_for(f"breaches.{endpoint}", **{k: v for k, v in given.items() if v is not None})


def _chips(shown: dict[str, Any]) -> list[tuple[str, str]]:
    """What narrows the list, each with the way to it without."""
    found = [(_("Mine"), _url(shown, mine=None))] if shown["mine"] else []
    if shown["team"]:
        name = next((team.name for team in list_teams(active_only=False) if team.id == shown["team"]), "–")
        found.append((name, _url(shown, team=None)))
    return found
