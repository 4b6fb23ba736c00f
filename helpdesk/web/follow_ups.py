"""Follow-ups: what leads do about a bad rating or a second reopening, each with its deadline."""

from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import follow_ups as desk
from helpdesk.desk.changes import Refused
from helpdesk.desk.grounds import Grounds
from helpdesk.outbound import opinions
from helpdesk.rules import access, hours
from helpdesk.rules.follow_ups import STEPS
from helpdesk.schemas.follow_ups import REFUSALS, STEP_SCHEMAS, OwnerSchema
from helpdesk.store.feedback import find_rating
from helpdesk.store.follow_ups import (
    FollowUp,
    count_follow_ups,
    find_follow_up,
    list_follow_ups,
    list_follow_ups_of,
    list_owners_of,
)
from helpdesk.store.people import get_person
from helpdesk.store.tickets import Ticket, find_entry, is_desk_side
from helpdesk.web import loop
from helpdesk.web.countdowns import done_of, due_of
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import asker, may, needs
from helpdesk.web.numbers import page_given

bp = Blueprint("follow_ups", __name__, url_prefix="/figures/follow-ups")
bp.register_blueprint(loop.bp)
Page = Answer | str | tuple[str, int]
PAGE, LAST_PAGE = 50, 1000


@bp.app_context_processor
def _of_tickets() -> dict[str, Any]:
    """For the page of a ticket its follow-ups as far as the asker sees them; and for whatever page lists some
    how each stands."""
    return {
        "follow_ups_of": _of_ticket,
        "follow_up_due": due,
        "follow_up_steps": len(STEPS),
        "say_occasion": opinions.say_occasion,
    }


def _of_ticket(ticket: Ticket) -> list[FollowUp]:
    return list_follow_ups_of(ticket.id, asker()) if may("followup.see") else []


def due(each: FollowUp) -> dict[str, Any]:
    """How a follow-up stands, as macros.due takes it: the bar is of the desk's working time."""
    if each.closed_at is not None:
        return done_of(each.closed_at, each.due_at)
    office = _office()
    whole = hours.open_seconds(office, each.opened_at, each.due_at)
    used = hours.open_seconds(office, each.opened_at, min(g.now, each.due_at))
    return due_of(each.due_at, 100 * used / whole if whole else 0)


def _office() -> hours.Calendar | None:
    if "office" not in g:
        g.office = Grounds(g.now).office
    found: hours.Calendar | None = g.office
    return found


@bp.get("")
@needs("followup.see")
def index() -> str:
    """Those that are open, the next due first; or those that are closed."""
    is_open, page = request.args.get("state") != "closed", page_given(LAST_PAGE)
    counts = {each: count_follow_ups(asker(), each) for each in (True, False)}
    rows = list_follow_ups(asker(), is_open, PAGE, (page - 1) * PAGE)
    tabs = [(_("Open"), True), (_("Closed"), False)]

    def there(is_open: bool, page: int | None = None) -> str:
        return url_for(".index", state=None if is_open else "closed", page=page)

    return render_template(
        "follow_ups/index.html",
        is_open=is_open,
        rows=rows,
        tabs_of_state=[
            {
                "label": _("%(name)s (%(count)s)", name=name, count=counts[which]),
                "url": there(which),
                "current": which == is_open,
            }
            for name, which in tabs
        ],
        page=page,
        previous_url=there(is_open, page - 1) if page > 1 else None,
        next_url=there(is_open, page + 1) if page * PAGE < counts[is_open] else None,
    )


@bp.get("/<int:follow_up_id>")
@needs("followup.see")
def show(follow_up_id: int) -> Page:
    """One, with what its reporter said and the steps to be done."""
    return _page(_found(follow_up_id), {})


@bp.post("/<int:follow_up_id>/steps/<step>")
@needs("followup.work")
def do(follow_up_id: int, step: str) -> Page:
    """Keeps the words of a step; the last tells the reporter."""
    found = _found(follow_up_id, "followup.work")
    if step not in STEPS:
        abort(404)
    data, errors = load(STEP_SCHEMAS[step], request.form)
    if data is None:
        return _page(found, {f"{step}-{name}": texts for name, texts in errors.items()}, step), 422
    return _try(
        found, step, lambda: desk.STEPS[step](found.id, _me(), data["words"], now=g.now), _done(found, step)
    )


def _done(found: FollowUp, step: str) -> str:
    if step != "told":
        return _("Kept.")
    name = found.ticket.reporter.name
    if found.ticket.reporter.email is None or not found.ticket.reporter.is_active:
        return _("It stands on their report’s page. %(name)s gets no letter: tell them yourself.", name=name)
    return _("%(name)s is told by letter, and on their report’s page.", name=name)


@bp.post("/<int:follow_up_id>/close")
@needs("followup.work")
def close(follow_up_id: int) -> Page:
    """Closes it, once everything is done."""
    found = _found(follow_up_id, "followup.work")
    return _try(
        found, "", lambda: desk.close(found.id, _me(), now=g.now), _("The loop is closed. Thank you.")
    )


@bp.post("/<int:follow_up_id>/owner")
@needs("followup.work")
def hand_to(follow_up_id: int) -> Page:
    """Another lead of the team takes it over."""
    found = _found(follow_up_id, "followup.work")
    data, errors = load(OwnerSchema, request.form)
    if data is None:
        return _page(found, errors), 422
    said = _("It has a new owner, who is told.")
    return _try(found, "", lambda: desk.hand_to(found.id, _me(), data["owner_id"], now=g.now), said)


def _try(found: FollowUp, step: str, verb: Any, done: str) -> Page:
    try:
        verb()
    except Refused as refusal:
        return _page(_found(found.id), {refusal.field: [say_refusal(refusal)]}, step), 422
    flash(done)
    return redirect(url_for(".show", follow_up_id=found.id), 303)


def say_refusal(refusal: Refused) -> str:
    """Why it was refused, and what to do."""
    left = opinions.say_steps(refusal.names.split(",")) if refusal.names else ""
    return str(REFUSALS[refusal.code]) % {"names": left}


def _me() -> Any:
    return get_person(current_user.id)


def _found(follow_up_id: int, action: str = "followup.see") -> FollowUp:
    """The follow-up if the asker may do that to it; 404 otherwise."""
    found = find_follow_up(follow_up_id, asker())
    if found is None or not access.may_for_team(asker(), action, found.team_id):
        abort(404)
    return found


def _page(found: FollowUp, errors: Errors, step: str = "") -> str:
    ticket, can_work = found.ticket, access.may_for_team(asker(), "followup.work", found.team_id)
    kept = {
        "reached": found.reached_words,
        "cause": found.cause,
        "action": found.action,
        "told": found.action,
    }
    words = kept | ({step: request.form.get("words", "")} if step else {})
    told = find_entry(ticket.id, "followed_up")
    reads = is_desk_side(ticket, asker())  # not once it is at a restricted service of another team
    return render_template(
        "follow_ups/show.html",
        found=found,
        ticket=ticket,
        rating=find_rating(ticket.id) if reads else None,
        reopened=find_entry(ticket.id, "reopened") if reads else None,
        told=told if told and told.detail["follow_up"] == found.id and found.told_at else None,
        say_reasons=opinions.say_reasons,
        reads_ticket=reads,
        can_work=can_work and found.closed_at is None,
        owners=[(person.id, person.name) for person in list_owners_of(found.team_id)],
        steps=[(name, opinions.STEPS[name], name not in found.missing) for name in STEPS],
        left=_say_left(found),
        words=words,
        at_step=step,
        errors=errors,
    )


def _say_left(found: FollowUp) -> str:
    left = len(found.missing)
    if not left:
        return _("Everything is done.")
    return ngettext("%(num)d step is still to be done.", "%(num)d steps are still to be done.", left)
