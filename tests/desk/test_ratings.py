"""Ratings, and asking for them: not too often, and never where nobody would know what to say."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from flask import Flask

from helpdesk.desk import check, closing, feedback, outages, tickets
from helpdesk.desk.tickets import Report
from helpdesk.rules.access import Role
from helpdesk.rules.lifecycle import NotAllowed
from helpdesk.store import db
from helpdesk.store.feedback import Rating, RatingRequest, find_rating
from helpdesk.store.follow_ups import FollowUp
from helpdesk.store.letters import Letter
from helpdesk.store.organisation import get_organisation
from helpdesk.store.people import Person, get_person
from helpdesk.store.tickets import Ticket, find_entry
from tests.at_once import at_once
from tests.conftest import MONDAY_9, House, read_anew

DAY = timedelta(days=1)
MORNING = MONDAY_9 + DAY
SOLVED = ("paper dust", "cleaned it")


def report(
    house: House, subject: str = "Printer", by: Person | None = None, now: datetime = MONDAY_9
) -> Ticket:
    return tickets.report(Report(subject, "jam"), by or house.ana, now=now, door="web")


def closed(
    house: House, subject: str = "Printer", by: Person | None = None, now: datetime = MONDAY_9
) -> Ticket:
    ticket = report(house, subject, by, now)
    closing.resolve(ticket.id, house.bo, *SOLVED, now=now)
    closing.confirm(ticket.id, by or house.ana, now=now)
    return ticket


def asked(kind: str = "rating_request") -> list[tuple[str, int | None]]:
    read_anew()
    found = db.session.query(Letter).filter_by(kind=kind).order_by("id")
    return [(each.to_address, each.ticket_id) for each in found]


def test_who_has_not_rated_is_asked_the_next_morning_and_reminded_once(house: House) -> None:
    ticket = closed(house)
    assert [feedback.ask_due(MORNING + n * DAY) for n in range(8)] == [1, 0, 0, 1, 0, 0, 0, 0]
    assert asked() == asked("rating_reminder") == [("ana@example.org", ticket.id)]
    letter = db.session.query(Letter).filter_by(kind="rating_request").one()
    assert "/confirm/" in letter.text


def test_who_has_rated_is_neither_asked_nor_reminded(house: House) -> None:
    rated, unrated = closed(house), closed(house, by=other(house))
    feedback.rate(rated.id, house.ana, 3, now=MONDAY_9)
    assert feedback.ask_due(MORNING) == 1
    feedback.rate(unrated.id, other(house), 3, now=MORNING)
    assert feedback.ask_due(MORNING + 4 * DAY) == 0
    assert asked() == [("gil@example.org", unrated.id)]


def other(house: House) -> Person:
    found = db.session.query(Person).filter_by(name="Gil").one_or_none()
    if found is None:
        found = house.person("Gil", Role.REPORTER)
        db.session.commit()
    return found


def test_nobody_is_asked_twice_within_a_month(house: House) -> None:
    closed(house, "First", now=MONDAY_9 - timedelta(hours=1))
    last = closed(house, "Last")
    assert feedback.ask_due(MORNING) == 1
    assert asked() == [("ana@example.org", last.id)]
    closed(house, "Later", now=MORNING + 28 * DAY)
    assert feedback.ask_due(MORNING + 29 * DAY) == 0
    soon = closed(house, "A month later", now=MORNING + 29 * DAY)
    assert feedback.ask_due(MORNING + 30 * DAY) == 1
    assert asked()[-1] == ("ana@example.org", soon.id)


def test_the_organisation_says_how_often_and_nought_is_never(house: House) -> None:
    closed(house)
    get_organisation().options = {"rating_every_days": 0, "rating_reminder_days": 0}
    db.session.commit()
    assert feedback.ask_due(MORNING) == 0
    get_organisation().options = {"rating_every_days": 1, "rating_reminder_days": 0}
    db.session.commit()
    assert [feedback.ask_due(MORNING + n * DAY) for n in range(6)] == [1, 0, 0, 0, 0, 0]


def test_what_was_cancelled_merged_or_sent_by_a_program_is_never_asked_about(house: House) -> None:
    cancelled, merged, automatic = (report(house, name) for name in ("Cancelled", "Merged", "Automatic"))
    survivor = report(house, "Survivor")
    closing.cancel(cancelled.id, house.bo, "test", now=MONDAY_9)
    closing.merge(merged.id, house.bo, survivor.id, now=MONDAY_9)
    entry = find_entry(automatic.id, "reported")
    assert entry is not None
    entry.detail = {**entry.detail, "automatic": "bulk"}
    db.session.commit()
    closing.resolve(automatic.id, house.bo, *SOLVED, now=MONDAY_9)
    closing.close_silent(automatic.id, now=MONDAY_9)
    assert feedback.ask_due(MORNING) == 0


def test_of_reports_of_one_fault_a_person_is_asked_about_one(house: House) -> None:
    get_organisation().options = {"rating_every_days": 1}
    parent = report(house, "ERP is away", house.dee)
    children = [report(house, f"ERP {n}") for n in range(2)]
    outages.adopt(parent.id, [child.id for child in children], house.bo, now=MONDAY_9)
    closing.resolve(parent.id, house.bo, *SOLVED, now=MONDAY_9)
    for n, child in enumerate(children):
        db.session.expire_all()
        if db.session.get_one(Ticket, child.id).state != "resolved":
            closing.resolve(child.id, house.bo, *SOLVED, now=MONDAY_9)
        closing.confirm(child.id, house.ana, now=MONDAY_9 + n * DAY)
    assert [feedback.ask_due(MORNING + n * DAY) for n in range(3)] == [1, 0, 0]


def test_who_wants_milestones_alone_or_solved_it_themselves_is_not_asked(house: House) -> None:
    closed(house)
    house.ana.mail_mode = "milestones"
    db.session.commit()
    own = report(house, "My own", house.bo)
    tickets.accept(own.id, house.bo, now=MONDAY_9)
    closing.resolve(own.id, house.bo, *SOLVED, now=MONDAY_9)
    closing.confirm(own.id, house.bo, now=MONDAY_9)
    assert feedback.ask_due(MORNING) == 0
    assert db.session.query(RatingRequest).count() == 0  # so that they are asked once they want it


def test_a_rating_changes_until_a_week_after_closing_and_keeps_when_it_was_first_given(house: House) -> None:
    ticket = closed(house)
    feedback.rate(ticket.id, house.ana, 3, "Fine", reasons=["slow", "clear"], now=MONDAY_9)
    feedback.rate(ticket.id, house.ana, 4, "Good", reasons=["clear"], now=MONDAY_9 + 6 * DAY)
    with pytest.raises(NotAllowed) as refused:
        feedback.rate(ticket.id, house.ana, 1, now=MONDAY_9 + 7 * DAY)
    assert refused.value.verb == "rate"
    read_anew()
    rating = find_rating(ticket.id)
    assert rating is not None
    assert (rating.stars, rating.words, rating.reasons) == (4, "Good", ["clear"])
    assert (rating.first_given_at, rating.given_at) == (MONDAY_9, MONDAY_9 + 6 * DAY)


def test_the_check_finds_a_rating_that_its_timeline_does_not_tell_of(house: House) -> None:
    ticket = closed(house)
    feedback.rate(ticket.id, house.ana, 3, "Fine", reasons=["slow"], now=MONDAY_9)
    assert [d for batch in check.check() for d in batch.differences] == []
    db.session.query(Rating).one().stars = 5
    db.session.commit()
    (found,) = [d for batch in check.check() for d in batch.differences]
    assert (found.number, found.what, found.kept.stars, found.ruled.stars) == (ticket.number, "rating", 5, 3)


@pytest.mark.parametrize("round_", range(3))
def test_of_two_clocks_that_ask_at_once_one_asks(app: Flask, house: House, round_: int) -> None:
    closed(house, "First")
    closed(house, "Second")
    assert sum(at_once(app, *[partial(feedback.ask_due, MORNING)] * 2)) == 1
    assert len(asked()) == 1


@pytest.mark.parametrize("round_", range(3))
def test_a_bad_rating_sent_twice_at_once_is_one_follow_up(app: Flask, house: House, round_: int) -> None:
    ticket_id, ana = closed(house).id, house.ana.id

    def rate() -> int:
        return feedback.rate(ticket_id, get_person(ana), 1, now=MONDAY_9).stars

    assert at_once(app, rate, rate) == [1, 1]
    read_anew()
    assert db.session.query(FollowUp).one().further == []
