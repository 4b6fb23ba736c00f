"""Reviews as rows of a page and as a file: what lists of them and of their causes share."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from flask import Response, g, url_for
from flask_babel import gettext as _
from flask_login import current_user

from helpdesk.desk.security import note_export
from helpdesk.outbound.review_words import say_cause, say_promise
from helpdesk.store.breaches import BreachReview, Reviewed
from helpdesk.store.organisation import find_organisation
from helpdesk.web.auth import address
from helpdesk.web.frame import may
from helpdesk.web.sheets import ANSWERS, Cell

PAGE = 50
SOON = timedelta(days=1)


def rows_of(found: Sequence[Reviewed]) -> list[dict[str, Any]]:
    """Reviews as a list shows them."""
    return [
        {
            "review": each.review,
            "ticket": each.review.ticket,
            "target": each.target,
            "is_excused": each.is_excused,
            "promise": say_promise(each.review.target, each.review.cycle),
            "cause": say_cause(each.review.cause.name if each.review.cause else None),
            "url": url_for("breaches.edit", review_id=each.review.id),
            "why_url": url_for(
                "tickets.page",
                number=each.review.ticket.number,
                why=f"{each.review.target}-{each.review.cycle}",
                _anchor="why",
            ),
            "tone": _tone(each.review),
        }
        for each in found
    ]


def _tone(review: BreachReview) -> str:
    """How near the deadline of a review is."""
    if review.closed_at is not None:
        return "ok"
    return "late" if review.due_at < g.now else "soon" if review.due_at - g.now < SOON else ""


def pages_of(number: int, total: int, url: Callable[[int], str]) -> dict[str, Any]:
    """The ways from one page of a list to the next; `url` gives that of a page."""
    return {
        "previous_url": url(number - 1) if number > 1 else None,
        "next_url": url(number + 1) if number * PAGE < total else None,
        "pages": _("%(page)s of %(pages)s", page=number, pages=max(1, -(-total // PAGE))),
    }


def downloads(url: Callable[[str], str]) -> list[tuple[str, str]]:
    """The ways to a table as files, for those who may take it out; `url` gives that of an ending."""
    return [(ending.upper(), url(ending)) for ending in ANSWERS] if may("figures.export") else []


def answer(
    what: str, name: str, ending: str, table: tuple[list[str], list[list[Cell]]], asked: dict[str, str]
) -> Response:
    """The table as a file; the security log keeps who took it and what was asked."""
    columns, rows = table
    note_export(
        f"figures:{what}.{ending}",
        {**asked, "rows": len(rows)},
        now=g.now,
        actor_id=current_user.id,
        address=address(),
    )
    note = _("Days and times are those of %(zone)s.", zone=zone())
    more = {"sheet": _("Reviews"), "note": note} if ending == "xlsx" else {}
    return ANSWERS[ending](name, columns, rows, **more)


def zone() -> str:
    """The organisation's zone."""
    organisation = find_organisation()
    return organisation.zone if organisation else "UTC"
