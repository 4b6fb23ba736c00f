"""What every page shares: who asks, language and zone, navigation, headers, faults."""

import logging
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import Babel, get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import AnonymousUserMixin, current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response as AnyResponse

from helpdesk import clock, i18n
from helpdesk.rules import access
from helpdesk.rules.lifecycle import NotAllowed
from helpdesk.store.news import News, count_news
from helpdesk.store.notices import RINGS_FOR
from helpdesk.store.organisation import find_organisation
from helpdesk.web import words
from helpdesk.web.brand import brand_context
from helpdesk.web.on_call import on_call_line

log = logging.getLogger(__name__)
csrf = CSRFProtect()
babel = Babel()
texts = i18n.Texts()
P = ParamSpec("P")
R = TypeVar("R")

# label, endpoint, action that shows it, group. What the asker may not do is not shown.
NAVIGATION = (
    (_l("Queue"), "queue.index", "queue.see", ""),
    (_l("Report"), "report.new", "ticket.report", ""),
    (_l("My reports"), "portal.my_tickets", "ticket.see_own", ""),
    (_l("On call"), "rosters.index", "roster.see", _l("Plan")),
    (_l("Maintenance"), "maintenance.index", "maintenance.see", _l("Plan")),
    (_l("Status page"), "status.index", "profile.edit", _l("Plan")),
    (_l("Figures"), "figures.index", "figures.see", _l("Review")),
    (_l("Letters"), "letters.index", "letters.see", _l("Review")),
    (_l("Watch"), "watch.index", "watch.see", _l("Review")),
    (_l("Mail set aside"), "quarantine.index", "mail.see", _l("Review")),
    (_l("Security log"), "security.index", "security.see", _l("Review")),
    (_l("Set-up"), "admin.index", "admin.see", _l("Review")),
)


def asker() -> access.Asker:
    """Who is at the door, for rules/access and the store's queries."""
    if current_user.is_authenticated:
        return current_user.asker
    return access.Asker(None, access.Role.REPORTER)


def may(action: str) -> bool:
    """Whether whoever is at the door may do it."""
    return access.may(asker(), action)


def needs(action: str) -> Callable[[Callable[P, R]], Callable[P, R | AnyResponse]]:
    """A view that only some may open: strangers are asked to sign in, for others it does not exist."""

    def decorate(view: Callable[P, R]) -> Callable[P, R | AnyResponse]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | AnyResponse:
            if not current_user.is_authenticated:
                back = request.full_path.rstrip("?") if request.method == "GET" else None
                return redirect(url_for("auth.sign_in", next=back))
            if not may(action):
                abort(404)
            return view(*args, **kwargs)

        guarded.needs = action  # type: ignore[attr-defined]  # tests/doors/test_every_door.py reads it
        return guarded

    return decorate


def viewer_zone() -> str:
    """The zone in which the viewer reads times: theirs, else the organisation's."""
    if "zone" not in g:
        organisation = g.organisation = find_organisation()  # held, so that nobody reads it twice
        own = current_user.zone if current_user.is_authenticated else None
        g.zone = own or (organisation.zone if organisation else "UTC")
    return g.zone


def choose_locale() -> str:
    """Asked for by link (kept in a cookie), else the person's, else the browser's."""
    wanted = request.cookies.get("language")
    if wanted in i18n.LOCALES:
        return wanted
    if current_user.is_authenticated and current_user.locale:
        return current_user.locale
    return i18n.negotiate(list(request.accept_languages.values()))


def navigation() -> list[dict[str, Any]]:
    """The rail's links for whoever is at the door; beside what waits for a person its number."""
    here = (request.endpoint or "").split(".")[0]
    if request.path.startswith("/figures/"):  # several blueprints, one place in the rail
        here = "figures"
    aside = news_of_page().aside if may("mail.see") else 0
    return [
        {
            "label": label,
            # The status page knows nobody: it is told the language.
            "url": url_for(endpoint, lang=str(get_locale()) if endpoint == "status.index" else None),
            "current": here == endpoint.split(".")[0],
            "group": str(group),
            "count": aside if aside and endpoint == "quarantine.index" else None,
            "hot": aside > 0 and endpoint == "quarantine.index",
            "go": "q" if endpoint == "queue.index" else None,
        }
        for label, endpoint, action, group in NAVIGATION
        if endpoint in current_app.view_functions and may(action)
    ]


def news_of_page() -> News:
    """What waits for whoever is at the door, asked once a page."""
    if "news" not in g:
        g.news = count_news(asker(), seen_at(), g.now)
    found: News = g.news
    return found


def seen_at() -> datetime:
    """Since when what the bell tells is new to whoever is signed in."""
    since: datetime = g.now - RINGS_FOR
    return max(current_user.person.bell_seen_at or since, since)


def _url_if_there(endpoint: str) -> str | None:
    return url_for(endpoint) if endpoint in current_app.view_functions else None


def init_app(app: Flask) -> None:
    """Sets up language, CSRF, page context, headers and fault pages."""
    csrf.init_app(app)
    babel.init_app(app, locale_selector=choose_locale, timezone_selector=viewer_zone)
    app.before_request(_begin)
    app.after_request(_finish)
    app.context_processor(_context)
    app.context_processor(brand_context)
    app.template_filter("end_of")(lambda to_at, from_at: i18n.say_end(to_at, from_at, viewer_zone()))
    app.template_filter("instant")(lambda at: i18n.say_instant(at, viewer_zone()) if at else "")
    app.template_filter("clock_time")(lambda at: i18n.say_time(at, viewer_zone()) if at else "")
    app.template_filter("promise_time")(
        lambda at: i18n.say_promise_time(at, viewer_zone(), g.now) if at else ""
    )
    app.register_error_handler(HTTPException, _http_fault)
    app.register_error_handler(CSRFError, _csrf_fault)
    app.register_error_handler(NotAllowed, _not_allowed)
    app.register_error_handler(OperationalError, _database_fault)
    app.register_error_handler(Exception, _unexpected_fault)


def _begin() -> None:
    g.now, g.began = clock.now(), time.perf_counter()
    texts.as_default()
    g.request_id = secrets.token_hex(8)
    if b"%00" in request.query_string or b"\0" in request.query_string:
        abort(400)  # no address of ours bears it, and PostgreSQL takes it in no comparison


def _navigation_of_page() -> list[dict[str, Any]]:
    if "navigation" not in g:
        g.navigation = navigation()
    found: list[dict[str, Any]] = g.navigation
    return found


def _links_of_page() -> list[dict[str, Any]]:
    if "user_links" not in g:
        g.user_links = _user_links()
    found: list[dict[str, Any]] = g.user_links
    return found


def _context() -> dict[str, Any]:
    locale, now = str(get_locale() or "en"), g.get("now") or clock.now()
    return {
        "may": may,
        # Made where a page is drawn, and once: a part of a page has neither.
        "navigation": LocalProxy(_navigation_of_page),
        "home_url": "/",
        "search_url": _url_if_there("search.index") if may("queue.see") else None,
        "sign_in_url": _url_if_there("auth.sign_in"),
        "sign_out_url": _url_if_there("auth.sign_out"),
        "language_url": _url_if_there("auth.language"),
        "user_links": LocalProxy(_links_of_page),
        "languages": [{"code": code, "label": label} for code, label in i18n.LOCALES.items()],
        "locale": locale,
        "html_lang": i18n.html_lang(locale),
        "viewer_zone": viewer_zone(),
        "now": now,
        "settings": current_app.config["SETTINGS"],
        "on_call": on_call_line(asker(), viewer_zone(), now) if may("roster.see") else None,
    }


def _user_links() -> list[dict[str, Any]]:
    """The user's own pages, in the menu."""
    if not current_user.is_authenticated:
        return []
    pages = [("profile.index", _("Your profile"))]
    if may("alarm.hear"):
        pages.append(("channels.own", _("How you are told")))
    if may("canned_answer.edit") and not may("admin.see"):
        pages.append(("admin.answers", _("Your team’s answers")))
    return [
        {"label": label, "url": url, "current": request.endpoint == endpoint}
        for endpoint, label in pages
        if (url := _url_if_there(endpoint))
    ]


CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)


def _finish(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CSP)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if not g.get("may_be_framed"):
        response.headers.setdefault("X-Frame-Options", "DENY")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "private, no-cache")
    if current_app.config["SETTINGS"].base_url.startswith("https:"):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    response.headers["X-Request-Id"] = g.get("request_id", "")
    took = round(1000 * (time.perf_counter() - g.began), 1) if "began" in g else None
    log.info("%s %s", request.method, response.status_code, extra={"milliseconds": took})
    return response


def _frameless() -> None:
    """Fault pages must not need what has just failed: they know no viewer and their own zone."""
    g._login_user = AnonymousUserMixin()
    g.zone = "UTC"


def _fault_page(name: str, fault: HTTPException) -> str:
    """In the viewer's language and zone, or without them where the database does not tell."""
    try:
        return render_template(f"errors/{name}.html", fault=fault)
    except OperationalError:
        _frameless()
        return render_template(f"errors/{name}.html", fault=fault)


def _http_fault(fault: HTTPException) -> AnyResponse | tuple[str, int] | HTTPException:
    code = fault.code or 500
    if code < 400:
        return fault
    known = code if code in (400, 404, 413, 429, 503) else (404 if code in (401, 403, 405, 410) else 400)
    return _fault_page(str(known), fault), code


def _not_allowed(refusal: NotAllowed) -> AnyResponse:
    """Somebody else was faster, or the page was old: say so, on the page as it now is."""
    flash(words.not_allowed(refusal), "error")
    came_from = urlsplit(request.referrer or "")
    back = "/" + came_from.path.lstrip("/\\") if came_from.netloc == request.host else "/"
    return redirect(back if request.method == "POST" else "/", 303)


def _csrf_fault(fault: CSRFError) -> tuple[str, int]:
    return _fault_page("400", fault), 400


def _database_fault(fault: OperationalError) -> tuple[str, int, dict[str, str]]:
    log.error("database unreachable: %s", fault.orig, extra={"request_id": g.get("request_id")})
    _frameless()
    return render_template("errors/503.html", fault_id=g.get("request_id")), 503, {"Retry-After": "10"}


def _unexpected_fault(fault: Exception) -> tuple[str, int]:
    log.exception("fault %s", g.get("request_id"), extra={"request_id": g.get("request_id")})
    _frameless()
    return render_template("errors/500.html", fault_id=g.get("request_id")), 500
