"""Swaps as they look, and how one is offered with the keyboard alone."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from helpdesk import clock
from helpdesk.desk import absences, swaps
from helpdesk.desk.changes import By
from helpdesk.desk.turn_news import AHEAD, runs_of
from helpdesk.store import db
from helpdesk.store.people import Person
from helpdesk.store.rosters import AbsenceFeed, Layer, Roster, Swap
from tests.conftest import House, a_roster

Look = Callable[[str, Person | None, str], None]


@pytest.fixture
def roster(house: House, app: Flask) -> Roster:
    """Bo, Chen and Eli take daily turns; leads agree to swaps."""
    app.extensions.pop("on_call", None)
    people = [house.bo.id, house.eli.id, house.chen.id]
    layer = Layer(name="days", position=0, people=people, starts_at="2026-03-02T09:00", every=1, unit="days")
    found = a_roster("First line", layer)
    found.swaps_need_lead = True
    db.session.add(found)
    db.session.flush()
    house.team.roster_id = found.id
    db.session.commit()
    return found


@pytest.fixture
def swap(house: House, roster: Roster) -> Swap:
    """Bo offers a turn to Chen, who has one to take and one of Eli's to agree to."""
    now = clock.now()
    turns: dict[str, list[tuple]] = {}
    for person, span in runs_of(roster, now, now + AHEAD):
        turns.setdefault(person.name if person else "", []).append(span)
    bo, eli = By(now, house.bo.id), By(now, house.eli.id)
    absences.add_absence(house.bo.id, *turns["Bo"][4], now=now, actor_id=house.bo.id)
    db.session.add(AbsenceFeed(person_id=house.bo.id, url="sealed", created_at=now, fault="refused"))
    db.session.commit()
    swaps.offer(roster.id, turns["Eli"][2], None, None, "", eli)
    return swaps.offer(roster.id, turns["Bo"][2], house.chen.id, turns["Chen"][3], "I am at the theatre", bo)


def test_how_they_look(house: House, swap: Swap, screenshots: Look) -> None:
    screenshots("swaps", house.chen, "/on-call/swaps")
    screenshots("swap", house.chen, f"/on-call/swaps/{swap.id}")
    screenshots("absences", house.bo, "/on-call/absences")


def test_a_turn_is_offered_with_the_keyboard_alone(
    house: House, roster: Roster, visit: Callable[..., Page]
) -> None:
    page = visit(house.bo, "/on-call/swaps")
    page.get_by_role("link", name="Offer it").nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/swaps/new?**")
    page.get_by_label("Who could take it?").focus()
    page.keyboard.type("Chen")
    page.get_by_role("button", name="Offer it").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Your offer is on its way").wait_for()
    expect(page.get_by_role("button", name="Take the offer back")).to_be_visible()
