"""Every broken promise is reviewed: opened once, whoever finds it; closed with cause, owner and action."""

from datetime import UTC, datetime
from typing import Any

import pytest

from helpdesk.desk import breaches, closing, excuses, leavers, outages, reopenings, tickets
from helpdesk.desk.changes import By, ChangedMeanwhile, Refused, marker_of
from helpdesk.rules.access import Role
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.breaches import (
    BreachReview,
    Reviews,
    count_causes,
    count_review_news,
    list_beside,
    list_causes,
    list_reviews,
)
from helpdesk.store.letters import Letter
from helpdesk.store.security import list_events
from helpdesk.store.teams import Member
from helpdesk.store.tickets import Ticket
from tests.conftest import House


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """In March 2026, in Berlin's hours; the 2nd is a Monday."""
    return datetime(2026, 3, day, hour - 1, minute, second, tzinfo=UTC)


@pytest.fixture
def reviewing(house: House) -> House:
    """A house that reviews breaches from Monday, 8:00."""
    assert breaches.begin(at(2, 8))
    return house


def report(house: House, when: datetime, **more: Any) -> Ticket:
    """Critical: an hour to answer, four to solve, day and night."""
    said = {"works": Works.NOTHING, "affected": Affected.EVERYONE, "service_id": house.erp.id}
    return tickets.report(tickets.Report("Down", "", **(said | more)), house.ana, now=when, door="web")  # type: ignore[arg-type]


def reviews() -> list[tuple[str, int]]:
    db.session.rollback()
    return [(r.target, r.cycle) for r in db.session.query(BreachReview).order_by(BreachReview.id)]


def only() -> BreachReview:
    db.session.rollback()
    return db.session.query(BreachReview).one()


def listed(house: House, now: datetime, **asked: Any) -> list[str]:
    found = list_reviews(house.dee.asker, Reviews(now, **asked), 50)
    return [f"{each.review.target} {each.review.cycle}" for each in found]


def filled(house: House, **other: Any) -> dict[str, Any]:
    cause = list_causes()[0]
    known = {"cause_id": cause.id, "owner_id": house.chen.id, "words": "", "action": "Train Bo"}
    return known | other


def test_a_late_answer_opens_a_review_for_the_lead_by_the_fifth_working_day(reviewing: House) -> None:
    ticket = report(reviewing, at(2, 9))
    tickets.accept(ticket.id, reviewing.bo, now=at(2, 10, 30))
    review = only()
    assert (review.ticket_id, review.target, review.cycle) == (ticket.id, "response", 1)
    assert (review.team_id, review.owner_id) == (reviewing.team.id, reviewing.chen.id)
    assert (review.opened_at, review.due_at) == (at(2, 10, 30), at(9, 10, 30))
    assert review.closed_at is None


def test_what_is_past_due_and_untouched_the_sweep_finds_once(reviewing: House) -> None:
    ticket = report(reviewing, at(2, 9))
    breaches.sweep(at(2, 10))  # due this second, and still in time
    assert reviews() == []
    breaches.sweep(at(2, 10, 0, 1))
    breaches.sweep(at(2, 10, 5))
    assert reviews() == [("response", 1)]
    tickets.accept(ticket.id, reviewing.bo, now=at(2, 10, 30))
    closing.resolve(ticket.id, reviewing.bo, "c", "s", now=at(2, 14))
    breaches.sweep(at(2, 15))
    assert reviews() == [("response", 1), ("resolution", 1)]


def test_what_was_late_before_the_desk_had_reviews_has_none(house: House) -> None:
    old = report(house, at(2, 9))
    assert breaches.begin(at(2, 11))
    assert not breaches.begin(at(2, 12))
    tickets.accept(old.id, house.bo, now=at(2, 12))
    breaches.sweep(at(2, 12))
    assert reviews() == []
    breaches.sweep(at(2, 14))  # its solution was due at 13:00
    assert reviews() == [("resolution", 1)]


def test_an_excused_breach_is_reviewed_too(reviewing: House) -> None:
    ticket = report(reviewing, at(2, 9))
    tickets.accept(ticket.id, reviewing.bo, now=at(2, 10, 30))
    given = {"reason": "The line was cut", "evidence": "https://example.org/7"}
    excuses.excuse(ticket.id, reviewing.chen, "response", 1, **given, now=at(2, 11))
    (found,) = list_reviews(reviewing.dee.asker, Reviews(at(2, 12)), 50)
    assert found.is_excused
    assert found.review.closed_at is None


def test_a_review_closes_only_with_cause_owner_and_action(reviewing: House) -> None:
    tickets.accept(report(reviewing, at(2, 9)).id, reviewing.bo, now=at(2, 10, 30))
    review_id, by = only().id, By(at(3, 9), reviewing.chen.id)
    for name, empty in (("cause_id", None), ("owner_id", None), ("action", "")):
        with pytest.raises(Refused) as refused:
            breaches.save(review_id, filled(reviewing, **{name: empty}), by, closes=True)
        assert (refused.value.field, refused.value.code) == (name, "required")
    breaches.save(review_id, filled(reviewing, action=""), by, closes=False)
    assert only().closed_at is None
    breaches.save(review_id, filled(reviewing), by, closes=True)
    assert (only().closed_at, only().closed_by_id) == (at(3, 9), reviewing.chen.id)
    with pytest.raises(Refused):  # corrected, but never emptied
        breaches.save(review_id, filled(reviewing, cause_id=None), by, closes=False)
    assert list_events(what="review_closed")[0].subject.startswith("review:HD-")


def test_nobody_overwrites_another_and_only_who_may_write_reviews_owns_one(reviewing: House) -> None:
    tickets.accept(report(reviewing, at(2, 9)).id, reviewing.bo, now=at(2, 10, 30))
    review, by = only(), By(at(3, 9), reviewing.chen.id)
    seen = marker_of(breaches.state_of(review))
    breaches.save(review.id, filled(reviewing), by, seen, closes=False)
    with pytest.raises(ChangedMeanwhile):
        breaches.save(review.id, filled(reviewing, action="Call"), by, seen, closes=False)
    with pytest.raises(Refused) as refused:
        breaches.save(review.id, filled(reviewing, owner_id=reviewing.bo.id), by, closes=False)
    assert (refused.value.field, refused.value.code) == ("owner_id", "not_in_list")


def test_a_manager_hears_once_of_reviews_that_are_overdue(reviewing: House) -> None:
    for minute in (0, 5):
        tickets.accept(report(reviewing, at(2, 9, minute)).id, reviewing.bo, now=at(2, 10, 30))
    breaches.sweep(at(9, 10, 30))
    assert not db.session.query(Letter).filter_by(kind="reviews_overdue").count()
    breaches.sweep(at(9, 10, 31))
    breaches.sweep(at(9, 10, 32))
    letter = db.session.query(Letter).filter_by(kind="reviews_overdue").one()
    assert (letter.person_id, letter.subject) == (
        reviewing.dee.id,
        "2 broken promises are not explained in time",
    )
    assert "HD-1 Down" in letter.text
    assert "HD-2 Down" in letter.text
    asker = reviewing.dee.asker
    assert count_review_news(asker, at(9, 10), at(9, 11)) == 2
    assert count_review_news(asker, at(9, 10, 31), at(9, 11)) == 0


def test_without_a_manager_the_administrators_hear_of_it(reviewing: House) -> None:
    reviewing.team.manager_id = None
    db.session.commit()
    tickets.accept(report(reviewing, at(2, 9)).id, reviewing.bo, now=at(2, 10, 30))
    breaches.sweep(at(9, 11))
    assert db.session.query(Letter).filter_by(kind="reviews_overdue").one().person_id == reviewing.eli.id


def test_an_owner_gets_one_letter_a_day_of_what_is_new_and_of_what_is_due(reviewing: House) -> None:
    tickets.accept(report(reviewing, at(2, 9)).id, reviewing.bo, now=at(2, 10, 30))
    told = [breaches.write_reminders(at(day, 7)) for day in (3, 3, 4, 9, 10)]
    assert told == [1, 0, 0, 1, 0]  # new on the 2nd, due on the 9th, then overdue: the manager's
    letter = db.session.query(Letter).filter_by(kind="reviews").order_by(Letter.id).first()
    assert letter.person_id == reviewing.chen.id
    assert "/figures/reviews/1" in letter.text


def test_a_breach_that_never_was_asks_for_nothing(reviewing: House) -> None:
    ticket = report(reviewing, at(2, 9))
    tickets.accept(ticket.id, reviewing.bo, now=at(2, 9, 10))
    closing.resolve(ticket.id, reviewing.bo, "c", "s", now=at(2, 9, 30))
    closing.reopen(ticket.id, reviewing.ana, "Thank you, and by the way", now=at(2, 10))
    breaches.sweep(at(2, 11, 30))
    assert listed(reviewing, at(2, 12)) == ["response 2"]
    reopenings.not_a_reopening(ticket.id, reviewing.bo, "another matter", now=at(2, 12))
    found = list_reviews(reviewing.dee.asker, Reviews(at(2, 13)), 50)
    assert ticket.id not in [each.review.ticket_id for each in found]
    breaches.sweep(at(20, 9))
    letters = db.session.query(Letter).filter_by(kind="reviews_overdue")
    assert not [letter for letter in letters if f"{ticket.number} Down" in letter.text]
    closing.reopen(ticket.id, reviewing.ana, "Down again", now=at(20, 10))
    breaches.sweep(at(20, 12))
    again = list_reviews(reviewing.dee.asker, Reviews(at(20, 12), ticket_id=ticket.id), 50)
    assert [(r.review.target, r.review.opened_at) for r in again] == [("response", at(20, 12))]


def test_the_reviews_of_one_fault_are_closed_together_each_with_its_owner(reviewing: House) -> None:
    parent, child = report(reviewing, at(2, 9)), report(reviewing, at(2, 9, 1))
    outages.adopt(parent.id, [child.id], reviewing.bo, now=at(2, 9, 5))
    breaches.sweep(at(2, 10, 30))
    assert reviews() == [("response", 1), ("response", 1)]
    first, second = db.session.query(BreachReview).order_by(BreachReview.id)
    assert list_beside(first, reviewing.chen.asker, at(3, 9)) == [second]
    second.owner_id = reviewing.dee.id
    db.session.commit()
    breaches.save(
        first.id, filled(reviewing), By(at(3, 9), reviewing.chen.id), closes=True, beside=[second.id]
    )
    db.session.rollback()
    assert [r.owner_id for r in (first, second)] == [reviewing.chen.id, reviewing.dee.id]
    assert [r.closed_at for r in (first, second)] == [at(3, 9), at(3, 9)]
    ((cause, count),) = count_causes(reviewing.dee.asker, Reviews(at(4, 9), kind="fault"))
    assert (cause and cause.name, count) == ("Staffing", 2)


def test_a_lead_sees_the_reviews_of_their_teams_alone(reviewing: House) -> None:
    tickets.accept(report(reviewing, at(2, 9)).id, reviewing.bo, now=at(2, 10, 30))
    stranger = reviewing.person("Gil", Role.LEAD)
    db.session.commit()
    seen = {
        person.name: len(list_reviews(person.asker, Reviews(at(3, 9)), 50))
        for person in (reviewing.chen, reviewing.dee, reviewing.fay, stranger)
    }
    assert seen == {"Chen": 1, "Dee": 1, "Fay": 1, "Gil": 0}


def test_a_cause_no_longer_used_stays_with_what_names_it(reviewing: House) -> None:
    by, cause = By(at(2, 9), reviewing.eli.id), list_causes()[0]
    values = breaches.state_of_cause(cause)
    with pytest.raises(Refused) as refused:
        breaches.save_cause(None, values, by)
    assert refused.value.code == "name_taken"
    breaches.save_cause(cause.id, values | {"is_active": False}, by, marker_of(values))
    assert cause.id not in [each.id for each in list_causes()]
    tickets.accept(report(reviewing, at(2, 9)).id, reviewing.bo, now=at(2, 10, 30))
    with pytest.raises(Refused):
        breaches.save(only().id, filled(reviewing, cause_id=cause.id), by, closes=False)


def test_whoever_leaves_hands_their_reviews_on_to_another_lead(reviewing: House) -> None:
    ticket = report(reviewing, at(2, 9))
    tickets.accept(ticket.id, reviewing.bo, now=at(2, 10, 30))
    assert only().owner_id == reviewing.chen.id
    gil = reviewing.person("Gil", Role.LEAD)
    db.session.flush()
    db.session.add(Member(team_id=reviewing.team.id, person_id=gil.id, is_lead=True))
    db.session.commit()
    leavers.leave(reviewing.chen.id, By(at(2, 11), reviewing.eli.id))
    assert only().owner_id == gil.id
    leavers.leave(gil.id, By(at(2, 12), reviewing.eli.id))
    assert only().owner_id is None
