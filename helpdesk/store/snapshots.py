"""Copies of the whole database as of one moment, and putting one in place.

SQLite copies itself while others write; PostgreSQL is dumped with pg_dump and put back with pg_restore, which
must not be older than the server. The second place, beside db.py, where the two databases differ.
"""

import os
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url, text

from helpdesk.store.db import db


class SnapshotFault(Exception):
    """Why the database could not be copied or put back, in one line that says what to mend."""


# Where Debian keeps the programs of each version side by side.
DEBIAN_PROGRAMS = "/usr/lib/postgresql/{}/bin"


@dataclass(frozen=True)
class Snapshot:
    """A copy in `path`: `kind` sqlite or postgresql, rows per table, the schema's revision."""

    path: Path
    kind: str
    tables: dict[str, int]
    revision: str | None


def kind_of(url: str) -> str:
    """sqlite or postgresql."""
    return make_url(url).get_backend_name()


def require_kind(url: str, kind: str) -> None:
    """Raises SnapshotFault where a snapshot of that kind cannot go into this database."""
    if kind_of(url) != kind:
        raise SnapshotFault(f"the backup is of a {kind} database, HELPDESK_DATABASE_URL names another kind")


def take(url: str, folder: Path) -> Snapshot:
    """Copies the database into the folder. Readers and writers go on meanwhile."""
    path = folder / "database"
    if kind_of(url) == "sqlite":
        _copy_sqlite(_sqlite_path(url), path)
        return Snapshot(path, "sqlite", *_sqlite_facts(path))
    # Counted in the very snapshot that is dumped.
    with db.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        name = connection.scalar(text("SELECT pg_export_snapshot()"))
        tables = {
            table: connection.scalar(text(f'SELECT count(*) FROM "{table}"')) or 0
            for table in connection.scalars(
                text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1")
            ).all()
        }
        revision = (
            connection.scalar(text("SELECT version_num FROM alembic_version"))
            if "alembic_version" in tables
            else None
        )
        _run_pg("pg_dump", url, "--format=custom", "--no-owner", f"--snapshot={name}", f"--file={path}")
    return Snapshot(path, "postgresql", tables, revision)


def is_empty(url: str) -> bool:
    """Whether there is no person and no ticket in it (a new schema may be there)."""
    if kind_of(url) == "sqlite":
        path = _sqlite_path(url)
        tables = _sqlite_facts(path)[0] if path.exists() and path.stat().st_size else {}
        return not tables.get("person") and not tables.get("ticket")
    with db.engine.connect() as connection:
        known = set(
            connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"))
        )
        return not any(
            connection.scalar(text(f"SELECT count(*) FROM {table}"))
            for table in ("person", "ticket")
            if table in known
        )


def require_counts(url: str, path: Path, tables: dict[str, int]) -> None:
    """Raises SnapshotFault where an unpacked snapshot does not hold the rows that its manifest counts."""
    if kind_of(url) == "sqlite":
        with closing(sqlite3.connect(path)) as connection:
            fault = connection.execute("PRAGMA quick_check").fetchone()[0]
        if fault != "ok" or _sqlite_facts(path)[0] != tables:
            raise SnapshotFault("the database in the backup is not what the manifest says")
        return
    _program("pg_restore", url)


def put(url: str, path: Path, aside: Path) -> None:
    """Puts the snapshot in the database's place: SQLite's former file goes aside, PostgreSQL's tables are
    replaced in one transaction."""
    if kind_of(url) == "sqlite":
        db.engine.dispose()
        target = _sqlite_path(url)
        aside.mkdir(mode=0o700, exist_ok=True)
        for ending in ("", "-wal", "-shm"):
            old = target.with_name(target.name + ending)
            if old.exists():
                old.rename(aside / old.name)
        shutil.move(path, target)
        return
    db.session.remove()
    db.engine.dispose()
    _run_pg(
        "pg_restore",
        url,
        "--clean",
        "--if-exists",
        "--no-owner",
        "--single-transaction",
        "--exit-on-error",
        str(path),
    )


def _sqlite_path(url: str) -> Path:
    return Path(make_url(url).database or "")


def _copy_sqlite(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source, timeout=10)) as here, closing(sqlite3.connect(target)) as there:
        # All in one step: copied piece by piece it would begin anew with each foreign write.
        here.backup(there)
        there.execute("PRAGMA journal_mode=DELETE")
    target.chmod(0o600)


def _sqlite_facts(path: Path) -> tuple[dict[str, int], str | None]:
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).fetchall()
        tables = {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            for (name,) in names
            if not name.startswith("sqlite_")
        }
        revision = (
            connection.execute("SELECT version_num FROM alembic_version").fetchone()
            if tables.get("alembic_version")
            else None
        )
    return tables, revision[0] if revision else None


def _run_pg(program: str, url: str, *options: str) -> None:
    """Runs one of PostgreSQL's programs; the password goes by its environment, where nobody else reads it."""
    command = [_program(program, url), *options, f"--dbname={_without_password(url)}"]
    environ = {**os.environ, **({"PGPASSWORD": str(p)} if (p := make_url(url).password) else {})}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise SnapshotFault(f"{program} failed: {' '.join(done.stderr.split())[:500]}")


def _without_password(url: str) -> str:
    plain: URL = make_url(url).set(drivername="postgresql", password=None)
    # SQLAlchemy leaves the password as it is where None is given.
    return URL.create(
        "postgresql", plain.username, None, plain.host, plain.port, plain.database, plain.query
    ).render_as_string(hide_password=False)


def _program(program: str, url: str) -> str:
    """Where the program is, of the server's own version if there is one: a newer one writes and sets what
    an older server may not know. SnapshotFault where it is missing or older than the server."""
    with db.engine.connect() as connection:
        server = int(connection.scalar(text("SHOW server_version_num")) or 0) // 10000
    found = shutil.which(program, path=DEBIAN_PROGRAMS.format(server)) or shutil.which(program)
    if found is None:
        raise SnapshotFault(f"{program} is not on this machine; install PostgreSQL's client programs")
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    named = re.search(r"\d+", said)
    version = int(named[0]) if named else 0
    if version < server:
        raise SnapshotFault(
            f"{program} is of version {version}, the server of {server}; install {server} or newer"
        )
    return found
