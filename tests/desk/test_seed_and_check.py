"""Invented history is what the rules make of it; `check` proves it, and finds what was tampered with."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from helpdesk.desk import example, example_lately, example_on_call
from helpdesk.desk.check import check
from helpdesk.desk.fairness import carried
from helpdesk.desk.recompute import recompute
from helpdesk.desk.rosters import turns_of
from helpdesk.desk.seed import seed
from helpdesk.rules.severity import Severity
from helpdesk.store import db
from helpdesk.store.channels import Channel
from helpdesk.store.escalations import Alarm
from helpdesk.store.excuses import Excuse
from helpdesk.store.letters import Letter
from helpdesk.store.organisation import get_organisation
from helpdesk.store.people import find_person_by_address
from helpdesk.store.rosters import Handover, Swap, list_rosters
from helpdesk.store.tickets import Entry, Target, Ticket
from tests.conftest import House, empty_tables

NOW = datetime(2026, 3, 11, 10, 30, tzinfo=UTC)  # a Wednesday


def differences() -> list[tuple[str, str]]:
    return [(d.number, d.what) for batch in check() for d in batch.differences]


@pytest.fixture
def history(app: Flask) -> None:
    seed(120, 8, now=NOW, progress=lambda done: None)


def test_every_seeded_deadline_and_alarm_is_what_the_rule_says(history: None) -> None:
    assert sum(batch.tickets for batch in check()) == 120
    assert differences() == []


def test_history_holds_what_makes_a_desk_believable(history: None) -> None:
    states = set(db.session.scalars(select(Ticket.state)))
    kinds = set(db.session.scalars(select(Entry.kind)))
    assert {"new", "closed", "cancelled"} <= states
    assert {"escalated", "waiting", "reopened", "rated", "severity_changed", "nudged"} <= kinds
    assert set(db.session.scalars(select(Target.state))) >= {"met", "breached", "running"}


def test_nothing_that_is_seeded_is_left_to_ring_in_the_past_and_no_letter_is_written(history: None) -> None:
    overdue = select(func.count()).where(Alarm.state == "pending", Alarm.due_at <= NOW)
    assert db.session.scalar(overdue) == 0
    assert db.session.scalar(select(func.count()).select_from(Letter)) == 0
    assert db.session.scalar(select(func.max(Entry.at))) <= NOW


def test_the_same_seed_gives_the_same_history(app: Flask) -> None:
    def story() -> list[tuple[object, ...]]:
        columns = (Ticket.subject, Ticket.state, Ticket.reported_at, Ticket.next_due_at)
        return [tuple(row) for row in db.session.execute(select(*columns).order_by(Ticket.id))]

    seed(30, 3, now=NOW, progress=lambda done: None)
    first = story()
    db.session.remove()
    empty_tables()
    seed(30, 3, now=NOW, progress=lambda done: None)
    assert story() == first
    db.session.remove()
    empty_tables()
    seed(30, 4, now=NOW, progress=lambda done: None)
    assert story() != first


def test_history_goes_into_an_organisation_that_is_there(house: House) -> None:
    seed(25, 1, now=NOW, progress=lambda done: None)
    assert get_organisation().name == "Example"
    assert set(db.session.scalars(select(Ticket.team_id))) == {house.team.id}
    assert differences() == []


def test_the_demonstration_lists_its_accounts(history: None) -> None:
    example.open_accounts(NOW)
    db.session.expire_all()
    accounts = get_organisation().options["demo_accounts"]
    assert [a["role"] for a in accounts] == [
        "reporter",
        "agent",
        "lead",
        "manager",
        "administrator",
        "auditor",
    ]
    dee = find_person_by_address("dee@example.org")
    assert dee is not None
    assert dee.password_hash is not None


def test_lately_in_the_demonstration_breaches_were_excused_news_promised_and_deadlines_moved(
    history: None,
) -> None:
    example_lately.happen(NOW)
    assert {e.reason for e in db.session.scalars(select(Excuse))} <= {r for r, _ in example_lately.EXCUSES}
    assert db.session.scalar(select(func.count()).select_from(Excuse))
    assert db.session.scalar(select(func.count()).where(Ticket.update_by > NOW))
    assert (
        db.session.scalar(select(func.count()).select_from(Channel).where(Channel.verified_at.is_(None))) == 1
    )
    recompute(NOW)
    assert db.session.scalar(select(func.count()).where(Entry.kind == "deadline_moved"))
    assert differences() == []


def change(model: type[Target], ticket_id: int, **values: object) -> None:
    row = db.session.scalar(select(model.id).where(model.ticket_id == ticket_id).order_by(model.id).limit(1))
    db.session.execute(update(model).where(model.id == row).values(**values))
    db.session.commit()


def test_check_names_a_deadline_that_was_moved(history: None) -> None:
    change(Target, 5, due_at=NOW + timedelta(days=1))
    assert ("HD-5", "response 1 due_at") in differences()


def test_check_names_a_severity_that_was_changed(history: None) -> None:
    kept = db.session.scalar(
        select(Target.severity).where(Target.ticket_id == 6).order_by(Target.id).limit(1)
    )
    change(Target, 6, severity=Severity.MAJOR if kept != "major" else Severity.MINOR)
    assert ("HD-6", "response 1 severity") in differences()


def test_check_names_a_target_that_is_gone(history: None) -> None:
    db.session.delete(
        db.session.scalar(select(Target).where(Target.ticket_id == 4, Target.target == "response"))
    )
    db.session.commit()
    assert ("HD-4", "response 1") in differences()


def test_check_names_alarms_that_were_moved_lost_or_invented(history: None) -> None:
    moved, lost = db.session.scalars(
        select(Alarm).where(Alarm.state == "pending", Alarm.kind == "step").order_by(Alarm.id).limit(2)
    )
    moved_is, lost_is = ((f"HD-{a.ticket_id}", f"alarm {a.key}") for a in (moved, lost))
    moved.due_at += timedelta(minutes=1)
    lost.state = "cancelled"
    db.session.add(Alarm(ticket_id=1, kind="wake", key="wait:0:wake", due_at=NOW, state="pending", detail={}))
    db.session.commit()
    found = differences()
    assert (moved_is[0], f"{moved_is[1]} due_at") in found
    assert lost_is in found
    assert ("HD-1", "alarm wait:0:wake") in found
    assert len(found) == 3


def test_check_names_a_queue_deadline_that_is_not_the_nearest(history: None) -> None:
    ticket_id = db.session.scalar(select(func.max(Ticket.id)).where(Ticket.next_due_at.is_not(None)))
    db.session.execute(update(Ticket).where(Ticket.id == ticket_id).values(next_due_at=NOW))
    db.session.commit()
    assert differences() == [(f"HD-{ticket_id}", "next_due_at")]


def test_check_changes_nothing(history: None) -> None:
    change(Target, 5, due_at=NOW)
    before = list(db.session.execute(select(Target.id, Target.due_at, Target.state)))
    differences()
    assert list(db.session.execute(select(Target.id, Target.due_at, Target.state))) == before


def test_around_the_rosters_of_the_demonstration_there_is_life(history: None) -> None:
    example_on_call.happen(NOW)
    assert set(db.session.scalars(select(Swap.state))) == {"done", "accepted", "offered"}
    turns = {
        (roster.name, turn.flag, turn.person is None)
        for roster in list_rosters()
        for turn in turns_of(roster, NOW, NOW + timedelta(days=60))
    }
    assert ("Warehouse systems, first in line", None, True) in turns
    assert ("Workplace, first in line", None, True) in turns
    assert ("Network, first in line", "absent", False) in turns
    handed_over = db.session.scalar(select(func.count()).where(Handover.sent_at.is_not(None)))
    assert handed_over == 8
    burdens = carried(list_rosters(), NOW - timedelta(days=60), NOW)
    assert any(each.burden.holidays for each in burdens)
