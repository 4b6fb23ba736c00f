"""The rail of the queue: the views with their counts, those that one keeps, then the pages (`pages`)."""

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from helpdesk.store.queue import Wanted
from helpdesk.store.views import SavedView
from helpdesk.web.frame import asker, navigation
from helpdesk.web.queue_address import NAMES, address_of

# Pressed after g: the way there.
LETTERS = {
    "mine": "m",
    "teams": "t",
    "unaccepted": "u",
    "due": "d",
    "waiting": "w",
    "resolved": "r",
    "all": "a",
}
HOT = ("unaccepted", "due")
MOST_SAID = 999


class Rail:
    """Drawn for the question that is asked, of the views that one keeps (each with its question), and of
    store.get_counts' answer. `own`: the kept view that asks the same, if one does."""

    def __init__(
        self,
        wanted: Wanted,
        kept: Sequence[tuple[SavedView, Wanted]],
        counts: tuple[dict[str, int], list[int | None], int],
    ) -> None:
        in_views, in_kept, self.last_entry_id = counts
        self.own = next((view for view, asked in kept if asked == wanted), None)
        self.title = self.own.name if self.own else NAMES[wanted.view]
        is_plain = self.own is None and not wanted.filters
        self.items = [
            *(self._view(view, in_views[view], is_plain and view == wanted.view) for view in _names()),
            *(self._kept(at, *each, in_kept[at]) for at, each in enumerate(kept)),
        ]

    def _view(self, view: str, count: int, is_current: bool) -> dict[str, Any]:
        return {
            "id": view,
            "label": NAMES[view],
            "url": url_for("queue.index", view=view),
            "current": is_current,
            "group": "",
            "count": _said(count),
            "hot": view in HOT and count > 0,
            "go": LETTERS[view],
        }

    def _kept(self, at: int, view: SavedView, asked: Wanted, count: int | None) -> dict[str, Any]:
        return {
            "id": f"kept-{view.id}",
            "label": view.name,
            "url": url_for("queue.index", **address_of(asked)),
            "current": view is self.own,
            "group": _("Saved"),
            "count": _said(count),
            "hot": False,
            "go": str(at + 1) if at < 9 else None,
        }


def _names() -> list[str]:
    return [view for view in NAMES if view != "teams" or asker().team_ids]


def _said(count: int | None) -> str | None:
    """Beyond three digits nobody needs it to the ticket."""
    return None if count is None else str(count) if count <= MOST_SAID else f"{MOST_SAID}+"


def pages() -> list[dict[str, Any]]:
    """The links to the other pages, below the views."""
    return [item | {"group": item["group"] or _("Pages")} for item in navigation() if not item["current"]]
