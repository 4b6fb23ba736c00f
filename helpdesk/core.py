"""create_core: the application without its doors, small enough for every process that serves no pages."""

import os
from pathlib import Path

from flask import Flask
from flask_babel import Babel

from helpdesk import i18n
from helpdesk.config import Settings, load_settings
from helpdesk.store import db
from helpdesk.store.db import end_reading, engine_options

ROOT = Path(__file__).resolve().parent.parent


def create_core(settings: Settings) -> Flask:
    """The application for worker, clock, mail and commands: store, letters and languages, no page."""
    app = bare(settings)
    Babel(app)
    return app


def create_migrating(settings: Settings | None = None) -> Flask:
    """The same with Flask-Migrate, also for `flask --app helpdesk.core:create_migrating db migrate`."""
    from flask_migrate import Migrate  # ten megabytes that only migrating needs

    app = create_core(settings or load_settings(os.environ))
    Migrate(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    return app


def _end_reading(fault: BaseException | None) -> None:
    if fault is None:
        end_reading()


def bare(settings: Settings) -> Flask:
    """What every kind of application begins with; its languages are chosen by whoever goes on."""
    app = Flask("helpdesk", root_path=str(ROOT / "helpdesk"), template_folder=str(ROOT / "templates"))
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "helpdesk" / "translations"),
    )
    db.init_app(app)
    app.teardown_appcontext(_end_reading)
    app.jinja_env.filters.update(i18n.FILTERS)
    return app
