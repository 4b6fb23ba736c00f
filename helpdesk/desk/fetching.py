"""Fetching a mailbox: one fetcher holds it, each message is kept once, and how far it came stands with it."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import BinaryIO

from helpdesk.desk import mail
from helpdesk.desk.mail import Arrival, Place
from helpdesk.outbound.imap import Failed, Folder
from helpdesk.store.db import transaction
from helpdesk.store.mail import RawMail
from helpdesk.store.mailboxes import (
    NOT_FETCHED,
    Mailbox,
    claim_mailbox,
    find_fetched,
    get_mailbox,
    keep_mailbox,
    list_asked_again,
    list_kept_among,
    list_kept_uids,
)
from helpdesk.store.names import get_row_for_change

CLAIMED_FOR = timedelta(minutes=1)
ASKED_AT_ONCE = 500  # UIDs


class NoLongerHeld(Exception):
    """Somebody has changed the mailbox or switched it off, or another fetcher holds it by now."""


@dataclass(frozen=True)
class Progress:
    """Up to `last_uid` everything was looked at. None: the folder is new to us, or it was made anew
    (UIDVALIDITY): then we may have what came `since` that day, or not."""

    last_uid: int | None
    since: date | None = None


def claim(mailbox_id: int, fetcher: str, now: datetime) -> bool:
    """Whether the mailbox is that fetcher's alone from now on, for CLAIMED_FOR."""
    with transaction():
        return claim_mailbox(mailbox_id, fetcher, now, now + CLAIMED_FOR)


def keep_claim(mailbox_id: int, fetcher: str, now: datetime) -> None:
    """Holds it for CLAIMED_FOR again. Raises NoLongerHeld."""
    with transaction():
        if not keep_mailbox(mailbox_id, fetcher, now + CLAIMED_FOR):
            raise NoLongerHeld


def let_go(mailbox_id: int, fetcher: str) -> None:
    """Another fetcher may begin at once."""
    with transaction():
        mailbox = get_row_for_change(Mailbox, mailbox_id)
        if mailbox.claimed_by == fetcher:
            mailbox.claimed_by, mailbox.claimed_until = "", None


def find_progress(mailbox_id: int, folder: Folder) -> Progress:
    """How far the folder is fetched."""
    with transaction():
        mailbox = get_mailbox(mailbox_id)
        if mailbox.uid_validity == folder.uid_validity:
            return Progress(mailbox.last_uid)
        seen_until = mailbox.succeeded_at if mailbox.uid_validity is not None else None
        # The server's days begin and end in a zone of its own.
        return Progress(None, seen_until.date() - timedelta(days=1) if seen_until else None)


def asked_again(mailbox_id: int, uid_validity: int) -> list[int]:
    """UIDs of what was given up, and that somebody wants asked for again."""
    with transaction():
        return list_asked_again(mailbox_id, uid_validity)


def missing(mailbox_id: int, uid_validity: int, uids: list[int]) -> list[int]:
    """Those of the UIDs (in rising order) that are not kept yet."""
    if not uids:
        return []
    with transaction():
        kept = set(list_kept_uids(mailbox_id, uid_validity, uids[0] - 1))
    return [uid for uid in uids if uid not in kept]


def fetched(mailbox_id: int, uid_validity: int, uids: list[int]) -> list[int]:
    """Those of the UIDs that are kept whole."""
    with transaction():
        return [
            uid
            for start in range(0, len(uids), ASKED_AT_ONCE)
            for uid in list_kept_among(mailbox_id, uid_validity, uids[start : start + ASKED_AT_ONCE])
        ]


def take(
    place: Place, fetcher: str, stream: BinaryIO, arrived_at: datetime | None, now: datetime, most: int
) -> None:
    """Keeps a message: its bytes on the disk first, then its row. What is above `most` bytes is set aside.

    It was received when it came into the mailbox, though not before we had seen all that was there. Raises
    NoLongerHeld, OSError where the disk takes nothing, and what the stream raises.
    """
    arrival = mail.keep_raw(stream, "imap", None, ())
    if arrival.size > most:
        _keep(place, fetcher, arrival, now, "too_large")
    else:
        _keep(place, fetcher, replace(arrival, received_at=arrived_at), now, "")


def give_up(place: Place, fetcher: str, header: bytes, now: datetime) -> None:
    """A message that its server does not give: what there is of it waits in quarantine."""
    _keep(place, fetcher, mail.keep_raw(BytesIO(header), "imap", None, ()), now, NOT_FETCHED)


def _keep(place: Place, fetcher: str, arrival: Arrival, now: datetime, cause: str) -> None:
    with transaction():
        mailbox = get_row_for_change(Mailbox, place.mailbox_id)
        if mailbox.claimed_by != fetcher or not mailbox.is_active:
            raise NoLongerHeld
        known_at = mailbox.succeeded_at or mailbox.created_at
        received_at = min(now, max(arrival.received_at or now, known_at))
        known = find_fetched(place.mailbox_id, place.uid_validity, place.uid)
        if known is not None:
            _fill(known, arrival, cause)
            return
        row = replace(arrival, recipients=(mailbox.address,), place=place, received_at=received_at)
        [raw_mail_id] = mail.take_in([row], now, claimed=bool(cause))
        if cause:
            mail.set_aside(raw_mail_id, cause, now)


def _fill(raw: RawMail, arrival: Arrival, cause: str) -> None:
    """What was given up and asked for again has come, or not."""
    if cause != NOT_FETCHED:
        raw.sha256, raw.size = arrival.sha256, arrival.size
    if cause:
        raw.cause, raw.attempts = cause, 1
    else:
        mail.wait_again(raw)


def reached(mailbox_id: int, fetcher: str, uid_validity: int, last_uid: int, now: datetime) -> None:
    """All up to that UID is kept; the server gave all that it had. Raises NoLongerHeld."""
    _note(mailbox_id, fetcher, now, succeeded_at=now, fault="", uid_validity=uid_validity, last_uid=last_uid)


def failed(
    mailbox_id: int, fetcher: str, fault: Failed, now: datetime, retry_at: datetime | None = None
) -> None:
    """Not everything could be fetched: why is told on the mailbox ("code: the server's words"). With
    `retry_at` it is let go, and nobody tries again before (but at once where it is changed meanwhile)."""
    free_again = {} if retry_at is None else {"claimed_by": "", "claimed_until": retry_at}
    _note(mailbox_id, fetcher, now, fault=f"{fault.code}: {fault.words}", **free_again)


def _note(mailbox_id: int, fetcher: str, now: datetime, **values: object) -> None:
    with transaction():
        mailbox = get_row_for_change(Mailbox, mailbox_id)
        if mailbox.claimed_by != fetcher:
            raise NoLongerHeld
        mailbox.tried_at = now
        for name, value in values.items():
            setattr(mailbox, name, value)
