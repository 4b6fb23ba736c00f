"""Facts in the transaction that ends a promise, their sums by day, and figures as of an earlier instant."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, update

from helpdesk.desk import closing, excuses, facts, organisation, reopenings, tickets, triage
from helpdesk.desk.changes import By
from helpdesk.desk.check import check
from helpdesk.desk.fact_keeping import sum_stale
from helpdesk.desk.registration import Report
from helpdesk.desk.seed import seed
from helpdesk.rules.figures import Tally
from helpdesk.rules.lifecycle import Kind
from helpdesk.store import db
from helpdesk.store.db import transaction
from helpdesk.store.fact_rows import FactDay, FactGap, StaleDay
from helpdesk.store.facts import (
    DIMENSIONS,
    Fact,
    Question,
    count,
    count_listed,
    list_promises,
    walk_promises,
)
from helpdesk.store.people import Person
from helpdesk.store.promises import list_open_then
from helpdesk.store.services import Service
from helpdesk.store.teams import Team
from helpdesk.store.tickets import Ticket
from tests.conftest import House, read_anew

BERLIN = timedelta(hours=1)
MARCH = datetime(2026, 3, 1, tzinfo=UTC) - BERLIN, datetime(2026, 4, 1, tzinfo=UTC) - 2 * BERLIN


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant in March 2026, in Berlin's hours (UTC+1)."""
    return datetime(2026, 3, day, hour - 1, minute, tzinfo=UTC)


NOW = at(31, 12)


def report(house: House, when: datetime, service: Service | None = None, kind: Kind = Kind.FAULT) -> Ticket:
    command = Report("Slow", "", service_id=(service or house.erp).id, kind=kind)
    return tickets.report(command, house.ana, now=when, door="web")


def asked(now: datetime = NOW, **more: object) -> Question:
    return Question(kind="fault", since=MARCH[0], until=MARCH[1], now=now, **more)  # type: ignore[arg-type]


def totals(person: Person, question: Question | None = None) -> dict[str, Tally]:
    return {row.target: row.tally for row in count(person.asker, question or asked())}


def rows() -> list[tuple[str, int, str, bool]]:
    found = db.session.scalars(select(Fact).order_by(Fact.id))
    return [(fact.target, fact.cycle, fact.outcome, fact.gone_at is None) for fact in found]


def test_a_fact_is_written_with_what_ends_the_promise_and_goes_with_what_reopens_it(house: House) -> None:
    ticket = report(house, at(2, 9))
    tickets.accept(ticket.id, house.bo, now=at(2, 10))
    closing.resolve(ticket.id, house.bo, "c", "s", now=at(2, 15))
    assert rows() == [("response", 1, "met", True), ("resolution", 1, "met", True)]
    closing.reopen(ticket.id, house.ana, "no", now=at(2, 16))
    assert rows() == [("response", 1, "met", True), ("resolution", 1, "met", False)]
    assert totals(house.dee, asked(at(2, 16, 30))) == {
        "response": Tally(met=1, running=1),
        "resolution": Tally(running=1),
    }
    reopenings.not_a_reopening(ticket.id, house.bo, "another matter", now=at(2, 17))
    assert rows()[2:] == [("resolution", 1, "met", True)]
    gone, stands = db.session.scalars(select(Fact).where(Fact.target == "resolution").order_by(Fact.id))
    assert (gone.known_at, gone.gone_at, stands.known_at) == (at(2, 15), at(2, 16), at(2, 17))
    assert (stands.person_id, stands.team_id, stands.door) == (house.bo.id, house.team.id, "web")


def test_a_cancelled_ticket_counts_only_where_it_is_breached(house: House) -> None:
    ticket = report(house, at(2, 9))
    tickets.accept(ticket.id, house.bo, now=at(2, 10))
    assert totals(house.dee)["response"] == Tally(met=1)
    closing.cancel(ticket.id, house.bo, "twice", now=at(2, 11))
    assert totals(house.dee) == {}
    late = report(house, at(2, 9))
    tickets.accept(late.id, house.bo, now=at(3, 12))
    closing.cancel(late.id, house.bo, "twice", now=at(3, 13))
    assert totals(house.dee) == {"response": Tally(breached=1)}


def test_whoever_has_it_when_it_is_moved_has_its_facts_only_as_long_as_they_keep_it(house: House) -> None:
    other = Team(name="Network")
    db.session.add(other)
    db.session.commit()
    ticket = report(house, at(2, 9))
    tickets.accept(ticket.id, house.bo, now=at(2, 10))
    triage.move(ticket.id, house.bo, team_id=other.id, now=at(2, 11))
    closing.resolve(ticket.id, house.chen, "c", "s", now=at(2, 12))
    question = asked(target="resolution")
    by_team = {row.keys: row.tally for row in count(house.dee.asker, question, ("team", "person"))}
    assert by_team == {(other.id, None): Tally(met=1)}
    assert count(house.chen.asker, question) == []  # Chen leads the other team


@pytest.fixture
def month(house: House) -> House:
    """A fault kept, one late and open, one excused and closed; a question beside them."""
    good = report(house, at(2, 9))
    tickets.accept(good.id, house.bo, now=at(2, 10))
    closing.resolve(good.id, house.bo, "c", "s", now=at(2, 15))
    report(house, at(4, 9), house.printing)
    late = report(house, at(9, 9))
    tickets.accept(late.id, house.bo, now=at(10, 15))
    closing.resolve(late.id, house.bo, "c", "s", now=at(10, 16))
    excuses.excuse(late.id, house.chen, "response", 1, reason="storm", evidence="n", now=at(11, 9))
    report(house, at(9, 9), kind=Kind.QUESTION)
    return house


def test_sums_say_what_facts_say_and_stale_days_are_never_believed(month: House) -> None:
    dee = month.dee.asker
    parts = [asked().since, at(8, 1) - BERLIN]
    by_facts = [count(dee, asked(), by, parts) for by in [(), *((name,) for name in DIMENSIONS)]]
    assert db.session.scalar(select(func.count()).select_from(FactDay)) == 0
    assert sum_stale() > 0
    assert sum_stale() == 0
    assert db.session.scalar(select(func.count()).select_from(StaleDay)) == 0
    read_anew()
    by_sums = [count(dee, asked(), by, parts) for by in [(), *((name,) for name in DIMENSIONS)]]
    assert [sorted(found, key=repr) for found in by_sums] == [sorted(found, key=repr) for found in by_facts]
    tickets.accept(report(month, at(9, 10)).id, month.bo, now=at(9, 11))
    assert totals(month.dee)["response"] == Tally(met=2, breached=2, excused=1)
    assert not list(facts.wrong_sums())
    sum_stale()
    with transaction():
        db.session.execute(FactDay.__table__.update().values(met=FactDay.met + 1))
    assert {wrong.day for wrong in facts.wrong_sums()} == {date(2026, 3, 2), date(2026, 3, 9)}


def test_another_zone_has_the_days_summed_anew(month: House) -> None:
    sum_stale()
    organisation.change({"zone": "Asia/Shanghai"}, By(at(12, 9), month.eli.id))
    shanghai = timedelta(hours=8)
    since, until = datetime(2026, 3, 2, tzinfo=UTC) - shanghai, datetime(2026, 3, 3, tzinfo=UTC) - shanghai
    question = Question("fault", since, until, at(12, 10))
    for _ in range(2):
        assert totals(month.dee, question) == {"response": Tally(met=1), "resolution": Tally(met=1)}
        assert sum_stale() or _ == 1


@pytest.mark.parametrize("excused", [None, True, False])
@pytest.mark.parametrize("verdict", [None, "met", "breached", "running"])
def test_the_list_behind_a_figure_has_as_many_promises_as_it(
    month: House, verdict: str | None, excused: bool | None
) -> None:
    question, dee = asked(verdict=verdict, excused=excused), month.dee.asker
    listed = list_promises(dee, question, 100)
    assert len(listed) == count_listed(dee, question)
    assert [row for rows in walk_promises(dee, question) for row in rows] == listed
    assert listed == sorted(listed, key=lambda row: row.started_at, reverse=True)
    assert list_promises(dee, question, 1, 1) == listed[1:2]
    assert {row.excused_by is not None for row in listed} <= {True: {True}, False: {False}}.get(
        excused, {True, False}
    )


def test_as_of_an_instant_figures_are_what_they_were_then(month: House) -> None:
    def as_of(then: datetime) -> dict[str, Tally]:
        return totals(month.dee, facts.settled(asked(at(31, 12), as_of=then)))

    assert as_of(at(2, 9, 30)) == {"response": Tally(running=1), "resolution": Tally(running=1)}
    assert as_of(at(2, 12)) == {"response": Tally(met=1), "resolution": Tally(running=1)}
    assert as_of(at(10, 12))["response"] == Tally(met=1, breached=2)
    assert as_of(at(10, 15, 30))["response"] == Tally(met=1, breached=2)
    assert as_of(at(11, 10))["response"] == Tally(met=1, breached=2, excused=1)
    with pytest.raises(ValueError, match="settled"):
        count(month.dee.asker, asked(as_of=at(10, 12)))
    assert list_open_then(asked(as_of=at(1, 9))) == [], "what came later is not computed"


def test_check_names_what_was_known_at_another_time_and_sums_that_are_lost(month: House) -> None:
    reopened = report(month, at(16, 9))
    closing.resolve(reopened.id, month.bo, "c", "s", now=at(16, 10))
    closing.reopen(reopened.id, month.ana, "no", now=at(16, 11))
    number = reopened.number
    sum_stale()

    def red() -> list[str]:
        found = [f"{d.number} {d.what}" for batch in check() for d in batch.differences]
        return [*found, *sorted({f"{wrong.day}" for wrong in facts.wrong_sums()})]

    assert red() == []
    with transaction():
        db.session.execute(delete(Fact).where(Fact.gone_at.is_not(None)))
        late = Fact.ticket_id == 1, Fact.target == "response"
        db.session.execute(update(Fact).where(*late).values(known_at=at(20, 9)))
        db.session.execute(delete(FactDay).where(FactDay.day == date(2026, 3, 9)))
    assert red() == [
        "HD-1 fact response 1 met known and gone",
        f"{number} fact resolution 1 met known and gone",
        "2026-03-09",
    ]


def test_facts_are_made_anew_from_the_timelines_as_they_were(month: House) -> None:
    def stored() -> list[tuple[object, ...]]:
        names = [c for c in Fact.__table__.c if c.name != "id"]
        return sorted((tuple(row) for row in db.session.execute(select(*names))), key=repr)

    before = stored()
    with transaction():
        db.session.execute(delete(Fact).where(Fact.ticket_id == 1))
        db.session.execute(Fact.__table__.update().where(Fact.outcome == "breached").values(outcome="met"))
    sum_stale()
    assert facts.begin_rebuild() == 4
    assert facts.begin_rebuild() == 4  # carried on, not doubled
    assert db.session.scalar(select(func.count()).select_from(FactGap)) == 1
    assert facts.sweep(5) == 0
    read_anew()
    assert stored() == before
    assert not list(facts.wrong_sums())


def test_seeded_history_has_the_facts_of_its_timelines(house: House) -> None:
    seed(80, 3, now=at(20, 12), progress=lambda _done: None)
    before = sorted(db.session.execute(select(Fact.id)).all())
    facts.begin_rebuild()
    facts.sweep(10)
    assert sorted(db.session.execute(select(Fact.id)).all()) == before
