"""A reporter's pages: their list, a ticket by account and by link, and "is it solved?"."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from helpdesk import clock
from helpdesk.desk import closing, tickets, waiting
from helpdesk.desk.participants import join
from helpdesk.desk.tickets import Report
from helpdesk.outbound import links
from helpdesk.store import db
from helpdesk.store.feedback import find_rating
from helpdesk.store.letters import Letter
from helpdesk.store.people import Person
from helpdesk.store.tickets import Entry, Ticket
from tests.conftest import Browser, House, read_anew

Browsers = Callable[[], Browser]


@pytest.fixture
def ticket(house: House) -> Ticket:
    body = "It jams.\n<script>alert(1)</script>"
    return tickets.report(Report("Printer <b>3</b>", body), house.ana, now=clock.now(), door="mail")


@pytest.fixture
def gil(house: House) -> Person:
    found = house.person("Gil", house.ana.role)
    db.session.commit()
    return found


def path(url: str) -> str:
    return urlsplit(url).path


def follow(ticket: Ticket, person: Person) -> str:
    return path(links.follow_url(ticket, person.id))


def state(ticket: Ticket) -> str:
    read_anew()
    return db.session.get_one(Ticket, ticket.id).state


def resolved(house: House, ticket: Ticket) -> str:
    closing.resolve(ticket.id, house.bo, "dust", "Cleaned & tested it", now=clock.now())
    return path(links.confirm_url(ticket, house.ana.id))


def test_the_start_page_leads_each_to_their_work(browser: Browsers, house: House) -> None:
    assert "How can we help?" in browser().get("/").text
    assert browser().known_as(house.ana).get("/").location == "/my"


def test_before_the_set_up_the_start_page_says_what_to_do(browser: Browsers) -> None:
    assert "not set up yet" in browser().get("/").text


def test_the_list_says_state_and_promise_and_holds_only_ones_own(
    browser: Browsers, house: House, ticket: Ticket, gil: Person
) -> None:
    mine = browser().known_as(house.ana).get("/my").text
    assert "Printer &lt;b&gt;3&lt;/b&gt;" in mine
    assert "Someone answers by" in mine
    assert "Printer" not in browser().known_as(gil).get("/my").text
    assert browser().get("/my").location.startswith("/sign-in")


def test_another_reporter_gets_404_everywhere(
    browser: Browsers, house: House, ticket: Ticket, gil: Person
) -> None:
    other = browser().known_as(gil)
    here = f"/my/{ticket.number}"
    assert [other.get(here).status_code, other.get(f"{here}/confirm").status_code] == [404, 404]
    for action, form in (
        ("reply", {"body": "x"}),
        ("withdraw", {"reason": "x"}),
        ("confirm", {"solved": "1"}),
    ):
        assert other.post(f"{here}/{action}", data=form).status_code == 404
    assert other.get("/my/HD-99999999999999999999").status_code == 404
    assert state(ticket) == "new"


def test_what_was_written_stays_text_and_notes_stay_inside(
    browser: Browsers, house: House, ticket: Ticket
) -> None:
    tickets.note(ticket.id, house.bo, "he is difficult", now=clock.now())
    tickets.reply(ticket.id, house.bo, "On my way", now=clock.now())
    page = browser().known_as(house.ana).get(f"/my/{ticket.number}").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "On my way" in page
    assert "difficult" not in page


def test_the_link_of_the_letter_shows_the_ticket_and_takes_an_answer(
    browser: Browsers, house: House, ticket: Ticket
) -> None:
    wake_at = clock.now() + timedelta(days=2)
    waiting.wait(
        ticket.id, house.bo, waiting_for="reporter", wake_at=wake_at, question="Which?", now=clock.now()
    )
    guest, link = browser(), follow(ticket, house.ana)
    assert "We wait for your answer" in guest.get(link).text
    files = [(io.BytesIO(b"log"), "log.txt")]
    assert guest.post(f"{link}/reply", data={"body": "The third", "files": files}).status_code == 303
    assert state(ticket) == "new"
    page = guest.get(link).text
    assert "The third" in page
    assert "log.txt" in page


@pytest.mark.parametrize(("days", "is_said"), [(2, False), (20, True)])
def test_silence_is_said_to_decide_only_where_it_does(
    browser: Browsers, house: House, ticket: Ticket, days: int, is_said: bool
) -> None:
    wake_at = clock.now() + timedelta(days=days)
    waiting.wait(ticket.id, house.bo, waiting_for="reporter", wake_at=wake_at, question="?", now=clock.now())
    page = browser().get(follow(ticket, house.ana)).text
    assert ("after five working days" in page) is is_said


def test_an_empty_message_says_so_and_writes_nothing(browser: Browsers, house: House, ticket: Ticket) -> None:
    answer = browser().post(f"{follow(ticket, house.ana)}/reply", data={"body": " \n "})
    assert answer.status_code == 422
    assert "Write your message first." in answer.text
    assert db.session.query(Entry).filter_by(kind="reporter_replied").count() == 0


def test_wrong_and_foreign_tokens_find_nothing(
    browser: Browsers, house: House, ticket: Ticket, gil: Person
) -> None:
    good = follow(ticket, house.ana)
    confirm = path(links.confirm_url(ticket, house.ana.id))
    wrong = [
        good[:-2] + ("aa" if good[-2:] != "aa" else "bb"),
        "/follow/x",
        follow(ticket, gil),  # signed by us, but Gil takes no part
        good.replace("/follow/", "/confirm/"),
        confirm.replace("/confirm/", "/follow/"),
    ]
    assert [browser().get(each).status_code for each in wrong] == [404] * 5
    house.ana.left_at = clock.now()
    db.session.commit()
    assert browser().get(good).status_code == 404


def test_an_expired_link_offers_a_fresh_one_to_the_same_address(
    browser: Browsers, house: House, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = follow(ticket, house.ana)
    token = link.rpartition("/")[2]
    monkeypatch.setitem(links.LASTS, "follow", timedelta(seconds=-1))
    page = browser().get(link)
    assert page.status_code == 410
    assert f"/fresh-link/follow/{token}" in page.text
    assert "Printer" not in page.text
    assert browser().post(f"{link}/reply", data={"body": "x"}).status_code == 410
    codes = [browser().post(f"/fresh-link/follow/{token}").status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    read_anew()
    sent = db.session.query(Letter).filter_by(kind="fresh_link").all()
    assert {letter.to_address for letter in sent} == {"ana@example.org"}
    monkeypatch.setitem(links.LASTS, "follow", timedelta(days=1))
    assert "/follow/" in sent[0].text


def test_questions_answered_by_link_raise_the_severity(
    browser: Browsers, house: House, ticket: Ticket
) -> None:
    link = follow(ticket, house.ana)
    assert "Two questions" in browser().get(link).text
    form = {"works": "nothing", "affected": "department", "core_work_stands_still": "1"}
    assert browser().post(f"{link}/answers", data={"works": "nothing"}).status_code == 422
    assert browser().post(f"{link}/answers", data=form).status_code == 303
    read_anew()
    assert db.session.get_one(Ticket, ticket.id).severity == "critical"
    assert "Two questions" not in browser().get(link).text


def test_a_report_can_be_withdrawn_with_a_reason(browser: Browsers, house: House, ticket: Ticket) -> None:
    ana = browser().known_as(house.ana)
    here = f"/my/{ticket.number}/withdraw"
    assert ana.post(here, data={"reason": ""}).status_code == 422
    assert ana.post(here, data={"reason": "works again"}).status_code == 303
    assert state(ticket) == "cancelled"


def test_looking_at_the_question_never_acts(browser: Browsers, house: House, ticket: Ticket) -> None:
    link = resolved(house, ticket)
    page = browser().get(link).text
    assert "Cleaned &amp; tested it" in page
    assert "It jams." in page
    assert browser().head(link).status_code == 200
    assert state(ticket) == "resolved"


def test_solved_closes_with_stars_and_words_and_can_be_rated_anew(
    browser: Browsers, house: House, ticket: Ticket
) -> None:
    link = resolved(house, ticket)
    answer = browser().post(link, data={"solved": "1", "stars": "4", "words": "quick"})
    assert answer.status_code == 303
    assert state(ticket) == "closed"
    assert browser().post(link, data={"stars": "2", "words": "broke at once"}).status_code == 303
    read_anew()
    rating = find_rating(ticket.id)
    assert rating is not None
    assert (rating.stars, rating.words) == (2, "broke at once")
    # A late "not solved" does not reopen what is closed, says so, and is taken for no rating.
    late = browser().post(link, data={"solved": "0", "words": "Tray 2 jams", "stars": "1"})
    assert late.status_code == 409
    assert "This is closed, so nothing was changed." in late.text
    assert "Tray 2 jams" in late.text
    assert state(ticket) == "closed"
    rating = find_rating(ticket.id)
    assert rating is not None
    assert rating.stars == 2


def test_yes_pressed_twice_is_one_yes(browser: Browsers, house: House, ticket: Ticket) -> None:
    link = resolved(house, ticket)
    for _press in range(2):
        answer = browser().post(link, data={"solved": "1"})
        assert (answer.status_code, answer.location) == (303, link)
    assert db.session.query(Entry).filter_by(kind="closed").count() == 1


def test_not_solved_needs_words_and_reopens(browser: Browsers, house: House, ticket: Ticket) -> None:
    link = resolved(house, ticket)
    answer = browser().post(link, data={"solved": "0"})
    assert answer.status_code == 422
    assert "Tell us what still does not work." in answer.text
    assert state(ticket) == "resolved"
    browser().post(link, data={"solved": "0", "words": "Tray 2"})
    assert state(ticket) == "new"
    entry = db.session.query(Entry).filter_by(kind="reopened").one()
    assert entry.body == "Tray 2"


@pytest.mark.parametrize("words", ["It is still broken", "doesn't work", "还是不行", "問題沒有解決"])
def test_solved_with_words_that_say_otherwise_asks_once_more(
    browser: Browsers, house: House, ticket: Ticket, words: str
) -> None:
    link = resolved(house, ticket)
    asked = browser().post(link, data={"solved": "1", "words": words, "stars": "1"})
    assert asked.status_code == 422
    assert "Is it really solved?" in asked.text
    assert state(ticket) == "resolved"
    browser().post(link, data={"solved": "1", "words": words, "stars": "1", "is_sure": "1"})
    assert state(ticket) == "closed"


@pytest.mark.parametrize("stars", ["0", "6", "-1", "five", "1e9", "9" * 40])
def test_hostile_stars_are_refused(browser: Browsers, house: House, ticket: Ticket, stars: str) -> None:
    link = resolved(house, ticket)
    answer = browser().post(link, data={"solved": "1", "stars": stars})
    assert answer.status_code == 422
    assert "Choose one to five stars." in answer.text
    assert state(ticket) == "resolved"


def test_two_who_answer_at_once_get_a_sentence_not_a_fault(
    browser: Browsers, house: House, ticket: Ticket
) -> None:
    """The page was asked before the ticket was reopened; its button comes after."""
    link = resolved(house, ticket)
    closing.reopen(ticket.id, house.ana, "no", now=datetime.now(UTC))
    client = browser()
    answer = client.post(link, data={"solved": "1"}, headers={"Referer": f"http://localhost{link}"})
    assert (answer.status_code, answer.location) == (303, link)
    assert "nothing to confirm yet" in client.get(link).text


def test_only_the_reporter_says_whether_it_is_solved(
    browser: Browsers, house: House, ticket: Ticket, gil: Person
) -> None:
    resolved(house, ticket)
    join(db.session.get_one(Ticket, ticket.id), gil, "copied", now=clock.now())
    other = browser().known_as(gil)
    assert other.get(f"/my/{ticket.number}").status_code == 200
    assert "Tell us whether it works" not in other.get(f"/my/{ticket.number}").text
    assert other.post(f"/my/{ticket.number}/confirm", data={"solved": "1"}).status_code == 404
    assert state(ticket) == "resolved"


def test_an_auditor_reads_what_they_take_part_in_and_changes_nothing(
    browser: Browsers, house: House, ticket: Ticket
) -> None:
    join(ticket, house.fay, "copied", now=clock.now())
    fay, here = browser().known_as(house.fay), f"/my/{ticket.number}"
    page = fay.get(here)
    assert page.status_code == 200
    assert "Send message" not in page.text
    assert fay.post(f"{here}/reply", data={"body": "x"}).status_code == 404
    assert browser().post(f"{follow(ticket, house.fay)}/reply", data={"body": "x"}).status_code == 404
    assert db.session.query(Entry).filter_by(kind="reporter_replied").count() == 0


def everything() -> dict[str, list[str]]:
    """Every row there is."""
    with db.engine.connect() as connection:
        return {t.name: sorted(map(repr, connection.execute(t.select()))) for t in db.metadata.sorted_tables}


def test_whatever_only_looks_at_the_link_changes_nothing(
    browser: Browsers, house: House, ticket: Ticket
) -> None:
    """Mail scanners, previews of messengers and browsers that fetch ahead open every link of a letter."""
    link = resolved(house, ticket)
    before = everything()
    for method in ("GET", "HEAD", "OPTIONS"):
        for headers in ({}, {"Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}):
            assert browser().open(link, method=method, headers=headers).status_code == 200
    assert browser().get(f"{link}?solved=1&stars=1").status_code == 200
    assert everything() == before


def test_the_page_of_a_letter_names_whom_it_is_for(browser: Browsers, house: House, ticket: Ticket) -> None:
    page = browser().get(resolved(house, ticket)).text
    assert "<dd>Ana" in page
    assert "If that is not you, please leave the answer to them." in page


def test_an_expired_link_to_the_question_is_renewed_by_mail(
    browser: Browsers, house: House, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = resolved(house, ticket)
    monkeypatch.setitem(links.LASTS, "confirm", timedelta(seconds=-1))
    answer = browser().post(link, data={"solved": "1"})
    assert answer.status_code == 410
    assert "Cleaned" not in answer.text
    assert browser().post(f"/fresh-link/confirm/{link.rpartition('/')[2]}").status_code == 200
    monkeypatch.setitem(links.LASTS, "confirm", timedelta(days=60))
    read_anew()
    sent = db.session.query(Letter).filter_by(kind="fresh_link").one()
    assert sent.to_address == "ana@example.org"
    fresh = next(word for word in sent.text.split() if "/confirm/" in word)
    assert "Cleaned" in browser().get(path(fresh)).text
    assert state(ticket) == "resolved"


def test_reasons_are_kept_where_they_fit_the_stars_and_not_solved_is_asked_about_once_more(
    browser: Browsers, house: House, ticket: Ticket
) -> None:
    link = resolved(house, ticket)
    said = {"solved": "1", "stars": "2", "reasons": ["not_solved", "friendly"]}
    asked = browser().post(link, data=said)
    assert asked.status_code == 422
    assert "Is it really solved?" in asked.text
    assert browser().post(link, data=said | {"is_sure": "1"}).status_code == 303
    read_anew()
    rating = find_rating(ticket.id)
    assert rating is not None
    assert (rating.stars, rating.reasons) == (2, ["not_solved"])
    assert browser().post(link, data={"stars": "3", "reasons": ["made_up"]}).status_code == 422
    page = browser().get(follow(ticket, house.ana)).text
    assert "Rated 2 of 5: It was not really solved" in page
    assert "Change the rating" in page


def test_not_solved_with_stars_keeps_both(browser: Browsers, house: House, ticket: Ticket) -> None:
    link = resolved(house, ticket)
    browser().post(link, data={"solved": "0", "stars": "1", "words": "Tray 2"})
    assert state(ticket) == "new"
    rating = find_rating(ticket.id)
    assert rating is not None
    assert rating.stars == 1


def test_a_week_after_closing_the_rating_is_read_only(
    browser: Browsers, house: House, ticket: Ticket
) -> None:
    link = resolved(house, ticket)
    closing.confirm(ticket.id, house.ana, stars=4, now=clock.now())
    assert "Change the rating" in browser().get(link).text
    db.session.get_one(Ticket, ticket.id).closed_at = clock.now() - timedelta(days=7)
    db.session.commit()
    page = browser().get(link).text
    assert "You rated our help with 4 of 5 stars." in page
    assert "Change the rating" not in page
    client = browser()
    assert (
        client.post(link, data={"stars": "1"}, headers={"Referer": f"http://localhost{link}"}).location
        == link
    )
    assert "The time to rate this is over." in client.get(link).text
    read_anew()
    rating = find_rating(ticket.id)
    assert rating is not None
    assert rating.stars == 4
