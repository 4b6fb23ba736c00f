from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from helpdesk import clock
from helpdesk.desk import drafts, presence, tickets
from helpdesk.desk.tickets import Report
from helpdesk.store.drafts import find_draft
from helpdesk.store.tickets import Ticket
from tests.conftest import Browser, House, read_anew

Browsers = Callable[[], Browser]


@pytest.fixture
def ticket(house: House) -> Ticket:
    return tickets.report(Report("Printer jams", ""), house.ana, now=clock.now(), door="web")


@pytest.fixture
def bo(browser: Browsers, house: House) -> Browser:
    return browser().known_as(house.bo)


def test_a_draft_is_kept_without_script_and_stands_in_the_form_again(
    house: House, ticket: Ticket, bo: Browser, browser: Browsers
) -> None:
    kept = bo.post(f"/tickets/{ticket.number}/draft", data={"as": "note", "body": "Half a thought"})
    assert kept.status_code == 303
    page = bo.get(kept.location).text
    assert "Half a thought" in page
    assert "Your draft of" in page
    assert "Half a thought" not in browser().known_as(house.chen).get(f"/tickets/{ticket.number}").text


@pytest.mark.parametrize("sent", [{"as": "reply", "body": "Done"}, {"as": "note", "body": "Done"}])
def test_a_draft_ends_when_it_is_sent(
    house: House, ticket: Ticket, bo: Browser, sent: dict[str, str]
) -> None:
    bo.post(f"/tickets/{ticket.number}/draft", data=sent)
    assert bo.post(f"/tickets/{ticket.number}/say", data=sent).status_code == 303
    read_anew()
    assert find_draft(ticket.id, house.bo.id) is None


def test_a_draft_outlives_an_answer_that_was_refused(house: House, ticket: Ticket, bo: Browser) -> None:
    bo.post(f"/tickets/{ticket.number}/draft", data={"as": "reply", "body": "Done"})
    assert bo.post(f"/tickets/{ticket.number}/say", data={"as": "reply", "body": ""}).status_code == 422
    read_anew()
    assert find_draft(ticket.id, house.bo.id) is not None


def test_an_emptied_draft_is_none(house: House, ticket: Ticket, bo: Browser) -> None:
    path = f"/tickets/{ticket.number}/draft?alone=1"
    assert bo.post(path, data={"as": "reply", "body": "One"}).json["said"].startswith("Draft kept at")
    assert bo.post(path, data={"as": "reply", "body": " "}).json == {"said": ""}
    read_anew()
    assert find_draft(ticket.id, house.bo.id) is None


def test_a_draft_is_kept_once_however_often_it_is_saved(house: House, ticket: Ticket) -> None:
    for minute, body in enumerate(("One", "One two", "One two three")):
        now = house.now + timedelta(minutes=minute)
        drafts.keep(ticket.id, house.bo.id, "reply", body, now=now)
    read_anew()
    draft = find_draft(ticket.id, house.bo.id)
    assert draft is not None
    assert (draft.body, draft.saved_at) == ("One two three", house.now + timedelta(minutes=2))


def test_a_preview_is_drawn_by_the_same_hand_and_keeps_what_was_typed(ticket: Ticket, bo: Browser) -> None:
    typed = {"as": "reply", "body": "**Now** <script>alert(1)</script>"}
    alone = bo.post(f"/tickets/{ticket.number}/preview?alone=1", data=typed).text
    assert "<strong>Now</strong> &lt;script&gt;" in alone
    page = bo.post(f"/tickets/{ticket.number}/preview", data=typed).text
    assert "<strong>Now</strong> &lt;script&gt;" in page
    assert "**Now** &lt;script&gt;alert(1)&lt;/script&gt;</textarea>" in page


@pytest.mark.parametrize("path", ["draft", "draft/drop", "preview", "presence", "follow", "unfollow"])
def test_whoever_only_reads_leaves_no_trace(
    house: House, ticket: Ticket, browser: Browsers, path: str
) -> None:
    auditor = browser().known_as(house.fay)
    assert auditor.post(f"/tickets/{ticket.number}/{path}", data={"body": "x"}).status_code == 404


NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")


@pytest.mark.parametrize(
    ("seconds", "writes", "expected"),
    [
        (5, False, presence.Others(reading=("Chen",))),
        (5, True, presence.Others(writing=("Chen",))),
        (29, True, presence.Others(writing=("Chen",))),
        (31, True, presence.Others()),
    ],
)
def test_who_else_is_here_is_known_for_half_a_minute(
    house: House, ticket: Ticket, seconds: int, writes: bool, expected: presence.Others
) -> None:
    presence.beat(ticket.id, house.bo.id, writes=True, now=NOON)
    presence.beat(ticket.id, house.chen.id, writes=writes, now=NOON - timedelta(seconds=seconds))
    assert presence.others(ticket.id, house.bo.id, now=NOON) == expected


def test_who_has_sent_writes_no_more(house: House, ticket: Ticket, bo: Browser, browser: Browsers) -> None:
    chen = browser().known_as(house.chen)
    bo.post(f"/tickets/{ticket.number}/presence", data={"writes": "1"})
    assert "Bo is writing" in chen.post(f"/tickets/{ticket.number}/presence").text
    assert "Bo is writing" in chen.get(f"/tickets/{ticket.number}").text
    bo.post(f"/tickets/{ticket.number}/say", data={"as": "reply", "body": "Done"})
    assert "Bo is looking at this" in chen.post(f"/tickets/{ticket.number}/presence").text
