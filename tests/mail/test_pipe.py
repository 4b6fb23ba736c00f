"""`helpdesk mail receive` as an MTA calls it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from helpdesk.store.mail import get_bytes
from tests.conftest import House
from tests.mail.peers import MIB, environ, large_mail, mail, receive_by_pipe, rows

pytestmark = pytest.mark.processes


def test_the_pipe_says_what_became_of_the_message(app: Flask, house: House) -> None:
    done = receive_by_pipe(app, mail(), "--sender", "ana@example.org", "--recipient", "desk@example.org")
    assert (done.returncode, done.stdout) == (0, b'{"outcome": "created", "ticket": "HD-1", "cause": null}\n')
    again = receive_by_pipe(app, mail())
    assert b'"duplicate", "ticket": "HD-1"' in again.stdout


def test_the_pipe_knows_every_recipient_and_each_way_to_write_the_null_path(app: Flask, house: House) -> None:
    two = ["desk@example.org", "desk+7-abcdef@example.org"]
    receive_by_pipe(app, mail(), *(f"--recipient={each}" for each in two))
    assert (rows()[0].sender, rows()[0].recipients) == (None, two)
    for number, null in enumerate(("", "<>", "MAILER-DAEMON"), 2):
        quiet = receive_by_pipe(app, mail(number=number), f"--sender={null}")
        assert b'"filed", "ticket": null, "cause": "null_return_path"' in quiet.stdout


def test_bytes_that_are_no_text_in_an_argument_are_no_reason_to_refuse(app: Flask, house: House) -> None:
    broken = os.fsdecode(b"--sender=an\xe4@example.org")
    command = [sys.executable, "-m", "helpdesk", "mail", "receive", broken]
    done = subprocess.run(command, input=mail(), env=environ(app), capture_output=True, check=False)
    assert (done.returncode, json.loads(done.stdout)["outcome"]) == (0, "created"), done.stderr


def test_the_pipe_asks_for_another_try_where_the_database_is_down(
    app: Flask, house: House, tmp_path: Path
) -> None:
    done = receive_by_pipe(app, mail(), HELPDESK_DATABASE_URL=f"sqlite:///{tmp_path}/no-tables.sqlite3")
    assert (done.returncode, done.stdout) == (75, b"")
    assert done.stderr.startswith(b"helpdesk: ")


def test_the_pipe_asks_for_another_try_where_a_setting_is_wrong_or_nobody_has_set_it_up(app: Flask) -> None:
    assert receive_by_pipe(app, mail(), HELPDESK_MAIL_MAX_BYTES="many").returncode == 75
    assert receive_by_pipe(app, mail()).returncode == 75
    assert rows() == []


def test_what_is_above_the_limit_is_kept_whole_and_quarantined(app: Flask, house: House) -> None:
    content = mail(b"x" * 70_000)
    done = receive_by_pipe(app, content, HELPDESK_MAIL_MAX_BYTES="65536")
    assert json.loads(done.stdout) == {"outcome": "quarantined", "ticket": None, "cause": "too_large"}
    assert get_bytes(rows()[0]) == content


def test_a_message_of_25_mib_takes_little_memory_in_the_pipe(app: Flask, house: House) -> None:
    """More than a small one takes, though it is kept and understood in the same process."""
    peaks = []
    for content in (mail(), large_mail(25 * MIB)):
        watched = (
            "import resource, sys; from helpdesk.cli import main\n"
            "code = main(['mail', 'receive', '--sender', 'ana@example.org'])\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); sys.exit(code)"
        )
        command = [sys.executable, "-c", watched]
        done = subprocess.run(command, input=content, env=environ(app), capture_output=True, check=True)
        outcome, peak = done.stdout.splitlines()
        assert json.loads(outcome)["outcome"] == "created"
        peaks.append(int(peak) * 1024)
    assert peaks[1] - peaks[0] < 150 * MIB
