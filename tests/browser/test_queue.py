from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from helpdesk import clock
from helpdesk.desk import tickets, triage, views, waiting
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


def refresh(page: Page) -> None:
    """The next poll, now."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_rows_slide_in_while_place_choice_and_typed_words_stay(
    house: House, day: list[Ticket], visit: Visit
) -> None:
    for n in range(25):
        command = Report(f"Screen {n}", "It is black.", service_id=house.printing.id)
        tickets.report(command, house.ana, now=clock.now(), door="web")
    page = visit(house.bo, "/queue?view=all")
    page.locator("#search").fill("half a wor")
    row = page.locator(".row").nth(20)
    row.locator(".tick input").check()
    row.locator(".what a").focus()
    page.evaluate("scrollTo(0, 400); window.before = document.activeElement")
    top = row.evaluate("row => row.getBoundingClientRect().top")
    name = row.get_attribute("id")

    everyone = {"works": Works.NOTHING, "affected": Affected.EVERYONE, "service_id": house.erp.id}
    late = Report("Nobody can sign in", "", **everyone)
    fresh = tickets.report(late, house.ana, now=clock.now() - timedelta(hours=3), door="phone")
    tickets.accept(day[1].id, house.chen, now=clock.now())
    refresh(page)

    expect(page.locator(".row").first).to_contain_text("Nobody can sign in")
    expect(page.locator(f"#t{fresh.id}")).to_have_class("row fresh")
    expect(page.locator("#queue-news")).to_have_text("1 new ticket")
    expect(page.locator(f"#t{day[1].id} .state")).to_have_text("In work")
    expect(page.locator(f"#t{day[1].id}")).to_have_class("row changed")
    assert page.evaluate("document.activeElement === before")
    assert page.locator(f"#{name} .tick input").is_checked()
    assert abs(page.locator(f"#{name}").evaluate("row => row.getBoundingClientRect().top") - top) < 2
    expect(page.locator("#search")).to_have_value("half a wor")
    expect(page.locator("#count-unaccepted")).to_have_text("28")
    expect(page.locator(".row.fresh, .row.changed")).to_have_count(0)


def test_a_countdown_that_ends_is_said_and_moves_nothing(
    house: House, day: list[Ticket], visit: Visit
) -> None:
    page = visit(house.bo, "/queue?view=all")
    width = "due => due.getBoundingClientRect().width"
    due = page.locator(f"#t{day[1].id} .due")
    before = due.evaluate(width)
    page.evaluate(
        """due => {
            window.shift = 0;
            new PerformanceObserver((seen) => seen.getEntries().forEach((e) => { shift += e.value })).observe(
                { type: "layout-shift", buffered: true });
            due.dataset.dueAt = new Date(Date.now() - 3600e3 * 11).toISOString();
        }""",
        due.element_handle(),
    )
    expect(due.locator("b")).to_have_text("Late by 11 h 00 min")
    expect(page.locator("#queue-news")).to_have_text(f"{day[1].number} is late")
    assert due.evaluate(width) == before
    assert page.evaluate("shift") == 0


def test_what_is_done_by_keys_is_done_where_one_stands(house: House, day: list[Ticket], visit: Visit) -> None:
    page = visit(house.bo, "/queue?view=all")
    page.evaluate("window.before = true")
    row, link = page.locator(f"#t{day[0].id}"), page.locator(f"#t{day[0].id} .what a")
    link.focus()
    page.keyboard.press("a")
    expect(page.locator(".toasts")).to_contain_text("It is yours")
    expect(row.locator(".state")).to_have_text("In work")
    expect(link).to_be_focused()

    page.keyboard.press("e")
    dialog = page.get_by_role("dialog", name="Resolve")
    dialog.get_by_role("button", name="Resolve").click()
    page.evaluate("document.querySelectorAll('dialog [required]').forEach((e) => { e.required = false })")
    dialog.get_by_role("button", name="Resolve").click()
    expect(dialog.locator("#fixes")).to_be_focused()  # what is missing is said in the sheet
    dialog.locator("#cause").fill("The cache was full.")
    dialog.locator("#solution").fill("Emptied it.")
    dialog.get_by_role("button", name="Resolve").click()
    expect(row).to_have_count(0)
    expect(page.locator("#count-resolved")).to_have_text("1")
    assert page.evaluate("before"), "the page was loaded again"

    page.locator(f"#t{day[1].id} .what a").focus()
    page.keyboard.press("r")
    expect(page.locator("#body")).to_be_focused()


def test_somebody_who_was_faster_is_not_taken_from(house: House, day: list[Ticket], visit: Visit) -> None:
    page = visit(house.bo, "/queue?view=all")
    tickets.accept(day[0].id, house.chen, now=clock.now())
    page.locator(f"#t{day[0].id} .what a").focus()
    page.keyboard.press("a")
    expect(page.locator(".toasts")).to_contain_text("Chen has taken this in the meantime.")
    read_anew()
    assert db.session.get(Ticket, day[0].id).assignee_id == house.chen.id


def test_g_and_a_letter_lead_to_views_and_chosen_rows_to_what_is_done_to_them(
    house: House, day: list[Ticket], visit: Visit, axe_clean: Callable[[Page], None]
) -> None:
    page = visit(house.bo, "/queue?view=all")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.press("Escape")  # and letters are keys again
    page.keyboard.press("g")
    page.keyboard.press("w")
    expect(page.locator("h1")).to_have_text("Waiting")
    page.wait_for_load_state()
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.locator("h1")).to_have_text("All open")
    page.wait_for_load_state()
    for _ in range(2):
        page.keyboard.press("j")
        page.keyboard.press("x")
    expect(page.locator(".bulk b")).to_have_text("2 chosen")
    axe_clean(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Accept the row")
    axe_clean(page)
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.wait_for_url("**/bulk/new?*")
    chosen = "&".join(f"ticket={each.id}" for each in day[:2])
    assert page.url.endswith(f"/bulk/new?{chosen}")
    page.go_back()
    page.reload()
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_role("button", name="Assign").click()
    page.wait_for_url(f"**/bulk/new?ticket={day[0].id}&deed=assign")


def test_on_a_phone_a_card_says_how_a_ticket_stands_and_who_has_it(
    house: House, day: list[Ticket], visit: Visit
) -> None:
    page = visit(house.bo, "/queue?view=all", width=390)
    row = page.locator(f"#t{day[2].id}")
    expect(row.locator(".state")).to_be_visible()
    expect(row.get_by_role("img", name="Bo")).to_be_visible()
    row.locator(".tick").click()
    for name in ("Assign", "Accept", "Resolve", "More"):
        expect(page.get_by_role("button", name=name)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


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
    every = ["severity", "details", "team", "reporter", "changed", "state", "assignee"]
    views.choose_look(house.chen.id, "dense", every)
    views.save(house.chen.asker, "ERP this week", house.team.id, {"view": "all", "days": "7"})
    screenshots("queue-dense", house.chen, "/queue?view=all&days=7")
    screenshots("queue-views", house.chen, "/queue/views")
    screenshots("queue-look", house.chen, "/queue/look")
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
