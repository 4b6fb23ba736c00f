"""Turns as an iCalendar object (RFC 5545); names and refreshing as in RFC 7986."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from flask_babel import gettext as _
from icalendar import Calendar, Event, Timezone, TimezoneStandard

from helpdesk.desk.feeds import FeedTurn
from helpdesk.outbound import links
from helpdesk.store.rosters import Roster

REFRESH = timedelta(hours=1)


@dataclass(frozen=True)
class Contents:
    """All that a feed says but when: its name, and of each event uid, summary, from, to and address."""

    name: str
    events: tuple[tuple[str, str, datetime, datetime, str], ...]


def contents_of(turns: Iterable[FeedTurn], roster: Roster | None) -> Contents:
    """What the feed of these turns says. `roster`: whose feed it is; None: of one's own turns."""
    name = _("On call: %(roster)s", roster=roster.name) if roster else _("My turns on call")
    events = ((_uid(t), _summary(t, roster), t.from_at, t.to_at, _page(t.roster)) for t in turns)
    return Contents(name, tuple(events))


def calendar_of(contents: Contents, now: datetime) -> bytes:
    """The object as bytes, its instants in UTC. With METHOD, DTSTAMP is when the object was made."""
    calendar = Calendar()
    calendar.add("prodid", "-//Helpdesk//On call//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", contents.name)
    calendar.add("x-wr-calname", contents.name)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    if not contents.events:
        calendar.add_component(_utc())  # the format wants something in every calendar
    for uid, summary, from_at, to_at, page in contents.events:
        event = Event()
        event.add("uid", uid)
        event.add("dtstamp", now.replace(microsecond=0))
        event.add("dtstart", from_at.replace(microsecond=0))
        event.add("dtend", to_at.replace(microsecond=0))
        event.add("summary", summary)
        event.add("url", page)
        event.add("transp", "TRANSPARENT")  # to be on call does not fill the day, and is no absence
        calendar.add_component(event)
    return calendar.to_ical()


def _utc() -> Timezone:
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", "Etc/UTC")
    standard.add("dtstart", datetime(1970, 1, 1))  # noqa: DTZ001 - local, as the format has it
    standard.add("tzoffsetfrom", timedelta())
    standard.add("tzoffsetto", timedelta())
    zone.add_component(standard)
    return zone


def _uid(turn: FeedTurn) -> str:
    """The same as long as the turn is that person's and begins when it does."""
    who = turn.person.id if turn.person else 0
    host = current_app.config["SETTINGS"].mail_address.rpartition("@")[2]
    return f"turn-{turn.roster.id}-{who}-{turn.from_at:%Y%m%dT%H%M%SZ}-{links.instance_id()[:8]}@{host}"


def _summary(turn: FeedTurn, roster: Roster | None) -> str:
    if turn.person is None:
        return _("Nobody is on call: %(roster)s", roster=turn.roster.name)
    who = _("%(name)s (away!)", name=turn.person.name) if turn.is_away else turn.person.name
    return who if roster else _("On call: %(roster)s", roster=turn.roster.name)


def _page(roster: Roster) -> str:
    return links.url(f"/on-call/{roster.id}")
