"""What deadlines and alarms rest on, read for many tickets at once, and their cache, written so too."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, delete, or_, select, update
from sqlalchemy.orm import contains_eager, joinedload

from helpdesk.rules import attention, timeline
from helpdesk.store.db import among, db, insert_rows, update_rows
from helpdesk.store.escalations import Alarm
from helpdesk.store.tickets import Entry, Target, Ticket

# The tables and no entities: this is read for ten thousand tickets at once.
_tickets, _entries, _targets, _alarms = (model.__table__.c for model in (Ticket, Entry, Target, Alarm))
TICKET = [
    "id",
    "state",
    "is_open",
    "severity",
    "is_triaged",
    "team_id",
    "service_id",
    "assignee_id",
    "policy_version_id",
    "reported_at",
    "accepted_at",
    "resolved_at",
    "reopen_count",
    "waiting_for",
    "wake_at",
    "update_by",
    "parent_id",
    "changed_at",
    "next_due_at",
    "next_target",
]
HEARD = timeline.HEARD | attention.HEARD
# Reading the detail costs more than all the rest of an alarm; of one that has rung nobody asks for it.
_DETAIL = case((_alarms.state.in_(("pending", "skipped")), _alarms.detail), else_=None).label("detail")


@dataclass(slots=True)
class Facts:
    """A ticket with all that its deadlines and alarms rest on: its row (the columns in TICKET, or the
    entity), its timeline as far as somebody hears it (HEARD; nothing voided, in the order written), its
    targets and alarms."""

    ticket: Any
    timeline: list[Any] = field(default_factory=list)
    targets: list[Any] = field(default_factory=list)
    alarms: list[Any] = field(default_factory=list)


def list_rows(ticket_ids: list[int]) -> list[Any]:
    """The rows of these tickets (columns TICKET), in the order of the ids."""
    known = {row.id: row for row in db.session.execute(_rows(ticket_ids))}
    return [known[ticket_id] for ticket_id in ticket_ids]


def lock_rows(ticket_ids: list[int]) -> list[Any]:
    """As `list_rows`, locked until the transaction ends; by id, without those that another has locked."""
    return list(db.session.execute(_rows(ticket_ids).with_for_update(skip_locked=True)))


def _rows(ticket_ids: list[int]) -> Select[Any]:
    return (
        select(*(_tickets[name] for name in TICKET))
        .where(among(_tickets.id, ticket_ids))
        .order_by(_tickets.id)
    )


def list_facts(tickets: Sequence[Any]) -> list[Facts]:
    """The facts about these tickets, in their order: three queries for all of them."""
    found = {ticket.id: Facts(ticket) for ticket in tickets}
    ids = list(found)
    heard = (among(_entries.ticket_id, ids), _entries.kind.in_(HEARD), _entries.voided_at.is_(None))
    entries = select(_entries.ticket_id, _entries.id, _entries.kind, _entries.at, _entries.detail)
    for row in db.session.execute(entries.where(*heard).order_by(_entries.id)):
        found[row.ticket_id].timeline.append(row)
    targets = select(*_targets).where(among(_targets.ticket_id, ids))
    for row in db.session.execute(targets.order_by(_targets.id)):
        found[row.ticket_id].targets.append(row)
    alarms = select(*(_DETAIL if column.name == "detail" else column for column in _alarms))
    for row in db.session.execute(alarms.where(among(_alarms.ticket_id, ids)).order_by(_alarms.id)):
        found[row.ticket_id].alarms.append(row)
    return list(found.values())


def insert_targets(rows: list[dict[str, Any]]) -> None:
    """Adds targets in one statement: every column of Target but `id` each. For desk verbs."""
    insert_rows(Target, rows)


def update_targets(rows: list[dict[str, Any]]) -> None:
    """Changes targets: {"id", columns to set} each, all rows the same columns. For desk verbs."""
    update_rows(Target, rows)


def delete_targets(target_ids: list[int]) -> None:
    """Removes targets. For desk verbs."""
    if target_ids:
        db.session.execute(delete(Target).where(Target.id.in_(target_ids)))


def update_tickets(rows: list[dict[str, Any]]) -> None:
    """Changes tickets, which the transaction has locked: {"id", columns to set} each, all rows the same."""
    update_rows(Ticket, rows)


def touch_tickets(ticket_ids: list[int], now: datetime) -> None:
    """Something was entered in the timelines of these tickets, which the transaction has locked."""
    if ticket_ids:
        touched = update(Ticket).where(among(Ticket.id, ticket_ids)).values(changed_at=now)
        db.session.execute(touched, execution_options={"synchronize_session": False})


def forget_targets(ticket: Ticket) -> None:
    """What the ticket's entity knows of its targets is read anew when next looked at."""
    for target in ticket.__dict__.get("targets", ()):
        db.session.expire(target)
    db.session.expire(ticket, ["targets"])


def list_missed(severity: str, team_ids: list[int], since: datetime, now: datetime) -> list[Target]:
    """Targets of these teams' tickets of that severity that were due in [since, now) and missed, and
    earlier ones still open, none of a child; the longest overdue first, tickets and assignees loaded."""
    is_late = or_(Target.stopped_at.is_(None), Target.stopped_at > Target.due_at)
    still_open = and_(Target.stopped_at.is_(None), Ticket.is_open)
    return list(
        db.session.scalars(
            select(Target)
            .join(Target.ticket)
            .where(
                Ticket.severity == severity,
                Ticket.team_id.in_(team_ids),
                Ticket.parent_id.is_(None),
                Target.due_at < now,
                Target.state != "cancelled",
                is_late,
                or_(Target.due_at >= since, still_open),
            )
            .order_by(Target.due_at, Target.id)
            .options(contains_eager(Target.ticket).options(joinedload(Ticket.assignee)))
        )
    )
