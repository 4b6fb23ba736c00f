"""Which tickets belong together."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import ForeignKey, Integer, Select, bindparam, case, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.rules.access import Asker
from helpdesk.rules.links import from_there, kept_as
from helpdesk.store.db import Model, UtcDateTime, db
from helpdesk.store.tickets import Ticket, anybody_like, values_of, visible_to


class TicketLink(Model):
    """`ticket` stands to `other` as `how` says: duplicate_of, caused_by, split_from, relates_to (which holds
    both ways and is kept once, from the lower id). A cache of the entries "linked" and "unlinked"."""

    __tablename__ = "ticket_link"
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True, index=True)
    how: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True)
class Linked:
    """The other ticket of a link. `how` as this one stands to it (rules/links, both directions); `said` is
    the code that was said, and `is_ours` whether it was said of this ticket."""

    other: Ticket
    how: str
    said: str
    is_ours: bool


def list_links(ticket_id: int, asker: Asker) -> list[Linked]:
    """The links of a ticket to others that the asker may see, by the other's number."""
    found = db.session.execute(_links_query(anybody_like(asker)), values_of(asker) | {"ticket": ticket_id})
    return [_linked(link, other, ours=link.ticket_id == ticket_id) for link, other in found]


@lru_cache(maxsize=32)
def _links_query(asker: Asker) -> Select[TicketLink, Ticket]:
    ticket = bindparam("ticket", type_=Integer)
    there = case((TicketLink.ticket_id == ticket, TicketLink.other_id), else_=TicketLink.ticket_id)
    return (
        select(TicketLink, Ticket)
        .join(Ticket, Ticket.id == there)
        .where(or_(TicketLink.ticket_id == ticket, TicketLink.other_id == ticket), visible_to(asker))
        .order_by(Ticket.id, TicketLink.how)
    )


def _linked(link: TicketLink, other: Ticket, ours: bool) -> Linked:
    return Linked(other, link.how if ours else from_there(link.how), link.how, ours)


def find_link(ticket_id: int, how: str, other_id: int) -> TicketLink | None:
    """The link, on whichever of the two it was said, or None."""
    first, _how, second = kept_as(ticket_id, how, other_id)
    return db.session.get(TicketLink, (first, second, how))
