"""Maintenance that stops the clock: announced, extended, ended early, called off, and announced too late.

Everything goes through the pages; what the clock and a worker do beside is called after each step.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from helpdesk import clock
from helpdesk.desk import maintenance
from helpdesk.desk.check import check
from helpdesk.jobs import tasks
from helpdesk.store import db
from helpdesk.store.maintenance import Window
from helpdesk.store.names import find_named
from helpdesk.store.policies import Policy
from helpdesk.store.tickets import Target, Ticket
from helpdesk.web.roster_board import local_text
from tests.conftest import Browser, House, read_anew
from tests.doors.test_admin import typed_of

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
BERLIN = "Europe/Berlin"


@pytest.fixture
def ana(house: House, browser: Callable[[], Browser]) -> Browser:
    return browser().known_as(house.ana)


@pytest.fixture
def bo(house: House, browser: Callable[[], Browser]) -> Browser:
    return browser().known_as(house.bo)


@pytest.fixture
def chen(house: House, browser: Callable[[], Browser]) -> Browser:
    return browser().known_as(house.chen)


@pytest.fixture
def dee(house: House, browser: Callable[[], Browser]) -> Browser:
    return browser().known_as(house.dee)


def critical_pauses(eli: Browser, lead: int) -> None:
    """Eli lets maintenance stop the clock of critical tickets, announced so many minutes ahead. They count
    day and night, so the story comes out alike at any hour."""
    policy = find_named(Policy, "Standard")
    assert policy is not None
    path = f"/admin/policies/{policy.id}"
    said = {"critical-maintenance": "1", "maintenance_lead_minutes": str(lead), "do": "save"}
    said |= {"reason": "Agreed", "cover_reason": "The factory watches"}
    assert eli.post(path, data={**typed_of(eli.get(path)), **said}).status_code == 303


def all_stands(ana: Browser, house: House) -> Ticket:
    data = {"kind": "fault", "subject": "All stands", "body": "As it says", "service_id": house.erp.id}
    data |= {"works": "nothing", "affected": "everyone", "not_about_window": "1"}
    assert ana.post("/report", data=data).status_code == 303
    read_anew()
    return db.session.query(Ticket).filter_by(subject="All stands").one()


def planned(chen: Browser, house: House, starts_at: datetime, ends_at: datetime) -> str:
    """Chen plans a window; its page."""
    times = {"starts_at": local_text(starts_at, BERLIN), "ends_at": local_text(ends_at, BERLIN)}
    said = {
        "service_ids": [house.erp.id],
        "reason": "New version",
        "effect": "down",
        "owner_id": house.chen.id,
    }
    form = typed_of(chen.get("/maintenance/new")) | {"repeats": "", **times, **said}
    answer = chen.post("/maintenance/new", data=form)
    if answer.status_code == 200:  # it warns first, and asks for the same again
        answer = chen.post("/maintenance/new", data=typed_of(answer) | times | said | {"repeats": ""})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def step(door: Browser, path: str, name: str, **typed: str) -> None:
    """Takes a step of a window by its page; the clock and a worker come after it."""
    page = door.get(f"{path}/{name}")
    assert page.status_code == 200
    answer = door.post(f"{path}/{name}", data=typed_of(page) | typed)
    assert answer.status_code == 303, answer.text
    read_anew()
    maintenance.sweep(clock.now())
    tasks.recompute_deadlines()


def solved_by(ticket: Ticket) -> datetime:
    read_anew()
    row = db.session.query(Target).filter_by(ticket_id=ticket.id, target="resolution").one()
    assert row.due_at is not None
    return row.due_at


def window() -> Window:
    read_anew()
    return db.session.query(Window).one()


def all_agree() -> bool:
    """Whether `helpdesk check` finds nothing."""
    read_anew()
    return not [difference for batch in check() for difference in batch.differences]


def test_a_window_pauses_is_extended_and_ends_early(
    house: House, browser: Callable[[], Browser], ana: Browser, bo: Browser, chen: Browser, dee: Browser
) -> None:
    critical_pauses(browser().known_as(house.eli), lead=0)
    ticket = all_stands(ana, house)
    before = solved_by(ticket)
    now = clock.now()
    path = planned(chen, house, now, now + 2 * HOUR)
    assert chen.get(f"{path}/announce").status_code == 404, "nobody has approved it"
    assert solved_by(ticket) == before
    step(dee, path, "approve")
    step(chen, path, "announce")
    found = window()
    assert (found.state, found.approved_by_id) == ("running", house.dee.id)
    taken = found.ends_at - found.starts_at
    assert solved_by(ticket) == before + taken
    assert "Maintenance announced from" in bo.get(f"/tickets/{ticket.number}").text

    step(chen, path, "extend", ends_at=local_text(found.ends_at + HOUR, BERLIN), reason="The index is slow")
    assert window().state == "extended"
    assert solved_by(ticket) == before + taken + HOUR
    told = bo.get(f"/tickets/{ticket.number}").text
    assert "Maintenance extended to" in told
    assert "The index is slow" in told

    step(chen, path, "finish", reason="All is well")
    found = window()
    assert found.state == "finished"
    assert found.started_at is not None
    assert found.ended_at is not None
    assert solved_by(ticket) == before + (found.ended_at - found.started_at)
    assert "Maintenance ended early" in bo.get(f"/tickets/{ticket.number}").text
    assert all_agree()


def test_a_window_that_is_moved_and_called_off_gives_every_deadline_back(
    house: House, browser: Callable[[], Browser], ana: Browser, bo: Browser, chen: Browser, dee: Browser
) -> None:
    critical_pauses(browser().known_as(house.eli), lead=60)
    ticket = all_stands(ana, house)
    before, now = solved_by(ticket), clock.now()
    path = planned(chen, house, now + 90 * MINUTE, now + 150 * MINUTE)
    step(dee, path, "approve")
    step(chen, path, "announce")
    assert solved_by(ticket) == before + HOUR
    longer = {"starts_at": now + 100 * MINUTE, "ends_at": now + 200 * MINUTE}
    step(chen, path, "move", reason="Later", **{n: local_text(at, BERLIN) for n, at in longer.items()})
    assert solved_by(ticket) == before + 100 * MINUTE
    step(chen, path, "cancel", reason="The supplier is ill")
    assert solved_by(ticket) == before
    told = bo.get(f"/tickets/{ticket.number}").text
    assert told.index("Maintenance moved to") < told.index("Maintenance called off")
    assert "The supplier is ill" in told
    assert all_agree()


def test_a_window_announced_too_late_pauses_nothing_and_the_ticket_says_so(
    house: House, browser: Callable[[], Browser], ana: Browser, bo: Browser, chen: Browser, dee: Browser
) -> None:
    critical_pauses(browser().known_as(house.eli), lead=60)
    ticket = all_stands(ana, house)
    before, now = solved_by(ticket), clock.now()
    path = planned(chen, house, now + 50 * MINUTE, now + 150 * MINUTE)
    step(dee, path, "approve")
    step(chen, path, "announce")
    assert window().state == "announced"
    assert solved_by(ticket) == before
    assert "Maintenance announced from" not in bo.get(f"/tickets/{ticket.number}").text
    assert "announced too late to stop the clock" in bo.get(f"/tickets/{ticket.number}").text
    assert "was announced too late, so that time counts" in ana.get(f"/my/{ticket.number}").text
    assert all_agree()
