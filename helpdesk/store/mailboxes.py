"""IMAP mailboxes: how to reach them, how far they are fetched, when that last worked."""

from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, Select, and_, not_, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Model, UtcDateTime, db
from helpdesk.store.mail import RawMail

NOT_FETCHED = "not_fetched"  # cause of a RawMail whose server could not give it


class Mailbox(Model):
    """A mailbox that is fetched over IMAP, one folder of it.

    `address`: the desk's address that it stands for, in lower case. `privacy`: tls, starttls, none (this
    machine alone). `auth`: password, oauth (XOAUTH2, RFC 7628). `sealed`: the secrets as JSON, sealed with
    the installation's key: {"password"} or {"client_secret", "refresh_token", "access_token"}.

    Fetched are messages above `last_uid` while the folder's UIDVALIDITY is `uid_validity` (RFC 3501 2.3.1.1);
    another one begins anew. `claimed_until`: the fetcher `claimed_by` holds it until then; without one nobody
    tries it again before. `succeeded_at`: when the server last gave all that it had; `fault`: why it does not
    now ("code: its words", see outbound/imap.Failed), "" where it does. `active_since`: since
    when it is switched on, None while it is off.
    """

    __tablename__ = "mailbox"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    address: Mapped[str]
    host: Mapped[str]
    port: Mapped[int]
    privacy: Mapped[str] = mapped_column(default="tls")
    user: Mapped[str]
    auth: Mapped[str] = mapped_column(default="password")
    sealed: Mapped[str]
    token_url: Mapped[str] = mapped_column(default="")
    client_id: Mapped[str] = mapped_column(default="")
    scope: Mapped[str] = mapped_column(default="")
    # When the access token ends, and when the refresh token does (where its server says so).
    token_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refresh_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    folder: Mapped[str] = mapped_column(default="INBOX")
    is_active: Mapped[bool] = mapped_column(default=True)
    uid_validity: Mapped[int | None] = mapped_column(BigInteger)
    last_uid: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    succeeded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fault: Mapped[str] = mapped_column(default="")
    claimed_by: Mapped[str] = mapped_column(default="")
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    active_since: Mapped[datetime | None] = mapped_column(UtcDateTime)


def list_addresses() -> list[str]:
    """The desk's addresses that mailboxes stand for, also of those that are switched off."""
    return list(db.session.scalars(select(Mailbox.address).distinct()))


def list_mailboxes() -> list[Mailbox]:
    """All of them by name, those that are switched off last."""
    return list(db.session.scalars(select(Mailbox).order_by(Mailbox.is_active.desc(), Mailbox.name)))


def list_mailboxes_to_fetch(now: datetime) -> list[int]:
    """Ids of those that are switched on and that no fetcher holds."""
    query = select(Mailbox.id).where(Mailbox.is_active, _is_free(now)).order_by(Mailbox.id)
    return list(db.session.scalars(query))


def find_mailbox(mailbox_id: int) -> Mailbox | None:
    """The mailbox of that id, or None."""
    return db.session.get(Mailbox, mailbox_id)


def get_mailbox(mailbox_id: int) -> Mailbox:
    """The mailbox of that id. LookupError if there is none."""
    mailbox = find_mailbox(mailbox_id)
    if mailbox is None:
        raise LookupError(f"no mailbox {mailbox_id}")
    return mailbox


def find_same_mailbox(host: str, user: str, folder: str, except_id: int | None) -> Mailbox | None:
    """Another one that is switched on and reads the same folder of the same account, or None."""
    return db.session.scalar(
        select(Mailbox).where(
            Mailbox.is_active,
            Mailbox.host == host,
            Mailbox.user == user,
            Mailbox.folder == folder,
            Mailbox.id != (except_id or 0),
        )
    )


def claim_mailbox(mailbox_id: int, fetcher: str, now: datetime, until: datetime) -> bool:
    """Whether it is that fetcher's until then: it was switched on and nobody's. For desk verbs."""
    return _hold(mailbox_id, _is_free(now), fetcher, until)


def keep_mailbox(mailbox_id: int, fetcher: str, until: datetime) -> bool:
    """Whether it is still that fetcher's and stays so until then. For desk verbs."""
    return _hold(mailbox_id, Mailbox.claimed_by == fetcher, fetcher, until)


def _hold(mailbox_id: int, condition: ColumnElement[bool], fetcher: str, until: datetime) -> bool:
    held = db.session.execute(
        update(Mailbox)
        .where(Mailbox.id == mailbox_id, Mailbox.is_active, condition)
        .values(claimed_by=fetcher, claimed_until=until)
        .returning(Mailbox.id)
        .execution_options(synchronize_session=False)
    )
    return held.scalar() is not None


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(Mailbox.claimed_until.is_(None), Mailbox.claimed_until <= now)


def list_kept_uids(mailbox_id: int, uid_validity: int, above: int) -> list[int]:
    """UIDs above that one whose messages have a row, but for those that are asked for again."""
    query = _kept(mailbox_id, uid_validity).where(RawMail.uid > above, not_(_ASKED_AGAIN))
    return list(db.session.scalars(query))


def list_asked_again(mailbox_id: int, uid_validity: int) -> list[int]:
    """UIDs of the messages that the server did not give, and that somebody wants asked for again."""
    return list(db.session.scalars(_kept(mailbox_id, uid_validity).where(_ASKED_AGAIN)))


def list_kept_among(mailbox_id: int, uid_validity: int, uids: list[int]) -> list[int]:
    """Those of the UIDs whose messages were fetched whole."""
    was_fetched = RawMail.cause != NOT_FETCHED
    return list(db.session.scalars(_kept(mailbox_id, uid_validity).where(RawMail.uid.in_(uids), was_fetched)))


def find_fetched(mailbox_id: int, uid_validity: int, uid: int) -> RawMail | None:
    """The row of that message, or None."""
    return db.session.scalar(
        select(RawMail).where(
            RawMail.mailbox_id == mailbox_id, RawMail.uid_validity == uid_validity, RawMail.uid == uid
        )
    )


_ASKED_AGAIN = and_(RawMail.state == "quarantined", RawMail.cause == NOT_FETCHED, RawMail.attempts == 0)


def _kept(mailbox_id: int, uid_validity: int) -> Select[int | None]:
    return select(RawMail.uid).where(RawMail.mailbox_id == mailbox_id, RawMail.uid_validity == uid_validity)
