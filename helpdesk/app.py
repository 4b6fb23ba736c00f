"""create_app: the whole building on one screen."""

from pathlib import Path

from flask import Flask
from flask_migrate import Migrate

from helpdesk import api
from helpdesk.config import Settings
from helpdesk.store import db
from helpdesk.store.db import engine_options
from helpdesk.web import (
    accounts,
    admin,
    alarms,
    auth,
    calls,
    confirm,
    figures,
    follow,
    frame,
    health,
    letters,
    maintenance,
    portal,
    profile,
    quarantine,
    queue,
    report,
    rosters,
    security,
    tickets,
    uploads,
)
from helpdesk.web.proxies import TrustedProxies

ROOT = Path(__file__).resolve().parent.parent
PAGES = (
    health,
    letters,
    quarantine,
    auth,
    alarms,
    accounts,
    profile,
    security,
    report,
    portal,
    follow,
    confirm,
    uploads,
    queue,
    calls,
    tickets,
    rosters,
    maintenance,
    figures,
    admin,
)


def create_app(settings: Settings) -> Flask:
    """The application for these settings; doors other than the web use its context for store and letters."""
    app = Flask("helpdesk", root_path=str(ROOT / "helpdesk"), template_folder=str(ROOT / "templates"))
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
        MAX_CONTENT_LENGTH=settings.upload_max_bytes,
        MAX_FORM_MEMORY_SIZE=2_000_000,
        SESSION_COOKIE_NAME="helpdesk",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https:"),
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form left open over lunch still works
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "helpdesk" / "translations"),
    )
    db.init_app(app)
    Migrate(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    health.init_app(app)
    frame.init_app(app)
    auth.init_app(app)
    api.init_app(app)
    for bp in api.BLUEPRINTS:
        frame.csrf.exempt(bp)  # a token in a header is nothing that a browser sends by itself
    for page in PAGES:
        app.register_blueprint(page.bp)
    app.wsgi_app = TrustedProxies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]
    return app
