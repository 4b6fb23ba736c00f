"""Fairness as tables for a spreadsheet: by person, and by turn."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from helpdesk.desk.fairness import Carried, Share
from helpdesk.web.sheets import Cell

Table = tuple[list[str], list[list[Cell]]]  # the names of its columns, its lines


def hours(seconds: int) -> float:
    """Seconds as a spreadsheet adds them up."""
    return round(seconds / 3600, 2)


def by_person(shares: Iterable[Share], first: date, last: date, zone: str) -> Table:
    """A line for each person: what they carried in these days."""
    columns = [
        _("Person"),
        _("Staff number"),
        _("From"),
        _("To (included)"),
        _("Time zone"),
        _("Hours on call"),
        _("Hours at night"),
        _("Nights"),
        _("Hours at weekends"),
        _("Weekends"),
        _("Hours on holidays"),
        _("Holidays"),
        _("Alarms"),
    ]
    rows: list[list[Cell]] = []
    for share in shares:
        b = share.burden
        who: list[Cell] = [share.person.name, share.person.staff_number, first, last, zone]
        counted: Iterable[Cell] = (
            hours(b.seconds),
            hours(b.night_seconds),
            len(b.nights),
            hours(b.weekend_seconds),
            len(b.weekends),
            hours(b.holiday_seconds),
            len(b.holidays),
            share.pages,
        )
        rows.append([*who, *counted])
    return columns, rows


def by_turn(turns: Iterable[Carried]) -> Table:
    """A line for each turn, its from and to as the clock on its wall shows them."""
    columns = [
        _("Person"),
        _("Staff number"),
        _("Roster"),
        _("Time zone"),
        _("From"),
        _("To"),
        _("Hours on call"),
        _("Hours at night"),
        _("Hours at weekends"),
        _("Hours on holidays"),
    ]
    rows: list[list[Cell]] = [
        [
            each.person.name,
            each.person.staff_number,
            each.roster.name,
            each.zone,
            _local(each.turn.from_at, each.zone),
            _local(each.turn.to_at, each.zone),
            hours(each.burden.seconds),
            hours(each.burden.night_seconds),
            hours(each.burden.weekend_seconds),
            hours(each.burden.holiday_seconds),
        ]
        for each in turns
    ]
    return columns, rows


def _local(at: datetime, zone: str) -> datetime:
    """What the clock on the wall shows, which is what a spreadsheet can hold."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0)


def say_counting(zone: str) -> str:
    """How the columns are counted, for below a table."""
    return _(
        "Days begin in %(zone)s. A night is 22:00 to 06:00 on the roster's clock, a weekend Saturday and"
        " Sunday. An hour can count in several columns.",
        zone=zone,
    )
