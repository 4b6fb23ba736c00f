"""Several reports of one fault: proposed as one, put together by a person, taken apart again.

The parent is an ordinary ticket; what is done there its children take over (desk/children).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from helpdesk.desk import attention, children, participants, search, targets, waiting
from helpdesk.desk.timeline import record
from helpdesk.outbound import letters
from helpdesk.rules import outages as rule
from helpdesk.rules.access import Asker
from helpdesk.rules.lifecycle import NotAllowed, State, is_allowed, require
from helpdesk.store.db import transaction
from helpdesk.store.organisation import find_organisation
from helpdesk.store.outages import (
    find_answer_to_all,
    list_affected,
    list_child_ids,
    list_known_faults,
    list_lone_faults,
    list_parents_of,
)
from helpdesk.store.people import Person
from helpdesk.store.tickets import Entry, Ticket, get_ticket_for_change, lock_tickets

BATCH = 25  # children a transaction: SQLite's other writers wait for it


@dataclass(frozen=True, slots=True)
class KnownFault:
    """A fault that somebody has found to be that of several reports: its `parent`, how many `people` have it,
    and whether whoever asks is one of them (`is_mine`)."""

    parent: Ticket
    people: int
    is_mine: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """Reports of a service that may be one fault, their ids in order, how many `people` wrote them, and
    under which ticket they could stand: one of them, or (`is_known`) one that stands for others already."""

    service_id: int
    service: str
    ids: list[int]
    people: int
    parent_id: int
    is_known: bool


def known_faults(service_id: int | None, asker: Asker) -> list[KnownFault]:
    """What is known to be wrong with a service, the oldest first; of a restricted one only for its team.

    [] for no service. The parent's subject is for whoever reports the service (`adopt`), the words in it are
    not: show neither its conversation nor who reported it.
    """
    parents = list_known_faults(service_id, asker) if service_id is not None else []
    affected = list_affected([parent.id for parent in parents]) if parents else {}
    return [
        KnownFault(parent, len(affected[parent.id]), asker.person_id in affected[parent.id])
        for parent in parents
    ]


def people_with(ticket: Ticket) -> int:
    """How many people have the fault of a parent or a child, whoever asks among them; 0 where it stands for
    itself, and where it or its parent is of a restricted service."""
    fault = ticket.parent_id or ticket.id
    if any(_is_secret(each) for each in (ticket, ticket.parent) if each is not None):
        return 0
    if ticket.parent_id is None and not list_child_ids([fault]):
        return 0
    return len(list_affected([fault])[fault])


def _is_secret(ticket: Ticket) -> bool:
    return ticket.service is not None and ticket.service.is_restricted


def join(ticket_id: int, person: Person, *, now: datetime) -> Ticket:
    """The person has a known fault too: they hear of it like its reporter, and need no ticket of their own.

    They are told so by letter. Nothing happens where they have reported or joined it before. LookupError
    where it is not known to them as such, or no longer.
    """
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        found = {each.parent.id: each for each in known_faults(ticket.service_id, person.asker)}
        if ticket.id not in found:
            raise LookupError(f"ticket {ticket_id} is no known fault")
        if not found[ticket.id].is_mine and participants.join(ticket, person, "affected", now=now):
            key = f"joined:{ticket.id}:{person.id}:{now.timestamp()}"
            people = found[ticket.id].people + 1
            letters.write("joined", person, key=key, now=now, ticket=ticket, people=people)
    return ticket


def limits() -> rule.Limits:
    """When reports count as a crowd, as the organisation has it."""
    organisation = find_organisation()
    chosen = organisation.options if organisation else {}
    minutes = chosen.get("outage_minutes", rule.MINUTES)
    return rule.Limits(chosen.get("outage_people", rule.PEOPLE), timedelta(minutes=minutes))


def proposals(asker: Asker, now: datetime, service_ids: Collection[int] | None = None) -> list[Proposal]:
    """What lately came in that may be one fault, of the asker's teams, one proposal a service at most.

    Where a ticket stands for others already, each further report since is proposed to be added to it.
    `service_ids` None: of every service. Two queries, one where nothing came in.
    """
    by_service: dict[int, list[Any]] = {}
    for fault in list_lone_faults(now - rule.LOOKS_BACK, asker, service_ids):
        by_service.setdefault(fault.service_id, []).append(fault)
    if not by_service:
        return []
    parents = {each.service_id: each for each in list_parents_of(by_service, asker)}
    crowded, found = limits(), []
    for service_id, faults in by_service.items():
        parent = parents.get(service_id)
        if parent is not None:
            ids = [f.id for f in faults if f.reported_at > parent.reported_at - crowded.within]
        else:
            ids = rule.crowd(faults, crowded)
        if ids:
            theirs = [fault for fault in faults if fault.id in ids]
            people = len({fault.reporter_id for fault in theirs})
            under = parent.id if parent else rule.parent_of(theirs)
            found.append(Proposal(service_id, faults[0].service, ids, people, under, parent is not None))
    return found


def adopt(
    parent_id: int,
    child_ids: Collection[int],
    actor: Person,
    *,
    subject: str = "",
    now: datetime,
    door: str = "web",
) -> list[int]:
    """These reports are one fault: they stand under the parent from now on. Returns the ids of those that do.

    A child pages nobody and takes over what is done on the parent: who accepted it, its last answer to all,
    and all that follows. Its deadlines stay its own. Its reporter is told. What has ended is left out, as is
    what stands there already; children of a child come along. `subject` renames the parent: whoever reports
    the service reads it. NotAllowed where the parent has ended (verb `adopt_into`) or is a child
    (`adopt_into_child`). In batches, each whole by itself.
    """
    wanted, done = sorted({*child_ids} - {parent_id}), []
    for first in range(0, len(wanted), BATCH):
        with transaction():
            done += _adopt(parent_id, wanted[first : first + BATCH], actor, subject, now, door)
    return done


def _adopt(
    parent_id: int, child_ids: Sequence[int], actor: Person, subject: str, now: datetime, door: str
) -> list[int]:
    # In order of id, so that two at once cannot wait for each other.
    lock_tickets({parent_id, *child_ids, *list_child_ids(child_ids)})
    parent = get_ticket_for_change(parent_id)
    require("adopt_into", parent.state)
    if parent.parent_id is not None:
        raise NotAllowed("adopt_into_child", State(parent.state))
    found = [get_ticket_for_change(i) for i in sorted({*child_ids, *list_child_ids(child_ids)})]
    taken = [child for child in found if is_allowed("adopt", child.state) and child.parent_id != parent.id]
    if not taken:
        return []
    if parent.waiting_for == "reporter":  # what many have does not wait for one of them
        waiting.go_on(parent, "adopted", now, door, actor.id)
    entry = _tell_parent(parent, taken, actor, subject, now, door)
    for child in taken:
        child.parent_id, child.followed_id = parent.id, entry.id
    people = 0 if _is_secret(parent) else len(list_affected([parent.id])[parent.id])
    answer = find_answer_to_all(parent.id)
    for child in taken:
        _take_in(child, parent, answer, actor, people, now, door)
    return [child.id for child in taken]


def _tell_parent(
    parent: Ticket, taken: Sequence[Ticket], actor: Person, subject: str, now: datetime, door: str
) -> Entry:
    said: dict[str, Any] = {"children": sorted(child.id for child in taken)}
    if subject and subject != parent.subject:
        said |= {"from": parent.subject, "to": subject}
        parent.subject = subject
    entry = record(parent, "adopted", now=now, door=door, actor_id=actor.id, detail=said)
    if "to" in said:
        search.index([parent.id])
    return entry


def _take_in(
    child: Ticket,
    parent: Ticket,
    answer: Entry | None,
    actor: Person,
    people: int,
    now: datetime,
    door: str,
) -> None:
    """The child's part: its entries, alarms and the one letter that tells all of it."""
    detail = {"parent": parent.id}
    adopted = record(child, "adopted", now=now, door=door, actor_id=actor.id, is_public=True, detail=detail)
    child.stands_alone = False
    agent = parent.assignee if parent.accepted_at is not None else None
    if agent is not None and child.accepted_at is None:
        attention.take_up(child, agent, now=now, door=door)
    if answer is not None:
        children.take_answer(child, answer, now, at=now)  # before that its reporter had no answer
    child.update_by = parent.update_by
    targets.refresh(child, now)
    participants.tell(
        "adopted",
        child,
        adopted,
        now=now,
        fault="" if _is_secret(parent) else parent.subject,
        people=people,
        agent=agent,
        answer=answer,
        due=parent,
    )


def release(ticket_id: int, actor: Person, reason: str = "", *, now: datetime, door: str = "web") -> Ticket:
    """The child is something else: it goes on by itself, with its own ladders, and is proposed for no other.

    Somebody has to accept it anew; its reporter is told. NotAllowed where it is no child (verb `release`).
    """
    with transaction():
        ticket = get_ticket_for_change(ticket_id)
        if ticket.parent_id is None or not ticket.is_open:
            raise NotAllowed("release", State(ticket.state))
        children.let_go(ticket, "by_hand", actor_id=actor.id, reason=reason, now=now, door=door)
    return ticket


def set_apart(ticket_ids: Collection[int], actor: Person, *, now: datetime, door: str = "web") -> None:
    """These reports are not one fault: they are proposed no more. Those that are somebody's children by now,
    or were set apart before, are left as they are."""
    wanted = sorted(set(ticket_ids))
    for first in range(0, len(wanted), BATCH):
        with transaction():
            for ticket_id in wanted[first : first + BATCH]:
                ticket = get_ticket_for_change(ticket_id)
                if ticket.parent_id is None and not ticket.stands_alone:
                    ticket.stands_alone = True
                    record(ticket, "set_apart", now=now, door=door, actor_id=actor.id)
