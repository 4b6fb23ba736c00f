"""Escalation policies with their steps, and the alarms that ring them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, literal, or_, select, text, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from helpdesk.store.db import Json, Model, UtcDateTime, among, db, insert_rows, update_rows
from helpdesk.store.tickets import Entry, Ticket


class EscalationPolicy(Model):
    """The ladder for one severity and target. `steps_made`: how many steps it ever had, so that none is given
    the number of one that was removed."""

    __tablename__ = "escalation_policy"
    __table_args__ = (UniqueConstraint("severity", "target"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    severity: Mapped[str]
    target: Mapped[str]
    steps_made: Mapped[int] = mapped_column(default=0)
    steps: Mapped[list["Step"]] = relationship(
        order_by="Step.position", cascade="all, delete-orphan", back_populates="policy", lazy="selectin"
    )


class Step(Model):
    """When (`percent` of the allowance, or `minutes` from `anchor`), to whom, and how often again.

    `number` names the step within its ladder for good (alarms that rang know it by that), `position` is its
    place. Exactly one of `percent` and `minutes` is set. `anchor`: start, before_due, after_due; minutes are
    counted as the target counts unless `is_wall_clock`. `to`: on_call, backup, next_turn (all three of the
    team's rosters, or of `roster_id`), team, assignee, lead, manager, administrators, person (`person_id`).
    `channel`: all, mail, chat. `repeat_minutes` None: once; else again until somebody accepts, at most
    `repeat_most` times (0: without end).
    """

    __tablename__ = "escalation_step"
    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("escalation_policy.id"), index=True)
    number: Mapped[int]
    position: Mapped[int]
    percent: Mapped[int | None]
    minutes: Mapped[int | None]
    anchor: Mapped[str] = mapped_column(default="start")
    is_wall_clock: Mapped[bool] = mapped_column(default=False)
    to: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    roster_id: Mapped[int | None] = mapped_column(ForeignKey("roster.id"))
    channel: Mapped[str] = mapped_column(default="all")
    repeat_minutes: Mapped[int | None]
    repeat_most: Mapped[int] = mapped_column(default=0)
    policy: Mapped[EscalationPolicy] = relationship(back_populates="steps")


class Alarm(Model):
    """Something to do for a ticket at an instant. One row per firing: (`ticket_id`, `key`) is unique.

    `kind`: step (of a ladder), triage, wake, nudge, silence_resolve, supplier, remind_confirm,
    close_silent. `key` names the firing, e.g. "response:1:critical:0:4" (target, cycle, severity, step,
    occurrence). `state`: pending, fired, skipped (due, but there was nothing left to do for it), cancelled.
    `fired_at`: when it rang or was found pointless. `retry_at`: when one that could not ring is tried again;
    `due_at` stays, so that all who watch see that it is late. Whoever holds the lock on the ticket's row, and
    nobody else, writes its alarms.
    """

    __tablename__ = "alarm"
    __table_args__ = (
        UniqueConstraint("ticket_id", "key"),
        Index(None, "state", "due_at"),
        Index(None, "fired_at"),
        # Few of many: who accepted and then said nothing.
        Index(
            "ix_alarm_silent",
            "fired_at",
            "ticket_id",
            "state",
            sqlite_where=text("kind = 'silent'"),
            postgresql_where=text("kind = 'silent'"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    kind: Mapped[str]
    key: Mapped[str]
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(default="pending")
    fired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    retry_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # For a step: {"target", "cycle", "step", "occurrence", "to", "repeats"}; for a nudge {"n"}; for a skipped
    # one also {"because", "late_seconds"}.
    detail: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    ticket: Mapped[Any] = relationship("Ticket")


def list_steps(severity: str) -> list[tuple[str, Step]]:
    """The steps of that severity's ladders in their order, each with its target."""
    rows = db.session.execute(
        select(EscalationPolicy.target, Step)
        .join(Step.policy)
        .where(EscalationPolicy.severity == severity)
        .order_by(EscalationPolicy.id, Step.position)
    )
    return [(target, step) for target, step in rows]


def find_ladder(severity: str, target: str) -> EscalationPolicy | None:
    """The ladder for that severity and target with its steps, or None where there is none."""
    return db.session.scalar(
        select(EscalationPolicy).where(
            EscalationPolicy.severity == severity, EscalationPolicy.target == target
        )
    )


def list_ladders_naming(person_id: int) -> list[EscalationPolicy]:
    """The ladders with a step that tells this very person."""
    named = select(Step.policy_id).where(Step.person_id == person_id)
    query = select(EscalationPolicy).where(EscalationPolicy.id.in_(named)).order_by(EscalationPolicy.id)
    return list(db.session.scalars(query))


def list_alarms(ticket_ids: list[int]) -> dict[int, list[Alarm]]:
    """All alarms of each of these tickets, those that have rung too."""
    found: dict[int, list[Alarm]] = {ticket_id: [] for ticket_id in ticket_ids}
    for alarm in db.session.scalars(select(Alarm).where(Alarm.ticket_id.in_(ticket_ids)).order_by(Alarm.id)):
        found[alarm.ticket_id].append(alarm)
    return found


def insert_alarms(rows: list[dict[str, Any]]) -> None:
    """Adds pending alarms in one statement: {"ticket_id", "kind", "key", "due_at", "detail"} each."""
    insert_rows(Alarm, [{"state": "pending", **row} for row in rows])


def update_alarms(rows: list[dict[str, Any]]) -> None:
    """Changes alarms of locked tickets: {"id", "state", "due_at", "fired_at", "detail"} each, or {"id",
    "due_at"} of one that is only due at another time."""
    update_rows(Alarm, [row for row in rows if len(row) > 2])
    update_rows(Alarm, [row for row in rows if len(row) == 2])


def fire_alarms(alarm_ids: list[int], now: datetime) -> None:
    """These alarms of locked tickets have rung, as they stood."""
    if alarm_ids:
        rang = update(Alarm).where(among(Alarm.id, alarm_ids)).values(state="fired", fired_at=now)
        db.session.execute(rang, execution_options={"synchronize_session": False})


def is_pending(alarm_id: int) -> bool:
    """Whether the alarm is still to ring."""
    return db.session.scalar(select(Alarm.state).where(Alarm.id == alarm_id)) == "pending"


def find_next_due(now: datetime) -> datetime | None:
    """When the nearest pending alarm is to ring; None if none waits but those put off to after `now`."""
    query = select(Alarm.due_at, Alarm.retry_at).where(Alarm.state == "pending", _is_not_put_off(now))
    # Along the index; what is put off and comes before is little.
    nearest = db.session.execute(query.order_by(Alarm.due_at).limit(1)).first()
    return max(at for at in nearest if at is not None) if nearest else None


def _is_not_put_off(now: datetime) -> ColumnElement[bool]:
    return or_(Alarm.retry_at.is_(None), Alarm.retry_at <= now)


def find_alarm(alarm_id: int) -> Alarm | None:
    """The alarm of that id with its ticket, or None."""
    return db.session.get(Alarm, alarm_id, options=[joinedload(Alarm.ticket)])


def claim_due_tickets(now: datetime, limit: int) -> list[int]:
    """The ids of tickets with alarms due, the longest overdue first, locked until the transaction ends.

    At most `limit` alarms' tickets. Those that another worker has locked are left to it. Walks the index of
    what is due and never reads what is pending for later.
    """
    ids = db.session.scalars(
        select(Ticket.id)
        .join(Alarm, Alarm.ticket_id == Ticket.id)
        .where(Alarm.state == "pending", Alarm.due_at <= now, _is_not_put_off(now))
        .order_by(Alarm.due_at)
        .limit(limit)
        .with_for_update(of=Ticket, skip_locked=True)
    )
    return list(dict.fromkeys(ids))


def list_timelines(ticket_ids: list[int]) -> dict[int, list[Entry]]:
    """The timeline of each of these tickets, in the order in which it was written."""
    found: dict[int, list[Entry]] = {ticket_id: [] for ticket_id in ticket_ids}
    for entry in db.session.scalars(select(Entry).where(Entry.ticket_id.in_(ticket_ids)).order_by(Entry.id)):
        found[entry.ticket_id].append(entry)
    return found


def set_aside_alarms(ticket_id: int, since: datetime, prefix: str) -> None:
    """Puts `prefix` before the keys of the ticket's alarms that rang at `since` or later: what they rang for
    never was, and the like of it may ring again."""
    db.session.execute(
        update(Alarm)
        .where(Alarm.ticket_id == ticket_id, Alarm.fired_at >= since)
        .values(key=literal(prefix) + Alarm.key)
        .execution_options(synchronize_session=False)
    )


def put_off_alarms(ticket_id: int, until: datetime) -> None:
    """The ticket's alarms due before `until` ring then at the earliest; their `due_at` stays."""
    db.session.execute(
        update(Alarm)
        .where(Alarm.ticket_id == ticket_id, Alarm.state == "pending", Alarm.due_at < until)
        .values(retry_at=until)
    )
