"""Following up: what a lead does about a bad rating or a second reopening."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, and_, func, or_, select, text, true
from sqlalchemy.orm import Mapped, aliased, joinedload, mapped_column, relationship

from helpdesk.rules.access import Asker, figures_teams, may
from helpdesk.rules.follow_ups import missing
from helpdesk.store.db import Json, Model, UtcDateTime, among, db
from helpdesk.store.feedback import Rating
from helpdesk.store.people import Person
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Ticket

_IS_OPEN = text("closed_at IS NULL")


class FollowUp(Model):
    """Of a ticket one at most is open. `because`: rating or reopened; what happens again is added to
    `further` ({"because", "stars", "at"} each). Due at `due_at`; closed only with all four steps: the
    reporter reached, the cause found, an action named, the reporter told. `owned_at`: since when it is its
    owner's; `escalated_at`: the manager was told that it is overdue."""

    __tablename__ = "follow_up"
    __table_args__ = (
        Index(None, "closed_at", "due_at"),
        Index(None, "ticket_id"),
        Index(None, "opened_at"),
        Index(
            "ix_follow_up_open", "ticket_id", unique=True, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    because: Mapped[str]
    stars: Mapped[int | None]
    further: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    owned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reached_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reached_words: Mapped[str] = mapped_column(default="")
    cause: Mapped[str] = mapped_column(default="")
    action: Mapped[str] = mapped_column(default="")
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    escalated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ticket: Mapped[Ticket] = relationship()
    team: Mapped[Team] = relationship()
    owner: Mapped[Person | None] = relationship(foreign_keys=[owner_id])
    closed_by: Mapped[Person | None] = relationship(foreign_keys=[closed_by_id])

    @property
    def missing(self) -> list[str]:
        """The steps (rules/follow_ups.STEPS) that are still to be done."""
        return missing(self.reached_at, self.cause, self.action, self.told_at)


def _seen_by(asker: Asker) -> ColumnElement[bool]:
    """The condition for those that the asker sees: leads those of their teams, managers and auditors all."""
    teams = figures_teams(asker)
    return true() if teams is None else FollowUp.team_id.in_(sorted(teams))


def _loaded(query: Select[FollowUp]) -> Select[FollowUp]:
    ticket = joinedload(FollowUp.ticket)
    return query.options(
        ticket.joinedload(Ticket.reporter).selectinload(Person.addresses),
        ticket.joinedload(Ticket.service),
        joinedload(FollowUp.owner),
        joinedload(FollowUp.closed_by),
        joinedload(FollowUp.team),
    )


def find_follow_up(follow_up_id: int, asker: Asker) -> FollowUp | None:
    """The follow-up if the asker may see it, or None."""
    query = select(FollowUp).where(FollowUp.id == follow_up_id, _seen_by(asker))
    return db.session.scalar(_loaded(query))


def find_open_follow_up(ticket_id: int) -> FollowUp | None:
    """The one that is open for the ticket, or None."""
    return db.session.scalar(
        select(FollowUp).where(FollowUp.ticket_id == ticket_id, FollowUp.closed_at.is_(None))
    )


def get_follow_up(follow_up_id: int) -> FollowUp:
    """The follow-up, whoever asks. LookupError if there is none."""
    found = db.session.get(FollowUp, follow_up_id)
    if found is None:
        raise LookupError(f"no follow-up {follow_up_id}")
    return found


def get_follow_up_for_change(follow_up_id: int) -> FollowUp:
    """The follow-up, locked until the transaction ends. LookupError if there is none. For desk verbs, which
    lock its ticket first where they write to it."""
    found = db.session.scalar(
        select(FollowUp)
        .where(FollowUp.id == follow_up_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise LookupError(f"no follow-up {follow_up_id}")
    return found


def list_follow_ups_of(ticket_id: int, asker: Asker) -> list[FollowUp]:
    """The ticket's follow-ups that the asker sees, the latest first."""
    query = select(FollowUp).where(FollowUp.ticket_id == ticket_id, _seen_by(asker))
    return list(db.session.scalars(_loaded(query).order_by(FollowUp.id.desc())))


def list_follow_ups(
    asker: Asker, is_open: bool, limit: int, offset: int = 0, kind: str | None = None
) -> list[FollowUp]:
    """Open ones, the next due first; or closed ones, the latest closed first; `kind`: of such tickets."""
    query = _loaded(select(FollowUp).where(_seen_by(asker)))
    if kind is not None:
        query = query.where(FollowUp.ticket.has(kind=kind))
    if is_open:
        query = query.where(FollowUp.closed_at.is_(None)).order_by(FollowUp.due_at, FollowUp.id)
    else:
        query = query.where(FollowUp.closed_at.is_not(None))
        query = query.order_by(FollowUp.closed_at.desc(), FollowUp.id.desc())
    return list(db.session.scalars(query.limit(limit).offset(offset)))


def count_follow_ups(asker: Asker, is_open: bool) -> int:
    """How many of these the asker sees."""
    is_closed = FollowUp.closed_at.is_(None) if is_open else FollowUp.closed_at.is_not(None)
    query = select(func.count()).select_from(FollowUp).where(_seen_by(asker), is_closed)
    return db.session.scalar(query) or 0


def list_overdue_ids(now: datetime) -> list[int]:
    """Open ones past due of which no manager has heard, the longest overdue first."""
    query = select(FollowUp.id).where(
        FollowUp.closed_at.is_(None), FollowUp.due_at <= now, FollowUp.escalated_at.is_(None)
    )
    return list(db.session.scalars(query.order_by(FollowUp.due_at, FollowUp.id)))


def list_overdue(team_ids: Collection[int], now: datetime) -> list[FollowUp]:
    """Open ones of these teams past due, of which their manager has heard, the longest overdue first."""
    query = select(FollowUp).where(
        FollowUp.closed_at.is_(None),
        FollowUp.due_at <= now,
        FollowUp.escalated_at.is_not(None),
        FollowUp.team_id.in_(team_ids),
    )
    return list(db.session.scalars(_loaded(query).order_by(FollowUp.due_at, FollowUp.id)))


def list_owned(person_id: int) -> list[FollowUp]:
    """Open ones that are the person's, oldest first."""
    query = select(FollowUp).where(FollowUp.owner_id == person_id, FollowUp.closed_at.is_(None))
    return list(db.session.scalars(query.order_by(FollowUp.id)))


def list_owners_of(team_id: int) -> list[Person]:
    """Whom a follow-up of the team can be given to: its active leads who may follow up, by name."""
    from_team = select(Person).options(joinedload(Person.memberships)).where(Person.left_at.is_(None))
    found = db.session.scalars(
        from_team.where(Person.memberships.any(team_id=team_id, is_lead=True))
    ).unique()
    return sorted((p for p in found if may(p.asker, "followup.work")), key=lambda p: (p.name, p.id))


def _news(asker: Asker, since: datetime) -> ColumnElement[bool]:
    """What became the asker's own since then, and what became overdue in a team that they manage."""
    managed = select(Team.id).where(Team.manager_id == asker.person_id)
    return and_(
        FollowUp.closed_at.is_(None),
        or_(
            and_(FollowUp.owner_id == asker.person_id, FollowUp.owned_at > since, _seen_by(asker)),
            and_(FollowUp.escalated_at > since, FollowUp.team_id.in_(managed)),
        ),
    )


def count_follow_up_news(asker: Asker, since: datetime) -> int:
    """How many open follow-ups are news to the asker's bell."""
    query = select(func.count()).select_from(FollowUp).where(_news(asker, since))
    return db.session.scalar(query) or 0


def list_follow_up_news(asker: Asker, since: datetime, limit: int) -> list[FollowUp]:
    """These follow-ups, the next due first."""
    query = _loaded(select(FollowUp).where(_news(asker, since)))
    return list(db.session.scalars(query.order_by(FollowUp.due_at, FollowUp.id).limit(limit)))


class Opened(NamedTuple):
    """A follow-up that was opened in a period, with its ticket; `stars`: of the rating it is about."""

    id: int
    ticket_id: int
    subject: str
    reporter_id: int
    reporter: str
    team: str
    owner: str | None
    because: str
    stars: int | None
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None
    cause: str
    action: str


def list_opened(asker: Asker, kind: str, since: datetime, until: datetime) -> list[Opened]:
    """Those opened in [since, until) for tickets of that kind that the asker sees, in that order."""
    owner = aliased(Person)
    query = (
        select(
            FollowUp.id,
            FollowUp.ticket_id,
            Ticket.subject,
            Ticket.reporter_id,
            Person.name,
            Team.name,
            owner.name,
            FollowUp.because,
            FollowUp.stars,
            FollowUp.opened_at,
            FollowUp.due_at,
            FollowUp.closed_at,
            FollowUp.cause,
            FollowUp.action,
        )
        .join(Ticket, Ticket.id == FollowUp.ticket_id)
        .join(Person, Person.id == Ticket.reporter_id)
        .join(Team, Team.id == FollowUp.team_id)
        .outerjoin(owner, owner.id == FollowUp.owner_id)
        .where(Ticket.kind == kind, FollowUp.opened_at >= since, FollowUp.opened_at < until, _seen_by(asker))
        .order_by(FollowUp.opened_at, FollowUp.id)
    )
    return [Opened._make(row) for row in db.session.execute(query)]


def list_ratings_since(person_ids: Collection[int], since: datetime) -> list[tuple[int, datetime, int]]:
    """(person, when, stars) of every rating that these people have given since then, in order of time."""
    query = select(Rating.person_id, Rating.given_at, Rating.stars)
    query = query.where(among(Rating.person_id, person_ids), Rating.given_at >= since)
    rows = db.session.execute(query.order_by(Rating.given_at, Rating.ticket_id))
    return [(row.person_id, row.given_at, row.stars) for row in rows]
