"""Is it solved? Looking never acts; only the buttons do."""

from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from helpdesk.desk import closing, feedback
from helpdesk.outbound import links
from helpdesk.rules.feedback import sounds_unsolved
from helpdesk.schemas.tickets import FeedbackSchema, RatingSchema
from helpdesk.store.feedback import find_rating
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
        return _rate(visit)
    data, errors = load(FeedbackSchema, request.form)
    if data is None:
        return _page(visit, errors), 422
    if not data["solved"]:
        closing.reopen(visit.ticket.id, visit.person, data["words"], now=g.now)
        flash(_("It is open again. Whoever had it and their lead know it."))
    elif sounds_unsolved(data["words"]) and not data["is_sure"]:
        return _page(visit, {}, doubts=True), 422
    else:
        stars, words = data["stars"], data["words"]
        closing.confirm(visit.ticket.id, visit.person, stars=stars, words=words, now=g.now)
        flash(_("Thank you. It is closed."))
    return redirect(request.path, 303)


def _rate(visit: Visit) -> Page:
    data, errors = load(RatingSchema, request.form)
    if data is None:
        return _page(visit, errors), 422
    if data["stars"] is not None:
        feedback.rate(visit.ticket.id, visit.person, data["stars"], data["words"], now=g.now)
        flash(_("Thank you for your rating."))
    return redirect(request.path, 303)


def _page(visit: Visit, errors: Errors, doubts: bool = False) -> str:
    by_letter = request.path.startswith("/confirm/")
    rating = find_rating(visit.ticket.id)
    given: dict[str, Any] = {"stars": rating.stars, "words": rating.words} if rating else {}
    return render_template(
        "confirm/ask.html",
        visit=visit,
        ticket=visit.ticket,
        report=next((e.body for e in visit.ticket.entries if e.kind == "reported"), ""),
        rating=rating,
        typed=request.form.to_dict() or given,
        errors=errors,
        doubts=doubts,
        back=None if by_letter else url_for("follow.page", **visit.way),
    )
