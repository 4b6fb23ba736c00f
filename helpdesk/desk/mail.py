"""Mail as it came in: from its bytes on the disk until it is settled, or set aside."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from helpdesk.desk.attachments import Upload
from helpdesk.desk.registration import Report
from helpdesk.outbound import alarms
from helpdesk.rules.reports import DeliveryReport
from helpdesk.rules.threading import Head
from helpdesk.store.db import after_commit, db, transaction
from helpdesk.store.files import keep_file
from helpdesk.store.mail import (
    ROOM,
    RawMail,
    claim_waiting_mail,
    get_raw_mail_for_change,
    list_quarantined_for_change,
)
from helpdesk.store.mailboxes import NOT_FETCHED
from helpdesk.store.people import Person

CLAIMED_FOR = timedelta(minutes=1)
MOST_ATTEMPTS = 3


@dataclass(frozen=True)
class Place:
    """Where a message was fetched (RFC 3501 2.3.1.1)."""

    mailbox_id: int
    uid_validity: int
    uid: int


@dataclass(frozen=True)
class Arrival:
    """A message whose bytes are on the disk (by their SHA-256) and that has no row yet.

    `door`: see RawMail. `sender` of the envelope: "" the null return path, None unknown.
    """

    sha256: str
    size: int
    door: str
    sender: str | None
    recipients: Sequence[str]
    place: Place | None = None
    received_at: datetime | None = None  # None: now


@dataclass(frozen=True)
class Message:
    """A mail as its door read it. `report`: subject and visible text through the schema; `quoted`: what is
    folded; `own_words`: what the sender wrote now. `copied`: (name, address) of To and Cc.

    `identity` and `fingerprint`, of sender, words and files: two with both alike are one message. `reply_to`:
    whom Reply-To names, `authentication`: what our own MX found (see RawMail), `delivery`: what it says of a
    letter of ours, where it is a delivery report. `detail` joins the entry's.
    """

    head: Head
    from_name: str
    identity: str
    report: Report
    fingerprint: str = ""
    quoted: str = ""
    own_words: str = ""
    copied: Sequence[tuple[str, str]] = ()
    files: Sequence[Upload] = ()
    reply_to: str | None = None
    authentication: str = ""
    delivery: DeliveryReport | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """`outcome`: created, entry, filed, duplicate, quarantined, or waiting (to be tried again). `cause` is
    a code, "" where nothing needs saying."""

    outcome: str
    ticket_id: int | None = None
    cause: str = ""


def keep_raw(content: BinaryIO, door: str, sender: str | None, recipients: Sequence[str]) -> Arrival:
    """What the stream holds on the disk, without a row yet. Raises OSError where it cannot be kept."""
    sha256, size = keep_file(ROOM, content)
    return Arrival(sha256, size, door, sender, recipients)


def take_in(arrivals: Iterable[Arrival], now: datetime, *, claimed: bool = False) -> list[int]:
    """Writes the rows of messages that are on the disk, in one commit; returns their ids in order.

    `claimed`: the caller understands them itself, so no worker is woken.
    """
    until = now + CLAIMED_FOR if claimed else None
    with transaction():
        rows = [
            RawMail(
                sha256=each.sha256,
                size=each.size,
                door=each.door,
                sender=each.sender,
                recipients=list(each.recipients),
                received_at=each.received_at or now,
                claimed_until=until,
                attempts=int(claimed),
                **(asdict(each.place) if each.place else {}),
            )
            for each in arrivals
        ]
        db.session.add_all(rows)
        db.session.flush()
        if not claimed:
            after_commit("parse mail", alarms.parse_soon)
        return [row.id for row in rows]


def claim(now: datetime, limit: int) -> list[int]:
    """Ids of waiting messages that are the caller's for CLAIMED_FOR."""
    with transaction():
        return claim_waiting_mail(now, now + CLAIMED_FOR, limit)


def put_off(raw_mail_id: int, cause: str, now: datetime) -> Outcome:
    """It could not be understood: tried again a little later, set aside after MOST_ATTEMPTS."""
    with transaction():
        raw = get_raw_mail_for_change(raw_mail_id)
        if raw.state != "waiting":
            return outcome_of(raw)
        if raw.attempts >= MOST_ATTEMPTS:
            return quarantine(raw, cause, now)
        raw.cause, raw.claimed_until = cause, now + timedelta(seconds=5 * raw.attempts)
        return Outcome("waiting", None, cause)


def set_aside(raw_mail_id: int, cause: str, now: datetime) -> Outcome:
    """It waits in quarantine for somebody to look at it."""
    with transaction():
        raw = get_raw_mail_for_change(raw_mail_id)
        return quarantine(raw, cause, now) if raw.state == "waiting" else outcome_of(raw)


def retry(raw_mail_id: int) -> None:
    """Tries a quarantined message once more."""
    with transaction():
        raw = get_raw_mail_for_change(raw_mail_id)
        if raw.state == "quarantined":
            _try_again(raw)


def retry_all() -> int:
    """Tries every quarantined message once more, as after a fault that is mended; how many those are."""
    with transaction():
        found = list_quarantined_for_change()
        for raw in found:
            _try_again(raw)
        return len(found)


def rescue(raw_mail_id: int, actor: Person) -> None:
    """Makes a ticket of a message that is on none, whatever the rules say of it; a worker does so soon."""
    with transaction():
        raw = get_raw_mail_for_change(raw_mail_id)
        if raw.state != "waiting" and raw.ticket_id is None:
            raw.rescued_by_id = actor.id
            wait_again(raw)


def _try_again(raw: RawMail) -> None:
    if raw.cause == NOT_FETCHED:
        raw.attempts = 0  # its mailbox is asked for it again (desk/fetching)
    else:
        wait_again(raw)


def wait_again(raw: RawMail) -> None:
    """The message is understood anew, soon. Inside a transaction."""
    raw.state, raw.outcome, raw.cause = "waiting", None, ""
    raw.attempts, raw.claimed_until, raw.done_at = 0, None, None
    after_commit("parse mail", alarms.parse_soon)


def quarantine(raw: RawMail, cause: str, now: datetime, readable: str = "") -> Outcome:
    """The message waits for somebody to look at it, who reads `readable`. Inside a transaction."""
    raw.preview = readable
    outcome = finish(raw, "quarantined", None, cause, now)
    raw.state = "quarantined"
    return outcome


def finish(raw: RawMail, outcome: str, ticket_id: int | None, cause: str, now: datetime) -> Outcome:
    """The message is settled: writes what became of it into its row. Inside a transaction."""
    raw.state, raw.outcome, raw.ticket_id, raw.cause = "done", outcome, ticket_id, cause
    raw.done_at, raw.claimed_until = now, None
    return outcome_of(raw)


def outcome_of(raw: RawMail) -> Outcome:
    """What became of the message so far."""
    return Outcome(raw.outcome or "waiting", raw.ticket_id, raw.cause)
