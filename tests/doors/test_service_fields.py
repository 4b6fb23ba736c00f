"""What a service asks beyond what is asked of all: written by an administrator, answered by every door."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.desk import service_fields, tokens
from helpdesk.desk.changes import By
from helpdesk.rules.service_fields import FieldKind
from helpdesk.store import db
from helpdesk.store.security import SecurityEvent
from helpdesk.store.service_fields import ServiceField
from helpdesk.store.tickets import Attachment, Ticket
from tests.conftest import MONDAY_9, Browser, House, read_anew

Browsers = Callable[[], Browser]
FAULT = {"kind": "fault", "subject": "It jams", "works": "small_fault", "affected": "me"}
QUESTIONS: tuple[dict[str, Any], ...] = (
    {"label": "Which printer?", "kind": FieldKind.TEXT, "is_required": True},
    {"label": "Which floor?", "kind": FieldKind.CHOICE, "choices": ["Ground", "First"], "is_required": True},
    {"label": "Since which day?", "kind": FieldKind.DATE},
    {"label": "How many pages?", "kind": FieldKind.NUMBER},
    {"label": "The page it printed", "kind": FieldKind.FILE},
)


@pytest.fixture
def asked(house: House) -> dict[str, ServiceField]:
    """Printing's questions, by the kind of their answers."""
    always = {"hint": "", "choices": [], "is_required": False, "is_active": True}
    by = By(MONDAY_9, house.eli.id)
    return {
        each["kind"]: service_fields.add(house.printing.id, {**always, "position": place, **each}, by)
        for place, each in enumerate(QUESTIONS, 1)
    }


def answers(asked: dict[str, ServiceField], **given: str) -> dict[str, str]:
    """A form's fields for answers by kind."""
    return {f"field_{asked[kind].id}": answer for kind, answer in given.items()}


def the_ticket() -> Ticket:
    read_anew()
    return db.session.query(Ticket).one()


def test_the_form_asks_what_the_service_needs_and_only_that_service(
    house: House, browser: Browsers, asked: dict[str, ServiceField]
) -> None:
    ana = browser().known_as(house.ana)
    assert "Which printer?" in ana.get(f"/report?service_id={house.printing.id}").text
    assert "Which printer?" not in ana.get(f"/report?service_id={house.erp.id}").text
    shown = ana.post("/report", data={"do": "questions", "service_id": house.printing.id, "body": "So loud"})
    assert shown.status_code == 200
    assert "Which printer?" in shown.text
    assert "So loud" in shown.text
    part = ana.post("/report/about-service", data={"service_id": house.printing.id}).text
    assert "Which printer?" in part
    assert "<html" not in part


def test_answers_stand_on_the_ticket_for_its_reporter_and_for_the_desk(
    house: House, browser: Browsers, asked: dict[str, ServiceField]
) -> None:
    given = answers(asked, text="Big <one>", choice="First", date="2026-03-01", number="1,5")
    files = {f"field_{asked['file'].id}": (io.BytesIO(b"jam"), "..\\page.txt")}
    ana = browser().known_as(house.ana)
    sent = ana.post("/report", data={**FAULT, "service_id": house.printing.id, **given, **files})
    assert sent.status_code == 303, sent.text
    ticket = the_ticket()
    by_kind = {kind: ticket.fields.get(str(field.id)) for kind, field in asked.items()}
    assert by_kind == {
        "text": "Big <one>",
        "choice": "First",
        "date": "2026-03-01",
        "number": "1.5",
        "file": "page.txt",
    }
    assert [each.name for each in db.session.query(Attachment)] == ["page.txt"]
    for who, path in ((house.ana, f"/my/{ticket.number}"), (house.bo, f"/tickets/{ticket.number}")):
        page = browser().known_as(who).get(path).text
        assert "Which floor?" in page
        assert "Big &lt;one&gt;" in page
        assert "1 Mar 2026" in page


@pytest.mark.parametrize(
    ("kind", "answer", "said"),
    [
        ("text", "", "Please answer this: Which printer?"),
        ("text", "x" * 501, "Shorten this to 500 characters."),
        ("choice", "", "Please answer this: Which floor?"),
        ("choice", "Roof", "Please answer this: Which floor?"),
        ("date", "tomorrow", "Enter a day"),
        ("date", "2026-02-30", "Enter a day"),
        ("number", "many", "Enter a number in figures"),
        ("number", "1e999999999", "Enter a number in figures"),
        ("number", "9" * 400, "Enter a number in figures"),
    ],
)
def test_a_wrong_answer_is_said_at_its_question_and_nothing_is_written(
    house: House, browser: Browsers, asked: dict[str, ServiceField], kind: str, answer: str, said: str
) -> None:
    given = answers(asked, text="Big one", choice="First") | answers(asked, **{kind: answer})
    sent = (
        browser()
        .known_as(house.ana)
        .post("/report", data={**FAULT, "service_id": house.printing.id, **given})
    )
    assert sent.status_code == 422
    assert said in sent.text
    assert 'value="Big one"' in sent.text or kind == "text"
    assert db.session.query(Ticket).count() == 0


def test_on_the_phone_the_desk_may_leave_questions_open(
    house: House, browser: Browsers, asked: dict[str, ServiceField]
) -> None:
    bo = browser().known_as(house.bo)
    call = {**FAULT, "who": "Ana", "person_id": house.ana.id, "service_id": house.printing.id}
    shown = bo.post("/queue/log/about-service", data=call).text
    assert "Which printer?" in shown
    assert "required" not in shown
    assert bo.post("/queue/log", data={**call, **answers(asked, number="x")}).status_code == 422
    assert bo.post("/queue/log", data={**call, **answers(asked, choice="Ground")}).status_code == 303
    assert the_ticket().fields == {str(asked["choice"].id): "Ground"}


def test_a_program_answers_by_the_questions_ids(
    house: House, browser: Browsers, asked: dict[str, ServiceField]
) -> None:
    headers = {"Authorization": f"Bearer {tokens.add_token(house.ana.id, 'test', now=MONDAY_9)}"}
    report = {"subject": "It jams", "service_id": house.printing.id}

    def send(**fields: Any) -> Any:
        return browser().post("/api/v1/tickets", headers=headers, json={**report, "fields": fields})

    number, file = asked["number"].id, asked["file"].id
    for wrong in ({"999": "x"}, {str(number): "many"}, {str(number): [1]}, {str(file): "page.txt"}):
        refused = send(**wrong)
        assert refused.status_code == 422, wrong
        assert list(refused.json["errors"]) == [f"fields.{next(iter(wrong))}"]
    made = send(**{str(number): 12})
    assert made.status_code == 201
    assert made.json["fields"] == {str(number): "12"}


def test_an_administrator_adds_changes_and_retires_a_question(
    house: House, browser: Browsers, asked: dict[str, ServiceField]
) -> None:
    eli = browser().known_as(house.eli)
    here = f"/admin/services/{house.printing.id}/questions"
    new = {"label": "Colour?", "kind": "choice", "choices": "Yes\n\nNo\nYes", "position": 9, "is_active": "1"}
    assert eli.post(f"{here}/new", data={**new, "choices": "Yes"}).status_code == 422
    assert eli.post(f"{here}/new", data=new).status_code == 303
    read_anew()
    field = db.session.query(ServiceField).filter_by(label="Colour?").one()
    assert field.choices == ["Yes", "No"]
    assert "Colour?" in eli.get(here).text
    page = eli.get(f"/admin/services/questions/{field.id}").text
    marker = page.partition('name="marker" value="')[2].partition('"')[0]
    retired = {**new, "marker": marker, "kind": "text"} | {"is_active": ""}
    assert eli.post(f"/admin/services/questions/{field.id}", data=retired).status_code == 303
    read_anew()
    db.session.refresh(field)
    assert (field.kind, field.is_active) == ("choice", False)
    assert "Colour?" not in eli.get(f"/report?service_id={house.printing.id}").text
    logged = [each.subject for each in db.session.query(SecurityEvent) if "Colour?" in each.subject]
    assert logged == ["service:Printing:Colour?"] * 2
    assert browser().known_as(house.chen).get(here).status_code == 404
