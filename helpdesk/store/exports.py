"""Large tables made in the background, to be fetched for a while."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, ForeignKey, Index, Row, and_, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Mapped, aliased, mapped_column, relationship

from helpdesk.rules.access import Asker, figures_teams
from helpdesk.rules.register import WAITS
from helpdesk.store.breaches import BreachCause, BreachReview
from helpdesk.store.db import Json, Model, UtcDateTime, among, db
from helpdesk.store.excuses import Excuse
from helpdesk.store.feedback import Rating
from helpdesk.store.organisation import Department
from helpdesk.store.people import Person
from helpdesk.store.services import Service
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Entry, Target, Ticket


class Export(Model):
    """A table that somebody has ordered (`what`: register), of what `asked` says: `done_rows` of `all_rows`.

    `state`: waiting, at_work (until `claimed_until`, by whoever has made the last of `attempts`), ready,
    failed, gone (removed after `expires_at`). `file`: its name below the data folder's exports.
    """

    __tablename__ = "export"
    __table_args__ = (Index(None, "state", "claimed_until"), Index(None, "person_id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    what: Mapped[str]
    asked: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    zone: Mapped[str]
    locale: Mapped[str]
    state: Mapped[str] = mapped_column(default="waiting")
    ordered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_rows: Mapped[int] = mapped_column(default=0)
    all_rows: Mapped[int | None]
    file: Mapped[str] = mapped_column(default="")
    sent_key: Mapped[str | None] = mapped_column(unique=True)
    person: Mapped[Person] = relationship()


def find_export(export_id: int, person_id: int) -> Export | None:
    """The export if that person ordered it, else None."""
    found = db.session.get(Export, export_id)
    return found if found is not None and found.person_id == person_id else None


def get_export(export_id: int) -> Export:
    """The export of that id, which is there. For desk verbs."""
    return db.session.get_one(Export, export_id)


def find_sent_export(sent_key: str) -> Export | None:
    """What this sending has ordered, or None."""
    return db.session.scalar(select(Export).where(Export.sent_key == sent_key))


def list_exports(person_id: int, limit: int) -> list[Export]:
    """What that person ordered, the latest first."""
    query = select(Export).where(Export.person_id == person_id)
    return list(db.session.scalars(query.order_by(Export.id.desc()).limit(limit)))


def find_oldest_export(now: datetime) -> datetime | None:
    """Since when the oldest export that nobody makes could be made; None: there is none."""
    return db.session.scalar(
        select(func.coalesce(Export.claimed_until, Export.ordered_at))
        .where(_to_make(now))
        .order_by(Export.id)
        .limit(1)
    )


def claim_export(now: datetime) -> Export | None:
    """The oldest export that nobody makes, locked until the transaction ends; None where there is none. For
    desk verbs."""
    query = select(Export).where(_to_make(now)).order_by(Export.id).limit(1)
    locked = query.with_for_update(skip_locked=True, of=Export)
    return db.session.scalar(locked.execution_options(populate_existing=True))


def _to_make(now: datetime) -> ColumnElement[bool]:
    given_up = and_(Export.state == "at_work", Export.claimed_until <= now)
    return or_(Export.state == "waiting", given_up)


def change_claimed(export_id: int, attempt: int, values: dict[str, Any]) -> bool:
    """Changes an export while that attempt is the one that makes it; False where another has taken over. For
    desk verbs."""
    mine = (Export.id == export_id, Export.state == "at_work", Export.attempts == attempt)
    changed = update(Export).where(*mine).values(values).returning(Export.id)
    return db.session.scalar(changed.execution_options(synchronize_session=False)) is not None


def list_expired_exports(now: datetime) -> list[Export]:
    """What is ready and no longer to be fetched. For desk verbs."""
    query = select(Export).where(Export.state == "ready", Export.expires_at <= now)
    return list(db.session.scalars(query.with_for_update(of=Export)))


def list_export_files() -> set[str]:
    """The names of all files that can be fetched."""
    return set(db.session.scalars(select(Export.file).where(Export.state == "ready")))


@dataclass(frozen=True)
class RegisterPage:
    """Some tickets in the order of their reporting, as rows (columns of `_tickets`), with what belongs to
    each: rows of targets, of entries that a waiting begins or ends with, of excuses that stand, and of
    reviews of breaches."""

    tickets: Sequence[Row[Any]]
    targets: Mapping[int, list[Row[Any]]]
    entries: Mapping[int, list[Row[Any]]]
    excuses: Mapping[int, list[Row[Any]]]
    reviews: Mapping[int, list[Row[Any]]]


def count_register(asker: Asker, since: datetime, until: datetime) -> int:
    """How many tickets of the asker's figures were reported in [since, until)."""
    query = select(func.count()).select_from(Ticket).where(_registered(asker, since, until))
    return db.session.scalar(query) or 0


def list_register(
    asker: Asker, since: datetime, until: datetime, after: tuple[datetime, int] | None, limit: int
) -> RegisterPage:
    """The next tickets that count in the asker's figures and were reported in [since, until): those after
    (reported at, id), None: the first. Rows, no entities: a year has hundreds of thousands."""
    query = _tickets().where(_registered(asker, since, until))
    if after is not None:
        reported_at, ticket_id = after
        same = and_(Ticket.reported_at == reported_at, Ticket.id > ticket_id)
        query = query.where(Ticket.reported_at >= reported_at, or_(Ticket.reported_at > reported_at, same))
    tickets = db.session.execute(query.order_by(Ticket.reported_at, Ticket.id).limit(limit)).all()
    ids = [ticket.id for ticket in tickets]
    return RegisterPage(
        tickets, *(_by_ticket(each, ids) for each in (_TARGETS, _ENTRIES, _EXCUSES, _REVIEWS))
    )


def _registered(asker: Asker, since: datetime, until: datetime) -> ColumnElement[bool]:
    teams = figures_teams(asker)
    period = and_(Ticket.reported_at >= since, Ticket.reported_at < until)
    return period if teams is None else and_(period, Ticket.team_id.in_(teams))


def _tickets() -> Any:
    assignee, reporter = aliased(Person), aliased(Person)
    return (
        select(
            *(Ticket.id, Ticket.subject, Ticket.kind, Ticket.severity, Ticket.state, Ticket.door),
            *(Ticket.reported_at, Ticket.accepted_at, Ticket.resolved_at, Ticket.closed_at),
            *(Ticket.reopen_count, Ticket.cause, Ticket.merged_into_id, Ticket.parent_id),
            Service.name.label("service"),
            Team.name.label("team"),
            assignee.name.label("assignee"),
            reporter.name.label("reporter"),
            Department.name.label("department"),
            Rating.stars,
            Rating.words.label("rating_words"),
        )
        .join(Team, Team.id == Ticket.team_id)
        .join(reporter, reporter.id == Ticket.reporter_id)
        .outerjoin(Service, Service.id == Ticket.service_id)
        .outerjoin(assignee, assignee.id == Ticket.assignee_id)
        .outerjoin(Department, Department.id == Ticket.department_id)
        .outerjoin(Rating, Rating.ticket_id == Ticket.id)
    )


_Parts: TypeAlias = tuple[InstrumentedAttribute[int], Any]  # the column of the ticket, and the query
_TARGETS: _Parts = (
    Target.ticket_id,
    select(
        *(Target.ticket_id, Target.target, Target.cycle, Target.state, Target.due_at, Target.stopped_at),
        *(Target.allowance_seconds, Target.elapsed_seconds),
    ).order_by(Target.started_at, Target.id),
)
_ENTRIES: _Parts = (
    Entry.ticket_id,
    select(Entry.ticket_id, Entry.kind, Entry.at, Entry.detail)
    .where(Entry.kind.in_(WAITS), Entry.voided_at.is_(None))
    .order_by(Entry.id),
)
_EXCUSES: _Parts = (
    Excuse.ticket_id,
    select(Excuse.ticket_id, Excuse.target, Excuse.cycle, Excuse.reason)
    .where(Excuse.withdrawn_at.is_(None))
    .order_by(Excuse.id),
)
_REVIEWS: _Parts = (
    BreachReview.ticket_id,
    select(BreachReview.ticket_id, BreachReview.target, BreachCause.name.label("cause"), BreachReview.words)
    .outerjoin(BreachCause, BreachCause.id == BreachReview.cause_id)
    .where(or_(BreachReview.cause_id.is_not(None), BreachReview.words != ""))
    .order_by(BreachReview.id),
)


def _by_ticket(of: _Parts, ticket_ids: list[int]) -> dict[int, list[Row[Any]]]:
    column, query = of
    found: dict[int, list[Row[Any]]] = {}
    for row in db.session.execute(query.where(among(column, ticket_ids))):
        found.setdefault(row.ticket_id, []).append(row)
    return found
