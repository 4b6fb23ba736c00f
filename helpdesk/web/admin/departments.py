"""Departments."""

from flask import abort, url_for
from flask_babel import gettext as _

from helpdesk.desk import organisation as desk
from helpdesk.schemas.organisation import DepartmentSchema
from helpdesk.store.names import find_row
from helpdesk.store.organisation import Department, list_departments
from helpdesk.web.admin.frame import Options, Page, bp, by, form_page, link, list_page
from helpdesk.web.frame import needs


@bp.get("/departments")
@needs("admin.see")
def departments() -> str:
    """All of them."""
    rows = [
        [link(url_for(".departments_edit", department_id=d.id), d.name), d.parent.name if d.parent else "–"]
        for d in list_departments()
    ]
    return list_page(
        _("Departments"),
        [_("Department"), _("Belongs to")],
        rows,
        lead=_("Where people work. A ticket keeps the department that its reporter had."),
        new=(url_for(".departments_new"), _("Add a department")),
        table_url=url_for(".imports_new", what="departments"),
    )


@bp.route("/departments/new", methods=["GET", "POST"])
@needs("admin.edit")
def departments_new() -> Page:
    """Adds one."""
    return form_page(
        "admin/department.html",
        {},
        DepartmentSchema,
        lambda data, seen: desk.save_department(None, data, by()),
        url_for(".departments"),
        title=_("Add a department"),
        parent_options=_options(None),
    )


@bp.route("/departments/<int:department_id>", methods=["GET", "POST"])
@needs("admin.see")
def departments_edit(department_id: int) -> Page:
    """Another name or place."""
    department = find_row(Department, department_id) or abort(404)
    state = desk.state_of_department(department)
    return form_page(
        "admin/department.html",
        state,
        DepartmentSchema,
        lambda data, seen: desk.save_department(department_id, data, by(), seen),
        url_for(".departments"),
        state=state,
        title=department.name,
        parent_options=_options(department_id),
    )


def _options(own_id: int | None) -> Options:
    return [(d.id, d.name) for d in list_departments() if d.id != own_id]
