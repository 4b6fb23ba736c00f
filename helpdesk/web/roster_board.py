"""A roster as a picture: a board for each week, its lanes in percent of the width (templates/charts.html)."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from helpdesk.desk import rosters
from helpdesk.desk.rosters import Doubled, Lane, LayerDraft, Turn, lanes_of
from helpdesk.i18n import say_end, say_instant, say_list, zone_city
from helpdesk.rules.hours import local_to_instant
from helpdesk.store.rosters import Roster, list_overrides

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
        effective_at: datetime | None = None,
        change_url: Callable[[Turn], str | None] = lambda _turn: None,
    ) -> None:
        """`viewer`: person id and zone; `drafts` and `effective_at` as in desk/rosters.lanes_of, raising what
        that raises; `change_url`: where somebody else gets the turn, None where the viewer cannot."""
        self.roster, self.now, self.change_url = roster, now, change_url
        self.viewer_id, self.viewer_zone = viewer
        self.mondays = [first + WEEK * n for n in range(count)]
        self.start = midnight(roster.zone, first)
        self.end = midnight(roster.zone, first + WEEK * count)
        # Looked at from further off, so that turns at the edges are said with their true ends.
        around = self.start - WEEK, self.end + WEEK
        result, *layers = (self._within(each) for each in lanes_of(roster, *around, drafts, effective_at))
        self.lanes = [result, *(lane for lane in layers if lane.turns)]
        self.overrides = list_overrides([roster.id], *around)
        known = rosters.doubled(roster, self.start, self.end) if drafts is None else ()
        self.doubles = [double for double in known if double.to_at > now]

    def _within(self, lane: Lane) -> Lane:
        return Lane(lane.name, tuple(_touching(lane.turns, self.start, self.end)))

    @property
    def result(self) -> tuple[Turn, ...]:
        return self.lanes[0].turns

    @property
    def gap_seconds(self) -> float:
        """For how long of the time shown nobody is on call."""
        gaps = (turn for turn in self.result if turn.person is None)
        return sum((min(t.to_at, self.end) - max(t.from_at, self.start)).total_seconds() for t in gaps)

    def weeks(self) -> list[dict[str, Any]]:
        """What the macro `roster` takes, a dict for each week."""
        return [self._week(monday) for monday in self.mondays]

    def rows(self) -> list[dict[str, Any]]:
        """The result as a table shows it."""
        return [
            {
                "when": self.span(turn),
                "who": self.who(turn),
                "why": _("rota") if self._is_of_rota(turn) else say_source(turn),
                "kind": self._kind(turn),
                "url": self.change_url(turn),
            }
            for turn in self.result
        ]

    def _week(self, monday: date) -> dict[str, Any]:
        start, end = (midnight(self.roster.zone, day) for day in (monday, monday + WEEK))

        def share(at: datetime) -> float:
            return (min(max(at, start), end) - start) / (end - start) * 100

        lanes = [Lane(lane.name, tuple(_touching(lane.turns, start, end))) for lane in self.lanes]
        elsewhere = self.viewer_zone != self.roster.zone
        return {
            "label": _("On call in the week of %(day)s", day=format_date(monday, "long", day_locale())),
            "days": _days(self.roster.zone, start, end, share, self.now),
            "zone": zone_city(self.roster.zone) if elsewhere else "",
            "beside": _days(self.viewer_zone, start, end, share, self.now) if elsewhere else [],
            "beside_zone": zone_city(self.viewer_zone) if elsewhere else "",
            "lanes": [self._lane(lane, share) for lane in lanes],
            "turns_list": [self._entry(turn) for turn in self._listed(lanes[0].turns, start)],
            "now": share(self.now) if start <= self.now < end else None,
            "span": (start, end) if end > self.now else None,
        }

    def _listed(self, turns: Sequence[Turn], start: datetime) -> Sequence[Turn]:
        """A turn stands once in the lists of several weeks, where it begins."""
        return [t for t in turns if t.from_at >= start or start == self.start] or turns

    def _lane(self, lane: Lane, share: Any) -> dict[str, Any]:
        is_result = lane.name is None
        turns = [
            {
                "start": share(t.from_at),
                "width": share(t.to_at) - share(t.from_at),
                "name": self.who(t) if is_result else say_who(t),
                "kind": self._kind(t),
                "mine": t.person is not None and t.person.id == self.viewer_id,
                "text": self.span(t),
                "url": self.change_url(t) if is_result else None,
            }
            for t in lane.turns
        ]
        return {"name": lane.name or _("On call"), "result": is_result, "turns": turns}

    def _entry(self, turn: Turn) -> dict[str, Any]:
        return {
            "when": self._when(turn),
            "who": self.who(turn),
            "kind": self._kind(turn),
            "current": turn.from_at <= self.now < turn.to_at,
            "url": self.change_url(turn),
        }

    def _when(self, turn: Turn) -> Markup:
        """As `span`, the viewer's zone on a line of its own."""
        said = say_span(turn.from_at, turn.to_at, self.roster.zone)
        if self.viewer_zone == self.roster.zone:
            return Markup("{}").format(said)
        theirs = say_span(turn.from_at, turn.to_at, self.viewer_zone)
        return Markup("{}<small>{}, {}</small>").format(said, theirs, zone_city(self.viewer_zone))

    def span(self, turn: Turn | Doubled) -> str:
        """From and to in the roster's zone, with the viewer's beside it where that is another."""
        said = say_span(turn.from_at, turn.to_at, self.roster.zone)
        if self.viewer_zone == self.roster.zone:
            return said
        theirs = say_span(turn.from_at, turn.to_at, self.viewer_zone)
        return _(
            "%(span)s (%(theirs)s, %(zone)s)", span=said, theirs=theirs, zone=zone_city(self.viewer_zone)
        )

    def _kind(self, turn: Turn) -> str:
        """As `kind_of`; what a rota says is nothing out of turn."""
        return "" if self._is_of_rota(turn) else kind_of(turn)

    def _is_of_rota(self, turn: Turn) -> bool:
        """Whether a rota says so: the last override there is one's."""
        covering = [o.made_by for o in self.overrides if o.starts_at <= turn.from_at < o.ends_at]
        return turn.source == "override" and covering[-1:] == ["rota"]

    def who(self, turn: Turn) -> str:
        """As `say_who`, and whether nobody else stands behind or before them."""
        start, end = max(turn.from_at, self.start), min(turn.to_at, self.end)
        found = [d for d in self.doubles if d.from_at < end and start < d.to_at]
        said = say_who(turn)
        if not found:
            return said
        also = say_list(sorted({d.other.name for d in found}))
        held = sum((min(d.to_at, end) - max(d.from_at, start) for d in found), timedelta())
        if held < end - start:
            return _("%(name)s (partly also %(roster)s)", name=said, roster=also)
        return _("%(name)s (also %(roster)s)", name=said, roster=also)


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
    return f"{say_instant(from_at, zone)} – {say_end(to_at, from_at, zone)}"


def _touching(turns: Iterable[Turn], start: datetime, end: datetime) -> Iterable[Turn]:
    return (turn for turn in turns if turn.from_at < end and start < turn.to_at)


def _days(
    zone: str, start: datetime, end: datetime, share: Any, now: datetime
) -> list[tuple[float, str, bool]]:
    """Where local days begin between two instants, with their names, and which is today."""
    first, today = (at.astimezone(ZoneInfo(zone)).date() for at in (start, now))
    found = ((midnight(zone, day), day) for day in (first + timedelta(days=n) for n in range(9)))
    return [
        (share(at), format_date(day, "EEE d", day_locale()), day == today)
        for at, day in found
        if start <= at < end
    ]


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
