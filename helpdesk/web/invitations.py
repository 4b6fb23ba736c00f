"""What a calendar in a mail says: shown in the reader's zone, and answered by nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from helpdesk.i18n import say_instant, say_time, say_weekday_and_date
from helpdesk.web.frame import viewer_zone
from helpdesk.web.mail_words import EVENTS

_FIRST_YEAR, _LAST_YEAR = 1970, 9998  # beyond them a zone leads out of the calendar


@dataclass(frozen=True)
class Event:
    """A calendar's event: `kind` (an invitation, called off), its words, when in the reader's zone, where."""

    kind: str
    is_off: bool
    summary: str
    when: str
    where: str
    organizer: str


def event_of(found: Mapping[str, Any]) -> Event:
    """An event of Entry.detail["events"] in words."""
    method = str(found.get("method", "")).upper()
    return Event(
        kind=str(EVENTS[method]) if method in EVENTS else _("Event"),
        is_off=method == "CANCEL",
        summary=found.get("summary") or _("Event without a name"),
        when=_when(moment(found.get("starts_at")), moment(found.get("ends_at"))),
        where=found.get("where") or "",
        organizer=found.get("organizer") or "",
    )


def _when(start: date | None, end: date | None) -> str:
    """From when to when in the reader's zone; of whole days (dates, the end not among them) the days."""
    if start is None:
        return ""
    if not isinstance(start, datetime):
        last = end - timedelta(days=1) if end is not None and not isinstance(end, datetime) else start
        first = say_weekday_and_date(start)
        return (
            _("%(start)s to %(end)s", start=first, end=say_weekday_and_date(last)) if last > start else first
        )
    # A time without a zone is that of wherever one is (RFC 5545 3.3.5): said as it stands.
    zone = viewer_zone() if start.tzinfo else "UTC"
    start, end = aware(start), aware(end) if isinstance(end, datetime) else None
    if end is None or end <= start:
        return say_instant(start, zone)
    is_short = end - start < timedelta(hours=16)
    ends = say_time(end, zone) if is_short else say_instant(end, zone)
    return _("%(start)s to %(end)s", start=say_instant(start, zone), end=ends)


def aware(at: datetime) -> datetime:
    """The instant; a time without a zone as if in UTC."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def moment(text: Any) -> datetime | date | None:
    """An ISO instant (or time without a zone) or day as mail bears it; None for what is neither."""
    try:
        found = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if _FIRST_YEAR <= found.year <= _LAST_YEAR else None
