"""A roster as a picture: a board for each week, its lanes in percent of the width (templates/charts.html)."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from helpdesk.desk.rosters import Lane, LayerDraft, Turn, lanes_of
from helpdesk.i18n import say_instant, say_time, zone_city
from helpdesk.rules.hours import local_to_instant
from helpdesk.store.rosters import Roster

WEEK = timedelta(days=7)


def midnight(zone: str, day: date) -> datetime:
    """The instant at which a local day begins."""
    return local_to_instant(ZoneInfo(zone), datetime.combine(day, time()))


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


class Boards:
    """`count` weeks of a roster from a Monday on, as somebody sees them. Days are those of its zone."""

    def __init__(
        self,
        roster: Roster,
        first: date,
        count: int,
        viewer: tuple[int, str],
        now: datetime,
        drafts: Sequence[LayerDraft] | None = None,
    ) -> None:
        """`viewer`: person id and zone; `drafts` as in desk/rosters.lanes_of, raising what that raises."""
        self.roster, self.now = roster, now
        self.viewer_id, self.viewer_zone = viewer
        self.mondays = [first + WEEK * n for n in range(count)]
        self.start = midnight(roster.zone, first)
        self.end = midnight(roster.zone, first + WEEK * count)
        self.lanes = lanes_of(roster, self.start, self.end, drafts)

    @property
    def result(self) -> tuple[Turn, ...]:
        return self.lanes[0].turns

    @property
    def gap_seconds(self) -> float:
        """For how long nobody is on call."""
        return sum((t.to_at - t.from_at).total_seconds() for t in self.result if t.person is None)

    def weeks(self) -> list[dict[str, Any]]:
        """What the macro `roster` takes, a dict for each week."""
        return [self._week(monday) for monday in self.mondays]

    def _week(self, monday: date) -> dict[str, Any]:
        start, end = (midnight(self.roster.zone, day) for day in (monday, monday + WEEK))

        def share(at: datetime) -> float:
            return (at - start) / (end - start) * 100

        result, *layers = (Lane(lane.name, tuple(_clipped(lane.turns, start, end))) for lane in self.lanes)
        elsewhere = self.viewer_zone != self.roster.zone
        return {
            "label": _("On call in the week of %(day)s", day=format_date(monday, "long", day_locale())),
            "days": _days(self.roster.zone, start, end, share),
            "zone": zone_city(self.roster.zone) if elsewhere else "",
            "beside": _days(self.viewer_zone, start, end, share) if elsewhere else [],
            "beside_zone": zone_city(self.viewer_zone) if elsewhere else "",
            "lanes": [self._lane(result, share), *(self._lane(lane, share) for lane in layers)],
            "turns_list": [self._entry(turn) for turn in result.turns],
            "now": share(self.now) if start <= self.now < end else None,
        }

    def _lane(self, lane: Lane, share: Any) -> dict[str, Any]:
        turns = [
            {
                "start": share(t.from_at),
                "width": share(t.to_at) - share(t.from_at),
                "name": say_who(t),
                "kind": kind_of(t),
                "mine": t.person is not None and t.person.id == self.viewer_id,
                "text": self.span(t),
            }
            for t in lane.turns
        ]
        return {"name": lane.name or _("On call"), "result": lane.name is None, "turns": turns}

    def _entry(self, turn: Turn) -> dict[str, Any]:
        return {
            "when": self._when(turn),
            "who": say_who(turn),
            "kind": kind_of(turn),
            "current": turn.from_at <= self.now < turn.to_at,
        }

    def _when(self, turn: Turn) -> Markup:
        """As `span`, the viewer's zone on a line of its own."""
        said = say_span(turn.from_at, turn.to_at, self.roster.zone)
        if self.viewer_zone == self.roster.zone:
            return Markup("{}").format(said)
        theirs = say_span(turn.from_at, turn.to_at, self.viewer_zone)
        return Markup("{}<small>{}, {}</small>").format(said, theirs, zone_city(self.viewer_zone))

    def span(self, turn: Turn) -> str:
        """From and to in the roster's zone, with the viewer's beside it where that is another."""
        said = say_span(turn.from_at, turn.to_at, self.roster.zone)
        if self.viewer_zone == self.roster.zone:
            return said
        theirs = say_span(turn.from_at, turn.to_at, self.viewer_zone)
        return _(
            "%(span)s (%(theirs)s, %(zone)s)", span=said, theirs=theirs, zone=zone_city(self.viewer_zone)
        )


def say_who(turn: Turn) -> str:
    """Who has the turn, and what is unusual about it."""
    if turn.person is None:
        return _("nobody, as the person has left") if turn.flag == "left" else _("nobody")
    if turn.flag == "absent":
        return _("%(name)s (away!)", name=turn.person.name)
    if turn.source is not None and turn.source.startswith("cover:"):
        return _("%(name)s (covers)", name=turn.person.name)
    return turn.person.name


def say_source(turn: Turn) -> str:
    """Why it is theirs."""
    if turn.source is None:
        return ""
    how, _colon, layer = turn.source.partition(":")
    if how == "override":
        return _("swap or cover")
    if how == "cover":
        return _("covers for an absence in %(layer)s", layer=layer)
    return layer


def kind_of(turn: Turn) -> str:
    """How the macro draws it."""
    return "gap" if turn.person is None else "override" if turn.source == "override" else ""


def say_span(from_at: datetime, to_at: datetime, zone: str) -> str:
    """ "Mon 2 Mar, 09:00 – 17:00", or with both days where they differ."""
    tz = ZoneInfo(zone)
    same_day = from_at.astimezone(tz).date() == to_at.astimezone(tz).date()
    return f"{say_instant(from_at, zone)} – {say_time(to_at, zone) if same_day else say_instant(to_at, zone)}"


def _clipped(turns: Iterable[Turn], start: datetime, end: datetime) -> Iterable[Turn]:
    for t in turns:
        if t.from_at < end and start < t.to_at:
            yield Turn(max(t.from_at, start), min(t.to_at, end), t.person, t.source, t.flag)


def _days(zone: str, start: datetime, end: datetime, share: Any) -> list[tuple[float, str]]:
    """Where local days begin between two instants, with their names."""
    first = start.astimezone(ZoneInfo(zone)).date()
    found = ((midnight(zone, day), day) for day in (first + timedelta(days=n) for n in range(9)))
    return [(share(at), format_date(day, "EEE d", day_locale())) for at, day in found if start <= at < end]


def day_locale() -> Any:
    """Where days are written: the reader's, English with the day before the month like everywhere here."""
    locale = get_locale()
    return locale if locale is not None and locale.language != "en" else "en_GB"


def parse_day(text: str, zone: str, now: datetime) -> date:
    """The day of an address's `day`, else today in the zone."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = now.astimezone(ZoneInfo(zone)).date()
    return min(max(day, date(2000, 1, 3)), date(2199, 12, 1))


def local_text(at: datetime, zone: str) -> str:
    """An instant as the value of a datetime-local field."""
    return at.astimezone(UTC).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")
