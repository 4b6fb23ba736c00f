"""Letters: what was written to whom, and whether it went out."""

from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, and_, case, func, or_, select, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from helpdesk.rules.access import Asker, may
from helpdesk.rules.letters import AT_ONCE, MOST, WITHIN
from helpdesk.store.db import Model, UtcDateTime, db
from helpdesk.store.people import Person
from helpdesk.store.tickets import Ticket, desk_side

# Their links let in whoever has them: only administrators read these on the letters page.
SECRET_KINDS = frozenset({"invitation", "password_reset"})
# Its code proves that a channel arrives: it is read there or nowhere.
UNSEEN_KINDS = frozenset({"channel_code"})


class Letter(Model):
    """A rendered letter. `key` makes it exactly one ("alarm:7:person:3"). `state`: waiting (with a `fault`:
    deferred), sent, bounced (a delivery report says that it did not arrive), failed (given up; an agent is
    told), kept (not sent: no HELPDESK_SMTP_URL, or somebody decided so; readable on the letters page alone),
    held (for the daily letter), gathered (stands in one). `report`: what the last delivery report says (also
    of a delay, which leaves it sent), `reported_at`: when. `channel_id`: goes to that channel as plain text;
    None: by mail.

    `claimed_until`: a sender holds it until then; `message_id` is fixed at writing, so that a second
    sending after a crash bears the same one. `tried_since`: when it was first tried; None: not yet.
    """

    __tablename__ = "letter"
    __table_args__ = (Index(None, "state", "next_try_at"), Index(None, "to_address", "sent_at"))
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    to_address: Mapped[str]
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entry.id"))
    locale: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    # An event for calendars (RFC 5545), attached; "": none.
    ics: Mapped[str] = mapped_column(default="")
    message_id: Mapped[str] = mapped_column(unique=True)
    in_reply_to: Mapped[str | None]
    reply_to: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    state: Mapped[str] = mapped_column(default="waiting")
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    tried_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fault: Mapped[str] = mapped_column(default="")
    report: Mapped[str] = mapped_column(default="")
    reported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    person: Mapped[Person | None] = relationship()
    ticket: Mapped[Ticket | None] = relationship()


def count_written(at: datetime) -> int:
    """How many letters were written at exactly that instant: by one who tries something out at it."""
    return db.session.scalar(select(func.count()).where(Letter.created_at == at)) or 0


def find_letter(letter_id: int) -> Letter | None:
    """The letter of that id, or None."""
    return db.session.get(Letter, letter_id)


def find_letter_by_message_id(message_id: str) -> Letter | None:
    """The letter that bears the Message-ID (with its angle brackets), or None."""
    return db.session.scalar(select(Letter).where(Letter.message_id == message_id))


def find_letter_by_key(key: str) -> Letter | None:
    """The letter of that key, or None."""
    return db.session.scalar(select(Letter).where(Letter.key == key))


def get_letter(letter_id: int) -> Letter:
    """The letter of that id. LookupError if there is none."""
    letter = find_letter(letter_id)
    if letter is None:
        raise LookupError(f"no letter {letter_id}")
    return letter


def claim_letters(now: datetime, until: datetime, limit: int) -> list[int]:
    """Claims letters that are due for sending by mail and returns their ids, the oldest first; others get
    others."""
    return _claim(Letter.channel_id.is_(None), now, until, limit)


def claim_messages(now: datetime, until: datetime, limit: int) -> list[int]:
    """As `claim_letters`, those that go over a channel."""
    return _claim(Letter.channel_id.is_not(None), now, until, limit)


def _claim(which: ColumnElement[bool], now: datetime, until: datetime, limit: int) -> list[int]:
    ids = list(
        db.session.scalars(
            select(Letter.id)
            .where(
                which,
                Letter.state == "waiting",
                Letter.next_try_at <= now,
                or_(Letter.claimed_until.is_(None), Letter.claimed_until <= now),
            )
            .order_by(Letter.next_try_at, Letter.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )
    db.session.execute(update(Letter).where(Letter.id.in_(ids)).values(claimed_until=until))
    return ids


def find_pace_end(letter: Letter, now: datetime) -> datetime | None:
    """When the letter may leave, where its address has had rules/letters.MOST within the hour; None: now."""
    if letter.kind in AT_ONCE:
        return None
    lately = (
        select(Letter.sent_at)
        .where(
            Letter.to_address == letter.to_address, Letter.sent_at > now - WITHIN, Letter.kind.not_in(AT_ONCE)
        )
        .order_by(Letter.sent_at.desc())
        .limit(1)
        .offset(MOST - 1)
    )
    oldest = db.session.scalar(lately)
    return oldest + WITHIN if oldest is not None else None


def put_off_letters(to_address: str, until: datetime) -> None:
    """All that waits for that address by mail leaves no sooner; what is never held back does. For senders."""
    waiting = (
        select(Letter.id)
        .where(
            Letter.channel_id.is_(None),
            Letter.state == "waiting",
            Letter.to_address == to_address,
            Letter.next_try_at < until,
            Letter.kind.not_in(AT_ONCE),
        )
        .with_for_update(skip_locked=True)  # another sender may have one of these and put off the rest
    )
    db.session.execute(
        update(Letter).where(Letter.id.in_(waiting)).values(next_try_at=until, claimed_until=None)
    )


def keep_waiting_letters() -> int:
    """Nothing that waits to go by mail goes; returns how many that were. For desk verbs."""
    ids = db.session.scalars(
        update(Letter)
        .where(Letter.channel_id.is_(None), Letter.state == "waiting")
        .values(state="kept", claimed_until=None)
        .returning(Letter.id)
        .execution_options(synchronize_session=False)
    )
    return len(ids.all())


def list_conversation(letter: Letter) -> list[str]:
    """The Message-IDs of the first letter to the same address about the same ticket and of the last before
    this one; empty where this is the first."""
    ends = (
        select(func.min(Letter.id).label("first"), func.max(Letter.id).label("last"))
        .where(
            Letter.ticket_id == letter.ticket_id,
            Letter.to_address == letter.to_address,
            Letter.channel_id.is_(None),
            Letter.id < letter.id,
        )
        .subquery()
    )
    query = select(Letter.message_id).join(ends, or_(Letter.id == ends.c.first, Letter.id == ends.c.last))
    return list(db.session.scalars(query.order_by(Letter.id)))


def list_held_letters() -> list[Letter]:
    """What waits for the daily letters, person by person, the oldest first."""
    query = select(Letter).where(Letter.state == "held").options(joinedload(Letter.ticket))
    return list(db.session.scalars(query.order_by(Letter.person_id, Letter.id)))


def count_letters_by_mail(state: str) -> int:
    """How many letters that go by mail are in that state."""
    query = select(func.count()).where(Letter.channel_id.is_(None), Letter.state == state)
    return db.session.scalar(query) or 0


def find_last_deferral() -> Letter | None:
    """The letter that the mail server put off last, with its words in `fault`; None where none waits so."""
    waiting = (Letter.channel_id.is_(None), Letter.state == "waiting", Letter.fault != "")
    return db.session.scalar(select(Letter).where(*waiting).order_by(Letter.id.desc()).limit(1))


def count_waiting_messages(now: datetime) -> int:
    """How many messages are due for sending over channels and claimed by nobody; at most 10 are counted."""
    due = (
        select(Letter.id)
        .where(
            Letter.channel_id.is_not(None),
            Letter.state == "waiting",
            Letter.next_try_at <= now,
            or_(Letter.claimed_until.is_(None), Letter.claimed_until <= now),
        )
        .limit(10)
    )
    return db.session.scalar(select(func.count()).select_from(due.subquery())) or 0


def find_oldest_unsent(now: datetime) -> datetime | None:
    """Since when the longest waiting letter that nobody has claimed could have been sent; None: none."""
    return db.session.scalar(
        select(Letter.next_try_at)
        .where(
            Letter.state == "waiting",
            Letter.next_try_at <= now,
            or_(Letter.claimed_until.is_(None), Letter.claimed_until <= now),
        )
        .order_by(Letter.next_try_at)
        .limit(1)
    )


def _seen_by(asker: Asker) -> ColumnElement[bool]:
    """A letter goes with its ticket, for those who read it as the desk does. One about an account is for
    administrators and, unless its link lets in whoever holds the session, for whom it was written to."""
    about_tickets = Letter.ticket_id.in_(select(Ticket.id).where(desk_side(asker)))
    own = and_(Letter.person_id == asker.person_id, Letter.kind.not_in(SECRET_KINDS))
    allowed = or_(about_tickets, own)
    if may(asker, "admin.edit"):
        allowed = or_(allowed, Letter.ticket_id.is_(None))
    return and_(allowed, Letter.kind.not_in(UNSEEN_KINDS))


def list_seen_letters(
    asker: Asker,
    *,
    state: str,
    kind: str,
    ticket_id: int | None,
    limit: int,
    address: str = "",
    offset: int = 0,
) -> list[Letter]:
    """Letters the asker may see, those given up or bounced first, then the newest; "" and None filter
    nothing. `state` may be deferred: waiting after a try. `address`: a part of it."""
    query = select(Letter).where(_seen_by(asker)).options(joinedload(Letter.ticket))
    if state == "deferred":
        query = query.where(Letter.state == "waiting", Letter.fault != "")
    elif state:
        query = query.where(Letter.state == state)
    if address:
        query = query.where(Letter.to_address.icontains(address, autoescape=True))
    if kind:
        query = query.where(Letter.kind == kind)
    if ticket_id is not None:
        query = query.where(Letter.ticket_id == ticket_id)
    first = case((Letter.state.in_(("failed", "bounced")), 0), else_=1)
    query = query.order_by(first, Letter.id.desc()).limit(limit).offset(offset)
    return list(db.session.scalars(query))


def find_seen_letter(letter_id: int, asker: Asker) -> Letter | None:
    """The letter if the asker may see it, else None."""
    return db.session.scalar(select(Letter).where(Letter.id == letter_id, _seen_by(asker)))


def list_letter_kinds() -> list[str]:
    """Every kind of letter that was ever written, by name."""
    return list(db.session.scalars(select(Letter.kind).distinct().order_by(Letter.kind)))
