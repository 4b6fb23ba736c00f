"""Reviews of broken promises in words and tables, for pages, downloads and letters alike."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.outbound import links
from helpdesk.outbound.figure_words import PROMISES, Cell, Table
from helpdesk.outbound.standing import KINDS, SEVERITIES
from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.severity import Severity

if TYPE_CHECKING:
    from helpdesk.desk.figures import Asked
    from helpdesk.store.breaches import BreachCause, Reviewed

# What a desk begins with (rules/breaches.CAUSES); any other cause is called as somebody typed it.
CAUSES = {
    "Staffing": _l("Staffing"),
    "Knowledge": _l("Knowledge"),
    "Supplier": _l("Supplier"),
    "Wrong severity": _l("Wrong severity"),
    "Late hand-over": _l("Late hand-over"),
    "Wrong routing": _l("Wrong routing"),
    "Tool or access missing": _l("Tool or access missing"),
    "Reporter unreachable": _l("Reporter unreachable"),
    "Load": _l("Load"),
    "Other": _l("Other"),
}


def say_cause(name: str | None) -> str:
    """A cause by its name in the reader's language; None: not said yet."""
    return str(CAUSES.get(name, name)) if name else _("Not said yet")


def say_promise(target: str, cycle: int) -> str:
    """Which promise was broken."""
    name = str(PROMISES[target])
    return f"{name} ({cycle})" if cycle > 1 else name


def causes_table(counted: Sequence[tuple["BreachCause | None", int]], asked: "Asked") -> Table:
    """A line for each cause, the most frequent first: how often, and its share of those that are said."""
    said = sum(count for cause, count in counted if cause is not None)
    rows: list[list[Cell]] = [
        [say_cause(cause.name if cause else None), count, round(100 * count / said, 1) if cause else None]
        for cause, count in counted
    ]
    columns = [_("Cause"), _("Broken promises"), _("Share (%)")]
    columns += [_("Period from"), _("To (included)"), _("Time zone")]
    return columns, [[*row, asked.first, asked.last, asked.zone] for row in rows]


def reviews_table(rows: Iterable["Reviewed"], zone: str) -> Table:
    """A line for each review; instants are those of the zone, as the clock on its wall shows them."""

    def local(at: datetime | None) -> datetime | None:
        return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0) if at else None

    columns = [
        *(_("Ticket"), _("Subject"), _("Kind"), _("Severity"), _("Team"), _("Promise"), _("Cycle")),
        *(_("Due"), _("Done"), _("Excused"), _("Review by"), _("Closed"), _("Cause"), _("Words")),
        *(_("Owner"), _("Action"), _("Time zone"), _("Web address")),
    ]
    return columns, [_line(each, local, zone) for each in rows]


def _line(each: "Reviewed", local: Any, zone: str) -> list[Cell]:
    review, target = each.review, each.target
    ticket = review.ticket
    return [
        *(ticket.number, ticket.subject, str(KINDS[Kind(ticket.kind)])),
        *(str(SEVERITIES[Severity(target.severity)]), review.team.name),
        *(str(PROMISES[review.target]), review.cycle, local(target.due_at), local(target.stopped_at)),
        *(_("yes") if each.is_excused else "", local(review.due_at), local(review.closed_at)),
        *(say_cause(review.cause.name if review.cause else None), review.words),
        *(review.owner.name if review.owner else "", review.action, zone, links.ticket_url(ticket)),
    ]
