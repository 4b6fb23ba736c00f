"""When a report is due: rhythms, short months, changes of the clocks, and what was slept through."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from helpdesk.rules.recurrence import Recurrence, parse_rule
from helpdesk.rules.schedules import RHYTHMS, last_due, next_after, rhythm_of, rule_of

BERLIN = ZoneInfo("Europe/Berlin")


def when(rule: str, starts_at: str) -> Recurrence:
    return Recurrence(parse_rule(rule), datetime.fromisoformat(starts_at), BERLIN, 0)


def local_days(found: Recurrence, after: datetime, count: int) -> list[str]:
    days = []
    for _n in range(count):
        after = next_after(found, after)
        days.append(f"{after.astimezone(BERLIN):%Y-%m-%d %H:%M}")
    return days


def test_what_is_monthly_on_the_31st_comes_on_the_last_day_of_shorter_months() -> None:
    monthly = when(rule_of("monthly", date(2026, 1, 31)), "2026-01-31T07:00")
    after = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert local_days(monthly, after, 3) == ["2026-02-28 07:00", "2026-03-31 07:00", "2026-04-30 07:00"]


def test_what_is_quarterly_keeps_its_day() -> None:
    quarterly = when(rule_of("quarterly", date(2026, 1, 5)), "2026-01-05T07:00")
    after = datetime(2026, 1, 5, 12, tzinfo=UTC)
    assert local_days(quarterly, after, 2) == ["2026-04-05 07:00", "2026-07-05 07:00"]


def test_the_clocks_going_forward_leave_no_day_out_and_take_none_twice() -> None:
    daily = when("FREQ=DAILY", "2026-03-01T02:30")  # skipped on 29 March, and twice on 25 October
    assert local_days(daily, datetime(2026, 3, 27, 12, tzinfo=UTC), 3) == [
        "2026-03-28 02:30",
        "2026-03-29 03:00",
        "2026-03-30 02:30",
    ]
    autumn = local_days(daily, datetime(2026, 10, 24, 12, tzinfo=UTC), 2)
    assert autumn == ["2026-10-25 02:30", "2026-10-26 02:30"]


def test_what_is_over_is_due_no_more() -> None:
    twice = when("FREQ=DAILY;COUNT=2", "2026-03-02T08:00")
    assert next_after(twice, datetime(2026, 3, 2, 7, tzinfo=UTC)) == datetime(2026, 3, 3, 7, tzinfo=UTC)
    assert next_after(twice, datetime(2026, 3, 3, 7, tzinfo=UTC)) is None


def test_of_several_that_were_slept_through_the_last_is_sent() -> None:
    daily = when("FREQ=DAILY", "2026-03-02T08:00")
    since, now = datetime(2026, 3, 2, 7, tzinfo=UTC), datetime(2026, 3, 5, 6, 59, tzinfo=UTC)
    assert last_due(daily, since, now) == datetime(2026, 3, 4, 7, tzinfo=UTC)
    assert last_due(daily, since, since) == since


@pytest.mark.parametrize("rhythm", RHYTHMS)
@pytest.mark.parametrize("day", [date(2026, 3, 2), date(2026, 1, 29), date(2026, 1, 31)])
def test_a_rhythm_is_known_again_by_its_rule(rhythm: str, day: date) -> None:
    assert rhythm_of(parse_rule(rule_of(rhythm, day)), day) == rhythm
