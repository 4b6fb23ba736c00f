"""Calendars and target policies, both kept in versions.

A ticket keeps the policy version it was reported under; a calendar's versions each hold from their
instant on, and are pieced together (desk/policies).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.store.db import Json, Model, UtcDateTime, db
from helpdesk.store.organisation import Department
from helpdesk.store.services import Service


class Calendar(Model):
    """Hours that count, in versions; each holds from an instant on."""

    __tablename__ = "calendar"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    versions: Mapped[list["CalendarVersion"]] = relationship(
        order_by="CalendarVersion.number", back_populates="calendar", lazy="selectin"
    )


class CalendarVersion(Model):
    """`definition`: {"timezone", "week", "dates"} as in sla-clock.md; in force from `effective_at` on."""

    __tablename__ = "calendar_version"
    __table_args__ = (UniqueConstraint("calendar_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("calendar.id"))
    number: Mapped[int]
    definition: Mapped[dict[str, Any]] = mapped_column(Json)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    effective_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(default="")
    calendar: Mapped[Calendar] = relationship(back_populates="versions")


class Policy(Model):
    """A target policy. Which tickets come under it say the rules (PolicyRule)."""

    __tablename__ = "policy"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    versions: Mapped[list["PolicyVersion"]] = relationship(
        order_by="PolicyVersion.number", back_populates="policy", lazy="selectin"
    )


class PolicyVersion(Model):
    """`definition`: {severity: {target: {"minutes", "calendar_id" (None: 24x7)}, "maintenance_pauses"},
    "supplier_pauses": bool, "triage_minutes": int, "maintenance_lead_minutes": int (absent: 0),
    "maintenance_counts": see rules/maintenance (absent: actual_within_planned)}; in force for tickets
    reported from `effective_at` on."""

    __tablename__ = "policy_version"
    __table_args__ = (UniqueConstraint("policy_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"))
    number: Mapped[int]
    definition: Mapped[dict[str, Any]] = mapped_column(Json)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    effective_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(default="")
    policy: Mapped[Policy] = relationship(back_populates="versions")


class PolicyRule(Model):
    """Tickets of this kind, service and reporter's department (None: any) come under this policy. Tried in
    order of `position`; the last, for any ticket at all, is always there."""

    __tablename__ = "policy_rule"
    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int]
    kind: Mapped[str | None]
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"))
    policy: Mapped[Policy] = relationship()
    service: Mapped[Service | None] = relationship()
    department: Mapped[Department | None] = relationship()


def list_calendars() -> list[Calendar]:
    """Calendars with their versions, by name."""
    return list(db.session.scalars(select(Calendar).order_by(Calendar.name)))


def find_calendar(calendar_id: int) -> Calendar | None:
    """The calendar of that id with its versions, or None."""
    return db.session.get(Calendar, calendar_id)


def list_policies() -> list[Policy]:
    """Policies with their versions, by name."""
    return list(db.session.scalars(select(Policy).order_by(Policy.name)))


def list_policy_rules() -> list[PolicyRule]:
    """The rules in the order in which they are tried."""
    return list(db.session.scalars(select(PolicyRule).order_by(PolicyRule.position, PolicyRule.id)))
