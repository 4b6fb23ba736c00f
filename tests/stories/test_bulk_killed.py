"""Whatever is killed while many tickets are resolved together: each is resolved once, and told once."""

import pytest

from helpdesk import clock
from helpdesk.desk import bulk, setup, tickets
from helpdesk.desk.registration import Report
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.bulk import BulkAction, BulkItem
from helpdesk.store.letters import Letter
from helpdesk.store.people import Person
from helpdesk.store.tickets import Entry
from tests.stories.conftest import Desk
from tests.stories.killing import counted, kill
from tests.stories.service import wait_until

pytestmark = pytest.mark.processes
TICKETS = 150
KILLED = ("worker-0", "queue", "clock")


def order(desk: Desk) -> None:
    """Bo resolves what Ana has reported; Eli administers."""
    house, now = setup.House("Example", "Europe/Berlin"), clock.now()
    for name, role in (("Eli", Role.ADMINISTRATOR), ("Bo", Role.AGENT), ("Ana", Role.REPORTER)):
        setup.add_account(name, f"{name.lower()}@example.org", role, None, house, now=now)
    people = {person.name: person for person in db.session.query(Person)}
    reports = [
        tickets.report(Report(f"Printer {n}", "It jams."), people["Ana"], now=now, door="web").id
        for n in range(TICKETS)
    ]
    solved = {"cause": "switch", "solution": "Restarted it"}
    bulk.order(people["Bo"], "resolve", solved, reports, now=now)


def test_each_ticket_of_an_order_is_done_once_whatever_is_killed(desk: Desk) -> None:
    with desk.rows():
        order(desk)
        desk.start()
        for turn, name in enumerate(KILLED):
            wait_until(lambda turn=turn: counted(BulkItem, "done") > 10 * turn)
            wait_until(lambda name=name: desk.part(name))
            kill(desk, name)
            if turn == 0:
                assert counted(BulkItem, "pending"), "it was killed amid the work"
        wait_until(lambda: db.session.rollback() or db.session.query(BulkAction).one().finished_at)
        assert counted(BulkItem, "done") == TICKETS
        assert db.session.query(Entry).filter_by(kind="resolved").count() == TICKETS
        assert db.session.query(Letter).filter_by(kind="resolved").count() == TICKETS
