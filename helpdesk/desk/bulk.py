"""One deed done to many tickets: tried out first, ordered, and carried out ticket by ticket.

Each ticket has a transaction of its own, in which the verb that does it by hand and the mark that it is done
are kept together: whatever is killed in between, nothing is done twice and nothing is left out. Rights are
asked for anew at each ticket, of whoever ordered it.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.desk.bulk_deeds import CALLED, VERBS, Data, Refused, require_work
from helpdesk.desk.dispatch import Nobody
from helpdesk.desk.tickets import Taken
from helpdesk.outbound import alarms
from helpdesk.rules.lifecycle import NotAllowed, is_allowed
from helpdesk.store.bulk import (
    BulkAction,
    BulkItem,
    Standing,
    claim_item,
    find_sent_action,
    finish_actions,
    get_standing,
    list_states,
)
from helpdesk.store.db import Conflict, Hindered, after_commit, db, insert_rows, savepoint, transaction
from helpdesk.store.letters import count_written
from helpdesk.store.outages import list_child_ids
from helpdesk.store.people import Person, get_person
from helpdesk.store.tickets import find_last_entry_id, lock_tickets

log = logging.getLogger(__name__)

MOST = 500  # tickets of one order
MOST_TRIED = 100  # tickets that are tried out before: somebody waits for it
TRIES = 3  # of a ticket that two wait for at once
TRIED_AT_ONCE = 10  # tickets a transaction that is rolled back: SQLite's other writers wait for it


@dataclass(frozen=True)
class Outcome:
    """What becomes of a ticket. `state` and `fault` as BulkItem's; `before` and `after` where it was tried
    out and changes; `letters`: how many are written."""

    ticket_id: int
    state: str
    fault: str
    before: Standing | None = None
    after: Standing | None = None
    letters: int = 0


def order(
    person: Person,
    deed: str,
    data: Data,
    ticket_ids: Sequence[int],
    *,
    now: datetime,
    sent_key: str | None = None,
) -> BulkAction:
    """Keeps what is to be done, for `carry_out_next`; the same sending again orders nothing.

    `data` in JSON, as `kept_data` makes it. ValueError for more than MOST tickets.
    """
    if len(ticket_ids) > MOST:
        raise ValueError(f"more than {MOST} tickets")
    try:
        with transaction():
            if sent_key and (earlier := find_sent_action(sent_key)):
                return earlier
            action = BulkAction(
                person_id=person.id, deed=deed, data=dict(data), ordered_at=now, sent_key=sent_key
            )
            db.session.add(action)
            db.session.flush()
            wanted = sorted(set(ticket_ids) - {data.get("other_id")})
            always = {"bulk_id": action.id, "state": "pending", "fault": ""}
            insert_rows(BulkItem, [{**always, "ticket_id": each} for each in wanted])
            after_commit("bulk", alarms.bulk_soon)
            return action
    except Conflict:  # the same sending at the same time was faster
        if sent_key and (earlier := find_sent_action(sent_key)):
            return earlier
        raise


def carry_out_next(now: datetime, bulk_id: int | None = None) -> bool:
    """Does the next ticket of the oldest order (or of `bulk_id`), in one transaction; False where none is
    left.

    Several may call it at once: each takes another ticket. What waits for somebody who waits for it is tried
    again; where that does not help, the ticket is still to be done and `Hindered` raised.
    """
    for _try in range(TRIES - 1):
        try:
            return _carry_out_next(now, bulk_id)
        except Hindered:
            log.warning("a ticket of a bulk order could not be done just now", exc_info=True)
    return _carry_out_next(now, bulk_id)


def _carry_out_next(now: datetime, bulk_id: int | None) -> bool:
    with transaction():
        item = claim_item(bulk_id)
        if item is None:
            finish_actions(now)
            return False
        action = item.action
        item.state, item.fault = _do(action.person_id, action.deed, action.data, item.ticket_id, now)
    return True


def try_out(
    person: Person, deed: str, data: Data, ticket_ids: Sequence[int], *, now: datetime
) -> Iterator[Outcome]:
    """What the deed would make of each ticket: it is done and rolled back, so nothing is kept or sent.

    What one ticket's deed means for the next (whose turn it is) holds within TRIED_AT_ONCE tickets. Beyond
    MOST_TRIED, which somebody waits for, only its state is asked: `after` None, and no letters.
    """
    person_id, wanted = person.id, sorted(set(ticket_ids) - {data.get("other_id")})
    for start in range(0, min(len(wanted), MOST_TRIED), TRIED_AT_ONCE):
        found: list[Outcome] = []
        try:
            with transaction():
                some = wanted[start : min(start + TRIED_AT_ONCE, MOST_TRIED)]
                # All at first, in their order: else they could wait for whoever waits for one of them.
                lock_tickets({*some, *list_child_ids(some), data.get("other_id") or some[0]})
                found += [_tried(person_id, deed, data, each, now) for each in some]
                raise _RolledBack
        except _RolledBack:
            yield from found
    for ticket_id, state in list_states(wanted[MOST_TRIED:]):
        verb = CALLED.get(deed, deed)
        yield (
            Outcome(ticket_id, "done", "")
            if is_allowed(verb, state)
            else Outcome(ticket_id, "refused", f"{verb} {state}")
        )


class _RolledBack(Exception):
    """Ends a transaction of which nothing is to be kept."""


def kept_data(loaded: Data) -> dict[str, Any]:
    """What a deed's schema has loaded, as JSON takes it."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in loaded.items()
    }


def _tried(person_id: int, deed: str, data: Data, ticket_id: int, now: datetime) -> Outcome:
    before, written = get_standing(ticket_id), count_written(now)
    state, fault = _do(person_id, deed, data, ticket_id, now)
    if state != "done":
        return Outcome(ticket_id, state, fault)
    return Outcome(ticket_id, state, fault, before, get_standing(ticket_id), count_written(now) - written)


def _do(person_id: int, deed: str, data: Data, ticket_id: int, now: datetime) -> tuple[str, str]:
    """Does it in a savepoint of its own, for a refusal undoes what the verb has begun; (state, fault)."""
    try:
        with savepoint():
            before = find_last_entry_id(ticket_id)
            person = get_person(person_id)
            require_work(person, ticket_id)
            VERBS[deed](ticket_id, person, data, now)
            if find_last_entry_id(ticket_id) == before:
                raise Refused("unchanged")  # whatever the verb has set without a word
    except NotAllowed as refusal:
        return "refused", f"{refusal.verb} {refusal.state}"
    except Refused as refusal:
        return ("unchanged", "") if refusal.code == "unchanged" else ("refused", refusal.code)
    except Taken as taken:
        return "refused", f"taken {taken.holder.id}"
    except Nobody:
        return "refused", "nobody"
    except Hindered:  # there is nothing wrong with the ticket
        raise
    except Exception as fault:
        if type(fault) is LookupError:  # what verbs raise; a KeyError is a fault like any other
            return "refused", "gone"
        # One ticket in disorder does not hold up the others.
        log.exception("bulk deed %s could not be done to ticket %s", deed, ticket_id)
        return "refused", "failed"
    return "done", ""
