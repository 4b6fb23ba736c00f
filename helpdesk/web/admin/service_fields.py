"""What a service's form asks beyond what is asked of all."""

from typing import Any

from flask import abort, url_for
from flask_babel import gettext as _

from helpdesk.desk import service_fields as desk
from helpdesk.schemas.service_fields import ServiceFieldSchema
from helpdesk.store.service_fields import ServiceField, find_service_field, list_service_fields
from helpdesk.store.services import find_service
from helpdesk.web.admin.frame import Page, bp, by, chips, form_page, link, list_page
from helpdesk.web.frame import needs
from helpdesk.web.service_fields import KINDS

STEP = 10  # between the positions proposed, so that another fits in between


@bp.get("/services/<int:service_id>/questions")
@needs("admin.see")
def services_questions(service_id: int) -> str:
    """All of a service, in the order of its form."""
    service = find_service(service_id) or abort(404)
    return list_page(
        _("Questions about %(service)s", service=service.name),
        [_("Question"), _("Answered by"), ""],
        [_row(field) for field in list_service_fields(service_id, active_only=False)],
        lead=_("The report form asks these besides its own, when somebody chooses this service."),
        new=(url_for(".services_questions_new", service_id=service_id), _("Add a question")),
    )


def _row(field: ServiceField) -> list[Any]:
    return [
        link(url_for(".services_questions_edit", field_id=field.id), field.label, field.hint),
        KINDS[field.kind],  # type: ignore[index]
        chips(
            (field.is_required, _("must be answered"), "wait"),
            (not field.is_active, _("asked no longer"), ""),
        ),
    ]


@bp.route("/services/<int:service_id>/questions/new", methods=["GET", "POST"])
@needs("admin.edit")
def services_questions_new(service_id: int) -> Page:
    """Adds one, behind the others."""
    service = find_service(service_id) or abort(404)
    others = list_service_fields(service_id, active_only=False)
    last = max((each.position for each in others), default=0)
    return form_page(
        "admin/service_field.html",
        {"kind": "text", "is_active": True, "position": min(last + STEP, 999)},
        ServiceFieldSchema,
        lambda data, seen: desk.add(service_id, data, by()),
        url_for(".services_questions", service_id=service_id),
        title=_("Add a question about %(service)s", service=service.name),
        service=service,
        **_choices(None),
    )


@bp.route("/services/questions/<int:field_id>", methods=["GET", "POST"])
@needs("admin.see")
def services_questions_edit(field_id: int) -> Page:
    """All about one."""
    field = find_service_field(field_id) or abort(404)
    state = desk.state_of(field)
    return form_page(
        "admin/service_field.html",
        {**state, "choices": "\n".join(field.choices)},
        ServiceFieldSchema,
        lambda data, seen: desk.change(field_id, data, by(), seen),
        url_for(".services_questions", service_id=field.service_id),
        state=state,
        title=field.label,
        service=find_service(field.service_id),
        **_choices(field),
    )


def _choices(field: ServiceField | None) -> dict[str, Any]:
    """Answers given before are of the kind that it had: it keeps that."""
    kinds = [field.kind] if field is not None else list(KINDS)
    return {"kind_options": [(each, str(KINDS[each])) for each in kinds]}  # type: ignore[index]
