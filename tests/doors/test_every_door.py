"""Every address of the application: who may not come in, does not. A new one without a guard fails here."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from helpdesk.desk import freezes, maintenance, service_fields, tickets, tokens, window_series
from helpdesk.desk.changes import By
from helpdesk.outbound import links
from helpdesk.rules.access import TABLE, Role
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.people import Person
from helpdesk.store.rosters import Absence, Roster, Swap
from tests.conftest import Browser, House

# Open without an account, and why that is safe.
PUBLIC = {
    "static": "the stylesheet and the script",
    "brand.stylesheet": "the organisation's colours",
    "brand.logo": "the organisation's logo",
    "portal.home": "the way in",
    "health.healthz": "says that the process answers",
    "health.readyz": "says whether database and queue answer",
    "health.metrics": "asks for the loopback or a token itself",
    "api-docs.openapi_json": "the description of the API, the same for all",
    "api_nowhere.no_such_page": "says 404",
    "auth.sign_in": "where one signs in",
    "auth.sign_out": "ends the session that comes with it",
    "auth.language": "sets a cookie of the asker's",
    "accounts.setup": "a signed link, once",
    "accounts.new_password": "a signed link, once",
    "accounts.forgotten": "sends a letter to the address, throttled",
    "accounts.letter_sent": "says what to do next",
    "report.new": "reporting without an account",
    "report.send": "reporting without an account",
    "report.preview": "reporting without an account",
    "report.about_service": "reporting without an account",
    "report.join": "joining a known fault without an account",
    "promises.index": "what is promised, for everybody",
    "report.sent_by_guest": "what the same session has just sent",
    "alarms.show": "a signed link",
    "alarms.accept": "a signed link",
    "alarms.pass_on": "a signed link",
    "confirm.ask": "a signed link, or the account's own ticket",
    "confirm.answer": "a signed link, or the account's own ticket",
    "follow.page": "a signed link, or the account's own ticket",
    "follow.reply": "a signed link, or the account's own ticket",
    "follow.answers": "a signed link, or the account's own ticket",
    "follow.reopen": "a signed link, or the account's own ticket",
    "follow.is_maintenance": "a signed link, or the account's own ticket",
    "follow.withdraw": "a signed link, or the account's own ticket",
    "colleagues.share": "a signed link, or the account's own ticket",
    "colleagues.join": "an account, and a ticket that its department reads",
    "colleagues.leave": "a signed link, or the account's own ticket",
    "follow.file": "a signed link, or the account's own ticket",
    "quiet.page": "a signed link",
    "quiet.one_click": "a signed link",
    "quiet.choose": "a signed link",
    "status.index": "how the services are, for everybody",
    "status.show": "how a service is that may be shown to everybody",
    "status.feed": "how the services are, for everybody",
    "status.service_feed": "how a service is that may be shown to everybody",
    "open_feeds.calendar": "a secret address, of which the hash is kept",
    "open_feeds.wall": "a secret address, of which the hash is kept",
    "follow.fresh": "a signed link; the letter goes to its address",
}
# What an auditor may post: their own account, nothing of the desk's.
OWN = {
    "auth.sign_in",
    "auth.sign_out",
    "auth.language",
    "accounts.forgotten",
    "profile.index",
    "profile.password",
    "profile.add_token",
    "profile.revoke_token",
    "profile.sign_out_everywhere",
    "windows.follow",
    "windows.unfollow",
    "queue.look.choose",
    "queue.views.save",
    "queue.views.change",
    "queue.views.delete",
}
WORK = (
    "accept",
    "resume",
    "say",
    "wait",
    "resolve",
    "severity",
    "triage",
    "move",
    "assign",
    "hand-up",
    "merge",
    "cancel",
)


class Things:
    """One of each, so that an address without a guard would answer."""

    def __init__(self, house: House) -> None:
        command = tickets.Report("Stuck", "", works=Works.NOTHING, affected=Affected.ME)
        self.ticket = tickets.report(command, house.ana, now=house.now, door="web")
        always = {"label": "Where?", "kind": "text", "hint": "", "choices": [], "position": 1}
        self.field = service_fields.add(
            house.erp.id, {**always, "is_required": False, "is_active": True}, By(house.now, house.eli.id)
        )
        roster = Roster(name="ERP", zone="Europe/Berlin")
        absence = Absence(person_id=house.bo.id, starts_at=house.now, ends_at=house.now + timedelta(days=1))
        span = {"starts_at": house.now, "ends_at": house.now + timedelta(days=1)}
        swap = Swap(roster=roster, asker_id=house.bo.id, created_at=house.now, **span)
        db.session.add_all([roster, absence, swap])
        db.session.commit()
        letter_id = db.session.scalar(select(Letter.id))
        self.values = {
            "number": self.ticket.number,
            "token": links.sign("follow", {"t": 0, "p": 0, "s": ""}),
            "roster_id": roster.id,
            "absence_id": absence.id,
            "swap_id": swap.id,
            "letter_id": letter_id,
            "person_id": house.ana.id,
            "team_id": house.team.id,
            "service_id": house.erp.id,
            "field_id": self.field.id,
            **_maintenance(house),
            "deed": "resolve",
            "purpose": "follow",
            "severity": "critical",
            "target": "response",
            "name": "x.txt",
            "filename": "helpdesk.css",
            "path": "x",
            "what": "people",
            "ending": "csv",
        }


def _maintenance(house: House) -> dict[str, object]:
    """A window that waits for approval, one that recurs, a freeze."""
    by = By(house.now, house.chen.id)
    words = {"service_ids": [house.erp.id], "reason": "Update", "effect": "down", "rollback_plan": ""}
    words |= {"owner_id": None}
    start = house.now + timedelta(days=1)
    window = maintenance.draft({**words, "starts_at": start, "ends_at": start + timedelta(hours=1)}, by)
    when = {"rule": "FREQ=DAILY", "zone": "UTC", "starts_at": "2026-03-03T20:00", "minutes": 60}
    series = window_series.draft({**words, **when, "exceptions": []}, by)
    days = {"name": "Closing", "first_on": start.date(), "days": 7, "rule": ""}
    freeze = freezes.save(None, days, by)
    return {"window_id": window.id, "series_id": series.id, "freeze_id": freeze.id, "step": "approve"}


def doors(app: Flask) -> Iterator[tuple[str, str, Rule]]:
    """(endpoint, method, rule) of every address."""
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield rule.endpoint, method, rule


def path_of(app: Flask, rule: Rule, things: Things) -> str:
    values = {name: things.values.get(name, 1) for name in rule.arguments}
    return app.url_map.bind("desk.example.org").build(rule.endpoint, values | (rule.defaults or {}))


@pytest.fixture
def things(house: House) -> Things:
    return Things(house)


def test_every_address_has_a_guard_or_a_reason_to_have_none(app: Flask) -> None:
    for endpoint, _method, _rule in doors(app):
        guarded = hasattr(app.view_functions[endpoint], "needs") or endpoint.startswith("api_")
        assert guarded or endpoint in PUBLIC, f"{endpoint} has no @needs(...) and stands not in PUBLIC"
    assert set(PUBLIC) <= set(app.view_functions)


def test_strangers_are_asked_to_sign_in(app: Flask, things: Things, browser: Callable[[], Browser]) -> None:
    stranger = browser()
    for endpoint, method, rule in doors(app):
        if endpoint in PUBLIC:
            continue
        answer = stranger.open(path_of(app, rule, things), method=method)
        if endpoint.startswith("api_"):
            assert answer.status_code == 401, (endpoint, method)
        else:
            assert (answer.location or "").startswith("/sign-in"), (endpoint, method)


@pytest.mark.parametrize("role", list(Role))
def test_what_a_role_may_not_do_does_not_exist_for_it(
    app: Flask, house: House, things: Things, browser: Callable[[], Browser], role: Role
) -> None:
    person = next(p for p in db.session.scalars(select(Person)) if p.role == role)
    asker = browser().known_as(person)
    for endpoint, method, rule in doors(app):
        needed = getattr(app.view_functions[endpoint], "needs", None)
        if needed is not None and needed not in TABLE[role]:
            answer = asker.open(path_of(app, rule, things), method=method)
            assert answer.status_code == 404, (endpoint, method, needed)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.MANAGER])
def test_auditors_and_managers_do_not_work_tickets(
    app: Flask, house: House, things: Things, browser: Callable[[], Browser], role: Role
) -> None:
    person = house.fay if role is Role.AUDITOR else house.dee
    asker = browser().known_as(person)
    for deed in WORK:
        path = f"/tickets/{things.ticket.number}/{deed}"
        assert asker.post(path, data={"body": "x", "reason": "x"}).status_code == 404, deed


def test_an_auditor_changes_nothing_through_any_address(
    app: Flask, house: House, things: Things, browser: Callable[[], Browser]
) -> None:
    things.ticket.reporter_id = house.fay.id  # even as its reporter: from before they audited
    db.session.commit()
    bearer = {"Authorization": f"Bearer {tokens.add_token(house.fay.id, 'try', now=house.now)}"}
    before = _everything()
    for endpoint, method, rule in doors(app):
        if method == "GET" or endpoint in OWN:
            continue
        path = path_of(app, rule, things)
        body = {"body": "x", "reason": "x", "words": "x", "solved": "yes", "name": "x", "subject": "x"}
        sent = {"json": body | {"solved": False}} if path.startswith("/api/") else {"data": body}
        answer = browser().known_as(house.fay).open(path, method=method, headers=bearer, **sent)
        assert answer.status_code in (302, 303, 403, 404, 405, 409, 410, 422), (endpoint, answer.status_code)
    db.session.rollback()
    assert _everything() == before


def _everything() -> dict[str, list[tuple[object, ...]]]:
    """Every row but those of tokens, tries and sessions, as text."""
    left_out = {"api_token", "sign_in_attempt", "ended_session"}
    with db.engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in db.metadata.sorted_tables
            if table.name not in left_out
        }


@pytest.mark.parametrize("number", ["0", "2147483648", "9" * 30, "-1"])
def test_an_id_that_no_database_holds_is_not_there(
    house: House, browser: Callable[[], Browser], number: str
) -> None:
    eli = browser().known_as(house.eli)
    for path in ("/letters/{}", "/mail/{}", "/on-call/{}", "/maintenance/{}", "/attachments/{}/x"):
        assert eli.get(path.format(number)).status_code == 404, path
    for path in ("/tickets/HD-{}", "/tickets/{}", "/my/{}", "/api/v1/tickets/{}"):
        assert eli.get(path.format(number)).status_code in (401, 404), path
