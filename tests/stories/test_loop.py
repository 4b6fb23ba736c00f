"""The loop closes: what somebody was not content with comes back to them, with what is done about it."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from helpdesk import clock
from helpdesk.desk import digests, feedback, follow_ups, loop, tickets
from helpdesk.desk.tickets import Report
from helpdesk.store import db
from helpdesk.store.escalations import Alarm
from helpdesk.store.follow_ups import FollowUp
from helpdesk.store.letters import Letter
from helpdesk.store.tickets import Entry, Target, Ticket
from tests.conftest import Browser, House, read_anew

Browsers = Callable[[], Browser]
DAY = timedelta(days=1)


def test_what_went_badly_is_followed_up_and_told(house: House, browser: Browsers) -> None:
    tickets.report(Report("The printer jams", "Every page."), house.ana, now=clock.now(), door="mail")
    bo, chen = browser().known_as(house.bo), browser().known_as(house.chen)
    accept_and_resolve(bo, "Took the paper out.")
    ana_says(browser, words="", expects=422, solved="0")  # what is still wrong has to be said
    ana_says(browser, words="It jams again.", solved="0")
    it_is_open_again_with_a_fresh_answer_due(house)
    accept_and_resolve(bo, "Changed the roller.")
    ana_says(browser, words="Still not right", expects=422, solved="1")  # asked once more
    ana_says(browser, words="Now the other tray.", solved="0", stars="2", reasons=["slow"])
    chen_hears_of_both(house)
    accept_and_resolve(bo, "Changed the tray.")
    ana_says(browser, words="Good at last.", solved="1", stars="4")
    the_better_rating_closes_nothing()
    dee_hears_that_it_is_overdue(house)
    chen_closes_the_loop(chen)
    ana_reads_what_is_done(browser)
    the_figures_say_so(house)
    assert feedback.ask_due(clock.now() + DAY) == 0  # she has rated


def letters(kind: str) -> list[Letter]:
    read_anew()
    return db.session.query(Letter).filter_by(kind=kind).order_by(Letter.id).all()


def link_in(letter: Letter, part: str) -> str:
    return urlsplit(next(word for word in letter.text.split() if part in word)).path


def accept_and_resolve(bo: Browser, what: str) -> None:
    assert bo.post("/tickets/HD-1/accept").status_code == 303
    assert bo.post("/tickets/HD-1/resolve", data={"cause": "Dust", "solution": what}).status_code == 303


def ana_says(browser: Browsers, expects: int = 303, **said: object) -> None:
    """By the link of the latest letter that asks, in a browser that nobody has signed in with."""
    link = link_in(letters("resolved")[-1], "/confirm/")
    assert "For" in browser().get(link).text
    assert browser().post(link, data=said).status_code == expects


def it_is_open_again_with_a_fresh_answer_due(house: House) -> None:
    read_anew()
    ticket = db.session.query(Ticket).one()
    assert (ticket.state, ticket.assignee_id, ticket.accepted_at) == ("new", house.bo.id, None)
    found = db.session.query(Target).filter_by(target="response").order_by(Target.cycle)
    assert [(each.cycle, each.state) for each in found] == [(1, "met"), (2, "running")]
    reopened = db.session.query(Entry).filter_by(kind="reopened").one()
    assert (reopened.body, reopened.detail) == ("It jams again.", {"step": 1})
    team, raised = (db.session.query(Alarm).filter_by(key=f"response:2:minor:{n}:0").one() for n in (0, 1))
    assert raised.detail["to"] == "assignee"  # who would have been reminded at half of the time
    assert raised.due_at == team.due_at  # at once, in time that counts
    assert {each.to_address for each in letters("reopened")} == {"bo@example.org", "chen@example.org"}


def chen_hears_of_both(house: House) -> None:
    """Of the stars, and of the second reopening: one follow-up."""
    asked = letters("follow_up")
    assert [each.to_address for each in asked] == ["chen@example.org"] * 2
    assert "2 of 5 stars" in asked[0].text
    assert "It took too long" in asked[0].text
    assert "once more" in asked[1].text
    found = db.session.query(FollowUp).one()
    assert (found.owner_id, found.because, len(found.further)) == (house.chen.id, "rating", 1)


def the_better_rating_closes_nothing() -> None:
    read_anew()
    assert db.session.query(FollowUp).one().closed_at is None


def dee_hears_that_it_is_overdue(house: House) -> None:
    due_at = db.session.query(FollowUp).one().due_at
    assert follow_ups.escalate_due(due_at) == 1
    assert [each.to_address for each in letters("follow_up_overdue")] == ["dee@example.org"]
    assert digests.write_digests(due_at + DAY) == 1
    assert "HD-1 The printer jams" in letters("digest")[-1].text


def chen_closes_the_loop(chen: Browser) -> None:
    page = link_in(letters("follow_up")[0], "/figures/follow-ups/")
    assert "4 steps are still to be done." in chen.get(page).text
    for step, words in (
        ("reached", "She lost two mornings"),
        ("cause", "We tried one part after the other"),
        ("action", "A printer that fails twice is exchanged"),
        ("told", "From now on a printer that fails twice is exchanged."),
    ):
        assert chen.post(f"{page}/steps/{step}", data={"words": words}).status_code == 303
    assert chen.post(f"{page}/close").status_code == 303


def ana_reads_what_is_done(browser: Browsers) -> None:
    told = letters("followed_up")
    assert [each.to_address for each in told] == ["ana@example.org"]
    assert "a printer that fails twice is exchanged" in told[0].text
    assert "a printer that fails twice is exchanged" in browser().get(link_in(told[0], "/follow/")).text


def the_figures_say_so(house: House) -> None:
    """Closed before its deadline, which the test has only looked ahead to."""
    now = clock.now()
    found = loop.loop(house.dee.asker, "fault", now - DAY, now + DAY, now)
    assert (found.opened, found.in_time, found.tenths) == (1, 1, 1000)
