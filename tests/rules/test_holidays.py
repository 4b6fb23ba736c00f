"""Which holidays are to be arranged, in literal dates."""

from dataclasses import replace
from datetime import date

from helpdesk.rules.holidays import closed_dates, to_arrange
from helpdesk.rules.hours import Calendar, parse_calendar

WEEK = {"thu": [["09:00", "18:00"]], "fri": [["09:00", "18:00"]]}


def october(*days: int) -> list[date]:
    return [date(2026, 10, day) for day in days]


def calendar(**dates: list[list[str]]) -> Calendar:
    named = {f"2026-10-{day[1:]}": hours for day, hours in dates.items()}
    return parse_calendar({"timezone": "Asia/Shanghai", "week": WEEK, "dates": named}, "calendar")


def test_only_dates_that_the_calendar_names_as_closed_are_holidays() -> None:
    found = calendar(d01=[], d02=[], d10=[["09:00", "18:00"]])
    assert closed_dates(found, *october(1, 31)) == october(1, 2)
    assert closed_dates(found, *october(2, 2)) == october(2)


def test_a_later_version_of_the_calendar_names_holidays_from_its_day_on_only() -> None:
    later = replace(
        calendar(d01=[], d05=[], d08=[]), since=date(2026, 10, 4), before=calendar(d02=[], d05=[])
    )
    assert closed_dates(later, *october(1, 31)) == october(2, 5, 8)


def test_holidays_that_follow_each_other_are_one_but_for_days_that_are_arranged() -> None:
    assert to_arrange(october(7, 1, 2, 3), ()) == [tuple(october(1, 3)), tuple(october(7, 7))]
    kept = [tuple(october(2, 3))]
    assert to_arrange(october(1, 2, 3, 4, 5), kept) == [tuple(october(1, 1)), tuple(october(4, 5))]
    assert to_arrange((), kept) == []
