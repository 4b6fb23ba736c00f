"""`helpdesk up` and `helpdesk demo`: the whole service under one supervisor.

This process checks, prepares and then only watches: it imports no web framework and stays small.
"""

import argparse
import configparser
import fcntl
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from xmlrpc.client import Error as XmlRpcError
from xmlrpc.client import ServerProxy

from helpdesk.cli.processes import SUPERVISED, end_with_parent
from helpdesk.config import Address, CannotStart, Settings, load_settings

STOP_WITHIN = 4.6  # seconds, for everything; the supervisor's own waits below add up to less
PAGES_WITHIN = 60.0
CONTROL = "control.sock"
CONTROL_LOGIN = ("helpdesk", "helpdesk")  # the folder guards the socket; this only quiets a warning
UPGRADE = ("db", "upgrade")
# glibc else keeps memory apart for each thread, and for good what one password's hash took for a moment.
SMALL = {"MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD_": "131072"}
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PARTS = ("web", "background")


class _Stopped(BaseException):
    """We have been told to stop. No KeyboardInterrupt, for which subprocess would wait a little."""


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `up` and `demo`."""
    up = subparsers.add_parser("up", description="Start the whole service; Ctrl-C stops it.")
    up.set_defaults(run=lambda _args: _serve(load_settings(os.environ), [UPGRADE]))
    demo = subparsers.add_parser(
        "demo", description="Start it with an example organisation; Ctrl-C stops it."
    )
    demo.set_defaults(run=_demo)


def _demo(_args: argparse.Namespace) -> int:
    settings = load_settings({**os.environ, "HELPDESK_DEMO": "1"})
    return _serve(settings, [UPGRADE, ("seed", "--demo")])


def _serve(settings: Settings, preparations: Sequence[Sequence[str]]) -> int:
    """Check, run the commands that prepare the database, start everything and stay until told to stop.

    Each preparation is the words of a `helpdesk` command, run in a process of its own: it may import
    what it likes and leaves no memory behind.
    """
    environ = {**SMALL, **os.environ, **settings.as_environ(), "PYTHONUNBUFFERED": "1"}
    for told in STOP_SIGNALS:
        signal.signal(told, _told_to_stop)
    with suppress(_Stopped), _alone(settings):
        _require_free(_addresses(settings))
        for words in preparations:
            prepared = subprocess.run([sys.executable, "-m", "helpdesk", *words], env=environ, check=False)
            if prepared.returncode != 0:
                return prepared.returncode  # the command has said why
        with _log() as log:
            _supervise(settings, log, environ)
    return 0


def _told_to_stop(_signal: int, _frame: object) -> None:
    for further in STOP_SIGNALS:  # a second Ctrl-C changes nothing
        signal.signal(further, signal.SIG_IGN)
    raise _Stopped


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Hold the data folder; refuse where another service holds it."""
    with (settings.runtime / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(f"HELPDESK_DATA: the service already runs on {settings.data}") from None
        yield


def _addresses(settings: Settings) -> dict[str, Address]:
    """Where we are to listen, by the setting that says so."""
    found = {"HELPDESK_BIND": settings.bind, "HELPDESK_MAIL_BIND": settings.mail_bind}
    return found | ({"HELPDESK_LMTP_BIND": settings.lmtp_bind} if settings.lmtp_bind else {})


def _require_free(addresses: Mapping[str, Address]) -> None:
    """Refuse an address where we could not listen, before anything is started."""
    with ExitStack() as held:
        for setting, address in addresses.items():
            try:
                family, kind, protocol, _, place = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0]
                listener = held.enter_context(socket.socket(family, kind, protocol))
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(place)
                listener.listen()
            except OSError as error:
                raise CannotStart(f"{setting}: cannot listen on {address} ({error.strerror})") from None


def _supervise(settings: Settings, log: int, environ: Mapping[str, str]) -> None:
    """Keep a supervisor running until Ctrl-C or SIGTERM, then stop everything."""
    plan = _write_plan(settings)
    while True:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "-c", plan],
            env={**environ, SUPERVISED: "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us alone; we pass it on
            preexec_fn=end_with_parent,
        )
        try:
            _announce(settings, supervisor, environ)
            supervisor.wait()
        except _Stopped:
            _stop(settings, supervisor)
            raise
        # The kernel has told its children to go; the new ones wait for their ports.
        print("helpdesk: the supervisor ended and is started again", file=sys.stderr)
        time.sleep(1)


def _announce(settings: Settings, supervisor: "subprocess.Popen[bytes]", environ: Mapping[str, str]) -> None:
    """Say where the pages are once they answer, and how to set them up as long as nobody has."""
    give_up_at = time.monotonic() + PAGES_WITHIN
    while not _answers(settings.bind):
        if supervisor.poll() is not None:
            return
        if time.monotonic() > give_up_at:
            print(f"helpdesk: no page yet at {settings.base_url}; the log says why", file=sys.stderr)
            return
        time.sleep(0.05)
    print(f"Helpdesk is ready at {settings.base_url} (Ctrl-C stops it)", flush=True)
    # In a process of its own, as the preparations; it prints nothing once there is an administrator.
    subprocess.run([sys.executable, "-m", "helpdesk", "user", "setup-link"], env=environ, check=False)


def _answers(address: Address) -> bool:
    connection = HTTPConnection(*address, timeout=2)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True


def _stop(settings: Settings, supervisor: "subprocess.Popen[bytes]") -> None:
    """Stop everything, at once where the supervisor hears us: a signal it notices within a second only."""
    from supervisor.xmlrpc import SupervisorTransport

    transport: Any = SupervisorTransport(*CONTROL_LOGIN, f"unix://{settings.runtime / CONTROL}")
    try:
        ServerProxy("http://supervisor", transport).supervisor.shutdown()
    except (OSError, HTTPException, XmlRpcError):
        supervisor.terminate()
    try:
        supervisor.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()


@contextmanager
def _log() -> Iterator[int]:
    """A pipe whose other end goes to our own output: that may be a socket, which nobody can open again."""
    reader, writer = os.pipe()
    copying = threading.Thread(target=_copy, args=[reader], daemon=True)
    copying.start()
    try:
        yield writer
    finally:
        os.close(writer)
        copying.join(timeout=0.2)


def _copy(reader: int) -> None:
    """Copy to our own output, and go on reading should nobody listen there any more."""
    while chunk := os.read(reader, 65536):
        with suppress(OSError):
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()


def _write_plan(settings: Settings) -> Path:
    """The supervisor's configuration: which processes, in which order, and how they end."""
    plan = configparser.RawConfigParser()
    plan["supervisord"] = {
        "logfile": os.devnull,
        "loglevel": "warn",
        "pidfile": _literal(settings.runtime / "supervisord.pid"),
    }
    # Also lets `supervisorctl -s unix://...` say how the parts are.
    user, password = CONTROL_LOGIN
    control = _literal(settings.runtime / CONTROL)
    plan["unix_http_server"] = {"file": control, "chmod": "0700", "username": user, "password": password}
    plan["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
    }
    if os.getuid() == 0:
        plan["supervisord"]["user"] = "root"  # else it warns at each start; who runs us has chosen
    plan["group:helpdesk"] = {"programs": ",".join(PARTS), "priority": "2"}
    for part in PARTS:
        plan[f"program:{part}"] = _program(part, stop_within=3)
    if settings.has_embedded_queue:
        # A group of its own: first to start, last to stop.
        plan["program:queue"] = _program("queue", stop_within=1) | {"priority": "1"}
    path = settings.runtime / "supervisord.conf"
    with path.open("w") as file:
        plan.write(file)
    return path


def _program(part: str, *, stop_within: int) -> dict[str, str]:
    return {
        "command": f"{_literal(shlex.quote(sys.executable))} -m helpdesk {part}",
        "autorestart": "true",
        "startretries": str(10**9),
        "startsecs": "1",
        # They tell their own: told as a group, one would replace those that leave before it has heard.
        "stopasgroup": "false",
        "killasgroup": "true",
        "stopwaitsecs": str(stop_within),
        "redirect_stderr": "true",
        "stdout_logfile": "/dev/fd/1",
        "stdout_logfile_maxbytes": "0",
    }


def _literal(text: object) -> str:
    """Text in which the supervisor is to expand nothing."""
    return str(text).replace("%", "%%")
