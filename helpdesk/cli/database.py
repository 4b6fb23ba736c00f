"""`helpdesk db upgrade`: bring the database up to date."""

import argparse
import os
import sqlite3

from helpdesk.config import CannotStart, load_settings

ANSWERS_WITHIN = 3  # seconds


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `db upgrade`."""
    database = subparsers.add_parser("db", description="The database.")
    commands = database.add_subparsers(required=True)
    upgrade = commands.add_parser("upgrade", description="Bring the database up to date.")
    upgrade.set_defaults(run=_upgrade)


def _upgrade(_args: argparse.Namespace) -> int:
    """Run the migrations that this database has not seen."""
    settings = load_settings(os.environ)
    require_answer(settings.database_url)
    from alembic import command
    from alembic.util import CommandError

    from helpdesk.app import create_app

    app = create_app(settings)
    with app.app_context():
        try:
            command.upgrade(app.extensions["migrate"].migrate.get_config(), "head")
        except CommandError as error:
            raise CannotStart(
                f"HELPDESK_DATABASE_URL: the database cannot be brought up to date: {error}"
            ) from None
    return 0


def require_answer(url: str) -> None:
    """Raise CannotStart where the database at this address does not answer."""
    import psycopg

    try:
        if url.startswith("sqlite"):
            with sqlite3.connect(url.removeprefix("sqlite:///"), timeout=ANSWERS_WITHIN) as connection:
                connection.execute("PRAGMA schema_version")
            connection.close()
        else:
            psycopg.connect(url.replace("+psycopg", "", 1), connect_timeout=ANSWERS_WITHIN).close()
    except (sqlite3.Error, psycopg.Error) as error:
        reason = " ".join(str(error).split())
        raise CannotStart(f"HELPDESK_DATABASE_URL: the database does not answer: {reason}") from None
