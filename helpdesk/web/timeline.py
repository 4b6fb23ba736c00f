"""A ticket's timeline in words: what each kind of entry says on the page of those who work it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from helpdesk import i18n
from helpdesk.store.tickets import Entry
from helpdesk.web import ladder_words, mail_words, words
from helpdesk.web.deliveries import server_words
from helpdesk.web.frame import may, viewer_zone
from helpdesk.web.mail_parts import Parts

# These are shown as messages; whatever else happened is one line between them.
MESSAGES = frozenset({"reported", "replied", "reporter_replied", "noted"})
TARGETS = {
    "response": _l("response"),
    "resolution": _l("resolution"),
    "update": _l("update"),
    "acceptance": _l("acceptance"),
}
DOORS = {
    "web": _l("in the portal"),
    "mail": _l("by mail"),
    "phone": _l("by phone"),
    "walk_in": _l("in person"),
    "api": _l("by another system"),
    "cli": _l("at the command line"),
}
RUNGS = {
    "on_call": _l("on call"),
    "backup": _l("the backup"),
    "next_turn": _l("the next turn"),
    "team": _l("the team"),
    "assignee": _l("the assignee"),
    "lead": _l("the lead"),
    "manager": _l("the manager"),
    "person": _l("named in the ladder"),
    "administrators": _l("the administrators"),
}
# What an alarm is about that belongs to no deadline.
ESCALATED = {
    "triage": _l("Nobody has looked at this yet: told %(people)s (%(to)s)"),
    "supplier": _l("The supplier's time is over: told %(people)s (%(to)s)"),
    "acceptance": _l("Waits for somebody to accept it: told %(people)s (%(to)s)"),
    "silent": _l("Accepted, and then nothing was heard: told %(people)s (%(to)s)"),
    "news": _l("News was promised by now: told %(people)s (%(to)s)"),
}
PASSED_OVER = ladder_words.WHY | {"passed_on": _l("has passed it on")}


@dataclass(frozen=True)
class Names:
    """What the ids in entries are called: people, teams and services by id."""

    people: Mapping[int, str]
    teams: Mapping[int, str]
    services: Mapping[int, str]

    def person(self, person_id: int | None) -> str:
        return self.people.get(person_id or 0) or _("somebody")

    def service(self, service_id: int | None) -> str:
        return self.services.get(service_id or 0) or _("no service")

    def team(self, team_id: int | None) -> str:
        return self.teams.get(team_id or 0) or _("another team")


def people_in(entries: Iterable[Entry]) -> set[int]:
    """The ids of people that the details of these entries name."""
    found: set[int] = set()
    for entry in entries:
        if entry.kind == "assigned":
            found |= {i for i in (entry.detail.get("from"), entry.detail.get("to")) if i}
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


def ticket_link(ticket_id: int) -> Markup:
    """A ticket's number as a link."""
    number = f"HD-{ticket_id}"
    return Markup('<a href="{}">{}</a>').format(url_for("tickets.page", number=number), number)


def _fill(text: str, **values: Any) -> Markup:
    """Fills a translated sentence; what is filled in is escaped."""
    return Markup.escape(text) % {name: Markup.escape(value) for name, value in values.items()}


def _who(entry: Entry) -> Markup:
    if entry.actor is None:
        return Markup.escape(_("The clock") if entry.door == "clock" else _("Somebody"))
    return Markup("<b>{}</b>").format(entry.actor.name)


def _because(text: str, reason: str) -> Markup:
    return _fill(_("%(name)s: %(said)s"), name=text, said=reason) if reason else Markup.escape(text)


def severity_word(code: str) -> str:
    """A severity inside a sentence: "major"."""
    return str(words.SEVERITIES.get(code, code)).lower()  # type: ignore[call-overload]


def promised(entry: Entry) -> Markup:
    """What a report became: its severity, and why."""
    why = words.why_severity(entry.detail.get("reason", ""))
    return _because(_fill(_("Severity %(severity)s"), severity=severity_word(entry.detail["severity"])), why)


def _accepted(entry: Entry, names: Names) -> Markup:
    said = _fill(_("%(who)s accepted"), who=_who(entry))
    news = promised_news(entry)
    return _fill(_("%(said)s. %(news)s"), said=said, news=news) if news else said


def promised_news(entry: Entry) -> str:
    """By when an entry promises the reporter news; empty where it does not."""
    if not entry.detail.get("update_by"):
        return ""
    by = datetime.fromisoformat(entry.detail["update_by"])
    return _("Next news by %(time)s", time=clock_time(by))


def _update_promised(entry: Entry, names: Names) -> Markup:
    news = promised_news(entry)
    if not news:
        return _fill(_("%(who)s promises no news any more"), who=_who(entry))
    return _fill(_("%(who)s promised: %(news)s"), who=_who(entry), news=news)


def _assigned(entry: Entry, names: Names) -> Markup:
    if entry.detail.get("to"):
        to = Markup("<b>{}</b>").format(names.person(entry.detail["to"]))
        return _fill(_("%(who)s assigned this to %(to)s"), who=_who(entry), to=to)
    return _fill(_("%(who)s gave this back to the team"), who=_who(entry))


def _moved(entry: Entry, names: Names) -> Markup:
    service, team = names.service(entry.detail.get("to_service")), names.team(entry.detail.get("to_team"))
    said = _fill(
        _("%(who)s moved this to %(service)s, team %(team)s"), who=_who(entry), service=service, team=team
    )
    return _because(said, entry.detail.get("reason", ""))


def _triaged(entry: Entry, names: Names) -> Markup:
    return _because(_fill(_("%(who)s looked at this"), who=_who(entry)), entry.detail.get("reason", ""))


def _waiting(entry: Entry, names: Names) -> Markup:
    until = i18n.say_instant(datetime.fromisoformat(entry.detail["until"]), viewer_zone())
    if entry.detail["for"] == "supplier":
        text = _("Waiting for a supplier, to be looked at %(until)s")
    else:
        text = _("Waiting for the reporter until %(until)s; the resolution clock is paused")
    return _because(_fill(text, until=until), entry.body)


def _resumed(entry: Entry, names: Names) -> Markup:
    if entry.detail.get("reason") == "woken":
        return Markup.escape(_("The time to wait is over; the clock runs again"))
    return _fill(_("%(who)s ended the waiting; the clock runs again"), who=_who(entry))


def _severity_changed(entry: Entry, names: Names) -> Markup:
    said = _fill(
        _("%(who)s changed the severity from %(before)s to %(after)s"),
        who=_who(entry),
        before=severity_word(entry.detail["from"]),
        after=severity_word(entry.detail["to"]),
    )
    return _because(said, entry.detail.get("reason") or words.why_severity(entry.detail.get("rule", "")))


def _resolved(entry: Entry, names: Names) -> Markup:
    if entry.detail.get("because") == "silence":
        return Markup.escape(_("Resolved, because the reporter did not answer"))
    cause = entry.detail.get("cause", "")
    return _because(_fill(_("%(who)s resolved this. Cause"), who=_who(entry)), cause)


def _reopened(entry: Entry, names: Names) -> Markup:
    return _because(_fill(_("%(who)s says it is not solved; reopened"), who=_who(entry)), entry.body)


def _closed(entry: Entry, names: Names) -> Markup:
    if entry.detail.get("because") == "silence":
        return Markup.escape(_("Closed, because nobody said that it is not solved"))
    return _because(_fill(_("%(who)s confirmed the solution; closed"), who=_who(entry)), entry.body)


def _cancelled(entry: Entry, names: Names) -> Markup:
    text = _("%(who)s withdrew this") if entry.detail.get("withdrawn") else _("%(who)s cancelled this")
    return _because(_fill(text, who=_who(entry)), entry.detail.get("reason", ""))


def _merged(entry: Entry, names: Names) -> Markup:
    return _fill(
        _("%(who)s merged this into %(ticket)s"), who=_who(entry), ticket=ticket_link(entry.detail["into"])
    )


def _linked(entry: Entry, names: Names) -> Markup:
    if entry.door == "mail" and entry.detail.get("cause"):
        return _linked_by_mail(entry)
    text = {
        "became": _("%(who)s says that this was no reopening: it goes on as %(ticket)s"),
        "came_of": _("%(who)s made this of a reopening of %(ticket)s"),
        "same_cause": _("%(who)s found the same cause in %(ticket)s"),
        "duplicate": _("%(who)s merged %(ticket)s into this"),
    }.get(entry.detail.get("how", ""), _("%(who)s linked this with %(ticket)s"))
    said = _fill(text, who=_who(entry), ticket=ticket_link(entry.detail["ticket"]))
    return _because(said, entry.detail.get("reason", ""))


def _linked_by_mail(entry: Entry) -> Markup:
    """An answer that could not join the ticket: said on the older one, and on the one that it became."""
    other, cause = entry.detail["ticket"], entry.detail["cause"]
    if other > entry.ticket_id:
        text = {
            "takes_no_part": _("Somebody who takes no part here answered by mail: that became %(ticket)s"),
            "had_ended": _("An answer by mail came after the end: it became %(ticket)s"),
        }.get(cause, _("A mail about this became %(ticket)s"))
    else:
        text = {
            "takes_no_part": _("Came as an answer to %(ticket)s, in which its sender takes no part"),
            "had_ended": _("Came as an answer to %(ticket)s, which had ended"),
        }.get(cause, _("Came as an answer to %(ticket)s"))
    return _fill(text, ticket=ticket_link(other))


def voided_by(entries: Iterable[Entry]) -> dict[int, Markup]:
    """Who voided which entry and why, by the voided entry's id."""
    return {
        e.detail["voids"]: _because(_fill(_("Voided by %(who)s"), who=_who(e)), e.detail.get("reason", ""))
        for e in entries
        if "voids" in e.detail
    }


def _escalated(entry: Entry, names: Names) -> Markup:
    detail = entry.detail
    people = [Markup("<b>{}</b>").format(names.person(i)) for i in detail.get("people", ())]
    told = reduce(lambda a, b: _fill(_("%(first)s, %(next)s"), first=a, next=b), people) if people else ""
    to = RUNGS.get(detail.get("to", ""), detail.get("to") or "")
    about = detail["target"] if detail.get("target") == "acceptance" else detail.get("about", "")
    text = str(ESCALATED.get(about) or _("Escalated for the %(target)s to %(people)s (%(to)s)"))
    target = TARGETS.get(detail.get("target") or "", "")
    said = _fill(text, people=told or _("nobody"), to=to, target=target)
    if detail.get("late_seconds", 0) > 0:
        late = i18n.say_duration(detail["late_seconds"])
        said += _fill(_(", %(late)s after its time"), late=late)
    for missed in detail.get("passed_over", ()):
        why = PASSED_OVER.get(missed.get("why", ""), missed.get("why", ""))
        said += _fill(
            _("; not %(to)s: %(why)s"), to=RUNGS.get(missed.get("to", ""), missed.get("to", "")), why=why
        )
    return said


def _passed_on(entry: Entry, names: Names) -> Markup:
    people = [Markup("<b>{}</b>").format(names.person(i)) for i in entry.detail.get("people", ())]
    told = reduce(lambda a, b: _fill(_("%(first)s, %(next)s"), first=a, next=b), people) if people else ""
    to = RUNGS.get(entry.detail.get("to", ""), "")
    return _fill(_("%(who)s passed the alarm on to %(people)s (%(to)s)"), who=_who(entry), people=told, to=to)


def _nudged(entry: Entry, names: Names) -> Markup:
    if entry.detail.get("about") == "solution":
        return Markup.escape(_("The reporter was asked again whether it is solved"))
    return Markup.escape(_("The reporter was reminded of our question"))


def _rated(entry: Entry, names: Names) -> Markup:
    said = _fill(_("%(who)s gave %(stars)s of 5 stars"), who=_who(entry), stars=entry.detail["stars"])
    return _because(said, entry.body)


# What a mail server says became of a letter (RFC 3464).
REPORTED = {
    "failed": _l("The letter to %(to)s did not arrive"),
    "delayed": _l("The letter to %(to)s is delayed; its mail server keeps trying"),
    "delivered": _l("The letter to %(to)s arrived"),
    "relayed": _l("The letter to %(to)s went on to a mail server that sends no receipts"),
    "expanded": _l("The letter to %(to)s went to the people of a list"),
}


def _mail_filed(entry: Entry, names: Names) -> Markup:
    detail = entry.detail
    if detail.get("report"):
        return _reported(detail["report"])
    why = mail_words.why(detail.get("cause", ""))
    sender = Markup("<b>{}</b>").format(detail.get("from") or _("somebody"))
    said = _fill(_("Mail from %(sender)s was filed; it changed nothing"), sender=sender)
    return _fill(_("%(said)s. %(news)s"), said=said, news=why) if why else said


def _reported(report: Mapping[str, Any]) -> Markup:
    """A delivery report. About a letter of ours it leads there; its message bears the server's words."""
    text = str(REPORTED.get(report.get("kind", ""), _("A mail server reports on the letter to %(to)s")))
    to: str | Markup = report.get("address") or _("somebody")
    if report.get("letter") and may("letters.see"):
        url = url_for("letters.show", letter_id=report["letter"])
        to = Markup('<a href="{}">{}</a>').format(url, to)
    said = [] if report.get("letter") else [report.get("status"), report.get("words")]
    return _because(_fill(text, to=to), server_words(" ".join(part for part in said if part)))


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
        return _fill(text, was=was, due=due, what=what)
    said = _fill(_("Because of maintenance the deadline moved from %(was)s to %(due)s"), was=was, due=due)
    return _because(said, entry.detail["reason"])


def _letter_failed(entry: Entry, names: Names) -> Markup:
    said = _fill(_("A letter to %(to)s could not be delivered"), to=entry.detail.get("to", ""))
    return _because(said, entry.detail.get("fault", ""))


def _excused(entry: Entry, names: Names) -> Markup:
    said = _fill(_("%(who)s excused the late %(target)s"), who=_who(entry), target=_of_cycle(entry.detail))
    return _because(_because(said, entry.detail["reason"]), entry.detail["evidence"])


def _excuse_withdrawn(entry: Entry, names: Names) -> Markup:
    said = _fill(
        _("%(who)s withdrew the excuse of the late %(target)s"),
        who=_who(entry),
        target=_of_cycle(entry.detail),
    )
    return _because(said, entry.detail["reason"])


def _of_cycle(detail: Mapping[str, Any]) -> str:
    """A target inside a sentence, with its number where it is not the first."""
    target = TARGETS.get(detail["target"], detail["target"])
    if detail["cycle"] == 1:
        return str(target)
    return _("%(target)s (%(cycle)s)", target=target, cycle=detail["cycle"])


def _unknown(entry: Entry, names: Names) -> Markup:
    """For what another version of Helpdesk wrote."""
    return _fill(_("%(who)s did something"), who=_who(entry))


_WORDED: Mapping[str, Callable[[Entry, Names], Markup]] = {
    "accepted": _accepted,
    "assigned": _assigned,
    "update_promised": _update_promised,
    "moved": _moved,
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
    "escalated": _escalated,
    "passed_on": _passed_on,
    "nudged": _nudged,
    "rated": _rated,
    "mail_filed": _mail_filed,
    "letter_failed": _letter_failed,
    "deadline_moved": _deadline_moved,
    "excused": _excused,
    "excuse_withdrawn": _excuse_withdrawn,
}


def clock_time(at: datetime) -> str:
    """An instant as short as is clear: the time of day today, else with its day."""
    zone = ZoneInfo(viewer_zone())
    if at.astimezone(zone).date() == g.now.astimezone(zone).date():
        return i18n.say_time(at, zone.key)
    return i18n.say_promise_time(at, zone.key, g.now)
