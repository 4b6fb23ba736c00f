"""What is wrong with the desk's mail: mailboxes that are not heard, sign-ins that end, what piles up."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

SILENT_AFTER = timedelta(minutes=60)  # unless the organisation says another
ENDS_SOON = timedelta(days=7)
QUARANTINE_MOST = 25  # messages
QUARANTINE_LONGEST = timedelta(days=3)  # over a weekend
UNSENT_LONGEST = timedelta(hours=1)

Code = Literal["mailbox_silent", "sign_in_ends", "quarantine", "backlog"]


@dataclass(frozen=True)
class Heard:
    """A mailbox that is fetched. `heard_at`: when its server last gave all that it had (before that: since
    when it is fetched). `sign_in_ends_at`: when whoever owns it must sign in anew (None: never, or unknown).
    `fault`: what its server says, "" where it gives no reason."""

    id: int
    name: str
    heard_at: datetime
    sign_in_ends_at: datetime | None = None
    fault: str = ""


@dataclass(frozen=True)
class Pile:
    """What waits: how many, and since when the oldest (None where there is none)."""

    count: int
    since: datetime | None


@dataclass(frozen=True)
class Trouble:
    """Something of which an administrator has to know. `key` names it as long as it lasts ("silent:3");
    `since`: when it began, of a sign-in when it ends; `name` of the mailbox; `count` of messages set aside,
    or of addresses whose letters wait."""

    key: str
    code: Code
    since: datetime
    name: str = ""
    fault: str = ""
    count: int = 0


def troubles(
    boxes: Iterable[Heard],
    quarantine: Pile,
    stuck: Pile,
    *,
    silent_after: timedelta,
    now: datetime,
) -> list[Trouble]:
    """Everything of which an administrator has to know at `now`; [] where all is well.

    `stuck`: addresses whose letters wait while none that was written later has left; a single one may be
    the address's own fault, and is none of the desk's. A mailbox is watched by the age of its last success,
    not by errors: whatever has died without a word is found too.
    """
    found = [trouble for box in boxes for trouble in _of_mailbox(box, silent_after, now)]
    if quarantine.since is not None and _is_too_much(quarantine, now):
        found.append(Trouble("quarantine", "quarantine", quarantine.since, count=quarantine.count))
    if stuck.since is not None and stuck.count > 1 and now - stuck.since > UNSENT_LONGEST:
        found.append(Trouble("backlog", "backlog", stuck.since, count=stuck.count))
    return found


def is_silent(heard_at: datetime, silent_after: timedelta, now: datetime) -> bool:
    """Whether a mailbox that was last heard then is silent for too long."""
    return now - heard_at > silent_after


def _of_mailbox(box: Heard, silent_after: timedelta, now: datetime) -> Iterator[Trouble]:
    if is_silent(box.heard_at, silent_after, now):
        yield Trouble(f"silent:{box.id}", "mailbox_silent", box.heard_at, box.name, box.fault)
    if box.sign_in_ends_at is not None and box.sign_in_ends_at - now < ENDS_SOON:
        yield Trouble(f"sign_in:{box.id}", "sign_in_ends", box.sign_in_ends_at, box.name)


def _is_too_much(pile: Pile, now: datetime) -> bool:
    return pile.count >= QUARANTINE_MOST or (pile.since is not None and now - pile.since > QUARANTINE_LONGEST)
