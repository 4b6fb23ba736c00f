"""The set-up pages: who may open and change them, what they say, and that nothing typed is lost."""

from collections.abc import Callable
from functools import partial
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from helpdesk import clock
from helpdesk.desk import ladders, people
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.locations import Location
from helpdesk.store.mailboxes import Mailbox
from helpdesk.store.names import find_named
from helpdesk.store.organisation import Department, get_organisation
from helpdesk.store.people import Person, find_person_by_address
from helpdesk.store.policies import Calendar, Policy, list_policy_rules
from helpdesk.store.rosters import Layer
from helpdesk.store.security import SecurityEvent
from helpdesk.store.services import Service
from helpdesk.store.teams import Team
from tests.at_once import at_once
from tests.conftest import MONDAY_9, Browser, House, a_roster, read_anew

Browsers = Callable[[], Browser]

SEEN = (
    "/admin",
    "/admin/organisation",
    "/admin/people",
    "/admin/people/1",
    "/admin/look",
    "/admin/departments",
    "/admin/departments/{department}",
    "/admin/locations",
    "/admin/locations/{location}",
    "/admin/imports",
    "/admin/teams",
    "/admin/teams/{team}",
    "/admin/services",
    "/admin/services/{service}",
    "/admin/skills",
    "/admin/calendars",
    "/admin/calendars/{calendar}",
    "/admin/policies",
    "/admin/policies/{policy}",
    "/admin/policies/rules/{rule}",
    "/admin/ladders",
    "/admin/ladders/critical/response",
    "/admin/mail",
)
EDITED = (
    "/admin/people/new",
    "/admin/people/1/left",
    "/admin/departments/new",
    "/admin/locations/new",
    "/admin/imports/people",
    "/admin/teams/new",
    "/admin/services/new",
    "/admin/skills/new",
    "/admin/calendars/new",
    "/admin/calendars/{calendar}/holidays",
    "/admin/policies/new",
    "/admin/policies/rules/new",
)
POSTED = (
    "/admin/organisation",
    "/admin/people/1",
    "/admin/people/new",
    "/admin/people/1/left",
    "/admin/people/1/back",
    "/admin/people/1/invite",
    "/admin/people/1/sign-out",
    "/admin/look",
    "/admin/departments/{department}",
    "/admin/locations/{location}",
    "/admin/imports/people",
    "/admin/teams/{team}",
    "/admin/services/{service}",
    "/admin/calendars/{calendar}",
    "/admin/policies/{policy}",
    "/admin/policies/rules",
    "/admin/policies/rules/new",
    "/admin/policies/rules/{rule}",
    "/admin/policies/rules/{rule}/remove",
    "/admin/ladders/critical/response",
    "/admin/mail",
    "/admin/mail/trial",
    "/admin/mail/stop",
    "/admin/mail/go",
    "/admin/mail/keep",
)


@pytest.fixture
def places(house: House) -> dict[str, int]:
    """The ids of one of each."""
    department, location = Department(name="Sales"), Location(name="Berlin")
    db.session.add_all([department, location])
    db.session.commit()
    calendar, policy = find_named(Calendar, "Office hours"), find_named(Policy, "Standard")
    assert calendar
    assert policy
    return {
        "department": department.id,
        "location": location.id,
        "team": house.team.id,
        "service": house.erp.id,
        "calendar": calendar.id,
        "policy": policy.id,
        "rule": list_policy_rules()[0].id,
    }


@pytest.fixture
def eli(house: House, browser: Browsers) -> Browser:
    return browser().known_as(house.eli)


class Form(HTMLParser):
    """What stands in the page's own form."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self.select = self.area = ""
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = given.get("method") == "post" and "action" not in given
        if not self.inside:
            return
        name = given.get("name", "")
        if tag == "input" and name and (given.get("type") not in ("checkbox", "radio") or "checked" in given):
            self.found.setdefault(name, []).append(given.get("value", ""))
        if tag == "select":
            self.select = name
        if tag == "option" and "selected" in given:
            self.found.setdefault(self.select, []).append(given.get("value", ""))
        if tag == "textarea":
            self.area = name
            self.found[name] = [""]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = ""

    def handle_data(self, data: str) -> None:
        if self.area:
            self.found[self.area][0] += data.lstrip("\n")


def typed_of(page: TestResponse) -> dict[str, Any]:
    """What the page's form would post: one value for each field, lists for names that stand more often."""
    form = Form()
    form.feed(page.text)
    return {name: values if len(values) > 1 else values[0] for name, values in form.found.items()}


def change(client: Browser, path: str, **other: Any) -> TestResponse:
    """Opens the page, types something else, and saves."""
    return client.post(path, data={**typed_of(client.get(path)), **other})


def last_event() -> SecurityEvent:
    read_anew()
    found = db.session.query(SecurityEvent).order_by(SecurityEvent.id.desc()).first()
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["ana", "bo", "chen", "dee"])
def test_for_others_set_up_does_not_exist(
    house: House, browser: Browsers, places: dict[str, int], name: str
) -> None:
    client = browser().known_as(getattr(house, name))
    for path in (*SEEN, *EDITED):
        assert client.get(path.format(**places)).status_code == 404, path
    for path in POSTED:
        assert client.post(path.format(**places)).status_code == 404, path


def test_strangers_are_asked_to_sign_in(house: House, browser: Browsers) -> None:
    assert browser().get("/admin").location == "/sign-in?next=/admin"


def test_an_auditor_reads_everything_and_finds_no_button(
    house: House, browser: Browsers, places: dict[str, int]
) -> None:
    fay = browser().known_as(house.fay)
    for path in SEEN:
        page = fay.get(path.format(**places))
        assert page.status_code == 200, path
        main = page.text.split("<main")[1]
        assert "btn primary" not in main, path
        assert 'name="do"' not in main, path
    for path in EDITED:
        assert fay.get(path.format(**places)).status_code == 404, path
    for path in POSTED:
        assert fay.post(path.format(**places), data={"name": "X"}).status_code == 404, path


def test_an_administrator_opens_every_page(eli: Browser, places: dict[str, int]) -> None:
    for path in (*SEEN, *EDITED):
        assert eli.get(path.format(**places)).status_code == 200, path


def test_what_is_not_there_is_not_found(eli: Browser) -> None:
    for path in ("people/99", "teams/99", "services/99", "calendars/99", "policies/99", "departments/99"):
        assert eli.get(f"/admin/{path}").status_code == 404
    for path in ("ladders/huge/response", "ladders/minor/lunch"):
        assert eli.get(f"/admin/{path}").status_code == 404
        assert eli.post(f"/admin/{path}").status_code == 404


def test_every_page_saves_as_it_was_opened(eli: Browser, places: dict[str, int]) -> None:
    """Opening and saving changes nothing, and is not logged."""
    before = db.session.query(SecurityEvent).count()
    for path in ("/admin/organisation", "/admin/departments/{department}", "/admin/teams/{team}"):
        assert change(eli, path.format(**places)).status_code == 303, path
    for path in ("/admin/services/{service}", "/admin/people/2", "/admin/ladders/critical/response"):
        assert change(eli, path.format(**places)).status_code == 303, path
    read_anew()
    assert db.session.query(SecurityEvent).count() == before


def test_the_organisation_is_changed_and_the_log_says_from_and_to(eli: Browser) -> None:
    answer = change(eli, "/admin/organisation", hotline="extension 100", idle_timeout_minutes="30")
    assert (answer.status_code, answer.location) == (303, "/admin/organisation")
    event = last_event()
    assert (event.what, event.subject) == ("setting_changed", "organisation")
    assert event.detail == {
        "from": {"idle_timeout_minutes": 0},
        "to": {"hotline": "extension 100", "idle_timeout_minutes": 30},
    }
    assert get_organisation().hotline == "extension 100"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"name": ""}, "Enter the name of your organisation."),
        ({"security_log_days": "30"}, "Enter a whole number from 180 to 36500."),
        ({"zone": "Moon/Base"}, "Choose a time zone from the list."),
        ({"default_team_id": "x"}, "Choose a team from the list."),
    ],
)
def test_errors_stand_at_the_field_and_keep_what_was_typed(
    eli: Browser, other: dict[str, str], said: str
) -> None:
    page = change(eli, "/admin/organisation", hotline="keep <this>", **other)
    assert page.status_code == 422
    assert said in page.text
    assert "keep &lt;this&gt;" in page.text
    read_anew()
    assert get_organisation().hotline == ""


def test_nobody_overwrites_what_somebody_else_saved_meanwhile(
    house: House, eli: Browser, browser: Browsers
) -> None:
    path = f"/admin/services/{house.erp.id}"
    opened = typed_of(eli.get(path))
    assert change(browser().known_as(house.eli), path, description="Orders").status_code == 303
    page = eli.post(path, data={**opened, "description": "Stock"})
    assert page.status_code == 422
    assert "Somebody else has changed this since you opened it." in page.text
    assert 'value="Stock"' in page.text
    read_anew()
    assert db.session.get(Service, house.erp.id).description == "Orders"


def test_of_two_who_save_a_person_at_once_one_is_asked_to_look_again(
    app: Flask, house: House, eli: Browser, browser: Browsers
) -> None:
    path = f"/admin/people/{house.ana.id}"
    opened = typed_of(eli.get(path))
    two = [browser().known_as(house.eli) for _ in range(2)]
    posts = [
        partial(each.post, path, data={**opened, "phone": phone})
        for each, phone in zip(two, ("11", "22"), strict=True)
    ]
    answers = at_once(app, *posts)
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    read_anew()
    saved = "11" if answers[0].status_code == 303 else "22"
    assert db.session.get_one(Person, house.ana.id).phone == saved


def test_departments_teams_and_services_are_added(house: House, eli: Browser) -> None:
    assert eli.post("/admin/departments/new", data={"name": "Sales"}).status_code == 303
    assert (
        eli.post(
            "/admin/teams/new",
            data={"name": "Network", "people": [house.bo.id], "leads": [house.bo.id], "is_active": "1"},
        ).status_code
        == 303
    )
    read_anew()
    team = find_named(Team, "Network")
    assert team is not None
    assert [(m.person_id, m.is_lead) for m in team.members] == [(house.bo.id, True)]
    answer = eli.post("/admin/services/new", data={"name": "Wi-Fi", "team_id": team.id, "is_active": "1"})
    assert answer.status_code == 303
    assert last_event().subject == "service:Wi-Fi"
    assert "fewer than three" in eli.get("/admin/teams").text


def test_a_name_that_is_taken_is_said_at_the_name(house: House, eli: Browser) -> None:
    page = eli.post("/admin/services/new", data={"name": "ERP", "team_id": house.team.id})
    assert page.status_code == 422
    assert "Another one has this name already." in page.text


def test_people_are_found_filtered_and_paged(house: House, eli: Browser) -> None:
    db.session.add_all([Person(name=f"Guest {n:03}", created_at=MONDAY_9) for n in range(60)])
    db.session.commit()
    assert "Bo" in eli.get("/admin/people?q=bo@example").text
    assert "Chen" not in eli.get("/admin/people?q=bo@example").text.split("<main")[1]
    assert "Nobody found" in eli.get("/admin/people?q=nobody&role=agent").text
    first, second = eli.get("/admin/people?q=guest").text, eli.get("/admin/people?q=guest&page=2").text
    assert "Guest 049" in first
    assert "Guest 050" not in first
    assert "Guest 050" in second
    assert eli.get("/admin/people?page=99999999999999999999").status_code == 200


def test_a_person_is_added_and_invited(house: House, eli: Browser) -> None:
    data = {"name": "Gao", "role": "agent", "addresses": "Gao@example.org", "with_letter": "1"}
    answer = eli.post("/admin/people/new", data={**data, f"team-{house.team.id}": "member"})
    read_anew()
    gao = find_person_by_address("gao@example.org")
    assert gao is not None
    assert answer.location == f"/admin/people/{gao.id}"
    assert [m.team_id for m in gao.memberships] == [house.team.id]
    assert db.session.query(Letter).filter_by(kind="invitation", person_id=gao.id).count() == 1


def test_addresses_are_checked_and_kept(eli: Browser) -> None:
    data = {"name": "Gao", "role": "agent", "addresses": "gao@example.org\nnonsense"}
    page = eli.post("/admin/people/new", data=data)
    assert page.status_code == 422
    assert "Check this mail address" in page.text
    assert "nonsense" in page.text


def test_a_role_is_changed_and_logged(house: House, eli: Browser) -> None:
    assert change(eli, f"/admin/people/{house.bo.id}", role="lead").status_code == 303
    event = last_event()
    assert (event.what, event.detail) == ("role_changed", {"from": "agent", "to": "lead"})


def test_the_last_administrator_stays(house: House, browser: Browsers) -> None:
    people.set_password(house.eli.id, "vier muntere Elche", now=MONDAY_9)
    eli = browser().known_as(house.eli)
    page = change(eli, f"/admin/people/{house.eli.id}", role="manager")
    assert page.status_code == 422
    assert "Make somebody else an administrator first." in page.text
    page = eli.post(f"/admin/people/{house.eli.id}/left")
    assert page.status_code == 422
    assert "Make somebody else an administrator first." in page.text
    read_anew()
    assert house.eli.is_active


def test_whoever_has_left_is_out_at_once_and_can_come_back(
    house: House, eli: Browser, browser: Browsers
) -> None:
    bo = browser().known_as(house.bo)
    assert bo.get("/profile").status_code == 200
    assert "They have no open tickets." in eli.get(f"/admin/people/{house.bo.id}/left").text
    assert eli.post(f"/admin/people/{house.bo.id}/left").status_code == 303
    assert bo.get("/profile").status_code == 302
    assert "has left" in eli.get("/admin/people?left=1").text
    assert eli.post(f"/admin/people/{house.bo.id}/back").status_code == 303
    read_anew()
    assert house.bo.is_active
    assert last_event().what == "person_returned"


def test_sessions_are_ended_and_invitations_sent_from_the_page(house: House, eli: Browser) -> None:
    before = house.bo.session_epoch
    assert eli.post(f"/admin/people/{house.bo.id}/sign-out").status_code == 303
    assert eli.post(f"/admin/people/{house.bo.id}/invite").status_code == 303
    read_anew()
    assert house.bo.session_epoch == before + 1
    assert last_event().what == "invited"


def test_a_calendar_is_published_from_a_day_on(eli: Browser, places: dict[str, int]) -> None:
    path = f"/admin/calendars/{places['calendar']}"
    answer = change(eli, path, sat="10:00-12:00", dates="2027-12-24 09:00-12:00", reason="Saturdays")
    assert answer.status_code == 303
    assert last_event().subject == "calendar:Office hours"
    version = db.session.get(Calendar, places["calendar"]).versions[-1]
    assert (version.number, version.reason) == (2, "Saturdays")
    assert version.definition["week"]["sat"] == [["10:00", "12:00"]]
    assert version.effective_at > clock.now()


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"reason": ""}, "Say why the hours change."),
        ({"mon": "nine to five"}, "Write hours like 09:00-12:00, 13:00-18:00."),
        ({"mon": "18:00-09:00"}, "Write hours from 00:00 to 24:00"),
        ({"dates": "2027-02-30 -"}, "Write dates that exist"),
        ({"effective_on": "2020-01-01"}, "Choose a time that is still to come"),
        ({"effective_on": "soon"}, "Enter a day, for example 2027-01-01."),
    ],
)
def test_hours_that_cannot_be_are_said_at_their_field(
    eli: Browser, places: dict[str, int], other: dict[str, str], said: str
) -> None:
    page = change(eli, f"/admin/calendars/{places['calendar']}", **{"reason": "Why not", **other})
    assert page.status_code == 422
    assert said in page.text
    read_anew()
    assert len(db.session.get(Calendar, places["calendar"]).versions) == 1


def test_holidays_are_looked_at_and_then_stand_in_the_form(eli: Browser, places: dict[str, int]) -> None:
    path = f"/admin/calendars/{places['calendar']}"
    page = eli.get(f"{path}/holidays?country=CN&year=2026")
    assert "worked in return" in page.text
    form = typed_of(eli.get(f"{path}?country=CN&year=2026"))
    assert "2026-02-14 09:00-12:00, 13:00-18:00" in form["dates"]
    assert "2026-02-17 -" in form["dates"]
    assert "Bayern" in eli.get(f"{path}/holidays?country=DE&year=2027").text
    assert eli.get(f"{path}/holidays?country=CN&region=BY&year=2026").status_code == 200
    assert eli.get(f"{path}?country=XX&year=2026").status_code == 404


def test_targets_are_published_and_an_uncovered_promise_needs_a_reason(
    eli: Browser, places: dict[str, int]
) -> None:
    path = f"/admin/policies/{places['policy']}"
    assert "no roster" in eli.get(path).text
    page = change(eli, path, **{"minor-response": "120", "reason": "Faster"})
    assert page.status_code == 422
    assert "Nobody is on call for all that is promised in: ERP." in page.text
    assert 'value="120"' in page.text
    reasons = {"reason": "Faster", "cover_reason": "The factory watches"}
    assert change(eli, path, **{"minor-response": "120", **reasons}).status_code == 303
    event = last_event()
    assert event.subject == "policy:Standard"
    assert event.detail["from"] == {"minor.response.minutes": 240, "version": 1}
    assert event.detail["to"]["minor.response.minutes"] == 120


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"minor-response": "0"}, "Enter a whole number from 1 to 525600."),
        ({"minor-response": ""}, "Enter a whole number from 1 to 525600."),
        ({"minor-response-calendar": "77"}, "Choose when it counts."),
        ({"minor-response-calendar": "noon"}, "Choose when it counts."),
        ({"reason": ""}, "Say why the targets change."),
        ({"effective_at": "2020-01-01T10:00"}, "Choose a time that is still to come"),
    ],
)
def test_targets_that_cannot_be_are_said_at_their_field(
    eli: Browser, places: dict[str, int], other: dict[str, str], said: str
) -> None:
    path = f"/admin/policies/{places['policy']}"
    page = change(eli, path, **{"reason": "Why not", "cover_reason": "Watch", **other})
    assert page.status_code == 422
    assert said in page.text
    read_anew()
    assert len(db.session.get(Policy, places["policy"]).versions) == 1


def test_an_update_without_minutes_is_none(eli: Browser) -> None:
    data = {**typed_of(eli.get("/admin/policies/new")), "name": "Faults"}
    assert (
        eli.post("/admin/policies/new", data={**data, "minor-update": "", "reason": "New"}).status_code == 303
    )
    read_anew()
    policy = find_named(Policy, "Faults")
    assert policy is not None
    assert "update" not in policy.versions[-1].definition["minor"]
    assert policy.versions[-1].definition["minor"]["response"]["minutes"] == 240


def test_steps_are_added_moved_and_removed_before_they_are_saved(eli: Browser) -> None:
    path = "/admin/ladders/minor/response"
    typed = typed_of(eli.get(path))
    added = typed_of(eli.post(path, data={**typed, "do": "add"}))
    assert added["count"] == "4"
    moved = typed_of(
        eli.post(path, data={**added, "3-at": "90", "3-unit": "percent", "3-to": "manager", "do": "up-3"})
    )
    assert (moved["2-to"], moved["3-to"]) == ("manager", "lead")
    removed = typed_of(eli.post(path, data={**moved, "do": "remove-0"}))
    assert removed["count"] == "3"
    read_anew()
    assert len(ladders.ladder_of("minor", "response")) == 3
    assert eli.post(path, data={**removed, "do": "save"}).status_code == 303
    read_anew()
    assert [step.to for step in ladders.ladder_of("minor", "response")] == ["assignee", "manager", "lead"]
    assert last_event().subject == "ladder:minor:response"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"0-at": "x"}, "Enter a whole number from 0 to 10080."),
        ({"0-at": "101", "0-unit": "percent"}, "Enter a share from 0 to 100 percent."),
        ({"0-to": "the cat"}, "Choose whom to tell."),
        ({"count": "0"}, "Keep at least one step."),
        ({"marker": "older"}, "Somebody else has changed this"),
    ],
)
def test_a_ladder_that_cannot_be_is_said_at_its_field(eli: Browser, other: dict[str, str], said: str) -> None:
    page = change(eli, "/admin/ladders/minor/response", **other)
    assert page.status_code == 422
    assert said in page.text


def test_a_trial_letter_goes_to_oneself(house: House, eli: Browser) -> None:
    assert "desk@example.org" in eli.get("/admin/mail").text
    answer = eli.post("/admin/mail/trial")
    read_anew()
    letter = db.session.query(Letter).filter_by(kind="trial").one()
    assert letter.person_id == house.eli.id
    assert answer.location == f"/letters/{letter.id}"


def test_the_security_log_says_it_in_words(eli: Browser) -> None:
    change(eli, "/admin/organisation", hotline="extension 100")
    assert "hotline: extension 100" in eli.get("/security").text


def test_the_organisation_says_how_long_before_maintenance_people_are_reminded(eli: Browser) -> None:
    page = eli.get("/admin/organisation").text
    assert page.count("checked") >= 3  # a week, a day, an hour
    assert change(eli, "/admin/organisation", window_notice_minutes=["240"]).status_code == 303
    read_anew()
    assert get_organisation().options["window_notice_minutes"] == [240]
    answer = change(eli, "/admin/organisation", window_notice_minutes=["7"])
    assert answer.status_code == 422
    assert "Choose times from the list." in answer.text


def test_the_first_page_says_what_is_still_to_be_set_up(house: House, eli: Browser) -> None:
    page = eli.get("/admin").text
    assert "2 of 8 done" in page  # Ana reports, and there are two services
    assert "Somebody is promised at night" in page
    assert "2 agents and leads have no password yet" in page
    house.bo.password_hash = house.chen.password_hash = "kept"
    mailbox = Mailbox(
        name="Desk",
        address="it@example.org",
        host="imap.example.org",
        port=993,
        user="it",
        sealed="",
        created_at=MONDAY_9,
        active_since=MONDAY_9,
    )
    db.session.add_all([Department(name="Sales"), mailbox])
    get_organisation().hotline = "+49 30 1234"
    weeks = {"position": 0, "name": "weeks", "starts_at": "2026-01-05T09:00", "every": 1, "unit": "weeks"}
    roster = a_roster("First line", Layer(people=[house.bo.id], **weeks))
    db.session.add(roster)
    db.session.commit()
    page = eli.get("/admin").text
    assert "There is a roster, but no team uses it yet." in page
    house.team.roster_id = roster.id
    db.session.commit()
    assert "7 of 8 done" in eli.get("/admin").text
    assert "No mail server is set" in page
