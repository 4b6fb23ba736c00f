"""A ticket's timeline in words: whom an alarm told, and whom it passed over."""

from functools import reduce

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from helpdesk import i18n
from helpdesk.store.tickets import Entry
from helpdesk.web import ladder_words
from helpdesk.web.sentences import RUNGS, TARGETS, Names, fill, who

# What an alarm is about that belongs to no deadline.
ESCALATED = {
    "triage": _l("Nobody has looked at this yet: told %(people)s (%(to)s)"),
    "supplier": _l("The supplier's time is over: told %(people)s (%(to)s)"),
    "acceptance": _l("Waits for somebody to accept it: told %(people)s (%(to)s)"),
    "emergency": _l("Urgent during maintenance: told %(people)s (%(to)s)"),
    "silent": _l("Accepted, and then nothing was heard: told %(people)s (%(to)s)"),
    "news": _l("News was promised by now: told %(people)s (%(to)s)"),
}
PASSED_OVER = ladder_words.WHY | {"passed_on": _l("has passed it on")}


def rung(about: str, to: str) -> str:
    """Whom an alarm tells, in words; it is not always the ladder that names them."""
    if about == "emergency" and to == "person":
        return _("responsible for the maintenance")
    return str(RUNGS.get(to, to or ""))


def escalated(entry: Entry, names: Names) -> Markup:
    """Whom a step told, for what, how late, and whom it passed over."""
    detail = entry.detail
    people = [Markup("<b>{}</b>").format(names.person(i)) for i in detail.get("people", ())]
    told = reduce(lambda a, b: fill(_("%(first)s, %(next)s"), first=a, next=b), people) if people else ""
    to = rung(detail.get("about", ""), detail.get("to", ""))
    about = detail["target"] if detail.get("target") == "acceptance" else detail.get("about", "")
    text = str(ESCALATED.get(about) or _("Escalated for the %(target)s to %(people)s (%(to)s)"))
    target = TARGETS.get(detail.get("target") or "", "")
    said = fill(text, people=told or _("nobody"), to=to, target=target)
    if detail.get("late_seconds", 0) > 0:
        late = i18n.say_duration(detail["late_seconds"])
        said += fill(_(", %(late)s after its time"), late=late)
    for missed in detail.get("passed_over", ()):
        why = PASSED_OVER.get(missed.get("why", ""), missed.get("why", ""))
        said += fill(
            _("; not %(to)s: %(why)s"), to=RUNGS.get(missed.get("to", ""), missed.get("to", "")), why=why
        )
    return said


def passed_on(entry: Entry, names: Names) -> Markup:
    """To whom an alarm was passed on."""
    people = [Markup("<b>{}</b>").format(names.person(i)) for i in entry.detail.get("people", ())]
    told = reduce(lambda a, b: fill(_("%(first)s, %(next)s"), first=a, next=b), people) if people else ""
    to = RUNGS.get(entry.detail.get("to", ""), "")
    return fill(_("%(who)s passed the alarm on to %(people)s (%(to)s)"), who=who(entry), people=told, to=to)
