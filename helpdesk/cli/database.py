"""`helpdesk db upgrade`: bring the database up to date."""

import argparse
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from helpdesk.config import CannotStart, load_settings

ANSWERS_WITHIN = 3  # seconds
MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"
_REVISION = re.compile(r'^(revision|down_revision) = "(\w+)"$', re.M)


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `db upgrade`."""
    database = subparsers.add_parser("db", description="The database.")
    commands = database.add_subparsers(required=True)
    upgrade = commands.add_parser("upgrade", description="Bring the database up to date.")
    upgrade.set_defaults(run=_upgrade)


def _upgrade(_args: argparse.Namespace) -> int:
    """Run the migrations that this database has not seen."""
    settings = load_settings(os.environ)
    if stored_revision(settings.database_url) == newest_revision():
        return 0  # without loading the application: the first page waits for us
    from alembic import command
    from alembic.util import CommandError

    from helpdesk.core import create_migrating

    app = create_migrating(settings)
    with app.app_context():
        try:
            command.upgrade(app.extensions["migrate"].migrate.get_config(), "head")
        except CommandError as error:
            raise CannotStart(
                f"HELPDESK_DATABASE_URL: the database cannot be brought up to date: {error}"
            ) from None
    return 0


def newest_revision() -> str | None:
    """The revision of the newest migration in the checkout; None where there is none."""
    revisions, before = set(), set()
    for path in MIGRATIONS.glob("*.py"):
        found = dict(_REVISION.findall(path.read_text(encoding="utf-8")))
        revisions.add(found["revision"])
        before.add(found.get("down_revision"))
    newest = revisions - before
    return newest.pop() if len(newest) == 1 else None


def stored_revision(url: str) -> str | None:
    """The revision of this database, None for a new one. CannotStart where it does not answer."""
    import psycopg

    ask = "SELECT version_num FROM alembic_version"
    try:
        if url.startswith("sqlite"):
            with closing(
                sqlite3.connect(url.removeprefix("sqlite:///"), timeout=ANSWERS_WITHIN)
            ) as connection:
                known = connection.execute(
                    "SELECT 1 FROM sqlite_master WHERE name='alembic_version'"
                ).fetchone()
                row = connection.execute(ask).fetchone() if known else None
        else:
            plain = url.replace("+psycopg", "", 1)
            with psycopg.connect(plain, connect_timeout=ANSWERS_WITHIN) as server:
                known = server.execute("SELECT to_regclass('alembic_version')").fetchone()
                row = server.execute(ask).fetchone() if known and known[0] else None
    except (sqlite3.Error, psycopg.Error) as error:
        reason = " ".join(str(error).split())
        raise CannotStart(f"HELPDESK_DATABASE_URL: the database does not answer: {reason}") from None
    return str(row[0]) if row else None
