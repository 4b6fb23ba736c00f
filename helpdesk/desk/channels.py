"""Channels beside mail: added by their owner, verified with a code, removed. Only a verified one is used."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from helpdesk.desk.changes import By
from helpdesk.desk.security import log_event
from helpdesk.desk.sign_in import throttle
from helpdesk.outbound import channels, letters
from helpdesk.rules.channels import CODE_LASTS, CODE_TRIES, CODES
from helpdesk.store.channels import Channel, get_channel_for_change, list_channels
from helpdesk.store.db import db, transaction
from helpdesk.store.people import find_person
from helpdesk.store.teams import get_team

MOST = 10  # channels of one owner

Verified = Literal["verified", "wrong", "expired", "spent"]


class TooMany(Exception):
    """The owner has MOST channels already."""


@dataclass(frozen=True)
class Owner:
    """Whose channel: a person's or a team's, exactly one."""

    person_id: int | None = None
    team_id: int | None = None


def add(owner: Owner, name: str, url: str, *, by: By, may_hook: bool) -> Channel:
    """A new channel, of no use until it is verified, and the code on its way to it.

    `may_hook`: see outbound/channels.check. Raises its Unusable, TooMany, or sign_in.Throttled where too many
    codes were asked for.
    """
    messenger = channels.check(url, may_hook=may_hook)
    throttle({_bucket(by): CODES}, by.now)
    with transaction():
        if len(list_channels(person_id=owner.person_id, team_id=owner.team_id)) >= MOST:
            raise TooMany
        channel = Channel(
            person_id=owner.person_id,
            team_id=owner.team_id,
            name=name,
            sealed_url=channels.seal(url),
            created_at=by.now,
            created_by_id=by.actor_id,
        )
        db.session.add(channel)
        db.session.flush()
        _log("channel_added", channel, by, service=messenger.name)
        _write_code(channel, by.now)
    return channel


def send_code(channel_id: int, *, by: By) -> None:
    """Another code; the one before no longer counts. LookupError; Throttled where too many were asked for.

    For a channel that is verified already nothing happens.
    """
    throttle({_bucket(by): CODES}, by.now)
    with transaction():
        channel = get_channel_for_change(channel_id)
        if channel.verified_at is None and channel.removed_at is None:
            _write_code(channel, by.now)


def verify(channel_id: int, typed: str, *, by: By) -> Verified:
    """Whether `typed` is the code: then the channel counts from now on. LookupError if there is none.

    A code lasts CODE_LASTS and takes CODE_TRIES tries ("spent"); then another has to be sent.
    """
    with transaction():
        channel = get_channel_for_change(channel_id)
        if channel.verified_at is not None:
            return "verified"
        if channel.code_until is None or channel.code_until <= by.now:
            return "expired"
        if channel.code_tries >= CODE_TRIES:
            return "spent"
        channel.code_tries += 1
        if not channels.is_code(channel, typed):
            return "wrong" if channel.code_tries < CODE_TRIES else "spent"
        channel.verified_at, channel.code_hash, channel.code_until = by.now, "", None
        _log("channel_verified", channel, by)
    return "verified"


def remove(channel_id: int, *, by: By) -> None:
    """Nothing goes there from now on, and its address is forgotten. LookupError if there is none."""
    with transaction():
        channel = get_channel_for_change(channel_id)
        if channel.removed_at is not None:
            return
        channel.removed_at, channel.sealed_url, channel.code_hash = by.now, "", ""
        _log("channel_removed", channel, by)


def _write_code(channel: Channel, now: datetime) -> None:
    code, channel.code_hash = channels.new_code(channel.id)
    channel.code_until, channel.code_tries, channel.fault = now + CODE_LASTS, 0, ""
    person = find_person(channel.person_id) if channel.person_id is not None else None
    key = f"channel:{channel.id}:code:{channel.code_hash[:16]}"
    letters.keep(channels.CODE_KIND, person, channel, key=key, now=now, code=code)


def _bucket(by: By) -> str:
    return f"channel:{by.actor_id}"


def _log(what: str, channel: Channel, by: By, **detail: str) -> None:
    team = get_team(channel.team_id).name if channel.team_id is not None else ""
    subject = f"team:{team}" if team else f"person:{channel.person_id}"
    log_event(
        what,
        now=by.now,
        actor_id=by.actor_id,
        subject=subject,
        detail={"name": channel.name, **detail},
        address=by.address,
    )
