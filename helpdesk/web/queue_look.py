"""How the queue looks to whom: how close together its rows stand, and what they show."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import views
from helpdesk.schemas.queue import AS_INSTALLED, COLUMNS, LookSchema
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import needs
from helpdesk.web.queue_address import address_of, wanted_of

bp = Blueprint("look", __name__)
DENSITIES = {
    "cosy": (_l("Roomy"), _l("Two lines a row, with a bar of what is used up")),
    "dense": (_l("Dense"), _l("One line a row, so that more of them fit")),
}
NAMES = {
    "severity": _l("Severity"),
    "details": _l("Number, service, and how it was reported"),
    "team": _l("Team"),
    "reporter": _l("Reporter"),
    "changed": _l("Last change"),
    "state": _l("State"),
    "assignee": _l("Assignee"),
}


@dataclass(frozen=True)
class Look:
    """How close the rows stand (schemas.queue.DENSITIES), and which columns they show."""

    density: str
    columns: tuple[str, ...]


def look_of(kept: Mapping[str, Any]) -> Look:
    """The look that somebody chose (Person.desk_look), or the one as installed."""
    chosen = kept.get("columns", AS_INSTALLED)
    return Look(kept.get("density", "cosy"), tuple(name for name in COLUMNS if name in chosen))


@bp.get("/look")
@needs("queue.see")
def ask() -> str:
    """The choice, as it is now."""
    return _form({})


@bp.post("/look")
@needs("queue.see")
def choose() -> Answer | tuple[str, int]:
    """Looks so from now on, on every machine; back to the view one came from."""
    data, errors = load(LookSchema, request.form)
    if data is None:
        return _form(errors), 422
    views.choose_look(current_user.id, **data)
    return redirect(url_for("queue.index", **address_of(wanted_of(request.args))), 303)


def _form(errors: Errors) -> str:
    address = address_of(wanted_of(request.args))
    return render_template(
        "queue/look.html",
        errors=errors,
        look=look_of(current_user.person.desk_look),
        densities=[(name, *said) for name, said in DENSITIES.items()],
        columns=list(NAMES.items()),
        action=url_for(".choose", **address),
        back_url=url_for("queue.index", **address),
    )
