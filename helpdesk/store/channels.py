"""Channels beside mail by which people are told: chat, text message, push."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Model, UtcDateTime, db
from helpdesk.store.people import Address


class Channel(Model):
    """An Apprise URL of a person or of a team (exactly one is set), for its owner to verify with a code.

    `sealed_url` is encrypted: it bears tokens. Nothing but the code is sent before `verified_at`. `fault`:
    what the last sending met with, "" where it went well.
    """

    __tablename__ = "channel"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    name: Mapped[str]
    sealed_url: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    code_hash: Mapped[str] = mapped_column(default="")
    code_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    code_tries: Mapped[int] = mapped_column(default=0)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fault: Mapped[str] = mapped_column(default="")


class Reach(NamedTuple):
    """How a person can be told: whether by mail, and over which channels of theirs (ids)."""

    by_mail: bool = False
    channels: tuple[int, ...] = ()


def list_reaches(person_ids: set[int]) -> dict[int, Reach]:
    """How each of these people can be told; who cannot be at all is left out."""
    mailed = set(db.session.scalars(select(Address.person_id).where(Address.person_id.in_(person_ids))))
    channels: dict[int | None, list[int]] = {}
    verified = select(Channel.person_id, Channel.id).where(
        Channel.person_id.in_(person_ids), Channel.verified_at.is_not(None), Channel.removed_at.is_(None)
    )
    for person_id, channel_id in db.session.execute(verified.order_by(Channel.id)):
        channels.setdefault(person_id, []).append(channel_id)
    return {
        person_id: Reach(person_id in mailed, tuple(channels.get(person_id, ())))
        for person_id in person_ids
        if person_id in mailed or person_id in channels
    }


def list_team_channels(team_id: int) -> tuple[int, ...]:
    """The verified channels of the team (ids)."""
    verified = select(Channel.id).where(
        Channel.team_id == team_id, Channel.verified_at.is_not(None), Channel.removed_at.is_(None)
    )
    return tuple(db.session.scalars(verified.order_by(Channel.id)))


def get_channel(channel_id: int) -> Channel:
    """The channel of that id, removed or not. LookupError if there is none."""
    channel = db.session.get(Channel, channel_id)
    if channel is None:
        raise LookupError(f"no channel {channel_id}")
    return channel


def get_channel_for_change(channel_id: int) -> Channel:
    """The channel, locked until the transaction ends. LookupError if there is none. For desk verbs."""
    # Not so strong that a row which refers to it waits: see store/people.get_person_for_change.
    query = select(Channel).where(Channel.id == channel_id).with_for_update(key_share=True)
    channel = db.session.scalar(query.execution_options(populate_existing=True))
    if channel is None:
        raise LookupError(f"no channel {channel_id}")
    return channel


def find_channel(channel_id: int) -> Channel | None:
    """The channel of that id unless it was removed, or None."""
    query = select(Channel).where(Channel.id == channel_id, Channel.removed_at.is_(None))
    return db.session.scalar(query)


def list_channels(*, person_id: int | None = None, team_id: int | None = None) -> list[Channel]:
    """The channels of a person or of a team, verified or not, oldest first; those removed are left out."""
    owner = Channel.person_id == person_id if team_id is None else Channel.team_id == team_id
    return list(
        db.session.scalars(select(Channel).where(owner, Channel.removed_at.is_(None)).order_by(Channel.id))
    )
