"""One deed for many tickets: the form, what it would do, the order, and how far it is."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from flask import Blueprint, abort, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from marshmallow import Schema
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import bulk
from helpdesk.desk.tickets import sent_key
from helpdesk.schemas.tickets import MergeSchema
from helpdesk.store.bulk import (
    BulkAction,
    count_states,
    find_action,
    find_newest_entry_id,
    list_actions,
    list_chosen,
    list_items,
)
from helpdesk.store.people import get_person
from helpdesk.store.tickets import Ticket, list_desk_side, ticket_id_of
from helpdesk.web import bulk_words, dispatch_words, words
from helpdesk.web.forms import Errors, load, sending
from helpdesk.web.frame import asker, needs
from helpdesk.web.numbers import last_seen
from helpdesk.web.ticket_forms import FORMS, Refused, list_staff, other_id, require_place, require_staff

bp = Blueprint("bulk", __name__, url_prefix="/bulk")
Page = Answer | str | tuple[str, int]
AT_ONCE = 20  # tickets for which nobody has to wait for a worker
SHOWN = 20  # orders of before
_CARRIED = frozenset({"csrf_token", "ticket", "tickets", "deed", "seen", "sending"})


class Deed(NamedTuple):
    """A deed for many: its words, and where it is not as on a ticket's page its schema (None: it asks for
    nothing), its fields' template and what these need."""

    title: Any
    button: Any
    schema: Callable[[], Schema] | None
    template: str
    choices: Callable[[], dict[str, Any]] = dict


def _like(deed: str, title: Any, choices: Callable[[], dict[str, Any]] = dict) -> Deed:
    """With the fields of the ticket's page."""
    return Deed(title, FORMS[deed].button, FORMS[deed].schema, f"tickets/{deed}.html", choices)


def _of_no_ticket(deed: str) -> Callable[[], dict[str, Any]]:
    """What the form of the ticket's page offers whichever ticket it is about."""
    return lambda: FORMS[deed].choices(Ticket())


def _people() -> dict[str, Any]:
    ways = [("person", _("A person"))] + [(way, str(said)) for way, said in dispatch_words.WAYS.items()]
    return {"people": [(p.id, p.name) for p in list_staff()], "ways": ways}


def _severities() -> dict[str, Any]:
    return {"severities": list(words.SEVERITIES.items())}


DEEDS: Mapping[str, Deed] = {
    "assign": Deed(_l("Assign"), _l("Assign"), FORMS["assign"].schema, "bulk/assign.html", _people),
    "accept": Deed(_l("Accept"), _l("Accept"), None, ""),
    "severity": _like("severity", _l("Change the severity"), _severities),
    "move": _like("move", _l("Move to another service or team"), _of_no_ticket("move")),
    "wait": _like("wait", _l("Wait for an answer"), _of_no_ticket("wait")),
    "resolve": _like("resolve", _l("Resolve")),
    "link": _like("link", _l("Link with one ticket")),
    "merge": Deed(_l("Merge into one"), _l("Merge"), MergeSchema, "bulk/merge.html"),
    "adopt": Deed(_l("Put under one fault"), _l("Put under it"), MergeSchema, "bulk/adopt.html"),
    "cancel": _like("cancel", _l("Cancel the tickets")),
}


@bp.route("/new", methods=["GET", "POST"])
@needs("ticket.work")
def new() -> Page:
    """The deed's form for the chosen tickets; without a deed the choice of one. A POST comes back to it."""
    deed, chosen = request.values.get("deed", ""), _chosen()
    if not chosen or deed not in DEEDS:
        deeds = [(name, each.title) for name, each in DEEDS.items()]
        return render_template("bulk/choose.html", deeds=deeds, **_about(chosen))
    if DEEDS[deed].schema is None:
        return _preview(deed, chosen, _data(deed))
    first = {"number": chosen[0].number} if deed in ("merge", "adopt") else {}
    first |= {"waiting_for": "reporter", "how": "relates_to", "way": "person"}
    return _form(deed, chosen, {}, first | request.form.to_dict())


@bp.post("/preview")
@needs("ticket.work")
def preview() -> Page:
    """What it would do to each ticket; nothing is kept."""
    deed, chosen = _deed(), _chosen()
    try:
        data = _data(deed)
    except Refused as refusal:
        return _form(deed, chosen, refusal.errors, request.form.to_dict()), 422
    return _preview(deed, chosen, data)


@bp.post("")
@needs("ticket.work")
def order() -> Page:
    """Orders it. Few tickets are done at once, many by a worker."""
    deed, chosen = _deed(), _chosen()
    try:
        data = _data(deed)
    except Refused as refusal:
        return _form(deed, chosen, refusal.errors, request.form.to_dict()), 422
    ids = [ticket.id for ticket in chosen]
    token = request.form.get("sending")
    key = sent_key("bulk", current_user.id, token, deed, ids) if token else None
    action = bulk.order(get_person(current_user.id), deed, data, ids, now=g.now, sent_key=key)
    bulk_id = action.id
    while len(ids) <= AT_ONCE and bulk.carry_out_next(g.now, bulk_id):
        pass
    return redirect(url_for(".show", bulk_id=bulk_id), 303)


@bp.get("")
@needs("ticket.work")
def index() -> Page:
    """What the asker has ordered lately."""
    found = list_actions(current_user.id, SHOWN)
    counts = count_states([action.id for action in found])
    return render_template("bulk/index.html", orders=[(a, DEEDS[a.deed].title, counts[a.id]) for a in found])


@bp.get("/<int:bulk_id>")
@needs("ticket.work")
def show(bulk_id: int) -> Page:
    """How far an order is, and what became of each ticket."""
    return render_template("bulk/show.html", **_progress(bulk_id))


@bp.get("/<int:bulk_id>/progress")
@needs("ticket.work")
def progress(bulk_id: int) -> Page:
    """The same without its frame, for the page that keeps itself fresh until it is done."""
    answer = make_response(render_template("bulk/progress.html", **_progress(bulk_id)))
    answer.add_etag(weak=True)
    return answer.make_conditional(request)


def _progress(bulk_id: int) -> dict[str, Any]:
    action: BulkAction | None = find_action(bulk_id, current_user.id)
    if action is None:
        abort(404)
    items = list_items(bulk_id)
    lines = bulk_words.lines_of(items, list_desk_side({item.ticket_id for item in items}, asker()))
    counts = Counter(item.state for item in items)
    return {"order": action, "title": DEEDS[action.deed].title, "lines": lines, "counts": counts}


def _deed() -> str:
    deed = request.form.get("deed", "")
    if deed not in DEEDS:
        abort(404)
    return deed


def _chosen() -> list[Ticket]:
    """The tickets that were chosen (`ticket` each, or `tickets` together) and are the asker's to read."""
    numbers = [*request.values.getlist("ticket"), *request.values.get("tickets", "").split(",")]
    ids = {found for number in numbers if (found := ticket_id_of(number)) is not None}
    if len(ids) > bulk.MOST:
        flash(_("At most %(most)s tickets at once; the first of them are here.", most=bulk.MOST), "warning")
    return list_chosen(sorted(ids)[: bulk.MOST], asker())


def _seen() -> int:
    """The last entry that was there when the asker looked: whoever takes a ticket later was faster."""
    seen = last_seen()
    return find_newest_entry_id() if seen is None else seen


def _data(deed: str) -> dict[str, Any]:
    """What the form says, as desk/bulk takes it. Raises Refused."""
    schema = DEEDS[deed].schema
    if schema is None:
        return {"seen": _seen()}
    data, errors = load(schema(), request.form)
    if data is None:
        raise Refused(errors)
    if deed == "move":
        require_place(data)
    elif deed == "assign":
        require_staff(data["assignee_id"])
    if "number" in data:
        data["other_id"] = other_id(data)
        del data["number"]
    return bulk.kept_data(data)


def _about(chosen: list[Ticket]) -> dict[str, Any]:
    """What each step hands on to the next."""
    return {"chosen": chosen, "tickets": ",".join(str(ticket.id) for ticket in chosen)}


def _form(deed: str, chosen: list[Ticket], errors: Errors, typed: dict[str, Any]) -> str:
    return render_template(
        DEEDS[deed].template,
        form_page="bulk/form.html",
        deed=deed,
        form=DEEDS[deed],
        errors=errors,
        typed=typed,
        **_about(chosen),
        **DEEDS[deed].choices(),
    )


def _preview(deed: str, chosen: list[Ticket], data: dict[str, Any]) -> str:
    about = _about(chosen) | {"chosen": len(chosen)}
    subjects = {ticket.id: ticket.subject for ticket in chosen}  # what is tried out forgets what was read
    found = list(bulk.try_out(get_person(current_user.id), deed, data, list(subjects), now=g.now))
    return render_template(
        "bulk/preview.html",
        deed=deed,
        form=DEEDS[deed],
        lines=bulk_words.lines_ahead(found, subjects, data),
        counts=Counter(outcome.state for outcome in found),
        letters=sum(outcome.letters for outcome in found),
        tried=bulk.MOST_TRIED if len(found) > bulk.MOST_TRIED else None,
        carried=[pair for pair in request.form.items(multi=True) if pair[0] not in _CARRIED],
        seen=data.get("seen", ""),
        sending=sending({}),
        **about,
    )
