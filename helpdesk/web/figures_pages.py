"""The pages of figures, side by side: every one shows the others as tabs."""

from typing import Any

from flask import current_app, request, url_for
from flask_babel import lazy_gettext as _l

from helpdesk.web.frame import may

# label, endpoint, action that shows it.
FIGURES_PAGES = (
    (_l("Promises"), "figures.index", "figures.see"),
    (_l("How the desk works"), "operations.index", "figures.see"),
    (_l("Games"), "games.index", "figures.see"),
    (_l("Reviews"), "breaches.index", "figures.see"),
    (_l("Follow-ups"), "follow_ups.index", "followup.see"),
    (_l("Key figures"), "kpis.index", "figures.see"),
    (_l("Goals"), "goals.index", "figures.see"),
    (_l("Ticket register"), "exports.index", "figures.export"),
    (_l("Schedules"), "schedules.index", "figures.schedule"),
)


def figures_tabs() -> list[dict[str, Any]]:
    """The pages of figures which the asker may open, for the macro `tabs`."""
    here = (request.endpoint or "").split(".")[0]
    return [
        {"label": label, "url": url_for(endpoint), "current": here == endpoint.split(".")[0]}
        for label, endpoint, action in FIGURES_PAGES
        if endpoint in current_app.view_functions and may(action)
    ]
