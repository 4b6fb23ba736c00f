"""What the maintenance pages share: windows looked up through the asker's rights, tabs, choices."""

from collections.abc import Collection
from typing import Any

from flask import abort, g, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup

from helpdesk.desk.changes import By
from helpdesk.rules.access import may_for_team, may_run_window, sees_notes
from helpdesk.rules.maintenance import FINAL, steps
from helpdesk.store.maintenance import Window, WindowSeries, find_window
from helpdesk.store.services import Service, list_services
from helpdesk.store.window_plans import find_series
from helpdesk.web.auth import address
from helpdesk.web.frame import asker
from helpdesk.web.window_words import title_of

PAGES = (
    ("maintenance.index", "maintenance.see"),
    ("maintenance.series.index", "maintenance.see"),
    ("maintenance.freezes.index", "maintenance.see"),
)


def maintenance_tabs() -> list[dict[str, Any]]:
    """Windows, what recurs, freezes; for the macro `tabs`."""
    labels = (_("Windows"), _("Recurring"), _("Freezes"))
    return [
        {"label": label, "url": url_for(endpoint), "current": request.endpoint == endpoint}
        for label, (endpoint, _action) in zip(labels, PAGES, strict=True)
    ]


def by() -> By:
    """Whoever is at the door, now."""
    return By(g.now, current_user.id, address())


def sees(services: Collection[Service]) -> bool:
    """Whether the asker sees windows of these services: of restricted ones alone only who works for them."""
    return any(sees_notes(asker(), each.team_id, each.is_restricted, None) for each in services)


def window_to_see(window_id: int) -> Window:
    """The window, or 404."""
    window = find_window(window_id)
    return window if window is not None and sees(window.services) else abort(404)


def may_for(services: Collection[Service], action: str) -> bool:
    """Whether the asker may do that for all of these services."""
    return all(may_for_team(asker(), action, each.team_id) for each in services)


def named(window: Window) -> list[Service]:
    """The services that were chosen."""
    return [each.service for each in window.covered if each.is_named]


def open_steps(window: Window) -> list[str]:
    """What the asker may do to the window now, in the order of the buttons."""
    if window.state in FINAL or window.is_over(g.now):
        return []
    order = ("approve", "announce", "start", "extend", "move", "finish", "change", "cancel")
    return [step for step in order if step in steps(window.state) and _may_take(window, step)]


def _may_take(window: Window, step: str) -> bool:
    if step in ("start", "extend", "finish"):
        return may_run_window(asker(), window.owner_id, {each.team_id for each in named(window)})
    right = "maintenance.approve" if step == "approve" else "maintenance.edit"
    return may_for(named(window), right)


def series_services(series: WindowSeries) -> list[Service]:
    """The services of the series, by name."""
    return [each for each in list_services(active_only=False) if each.id in series.service_ids]


def series_to_see(series_id: int) -> WindowSeries:
    """The series, or 404."""
    series = find_series(series_id)
    return series if series is not None and sees(series_services(series)) else abort(404)


def services_to_plan() -> list[Service]:
    """Those for which the asker may plan windows."""
    return [each for each in list_services() if may_for_team(asker(), "maintenance.edit", each.team_id)]


def link(window: Window) -> Markup:
    """Its services, leading to its page where the asker may open it."""
    if not sees(window.services):
        return Markup("{}").format(_("another window"))
    url = url_for("maintenance.show", window_id=window.id)
    return Markup('<a href="{}">{}</a>').format(url, title_of(window))
