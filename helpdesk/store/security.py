"""The security log, sign-in attempts and API tokens."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.store.db import Json, Model, UtcDateTime
from helpdesk.store.people import Person


class SecurityEvent(Model):
    """Something that concerns security or set-up. `what`: signed_in, sign_in_refused, signed_out,
    password_changed, role_changed, setting_changed, exported, ...; kept for at least 180 days."""

    __tablename__ = "security_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    what: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    subject: Mapped[str] = mapped_column(default="")  # what it was done to: "person:3", "service:ERP"
    detail: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    address: Mapped[str] = mapped_column(default="")
    actor: Mapped[Person | None] = relationship()


class SignInAttempt(Model):
    """A refused sign-in; `bucket` is "account:EMAIL" or "address:IP". Old rows are swept."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index(None, "bucket", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    bucket: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiToken(Model):
    """A person's token for the API; only its SHA-256 is kept."""

    __tablename__ = "api_token"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    sha256: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    person: Mapped[Person] = relationship()
