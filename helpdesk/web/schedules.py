"""Reports that are sent by themselves: whose they are, what they hold, when and to whom they go."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import schedules as desk
from helpdesk.desk.changes import By, ChangedMeanwhile, Refused, marker_of
from helpdesk.i18n import LOCALES, say_list
from helpdesk.outbound.figure_words import KINDS, PERIODS
from helpdesk.outbound.report_words import NAMES
from helpdesk.rules.schedules import rhythm_of
from helpdesk.store.people import Person, find_person, get_person
from helpdesk.store.schedules import ReportSchedule, find_schedule, list_schedules, list_sendings
from helpdesk.store.services import list_services
from helpdesk.store.teams import list_teams
from helpdesk.web import schedule_forms as forms
from helpdesk.web import words
from helpdesk.web.admin.frame import changed_meanwhile
from helpdesk.web.auth import address
from helpdesk.web.forms import Errors
from helpdesk.web.frame import CSP, may, needs
from helpdesk.web.letters import INNER_CSP
from helpdesk.web.window_words import say_rule

bp = Blueprint("schedules", __name__, url_prefix="/figures/schedules")
Page = Answer | str | tuple[str, int]
REFUSED = {
    "never": _l("By this rule no letter would ever leave. Choose another one, or a later end."),
    "nobody": _l("Choose at least one person, or write an address."),
    "too_many": _l("That are too many: 200 people and addresses at most."),
    "right": _l("Whoever scheduled it may not read it any more. Take it over first."),
    "already": _l("It was sent a moment ago, so it was not sent again."),
}
STOPPED = {
    "paused": (_l("Paused"), "wait"),
    "over": (_l("Over"), ""),
    "right": (_l("Stopped: its owner may not read it any more"), "late"),
}


@bp.get("")
@needs("figures.schedule")
def index() -> str:
    """One's own; administrators see everybody's."""
    found = list_schedules(None if may("admin.edit") else current_user.id)
    return render_template("schedules/index.html", schedules=[_line(each) for each in found])


@bp.route("/new", methods=["GET", "POST"])
@needs("figures.schedule")
def new() -> Page:
    """Schedules a report; a page of figures hands over what it shows."""
    if request.method == "GET":
        return _form(forms.empty(), {})
    data, errors = forms.given()
    if data is not None:
        try:
            schedule = desk.add(data, _by())
            flash(_("Scheduled."))
            return redirect(url_for(".show", schedule_id=schedule.id), 303)
        except Refused as fault:
            errors = {fault.field: [str(REFUSED[fault.code])]}
    return _form(request.form, errors)


@bp.get("/<int:schedule_id>")
@needs("figures.schedule")
def show(schedule_id: int) -> Answer:
    """What it is, when it goes next, to whom, and what was sent."""
    schedule = _schedule(schedule_id)
    people = [find_person(each["person"]) for each in schedule.recipients if "person" in each]
    page = render_template(
        "schedules/show.html",
        schedule=schedule,
        line=_line(schedule),
        people=[person for person in people if person is not None],
        addresses=[each for each in schedule.recipients if "email" in each],
        languages=LOCALES,
        asked=_say_asked(schedule.asked),
        sendings=list_sendings(schedule_id, 12),
        may_take_over=may("admin.edit") and schedule.person_id != current_user.id,
    )
    return _with_frame(page)


@bp.route("/<int:schedule_id>/change", methods=["GET", "POST"])
@needs("figures.schedule")
def edit(schedule_id: int) -> Page:
    """All about one."""
    schedule = _schedule(schedule_id)
    state = desk.state_of(schedule)
    if request.method == "GET":
        return _form(forms.typed_of(schedule), {}, schedule, marker_of(state))
    marker = request.form.get("marker", "")
    data, errors = forms.given()
    if data is not None:
        try:
            desk.change(schedule_id, data, _by(), marker)
            flash(_("Saved."))
            return redirect(url_for(".show", schedule_id=schedule_id), 303)
        except ChangedMeanwhile:
            errors = {"": [changed_meanwhile()]}
        except Refused as fault:
            errors = {fault.field: [str(REFUSED[fault.code])]}
    return _form(request.form, errors, schedule, marker)


@bp.get("/<int:schedule_id>/letter")
@needs("figures.schedule")
def letter(schedule_id: int) -> Answer:
    """The letter as it would be now, in the reader's language, for the frame on the page."""
    schedule = _schedule(schedule_id)
    return _framed(desk.state_of(schedule), schedule.person)


@bp.post("/look")
@needs("figures.schedule")
def look() -> Answer:
    """The letter of what is typed, for the same frame; nothing is kept."""
    data, errors = forms.given()
    if data is None:
        said = [text for texts in errors.values() for text in texts]
        return _in_frame(render_template("admin/letter_text_fault.html", said=said))
    return _framed(data, get_person(current_user.id))


@bp.post("/<int:schedule_id>/<any(send, pause, go_on, take_over):act>")
@needs("figures.schedule")
def take(schedule_id: int, act: str) -> Answer:
    """One step; whoever may not see it cannot take it."""
    schedule = _schedule(schedule_id)
    if act == "take_over" and not may("admin.edit"):
        abort(404)
    try:
        flash(_ACTS[act](schedule.id))
    except Refused as fault:
        flash(str(REFUSED[fault.code]), "warning")
    return redirect(url_for(".show", schedule_id=schedule_id), 303)


@bp.route("/<int:schedule_id>/remove", methods=["GET", "POST"])
@needs("figures.schedule")
def remove(schedule_id: int) -> Page:
    """Asks, then ends it."""
    schedule = _schedule(schedule_id)
    if request.method == "GET":
        return render_template("schedules/remove.html", schedule=schedule)
    desk.remove(schedule_id, _by())
    flash(_("Removed. Nothing more is sent."))
    return redirect(url_for(".index"), 303)


def _send(schedule_id: int) -> str:
    count = desk.send_now(schedule_id, _by())
    return ngettext("%(num)s letter is on its way.", "%(num)s letters are on their way.", count)


def _pause(schedule_id: int) -> str:
    desk.pause(schedule_id, _by())
    return _("Paused. Nothing is sent until you let it go on.")


def _go_on(schedule_id: int) -> str:
    desk.go_on(schedule_id, _by())
    return _("It goes on.")


def _take_over(schedule_id: int) -> str:
    desk.take_over(schedule_id, _by())
    return _("It is yours now: it is sent with your rights.")


_ACTS: Mapping[str, Callable[[int], str]] = {
    "send": _send,
    "pause": _pause,
    "go_on": _go_on,
    "take_over": _take_over,
}


def _by() -> By:
    return By(g.now, current_user.id, address())


def _schedule(schedule_id: int) -> ReportSchedule:
    """The schedule if it is the asker's own, or they administer; else there is none."""
    found = find_schedule(schedule_id)
    if found is None or (found.person_id != current_user.id and not may("admin.edit")):
        abort(404)
    return found


def _form(typed: Any, errors: Errors, schedule: ReportSchedule | None = None, marker: str = "") -> Answer:
    page = render_template(
        "schedules/form.html",
        schedule=schedule,
        marker=marker,
        typed=typed,
        errors=errors,
        **forms.choices_of(typed),
    )
    return _with_frame(page, 422 if errors else 200)


def _framed(values: dict[str, Any], owner: Person) -> Answer:
    """The letter with the owner's rights, for the eyes of who looks."""
    return _in_frame(desk.preview(values, owner, get_person(current_user.id), g.now).html)


def _in_frame(html: str) -> Answer:
    """For the frame on our own page: no script, nothing from elsewhere."""
    answer = Response(html, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = INNER_CSP
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


def _with_frame(page: str, status: int = 200) -> Answer:
    """A page that may hold that frame."""
    answer = Response(page, status, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = f"{CSP}; frame-src 'self'"
    return answer


def _line(schedule: ReportSchedule) -> dict[str, Any]:
    """A schedule as the pages show it."""
    said, tone = STOPPED.get(schedule.stopped, STOPPED["paused"]) if schedule.next_at is None else ("", "ok")
    return {
        "schedule": schedule,
        "report": str(NAMES[schedule.report]),
        "when": _say_when(schedule),
        "stopped": str(said),
        "tone": tone,
        "recipients": ngettext("%(num)s recipient", "%(num)s recipients", len(schedule.recipients)),
        "is_own": schedule.person_id == current_user.id,
    }


def _say_when(schedule: ReportSchedule) -> str:
    start = datetime.fromisoformat(schedule.starts_at)
    time = start.strftime("%H:%M")
    if rhythm_of(schedule.rule, start.date()) == "quarterly":
        return _("every three months on day %(day)s at %(time)s", day=start.day, time=time)
    if rhythm_of(schedule.rule, start.date()) == "monthly" and start.day > 28:
        return _("every month on day %(day)s, or its last day, at %(time)s", day=start.day, time=time)
    return say_rule(schedule.rule, schedule.starts_at, schedule.zone)


def _say_asked(asked: Mapping[str, Any]) -> str:
    """What narrows a report."""
    named: dict[str, Mapping[Any, Any]] = {"kind": KINDS, "period": PERIODS, "severity": words.SEVERITIES}
    named |= {
        "team": {team.id: team.name for team in list_teams(active_only=False)},
        "service": {service.id: service.name for service in list_services(active_only=False)},
    }
    return say_list(str(named[name].get(value, value)) for name, value in asked.items() if name in named)
