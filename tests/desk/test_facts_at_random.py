"""Figures of tickets that live at random: sums over any partition equal the total, a report run again as of a
past instant equals the first run, and sums, facts and timelines say the same."""

from collections.abc import Callable
from datetime import timedelta
from itertools import combinations
from random import Random

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from helpdesk.desk import calendars, closing, excuses, facts, reopenings, tickets, triage, waiting
from helpdesk.desk.changes import By
from helpdesk.desk.check import check
from helpdesk.desk.excuses import ExcuseRefused
from helpdesk.desk.fact_keeping import sum_stale
from helpdesk.desk.recompute import recompute
from helpdesk.desk.registration import Report
from helpdesk.rules.figures import TARGETS, Tally
from helpdesk.rules.lifecycle import FINAL, Kind, NotAllowed
from helpdesk.rules.severity import Severity
from helpdesk.store import db
from helpdesk.store.facts import DIMENSIONS, Fact, Question, count, count_listed, list_promises
from helpdesk.store.organisation import Department
from helpdesk.store.people import Person
from helpdesk.store.policies import Calendar
from helpdesk.store.teams import Member, Team
from helpdesk.store.tickets import Ticket
from tests.conftest import MONDAY_9, House, announced, empty_tables, read_anew

HOUR = timedelta(hours=1)
Act = Callable[[], object]
Figures = dict[tuple[str, ...], dict[tuple[object, ...], Tally]]


class Life:
    """An organisation's days: each step is some hours after the one before."""

    def __init__(self, house: House, seed: int) -> None:
        self.chance, self.now = Random(seed), MONDAY_9
        network = Team(name="Network", members=[Member(person_id=house.bo.id)])
        department = Department(name="Sales")
        db.session.add_all([network, department])
        db.session.flush()
        house.ana.department_id = department.id
        self.teams = [house.team.id, network.id]
        self.services = [house.erp.id, house.printing.id, None]
        self.ids = {name: getattr(house, name).id for name in ("ana", "bo", "chen", "dee", "eli")}
        db.session.commit()
        announced(house, house.erp, MONDAY_9 + 30 * HOUR, MONDAY_9 + 34 * HOUR)

    def person(self, name: str) -> Person:
        return db.session.get_one(Person, self.ids[name])  # `check` forgets what was read

    def question(self, kind: str, **more: object) -> Question:
        since = MONDAY_9 - 9 * HOUR  # midnight in Berlin
        return Question(kind, since, since + timedelta(days=20), self.now, **more)  # type: ignore[arg-type]

    def act(self) -> Act:
        now, chance, bo, ana = self.now, self.chance, self.person("bo"), self.person("ana")
        found = db.session.query(Ticket).all()
        if len(found) < 3 or chance.random() < 0.2:
            kind = chance.choice([Kind.FAULT, Kind.FAULT, Kind.REQUEST])
            command = Report("Slow", "", kind=kind, service_id=chance.choice(self.services))
            return lambda: tickets.report(command, ana, now=now, door=chance.choice(("web", "phone")))
        living = [each for each in found if each.state not in FINAL] or found
        ticket, other = chance.choice(living), chance.choice(found)
        severity, target = chance.choice(list(Severity)), chance.choice(TARGETS)
        until = now + chance.randint(4, 30) * HOUR
        often: list[Act] = [
            lambda: tickets.accept(ticket.id, bo, now=now),
            lambda: tickets.reporter_reply(ticket.id, ana, "And?", now=now, door="web"),
            lambda: closing.resolve(ticket.id, bo, "Cause", "Solution", now=now),
            lambda: closing.reopen(ticket.id, ana, "No", now=now),
            lambda: reopenings.not_a_reopening(ticket.id, bo, "Another matter", now=now),
        ]
        return chance.choice(
            [
                *(often * 3),
                lambda: tickets.reply(ticket.id, bo, "Yes", now=now),
                lambda: waiting.wait(
                    ticket.id, bo, waiting_for="reporter", question="?", wake_at=until, now=now
                ),
                lambda: triage.change_severity(ticket.id, bo, severity, "So it is", now=now),
                lambda: triage.move(ticket.id, bo, team_id=chance.choice(self.teams), now=now),
                lambda: triage.assign(ticket.id, self.person("chen"), bo.id, now=now),
                lambda: closing.confirm(ticket.id, ana, now=now),
                lambda: closing.cancel(ticket.id, bo, "Twice", now=now),
                lambda: closing.merge(ticket.id, bo, other.id, now=now),
                lambda: excuses.excuse(
                    ticket.id, self.person("chen"), target, 1, reason="r", evidence="e", now=now
                ),
                lambda: excuses.withdraw(ticket.id, self.person("chen"), target, 1, reason="r", now=now),
                lambda: self.publish(),
            ]
        )

    def publish(self) -> None:
        """Other hours from tomorrow on."""
        calendar = db.session.query(Calendar).first()
        assert calendar is not None
        by = By(self.now, self.ids["eli"])
        week = {day: [["08:00", "16:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat")}
        dates: dict[str, list[list[str]]] = {}
        first = calendars.first_day(calendar, self.now)
        calendars.publish(calendar.id, week, dates, first, "Earlier", by)
        recompute(self.now)

    def live(self, steps: int) -> None:
        for _ in range(steps):
            self.now += timedelta(
                minutes=self.chance.randint(20, 400), microseconds=self.chance.randrange(10**6)
            )
            try:
                self.act()()
            except (NotAllowed, ExcuseRefused, LookupError):
                db.session.rollback()
            if self.chance.random() < 0.2:
                sum_stale()

    def figures(self, kind: str, **more: object) -> Figures:
        """Every partition by at most two dimensions."""
        question = facts.settled(self.question(kind, **more))
        asker = self.person("dee").asker
        parts = [question.since, question.since + timedelta(days=2), question.since + timedelta(days=7)]
        bys = [(), *((name,) for name in DIMENSIONS), *combinations(DIMENSIONS, 2)]
        return {
            by: {(row.part, row.target, *row.keys): row.tally for row in count(asker, question, by, parts)}
            for by in bys
        }


def total(figures: dict[tuple[object, ...], Tally], target: str) -> Tally:
    return sum((tally for place, tally in figures.items() if place[1] == target), Tally())


@given(seed=st.integers(0, 2**32))
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_figures_add_up_are_the_same_when_run_again_and_are_those_of_the_timelines(
    app: Flask, seed: int
) -> None:
    empty_tables()
    db.session.remove()
    life = Life(House(), seed)
    runs = []
    for _ in range(6):
        life.live(12)
        runs.append((life.now, {kind: life.figures(kind) for kind in ("fault", "request")}))
    for then, first in runs:
        for kind, figures in first.items():
            for by, counted in figures.items():
                for target in TARGETS:
                    assert total(counted, target) == total(figures[()], target), (by, target)
            again = life.figures(kind, as_of=then)
            assert again == figures, (then, kind)
    while sum_stale():
        pass
    kind, last = "fault", runs[-1][1]["fault"]
    assert life.figures(kind) == last
    question = life.question(kind)
    for verdict in (None, "met", "breached", "running"):
        narrowed = facts.settled(Question(**{**vars(question), "verdict": verdict}))
        listed = list_promises(life.person("dee").asker, narrowed, 1000)
        assert len(listed) == count_listed(life.person("dee").asker, narrowed)
    assert [d for batch in check() for d in batch.differences] == []
    assert list(facts.wrong_sums()) == []
    kept = _counted_rows()
    facts.begin_rebuild()
    facts.sweep(20)
    read_anew()
    assert _counted_rows() == kept


def _counted_rows() -> list[tuple[object, ...]]:
    """What figures count of the facts; a published calendar has others say when they would have been due."""
    columns = (Fact.ticket_id, Fact.target, Fact.cycle, Fact.outcome, Fact.person_id, Fact.team_id)
    found = db.session.execute(select(*columns, Fact.known_at, Fact.gone_at))
    spans: dict[tuple[object, ...], list[tuple[object, object]]] = {}
    for *what, known_at, gone_at in found:
        spans.setdefault(tuple(what), []).append((known_at, gone_at))
    joined = []
    for what, known in spans.items():
        ends: list[tuple[object, object]] = []
        for begin, end in sorted(known, key=lambda span: span[0]):  # type: ignore[arg-type,return-value]
            if ends and ends[-1][1] == begin:
                ends[-1] = (ends[-1][0], end)
            else:
                ends.append((begin, end))
        joined += [(*what, *span) for span in ends]
    return sorted(joined, key=repr)
