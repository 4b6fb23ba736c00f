"""Calendars: which instants are open, in tables of literal instants."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk.rules.hours import (
    ScenarioError,
    add_open,
    local_to_instant,
    open_seconds,
    open_spans,
    parse_calendar,
    parse_zone,
)

OFFICE = {
    "timezone": "Europe/Berlin",
    "week": {"mon": [["13:00", "18:00"], ["09:00", "12:00"]], "tue": [["09:00", "18:00"]]},
    "dates": {"2026-03-09": [], "2026-03-14": [["10:00", "14:00"]]},
}


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def opened(raw, start, end):
    spans = open_spans(parse_calendar(raw, "c"), utc(start), utc(end))
    return [f"{a:%d %H:%M}-{b:%d %H:%M}" for a, b in spans]


def daily(zone, *intervals):
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return {"timezone": zone, "week": {day: list(intervals) for day in days}}


def test_a_week_in_winter():
    spans = ["02 08:00-02 11:00", "02 12:00-02 17:00", "03 08:00-03 17:00"]
    assert opened(OFFICE, "2026-03-01T00:00", "2026-03-08T00:00") == spans


def test_the_ends_of_the_range_cut():
    assert opened(OFFICE, "2026-03-02T10:30", "2026-03-02T12:01") == [
        "02 10:30-02 11:00",
        "02 12:00-02 12:01",
    ]


def test_dates_replace_the_week():
    spans = ["10 08:00-10 17:00", "14 09:00-14 13:00"]
    assert opened(OFFICE, "2026-03-09T00:00", "2026-03-15T00:00") == spans


def test_an_empty_week_opens_on_its_dates_alone():
    raw = {
        "timezone": "Asia/Tokyo",
        "dates": {"2026-03-14": [["00:00", "24:00"]], "0001-01-01": [["01:00", "02:00"]]},
    }
    assert opened(raw, "2016-01-01T00:00", "2036-01-01T00:00") == ["13 15:00-14 15:00"]


def test_midnight_joins_two_days():
    raw = daily("Europe/Berlin", ["22:00", "24:00"], ["00:00", "06:00"])
    spans = ["02 21:00-03 05:00", "03 21:00-03 23:30"]
    assert opened(raw, "2026-03-02T12:00", "2026-03-03T23:30") == spans


@pytest.mark.parametrize(
    ("zone", "intervals", "start", "end", "spans"),
    [
        # A skipped hour counts zero.
        ("Europe/Berlin", ["01:00", "04:00"], "2026-03-29T00:00", "2026-03-29T12:00", ["29 00:00-29 02:00"]),
        ("Europe/Berlin", ["02:15", "02:45"], "2026-03-29T00:00", "2026-03-29T12:00", []),
        # A repeated hour counts twice, in two spans where the interval holds a part of it.
        ("Europe/Berlin", ["02:00", "03:00"], "2026-10-24T12:00", "2026-10-25T12:00", ["25 00:00-25 02:00"]),
        (
            "Europe/Berlin",
            ["02:15", "02:45"],
            "2026-10-24T12:00",
            "2026-10-25T12:00",
            ["25 00:15-25 00:45", "25 01:15-25 01:45"],
        ),
        (
            "Europe/Berlin",
            ["01:00", "02:30"],
            "2026-10-24T12:00",
            "2026-10-25T12:00",
            ["24 23:00-25 00:30", "25 01:00-25 01:30"],
        ),
        (
            "Australia/Lord_Howe",
            ["01:30", "02:00"],
            "2026-04-04T12:00",
            "2026-04-04T18:00",
            ["04 14:30-04 15:30"],
        ),
        # One minute after midnight back into the day before: the two dates take turns.
        (
            "America/St_Johns",
            ["00:00", "00:30"],
            "2006-10-28T22:00",
            "2006-10-29T12:00",
            ["29 02:30-29 02:31", "29 03:30-29 04:00"],
        ),
        (
            "America/St_Johns",
            ["23:00", "24:00"],
            "2006-10-28T22:00",
            "2006-10-29T12:00",
            ["29 01:30-29 02:30", "29 02:31-29 03:30"],
        ),
        # The 30th of December does not exist: the 29th is followed by the 31st.
        (
            "Pacific/Apia",
            ["09:00", "10:00"],
            "2011-12-29T00:00",
            "2012-01-01T00:00",
            ["29 19:00-29 20:00", "30 19:00-30 20:00", "31 19:00-31 20:00"],
        ),
        # Midnight itself is skipped.
        (
            "America/Sao_Paulo",
            ["00:00", "02:00"],
            "2018-11-03T12:00",
            "2018-11-04T12:00",
            ["04 03:00-04 04:00"],
        ),
    ],
)
def test_clock_changes(zone, intervals, start, end, spans):
    assert opened(daily(zone, intervals), start, end) == spans


def test_no_calendar_is_always_open():
    start, end = utc("2026-03-07T22:00"), utc("2026-03-08T22:00")
    assert list(open_spans(None, start, end)) == [(start, end)]
    assert list(open_spans(None, end, start)) == []
    assert open_seconds(None, start, end) == 86400


def test_open_seconds_counts_the_whole_year():
    berlin = parse_calendar(daily("Europe/Berlin", ["00:00", "24:00"]), "c")
    assert open_seconds(berlin, utc("2026-01-01T00:00"), utc("2027-01-01T00:00")) == 365 * 86400


def test_adding_open_time_ends_at_closing_time_not_at_the_next_opening():
    calendar = parse_calendar(OFFICE, "c")
    horizon = utc("2036-01-01T00:00")
    assert add_open(calendar, utc("2026-03-02T10:00"), 3600, horizon) == utc("2026-03-02T11:00")
    assert add_open(calendar, utc("2026-03-02T10:00"), 3601, horizon) == utc("2026-03-02T12:00:01")
    assert add_open(None, utc("2026-03-02T10:00"), 60, horizon) == utc("2026-03-02T10:01")


def test_adding_open_time_is_none_beyond_the_horizon():
    never = parse_calendar({"timezone": "Europe/Berlin"}, "c")
    start = utc("2026-03-02T08:00")
    assert add_open(never, start, 1, start + timedelta(days=3653)) is None
    assert add_open(None, start, 3600, start + timedelta(hours=1)) == start + timedelta(hours=1)
    assert add_open(None, start, 3601, start + timedelta(hours=1)) is None


@pytest.mark.parametrize(
    ("zone", "local", "instant"),
    [
        ("Europe/Berlin", "2026-03-02T09:00", "2026-03-02T08:00"),
        ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00"),  # skipped: the first instant after
        ("Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30"),  # twice: the first
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00"),  # a skipped date
        ("America/Sao_Paulo", "2018-11-04T00:15", "2018-11-04T03:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:10", "2026-10-03T15:30"),
        ("America/St_Johns", "2006-10-29T00:00:30", "2006-10-29T02:30:30"),
    ],
)
def test_a_local_time_means_one_instant(zone, local, instant):
    assert local_to_instant(ZoneInfo(zone), datetime.fromisoformat(local)) == utc(instant)


def test_calendars_are_values():
    first, second = parse_calendar(OFFICE, "c"), parse_calendar(OFFICE, "d")
    assert first == second
    assert hash(first) == hash(second)
    assert first.dates[date(2026, 3, 9)] == ()
    assert first.week[0] == ((540, 720), (780, 1080))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Mars/Olympus",
        "Europe",
        "../etc/passwd",
        "/etc/passwd",
        "Europe/Berlin\n",
        "a\0b",
        "localtime",
        "right/UTC",
        7,
        None,
    ],
)
def test_unknown_zones_are_refused(name):
    with pytest.raises(ScenarioError, match=r"^roster\.timezone: "):
        parse_zone(name, "roster.timezone")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ([], "c: expected an object"),
        ({}, "c.timezone: missing"),
        ({"timezone": "Europe/Berlin", "week": []}, "c.week: expected an object"),
        ({"timezone": "Europe/Berlin", "week": None}, "c.week: expected an object"),
        ({"timezone": "Europe/Berlin", "dates": [["09:00", "10:00"]]}, "c.dates: expected an object"),
        ({"timezone": "Europe/Berlin", "week": {"monday": []}}, "c.week.monday: unknown day"),
        ({"timezone": "Europe/Berlin", "week": {"Mon": []}}, "c.week.Mon: unknown day"),
        ({"timezone": "Europe/Berlin", "dates": {"2026-02-29": []}}, "c.dates.2026-02-29: expected a date"),
        ({"timezone": "Europe/Berlin", "dates": {"01.05.2026": []}}, "expected a date"),
        ({"timezone": "Europe/Berlin", "dates": {"20260501": []}}, "expected a date"),
        ({"timezone": "Europe/Berlin", "dates": {"2026-05-01": None}}, "c.dates.2026-05-01: expected a list"),
    ],
)
def test_malformed_calendars_are_refused(raw, message):
    with pytest.raises(ScenarioError) as refused:
        parse_calendar(raw, "c")
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("intervals", "message"),
    [
        ("09:00-18:00", "c.week.tue: expected a list"),
        (["09:00", "18:00"], "c.week.tue[0]: expected a list"),
        ([["09:00"]], "c.week.tue[0]: expected a start and an end"),
        ([["09:00", "12:00", "18:00"]], "c.week.tue[0]: expected a start and an end"),
        ([["09:00", "12:00"], ["18:00", "17:00"]], "c.week.tue[1]: the end must be after the start"),
        ([["09:00", "09:00"]], "the end must be after the start"),
        ([["24:00", "24:00"]], "the end must be after the start"),
        ([["22:00", "06:00"]], "the end must be after the start"),
        ([["9:00", "18:00"]], "expected a time"),
        ([["09:00", "24:01"]], "expected a time"),
        ([["09:60", "18:00"]], "expected a time"),
        ([["09:00", "18:00\n"]], "expected a time"),
        ([["09:00:00", "18:00"]], "expected a time"),
        ([["٠٩:00", "18:00"]], "expected a time"),
        ([[9, 18]], "expected a string"),
        ([["13:00", "18:00"], ["09:00", "13:01"]], "intervals overlap at 13:00"),
        ([["09:00", "18:00"], ["09:00", "18:00"]], "intervals overlap at 09:00"),
    ],
)
def test_malformed_intervals_are_refused(intervals, message):
    with pytest.raises(ScenarioError) as refused:
        parse_calendar({"timezone": "Europe/Berlin", "week": {"tue": intervals}}, "c")
    assert message in str(refused.value)


def test_intervals_may_touch_in_any_order():
    raw = daily("UTC", ["12:00", "13:00"], ["09:00", "12:00"])
    assert opened(raw, "2026-03-02T00:00", "2026-03-03T00:00") == ["02 09:00-02 13:00"]
