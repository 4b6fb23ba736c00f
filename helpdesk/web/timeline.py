"""A ticket's timeline in words: what each kind of entry says on the page of those who work it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from helpdesk import i18n
from helpdesk.store.tickets import Entry
from helpdesk.web import alarm_lines, dispatch_words, mail_lines, words
from helpdesk.web.frame import viewer_zone
from helpdesk.web.mail_parts import Parts
from helpdesk.web.sentences import (
    DOORS,
    TARGETS,
    Names,
    because,
    clock_time,
    fill,
    maintenance_step,
    severity_word,
    ticket_link,
    who,
)

# These are shown as messages; whatever else happened is one line between them.
MESSAGES = frozenset({"reported", "replied", "reporter_replied", "noted"})


def people_in(entries: Iterable[Entry]) -> set[int]:
    """The ids of people that the details of these entries name."""
    found: set[int] = set()
    for entry in entries:
        if entry.kind == "assigned":
            found |= {i for i in (entry.detail.get("from"), entry.detail.get("to")) if i}
        elif entry.kind in ("follower_added", "follower_removed"):
            found.add(entry.detail["person"])
        elif entry.kind == "escalated":
            found |= set(entry.detail.get("people", ()))
    return found


def say(entry: Entry, names: Names) -> Markup:
    """The entry as one line; names stand out, whatever people typed is escaped."""
    worded = _WORDED.get(entry.kind, _unknown)
    return worded(entry, names)


def tone(entry: Entry) -> str:
    """How the line looks: 'late' for what came late or went wrong."""
    late = entry.kind == "escalated" and entry.detail.get("late_seconds", 0) > 60
    report = entry.detail.get("report", {})
    lost = entry.kind == "letter_failed" or (report.get("kind") == "failed" and not report.get("letter"))
    return "late" if late or lost or entry.kind == "reopened" else ""


def via(entry: Entry, parts: Parts) -> str:
    """How a message came, and from which address where it is not the one that we know of its sender."""
    door = str(DOORS.get(entry.door, "")) if entry.door != "web" else ""
    if not parts.sender:
        return door
    return _("%(door)s from %(address)s", door=door, address=parts.sender)


def promised(entry: Entry) -> Markup:
    """What a report became: its severity, and why."""
    why = words.why_severity(entry.detail.get("reason", ""))
    return because(fill(_("Severity %(severity)s"), severity=severity_word(entry.detail["severity"])), why)


def _accepted(entry: Entry, names: Names) -> Markup:
    said = fill(_("%(who)s accepted"), who=who(entry))
    news = promised_news(entry)
    return fill(_("%(said)s. %(news)s"), said=said, news=news) if news else said


def promised_news(entry: Entry) -> str:
    """By when an entry promises the reporter news; empty where it does not."""
    if not entry.detail.get("update_by"):
        return ""
    by = datetime.fromisoformat(entry.detail["update_by"])
    return _("Next news by %(time)s", time=clock_time(by))


def _update_promised(entry: Entry, names: Names) -> Markup:
    news = promised_news(entry)
    if not news:
        return fill(_("%(who)s promises no news any more"), who=who(entry))
    return fill(_("%(who)s promised: %(news)s"), who=who(entry), news=news)


def _assigned(entry: Entry, names: Names) -> Markup:
    if not entry.detail.get("to"):
        return fill(_("%(who)s gave this back to the team"), who=who(entry))
    to, way = Markup("<b>{}</b>").format(names.person(entry.detail["to"])), entry.detail.get("way", "")
    if way == "handed_up":
        said = fill(_("%(who)s handed this up to %(to)s"), who=who(entry), to=to)
        return because(said, entry.detail.get("reason", ""))
    if entry.actor is None and way:
        said = fill(_("This went to %(to)s by the team’s rule"), to=to)
    else:
        said = fill(_("%(who)s assigned this to %(to)s"), who=who(entry), to=to)
    return because(said, dispatch_words.say_why(way, entry.detail) if way else "")


def _not_assigned(entry: Entry, names: Names) -> Markup:
    said = dispatch_words.say_nobody(entry.detail["way"], entry.detail.get("passed_over", {}))
    return because(_("This stays with the team"), said)


def _moved(entry: Entry, names: Names) -> Markup:
    service, team = names.service(entry.detail.get("to_service")), names.team(entry.detail.get("to_team"))
    said = fill(
        _("%(who)s moved this to %(service)s, team %(team)s"), who=who(entry), service=service, team=team
    )
    return because(said, entry.detail.get("reason", ""))


def _follower_added(entry: Entry, names: Names) -> Markup:
    name = Markup("<b>{}</b>").format(names.person(entry.detail["person"]))
    return fill(_("%(who)s let %(name)s follow this"), who=who(entry), name=name)


def _follower_removed(entry: Entry, names: Names) -> Markup:
    name = Markup("<b>{}</b>").format(names.person(entry.detail["person"]))
    return fill(_("%(who)s took %(name)s off this"), who=who(entry), name=name)


def _shared(entry: Entry, names: Names) -> Markup:
    if entry.detail["is_shared"]:
        return fill(_("%(who)s lets the department read this"), who=who(entry))
    return fill(_("%(who)s lets the department read this no longer"), who=who(entry))


def _triaged(entry: Entry, names: Names) -> Markup:
    return because(fill(_("%(who)s looked at this"), who=who(entry)), entry.detail.get("reason", ""))


def _waiting(entry: Entry, names: Names) -> Markup:
    until = i18n.say_instant(datetime.fromisoformat(entry.detail["until"]), viewer_zone())
    if entry.detail["for"] == "supplier":
        text = _("Waiting for a supplier, to be looked at %(until)s")
    else:
        text = _("Waiting for the reporter until %(until)s; the resolution clock is paused")
    return because(fill(text, until=until), entry.body)


def _resumed(entry: Entry, names: Names) -> Markup:
    if entry.detail.get("reason") == "woken":
        return Markup.escape(_("The time to wait is over; the clock runs again"))
    return fill(_("%(who)s ended the waiting; the clock runs again"), who=who(entry))


def _severity_changed(entry: Entry, names: Names) -> Markup:
    said = fill(
        _("%(who)s changed the severity from %(before)s to %(after)s"),
        who=who(entry),
        before=severity_word(entry.detail["from"]),
        after=severity_word(entry.detail["to"]),
    )
    return because(said, entry.detail.get("reason") or words.why_severity(entry.detail.get("rule", "")))


def _resolved(entry: Entry, names: Names) -> Markup:
    if entry.detail.get("because") == "silence":
        return Markup.escape(_("Resolved, because the reporter did not answer"))
    cause = entry.detail.get("cause", "")
    return because(fill(_("%(who)s resolved this. Cause"), who=who(entry)), cause)


def _reopened(entry: Entry, names: Names) -> Markup:
    return because(fill(_("%(who)s says it is not solved; reopened"), who=who(entry)), entry.body)


def _closed(entry: Entry, names: Names) -> Markup:
    if entry.detail.get("because") == "silence":
        return Markup.escape(_("Closed, because nobody said that it is not solved"))
    return because(fill(_("%(who)s confirmed the solution; closed"), who=who(entry)), entry.body)


def _cancelled(entry: Entry, names: Names) -> Markup:
    text = _("%(who)s withdrew this") if entry.detail.get("withdrawn") else _("%(who)s cancelled this")
    return because(fill(text, who=who(entry)), entry.detail.get("reason", ""))


def _merged(entry: Entry, names: Names) -> Markup:
    return fill(
        _("%(who)s merged this into %(ticket)s"), who=who(entry), ticket=ticket_link(entry.detail["into"])
    )


def _linked(entry: Entry, names: Names) -> Markup:
    if entry.door == "mail" and entry.detail.get("cause"):
        return mail_lines.linked_by_mail(entry)
    text = {
        "became": _("%(who)s says that this was no reopening: it goes on as %(ticket)s"),
        "came_of": _("%(who)s made this of a reopening of %(ticket)s"),
        "same_cause": _("%(who)s found the same cause in %(ticket)s"),
        "duplicate": _("%(who)s merged %(ticket)s into this"),
        "caused_by": _("%(who)s says that %(ticket)s caused this"),
        "causes": _("%(who)s says that this caused %(ticket)s"),
        "duplicate_of": _("%(who)s says that this is the same as %(ticket)s"),
        "has_duplicate": _("%(who)s says that %(ticket)s is the same as this"),
        "split_from": _("%(who)s made this of a message in %(ticket)s"),
    }.get(entry.detail.get("how", ""), _("%(who)s linked this with %(ticket)s"))
    said = fill(text, who=who(entry), ticket=ticket_link(entry.detail["ticket"]))
    return because(said, entry.detail.get("reason", ""))


def _unlinked(entry: Entry, names: Names) -> Markup:
    text = _("%(who)s took back the link with %(ticket)s")
    return fill(text, who=who(entry), ticket=ticket_link(entry.detail["ticket"]))


def _split(entry: Entry, names: Names) -> Markup:
    text = _("%(who)s made %(ticket)s of a message here")
    return fill(text, who=who(entry), ticket=ticket_link(entry.detail["ticket"]))


def _adopted(entry: Entry, names: Names) -> Markup:
    detail = entry.detail
    if "parent" in detail:
        return fill(
            _("%(who)s put this under %(ticket)s, which stands for all who have the fault"),
            who=who(entry),
            ticket=ticket_link(detail["parent"]),
        )
    count = len(detail["children"])
    text = ngettext(
        "%(who)s put %(num)s report of the same fault under this",
        "%(who)s put %(num)s reports of the same fault under this",
        count,
        who="%(who)s",
    )
    return because(fill(text, who=who(entry)), detail.get("to", ""))


def _released(entry: Entry, names: Names) -> Markup:
    text = {
        "by_hand": _("%(who)s took this out from under %(ticket)s: it goes on by itself"),
        "reopened": _("It is no longer under %(ticket)s: it goes on by itself"),
    }.get(entry.detail["because"], _("%(ticket)s has ended, so this goes on by itself"))
    said = fill(text, who=who(entry), ticket=ticket_link(entry.detail["parent"]))
    return because(said, entry.detail.get("reason", ""))


def _set_apart(entry: Entry, names: Names) -> Markup:
    return fill(_("%(who)s says that this is no part of a larger fault"), who=who(entry))


def voided_by(entries: Iterable[Entry]) -> dict[int, Markup]:
    """Who voided which entry and why, by the voided entry's id."""
    return {
        e.detail["voids"]: because(fill(_("Voided by %(who)s"), who=who(e)), e.detail.get("reason", ""))
        for e in entries
        if "voids" in e.detail
    }


def _nudged(entry: Entry, names: Names) -> Markup:
    if entry.detail.get("about") == "solution":
        return Markup.escape(_("The reporter was asked again whether it is solved"))
    return Markup.escape(_("The reporter was reminded of our question"))


def _rated(entry: Entry, names: Names) -> Markup:
    said = fill(_("%(who)s gave %(stars)s of 5 stars"), who=who(entry), stars=entry.detail["stars"])
    return because(said, entry.body)


def _deadline_moved(entry: Entry, names: Names) -> Markup:
    was, due = (
        i18n.say_instant(datetime.fromisoformat(entry.detail[end]), viewer_zone()) for end in ("from", "to")
    )
    if entry.detail["window"] is None:
        what = entry.detail["reason"]
        text = (
            _("The calendar changed (%(what)s): the deadline moved from %(was)s to %(due)s")
            if what
            else _("The calendar changed: the deadline moved from %(was)s to %(due)s")
        )
        return fill(text, was=was, due=due, what=what)
    text = _("%(what)s: the deadline moved from %(was)s to %(due)s")
    said = fill(text, what=maintenance_step(entry.detail), was=was, due=due)
    return because(said, entry.detail.get("why") or entry.detail["reason"])


def _excused(entry: Entry, names: Names) -> Markup:
    said = fill(_("%(who)s excused the late %(target)s"), who=who(entry), target=_of_cycle(entry.detail))
    return because(because(said, entry.detail["reason"]), entry.detail["evidence"])


def _excuse_withdrawn(entry: Entry, names: Names) -> Markup:
    said = fill(
        _("%(who)s withdrew the excuse of the late %(target)s"),
        who=who(entry),
        target=_of_cycle(entry.detail),
    )
    return because(said, entry.detail["reason"])


def _of_cycle(detail: Mapping[str, Any]) -> str:
    """A target inside a sentence, with its number where it is not the first."""
    target = TARGETS.get(detail["target"], detail["target"])
    if detail["cycle"] == 1:
        return str(target)
    return _("%(target)s (%(cycle)s)", target=target, cycle=detail["cycle"])


def _unknown(entry: Entry, names: Names) -> Markup:
    """For what another version of Helpdesk wrote."""
    return fill(_("%(who)s did something"), who=who(entry))


def _emergency_decided(entry: Entry, names: Names) -> Markup:
    outcome = str(words.OUTCOMES[entry.detail["outcome"]])
    return because(fill(_("%(who)s decided: %(outcome)s"), who=who(entry), outcome=outcome), entry.body)


_WORDED: Mapping[str, Callable[[Entry, Names], Markup]] = {
    "accepted": _accepted,
    "assigned": _assigned,
    "not_assigned": _not_assigned,
    "update_promised": _update_promised,
    "moved": _moved,
    "follower_added": _follower_added,
    "follower_removed": _follower_removed,
    "shared": _shared,
    "triaged": _triaged,
    "waiting": _waiting,
    "resumed": _resumed,
    "severity_changed": _severity_changed,
    "resolved": _resolved,
    "reopened": _reopened,
    "closed": _closed,
    "cancelled": _cancelled,
    "merged": _merged,
    "linked": _linked,
    "adopted": _adopted,
    "released": _released,
    "set_apart": _set_apart,
    "unlinked": _unlinked,
    "split": _split,
    "escalated": alarm_lines.escalated,
    "passed_on": alarm_lines.passed_on,
    "nudged": _nudged,
    "rated": _rated,
    "mail_filed": mail_lines.mail_filed,
    "letter_failed": mail_lines.letter_failed,
    "deadline_moved": _deadline_moved,
    "emergency_decided": _emergency_decided,
    "excused": _excused,
    "excuse_withdrawn": _excuse_withdrawn,
}
