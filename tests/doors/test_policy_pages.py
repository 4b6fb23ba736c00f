"""The pages of targets and calendars: which apply, what held when, what would move, how far it is."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from helpdesk import clock
from helpdesk.desk import calendars, policies, policy_plans, reference, stale, tickets
from helpdesk.desk.changes import By
from helpdesk.desk.policies import OFFICE_WEEK
from helpdesk.desk.recompute import recompute
from helpdesk.desk.tickets import Report
from helpdesk.store import db
from helpdesk.store.db import transaction
from helpdesk.store.names import find_named
from helpdesk.store.organisation import Department, get_organisation
from helpdesk.store.policies import Calendar, Policy, list_policy_rules
from tests.conftest import Browser, House, read_anew
from tests.doors.test_admin import change, typed_of

Browsers = Callable[[], Browser]
POLICIES = "/admin/policies"


@pytest.fixture
def eli(house: House, browser: Browsers) -> Browser:
    return browser().known_as(house.eli)


@pytest.fixture
def sales(house: House) -> Department:
    department = Department(name="Sales")
    db.session.add(department)
    db.session.commit()
    return department


def named(name: str) -> int:
    policy = find_named(Policy, name)
    assert policy is not None
    return policy.id


def order() -> list[str]:
    read_anew()
    return [rule.policy.name for rule in list_policy_rules()]


def office_path() -> str:
    return f"/admin/calendars/{get_organisation().calendar_id}"


def marker(page: str) -> str:
    return page.split('name="marker" value="')[1].split('"')[0]


def test_rules_are_shown_in_words_in_their_order(house: House, eli: Browser, sales: Department) -> None:
    typed = typed_of(eli.get(f"{POLICIES}/rules/new"))
    of_sales = {"kind": "fault", "service_id": house.erp.id, "department_id": sales.id}
    answer = eli.post(f"{POLICIES}/rules/new", data={**typed, **of_sales, "policy_id": named("Standard")})
    assert answer.status_code == 303
    page = eli.get(POLICIES).text.split('id="rules"')[1]
    said = (
        "Faults about ERP from Sales and what belongs to it",
        "Requests",
        "Questions",
        "All other tickets",
    )
    places = [page.index(f">{each}<") for each in said]
    assert places == sorted(places)
    assert "never reached" not in page


def test_a_rule_that_no_ticket_comes_to_is_marked(house: House, eli: Browser) -> None:
    requests = list_policy_rules()[0].id
    typed = typed_of(eli.get(f"{POLICIES}/rules/new"))
    more = {"kind": "request", "service_id": house.erp.id, "policy_id": named("Questions")}
    eli.post(f"{POLICIES}/rules/new", data={**typed, **more})
    assert order() == ["Questions", "Requests", "Questions", "Standard"]
    assert "never reached" not in eli.get(POLICIES).text
    eli.post(f"{POLICIES}/rules", data={"marker": marker(eli.get(POLICIES).text), "do": f"up-{requests}"})
    assert order() == ["Requests", "Questions", "Questions", "Standard"]
    assert "never reached" in eli.get(POLICIES).text


def test_buttons_move_a_rule_and_lead_back_to_it(house: House, eli: Browser) -> None:
    requests = list_policy_rules()[0].id
    page = eli.get(POLICIES).text
    answer = eli.post(f"{POLICIES}/rules", data={"marker": marker(page), "do": f"down-{requests}"})
    assert answer.location == f"{POLICIES}#rule-{requests}"
    assert order() == ["Questions", "Requests", "Standard"]
    eli.post(f"{POLICIES}/rules", data={"marker": marker(page), "do": f"up-{requests}"})
    assert order() == ["Questions", "Requests", "Standard"], "what was seen is no more"
    assert "Somebody else has changed the rules" in eli.get(POLICIES).text


@pytest.mark.parametrize("do", ["", "up", "up-x", "sideways-1"])
def test_what_is_no_move_is_no_request(house: House, eli: Browser, do: str) -> None:
    assert eli.post(f"{POLICIES}/rules", data={"do": do}).status_code == 400


def test_a_rule_is_changed_and_removed(house: House, eli: Browser) -> None:
    path = f"{POLICIES}/rules/{list_policy_rules()[0].id}"
    assert change(eli, path, kind="question", policy_id=named("Standard")).status_code == 303
    assert order() == ["Standard", "Questions", "Standard"]
    eli.post(f"{path}/remove", data={"marker": typed_of(eli.get(path))["marker"]})
    assert order() == ["Questions", "Standard"]
    assert eli.get(path).status_code == 404


def test_the_last_rule_cannot_be_removed(house: House, eli: Browser) -> None:
    path = f"{POLICIES}/rules/{list_policy_rules()[-1].id}"
    page = eli.get(path)
    assert "/remove" not in page.text
    eli.post(f"{path}/remove", data={"marker": typed_of(page)["marker"]})
    assert order() == ["Requests", "Questions", "Standard"]
    assert "The last rule stays" in eli.get(POLICIES).text


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"kind": ""}, "Choose a kind, a service or a department"),
        ({"policy_id": "999"}, "Choose one from the list."),
        ({"department_id": "999"}, "Choose one from the list."),
        ({"service_id": "x"}, "Choose a service from the list."),
    ],
)
def test_a_rule_that_cannot_be_is_said_at_its_field(
    house: House, eli: Browser, other: dict[str, str], said: str
) -> None:
    page = change(eli, f"{POLICIES}/rules/{list_policy_rules()[0].id}", **other)
    assert page.status_code == 422
    assert said in page.text
    assert order() == ["Requests", "Questions", "Standard"]


def test_trying_says_which_targets_and_why(house: House, eli: Browser, sales: Department) -> None:
    page = eli.get(f"{POLICIES}?kind=request&service_id={house.erp.id}&department_id={sales.id}").text
    assert "<b>Requests</b>, version 1. Rule 1 fits first: Requests." in page
    assert "Rule 3 fits first: Every ticket." in eli.get(f"{POLICIES}?kind=fault").text
    assert "fits first" not in eli.get(f"{POLICIES}?kind=lunch").text


def test_targets_that_no_roster_covers_are_marked_in_the_list(house: House, eli: Browser) -> None:
    page = eli.get(POLICIES).text
    assert page.count("more than rosters cover") == 3
    office = get_organisation().calendar_id or 0
    for policy in db.session.query(Policy).filter(Policy.name != "Standard"):
        by_day = policies.default_definition(office, office)
        policy_plans.publish(policy.id, by_day, clock.now(), "By day", By(clock.now(), house.eli.id))
    assert eli.get(POLICIES).text.count("more than rosters cover") == 1


def test_a_policys_history_says_who_when_why_and_what(house: House, eli: Browser) -> None:
    policy = find_named(Policy, "Standard")
    assert policy
    definition = dict(policy.versions[-1].definition)
    definition["minor"] = {**definition["minor"], "response": {"minutes": 30, "calendar_id": None}}
    del definition["minor"]["update"]
    now = clock.now()
    by = By(now, house.eli.id)
    policy_plans.publish(policy.id, definition, now, "Faster", by, cover_reason="The factory watches")
    page = eli.get(f"{POLICIES}/{policy.id}").text
    assert "Faster / The factory watches" in page
    assert "published by Eli" in page
    assert "Minor, First answer: 4 h (Office hours) → 30 min (day and night)" in page
    assert "Minor, Further answers: 8 h (Office hours) → none" in page
    assert "from the first set-up" in page


def test_targets_say_what_maintenance_takes_of_the_clock(house: House, eli: Browser) -> None:
    path = f"{POLICIES}/{named('Standard')}"
    typed = typed_of(eli.get(path))
    assert (typed["maintenance_lead_minutes"], typed["maintenance_counts"]) == ("60", "actual_within_planned")
    said = {"maintenance_lead_minutes": "120", "maintenance_counts": "planned"}
    said |= {"reason": "More notice", "cover_reason": "The factory watches"}
    assert eli.post(path, data={**typed, **said, "do": "save"}).status_code == 303
    read_anew()
    terms = list(reference.current()[1].policies[named("Standard")].versions)[-1]
    assert (terms.maintenance_lead, terms.maintenance_counts) == (timedelta(hours=2), "planned")
    page = eli.get(path).text
    assert "Maintenance announced at least: 1 h 00 min → 2 h 00 min" in page
    assert "real times, within the announced → announced times" in page
    refused = eli.post(path, data={**typed_of(eli.get(path)), "maintenance_counts": "never", "do": "save"})
    assert "Choose which times of maintenance stop the clock." in refused.text


def test_a_calendars_history_says_what_changed(house: House, eli: Browser) -> None:
    dates = {f"2027-05-{day:02}": [] for day in range(1, 15)}
    first = calendars.first_day(db.session.get(Calendar, get_organisation().calendar_id), clock.now())
    week = {**OFFICE_WEEK, "mon": [["00:00", "06:00"], ["09:00", "18:00"], ["22:00", "24:00"]]}
    by = By(clock.now(), house.eli.id)
    calendars.publish(get_organisation().calendar_id, week, dates, first, "More", by)
    page = eli.get(office_path()).text
    assert "Monday: 09:00-12:00, 13:00-18:00 → 00:00-06:00, 09:00-18:00, 22:00-24:00" in page
    assert "Sat 1 May 2027: as every week → closed" in page
    assert "and 2 more dates" in page


def test_several_shifts_a_day_are_typed_as_people_write_them(house: House, eli: Browser) -> None:
    shifts = {"mon": "22:00-24:00, 0:00–6:00; 06:00-14:00", "tue": "00:00-24:00", "reason": "Shifts"}
    assert change(eli, office_path(), **shifts).status_code == 303
    read_anew()
    week = db.session.get(Calendar, get_organisation().calendar_id).versions[-1].definition["week"]
    assert week["mon"] == [["22:00", "24:00"], ["00:00", "06:00"], ["06:00", "14:00"]]
    assert week["tue"] == [["00:00", "24:00"]]
    page = change(eli, office_path(), wed="22:00-06:00", reason="Night")
    assert page.status_code == 422
    assert "A shift over midnight is two" in page.text


def test_a_new_calendar_begins_with_the_office_hours(eli: Browser) -> None:
    assert typed_of(eli.get("/admin/calendars/new"))["mon"] == "09:00-12:00, 13:00-18:00"


def test_chinas_days_worked_in_return_are_shown_before_they_are_taken_over(eli: Browser) -> None:
    asked = f"{office_path()}/holidays?country=CN&year=2026"
    assert "Sat 14 Feb 2026" in eli.get(asked).text
    typed = typed_of(eli.get(f"{office_path()}?country=CN&year=2026"))
    assert "2026-02-14 09:00-12:00, 13:00-18:00" in typed["dates"]
    assert "2026-02-17 -" in typed["dates"]


def test_what_would_move_is_shown_before_publishing_and_saves_nothing(house: House, eli: Browser) -> None:
    now = clock.now()
    tickets.report(Report("Slow", "", service_id=house.erp.id), house.ana, now=now, door="web")
    closed = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "") | {"sat": "10:00-12:00"}
    page = change(eli, office_path(), **closed, reason="A month of holidays", do="look")
    assert page.status_code == 200
    assert "1 open ticket gets a later deadline." in page.text
    assert 'href="/tickets/HD-1"' in page.text
    assert 'value="A month of holidays"' in page.text
    read_anew()
    assert len(db.session.get(Calendar, get_organisation().calendar_id).versions) == 1
    same = change(eli, office_path(), reason="Nothing", do="look")
    assert "No open deadline moves." in same.text
    wrong = change(eli, office_path(), mon="18:00-09:00", reason="Odd", do="look")
    assert wrong.status_code == 422


def test_how_far_recomputing_is_is_shown_until_it_is_done(house: House, eli: Browser) -> None:
    now = clock.now()
    tickets.report(Report("Slow", "", service_id=house.erp.id), house.ana, now=now, door="web")
    with transaction():
        stale.after_calendar_change(now, now, "Office hours: Holiday")
    for path in (office_path(), POLICIES, "/admin/organisation", "/maintenance"):
        assert "0 of 2 done" in eli.get(path).text, path
    fresh = eli.get("/maintenance/progress")
    assert 'max="2" value="0"' in fresh.text
    again = eli.get("/maintenance/progress", headers={"If-None-Match": fresh.headers["ETag"]})
    assert again.status_code == 304
    recompute(now + timedelta(seconds=1))
    done = eli.get("/maintenance/progress", headers={"If-None-Match": fresh.headers["ETag"]})
    assert done.status_code == 200
    assert "<progress" not in done.text
    assert "no deadline moved" in done.text


def test_reporters_do_not_watch_recomputing(house: House, browser: Browsers) -> None:
    assert browser().known_as(house.ana).get("/maintenance/progress").status_code == 404
