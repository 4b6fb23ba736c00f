"""`helpdesk up` with real processes: it starts, mends itself, ends cleanly, says what is wrong.

How quickly it starts and stops is measured by benchmarks/start.py: no test passes or fails by the clock.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests import servers
from tests.stories.service import PARTS, PATIENCE, ROOT, Service, service, wait_until

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc to see what runs"),
]


@pytest.fixture(scope="module")
def running_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(tmp_path_factory.mktemp("up")) as made:
        wait_until(made.all_parts_run)
        yield made


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_dies_is_started_again(running_service: Service, name: str) -> None:
    killed = running_service.part(name)
    assert killed
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: running_service.part(name) not in (None, killed))
    wait_until(running_service.all_parts_run)
    wait_until(running_service.answers)


def test_the_supervisor_itself_is_started_again(running_service: Service) -> None:
    killed, orphans = running_service.supervisor(), set(running_service.running())
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: running_service.supervisor() != killed and running_service.all_parts_run())
    wait_until(running_service.answers)
    wait_until(lambda: set(running_service.running()) & orphans == {running_service.up.pid})


def test_two_services_never_share_a_data_folder(running_service: Service) -> None:
    refused = running_service.run("up")
    assert refused.returncode == 2
    assert refused.stderr == (
        f"helpdesk: HELPDESK_DATA: the service already runs on {running_service.data}\n"
    )


def test_it_says_where_its_pages_are(running_service: Service) -> None:
    wait_until(lambda: f"Helpdesk is ready at {running_service.url}" in running_service.log.read_text())


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_leaves_no_process_behind(tmp_path: Path, told: signal.Signals) -> None:
    with service(tmp_path) as made:
        wait_until(made.all_parts_run)
        made.stop(told)
        assert made.running() == {}
        assert made.up.returncode == 0


def test_killed_outright_it_leaves_no_process_behind(tmp_path: Path) -> None:
    with service(tmp_path) as made:
        wait_until(made.all_parts_run)
        made.stop(signal.SIGKILL)
        wait_until(lambda: made.running() == {})


def test_it_runs_on_postgresql(tmp_path: Path) -> None:
    url = servers.new_database(servers.postgres_url())
    with service(tmp_path, HELPDESK_DATABASE_URL=url) as made:
        wait_until(made.all_parts_run)
        assert not (made.data / "helpdesk.sqlite3").exists()
        made.stop(signal.SIGTERM)
        assert made.running() == {}
    servers.drop_database(url)


@pytest.mark.parametrize("setting", ["HELPDESK_BIND", "HELPDESK_MAIL_BIND", "HELPDESK_LMTP_BIND"])
def test_a_taken_port_is_one_line(tmp_path: Path, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        refused = Service(tmp_path).run("up", **{setting: address})
    assert refused.returncode == 2
    assert refused.stderr == f"helpdesk: {setting}: cannot listen on {address} (Address already in use)\n"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("HELPDESK_DATA", "/proc/version/data"),  # below a file, so that not even root may
        ("HELPDESK_DATABASE_URL", "postgresql://desk@127.0.0.1:1/desk"),
        ("HELPDESK_DATABASE_URL", "sqlite:////proc/version/desk.sqlite3"),
        ("HELPDESK_WORKERS", "none"),
        ("HELPDESK_CONFIG", "/proc/version/helpdesk.env"),
    ],
)
def test_what_keeps_it_from_starting_is_one_line(tmp_path: Path, setting: str, value: str) -> None:
    refused = Service(tmp_path).run("up", **{setting: value})
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"helpdesk: {setting}: ")
    assert refused.stderr.count("\n") == 1
    assert refused.stdout == ""


def test_an_unreadable_queue_file_is_set_aside(tmp_path: Path) -> None:
    made = Service(tmp_path)
    kept = made.data / "queue" / "appendonlydir"
    for content in (b"", b"$3\r\nnot a queue\r\n"):
        if content:
            next(kept.glob("*.incr.aof")).write_bytes(content)
        queue = subprocess.Popen(
            [sys.executable, "-m", "helpdesk", "queue"], env=made.environ, cwd=ROOT, stdout=subprocess.DEVNULL
        )
        with redis.Redis(unix_socket_path=str(made.data / "run" / "valkey.sock")) as connection:
            wait_until(lambda connection=connection: is_up(connection))
            assert connection.dbsize() == 0
            connection.set("job", 1)
        queue.terminate()
        assert queue.wait(PATIENCE) == 0
    assert len(list(kept.parent.glob("unreadable-*"))) == 1


def is_up(connection: "redis.Redis") -> bool:
    try:
        return bool(connection.ping())
    except redis.RedisError:
        return False
