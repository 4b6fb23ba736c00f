"""The migrations build exactly what the models say, on both databases, bring along what a house holds that
runs the release before, and come down again."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import MetaData, Table, inspect, select

from helpdesk.config import load_settings
from helpdesk.core import create_migrating
from helpdesk.store import db
from helpdesk.store.search import is_own_table
from tests import servers
from tests.conftest import BACKENDS

RELEASED = "55e6830c8d05"
AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
# Rows of the release before; what they leave out and may not be null is "", 0, False or {}.
HELD: tuple[tuple[str, dict[str, Any]], ...] = (
    ("calendar", {"id": 1, "name": "Office hours"}),
    ("team", {"id": 1, "name": "ERP", "is_active": True}),
    ("organisation", {"id": 1, "name": "Example", "calendar_id": 1, "default_team_id": 1}),
    ("person", {"id": 1, "name": "Ana", "role": "reporter"}),
    ("person", {"id": 2, "name": "张伟", "role": "reporter", "location": " Berlin "}),
    ("calendar_version", {"id": 1, "calendar_id": 1, "number": 1, "effective_at": AT}),
    ("policy", {"id": 1, "name": "Requests", "kind": "request", "position": -2}),
    ("policy", {"id": 2, "name": "Questions", "kind": "question", "position": -1}),
    ("policy", {"id": 3, "name": "Standard", "kind": None, "position": 0}),
    ("policy", {"id": 4, "name": "Wages", "kind": None, "position": 1}),
    *(("policy_version", {"id": n, "policy_id": n, "number": 1, "effective_at": AT}) for n in (1, 2, 3, 4)),
    ("service", {"id": 1, "name": "ERP", "team_id": 1, "is_active": True, "is_core": True}),
    ("service", {"id": 2, "name": "Payroll", "team_id": 1, "is_active": True, "policy_id": 4}),
    ("service", {"id": 3, "name": "Archive", "team_id": 1, "policy_id": 1}),
    ("escalation_policy", {"id": 1, "severity": "critical", "target": "response", "steps_made": 2}),
    ("escalation_step", {"id": 1, "policy_id": 1, "position": 0, "to": "on_call", "minutes": 0}),
    ("escalation_step", {"id": 2, "policy_id": 1, "number": 1, "position": 1, "to": "lead", "percent": 50}),
    ("roster", {"id": 1, "name": "First", "zone": "Europe/Berlin"}),
    (
        "roster_layer",
        {"id": 1, "roster_id": 1, "name": "weeks", "people": [1], "every": 1, "unit": "weeks"}
        | {"starts_at": "2026-03-02T09:00"},
    ),
    ("maintenance_window", {"id": 1, "service_id": 1, "starts_at": AT, "ends_at": LATER, "announced_at": AT}),
    (
        "maintenance_window",
        {"id": 2, "service_id": 2, "starts_at": LATER, "ends_at": LATER, "announced_at": AT}
        | {"cancelled_at": LATER, "created_by_id": 1},
    ),
    (
        "ticket",
        {"id": 7, "subject": "Slow", "service_id": 2, "team_id": 1, "reporter_id": 1}
        | {"policy_version_id": 4, "state": "new", "is_open": True},
    ),
    ("entry", {"id": 9, "ticket_id": 7, "kind": "reported", "at": AT, "actor_id": 1}),
    ("target", {"id": 3, "ticket_id": 7, "target": "response", "cycle": 1, "due_at": LATER}),
    ("alarm", {"id": 5, "ticket_id": 7, "kind": "step", "key": "response:1:critical:0:0", "due_at": AT}),
    ("stale_target", {"id": 6, "ticket_id": 7, "target_id": 3, "window_id": 1}),
    (
        "letter",
        {"id": 8, "key": "received:7", "ticket_id": 7, "entry_id": 9, "person_id": 1, "subject": "Received"},
    ),
)


@pytest.fixture(params=BACKENDS)
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """What migrates, on an empty database, its context pushed."""
    environ = {"HELPDESK_DATA": str(tmp_path), "HELPDESK_REDIS_URL": "redis://127.0.0.1:1/0"}
    if request.param == "postgresql":
        environ["HELPDESK_DATABASE_URL"] = servers.new_database(servers.postgres_url())
    migrating = create_migrating(load_settings(environ))
    with migrating.app_context():
        yield migrating
        db.engine.dispose()


def tables() -> dict[str, Table]:
    """As they are in the database just now."""
    found = MetaData()
    found.reflect(db.engine)
    return dict(found.tables)


def fill() -> None:
    """The house of the release before."""
    known = tables()
    with db.engine.begin() as connection:
        for name, values in HELD:
            empty = {column.name: _empty(column.type) for column in known[name].c if not column.nullable}
            connection.execute(known[name].insert().values({**empty, **_unlike(name, values), **values}))


def _empty(kind: Any) -> Any:
    return {bool: False, int: 0, str: "", datetime: AT, object: {}}[kind.python_type]


def _unlike(name: str, values: dict[str, Any]) -> dict[str, Any]:
    return {"message_id": f"<{values['id']}@example.org>"} if name == "letter" else {}


def rows(name: str, *columns: str) -> list[tuple[Any, ...]]:
    """These columns of all rows, by id."""
    table = tables()[name]
    with db.engine.connect() as connection:
        found = connection.execute(select(*(table.c[column] for column in columns)).order_by(table.c.id))
        return [tuple(row) for row in found]


def test_migrations_build_what_the_models_say(app: Flask) -> None:
    flask_migrate.upgrade()
    with db.engine.connect() as connection:
        named = {"compare_type": True, "include_name": lambda name, kind, _of: not is_own_table(name or "")}
        context = MigrationContext.configure(connection, opts=named)
        assert compare_metadata(context, db.metadata) == []
    flask_migrate.downgrade(revision="base")
    assert inspect(db.engine).get_table_names() in (["alembic_version"], [])


def test_a_house_of_the_release_before_is_brought_along(app: Flask) -> None:
    flask_migrate.upgrade(revision=RELEASED)
    fill()
    flask_migrate.upgrade()
    assert rows("policy_rule", "position", "kind", "service_id", "department_id", "policy_id") == [
        (0, None, 3, None, 1),
        (1, None, 2, None, 4),
        (2, "request", None, None, 1),
        (3, "question", None, None, 2),
        (4, None, None, None, 3),
    ], "a service's own targets come before those of kinds, and the last rule is for all"
    assert rows("policy", "id", "name") == [(1, "Requests"), (2, "Questions"), (3, "Standard"), (4, "Wages")]
    assert rows("service", "id", "name", "team_id") == [(1, "ERP", 1), (2, "Payroll", 1), (3, "Archive", 1)]
    assert rows("escalation_step", "to", "anchor", "is_wall_clock", "channel", "person_id", "roster_id") == [
        ("on_call", "start", False, "all", None, None),
        ("lead", "start", False, "all", None, None),
    ]
    assert set(rows("window_version", "window_id", "is_cancelled", "by_id")) == {
        (1, False, None),
        (2, False, 1),
        (2, True, None),
    }
    assert rows("maintenance_window", "id", "state", "effect") == [
        (1, "finished", "down"),
        (2, "cancelled", "down"),
    ]
    with db.engine.connect() as connection:
        covered = tables()["window_service"]
        assert sorted(tuple(row) for row in connection.execute(select(covered))) == [
            (1, 1, True),
            (2, 2, True),
        ]
    assert rows("roster_version", "roster_id", "number", "zone") == [(1, 1, "Europe/Berlin")]
    assert rows("roster_layer", "name", "version_id", "people") == [("weeks", 1, [1])]
    assert rows("ticket", "id", "service_id", "policy_version_id", "update_by") == [(7, 2, 4, None)]
    assert rows("letter", "id", "key", "channel_id") == [(8, "received:7", None)]
    assert rows("person", "id", "location_id", "sought") == [
        (1, None, ""),
        (2, 1, " zhangwei zw wei zhang weizhang"),
    ]
    assert rows("location", "name") == [("Berlin",)]
    # The mark that there was, and one that has the ticket's alarms planned anew.
    assert rows("stale_target", "ticket_id", "target_id", "recomputation_id") == [(7, 3, None)] * 2
    assert_references_hold()


def test_what_came_along_goes_back(app: Flask) -> None:
    flask_migrate.upgrade(revision=RELEASED)
    fill()
    flask_migrate.upgrade()
    flask_migrate.downgrade(revision=RELEASED)
    held = [values for name, values in HELD if name == "policy"]
    found = rows("policy", "id", "name", "kind", "position")
    assert [row[:3] for row in found] == [(each["id"], each["name"], each["kind"]) for each in held]
    assert [row[0] for row in sorted(found, key=lambda row: row[3])] == [1, 2, 3, 4], (
        "tried in the same order"
    )
    assert rows("service", "id", "policy_id") == [(1, None), (2, 4), (3, 1)]
    assert rows("ticket", "id", "policy_version_id") == [(7, 4)]
    assert rows("letter", "id", "key") == [(8, "received:7")]
    assert rows("roster_layer", "roster_id", "name") == [(1, "weeks")]
    assert rows("maintenance_window", "id", "service_id") == [(1, 1), (2, 2)]
    assert len(rows("escalation_step", "id")) == len(rows("maintenance_window", "id")) == 2
    assert_references_hold()


def assert_references_hold() -> None:
    """Every foreign key of every row leads somewhere, and is watched again."""
    with db.engine.connect() as connection:
        for table in tables().values():
            for reference in table.foreign_keys:
                other = reference.column
                lost = select(reference.parent).where(
                    reference.parent.is_not(None), reference.parent.not_in(select(other))
                )
                assert connection.execute(lost).all() == [], f"{table.name}.{reference.parent.name}"
