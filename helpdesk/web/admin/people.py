"""People: everybody the desk knows, what it knows of them, and those who leave."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import directory, leavers
from helpdesk.desk import people as accounts
from helpdesk.desk.changes import Refused
from helpdesk.desk.directory import Record
from helpdesk.i18n import LOCALES
from helpdesk.rules.access import Role, may_be_in_team
from helpdesk.schemas.people import ROLE_NAMES, RecordSchema, zones
from helpdesk.store.locations import list_locations
from helpdesk.store.organisation import list_departments
from helpdesk.store.people import Person, find_person, list_people
from helpdesk.store.teams import list_teams
from helpdesk.store.tickets import list_open_assigned
from helpdesk.web.admin import skills
from helpdesk.web.admin.frame import SAID, Page, bp, by, chips, form_page, link, list_page
from helpdesk.web.deliveries import failing_address, say_failing
from helpdesk.web.frame import needs
from helpdesk.web.numbers import page_given

PAGE = 50
LAST_PAGE = 2000


@bp.get("/people")
@needs("admin.see")
def people() -> str:
    """Everybody, or those whose name, address or staff number holds what is searched for."""
    asked: dict[str, Any] = {name: request.args.get(name, "").strip() for name in ("q", "role", "left")}
    page = page_given(LAST_PAGE)
    roles = (asked["role"],) if asked["role"] in ROLE_NAMES else ()
    found = list_people(asked["q"][:200], roles, PAGE + 1, (page - 1) * PAGE, has_left=asked["left"] == "1")
    return list_page(
        _("People"),
        [_("Person"), _("Role"), _("Department"), _("Staff number"), ""],
        [_row(person) for person in found[:PAGE]],
        new=(url_for(".people_new"), _("Add a person")),
        table_url=url_for(".imports_new", what="people"),
        template="admin/people.html",
        asked=asked,
        role_options=_roles(),
        previous_url=url_for(".people", **asked, page=page - 1) if page > 1 else None,
        next_url=url_for(".people", **asked, page=page + 1) if len(found) > PAGE else None,
    )


def _row(person: Person) -> list[Any]:
    return [
        link(url_for(".people_edit", person_id=person.id), person.name, person.email or ""),
        ROLE_NAMES[Role(person.role)],
        person.department.name if person.department else "–",
        person.staff_number or "–",
        chips(
            (person.left_at is not None, _("has left"), ""),
            (person.password_hash is None and person.role != Role.REPORTER, _("no password yet"), "wait"),
            (failing_address(person) is not None, _("letters come back"), "late"),
        ),
    ]


@bp.route("/people/new", methods=["GET", "POST"])
@needs("admin.edit")
def people_new() -> Page:
    """Adds one, and invites them."""
    return form_page(
        "admin/person.html",
        {"role": Role.REPORTER, "with_letter": True},
        RecordSchema,
        lambda data, seen: directory.add(_record(data), by(), with_letter=data["with_letter"]),
        lambda person: url_for(".people_edit", person_id=person.id),
        title=_("Add a person"),
        person=None,
        **_choices({}),
    )


@bp.route("/people/<int:person_id>", methods=["GET", "POST"])
@needs("admin.see")
def people_edit(person_id: int) -> Page:
    """All about one."""
    person = find_person(person_id) or abort(404)
    state = directory.state_of(person)
    return form_page(
        "admin/person.html",
        {**state, "addresses": "\n".join(state["addresses"])},
        RecordSchema,
        lambda data, seen: _edit(person_id, data, seen),
        url_for(".people_edit", person_id=person_id),
        state=state,
        title=person.name,
        person=person,
        failing=say_failing(person),
        **_choices(state["teams"]),
    )


def _edit(person_id: int, data: dict[str, Any], seen: str | None) -> Person:
    try:
        return directory.edit(person_id, _record(data), by(), seen)
    except accounts.LastAdministrator as fault:
        raise Refused("role", "last_administrator") from fault


@bp.route("/people/<int:person_id>/left", methods=["GET", "POST"])
@needs("admin.edit")
def people_left(person_id: int) -> Page:
    """Asks, saying what follows; then the person has left."""
    person = find_person(person_id) or abort(404)
    if not person.is_active:
        return redirect(url_for(".people_edit", person_id=person_id), 303)
    if request.method == "GET":
        return _ask(person)
    try:
        given_back = leavers.leave(person_id, by())
    except accounts.LastAdministrator:
        return _ask(person, {"": [str(SAID["last_administrator"])]}), 422
    flash(
        ngettext(
            "%(name)s has left. %(num)d ticket went back to its team.",
            "%(name)s has left. %(num)d tickets went back to their teams.",
            len(given_back),
            name=person.name,
        )
        if given_back
        else _("%(name)s has left.", name=person.name)
    )
    return redirect(url_for(".people"), 303)


@bp.post("/people/<int:person_id>/back")
@needs("admin.edit")
def people_back(person_id: int) -> Answer:
    """The person is here again."""
    person = find_person(person_id) or abort(404)
    leavers.come_back(person_id, by())
    flash(_("%(name)s is back. Invite them, so that they choose a new password.", name=person.name))
    return redirect(url_for(".people_edit", person_id=person_id), 303)


@bp.post("/people/<int:person_id>/invite")
@needs("admin.edit")
def people_invite(person_id: int) -> Answer:
    """Sends the letter whose link lets them choose a password."""
    person = find_person(person_id) or abort(404)
    if person.email is None or not person.is_active:
        abort(404)
    who = by()
    accounts.invite(person_id, now=who.now, actor_id=who.actor_id, address=who.address)
    flash(_("The invitation is on its way to %(address)s.", address=person.email))
    return redirect(url_for(".people_edit", person_id=person_id), 303)


@bp.post("/people/<int:person_id>/sign-out")
@needs("admin.edit")
def people_sign_out(person_id: int) -> Answer:
    """Ends all their sessions."""
    if find_person(person_id) is None:
        abort(404)
    who = by()
    accounts.sign_out_everywhere(person_id, now=who.now, actor_id=who.actor_id, address=who.address)
    flash(_("All their sessions have ended."))
    return redirect(url_for(".people_edit", person_id=person_id), 303)


def _ask(person: Person, errors: Any = None) -> str:
    return render_template(
        "admin/left.html",
        person=person,
        errors=errors or {},
        open_tickets=len(list_open_assigned(person.id)),
        rosters=leavers.rosters_of(person.id, by().now),
    )


def _record(data: dict[str, Any]) -> Record:
    """What the form brought as the desk takes it."""
    teams = {team_id: how == "lead" for team_id, how in _typed_teams().items()}
    columns = {name: data[name] for name in directory.FIELDS}
    return Record(data["role"], columns, data["addresses"], teams, tuple(data["skills"]))


def _typed_teams() -> dict[int, str]:
    found = {team.id: request.form.get(f"team-{team.id}", "") for team in list_teams(active_only=False)}
    return {team_id: how for team_id, how in found.items() if how in ("member", "lead")}


def _choices(teams: dict[str, str]) -> dict[str, Any]:
    if request.method == "POST":
        teams = {str(team_id): how for team_id, how in _typed_teams().items()}
    known = [team for team in list_teams(active_only=False) if team.is_active or str(team.id) in teams]
    return {
        "role_options": _roles(),
        "language_options": list(LOCALES.items()),
        "zone_options": [(zone, zone) for zone in zones()],
        "department_options": [(d.id, d.name) for d in list_departments()],
        "locations": [location.name for location in list_locations()],
        "teams": [(team, teams.get(str(team.id), "")) for team in known],
        "skill_options": skills.options(),
        "team_roles": [role for role in Role if may_be_in_team(role)],
    }


def _roles() -> list[tuple[str, str]]:
    return [(role.value, str(name)) for role, name in ROLE_NAMES.items()]
