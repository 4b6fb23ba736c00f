"""Handovers: the notes that went from one turn to the next, and words for the next one beforehand."""

from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import handovers
from helpdesk.desk.changes import By
from helpdesk.schemas.handovers import WordsSchema
from helpdesk.store.handovers import find_sent_handover, find_words, list_handovers
from helpdesk.store.people import get_names
from helpdesk.store.rosters import Handover
from helpdesk.web.auth import address
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import asker, may, needs

bp = Blueprint("handovers", __name__, url_prefix="/handovers")
LISTED = 50


@bp.get("")
@needs("roster.see")
def index() -> str:
    """One's own turns that end, each with words for the next; and what was handed over."""
    return _page()


@bp.post("/of/<int:roster_id>")
@needs("handover.write")
def write(roster_id: int) -> Answer | tuple[str, int]:
    """Keeps the words for whoever comes next."""
    data, errors = load(WordsSchema, request.form)
    if data is None:
        return _page(roster_id, request.form.get("words", ""), errors), 422
    try:
        handovers.write_words(roster_id, data["words"].strip(), _by())
    except LookupError:
        abort(404)
    flash(_("Kept. The next person gets it with the handover."))
    return redirect(url_for(".index"), 303)


@bp.get("/<int:handover_id>")
@needs("roster.see")
def show(handover_id: int) -> str:
    """A note that was handed over, with those of its tickets that the reader may see."""
    note = _note(handover_id)
    return render_template(
        "rosters/handover.html",
        note=note,
        tickets=handovers.tickets_of(note, asker()),
        may_see_off=note.to_person_id == current_user.id and note.seen_at is None,
    )


@bp.post("/<int:handover_id>/seen")
@needs("handover.write")
def seen(handover_id: int) -> Answer:
    """The next person has read it."""
    _note(handover_id)
    handovers.see(handover_id, _by())
    return redirect(url_for(".show", handover_id=handover_id), 303)


def _by() -> By:
    return By(g.now, current_user.id, address())


def _note(handover_id: int) -> Handover:
    note = find_sent_handover(handover_id)
    return note if note is not None and handovers.may_read(asker(), note) else abort(404)


def _page(at_fault: int | None = None, typed: str = "", errors: Errors | None = None) -> str:
    return render_template(
        "rosters/handovers.html",
        turns=[
            {**turn, "typed": typed, "errors": errors or {}} if turn["roster"].id == at_fault else turn
            for turn in _own_turns()
        ],
        notes=list_handovers(asker(), LISTED),
    )


def _own_turns() -> list[dict[str, Any]]:
    """The rosters in which a turn of the asker's ends next, with what they have written so far."""
    found = []
    for roster in handovers.rosters_with(current_user.id, g.now) if may("handover.write") else []:
        change = handovers.end_of_turn(roster, current_user.id, g.now)
        if change is not None:
            note = find_words(roster.id, current_user.id)
            following = get_names({change.to_person or 0}).get(change.to_person or 0)
            found.append(
                {
                    "roster": roster,
                    "at": change.at,
                    "next": following,
                    "typed": note.words if note is not None else "",
                    "errors": {},
                }
            )
    return found
