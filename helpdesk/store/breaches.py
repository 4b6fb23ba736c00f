"""What is learned from broken promises: cause, owner and action of each.

A breach that is none any more (the reopening that began its cycle was taken back) asks for nothing: its
review stays, and is neither listed nor counted.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    UniqueConstraint,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Mapped, contains_eager, joinedload, mapped_column, relationship

from helpdesk.rules.access import Asker, figures_teams
from helpdesk.store.db import Model, UtcDateTime, db, insert_missing
from helpdesk.store.excuses import Excuse, stood_at
from helpdesk.store.people import Person
from helpdesk.store.stale import StaleTarget
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Target, Ticket


class BreachCause(Model):
    """A cause to choose from; one that is no longer used stays with the breaches that name it."""

    __tablename__ = "breach_cause"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class BreachReview(Model):
    """A broken cycle to be explained by `due_at`: cause and words, who owns it, and what is done about it;
    `closed_at` None: open. `team_id`: whose it was when it broke. `escalated_at`: the manager was told that
    it is overdue."""

    __tablename__ = "breach_review"
    __table_args__ = (
        UniqueConstraint("ticket_id", "target", "cycle"),
        Index(None, "closed_at", "due_at"),
        Index(None, "opened_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    target: Mapped[str]
    cycle: Mapped[int]
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    cause_id: Mapped[int | None] = mapped_column(ForeignKey("breach_cause.id"))
    words: Mapped[str] = mapped_column(default="")
    action: Mapped[str] = mapped_column(default="")
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    escalated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ticket: Mapped[Ticket] = relationship()
    team: Mapped[Team] = relationship()
    owner: Mapped[Person | None] = relationship(foreign_keys=[owner_id])
    closed_by: Mapped[Person | None] = relationship(foreign_keys=[closed_by_id])
    cause: Mapped[BreachCause | None] = relationship()


@dataclass(frozen=True)
class Reviews:
    """Which reviews are asked for; None narrows nothing. `state`: open, overdue, closed. Of promises given in
    [since, until) to tickets of that kind. `cause_id` 0: not said yet."""

    now: datetime
    state: str | None = None
    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    cause_id: int | None = None
    team_id: int | None = None
    owner_id: int | None = None
    ticket_id: int | None = None


class Reviewed(NamedTuple):
    """A review, the cycle that broke, and whether a lead has excused it."""

    review: BreachReview
    target: Target
    is_excused: bool


def list_reviews(asker: Asker, asked: Reviews, limit: int, offset: int = 0) -> list[Reviewed]:
    """Those that the asker may see, open ones first, the nearest deadline first, each with its ticket, team,
    owner and cause."""
    return [Reviewed(*row) for row in db.session.execute(_listed(asker, asked).limit(limit).offset(offset))]


def walk_reviews(asker: Asker, asked: Reviews) -> Iterator[Reviewed]:
    """All of them in the same order, in memory by some hundreds. For desk verbs."""
    rows = db.session.execute(_listed(asker, asked), execution_options={"yield_per": 500})
    return (Reviewed(*row) for row in rows)


def _listed(asker: Asker, asked: Reviews) -> Any:
    return (
        _joined(select(BreachReview, Target, _is_excused(asked.now)))
        .where(_of(asker, asked))
        .options(*_LOADED)
        .order_by(BreachReview.closed_at.is_not(None), BreachReview.due_at, BreachReview.id)
    )


def count_reviews(asker: Asker, asked: Reviews) -> int:
    """How many `list_reviews` lists in all."""
    query = _joined(select(func.count()).select_from(BreachReview))
    return db.session.scalar(query.where(_of(asker, asked))) or 0


def find_review(review_id: int, asker: Asker, now: datetime) -> Reviewed | None:
    """The review if the asker may see it and the breach still stands, else None."""
    query = _joined(select(BreachReview, Target, _is_excused(now))).options(*_LOADED)
    row = db.session.execute(query.where(BreachReview.id == review_id, _of(asker, Reviews(now)))).first()
    return Reviewed(*row) if row is not None else None


def find_review_of(ticket_id: int, target: str, cycle: int) -> BreachReview | None:
    """The review of a cycle, whoever asks, or None."""
    asked = {"ticket_id": ticket_id, "target": target, "cycle": cycle}
    return db.session.scalar(select(BreachReview).filter_by(**asked))


def count_causes(asker: Asker, asked: Reviews) -> list[tuple[BreachCause | None, int]]:
    """How many of the reviews asked for name each cause, the most frequent first; None: not said yet."""
    counted = _joined(select(BreachReview.cause_id, func.count()).select_from(BreachReview))
    rows = db.session.execute(counted.where(_of(asker, asked)).group_by(BreachReview.cause_id))
    causes = {cause.id: cause for cause in list_causes(active_only=False)}
    found = [(causes.get(cause_id), count) for cause_id, count in rows]
    return sorted(found, key=lambda each: (-each[1], each[0].position if each[0] else -1))


def list_beside(review: BreachReview, asker: Asker, now: datetime) -> list[BreachReview]:
    """Other open reviews of the same fault that the asker may see: of its ticket, of the ticket above it and
    of those below either."""
    top = review.ticket.parent_id or review.ticket_id
    query = _joined(select(BreachReview)).where(
        _of(asker, Reviews(now, state="open")),
        BreachReview.id != review.id,
        or_(Ticket.id == top, Ticket.parent_id == top),
    )
    return list(db.session.scalars(query.options(*_LOADED).order_by(BreachReview.id)))


def list_causes(active_only: bool = True) -> list[BreachCause]:
    """Causes in their order."""
    query = select(BreachCause).order_by(BreachCause.position, BreachCause.id)
    return list(db.session.scalars(query.where(BreachCause.is_active) if active_only else query))


def list_unreviewed(since: datetime, now: datetime, limit: int) -> list[dict[str, Any]]:
    """Open cycles past due since `since` at the earliest for which there is no review, as rows for
    `insert_reviews` without their dates and owners. What is about to be computed anew is left for later. For
    desk verbs."""
    reviewed = exists().where(_is_of_target()).correlate(Target)
    stale = exists().where(StaleTarget.ticket_id == Ticket.id).correlate(Ticket)
    second = now.replace(microsecond=0)
    query = (
        select(Target.ticket_id, Target.target, Target.cycle, Ticket.team_id)
        .join(Ticket, Ticket.id == Target.ticket_id)
        .where(
            Ticket.is_open,
            Ticket.next_due_at < second,
            Target.stopped_at.is_(None),
            Target.due_at < second,
            Target.due_at >= since,
            ~reviewed,
            ~stale,
        )
        .order_by(Target.due_at, Target.id)
        .limit(limit)
    )
    return [dict(row._mapping) for row in db.session.execute(query)]


def insert_reviews(rows: list[dict[str, Any]]) -> None:
    """Adds reviews; a cycle that has one keeps it. For desk verbs."""
    if rows:
        # Always in the same order: two that add the same ones would else wait for each other.
        ordered = sorted(rows, key=lambda row: [row[name] for name in _CYCLE])
        db.session.execute(insert_missing(BreachReview).values(ordered))


def delete_groundless(ticket_id: int) -> None:
    """Removes the ticket's reviews of what is no breach any more (a reopening was taken back): the next
    one may break cycles of the same number. For desk verbs."""
    is_broken = exists().where(_is_of_target(), Target.state == "breached")
    groundless = delete(BreachReview).where(BreachReview.ticket_id == ticket_id, ~is_broken)
    db.session.execute(groundless, execution_options={"synchronize_session": False})


def claim_overdue(now: datetime, limit: int) -> list[BreachReview]:
    """Open reviews past their deadline of which no manager was told, locked; others get others. For desk
    verbs."""
    query = (
        _joined(select(BreachReview))
        .where(
            BreachReview.closed_at.is_(None),
            BreachReview.due_at < now,
            BreachReview.escalated_at.is_(None),
            _stands(now),
        )
        .options(*_LOADED)
        .order_by(BreachReview.due_at, BreachReview.id)
        .limit(limit)
        .with_for_update(of=BreachReview, skip_locked=True)
    )
    return list(db.session.scalars(query))


def list_owned_reviews(person_id: int) -> list[BreachReview]:
    """Open ones that are the person's, whether or not their breach still stands. For desk verbs."""
    query = select(BreachReview).where(BreachReview.owner_id == person_id, BreachReview.closed_at.is_(None))
    return list(db.session.scalars(query.order_by(BreachReview.id)))


def list_to_remind(opened_since: datetime, due_until: datetime, now: datetime) -> list[BreachReview]:
    """Open reviews that were opened after the one instant or are due between now and the other, by owner and
    deadline. For desk verbs."""
    query = (
        _joined(select(BreachReview))
        .where(
            BreachReview.closed_at.is_(None),
            BreachReview.owner_id.is_not(None),
            or_(
                BreachReview.opened_at > opened_since,
                and_(BreachReview.due_at >= now, BreachReview.due_at < due_until),
            ),
            _stands(now),
        )
        .options(*_LOADED)
        .order_by(BreachReview.owner_id, BreachReview.due_at, BreachReview.id)
    )
    return list(db.session.scalars(query))


def count_review_news(asker: Asker, since: datetime, now: datetime) -> int:
    """How many open reviews are news to the asker's bell: theirs and opened since then, or overdue, so that
    whoever manages their team was told since then."""
    query = _joined(select(func.count()).select_from(BreachReview))
    return db.session.scalar(query.where(_news(asker, since, now))) or 0


def list_review_news(asker: Asker, since: datetime, now: datetime, limit: int) -> list[BreachReview]:
    """These reviews, the next due first."""
    query = _joined(select(BreachReview)).where(_news(asker, since, now)).options(*_LOADED)
    return list(db.session.scalars(query.order_by(BreachReview.due_at, BreachReview.id).limit(limit)))


def _news(asker: Asker, since: datetime, now: datetime) -> ColumnElement[bool]:
    managed = select(Team.id).where(Team.manager_id == asker.person_id)
    return and_(
        BreachReview.closed_at.is_(None),
        or_(
            and_(BreachReview.owner_id == asker.person_id, BreachReview.opened_at > since, _seen_by(asker)),
            and_(BreachReview.escalated_at > since, BreachReview.team_id.in_(managed)),
        ),
        _stands(now),
    )


_LOADED = (
    contains_eager(BreachReview.ticket).options(joinedload(Ticket.service)),
    joinedload(BreachReview.team),
    joinedload(BreachReview.owner),
    joinedload(BreachReview.cause),
)


def _joined(query: Any) -> Any:
    return query.join(Target, _is_of_target()).join(Ticket, Ticket.id == BreachReview.ticket_id)


def _is_of_target() -> ColumnElement[bool]:
    return and_(*(getattr(BreachReview, name) == getattr(Target, name) for name in _CYCLE))


_CYCLE = ("ticket_id", "target", "cycle")


def _is_excused(now: datetime) -> ColumnElement[bool]:
    is_its = (getattr(Excuse, name) == getattr(BreachReview, name) for name in _CYCLE)
    return exists().where(*is_its, stood_at(now)).correlate(BreachReview)


def _stands(now: datetime) -> ColumnElement[bool]:
    """The stored state of what has stopped is final; what is open is judged at `now`, to the second."""
    is_past = and_(Target.stopped_at.is_(None), Target.due_at < now.replace(microsecond=0))
    return or_(Target.state == "breached", is_past)


def _seen_by(asker: Asker) -> ColumnElement[bool]:
    teams = figures_teams(asker)
    return true() if teams is None else BreachReview.team_id.in_(sorted(teams))


def _of(asker: Asker, asked: Reviews) -> ColumnElement[bool]:
    """What the asker may see of it, narrowed as asked."""
    conditions = [_stands(asked.now), _seen_by(asker), *_narrowed(asked)]
    if asked.state is not None:
        is_closed = BreachReview.closed_at.is_not(None)
        conditions.append(is_closed if asked.state == "closed" else ~is_closed)
    if asked.state == "overdue":
        conditions.append(BreachReview.due_at < asked.now)
    return and_(*conditions)


def _narrowed(asked: Reviews) -> Iterable[ColumnElement[bool]]:
    if asked.kind is not None:
        yield Ticket.kind == asked.kind
    if asked.since is not None:
        yield Target.started_at >= asked.since
        yield BreachReview.opened_at >= asked.since  # a promise is broken after it was given: few are left
    if asked.until is not None:
        yield Target.started_at < asked.until
    if asked.team_id is not None:
        yield BreachReview.team_id == asked.team_id
    if asked.ticket_id is not None:
        yield BreachReview.ticket_id == asked.ticket_id
    if asked.owner_id is not None:
        yield BreachReview.owner_id == asked.owner_id
    if asked.cause_id is not None:
        yield BreachReview.cause_id == asked.cause_id if asked.cause_id else BreachReview.cause_id.is_(None)
