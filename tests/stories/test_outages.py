"""A dead queue server is hardly noticed; while the database is away everybody is told to come again."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from helpdesk import clock
from helpdesk.desk import setup
from helpdesk.rules.access import Role
from helpdesk.store.escalations import Alarm
from tests import servers
from tests.stories.conftest import Desk
from tests.stories.killing import counted, each_ring_stands_in_one_letter, untold
from tests.stories.mailbox import MailServer
from tests.stories.service import PATIENCE, free_port, wait_until
from tests.stories.targets import shorten_targets

pytestmark = pytest.mark.processes


def open_house(desk: Desk) -> None:
    """Bo and the lead Chen answer; nobody is on call, so that Chen stands in."""
    assert desk.run("db", "upgrade").returncode == 0
    with desk.rows():
        for name, role in (("Bo", Role.AGENT), ("Chen", Role.LEAD)):
            house = setup.House("Example", "Europe/Berlin")
            setup.add_account(name, f"{name.lower()}@example.org", role, None, house, now=clock.now())
        shorten_targets()


def both_have_rung(desk: Desk) -> None:
    """The team, then who stands in for the person on call: for two tickets, and it is all in letters. (One
    that was being sent when the database went may leave only when its claim has run out.)"""
    with desk.rows():
        wait_until(lambda: counted(Alarm, "fired") == 4 and not untold())
        each_ring_stands_in_one_letter()


def ask(desk: Desk, path: str, token: str = "", body: Any = None) -> tuple[int, Message, str]:
    """Status, headers and text of an answer, whatever it is."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = json.dumps(body).encode() if body is not None else None
    asking = urllib.request.Request(f"{desk.url}{path}", data, headers)  # noqa: S310
    try:
        with urllib.request.urlopen(asking, timeout=PATIENCE) as answer:  # noqa: S310
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as fault:
        with fault:
            return fault.code, fault.headers, fault.read().decode()


def test_without_a_queue_server_the_clock_does_all_the_work(tmp_path: Path, mail: MailServer) -> None:
    desk = Desk(tmp_path, mail, HELPDESK_REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    open_house(desk)
    token = desk.run("token", "add", "bo@example.org").stdout.strip()
    try:
        desk.start()
        status, _headers, said = ask(desk, "/readyz")
        assert (status, json.loads(said)["queue"]) == (200, "unreachable: the clock does the work itself")
        report = {"subject": "By API", "body": "504", "works": "small_fault", "affected": "me"}
        status, _headers, said = ask(desk, "/api/v1/tickets", token, report)
        assert (status, json.loads(said)["number"]) == (201, "HD-1")
        desk.send_mail("Ana", "By mail", "It jams.")
        wait_until(lambda: mail.to("ana@example.org", "[HD-2]", "We have your report"))
        both_have_rung(desk)
    finally:
        desk.end()


class Postgres:
    """A server of this test's own, which it may stop and start."""

    def __init__(self) -> None:
        self.url = servers._embedded_postgres(())
        self.rows = Path(str(make_url(self.url).query["host"])) / "rows"

    def control(self, *words: str) -> None:
        account: dict[str, Any] = {}
        if self.rows.stat().st_uid == servers.NOBODY:
            account = {"user": servers.NOBODY, "group": servers.NOBODY, "extra_groups": []}
        program = servers.postgres_bin() / "pg_ctl"
        command = [program, "-s", "-w", "-D", self.rows, *words]
        subprocess.run(command, check=True, cwd=self.rows, stdout=subprocess.DEVNULL, **account)

    def stop(self) -> None:
        self.control("stop", "-m", "fast")

    def start(self) -> None:
        self.control("start", "-o", f"-h '' -k {self.rows.parent}")


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    if (server.rows / "postmaster.pid").exists():
        server.control("stop", "-m", "immediate")


def test_while_the_database_is_away_everybody_is_told_to_come_again(
    tmp_path: Path, mail: MailServer, postgres: Postgres
) -> None:
    desk = Desk(tmp_path, mail, HELPDESK_DATABASE_URL=servers.new_database(postgres.url))
    open_house(desk)
    try:
        desk.start()
        desk.send_mail("Ana", "Before", "It jams.", number=1)
        wait_until(lambda: mail.to("ana@example.org", "[HD-1]", "We have your report"))
        postgres.stop()
        for path in ("/", "/sign-in", "/report", "/queue", "/api/v1/tickets"):
            status, headers, _text = ask(desk, path, "token" if "api" in path else "")
            assert (status, headers["Retry-After"]) == (503, "10"), path
        assert ask(desk, "/healthz")[0] == 200
        assert ask(desk, "/readyz")[0] == 503
        refused = desk.deliver(desk.mail_of("Ana", "Meanwhile", "It still jams.", number=2))
        assert refused.startswith("(451, ")
        postgres.start()
        wait_until(lambda: ask(desk, "/readyz")[0] == 200)
        assert ask(desk, "/sign-in")[0] == 200
        desk.send_mail("Ana", "Meanwhile", "It still jams.", number=2)
        wait_until(lambda: mail.to("ana@example.org", "[HD-2]", "We have your report"))
        both_have_rung(desk)
    finally:
        desk.end()
