"""Rosters over time: dated versions and holiday arrangements pieced together, in literal instants."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.rules import oncall
from helpdesk.rules.hours import parse_calendar
from helpdesk.rules.oncall import Absence, Layer, Override
from helpdesk.rules.rosters import Arrangement, Plan, Version, both, lanes, shifts, who_is_on_call

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    """An instant from "2026-03-02 08:00", in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def days(people: str, starts_at: str = "2026-03-02T09:00", name: str = "days", **more: object) -> Layer:
    """Daily turns; 2 March 2026 is a Monday."""
    return Layer(name, tuple(people.split()), datetime.fromisoformat(starts_at), 1, "days", **more)


def version(since: str, *layers: Layer, zone: ZoneInfo = BERLIN) -> Version:
    return Version(at(since), zone, layers)


def told(plan: Plan, start: str, end: str) -> list[tuple[str, str | None, str | None]]:
    return [(f"{s.from_at:%d %H:%M}", s.person, s.source) for s in shifts(plan, at(start), at(end))]


def test_a_version_changes_nothing_before_it_holds() -> None:
    old, new = version("2020-01-01", days("ana")), version("2026-03-10 12:00", days("bo", name="new"))
    assert told(Plan((old, new)), "2026-03-09 00:00", "2026-03-12 00:00") == [
        ("09 00:00", "ana", "layer:days"),
        ("10 12:00", "bo", "layer:new"),
    ]


def test_turns_go_on_across_a_version_that_leaves_them_alone() -> None:
    old = version("2020-01-01", days("ana bo"))
    again = version("2026-03-03 10:00", days("ana bo"), days("", name="empty"))
    assert told(Plan((old, again)), "2026-03-02 08:00", "2026-03-04 08:00") == [
        ("02 08:00", "ana", "layer:days"),
        ("03 08:00", "bo", "layer:days"),
    ]


def test_before_the_first_version_there_are_only_overrides() -> None:
    cover = Override("dee", at("2026-03-01 10:00"), at("2026-03-01 12:00"))
    plan = Plan((version("2026-03-02 08:00", days("ana")),), overrides=(cover,))
    assert told(plan, "2026-03-01 09:00", "2026-03-02 09:00") == [
        ("01 09:00", None, None),
        ("01 10:00", "dee", "override"),
        ("01 12:00", None, None),
        ("02 08:00", "ana", "layer:days"),
    ]


def test_a_version_that_holds_sooner_replaces_one_that_was_planned_before_it() -> None:
    planned, sooner = version("2026-03-10", days("bo")), version("2026-03-05", days("chen"))
    plan = Plan((version("2020-01-01", days("ana")), planned, sooner))
    assert told(plan, "2026-03-04 12:00", "2026-03-12 00:00") == [
        ("04 12:00", "ana", "layer:days"),
        ("05 00:00", "chen", "layer:days"),
    ]


def test_a_version_that_holds_later_waits_for_its_instant() -> None:
    plan = Plan(
        tuple(version(f"2026-03-{n:02}", days(who)) for n, who in ((1, "ana"), (5, "bo"), (9, "chen")))
    )
    assert [who for _at, who, _source in told(plan, "2026-03-04 00:00", "2026-03-12 00:00")] == [
        "ana",
        "bo",
        "chen",
    ]


def test_another_zone_moves_handovers_from_its_version_on_only() -> None:
    here, there = (
        version("2020-01-01", days("ana bo")),
        version("2026-03-04 12:00", days("ana bo"), zone=SHANGHAI),
    )
    assert told(Plan((here, there)), "2026-03-03 08:00", "2026-03-06 02:00") == [
        ("03 08:00", "bo", "layer:days"),
        ("04 08:00", "ana", "layer:days"),
        ("05 01:00", "bo", "layer:days"),
        ("06 01:00", "ana", "layer:days"),
    ]


def test_holidays_are_a_gap_until_they_are_arranged() -> None:
    holidays = Arrangement("May", date(2026, 5, 1), date(2026, 5, 2))
    plan = Plan((version("2020-01-01", days("ana")),), (holidays,))
    assert told(plan, "2026-04-30 12:00", "2026-05-03 12:00") == [
        ("30 12:00", "ana", "layer:days"),
        ("30 22:00", None, None),  # midnight in Berlin
        ("02 22:00", "ana", "layer:days"),
    ]


def test_arranged_holidays_have_a_person_a_day_and_overrides_stand_above_them() -> None:
    holidays = Arrangement("May", date(2026, 5, 1), date(2026, 5, 3), ("bo", "chen", "dee"), at("2026-04-01"))
    cover = Override("eli", at("2026-05-01 10:00"), at("2026-05-01 12:00"))
    away = Absence("chen", at("2026-05-01 00:00"), at("2026-05-02 10:00"))
    plan = Plan((version("2020-01-01", days("ana")),), (holidays,), (away,), (cover,))
    assert told(plan, "2026-04-30 12:00", "2026-05-04 00:00") == [
        ("30 12:00", "ana", "layer:days"),
        ("30 22:00", "bo", "layer:May"),
        ("01 10:00", "eli", "override"),
        ("01 12:00", "bo", "layer:May"),
        ("01 22:00", "dee", "cover:May"),
        ("02 10:00", "chen", "layer:May"),
        ("02 22:00", "dee", "layer:May"),
        ("03 22:00", "ana", "layer:days"),
    ]


def test_arranging_holidays_that_have_begun_fills_no_gap_that_was() -> None:
    holidays = Arrangement("May", date(2026, 5, 1), date(2026, 5, 2), ("bo", "bo"), at("2026-05-01 12:00"))
    plan = Plan((version("2020-01-01", days("ana")),), (holidays,))
    assert told(plan, "2026-04-30 22:00", "2026-05-03 00:00") == [
        ("30 22:00", None, None),
        ("01 12:00", "bo", "layer:May"),
        ("02 22:00", "ana", "layer:days"),
    ]


def test_a_holiday_of_a_skipped_day_takes_nothing_out() -> None:
    # 30 December 2011 did not exist in Apia.
    apia = version("2010-01-01", days("ana", "2011-12-01T00:00"), zone=ZoneInfo("Pacific/Apia"))
    holiday = Arrangement("skipped", date(2011, 12, 30), date(2011, 12, 30))
    assert told(Plan((apia,), (holiday,)), "2011-12-29 00:00", "2012-01-01 00:00") == [
        ("29 00:00", "ana", "layer:days")
    ]


def test_lanes_are_those_of_all_versions_without_a_bridge_over_a_time_in_which_a_layer_was_not() -> None:
    with_nights = version("2020-01-01", days("ana"), days("bo", name="nights"))
    without = version("2026-03-05", days("ana"))
    again = version("2026-03-07", days("ana"), days("bo", name="nights"), days("chen", name="late"))
    found = lanes(Plan((with_nights, without, again)), at("2026-03-04"), at("2026-03-08"))
    assert [(name, [(s.from_at.day, s.to_at.day) for s in lane]) for name, lane in found] == [
        ("late", [(7, 8)]),
        ("nights", [(4, 5), (7, 8)]),
        ("days", [(4, 8)]),
    ]


def test_hours_of_a_calendar_follow_its_versions_and_its_own_zone() -> None:
    office = {"timezone": "Asia/Shanghai", "week": {"mon": [["09:00", "18:00"]], "tue": [["09:00", "18:00"]]}}
    layer = days("ana", hours=parse_calendar({**office, "dates": {"2026-03-09": []}}, "office"))
    plan = Plan((version("2020-01-01", layer),))
    assert told(plan, "2026-03-02 12:00", "2026-03-12 00:00") == [
        ("02 12:00", None, None),
        ("03 01:00", "ana", "layer:days"),
        ("03 10:00", None, None),
        ("10 01:00", "ana", "layer:days"),
        ("10 10:00", None, None),
    ]


def test_the_same_person_in_two_rosters_is_found_where_both_have_them() -> None:
    first = [
        (at("2026-03-02 08:00"), at("2026-03-04 08:00"), "ana"),
        (at("2026-03-04 08:00"), at("2026-03-05"), None),
    ]
    second = [
        (at("2026-03-01"), at("2026-03-03"), "ana"),
        (at("2026-03-03"), at("2026-03-03 12:00"), "ana"),
        (at("2026-03-03 12:00"), at("2026-03-04"), "bo"),
        (at("2026-03-04"), at("2026-03-05"), None),
    ]
    assert both(first, second) == [(at("2026-03-02 08:00"), at("2026-03-03 12:00"), "ana")]
    assert both(second, first) == both(first, second)
    assert both(first, []) == []


instants = st.integers(0, 40 * 24 * 60).map(lambda minutes: at("2026-03-10") + timedelta(minutes=minutes))
some_layers = st.lists(
    st.builds(
        Layer,
        st.sampled_from(["one", "two"]),
        st.lists(st.sampled_from("abc"), max_size=3).map(tuple),
        st.integers(0, 40 * 24 * 4).map(
            lambda n: datetime.fromisoformat("2026-03-10") + timedelta(minutes=15 * n)
        ),
        st.integers(1, 9),
        st.sampled_from(["hours", "days"]),
    ),
    max_size=2,
    unique_by=lambda layer: layer.name,
).map(tuple)
versions = st.lists(
    st.builds(Version, instants, st.sampled_from([BERLIN, SHANGHAI]), some_layers), max_size=4
)
first_days = st.integers(0, 40).map(lambda n: date(2026, 3, 10) + timedelta(days=n))


@st.composite
def arrangements(draw: st.DrawFn) -> tuple[Arrangement, ...]:
    found = [(day, draw(st.sampled_from(["", "xy"]))) for day in draw(st.sets(first_days, max_size=3))]
    return tuple(Arrangement(str(day), day, day, tuple(who), draw(instants)) for day, who in found)


def by_hand(plan: Plan, instant: datetime) -> tuple[object, str | None]:
    """Who it is, read straight from the words."""
    held = [v for v in plan.versions if v.effective_at <= instant]
    if not held:
        return None, None
    local = instant.astimezone(held[-1].zone).date()
    for arrangement in plan.arrangements:
        if arrangement.first_on <= local <= arrangement.last_on:
            filled = arrangement.people and arrangement.filled_at and arrangement.filled_at <= instant
            return (arrangement.people[0], f"layer:{arrangement.name}") if filled else (None, None)
    found = oncall.who_is_on_call(oncall.Roster(held[-1].zone, held[-1].layers), instant)
    return found.person, found.source


@settings(max_examples=60, deadline=None)
@given(st.builds(Plan, versions.map(tuple), arrangements()), instants, instants)
def test_the_pieces_say_what_holds_at_each_instant(plan: Plan, one: datetime, other: datetime) -> None:
    start, end = min(one, other), max(one, other)
    found = shifts(plan, start, end)
    assert start == end or (found[0].from_at, found[-1].to_at) == (start, end)
    for shift, following in pairwise(found):
        assert shift.to_at == following.from_at
        assert (shift.person, shift.source) != (following.person, following.source)
    for shift in found:
        middle = shift.from_at + (shift.to_at - shift.from_at) / 2
        for instant in (shift.from_at, middle, shift.to_at - timedelta.resolution):
            assert (shift.person, shift.source) == by_hand(plan, instant)
            asked = who_is_on_call(plan, instant)
            assert (asked.person, asked.source, asked.flag) == (shift.person, shift.source, shift.flag)
