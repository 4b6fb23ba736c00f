"""A person's own calendar, on a server of the test's: what it says is in the rosters, and what goes wrong is
told and takes nothing back."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from helpdesk.desk import absence_feeds, absences
from helpdesk.desk.changes import By
from helpdesk.outbound import calendars
from helpdesk.outbound.calendars import Unfetched, Unusable
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.rosters import Absence, AbsenceFeed, Layer
from helpdesk.store.security import SecurityEvent
from tests.conftest import MONDAY_9, House, a_roster, read_anew
from tests.desk.test_absence_calendar import calendar
from tests.mail.test_starttls import write_certificate

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
EASTER = "DTSTART;VALUE=DATE:20260406\nDTEND;VALUE=DATE:20260408\nSUMMARY:Secret"
WHIT = "DTSTART;VALUE=DATE:20260525"


class Elsewhere:
    """A server of calendars: `says` is what it answers, `asked` the headers that came."""

    def __init__(self) -> None:
        self.says: bytes = b""
        self.status, self.etag, self.location = 200, "", ""
        self.asked: list[dict[str, str]] = []
        self.stopped = threading.Event()
        self.stopped.set()  # cleared: after the answer it sends a byte now and then, without an end
        here = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                here.asked.append(dict(self.headers))
                same = here.etag and self.headers.get("If-None-Match") == here.etag
                self.send_response(304 if same else here.status)
                if here.etag:
                    self.send_header("ETag", here.etag)
                if here.location:
                    self.send_header("Location", here.location)
                if here.stopped.is_set():
                    self.send_header("Content-Length", "0" if same else str(len(here.says)))
                self.end_headers()
                if not same:
                    self.wfile.write(here.says)
                with suppress(OSError):
                    while not here.stopped.wait(0.02):
                        self.wfile.write(b" ")

            def log_message(self, *_arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/secret.ics"


@pytest.fixture
def elsewhere(app: Flask) -> Iterator[Elsewhere]:
    app.config["CALENDARS_REACH_LOOPBACK"] = True
    found = Elsewhere()
    thread = threading.Thread(target=found.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield found
    found.stopped.set()
    found.server.shutdown()
    found.server.server_close()
    thread.join()
    del app.config["CALENDARS_REACH_LOOPBACK"]


@pytest.fixture
def feed(house: House, elsewhere: Elsewhere) -> AbsenceFeed:
    elsewhere.says = calendar(EASTER)
    return absence_feeds.set_feed(house.bo.id, elsewhere.url, By(MONDAY_9, house.bo.id))


def noted() -> list[tuple[str, str]]:
    read_anew()
    return [
        (f"{a.starts_at:%m-%d %H:%M}", f"{a.ends_at:%m-%d %H:%M}")
        for a in db.session.query(Absence).order_by(Absence.starts_at)
    ]


def fault() -> str:
    read_anew()
    return db.session.query(AbsenceFeed).one().fault


def test_what_the_calendar_says_is_noted_without_its_words(house: House, feed: AbsenceFeed) -> None:
    absence_feeds.read_due(MONDAY_9)
    assert noted() == [("04-05 22:00", "04-07 22:00")]
    assert db.session.query(Absence).one().reason == ""
    assert "127.0.0.1" not in feed.url, "sealed"
    assert "127.0.0.1" not in str([event.detail for event in db.session.query(SecurityEvent)])


def test_it_is_read_once_an_hour_and_only_anew_where_it_changed(
    house: House, feed: AbsenceFeed, elsewhere: Elsewhere
) -> None:
    elsewhere.etag = '"one"'
    for at in (MONDAY_9, MONDAY_9 + 59 * MINUTE, MONDAY_9 + HOUR, MONDAY_9 + 25 * HOUR):
        absence_feeds.read_due(at)
    assert ["If-None-Match" in headers for headers in elsewhere.asked] == [False, True, False], (
        "a day later whole"
    )
    assert len(noted()) == 1


def test_what_the_calendar_no_longer_says_is_taken_back_and_what_was_typed_stays(
    house: House, feed: AbsenceFeed, elsewhere: Elsewhere
) -> None:
    absences.add_absence(house.bo.id, MONDAY_9 + DAY, MONDAY_9 + 2 * DAY, now=MONDAY_9, actor_id=house.bo.id)
    absence_feeds.read_due(MONDAY_9)
    elsewhere.says = calendar("STATUS:CANCELLED\n" + EASTER, WHIT)
    absence_feeds.read_due(MONDAY_9 + HOUR)
    assert noted() == [("03-03 08:00", "03-04 08:00"), ("05-24 22:00", "05-25 22:00")]


def test_an_absence_that_has_begun_keeps_its_past(
    house: House, feed: AbsenceFeed, elsewhere: Elsewhere
) -> None:
    elsewhere.says = calendar("DTSTART:20260301T080000Z\nDTEND:20260304T080000Z")
    absence_feeds.read_due(MONDAY_9)
    assert noted() == [("03-02 08:00", "03-04 08:00")], "nothing is noted for what is past"
    elsewhere.says = calendar("DTSTART:20260301T080000Z\nDTEND:20260305T080000Z")
    absence_feeds.read_due(MONDAY_9 + HOUR)
    assert noted() == [("03-02 08:00", "03-05 08:00")]
    elsewhere.says = calendar("DTSTART:20260304T080000Z\nDTEND:20260305T080000Z")
    absence_feeds.read_due(MONDAY_9 + DAY)
    assert noted() == [("03-02 08:00", "03-03 08:00"), ("03-04 08:00", "03-05 08:00")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": 404}, "refused"),
        ({"says": b"<html>Please sign in</html>"}, "not_a_calendar"),
        ({"status": 302, "location": "/again"}, "moved"),
        ({"status": 302, "location": "ftp://example.org/x"}, "not_https"),
        ({"status": 302, "location": "https://[/x"}, "not_https"),
        ({"says": b"x" * (calendars.MOST + 1)}, "too_large"),
    ],
)
def test_a_calendar_that_fails_keeps_the_absences_and_says_so(
    house: House, feed: AbsenceFeed, elsewhere: Elsewhere, change: dict[str, Any], code: str
) -> None:
    absence_feeds.read_due(MONDAY_9)
    before = vars(elsewhere).copy()
    vars(elsewhere).update(change)
    absence_feeds.read_due(MONDAY_9 + HOUR)
    assert fault() == code
    assert len(noted()) == 1
    vars(elsewhere).update(before)
    absence_feeds.read_due(MONDAY_9 + 2 * HOUR)
    assert fault() == ""


@pytest.mark.parametrize("patience", [0.0, 0.2])
def test_a_server_that_never_comes_to_an_end_is_not_waited_for(
    app: Flask, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch, patience: float
) -> None:
    monkeypatch.setattr(calendars, "ALL_WITHIN", patience)
    elsewhere.stopped.clear()
    with pytest.raises(Unfetched) as error:
        calendars.fetch(elsewhere.url, "")
    elsewhere.stopped.set()
    assert error.value.code == "too_slow"


def test_a_handshake_that_never_comes_to_an_end_is_not_waited_for(
    app: Flask, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendars, "ALL_WITHIN", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        gone = threading.Event()

        def draw_out() -> None:
            connection, _address = server.accept()
            with connection, suppress(OSError):
                connection.sendall(b"\x16\x03\x03\x40\x00")  # a long record follows
                while not gone.wait(0.02):
                    connection.sendall(b"\x02")

        thread = threading.Thread(target=draw_out, daemon=True)
        thread.start()
        threading.Timer(2, gone.set).start()
        with pytest.raises(Unfetched) as error:
            calendars.fetch(f"https://127.0.0.1:{server.getsockname()[1]}/", "")
        assert not gone.is_set(), "we let go, not the server"
        gone.set()
        thread.join()
    assert error.value.code == "too_slow"


def test_certificates_are_looked_at(
    app: Flask, elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = write_certificate(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    elsewhere.server.socket = context.wrap_socket(elsewhere.server.socket, server_side=True)
    url = elsewhere.url.replace("http://127.0.0.1", "https://localhost")
    with pytest.raises(Unfetched) as error:
        calendars.fetch(url, "")
    assert error.value.code == "untrusted"
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    elsewhere.says = b"BEGIN:VCALENDAR"
    assert calendars.fetch(url, "").data == b"BEGIN:VCALENDAR"
    with pytest.raises(Unfetched) as error:
        calendars.fetch(url.replace("localhost", "127.0.0.1"), "")
    assert error.value.code == "untrusted", "another name than the certificate's"


def test_what_no_database_keeps_is_left_out_of_names(
    house: House, feed: AbsenceFeed, elsewhere: Elsewhere
) -> None:
    elsewhere.says = calendar(WHIT).replace(b"UID:0", b"UID:a\0b")
    elsewhere.etag = '"' + "x" * 5000 + '"'
    absence_feeds.read_due(MONDAY_9)
    assert (fault(), len(noted())) == ("", 1)
    assert db.session.query(AbsenceFeed).one().etag == ""


def test_nothing_of_this_house_is_asked(app: Flask) -> None:
    for url, code in (
        ("http://example.org/a.ics", "not_https"),
        ("ftp://example.org/a.ics", "not_https"),
        ("https://user:pass@example.org/a.ics", "not_https"),
        ("https://127.0.0.1/a.ics", "not_public"),
        ("https://[::1]/a.ics", "not_public"),
        ("https://10.0.0.5/a.ics", "not_public"),
        ("https://localhost/a.ics", "not_public"),
        ("https://intranet/a.ics", "not_public"),
        ("https://example.org/" + "a" * 2000, "too_long"),
    ):
        with pytest.raises(Unusable) as error:
            calendars.check(url)
        assert error.value.code == code, url
    assert calendars.check(" webcal://example.org/a.ics ") == "https://example.org/a.ics"


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::ffff:127.0.0.1]", "0x7f000001"])
def test_a_name_that_leads_to_this_machine_is_not_followed(app: Flask, name: str) -> None:
    with pytest.raises(Unfetched) as error:
        calendars.fetch(f"https://{name}/a.ics", "")
    assert error.value.code in ("not_public", "unreachable")


def test_whose_turns_change_by_a_calendar_hears_of_it(house: House, feed: AbsenceFeed) -> None:
    people = [house.bo.id, house.chen.id]
    layer = Layer(name="days", position=0, people=people, starts_at="2026-03-09T00:00", every=1, unit="weeks")
    db.session.add(a_roster("First line", layer))
    db.session.commit()
    absence_feeds.read_due(MONDAY_9)
    read_anew()
    told = db.session.query(Letter).filter_by(kind="turns_changed")
    assert {letter.to_address for letter in told} == {"bo@example.org", "chen@example.org"}


def test_a_calendar_that_is_taken_away_takes_its_time_to_come_along(house: House, feed: AbsenceFeed) -> None:
    absence_feeds.read_due(MONDAY_9)
    absence_feeds.remove_feed(house.bo.id, By(MONDAY_9 + HOUR, house.bo.id))
    assert noted() == []
    assert db.session.query(AbsenceFeed).count() == 0
    with pytest.raises(LookupError):
        absence_feeds.remove_feed(house.bo.id, By(MONDAY_9, house.bo.id))


def test_nobody_reads_the_calendar_of_who_has_left(
    house: House, feed: AbsenceFeed, elsewhere: Elsewhere
) -> None:
    house.bo.left_at = MONDAY_9
    db.session.commit()
    absence_feeds.read_due(MONDAY_9)
    assert elsewhere.asked == []
