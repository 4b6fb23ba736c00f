"""Who is on call, in literal instants."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from helpdesk.rules.hours import parse_week_and_dates
from helpdesk.rules.oncall import Absence, Layer, Override, Roster, Shift, shifts, who_is_on_call
from helpdesk.rules.oncall_scenario import explain
from helpdesk.rules.scenario import ScenarioError

BERLIN = ZoneInfo("Europe/Berlin")
APIA = ZoneInfo("Pacific/Apia")
CASES = [
    json.loads(line)
    for line in (Path(__file__).parent / "oncall_cases.jsonl").read_text(encoding="utf-8").splitlines()
]


def at(text: str) -> datetime:
    """An instant from "2026-03-02 08:00", in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def layer(people: str, starts_at: str, every: int = 1, unit: str = "days", **more: object) -> Layer:
    given = {"name": "main", "every": every, "unit": unit, **more}
    return Layer(people=tuple(people.split()), starts_at=datetime.fromisoformat(starts_at), **given)


def told(roster: Roster, start: str, end: str) -> list[tuple[str, str | None, str | None]]:
    """Start, person and source of each shift."""
    return [
        (f"{shift.from_at:%Y-%m-%d %H:%M}", shift.person, shift.source)
        for shift in shifts(roster, at(start), at(end))
    ]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_cases_of_the_specification(case: dict) -> None:
    if case["expected"] == {"error": True}:
        with pytest.raises(ScenarioError):
            explain(case["scenario"])
    else:
        assert explain(case["scenario"]) == case["expected"]


# Turns


def test_a_handover_at_midnight_of_a_skipped_day_leaves_that_turn_empty() -> None:
    roster = Roster(APIA, (layer("ana bo chen", "2011-12-28T00:00"),))
    assert told(roster, "2011-12-28 12:00", "2012-01-01 00:00") == [
        ("2011-12-28 12:00", "ana", "layer:main"),
        ("2011-12-29 10:00", "bo", "layer:main"),
        ("2011-12-30 10:00", "ana", "layer:main"),  # chen's 30 December did not exist in Apia
        ("2011-12-31 10:00", "bo", "layer:main"),
    ]


def test_a_handover_during_a_skipped_day_is_when_the_next_day_begins() -> None:
    roster = Roster(APIA, (layer("ana bo chen", "2011-12-28T09:00"),))
    assert told(roster, "2011-12-30 00:00", "2012-01-01 00:00") == [
        ("2011-12-30 00:00", "bo", "layer:main"),
        ("2011-12-30 10:00", "chen", "layer:main"),
        ("2011-12-30 19:00", "ana", "layer:main"),
        ("2011-12-31 19:00", "bo", "layer:main"),
    ]


def test_turns_count_from_the_nominal_start_although_that_local_time_is_skipped() -> None:
    roster = Roster(BERLIN, (layer("ana bo", "2026-03-29T02:30"),))
    assert told(roster, "2026-03-29 00:00", "2026-03-31 00:00") == [
        ("2026-03-29 00:00", None, None),
        ("2026-03-29 01:00", "ana", "layer:main"),
        ("2026-03-30 00:30", "bo", "layer:main"),
    ]


def test_a_start_that_occurs_twice_is_its_first_occurrence() -> None:
    roster = Roster(BERLIN, (layer("ana bo", "2026-10-25T02:30"),))
    assert told(roster, "2026-10-25 00:00", "2026-10-27 00:00") == [
        ("2026-10-25 00:00", None, None),
        ("2026-10-25 00:30", "ana", "layer:main"),
        ("2026-10-26 01:30", "bo", "layer:main"),
    ]


@pytest.mark.parametrize(
    ("ends_at", "instant"),
    [("2026-03-29T02:30", "2026-03-29 01:00"), ("2026-10-25T02:30", "2026-10-25 00:30")],
)
def test_an_end_is_moved_like_a_handover(ends_at: str, instant: str) -> None:
    roster = Roster(BERLIN, (layer("ana", "2026-03-01T09:00", ends_at=datetime.fromisoformat(ends_at)),))
    assert who_is_on_call(roster, at(instant) - timedelta(microseconds=1)).person == "ana"
    assert who_is_on_call(roster, at(instant)).person is None


def test_a_layer_whose_start_and_end_are_skipped_together_is_empty() -> None:
    only = layer("ana", "2026-03-29T02:10", ends_at=datetime.fromisoformat("2026-03-29T02:50"))
    assert told(Roster(BERLIN, (only,)), "2026-03-28 00:00", "2026-03-30 00:00") == [
        ("2026-03-28 00:00", None, None)
    ]


def test_weeks_of_a_roster_26_years_old() -> None:
    roster = Roster(BERLIN, (layer("ana bo chen", "2000-01-03T09:00", unit="weeks"),))
    assert told(roster, "2026-03-02 07:59", "2026-03-30 07:30") == [
        ("2026-03-02 07:59", "chen", "layer:main"),
        ("2026-03-02 08:00", "ana", "layer:main"),  # 1365 weeks
        ("2026-03-09 08:00", "bo", "layer:main"),
        ("2026-03-16 08:00", "chen", "layer:main"),
        ("2026-03-23 08:00", "ana", "layer:main"),
        ("2026-03-30 07:00", "bo", "layer:main"),
    ]


@pytest.mark.parametrize("unit", ["hours", "days", "weeks"])
def test_a_turn_too_long_for_the_calendar_never_ends(unit: str) -> None:
    roster = Roster(BERLIN, (layer("ana bo", "2026-03-01T09:00", every=10**400, unit=unit),))
    assert told(roster, "2026-03-02 00:00", "9970-01-01 00:00") == [("2026-03-02 00:00", "ana", "layer:main")]


def test_hourly_turns_since_the_year_two_are_answered_at_once() -> None:
    roster = Roster(ZoneInfo("UTC"), (layer("ana bo", "0002-01-01T00:00", unit="hours"),))
    assert told(roster, "2026-03-02 07:30", "2026-03-02 09:00") == [
        ("2026-03-02 07:30", "bo", "layer:main"),  # odd hours: whole days lie before
        ("2026-03-02 08:00", "ana", "layer:main"),
    ]


# Absences


def test_a_person_who_stands_twice_in_a_row_is_passed_over_twice() -> None:
    away = Absence("ana", at("2026-03-02 10:00"), at("2026-03-02 11:00"))
    roster = Roster(BERLIN, (layer("ana ana bo", "2026-03-02T09:00"),), (away,))
    assert told(roster, "2026-03-02 09:00", "2026-03-02 12:00") == [
        ("2026-03-02 09:00", "ana", "layer:main"),
        ("2026-03-02 10:00", "bo", "cover:main"),
        ("2026-03-02 11:00", "ana", "layer:main"),
    ]


def test_cover_goes_on_from_the_place_of_the_turn_and_not_from_the_first_place_of_the_person() -> None:
    away = Absence("ana", at("2026-03-04 08:00"), at("2026-03-04 09:00"))
    roster = Roster(BERLIN, (layer("ana bo ana chen", "2026-03-02T09:00"),), (away,))
    assert told(roster, "2026-03-04 08:00", "2026-03-04 10:00") == [
        ("2026-03-04 08:00", "chen", "cover:main"),
        ("2026-03-04 09:00", "ana", "layer:main"),
    ]


def test_absences_of_one_person_may_overlap() -> None:
    away = (
        Absence("ana", at("2026-03-02 12:00"), at("2026-03-02 14:00")),
        Absence("ana", at("2026-03-02 09:00"), at("2026-03-02 13:00")),
        Absence("ana", at("2026-03-02 10:00"), at("2026-03-02 11:00")),
    )
    roster = Roster(BERLIN, (layer("ana bo", "2026-03-02T09:00"),), away)
    assert told(roster, "2026-03-02 08:00", "2026-03-02 15:00") == [
        ("2026-03-02 08:00", "ana", "layer:main"),
        ("2026-03-02 09:00", "bo", "cover:main"),
        ("2026-03-02 14:00", "ana", "layer:main"),
    ]


def test_an_absence_of_somebody_off_duty_splits_nothing() -> None:
    away = Absence("bo", at("2026-03-02 10:00"), at("2026-03-02 11:00"))
    roster = Roster(BERLIN, (layer("ana bo", "2026-03-02T09:00"),), (away,))
    assert len(shifts(roster, at("2026-03-02 09:00"), at("2026-03-02 12:00"))) == 1


# Layers and overrides


def test_two_layers_of_one_person_are_two_shifts() -> None:
    top = layer("ana", "2026-03-02T10:00", name="top", ends_at=datetime.fromisoformat("2026-03-02T11:00"))
    roster = Roster(BERLIN, (layer("ana", "2026-03-01T09:00"), top))
    assert told(roster, "2026-03-02 08:00", "2026-03-02 12:00") == [
        ("2026-03-02 08:00", "ana", "layer:main"),
        ("2026-03-02 09:00", "ana", "layer:top"),
        ("2026-03-02 10:00", "ana", "layer:main"),
    ]


def test_hours_of_a_layer_are_local_and_dates_replace_the_week() -> None:
    nights = {"week": {"mon": [["00:00", "08:00"], ["18:00", "24:00"]]}, "dates": {"2026-03-30": []}}
    hours = parse_week_and_dates(nights, BERLIN, "hours")
    roster = Roster(BERLIN, (layer("ana", "2026-03-01T09:00", hours=hours),))
    assert told(roster, "2026-03-23 00:00", "2026-04-01 00:00") == [
        ("2026-03-23 00:00", "ana", "layer:main"),
        ("2026-03-23 07:00", None, None),
        ("2026-03-23 17:00", "ana", "layer:main"),
        ("2026-03-23 23:00", None, None),
    ]


def test_a_short_override_shows_within_a_long_earlier_one_which_goes_on_after_it() -> None:
    taken = (
        Override("bo", at("2026-03-02 08:00"), at("2026-03-02 16:00")),
        Override("chen", at("2026-03-02 10:00"), at("2026-03-02 11:00")),
        Override("dee", at("2026-03-02 10:30"), at("2026-03-02 10:40")),
        Override("eli", at("2026-03-02 16:00"), at("2026-03-02 17:00")),
    )
    assert told(Roster(BERLIN, overrides=taken), "2026-03-02 09:00", "2026-03-02 18:00") == [
        ("2026-03-02 09:00", "bo", "override"),
        ("2026-03-02 10:00", "chen", "override"),
        ("2026-03-02 10:30", "dee", "override"),
        ("2026-03-02 10:40", "chen", "override"),
        ("2026-03-02 11:00", "bo", "override"),
        ("2026-03-02 16:00", "eli", "override"),
        ("2026-03-02 17:00", None, None),
    ]


def test_people_may_be_numbers() -> None:
    roster = Roster(
        BERLIN,
        (Layer("main", (0, 1), datetime.fromisoformat("2026-03-02T09:00"), 1, "days"),),
        (Absence(0, at("2026-03-02 09:00"), at("2026-03-02 10:00")),),
        (Override(0, at("2026-03-02 09:30"), at("2026-03-02 09:40")),),
    )
    assert shifts(roster, at("2026-03-02 08:00"), at("2026-03-02 10:00")) == (
        Shift(at("2026-03-02 08:00"), at("2026-03-02 09:00"), 0, "layer:main", None),
        Shift(at("2026-03-02 09:00"), at("2026-03-02 09:30"), 1, "cover:main", None),
        Shift(at("2026-03-02 09:30"), at("2026-03-02 09:40"), 0, "override", "absent"),
        Shift(at("2026-03-02 09:40"), at("2026-03-02 10:00"), 1, "cover:main", None),
    )


@pytest.mark.parametrize("roster", [Roster(BERLIN), Roster(BERLIN, (layer("", "2026-03-01T09:00"),))])
def test_without_layers_or_people_all_is_one_gap(roster: Roster) -> None:
    assert told(roster, "2026-03-02 00:00", "2026-03-09 00:00") == [("2026-03-02 00:00", None, None)]


def test_an_empty_range_has_no_shifts() -> None:
    assert shifts(Roster(BERLIN), at("2026-03-02 00:00"), at("2026-03-02 00:00")) == ()


# Malformed scenarios: each is one change to a good one.

GOOD = {
    "from": "2026-03-27T00:00:00Z",
    "to": "2026-04-03T00:00:00Z",
    "roster": {
        "timezone": "Europe/Berlin",
        "layers": [
            {
                "name": "weeks",
                "people": ["ana"],
                "starts_at": "2026-03-02T09:00",
                "every": 1,
                "unit": "weeks",
            },
            {
                "name": "nights",
                "people": ["dee", "eli"],
                "starts_at": "2026-03-02T18:00",
                "every": 1,
                "unit": "days",
                "ends_at": "2026-09-01T00:00",
                "hours": {"week": {"mon": [["18:00", "24:00"]]}, "dates": {"2026-04-01": []}},
            },
        ],
        "absences": [{"person": "ana", "from": "2026-03-30T00:00:00Z", "to": "2026-03-31T00:00:00Z"}],
        "overrides": [{"person": "eli", "from": "2026-03-28T10:00:00Z", "to": "2026-03-28T12:00:00Z"}],
    },
}
MISSING = object()


def changed(path: str, value: object) -> object:
    """GOOD with the value at a path like roster.layers.0.name replaced, or taken away."""
    copy = json.loads(json.dumps(GOOD))
    place, *steps = copy, *path.split(".")
    for step in steps[:-1]:
        place = place[int(step) if step.isdigit() else step]
    last = int(steps[-1]) if steps[-1].isdigit() else steps[-1]
    if value is MISSING:
        del place[last]
    else:
        place[last] = value
    return copy


WRONG_ANYWHERE = [None, True, 7, 1.5, [[]], {"a": 1}]
TEXTS = [
    *("from", "to", "roster.timezone", "roster.layers.0.name", "roster.layers.0.people.0"),
    *("roster.layers.0.starts_at", "roster.layers.0.unit", "roster.absences.0.person"),
    *("roster.absences.0.from", "roster.absences.0.to", "roster.overrides.0.person"),
    *("roster.overrides.0.from", "roster.overrides.0.to"),
]
WRONG = [
    *((path, value) for path in TEXTS for value in [*WRONG_ANYWHERE, "", "nonsense\n" * 9]),
    *((path, MISSING) for path in TEXTS if not path.endswith("people.0")),
    *(("roster", value) for value in [*WRONG_ANYWHERE, "x", MISSING]),
    *(("roster.layers", value) for value in [*WRONG_ANYWHERE, "x", MISSING]),
    *(("roster.layers.0", value) for value in [*WRONG_ANYWHERE, "x"]),
    *(("roster.layers.0.people", value) for value in [*WRONG_ANYWHERE, "ana", [], ["ana", None], MISSING]),
    *(("roster.layers.0.every", v) for v in [None, True, False, 0, -1, 1.0, 0.5, "1", [1], {}, MISSING]),
    *(("roster.layers.0.unit", value) for value in ["months", "Days", "day"]),
    *(("roster.layers.0.starts_at", f"2026-{rest}") for rest in ["03-02T09:00Z", "03-02T09:00+01:00"]),
    *(
        ("roster.layers.0.starts_at", f"2026-{rest}")
        for rest in ["02-30T09:00", "13-01T09:00", "03-02T24:00"]
    ),
    *(
        ("roster.layers.0.starts_at", f"2026-{rest}")
        for rest in ["03-02", "03-02 09:00", "03-02T9:00", "W10-1"]
    ),
    *(("roster.layers.0.starts_at", value) for value in ["0001-01-01T00:00", "9999-12-31T23:59"]),
    *(("roster.layers.1.ends_at", v) for v in [*WRONG_ANYWHERE[1:], "2026-03-02T18:00", "2026-03-01T00:00"]),
    *(("roster.layers.1.hours", value) for value in [*WRONG_ANYWHERE[1:5], "x"]),
    *(("roster.layers.1.hours.week", value) for value in [*WRONG_ANYWHERE, "x", {"Mon": []}]),
    *(("roster.layers.1.hours.week.mon", value) for value in [None, 7, [["18:00"]], [["18:00", "18:00"]]]),
    ("roster.layers.1.hours.week.mon", [["10:00", "12:00"], ["11:00", "13:00"]]),
    *(("roster.layers.1.hours.dates", value) for value in [[], {"2026-02-30": []}, {"1 May": []}]),
    ("roster.layers.1.name", "weeks"),
    *(("roster.absences", value) for value in [*WRONG_ANYWHERE, "x"]),
    *(("roster.overrides", value) for value in [*WRONG_ANYWHERE, "x"]),
    *(("roster.timezone", value) for value in ["Mars/Phobos", "../etc/passwd", "Europe", "/etc", "a\0b"]),
    *(("to", value) for value in ["2026-03-27T00:00:00Z", "2026-03-26T00:00:00Z", "2026-04-03T00:00:00"]),
    ("roster.absences.0.to", "2026-03-30T00:00:00Z"),
    ("roster.overrides.0.to", "2026-03-28T09:00:00Z"),
    ("from", "0001-01-01T00:00:00Z"),
    ("to", "9999-12-31T23:59:59Z"),
]
# People and layers may have any name but an empty one.
WRONG = [
    (path, value)
    for path, value in WRONG
    if not (path.endswith(("person", "people.0", "name")) and str(value).startswith("nonsense"))
]


def test_the_good_scenario_is_good() -> None:
    assert explain(GOOD)["shifts"]


@pytest.mark.parametrize(("path", "value"), WRONG)
def test_a_malformed_scenario_is_refused_in_one_line_that_names_the_place(path: str, value: object) -> None:
    with pytest.raises(ScenarioError) as refusal:
        explain(changed(path, value))
    place = "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in path.split(".")).lstrip(".")
    message = str(refusal.value)
    assert message.startswith(place)
    assert "\n" not in message
    assert len(message) < 300


@pytest.mark.parametrize("raw", [None, True, 7, 1.5, "x", [], [GOOD]])
def test_a_scenario_is_an_object(raw: object) -> None:
    with pytest.raises(ScenarioError, match="the scenario: expected an object"):
        explain(raw)


def test_absences_and_overrides_may_be_left_out() -> None:
    roster = {"timezone": "UTC", "layers": []}
    gap = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-02T01:00:00Z", "person": None}
    assert explain({"from": gap["from"], "to": gap["to"], "roster": roster}) == {
        "shifts": [{**gap, "source": None, "flag": None}]
    }
