"""What people do about letters that were written."""

from datetime import datetime

from helpdesk.outbound import alarms
from helpdesk.outbound.letters import write
from helpdesk.store.db import after_commit, transaction
from helpdesk.store.letters import Letter, get_letter
from helpdesk.store.people import get_person


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


def send_trial(person_id: int, now: datetime) -> Letter:
    """Writes a letter to the person themselves, to see whether letters arrive.

    Raises LookupError where there is no such person, or they have no address.
    """
    with transaction():
        letter = write("trial", get_person(person_id), key=f"trial:{person_id}:{now.timestamp()}", now=now)
        if letter is None:
            raise LookupError(f"person {person_id} has no address")
    return letter
