"""What reporters say of our help, and what follows of it, in words: on pages and in letters alike."""

from collections.abc import Iterable

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.i18n import say_apart, say_list

STARS = {1: _l("very poor"), 2: _l("poor"), 3: _l("fair"), 4: _l("good"), 5: _l("very good")}
REASONS = {
    "quick": _l("It was quick"),
    "friendly": _l("They were friendly"),
    "clear": _l("It was explained clearly"),
    "solved": _l("It was really solved"),
    "slow": _l("It took too long"),
    "unclear": _l("I did not understand what was going on"),
    "not_solved": _l("It was not really solved"),
    "had_to_repeat": _l("I had to say the same again and again"),
}
STEPS = {
    "reached": _l("Reach the reporter"),
    "cause": _l("Find the cause"),
    "action": _l("Name an action"),
    "told": _l("Tell the reporter"),
}


def say_reasons(codes: Iterable[str], words: str = "") -> str:
    """The reasons that were ticked, one after the other, and what was written; empty where nothing was."""
    said = [str(REASONS[code]) for code in codes if code in REASONS]
    return say_apart([*said, words] if words else said)


def say_steps(steps: Iterable[str]) -> str:
    """These steps of a follow-up."""
    return say_list(str(STEPS[step]) for step in steps)


def say_occasion(because: str, stars: int | None) -> str:
    """Why somebody has to follow up."""
    if because == "rating":
        return _("%(stars)s of 5 stars", stars=stars)
    return _("Not solved once more")
