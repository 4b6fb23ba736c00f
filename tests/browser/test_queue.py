from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from helpdesk import clock
from helpdesk.desk import tickets, triage, waiting
from helpdesk.desk.tickets import Report
from helpdesk.rules.severity import Affected, Severity, Works
from helpdesk.store import db
from helpdesk.store.tickets import Ticket
from tests.browser.conftest import Visit
from tests.conftest import House, read_anew


@pytest.fixture
def day(house: House) -> list[Ticket]:
    """A morning at the desk, its tickets in the order in which they are due."""
    now = clock.now()

    def report(subject: str, minutes: int, door: str = "web", **more: object) -> Ticket:
        command = Report(subject, more.pop("body", "Please have a look."), **more)
        return tickets.report(command, house.ana, now=now - timedelta(minutes=minutes), door=door)

    everyone = {"works": Works.NOTHING, "affected": Affected.EVERYONE, "service_id": house.erp.id}
    many = {"works": Works.NOTHING, "affected": Affected.SEVERAL}
    late = report("Nobody in Accounting can post invoices", 72, "phone", **everyone)
    soon = report("Card readers at gate 2 refuse everyone", 55, **everyone)
    work = report(
        "Month-end report shows last month's exchange rates",
        40,
        "mail",
        body="The report for October uses the "
        "September rates. We can't close the books with it.\n\nAll of Controlling sees the same.",
        **everyone,
    )
    tickets.accept(work.id, house.bo, now=now - timedelta(minutes=30))
    tickets.reply(
        work.id,
        house.bo,
        "Thank you, I can see it. Could you send:\n\n- the **parameters** page\n- a picture",
        now=now - timedelta(minutes=28),
    )
    tickets.note(
        work.id,
        house.chen,
        "Looks like the cache from the `12 Nov` maintenance.",
        now=now - timedelta(minutes=20),
    )
    triage.change_severity(
        work.id, house.chen, Severity.MAJOR, "there is a workaround", now=now - timedelta(minutes=12)
    )
    report("打印机卡纸, 二楼东侧", 25, **many)
    held = report("VPN drops every few minutes", 200, "mail", **many)
    waiting.wait(
        held.id,
        house.bo,
        waiting_for="reporter",
        question="Which office?",
        wake_at=now + timedelta(days=2),
        now=now - timedelta(minutes=90),
    )
    return [late, soon, work, held]


def test_j_and_k_walk_the_rows_and_enter_opens(house: House, day: list[Ticket], visit: Visit) -> None:
    page = visit(house.bo, "/queue")
    page.keyboard.press("j")
    expect(page.locator(".row").nth(0).locator("a")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("j")
    expect(page.locator(".row").nth(1).locator("a")).to_be_focused()
    title = page.locator(".row").nth(1).locator(".what a").inner_text()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(title)


def test_deadlines_tick(house: House, day: list[Ticket], visit: Visit) -> None:
    page = visit(house.bo, "/queue")
    row = page.locator(f"#t{day[0].id} .due")
    expect(row).to_have_class("due late")
    page.evaluate(
        "el => { el.dataset.dueAt = new Date(Date.now() + 61 * 1000 * 60).toISOString() }",
        row.element_handle(),
    )
    expect(row.locator("b")).to_have_text("1 h 00 min left")
    expect(row).not_to_have_class("due late")


def test_rows_refresh_without_losing_place_or_typed_words(
    house: House, day: list[Ticket], visit: Visit
) -> None:
    page = visit(house.bo, "/queue")
    page.locator("#search").fill("half a wor")
    page.locator(f"#t{day[1].id} a").focus()
    tickets.accept(day[1].id, house.chen, now=clock.now())
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(f"#t{day[1].id} .state")).to_have_text("In work")
    expect(page.locator(f"#t{day[1].id} a")).to_be_focused()
    expect(page.locator("#search")).to_have_value("half a wor")
    expect(page.locator("#count-unaccepted")).to_have_text("2")


def test_a_accepts_and_r_writes(house: House, day: list[Ticket], visit: Visit) -> None:
    page = visit(house.bo, f"/tickets/{day[0].number}")
    page.keyboard.press("a")
    expect(page.locator(".flash")).to_contain_text("It is yours")
    page.wait_for_load_state()  # the words are there before the script that hears keys
    page.keyboard.press("r")
    expect(page.locator("#body")).to_be_focused()
    page.keyboard.type("On my way")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".thread .msg").last).to_contain_text("On my way")
    read_anew()
    assert db.session.get(Ticket, day[0].id).assignee_id == house.bo.id


def test_a_form_opens_over_the_ticket_and_typed_words_stay(
    house: House, day: list[Ticket], visit: Visit
) -> None:
    page = visit(house.bo, f"/tickets/{day[0].number}")
    page.keyboard.press("n")
    page.keyboard.type("Half a note")
    page.locator("body").press("Escape")
    page.locator("h1").click()
    page.keyboard.press("e")
    dialog = page.get_by_role("dialog", name="Resolve")
    expect(dialog.locator("#solution")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator("#body")).to_have_value("Half a note")
    tickets.note(day[0].id, house.chen, "A word from Chen", now=clock.now())
    page.locator("h1").click()
    page.evaluate("document.activeElement.blur(); document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#thread")).to_contain_text("A word from Chen")
    expect(page.locator("#body")).to_have_value("Half a note")


def test_a_caller_is_found_while_one_types(
    house: House, visit: Visit, axe_clean: Callable[[Page], None]
) -> None:
    page = visit(house.bo, "/queue")
    page.keyboard.press("c")
    expect(page.locator("#who")).to_be_focused()
    page.keyboard.type("ana")
    expect(page.get_by_role("radio", name="Ana ana@example.org")).to_be_checked()
    axe_clean(page)
    page.locator("#subject").fill("Screen black")
    page.get_by_label("Nothing").check()
    page.get_by_label("Only me").check()
    page.get_by_role("button", name="Log and accept").click()
    expect(page.locator("h1")).to_have_text("Screen black")


def test_the_queue_and_ticket_look_right_and_accessible(
    house: House, day: list[Ticket], screenshots: Callable[..., None]
) -> None:
    screenshots("queue", house.bo, "/queue?view=all")
    screenshots("queue-empty", house.bo, "/queue?view=resolved")
    screenshots("queue-filter", house.bo, "/queue/filter")
    screenshots("ticket", house.bo, f"/tickets/{day[2].number}")
    screenshots("ticket-waiting", house.fay, f"/tickets/{day[3].number}")
    screenshots("ticket-resolve", house.bo, f"/tickets/{day[2].number}/resolve")
    screenshots("ticket-triage", house.bo, f"/tickets/{day[2].number}/triage")
    screenshots("log-a-call", house.bo, "/queue/log")


def test_a_dialog_is_accessible_too(
    house: House, day: list[Ticket], visit: Visit, axe_clean: Callable[[Page], None]
) -> None:
    page = visit(house.bo, f"/tickets/{day[2].number}")
    for key in ("w", "e", "s", "t"):
        page.keyboard.press(key)
        expect(page.locator("dialog.sheet")).to_be_visible()
        axe_clean(page)
        page.keyboard.press("Escape")
        expect(page.locator("dialog.sheet")).to_have_count(0)
