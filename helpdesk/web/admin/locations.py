"""Locations, where people sit."""

from typing import Any

from flask import abort, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.desk import locations as desk
from helpdesk.schemas.locations import LocationSchema
from helpdesk.store.locations import Location, list_locations
from helpdesk.store.names import find_row
from helpdesk.store.people import count_people_at
from helpdesk.web.admin.frame import Page, bp, by, chips, form_page, link, list_page
from helpdesk.web.frame import needs


@bp.get("/locations")
@needs("admin.see")
def locations() -> str:
    """All of them."""
    people = count_people_at()
    return list_page(
        _("Locations"),
        [_("Location"), _("People"), ""],
        [_row(each, people.get(each.id, 0)) for each in list_locations(active_only=False)],
        lead=_("Where people sit: it stands beside their name, so that whoever helps finds them."),
        new=(url_for(".locations_new"), _("Add a location")),
        table_url=url_for(".imports_new", what="locations"),
    )


def _row(location: Location, people: int) -> list[Any]:
    url = url_for(".locations_edit", location_id=location.id)
    said = ngettext("%(num)d person", "%(num)d people", people) if people else "–"
    return [
        link(url, location.name, location.address),
        said,
        chips((not location.is_active, _("not in use"), "")),
    ]


@bp.route("/locations/new", methods=["GET", "POST"])
@needs("admin.edit")
def locations_new() -> Page:
    """Adds one."""
    return form_page(
        "admin/location.html",
        {"is_active": True},
        LocationSchema,
        lambda data, seen: desk.save(None, data, by()),
        url_for(".locations"),
        title=_("Add a location"),
    )


@bp.route("/locations/<int:location_id>", methods=["GET", "POST"])
@needs("admin.see")
def locations_edit(location_id: int) -> Page:
    """All about one."""
    location = find_row(Location, location_id) or abort(404)
    state = desk.state_of(location)
    return form_page(
        "admin/location.html",
        state,
        LocationSchema,
        lambda data, seen: desk.save(location_id, data, by(), seen),
        url_for(".locations"),
        state=state,
        title=location.name,
    )
