"""Causes that reviews of broken promises can name."""

from typing import Any

from flask import abort, url_for
from flask_babel import gettext as _

from helpdesk.desk import breaches as desk
from helpdesk.outbound.review_words import say_cause
from helpdesk.schemas.breaches import CauseSchema
from helpdesk.store.breaches import BreachCause, list_causes
from helpdesk.store.names import find_row
from helpdesk.web.admin.frame import Page, bp, by, chips, form_page, link, list_page
from helpdesk.web.frame import needs


@bp.get("/causes")
@needs("admin.see")
def causes() -> str:
    """All of them, in the order in which they are offered."""
    return list_page(
        _("Causes of breaches"),
        [_("Cause"), _("Place in the list")],
        [_row(cause) for cause in list_causes(active_only=False)],
        lead=_("Why a promise was broken: what its review can name. The Pareto chart counts them."),
        new=(url_for(".causes_new"), _("Add a cause")),
    )


def _row(cause: BreachCause) -> list[Any]:
    left = chips((not cause.is_active, _("no longer used"), ""))
    return [
        link(url_for(".causes_edit", cause_id=cause.id), say_cause(cause.name)) + " " + left,
        cause.position,
    ]


@bp.route("/causes/new", methods=["GET", "POST"])
@needs("admin.edit")
def causes_new() -> Page:
    """Adds one, at the end."""
    last = max((cause.position for cause in list_causes(active_only=False)), default=-1)
    return form_page(
        "admin/cause.html",
        {"position": last + 1, "is_active": True},
        CauseSchema,
        lambda data, seen: desk.save_cause(None, data, by()),
        url_for(".causes"),
        title=_("Add a cause"),
    )


@bp.route("/causes/<int:cause_id>", methods=["GET", "POST"])
@needs("admin.see")
def causes_edit(cause_id: int) -> Page:
    """Another name or place, or no longer used. A name that is said in the reader's language stays so unless
    another is typed."""
    cause = find_row(BreachCause, cause_id) or abort(404)
    state, said = desk.state_of_cause(cause), say_cause(cause.name)

    def save(data: dict[str, Any], seen: str | None) -> object:
        name = cause.name if data["name"] == said else data["name"]
        return desk.save_cause(cause_id, data | {"name": name}, by(), seen)

    return form_page(
        "admin/cause.html",
        state | {"name": said},
        CauseSchema,
        save,
        url_for(".causes"),
        state=state,
        title=said,
    )
