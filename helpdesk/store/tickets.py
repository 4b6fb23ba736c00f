"""Tickets, their timelines, and the queries that respect who asks."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    UniqueConstraint,
    bindparam,
    false,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from helpdesk.rules.access import Asker, sees_notes, ticket_reach
from helpdesk.rules.lifecycle import OPEN, State
from helpdesk.store.db import Json, Model, UtcDateTime, among, db
from helpdesk.store.people import Person
from helpdesk.store.policies import PolicyVersion
from helpdesk.store.services import Service
from helpdesk.store.teams import Team

LIVING = (State.NEW, State.IN_WORK, State.WAITING, State.RESOLVED)
_IS_LIVING = "state IN ('new', 'in_work', 'waiting', 'resolved')"
IS_TURN = "kind IN ('accepted', 'resolved', 'reopened') AND voided_at IS NULL"
"""What of a timeline figures of work are made of, written as its index has it: else no database uses it."""


class Ticket(Model):
    """A report. Its timeline (`Entry`) is the record; state, severity, due dates here are its cache.

    `next_due_at` is the nearest due instant of an open, unpaused target (None: none), the queue's order.
    """

    __tablename__ = "ticket"
    __table_args__ = (
        Index("ix_ticket_queue", "is_open", "next_due_at", "id"),
        Index(None, "team_id", "is_open", "next_due_at"),
        Index(None, "assignee_id", "is_open", "next_due_at"),
        Index(None, "reporter_id", "reported_at"),
        # What is living, and all of it that counting the queue's views asks: no ticket is read for that.
        Index(
            "ix_ticket_living",
            "state",
            "next_due_at",
            "is_open",
            "team_id",
            "assignee_id",
            "service_id",
            "reporter_id",
            "parent_id",
            "severity",
            "kind",
            "is_triaged",
            "department_id",
            "reported_at",
            "id",
            sqlite_where=text(_IS_LIVING),
            postgresql_where=text(_IS_LIVING),
        ),
        # All that figures ask of the tickets of a period: none is read for that.
        Index(
            "ix_ticket_reported",
            "reported_at",
            "kind",
            "team_id",
            "assignee_id",
            "service_id",
            "department_id",
            "door",
            "severity",
            "is_open",
            "reopen_count",
            "resolved_at",
            "id",
        ),
        Index(None, "service_id", "reported_at"),
        # Few of many, asked for by whoever reads the status page.
        Index(
            "ix_ticket_critical",
            "service_id",
            "reported_at",
            sqlite_where=text("severity = 'critical'"),
            postgresql_where=text("severity = 'critical'"),
        ),
        # Few of many: among a million that have no parent a child would be long looked for.
        Index(
            "ix_ticket_parent_id",
            "parent_id",
            sqlite_where=text("parent_id IS NOT NULL"),
            postgresql_where=text("parent_id IS NOT NULL"),
        ),
        # Few of many, looked at by every sweep.
        Index(
            "ix_ticket_children",
            "parent_id",
            sqlite_where=text("is_open = 1 AND parent_id IS NOT NULL"),
            postgresql_where=text("is_open AND parent_id IS NOT NULL"),
        ),
        Index(
            "ix_ticket_reopened",
            "reported_at",
            "kind",
            "team_id",
            "assignee_id",
            "service_id",
            "door",
            "reopen_count",
            sqlite_where=text("reopen_count > 0"),
            postgresql_where=text("reopen_count > 0"),
        ),
        Index(
            "ix_ticket_shared",
            "department_id",
            "reported_at",
            sqlite_where=text("is_shared = 1"),
            postgresql_where=text("is_shared"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default=State.NEW)
    is_open: Mapped[bool] = mapped_column(default=True)  # new, in_work or waiting
    severity: Mapped[str]
    severity_reason: Mapped[str] = mapped_column(default="")
    is_triaged: Mapped[bool] = mapped_column(default=True)
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reporter_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    door: Mapped[str]
    # {"works", "affected", "core_work_stands_still", "since"}: what the reporter answered.
    answers: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    policy_version_id: Mapped[int] = mapped_column(ForeignKey("policy_version.id"))
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    waiting_for: Mapped[str | None]  # reporter, supplier
    wake_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # By when the agent has promised news, whatever happens; an alarm watches it.
    update_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_target: Mapped[str | None]
    reopen_count: Mapped[int] = mapped_column(default=0)
    cause: Mapped[str] = mapped_column(default="")
    solution: Mapped[str] = mapped_column(default="")
    # {field id as text: answer}: what the service's own questions were answered (store/service_fields).
    fields: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    # Whether colleagues of the reporter's department may read it, where the organisation allows that.
    is_shared: Mapped[bool] = mapped_column(default=False)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    # One fault reported by many: while the parent is open its children page nobody and take its answers.
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    # Up to which entry of its parent a child has taken over what was done there (desk/children).
    followed_id: Mapped[int] = mapped_column(default=0)
    # Somebody has said that it is no part of a larger fault: it is proposed for none.
    stands_alone: Mapped[bool] = mapped_column(default=False)
    # Part of every follow link and reply address: knowing it proves nothing without our signature.
    link_salt: Mapped[str]
    # Names the sending that made it: the same again (a second click, a program's retry) makes no other.
    sent_key: Mapped[str | None] = mapped_column(unique=True)

    service: Mapped[Service | None] = relationship()
    team: Mapped[Team] = relationship()
    assignee: Mapped[Person | None] = relationship(foreign_keys=[assignee_id])
    reporter: Mapped[Person] = relationship(foreign_keys=[reporter_id])
    policy_version: Mapped[PolicyVersion] = relationship()
    merged_into: Mapped["Ticket | None"] = relationship(remote_side=[id], foreign_keys=[merged_into_id])
    parent: Mapped["Ticket | None"] = relationship(remote_side=[id], foreign_keys=[parent_id])
    entries: Mapped[list["Entry"]] = relationship(order_by="Entry.id", back_populates="ticket")
    targets: Mapped[list["Target"]] = relationship(
        order_by="Target.started_at, Target.id", back_populates="ticket"
    )

    @property
    def number(self) -> str:
        """What people call it: HD-12."""
        return f"HD-{self.id}"

    def enter(self, state: State) -> None:
        """Takes the ticket into a state; out of waiting it no longer waits for anybody."""
        self.state = state
        self.is_open = state in OPEN
        if state is not State.WAITING:
            self.waiting_for, self.wake_at = None, None


class Entry(Model):
    """One thing that happened to a ticket; append-only (a voided one stays, with `voided_at`).

    `kind`: reported, accepted, replied (staff, public), reporter_replied, noted, assigned, not_assigned (by
    rule: nobody fits), moved, triaged, update_promised, waiting, resumed, severity_changed, resolved,
    reopened, closed, cancelled, merged, linked, unlinked, split, shared (with the department), adopted (by
    a parent), released, set_apart, follower_added, follower_removed, escalated, passed_on, nudged, rated,
    mail_filed, deadline_moved, letter_failed, excused, excuse_withdrawn, follow_up_opened, followed_up (the
    reporter was told what is done about it), follow_up_closed. `at` is when it holds (may be
    back-dated), `recorded_at` when it was written. `detail` bears from, to and the reason; `is_public`: for
    the reporter.
    """

    __tablename__ = "entry"
    __table_args__ = (
        Index(None, "ticket_id", "id"),
        # Few of many, and all that is asked of them: who took and resolved what, and when.
        Index(
            "ix_entry_turn",
            "at",
            "kind",
            "ticket_id",
            "actor_id",
            sqlite_where=text(IS_TURN),
            postgresql_where=text(IS_TURN),
        ),
        # Few of many, and all that is asked of them: thousands of rows would be read for a hundred.
        Index(
            "ix_entry_severity",
            "at",
            "ticket_id",
            postgresql_include=["id", "detail", "voided_at"],
            sqlite_where=text("kind = 'severity_changed'"),
            postgresql_where=text("kind = 'severity_changed'"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    kind: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    door: Mapped[str]
    is_public: Mapped[bool] = mapped_column(default=False)
    body: Mapped[str] = mapped_column(default="")  # Markdown as typed, or the plain text of a mail
    detail: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    raw_mail_id: Mapped[int | None] = mapped_column(ForeignKey("raw_mail.id"))
    ticket: Mapped[Ticket] = relationship(back_populates="entries")
    actor: Mapped[Person | None] = relationship()
    attachments: Mapped[list["Attachment"]] = relationship(order_by="Attachment.id")


class Target(Model):
    """One cycle of a target as rules/sla last computed it: a cache of the timeline's answer."""

    __tablename__ = "target"
    __table_args__ = (
        UniqueConstraint("ticket_id", "target", "cycle"),
        Index(None, "target", "started_at"),
        # Few of many: what figures count beside the facts.
        Index(
            "ix_target_open",
            "started_at",
            "ticket_id",
            sqlite_where=text("stopped_at IS NULL"),
            postgresql_where=text("stopped_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    target: Mapped[str]
    cycle: Mapped[int]
    state: Mapped[str]  # running, paused, met, breached, cancelled: as of the last refresh
    severity: Mapped[str]  # in force at its start; figures count it there
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    breached_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    allowance_seconds: Mapped[int]
    # Counted at the last refresh (of an open one: see `refreshed_at`).
    elapsed_seconds: Mapped[int]
    refreshed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ticket: Mapped[Ticket] = relationship(back_populates="targets")


# They came to the ticket by themselves: they read its public side in the portal alone, and of restricted
# services not even that.
LOOKING_ON = ("colleague", "affected")


class Participant(Model):
    """A person beyond the reporter who takes part in a ticket: `how` copied, follower, colleague
    (follows what their department was shown), joined (their ticket was merged into it) or affected (they have
    the same fault; what others wrote is not for them)."""

    __tablename__ = "participant"
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    how: Mapped[str]
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class Attachment(Model):
    """A file of an entry; its bytes lie in the data folder under attachments/ by their SHA-256.

    `role`: file; inline (a picture that the mail's text shows); repeated (a picture that came with earlier
    mails of that sender, such as a logo); formatted (the mail's safe HTML, for its page alone).
    """

    __tablename__ = "attachment"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"), index=True)
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(index=True)
    content_id: Mapped[str | None]  # of an inline image in a mail
    role: Mapped[str] = mapped_column(default="file")


def ticket_id_of(number: str) -> int | None:
    """The id in "HD-12", "hd-12" or "12"; None for anything else, and for more than a database counts to."""
    digits = number.strip().upper().removeprefix("HD-")
    found = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else None
    return found if found is not None and found < 2**31 else None


def desk_side(asker: Asker) -> ColumnElement[bool]:
    """The condition on Ticket that holds for what the asker reads as the desk does: notes, letters to others,
    raw mail (rules/access.sees_notes, as a query)."""
    reach = ticket_reach(asker)
    if reach.everything:
        return true()
    if not reach.desk:
        return false()
    me, teams = parameters(asker)
    secret = select(Service.id).where(Service.is_restricted)
    return or_(
        Ticket.service_id.is_(None),
        Ticket.service_id.not_in(secret),
        Ticket.team_id.in_(teams),
        Ticket.assignee_id == me,
    )


def visible_to(asker: Asker) -> ColumnElement[bool]:
    """The condition on Ticket for what the asker may see: `desk_side`, and where they take part; not where
    they only look on (store/portal shows them what they may read)."""
    if ticket_reach(asker).everything:
        return true()
    if asker.person_id is None:
        return false()
    me, _teams = parameters(asker)
    takes_part = Participant.person_id == me, Participant.how.not_in(LOOKING_ON)
    joined = select(Participant.ticket_id).where(*takes_part)
    return or_(desk_side(asker), Ticket.reporter_id == me, Ticket.id.in_(joined))


def parameters(asker: Asker) -> tuple[BindParameter[int | None], BindParameter[list[int]]]:
    """The asker's id and teams in a statement: values that another asker of the same role can replace, by
    `values_of`, where a statement is built once."""
    values = values_of(asker)
    return bindparam("me", values["me"]), bindparam("teams", values["teams"], expanding=True)


def values_of(asker: Asker) -> dict[str, Any]:
    """What the `parameters` are for this asker."""
    return {"me": asker.person_id, "teams": sorted(asker.team_ids)}


def anybody_like(asker: Asker) -> Asker:
    """Nobody real, whose statement fits whoever has the role and is in teams, or in none, as the asker.

    Building one takes three times as long as running it, so it is built once and each asker's values are put
    into it; without them it finds nothing.
    """
    nobody = None if asker.person_id is None else 0
    return Asker(nobody, asker.role, frozenset({0}) if asker.team_ids else frozenset())


def visible_tickets(asker: Asker) -> Select[Ticket]:
    """The base query of every list of tickets that somebody sees."""
    return select(Ticket).where(visible_to(asker))


def find_ticket(ticket_id: int, asker: Asker) -> Ticket | None:
    """The ticket if the asker may see it, else None (which doors answer with 404)."""
    asked = values_of(asker) | {"ticket": ticket_id}
    return db.session.scalars(_ticket_query(anybody_like(asker)), asked).unique().one_or_none()


@lru_cache(maxsize=32)
def _ticket_query(asker: Asker) -> Select[Ticket]:
    return (
        visible_tickets(asker)
        .where(Ticket.id == bindparam("ticket"))
        .options(
            joinedload(Ticket.service),
            joinedload(Ticket.team),
            joinedload(Ticket.reporter).joinedload(Person.addresses),
            joinedload(Ticket.assignee),
        )
    )


def find_any_ticket(ticket_id: int) -> Ticket | None:
    """The ticket whoever asks, or None: for the command line, whose user has the database anyway."""
    return db.session.get(Ticket, ticket_id)


def list_desk_side(ticket_ids: set[int], asker: Asker) -> set[int]:
    """Those of these tickets that the asker reads as the desk does (`is_desk_side`)."""
    return set(db.session.scalars(select(Ticket.id).where(among(Ticket.id, ticket_ids), desk_side(asker))))


def is_desk_side(ticket: Ticket, asker: Asker) -> bool:
    """Whether the asker reads the ticket as the desk does (rules/access.sees_notes)."""
    restricted = bool(ticket.service and ticket.service.is_restricted)
    return sees_notes(asker, ticket.team_id, restricted, ticket.assignee_id)


def list_tickets(
    asker: Asker,
    *,
    limit: int,
    before_id: int | None = None,
    changed_since: datetime | None = None,
    **equal: Any,
) -> list[Ticket]:
    """Tickets the asker may see, newest number first, with what they refer to loaded; `equal`: columns and
    values, `before_id` pages on."""
    loaded = (Ticket.service, Ticket.team, Ticket.reporter, Ticket.assignee)
    query = visible_tickets(asker).options(*(joinedload(each) for each in loaded))
    for name, value in equal.items():
        query = query.where(getattr(Ticket, name) == value)
    if before_id is not None:
        query = query.where(Ticket.id < before_id)
    if changed_since is not None:
        query = query.where(Ticket.changed_at >= changed_since)
    return list(db.session.scalars(query.order_by(Ticket.id.desc()).limit(limit)))


def list_open_assigned(person_id: int) -> list[int]:
    """The ids of open tickets that the person has, oldest first."""
    query = select(Ticket.id).where(Ticket.assignee_id == person_id, Ticket.is_open)
    return list(db.session.scalars(query.order_by(Ticket.id)))


def find_sent_ticket(sent_key: str) -> Ticket | None:
    """The ticket that this sending has made, or None. For the desk: the key is bound to its sender."""
    return db.session.scalar(select(Ticket).where(Ticket.sent_key == sent_key))


def get_ticket(ticket_id: int) -> Ticket:
    """The ticket, whoever asks: for letters, whose reader was chosen before. LookupError if there is none."""
    ticket = db.session.get(Ticket, ticket_id)
    if ticket is None:
        raise LookupError(f"no ticket {ticket_id}")
    return ticket


def get_entry(entry_id: int) -> Entry:
    """The entry of that id. LookupError if there is none."""
    entry = db.session.get(Entry, entry_id)
    if entry is None:
        raise LookupError(f"no entry {entry_id}")
    return entry


def lock_tickets(ids: Iterable[int]) -> None:
    """Nobody writes to these tickets until the transaction ends. In order of id, as everywhere. For desk
    verbs."""
    query = select(Ticket.id).where(among(Ticket.id, ids)).order_by(Ticket.id)
    db.session.execute(query.with_for_update(key_share=True)).all()


def get_ticket_for_change(ticket_id: int) -> Ticket:
    """The ticket, locked until the transaction ends. LookupError if there is none. For desk verbs.

    Rows may be added meanwhile that refer to it: else whoever adds one could wait for whoever waits for them.
    """
    ticket = db.session.scalar(
        select(Ticket)
        .where(Ticket.id == ticket_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if ticket is None:
        raise LookupError(f"no ticket {ticket_id}")
    return ticket


def list_entries(ticket_id: int, public_only: bool = False) -> list[Entry]:
    """The timeline in the order in which it was written, actors loaded; of what is public nothing voided."""
    query = select(Entry).where(Entry.ticket_id == ticket_id).options(joinedload(Entry.actor))
    if public_only:
        query = query.where(Entry.is_public, Entry.voided_at.is_(None))
    return list(db.session.scalars(query.order_by(Entry.id)))


def find_last_entry_id(ticket_id: int) -> int | None:
    """The id of the timeline's latest entry, or None."""
    query = select(Entry.id).where(Entry.ticket_id == ticket_id).order_by(Entry.id.desc()).limit(1)
    return db.session.scalar(query)


def list_alarm_entries(ticket_id: int, alarm_id: int) -> list[Entry]:
    """By which entries people were told of the alarm, or passed it on, in their order."""
    query = select(Entry).where(Entry.ticket_id == ticket_id, Entry.kind.in_(("escalated", "passed_on")))
    entries = db.session.scalars(query.order_by(Entry.id))
    return [entry for entry in entries if entry.detail.get("alarm") == alarm_id]


def find_entry(ticket_id: int, kind: str) -> Entry | None:
    """The ticket's latest entry of that kind that stands (not voided), or None."""
    return db.session.scalar(
        select(Entry)
        .where(Entry.ticket_id == ticket_id, Entry.kind == kind, Entry.voided_at.is_(None))
        .order_by(Entry.id.desc())
        .limit(1)
    )


def is_participant(ticket: Ticket, person_id: int) -> bool:
    """Whether the person takes part: as reporter, copied, follower, assignee or joined."""
    if person_id in (ticket.reporter_id, ticket.assignee_id):
        return True
    return db.session.get(Participant, (ticket.id, person_id)) is not None
