"""Ladders through their forms: steps around the due instant, named people, rosters; the preview as JSON."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask

from helpdesk.desk import ladders, tokens
from helpdesk.desk.changes import By
from helpdesk.rules.escalation import Step
from helpdesk.store import db
from helpdesk.store.people import Person
from tests.conftest import MONDAY_9, Browser, House, read_anew
from tests.desk.test_escalations import roster
from tests.doors.test_admin import change, typed_of

Browsers = Callable[[], Browser]
PATH = "/admin/ladders/minor/response"


@pytest.fixture
def eli(house: House, browser: Browsers) -> Browser:
    return browser().known_as(house.eli)


def test_a_step_for_a_named_person_before_due_by_the_wall_over_chat(house: House, eli: Browser) -> None:
    saved = change(
        eli,
        PATH,
        **{
            "1-to": f"person:{house.bo.id}",
            "1-at": "30",
            "1-unit": "before_due",
            "1-clock": "wall",
            "1-channel": "chat",
            "1-repeat_minutes": "10",
            "1-repeat_most": "3",
        },
    )
    assert saved.status_code == 303
    read_anew()
    assert ladders.ladder_of("minor", "response")[1] == Step(
        "person",
        minutes=30,
        anchor="before_due",
        is_wall_clock=True,
        person_id=house.bo.id,
        channel="chat",
        repeat_minutes=10,
        repeat_most=3,
        number=1,
    )
    page = eli.get("/admin/ladders").text
    assert (
        "Bo 30 min before it is due by the wall clock by chat and push only, then every 10 min until somebody"
        " accepts, at most 3 times"
    ) in page
    assert typed_of(eli.get(PATH))["1-to"] == f"person:{house.bo.id}"


def test_a_step_for_the_next_turn_of_a_roster_after_due(house: House, eli: Browser) -> None:
    second = roster("Second line", house.chen)
    db.session.commit()
    saved = change(eli, PATH, **{"0-to": f"next_turn:{second.id}", "0-at": "5", "0-unit": "after_due"})
    assert saved.status_code == 303
    read_anew()
    step = ladders.ladder_of("minor", "response")[0]
    assert (step.to, step.roster_id, step.minutes, step.anchor) == ("next_turn", second.id, 5, "after_due")
    assert "whoever has the next turn in Second line 5 min after it was due" in eli.get("/admin/ladders").text


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"0-to": "person:4711"}, "0-to", "This person is gone. Choose somebody who is there."),
        ({"0-to": "on_call:4711"}, "0-to", "This roster is gone. Choose another one."),
        ({"0-to": "person"}, "0-to", "Choose whom to tell."),
        ({"0-to": "lead:1"}, "0-to", "Choose whom to tell."),
        ({"0-to": "person:99999999999999999999"}, "0-to", "Choose whom to tell."),
        ({"0-unit": "percent", "0-clock": "wall"}, "0-clock", "is counted like the target"),
        ({"0-unit": "fortnights"}, "0-unit", "Choose minutes or percent."),
        ({"0-clock": "sundial"}, "0-clock", "Choose which clock."),
        ({"0-channel": "pigeon"}, "0-channel", "Choose how they are told."),
        ({"0-at": "10081"}, "0-at", "Enter a whole number from 0 to 10080."),
        ({"0-repeat_minutes": "0"}, "0-repeat_minutes", "Enter a whole number from 1 to 10080."),
        ({"0-repeat_most": "1001"}, "0-repeat_most", "Enter a whole number from 0 to 1000."),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_what_was_typed_is_kept(
    eli: Browser, typed: dict[str, str], field: str, said: str
) -> None:
    before = ladders.ladder_of("minor", "response")
    page = change(eli, PATH, **{"1-at": "17", **typed})
    assert page.status_code == 422
    assert said in page.text.split(f'id="{field}-wrong"')[1][:200]
    assert typed_of(page)["1-at"] == "17"
    read_anew()
    assert ladders.ladder_of("minor", "response") == before


def test_somebody_who_has_left_is_shown_as_gone_until_the_step_is_mended(house: House, eli: Browser) -> None:
    steps = [Step("person", minutes=0, person_id=house.bo.id)]
    ladders.save_ladder("minor", "response", steps, By(MONDAY_9, house.eli.id, ""))
    db.session.get(Person, house.bo.id).left_at = MONDAY_9
    db.session.commit()
    page = eli.get(PATH)
    assert "somebody who is gone" in page.text
    assert typed_of(page)["0-to"] == f"person:{house.bo.id}"
    assert "This person is gone" in change(eli, PATH).text
    assert change(eli, PATH, **{"0-to": "team"}).status_code == 303


def token(person: Person) -> dict[str, str]:
    text = tokens.add_token(person.id, "trial", now=MONDAY_9, address="")
    return {"Authorization": f"Bearer {text}"}


def test_the_preview_as_json(app: Flask, house: House) -> None:
    house.team.roster_id = roster("First line", house.bo).id
    db.session.commit()
    client, at = app.test_client(), MONDAY_9
    asked = {"service": house.erp.id, "severity": "major", "at": at.isoformat()}
    found = client.get("/api/v1/escalation-preview", query_string=asked, headers=token(house.chen)).json
    assert [(t["target"], datetime.fromisoformat(t["due_at"]) - at) for t in found["targets"]] == [
        ("response", timedelta(hours=2)),
        ("resolution", timedelta(hours=9)),
    ]
    rings = [(r["from_at"], r["target"], r["to"], [p["name"] for p in r["people"]]) for r in found["rings"]]
    assert rings[:3] == [
        ("2026-03-02T08:00:00+00:00", "response", "team", ["Bo", "Chen"]),
        ("2026-03-02T08:00:00+00:00", "response", "on_call", ["Bo"]),
        ("2026-03-02T09:00:00+00:00", "response", "on_call", ["Bo"]),
    ]
    # There is no backup: the lead stands in.
    gap = next(r for r in found["rings"] if r["is_gap"])
    assert gap["passed_over"] == [{"to": "backup", "why": "nobody"}]
    assert [p["name"] for p in gap["people"]] == ["Chen"]


def test_the_preview_as_json_is_for_those_who_may_and_says_what_is_wrong(app: Flask, house: House) -> None:
    client = app.test_client()
    assert client.get("/api/v1/escalation-preview").status_code == 401
    assert client.get("/api/v1/escalation-preview", headers=token(house.bo)).status_code == 403
    answer = client.get("/api/v1/escalation-preview?service=4711&at=x", headers=token(house.dee))
    assert answer.status_code == 422
    answer = client.get("/api/v1/escalation-preview?service=4711", headers=token(house.dee))
    assert answer.status_code == 422
    assert "Choose a service" in answer.text
