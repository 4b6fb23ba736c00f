"""Mailboxes, letters' texts and how mail stands, as whoever keeps it running sees and uses them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from helpdesk import clock
from helpdesk.desk import letter_templates, mail_watch, mailboxes
from helpdesk.desk.changes import By
from helpdesk.store import db
from helpdesk.store.letter_templates import find_letter_template
from helpdesk.store.mailboxes import Mailbox
from helpdesk.store.people import Person
from tests.browser.conftest import Visit
from tests.conftest import House, read_anew

Look = Callable[[str, Person | None, str], None]
SERVER = {"host": "imap.example.org", "port": 993, "privacy": "tls", "folder": "INBOX", "is_active": True}
OAUTH = {"token_url": "https://login.example.org/token", "client_id": "helpdesk", "scope": "imap"}
PASSWORD = {"token_url": "", "client_id": "", "scope": ""}


@pytest.fixture
def box(house: House) -> Mailbox:
    """A mailbox that is silent, whose sign-in ends; beside it one that is heard."""
    now = clock.now()
    by = By(now, house.eli.id)
    values = {"name": "Support", "address": "support@example.org", "user": "support@example.org"}
    values |= SERVER | OAUTH | {"auth": "oauth"}
    silent = mailboxes.save(None, values, {"refresh_token": "secret"}, by)
    values |= {"name": "Invoices", "address": "invoices@example.org", "user": "invoices", "auth": "password"}
    heard = mailboxes.save(None, values | PASSWORD, {"password": "secret"}, by)
    heard.succeeded_at = now - timedelta(seconds=40)
    silent.created_at = silent.active_since = now - timedelta(days=30)
    silent.succeeded_at, silent.tried_at = now - timedelta(hours=3), now - timedelta(minutes=1)
    silent.refresh_expires_at = now + timedelta(days=2)
    silent.fault = "sign_in: [AUTHENTICATIONFAILED] Invalid credentials (Failure)"
    db.session.commit()
    mail_watch.sweep(now)
    return silent


def test_mailboxes_and_the_watch_page_look_as_they_should(
    house: House, box: Mailbox, screenshots: Look
) -> None:
    screenshots("mailboxes", house.eli, "/admin/mailboxes")
    screenshots("mailbox", house.eli, f"/admin/mailboxes/{box.id}")
    screenshots("watch-mail", house.eli, "/watch")
    screenshots("mail-trouble-ticket", house.eli, "/tickets/HD-1")


def test_letters_texts_look_as_they_should(house: House, screenshots: Look) -> None:
    by = By(clock.now(), house.eli.id)
    letter_templates.publish("received", "en", "Thank you: {{ subject }}", "Hello {{ name }},\n\nhi.", by)
    screenshots("letter-texts", house.eli, "/admin/texts")
    screenshots("letter-text", house.eli, "/admin/texts/received/en")


def test_a_text_is_looked_at_before_it_is_published(house: House, visit: Visit) -> None:
    page = visit(house.eli, "/admin/texts/received/en")
    page.get_by_label("What it says").fill("Dear {{ name }},\n\nwe have {{ number }} and begin at once.")
    page.get_by_role("button", name="Look at it").click()
    frame = page.frame_locator("iframe[name=look]")
    expect(frame.get_by_text("we have HD-12 and begin at once.")).to_be_visible()
    expect(frame.get_by_role("link", name="Follow your report")).to_be_visible()
    read_anew()
    assert find_letter_template("received", "en") is None
    page.get_by_label("What it says").fill("Dear {{ nobody }},")
    page.get_by_role("button", name="Look at it").click()
    expect(frame.get_by_text("There is no variable nobody in this letter.")).to_be_visible()
    page.get_by_role("button", name="Publish").click()
    expect(page.locator("#body-wrong")).to_contain_text("There is no variable nobody in this letter.")
    page.get_by_label("What it says").fill("Dear {{ name }},")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Your own text is in force, published by Eli.")).to_be_visible()
    page.get_by_role("button", name="Back to the installed text").click()
    expect(page.get_by_text("The installed text is in force again.")).to_be_visible()


def test_a_mailbox_is_added_and_tried(house: House, visit: Visit) -> None:
    page = visit(house.eli, "/admin/mailboxes")
    page.get_by_role("link", name="Add a mailbox").first.click()
    page.get_by_label("Name", exact=True).fill("Support")
    page.get_by_label("Address that people write to").fill("support@example.org")
    page.get_by_label("Server").fill("127.0.0.1")
    page.get_by_label("Port").fill("1")
    page.get_by_label("Encryption").select_option("none")
    page.get_by_label("User name").fill("support")
    page.get_by_label("Password", exact=True).fill("secret")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Support")).to_be_visible()
    expect(page.locator("#password")).to_have_value("")
    page.get_by_role("button", name="Try the connection").click()
    expect(page.get_by_text("The server cannot be reached. Check its name and port.")).to_be_visible()
