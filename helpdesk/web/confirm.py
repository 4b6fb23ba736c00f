"""Is it solved, and how was it? Looking never acts; only the buttons do."""

from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from helpdesk.desk import closing, feedback
from helpdesk.outbound import links, opinions
from helpdesk.rules.feedback import CHANGEABLE_FOR, COMPLAINTS, PRAISE, contradicts, may_rate
from helpdesk.rules.lifecycle import NotAllowed, State
from helpdesk.schemas.tickets import FeedbackSchema, RatingSchema
from helpdesk.store.feedback import find_rating
from helpdesk.web import words
from helpdesk.web.follow import Page, expired
from helpdesk.web.forms import Errors, load
from helpdesk.web.visits import Visit, come_in

bp = Blueprint("confirm", __name__)
bp.register_error_handler(links.ExpiredLink, expired)


def _enter(number: str | None, token: str | None) -> Visit:
    """The reporter's visit: nobody else says whether it is solved."""
    purpose = "confirm" if request.path.startswith("/confirm/") else "follow"
    visit = come_in(number, token, purpose)
    if not visit.is_reporter:
        abort(404)
    return visit


@bp.get("/confirm/<token>")
@bp.get("/follow/<token>/confirm")
@bp.get("/my/<number>/confirm")
def ask(number: str | None = None, token: str | None = None) -> Page:
    """What was reported, what was done, and two buttons."""
    return _page(_enter(number, token), {})


@bp.post("/confirm/<token>")
@bp.post("/follow/<token>/confirm")
@bp.post("/my/<number>/confirm")
def answer(number: str | None = None, token: str | None = None) -> Page:
    """Solved: closed with the rating. Not solved: open again, with the words."""
    visit = _enter(number, token)
    if visit.ticket.state == "closed":
        return _after_closing(visit)
    data, errors = load(FeedbackSchema, request.form)
    if data is None:
        return _page(visit, errors), 422
    said = {name: data[name] for name in ("stars", "reasons", "words")}
    if not data["solved"]:
        closing.reopen(visit.ticket.id, visit.person, now=g.now, **said)
        flash(_("It is open again. Whoever had it and their lead know it."))
    elif contradicts(data["words"], data["reasons"]) and not data["is_sure"]:
        return _page(visit, {}, doubts=True), 422
    else:
        closing.confirm(visit.ticket.id, visit.person, now=g.now, **said)
        flash(_("Thank you. It is closed."))
    return redirect(request.path, 303)


def _after_closing(visit: Visit) -> Page:
    """A rating; or a button of a page that was opened before: a yes is done already (pressed twice), a no
    comes too late, and is never taken for a rating."""
    solved = request.form.get("solved")
    if solved == "0":
        return _page(visit, {"words": [words.not_allowed(NotAllowed("reopen", State.CLOSED))]}), 409
    if solved and not request.form.get("stars"):
        return redirect(request.path, 303)
    return _rate(visit)


def _rate(visit: Visit) -> Page:
    data, errors = load(RatingSchema, request.form)
    if data is None:
        return _page(visit, errors), 422
    if data["stars"] is None:
        return _page(visit, {"stars": [_("Choose one to five stars.")]}), 422
    feedback.rate(visit.ticket.id, visit.person, now=g.now, **data)
    flash(_("Thank you for your rating."))
    return redirect(request.path, 303)


def _page(visit: Visit, errors: Errors, doubts: bool = False) -> str:
    by_letter, ticket = request.path.startswith("/confirm/"), visit.ticket
    rating = find_rating(ticket.id)
    given: dict[str, Any] = {}
    if rating and ticket.state == "closed":
        given = {"stars": rating.stars, "words": rating.words, "reasons": rating.reasons}
    typed = {**request.form.to_dict(), "reasons": request.form.getlist("reasons")}
    return render_template(
        "confirm/ask.html",
        visit=visit,
        ticket=ticket,
        report=next((e.body for e in ticket.entries if e.kind == "reported"), ""),
        rating=rating,
        stars=[(str(number), str(number), name) for number, name in opinions.STARS.items()],
        reasons=[(name, [(code, opinions.REASONS[code]) for code in codes]) for name, codes in _GROUPS],
        can_rate=may_rate(ticket.state, ticket.closed_at, g.now),
        rates_until=ticket.closed_at + CHANGEABLE_FOR if ticket.closed_at else None,
        typed=typed if request.method == "POST" else given,
        errors=errors,
        doubts=doubts,
        back=None if by_letter else url_for("follow.page", **visit.way),
    )


_GROUPS = (("praise", PRAISE), ("complaints", COMPLAINTS))
