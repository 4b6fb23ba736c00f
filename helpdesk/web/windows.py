"""Maintenance as those read it whom it concerns: on every page while it runs or begins soon, on its own, and
in the bell."""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import emergencies, window_notices
from helpdesk.desk.emergencies import NotRunning
from helpdesk.desk.registration import Report
from helpdesk.desk.window_audience import Heard, look_up, windows_for
from helpdesk.i18n import say_instant
from helpdesk.rules.maintenance import FINAL
from helpdesk.schemas.emergencies import EmergencySchema
from helpdesk.store.maintenance import WindowEntry, find_window, list_window_entries
from helpdesk.store.people import Person, get_person
from helpdesk.store.window_notices import find_follower
from helpdesk.web.forms import Errors, load, sending, sent_key
from helpdesk.web.frame import needs, viewer_zone
from helpdesk.web.window_words import STATES

bp = Blueprint("windows", __name__, url_prefix="/windows")
Page = Answer | str | tuple[str, int]
AHEAD = timedelta(days=62)
EFFECTS = {
    "down": _l("Not available meanwhile."),
    "degraded": _l("May be slow or fail now and then."),
    "read_only": _l("You can read but change nothing."),
}
STEPS = {
    "announced": _l("It was announced"),
    "moved": _l("It was moved"),
    "started": _l("It has begun"),
    "extended": _l("It takes longer"),
    "finished": _l("It is over"),
    "cancelled": _l("It does not take place"),
}


@bp.app_context_processor
def _news() -> dict[str, Any]:
    # Functions, so that only pages which show it ask the database.
    return {"heard_windows": heard_windows, "window_effects": EFFECTS}


def heard_windows() -> list[Heard]:
    """What concerns whoever is at the door and runs or begins soon; asked once a page."""
    if "heard_windows" not in g:
        g.heard_windows = windows_for(viewer(), g.now)
    found: list[Heard] = g.heard_windows
    return found


def viewer() -> Person | None:
    """Whoever is at the door; None without an account."""
    return current_user.person if current_user.is_authenticated else None


@bp.get("")
@needs("ticket.see_own")
def index() -> str:
    """What runs and what is announced, as far as it concerns the asker."""
    return render_template("windows/index.html", heard=windows_for(viewer(), g.now, AHEAD))


@bp.get("/<int:window_id>")
@needs("ticket.see_own")
def show(window_id: int) -> str:
    """One window: what, when, what it means, and its news."""
    heard = _heard(window_id)
    return render_template(
        "windows/show.html",
        window=heard.window,
        names=heard.names,
        state=STATES[heard.window.state],
        steps=[entry for entry in list_window_entries([window_id]) if entry.kind in STEPS],
        say=say_step,
        is_over=heard.window.state in FINAL,
        follows=find_follower(window_id, current_user.id) is not None,
    )


@bp.post("/<int:window_id>/follow")
@needs("profile.edit")
def follow(window_id: int) -> Answer:
    """The asker hears of it by letter, whichever letters they do without else."""
    heard = _heard(window_id)
    if heard.window.state in FINAL:
        abort(404)
    window_notices.follow(window_id, current_user.id, g.now)
    flash(_("You get a letter when it begins, takes longer or is over. There is nothing else to do."))
    return redirect(url_for("windows.show", window_id=window_id), 303)


@bp.post("/<int:window_id>/unfollow")
@needs("profile.edit")
def unfollow(window_id: int) -> Answer:
    """They hear of it as everybody else does."""
    _heard(window_id)
    window_notices.unfollow(window_id, current_user.id)
    flash(_("From now on you hear of it as everybody else does."))
    return redirect(url_for("windows.show", window_id=window_id), 303)


@bp.route("/<int:window_id>/emergency", methods=["GET", "POST"])
@needs("ticket.report")
def emergency(window_id: int) -> Page:
    """Asks what cannot wait, then tells the window's owner and whoever is on call."""
    heard = _heard(window_id)
    if not heard.window.is_running(g.now):
        abort(404)
    if request.method == "GET":
        return _emergency_form(heard, {}, {})
    data, errors = load(EmergencySchema, request.form)
    if data is not None and data["service_id"] not in [service.id for service in heard.services]:
        errors = {"service_id": [_("Choose a service from the list.")]}
    if data is None or errors:
        return _emergency_form(heard, request.form.to_dict(), errors), 422
    try:
        ticket = emergencies.ask(
            window_id,
            Report(**data),
            get_person(current_user.id),
            now=g.now,
            door="web",
            sent_key=sent_key(request.form, current_user.id, {"window": window_id, **data}),
        )
    except NotRunning:
        flash(_("The maintenance is over. If it still does not work, please report it."), "warning")
        return redirect(url_for("report.new", service_id=data["service_id"]), 303)
    flash(_("Whoever is responsible for the maintenance and whoever is on call are being told now."))
    return redirect(url_for("follow.page", number=ticket.number), 303)


def _emergency_form(heard: Heard, typed: dict[str, str], errors: Errors) -> str:
    return render_template(
        "windows/emergency.html",
        window=heard.window,
        names=heard.names,
        services=[(service.id, service.name) for service in heard.services],
        typed=typed,
        errors=errors,
        sending=sending(typed),
    )


def _heard(window_id: int) -> Heard:
    """The window as the asker hears of it, or 404."""
    return look_up(find_window(window_id), viewer()) or abort(404)


def say_step(entry: WindowEntry) -> str:
    """A step in the words of those whom it concerns."""
    said = str(STEPS[entry.kind])
    if entry.kind == "extended":
        said = _("It takes longer, until %(time)s", time=_time(entry, "ends_at"))
    if entry.kind == "moved":
        said = _(
            "It was moved to %(start)s – %(end)s",
            start=_time(entry, "starts_at"),
            end=_time(entry, "ends_at"),
        )
    why = entry.detail.get("why", "")
    return _("%(name)s: %(said)s", name=said, said=why) if why else said


def _time(entry: WindowEntry, name: str) -> str:
    return say_instant(datetime.fromisoformat(entry.detail[name]), viewer_zone())
