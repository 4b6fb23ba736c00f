"""The security log, sign-in attempts and API tokens."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, bindparam, delete, or_, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from helpdesk.store.db import Json, Model, UtcDateTime, db
from helpdesk.store.organisation import Organisation, hold, lock_organisation
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
    """A try that was refused or is being checked; `bucket` is "account:EMAIL", "device:ID", "address:IP",
    "reset:EMAIL" or "token:IP". Rows of a try that succeeds are removed, old ones are swept."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index(None, "bucket", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    bucket: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class EndedSession(Model):
    """A session that was signed out before its cookie ran out: a kept copy of the cookie must not work."""

    __tablename__ = "ended_session"
    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


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


def find_signed_in(person_id: int, session_name: str) -> Person | None:
    """The person of that id with teams and addresses loaded, unless the session was ended; None also where
    there is no such person. One query, which every page asks: the organisation is read with it."""
    found = db.session.execute(_session_query(), {"person": person_id, "session": session_name})
    row = found.unique().one_or_none()
    if row is None:
        return None
    hold(row.Organisation)
    person: Person = row.Person
    return person if row.name is None else None


@cache
def _session_query() -> Select[Person, str, Organisation]:
    return (
        select(Person, EndedSession.name, Organisation)
        .select_from(Person)
        .outerjoin(EndedSession, EndedSession.name == bindparam("session"))
        .outerjoin(Organisation, Organisation.id == 1)
        .where(Person.id == bindparam("person"))
        .options(joinedload(Person.memberships), joinedload(Person.addresses))
    )


def list_attempts(bucket: str, since: datetime) -> list[datetime]:
    """When tries of this bucket were made, oldest first."""
    query = select(SignInAttempt.at).where(SignInAttempt.bucket == bucket, SignInAttempt.at > since)
    return list(db.session.scalars(query.order_by(SignInAttempt.at)))


def delete_attempts(attempt_ids: list[int], bucket: str) -> None:
    """Forgets these tries and all of the bucket. For desk verbs."""
    db.session.execute(delete(SignInAttempt).where(SignInAttempt.id.in_(attempt_ids)))
    db.session.execute(delete(SignInAttempt).where(SignInAttempt.bucket == bucket))


def forget_account(person_id: int) -> None:
    """Forgets every try on the person's account: a new password begins anew. For desk verbs."""
    ours = or_(
        SignInAttempt.bucket.in_([f"account:{person_id}", f"confirm:{person_id}"]),
        SignInAttempt.bucket.startswith(f"device:{person_id}:", autoescape=True),
    )
    db.session.execute(delete(SignInAttempt).where(ours))


def delete_attempts_before(at: datetime) -> None:
    """Forgets old tries. For desk verbs."""
    db.session.execute(delete(SignInAttempt).where(SignInAttempt.at < at))


def find_ended_session(name: str) -> EndedSession | None:
    """The session of that name if it was signed out, else None."""
    return db.session.get(EndedSession, name)


def delete_ended_sessions_before(at: datetime) -> None:
    """Forgets sessions whose cookies are too old by now anyway. For desk verbs."""
    db.session.execute(delete(EndedSession).where(EndedSession.at < at))


def delete_events_before(at: datetime) -> None:
    """Removes old rows of the security log. For desk verbs."""
    db.session.execute(delete(SecurityEvent).where(SecurityEvent.at < at))


def list_events(
    *,
    what: str = "",
    actor_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before_id: int | None = None,
    limit: int = 100,
) -> list[SecurityEvent]:
    """The security log, newest first, actors loaded; `before_id` pages on."""
    query = select(SecurityEvent).options(joinedload(SecurityEvent.actor))
    if what:
        query = query.where(SecurityEvent.what == what)
    if actor_id is not None:
        query = query.where(SecurityEvent.actor_id == actor_id)
    if since is not None:
        query = query.where(SecurityEvent.at >= since)
    if until is not None:
        query = query.where(SecurityEvent.at < until)
    if before_id is not None:
        query = query.where(SecurityEvent.id < before_id)
    return list(db.session.scalars(query.order_by(SecurityEvent.id.desc()).limit(limit)))


def list_event_kinds() -> list[str]:
    """Every `what` that the log holds, by name."""
    return list(db.session.scalars(select(SecurityEvent.what).distinct().order_by(SecurityEvent.what)))


def find_token(sha256: str) -> ApiToken | None:
    """The token of that digest that has not been revoked, its person loaded, or None."""
    return db.session.scalar(
        select(ApiToken)
        .where(ApiToken.sha256 == sha256, ApiToken.revoked_at.is_(None))
        .options(joinedload(ApiToken.person))
    )


def list_tokens(person_id: int) -> list[ApiToken]:
    """The person's tokens that have not been revoked, oldest first."""
    query = select(ApiToken).where(ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None))
    return list(db.session.scalars(query.order_by(ApiToken.id)))


def lock_attempts() -> None:
    """Lets one process at a time count tries, until the transaction ends."""
    lock_organisation()
