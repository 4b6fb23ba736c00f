"""Who is on call: the rosters, their weeks and months, swaps and covers."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import preflight as checks
from helpdesk.desk import roster_plans, rosters
from helpdesk.desk.roster_plans import NameTaken, NothingLeft, SlotTaken
from helpdesk.desk.rosters import Turn
from helpdesk.rules.access import may_for_team
from helpdesk.rules.preflight import AHEAD
from helpdesk.schemas.people import zones
from helpdesk.schemas.rosters import OverrideSchema, RosterSchema, SettingsSchema
from helpdesk.schemas.spans import YEARS
from helpdesk.store.organisation import get_organisation
from helpdesk.store.policies import list_calendars
from helpdesk.store.rosters import (
    Roster,
    list_absences,
    list_overrides,
    list_people_by_id,
    list_rosters,
    list_teams_of_roster,
)
from helpdesk.store.services import list_services
from helpdesk.store.teams import Team, list_teams
from helpdesk.web import (
    absences,
    fairness,
    feeds,
    handovers,
    holidays,
    now,
    preflight,
    roster_layers,
    rota,
    swaps,
)
from helpdesk.web.auth import address
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import asker, may, needs, viewer_zone
from helpdesk.web.on_call import ask_anew
from helpdesk.web.roster_board import Boards, local_text, parse_day
from helpdesk.web.roster_doors import on_call_tabs, people_options, roster_to_edit, roster_to_see
from helpdesk.web.roster_period import Period

bp = Blueprint("rosters", __name__, url_prefix="/on-call")
bp.register_blueprint(absences.bp)
bp.register_blueprint(roster_layers.bp)
bp.register_blueprint(rota.bp)
bp.register_blueprint(fairness.bp)
bp.register_blueprint(feeds.bp)
bp.register_blueprint(now.bp)
bp.register_blueprint(holidays.bp)
bp.register_blueprint(swaps.bp)
bp.register_blueprint(preflight.bp)
bp.register_blueprint(handovers.bp)
bp.before_request(preflight.look_before)
bp.after_request(preflight.say_what_broke)

Page = Answer | str | tuple[str, int]
FAR = timedelta(days=3660)


@bp.app_context_processor
def _tabs() -> dict[str, Any]:
    return {"on_call_tabs": on_call_tabs}


@bp.after_request
def _fresh_line(response: Response) -> Response:
    """After a change the line in the top bar says what the page says."""
    if request.method == "POST":
        ask_anew()
    return response


@bp.get("")
@needs("roster.see")
def index() -> str:
    """Every roster, with who is on call, until when, and who is next."""
    teams: dict[int, list[tuple[str, bool]]] = {}
    for team in list_teams():
        for roster_id, is_backup in ((team.roster_id, False), (team.backup_roster_id, True)):
            if roster_id is not None:
                teams.setdefault(roster_id, []).append((team.name, is_backup))
    return render_template(
        "rosters/index.html",
        on_call_now=rosters.on_call_now(list_rosters(), g.now),
        teams=teams,
        may_add=bool(_slots()),
    )


@bp.get("/<int:roster_id>")
@needs("roster.see")
def show(roster_id: int) -> str:
    """One roster: a week, or a month of weeks, of the day asked for."""
    roster = roster_to_see(roster_id)
    view = "month" if request.args.get("view") == "month" else "week"
    period = Period(roster.id, view, parse_day(request.args.get("day", ""), roster.zone, g.now))
    may_edit = may("roster.edit") and rosters.may_edit(asker(), roster)
    change_url = _change_url(roster, may_edit)
    viewer = current_user.id, viewer_zone()
    boards = Boards(roster, period.first, period.weeks, viewer, g.now, change_url=change_url)
    people = {person for layer in roster.layers for person in layer.people}
    return render_template(
        "rosters/show.html",
        roster=roster,
        here=rosters.on_call_now([roster], g.now)[0],
        boards=boards,
        period=period,
        picks_url=url_for("rosters.add_override", roster_id=roster_id) if may_edit else None,
        overrides=[o for o in list_overrides([roster.id], g.now, g.now + FAR) if o.made_by != "rota"],
        absences=list_absences(g.now, boards.end, people) if boards.end > g.now else [],
        left=sorted(p.name for p in list_people_by_id(people).values() if not p.is_active),
        may_edit=may_edit,
        preview_url=_preview_url(roster) if may("ladder.see") else None,
        findings=_findings(roster),
        planned_at=next((v.effective_at for v in roster.versions if v.effective_at > g.now), None),
    )


def _findings(roster: Roster) -> int:
    """How much preflight finds wrong with it."""
    return sum(f.roster == roster.id for f in checks.find([roster], g.now, g.now + AHEAD))


def _change_url(roster: Roster, may_edit: bool) -> Callable[[Turn], str | None]:
    """Where a turn to come goes to somebody else: leads say to whom, agents ask for their own."""

    def of(turn: Turn) -> str | None:
        if turn.to_at <= g.now:
            return None
        if may_edit:
            about: dict[str, Any] = {"from": turn.from_at.isoformat(), "to": turn.to_at.isoformat()}
            return url_for("rosters.add_override", roster_id=roster.id, **about)
        is_own = turn.person is not None and turn.person.id == current_user.id
        return swaps.offer_url(roster, (turn.from_at, turn.to_at)) if is_own and may("swap.ask") else None

    return of


def _preview_url(roster: Roster) -> str:
    """Who would be told, tried with a service that this roster answers for."""
    teams = {team.id for team in list_teams_of_roster(roster.id)}
    service = next((service.id for service in list_services() if service.team_id in teams), None)
    return url_for("previews.show", service=service)


@bp.route("/new", methods=["GET", "POST"])
@needs("roster.edit")
def new() -> Page:
    """A new roster for a team that has none."""
    slots = _slots()
    if not slots:
        abort(404)
    if request.method == "GET":
        typed = {"zone": get_organisation().zone, "slot": slots[0][0]}
        return render_template(
            "rosters/edit.html", typed=typed, errors={}, slots=slots, zones=[(zone, zone) for zone in zones()]
        )
    data, errors = load(RosterSchema, request.form)
    if data is not None and data["slot"] not in [slot for slot, _name in slots]:
        errors = {"slot": [_("Choose a team from the list.")]}
    if data is not None and not errors:
        team_id, _colon, line = data["slot"].partition(":")
        try:
            roster = roster_plans.create_roster(
                data["name"],
                data["zone"],
                team_id=int(team_id) if team_id else None,
                as_backup=line == "backup",
                **_by(),
            )
            flash(_("The roster is made. Now say who takes turns."))
            return redirect(url_for("rosters.layers.edit", roster_id=roster.id), 303)
        except NameTaken:
            errors = _name_taken()
        except SlotTaken:
            errors = {"slot": [_("This team has such a roster already. Choose again.")]}
    page = render_template(
        "rosters/edit.html",
        typed=request.form,
        errors=errors,
        slots=slots,
        zones=[(zone, zone) for zone in zones()],
    )
    return page, 422


@bp.route("/<int:roster_id>/edit", methods=["GET", "POST"])
@needs("roster.edit")
def edit(roster_id: int) -> Page:
    """Its settings: name, zone, holidays, swaps, reminders."""
    roster = roster_to_edit(roster_id)
    calendars = [(calendar.id, calendar.name) for calendar in list_calendars()]
    typed: Any = roster
    errors: Errors = {}
    if request.method == "POST":
        typed = request.form
        data, errors = load(SettingsSchema, request.form)
        if data is not None and data["holiday_calendar_id"] not in [None, *(n for n, _name in calendars)]:
            errors = {"holiday_calendar_id": [_("Choose a calendar from the list.")]}
        if data is not None and not errors:
            try:
                roster_plans.change(roster_id, data, **_by())
                flash(_("The roster is saved."))
                return redirect(url_for("rosters.show", roster_id=roster_id), 303)
            except NameTaken:
                errors = _name_taken()
    page = render_template(
        "rosters/edit.html",
        roster=roster,
        typed=typed,
        errors=errors,
        zones=[(zone, zone) for zone in zones()],
        calendars=calendars,
    )
    return (page, 422) if errors else page


@bp.route("/<int:roster_id>/overrides", methods=["GET", "POST"])
@needs("roster.edit")
def add_override(roster_id: int) -> Page:
    """A person takes over for a while, whatever the layers say."""
    roster = roster_to_edit(roster_id)
    people = people_options(roster)
    if request.method == "GET":
        start, end = _span_asked()
        typed = {"starts_at": local_text(start, roster.zone), "ends_at": local_text(end, roster.zone)}
        return render_template(
            "rosters/override.html",
            roster=roster,
            typed=typed,
            errors={},
            people=people,
            offer_url=swaps.offer_url(roster, (start, end)) if _is_own(roster, start) else None,
        )
    data, errors = load(OverrideSchema(zone=roster.zone), request.form)
    if data is not None and not any(data["person_id"] == p for _group, them in people for p, _name in them):
        errors = {"person_id": [_("Choose a person from the list.")]}
    if data is not None and not errors:
        try:
            override = roster_plans.add_override(roster_id, **data, **_by())
            flash(_("The swap stands in the roster."))
            day = override.starts_at.astimezone(ZoneInfo(roster.zone)).date()
            return redirect(url_for("rosters.show", roster_id=roster_id, day=day), 303)
        except NothingLeft:
            errors = {"ends_at": [_("This is over already. Choose an end that is still to come.")]}
    page = render_template(
        "rosters/override.html", roster=roster, typed=request.form, errors=errors, people=people
    )
    return page, 422


def _span_asked() -> tuple[datetime, datetime]:
    """The times of the address (`from`, `to`: instants), else eight hours from the next full hour on."""
    with suppress(KeyError, ValueError, OverflowError):
        start, end = (datetime.fromisoformat(request.args[name]).astimezone(UTC) for name in ("from", "to"))
        if start.year in YEARS and end.year in YEARS:
            return max(start, g.now), end
    start = g.now.replace(minute=0, second=0) + timedelta(hours=1)
    return start, start + timedelta(hours=8)


def _is_own(roster: Roster, at: datetime) -> bool:
    """Whether the address is that of a turn of the asker's, which they may ask others to take."""
    if "from" not in request.args:
        return False
    turn = rosters.turns_at([roster.id], at, with_next=False).get(roster.id)
    return may("swap.ask") and turn is not None and turn.on_call == current_user.id


@bp.post("/<int:roster_id>/overrides/<int:override_id>/remove")
@needs("roster.edit")
def remove_override(roster_id: int, override_id: int) -> Answer:
    """The layers hold again."""
    roster_to_edit(roster_id)
    try:
        roster_plans.remove_override(roster_id, override_id, **_by())
        flash(_("The swap is taken back."))
    except LookupError:
        abort(404)
    except NothingLeft:
        flash(_("This is over already, so nothing was changed."), "warning")
    return redirect(url_for("rosters.show", roster_id=roster_id), 303)


def _by() -> dict[str, Any]:
    """Who changes it, when and from where, for every verb."""
    return {"now": g.now, "actor_id": current_user.id, "address": address()}


def _name_taken() -> Errors:
    return {"name": [_("Another roster has this name already.")]}


def _slots() -> list[tuple[str, str]]:
    """Where the asker may put a new roster: teams without one, and for administrators none at all."""
    if not may("roster.edit"):
        return []
    found = [slot for team in list_teams() for slot in _free_slots(team)]
    return [*found, ("", _("No team yet"))] if may_for_team(asker(), "roster.edit", None) else found


def _free_slots(team: Team) -> list[tuple[str, str]]:
    if not may_for_team(asker(), "roster.edit", team.id):
        return []
    first = [(f"{team.id}:first", _("%(team)s, first in line", team=team.name))]
    backup = [(f"{team.id}:backup", _("%(team)s, backup", team=team.name))]
    return (first if team.roster_id is None else []) + (backup if team.backup_roster_id is None else [])
