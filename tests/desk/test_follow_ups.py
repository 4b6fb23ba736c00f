"""What becomes of a bad rating and of a second reopening."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from helpdesk.desk import closing, digests, feedback, follow_ups, leavers, loop, reopenings, tickets
from helpdesk.desk.changes import By, Refused
from helpdesk.desk.tickets import Report
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.follow_ups import FollowUp, count_follow_up_news
from helpdesk.store.letters import Letter
from helpdesk.store.organisation import get_organisation
from helpdesk.store.people import Person, get_person
from helpdesk.store.teams import Member, Team
from helpdesk.store.tickets import Ticket, list_entries
from tests.at_once import at_once
from tests.conftest import MONDAY_9, House, read_anew

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEN = MONDAY_9 + HOUR
SOLVED = ("paper dust", "cleaned it")


@pytest.fixture
def ticket(house: House) -> Ticket:
    return tickets.report(Report("Printer", "jam"), house.ana, now=MONDAY_9, door="web")


def close(house: House, ticket: Ticket, stars: int | None, now: datetime = TEN) -> None:
    closing.resolve(ticket.id, house.bo, *SOLVED, now=now)
    closing.confirm(ticket.id, house.ana, stars=stars, words="meh", now=now)


def the_one() -> FollowUp:
    read_anew()
    return db.session.query(FollowUp).one()


def letters(kind: str) -> list[str]:
    read_anew()
    return [each.to_address for each in db.session.query(Letter).filter_by(kind=kind).order_by("id")]


def do_all(house: House, found: FollowUp, now: datetime) -> None:
    follow_ups.reach(found.id, house.chen, "She waited a week", now=now)
    follow_ups.find_cause(found.id, house.chen, "Nobody told her", now=now)
    follow_ups.name_action(found.id, house.chen, "We call back", now=now)
    follow_ups.tell(found.id, house.chen, "From now on we call back.", now=now)


@pytest.mark.parametrize(
    ("stars", "is_opened"), [(1, True), (2, True), (3, False), (5, False), (None, False)]
)
def test_one_or_two_stars_open_a_follow_up(
    house: House, ticket: Ticket, stars: int | None, is_opened: bool
) -> None:
    close(house, ticket, stars)
    assert db.session.query(FollowUp).count() == is_opened


def test_it_is_the_leads_who_hears_by_letter_and_bell_and_has_two_working_days(
    house: House, ticket: Ticket
) -> None:
    close(house, ticket, 1)
    found = the_one()
    assert (found.owner_id, found.team_id, found.because, found.stars) == (
        house.chen.id,
        house.team.id,
        "rating",
        1,
    )
    # Sixteen hours of 9 to 18 with an hour for lunch: eight a day, so on Wednesday at ten.
    assert found.due_at == datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
    assert letters("follow_up") == ["chen@example.org"]
    assert count_follow_up_news(house.chen.asker, MONDAY_9) == 1
    assert count_follow_up_news(house.chen.asker, TEN) == 0
    assert [e.kind for e in list_entries(ticket.id)][-3:] == ["rated", "follow_up_opened", "closed"]


def test_its_length_is_the_organisations_to_say(house: House, ticket: Ticket) -> None:
    get_organisation().options = {"follow_up_hours": 2}
    db.session.commit()
    close(house, ticket, 1)
    assert the_one().due_at == TEN + 2 * HOUR


def test_the_second_reopening_opens_one_and_not_the_first(house: House, ticket: Ticket) -> None:
    for times in (1, 2):
        closing.resolve(ticket.id, house.bo, *SOLVED, now=TEN)
        closing.reopen(ticket.id, house.ana, "No", now=TEN + times * HOUR)
        assert db.session.query(FollowUp).count() == times - 1
    assert (the_one().because, the_one().stars) == ("reopened", None)


def test_a_ticket_has_one_open_follow_up_on_which_further_occasions_are_noted(
    house: House, ticket: Ticket
) -> None:
    closing.resolve(ticket.id, house.bo, *SOLVED, now=TEN)
    closing.reopen(ticket.id, house.ana, "No", stars=2, reasons=["slow", "quick"], now=TEN)
    closing.resolve(ticket.id, house.bo, *SOLVED, now=TEN + HOUR)
    closing.reopen(ticket.id, house.ana, "No!", stars=1, now=TEN + HOUR)
    found = the_one()
    assert (found.because, found.stars, found.due_at) == ("rating", 2, datetime(2026, 3, 4, 9, 0, tzinfo=UTC))
    assert [(each["because"], each["stars"]) for each in found.further] == [("rating", 1), ("reopened", None)]
    assert letters("follow_up") == ["chen@example.org"] * 3
    rated = [e.detail for e in list_entries(ticket.id) if e.kind == "rated"]
    assert rated == [{"stars": 2, "reasons": ["slow"]}, {"stars": 1}]


def test_it_closes_only_with_every_step_and_the_reporter_reads_the_action(
    house: House, ticket: Ticket
) -> None:
    close(house, ticket, 1)
    found = the_one()
    with pytest.raises(Refused) as refused:
        follow_ups.close(found.id, house.chen, now=TEN)
    assert (refused.value.code, refused.value.names) == ("missing", "reached,cause,action,told")
    with pytest.raises(Refused, match="no_action"):
        follow_ups.tell(found.id, house.chen, "Sorry", now=TEN)
    do_all(house, found, TEN)
    follow_ups.close(found.id, house.chen, now=TEN + HOUR)
    assert (the_one().closed_at, the_one().closed_by_id) == (TEN + HOUR, house.chen.id)
    assert letters("followed_up") == ["ana@example.org"]
    told = next(e for e in list_entries(ticket.id) if e.kind == "followed_up")
    assert (told.body, told.is_public) == ("From now on we call back.", True)
    with pytest.raises(Refused, match="closed"):
        follow_ups.reach(found.id, house.chen, "Again", now=TEN + DAY)


def test_another_action_has_to_be_told_anew(house: House, ticket: Ticket) -> None:
    close(house, ticket, 1)
    found = the_one()
    do_all(house, found, TEN)
    follow_ups.name_action(found.id, house.chen, "We call back", now=TEN)
    assert the_one().missing == []
    follow_ups.name_action(found.id, house.chen, "We write", now=TEN)
    assert the_one().missing == ["told"]


def test_a_better_rating_later_closes_nothing(house: House, ticket: Ticket) -> None:
    close(house, ticket, 1)
    feedback.rate(ticket.id, house.ana, 5, now=TEN + DAY)
    assert the_one().closed_at is None


def test_the_same_bad_rating_in_other_words_opens_no_other(house: House, ticket: Ticket) -> None:
    close(house, ticket, 1)
    do_all(house, the_one(), TEN)
    follow_ups.close(the_one().id, house.chen, now=TEN)
    feedback.rate(ticket.id, house.ana, 2, "Really", now=TEN + DAY)
    assert the_one().closed_at == TEN
    feedback.rate(ticket.id, house.ana, 4, now=TEN + DAY)
    feedback.rate(ticket.id, house.ana, 1, "It broke again", now=TEN + 2 * DAY)
    assert db.session.query(FollowUp).count() == 2


def test_overdue_ones_tell_the_manager_once_and_stand_in_the_digest_from_then_on(
    house: House, ticket: Ticket
) -> None:
    close(house, ticket, 1)
    due_at = the_one().due_at
    assert follow_ups.escalate_due(due_at - HOUR) == 0
    assert digests.write_digests(due_at - HOUR) == 0
    assert [follow_ups.escalate_due(due_at + n * HOUR) for n in range(3)] == [1, 0, 0]
    assert letters("follow_up_overdue") == ["dee@example.org"]
    assert count_follow_up_news(house.dee.asker, due_at - HOUR) == 1
    assert [digests.write_digests(due_at + n * DAY) for n in (1, 1, 2)] == [1, 0, 1]
    do_all(house, the_one(), due_at + 2 * DAY)
    follow_ups.close(the_one().id, house.chen, now=due_at + 2 * DAY)
    assert digests.write_digests(due_at + 3 * DAY) == 0


def test_without_a_lead_those_above_are_told(house: House, ticket: Ticket) -> None:
    house.chen.left_at = MONDAY_9
    db.session.commit()
    close(house, ticket, 1)
    assert (the_one().owner_id, letters("follow_up")) == (None, ["dee@example.org"])


def test_whoever_leaves_hands_it_on_to_another_lead(house: House, ticket: Ticket) -> None:
    close(house, ticket, 1)
    gil = second_lead(house)
    leavers.leave(house.chen.id, By(TEN, house.eli.id))
    assert (the_one().owner_id, letters("follow_up")) == (gil.id, ["chen@example.org", "gil@example.org"])


def test_who_leads_the_team_no_longer_hears_no_more_of_it(house: House, ticket: Ticket) -> None:
    closing.resolve(ticket.id, house.bo, *SOLVED, now=TEN)
    closing.reopen(ticket.id, house.ana, "No", stars=2, now=TEN)
    db.session.query(Member).filter_by(person_id=house.chen.id).delete()
    db.session.query(Team).update({"manager_id": house.dee.id})
    db.session.commit()
    closing.resolve(ticket.id, house.bo, *SOLVED, now=TEN + HOUR)
    closing.reopen(ticket.id, house.ana, "No, not for me", stars=1, now=TEN + HOUR)
    assert letters("follow_up") == ["chen@example.org", "dee@example.org", "dee@example.org"]
    assert count_follow_up_news(house.chen.asker, MONDAY_9) == 0


def test_the_same_words_told_twice_are_one_letter(house: House, ticket: Ticket) -> None:
    close(house, ticket, 1)
    found = the_one()
    do_all(house, found, TEN)
    follow_ups.tell(found.id, house.chen, "From now on we call back.", now=TEN)
    assert letters("followed_up") == ["ana@example.org"]
    follow_ups.tell(found.id, house.chen, "We call back, and on Sundays, too.", now=TEN)
    assert len(letters("followed_up")) == 2


@pytest.mark.parametrize("round_", range(3))
def test_two_leads_at_once_tell_and_close_once(app: Flask, house: House, ticket: Ticket, round_: int) -> None:
    close(house, ticket, 1)
    found_id, leads = the_one().id, (house.chen.id, second_lead(house).id)
    follow_ups.reach(found_id, house.chen, "She waited a week", now=TEN)
    follow_ups.find_cause(found_id, house.chen, "Nobody told her", now=TEN)
    follow_ups.name_action(found_id, house.chen, "We call back", now=TEN)

    def by_both(verb: Callable[..., FollowUp], *words: str) -> list[type]:
        works = [lambda who=who: verb(found_id, get_person(who), *words, now=TEN) for who in leads]
        return [type(each) for each in at_once(app, *works)]

    by_both(follow_ups.tell, "From now on we call back.")
    assert letters("followed_up") == ["ana@example.org"]
    assert by_both(follow_ups.close).count(Refused) == 1
    read_anew()
    assert [e.kind for e in list_entries(ticket.id)].count("follow_up_closed") == 1


def test_it_can_be_given_to_a_lead_of_its_team_alone(house: House, ticket: Ticket) -> None:
    close(house, ticket, 1)
    found, gil = the_one(), second_lead(house)
    for nobody in (house.bo, house.dee):
        with pytest.raises(Refused, match="not_a_lead"):
            follow_ups.hand_to(found.id, house.chen, nobody.id, now=TEN)
    follow_ups.hand_to(found.id, house.chen, gil.id, now=TEN)
    assert the_one().owner_id == gil.id


def second_lead(house: House) -> Person:
    gil = house.person("Gil", Role.LEAD)
    db.session.flush()
    db.session.add(Member(team_id=house.team.id, person_id=gil.id, is_lead=True))
    db.session.commit()
    return gil


def test_a_reopening_that_was_none_is_not_followed_up_unless_somebody_has_begun(
    house: House, ticket: Ticket
) -> None:
    for times in (1, 2):
        closing.resolve(ticket.id, house.bo, *SOLVED, now=TEN)
        closing.reopen(ticket.id, house.ana, "The other tray", now=TEN + times * HOUR)
    reopenings.not_a_reopening(ticket.id, house.bo, "Another tray", now=TEN + 3 * HOUR)
    assert db.session.query(FollowUp).count() == 0
    closing.reopen(ticket.id, house.ana, "No", now=TEN + 4 * HOUR)
    follow_ups.find_cause(the_one().id, house.chen, "Worn out", now=TEN + 4 * HOUR)
    reopenings.not_a_reopening(ticket.id, house.bo, "Another one", now=TEN + 5 * HOUR)
    assert the_one().cause == "Worn out"


def test_figures_are_of_one_kind_and_of_the_teams_that_the_asker_reads(house: House, ticket: Ticket) -> None:
    close(house, ticket, 2)
    do_all(house, the_one(), TEN)
    follow_ups.close(the_one().id, house.chen, now=TEN + 2 * HOUR)
    later = tickets.report(Report("Again", ""), house.ana, now=TEN + DAY, door="web")
    close(house, later, 4, TEN + DAY)
    asked = (MONDAY_9, TEN, TEN + 2 * DAY)
    found = loop.loop(house.chen.asker, "fault", MONDAY_9, TEN + DAY, TEN + 2 * DAY)
    assert (found.opened, found.in_time, found.tenths, found.median_seconds) == (1, 1, 1000, 7200)
    assert (found.better, found.not_better) == (1, 0)
    assert loop.loop(house.dee.asker, "fault", MONDAY_9, TEN + DAY, TEN + 2 * DAY) == found
    assert loop.loop(house.chen.asker, "request", MONDAY_9, TEN + DAY, TEN + 2 * DAY).opened == 0
    assert loop.loop(house.chen.asker, "fault", *asked).opened == 0  # it was opened at ten, not before
    gil = house.person("Gil", Role.LEAD)
    db.session.commit()
    assert loop.loop(gil.asker, "fault", MONDAY_9, TEN + DAY, TEN + 2 * DAY).opened == 0
