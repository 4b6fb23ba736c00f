"""`helpdesk user add` and `helpdesk token add`, as somebody types them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from helpdesk.app import create_app
from helpdesk.config import load_settings
from helpdesk.store import db
from helpdesk.store.organisation import get_organisation
from helpdesk.store.people import find_person_by_address

Command = Callable[..., subprocess.CompletedProcess[str]]
GOOD = "vier muntere Elche\n"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An installation with an empty, migrated database."""
    environ = {"HELPDESK_DATA": str(tmp_path / "data"), "HELPDESK_BASE_URL": "http://desk.example.org"}
    app = create_app(load_settings(environ))
    with app.app_context():
        db.create_all()
        db.engine.dispose()
    return environ


@pytest.fixture
def helpdesk(environ: dict[str, str]) -> Command:
    def run(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "helpdesk", *words],
            input=stdin,
            capture_output=True,
            text=True,
            env={**os.environ, **environ},
            check=False,
            timeout=60,
        )

    return run


def test_a_person_added_on_an_empty_database_can_report_at_once(
    environ: dict[str, str], helpdesk: Command
) -> None:
    words = ("user", "add", "Eli@example.org", "--role", "administrator", "--password-stdin")
    added = helpdesk(*words, stdin=GOOD)
    assert (added.returncode, added.stderr) == (0, "")
    assert helpdesk("user", "add", "bo@example.org", "--role", "lead", "--name", "Bo").returncode == 0
    token = helpdesk("token", "add", "eli@example.org")
    assert token.returncode == 0
    client = create_app(load_settings(environ)).test_client()
    answer = client.post(
        "/api/v1/tickets",
        json={"subject": "ERP is down"},
        headers={"Authorization": f"Bearer {token.stdout.strip()}"},
    )
    assert answer.status_code == 201
    with create_app(load_settings(environ)).app_context():
        bo = find_person_by_address("bo@example.org")
        assert bo is not None
        assert bo.asker.lead_of == {get_organisation().default_team_id}
        db.engine.dispose()


def test_adding_the_same_person_again_changes_nothing(helpdesk: Command) -> None:
    words = ("user", "add", "eli@example.org", "--role", "administrator", "--password-stdin")
    assert helpdesk(*words, stdin=GOOD).returncode == 0
    again = helpdesk(*words, stdin=GOOD)
    assert again.returncode == 0
    assert "nothing changed" in again.stdout
    other = helpdesk("user", "add", "eli@example.org", "--role", "agent")
    assert other.returncode == 1
    assert other.stderr == (
        "helpdesk: eli@example.org is there already, as administrator; change them on the people page\n"
    )


@pytest.mark.parametrize(
    ("words", "stdin", "said"),
    [
        (("user", "add", "eli", "--role", "agent"), "", "Check this mail address"),
        (
            ("user", "add", "eli@example.org", "--role", "agent", "--password-stdin"),
            "kurz\n",
            "helpdesk: password: Use at least 12 characters",
        ),
        (("token", "add", "nobody@example.org"), "", "nobody has the address"),
        (("user", "add", "eli@example.org", "--role", "king"), "", "invalid choice: 'king'"),
        (
            ("user", "add", "eli@example.org", "--role", "administrator", "--night", "roster"),
            "",
            "helpdesk: --night-reason: there is no roster yet",
        ),
    ],
)
def test_what_is_wrong_is_one_clear_line(
    helpdesk: Command, words: tuple[str, ...], stdin: str, said: str
) -> None:
    refused = helpdesk(*words, stdin=stdin)
    assert refused.returncode != 0
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_set_up_link_is_there_until_there_is_an_administrator(helpdesk: Command) -> None:
    assert "http://desk.example.org/setup/" in helpdesk("user", "setup-link").stdout
    helpdesk("user", "add", "eli@example.org", "--role", "administrator", "--password-stdin", stdin=GOOD)
    assert helpdesk("user", "setup-link").stdout == ""
