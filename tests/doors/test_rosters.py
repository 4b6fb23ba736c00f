"""Rosters, swaps, absences and maintenance through their pages."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask

from helpdesk import clock
from helpdesk.desk import roster_plans, rosters
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.policies import list_calendars
from helpdesk.store.rosters import Absence, Override, Roster
from helpdesk.store.teams import Member, Team
from tests.conftest import Browser, House, read_anew

Browsers = Callable[[], Browser]


@pytest.fixture
def roster(house: House, app: Flask) -> Roster:
    """Bo and Chen take daily turns since long ago."""
    app.extensions.pop("on_call", None)  # what another test was told in the last five seconds
    by = {"now": datetime(2026, 1, 1, tzinfo=UTC), "actor_id": house.chen.id}
    found = roster_plans.create_roster("First line", "Europe/Berlin", team_id=house.team.id, **by)
    layer = {"name": "days", "people": [house.bo.id, house.chen.id], "starts_at": "2026-03-02T09:00"}
    layer |= {"ends_at": None, "every": 1, "unit": "days", "hours": None}
    return roster_plans.save_layers(found.id, [layer], **by)


def local(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M")


def layer_form(house: House, **other: str) -> dict[str, str | list[str]]:
    form: dict[str, str | list[str]] = {
        "count": "1",
        "layers-0-name": "weeks",
        "layers-0-people": [str(house.chen.id), "", str(house.bo.id)],
        "layers-0-starts_at": "2026-03-02T09:00",
        "layers-0-every": "1",
        "layers-0-unit": "weeks",
        "layers-0-when": "always",
    }
    return {**form, **other}


def said(html: str) -> list[str]:
    return [unescape(text) for text in re.findall(r'<p class="wrong">(.*?)</p>', html)]


def test_the_list_and_the_top_bar_say_who_is_on_call_until_when_and_who_is_next(
    house: House, roster: Roster, browser: Browsers
) -> None:
    page = browser().known_as(house.fay).get("/on-call").text
    assert "First line" in page
    assert re.search(r'<div class="oncall">On call <b>(Bo|Chen)</b> until .*, then <b>(Bo|Chen)</b>', page)


def test_reporters_see_neither_rosters_nor_maintenance_nor_who_is_on_call(
    house: House, roster: Roster, browser: Browsers
) -> None:
    ana = browser().known_as(house.ana)
    for path in ("/on-call", f"/on-call/{roster.id}", "/on-call/absences", "/maintenance"):
        assert ana.get(path).status_code == 404, path
    assert 'class="oncall"' not in ana.get("/my").text


def test_a_week_with_a_clock_change_shows_seven_days_and_both_zones(
    house: House, roster: Roster, browser: Browsers
) -> None:
    house.bo.zone = "Asia/Shanghai"
    db.session.commit()
    page = browser().known_as(house.bo).get(f"/on-call/{roster.id}?day=2026-03-29").text
    assert "23–29 Mar 2026" in page
    # Handovers stay at 09:00 in Berlin; in Shanghai they come an hour earlier from Sunday on.
    assert "Sat 28 Mar, 09:00 – Sun 29 Mar, 09:00<small>Sat 28 Mar, 16:00 – Sun 29 Mar, 15:00" in page
    assert "Berlin time" in page
    assert "Shanghai time" in page


def test_a_month_shows_its_weeks_and_any_address_shows_something(
    house: House, roster: Roster, browser: Browsers
) -> None:
    bo = browser().known_as(house.bo)
    page = bo.get(f"/on-call/{roster.id}?view=month&day=2026-03-15").text
    assert "March 2026" in page
    assert page.count('class="card board"') == 6
    for day in ("9999-12-31", "0001-01-01", "yesterday", ""):
        assert bo.get(f"/on-call/{roster.id}?view=month&day={day}").status_code == 200
    assert bo.get("/on-call/9999").status_code == 404


def test_a_gap_and_a_leaver_are_said(house: House, roster: Roster, browser: Browsers) -> None:
    house.bo.left_at = clock.now() - timedelta(days=400)
    db.session.commit()
    page = browser().known_as(house.fay).get(f"/on-call/{roster.id}").text
    assert "Bo has left but still stands in a layer" in page
    assert "Nobody is on call for" in page
    assert "nobody, as the person has left" in page


def test_looking_at_layers_shows_the_result_and_saves_nothing(
    house: House, roster: Roster, browser: Browsers
) -> None:
    chen = browser().known_as(house.chen)
    answer = chen.post(f"/on-call/{roster.id}/layers", data=layer_form(house, do="preview"))
    assert answer.status_code == 200
    assert "nothing is saved yet" in answer.text
    read_anew()
    assert [layer.name for layer in db.session.get(Roster, roster.id).layers] == ["days"]


def test_layers_can_hold_from_a_time_to_come_and_the_versions_are_listed(
    house: House, roster: Roster, browser: Browsers
) -> None:
    since = clock.now() + timedelta(days=30)
    later = layer_form(house, since=local(since), reason="Chen is back")
    chen = browser().known_as(house.chen)
    page = chen.post(f"/on-call/{roster.id}/layers", data={**later, "do": "preview"}).text
    assert "nothing is saved yet" in page
    assert f'value="{local(since)}"' in page
    answer = chen.post(f"/on-call/{roster.id}/layers", data={**later, "do": "save"})
    assert answer.location == f"/on-call/{roster.id}?day={since.date()}"
    page = chen.get(f"/on-call/{roster.id}/layers").text
    assert "Other layers are planned from" in page
    assert "Chen is back" in page
    assert f'value="{local(since)}"' in page, "what is planned is not to hold at once by oversight"
    assert 'value="days"' in chen.get(f"/on-call/{roster.id}/layers?version=1").text
    read_anew()
    now_and_then = [
        rosters.lanes_of(roster, at, at + timedelta(hours=1))[1].name for at in (clock.now(), since)
    ]
    assert now_and_then == ["days", "weeks"]


def test_nothing_holds_from_a_time_that_is_past(house: House, roster: Roster, browser: Browsers) -> None:
    form = layer_form(house, do="save", since="2026-01-01T09:00")
    answer = browser().known_as(house.chen).post(f"/on-call/{roster.id}/layers", data=form)
    assert answer.status_code == 422
    assert said(answer.text) == ["What was stays as it was. Choose a time to come, or leave this empty."]


def test_a_layer_takes_its_hours_from_a_calendar_of_the_list(
    house: House, roster: Roster, browser: Browsers
) -> None:
    [office] = list_calendars()
    chen = browser().known_as(house.chen)
    wrong = layer_form(house, do="save", **{"layers-0-when": "999"})
    answer = chen.post(f"/on-call/{roster.id}/layers", data=wrong)
    assert (answer.status_code, said(answer.text)) == (422, ["Choose hours from the list."])
    form = layer_form(house, do="save", **{"layers-0-when": str(office.id)})
    assert chen.post(f"/on-call/{roster.id}/layers", data=form).status_code == 303
    read_anew()
    [layer] = db.session.get(Roster, roster.id).layers
    assert (layer.calendar_id, layer.hours) == (office.id, None)


def test_saved_layers_hold_people_in_order(house: House, roster: Roster, browser: Browsers) -> None:
    form = layer_form(
        house,
        do="save",
        **{
            "layers-0-when": "own",
            "layers-0-mon": "18:00-24:00,0:00 – 08:00",
            "layers-0-dates": "2026-12-25 -",
        },
    )
    answer = browser().known_as(house.chen).post(f"/on-call/{roster.id}/layers", data=form)
    assert (answer.status_code, answer.location) == (303, f"/on-call/{roster.id}")
    read_anew()
    [layer] = db.session.get(Roster, roster.id).layers
    assert (layer.name, layer.people) == ("weeks", [house.chen.id, house.bo.id])
    assert layer.hours == {
        "week": {"mon": [["18:00", "24:00"], ["00:00", "08:00"]]},
        "dates": {"2026-12-25": []},
    }


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("name", "", "Give the layer a name."),
        ("people", "", "Choose a person from the list."),
        ("every", "0", "Enter a whole number from 1 to 1000."),
        ("every", "one", "Enter a whole number from 1 to 1000."),
        ("unit", "months", "Choose hours, days or weeks."),
        ("starts_at", "tomorrow", "Enter a day and time, for example 2026-11-24 09:00."),
        ("starts_at", "2026-02-30T09:00", "There is no such day or time."),
        ("ends_at", "2026-01-01T09:00", "The end must exist and be later than the first turn."),
        ("mon", "9 to 5", "Write hours like 09:00-12:00, 13:00-18:00."),
        ("mon", "09:00-12:00, 11:00-13:00", "Write hours from 00:00 to 24:00"),
        ("dates", "25.12.2026", "Write a line for each date"),
        ("dates", "2026-02-30 -", "Write dates that exist"),
    ],
)
def test_wrong_layers_are_said_at_their_field_and_keep_what_was_typed(
    house: House, roster: Roster, browser: Browsers, field: str, typed: str, message: str
) -> None:
    form = layer_form(house, do="save", **{"layers-0-when": "own", f"layers-0-{field}": typed})
    answer = browser().known_as(house.chen).post(f"/on-call/{roster.id}/layers", data=form)
    assert answer.status_code == 422
    assert any(text.startswith(message) for text in said(answer.text))
    assert f'id="layers-0-{field}-wrong"' in answer.text
    assert typed in answer.text or field == "unit", "a list shows only what can be chosen"
    read_anew()
    assert [layer.name for layer in db.session.get(Roster, roster.id).layers] == ["days"]


def test_layers_are_added_moved_and_removed_on_the_form(
    house: House, roster: Roster, browser: Browsers
) -> None:
    chen = browser().known_as(house.chen)
    path = f"/on-call/{roster.id}/layers"
    added = chen.post(path, data=layer_form(house, do="add")).text
    assert added.index('name="layers-1-name"') < added.index('name="layers-0-name"'), "topmost first"
    two = layer_form(house, count="2", **{"layers-1-name": "nights"})
    moved = chen.post(path, data={**two, "do": "down-1"}).text
    assert re.search(r'name="layers-0-name" type="text" value="nights"', moved)
    removed = chen.post(path, data={**two, "do": "remove-0"}).text
    assert 'value="nights"' in removed
    assert 'value="weeks"' not in re.sub(r"<option[^>]*>", "", removed)
    for odd in ("remove-77", "up-x", "", "fly"):
        assert chen.post(path, data={**two, "do": odd}).status_code in (200, 422)


def test_only_a_lead_of_the_roster_or_an_administrator_changes_it(
    house: House, roster: Roster, browser: Browsers
) -> None:
    network = Team(name="Network")
    gia = house.person("Gia", Role.LEAD)
    db.session.add(network)
    db.session.flush()
    db.session.add(Member(team_id=network.id, person_id=gia.id, is_lead=True))
    db.session.commit()
    for person, status in (
        (house.bo, 404),
        (gia, 404),
        (house.fay, 404),
        (house.eli, 200),
        (house.chen, 200),
    ):
        door = browser().known_as(person)
        for page in ("layers", "edit", "overrides"):
            assert door.get(f"/on-call/{roster.id}/{page}").status_code == status, (person.name, page)
        assert ("/overrides" in door.get(f"/on-call/{roster.id}").text) == (status == 200)
    hers = browser().known_as(gia).get("/on-call/new").text
    assert "Network, first in line" in hers
    assert "ERP, backup" not in hers


def test_a_turn_leads_to_its_swap_leads_for_all_agents_for_their_own(
    house: House, roster: Roster, browser: Browsers
) -> None:
    path = f"/on-call/{roster.id}?day=2031-01-08"  # Bo's turns are those of odd days that week
    turn = "overrides?from=2031-01-07T08:00:00%2B00:00&amp;to=2031-01-08T08:00:00%2B00:00"
    lead = browser().known_as(house.chen).get(path).text
    assert turn in lead
    assert "data-picks" in lead
    agent = browser().known_as(house.bo).get(path).text
    own = re.findall(r"/on-call/swaps/new\?roster_id=\d+&amp;starts_at=(.{10}).{6}&amp;", agent)
    assert set(own) & {"2031-01-07", "2031-01-09"}
    assert "2031-01-08" not in own
    assert "data-picks" not in agent
    assert "overrides?" not in browser().known_as(house.fay).get(path).text
    assert "overrides?" not in browser().known_as(house.chen).get(f"/on-call/{roster.id}?day=2026-03-04").text


def test_the_form_of_a_swap_knows_the_times_of_the_turn_and_any_address_is_good(
    house: House, roster: Roster, browser: Browsers
) -> None:
    chen, path = browser().known_as(house.chen), f"/on-call/{roster.id}/overrides"
    page = chen.get(f"{path}?from=2031-03-29T08:00:00Z&to=2031-03-30T07:00:00%2B00:00").text
    assert 'value="2031-03-29T09:00"' in page
    assert 'value="2031-03-30T09:00"' in page
    for odd in (
        "from=x&to=y",
        "from=2031-03-29T08:00:00Z",
        "from=0001-01-01T00:00&to=0001-01-01T00:00%2B14:00",
    ):
        assert chen.get(f"{path}?{odd}").status_code == 200, odd


def test_the_same_person_as_first_line_and_backup_is_said(
    house: House, roster: Roster, browser: Browsers
) -> None:
    by = {"now": datetime(2026, 1, 1, tzinfo=UTC), "actor_id": house.chen.id}
    backup = roster_plans.create_roster(
        "Backup", "Europe/Berlin", team_id=house.team.id, as_backup=True, **by
    )
    fay = browser().known_as(house.fay)
    assert "nobody stands behind them" not in fay.get(f"/on-call/{roster.id}").text
    layer = {"name": "always", "people": [house.bo.id], "starts_at": "2026-03-02T09:00"}
    layer |= {"ends_at": None, "every": 1, "unit": "weeks", "hours": None}
    roster_plans.save_layers(backup.id, [layer], **by)
    page = fay.get(f"/on-call/{roster.id}").text
    assert "nobody stands behind them" in page
    assert "Bo (also Backup)" in page
    each_day = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    layer["hours"] = {"week": {day: [["09:00", "10:00"]] for day in each_day}, "dates": {}}
    roster_plans.save_layers(backup.id, [layer], **by)
    page = fay.get(f"/on-call/{roster.id}").text
    assert "Bo (partly also Backup)" in page
    assert "Bo (also Backup)" not in page


def test_a_swap_is_meant_in_the_rosters_zone_and_can_be_taken_back(
    house: House, roster: Roster, browser: Browsers
) -> None:
    house.chen.zone = "Asia/Shanghai"
    db.session.commit()
    chen = browser().known_as(house.chen)
    form = {"person_id": str(house.eli.id), "starts_at": "2031-03-30T02:30", "ends_at": "2031-03-30T09:00"}
    answer = chen.post(f"/on-call/{roster.id}/overrides", data=form)
    assert answer.status_code == 303
    read_anew()
    override = db.session.query(Override).one()
    # 02:30 is skipped in Berlin that night: the first instant after the gap.
    assert override.starts_at == datetime(2031, 3, 30, 1, 0, tzinfo=UTC)
    assert override.ends_at == datetime(2031, 3, 30, 7, 0, tzinfo=UTC)
    assert chen.post(f"/on-call/{roster.id}/overrides/{override.id}/remove").status_code == 303
    assert chen.post(f"/on-call/{roster.id}/overrides/{override.id}/remove").status_code == 404
    read_anew()
    assert db.session.query(Override).count() == 0


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"ends_at": "2031-01-01T08:00"}, "The end must be later than the beginning."),
        ({"starts_at": "2020-01-01T08:00", "ends_at": "2020-01-02T08:00"}, "This is over already."),
        ({"person_id": "999"}, "Choose a person from the list."),
        ({"person_id": "x"}, "Choose a person from the list."),
        ({"starts_at": "31 March"}, "Enter a day and time"),
        ({"starts_at": "2031-03-30T02:10", "ends_at": "2031-03-30T02:40"}, "The end must be later"),
    ],
)
def test_a_wrong_swap_is_said_and_nothing_is_kept(
    house: House, roster: Roster, browser: Browsers, form: dict[str, str], message: str
) -> None:
    good = {"person_id": str(house.bo.id), "starts_at": "2031-01-01T09:00", "ends_at": "2031-01-01T17:00"}
    answer = browser().known_as(house.chen).post(f"/on-call/{roster.id}/overrides", data={**good, **form})
    assert answer.status_code == 422
    assert any(text.startswith(message) for text in said(answer.text))
    read_anew()
    assert db.session.query(Override).count() == 0


def test_agents_note_their_own_absence_and_leads_their_teams(
    house: House, roster: Roster, browser: Browsers
) -> None:
    span = {"starts_at": "2031-07-01T00:00", "ends_at": "2031-07-15T00:00", "reason": "Holiday"}
    bo, chen, eli = (browser().known_as(p) for p in (house.bo, house.chen, house.eli))
    assert bo.post("/on-call/absences", data=span).status_code == 303
    assert bo.post("/on-call/absences", data={**span, "person_id": str(house.chen.id)}).status_code == 422
    assert chen.post("/on-call/absences", data={**span, "person_id": str(house.eli.id)}).status_code == 422
    assert chen.post("/on-call/absences", data={**span, "person_id": str(house.bo.id)}).status_code == 303
    read_anew()
    kept = db.session.query(Absence).order_by(Absence.id).all()
    assert [a.person_id for a in kept] == [house.bo.id, house.bo.id]
    assert kept[0].starts_at == datetime(2031, 6, 30, 22, 0, tzinfo=UTC)
    assert eli.post("/on-call/absences", data={**span, "person_id": str(house.eli.id)}).status_code == 303
    read_anew()
    of_eli = db.session.query(Absence).filter_by(person_id=house.eli.id).one()
    assert chen.post(f"/on-call/absences/{of_eli.id}/remove").status_code == 404
    assert bo.post(f"/on-call/absences/{kept[0].id}/remove").status_code == 303
    assert browser().known_as(house.dee).get("/on-call/absences").status_code == 404
