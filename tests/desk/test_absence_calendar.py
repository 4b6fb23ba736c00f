"""Calendars as other programs write them, read as absences. RFC 5545."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk.desk import absence_calendar
from helpdesk.desk.absence_calendar import Unreadable, read

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
YEAR = timedelta(days=366)
ODD_ZONE = """BEGIN:VTIMEZONE
TZID:House time
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0300
TZOFFSETTO:+0300
END:STANDARD
END:VTIMEZONE
"""


def calendar(*events: str, before: str = "") -> bytes:
    """A calendar with these events, each a text of lines without its BEGIN and END."""
    inner = "".join(f"BEGIN:VEVENT\nUID:{n}\n{event}\nEND:VEVENT\n" for n, event in enumerate(events))
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example//EN\n{before}{inner}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def spans(*events: str, before: str = "", zone: ZoneInfo = BERLIN) -> list[str]:
    """What they block, in UTC."""
    found = read(calendar(*events, before=before), zone, NOW, NOW + YEAR)
    return sorted(f"{a.from_at:%Y-%m-%d %H:%M} {a.to_at:%Y-%m-%d %H:%M}" for a in found)


def test_whole_days_are_those_of_the_persons_zone() -> None:
    days = "DTSTART;VALUE=DATE:20260406\nDTEND;VALUE=DATE:20260408"
    assert spans(days) == ["2026-04-05 22:00 2026-04-07 22:00"]
    assert spans(days, zone=ZoneInfo("Asia/Shanghai")) == ["2026-04-05 16:00 2026-04-07 16:00"]
    assert spans("DTSTART;VALUE=DATE:20260406") == ["2026-04-05 22:00 2026-04-06 22:00"]
    assert spans("DTSTART;VALUE=DATE:20260406\nDURATION:P1W") == ["2026-04-05 22:00 2026-04-12 22:00"]


def test_a_day_on_which_clocks_change_is_a_whole_day() -> None:
    assert spans("DTSTART;VALUE=DATE:20260329") == ["2026-03-28 23:00 2026-03-29 22:00"]


def test_times_are_meant_in_the_zone_that_they_name() -> None:
    for start in (
        "DTSTART:20260406T080000Z",
        "DTSTART;TZID=Asia/Shanghai:20260406T160000",
        "DTSTART;TZID=W. Europe Standard Time:20260406T100000",
        "DTSTART:20260406T100000",
    ):
        assert spans(f"{start}\nDURATION:PT2H") == ["2026-04-06 08:00 2026-04-06 10:00"], start
    house = "DTSTART;TZID=House time:20260406T110000\nDTEND;TZID=House time:20260406T130000"
    assert spans(house, before=ODD_ZONE) == ["2026-04-06 08:00 2026-04-06 10:00"]


def test_what_blocks_no_time_is_no_absence() -> None:
    day = "DTSTART;VALUE=DATE:20260406\n"
    assert spans(f"{day}TRANSP:TRANSPARENT") == []
    assert spans(f"{day}STATUS:CANCELLED") == []
    assert spans(f"{day}TRANSP:OPAQUE\nSTATUS:TENTATIVE") != []
    assert spans("DTSTART:20260406T100000Z") == []
    assert spans("DTSTART:20260406T100000Z\nDTEND:20260406T090000Z") == []


def test_what_is_over_or_begins_in_more_than_a_year_is_left_out() -> None:
    assert spans("DTSTART;VALUE=DATE:20260301") == []
    assert spans("DTSTART;VALUE=DATE:20270401") == []
    assert spans("DTSTART;VALUE=DATE:20260228\nDTEND;VALUE=DATE:20260304") == [
        "2026-02-27 23:00 2026-03-03 23:00"
    ]


def test_what_recurs_keeps_its_local_time_across_a_clock_change() -> None:
    weekly = "DTSTART;TZID=Europe/Berlin:20260320T140000\nDURATION:PT4H\nRRULE:FREQ=WEEKLY;COUNT=3"
    assert spans(weekly) == [
        "2026-03-20 13:00 2026-03-20 17:00",
        "2026-03-27 13:00 2026-03-27 17:00",
        "2026-04-03 12:00 2026-04-03 16:00",
    ]


def test_what_has_recurred_for_years_goes_on_for_one() -> None:
    daily = "DTSTART;VALUE=DATE:20200106\nRRULE:FREQ=WEEKLY;BYDAY=MO"
    found = spans(daily)
    assert found[0] == "2026-03-01 23:00 2026-03-02 23:00", "the one that has begun"
    assert len(found) == 53


def test_exceptions_additions_and_replacements() -> None:
    data = calendar(
        "DTSTART;TZID=Europe/Berlin:20260401T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20260405T070000Z\n"
        "EXDATE;TZID=Europe/Berlin:20260402T090000\nRDATE:20260410T070000Z\n"
        "RDATE;VALUE=PERIOD:20260411T070000Z/PT3H"
    )
    moved = (
        b"BEGIN:VEVENT\r\nUID:0\r\nRECURRENCE-ID:20260403T070000Z\r\nDTSTART:20260403T120000Z\r\n"
        b"DURATION:PT1H\r\nEND:VEVENT\r\n"
        b"BEGIN:VEVENT\r\nUID:0\r\nRECURRENCE-ID;TZID=Europe/Berlin:20260404T090000\r\n"
        b"DTSTART:20260404T070000Z\r\nDURATION:PT1H\r\nSTATUS:CANCELLED\r\nEND:VEVENT\r\nEND:VCALENDAR"
    )
    found = read(data.replace(b"END:VCALENDAR", moved), BERLIN, NOW, NOW + YEAR)
    assert sorted((a.from_at.day, a.from_at.hour, (a.to_at - a.from_at).seconds // 3600) for a in found) == [
        (1, 7, 1),
        (3, 12, 1),
        (5, 7, 1),
        (10, 7, 1),
        (11, 7, 3),
    ]


def test_an_exception_that_names_a_day_alone_counts_for_that_day() -> None:
    event = "DTSTART:20260401T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20260402"
    assert [each[:10] for each in spans(event)] == ["2026-04-01", "2026-04-03"]


def test_one_bad_event_spoils_no_other() -> None:
    good = "DTSTART;VALUE=DATE:20260406"
    bad = (
        "SUMMARY:no time",
        "DTSTART:garbage",
        "DTSTART:20260406T080000Z\nDURATION:X",
    )
    assert spans(*bad, good) == spans(good)


def test_a_rule_with_times_of_the_day_counts_once() -> None:
    event = "DTSTART:20260406T080000Z\nDURATION:PT1H\nRRULE:FREQ=SECONDLY"
    assert spans(event) == ["2026-04-06 08:00 2026-04-06 09:00"]


@pytest.mark.parametrize(
    "data", [b"", b"<html>Sign in</html>", b"\xff\xfe\x00", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT"]
)
def test_what_is_no_calendar_is_said(data: bytes) -> None:
    with pytest.raises(Unreadable) as error:
        read(data, BERLIN, NOW, NOW + YEAR)
    assert error.value.code == "not_a_calendar"


def test_what_blocks_more_than_anybody_is_away_is_refused() -> None:
    many = [f"DTSTART;VALUE=DATE:202604{day:02}\nRRULE:FREQ=DAILY" for day in range(1, 5)]
    with pytest.raises(Unreadable) as error:
        spans(*many)
    assert error.value.code == "too_many"


def test_counting_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(absence_calendar, "READ_WITHIN", 0.0)
    with pytest.raises(Unreadable) as error:
        spans("DTSTART;VALUE=DATE:20260406")
    assert error.value.code == "too_complicated"
