"""What recurs: dateutil's own answer, local time that stays local, and bounds for whoever types a rule."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.rules.recurrence import (
    KINDS,
    BadRule,
    Recurrence,
    ending,
    exceptions_of,
    first_start,
    frozen_days,
    kind_of,
    last_day,
    local_starts,
    overlaps_itself,
    parse_rule,
    repeating,
    spans,
)

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
START = datetime.fromisoformat("2026-01-01T20:00")
TEN_YEARS = timedelta(days=3652, hours=1)
RULES = [
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=10;COUNT=40",
    "FREQ=WEEKLY;BYDAY=TU,TH",
    "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,MO",
    "FREQ=MONTHLY;BYDAY=2TU",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
    "FREQ=MONTHLY;BYMONTHDAY=31",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=-7",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
    "FREQ=YEARLY;BYYEARDAY=1,-1",
    "FREQ=YEARLY;BYDAY=53TH",
    "FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=-7",
]


def recurring(rule: str, *, zone: ZoneInfo = BERLIN, start: datetime = START, **other: object) -> Recurrence:
    return Recurrence(parse_rule(rule), start, zone, 60, **other)  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", RULES)
def test_ten_years_of_a_rule_are_dateutils_own(rule: str) -> None:
    expected = rrulestr(rule, dtstart=START).between(START, START + TEN_YEARS, inc=True)
    assert list(local_starts(recurring(rule), START, START + TEN_YEARS)) == expected
    assert expected


@settings(max_examples=60, deadline=None)
@given(
    freq=st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    interval=st.integers(1, 13),
    days=st.sets(st.sampled_from(["MO", "WE", "FR", "SU"]), max_size=3),
    months=st.sets(st.integers(1, 12), max_size=3),
    limit=st.sampled_from(["", ";COUNT=7", ";UNTIL=20290704T200000"]),
    since=st.integers(0, 3000),
)
def test_any_rule_is_dateutils_own(
    freq: str, interval: int, days: set[str], months: set[int], limit: str, since: int
) -> None:
    rule = f"FREQ={freq};INTERVAL={interval}"
    rule += f";BYDAY={','.join(sorted(days))}" if days else ""
    if freq != "MONTHLY":  # every second month is never February: dateutil looks until the year 9999
        rule += f";BYMONTH={','.join(map(str, sorted(months)))}" if months else ""
    start = START + timedelta(days=since)
    expected = rrulestr(rule + limit, dtstart=START).xafter(start, inc=True)
    found = local_starts(recurring(rule + limit), start, datetime.fromisoformat("2199-01-01"))
    assert list(islice(found, 10)) == list(islice(expected, 10))


def test_eight_in_the_evening_stays_eight_in_the_evening() -> None:
    """Berlin springs forward on 29 March 2026; Shanghai never does."""
    march = datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC)
    berlin = [span[0].hour for _local, span in spans(recurring("FREQ=DAILY"), *march)]
    shanghai = [span[0].hour for _local, span in spans(recurring("FREQ=DAILY", zone=SHANGHAI), *march)]
    assert (berlin, shanghai) == ([19, 18, 18], [12, 12, 12])


def test_a_skipped_start_means_the_instant_after_the_gap_and_a_repeated_one_its_first() -> None:
    night = datetime.fromisoformat("2026-01-01T02:30")
    weekly = recurring("FREQ=DAILY", start=night)
    spring = spans(weekly, datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 30, tzinfo=UTC))
    assert [span for _, span in spring] == [
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), datetime(2026, 3, 29, 2, 0, tzinfo=UTC))
    ]
    autumn = spans(weekly, datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=UTC))
    assert [span for _, span in autumn] == [
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    ]


def test_a_window_over_the_change_of_clocks_lasts_as_long_as_any_other() -> None:
    late = Recurrence("FREQ=DAILY", datetime.fromisoformat("2026-03-28T23:00"), BERLIN, 240)
    [(local, (start, end))] = spans(
        late, datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 3, 28, 23, tzinfo=UTC)
    )
    assert (local, end - start) == (late.starts_at, timedelta(hours=4))
    assert end == datetime(2026, 3, 29, 2, 0, tzinfo=UTC), "04:00 in summer time"


def test_exceptions_are_left_out_and_still_count() -> None:
    without = exceptions_of(["2026-01-08T20:00"])
    weekly = recurring("FREQ=WEEKLY;COUNT=3", exceptions=without)
    assert [at.day for at in local_starts(weekly, START, START + TEN_YEARS)] == [1, 15]


@pytest.mark.parametrize(
    ("until", "days"),
    [
        ("20260103", [1, 2, 3]),
        ("20260103T190000Z", [1, 2, 3]),
        ("20260103T185959Z", [1, 2]),
        ("20260103T200000", [1, 2, 3]),
    ],
)
def test_an_end_may_be_a_day_a_local_time_or_utc(until: str, days: list[int]) -> None:
    found = local_starts(recurring(f"FREQ=DAILY;UNTIL={until}"), START, START + TEN_YEARS)
    assert [at.day for at in found] == days


def test_spans_are_those_that_begin_in_the_range() -> None:
    daily = recurring("FREQ=DAILY")
    start, end = datetime(2026, 1, 2, 19, tzinfo=UTC), datetime(2026, 1, 3, 19, tzinfo=UTC)
    assert [local.day for local, _span in spans(daily, start, end)] == [2]


def test_rules_are_kept_in_one_form() -> None:
    assert parse_rule(" rrule:freq=weekly; byday=tu ;") == "FREQ=WEEKLY;BYDAY=TU"


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("", "syntax"),
        ("every Tuesday", "syntax"),
        ("BYDAY=TU", "syntax"),
        ("FREQ=WEEKLY;FREQ=DAILY", "syntax"),
        ("FREQ=WEEKLY;BYDAY=2TU", "syntax"),
        ("FREQ=MONTHLY;BYDAY=9TU", "syntax"),
        ("FREQ=MONTHLY;BYDAY=0TU", "syntax"),
        ("FREQ=YEARLY;BYMONTH=12;BYDAY=53TU", "syntax"),
        ("FREQ=YEARLY;BYMONTH=13", "syntax"),
        ("FREQ=YEARLY;BYMONTH=-1", "syntax"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "syntax"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "syntax"),
        ("FREQ=DAILY;UNTIL=20271301", "syntax"),
        ("FREQ=DAILY;INTERVAL=0", "syntax"),
        ("FREQ=HOURLY", "syntax"),
        ("FREQ=DAILY;BYHOUR=1,2,3", "part"),
        ("FREQ=DAILY;BYEASTER=0", "part"),
        ("FREQ=DAILY;BYSETPOS=2", "part"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "part"),
        ("FREQ=MONTHLY;BYWEEKNO=3", "part"),
        ("FREQ=DAILY\nRRULE:FREQ=DAILY", "syntax"),
    ],
)
def test_what_is_no_rule_of_days_is_refused(rule: str, code: str) -> None:
    with pytest.raises(BadRule) as refused:
        parse_rule(rule)
    assert refused.value.code == code


def test_a_rule_that_would_be_counted_for_a_long_time_is_refused() -> None:
    never = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYSETPOS="
    with pytest.raises(BadRule, match="syntax"):
        parse_rule(never + ",".join(["-366"] * 32))
    began_at = process_time()
    with pytest.raises(BadRule, match="never"):
        first_start(recurring(never + ",".join(["-1"] * 31)), START)
    assert process_time() - began_at < 3


def test_a_rule_that_names_no_day_is_said_to() -> None:
    with pytest.raises(BadRule, match="never"):
        first_start(recurring("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"), START)
    assert first_start(recurring("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"), START).year == 2028


def test_windows_that_would_run_into_the_next_are_noticed() -> None:
    daily = Recurrence("FREQ=DAILY", START, BERLIN, 24 * 60)
    assert not overlaps_itself(daily, START)
    assert overlaps_itself(Recurrence("FREQ=DAILY", START, BERLIN, 24 * 60 + 1), START)


def test_the_last_week_of_each_quarter() -> None:
    rule = "FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=-7"
    first = date(2026, 1, 1)
    found = frozen_days(rule, first, 7, date(2026, 3, 31), date(2026, 12, 26))
    assert found == [
        (date(2026, 3, 25), date(2026, 4, 1)),
        (date(2026, 6, 24), date(2026, 7, 1)),
        (date(2026, 9, 24), date(2026, 10, 1)),
        (date(2026, 12, 25), date(2027, 1, 1)),
    ]
    assert frozen_days(rule, first, 7, date(2026, 4, 1), date(2026, 6, 24)) == []


def test_a_freeze_without_a_rule_comes_once() -> None:
    once = ("", date(2026, 12, 20), 14)
    assert frozen_days(*once, date(2027, 1, 2), date(2027, 1, 3)) == [(date(2026, 12, 20), date(2027, 1, 3))]
    assert frozen_days(*once, date(2027, 1, 3), date(2028, 1, 3)) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("day", ["2026-03-02", "2026-03-31", "2026-02-28"])
def test_whoever_types_no_rule_gets_one_that_begins_on_the_first_day(kind: str, day: str) -> None:
    start = datetime.fromisoformat(day)
    rule = parse_rule(repeating(kind, start))
    assert first_start(Recurrence(rule, start, BERLIN, 60), start) == start
    assert kind_of(ending(rule, date(2026, 12, 31), BERLIN), start) == kind


def test_the_last_day_is_a_local_one() -> None:
    rule = ending("FREQ=DAILY", date(2026, 7, 31), SHANGHAI)
    assert rule == "FREQ=DAILY;UNTIL=20260731T155959Z"
    assert last_day(rule, SHANGHAI) == date(2026, 7, 31)
    assert last_day("FREQ=DAILY", SHANGHAI) is None
    assert kind_of("FREQ=MONTHLY;BYDAY=MO,TU", date(2026, 3, 2)) is None
