"""Escalation policies with their steps, and the alarms that ring them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.store.db import Json, Model, UtcDateTime


class EscalationPolicy(Model):
    """The ladder for one severity and target."""

    __tablename__ = "escalation_policy"
    __table_args__ = (UniqueConstraint("severity", "target"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    severity: Mapped[str]
    target: Mapped[str]
    steps: Mapped[list["Step"]] = relationship(
        order_by="Step.position", cascade="all, delete-orphan", back_populates="policy", lazy="selectin"
    )


class Step(Model):
    """When (`percent` of the allowance, or `minutes` after the start), to whom, and how often again.

    Exactly one of `percent` and `minutes` is set. `to`: on_call, backup, team, assignee, lead, manager.
    `repeat_minutes` None: once; else again until the target is met, at most `repeat_most` times.
    """

    __tablename__ = "escalation_step"
    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("escalation_policy.id"), index=True)
    position: Mapped[int]
    percent: Mapped[int | None]
    minutes: Mapped[int | None]
    to: Mapped[str]
    repeat_minutes: Mapped[int | None]
    repeat_most: Mapped[int] = mapped_column(default=0)
    policy: Mapped[EscalationPolicy] = relationship(back_populates="steps")


class Alarm(Model):
    """Something to do for a ticket at an instant. One row per firing: (`ticket_id`, `key`) is unique.

    `kind`: step (of a ladder), triage, wake, nudge, silence_resolve, supplier, remind_confirm,
    close_silent. `key` names the firing, e.g. "response:1:step4:0" (target, cycle, step, occurrence).
    `state`: pending, fired, skipped, cancelled; pending ones are claimed by a conditional update.
    """

    __tablename__ = "alarm"
    __table_args__ = (
        UniqueConstraint("ticket_id", "key"),
        Index(None, "state", "due_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    kind: Mapped[str]
    key: Mapped[str]
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(default="pending")
    fired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # For a step: {"target", "cycle", "step_id", "occurrence", "to"}; what the firing needs to know.
    detail: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    ticket: Mapped[Any] = relationship("Ticket")
