"""How the desk works, in words and tables, for pages, downloads and letters alike."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.i18n import weekday_names
from helpdesk.outbound.figure_words import DIMENSIONS, Cell, Table, say_key
from helpdesk.rules.distribution import HOURS, WEEKDAYS, Liked, Spread, tenths

if TYPE_CHECKING:
    from helpdesk.desk.operations import Operations

TIMES = {"accepted": _l("To accept"), "answered": _l("To answer"), "solved": _l("To solve")}
# By how long ago what is open was reported: rules/distribution.AGES.
BANDS = (_l("Less than a day"), _l("1 to 7 days"), _l("7 to 28 days"), _l("More than 28 days"))


def say_hour(hour: int) -> str:
    """An hour of the day: "08:00–09:00"."""
    return f"{hour:02}:00–{hour + 1:02}:00"


def times_table(found: "Operations") -> Table:
    """A line for each time, all together and by the dimension."""
    measures = [_("median"), _("nine in ten within"), _("mean")]
    columns = [
        *(str(DIMENSIONS[found.asked.by][0]), _("Time")),
        *(_("Counted hours: %(what)s", what=each) for each in measures),
        _("Counted hours: how many"),
        *(_("Clock hours: %(what)s", what=each) for each in measures),
        _("Clock hours: how many"),
    ]
    by, times = found.asked.by, {(each.what, each.key or 0): each for each in found.times_by}
    names = found.ordered(list({key for _what, key in times}))
    keyed = [
        (say_key(by, key, names), times[what, key]) for what in TIMES for key in names if (what, key) in times
    ]
    keyed += [(_("All"), each) for each in found.times]
    rows: list[list[Cell]] = [
        [name, str(TIMES[each.what]), *_spread(each.counted), *_spread(each.clock)] for name, each in keyed
    ]
    return _framed(found, columns, rows)


def _spread(spread: Spread) -> list[Cell]:
    lengths = (spread.median, spread.ninety, spread.mean)
    return [*(None if each is None else hours(each) for each in lengths), spread.count]


def hours(seconds: int) -> float:
    """Seconds as a spreadsheet adds them up."""
    return round(seconds / 3600, 2)


def backlog_table(found: "Operations") -> Table:
    """What was open at the end of each part of the period, by age."""
    columns = [_("At the end of"), *(str(band) for band in BANDS), _("All")]
    zone = ZoneInfo(found.asked.zone)
    rows: list[list[Cell]] = [
        [each.at.astimezone(zone).replace(tzinfo=None, microsecond=0), *each.bands, each.total]
        for each in found.backlog
    ]
    return _framed(found, columns, rows)


def arrivals_table(found: "Operations") -> Table:
    """What was reported in each hour of the week, and how long somebody, and nobody, was on call in it."""
    columns = [_("Weekday"), _("Hour"), _("Tickets reported"), _("Hours of cover"), _("Hours with nobody")]
    rows: list[list[Cell]] = []
    for day, name in enumerate(weekday_names()):
        for hour in HOURS:
            covered = sum(each.cells[day, hour] for each in found.cover if each.name)
            nobody = sum(each.cells[day, hour] for each in found.cover if not each.name)
            rows.append([name, say_hour(hour), found.arrivals[day, hour], hours(covered), hours(nobody)])
    return _framed(found, columns, rows)


def cover_table(found: "Operations") -> Table:
    """How long each person was on call in each hour of the week in which they were at all."""
    columns = [_("Person"), _("Weekday"), _("Hour"), _("Hours on call"), _("Reported by anybody then")]
    names = weekday_names()
    rows: list[list[Cell]] = [
        [each.name or _("Nobody"), names[day], say_hour(hour), hours(seconds), found.arrivals[day, hour]]
        for each in found.cover
        for (day, hour), seconds in sorted(each.cells.items())
        if seconds
    ]
    return _framed(found, columns, rows)


def liked_table(found: "Operations") -> Table:
    """What was solved, reopened and rated, by the dimension and all together."""
    stars = [_("%(count)s stars", count=count) for count in range(5, 0, -1)]
    columns = [
        *(str(DIMENSIONS[found.asked.by][0]), _("Solved"), _("Reopened"), _("Reopened (%)"), _("Rated")),
        *(*stars, _("Rated (%)"), _("1 or 2 stars (%)"), _("Mean of the stars")),
    ]
    names = found.ordered(list(found.liked_by))
    keyed = [(say_key(found.asked.by, key, names), found.liked_by[key]) for key in names]
    rows: list[list[Cell]] = [[name, *_liked(each)] for name, each in [*keyed, (_("All"), found.liked)]]
    return _framed(found, columns, rows)


def _liked(liked: Liked) -> list[Cell]:
    mean = liked.hundredths
    return [
        *(liked.solved, liked.reopened, _percent(tenths(liked.reopened, liked.solved)), liked.rated),
        *reversed(liked.stars),
        _percent(tenths(liked.rated, liked.solved)),
        _percent(tenths(sum(liked.stars[:2]), liked.rated)),
        None if mean is None else mean / 100,
    ]


def _percent(share: int | None) -> float | None:
    return None if share is None else share / 10


def loads_table(found: "Operations") -> Table:
    """What each person has open, took and resolved, by name."""
    columns = [_("Person"), _("Open now"), _("Taken"), _("Resolved")]
    rows: list[list[Cell]] = [[name, load.open, load.taken, load.resolved] for _id, name, load in found.loads]
    return _framed(found, columns, rows)


def _framed(found: "Operations", columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Table:
    """The table, with its period and zone on each line."""
    asked = found.asked
    frame: list[Cell] = [asked.first, asked.last, asked.zone]
    named = [*columns, _("Period from"), _("To (included)"), _("Time zone")]
    return named, [[*row, *frame] for row in rows]


TABLES: Mapping[str, Callable[["Operations"], Table]] = {
    "times": times_table,
    "backlog": backlog_table,
    "arrivals": arrivals_table,
    "cover": cover_table,
    "ratings": liked_table,
    "load": loads_table,
}
"""The tables that can be taken away, by their names in addresses."""


def say_counting(zone: str) -> str:
    """How the tables are counted, for below them."""
    return _(
        "Days and times are those of %(zone)s, and everything is as it is now known. Counted hours are those"
        " that count for a deadline; clock hours are all that passed.",
        zone=zone,
    )


def week_of(cells: Mapping[tuple[int, int], int]) -> list[int]:
    """What is in the cells, by weekday."""
    return [sum(cells.get((day, hour), 0) for hour in HOURS) for day in WEEKDAYS]
