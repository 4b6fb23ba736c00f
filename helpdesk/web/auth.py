"""Signing in and out, sessions, and the language of the pages."""

import secrets
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_login import LoginManager, current_user, login_user, logout_user
from werkzeug.wrappers import Response as Answer

from helpdesk import i18n
from helpdesk.desk import passwords, people
from helpdesk.desk import sign_in as doorkeeper
from helpdesk.outbound import links
from helpdesk.rules.access import Asker, Role
from helpdesk.schemas.people import ROLE_NAMES, SignInSchema
from helpdesk.store.organisation import find_organisation
from helpdesk.store.people import Person, find_person
from helpdesk.store.security import find_signed_in
from helpdesk.web.forms import load

bp = Blueprint("auth", __name__)
login_manager = LoginManager()

SEEN_EVERY = timedelta(minutes=1)  # how exact the idle time is: not every answer may set a cookie
DEVICE = "helpdesk_device"
# What is open to somebody whose password has expired.
BEFORE_NEW_PASSWORD = {"profile.password", "auth.sign_out", "auth.language", "static"}


class User:
    """A signed-in person as Flask-Login and templates see them, until their session epoch changes."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, person: Person, session_name: str) -> None:
        self.session_name = session_name
        self.person = person  # held, so that who reads it again in the same request asks no database
        self.id = person.id
        self.name = person.name
        self.initials = person.initials
        self.role: Role = Role(person.role)
        self.locale = person.locale
        self.zone = person.zone
        self.email = person.email
        self.epoch = person.session_epoch
        self.password_changed_at = person.password_changed_at
        self.asker: Asker = person.asker

    def get_id(self) -> str:
        """What the session bears: id, epoch (raising it signs out everywhere) and the session's own name."""
        return f"{self.id}.{self.epoch}.{self.session_name}"


def load_user(session_id: str) -> User | None:
    """The person of a session, or None if they left, or signed out here or everywhere."""
    person_id, _dot, rest = session_id.partition(".")
    epoch, _dot, name = rest.partition(".")
    person = find_signed_in(int(person_id), name) if person_id.isdigit() else None
    if person is None or not person.is_active or str(person.session_epoch) != epoch:
        return None
    return User(person, name)


def init_app(app: Flask) -> None:
    """Sets up sessions."""
    login_manager.init_app(app)
    login_manager.session_protection = None  # people move between networks; the epoch ends sessions
    login_manager.user_loader(load_user)
    app.before_request(_keep_session)


@bp.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Answer | str | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Asks for address and password; leads back to where somebody was sent here from."""
    onward = own_path(request.values.get("next")) or "/"
    if request.method == "GET":
        return redirect(onward) if current_user.is_authenticated else _sign_in_page(onward)
    data, errors = load(SignInSchema, request.form)
    if data is None:
        return _sign_in_page(onward, errors), 422
    try:
        person = doorkeeper.sign_in(
            data["email"], data["password"], now=g.now, address=address(), device=_known_device()
        )
    except doorkeeper.Throttled as fault:
        return _sign_in_page(onward, {"": [say_wait(fault.until)]}), 429, retry_after(fault.until)
    except doorkeeper.Refused:
        return _sign_in_page(onward, {"": [_("This address and password do not fit together.")]}), 422
    return enter(person, onward)


@bp.post("/sign-out")
def sign_out() -> Answer:
    """Ends this session."""
    if current_user.is_authenticated:
        leave()
    flash(_("You are signed out."))
    return redirect(url_for("auth.sign_in"), 303)


@bp.post("/language")
def language() -> Answer:
    """Another language for this browser, and for the letters of whoever is signed in."""
    wanted = request.form.get("locale", "")
    answer = redirect(own_path(request.form.get("next")) or "/", 303)
    if wanted in i18n.LOCALES:
        answer.set_cookie("language", wanted, max_age=timedelta(days=365), **_cookie_flags())
        if current_user.is_authenticated:
            people.choose_language(current_user.id, wanted)
    return answer


def enter(person: Person, onward: str) -> Answer:
    """Begins a session that holds nothing of what was there before, and sends on."""
    session.clear()
    login_user(User(person, secrets.token_urlsafe(12)))
    session["since"] = session["seen"] = g.now.timestamp()
    answer = redirect(onward, 303)
    known = _known_device()
    name = known[1] if known and known[0] == person.id else secrets.token_urlsafe(9)
    device = links.sign("device", {"p": person.id, "e": person.session_epoch, "d": name})
    answer.set_cookie(DEVICE, device, max_age=links.LASTS["device"], **_cookie_flags())
    return answer


def leave() -> None:
    """Ends this browser's session, also for copies of its cookie."""
    doorkeeper.sign_out(current_user.id, current_user.session_name, now=g.now, address=address())
    logout_user()
    session.clear()


def address() -> str:
    """The network address that asks."""
    return request.remote_addr or ""


def own_path(path: str | None) -> str | None:
    """The path if it leads to a page of ours, else None: links from elsewhere must not send people away."""
    if not path or not path.startswith("/") or path.startswith("//"):
        return None
    if "\\" in path or any(ord(c) <= 32 or ord(c) == 127 for c in path):  # browsers mend these into "//"
        return None
    parts = urlsplit(path)
    return None if parts.scheme or parts.netloc else path


def say_wait(until: datetime) -> str:
    """After too many tries: when to come again."""
    wait = i18n.say_duration(max(until - g.now, timedelta(minutes=1)))
    return _("Too many tries. Please wait %(wait)s, then try again.", wait=wait)


def retry_after(until: datetime) -> dict[str, str]:
    """The header that says the same to programs."""
    return {"Retry-After": str(max(1, int((until - g.now).total_seconds()) + 1))}


def _sign_in_page(onward: str, errors: dict[str, list[str]] | None = None) -> str:
    organisation = find_organisation()
    is_demo = current_app.config["SETTINGS"].demo
    demo = (organisation.options if organisation else {}).get("demo_accounts", []) if is_demo else []
    return render_template(
        "auth/sign_in.html", onward=onward, errors=errors or {}, demo_accounts=demo, role_names=ROLE_NAMES
    )


def _known_device() -> tuple[int, str] | None:
    """Person id and name of this browser, if that person signed in here before and has the same password."""
    try:
        device = links.read("device", request.cookies.get(DEVICE, ""))
    except links.BadLink:
        return None
    person = find_person(device["p"])
    if person is None or person.session_epoch != device["e"]:
        return None
    return device["p"], device["d"]


def _cookie_flags() -> dict[str, Any]:
    return {"httponly": True, "samesite": "Lax", "secure": current_app.config["SESSION_COOKIE_SECURE"]}


def _keep_session() -> Answer | None:
    """Ends sessions that are too old or were idle for too long; asks for a new password where it expired."""
    if request.endpoint == "static" or request.path.startswith("/api/") or not current_user.is_authenticated:
        return None
    rules = passwords.rules_in_force()
    now = g.now.timestamp()
    quiet, age = (timedelta(seconds=now - session.get(name, 0)) for name in ("seen", "since"))
    if age > doorkeeper.LONGEST_SESSION or (rules.idle_timeout is not None and quiet > rules.idle_timeout):
        leave()
        flash(_("You were signed out, because nothing happened here for a while. Please sign in again."))
        return redirect(url_for("auth.sign_in", next=own_path(request.full_path.rstrip("?"))), 303)
    if _is_somebody_there() and quiet > SEEN_EVERY:
        session["seen"] = now
    expired = rules.has_expired(current_user.password_changed_at, g.now)
    if expired and request.endpoint not in BEFORE_NEW_PASSWORD:
        return redirect(url_for("profile.password"), 303)
    return None


def _is_somebody_there() -> bool:
    """Pages that refresh themselves do not keep a session alive."""
    return request.method != "GET" or request.headers.get("Sec-Fetch-Dest") != "empty"
