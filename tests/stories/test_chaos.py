"""Alarms fall due without a pause while, every two seconds, something is killed: none is lost or doubled.

In the suite for twelve seconds; `make chaos` sets HELPDESK_CHAOS="2000 60": so many alarms, so many seconds.
"""

import os
import random
import signal
import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk import clock
from helpdesk.desk import escalations, search, setup, tickets
from helpdesk.desk.registration import Report
from helpdesk.rules.access import Role
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.db import insert_rows, new_ids, transaction
from helpdesk.store.escalations import Alarm, list_steps
from helpdesk.store.organisation import get_organisation
from helpdesk.store.people import Person
from helpdesk.store.tickets import Entry, Target, Ticket
from tests.stories.conftest import Desk
from tests.stories.killing import (
    claims_of_the_dead_run_out,
    each_letter_left,
    each_ring_stands_in_one_letter,
    kill,
    nothing_waits,
)
from tests.stories.service import PARTS, wait_until
from tests.stories.targets import shorten_targets

pytestmark = pytest.mark.processes
ALARMS, SECONDS = (int(word) for word in os.environ.get("HELPDESK_CHAOS", "200 12").split())
SEED = 20261122
KILL_EVERY = 2.0  # seconds
AGENTS = 20
AHEAD = timedelta(seconds=8)  # from the writing of the tickets to the first alarm
TABLES: tuple[type[Any], ...] = (Ticket, Entry, Target, Alarm)


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A desk with agents enough for letters to each; Chen leads; open at every hour."""
    with desk.rows():
        house, now = setup.House("Example", "Europe/Berlin"), clock.now()
        names = [("Ana", Role.REPORTER), ("Chen", Role.LEAD)]
        for name, role in names + [(f"Bo{n}", Role.AGENT) for n in range(AGENTS)]:
            setup.add_account(name, f"{name.lower()}@example.org", role, None, house, now=now)
        shorten_targets()
        with transaction():
            get_organisation().calendar_id = None
            next(s for t, s in list_steps("minor") if t == "response" and s.to == "on_call").to = "assignee"
    desk.start()
    wait_until(desk.all_parts_run)
    return desk


def test_whatever_is_killed_each_step_rings_once_and_reaches_whom_it_names(desk: Desk) -> None:
    chance = random.Random(SEED)
    with desk.rows():
        start, due = write_tickets()
        time.sleep(max(0.0, (start - clock.now()).total_seconds()))
        kills = 0
        while clock.now() < start + timedelta(seconds=SECONDS):
            kills += kill_one(desk, chance)
            time.sleep(KILL_EVERY)
        wait_until(lambda: not left_of(due))
        lost_time = max(lateness(due))
        desk.stop(signal.SIGTERM)
        claims_of_the_dead_run_out()
        desk.start()
        wait_until(nothing_waits)
        each_step_rang_once(due)
        each_ring_stands_in_one_letter()
        each_letter_left(desk, kills)
        checked = desk.run("check")
        assert checked.returncode == 0, checked.stdout + checked.stderr
        print(  # noqa: T201 - for `make chaos`
            f"\n{kills} kills, {len(due)} alarms, {len(desk.mail.letters)} letters, latest {lost_time:.1f} s"
        )


def kill_one(desk: Desk, chance: random.Random) -> int:
    """Whatever runs just now: 1, or 0 where all of it is being started again."""
    for name in chance.sample(PARTS, len(PARTS)):
        with suppress(ProcessLookupError):
            kill(desk, name)
            return 1
    return 0


def write_tickets() -> tuple[datetime, set[int]]:
    """Tickets whose next step, to their assignees, is due one after the other: from when on, and the alarms'
    ids.

    One is reported and rings its first step; the others are it again, later.
    """
    rows = lived()
    [pending] = [r for r in rows[Alarm] if r["state"] == "pending" and r["detail"].get("to") == "assignee"
                 and r["detail"]["target"] == "response"]  # fmt: skip
    start = clock.now() + AHEAD
    agents = [p.id for p in db.session.query(Person).filter_by(role=Role.AGENT).order_by("id")]
    with transaction():
        ids = new_ids(Ticket, ALARMS)
        for model in TABLES:
            copies = []
            for place, ticket_id in enumerate(ids):
                offset = start - pending["due_at"] + place * timedelta(seconds=SECONDS) / ALARMS
                for row in rows[model]:
                    copies.append(copy(row, model, ticket_id, offset, agents[place % AGENTS]))
            insert_rows(model, copies)
        search.index(ids)
    key = select(Alarm.id).where(Alarm.key == pending["key"], Alarm.ticket_id.in_(ids))
    return start, set(db.session.scalars(key))


def lived() -> dict[type[Any], list[dict[str, Any]]]:
    """All rows of a minor ticket whose team has been told; without the entry that says so, which names an
    alarm of its own."""
    ana = db.session.query(Person).filter_by(name="Ana").one()
    now = clock.now()
    command = Report("It jams", "Again.", works=Works.SMALL_FAULT, affected=Affected.ME)
    ticket_id = tickets.report(command, ana, now=now, door="web").id
    wait_until(lambda: escalations.ring(clock.now()).tickets == 0)
    db.session.rollback()
    found = {}
    for model in TABLES:
        which = model.id == ticket_id if model is Ticket else model.ticket_id == ticket_id
        rows = db.session.execute(select(*model.__table__.c).where(which))
        found[model] = [dict(r._mapping) for r in rows if model is not Entry or r.kind == "reported"]
    return found


def copy(
    row: dict[str, Any], model: type[Any], ticket_id: int, offset: timedelta, assignee_id: int
) -> dict[str, Any]:
    later = {n: v + offset if isinstance(v, datetime) else v for n, v in row.items() if n != "id"}
    if model is Ticket:
        return later | {"id": ticket_id, "assignee_id": assignee_id}
    return later | {"ticket_id": ticket_id}


def left_of(due: set[int]) -> int:
    db.session.rollback()
    return db.session.query(Alarm).filter(Alarm.id.in_(due), Alarm.state == "pending").count()


def rings_of(due: set[int]) -> list[dict[str, Any]]:
    db.session.rollback()
    rang = db.session.query(Entry).filter_by(kind="escalated")
    return [entry.detail for entry in rang if entry.detail["alarm"] in due]


def lateness(due: set[int]) -> list[int]:
    return [detail["late_seconds"] for detail in rings_of(due)]


def each_step_rang_once(due: set[int]) -> None:
    states = {alarm.state for alarm in db.session.query(Alarm).filter(Alarm.id.in_(due))}
    assert states == {"fired"}
    rang = [detail["alarm"] for detail in rings_of(due)]
    assert len(rang) == len(set(rang)) == len(due) == ALARMS
