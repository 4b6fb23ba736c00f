"""Ladders in words: when a step rings, whom it tells, and why somebody was passed over."""

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.rules.escalation import Step

TO = {
    "on_call": _l("whoever is on call"),
    "backup": _l("the backup"),
    "next_turn": _l("whoever has the next turn"),
    "team": _l("the team"),
    "assignee": _l("whoever has the ticket"),
    "lead": _l("the lead"),
    "manager": _l("the manager"),
    "person": _l("a named person"),
    "administrators": _l("the administrators"),
}
TARGETS = {
    "response": _l("First answer"),
    "resolution": _l("Solution"),
    "update": _l("Further answers"),
    "acceptance": _l("Acceptance"),
}
CHANNELS = {
    "all": _l("every way there is"),
    "mail": _l("mail only"),
    "chat": _l("chat and push only"),
}
WHY = {
    "nobody": _l("nobody there"),
    "absent": _l("away"),
    "off_duty": _l("off duty"),
    "same_as_on_call": _l("on call themselves"),
    "left": _l("has left"),
    "unreachable": _l("cannot be reached"),
    "barred": _l("may not read the ticket"),
}


def say_to(step: Step, people: Mapping[int, str], rosters: Mapping[int, str]) -> str:
    """Whom the step tells; `people` and `rosters` are the names of those that steps name, by id."""
    if step.person_id is not None:
        return people.get(step.person_id, _("somebody who is gone"))
    to = str(TO.get(step.to, step.to))
    if step.roster_id is None:
        return to
    return _("%(to)s in %(roster)s", to=to, roster=rosters.get(step.roster_id, _("a roster that is gone")))


def say_when(step: Step) -> str:
    """When it rings first."""
    if step.percent is not None:
        return _("at %(percent)s%%", percent=step.percent)
    return _("%(when)s by the wall clock", when=_minutes(step)) if step.is_wall_clock else _minutes(step)


def _minutes(step: Step) -> str:
    if step.anchor == "start":
        return _("after %(minutes)s min", minutes=step.minutes) if step.minutes else _("at once")
    if not step.minutes:
        return _("when it is due")
    if step.anchor == "before_due":
        return _("%(minutes)s min before it is due", minutes=step.minutes)
    return _("%(minutes)s min after it was due", minutes=step.minutes)


def say_repeats(step: Step) -> str:
    """How often again; "" where it rings once."""
    if step.repeat_minutes is None:
        return ""
    if step.repeat_most:
        return _(
            "every %(again)s min until somebody accepts, at most %(most)s times",
            again=step.repeat_minutes,
            most=step.repeat_most,
        )
    return _("every %(again)s min until somebody accepts", again=step.repeat_minutes)


def say_step(step: Step, people: Mapping[int, str], rosters: Mapping[int, str]) -> str:
    """The step in one breath."""
    said = _("%(to)s %(when)s", to=say_to(step, people, rosters), when=say_when(step))
    if step.channel != "all":
        said = _("%(step)s by %(channel)s", step=said, channel=CHANNELS[step.channel])
    again = say_repeats(step)
    return _("%(step)s, then %(again)s", step=said, again=again) if again else said
