from collections.abc import Callable
from datetime import timedelta

import pytest

from helpdesk import clock
from helpdesk.desk import closing, outages, passing_on, tickets, tokens, triage
from helpdesk.desk.tickets import Report
from helpdesk.rules.access import Role
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.people import Person
from helpdesk.store.services import Service
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Ticket
from tests.conftest import Browser, House, read_anew

Browsers = Callable[[], Browser]


@pytest.fixture
def crowd(house: House) -> list[Ticket]:
    """Ana and two others report, within three minutes, just now."""
    people = [house.ana, house.person("Gus", Role.REPORTER), house.person("Hal", Role.REPORTER)]
    db.session.commit()
    return [report(house, person, n) for n, person in enumerate(people)]


def report(house: House, person: Person, minute: int) -> Ticket:
    said = Report(
        "ERP is down", "Error 17", service_id=house.erp.id, works=Works.NOTHING, affected=Affected.ME
    )
    return tickets.report(said, person, now=clock.now() - timedelta(minutes=5 - minute), door="web")


def form(crowd: list[Ticket], **more: object) -> dict[str, object]:
    ids = [ticket.id for ticket in crowd]
    return {"ticket": ids, "parent_id": ids[0], "subject": "ERP does not start", **more}


def test_the_queue_and_the_tickets_propose_one_fault(
    house: House, crowd: list[Ticket], browser: Browsers
) -> None:
    bo = browser().known_as(house.bo)
    assert "3 people report a fault of ERP" in bo.get("/queue").text
    assert "is it one fault?" in bo.get(f"/tickets/{crowd[1].number}").text
    page = bo.get(f"/outages/new?service={house.erp.id}").text
    assert all(ticket.number in page for ticket in crowd)


def test_a_manager_is_not_asked(house: House, crowd: list[Ticket], browser: Browsers) -> None:
    dee = browser().known_as(house.dee)
    assert "is it one fault?" not in dee.get("/queue").text
    assert dee.get("/outages/new?service=1").status_code == 404
    assert dee.post("/outages/new", data=form(crowd)).status_code == 404


def test_a_click_puts_them_together_and_the_banner_goes(
    house: House, crowd: list[Ticket], browser: Browsers
) -> None:
    bo = browser().known_as(house.bo)
    assert bo.post("/outages/new", data=form(crowd)).status_code == 303
    read_anew()
    assert [ticket.parent_id for ticket in crowd] == [None, crowd[0].id, crowd[0].id]
    queue = bo.get("/queue").text
    assert "is it one fault?" not in queue
    assert "and 2 more reports" in queue
    assert crowd[1].number not in queue
    parent = bo.get(f"/tickets/{crowd[0].number}").text
    assert "2 reports of this fault" in parent
    assert "3 people have this fault." in parent
    child = bo.get(f"/tickets/{crowd[1].number}").text
    assert "Part of a larger fault" in child
    assert "ERP does not start" in child


def test_the_reporter_of_a_child_reads_that_others_have_it_and_what_was_answered(
    house: House, crowd: list[Ticket], browser: Browsers
) -> None:
    outages.adopt(crowd[0].id, [t.id for t in crowd], house.bo, now=clock.now())
    tickets.reply(crowd[0].id, house.bo, "The database is full.", now=clock.now())
    passing_on.pass_on(clock.now())
    page = browser().known_as(crowd[1].reporter).get(f"/my/{crowd[1].number}").text
    assert "3 people" in page
    assert "The database is full." in page
    assert crowd[0].number not in page


def test_different_faults_are_proposed_no_more(house: House, crowd: list[Ticket], browser: Browsers) -> None:
    bo = browser().known_as(house.bo)
    assert bo.post("/outages/new", data=form(crowd) | {"as": "apart"}).status_code == 303
    assert "is it one fault?" not in bo.get("/queue").text


def test_a_child_can_be_taken_out(house: House, crowd: list[Ticket], browser: Browsers) -> None:
    outages.adopt(crowd[0].id, [t.id for t in crowd], house.bo, now=clock.now())
    bo = browser().known_as(house.bo)
    bo.post(f"/outages/release/{crowd[1].number}", data={"reason": "Another error"})
    read_anew()
    assert crowd[1].parent_id is None
    assert "Another error" in bo.get(f"/tickets/{crowd[1].number}").text
    # Twice is refused, and said.
    again = bo.post(f"/outages/release/{crowd[1].number}", follow_redirects=True)
    assert "no part of a larger fault any more" in again.text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"ticket": []}, "Choose at least one report."),
        ({"parent_id": ""}, "Choose the ticket that stands for all."),
        ({"number": "HD-999"}, "There is no such ticket."),
        ({"ticket": ["x"]}, "Choose at least one report."),
    ],
)
def test_what_is_missing_is_said(
    house: House, crowd: list[Ticket], browser: Browsers, wrong: dict[str, object], said: str
) -> None:
    answer = browser().known_as(house.bo).post("/outages/new", data=form(crowd) | wrong)
    assert answer.status_code == 422
    assert said in answer.text


def test_a_program_puts_a_report_under_another_and_takes_it_out(
    house: House, crowd: list[Ticket], browser: Browsers
) -> None:
    token = tokens.add_token(house.bo.id, "test", now=clock.now())

    def ask(path: str, **body: str) -> int:
        sent = browser().post(
            f"/api/v1/tickets/{crowd[1].number}/{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
        )
        read_anew()
        return sent.status_code

    assert (ask("adopt", number=crowd[0].number), crowd[1].parent_id) == (200, crowd[0].id)
    assert (ask("release", reason="Another error"), crowd[1].parent_id) == (200, None)
    assert ask("release") == 409
    assert ask("adopt", number="HD-999") == 404


def test_an_ended_ticket_stands_for_nobody(house: House, crowd: list[Ticket], browser: Browsers) -> None:
    ended = report(house, house.ana, 4)
    closing.cancel(ended.id, house.bo, "Twice", now=clock.now())
    answer = browser().known_as(house.bo).post("/outages/new", data=form(crowd) | {"number": ended.number})
    assert "That ticket has ended." in answer.text


def test_the_banner_asks_again_at_no_cost(house: House, crowd: list[Ticket], browser: Browsers) -> None:
    bo = browser().known_as(house.bo)
    first = bo.get("/outages/banner")
    etag = first.headers["ETag"]
    assert "3 people report a fault of ERP" in first.text
    assert bo.get("/outages/banner", headers={"If-None-Match": etag}).status_code == 304
    outages.adopt(crowd[0].id, [t.id for t in crowd], house.bo, now=clock.now())
    assert bo.get("/outages/banner", headers={"If-None-Match": etag}).status_code == 200


def test_others_words_are_not_for_whoever_joins(house: House, crowd: list[Ticket], browser: Browsers) -> None:
    outages.adopt(crowd[0].id, [t.id for t in crowd], house.bo, subject="ERP stands", now=clock.now())
    outages.join(crowd[0].id, house.dee, now=clock.now())
    ina_herself = house.person("Ina", Role.REPORTER)
    db.session.commit()
    outages.join(crowd[0].id, ina_herself, now=clock.now())
    tickets.reply(crowd[0].id, house.bo, "The database is full.", now=clock.now())
    ina = browser().known_as(ina_herself)
    page = ina.get(f"/my/{crowd[0].number}").text
    assert "The database is full." in page
    assert "Error 17" not in page
    assert "Ana" not in page
    # Nor through any other door.
    token = tokens.add_token(ina_herself.id, "test", now=clock.now())
    path, headers = f"/api/v1/tickets/{crowd[0].number}", {"Authorization": f"Bearer {token}"}
    assert browser().get(path, headers=headers).status_code == 404
    assert crowd[0].number not in ina.get("/my?q=Error").text


def test_of_a_fault_that_one_may_not_read_its_child_says_no_more_than_the_number(
    house: House, crowd: list[Ticket], browser: Browsers
) -> None:
    parent, child, _other = crowd
    outages.adopt(parent.id, [child.id], house.bo, subject="Salaries are wrong", now=clock.now())
    team = Team(name="Staff office")
    service = Service(name="Salaries", team=team, is_restricted=True)
    db.session.add_all([team, service])
    db.session.commit()
    triage.move(parent.id, house.chen, service_id=service.id, now=clock.now())
    page = browser().known_as(house.bo).get(f"/tickets/{child.number}").text
    assert f"Part of a larger fault: {parent.number}." in " ".join(page.split())
    assert "Salaries are wrong" not in page
    assert outages.people_with(db.session.get_one(Ticket, child.id)) == 0
