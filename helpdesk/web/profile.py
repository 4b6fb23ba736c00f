"""What people change about themselves: profile, password, sessions, API tokens."""

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import people, sign_in, tokens
from helpdesk.desk.passwords import PasswordRefused, rules_in_force
from helpdesk.i18n import LOCALES
from helpdesk.schemas.people import (
    ROLE_NAMES,
    ChangePasswordSchema,
    ProfileSchema,
    TokenSchema,
    say_password_fault,
    zones,
)
from helpdesk.store.people import get_person
from helpdesk.store.security import list_tokens
from helpdesk.web.auth import address, enter, retry_after, say_wait
from helpdesk.web.forms import Errors, load
from helpdesk.web.frame import needs
from helpdesk.web.quiet import mode_options

bp = Blueprint("profile", __name__)
Page = Answer | str | tuple[str, int] | tuple[str, int, dict[str, str]]


@bp.route("/profile", methods=["GET", "POST"])
@needs("profile.edit")
def index() -> Page:
    """Name, phone, language, zone, and where letters go."""
    if request.method == "GET":
        return _page()
    data, errors = load(ProfileSchema, request.form)
    if data is None:
        return _page(errors), 422
    try:
        people.edit_profile(current_user.id, now=g.now, address=address(), **data)
    except LookupError:
        return _page({"primary_address": [_("Choose one of your addresses.")]}), 422
    flash(_("Your profile is saved."))
    answer = redirect(url_for("profile.index"), 303)
    answer.delete_cookie("language")  # what is chosen here counts from now on
    return answer


@bp.route("/profile/password", methods=["GET", "POST"])
@needs("profile.edit")
def password() -> Page:
    """Another password; every other session ends."""
    if request.method == "GET":
        return _password_page()
    data, errors = load(ChangePasswordSchema, request.form)
    if data is None:
        return _password_page(errors), 422
    try:
        sign_in.confirm_password(get_person(current_user.id), data["current"], now=g.now, address=address())
        if data["current"] == data["password"]:
            return _password_page({"password": [_("Choose another password than the one you have.")]}), 422
        person = people.set_password(current_user.id, data["password"], now=g.now, address=address())
    except sign_in.Throttled as fault:
        return _password_page({"current": [say_wait(fault.until)]}), 429, retry_after(fault.until)
    except sign_in.Refused:
        return _password_page({"current": [_("This is not the password that you have now.")]}), 422
    except PasswordRefused as fault:
        return _password_page({"password": [str(say_password_fault(fault.code, fault.rules))]}), 422
    flash(_("Your password is changed. Everywhere else you are signed out."))
    return enter(person, url_for("profile.index"))


@bp.post("/profile/sign-out-everywhere")
@needs("profile.edit")
def sign_out_everywhere() -> Answer:
    """Ends every session but this one."""
    person = people.sign_out_everywhere(current_user.id, now=g.now, address=address())
    flash(_("Everywhere else you are signed out."))
    return enter(person, url_for("profile.index"))


@bp.post("/profile/tokens")
@needs("profile.edit")
def add_token() -> Page:
    """A new API token, shown on this one answer."""
    data, errors = load(TokenSchema, request.form)
    if data is None:
        return _page(errors), 422
    token = tokens.add_token(
        current_user.id, data["name"], now=g.now, actor_id=current_user.id, address=address()
    )
    return _page(token=token)


@bp.post("/profile/tokens/<int:token_id>/revoke")
@needs("profile.edit")
def revoke_token(token_id: int) -> Answer:
    """Ends a token at once."""
    try:
        tokens.revoke_token(current_user.id, token_id, now=g.now, address=address())
    except LookupError:
        abort(404)
    flash(_("The token no longer works."))
    return redirect(url_for("profile.index"), 303)


def _page(errors: Errors | None = None, token: str | None = None) -> str:
    person = get_person(current_user.id)
    typed = request.form if errors and "token_name" not in errors else person
    return render_template(
        "auth/profile.html",
        person=person,
        typed=typed,
        errors=errors or {},
        role_names=ROLE_NAMES,
        address_options=[(each.email, each.email) for each in person.addresses],
        language_options=list(LOCALES.items()),
        zone_options=[(zone, zone) for zone in zones()],
        mode_options=mode_options(person),
        tokens=list_tokens(person.id),
        token=token,
    )


def _password_page(errors: Errors | None = None) -> str:
    rules = rules_in_force()
    return render_template(
        "auth/change_password.html",
        errors=errors or {},
        rules=rules,
        expired=rules.has_expired(current_user.password_changed_at, g.now),
    )
