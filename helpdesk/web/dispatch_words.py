"""Dispatch in words: whom a way chooses, and why nobody."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from helpdesk import i18n
from helpdesk.rules.dispatch import BY_HAND, Choice

WAYS = {
    "on_call": _l("Who is on call"),
    "in_turn": _l("Next in turn"),
    "least_loaded": _l("Fewest tickets"),
}
# What becomes of a team's new tickets.
RULES = {
    BY_HAND: _l("Nobody until somebody takes them"),
    "on_call": _l("Whoever is on call"),
    "in_turn": _l("Everybody in turn"),
    "least_loaded": _l("Whoever has the fewest tickets in work"),
}


def say_choice(choice: Choice, names: Mapping[int, str]) -> str:
    """Why the way chooses that person; or, where it chooses nobody, why not."""
    if choice.person_id is None:
        return say_nobody(choice.way, Counter(why for _person, why in choice.passed_over))
    name = names.get(choice.person_id, "")
    if choice.way == "least_loaded" and choice.load == 0:
        return _("%(name)s has none in work.", name=name)
    if choice.way == "least_loaded":
        return ngettext(
            "%(name)s has %(num)d ticket in work.",
            "%(name)s has %(num)d tickets in work.",
            choice.load,
            name=name,
        )
    if choice.way == "in_turn":
        return _("It is %(name)s’s turn.", name=name)
    if choice.passed_over:
        return _("%(name)s is the backup; who is first in line cannot take it.", name=name)
    return _("%(name)s is on call.", name=name)


def say_why(way: str, detail: Mapping[str, Any]) -> str:
    """Why it went to whom it did, as a timeline bears it (desk/dispatch)."""
    if way == "least_loaded":
        load = detail.get("load", 0)
        if load == 0:
            return _("with none in work")
        return ngettext("%(num)d ticket in work, the fewest", "%(num)d tickets in work, the fewest", load)
    first = {"on_call": _("on call"), "in_turn": _("next in turn")}.get(way, "")
    passed_over = detail.get("passed_over")
    if not passed_over:
        return first
    return _("%(why)s, after %(others)s", why=first, others=say_passed_over(passed_over))


def say_nobody(way: str, passed_over: Mapping[str, int]) -> str:
    """Why nobody could be given a ticket that way."""
    if passed_over:
        return _("Nobody can take it: %(why)s.", why=say_passed_over(passed_over))
    if way == "on_call":
        return _("Nobody is on call.")
    return _("Nobody else in the team works tickets.")


def say_passed_over(passed_over: Mapping[str, int]) -> str:
    """How many were passed over, and why: "2 are away and 1 lacks a skill"."""
    said = {
        "away": lambda n: ngettext("%(num)d is away", "%(num)d are away", n),
        "unskilled": lambda n: ngettext("%(num)d lacks a skill", "%(num)d lack a skill", n),
        "barred": lambda n: ngettext("%(num)d may not read it", "%(num)d may not read it", n),
    }
    return i18n.say_list([words(passed_over[why]) for why, words in said.items() if why in passed_over])
