"""What processes remember of the set-up, and how they hear of a change."""

import subprocess
import sys
from contextlib import suppress
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import event, select, update

from helpdesk.desk import reference, tickets
from helpdesk.desk.tickets import Report
from helpdesk.store.db import db, transaction
from helpdesk.store.escalations import find_ladder
from helpdesk.store.policies import PolicyRule, PolicyVersion, list_calendars, list_policies
from helpdesk.store.tickets import Target, Ticket
from tests.conftest import MONDAY_9, House

PUBLISH_ELSEWHERE = """
import os
from helpdesk.app import create_app
from helpdesk.config import load_settings
from helpdesk.store.db import db, transaction
from helpdesk.store.policies import PolicyVersion, list_policies
from tests.conftest import MONDAY_9

with create_app(load_settings(os.environ)).app_context(), transaction():
    *_, policy = list_policies()
    latest = policy.versions[-1]
    definition = {**latest.definition, "minor": {**latest.definition["minor"]}}
    definition["minor"]["response"] = {"minutes": 30, "calendar_id": None}
    policy.versions.append(
        PolicyVersion(number=2, definition=definition, published_at=MONDAY_9, effective_at=MONDAY_9)
    )
"""


def minutes() -> int:
    """Of the response to minor tickets, as a transaction of this process finds it."""
    with transaction():
        _organisation, setup = reference.current()
        return setup.policies[setup.rules[-1].policy_id].versions[-1].targets["minor"].response.seconds // 60


def report(house: House) -> Ticket:
    return tickets.report(Report("Printer jams", "On every page"), house.ana, now=MONDAY_9, door="web")


def response_due(ticket_id: int) -> datetime | None:
    return db.session.scalar(select(Target.due_at).filter_by(ticket_id=ticket_id, target="response"))


def test_what_another_process_publishes_holds_for_the_next_report_here(app: Flask, house: House) -> None:
    before = report(house)
    environ = app.config["SETTINGS"].as_environ()
    db.session.remove()
    subprocess.run([sys.executable, "-c", PUBLISH_ELSEWHERE], env=environ, check=True)
    house.ana = db.session.merge(house.ana)
    after = report(house)
    assert response_due(after.id) == MONDAY_9 + timedelta(minutes=30)
    assert response_due(before.id) != response_due(after.id)


def test_the_set_up_is_read_once_until_it_changes(app: Flask, house: House) -> None:
    assert minutes() == 240
    said: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda _c, _k, text, *_rest: said.append(text))
    assert minutes() == 240
    assert not [text for text in said if "policy" in text or "calendar_version" in text]


def test_a_change_holds_within_its_own_transaction_and_not_after_a_rollback(app: Flask, house: House) -> None:
    with suppress(ZeroDivisionError), transaction():
        _change_minutes(10)
        assert minutes() == 10
        raise ZeroDivisionError
    assert minutes() == 240
    with transaction():
        _change_minutes(20)
    assert minutes() == 20


def test_changes_in_bulk_and_of_calendars_and_ladders_are_noticed(app: Flask, house: House) -> None:
    revisions = [_revision()]
    with transaction():
        db.session.execute(update(PolicyRule).values(position=PolicyRule.position + 7))
    revisions.append(_revision())
    with transaction():
        list_calendars()[0].versions[0].reason = "a reason"
    revisions.append(_revision())
    with transaction():
        ladder = find_ladder("minor", "response")
        assert ladder is not None
        ladder.steps.pop()
    revisions.append(_revision())
    assert len(set(revisions)) == len(revisions)


def test_other_changes_leave_the_revision_as_it_is(app: Flask, house: House) -> None:
    before = _revision()
    report(house)
    assert _revision() == before


def _revision() -> str:
    with transaction():
        organisation, _setup = reference.current()
    assert organisation is not None
    return organisation.revision


def _change_minutes(minutes: int) -> None:
    version: PolicyVersion = list_policies()[-1].versions[-1]
    target = {**version.definition["minor"]["response"], "minutes": minutes}
    version.definition = {**version.definition, "minor": {**version.definition["minor"], "response": target}}
