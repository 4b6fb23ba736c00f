"""What reporters say of a solution."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ForeignKey, Index, exists, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.rules.lifecycle import State
from helpdesk.store.db import Json, Model, UtcDateTime, among, db
from helpdesk.store.people import Person
from helpdesk.store.tickets import Entry, Ticket


class Rating(Model):
    """One per ticket, changeable for a while: `stars` 1 to 5, `reasons` ticked (codes of rules/feedback), and
    words. `first_given_at`: when it was given at first."""

    __tablename__ = "rating"
    __table_args__ = (Index(None, "person_id", "given_at"),)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    stars: Mapped[int]
    reasons: Mapped[list[str]] = mapped_column(Json, default=list)
    words: Mapped[str] = mapped_column(default="")
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    first_given_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RatingRequest(Model):
    """That the person was asked to rate the ticket, and reminded once."""

    __tablename__ = "rating_request"
    __table_args__ = (Index(None, "person_id", "asked_at"),)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def find_rating(ticket_id: int) -> Rating | None:
    """The rating of a ticket, or None."""
    return db.session.scalar(select(Rating).where(Rating.ticket_id == ticket_id))


def find_rating_request(ticket_id: int) -> RatingRequest | None:
    """That its reporter was asked to rate the ticket, or None."""
    return db.session.get(RatingRequest, ticket_id)


def list_to_ask(closed_since: datetime, asked_since: datetime) -> list[int]:
    """Tickets closed since then that nobody has rated or been asked to rate, whose reporters are here and
    were asked about no other since `asked_since`; the latest closed first.

    Whether to ask is the desk's to say again for each: one person may stand here several times.
    """
    query = (
        select(Ticket.id)
        .join(Person, Person.id == Ticket.reporter_id)
        .where(
            # Nothing changes before it is closed: that column has an index.
            Ticket.changed_at >= closed_since,
            Ticket.state == State.CLOSED,
            Ticket.closed_at >= closed_since,
            Person.left_at.is_(None),
            ~exists().where(Rating.ticket_id == Ticket.id),
            ~exists().where(RatingRequest.ticket_id == Ticket.id),
            ~exists().where(
                RatingRequest.person_id == Ticket.reporter_id, RatingRequest.asked_at > asked_since
            ),
        )
        .order_by(Ticket.closed_at.desc(), Ticket.id.desc())
    )
    return list(db.session.scalars(query))


def is_asked(person_id: int, since: datetime, root_id: int) -> bool:
    """Whether the person was asked to rate anything after that instant, or ever one of the reports that are
    one fault: those under the ticket `root_id`, and itself."""
    query = (
        select(RatingRequest.ticket_id)
        .join(Ticket, Ticket.id == RatingRequest.ticket_id)
        .where(
            RatingRequest.person_id == person_id,
            or_(RatingRequest.asked_at > since, Ticket.id == root_id, Ticket.parent_id == root_id),
        )
    )
    return db.session.scalar(query.limit(1)) is not None


def list_to_remind(asked_until: datetime, asked_since: datetime) -> list[int]:
    """Tickets about which somebody was asked in (asked_since, asked_until], has not rated and was not
    reminded; the first asked first."""
    query = select(RatingRequest.ticket_id).where(
        RatingRequest.asked_at > asked_since,
        RatingRequest.asked_at <= asked_until,
        RatingRequest.reminded_at.is_(None),
        ~exists().where(Rating.ticket_id == RatingRequest.ticket_id),
    )
    return list(db.session.scalars(query.order_by(RatingRequest.asked_at, RatingRequest.ticket_id)))


def list_rated(since: datetime, until: datetime, stars: int) -> list[tuple[int, datetime]]:
    """(ticket, when) of the ratings of so many stars at most that were given in [since, until), in order."""
    given = Rating.given_at >= since, Rating.given_at < until, Rating.stars <= stars
    query = select(Rating.ticket_id, Rating.given_at).where(*given)
    rows = db.session.execute(query.order_by(Rating.given_at, Rating.ticket_id))
    return [(row.ticket_id, row.given_at) for row in rows]


class Said(NamedTuple):
    """A rating: of the row that is kept, or of the timeline."""

    stars: int
    reasons: list[str]
    words: str


def list_ratings(ticket_ids: Collection[int]) -> dict[int, Said]:
    """The ratings kept of these tickets."""
    query = select(Rating.ticket_id, Rating.stars, Rating.reasons, Rating.words)
    rows = db.session.execute(query.where(among(Rating.ticket_id, ticket_ids)))
    return {row.ticket_id: Said(row.stars, row.reasons, row.words) for row in rows}


def list_ratings_said(ticket_ids: Collection[int]) -> dict[int, Said]:
    """The last rating that each of these timelines tells of."""
    rated = Entry.kind == "rated", Entry.voided_at.is_(None), among(Entry.ticket_id, ticket_ids)
    last = select(func.max(Entry.id)).where(*rated).group_by(Entry.ticket_id)
    query = select(Entry.ticket_id, Entry.detail, Entry.body).where(Entry.id.in_(last))
    return {
        row.ticket_id: Said(row.detail["stars"], row.detail.get("reasons", []), row.body)
        for row in db.session.execute(query)
    }
