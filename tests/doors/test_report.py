"""Reporting in the browser, with and without an account."""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from helpdesk import clock
from helpdesk.desk import attachments, organisation
from helpdesk.desk import tickets as desk
from helpdesk.desk.changes import By
from helpdesk.outbound import links
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.maintenance import Window, WindowService
from helpdesk.store.security import SignInAttempt
from helpdesk.store.tickets import Attachment, Ticket
from tests.conftest import MONDAY_9, Browser, House, read_anew

FAULT = {
    "kind": "fault",
    "subject": "ERP is down",
    "body": "Nobody can post",
    "works": "nothing",
    "affected": "everyone",
}


Browsers = Callable[[], Browser]


def shown() -> str:
    """The field of a form that was shown a minute ago: time enough to write."""
    return links.sign("form", {"at": (clock.now() - timedelta(minutes=1)).timestamp()})


@pytest.fixture
def client(browser: Browsers, house: House) -> Browser:
    return browser()


@pytest.fixture
def ana(browser: Browsers, house: House) -> Browser:
    return browser().known_as(house.ana)


@pytest.fixture
def csrf_on(app: Flask) -> Iterator[None]:
    app.config["WTF_CSRF_ENABLED"] = True
    yield
    app.config["WTF_CSRF_ENABLED"] = False


def tickets() -> list[Ticket]:
    read_anew()
    return list(db.session.query(Ticket).order_by(Ticket.id))


def test_a_fault_is_registered_and_its_reporter_reads_number_and_promise(ana: Browser, house: House) -> None:
    answer = ana.post("/report", data={**FAULT, "service_id": house.erp.id})
    (ticket,) = tickets()
    assert (answer.status_code, answer.location) == (303, f"/report/sent/{ticket.number}")
    assert (ticket.severity, ticket.reporter_id, ticket.door) == ("critical", house.ana.id, "web")
    page = ana.get(answer.location).text
    assert ticket.number in page
    assert "Someone answers by" in page
    assert "Berlin time" in page


def test_the_form_says_whom_to_call_if_it_cannot_wait(client: Browser, house: House) -> None:
    assert "If it cannot wait" not in client.get("/report").text
    organisation.change({"hotline": "030 1234"}, By(MONDAY_9, house.eli.id))
    assert "If it cannot wait, call 030 1234." in client.get("/report").text


def test_a_request_needs_no_answers_about_what_works(ana: Browser) -> None:
    answer = ana.post("/report", data={"kind": "request", "subject": "A second screen"})
    assert answer.status_code == 303
    (ticket,) = tickets()
    assert (ticket.kind, ticket.is_triaged) == ("request", True)


def test_what_was_typed_is_kept_and_the_field_says_what_to_do(ana: Browser) -> None:
    answer = ana.post("/report", data={"kind": "fault", "subject": "My <b>VPN</b>", "body": "drops"})
    assert answer.status_code == 422
    assert "My &lt;b&gt;VPN&lt;/b&gt;" in answer.text
    assert "Say what still works." in answer.text
    assert "Say who is affected." in answer.text
    assert tickets() == []


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("subject", "x" * 201, "Shorten this to 200 characters."),
        ("subject", "a\x00b", "cannot be kept"),
        ("body", "x" * 100_001, "Shorten this to 100000 characters."),
        ("works", "everything'; DROP TABLE ticket", "Say what still works."),
        ("service_id", "999999", "This service is gone."),
        ("service_id", "-1", "Choose a service from the list."),
        ("service_id", "9" * 40, "Choose a service from the list."),
        ("kind", "incident", "Say whether it is a fault, a request or a question."),
    ],
)
def test_hostile_input_is_answered_at_the_field_and_writes_nothing(
    ana: Browser, field: str, value: str, said: str
) -> None:
    answer = ana.post("/report", data={**FAULT, field: value})
    assert answer.status_code == 422
    assert said in answer.text
    assert tickets() == []


def test_a_body_larger_than_allowed_is_413(app: Flask, ana: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 5000)
    files = {"files": (io.BytesIO(b"x" * 5001), "big.bin")}
    assert ana.post("/report", data={**FAULT, **files}).status_code == 413
    assert tickets() == []


def test_a_post_without_the_forms_token_is_refused(ana: Browser, csrf_on: None) -> None:
    assert ana.post("/report", data=FAULT).status_code == 400
    assert tickets() == []


def test_the_preview_promises_for_the_answers_so_far_and_writes_nothing(
    client: Browser, house: House
) -> None:
    asked = {**FAULT, "service_id": house.erp.id}
    assert "Critical" in client.post("/report/promise", data=asked).text
    assert "day and night" in client.post("/report/promise", data=asked).text
    half = client.post("/report/promise", data={"kind": "fault", "works": "junk", "service_id": "junk"})
    assert half.status_code == 200
    assert "Someone answers by" in half.text
    assert tickets() == []


def test_somebody_without_an_account_gets_the_link_by_letter_alone(client: Browser) -> None:
    guest = {**FAULT, "name": "Gil", "email": "Gil@Example.org", "shown": shown()}
    answer = client.post("/report", data=guest)
    (ticket,) = tickets()
    assert (answer.status_code, answer.location) == (303, "/report/sent")
    page = client.get("/report/sent").text
    assert "Someone answers by" in page
    assert "Within " in page
    assert "Times are Berlin time" in page
    assert ticket.number not in page
    assert "/follow/" not in page
    letter = db.session.query(Letter).filter_by(ticket_id=ticket.id, kind="received").one()
    assert letter.to_address == "gil@example.org"
    assert "/follow/" in letter.text


def test_a_known_address_is_not_told_from_an_unknown_one(browser: Browsers, house: House) -> None:
    def send(email: str) -> tuple[int, str, str]:
        visitor = browser()
        answer = visitor.post("/report", data={**FAULT, "name": "X", "email": email, "shown": shown()})
        page = visitor.get("/report/sent").text
        return answer.status_code, answer.location, page[page.index("<h1>") :].replace(email, "")

    known, unknown = send("ana@example.org"), send("new@example.org")
    assert known == unknown
    db.session.refresh(house.ana)
    assert house.ana.name == "Ana"
    assert [t.reporter_id == house.ana.id for t in tickets()] == [True, False]


def test_a_trap_field_filled_in_makes_no_ticket_and_no_noise(client: Browser) -> None:
    trapped = {**FAULT, "name": "X", "email": "x@example.org", "shown": shown(), "website": "spam"}
    answer = client.post("/report", data=trapped)
    assert answer.location == "/report/sent"
    assert tickets() == []
    assert db.session.query(Letter).count() == 0


@pytest.mark.parametrize("name", ["Win at http://example.org", "WWW.example.org"])
def test_a_guests_name_is_no_advertisement(client: Browser, name: str) -> None:
    answer = client.post("/report", data={**FAULT, "name": name, "email": "kim@example.org"})
    assert answer.status_code == 422
    assert "without a link" in answer.text
    assert tickets() == []


def test_one_address_cannot_be_flooded(client: Browser) -> None:
    guest = {**FAULT, "name": "Gil", "email": "gil@example.org", "shown": shown()}
    codes = [client.post("/report", data=guest).status_code for _ in range(7)]
    assert codes == [303] * 5 + [429] * 2
    assert len(tickets()) == 5
    assert db.session.query(SignInAttempt).filter_by(bucket="guest:gil@example.org").count() == 5


def test_an_auditor_changes_nothing_and_has_no_report_page(browser: Browsers, house: House) -> None:
    fay = browser().known_as(house.fay)
    assert fay.get("/report").status_code == 404
    assert fay.post("/report", data=FAULT).status_code == 404
    assert tickets() == []


def fetch(client: Browser, path: str) -> TestResponse:
    """The answer with its body read and its file closed."""
    answer = client.get(path)
    answer.get_data()
    answer.close()
    return answer


PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def test_files_come_along_and_only_pictures_are_shown(ana: Browser) -> None:
    files = [
        (io.BytesIO(PNG), "..\\..\\shot.png"),
        (io.BytesIO(b"<script>alert(1)</script>"), "page.html"),
        (io.BytesIO(b"<svg onload=alert(1)>"), "fake.png"),
    ]
    ana.post("/report", data={**FAULT, "files": files})
    read_anew()
    found = list(db.session.query(Attachment).order_by(Attachment.id))
    assert [f.name for f in found] == ["shot.png", "page.html", "fake.png"]
    for each, shown in zip(found, (True, False, False), strict=True):
        answer = fetch(ana, f"/attachments/{each.id}/{each.name}")
        assert answer.status_code == 200
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["Content-Disposition"].startswith("inline" if shown else "attachment")
        assert answer.mimetype == ("image/png" if shown else "application/octet-stream")
    assert fetch(ana, f"/attachments/{found[0].id}/x").data == PNG


def test_a_file_is_hidden_from_another_reporter_and_a_notes_file_from_its_reporter(
    ana: Browser, browser: Browsers, house: House
) -> None:
    ana.post("/report", data={**FAULT, "files": [(io.BytesIO(PNG), "shot.png")]})
    (ticket,) = tickets()
    upload = attachments.Upload("secret.txt", io.BytesIO(b"secret"))
    desk.note(ticket.id, house.bo, "see file", files=[upload], now=datetime.now(UTC))
    public, internal = db.session.query(Attachment).order_by(Attachment.id)
    gil = house.person("Gil", house.ana.role)
    db.session.commit()
    other, bo = browser().known_as(gil), browser().known_as(house.bo)
    assert other.get(f"/attachments/{public.id}/shot.png").status_code == 404
    assert ana.get(f"/attachments/{internal.id}/secret.txt").status_code == 404
    assert fetch(bo, f"/attachments/{internal.id}/secret.txt").status_code == 200
    assert ana.get(f"/my/{ticket.number}/files/{internal.id}/secret.txt").status_code == 404


def test_announced_maintenance_is_said_on_the_form(client: Browser, house: House) -> None:
    now = clock.now()
    db.session.add(
        Window(
            state="running",
            covered=[WindowService(service_id=house.printing.id)],
            starts_at=now - timedelta(hours=1),
            ends_at=now + timedelta(hours=1),
            announced_at=now,
            reason="<i>New server</i>",
        )
    )
    db.session.commit()
    page = client.get("/report").text
    assert "Printing is under maintenance until" in page
    assert "&lt;i&gt;New server" in page
