from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from helpdesk import clock
from helpdesk.cli import main
from helpdesk.desk import tickets
from helpdesk.desk.tickets import Report
from helpdesk.store import db
from helpdesk.store.search import WordSweep
from helpdesk.store.tickets import Ticket
from tests.conftest import Browser, House
from tests.doors.test_queue import other_team

Browsers = Callable[[], Browser]


def report(house: House, subject: str, body: str = "It does not work.", **more: object) -> Ticket:
    now = clock.now() - timedelta(minutes=5)
    return tickets.report(Report(subject, body, **more), house.ana, now=now, door="web")


@pytest.fixture
def bo(browser: Browsers, house: House) -> Browser:
    return browser().known_as(house.bo)


def asked(who: Browser, question: str, path: str = "/search", **more: object) -> str:
    answer = who.get(path, query_string={"q": question, **more})
    assert answer.status_code == 200
    return answer.text


def test_what_was_looked_for_is_marked_in_subject_and_snippet(house: House, bo: Browser) -> None:
    ticket = report(house, "Printer <b>jams</b>", "The printer in 二楼 eats paper & <i>ink</i>")
    page = asked(bo, "printer 二楼")
    assert "<mark>Printer</mark> &lt;b&gt;jams" in page
    assert "The <mark>printer</mark> in <mark>二楼</mark> eats paper &amp; &lt;i&gt;ink" in page
    assert f'href="/tickets/{ticket.number}"' in page
    assert 'value="printer 二楼"' in page, "the box keeps the question"


def test_what_is_wrong_with_a_filter_is_said_and_the_rest_is_searched(house: House, bo: Browser) -> None:
    report(house, "Printer jams")
    page = asked(bo, "printer colour:red is:blue before:soon service:<x> reporter:zoe team:y")
    assert "<mark>Printer</mark>" in page
    for said in (
        "There is no filter “colour:”",
        "“is:” does not know “blue”",
        "“soon” is no date",
        "No service is called “&lt;x&gt;”",
        "Nobody is called “zoe”",
        "No team is called “y”",
    ):
        assert said in page


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("on:0001-01-01", "“0001-01-01” is no date"),  # begins in the year before the first, seen from Berlin
        ("after:9999-12-31", "“9999-12-31” is no date"),
    ],
)
def test_days_that_end_beyond_the_calendar_are_no_dates(
    house: House, bo: Browser, question: str, said: str
) -> None:
    assert said in asked(bo, question)


def test_people_stand_beside_with_a_way_to_their_reports(house: House, bo: Browser) -> None:
    report(house, "Printer jams")
    page = asked(bo, "ana")
    assert "/search?q=reporter:ana@example.org" in page
    assert "Printer jams" in asked(bo, "reporter:ana@example.org")


def test_each_finds_what_they_may_read(browser: Browsers, house: House, bo: Browser) -> None:
    service, peer = other_team(house)
    ticket = report(house, "Salaries", service_id=service.id)
    assert "Nothing found" in asked(bo, "salaries")
    assert "Nothing found" in asked(bo, ticket.number)
    assert "<mark>Salaries</mark>" in asked(browser().known_as(peer), "salaries")
    tickets.note(ticket.id, peer, "confidential", now=clock.now())
    assert "<mark>confidential</mark>" in asked(browser().known_as(peer), "confidential")
    assert "confidential</mark>" not in asked(browser().known_as(house.ana), "confidential", "/my")
    assert "<mark>Salaries</mark>" in asked(browser().known_as(house.ana), "salaries", "/my")
    assert browser().known_as(house.ana).get("/search?q=salaries").status_code == 404


@pytest.mark.parametrize(
    "question", ["", "-", '"', "is:", "'; --", "%_", "\\", "x" * 5000, "& | !", "NEAR(a b)"]
)
def test_no_question_is_a_fault(house: House, bo: Browser, question: str) -> None:
    report(house, "Printer jams")
    asked(bo, question)
    asked(bo, question, page=9999999999999)
    asked(bo, f"printer {question}", page=-1)


def test_an_old_address_of_the_search_still_leads_to_it(bo: Browser) -> None:
    assert bo.get("/queue?q=printer").location == "/search?q=printer"


def test_a_page_takes_as_many_queries_however_much_is_found(house: House, bo: Browser) -> None:
    def queries(question: str) -> int:
        ran: list[str] = []
        event.listen(db.engine, "before_cursor_execute", listener := lambda *a: ran.append(a[2]))
        try:
            asked(bo, question)
        finally:
            event.remove(db.engine, "before_cursor_execute", listener)
        return len(ran)

    report(house, "Printer jams")
    asked(bo, "printer")
    few = queries("printer")
    for n in range(30):
        tickets.note(report(house, f"Printer {n}").id, house.bo, "printer", now=clock.now())
    asked(bo, "printer")  # whatever else has to be read anew since
    assert queries("printer") == few
    assert few < 25


def test_a_reporter_reads_what_is_wrong_with_a_filter(browser: Browsers, house: House) -> None:
    report(house, "Printer jams")
    page = asked(browser().known_as(house.ana), "printer is:untriaged assignee:bo", "/my")
    assert "<mark>Printer</mark>" in page
    assert "“is:” does not know “untriaged”" in page
    assert "There is no filter “assignee:”" in page


def test_the_watch_page_says_how_many_tickets_are_still_to_be_read(browser: Browsers, house: House) -> None:
    eli = browser().known_as(house.eli)
    assert "read for the search" not in eli.get("/watch").text
    db.session.add(WordSweep(id=1, left_id=1234))
    db.session.commit()
    assert "about 1,234 are left" in eli.get("/watch").text


def test_the_command_line_reads_every_ticket_anew(
    house: House, bo: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(house, "Printer jams")
    db.session.execute(text("DELETE FROM ticket_words"))
    db.session.commit()
    assert "Nothing found" in asked(bo, "printer")
    monkeypatch.setattr("helpdesk.cli.search.opened", lambda _settings: nullcontext())  # the test's own
    assert main(["search", "rebuild"]) == 0
    assert "<mark>Printer</mark>" in asked(bo, "printer")
