"""What is done on a parent its children take over, each in a transaction of its own.

A child's row says up to which of its parent's entries it has come (`followed_id`), so that whatever is killed
in between, each child goes on where it is, nothing half and nothing twice. Each entry holds from the parent's
instant on: that a child takes it over a second later moves no deadline.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from helpdesk.desk import closing, targets
from helpdesk.desk.children import let_go, take_answer, take_over
from helpdesk.desk.participants import tell
from helpdesk.desk.timeline import record
from helpdesk.rules.lifecycle import State, state_in_hand
from helpdesk.store.db import transaction
from helpdesk.store.outages import find_heir, list_behind, list_to_pass_on
from helpdesk.store.tickets import Entry, Ticket, get_ticket_for_change

log = logging.getLogger(__name__)

BATCH = 200


def pass_on(now: datetime) -> int:
    """Has every child take over what its parent has done; returns how many did.

    A child in disorder is logged and left for the next sweep; it keeps no other from it.
    """
    done, after_id = 0, 0
    while behind := list_behind(after_id, BATCH):
        for child_id in behind:
            try:
                with transaction():
                    done += _follow(child_id, now)
            except Exception:
                log.exception("ticket %s could not follow its parent", child_id)
        after_id = behind[-1]
    return done


def _follow(child_id: int, now: datetime) -> bool:
    """The child takes over what it has not taken over yet; False where somebody else has seen to it."""
    child = get_ticket_for_change(child_id)
    if child.parent_id is None or not child.is_open:
        return False
    entries = list_to_pass_on(child.parent_id, child.followed_id)
    for entry in entries:
        if child.is_open and child.parent_id == entry.ticket_id:
            child.followed_id = entry.id
            _TAKES[entry.kind](child, entry, now)
    if child.is_open:
        targets.refresh(child, now)
    return bool(entries)


def _accepted(child: Ticket, entry: Entry, now: datetime) -> None:
    """Whoever has the parent has the child; once for each who takes it."""
    if child.accepted_at is not None and child.assignee_id == entry.actor_id:
        return
    child.assignee, child.assignee_id, child.accepted_at = entry.actor, entry.actor_id, entry.at
    if child.state == State.NEW:
        child.enter(state_in_hand(entry.at))
    taken = take_over(child, entry, now, **_promised(child, entry))
    tell("accepted", child, taken, now=now, agent=entry.actor)


def _replied(child: Ticket, entry: Entry, now: datetime) -> None:
    _promised(child, entry)
    tell("replied", child, take_answer(child, entry, now), now=now, agent=entry.actor)


def _promised(child: Ticket, entry: Entry) -> dict[str, Any]:
    """The parent's promise of news is the child's; as entries bear it."""
    by = entry.detail.get("update_by")
    child.update_by = datetime.fromisoformat(by) if by else None
    return {"update_by": by} if by else {}


def _update_promised(child: Ticket, entry: Entry, now: datetime) -> None:
    take_over(child, entry, now, **{"update_by": None, **_promised(child, entry)})


def _waiting(child: Ticket, entry: Entry, now: datetime) -> None:
    """For a supplier: many do not wait for one of their reporters (desk/waiting)."""
    if entry.detail["for"] == "supplier" and child.state != State.WAITING:
        take_over(child, entry, now, **entry.detail)
        child.enter(State.WAITING)
        child.waiting_for, child.wake_at = "supplier", datetime.fromisoformat(entry.detail["until"])


def _resumed(child: Ticket, entry: Entry, now: datetime) -> None:
    if child.waiting_for == "supplier":
        take_over(child, entry, now, **entry.detail)
        child.enter(state_in_hand(child.accepted_at))


def _resolved(child: Ticket, entry: Entry, now: datetime) -> None:
    closing.resolve_along(child, entry, now)


def _cancelled(child: Ticket, entry: Entry, now: datetime) -> None:
    let_go(child, "cancelled", now=now, door=entry.door)


def _merged(child: Ticket, entry: Entry, now: datetime) -> None:
    """The child goes along, to whichever ticket stands for many now; by itself where none does."""
    heir = find_heir(entry.detail["into"], child)
    if heir is None:
        _cancelled(child, entry, now)
        return
    said = {"parent": heir[0], "from": child.parent_id}
    child.parent_id, child.followed_id = heir
    record(child, "adopted", now=now, door=entry.door, actor_id=entry.actor_id, detail=said)


_TAKES: Mapping[str, Callable[[Ticket, Entry, datetime], None]] = {
    "accepted": _accepted,
    "replied": _replied,
    "update_promised": _update_promised,
    "waiting": _waiting,
    "resumed": _resumed,
    "resolved": _resolved,
    "cancelled": _cancelled,
    "merged": _merged,
}
