"""Which letters leave at once, which wait for the daily one, and how many somebody gets in an hour."""

from datetime import timedelta
from typing import Literal

# What rang: never held back, and under a subject that says so on a locked screen.
ALARMS = frozenset({"escalated", "escalated_many", "uncovered", "uncovered_many"})
# What somebody waits for at this moment leaves at once as well, however much they got before.
AT_ONCE = ALARMS | {
    "channel_code",
    "channel_failed",
    "fresh_link",
    "invitation",
    "password_changed",
    "password_reset",
    "trial",
}
# Whoever wants milestones alone goes without these; what they have to answer comes in any case.
BETWEEN_MILESTONES = frozenset({"accepted", "replied"})
# Whoever wants one letter a day reads these in it.
DAILY = frozenset({"assigned", "reopened", "reporter_wrote", "woken"})

MODES = ("every", "milestones", "digest")
MOST = 30  # letters to one address ...
WITHIN = timedelta(hours=1)


def delivery(kind: str, mode: str) -> Literal["now", "daily", "never"]:
    """What becomes of a letter of that kind to somebody with that mail_mode (store/people.Person)."""
    if mode == "milestones" and kind in BETWEEN_MILESTONES:
        return "never"
    return "daily" if mode == "digest" and kind in DAILY else "now"


def quieter_mode(kind: str) -> str | None:
    """The mail_mode that stops letters of that kind; None for one that nothing stops."""
    if kind in BETWEEN_MILESTONES:
        return "milestones"
    return "digest" if kind in DAILY else None
