"""One deed done to many tickets, each by itself, with its progress."""

from collections import Counter
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, exists, func, select, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from helpdesk.rules.access import Asker
from helpdesk.store.db import Json, Model, UtcDateTime, among, db
from helpdesk.store.tickets import Entry, Ticket, desk_side


class BulkAction(Model):
    """What somebody has ordered for many tickets: `deed` of desk/bulk_deeds, and `data` as its schema has
    loaded it, in JSON. Its items say how far it is. `sent_key` names the sending, so that the same one again
    orders nothing."""

    __tablename__ = "bulk_action"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    deed: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    ordered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_key: Mapped[str | None] = mapped_column(unique=True)


class BulkItem(Model):
    """One ticket of it. `state`: pending, done, unchanged (it was so already), refused (`fault` says why)."""

    __tablename__ = "bulk_item"
    __table_args__ = (Index(None, "bulk_id", "state"),)
    bulk_id: Mapped[int] = mapped_column(ForeignKey("bulk_action.id"), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    state: Mapped[str] = mapped_column(default="pending")
    fault: Mapped[str] = mapped_column(default="")
    action: Mapped[BulkAction] = relationship()
    ticket: Mapped[Ticket] = relationship()


@dataclass(frozen=True)
class Standing:
    """What a deed can change of a ticket, by column."""

    state: str
    severity: str
    service_id: int | None
    team_id: int
    assignee_id: int | None
    next_due_at: datetime | None
    merged_into_id: int | None
    parent_id: int | None


def get_standing(ticket_id: int) -> Standing:
    """How a ticket that is there stands now. For desk verbs."""
    columns = [getattr(Ticket, field.name) for field in fields(Standing)]
    return Standing(*db.session.execute(select(*columns).where(Ticket.id == ticket_id)).one())


def list_states(ticket_ids: list[int]) -> list[tuple[int, str]]:
    """Id and state of these tickets, by number."""
    query = select(Ticket.id, Ticket.state).where(among(Ticket.id, ticket_ids)).order_by(Ticket.id)
    return [(row.id, row.state) for row in db.session.execute(query)]


def find_action(bulk_id: int, person_id: int) -> BulkAction | None:
    """The bulk action if that person ordered it, else None."""
    found = db.session.get(BulkAction, bulk_id)
    return found if found is not None and found.person_id == person_id else None


def find_sent_action(sent_key: str) -> BulkAction | None:
    """What this sending has ordered, or None."""
    return db.session.scalar(select(BulkAction).where(BulkAction.sent_key == sent_key))


def list_actions(person_id: int, limit: int) -> list[BulkAction]:
    """What that person ordered, the latest first."""
    query = select(BulkAction).where(BulkAction.person_id == person_id)
    return list(db.session.scalars(query.order_by(BulkAction.id.desc()).limit(limit)))


def list_items(bulk_id: int) -> list[BulkItem]:
    """Its items with their tickets, by number."""
    query = select(BulkItem).where(BulkItem.bulk_id == bulk_id).options(joinedload(BulkItem.ticket))
    return list(db.session.scalars(query.order_by(BulkItem.ticket_id)))


def count_states(bulk_ids: list[int]) -> dict[int, Counter[str]]:
    """How many items of each of these are in which state."""
    query = (
        select(BulkItem.bulk_id, BulkItem.state, func.count())
        .where(BulkItem.bulk_id.in_(bulk_ids))
        .group_by(BulkItem.bulk_id, BulkItem.state)
    )
    found: dict[int, Counter[str]] = {each: Counter() for each in bulk_ids}
    for bulk_id, state, count in db.session.execute(query):
        found[bulk_id][state] = count
    return found


def find_oldest_bulk(now: datetime) -> datetime | None:
    """When the oldest bulk action was ordered that is not finished, or None."""
    return db.session.scalar(select(func.min(BulkAction.ordered_at)).where(BulkAction.finished_at.is_(None)))


def claim_item(bulk_id: int | None) -> BulkItem | None:
    """The next pending item (`bulk_id` None: of the oldest action), locked until the transaction ends; one
    that somebody else has locked is left to them. None where there is none. For desk verbs."""
    query = select(BulkItem).where(BulkItem.state == "pending")
    if bulk_id is None:
        unfinished = select(BulkAction.id).where(BulkAction.finished_at.is_(None))
        query = query.where(BulkItem.bulk_id.in_(unfinished))
    else:
        query = query.where(BulkItem.bulk_id == bulk_id)
    locked = query.order_by(BulkItem.bulk_id, BulkItem.ticket_id).limit(1).with_for_update(skip_locked=True)
    return db.session.scalar(locked.execution_options(populate_existing=True))


def finish_actions(now: datetime) -> None:
    """Every action of which nothing is pending is finished. For desk verbs."""
    pending = exists().where(BulkItem.bulk_id == BulkAction.id, BulkItem.state == "pending")
    unfinished = update(BulkAction).where(BulkAction.finished_at.is_(None), ~pending)
    db.session.execute(unfinished.values(finished_at=now).execution_options(synchronize_session=False))


def list_chosen(ticket_ids: list[int], asker: Asker) -> list[Ticket]:
    """Those of these tickets that the asker reads as the desk does, by number, with what is shown of them."""
    shown = (Ticket.service, Ticket.team, Ticket.reporter, Ticket.assignee)
    query = select(Ticket).where(among(Ticket.id, ticket_ids), desk_side(asker))
    return list(db.session.scalars(query.options(*(joinedload(each) for each in shown)).order_by(Ticket.id)))


def find_newest_entry_id() -> int:
    """The id of the last entry of all timelines; 0 where there is none."""
    return db.session.scalar(select(func.max(Entry.id))) or 0
