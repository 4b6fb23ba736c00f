"""What mail brings, as it is seen and used: at the desk, by the reporter, and in the quarantine."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from playwright.sync_api import expect

from helpdesk import clock
from helpdesk.desk import closing, tickets
from helpdesk.desk.attachments import Upload
from helpdesk.desk.example_mail import picture
from helpdesk.desk.example_mail_texts import SCANNER_HTML
from helpdesk.desk.tickets import Report
from helpdesk.desk.timeline import record
from helpdesk.intake import receive
from helpdesk.intake.formatted import safe_html
from helpdesk.outbound import links
from helpdesk.store import db
from helpdesk.store.db import transaction
from helpdesk.store.letters import Letter
from helpdesk.store.mail import RawMail
from helpdesk.store.people import Address, Person
from helpdesk.store.tickets import Attachment, Ticket
from tests.browser.conftest import Visit, keep_picture
from tests.conftest import House, read_anew

Look = Callable[[str, Person | None, str], None]
WORDS = """Since this morning the scanner at gate 2 stops with this message:

[cid:message@example.org]

> Does it happen with every parcel?

With every third one. The log is attached."""
LEFT_OUT = [
    {"name": "film-of-the-gate.mp4", "size": 61_000_000, "why": "too_large"},
    {"name": "第二部分.zip", "size": 22_000_000, "why": "total"},
]
EVENT = {
    "summary": "Look at the scanner together",
    "where": "Gate 2",
    "organizer": "ana@example.org",
    "method": "REQUEST",
}
DETAIL: dict[str, Any] = {
    "quoted": "--\nAna, Sales\nBuilding 2, extension 201",
    "left_out": LEFT_OUT,
    "authentication": "none",
    "from": "ana.home@example.org",
    "notices": ["remote_pictures", "calendar", "signed_smime"],
    "subject": "Re: AW: the scanner at gate 2 stops with a message again and again",
}


@pytest.fixture
def mailed(house: House) -> Ticket:
    """A ticket with all that mail can bring, and what went wrong on its way."""
    now = clock.now()
    starts_at = now + timedelta(days=2)
    event = {
        **EVENT,
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=1)).isoformat(),
    }
    files = [
        Upload("message.png", BytesIO(picture()), "message@example.org", "inline"),
        Upload("second.png", BytesIO(picture() + b"2"), "second@example.org", "inline"),
        Upload("logo.png", BytesIO(picture() + b"3"), "logo@example.org", "repeated"),
        Upload("scanner.log", BytesIO(b"E17\n" * 2000)),
        Upload("meeting.ics", BytesIO(b"BEGIN:VCALENDAR")),
        Upload("mail.html", BytesIO(safe_html(SCANNER_HTML).encode()), None, "formatted"),
    ]
    raw = receive.store_raw(b"From: ana@example.org\r\n\r\nx\r\n", "smtp", None, [], now, claimed=True)
    ticket = tickets.report(
        Report("The scanner at gate 2 stops", WORDS, files=files),
        house.ana,
        now=now - timedelta(minutes=50),
        door="mail",
        raw_mail_id=raw,
        detail={**DETAIL, "events": [event], "dated": (now - timedelta(hours=3)).isoformat()},
    )
    entry = tickets.reply(ticket.id, house.bo, "Which **one**?", now=now - timedelta(minutes=40))
    letter = db.session.query(Letter).filter_by(entry_id=entry.id, person_id=house.ana.id).one()
    letter.state, letter.report = "bounced", "550 5.1.1 the mailbox does not exist"
    address = db.session.query(Address).filter_by(email="ana@example.org").one()
    address.failing_since, address.fault = now - timedelta(minutes=39), letter.report
    address.person.phone = "extension 201"
    db.session.commit()
    report = {"kind": "failed", "status": "5.1.1", "address": "ana@example.org", "letter": letter.id}
    away = {"cause": "automatic_reply", "from": "chen@example.org", "subject": "Away"}
    with transaction():
        for body, detail in (
            ("Your message could not be delivered.", {"cause": "delivery_report", "report": report}),
            ("I am out of the office until Monday.", away),
        ):
            record(ticket, "mail_filed", now=now, door="mail", body=body, detail=detail, raw_mail_id=raw)
        forged = {"cause": "from_staff", "authentication": "fail"}
        record(ticket, "noted", now=now, door="mail", actor_id=house.chen.id, body="Close it.", detail=forged)
    closing.resolve(ticket.id, house.bo, "Cable", "A new cable.", now=now - timedelta(minutes=5))
    detail = {"cause": "only_thanks", "quoted": "> A new cable."}
    tickets.reporter_reply(ticket.id, house.ana, "谢谢，已经好了。", now=now, door="mail", detail=detail)
    return ticket


def test_what_mail_brings_looks_as_it_should(house: House, mailed: Ticket, screenshots: Look) -> None:
    mail = db.session.query(Attachment).filter_by(role="formatted").one()
    screenshots("mail-ticket", house.bo, f"/tickets/{mailed.number}")
    screenshots("mail-reporter", house.ana, f"/my/{mailed.number}")
    screenshots("mail-formatted", house.bo, f"/attachments/{mail.id}/formatted")
    screenshots("mail-person", house.eli, f"/admin/people/{house.ana.id}")


def test_the_quarantine_looks_as_it_should(house: House, screenshots: Look) -> None:
    now = clock.now()
    for mail in (
        b"Subject: Pallets at the gate\r\nTo: desk@example.org\r\n\r\nWho takes them?\r\n",
        b"From: news@example.org\r\nSubject: News\r\nList-Id: <n.example.org>\r\n\r\nTen tips.\r\n",
        b"From: ana@example.org\r\nSubject: Badge\r\nMessage-ID: <b@example.org>\r\n\r\nOne visitor.\r\n",
        b"From: ana@example.org\r\nSubject: Badge\r\nMessage-ID: <b@example.org>\r\n\r\nOne visitor.\r\n",
    ):
        receive.store_raw(mail, "smtp", None, ["desk@example.org"], now)
    receive.parse_waiting(now)
    aside, filed, _first, twice = db.session.query(RawMail).order_by(RawMail.id)
    screenshots("mail-aside-list", house.bo, "/mail")
    screenshots("mail-all", house.bo, "/mail?outcome=all")
    screenshots("mail-aside", house.bo, f"/mail/{aside.id}")
    screenshots("mail-filed", house.bo, f"/mail/{filed.id}")
    screenshots("mail-twice", house.bo, f"/mail/{twice.id}")
    screenshots("mail-none-filed", house.bo, "/mail?outcome=quarantined&before=1")


def test_folded_text_opens_by_key_and_stays_open_when_something_new_comes(
    house: House, mailed: Ticket, visit: Visit, axe_clean: Callable[..., None]
) -> None:
    page = visit(house.bo, f"/tickets/{mailed.number}", width=390, theme="dark")
    folded = page.locator(".folded").first
    expect(page.get_by_text("Building 2, extension 201")).to_be_hidden()
    folded.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Building 2, extension 201")).to_be_visible()
    for details in page.locator(".folded").all():
        details.evaluate("each => each.open = true")
    keep_picture(page, "mail-unfolded")
    axe_clean(page)
    with transaction():
        record(mailed, "noted", now=clock.now(), door="web", actor_id=house.chen.id, body="I come too.")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_text("I come too.")).to_be_visible()
    expect(page.get_by_text("Building 2, extension 201")).to_be_visible()
    expect(folded.locator("summary")).to_be_focused()
    heights = page.locator(".folded > summary").evaluate_all("all => all.map(each => each.offsetHeight)")
    assert min(heights) >= 44  # fingers do it


def test_thanks_are_reopened_with_one_click(house: House, mailed: Ticket, visit: Visit) -> None:
    page = visit(house.bo, f"/tickets/{mailed.number}")
    page.get_by_role("button", name="Reopen").click()
    expect(page.get_by_text("It is open again.")).to_be_visible()
    expect(page.get_by_role("button", name="Reopen")).to_have_count(0)
    read_anew()
    assert db.session.get(Ticket, mailed.id).state == "new"  # type: ignore[union-attr]


def test_the_reporter_reopens_by_link_with_one_click(house: House, mailed: Ticket, visit: Visit) -> None:
    page = visit(None, links.follow_url(mailed, house.ana.id).removeprefix("http://desk.example.org"))
    page.get_by_role("button", name="It is not solved").click()
    expect(page.get_by_text("It is open again.")).to_be_visible()


def test_a_formatted_mail_fetches_pictures_only_when_asked_and_runs_no_script(
    house: House, mailed: Ticket, visit: Visit
) -> None:
    mail = db.session.query(Attachment).filter_by(role="formatted").one()
    page = visit(house.bo, "/queue")
    asked: list[str] = []

    def answer(route: Any) -> None:
        asked.append(route.request.headers.get("referer", ""))
        route.fulfill(body=picture(), content_type="image/png")

    page.context.route("https://pictures.example.org/**", answer)
    page.goto(page.url.replace("/queue", f"/attachments/{mail.id}/formatted"))
    frame = page.frame_locator("iframe")
    shot = frame.get_by_alt_text("A window with an error in red")
    expect(shot).to_be_visible()
    assert shot.evaluate("image => image.complete && image.naturalWidth") == 440  # its own picture came along
    assert asked == []
    page.get_by_role("button", name="Show the pictures").click()
    logo = frame.get_by_alt_text("Example Works")
    expect(logo).to_have_attribute("src", "https://pictures.example.org/logo.png")
    page.wait_for_load_state("networkidle")
    assert asked
    assert set(asked) == {""}  # nobody is told from where
    assert frame.locator("body").evaluate("() => window.origin") is not None


def test_a_mail_that_is_made_a_ticket_leads_there_by_itself(house: House, visit: Visit) -> None:
    receive.store_raw(b"Subject: Pallets\r\n\r\nWho takes them?\r\n", "smtp", None, [], clock.now())
    receive.parse_waiting(clock.now())
    page = visit(house.bo, f"/mail/{db.session.query(RawMail).one().id}", width=390)
    page.get_by_role("button", name="Make it a ticket anyway").click()
    expect(page.get_by_text("Waiting to be read")).to_be_visible()
    read_anew()
    receive.parse_waiting(clock.now())
    page.get_by_role("link", name="Open HD-1").click()
    expect(page.get_by_role("heading", name="Pallets")).to_be_visible()
