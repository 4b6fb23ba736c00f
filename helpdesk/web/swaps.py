"""Swaps of turns: what one is asked, what one offers, and what waits for a lead."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import rosters, swap_people, swaps
from helpdesk.desk.changes import By, Refused
from helpdesk.desk.turn_news import AHEAD, runs_of
from helpdesk.rules.spans import Span
from helpdesk.schemas.swaps import SwapSchema
from helpdesk.store.feeds import list_rosters_of_person
from helpdesk.store.people import get_person
from helpdesk.store.rosters import Roster, Swap
from helpdesk.store.swaps import find_swap, list_open_swaps, list_swaps_past
from helpdesk.web.auth import address
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import asker, needs, viewer_zone
from helpdesk.web.roster_board import local_text, say_span
from helpdesk.web.roster_doors import Options, roster_to_see

bp = Blueprint("swaps", __name__, url_prefix="/swaps")
PAST = 20
OWN_TURNS = 12  # of each roster
DEEDS: dict[str, tuple[Callable[[int, By], Swap], Any]] = {
    "accept": (swaps.accept, _l("The turn is yours.")),
    "decline": (swaps.decline, _l("You have said no. The turn stays where it is.")),
    "withdraw": (swaps.withdraw, _l("Your offer is taken back. The turn stays yours.")),
    "approve": (swaps.approve, _l("The swap stands in the roster.")),
    "refuse": (swaps.refuse, _l("You have not agreed. Everything stays as it was.")),
}
WORDS = {
    "over": _l("This offer is over by now, so nothing was changed."),
    "away": _l("You have noted that you are away then. Take the absence back first."),
    "one_away": _l("One of the two is away at that time by now, so nothing was changed."),
    "begun": _l("Choose a time that is still to come."),
    "not_yours": _l("Not all of this time is the turn of who offers it. Look at the roster again."),
    "not_theirs": _l("Not all of this time is the turn of the person who is asked. Choose again."),
    "of_nobody": _l("Say whom you ask: a turn in return can only be one of theirs."),
    "asked_already": _l("You offer this turn already. Take that offer back first."),
    "nobody": _l("Nobody else takes turns in this roster. Ask a lead to put somebody in."),
    "unknown": _l("Choose a person from the list."),
}
STATES = {
    "offered": (_l("Open"), "soon"),
    "accepted": (_l("Waits for a lead"), "wait"),
    "done": (_l("Done"), "ok"),
    "declined": (_l("Declined"), ""),
    "withdrawn": (_l("Taken back"), ""),
    "refused": (_l("A lead did not agree"), ""),
    "lapsed": (_l("Nobody took it"), ""),
}


@bp.app_context_processor
def _words() -> dict[str, Any]:
    return {"swap_states": STATES, "say_swap_span": _say_span}


@bp.get("")
@needs("swap.ask")
def index() -> str:
    """What the asker is asked, decides and offers; their turns to come; and what is settled."""
    waiting = list_open_swaps()
    own = [swap for swap in waiting if swap.asker_id == current_user.id]
    return render_template(
        "rosters/swaps.html",
        asked=[swap for swap in waiting if "accept" in deeds_of(swap)],
        to_decide=[swap for swap in waiting if "approve" in deeds_of(swap)],
        own=own,
        taken=[swap for swap in waiting if swap.taken_by_id == current_user.id],
        turns=_own_turns(own),
        past=list_swaps_past(current_user.id, PAST),
    )


@bp.get("/<int:swap_id>")
@needs("swap.ask")
def show(swap_id: int) -> str:
    """One swap: who gives what to whom, and what one can do about it."""
    swap = _found(swap_id)
    return render_template(
        "rosters/swap.html", swap=swap, deeds=deeds_of(swap), returned=swap_people.returned_of(swap)
    )


@bp.route("/new", methods=["GET", "POST"])
@needs("swap.ask")
def new() -> Answer | str | tuple[str, int]:
    """A turn of one's own is offered: `roster_id`, and `starts_at` and `ends_at` in the roster's zone, come
    with the address."""
    roster = roster_to_see(request.args.get("roster_id", 0, type=int))
    if request.method == "GET":
        return _form(roster, request.args)
    data, errors = load(SwapSchema(zone=roster.zone), request.form)
    if data is not None:
        span = data["starts_at"], data["ends_at"]
        try:
            swap = swaps.offer(
                roster.id, span, data["offered_to_id"], data["returned"], data["reason"], _by()
            )
            flash(_("Your offer is on its way. Until somebody takes it, the turn is still yours."))
            return redirect(url_for(".show", swap_id=swap.id), 303)
        except Refused as fault:
            errors = {fault.field: [str(WORDS[fault.code])]}
    return _form(roster, request.form, errors), 422


@bp.post("/<int:swap_id>/<deed>")
@needs("swap.ask")
def act(swap_id: int, deed: str) -> Answer:
    """Accept, decline, withdraw, approve or refuse."""
    swap = _found(swap_id)
    if deed not in DEEDS or not may_do(swap, deed):
        abort(404)
    act_on, said = DEEDS[deed]
    try:
        swap = act_on(swap_id, _by())
        flash(_("You take the turn once a lead has agreed.") if swap.state == "accepted" else str(said))
    except Refused as fault:
        flash(str(WORDS[fault.code]), "warning")
    except LookupError:
        abort(404)
    return redirect(url_for(".show", swap_id=swap_id), 303)


def deeds_of(swap: Swap) -> list[str]:
    """What the asker can do about an open swap as it stands, the likeliest first; [] for one that is over."""
    possible = {"offered": ("accept", "decline", "withdraw"), "accepted": ("approve", "refuse", "withdraw")}
    return [deed for deed in possible.get(swap.state, ()) if may_do(swap, deed)]


def may_do(swap: Swap, deed: str) -> bool:
    """Whether that deed is the asker's, whatever the state of the swap."""
    if deed == "accept":
        return swap_people.may_take(swap, get_person(current_user.id))
    if deed == "decline":
        return swap.offered_to_id == current_user.id
    if deed == "withdraw":
        return swap.asker_id == current_user.id
    return rosters.may_edit(asker(), swap.roster)


def _found(swap_id: int) -> Swap:
    swap = find_swap(swap_id)
    if swap is None or not swap_people.may_see(asker(), swap):
        abort(404)
    return swap


def _by() -> By:
    return By(g.now, current_user.id, address())


def _own_turns(offered: list[Swap]) -> list[dict[str, Any]]:
    """The asker's turns to come by roster: what is said of each, the address that offers it, whether it is
    offered already."""
    found = []
    for roster in list_rosters_of_person(current_user.id, g.now, g.now + AHEAD):
        spans = [span for person, span in runs_of(roster, g.now, g.now + AHEAD) if _is_me(person)][:OWN_TURNS]
        here = [swap for swap in offered if swap.roster_id == roster.id]
        turns = [
            (_say_span(span), offer_url(roster, span), any(swaps.meet(swap, span) for swap in here))
            for span in spans
        ]
        if turns:
            found.append({"roster": roster, "turns": turns})
    return found


def _is_me(person: Any) -> bool:
    return person is not None and person.id == current_user.id


def offer_url(roster: Roster, span: Span) -> str:
    """The form for the turn; of one that runs, for what is left of it from the next full hour on."""
    next_hour = g.now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    starts_at, ends_at = (local_text(at, roster.zone) for at in (max(span[0], next_hour), span[1]))
    return url_for("rosters.swaps.new", roster_id=roster.id, starts_at=starts_at, ends_at=ends_at)


def _form(roster: Roster, typed: Mapping[str, Any], errors: Errors | None = None) -> str:
    people = swap_people.pool(roster, current_user.id)
    return render_template(
        "rosters/swap_new.html",
        roster=roster,
        typed=typed,
        errors=errors or {},
        people=[(person.id, person.name) for person in people],
        returns=_returns(roster, {person.id: person.name for person in people}),
    )


def _returns(roster: Roster, names: dict[int, str]) -> Options:
    """The others' turns to come, by person: what could be taken in return."""
    groups: dict[int, list[tuple[str, str]]] = {person_id: [] for person_id in names}
    for person, span in runs_of(roster, g.now, g.now + AHEAD):
        if person is not None and person.id in names and span[0] > g.now and span[1] < g.now + AHEAD:
            groups[person.id].append((f"{_iso(span[0])}/{_iso(span[1])}", _say_span(span, roster.zone)))
    return [(names[person_id], turns) for person_id, turns in groups.items() if turns]


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _say_span(span: Span, zone: str | None = None) -> str:
    return say_span(*span, zone or viewer_zone())
