"""A maintenance window as an event for calendars (RFC 5545, RFC 5546), to be attached to letters."""

from collections.abc import Sequence
from datetime import datetime

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from icalendar import Calendar, Event

from helpdesk.i18n import say_list, say_sentences
from helpdesk.store.maintenance import Window


def event(
    window: Window, services: Sequence[str], locale: str, sequence: int, url: str, now: datetime
) -> str:
    """The window as published, in that language; one that does not take place, as called off.

    Its UID is the same for ever and `sequence` grows with each change: calendars replace what they have.
    `services` are the names that its reader may know; `url` leads to its page, "" for none.
    """
    is_off = window.cancelled_at is not None
    found = Event()
    found.add("uid", f"window-{window.id}@{_domain()}")
    found.add("sequence", sequence)
    found.add("dtstamp", now)
    found.add("dtstart", window.started_at or window.starts_at)
    found.add("dtend", window.ended_at or window.ends_at)
    with force_locale(locale):
        found.add("summary", _("Maintenance: %(services)s", services=say_list(services)))
        found.add("description", say_sentences([effect_of(window.effect), window.reason]))
    found.add("status", "CANCELLED" if is_off else "CONFIRMED")
    found.add("transp", "TRANSPARENT")  # it takes nobody's time
    if url:
        found.add("url", url)
    calendar = Calendar()
    calendar.add("prodid", "-//Helpdesk//Maintenance//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if is_off else "PUBLISH")
    calendar.add_component(found)
    text: str = calendar.to_ical().decode()
    return text


def effect_of(effect: str) -> str:
    """What people will notice, in a sentence (store/maintenance.EFFECTS)."""
    said = {
        "down": _("Not available meanwhile."),
        "degraded": _("May be slow or fail now and then."),
        "read_only": _("You can read but change nothing."),
    }
    return said[effect]


def _domain() -> str:
    domain: str = current_app.config["SETTINGS"].mail_address.rpartition("@")[2]
    return domain
