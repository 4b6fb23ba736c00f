"""What lines about tickets are made of: names set off, numbers as links, times as short as is clear."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from helpdesk import i18n
from helpdesk.store.tickets import Entry
from helpdesk.web import words
from helpdesk.web.frame import viewer_zone

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


def ticket_link(ticket_id: int) -> Markup:
    """A ticket's number as a link."""
    number = f"HD-{ticket_id}"
    return Markup('<a href="{}">{}</a>').format(url_for("tickets.page", number=number), number)


def fill(text: str, **values: Any) -> Markup:
    """Fills a translated sentence; what is filled in is escaped."""
    return Markup.escape(text) % {name: Markup.escape(value) for name, value in values.items()}


def who(entry: Entry) -> Markup:
    """Who did it; a person stands out."""
    if entry.actor is None:
        return Markup.escape(_("The clock") if entry.door == "clock" else _("Somebody"))
    return Markup("<b>{}</b>").format(entry.actor.name)


def because(text: str, reason: str) -> Markup:
    """The sentence, with its reason where it has one."""
    return fill(_("%(name)s: %(said)s"), name=text, said=reason) if reason else Markup.escape(text)


def severity_word(code: str) -> str:
    """A severity inside a sentence: "major"."""
    return str(words.SEVERITIES.get(code, code)).lower()  # type: ignore[call-overload]


def maintenance_step(detail: Mapping[str, Any]) -> str:
    """What became of a window, as a ticket's timeline bears it (desk/recompute)."""

    def time(name: str) -> str:
        return clock_time(datetime.fromisoformat(detail[name]))

    match detail.get("step"):
        case "announced":
            return _(
                "Maintenance announced from %(start)s to %(end)s",
                start=time("starts_at"),
                end=time("ends_at"),
            )
        case "moved":
            return _(
                "Maintenance moved to %(start)s to %(end)s", start=time("starts_at"), end=time("ends_at")
            )
        case "extended":
            return _("Maintenance extended to %(end)s", end=time("ends_at"))
        case "started":
            return _("Maintenance began early")
        case "finished":
            return _("Maintenance ended early, %(end)s", end=time("ended_at"))
        case "cancelled":
            return _("Maintenance called off")
    return _("Maintenance")


def clock_time(at: datetime) -> str:
    """An instant as short as is clear: the time of day today, else with its day."""
    zone = ZoneInfo(viewer_zone())
    if at.astimezone(zone).date() == g.now.astimezone(zone).date():
        return i18n.say_time(at, zone.key)
    return i18n.say_promise_time(at, zone.key, g.now)
