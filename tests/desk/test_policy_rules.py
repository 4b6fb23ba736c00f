"""Which targets apply: rules added, changed, moved and removed, and what new tickets come under."""

from datetime import timedelta
from typing import Any

import pytest

from helpdesk.desk import organisation, policies, policy_plans, policy_rules, promises, reference, tickets
from helpdesk.desk.changes import By, ChangedMeanwhile, Refused, marker_of
from helpdesk.desk.tickets import Report
from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.severity import Answers
from helpdesk.store import db
from helpdesk.store.organisation import Department, get_organisation
from helpdesk.store.policies import Policy, list_policy_rules
from helpdesk.store.security import SecurityEvent
from helpdesk.store.tickets import Ticket
from tests.conftest import MONDAY_9, House


@pytest.fixture
def slow(house: House) -> Policy:
    """Targets of office hours alone, so that nobody need be on call."""
    office = get_organisation().calendar_id
    return policy_plans.create("Slow", policies.default_definition(office or 0, office), "New", by(house))


@pytest.fixture
def sales(house: House) -> Department:
    """Ana works in export, which belongs to sales."""
    above = Department(name="Sales")
    export = Department(name="Export", parent=above)
    db.session.add_all([above, export])
    db.session.flush()
    house.ana.department_id = export.id
    db.session.commit()
    return above


def by(house: House) -> By:
    return By(MONDAY_9, house.eli.id)


def rule(policy: Policy, **which: Any) -> dict[str, Any]:
    return {"kind": None, "service_id": None, "department_id": None, "policy_id": policy.id, **which}


def report(house: House, **about: Any) -> Ticket:
    return tickets.report(Report("Slow", "", **about), house.ana, now=MONDAY_9, door="web")


def policy_of(ticket: Ticket) -> str:
    return ticket.policy_version.policy.name


def order() -> list[str]:
    db.session.expire_all()
    return [each.policy.name for each in list_policy_rules()]


def seen() -> str:
    db.session.expire_all()
    return marker_of(policy_rules.state_of_all(list_policy_rules()))


def test_a_rule_holds_for_what_is_reported_from_now_on(house: House, slow: Policy) -> None:
    before = report(house, service_id=house.erp.id)
    policy_rules.add(rule(slow, service_id=house.erp.id), None, by(house))
    assert policy_of(report(house, service_id=house.erp.id)) == "Slow"
    assert policy_of(report(house, service_id=house.printing.id)) == "Standard"
    assert policy_of(before) == "Standard"


def test_the_department_is_the_reporters_and_those_above_it_count(
    house: House, slow: Policy, sales: Department
) -> None:
    policy_rules.add(rule(slow, department_id=sales.id), None, by(house))
    assert policy_of(report(house)) == "Slow"
    organisation.save_department(house.ana.department_id, {"name": "Export", "parent_id": None}, by(house))
    assert policy_of(report(house)) == "Standard", "it belongs to sales no more"


def test_the_form_promises_by_the_rule_that_the_report_comes_under(
    house: House, slow: Policy, sales: Department
) -> None:
    policy_rules.add(rule(slow, department_id=sales.id), None, by(house))
    definition = slow.versions[-1].definition
    minutes = {"minutes": 7, "calendar_id": definition["minor"]["response"]["calendar_id"]}
    quick = {**definition, "minor": {**definition["minor"], "response": minutes}}
    policy_plans.publish(slow.id, quick, MONDAY_9, "Quick", by(house))
    answers = Answers(None, None, False)
    promised = promises.promise_for("fault", None, house.ana.department_id, answers, now=MONDAY_9)
    assert promised.due_at == MONDAY_9 + timedelta(minutes=7)
    kept = promises.promise_of(report(house), MONDAY_9)
    assert kept is not None
    assert kept.due_at == promised.due_at
    stranger = promises.promise_for("fault", None, None, answers, now=MONDAY_9)
    assert stranger.due_at == MONDAY_9 + timedelta(hours=4, minutes=60)


def test_a_new_rule_stands_where_it_was_put_and_moves_up_and_down(house: House, slow: Policy) -> None:
    requests, questions, _standard = list_policy_rules()
    added = policy_rules.add(rule(slow, service_id=house.erp.id), questions.id, by(house))
    assert order() == ["Requests", "Slow", "Questions", "Standard"]
    policy_rules.move(added, -1, by(house))
    assert order() == ["Slow", "Requests", "Questions", "Standard"]
    policy_rules.move(requests.id, 1, by(house))
    assert order() == ["Slow", "Questions", "Requests", "Standard"]


def test_the_last_rule_stays_the_last_and_for_all(house: House, slow: Policy) -> None:
    *_, questions, last = list_policy_rules()
    policy_rules.move(last.id, -1, by(house))
    policy_rules.move(questions.id, 1, by(house))
    assert order() == ["Requests", "Questions", "Standard"]
    with pytest.raises(Refused, match="last_rule"):
        policy_rules.remove(last.id, by(house))
    policy_rules.change(last.id, rule(slow, kind="fault"), by(house))
    assert policy_of(report(house)) == "Slow"
    assert list_policy_rules()[-1].kind is None, "it takes no kind on"


def test_a_rule_for_all_cannot_stand_before_others(house: House, slow: Policy) -> None:
    with pytest.raises(Refused, match="kind: rule_for_all"):
        policy_rules.add(rule(slow), None, by(house))
    first = list_policy_rules()[0]
    with pytest.raises(Refused, match="kind: rule_for_all"):
        policy_rules.change(first.id, rule(slow), by(house))


def test_what_a_removed_rule_took_goes_to_the_next_that_fits(house: House) -> None:
    requests = list_policy_rules()[0]
    assert policy_of(report(house, kind=Kind.REQUEST)) == "Requests"
    policy_rules.remove(requests.id, by(house))
    assert policy_of(report(house, kind=Kind.REQUEST)) == "Standard"
    with pytest.raises(LookupError):
        policy_rules.remove(requests.id, by(house))


def test_whoever_has_not_seen_another_order_moves_nothing(house: House) -> None:
    requests, questions, _last = list_policy_rules()
    mine = seen()
    policy_rules.move(requests.id, 1, by(house), mine)
    with pytest.raises(ChangedMeanwhile):
        policy_rules.move(questions.id, 1, by(house), mine)
    policy_rules.move(questions.id, 1, by(house), seen())
    assert order() == ["Requests", "Questions", "Standard"]


def test_each_change_is_in_the_log_by_names(house: House, slow: Policy) -> None:
    added = policy_rules.add(rule(slow, service_id=house.erp.id, kind="fault"), None, by(house))
    policy_rules.move(added, 1, by(house))
    policy_rules.remove(added, by(house))
    events = (
        db.session.query(SecurityEvent).filter_by(subject=f"policy_rule:{added}").order_by(SecurityEvent.id)
    )
    assert [event.detail for event in events] == [
        {"to": {"kind": "fault", "service": "ERP", "targets": "Slow"}},
        {"from": {"place": 1}, "to": {"place": 2}},
        {"from": {"kind": "fault", "service": "ERP", "targets": "Slow"}, "to": {}},
    ]


def test_a_rule_that_puts_a_team_under_promises_nobody_covers_needs_a_reason(
    house: House, slow: Policy
) -> None:
    *_, last = list_policy_rules()
    around_the_clock = last.policy
    for each in list_policy_rules():
        policy_rules.change(each.id, rule(slow, kind=each.kind), by(house))
    again = rule(around_the_clock, service_id=house.erp.id)
    with pytest.raises(Refused, match="cover_reason: uncovered ERP"):
        policy_rules.add(again, None, by(house))
    added = policy_rules.add(again, None, by(house), cover_reason="The factory watches")
    event = db.session.query(SecurityEvent).filter_by(subject=f"policy_rule:{added}").one()
    assert event.detail["to"]["reason"] == "The factory watches"
    more = rule(around_the_clock, service_id=house.printing.id)
    policy_rules.add(more, None, by(house))  # the same team: it has been said


def test_policies_of_a_service_are_all_that_its_tickets_can_come_under(
    house: House, slow: Policy, sales: Department
) -> None:
    policy_rules.add(rule(slow, department_id=sales.id, service_id=house.erp.id), None, by(house))
    _organisation, known = reference.current()
    names = {policy.id: policy.name for policy in db.session.query(Policy)}
    of_erp, of_none = (policies.policies_of(known, service) for service in (house.erp.id, None))
    assert {names[i] for i in of_erp} == {"Slow", "Requests", "Questions", "Standard"}
    assert {names[i] for i in of_none} == {"Requests", "Questions", "Standard"}
