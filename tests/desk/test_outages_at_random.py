"""Reports that are put together, parted, merged, solved and opened again at random: what is stored is what
the rules say, nobody is left behind, and nothing rings twice."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random

from sqlalchemy.orm import aliased

from helpdesk.desk import (
    closing,
    escalations,
    links,
    outages,
    passing_on,
    reopenings,
    splitting,
    tickets,
    triage,
    waiting,
)
from helpdesk.desk.alarms import VERBS
from helpdesk.desk.check import check
from helpdesk.desk.registration import Report
from helpdesk.rules.access import Role
from helpdesk.rules.lifecycle import FINAL, NotAllowed
from helpdesk.rules.severity import Severity
from helpdesk.store import db
from helpdesk.store.escalations import Alarm
from helpdesk.store.outages import list_behind
from helpdesk.store.people import Person
from helpdesk.store.tickets import Entry, Ticket
from tests.conftest import MONDAY_9, House, read_anew

Act = Callable[[], object]


class Faults:
    """Some days of one organisation; each step is some minutes after the one before."""

    def __init__(self, house: House, seed: int) -> None:
        self.chance, self.now = Random(seed), MONDAY_9
        reporters = [house.ana, *(house.person(f"Reporter {n}", Role.REPORTER) for n in range(4))]
        db.session.commit()
        self.reporters, self.staff = [p.id for p in reporters], [house.bo.id, house.chen.id]
        self.services = [house.erp.id, house.printing.id]

    def one_of(self, ids: list[int]) -> Person:
        return db.session.get_one(Person, self.chance.choice(ids))

    def act(self) -> Act:
        now, chance, who = self.now, self.chance, self.one_of(self.staff)
        known = [row.id for row in db.session.query(Ticket.id).filter(Ticket.state.not_in(FINAL))]
        if len(known) < 5 or chance.random() < 0.12:
            command = Report("Slow", "Very", service_id=chance.choice(self.services))
            return lambda: tickets.report(command, self.one_of(self.reporters), now=now, door="web")
        one, other = chance.choice(known), chance.choice(known)
        reporter = db.session.get_one(Ticket, one).reporter
        some = chance.sample(known, min(len(known), chance.randint(1, 4)))
        whom = chance.choice(["reporter", "supplier"])
        wake_at = now + timedelta(hours=chance.randint(1, 40))
        reopened = db.session.query(Entry).filter_by(ticket_id=one, kind="reopened", voided_at=None).first()
        acts: list[Act] = [
            *[lambda: outages.adopt(one, some, who, now=now)] * 4,
            *[lambda: outages.release(one, who, now=now)] * 2,
            *[lambda: closing.resolve(one, who, "c", "s", now=now)] * 2,
            *[lambda: closing.reopen(one, reporter, "no", now=now)] * 3,
            lambda: closing.merge(one, who, other, now=now),
            lambda: closing.cancel(one, who, "x", now=now),
            lambda: closing.confirm(one, reporter, now=now),
            lambda: triage.change_severity(one, who, chance.choice(list(Severity)), "x", now=now),
            lambda: triage.triage(one, who, severity=chance.choice(list(Severity)), reason="x", now=now),
            lambda: triage.move(one, who, service_id=chance.choice(self.services), now=now),
            lambda: triage.assign(one, who, chance.choice([None, *self.staff]), now=now),
            lambda: tickets.accept(one, who, now=now),
            lambda: tickets.reply(one, who, "Soon", now=now, update_by=chance.choice([None, wake_at])),
            lambda: tickets.promise_update(one, who, chance.choice([None, wake_at]), now=now),
            lambda: tickets.reporter_reply(one, reporter, "And?", now=now, door="web"),
            lambda: waiting.wait(one, who, waiting_for=whom, wake_at=wake_at, question="?", now=now),
            lambda: waiting.resume(one, who, now=now),
            lambda: links.link(one, who, other, now=now),
            lambda: outages.set_apart(some, who, now=now),
        ]
        if reopened is not None:
            acts += [lambda: reopenings.not_a_reopening(one, who, "x", now=now)] * 4
        words = db.session.query(Entry).filter_by(ticket_id=one, kind="reporter_replied").first()
        if words is not None:
            acts += [lambda: splitting.split(one, who, words.id, "Another", now=now)]
        return chance.choice(acts)

    def live(self, steps: int) -> Counter[str]:
        done: Counter[str] = Counter()
        for _ in range(steps):
            minutes, beside = self.chance.choice([1, 3, 10, 60, 600]), self.chance.randrange(10**6)
            self.now += timedelta(minutes=minutes, microseconds=beside)
            try:
                self.act()()
                done["done"] += 1
            except NotAllowed as refusal:
                done[refusal.verb] += 1
            if self.chance.random() < 0.7:
                passing_on.pass_on(self.now)
            while escalations.ring(self.now).tickets:
                pass
            self.prove()
        passing_on.pass_on(self.now)
        self.prove()
        self.nobody_is_left_behind()
        return done

    def prove(self) -> None:
        read_anew()
        assert [d for batch in check() for d in batch.differences] == []
        read_anew()
        told = Counter(e.detail["alarm"] for e in db.session.query(Entry).filter_by(kind="escalated"))
        assert max(told.values(), default=1) == 1
        told_by = db.session.query(Alarm).filter(Alarm.kind.not_in(VERBS))
        assert {alarm.id for alarm in told_by.filter_by(state="fired")} == set(told), (
            "each ring has its entry"
        )
        pending = db.session.query(Alarm).filter_by(state="pending")
        assert pending.filter(Alarm.due_at <= self.now).count() == 0
        of_children = pending.join(Ticket, Ticket.id == Alarm.ticket_id).filter(Ticket.parent_id.is_not(None))
        assert of_children.filter(Alarm.kind.not_in(VERBS)).count() == 0

    def nobody_is_left_behind(self) -> None:
        assert list_behind(0, 10) == []
        parent = aliased(Ticket)
        family = db.session.query(Ticket.id, parent).join(parent, parent.id == Ticket.parent_id)
        for child_id, above in family.filter(Ticket.is_open):
            assert (above.is_open, above.parent_id) == (True, None), child_id


def test_what_is_put_together_and_parted_at_random_loses_nobody_and_rings_once(house: House) -> None:
    assert Faults(house, seed=7).live(25)["done"] > 12
