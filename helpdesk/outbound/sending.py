"""What becomes of a letter that was tried, by mail or over a channel."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.store.letters import Letter

OnFailure = Callable[[Letter, datetime], object]


@dataclass(frozen=True)
class Sending:
    """What a batch did: letters sent, to be tried again, and given up."""

    sent: int = 0
    again: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Patience:
    """For how long a letter is tried, the last time at the very end of it, and the longest pause between two
    tries: they double from a minute."""

    give_up_after: timedelta
    longest_wait: timedelta


def settle(
    letter: Letter, outcome: str, fault: str, now: datetime, patience: Patience, on_failure: OnFailure
) -> str:
    """Keeps what became of a letter (`outcome`: sent, again, failed) and returns its state. Inside a
    transaction."""
    letter.claimed_until = None
    letter.attempts += 1
    letter.fault = fault
    # From the first try: a letter that had to wait for its turn has no less patience for it.
    letter.tried_since = letter.tried_since or now
    gives_up_at = letter.tried_since + patience.give_up_after
    if outcome == "sent":
        letter.state, letter.sent_at = "sent", now
    elif outcome == "failed" or now >= gives_up_at:
        letter.state = "failed"
        on_failure(letter, now)
    else:
        pause = timedelta(minutes=2 ** min(letter.attempts - 1, 10))
        letter.next_try_at = min(now + min(pause, patience.longest_wait), gives_up_at)
    return letter.state
