"""Windows and tickets that live at random side by side: what is stored is what the rules say, and no step of
a window alters what had counted before it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from helpdesk.desk import closing, maintenance, targets, tickets, triage, waiting
from helpdesk.desk.changes import By
from helpdesk.desk.check import check
from helpdesk.desk.maintenance import WindowRefused
from helpdesk.desk.policies import default_definition
from helpdesk.desk.recompute import recompute
from helpdesk.desk.registration import Report
from helpdesk.rules.lifecycle import NotAllowed
from helpdesk.rules.maintenance import COUNTS, FINAL, RUNNING
from helpdesk.rules.severity import Severity
from helpdesk.store import db
from helpdesk.store.maintenance import Window, WindowEntry
from helpdesk.store.people import Person
from helpdesk.store.policies import PolicyVersion
from helpdesk.store.services import Dependency
from helpdesk.store.tickets import Ticket
from tests.conftest import MONDAY_9, House, read_anew

MINUTE = timedelta(minutes=1)
Act = Callable[[], object]


class Life:
    """One organisation's days: each step is an hour or so after the one before."""

    def __init__(self, house: House, seed: int) -> None:
        self.chance, self.now = Random(seed), MONDAY_9
        self.services = [house.erp.id, house.printing.id]
        self.ids = {name: getattr(house, name).id for name in ("ana", "bo", "chen", "dee")}
        db.session.add(Dependency(service_id=house.erp.id, needs_id=house.printing.id))
        for version in db.session.query(PolicyVersion):
            lead, counts = self.chance.choice([0, 30, 60]), self.chance.choice(COUNTS)
            said = {"maintenance_lead_minutes": lead, "maintenance_counts": counts}
            version.definition = {**default_definition(None, None), **said}  # by night, too
        db.session.commit()

    def person(self, name: str) -> Person:
        return db.session.get_one(Person, self.ids[name])  # `check` forgets what was read

    def service(self) -> int:
        return self.chance.choice(self.services)

    def soon(self, least: int, most: int) -> datetime:
        return self.now + self.chance.randint(least, most) * MINUTE

    def step_of_a_window(self) -> Act:
        by, chance = By(self.now, self.ids["chen"]), self.chance
        found = [w for w in db.session.query(Window) if w.state not in FINAL and w.ends_at > self.now]
        if not found or chance.random() < 0.25:
            return lambda: self.announce(by)
        window, start = chance.choice(found), self.soon(-30, 200)
        longer, ends_at = (
            window.ends_at + chance.randint(1, 120) * MINUTE,
            start + chance.randint(10, 300) * MINUTE,
        )
        if chance.random() < 0.4:
            return lambda: maintenance.sweep(self.now)
        if window.state in RUNNING or window.starts_at <= self.now:
            return chance.choice(
                [lambda: maintenance.extend(window.id, longer, by)] * 3
                + [lambda: maintenance.finish(window.id, by), lambda: maintenance.cancel(window.id, by)]
            )
        return chance.choice(
            [
                lambda: maintenance.move(window.id, start, ends_at, by),
                lambda: maintenance.start(window.id, by),
                lambda: maintenance.cancel(window.id, by),
            ]
        )

    def announce(self, by: By) -> None:
        starts_at = self.soon(-10, 240)
        values = {"starts_at": starts_at, "ends_at": starts_at + self.chance.randint(20, 400) * MINUTE}
        window = maintenance.draft({**values, "service_ids": [self.service()], "reason": "Update"}, by)
        maintenance.approve(window.id, By(self.now, self.ids["dee"]))
        maintenance.announce(window.id, by)

    def step_of_a_ticket(self) -> Act:
        now, chance, bo = self.now, self.chance, self.person("bo")
        found = db.session.query(Ticket).all()
        if len(found) < 3 or chance.random() < 0.15:
            command = Report("Slow", "", service_id=self.service())
            return lambda: tickets.report(command, self.person("ana"), now=now, door="web")
        ticket_id = chance.choice(found).id
        severity = chance.choice(list(Severity))
        return chance.choice(
            [
                lambda: tickets.reply(ticket_id, bo, "Yes", now=now),
                lambda: tickets.reporter_reply(ticket_id, self.person("ana"), "And?", now=now, door="web"),
                lambda: waiting.wait(
                    ticket_id, bo, waiting_for="reporter", question="?", wake_at=self.soon(600, 900), now=now
                ),
                lambda: triage.change_severity(ticket_id, bo, severity, "So it is", now=now),
                lambda: triage.move(ticket_id, bo, service_id=self.service(), now=now),
                lambda: closing.resolve(ticket_id, bo, "Cause", "Solution", now=now),
            ]
        )

    def elapsed(self) -> dict[tuple[int, str, int], int]:
        """What has counted until now, by ticket and cycle."""
        return {
            (ticket.id, cycle.target, cycle.cycle): cycle.elapsed_seconds
            for ticket in db.session.query(Ticket)
            for cycle in targets.explain(ticket, self.now)
        }

    def live(self, steps: int) -> None:
        for _ in range(steps):
            self.now += self.chance.randint(1, 90) * MINUTE + timedelta(
                microseconds=self.chance.randrange(10**6)
            )
            is_of_window = self.chance.random() < 0.5
            act = self.step_of_a_window() if is_of_window else self.step_of_a_ticket()
            before = self.elapsed()
            try:
                act()
            except (WindowRefused, NotAllowed):
                read_anew()
                continue
            read_anew()
            if is_of_window:
                assert self.elapsed() == before, "what had counted before a step of a window stays"
            while recompute(self.now) is not None:
                pass
            read_anew()
            assert [d for batch in check() for d in batch.differences] == []


def test_what_is_stored_stays_what_the_rules_say_and_the_past_stays(house: House) -> None:
    Life(house, seed=1).live(30)
    kinds = {entry.kind for entry in db.session.query(WindowEntry)}
    assert kinds >= {"announced", "started", "extended", "finished", "cancelled"}
