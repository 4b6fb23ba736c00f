"""Several reports of one fault: what is proposed, the form that puts them together, and a ticket's family."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as AnyResponse

from helpdesk.desk import outages
from helpdesk.desk.outages import Proposal
from helpdesk.rules.lifecycle import Kind, NotAllowed
from helpdesk.schemas.outages import AdoptSchema, ApartSchema, ReleaseSchema
from helpdesk.store.outages import list_children, list_open_parents, list_to_adopt, list_words_of_children
from helpdesk.store.tickets import Ticket, find_ticket, is_desk_side, ticket_id_of
from helpdesk.web import sentences, words
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import asker, may, needs
from helpdesk.web.fresh import if_new
from helpdesk.web.numbers import id_of
from helpdesk.web.ticket_page import desk_ticket, me

bp = Blueprint("outages", __name__, url_prefix="/outages")
Page = AnyResponse | str | tuple[str, int]
LAST_WORDS = 10


@dataclass(frozen=True)
class Family:
    """What a ticket's page says of the fault that it shares: its `parent` where it is a child (without
    `reads_parent` no more of it than its number); its `children` with the last words written there, and how
    many `people` have it, where it is a parent; the `proposal` that it is part of, or the `known` faults that
    it may be, for those who work tickets."""

    parent: Ticket | None
    reads_parent: bool
    children: Sequence[Any]
    words: Sequence[Any]
    people: int
    proposal: Proposal | None
    known: Sequence[Ticket]


@bp.app_context_processor
def _of_pages() -> dict[str, Any]:
    return {"outage_proposals": _proposals, "family_of": _family_of, "state_words": words.STATES}


def _proposals() -> list[Proposal]:
    """What the queue's page proposes, to those who work tickets."""
    return outages.proposals(asker(), g.now) if may("ticket.work") else []


def _family_of(ticket: Ticket) -> Family:
    children = list_children(ticket.id, asker()) if ticket.parent_id is None else []
    parent = ticket.parent if ticket.parent_id is not None else None
    return Family(
        parent,
        parent is not None and is_desk_side(parent, asker()),
        children,
        list_words_of_children(ticket.id, asker(), LAST_WORDS) if children else [],
        outages.people_with(ticket) if children else 0,
        None if children else _proposal_with(ticket),
        [] if children else _known_to_all(ticket),
    )


def _proposal_with(ticket: Ticket) -> Proposal | None:
    """What is proposed about this very ticket; asked only where it can be."""
    may_be = ticket.is_open and ticket.kind == Kind.FAULT and ticket.parent_id is None
    if not may_be or ticket.service_id is None or ticket.stands_alone or not may("ticket.work"):
        return None
    found = outages.proposals(asker(), g.now, [ticket.service_id])
    return next((each for each in found if ticket.id in each.ids), None)


def _known_to_all(ticket: Ticket) -> list[Ticket]:
    """Of which faults a report of no service may be."""
    is_lone = ticket.service_id is None and ticket.parent_id is None and not ticket.stands_alone
    return list_open_parents(asker()) if ticket.is_open and is_lone and may("ticket.work") else []


@bp.get("/banner")
@needs("ticket.work")
def banner() -> AnyResponse:
    """The proposals alone, for the queue that keeps itself fresh: 304 while nothing has changed."""
    return if_new(outages.proposals(asker(), g.now), lambda: render_template("queue/outages.html"))


@bp.get("/of/<number>")
@needs("ticket.see")
def children(number: str) -> AnyResponse:
    """The children alone, for their parent's page that keeps itself fresh."""
    ticket = desk_ticket(number)
    family = _family_of(ticket)
    last = family.words[0].id if family.words else 0
    states = [(child.id, child.state, child.words) for child in family.children]
    return if_new(
        (states, last, family.people),
        lambda: render_template("tickets/children.html", ticket=ticket, family=family),
    )


@bp.get("/new")
@needs("ticket.work")
def new() -> Page:
    """Which reports are one fault: those of a service that are proposed (`service`), or these (`ticket`)."""
    service_id = id_of(request.args.get("service"))
    found = outages.proposals(asker(), g.now, [service_id]) if service_id is not None else []
    given = [id_of(each) for each in request.args.getlist("ticket")]
    ids = found[0].ids if found else [each for each in given if each is not None]
    if not found and not given:
        flash(_("There is nothing to put together any more: somebody was faster."))
        return redirect(url_for("queue.index"), 303)
    reports = _open_ones(ids)
    if not reports:
        abort(404)
    parent_id = found[0].parent_id if found else None
    return _form(reports, {"ticket": [each.id for each in reports], "parent_id": parent_id}, {})


@bp.post("/new")
@needs("ticket.work")
def adopt() -> Page:
    """They are one fault, or (`as=apart`) they are not."""
    if request.form.get("as") == "apart":
        return _set_apart()
    data, errors = load(AdoptSchema, request.form)
    parent = None
    if data is not None:
        wanted = ticket_id_of(data["number"]) if data["number"] else data["parent_id"]
        parent = find_ticket(wanted or 0, asker())
        if parent is None or not is_desk_side(parent, asker()):
            name = "number" if data["number"] else "parent_id"
            errors = {name: [_("There is no such ticket. Look at the number again.")]}
    if data is None or parent is None or errors:
        return _again(errors), 422
    reports = [each.id for each in list_to_adopt(data["ticket"], asker())]
    try:
        done = outages.adopt(parent.id, reports, me(), subject=data["subject"], now=g.now)
    except NotAllowed as refusal:
        return _again({"": [words.not_allowed(refusal)]}), 422
    said = ngettext(
        "%(num)s report stands under this ticket now, and its reporter is told.",
        "%(num)s reports stand under this ticket now, and their reporters are told.",
        len(done),
    )
    flash(said if done else _("They stand under this ticket already, or have ended."))
    return redirect(url_for("tickets.page", number=parent.number), 303)


def _set_apart() -> Page:
    data, errors = load(ApartSchema, request.form)
    if data is None:
        return _again(errors), 422
    reports = [each.id for each in list_to_adopt(data["ticket"], asker())]
    outages.set_apart(reports, me(), now=g.now)
    flash(_("They are looked at one by one, and not proposed again."))
    return redirect(url_for("queue.index"), 303)


@bp.post("/release/<number>")
@needs("ticket.work")
def release(number: str) -> Page:
    """The report is something else: it goes on by itself."""
    ticket = desk_ticket(number)
    data, _errors = load(ReleaseSchema, request.form)
    outages.release(ticket.id, me(), (data or {}).get("reason", ""), now=g.now)
    flash(_("It goes on by itself. Somebody has to accept it, and its reporter is told."))
    return redirect(url_for("tickets.page", number=ticket.number), 303)


def _open_ones(ids: Sequence[int]) -> list[Ticket]:
    return [each for each in list_to_adopt(ids, asker()) if each.is_open]


def _again(errors: Errors) -> str:
    """The form with what was typed."""
    ids = [found for each in request.form.getlist("ticket") if (found := id_of(each)) is not None]
    offered = [found for each in request.form.getlist("offered") if (found := id_of(each)) is not None]
    return _form(_open_ones(offered or ids), {**request.form.to_dict(), "ticket": ids}, errors)


def _form(reports: Sequence[Ticket], typed: dict[str, Any], errors: Errors) -> str:
    services = {each.service_id for each in reports}
    # What came by mail names no service: it may be about any.
    known = list_open_parents(asker(), None if None in services else services)  # type: ignore[arg-type]
    stands = [*known, *(reports if len(reports) > 1 else [])]
    chosen = id_of(str(typed.get("parent_id")))
    return render_template(
        "outages/new.html",
        reports=reports,
        stands=stands,
        service=next((each.service for each in reports if each.service), None),
        known={each.id for each in known},
        parent=next((each for each in stands if each.id == chosen), stands[0] if stands else None),
        severities=words.SEVERITIES,
        clock_time=sentences.clock_time,
        typed=typed,
        errors=errors,
    )
