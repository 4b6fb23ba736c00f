"""Coming in without a password: the first set-up, an invitation, a forgotten password.

A link's page may be opened by anyone (scanners do); only the POST of its form acts.
"""

from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import people, policies, sign_in
from helpdesk.desk import setup as desk_setup
from helpdesk.desk.passwords import PasswordRefused, rules_in_force
from helpdesk.i18n import LOCALES
from helpdesk.outbound import links
from helpdesk.schemas.people import NewPasswordSchema, ResetSchema, SetupSchema, say_password_fault, zones
from helpdesk.store.organisation import find_organisation
from helpdesk.store.people import Person
from helpdesk.web.auth import address, enter, retry_after, say_wait
from helpdesk.web.forms import Errors, load

bp = Blueprint("accounts", __name__)
Page = Answer | str | tuple[str, int] | tuple[str, int, dict[str, str]]


@bp.route("/setup/<token>", methods=["GET", "POST"])
def setup(token: str) -> Page:
    """The organisation and its first administrator; once."""
    try:
        desk_setup.require_open(token)
        if request.method == "GET":
            return _setup_page({})
        data, errors = load(SetupSchema, request.form)
        if data is None:
            return _setup_page(errors), 422
        person = desk_setup.set_up(
            _house(data), data["name"], data["email"], data["password"], now=g.now, address=address()
        )
    except desk_setup.AlreadySetUp:
        return redirect(url_for("auth.sign_in"), 303)
    except links.ExpiredLink:
        return render_template("auth/setup_expired.html"), 410
    except links.BadLink:
        abort(404)
    except PasswordRefused as fault:
        return _setup_page({"password": [str(say_password_fault(fault.code, fault.rules))]}), 422
    return enter(person, url_for("admin.index"))  # the first steps


def _house(data: dict[str, Any]) -> desk_setup.House:
    """What was answered; what nobody was asked is named in the organisation's language."""
    with force_locale(data["locale"]):
        return desk_setup.House(
            data["organisation"],
            data["zone"],
            data["locale"],
            data["night_answer"],
            data["team"] or _("Service desk"),
            data["service"],
            data["cover_reason"],
            policies.Names(
                office=_("Office hours"),
                office_with_holidays=_("Office hours, holidays too"),
                standard=_("Standard"),
                requests=_("Requests"),
                questions=_("Questions"),
            ),
        )


@bp.route("/invitation/<token>", methods=["GET", "POST"], defaults={"purpose": "invite"})
@bp.route("/new-password/<token>", methods=["GET", "POST"], defaults={"purpose": "reset"})
def new_password(token: str, purpose: str) -> Page:
    """Where the link of an invitation or a reset letter leads: choose a password, and be signed in."""
    try:
        person = people.person_of_link(purpose, token)
        if request.method == "GET":
            return _password_page(person, {})
        data, errors = load(NewPasswordSchema, request.form)
        if data is None:
            return _password_page(person, errors), 422
        person = people.set_password(
            person.id, data["password"], now=g.now, address=address(), epoch=person.session_epoch
        )
    except (links.BadLink, LookupError):
        return render_template("auth/spent_link.html"), 410
    except PasswordRefused as fault:
        said = str(say_password_fault(fault.code, fault.rules))
        return _password_page(person, {"password": [said]}), 422
    sign_in.note_sign_in(person.id, now=g.now, address=address())
    return enter(person, "/")


@bp.route("/forgotten-password", methods=["GET", "POST"])
def forgotten() -> Page:
    """Asks for a letter with a link; never says whether the address is known."""
    if request.method == "GET":
        return render_template("auth/forgotten.html", errors={})
    data, errors = load(ResetSchema, request.form)
    if data is None:
        return render_template("auth/forgotten.html", errors=errors), 422
    try:
        people.reset(data["email"], now=g.now, address=address())
    except sign_in.Throttled as fault:
        page = render_template("auth/forgotten.html", errors={"": [say_wait(fault.until)]})
        return page, 429, retry_after(fault.until)
    return redirect(url_for("accounts.letter_sent"), 303)


@bp.get("/forgotten-password/sent")
def letter_sent() -> str:
    """What to do next."""
    return render_template("auth/letter_sent.html")


def _setup_page(errors: Errors) -> str:
    organisation = find_organisation()
    typed: dict[str, Any] = request.form.to_dict() or {
        "locale": str(get_locale()),
        "zone": organisation.zone if organisation else "Europe/Berlin",
        "organisation": organisation.name if organisation else "",
        "team": _("Service desk"),
    }
    return render_template(
        "auth/setup.html",
        typed=typed,
        errors=errors,
        rules=rules_in_force(),
        is_new=organisation is None,
        language_options=list(LOCALES.items()),
        zone_options=[(zone, zone) for zone in zones()],
    )


def _password_page(person: Person, errors: Errors) -> str:
    return render_template("auth/new_password.html", person=person, errors=errors, rules=rules_in_force())
