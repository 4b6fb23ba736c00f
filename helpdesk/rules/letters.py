"""Which letters leave at once, which wait for the daily one, and how many somebody gets in an hour."""

from datetime import timedelta
from typing import Literal

from helpdesk.rules.access import Role

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
BETWEEN_MILESTONES = frozenset({"accepted", "replied", "rating_request", "rating_reminder"})
# Of maintenance windows.
MAINTENANCE = (
    "window_announced",
    "window_before",
    "window_started",
    "window_extended",
    "window_moved",
    "window_finished",
    "window_cancelled",
)
# That announced maintenance begins and ends as announced: whoever wants fewer letters goes without.
AS_ANNOUNCED = frozenset({"window_started", "window_finished"})
# Whoever wants one letter a day reads these in it.
DAILY = frozenset({"assigned", "reopened", "reporter_wrote", "woken"})

MODES = ("every", "milestones", "digest")  # store/people.Person.mail_mode
MOST = 30  # letters to one address ...
WITHIN = timedelta(hours=1)


def delivery(kind: str, mode: str) -> Literal["now", "daily", "never"]:
    """What becomes of a letter of that kind to somebody with that mail_mode (store/people.Person)."""
    if mode == "milestones" and kind in BETWEEN_MILESTONES:
        return "never"
    if mode != "every" and kind in AS_ANNOUNCED:
        return "never"
    return "daily" if mode == "digest" and kind in DAILY else "now"


def quiet_mode(role: str) -> str:
    """The mail_mode that gives somebody of that role fewer letters."""
    return "milestones" if role == Role.REPORTER else "digest"


def can_be_quiet(kind: str, role: str) -> bool:
    """Whether quiet_mode stops letters of that kind."""
    return delivery(kind, quiet_mode(role)) != "now"
