"""The ticket on one screen: what is written is kept, looked at and not sent over somebody else's words."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from helpdesk import clock
from helpdesk.desk import tickets, triage
from helpdesk.desk.tickets import Report
from helpdesk.rules.severity import Affected, Severity, Works
from helpdesk.store import db
from helpdesk.store.canned_answers import CannedAnswer
from helpdesk.store.tickets import Ticket, list_entries
from tests.browser.conftest import Visit, keep_picture
from tests.conftest import House, read_anew


@pytest.fixture
def ticket(house: House) -> Ticket:
    """Ana's report of this morning, which Bo has and Chen has looked at."""
    began = clock.now() - timedelta(minutes=40)
    answers = {"works": Works.NOTHING, "affected": Affected.EVERYONE, "service_id": house.erp.id}
    ticket = tickets.report(
        Report("Invoices cannot be posted", "All of us.", **answers), house.ana, now=began, door="web"
    )
    tickets.accept(ticket.id, house.bo, now=began + timedelta(minutes=4))
    tickets.reply(ticket.id, house.bo, "We are looking at it.", now=began + timedelta(minutes=6))
    tickets.note(ticket.id, house.chen, "Looks like the cache again.", now=began + timedelta(minutes=9))
    later = began + timedelta(minutes=12)
    triage.change_severity(ticket.id, house.chen, Severity.MAJOR, "there is a workaround", now=later)
    texts = {"en": "Hello {{reporter.name}},\n\n{{ticket.number}} is with {{agent.name}}.", "zh_Hans": "您好"}
    db.session.add_all(
        [
            CannedAnswer(name="We are on it", texts=texts),
            CannedAnswer(name="Which office?", team_id=house.team.id, texts={"en": "Which office is it?"}),
        ]
    )
    db.session.commit()
    return ticket


def at(ticket: Ticket) -> str:
    return f"/tickets/{ticket.number}"


def look_up(page: Page) -> None:
    """As if one had come back to the window: the page asks at once what is new."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_what_is_typed_on_one_machine_goes_on_on_another_until_it_is_sent(
    house: House, ticket: Ticket, visit: Visit
) -> None:
    desk = visit(house.bo, at(ticket))
    desk.keyboard.press("n")
    desk.keyboard.type("Half a note")
    expect(desk.locator("#draft")).to_contain_text("Draft kept at")
    laptop = visit(house.bo, at(ticket))
    expect(laptop.locator("#draft")).to_contain_text("Your draft of")
    expect(laptop.locator("#body")).to_have_value("Half a note")
    expect(laptop.get_by_role("radio", name="Note to colleagues")).to_be_checked()
    laptop.locator("#body").press_sequentially(" and the rest")
    laptop.locator("#body").press("Control+Enter")
    expect(laptop.locator(".msg").last).to_contain_text("Half a note and the rest")
    expect(laptop.locator("#body")).to_have_value("")
    colleague = visit(house.chen, at(ticket))
    expect(colleague.locator("#body")).to_have_value("")


def test_a_draft_is_thrown_away(house: House, ticket: Ticket, visit: Visit) -> None:
    page = visit(house.bo, at(ticket))
    page.locator("#body").press_sequentially("Never mind")
    page.get_by_role("button", name="Throw the draft away").click()
    expect(page.locator("#body")).to_have_value("")
    expect(page.locator("#throw-away")).to_be_hidden()
    expect(visit(house.bo, at(ticket)).locator("#body")).to_have_value("")


def test_a_look_at_the_markdown_before_it_is_sent(
    house: House, ticket: Ticket, visit: Visit, axe_clean: Callable[[Page], None]
) -> None:
    page = visit(house.bo, at(ticket))
    page.locator("#body").fill("It is **done** <b>now</b>")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview strong")).to_have_text("done")
    expect(page.locator("#preview")).to_contain_text("<b>now</b>")
    expect(page.locator("#body")).to_be_hidden()
    axe_clean(page)
    page.keyboard.press("Escape")
    expect(page.locator("#body")).to_be_focused()


def test_an_answer_is_put_in_without_a_mouse(
    house: House, ticket: Ticket, visit: Visit, axe_clean: Callable[[Page], None]
) -> None:
    page = visit(house.bo, at(ticket))
    page.keyboard.press("r")
    page.keyboard.type("Good morning")
    page.keyboard.press("Control+/")
    dialog = page.get_by_role("dialog", name="Put in an answer")
    expect(dialog.get_by_role("searchbox")).to_be_focused()
    axe_clean(page)
    page.keyboard.type("on it")
    expect(dialog.locator("li:visible")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator("#body")).to_be_focused()
    said = f"Good morning\n\nHello Ana,\n\n{ticket.number} is with Bo."
    expect(page.locator("#body")).to_have_value(said)


def test_two_do_not_answer_over_each_other(
    house: House, ticket: Ticket, visit: Visit, axe_clean: Callable[[Page], None]
) -> None:
    bo, chen = visit(house.bo, at(ticket)), visit(house.chen, at(ticket))
    chen.locator("#body").press_sequentially("Please restart")
    look_up(bo)
    expect(bo.locator("#others")).to_have_text("Chen is writing")
    expect(chen.locator("#others")).to_contain_text("Bo")
    bo.locator("#body").press_sequentially("Have you tried")
    chen.locator("#body").press("Control+Enter")
    expect(chen.locator(".msg").last).to_contain_text("Please restart")
    bo.locator("#body").press("Control+Enter")  # before the page has heard of it
    warning = bo.get_by_role("alert").filter(has_text="Not sent yet")
    expect(warning).to_be_focused()
    expect(warning).to_contain_text("Please restart")
    expect(bo.locator("#body")).to_have_value("Have you tried")
    axe_clean(bo)
    keep_picture(bo, "ticket-newer-1280-light")
    bo.get_by_role("button", name="Send to the reporter").click()
    expect(bo.locator(".msg").last).to_contain_text("Have you tried")
    read_anew()
    assert [e.kind for e in list_entries(ticket.id)][-2:] == ["replied", "replied"]


def test_words_that_come_while_one_writes_are_pointed_out(house: House, ticket: Ticket, visit: Visit) -> None:
    page = visit(house.bo, at(ticket))
    page.locator("#body").press_sequentially("Let me see")
    tickets.reporter_reply(ticket.id, house.ana, "It works again!", now=clock.now(), door="web")
    look_up(page)
    warning = page.get_by_role("alert").filter(has_text="Ana wrote while you were writing")
    expect(warning).to_be_visible()
    expect(page.locator("#body")).to_have_value("Let me see")
    warning.get_by_role("link").click()
    expect(page.locator(".msg.just-came")).to_be_in_viewport()


def test_a_dropped_and_a_pasted_file_are_listed(house: House, ticket: Ticket, visit: Visit) -> None:
    page = visit(house.bo, at(ticket))
    for kind in ("drop", "paste"):
        page.evaluate(
            """kind => {
              const data = new DataTransfer();
              data.items.add(new File(["x"], `${kind}.txt`));
              const event = kind === "drop"
                ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
                : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
              document.querySelector("#body").dispatchEvent(event);
            }""",
            kind,
        )
        expect(page.get_by_text(f"{kind}.txt")).to_be_visible()


def test_the_conversation_alone_and_a_colleague_who_follows(
    house: House, ticket: Ticket, visit: Visit, axe_clean: Callable[[Page], None]
) -> None:
    page = visit(house.bo, at(ticket))
    expect(page.locator(".event").first).to_be_visible()
    page.get_by_text("Conversation only").click()
    expect(page.locator(".event").first).to_be_hidden()
    expect(page.locator(".msg").first).to_be_visible()
    page.reload()
    expect(page.locator(".event").first).to_be_hidden()
    page.get_by_role("link", name="Who follows").click()
    dialog = page.get_by_role("dialog", name="Who follows")
    dialog.get_by_label("Add somebody").press_sequentially("Dee")
    expect(dialog.get_by_role("radio")).to_be_checked()
    axe_clean(page)
    dialog.get_by_role("button", name="Add").click()
    expect(page.locator(".flash")).to_have_text("Dee follows this ticket now.")


def test_the_screen_looks_right_and_accessible(
    house: House, ticket: Ticket, screenshots: Callable[..., None]
) -> None:
    screenshots("ticket-screen", house.bo, at(ticket))
    screenshots("ticket-answers", house.bo, f"{at(ticket)}/answers")
    screenshots("ticket-followers", house.bo, f"{at(ticket)}/followers?who=a")
    screenshots("set-up-answers", house.eli, "/admin/answers")
    answer = db.session.query(CannedAnswer).first()
    assert answer is not None
    screenshots("set-up-answer", house.chen, "/admin/answers/new")
