"""Swaps: somebody offers a turn of theirs to one or to all; another takes it; a lead agrees where the roster
wants it. Done is a swap once its overrides stand."""

from datetime import datetime

from helpdesk.desk import rosters
from helpdesk.desk.changes import By, Refused
from helpdesk.desk.roster_plans import span_text
from helpdesk.desk.security import log_event
from helpdesk.desk.swap_people import deciders, has_turn, may_take, pool, returned_of, takers
from helpdesk.desk.turn_news import told
from helpdesk.outbound import letters
from helpdesk.rules.spans import Span
from helpdesk.rules.swaps import OPEN, Deed, NotPossible, lapses_at, state_after
from helpdesk.store.db import db, transaction
from helpdesk.store.names import get_row_for_change
from helpdesk.store.people import Person, find_person, get_person
from helpdesk.store.rosters import (
    Override,
    Roster,
    Swap,
    get_roster_for_change,
    list_absences,
)
from helpdesk.store.swaps import find_swap, list_open_swaps, list_swaps_begun


def offer(
    roster_id: int, span: Span, offered_to_id: int | None, returned: Span | None, words: str, by: By
) -> Swap:
    """`by` offers their turn, or a part of it, to one (`offered_to_id`) or to all of the roster's people, and
    takes `returned` of that one's for it.

    Raises Refused: starts_at begun, not_yours, asked_already; offered_to_id nobody, unknown; returned begun,
    not_theirs, of_nobody, away. LookupError for an unknown roster.
    """
    with transaction():
        roster = get_roster_for_change(roster_id)
        asker = get_person(by.actor_id)
        asked = _whom(roster, asker, offered_to_id)
        _check(roster, asker, span, asked[0] if offered_to_id else None, returned, by.now)
        if any(
            s.asker_id == asker.id and s.roster_id == roster_id and meet(s, span) for s in list_open_swaps()
        ):
            raise Refused("starts_at", "asked_already")
        swap = Swap(
            roster=roster,
            asker=asker,
            offered_to=asked[0] if offered_to_id else None,
            starts_at=span[0],
            ends_at=span[1],
            return_starts_at=returned[0] if returned else None,
            return_ends_at=returned[1] if returned else None,
            words=words,
            state="offered",
            created_at=by.now,
        )
        db.session.add(swap)
        db.session.flush()
        _log("swap_offered", swap, by)
        for person in asked:
            _write("swap_offered", swap, person, by)
    return swap


def accept(swap_id: int, by: By) -> Swap:
    """`by` takes the turn; unless the roster wants a lead's word, the swap is done.

    Raises Refused: swap_id over, not_yours, not_theirs (the turns changed meanwhile), away (`by` is, at that
    time), one_away (the asker is, at that in return); LookupError where it is not offered to them.
    """
    with transaction():
        swap, roster = _held(swap_id)
        person = get_person(by.actor_id)
        if not may_take(swap, person):
            raise LookupError(f"swap {swap_id} is not offered to person {person.id}")
        # A lead who takes part in a swap agrees to it by that.
        leads = any(rosters.may_edit(each.asker, roster) for each in (swap.asker, person))
        state = _next(swap, "accept", roster.swaps_need_lead and not leads)
        if _is_away(person, (swap.starts_at, swap.ends_at)):
            raise Refused("swap_id", "away")
        _check_again(swap, roster, person, by.now)
        swap.taken_by, swap.taken_at, swap.state = person, by.now, state
        if state == "done":
            _carry_out(swap, by)
        else:
            _log("swap_accepted", swap, by)
            for to in {p.id: p for p in (swap.asker, *deciders(roster))}.values():
                _write("swap_accepted", swap, to, by)
    return swap


def decline(swap_id: int, by: By) -> Swap:
    """The one who was asked does not take it. Raises Refused (swap_id over); LookupError for others."""
    with transaction():
        swap, _roster = _held(swap_id)
        if swap.offered_to_id != by.actor_id:
            raise LookupError(f"swap {swap_id} is not offered to person {by.actor_id} alone")
        _end(swap, "decline", [swap.asker], by)
    return swap


def withdraw(swap_id: int, by: By) -> Swap:
    """The asker keeps their turn after all. Raises Refused (swap_id over); LookupError for others."""
    with transaction():
        swap, roster = _held(swap_id)
        if swap.asker_id != by.actor_id:
            raise LookupError(f"swap {swap_id} is not person {by.actor_id}'s")
        hear = [swap.taken_by, *deciders(roster)] if swap.taken_by else takers(swap)
        _end(swap, "withdraw", hear, by)
    return swap


def approve(swap_id: int, by: By) -> Swap:
    """A lead agrees, and the swap is done. Doors check that they may change the roster.

    Raises Refused: swap_id over, not_yours, not_theirs, one_away; LookupError.
    """
    with transaction():
        swap, roster = _held(swap_id)
        state = _next(swap, "approve", roster.swaps_need_lead)
        assert swap.taken_by is not None  # noqa: S101 -- as it is accepted
        _check_again(swap, roster, swap.taken_by, by.now)
        swap.state, swap.decided_by_id, swap.decided_at = state, by.actor_id, by.now
        _carry_out(swap, by)
    return swap


def refuse(swap_id: int, by: By) -> Swap:
    """A lead does not agree. Doors check that they may change the roster. Raises Refused (swap_id over)."""
    with transaction():
        swap, _roster = _held(swap_id)
        _end(swap, "refuse", [swap.asker, swap.taken_by], by)
        swap.decided_by_id, swap.decided_at = by.actor_id, by.now
    return swap


def lapse_begun(now: datetime) -> None:
    """Ends open swaps of which a turn has begun; the asker hears that it stays theirs. For the sweep: several
    clocks may do it at once."""
    for swap_id in list_swaps_begun(now):
        with transaction():
            swap, _roster = _held(swap_id)
            if swap.state in OPEN:
                _end(swap, "lapse", [swap.asker, swap.taken_by], By(now, 0))


def _whom(roster: Roster, asker: Person, offered_to_id: int | None) -> list[Person]:
    people = pool(roster, asker.id)
    asked = [p for p in people if p.id == offered_to_id] if offered_to_id else people
    if not asked:
        raise Refused("offered_to_id", "unknown" if offered_to_id else "nobody")
    return asked


def _check(
    roster: Roster, asker: Person, span: Span, other: Person | None, returned: Span | None, now: datetime
) -> None:
    if span[0] <= now:
        raise Refused("starts_at", "begun")
    if not has_turn(roster, asker.id, span):
        raise Refused("starts_at", "not_yours")
    if returned is None:
        return
    if other is None:
        raise Refused("returned", "of_nobody")
    if returned[0] <= now:
        raise Refused("returned", "begun")
    if not has_turn(roster, other.id, returned):
        raise Refused("returned", "not_theirs")
    if _is_away(asker, returned):
        raise Refused("returned", "away")


def _check_again(swap: Swap, roster: Roster, taker: Person, now: datetime) -> None:
    """Between an offer and its end a roster may change. Raises Refused."""
    if lapses_at(swap.starts_at, swap.return_starts_at) <= now:
        raise Refused("swap_id", "over")
    if not has_turn(roster, swap.asker_id, (swap.starts_at, swap.ends_at)):
        raise Refused("swap_id", "not_yours")
    returned = returned_of(swap)
    if returned is not None and not has_turn(roster, taker.id, returned):
        raise Refused("swap_id", "not_theirs")
    if not taker.is_active or _is_away(taker, (swap.starts_at, swap.ends_at)):
        raise Refused("swap_id", "one_away")
    if returned is not None and _is_away(swap.asker, returned):
        raise Refused("swap_id", "one_away")


def _is_away(person: Person, span: Span) -> bool:
    """Whether the person is absent for any of it: they could not take it."""
    return bool(list_absences(*span, {person.id}))


def meet(swap: Swap, span: Span) -> bool:
    """Whether what the swap offers and the span overlap."""
    return swap.starts_at < span[1] and span[0] < swap.ends_at


def _held(swap_id: int) -> tuple[Swap, Roster]:
    """The swap and its roster, both locked, the roster first as everywhere. Raises LookupError."""
    found = find_swap(swap_id)
    if found is None:
        raise LookupError(f"no swap {swap_id}")
    roster = get_roster_for_change(found.roster_id)
    return get_row_for_change(Swap, swap_id), roster


def _next(swap: Swap, deed: Deed, needs_lead: bool) -> str:
    try:
        return state_after(swap.state, deed, needs_lead)
    except NotPossible:
        raise Refused("swap_id", "over") from None


def _carry_out(swap: Swap, by: By) -> None:
    """Puts both sides into the roster; each reads in one letter what it makes of their turns."""
    assert swap.taken_by is not None  # noqa: S101 -- as it is accepted
    given: list[tuple[Person, Span | None]] = [
        (swap.taken_by, (swap.starts_at, swap.ends_at)),
        (swap.asker, returned_of(swap)),
    ]
    with told([swap.roster_id], now=by.now, actor_id=by.actor_id, why="swap"):
        for person, span in given:
            if span is not None:
                db.session.add(_override(swap, person, span, by))
    _log("swap_done", swap, by)


def _override(swap: Swap, person: Person, span: Span, by: By) -> Override:
    return Override(
        roster_id=swap.roster_id,
        person_id=person.id,
        starts_at=span[0],
        ends_at=span[1],
        reason=swap.words,
        made_by="swap",
        swap_id=swap.id,
        created_by_id=by.actor_id,
        created_at=by.now,
    )


def _end(swap: Swap, deed: Deed, hear: list[Person | None] | list[Person], by: By) -> None:
    swap.state = _next(swap, deed, True)
    _log(f"swap_{swap.state}", swap, by)
    for to in {person.id: person for person in hear if person is not None}.values():
        _write("swap_over", swap, to, by)


def _write(kind: str, swap: Swap, to: Person, by: By) -> None:
    """A letter about the swap to somebody, but to whoever does it."""
    if to.id == by.actor_id:
        return
    letters.write(
        kind,
        to,
        key=f"{kind}:{swap.id}:{to.id}",
        now=by.now,
        swap=swap,
        returned=returned_of(swap),
        actor=find_person(by.actor_id),
    )


def _log(what: str, swap: Swap, by: By) -> None:
    log_event(
        what,
        now=by.now,
        actor_id=by.actor_id or None,
        subject=f"roster:{swap.roster.name}",
        detail={
            "swap": swap.id,
            "asker": swap.asker.name,
            "taker": swap.taken_by.name if swap.taken_by else "",
            "span": span_text(swap.starts_at, swap.ends_at),
        },
        address=by.address,
    )
