"""create_app: the whole building on one screen."""

from flask import Flask
from flask_compress import Compress
from werkzeug.routing import IntegerConverter, Map

from helpdesk import api
from helpdesk.config import Settings
from helpdesk.core import bare
from helpdesk.web import (
    accounts,
    admin,
    alarms,
    auth,
    bell,
    brand,
    breaches,
    bulk,
    calls,
    canned_answers,
    channels,
    charts,
    colleagues,
    confirm,
    drafts,
    emergencies,
    excuses,
    exports,
    figures,
    follow,
    follow_ups,
    followers,
    formatted,
    frame,
    games,
    goals,
    health,
    kpis,
    letters,
    links,
    maintenance,
    open_feeds,
    operations,
    outages,
    portal,
    presence,
    previews,
    profile,
    promises,
    quarantine,
    queue,
    quiet,
    report,
    rosters,
    schedules,
    search,
    security,
    status,
    tickets,
    uploads,
    watch,
    windows,
)
from helpdesk.web.figures_pages import figures_tabs
from helpdesk.web.kept import Kept
from helpdesk.web.proxies import TrustedProxies

PAGES = (
    health,
    brand,
    letters,
    quarantine,
    auth,
    alarms,
    accounts,
    profile,
    quiet,
    channels,
    bell,
    security,
    report,
    promises,
    portal,
    colleagues,
    follow,
    follow_ups,
    confirm,
    uploads,
    formatted,
    queue,
    search,
    calls,
    outages,
    tickets,
    bulk,
    drafts,
    presence,
    canned_answers,
    followers,
    links,
    excuses,
    rosters,
    open_feeds,
    previews,
    maintenance,
    windows,
    emergencies,
    figures,
    operations,
    games,
    breaches,
    goals,
    exports,
    schedules,
    kpis,
    watch,
    admin,
    status,
)


class Id(IntegerConverter):
    """An id in an address; what no database can hold is no address of ours."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=2**31 - 1)


def create_app(settings: Settings) -> Flask:
    """The application that serves the pages; parts that serve none are content with helpdesk.core."""
    app = bare(settings)
    app.config.update(
        MAX_CONTENT_LENGTH=settings.upload_max_bytes,
        MAX_FORM_MEMORY_SIZE=2_000_000,
        SESSION_COOKIE_NAME="helpdesk",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https:"),
        # What is uploaded goes out as it is: it may be asked for in parts.
        COMPRESS_MIMETYPES=["text/html", "text/css", "text/javascript", "image/svg+xml", "application/json"],
        # A page is made anew for each who asks: less than half the work, for a tenth more bytes.
        COMPRESS_BR_LEVEL=2,
        COMPRESS_LEVEL=3,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form left open over lunch still works
    )
    app.url_map.converters["int"] = Id
    health.init_app(app)
    frame.init_app(app)
    auth.init_app(app)
    charts.init_app(app)
    app.add_template_global(figures_tabs)
    api.init_app(app)
    for bp in api.BLUEPRINTS:
        frame.csrf.exempt(bp)  # a token in a header is nothing that a browser sends by itself
    for page in PAGES:
        app.register_blueprint(page.bp)
    Compress(app)
    app.extensions["kept"] = kept = Kept(app.wsgi_app, "/status")
    app.wsgi_app = TrustedProxies(kept, settings.trusted_proxies)  # type: ignore[method-assign]
    return app
