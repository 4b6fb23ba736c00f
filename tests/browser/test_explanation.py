"""The page we show off: why a deadline is when it is, drawn, told and read aloud."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from helpdesk import clock
from helpdesk.desk import closing, excuses, tickets, triage, waiting
from helpdesk.rules.severity import Affected, Severity, Works
from helpdesk.store.people import Person
from helpdesk.store.tickets import Ticket
from tests.browser.conftest import Visit, keep_picture
from tests.conftest import House, announced

Screenshots = Callable[[str, Person | None, str], None]
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def friday(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Friday 6 March 2026, 16:20 in Berlin: the clock of the pages stands still."""
    now = datetime(2026, 3, 6, 16, 20, 31, tzinfo=BERLIN)
    monkeypatch.setattr(clock, "now", lambda: now)
    return now


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """In March 2026, in Berlin."""
    return datetime(2026, 3, day, hour, minute, tzinfo=BERLIN)


def report(house: House, when: datetime, subject: str, **more: object) -> Ticket:
    said: dict[str, object] = {"works": Works.SMALL_FAULT, "affected": Affected.ME} | more
    command = tickets.Report(
        subject, "The report of February is a month late.", service_id=house.erp.id, **said
    )  # type: ignore[arg-type]
    return tickets.report(command, house.ana, now=when, door="web")


@pytest.fixture
def week(house: House, friday: datetime) -> Ticket:
    """Reported on Wednesday, waited for, through maintenance, raised on Friday; still open."""
    announced(house, house.erp, at(6, 11), at(6, 14), "New disks", now=at(4, 8))
    ticket = report(house, at(4, 10, 12), "Month-end report shows last month's exchange rates")
    tickets.accept(ticket.id, house.bo, now=at(4, 10, 46))
    waiting.wait(
        ticket.id,
        house.bo,
        waiting_for="reporter",
        question="Could you send the parameters page?",
        wake_at=at(12, 9),
        now=at(4, 11, 30),
    )
    tickets.reporter_reply(ticket.id, house.ana, "Here it is.", now=at(5, 9, 40), door="web")
    tickets.reply(ticket.id, house.bo, "Thank you.", now=at(5, 11))
    triage.change_severity(ticket.id, house.chen, Severity.MAJOR, "all of Controlling", now=at(6, 9, 30))
    return ticket


@pytest.fixture
def open_screenshots(visit: Visit, axe_clean: Callable[[Page], None]) -> Callable[[str, Person, str], None]:
    """As `screenshots`, with every explanation open."""

    def look(name: str, person: Person, path: str) -> None:
        for width in (1280, 390):
            for theme in ("light", "dark"):
                page = visit(person, path, width, theme)
                page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
                keep_picture(page, f"{name}-{width}-{theme}")
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
                axe_clean(page)

    return look


def test_a_deadline_is_drawn_told_and_read_aloud(
    house: House, week: Ticket, open_screenshots: Callable[[str, Person, str], None]
) -> None:
    open_screenshots("explained", house.bo, f"/tickets/{week.number}")


@pytest.fixture
def month(house: House, friday: datetime) -> Ticket:
    """Critical in January and answered late, which is excused; minor since, and late for weeks."""
    ticket = report(
        house,
        datetime(2026, 1, 20, 22, 40, tzinfo=BERLIN),
        "The archive cannot be searched",
        works=Works.NOTHING,
        affected=Affected.EVERYONE,
    )
    tickets.accept(ticket.id, house.bo, now=datetime(2026, 1, 21, 0, 3, tzinfo=BERLIN))
    triage.change_severity(
        ticket.id,
        house.bo,
        Severity.MINOR,
        "old papers only",
        now=datetime(2026, 1, 21, 0, 30, tzinfo=BERLIN),
    )
    given = {"reason": "The line was cut by a digger", "evidence": "https://example.org/outage/7"}
    excuses.excuse(ticket.id, house.chen, "response", 1, **given, now=at(2, 9))
    return ticket


def test_months_are_told_by_week_and_stay_on_the_page(
    house: House, month: Ticket, open_screenshots: Callable[[str, Person, str], None], visit: Visit
) -> None:
    open_screenshots("explained-month", house.chen, f"/tickets/{month.number}")
    page = visit(house.chen, f"/tickets/{month.number}")
    table = page.locator("table.counted").last
    expect(table.locator("tbody tr")).to_have_count(7)
    expect(table.locator("tbody tr").last.locator("td").last).to_have_text("264:10")


def test_the_form_of_an_excuse_opens_over_the_ticket(
    house: House, month: Ticket, visit: Visit, axe_clean: Callable[[Page], None]
) -> None:
    page = visit(house.chen, f"/tickets/{month.number}")
    page.get_by_role("link", name="Excuse this breach").click()
    dialog = page.get_by_role("dialog", name="Excuse this breach")
    expect(dialog.get_by_label("Why was this not in our hands?")).to_be_focused()
    axe_clean(page)
    page.keyboard.type("It was not")
    dialog.get_by_label("Where can that be seen?").fill("Ask the mayor")
    dialog.get_by_role("button", name="Excuse this breach").click()
    expect(page.locator(".excuse-line").last).to_contain_text("Chen: It was not")


def test_figures_show_both_shares(house: House, month: Ticket, screenshots: Screenshots) -> None:
    for day in range(20, 27):
        good = report(house, datetime(2026, 1, day, 9, tzinfo=BERLIN), "Good")
        tickets.accept(good.id, house.bo, now=datetime(2026, 1, day, 9, 5, tzinfo=BERLIN))
        closing.resolve(good.id, house.bo, "c", "s", now=datetime(2026, 1, day, 9, 30, tzinfo=BERLIN))
    screenshots("figures-excused", house.dee, "/figures?since=2026-01-01&until=2026-02-28")


def test_reporters_read_why_in_plain_words(
    house: House, week: Ticket, open_screenshots: Callable[[str, Person, str], None]
) -> None:
    open_screenshots("explained-plainly", house.ana, f"/my/{week.number}")


def test_patterns_stay_apart_in_forced_colours_and_in_print(house: House, week: Ticket, visit: Visit) -> None:
    page = visit(house.bo, f"/tickets/{week.number}")
    for media in ({"forced_colors": "active"}, {"forced_colors": "none", "media": "print"}):
        page.emulate_media(**media)
        fills = page.evaluate(
            "[...document.querySelectorAll('.legend rect')].map(each => getComputedStyle(each).fill)"
        )
        assert len(fills) == len(set(fills)) == 5
        name = media.get("media", "forced")
        keep_picture(page, f"explained-{name}")
