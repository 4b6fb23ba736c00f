"""One application per database for the whole run, emptied between tests; people with roles."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.globals import _cv_app
from flask.testing import FlaskClient
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import sync_playwright
from sqlalchemy import Engine, event
from werkzeug.test import TestResponse

from helpdesk import clock
from helpdesk.app import create_app
from helpdesk.config import load_settings
from helpdesk.desk import ladders, maintenance, policies
from helpdesk.desk.changes import By
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.maintenance import Window
from helpdesk.store.organisation import Organisation
from helpdesk.store.people import Address, Person
from helpdesk.store.rosters import Layer, Roster, RosterVersion
from helpdesk.store.services import Service
from helpdesk.store.teams import Member, Team
from helpdesk.web.auth import User
from tests import servers
from tests.chat import Chat, chat_service

# A Monday; Berlin is UTC+1.
MONDAY_9 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
]
BACKENDS = os.environ.get("HELPDESK_TEST_BACKENDS", "sqlite postgresql").split()


@pytest.hookimpl(tryfirst=True)  # before the plugin reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run side by side, those of a file that starts the service stand in a line: lines begin
    first, and all other tests fill what time they leave."""
    for item in items:
        if item.get_closest_marker("processes"):
            item.add_marker(pytest.mark.xdist_group(item.path.name))


@pytest.fixture(scope="session", params=BACKENDS)
def backend_app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application on an empty database of this kind."""
    folder = tmp_path_factory.mktemp(request.param)
    environ = {
        "HELPDESK_DATA": str(folder),
        "HELPDESK_REDIS_URL": servers.valkey_url(),
        "HELPDESK_SECRET_KEY": "tests " * 8,
        "HELPDESK_MAIL_ADDRESS": "desk@example.org",
        "HELPDESK_BASE_URL": "http://desk.example.org",
    }
    if request.param == "postgresql":
        environ["HELPDESK_DATABASE_URL"] = servers.new_database(servers.postgres_url())
    app = create_app(load_settings(environ))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    with app.app_context():
        db.create_all()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(backend_app: Flask) -> Iterator[Flask]:
    """The application with its context pushed and every table empty."""
    with backend_app.app_context():
        yield backend_app
        db.session.remove()
        empty_tables()
        backend_app.extensions["kept"].forget()


# Truncating makes a file anew for each index of each table; deleting the few rows there are does not.
EMPTY_POSTGRESQL = """
DO $$
DECLARE name text; filled boolean;
BEGIN
    SET LOCAL session_replication_role = replica;  -- tables that name each other, in any order
    FOR name IN SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE 'SELECT EXISTS (SELECT FROM ' || name || ')' INTO filled;
        IF filled THEN EXECUTE 'DELETE FROM ' || name; END IF;
    END LOOP;
    FOR name IN SELECT quote_ident(sequencename) FROM pg_sequences WHERE last_value IS NOT NULL LOOP
        EXECUTE 'ALTER SEQUENCE ' || name || ' RESTART';
    END LOOP;
END $$
"""


def empty_tables() -> None:
    with db.engine.begin() as connection:
        if db.engine.dialect.name == "postgresql":
            connection.exec_driver_sql(EMPTY_POSTGRESQL)
            return
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for table in reversed(db.metadata.sorted_tables):
            connection.execute(table.delete())
        connection.exec_driver_sql("DELETE FROM ticket_words")


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """No test of this process pulls the plug: SQLite need not wait for the disk. And it answers in the
    other order where none is asked for, as PostgreSQL does now and then."""
    if type(connection).__module__.startswith("sqlite3"):
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA reverse_unordered_selects=ON")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """One Chromium for the whole run: HELPDESK_TEST_CHROMIUM, or the machine's."""
    path = (
        os.environ.get("HELPDESK_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    )
    if path is None:
        said = "NO CHROMIUM: the browser tests did not run. Install one, or set HELPDESK_TEST_CHROMIUM."
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def data_folder(app: Flask) -> Path:
    return app.config["SETTINGS"].data


class Browser(FlaskClient):
    """A browser of its own: requests see neither the test's `g` nor its database session, as in service.

    What they wrote the test reads after read_anew().
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        outer = _cv_app.set(None)  # else Flask would reuse the test's application context
        try:
            return super().open(*args, **kwargs)
        finally:
            _cv_app.reset(outer)

    def known_as(self, person: Person) -> "Browser":
        """Signed in as the person, without the sign-in page."""
        now = clock.now().timestamp()
        with self.session_transaction() as session:
            session.update(
                _user_id=User(person, secrets.token_urlsafe(12)).get_id(), _fresh=True, since=now, seen=now
            )
        return self


def read_anew() -> None:
    """Forgets what the test's own database session has read."""
    db.session.rollback()
    db.session.expire_all()


@pytest.fixture
def browser(app: Flask) -> Callable[[], Browser]:
    """Makes browsers: `ana = browser()`."""
    return lambda: Browser(app, TestResponse, use_cookies=True)


class House:
    """A small organisation in Berlin: Ana reports, Bo is an agent, Chen leads, Dee manages, Eli
    administers, Fay audits; the team "ERP" with the core service "ERP" and the plain service "Printing"."""

    def __init__(self) -> None:
        self.now = MONDAY_9
        organisation = Organisation(id=1, name="Example", zone="Europe/Berlin", night_answer="roster")
        db.session.add(organisation)
        self.team = Team(name="ERP")
        db.session.add(self.team)
        self.ana = self.person("Ana", Role.REPORTER)
        self.bo = self.person("Bo", Role.AGENT)
        self.chen = self.person("Chen", Role.LEAD)
        self.dee = self.person("Dee", Role.MANAGER)
        self.eli = self.person("Eli", Role.ADMINISTRATOR)
        self.fay = self.person("Fay", Role.AUDITOR)
        db.session.flush()
        db.session.add_all(
            [
                Member(team_id=self.team.id, person_id=self.bo.id),
                Member(team_id=self.team.id, person_id=self.chen.id, is_lead=True),
            ]
        )
        self.team.manager_id = self.dee.id
        organisation.default_team_id = self.team.id
        self.erp = Service(name="ERP", team_id=self.team.id, is_core=True)
        self.printing = Service(name="Printing", team_id=self.team.id)
        db.session.add_all([self.erp, self.printing])
        db.session.commit()
        policies.install_defaults(MONDAY_9, "Europe/Berlin", night_answer=True)
        ladders.install_default_ladders()
        db.session.commit()

    def person(self, name: str, role: Role) -> Person:
        found = Person(name=name, role=role, created_at=MONDAY_9)
        found.addresses.append(Address(email=f"{name.lower()}@example.org", is_primary=True))
        db.session.add(found)
        return found


def a_roster(name: str, *layers: Layer, zone: str = "Europe/Berlin") -> Roster:
    """A roster with these layers, the lowest first, which have held as long as anybody asks."""
    since = datetime(2020, 1, 1, tzinfo=UTC)
    version = RosterVersion(number=1, zone=zone, effective_at=since, published_at=since, layers=list(layers))
    return Roster(name=name, zone=zone, versions=[version])


def announced(
    house: House,
    service: Service,
    starts_at: datetime,
    ends_at: datetime,
    reason: str = "Update",
    *,
    now: datetime = MONDAY_9,
    author: Person | None = None,
) -> Window:
    """A window of the service that people and clock know of: Chen (or `author`) wrote it, Dee approved it."""
    by = By(now, (author or house.chen).id)
    values = {"service_ids": [service.id], "starts_at": starts_at, "ends_at": ends_at, "reason": reason}
    window = maintenance.draft(values, by)
    maintenance.approve(window.id, By(now, house.dee.id))
    return maintenance.announce(window.id, by)


@pytest.fixture
def house(app: Flask) -> House:
    return House()


@pytest.fixture
def chat(app: Flask) -> Iterator[Chat]:
    """A chat service on the loopback, which channels may reach as long as it runs."""
    app.config["CHANNELS_REACH_LOOPBACK"] = True
    with chat_service() as running:
        yield running
    del app.config["CHANNELS_REACH_LOOPBACK"]
