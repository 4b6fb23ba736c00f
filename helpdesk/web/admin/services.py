"""Services that people report about."""

from typing import Any

from flask import abort, url_for
from flask_babel import gettext as _

from helpdesk.desk import services as desk
from helpdesk.rules.lifecycle import Kind
from helpdesk.schemas.organisation import ServiceSchema
from helpdesk.store.organisation import list_departments
from helpdesk.store.services import Service, find_service, list_services
from helpdesk.store.teams import list_teams
from helpdesk.web.admin import skills
from helpdesk.web.admin.frame import Page, bp, by, chips, form_page, link, list_page, staff_options
from helpdesk.web.frame import needs


@bp.get("/services")
@needs("admin.see")
def services() -> str:
    """All of them, with what hangs on them."""
    return list_page(
        _("Services"),
        [_("Service"), _("Team"), _("Owner"), ""],
        [_row(service) for service in list_services(active_only=False)],
        lead=_("What people report about, and which team answers."),
        new=(url_for(".services_new"), _("Add a service")),
        table_url=url_for(".imports_new", what="services"),
    )


def _row(service: Service) -> list[Any]:
    return [
        link(url_for(".services_edit", service_id=service.id), service.name, service.description),
        service.team.name,
        service.owner.name if service.owner else "–",
        chips(
            (service.is_core, _("core"), "soon"),
            (service.is_restricted, _("restricted"), "wait"),
            (not service.is_active, _("not in use"), ""),
        ),
    ]


@bp.route("/services/new", methods=["GET", "POST"])
@needs("admin.edit")
def services_new() -> Page:
    """Adds one."""
    return form_page(
        "admin/service.html",
        {"is_active": True, "is_on_status_page": True},
        ServiceSchema,
        lambda data, seen: desk.save(None, data, by()),
        url_for(".services"),
        title=_("Add a service"),
        **_choices(None),
    )


@bp.route("/services/<int:service_id>", methods=["GET", "POST"])
@needs("admin.see")
def services_edit(service_id: int) -> Page:
    """All about one."""
    service = find_service(service_id) or abort(404)
    state = desk.state_of(service)
    return form_page(
        "admin/service.html",
        state,
        ServiceSchema,
        lambda data, seen: desk.save(service_id, data, by(), seen),
        url_for(".services"),
        state=state,
        title=service.name,
        preview_url=url_for("previews.show", service=service.id) if service.is_active else None,
        targets_url=url_for(".policies", kind=Kind.FAULT, service_id=service_id),
        questions_url=url_for(".services_questions", service_id=service_id),
        **_choices(service),
    )


def _choices(service: Service | None) -> dict[str, Any]:
    return {
        "team_options": [(team.id, team.name) for team in list_teams()],
        "owner_options": staff_options(also=service.owner if service else None),
        "service_options": [(each.id, each.name) for each in list_services() if each is not service],
        "skill_options": skills.options(),
        "department_options": [(each.id, each.name) for each in list_departments()],
    }
