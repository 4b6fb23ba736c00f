"""Why this deadline? On the ticket's page: marks, reasons and sums. Berlin is UTC+1; open 09-12 and 13-18."""

import html
import re
from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from helpdesk import clock
from helpdesk.desk import calendars, closing, tickets, triage, waiting
from helpdesk.desk.changes import By
from helpdesk.desk.recompute import recompute
from helpdesk.rules.severity import Affected, Severity, Works
from helpdesk.store import db
from helpdesk.store.policies import list_calendars
from helpdesk.store.tickets import Ticket
from tests.conftest import Browser, House, announced

Browsers = Callable[[], Browser]
BERLIN = ZoneInfo("Europe/Berlin")


def at(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    """In 2026; 2 March is a Monday."""
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def report(house: House, when: datetime, **more: object) -> Ticket:
    said: dict[str, object] = {"works": Works.SMALL_FAULT, "affected": Affected.ME} | more
    command = tickets.Report("Slow", "It is.", service_id=house.erp.id, **said)  # type: ignore[arg-type]
    return tickets.report(command, house.ana, now=when, door="web")


class Read:
    """The explanation of the ticket's last target as its page tells it."""

    def __init__(self, page: str) -> None:
        card = page[page.rindex('class="more why"') :]
        self.marks = [_words(each) for each in re.findall(r"<li class=\"[^\"]*\">(.*?)</li>", card, re.S)]
        self.rows = [_words(row) for row in re.findall(r"<tr.*?</tr>", card.split("<tbody>")[1], re.S)]
        self.hint = _words(re.findall(r'<p class="hint">(.*?)</p>', card, re.S)[0])
        self.page = page


def _words(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


@pytest.fixture
def read(
    monkeypatch: pytest.MonkeyPatch, browser: Browsers, house: House
) -> Callable[[Ticket, datetime], Read]:
    def look(ticket: Ticket, now: datetime) -> Read:
        monkeypatch.setattr(clock, "now", lambda: now)
        return Read(browser().known_as(house.bo).get(f"/tickets/{ticket.number}").text)

    return look


RAISED = (
    "17:30 Severity changed from minor to major: 8 h instead of 24 h; 20 min had counted,"
    " so 8 h 20 min in all. Due Mon 9 Mar, 17:30, was Wed 11 Mar, 17:10"
)
Reader = Callable[[Ticket, datetime], Read]


def test_each_stretch_says_from_to_why_and_the_sum(house: House, read: Reader) -> None:
    ticket = report(house, at(6, 17, 10))
    tickets.reply(ticket.id, house.bo, "Seen", now=at(6, 17, 20))
    triage.change_severity(ticket.id, house.chen, Severity.MAJOR, "more", now=at(6, 17, 30))
    found = read(ticket, at(6, 17, 40))
    assert found.rows == [
        "Fri 6 Mar",
        "17:10 17:40 Counted 0:30 0:30",
        "17:40 18:00 Will count 0:20 0:50",
        "18:00 Mon 09:00 Closed, outside hours 2 d 15 h – does not count 0:50",
        "Mon 9 Mar",
        "09:00 12:00 Will count 3:00 3:50",
        "12:00 13:00 Closed, outside hours 1 h 00 min – does not count 3:50",
        "13:00 17:30 Will count 4:30 8:20",
    ]
    assert found.marks == [
        "17:10 Reported as minor: 24 h allowed",
        "17:20 Bo replied",
        RAISED,
        "Mon 9 Mar, 17:30 Due: 8 h 20 min will have counted",
    ]
    assert found.hint.startswith("Counts Monday to Friday 09:00–12:00, 13:00–18:00 (Berlin time).")


def test_a_holiday_is_named_and_the_move_told_with_both_instants(house: House, read: Reader) -> None:
    ticket = report(house, at(2, 9))
    office = list_calendars()[0]
    by = By(at(2, 12), house.eli.id)
    week = office.versions[-1].definition["week"]
    calendars.publish(office.id, week, {"2026-03-03": []}, date(2026, 3, 3), "Holiday", by)
    while recompute(at(2, 12, 1)) is not None:
        pass
    found = read(ticket, at(4, 9))
    assert "18:00 Wed 09:00 Closed, holiday Tue 3 Mar 1 d 15 h – does not count 8:00" in found.rows
    moved = "The calendar changed: Office hours: Holiday. Due Thu 5 Mar, 18:00, was Wed 4 Mar, 18:00"
    assert [mark for mark in found.marks if mark.endswith(moved)], found.marks
    assert 'class="was-due"' in found.page


def test_maintenance_and_waiting_say_their_reasons(house: House, read: Reader) -> None:
    announced(house, house.erp, at(3, 10), at(3, 11), "New <disks>", now=at(2, 8))
    ticket = report(house, at(3, 9))
    waiting.wait(
        ticket.id, house.bo, waiting_for="reporter", question="?", wake_at=at(12, 9), now=at(3, 11, 30)
    )
    found = read(ticket, at(3, 14))
    assert found.rows[1:] == [
        "09:00 10:00 Counted 1:00 1:00",
        "10:00 11:00 Maintenance, New <disks> 1 h 00 min – does not count 1:00",
        "11:00 11:30 Counted 0:30 1:30",
        "11:30 14:00 Waiting, for the reporter 2 h 30 min – does not count 1:30",
    ]
    assert found.marks[-1] == "11:30 Waiting for the reporter, 22 h 30 min left"
    assert 'class="seg-left"' in found.page


def test_what_is_past_due_is_told_as_too_late(house: House, read: Reader) -> None:
    ticket = report(house, at(2, 9), works=Works.NOTHING, affected=Affected.EVERYONE)
    closing.resolve(ticket.id, house.bo, "c", "s", now=at(2, 14))
    found = read(ticket, at(3, 9))
    assert found.rows[1:] == ["09:00 13:00 Counted 4:00 4:00", "13:00 14:00 Counted, too late 1:00 5:00"]
    assert found.marks[1:] == [
        "Mon 2 Mar, 13:00 Due; all that counted since is too late",
        "Mon 2 Mar, 14:00 Bo resolved",
    ]
    assert found.hint.startswith("Counts day and night.")


def test_a_fortnight_is_told_by_days_and_months_by_weeks_with_the_same_sum(
    house: House, read: Reader
) -> None:
    ticket = report(house, at(2, 9))
    days, weeks = read(ticket, at(16, 12)), read(ticket, at(29, 12, month=5))
    assert len(days.rows) == 15
    assert days.rows[0] == "Mon 2 Mar Counted 8 h Closed, outside hours 7 h 00 min 8:00 8:00"
    assert days.rows[-1].endswith("3:00 83:00")  # ten working days and a morning
    assert len(weeks.rows) == 13
    assert weeks.rows[1].startswith("Mon 9 Mar Sun 15 Mar Counted, too late 40 h")
    assert weeks.rows[-1].endswith("35:00 515:00")  # twelve weeks, four days and a morning
    assert len(re.findall(r"<rect class=\"seg-", weeks.page)) < 150  # bars of two, and swatches


def test_an_agent_elsewhere_reads_their_own_clock(house: House, read: Reader) -> None:
    house.bo.zone = "Asia/Shanghai"
    db.session.commit()
    ticket = report(house, at(2, 9))
    found = read(ticket, at(2, 10))
    assert found.rows[1].startswith("16:00 17:00 Counted 1:00 1:00")
    assert "(Berlin time)" in found.hint
