"""IMAP mailboxes: how to reach them, how far they are fetched, when that last worked."""

from datetime import datetime

from sqlalchemy import BigInteger, select
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Model, UtcDateTime, db


class Mailbox(Model):
    """A mailbox that is fetched over IMAP, one folder of it.

    `address`: the desk's address that it stands for, in lower case. `privacy`: tls, starttls, none (this
    machine alone). `auth`: password, oauth (XOAUTH2, RFC 7628). `sealed`: the secrets as JSON, sealed with
    the installation's key: {"password"} or {"client_secret", "refresh_token", "access_token"}.

    Fetched are messages above `last_uid` while the folder's UIDVALIDITY is `uid_validity` (RFC 3501 2.3.1.1);
    another one begins anew. `claimed_until`: one fetcher holds it until then. `succeeded_at`: when the server
    last gave all that it had; `fault`: why it does not now, "" where it does. `silent_ticket_id`: the ticket
    that tells the desk's administrators of its silence, until it is heard again.
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
