"""The API: tokens, rights, shapes, faults."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from helpdesk import clock
from helpdesk.desk import closing, people, recompute, tickets, tokens, triage, waiting
from helpdesk.desk.tickets import Report
from helpdesk.rules.severity import Severity
from helpdesk.rules.sla_scenario import explain_scenario
from helpdesk.store import db
from helpdesk.store.security import SignInAttempt
from helpdesk.store.services import Service
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Ticket
from tests.conftest import MONDAY_9, Browser, House, announced, read_anew

TOMORROW = (clock.now() + timedelta(days=1)).isoformat()

Browsers = Callable[[], Browser]
PEOPLE = ("ana", "bo", "chen", "dee", "eli", "fay")


class Program:
    """A program with somebody's token."""

    def __init__(self, browser: Browser, token: str) -> None:
        self.browser = browser
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> Any:
        return self.browser.get(f"/api/v1{path}", headers=self.headers)

    def post(self, path: str, **body: Any) -> Any:
        return self.browser.post(f"/api/v1{path}", headers=self.headers, json=body)


@pytest.fixture
def program(house: House, browser: Browsers) -> Callable[[str], Program]:
    def of(name: str) -> Program:
        return Program(browser(), tokens.add_token(getattr(house, name).id, "test", now=MONDAY_9))

    return of


@pytest.fixture
def ticket(house: House) -> Ticket:
    """Ana's, about the ERP."""
    return tickets.report(
        Report("ERP is slow", "since ten", service_id=house.erp.id),
        house.ana,
        now=clock.now() - timedelta(minutes=5),
        door="web",
    )


def test_without_a_token_there_is_a_problem_to_read(house: House, browser: Browsers) -> None:
    answer = browser().get("/api/v1/tickets")
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json["title"] == "Unauthorized"


def test_a_browsers_session_does_not_open_the_api(house: House, browser: Browsers) -> None:
    people.set_password(house.bo.id, "vier muntere Elche", now=MONDAY_9)
    client = browser()
    client.post("/sign-in", data={"email": "bo@example.org", "password": "vier muntere Elche"})
    assert client.get("/profile").status_code == 200
    assert client.get("/api/v1/tickets").status_code == 401


def test_a_revoked_token_and_one_of_a_leaver_no_longer_work(
    house: House, program: Callable[[str], Program]
) -> None:
    bo, chen = program("bo"), program("chen")
    assert bo.get("/tickets").status_code == 200
    tokens.revoke_token(house.bo.id, 1, now=MONDAY_9)
    house.chen.left_at = MONDAY_9
    db.session.commit()
    assert bo.get("/tickets").status_code == 401
    assert chen.get("/tickets").status_code == 401


def test_guessing_tokens_has_to_wait(house: House, browser: Browsers) -> None:
    now = clock.now()
    db.session.add_all(SignInAttempt(bucket="token:127.0.0.1", at=now) for _ in range(20))
    db.session.commit()
    answer = browser().get("/api/v1/tickets", headers={"Authorization": "Bearer hd_wrong"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_a_report_gets_a_number_a_severity_and_a_deadline(program: Callable[[str], Program]) -> None:
    ana = program("ana")
    answer = ana.post(
        "/tickets",
        subject="ERP is down",
        body="all of it",
        works="nothing",
        affected="everyone",
        service_id=1,
    )
    assert answer.status_code == 201
    assert answer.json["severity"] == "critical"
    found = ana.get(answer.headers["Location"].removeprefix("/api/v1"))
    assert found.json["ticket"]["number"] == answer.json["number"]
    [response] = [t for t in found.json["targets"] if t["target"] == "response"]
    assert (response["allowance_seconds"], response["state"]) == (3600, "running")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "subject"),
        ({"subject": "x", "severity": "critical"}, "severity"),
        ({"subject": "x", "works": "perhaps"}, "works"),
        ({"subject": "x", "service_id": 99}, "service_id"),
        ({"subject": "x\0"}, "subject"),
        ({"subject": 7}, "subject"),
    ],
)
def test_what_is_wrong_is_said_by_field(
    program: Callable[[str], Program], body: dict[str, Any], field: str
) -> None:
    answer = program("ana").post("/tickets", **body)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]
    assert all(isinstance(text, str) for text in answer.json["errors"][field])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[" * 200_000, 400),
        (b'{"subject": ' + b"9" * 5_000 + b"}", 400),
        (b"\xff", 400),
        (b"[]", 422),
        (b"7", 422),
    ],
)
def test_what_is_no_json_object_is_refused(
    program: Callable[[str], Program], body: bytes, status: int
) -> None:
    ana = program("ana")
    answer = ana.browser.post(
        "/api/v1/tickets", headers=ana.headers, data=body, content_type="application/json"
    )
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"


def test_a_body_too_large_is_refused(program: Callable[[str], Program]) -> None:
    assert program("ana").post("/tickets", subject="x", body="x" * 1_100_000).status_code == 413


@pytest.mark.parametrize("path", ["/nothing", "/tickets/HD-999", "/tickets/x", "/tickets/HD-1/explode"])
def test_what_is_not_there_is_a_problem_too(program: Callable[[str], Program], path: str) -> None:
    answer = program("eli").get(path)
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"


# Who may what on a ticket of Ana's team that all of them but strangers see.
REFUSED, DONE = 403, 200
WORKERS = {"ana": REFUSED, "bo": DONE, "chen": DONE, "dee": REFUSED, "eli": DONE, "fay": REFUSED}
TABLE: list[tuple[str, dict[str, Any], dict[str, int]]] = [
    ("accept", {}, WORKERS),
    ("wait", {"waiting_for": "supplier", "wake_at": TOMORROW}, WORKERS),
    ("resolve", {"cause": "disk", "solution": "new disk"}, WORKERS),
    ("severity", {"severity": "major", "reason": "more"}, WORKERS),
    ("assign", {"assignee_id": 3}, WORKERS),  # Chen
    ("notes", {"body": "hm"}, WORKERS | {"dee": DONE}),
    ("replies", {"body": "hello"}, WORKERS | {"ana": DONE}),
    ("cancel", {"reason": "not needed"}, WORKERS | {"ana": DONE}),
]


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize(("verb", "body", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_each_role_may_what_the_table_says(
    program: Callable[[str], Program],
    ticket: Ticket,
    verb: str,
    body: dict[str, Any],
    expected: dict[str, int],
    name: str,
) -> None:
    before = len(ticket.entries)
    answer = program(name).post(f"/tickets/{ticket.number}/{verb}", **body)
    assert answer.status_code == expected[name]
    read_anew()
    assert (len(ticket.entries) > before) == (expected[name] == DONE)


@pytest.mark.parametrize("name", PEOPLE)
def test_everybody_but_auditors_reports(program: Callable[[str], Program], name: str) -> None:
    assert program(name).post("/tickets", subject="Paper").status_code == (403 if name == "fay" else 201)


@pytest.mark.parametrize("name", PEOPLE)
def test_who_works_at_the_desk_ends_a_waiting(
    house: House, program: Callable[[str], Program], ticket: Ticket, name: str
) -> None:
    now = clock.now()
    waiting.wait(ticket.id, house.bo, waiting_for="supplier", wake_at=now + timedelta(days=1), now=now)
    assert program(name).post(f"/tickets/{ticket.number}/resume").status_code == WORKERS[name]


@pytest.mark.parametrize("name", PEOPLE)
def test_who_works_at_the_desk_merges_what_they_see(
    house: House, program: Callable[[str], Program], ticket: Ticket, name: str
) -> None:
    twin = tickets.report(Report("ERP again", ""), house.ana, now=clock.now(), door="web")
    path = f"/tickets/{twin.number}/merge"
    assert program(name).post(path, number=ticket.number).status_code == WORKERS[name]
    if WORKERS[name] == DONE:
        assert program(name).post(path, number="HD-999").status_code == 404


@pytest.mark.parametrize("name", PEOPLE)
def test_only_the_reporter_confirms(
    house: House, program: Callable[[str], Program], ticket: Ticket, name: str
) -> None:
    closing.resolve(ticket.id, house.bo, "disk", "new disk", now=clock.now())
    answer = program(name).post(f"/tickets/{ticket.number}/confirm", stars=5)
    assert answer.status_code == (DONE if name == "ana" else REFUSED)


@pytest.mark.parametrize("name", PEOPLE)
def test_the_reporter_and_the_desk_reopen(
    house: House, program: Callable[[str], Program], ticket: Ticket, name: str
) -> None:
    closing.resolve(ticket.id, house.bo, "disk", "new disk", now=clock.now())
    answer = program(name).post(f"/tickets/{ticket.number}/reopen", words="no")
    assert answer.status_code == (WORKERS | {"ana": DONE})[name]


@pytest.mark.parametrize(
    ("name", "status"), [("ana", 403), ("bo", 200), ("chen", 200), ("dee", 200), ("eli", 200), ("fay", 200)]
)
def test_who_is_on_call_is_for_the_desk(program: Callable[[str], Program], name: str, status: int) -> None:
    answer = program(name).get("/on-call")
    assert answer.status_code == status
    if status == 200:
        nobody = dict.fromkeys(("on_call", "until", "next", "backup", "backup_until", "backup_next"))
        assert answer.json == [{"team": {"id": 1, "name": "ERP"}, **nobody}]


def test_reporters_see_their_own_tickets_without_the_notes(
    house: House, program: Callable[[str], Program], ticket: Ticket
) -> None:
    tickets.note(ticket.id, house.bo, "between us", now=clock.now())
    other = tickets.report(Report("Paper", "empty"), house.dee, now=clock.now(), door="web")
    ana, bo = program("ana"), program("bo")
    assert [t["number"] for t in ana.get("/tickets").json["tickets"]] == [ticket.number]
    assert ana.get(f"/tickets/{other.number}").status_code == 404
    assert [e["kind"] for e in ana.get(f"/tickets/{ticket.number}").json["entries"]] == ["reported"]
    assert "noted" in [e["kind"] for e in bo.get(f"/tickets/{ticket.number}").json["entries"]]


def test_what_an_entry_bears_beyond_its_text_is_for_the_desk(
    house: House, program: Callable[[str], Program], ticket: Ticket
) -> None:
    closing.resolve(ticket.id, house.bo, "a colleague's mistake", "restarted", now=clock.now())
    closing.confirm(ticket.id, house.ana, stars=4, now=clock.now())
    ana, bo = program("ana"), program("bo")
    seen = {e["kind"]: e["detail"] for e in ana.get(f"/tickets/{ticket.number}").json["entries"]}
    assert seen == {"reported": {}, "resolved": {}, "rated": {"stars": 4}, "closed": {"because": "confirmed"}}
    known = {e["kind"]: e["detail"] for e in bo.get(f"/tickets/{ticket.number}").json["entries"]}
    assert known["resolved"] == {"cause": "a colleague's mistake"}


def test_tickets_of_restricted_services_do_not_exist_for_other_teams(
    house: House, program: Callable[[str], Program]
) -> None:
    secret = Team(name="Personnel")
    db.session.add(secret)
    db.session.flush()
    db.session.add(Service(name="Pay", team_id=secret.id, is_restricted=True))
    db.session.commit()
    service = db.session.query(Service).filter_by(name="Pay").one()
    ticket = tickets.report(
        Report("Pay", "wrong", service_id=service.id), house.ana, now=clock.now(), door="web"
    )
    for name, status in {"ana": 200, "bo": 404, "chen": 404, "dee": 200, "eli": 200, "fay": 200}.items():
        assert program(name).get(f"/tickets/{ticket.number}").status_code == status, name
    assert program("bo").post(f"/tickets/{ticket.number}/accept").status_code == 404
    own = tickets.report(Report("Pay", "mine", service_id=service.id), house.bo, now=clock.now(), door="web")
    tickets.note(own.id, house.eli, "about Bo", now=clock.now())
    assert "noted" not in [e["kind"] for e in program("bo").get(f"/tickets/{own.number}").json["entries"]]


def test_a_state_that_does_not_allow_it_is_a_conflict(
    program: Callable[[str], Program], ticket: Ticket
) -> None:
    answer = program("bo").post(f"/tickets/{ticket.number}/resume")
    assert answer.status_code == 409
    assert "new" in answer.json["detail"]


def test_lists_come_in_pages_of_bounded_size(house: House, program: Callable[[str], Program]) -> None:
    for n in range(3):
        tickets.report(Report(f"Fault {n}", ""), house.ana, now=clock.now(), door="web")
    bo = program("bo")
    first = bo.get("/tickets?limit=2&state=new").json
    second = bo.get(first["next"].removeprefix("/api/v1")).json
    assert [t["subject"] for t in first["tickets"] + second["tickets"]] == ["Fault 2", "Fault 1", "Fault 0"]
    assert second["next"] is None
    assert bo.get("/tickets?limit=101").status_code == 422
    assert bo.get("/tickets?before=never").status_code == 422
    assert bo.get("/tickets?colour=red").status_code == 200


def test_waiting_needs_a_wake_up_that_is_still_to_come(
    program: Callable[[str], Program], ticket: Ticket
) -> None:
    body = {"waiting_for": "supplier", "wake_at": "2020-01-01T00:00:00Z"}
    answer = program("bo").post(f"/tickets/{ticket.number}/wait", **body)
    assert list(answer.json["errors"]) == ["wake_at"]


def test_only_those_who_work_at_the_desk_are_assigned(
    house: House, program: Callable[[str], Program], ticket: Ticket
) -> None:
    bo = program("bo")
    path = f"/tickets/{ticket.number}/assign"
    assert bo.post(path, assignee_id=house.ana.id).status_code == 422
    assert bo.post(path, assignee_id=999).status_code == 422
    assert bo.post(path, assignee_id=house.chen.id).json["assignee"]["name"] == "Chen"


def test_the_description_names_every_address(house: House, browser: Browsers) -> None:
    found = browser().get("/api/openapi.json").json
    assert found["openapi"] == "3.1.0"
    assert "/api/v1/tickets/{number}/resolve" in found["paths"]
    assert found["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def test_an_explanation_holds_the_cycles_and_a_scenario_that_explains_the_same(
    house: House, program: Callable[[str], Program], ticket: Ticket
) -> None:
    triage.change_severity(ticket.id, house.bo, Severity.CRITICAL, "worse", now=clock.now())
    answer = program("ana").get(f"/tickets/{ticket.number}/explanation")
    assert answer.status_code == 200
    found = answer.json
    assert [(c["target"], c["cycle"]) for c in found["cycles"]] == [("response", 1), ("resolution", 1)]
    assert found["cycles"] == explain_scenario(found["scenario"])["cycles"]
    assert found["policy"] == {"name": "Standard", "version": 1, "effective_at": "2026-03-02T08:00:00Z"}
    assert {c["target"] for c in found["changes"]} == {"response", "resolution"}


def test_an_explanation_is_for_those_who_see_the_ticket(
    house: House, program: Callable[[str], Program], ticket: Ticket
) -> None:
    other = tickets.report(Report("Paper", "empty"), house.dee, now=clock.now(), door="web")
    assert program("ana").get(f"/tickets/{other.number}/explanation").status_code == 404
    for name in PEOPLE:
        assert program(name).get(f"/tickets/{ticket.number}/explanation").status_code == 200
    assert (
        "/api/v1/tickets/{number}/explanation" in program("bo").browser.get("/api/openapi.json").json["paths"]
    )


@pytest.mark.parametrize("name", PEOPLE)
def test_leads_of_the_team_and_administrators_excuse_a_breach(
    house: House, program: Callable[[str], Program], name: str
) -> None:
    late = tickets.report(
        Report("Down", "", service_id=house.erp.id), house.ana, now=MONDAY_9 - timedelta(days=40), door="web"
    )
    given = {"target": "response", "reason": "The line was cut", "evidence": "The mayor's letter"}
    answer = program(name).post(f"/tickets/{late.number}/excuse", **given)
    assert answer.status_code == (DONE if name in ("chen", "eli") else REFUSED)
    if answer.status_code == DONE:
        again = program(name).post(f"/tickets/{late.number}/excuse", **given)
        assert (again.status_code, list(again.json["errors"])) == (422, ["cycle"])
        path = f"/tickets/{late.number}/withdraw-excuse"
        assert program(name).post(path, target="response", reason="Our own").status_code == DONE
        assert program(name).post(path, target="nonsense", reason="").json["errors"].keys() == {
            "target",
            "reason",
        }


def test_reporters_are_not_told_the_reasons_that_the_desk_gave_itself(
    house: House, program: Callable[[str], Program], ticket: Ticket
) -> None:
    start = clock.now() + timedelta(minutes=1)
    end = start + timedelta(hours=1)
    said = "Audit of Dee"
    announced(house, house.erp, start, end, said, now=clock.now())
    recompute.recompute(clock.now())
    path = f"/tickets/{ticket.number}/explanation"
    assert program("bo").get(path).json["maintenance"][0]["reason"] == said
    found = program("ana").get(path)
    assert len(found.json["maintenance"]) == 1
    assert said not in found.text


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_preview_at_the_ends_of_the_calendar_is_refused_at_its_field(
    house: House, program: Callable[[str], Program], at: str
) -> None:
    answer = program("chen").get(f"/escalation-preview?at={at}")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["at"])
