from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.desk import alarms, closing, outages, passing_on, status, tickets, waiting
from helpdesk.desk.check import check
from helpdesk.desk.registration import Report
from helpdesk.rules.access import Asker, Role
from helpdesk.rules.lifecycle import NotAllowed
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.escalations import Alarm
from helpdesk.store.letters import Letter
from helpdesk.store.organisation import get_organisation
from helpdesk.store.people import Person
from helpdesk.store.tickets import Entry, Ticket, get_entry, list_entries
from tests.conftest import MONDAY_9, House

NOON, ONE = datetime(2026, 3, 2, 11, 0, tzinfo=UTC), datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def minutes(count: float) -> datetime:
    return MONDAY_9 + timedelta(minutes=count)


def report(
    house: House, person: Person, at: datetime, subject: str = "ERP is down", **more: object
) -> Ticket:
    said = {"works": Works.NOTHING, "affected": Affected.ME, "service_id": house.erp.id} | more
    return tickets.report(Report(subject, "It says error 17.", **said), person, now=at, door="web")  # type: ignore[arg-type]


def crowd(house: House, count: int = 3) -> list[Ticket]:
    people = [house.ana, *(house.person(f"Reporter {n}", Role.REPORTER) for n in range(1, count))]
    db.session.commit()
    return [report(house, person, minutes(n)) for n, person in enumerate(people)]


def kinds(ticket: Ticket) -> list[str]:
    return [entry.kind for entry in list_entries(ticket.id)]


def letters_about(ticket: Ticket) -> list[str]:
    found = db.session.query(Letter).filter_by(ticket_id=ticket.id, person_id=ticket.reporter_id)
    return [letter.kind for letter in found.order_by(Letter.id)]


def pending(ticket: Ticket) -> list[str]:
    return [alarm.kind for alarm in db.session.query(Alarm).filter_by(ticket_id=ticket.id, state="pending")]


def cycles(ticket: Ticket) -> list[tuple[str, str]]:
    db.session.expire_all()
    return [(t.target, t.state) for t in ticket.targets]


def is_proved() -> bool:
    return not [difference for batch in check() for difference in batch.differences]


def test_three_people_with_a_fault_of_one_service_are_proposed_as_one(house: House) -> None:
    found = crowd(house)
    [proposal] = outages.proposals(house.bo.asker, minutes(5))
    assert (proposal.ids, proposal.people) == ([t.id for t in found], 3)
    assert (proposal.parent_id, proposal.is_known, proposal.service) == (found[0].id, False, "ERP")
    assert outages.proposals(house.bo.asker, minutes(5) + timedelta(hours=5)) == []


def test_reports_of_other_kinds_and_of_other_services_are_no_crowd(house: House) -> None:
    one, two, _three = crowd(house)
    closing.cancel(two.id, house.bo, "Twice", now=minutes(4))
    report(house, house.eli, minutes(4), service_id=house.printing.id)
    assert outages.proposals(house.bo.asker, minutes(5)) == []
    assert one.is_open


def test_other_teams_are_not_asked(house: House) -> None:
    crowd(house)
    elsewhere = Asker(house.bo.id, Role.AGENT, frozenset({999}))
    assert outages.proposals(elsewhere, minutes(5)) == []
    assert outages.proposals(house.eli.asker, minutes(5))  # in no team: all of them


def test_a_child_pages_nobody_and_its_reporter_is_told(house: House) -> None:
    parent, one, two = crowd(house)
    assert pending(one)
    assert outages.adopt(parent.id, [one.id, two.id], house.bo, now=minutes(5)) == [one.id, two.id]
    assert (pending(one), pending(two)) == ([], [])
    assert pending(parent)
    assert letters_about(one) == ["received", "adopted"]
    text = db.session.query(Letter).filter_by(ticket_id=one.id, kind="adopted").one().text
    assert "3 people have it" in text
    assert is_proved()


def test_adopting_twice_changes_nothing(house: House) -> None:
    parent, one, two = crowd(house)
    outages.adopt(parent.id, [one.id], house.bo, now=minutes(5))
    assert outages.adopt(parent.id, [one.id, two.id], house.chen, now=minutes(6)) == [two.id]
    assert kinds(one).count("adopted") == 1
    assert kinds(parent).count("adopted") == 2


def test_the_children_of_a_child_come_along(house: House) -> None:
    parent, one, two = crowd(house)
    outages.adopt(one.id, [two.id], house.bo, now=minutes(5))
    assert outages.adopt(parent.id, [one.id], house.bo, now=minutes(6)) == [one.id, two.id]
    assert {one.parent_id, two.parent_id} == {parent.id}
    with pytest.raises(NotAllowed) as refused:
        outages.adopt(one.id, [parent.id], house.bo, now=minutes(7))
    assert refused.value.verb == "adopt_into_child"


def test_what_is_done_on_the_parent_its_children_take_over_once(house: House) -> None:
    parent, one, two = crowd(house)
    outages.adopt(parent.id, [one.id, two.id], house.bo, now=minutes(5))
    tickets.accept(parent.id, house.bo, now=minutes(6))
    tickets.reply(parent.id, house.bo, "The database is full.", now=minutes(7))
    assert (passing_on.pass_on(minutes(8)), passing_on.pass_on(minutes(9))) == (2, 0)
    for child in (one, two):
        assert kinds(child) == ["reported", "adopted", "accepted", "replied"]
        assert letters_about(child) == ["received", "adopted", "accepted", "replied"]
        assert cycles(child) == [("response", "met"), ("resolution", "running")]
        assert (child.assignee_id, child.state) == (house.bo.id, "in_work")
        # Accepted when the parent was, not when the news came along.
        assert child.targets[0].stopped_at == minutes(6)
    closing.resolve(parent.id, house.bo, "disk", "made room", now=NOON)
    passing_on.pass_on(ONE)
    assert (one.state, one.solution, one.resolved_at) == ("resolved", "made room", NOON)
    assert letters_about(one)[-1] == "resolved"
    confirm = db.session.query(Letter).filter_by(ticket_id=one.id, kind="resolved").one()
    assert "/confirm/" in confirm.text
    assert sorted(pending(one)) == ["close_silent", "remind_confirm"]
    assert is_proved()


def test_whoever_comes_under_an_accepted_parent_late_gets_its_last_answer(house: House) -> None:
    parent, one, two = crowd(house)
    outages.adopt(parent.id, [one.id], house.bo, now=minutes(5))
    tickets.accept(parent.id, house.bo, now=minutes(6))
    tickets.reply(parent.id, house.bo, "The database is full.", now=minutes(7))
    outages.adopt(parent.id, [two.id], house.bo, now=minutes(8))
    passing_on.pass_on(minutes(9))
    assert kinds(two) == ["reported", "adopted", "accepted", "replied"]
    assert letters_about(two) == ["received", "adopted"]  # one letter tells all of it
    text = db.session.query(Letter).filter_by(ticket_id=two.id, kind="adopted").one().text
    assert "The database is full." in text
    assert "Bo is working on it." in text
    assert cycles(two)[0] == ("response", "met")


def test_an_answer_of_before_answers_nobody_who_comes_under_the_parent_late(house: House) -> None:
    parent, one, two = crowd(house)
    outages.adopt(parent.id, [one.id], house.bo, now=minutes(5))
    tickets.reply(parent.id, house.chen, "The database is full.", now=minutes(7))
    outages.adopt(parent.id, [two.id], house.bo, now=minutes(600))
    assert cycles(two)[0] == ("response", "breached")
    assert two.targets[0].stopped_at == minutes(600)
    assert is_proved()


def test_what_was_answered_to_one_before_is_not_for_all(house: House) -> None:
    parent, one, _two = crowd(house)
    tickets.reply(parent.id, house.bo, "Dear Ana, is it your laptop again?", now=minutes(4))
    outages.adopt(parent.id, [one.id], house.bo, now=minutes(5))
    passing_on.pass_on(minutes(6))
    assert kinds(one) == ["reported", "adopted"]
    assert "laptop" not in db.session.query(Letter).filter_by(ticket_id=one.id, kind="adopted").one().text


def test_not_solved_for_one_lets_only_their_ticket_go(house: House) -> None:
    parent, one, two = crowd(house)
    outages.adopt(parent.id, [one.id, two.id], house.bo, now=minutes(5))
    closing.resolve(parent.id, house.bo, "disk", "made room", now=NOON)
    passing_on.pass_on(NOON)
    closing.reopen(one.id, one.reporter, "Not for me", now=ONE)
    assert (one.parent_id, one.state, two.state, parent.state) == (None, "new", "resolved", "resolved")
    assert "step" in pending(one)
    assert [p for p in outages.proposals(house.bo.asker, ONE) if one.id in p.ids] == []
    assert is_proved()


def test_a_parent_that_is_reopened_leaves_those_alone_for_whom_it_was_solved(house: House) -> None:
    parent, one, _two = crowd(house)
    outages.adopt(parent.id, [one.id], house.bo, now=minutes(5))
    closing.resolve(parent.id, house.bo, "disk", "made room", now=NOON)
    passing_on.pass_on(NOON)
    closing.reopen(parent.id, house.ana, "Not for me", now=ONE)
    tickets.reply(parent.id, house.bo, "We look again.", now=ONE)
    assert passing_on.pass_on(ONE) == 0
    assert (parent.state, one.state, letters_about(one)[-1]) == ("new", "resolved", "resolved")
    assert "step" in pending(parent)
    assert is_proved()


def test_a_child_let_go_has_its_own_ladder_and_somebody_must_accept_it(house: House) -> None:
    parent, one, two = crowd(house)
    outages.adopt(parent.id, [one.id, two.id], house.bo, now=minutes(5))
    tickets.accept(parent.id, house.bo, now=minutes(6))
    passing_on.pass_on(minutes(6))
    outages.release(one.id, house.bo, "Another error", now=minutes(10))
    assert (one.parent_id, one.state, one.accepted_at) == (None, "new", None)
    assert letters_about(one)[-1] == "released"
    assert "step" in pending(one)
    tickets.reply(parent.id, house.bo, "Soon.", now=minutes(11))
    passing_on.pass_on(minutes(11))
    assert (kinds(one)[-1], kinds(two)[-1]) == ("released", "replied")
    with pytest.raises(NotAllowed):
        outages.release(one.id, house.bo, now=minutes(12))
    assert is_proved()


def test_children_of_a_cancelled_parent_go_on_by_themselves(house: House) -> None:
    parent, one, two = crowd(house)
    outages.adopt(parent.id, [one.id, two.id], house.bo, now=minutes(5))
    closing.cancel(parent.id, house.ana, "Works again", now=minutes(6))
    passing_on.pass_on(minutes(6))
    assert (one.parent_id, two.parent_id, one.is_open) == (None, None, True)
    assert pending(one)
    assert is_proved()


def test_children_of_a_merged_parent_go_along(house: House) -> None:
    parent, one, two = crowd(house)
    survivor = report(house, house.dee, minutes(4))
    outages.adopt(parent.id, [one.id, two.id], house.bo, now=minutes(5))
    closing.merge(parent.id, house.bo, survivor.id, now=minutes(6))
    passing_on.pass_on(minutes(6))
    assert (one.parent_id, two.parent_id) == (survivor.id, survivor.id)
    tickets.reply(survivor.id, house.bo, "Soon.", now=minutes(7))
    passing_on.pass_on(minutes(7))
    assert kinds(one)[-1] == "replied"


def test_where_a_parent_is_merged_into_one_of_its_children_the_others_follow_that_one(house: House) -> None:
    parent, *children = crowd(house, 4)
    outages.adopt(parent.id, [child.id for child in children], house.bo, now=minutes(5))
    heir = children[1]
    closing.merge(parent.id, house.bo, heir.id, now=minutes(6))
    passing_on.pass_on(minutes(6))
    assert [child.parent_id for child in children] == [heir.id, None, heir.id]
    assert pending(heir)
    assert is_proved()


def test_many_do_not_wait_for_one_of_them(house: House) -> None:
    parent, one, _two = crowd(house)
    wait = {"waiting_for": "reporter", "wake_at": ONE, "question": "Which version?"}
    waiting.wait(parent.id, house.bo, **wait, now=minutes(4))  # type: ignore[arg-type]
    outages.adopt(parent.id, [one.id], house.bo, now=minutes(5))
    assert (parent.state, parent.waiting_for) == ("new", None)
    with pytest.raises(NotAllowed) as refused:
        waiting.wait(parent.id, house.bo, **wait, now=minutes(6))  # type: ignore[arg-type]
    assert refused.value.verb == "wait_of_many"
    waiting.wait(parent.id, house.bo, waiting_for="supplier", wake_at=ONE, now=minutes(7))
    passing_on.pass_on(minutes(7))
    assert (one.state, one.waiting_for, pending(one)) == ("waiting", "supplier", [])
    assert is_proved()


def test_a_child_may_be_asked_something_by_itself(house: House) -> None:
    parent, one, _two = crowd(house)
    outages.adopt(parent.id, [one.id], house.bo, now=minutes(5))
    waiting.wait(
        one.id, house.bo, waiting_for="reporter", wake_at=ONE, question="Since when?", now=minutes(6)
    )
    assert set(pending(one)) >= {"nudge", "silence_resolve"}
    assert "step" not in pending(one)
    tickets.reply(parent.id, house.bo, "Soon.", now=minutes(7))
    passing_on.pass_on(minutes(7))
    assert one.state == "waiting"
    assert is_proved()


def test_what_was_set_apart_is_proposed_no_more(house: House) -> None:
    found = crowd(house)
    outages.set_apart([t.id for t in found], house.bo, now=minutes(5))
    assert outages.proposals(house.bo.asker, minutes(6)) == []
    assert kinds(found[0])[-1] == "set_apart"


def test_each_further_report_is_proposed_to_be_added(house: House) -> None:
    parent, one, two = crowd(house)
    outages.adopt(parent.id, [one.id, two.id], house.bo, subject="ERP does not start", now=minutes(5))
    assert (parent.subject, outages.proposals(house.bo.asker, minutes(6))) == ("ERP does not start", [])
    fourth = report(house, house.dee, minutes(7))
    [proposal] = outages.proposals(house.bo.asker, minutes(8))
    assert (proposal.ids, proposal.parent_id, proposal.is_known) == ([fourth.id], parent.id, True)


def test_whoever_joins_a_known_fault_hears_of_it_and_has_no_ticket(house: House) -> None:
    parent, one, _two = crowd(house)
    assert outages.known_faults(house.erp.id, house.dee.asker) == []
    outages.adopt(parent.id, [one.id], house.bo, now=minutes(5))
    [known] = outages.known_faults(house.erp.id, house.dee.asker)
    assert (known.parent.id, known.people, known.is_mine) == (parent.id, 2, False)
    for _twice in range(2):
        outages.join(parent.id, house.dee, now=minutes(6))
    [known] = outages.known_faults(house.erp.id, house.dee.asker)
    assert (known.people, known.is_mine) == (3, True)
    tickets.reply(parent.id, house.bo, "Soon.", now=minutes(7))
    told = db.session.query(Letter).filter_by(person_id=house.dee.id).order_by(Letter.id)
    assert [letter.kind for letter in told][:1] == ["joined"]
    assert outages.people_with(one) == 3


def test_a_restricted_service_tells_nobody_else_what_is_wrong(house: House) -> None:
    parent, one, _two = crowd(house)
    outages.adopt(parent.id, [one.id], house.bo, now=minutes(5))
    house.erp.is_restricted = True
    db.session.commit()
    assert outages.known_faults(house.erp.id, one.reporter.asker) == []
    assert outages.known_faults(house.erp.id, house.bo.asker)
    assert outages.people_with(one) == 0
    with pytest.raises(LookupError):
        outages.join(parent.id, one.reporter, now=minutes(6))


def test_a_ticket_that_stands_for_none_cannot_be_joined(house: House) -> None:
    lone = crowd(house)[0]
    with pytest.raises(LookupError):
        outages.join(lone.id, house.dee, now=minutes(6))


def test_an_alarm_that_was_due_says_that_it_was_adopted(house: House) -> None:
    parent, one, _two = crowd(house)
    late = datetime(2026, 3, 3, 16, 0, tzinfo=UTC)
    outages.adopt(parent.id, [one.id], house.bo, now=late)
    skipped = db.session.query(Alarm).filter_by(ticket_id=one.id, state="skipped").all()
    assert skipped
    assert {alarm.detail["because"] for alarm in skipped} == {"adopted"}
    assert alarms.has_rung(skipped[0]) is False


def test_the_entries_name_each_other(house: House) -> None:
    parent, one, two = crowd(house)
    outages.adopt(parent.id, [one.id, two.id], house.bo, now=minutes(5))
    last = list_entries(parent.id)[-1]
    assert last.detail["children"] == [one.id, two.id]
    assert one.followed_id == last.id
    assert isinstance(get_entry(one.followed_id), Entry)


def test_an_organisation_says_when_many_are_many(house: House) -> None:
    crowd(house)
    organisation = get_organisation()
    organisation.options = {"outage_people": 4}
    db.session.commit()
    assert outages.proposals(house.bo.asker, minutes(5)) == []


def test_the_status_page_says_that_a_fault_is_known_and_no_more(house: House) -> None:
    parent, one, _two = crowd(house)
    assert [each.known_since for each in status.look(minutes(5))] == [None, None]
    outages.adopt(parent.id, [one.id], house.bo, now=minutes(5))
    known = {each.service.name: each.known_since for each in status.look(minutes(6))}
    assert known == {"ERP": MONDAY_9, "Printing": None}
