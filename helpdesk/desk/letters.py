"""What people do about letters that were written."""

from datetime import datetime

from helpdesk.outbound import alarms
from helpdesk.store.db import after_commit, transaction
from helpdesk.store.letters import get_letter


def send_again(letter_id: int, now: datetime) -> bool:
    """Has a letter that was given up sent once more, with the same Message-ID.

    False where it was not given up; LookupError if there is none.
    """
    with transaction():
        letter = get_letter(letter_id)
        if letter.state != "failed":
            return False
        letter.state, letter.next_try_at, letter.claimed_until = "waiting", now, None
        after_commit("send letters", alarms.send_soon)
    return True
