"""Games in words and tables (rules/games), for pages, downloads and letters alike."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from helpdesk.outbound.figure_words import Cell, Table, say_tenths
from helpdesk.rules.games import Game, Played

if TYPE_CHECKING:
    from helpdesk.desk.figures import Asked
    from helpdesk.desk.games import Games

GAMES = {
    Game.WAITING: _l("Time paused by waiting"),
    Game.LOWERED: _l("Severity lowered in time"),
    Game.SILENT: _l("Accepted, then silent"),
    Game.REOPENED: _l("Resolved and reopened"),
    Game.EXCUSED: _l("Excused"),
    Game.CANCELLED: _l("Cancelled after the breach"),
}
EXPLAINED = {
    Game.WAITING: _l(
        "Of the time that solutions took, the share in which the clock stood still because somebody else was"
        " waited for. Of solutions that have come; their promises were given in these days."
    ),
    Game.LOWERED: _l(
        "Tickets reported in these days whose severity somebody lowered while a promise was open and not yet"
        " broken. The list says how much of its time was used up, and marks what was lowered late, from"
        " 80 percent on."
    ),
    Game.SILENT: _l(
        "Critical and major tickets reported in these days that somebody accepted and then said nothing about"
        " until an alarm rang: 30 minutes (critical) or two hours (major) of the time that counts for the"
        " first answer."
    ),
    Game.REOPENED: _l("Of the tickets reported in these days and resolved, those that came back."),
    Game.EXCUSED: _l("Of the promises given in these days and broken, those that a lead has excused."),
    Game.CANCELLED: _l(
        "Of the promises given in these days and broken, those still open when their ticket was cancelled or"
        " merged. They count as broken."
    ),
}


def say_of_what(game: Game, played: Played) -> str:
    """Of how much, in words."""
    if game is Game.WAITING:
        return _("of the time solutions took")
    if game in (Game.LOWERED, Game.SILENT):
        return ngettext("of %(num)d ticket", "of %(num)d tickets", played.of)
    if game is Game.REOPENED:
        return ngettext("of %(num)d ticket resolved", "of %(num)d tickets resolved", played.of)
    return ngettext("of %(num)d broken promise", "of %(num)d broken promises", played.of)


def say_played(game: Game, played: Played) -> str:
    """How often; of waiting how much."""
    return say_tenths(played.tenths) if game is Game.WAITING else str(played.count)


def games_table(found: "Games", by: str, asked: "Asked") -> Table:
    """A line for each team or person (`by`), the sums last: how often, of how many, and the share."""
    rows: Mapping[int | None, Mapping[Game, Played]] = found.teams if by == "team" else found.people
    columns = [_("Team") if by == "team" else _("Person")]
    for game, name in GAMES.items():
        unit = " (s)" if game is Game.WAITING else ""
        columns += [f"{name}{unit}", _("%(name)s, of", name=name) + unit, _("%(name)s (%%)", name=name)]
    lines = [[name_in(found, by, key), *_cells(row)] for key, row in rows.items()]
    lines.append([_("All"), *_cells(found.totals)])
    frame: list[Cell] = [asked.first, asked.last, asked.zone]
    columns += [_("Period from"), _("To (included)"), _("Time zone")]
    return columns, [[*line, *frame] for line in lines]


def name_in(found: "Games", by: str, key: int | None) -> str:
    """What a team or person is called."""
    return found.names.get((by, key), "–") if key is not None else _("Nobody")


def _cells(row: Mapping[Game, Played]) -> list[Cell]:
    cells: list[Cell] = []
    for game in GAMES:
        played = row[game]
        share = None if played.tenths is None else played.tenths / 10
        cells += [played.count, played.of, share]
    return cells
