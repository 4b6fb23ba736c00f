"""The public status pages: no sign-in, nobody's words, the same for all, and there while the rest is away."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask

from helpdesk import clock
from helpdesk.desk import closing, tickets
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.maintenance import Window, WindowService
from helpdesk.store.services import Service
from helpdesk.web.kept import Kept
from tests.conftest import Browser, House

Browsers = Callable[[], Browser]
HOUR = timedelta(hours=1)


@pytest.fixture
def stranger(browser: Browsers, house: House) -> Browser:
    return browser()


def critical(house: House) -> Any:
    answers = {"works": Works.NOTHING, "affected": Affected.EVERYONE}
    command = tickets.Report("Ana's secret words", "nobody's business", service_id=house.erp.id, **answers)
    ticket = tickets.report(command, house.ana, now=clock.now() - 2 * HOUR, door="web")
    assert ticket.severity == "critical"
    return ticket


def window(house: House, **values: Any) -> Window:
    now = clock.now()
    found = Window(
        state="announced", starts_at=now + 5 * HOUR, ends_at=now + 8 * HOUR, announced_at=now - HOUR, **values
    )
    found.covered = [WindowService(service_id=house.erp.id)]
    db.session.add(found)
    db.session.commit()
    return found


def test_a_stranger_reads_how_each_service_is(stranger: Browser, house: House) -> None:
    page = stranger.get("/status")
    assert page.status_code == 200
    assert "No critical fault is known" in page.text
    assert "ERP" in page.text
    assert "Set-Cookie" not in page.headers
    assert page.headers["Cache-Control"].startswith("public, max-age=15")


def test_a_critical_fault_is_shown_without_the_reporter_s_words(
    app: Flask, stranger: Browser, house: House
) -> None:
    ticket = critical(house)
    page = stranger.get(f"/status/{house.erp.id}").text
    assert "Critical fault since" in page
    assert "secret words" not in page + stranger.get("/status/feed.atom").text
    assert ticket.number not in page
    closing.resolve(ticket.id, house.bo, "A full disk", "Restarted", now=clock.now())
    app.extensions["kept"].forget()
    page = stranger.get(f"/status/{house.erp.id}").text
    assert "Critical fault since" not in page
    assert "critical faults 2 h 00 min, maintenance none" in page


def test_what_is_not_for_everybody_is_not_there(stranger: Browser, house: House) -> None:
    hidden = [
        Service(name="Payroll", team_id=house.team.id, is_restricted=True),
        Service(name="Trials", team_id=house.team.id, is_on_status_page=False),
        Service(name="Fax", team_id=house.team.id, is_active=False),
    ]
    db.session.add_all(hidden)
    db.session.commit()
    page = stranger.get("/status").text
    for service in hidden:
        assert service.name not in page
        assert stranger.get(f"/status/{service.id}").status_code == 404
        assert stranger.get(f"/status/{service.id}/feed.atom").status_code == 404


def test_windows_that_were_announced_are_shown_and_called_off_ones_said_to_be(
    app: Flask, stranger: Browser, house: House
) -> None:
    coming = window(house, reason="New version", effect="read_only")
    draft = window(house, reason="Perhaps")
    draft.announced_at, draft.state = None, "draft"
    db.session.commit()
    page = stranger.get(f"/status/{house.erp.id}").text
    assert "Planned maintenance" in page
    assert "read only" in page
    assert "Perhaps" not in page
    coming.cancelled_at, coming.state = clock.now(), "cancelled"
    db.session.commit()
    app.extensions["kept"].forget()
    page = stranger.get(f"/status/{house.erp.id}").text
    assert "Called off" in page
    assert "Planned maintenance" not in page


def test_of_a_window_of_a_restricted_service_too_only_the_times_are_said(
    stranger: Browser, house: House
) -> None:
    secret = Service(name="Payroll", team_id=house.team.id, is_restricted=True)
    db.session.add(secret)
    found = window(house, reason="Payroll gets a new version", started_at=clock.now() - HOUR)
    found.covered.append(WindowService(service=secret))
    db.session.commit()
    pages = [stranger.get(address).text for address in _addresses(house.erp)]
    assert all("aintenance" in page and "Payroll" not in page for page in pages)


def _addresses(service: Service) -> list[str]:
    of_one = f"/status/{service.id}"
    return ["/status", "/status/feed.atom", of_one, f"{of_one}/feed.atom"]


def test_a_critical_fault_that_has_been_open_for_half_a_year_is_shown(
    stranger: Browser, house: House
) -> None:
    ticket = critical(house)
    ticket.reported_at = clock.now() - timedelta(days=180)
    db.session.commit()
    assert "Critical fault since" in stranger.get(f"/status/{house.erp.id}").text


def test_the_feed_is_atom_with_an_id_and_an_instant_for_each_piece_of_news(
    stranger: Browser, house: House
) -> None:
    coming = window(house, reason="A & B <new>")
    critical(house)
    answer = stranger.get(f"/status/{house.erp.id}/feed.atom")
    assert answer.mimetype == "application/atom+xml"
    atom = "{http://www.w3.org/2005/Atom}"
    feed = ElementTree.fromstring(answer.data)  # noqa: S314 - our own
    entries = feed.findall(f"{atom}entry")
    ids = [str(entry.findtext(f"{atom}id")) for entry in entries]
    assert len(set(ids)) == len(ids) == 2
    assert any(found.endswith(f"/status/window/{coming.id}") for found in ids)
    assert all(entry.findtext(f"{atom}updated") for entry in (feed, *entries))
    said = " ".join(str(entry.findtext(f"{atom}content")) for entry in entries)
    assert "A & B <new>" in said


def test_whoever_asks_first_nobody_s_own_page_is_kept(browser: Browsers, house: House) -> None:
    own = browser().known_as(house.bo)
    own.set_cookie("theme", "dark")
    first = own.get("/status", headers={"Accept-Language": "zh-TW"})
    assert house.bo.name not in first.text.replace("About", "")
    assert 'lang="zh-Hant"' in first.text
    assert 'lang="en"' in browser().get("/status", headers={"Accept-Language": "en"}).text
    assert 'lang="zh-Hans"' in browser().get("/status?lang=zh_Hans").text


def test_a_page_that_has_not_changed_is_not_sent_again(stranger: Browser, house: House) -> None:
    etag = stranger.get("/status").headers["ETag"]
    again = stranger.get("/status", headers={"If-None-Match": f'W/"x", {etag}'})
    assert (again.status_code, again.data) == (304, b"")
    assert stranger.head("/status").data == b""


def test_a_service_has_one_address(app: Flask, stranger: Browser, house: House) -> None:
    number = house.erp.id
    for other in (f"00{number}", chr(0x660 + number)):
        assert stranger.get(f"/status/{other}").status_code == 404
        assert stranger.get(f"/status/{other}/feed.atom").status_code == 404
    assert stranger.get(f"/status/{number}").status_code == 200
    assert len(app.extensions["kept"].copies) == 1


class Inside:
    """What stands behind Kept: counts how often it is asked, and answers as told."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = "200 OK"

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.asked.append(environ["PATH_INFO"] + "?" + environ.get("HTTP_COOKIE", ""))
        start_response(self.status, [("Content-Type", "text/html"), ("Set-Cookie", "session=1")])
        return [b"as it is"]


def ask(kept: Kept, path: str = "/status", **more: str) -> tuple[str, dict[str, str], bytes]:
    said: list[Any] = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "HTTP_COOKIE": "helpdesk=mine", **more}
    body = b"".join(kept(environ, lambda status, headers: said.extend([status, dict(headers)])))
    return said[0], said[1], body


def test_many_who_ask_at_once_are_answered_from_one_page() -> None:
    inside = Inside()
    kept = Kept(inside, "/status")
    answers = [ask(kept) for _ in range(50)]
    assert inside.asked == ["/status?"]  # and no cookie came through
    assert {(status, body) for status, _headers, body in answers} == {("200 OK", b"as it is")}
    assert all("Set-Cookie" not in headers for _status, headers, _body in answers)
    ask(kept, "/queue")
    assert inside.asked[1:] == ["/queue?helpdesk=mine"]


def test_while_the_database_is_away_the_last_page_is_shown() -> None:
    inside = Inside()
    kept = Kept(inside, "/status")
    ask(kept)
    for copy in kept.copies.values():
        copy.made_at -= HOUR
    inside.status = "503 Service Unavailable"
    assert ask(kept)[0] == "200 OK"
    assert len(inside.asked) == 2
    for copy in kept.copies.values():
        copy.made_at -= 12 * HOUR
    assert ask(kept)[0] == "503 Service Unavailable"


def test_what_is_not_there_is_not_kept() -> None:
    inside = Inside()
    inside.status = "404 Not Found"
    kept = Kept(inside, "/status")
    assert ask(kept, "/status/999")[0] == "404 Not Found"
    assert not kept.copies
