"""The tables of reports that are sent: texts in the reader's language, instants in the reader's zone."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from flask_babel import format_decimal
from flask_babel import gettext as _

from helpdesk import i18n
from helpdesk.outbound.figure_words import DIMENSIONS, PROMISES, say_key, say_tenths
from helpdesk.outbound.game_words import GAMES, say_of_what, say_played
from helpdesk.outbound.kpi_words import say_standing
from helpdesk.outbound.loop_words import loop_table
from helpdesk.outbound.operation_words import BANDS, TIMES
from helpdesk.outbound.opinions import say_occasion
from helpdesk.outbound.review_words import say_cause, say_promise
from helpdesk.rules.distribution import Liked, Spread, tenths
from helpdesk.rules.figures import TARGETS, Tally

if TYPE_CHECKING:
    from helpdesk.desk.figures import Compliance
    from helpdesk.desk.games import Games
    from helpdesk.desk.kpis import Course
    from helpdesk.desk.operations import Operations
    from helpdesk.desk.reports import FollowedUp, Reviewed

WIDEST_LINE = 76  # characters of plain text
GAP = "  "
NONE = "–"


@dataclass(frozen=True)
class Table:
    """A table as a letter holds it: texts alone, the first column names the row, the others stand to the
    right. `rows` may be empty."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def text(self) -> str:
        """The table in plain text: in columns where a line can hold them, else a line for each cell."""
        if not self.rows:
            return _("Nothing here.")
        widths = [max(map(_width, column)) for column in zip(self.columns, *self.rows, strict=True)]
        if sum(widths) + len(GAP) * (len(widths) - 1) > WIDEST_LINE:
            return "\n".join(line for row in self.rows for line in self._stacked(row))
        lines = [self.columns, ["-" * width for width in widths], *self.rows]
        return "\n".join(_aligned(line, widths) for line in lines)

    def _stacked(self, row: Sequence[str]) -> list[str]:
        cells = zip(self.columns[1:], row[1:], strict=True)
        return [row[0], *(f"{GAP}{i18n.say_of(column, cell)}" for column, cell in cells)]


def compliance(found: Mapping[str, "Compliance"], _zone: str) -> list[Table]:
    """The shares of all promises with their goals, and by each dimension that was read."""
    whole = next(iter(found.values()))
    columns = (
        *(_("Promise"), _("Share kept"), _("Adjusted"), _("Goal")),
        *(_("Kept"), _("Broken"), _("Excused"), _("Open")),
    )
    rows = [_promise(target, whole.totals[target], whole.goals.get(target)) for target in TARGETS]
    return [
        Table(_("All promises"), columns, rows),
        *(_parted(by, each) for by, each in found.items() if each.rows),
    ]


def _promise(target: str, tally: Tally, goal: int | None) -> list[str]:
    shares = [say_tenths(each) for each in (tally.tenths, tally.adjusted_tenths, goal)]
    counts = [format_decimal(each) for each in (tally.met, tally.breached, tally.excused, tally.running)]
    return [str(PROMISES[target]), *shares, *counts]


def _parted(by: str, found: "Compliance") -> Table:
    columns = [str(DIMENSIONS[by][0]), *(str(PROMISES[target]) for target in TARGETS)]
    rows = [
        [say_key(by, key, found.names), *(_share(tallies[target]) for target in TARGETS)]
        for key, tallies in found.rows.items()
    ]
    return Table(str(DIMENSIONS[by][1]), columns, rows)


def _share(tally: Tally) -> str:
    """The share with its counts; beside it the adjusted one, which never stands alone."""
    if not tally.decided:
        return NONE
    said = _(
        "%(share)s (%(met)s of %(decided)s)",
        share=say_tenths(tally.tenths),
        met=format_decimal(tally.met),
        decided=format_decimal(tally.decided),
    )
    if not tally.excused:
        return said
    return i18n.say_list([said, _("adjusted %(share)s", share=say_tenths(tally.adjusted_tenths))])


def work(found: "Operations", _zone: str) -> list[Table]:
    """How long things take, what is open, what people thought of it, and who has how much."""
    times = [[str(TIMES[each.what]), *_spread(each.counted)] for each in found.times]
    open_now = found.open_now
    ages = [[str(band), format_decimal(n)] for band, n in zip(BANDS, open_now.bands, strict=True)]
    columns = (_("Time"), _("Median"), _("Nine in ten within"), _("Mean"), _("How many"))
    loads = [
        [name, *(format_decimal(n) for n in (load.open, load.taken, load.resolved))]
        for _id, name, load in found.loads
    ]
    return [
        Table(_("How long it took, in hours that count"), columns, times),
        Table(
            _("Open, by age"), (_("Age"), _("Tickets")), [*ages, [_("All"), format_decimal(open_now.total)]]
        ),
        Table(_("What became of it"), (_("What"), _("How much")), _liked(found.liked)),
        Table(_("Load"), (_("Person"), _("Open now"), _("Taken"), _("Resolved")), loads),
    ]


def _spread(spread: Spread) -> list[str]:
    lengths = (spread.median, spread.ninety, spread.mean)
    said = [NONE if each is None else i18n.say_working_time(each) for each in lengths]
    return [*said, format_decimal(spread.count)]


def _liked(liked: Liked) -> list[list[str]]:
    unhappy = sum(liked.stars[:2])
    return [
        [_("Solved"), format_decimal(liked.solved)],
        [_("Reopened"), _count(liked.reopened, tenths(liked.reopened, liked.solved))],
        [_("Rated"), _count(liked.rated, tenths(liked.rated, liked.solved))],
        [_("1 or 2 stars"), _count(unhappy, tenths(unhappy, liked.rated))],
    ]


def _count(count: int, share: int | None) -> str:
    return _("%(count)s (%(share)s)", count=format_decimal(count), share=say_tenths(share))


def games(found: "Games", _zone: str) -> list[Table]:
    """Each game: how often, of what; and by team."""
    totals = [
        [str(name), say_played(game, found.totals[game]), say_of_what(game, found.totals[game])]
        for game, name in GAMES.items()
    ]
    teams = [
        [found.names.get(("team", key or 0), NONE), *(say_played(game, row[game]) for game in GAMES)]
        for key, row in found.teams.items()
    ]
    return [
        Table(_("In all"), (_("Game"), _("How often"), _("Of what")), totals),
        Table(_("By team"), [_("Team"), *(str(name) for name in GAMES.values())], teams),
    ]


def reviews(found: "Reviewed", zone: str) -> list[Table]:
    """What was the cause of the period's broken promises, and which reviews are open."""
    causes = [[say_cause(cause.name if cause else None), format_decimal(n)] for cause, n in found.causes]
    still_open = [
        [
            f"{each.review.ticket.number} {each.review.ticket.subject}",
            say_promise(each.review.target, each.review.cycle),
            each.review.owner.name if each.review.owner else _("nobody"),
            i18n.say_instant(each.review.due_at, zone),
        ]
        for each in found.still_open
    ]
    columns = (_("Ticket"), _("Promise"), _("Owner"), _("Review by"))
    return [
        Table(_("Causes of breaches"), (_("Cause"), _("Broken promises")), causes),
        Table(_("Open reviews"), columns, still_open),
    ]


def follow_ups(found: "FollowedUp", zone: str) -> list[Table]:
    """How well the loop was closed in the period, and which follow-ups are open."""
    columns, figures = loop_table(found.loop)
    still_open = [
        [
            f"{each.ticket.number} {each.ticket.subject}",
            say_occasion(each.because, each.stars),
            each.owner.name if each.owner else _("nobody"),
            i18n.say_instant(each.due_at, zone),
        ]
        for each in found.still_open
    ]
    rows = [
        [i18n.say_number(each) if isinstance(each, int) else str(each) for each in row] for row in figures
    ]
    return [
        Table(_("Closing the loop"), columns, rows),
        Table(_("Open follow-ups"), (_("Ticket"), _("Why"), _("Owner"), _("By")), still_open),
    ]


def kpis(found: Sequence["Course"], _zone: str) -> list[Table]:
    """Each key figure: from where to where, what was measured last, and how it stands."""
    rows = [
        [
            course.kpi.name,
            _on(course.kpi.baseline, course.kpi.baseline_on, course.kpi.unit),
            _on(course.latest.value, course.latest.on, course.kpi.unit) if course.latest else NONE,
            _on(course.kpi.target, course.kpi.target_on, course.kpi.unit),
            say_standing(course.standing),
        ]
        for course in found
    ]
    columns = (_("Key figure"), _("From"), _("Last measured"), _("To"), _("How it stands"))
    return [Table(_("Key figures"), columns, rows)]


def _on(value: Decimal, day: date, unit: str) -> str:
    return _("%(value)s (%(day)s)", value=i18n.say_number(value, unit), day=i18n.say_date(day))


TABLES: Mapping[str, Callable[[Any, str], list[Table]]] = {
    "compliance": compliance,
    "work": work,
    "games": games,
    "reviews": reviews,
    "follow_ups": follow_ups,
    "kpis": kpis,
}
"""By the codes of desk/reports: what was found and the reader's zone give its tables."""


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """The first to the left, the others to the right."""
    blanks = [" " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True)]
    others = (blank + cell for blank, cell in zip(blanks[1:], cells[1:], strict=True))
    return GAP.join([cells[0] + blanks[0], *others]).rstrip()


def _width(text: str) -> int:
    """How many columns a text takes where letters are of one width; Chinese ones take two."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
