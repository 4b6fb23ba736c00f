"""Teams: members, leads, manager and rosters."""

from typing import Any

from flask import abort, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.desk import teams as desk
from helpdesk.i18n import say_list
from helpdesk.schemas.organisation import TeamSchema, members_of
from helpdesk.store.names import find_row
from helpdesk.store.rosters import list_rosters
from helpdesk.store.teams import Team, list_teams
from helpdesk.web import dispatch_words
from helpdesk.web.admin.frame import Page, bp, by, chips, form_page, link, list_page, staff_options
from helpdesk.web.frame import needs


@bp.get("/teams")
@needs("admin.see")
def teams() -> str:
    """All of them; those that are too small say so."""
    return list_page(
        _("Teams"),
        [_("Team"), _("Leads"), _("Manager"), ""],
        [_row(team) for team in list_teams(active_only=False)],
        lead=_("Who answers for which services. Three to five agents cover for one another."),
        new=(url_for(".teams_new"), _("Add a team")),
    )


def _row(team: Team) -> list[Any]:
    here = [member for member in team.members if member.person.is_active]
    size = ngettext("%(num)d person", "%(num)d people", len(here))
    leads = say_list(member.person.name for member in here if member.is_lead)
    manager = team.manager.name if team.manager and team.manager.is_active else "–"
    return [
        link(url_for(".teams_edit", team_id=team.id), team.name, size),
        leads or _("nobody"),
        manager,
        chips(
            (team.is_active and desk.is_too_small(team), _("fewer than three"), "soon"),
            (team.is_active and team.roster_id is None, _("no roster"), "soon"),
            (not team.is_active, _("not in use"), ""),
        ),
    ]


@bp.route("/teams/new", methods=["GET", "POST"])
@needs("admin.edit")
def teams_new() -> Page:
    """Adds one."""
    return _form(None)


@bp.route("/teams/<int:team_id>", methods=["GET", "POST"])
@needs("admin.see")
def teams_edit(team_id: int) -> Page:
    """All about one."""
    return _form(find_row(Team, team_id) or abort(404))


def _form(team: Team | None) -> Page:
    state = desk.state_of(team) if team else None
    chosen = {m.person_id: m.is_lead for m in team.members} if team else {}
    seniors = {str(m.person_id) for m in team.members if m.is_senior} if team else set()
    if request.method == "POST":
        leads, seniors = set(request.form.getlist("leads")), set(request.form.getlist("seniors"))
        chosen = {int(p): p in leads for p in request.form.getlist("people") if p.isdigit() and len(p) < 10}
    options = dict(staff_options(also=team.manager if team else None))
    options |= {
        m.person_id: m.person.name for m in (team.members if team else ()) if m.person_id not in options
    }
    rosters = [(roster.id, roster.name) for roster in list_rosters()]
    return form_page(
        "admin/team.html",
        state or {"is_active": True},
        TeamSchema,
        lambda data, seen: _save(team, data, seen),
        url_for(".teams"),
        state=state,
        title=team.name if team else _("Add a team"),
        team=team,
        is_too_small=team is not None and desk.is_too_small(team),
        gone={m.person_id for m in (team.members if team else ()) if not m.person.is_active},
        chosen=chosen,
        seniors=seniors,
        rules=[(rule, str(label)) for rule, label in dispatch_words.RULES.items()],
        teams_above=[(each.id, each.name) for each in list_teams() if team is None or each.id != team.id],
        people=options,
        roster_options=rosters,
    )


def _save(team: Team | None, data: dict[str, Any], seen: str | None) -> Team:
    members, seniors = members_of(data), data.pop("seniors")
    return desk.save(team.id if team else None, data, members, by(), seen, seniors=seniors)
