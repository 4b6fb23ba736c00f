"""Why then? As the reporter reads it, by account and by link. Berlin is UTC+1; open 09-12 and 13-18."""

import html
import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest

from helpdesk import clock
from helpdesk.desk import closing, tickets, triage, waiting
from helpdesk.outbound import links
from helpdesk.rules.severity import Affected, Severity, Works
from helpdesk.store.tickets import Ticket
from tests.conftest import Browser, House, announced

Browsers = Callable[[], Browser]
BERLIN = ZoneInfo("Europe/Berlin")
HOURS = "Our team is there Monday to Friday 09:00–12:00, 13:00–18:00 (Berlin time)."


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """In March 2026; the 6th is a Friday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=BERLIN)


@pytest.fixture
def said(
    monkeypatch: pytest.MonkeyPatch, browser: Browsers, house: House
) -> Callable[[Ticket, datetime], str]:
    """What the ticket's page says at an instant, the same by account and by link."""

    def read(ticket: Ticket, now: datetime) -> str:
        monkeypatch.setattr(clock, "now", lambda: now)
        ana = browser().known_as(house.ana).get(f"/my/{ticket.number}").text
        guest = browser().get(urlsplit(links.follow_url(ticket, house.ana.id)).path).text
        told = [re.findall(r"why-then.*?<p>(.*?)</p>", page, re.S) for page in (ana, guest)]
        assert told[0] == told[1]
        return html.unescape(told[0][0]) if told[0] else ""

    return read


def report(house: House, when: datetime, **more: object) -> Ticket:
    said: dict[str, object] = {"works": Works.SMALL_FAULT, "affected": Affected.ME} | more
    command = tickets.Report("Slow", "It is.", service_id=house.erp.id, **said)  # type: ignore[arg-type]
    return tickets.report(command, house.ana, now=when, door="web")


Said = Callable[[Ticket, datetime], str]


def test_a_weekend_in_between_is_told(house: House, said: Said) -> None:
    ticket = report(house, at(6, 17, 10))
    assert said(ticket, at(7, 10)) == (
        f"We promised an answer within 4 h of working time. {HOURS} You wrote on Fri 6 Mar, 17:10. "
        "Since then counted: 50 min on Fri 6 Mar. The weekend does not count. "
        "So the answer is due Mon 9 Mar, 13:10."
    )


def test_a_night_is_told_without_a_weekend(house: House, said: Said) -> None:
    ticket = report(house, at(4, 17))
    assert said(ticket, at(5, 10)) == (
        f"We promised an answer within 4 h of working time. {HOURS} You wrote on Wed 4 Mar, 17:00. "
        "Since then counted: 1 h on Wed 4 Mar, 1 h on Thu 5 Mar. The hours in between do not count. "
        "So the answer is due Thu 5 Mar, 12:00."
    )


def test_day_and_night_needs_no_hours(house: House, said: Said) -> None:
    ticket = report(house, at(7, 3), works=Works.NOTHING, affected=Affected.EVERYONE)
    assert said(ticket, at(7, 3, 30)) == (
        "We promised an answer within 1 h, day and night. You wrote on Sat 7 Mar, 03:00. "
        "Since then counted: 30 min on Sat 7 Mar. So the answer is due Sat 7 Mar, 04:00."
    )


def test_maintenance_is_told_with_its_hours(house: House, said: Said) -> None:
    announced(house, house.erp, at(4, 10), at(4, 11), "Disks", now=at(3, 9))
    told = said(report(house, at(4, 9)), at(4, 9, 30))
    assert "Announced maintenance does not count: Wed 4 Mar, 10:00 to Wed 4 Mar, 11:00." in told
    assert told.endswith("So the answer is due Wed 4 Mar, 15:00.")


def test_maintenance_that_was_announced_too_late_is_told_to_count(house: House, said: Said) -> None:
    ticket = report(house, at(4, 9))
    announced(house, house.erp, at(4, 10), at(4, 11), "Disks", now=at(4, 9, 15))
    told = said(ticket, at(4, 9, 30))
    assert "Maintenance from Wed 4 Mar, 10:00 to Wed 4 Mar, 11:00 was announced too late" in told
    assert told.endswith("So the answer is due Wed 4 Mar, 14:00.")


def test_waiting_for_the_reporter_says_that_time_stands_still(house: House, said: Said) -> None:
    ticket = report(house, at(4, 9))
    wait = {"waiting_for": "reporter", "question": "Which?", "wake_at": at(20, 9)}
    waiting.wait(ticket.id, house.bo, now=at(4, 11), **wait)  # type: ignore[arg-type]
    assert said(ticket, at(5, 9)) == (
        f"We promised to have it solved within 24 h of working time. {HOURS} You wrote on Wed 4 Mar, 09:00. "
        "Since then counted: 2 h on Wed 4 Mar. "
        "Now we wait for your answer and the time stands still; 22 h are left."
    )
    tickets.reporter_reply(ticket.id, house.ana, "This", now=at(5, 11), door="web")
    tickets.reply(ticket.id, house.bo, "Thanks", now=at(5, 11, 30))
    told = said(ticket, at(5, 12))
    assert "While we waited, 1 d 0 h, the time stood still." in told
    assert told.endswith("So it is to be solved by Mon 9 Mar, 18:00.")


def test_a_raised_severity_is_told_without_its_name(house: House, said: Said) -> None:
    ticket = report(house, at(4, 9))
    tickets.accept(ticket.id, house.bo, now=at(4, 9, 30))
    triage.change_severity(ticket.id, house.bo, Severity.MAJOR, "all of us", now=at(4, 10))
    told = said(ticket, at(4, 10))
    assert "On Wed 4 Mar, 10:00 it became more urgent, so it is due " in told
    assert " it is due Thu 5 Mar, 10:00 instead of Fri 6 Mar, 18:00." in told
    assert "evere" not in told
    assert "major" not in told


def test_who_is_late_says_sorry_and_what_happens_now(house: House, said: Said) -> None:
    ticket = report(house, at(4, 9))
    told = said(ticket, at(4, 15))
    assert told.endswith(
        "So it was due Wed 4 Mar, 14:00. We are late, and sorry for it. "
        "Those responsible have been told, and we stay with it until it is done."
    )


def test_once_nothing_is_owed_nothing_is_said(house: House, said: Said) -> None:
    ticket = report(house, at(4, 9))
    closing.resolve(ticket.id, house.bo, "c", "s", now=at(4, 10))
    assert said(ticket, at(4, 11)) == ""
    closing.reopen(ticket.id, house.ana, "no", now=at(4, 11))
    assert "You told us on Wed 4 Mar, 11:00 that it is not solved." in said(ticket, at(4, 11, 5))
