"""Mail as it came in: a row per message, its bytes in the data folder by their SHA-256."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    UniqueConstraint,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from helpdesk.rules.access import Asker
from helpdesk.store.db import Json, Model, UtcDateTime, db, insert_missing
from helpdesk.store.files import file_path
from helpdesk.store.tickets import Ticket, desk_side

ROOM = "mail"  # of the data folder


class RawMail(Model):
    """A message as received, before and after it is understood.

    `state`: waiting (unparsed), done, quarantined. `outcome`: created, entry, filed, duplicate,
    quarantined. `identity` is the Message-ID, or "sha256:..." of the stable content where there is none, and
    `fingerprint` that of sender, words and files: both alike are one message, which is one ticket however
    often and to however many desk addresses it comes.
    """

    __tablename__ = "raw_mail"
    __table_args__ = (
        Index(None, "state", "id"),
        Index(None, "from_address", "done_at"),
        UniqueConstraint("mailbox_id", "uid_validity", "uid"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(index=True)
    size: Mapped[int]
    door: Mapped[str]  # smtp, lmtp, imap, pipe; disk: found there without a row
    sender: Mapped[str | None]  # of the envelope; None where the door knows none
    recipients: Mapped[list[str]] = mapped_column(Json)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(default="waiting")
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    identity: Mapped[str | None] = mapped_column(index=True)
    fingerprint: Mapped[str] = mapped_column(default="")
    outcome: Mapped[str | None]
    cause: Mapped[str] = mapped_column(default="")
    subject: Mapped[str] = mapped_column(default="")
    from_address: Mapped[str] = mapped_column(default="")
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # What an agent reads of a message that is on no ticket (its first characters).
    preview: Mapped[str] = mapped_column(default="")
    # The agent who wants a ticket of it, whatever the rules say.
    rescued_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    # Where it was fetched (RFC 3501): the same message of a mailbox is kept once.
    mailbox_id: Mapped[int | None] = mapped_column(ForeignKey("mailbox.id"))
    uid_validity: Mapped[int | None] = mapped_column(BigInteger)
    uid: Mapped[int | None] = mapped_column(BigInteger)
    # What our own MX found of its sender (RFC 8601): pass, fail, none; "" where no MX of ours says anything.
    authentication: Mapped[str] = mapped_column(default="")
    # The letter that it reports on, where it is a delivery report.
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letter.id", use_alter=True))
    ticket: Mapped[Ticket | None] = relationship()


class MailIdentity(Model):
    """Who came first: the identity of each message that was understood (see RawMail.identity). Where others
    bear the same Message-ID, theirs have their fingerprint behind it."""

    __tablename__ = "mail_identity"
    identity: Mapped[str] = mapped_column(primary_key=True)
    raw_mail_id: Mapped[int] = mapped_column(ForeignKey("raw_mail.id"))


def find_raw_mail(raw_mail_id: int) -> RawMail | None:
    """The message of that id, or None."""
    return db.session.get(RawMail, raw_mail_id)


def get_raw_mail(raw_mail_id: int) -> RawMail:
    """The message of that id. LookupError if there is none."""
    raw = find_raw_mail(raw_mail_id)
    if raw is None:
        raise LookupError(f"no mail {raw_mail_id}")
    return raw


def get_raw_mail_for_change(raw_mail_id: int) -> RawMail:
    """The message, locked until the transaction ends. LookupError if there is none. For desk verbs."""
    raw = db.session.scalar(
        select(RawMail)
        .where(RawMail.id == raw_mail_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if raw is None:
        raise LookupError(f"no mail {raw_mail_id}")
    return raw


def list_raw_mail_for_change(raw_mail_ids: Sequence[int]) -> dict[int, RawMail]:
    """These messages by id, locked until the transaction ends. For desk verbs."""
    query = select(RawMail).where(RawMail.id.in_(raw_mail_ids)).order_by(RawMail.id).with_for_update()
    return {raw.id: raw for raw in db.session.scalars(query.execution_options(populate_existing=True))}


def get_path(raw: RawMail) -> Path:
    """Where the message's bytes lie, whether or not they are there."""
    return file_path(ROOM, raw.sha256)


def get_bytes(raw: RawMail, most: int = -1) -> bytes:
    """The message's bytes as they came (the first `most` of them). OSError where the file is gone."""
    with get_path(raw).open("rb") as file:
        return file.read(most)


def list_known(digests: Iterable[str]) -> set[str]:
    """Which of these SHA-256 a message is known by."""
    return set(db.session.scalars(select(RawMail.sha256).where(RawMail.sha256.in_(list(digests)))))


def claim_waiting_mail(now: datetime, until: datetime, limit: int) -> list[int]:
    """Ids of waiting messages that are the caller's until then, oldest first; each claim is an attempt.

    What was tried before comes alone: were it to take the process down, it takes no others along.
    """
    free = (
        RawMail.state == "waiting",
        or_(RawMail.claimed_until.is_(None), RawMail.claimed_until <= now),
    )
    return _claim([*free, RawMail.attempts == 0], until, limit) or _claim(
        [*free, RawMail.attempts > 0], until, 1
    )


def _claim(conditions: list[ColumnElement[bool]], until: datetime, limit: int) -> list[int]:
    # Chosen first, by itself: within an UPDATE PostgreSQL may choose as often as it likes, and take them all.
    chosen = select(RawMail.id).where(*conditions).order_by(RawMail.id).limit(limit)
    ids = list(db.session.scalars(chosen.with_for_update(skip_locked=True)))
    if ids:
        claimed = update(RawMail).where(RawMail.id.in_(ids))
        claimed = claimed.values(claimed_until=until, attempts=RawMail.attempts + 1)
        db.session.execute(claimed.execution_options(synchronize_session=False))
    return ids


def claim_identity(identity: str, raw_mail_id: int) -> RawMail | None:
    """Makes the message the one of that identity; the one that came first, where there is one already."""
    row = insert_missing(MailIdentity).values(identity=identity, raw_mail_id=raw_mail_id)
    if db.session.scalar(row.returning(MailIdentity.identity)) is not None:
        return None
    first = db.session.get(MailIdentity, identity)
    return db.session.get(RawMail, first.raw_mail_id) if first else None


def hand_identity(identity: str, raw_mail_id: int) -> None:
    """Makes the message the one of that identity, whichever was before. For desk verbs."""
    db.session.execute(
        update(MailIdentity).where(MailIdentity.identity == identity).values(raw_mail_id=raw_mail_id)
    )


def find_raw_mail_by_identity(identity: str) -> RawMail | None:
    """The understood message of that identity (a Message-ID with its brackets), or None."""
    return db.session.scalar(
        select(RawMail)
        .join(MailIdentity, MailIdentity.raw_mail_id == RawMail.id)
        .where(MailIdentity.identity == identity)
    )


def find_named_ticket(ticket_id: int) -> tuple[Ticket, Ticket] | None:
    """The ticket that a mail names, and the one that holds its matter now (the survivor of merges); None
    if there is none. For the desk, which then asks whether the sender takes part."""
    named = survivor = db.session.get(Ticket, ticket_id)
    if named is None or survivor is None:
        return None
    while survivor.merged_into is not None:
        survivor = survivor.merged_into
    return named, survivor


def count_mail_from(address: str, since: datetime) -> int:
    """How many messages of that sender became tickets or entries since then."""
    return _count(RawMail.from_address == address, since)


def count_mail_on(ticket_id: int, since: datetime) -> int:
    """How many messages became the ticket or entries of it since then."""
    return _count(RawMail.ticket_id == ticket_id, since)


def _count(condition: ColumnElement[bool], since: datetime) -> int:
    acted = RawMail.outcome.in_(("created", "entry"))
    query = select(func.count()).select_from(RawMail).where(condition, acted, RawMail.done_at > since)
    return db.session.scalar(query) or 0


def _seen_by(asker: Asker) -> ColumnElement[bool]:
    """What is on no ticket is for all who may see mail; the rest for the desk's side of its ticket."""
    return or_(RawMail.ticket_id.is_(None), RawMail.ticket_id.in_(select(Ticket.id).where(desk_side(asker))))


def list_mail(asker: Asker, outcome: str | None, limit: int, before_id: int | None = None) -> list[RawMail]:
    """Messages of that outcome (None: all) the asker may see, the newest first, below `before_id`."""
    query = select(RawMail).where(_seen_by(asker)).options(joinedload(RawMail.ticket))
    if outcome:
        query = query.where(RawMail.outcome == outcome)
    if before_id:
        query = query.where(RawMail.id < before_id)
    return list(db.session.scalars(query.order_by(RawMail.id.desc()).limit(limit)))


def find_mail(raw_mail_id: int, asker: Asker) -> RawMail | None:
    """The message if the asker may see it, else None."""
    return db.session.scalar(select(RawMail).where(RawMail.id == raw_mail_id, _seen_by(asker)))


def count_quarantined() -> int:
    """How many messages wait for somebody to look at them."""
    return db.session.scalar(select(func.count()).select_from(select_quarantined().subquery())) or 0


def select_quarantined() -> Select[int]:
    """The messages that wait for somebody to look at them. For store/news."""
    return select(RawMail.id).where(RawMail.state == "quarantined")


def list_quarantined_for_change() -> list[RawMail]:
    """Every message that waits for somebody to look at it, locked until the transaction ends. For desk
    verbs."""
    query = select(RawMail).where(RawMail.state == "quarantined").order_by(RawMail.id)
    return list(db.session.scalars(query.with_for_update().execution_options(populate_existing=True)))


def find_oldest_unparsed(now: datetime) -> datetime | None:
    """When the oldest message came that waits and that nobody has claimed; None if there is none."""
    return db.session.scalar(
        select(RawMail.received_at)
        .where(
            RawMail.state == "waiting",
            or_(RawMail.claimed_until.is_(None), RawMail.claimed_until <= now),
        )
        .order_by(RawMail.id)
        .limit(1)
    )
