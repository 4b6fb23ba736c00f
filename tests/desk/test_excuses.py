"""A breach excused by a lead: only a breach, once, on the record, and taken back with a reason."""

from datetime import UTC, datetime

import pytest

from helpdesk.desk import closing, excuses, tickets
from helpdesk.desk.excuses import ExcuseRefused
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.excuses import Excuse, find_excuse, list_excuses
from helpdesk.store.security import list_events
from helpdesk.store.tickets import Ticket, list_entries
from tests.conftest import House

GIVEN = {"reason": "The line was cut", "evidence": "https://example.org/outage/7"}


def at(hour: int, minute: int = 0) -> datetime:
    """On Monday, 2 March 2026, in Berlin's hours."""
    return datetime(2026, 3, 2, hour - 1, minute, tzinfo=UTC)


@pytest.fixture
def late(house: House) -> Ticket:
    """Critical, answered at ten instead of half past nine."""
    said = {"works": Works.NOTHING, "affected": Affected.EVERYONE, "service_id": house.erp.id}
    ticket = tickets.report(tickets.Report("Down", "", **said), house.ana, now=at(9), door="web")  # type: ignore[arg-type]
    tickets.accept(ticket.id, house.bo, now=at(10, 30))
    return ticket


def test_an_excuse_is_on_the_timeline_and_in_the_security_log(house: House, late: Ticket) -> None:
    excuses.excuse(late.id, house.chen, "response", 1, **GIVEN, now=at(11), address="192.0.2.7")
    found = find_excuse(late.id, "response", 1)
    assert found is not None
    assert (found.reason, found.given_by.name, found.given_at) == ("The line was cut", "Chen", at(11))
    entry = list_entries(late.id)[-1]
    assert (entry.kind, entry.actor_id, entry.is_public) == ("excused", house.chen.id, False)
    assert entry.detail == {"target": "response", "cycle": 1, **GIVEN}
    event = list_events(what="breach_excused")[0]
    assert (event.actor_id, event.subject, event.address) == (house.chen.id, late.number, "192.0.2.7")
    assert event.detail == entry.detail


def test_the_clock_knows_nothing_of_excuses(house: House, late: Ticket) -> None:
    before = [(t.state, t.due_at, t.breached_at, t.elapsed_seconds) for t in late.targets]
    excuses.excuse(late.id, house.chen, "response", 1, **GIVEN, now=at(11))
    db.session.expire_all()
    assert [(t.state, t.due_at, t.breached_at, t.elapsed_seconds) for t in late.targets] == before


def test_what_was_in_time_cannot_be_excused(house: House, late: Ticket) -> None:
    for target, cycle in (("resolution", 1), ("response", 2), ("update", 1)):
        with pytest.raises(ExcuseRefused) as refused:
            excuses.excuse(late.id, house.chen, target, cycle, **GIVEN, now=at(11))
        assert refused.value.code == "not_breached"
    assert list_excuses(late.id) == []


def test_open_and_past_due_is_a_breach_a_second_after_its_time(house: House, late: Ticket) -> None:
    with pytest.raises(ExcuseRefused):
        excuses.excuse(late.id, house.chen, "resolution", 1, **GIVEN, now=at(13))
    now = at(13).replace(second=1)
    assert excuses.excuse(late.id, house.chen, "resolution", 1, **GIVEN, now=now).cycle == 1


def test_a_breach_is_excused_once_at_a_time(house: House, late: Ticket) -> None:
    excuses.excuse(late.id, house.chen, "response", 1, **GIVEN, now=at(11))
    with pytest.raises(ExcuseRefused) as refused:
        excuses.excuse(late.id, house.eli, "response", 1, **GIVEN, now=at(12))
    assert refused.value.code == "excused"


def test_a_withdrawn_excuse_is_kept_and_can_be_given_anew(house: House, late: Ticket) -> None:
    excuses.excuse(late.id, house.chen, "response", 1, **GIVEN, now=at(11))
    excuses.withdraw(late.id, house.eli, "response", 1, reason="Our own switch", now=at(12))
    assert list_excuses(late.id) == []
    kept = db.session.query(Excuse).one()
    assert (kept.withdrawn_by_id, kept.withdrawn_because, kept.withdrawn_at) == (
        house.eli.id,
        "Our own switch",
        at(12),
    )
    with pytest.raises(ExcuseRefused) as refused:
        excuses.withdraw(late.id, house.eli, "response", 1, reason="Again", now=at(12))
    assert refused.value.code == "not_excused"
    excuses.excuse(late.id, house.chen, "response", 1, **GIVEN, now=at(13))
    kinds = [entry.kind for entry in list_entries(late.id)][-3:]
    assert kinds == ["excused", "excuse_withdrawn", "excused"]
    assert len(list_events(what="excuse_withdrawn")) == 1


def test_a_closed_tickets_breach_can_be_excused(house: House, late: Ticket) -> None:
    closing.resolve(late.id, house.bo, "c", "s", now=at(11))
    closing.confirm(late.id, house.ana, now=at(11, 30))
    assert excuses.excuse(late.id, house.chen, "response", 1, **GIVEN, now=at(12)).ticket_id == late.id
    assert db.session.get_one(Ticket, late.id).state == "closed"
