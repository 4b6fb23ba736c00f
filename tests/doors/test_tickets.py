import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest

from helpdesk import clock
from helpdesk.desk import closing, tickets, waiting
from helpdesk.desk.tickets import Report
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.people import Person
from helpdesk.store.tickets import Ticket, list_entries
from tests.conftest import Browser, House, read_anew
from tests.doors.test_queue import queries_of

Browsers = Callable[[], Browser]


@pytest.fixture
def ticket(house: House) -> Ticket:
    now = clock.now() - timedelta(minutes=5)
    return tickets.report(Report("Printer jams", "Paper *everywhere*."), house.ana, now=now, door="web")


@pytest.fixture
def bo(browser: Browsers, house: House) -> Browser:
    return browser().known_as(house.bo)


def kinds(ticket: Ticket) -> list[str]:
    read_anew()
    return [entry.kind for entry in list_entries(ticket.id)]


def test_accepting_answers_and_names_the_assignee(house: House, ticket: Ticket, bo: Browser) -> None:
    page = bo.get(f"/tickets/{ticket.number}").text
    assert 'data-key="a"' in page
    assert "Paper *everywhere*." in page
    assert bo.post(f"/tickets/{ticket.number}/accept", data={"seen": "1"}).status_code == 303
    assert kinds(ticket)[-1] == "accepted"
    after = bo.get(f"/tickets/{ticket.number}").text
    assert "Response met" in after
    assert 'data-key="a"' not in after
    assert after.count("Why this deadline?") == 2  # what counted, of the response too


def test_a_late_answer_stays_explained_after_a_reopening(house: House, bo: Browser) -> None:
    answers = {"works": Works.NOTHING, "affected": Affected.EVERYONE, "service_id": house.erp.id}
    since = clock.now() - timedelta(hours=5)
    ticket = tickets.report(Report("ERP is down", "", **answers), house.ana, now=since, door="web")
    closing.resolve(ticket.id, house.bo, "Cable", "Mended", now=since + timedelta(hours=3))
    closing.reopen(ticket.id, house.ana, "No", now=since + timedelta(hours=4, minutes=50))
    page = bo.get(f"/tickets/{ticket.number}").text
    assert "Response late, 3 h of 1 h" in page
    assert "Response, 10 min of 1 h used" in page
    assert page.count("Why this deadline?") == 3


def test_waiting_is_proposed_until_after_the_reporters_silence_decides(ticket: Ticket, bo: Browser) -> None:
    form = bo.get(f"/tickets/{ticket.number}/wait").text
    proposed = re.search(r'name="wake_at"[^>]*value="([^"]+)"', form)
    assert proposed is not None
    assert datetime.fromisoformat(proposed[1]).replace(tzinfo=UTC) > clock.now() + timedelta(days=7)
    supplier = re.search(r'name="wake_at"[^>]*data-supplier="([^"]+)"', form)
    assert supplier is not None
    assert datetime.fromisoformat(supplier[1]) == datetime.fromisoformat(proposed[1]) - timedelta(days=7)


def test_a_reply_is_markdown_without_anything_active(house: House, ticket: Ticket, bo: Browser) -> None:
    body = (
        "**Done** <script>alert(1)</script> [x](javascript:alert(1)) ![p](https://example.org/p.png) <b>b</b>"
    )
    assert bo.post(f"/tickets/{ticket.number}/say", data={"as": "reply", "body": body}).status_code == 303
    page = bo.get(f"/tickets/{ticket.number}").text
    assert "<strong>Done</strong>" in page
    for active in ("<script>alert", 'javascript:alert(1)"', '<img src="https', "<b>b</b>"):
        assert active not in page
    assert kinds(ticket) == ["reported", "replied"]


def test_a_note_is_for_colleagues_alone(house: House, ticket: Ticket, bo: Browser, browser: Browsers) -> None:
    bo.post(f"/tickets/{ticket.number}/say", data={"as": "note", "body": "The same cache again"})
    assert "The same cache again" in bo.get(f"/tickets/{ticket.number}").text
    assert "The same cache again" not in browser().known_as(house.ana).get(f"/my/{ticket.number}").text


def test_a_reporter_is_sent_to_their_own_page(house: House, ticket: Ticket, browser: Browsers) -> None:
    answer = browser().known_as(house.ana).get(f"/tickets/{ticket.number}")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/my/{ticket.number}")


def test_who_only_reads_finds_no_buttons(house: House, ticket: Ticket, browser: Browsers) -> None:
    auditor, manager = browser().known_as(house.fay), browser().known_as(house.dee)
    read = auditor.get(f"/tickets/{ticket.number}").text
    assert 'data-key="a"' not in read
    assert 'name="body"' not in read
    assert auditor.post(f"/tickets/{ticket.number}/accept").status_code == 404
    assert auditor.post(f"/tickets/{ticket.number}/say", data={"as": "note", "body": "x"}).status_code == 404
    assert manager.post(f"/tickets/{ticket.number}/say", data={"as": "reply", "body": "x"}).status_code == 404
    assert manager.post(f"/tickets/{ticket.number}/say", data={"as": "note", "body": "x"}).status_code == 303
    assert kinds(ticket) == ["reported", "noted"]


DEEDS = {
    "wait": {"waiting_for": "reporter", "question": "Which floor?", "wake_at": "2099-01-01T09:00"},
    "resolve": {"cause": "", "solution": "Cleaned the rollers"},
    "severity": {"severity": "major", "reason": ""},
    "move": {"service_id": "999999", "reason": "Typed reason"},
    "merge": {"number": "HD-999999"},
    "link": {"number": "nonsense", "how": "relates_to"},
    "cancel": {"reason": " "},
    "triage": {"severity": "critical", "works": "nothing"},
    "assign": {"assignee_id": "999999"},
}


@pytest.mark.parametrize(("deed", "typed"), DEEDS.items())
def test_a_wrong_form_comes_back_with_what_was_typed(
    house: House, ticket: Ticket, bo: Browser, deed: str, typed: dict[str, str]
) -> None:
    assert bo.get(f"/tickets/{ticket.number}/{deed}").status_code == 200
    answer = bo.post(f"/tickets/{ticket.number}/{deed}", data=typed)
    assert answer.status_code == 422
    assert 'class="wrong"' in answer.text
    for value in typed.values():
        if value.strip() and value != "999999":
            assert value in answer.text
    assert kinds(ticket) == ["reported"]


def test_each_deed_is_done_and_stands_in_the_timeline(house: House, ticket: Ticket, bo: Browser) -> None:
    other = tickets.report(Report("Another", ""), house.ana, now=clock.now(), door="web")
    tomorrow = (clock.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    done = {
        "severity": {"severity": "major", "reason": "The whole floor"},
        "triage": {
            "works": "main_function_fails",
            "affected": "several",
            "service_id": str(house.printing.id),
        },
        "assign": {"assignee_id": str(house.chen.id)},
        "link": {"number": other.number, "how": "caused_by"},
        "wait": {"waiting_for": "supplier", "wake_at": tomorrow, "question": "Part ordered"},
        "move": {"service_id": str(house.erp.id), "reason": "It is ERP"},
        "resolve": {"cause": "Dust", "solution": "Cleaned it"},
    }
    for deed, data in done.items():
        answer = bo.post(f"/tickets/{ticket.number}/{deed}", data=data)
        assert answer.status_code == 303, (deed, answer.text)
    page = bo.get(f"/tickets/{ticket.number}").text
    for words in ("The whole floor", "caused this", "Part ordered", "It is ERP", "Dust", "Cleaned it"):
        assert words in page
    assert {"severity_changed", "moved", "triaged", "assigned", "linked", "waiting", "resolved"} <= set(
        kinds(ticket)
    )


def test_merging_leads_on_to_the_survivor(house: House, ticket: Ticket, bo: Browser) -> None:
    other = tickets.report(Report("Another", ""), house.ana, now=clock.now(), door="web")
    assert bo.post(f"/tickets/{ticket.number}/merge", data={"number": other.number}).status_code == 303
    assert f"/tickets/{other.number}" in bo.get(f"/tickets/{ticket.number}").text


def test_what_the_state_forbids_is_said_and_nothing_is_lost(
    house: House, ticket: Ticket, bo: Browser
) -> None:
    bo.post(f"/tickets/{ticket.number}/cancel", data={"reason": "Twice"})
    answer = bo.post(f"/tickets/{ticket.number}/say", data={"as": "reply", "body": "My long answer"})
    assert answer.status_code == 422
    assert "This was cancelled" in answer.text
    answer = bo.post(f"/tickets/{ticket.number}/resolve", data={"cause": "Dust", "solution": "Cleaned it"})
    assert answer.status_code == 422
    assert "Cleaned it" in answer.text


def test_what_others_wrote_meanwhile_is_shown_once_before_sending(
    house: House, ticket: Ticket, bo: Browser
) -> None:
    seen = str(list_entries(ticket.id)[-1].id)
    newer = tickets.reply(ticket.id, house.chen, "I am on my way", now=clock.now())
    answer = bo.post(f"/tickets/{ticket.number}/say", data={"as": "reply", "body": "My words", "seen": seen})
    assert answer.status_code == 422
    assert "Not sent yet: somebody was faster" in answer.text
    assert "I am on my way" in answer.text
    assert "My words" in answer.text
    again = {"as": "reply", "body": "My words", "seen": str(newer.id)}
    assert bo.post(f"/tickets/{ticket.number}/say", data=again).status_code == 303


def test_accepting_does_not_take_it_from_whoever_was_faster(
    house: House, ticket: Ticket, bo: Browser
) -> None:
    seen = str(list_entries(ticket.id)[-1].id)
    tickets.accept(ticket.id, house.chen, now=clock.now())
    bo.post(f"/tickets/{ticket.number}/accept", data={"seen": seen})
    read_anew()
    assert db.session.get(Ticket, ticket.id).assignee_id == house.chen.id
    assert "Chen has taken this" in bo.get(f"/tickets/{ticket.number}").text


def test_a_file_name_cannot_bring_markup(house: House, ticket: Ticket, bo: Browser) -> None:
    file = (BytesIO(b"text"), '"><img src=x onerror=alert(1)>.txt')
    data = {"as": "note", "body": "See file", "files": file}
    assert bo.post(f"/tickets/{ticket.number}/say", data=data).status_code == 303
    assert "<img src=x" not in bo.get(f"/tickets/{ticket.number}").text


def test_the_thread_answers_304_until_something_happens(house: House, ticket: Ticket, bo: Browser) -> None:
    url = f"/tickets/{ticket.number}/thread"
    tag = {"If-None-Match": bo.get(url).headers["ETag"]}
    assert bo.get(url, headers=tag).status_code == 304
    tickets.note(ticket.id, house.chen, "New", now=clock.now())
    assert bo.get(url, headers=tag).status_code == 200


def test_the_ticket_page_asks_little_however_long_the_history(house: House, bo: Browser) -> None:
    asked = Report("Orders are slow", "", service_id=house.erp.id)
    ticket = tickets.report(asked, house.ana, now=clock.now() - timedelta(minutes=5), door="web")

    def go_on() -> None:
        tickets.note(ticket.id, house.chen, "Note", now=clock.now())
        until = {"question": "Since when?", "wake_at": clock.now() + timedelta(days=2)}
        waiting.wait(ticket.id, house.bo, waiting_for="reporter", **until, now=clock.now())
        waiting.resume(ticket.id, house.bo, now=clock.now())

    go_on()
    few = queries_of(bo, f"/tickets/{ticket.number}")
    for _ in range(5):
        go_on()
    assert queries_of(bo, f"/tickets/{ticket.number}") == few
    assert few <= 28


def call(**more: str) -> dict[str, str]:
    asked = {"kind": "fault", "works": "nothing", "affected": "me", "door": "phone"}
    return {"who": "ana", "subject": "Screen black"} | asked | more


def only_ticket() -> Ticket:
    read_anew()
    return db.session.query(Ticket).one()


def test_a_call_is_logged_for_somebody_known(house: House, bo: Browser) -> None:
    assert "Ana" in bo.get("/queue/log/people?q=ana").text
    answer = bo.post("/queue/log", data=call(person_id=str(house.ana.id)))
    assert answer.status_code == 303
    ticket = only_ticket()
    assert (ticket.reporter_id, ticket.door) == (house.ana.id, "phone")
    assert "Logged for Ana" in bo.get(answer.headers["Location"]).text


def test_a_call_of_somebody_unclear_asks_who_it_is(house: House, bo: Browser) -> None:
    answer = bo.post("/queue/log", data=call())
    assert answer.status_code == 422
    assert f'value="{house.ana.id}"' in answer.text
    assert "Screen black" in answer.text


def test_a_caller_nobody_knows_is_made_on_the_spot(house: House, bo: Browser) -> None:
    answer = bo.post("/queue/log", data=call(who="Hanna Neu", phone="117", then="accept"))
    assert answer.status_code == 303
    ticket = only_ticket()
    made = db.session.query(Person).filter_by(name="Hanna Neu").one()
    assert (made.email, made.phone, ticket.reporter_id, ticket.assignee_id) == (
        None,
        "117",
        made.id,
        house.bo.id,
    )


def test_an_address_of_somebody_else_makes_nobody_new(house: House, bo: Browser) -> None:
    answer = bo.post("/queue/log", data=call(who="Hanna", person_id="new", email="ana@example.org"))
    assert answer.status_code == 422
    assert db.session.query(Ticket).count() == 0


def test_a_call_entered_later_needs_a_reason_and_starts_the_clock_then(house: House, bo: Browser) -> None:
    earlier = clock.now() - timedelta(hours=3)
    late = call(person_id=str(house.ana.id), reported_at=earlier.isoformat())
    assert bo.post("/queue/log", data=late).status_code == 422
    answer = bo.post("/queue/log", data=late | {"backdate_reason": "The portal was down"})
    assert answer.status_code == 303
    assert only_ticket().reported_at == earlier
    future = late | {"reported_at": (clock.now() + timedelta(hours=1)).isoformat(), "backdate_reason": "x"}
    assert bo.post("/queue/log", data=future).status_code == 422
