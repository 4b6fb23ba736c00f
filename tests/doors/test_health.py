"""Health pages, metrics, forwarded addresses and fault pages, through real requests."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_network

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from helpdesk import clock
from helpdesk.desk import tickets
from helpdesk.desk.tickets import Report
from helpdesk.logs import JsonLines
from helpdesk.store import db
from helpdesk.store.mailboxes import Mailbox
from helpdesk.web.proxies import TrustedProxies
from tests.conftest import MONDAY_9, Browser, House


@contextmanager
def refusing_database() -> Iterator[None]:
    """Whatever is asked of the database fails as if it were gone."""

    def refuse(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    db.event.listen(db.engine, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        db.event.remove(db.engine, "before_cursor_execute", refuse)


def test_ready_while_database_and_queue_answer(app: Flask, house: House) -> None:
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json == {
        "ready": True,
        "database": "ok",
        "queue": "ok",
        "oldest_unfired_alarm_seconds": 0.0,
        "mail_troubles": 0,
    }


def test_an_alarm_long_past_due_shows_in_the_metrics(app: Flask, house: House) -> None:
    tickets.report(Report("Printer", "jam"), house.ana, now=MONDAY_9, door="web")
    assert app.test_client().get("/readyz").json["oldest_unfired_alarm_seconds"] > 3600
    text = app.test_client().get("/metrics").text
    found = re.search(r"^helpdesk_oldest_unfired_alarm_seconds (\S+)$", text, re.M)
    assert found is not None
    assert float(found[1]) > 3600
    assert "helpdesk_queue_up 1.0" in text
    assert "helpdesk_letters_written_total 1.0" in text  # the receipt
    assert "helpdesk_mail_taken_in_total 0.0" in text


def test_metrics_are_for_the_loopback_alone(app: Flask, house: House) -> None:
    client = app.test_client()
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 404
    # behind a proxy on this machine everybody seems to come from it
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 404


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        ("192.0.2.1", "198.51.100.9", "192.0.2.1"),  # a stranger's word does not count
        ("10.0.0.1", "198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "203.0.113.5, 198.51.100.9", "198.51.100.9"),  # the client's own claim stands left
        ("10.0.0.1", "198.51.100.9, 10.0.0.2", "198.51.100.9"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
    ],
)
def test_only_trusted_proxies_name_the_client(peer: str, forwarded: str, seen: str) -> None:
    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}
    TrustedProxies(lambda found, _start: [], (ip_network("10.0.0.0/8"),))(environ, lambda *_: None)
    assert environ["REMOTE_ADDR"] == seen


def test_an_unexpected_fault_bears_the_id_of_the_log(
    app: Flask, house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> str:
        raise RuntimeError("broken on purpose")

    monkeypatch.setitem(app.view_functions, "health.healthz", broken)
    with caplog.at_level(logging.ERROR):
        answer = app.test_client().get("/healthz")
    assert answer.status_code == 500
    fault_id = answer.headers["X-Request-Id"]
    assert fault_id in answer.text
    assert any(fault_id in record.getMessage() for record in caplog.records)


def test_a_dead_database_is_503_with_retry_after(app: Flask, house: House) -> None:
    db.session.remove()
    with app.app_context():
        db.session.execute(db.text("SELECT 1"))
        with refusing_database():
            client = app.test_client()
            page, ready = client.get("/report"), client.get("/readyz")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "10")
    assert ready.status_code == 503


def test_a_page_that_is_not_there_is_404_even_without_the_database(
    app: Flask, house: House, browser: Callable[[], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    stranger = browser()
    with refusing_database():
        missing = stranger.get("/no/such/page", headers={"Accept-Language": "en"})
        without_token = stranger.post("/report", data={"subject": "x"})
    assert (missing.status_code, without_token.status_code) == (404, 400)
    assert "There is nothing here" in missing.text


def test_the_line_of_a_request_says_how_long_it_took(
    app: Flask, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "helpdesk.web.frame"):
        app.test_client().get("/healthz")
    line = json.loads(JsonLines().format(caplog.records[-1]))
    assert line["message"] == "GET 200"
    assert 0 < line["milliseconds"] < 60_000


def test_logs_are_json_lines_without_what_was_not_named() -> None:
    record = logging.LogRecord("helpdesk", logging.INFO, __file__, 1, "said %s", ("so",), None)
    record.password = "secret"
    line = json.loads(JsonLines().format(record))
    assert line["message"] == "said so"
    assert "secret" not in json.dumps(line)


def test_a_mailbox_that_is_not_heard_shows_in_the_metrics_and_in_readiness(app: Flask, house: House) -> None:
    now = clock.now()
    kept = {"host": "imap.example.org", "port": 993, "user": "x", "sealed": "", "created_at": MONDAY_9}
    db.session.add_all(
        [
            Mailbox(
                name="Support",
                address="support@example.org",
                succeeded_at=now - timedelta(hours=2),
                fault="sign_in: no",
                refresh_expires_at=now + timedelta(days=2),
                **kept,
            ),
            Mailbox(name="Old", address="old@example.org", is_active=False, **kept),
        ]
    )
    db.session.commit()
    text = app.test_client().get("/metrics").text
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("helpdesk_mail"))
    assert float(values['helpdesk_mailbox_silent_seconds{mailbox="Support"}']) == pytest.approx(7200, abs=60)
    assert values['helpdesk_mailbox_faulty{mailbox="Support"}'] == "1.0"
    ends = float(values['helpdesk_mailbox_sign_in_ends_seconds{mailbox="Support"}'])
    assert ends == pytest.approx(2 * 86400, abs=60)
    assert values["helpdesk_mail_troubles"] == "2.0"
    assert "Old" not in text
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json["mail_troubles"]) == (200, 2)
