"""The main job, end to end: one ticket by mail through the real service, from the fault to the figures."""

import csv
import json
import re
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from tests.stories.conftest import PASSWORD, Desk
from tests.stories.mailbox import link_in, text_of
from tests.stories.service import PATIENCE, wait_until
from tests.stories.targets import shorten_targets

pytestmark = [pytest.mark.processes, pytest.mark.browser]
SINCE = "2026-01-05T09:00"


def test_one_ticket_from_the_fault_to_the_figures(desk: Desk, chromium: Chromium) -> None:
    people_join(desk)
    desk.start()
    eli = sign_in(desk, chromium, "eli")
    bo_takes_every_turn(eli)
    desk.send_mail("Ana", "The printer jams", "Since nine o'clock, every page.")
    wait_until(lambda: desk.mail.to("ana@example.org", "[HD-1]", "We have your report"))

    paged = bo_is_paged(desk)
    bo_accepts(desk, chromium, paged)
    bo = sign_in(desk, chromium, "bo")
    resolve(bo, "Took the paper out.")
    ana_rejects(desk, chromium)
    resolve(bo, "Changed the roller.")
    ana_confirms(desk, chromium)

    each_firing_told_once(desk)
    dee_finds_it_in_the_figures(sign_in(desk, chromium, "dee"))


EXAMPLE = ("--organisation", "Example", "--night", "roster", "--night-reason", "The factory watches")


def people_join(desk: Desk) -> None:
    desk.add_user("Eli", "administrator", *EXAMPLE)
    with ThreadPoolExecutor() as at_once:
        list(at_once.map(desk.add_user, ("Bo", "Chen", "Dee"), ("agent", "lead", "manager")))
    with desk.rows():
        shorten_targets()


def window(chromium: Chromium) -> Page:
    """A window of a browser that nobody has signed in with."""
    context = chromium.new_context(locale="en-GB")
    context.set_default_timeout(PATIENCE * 1000)
    return context.new_page()


def sign_in(desk: Desk, chromium: Chromium, name: str) -> Page:
    page = window(chromium)
    page.goto(f"{desk.url}/sign-in")
    page.locator("#email").fill(f"{name}@example.org")
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button").last.click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    return page


def bo_takes_every_turn(eli: Page) -> None:
    """The team's first roster, with one layer and one person."""
    eli.goto(eli.url.partition("/queue")[0] + "/on-call/new")
    eli.locator("#name").fill("Service desk")
    eli.get_by_role("button", name="Save").click()
    eli.locator("#layers-0-name").fill("weeks")
    eli.locator("#layers-0-starts_at").fill(SINCE)
    eli.locator("#layers-0-people-0").select_option(label="Bo")
    eli.get_by_role("button", name="Save", exact=True).click()
    expect(eli.get_by_text("The layers are saved.")).to_be_visible()


def bo_is_paged(desk: Desk) -> str:
    """Nobody answers: the team heard at once, now the person on call does, a minute after the first letter.
    The link that accepts."""
    wait_until(lambda: len(desk.mail.to("bo@example.org", "[HD-1] Minor: The printer jams")) == 2)
    assert len(desk.mail.to("chen@example.org", "[HD-1] Minor")) == 1
    letter = desk.mail.to("bo@example.org", "[HD-1] Minor")[-1]
    assert "HD-1 has no answer yet." in text_of(letter)
    return link_in(letter, "/alarm/")


def bo_accepts(desk: Desk, chromium: Chromium, link: str) -> None:
    """By the letter's link, without signing in. Opening it does nothing; its button does."""
    for _ in range(2):  # a mail scanner looks first
        page = window(chromium)
        page.goto(link)
        expect(page.get_by_text("Nobody has accepted this ticket yet.")).to_be_visible()
    page.get_by_role("button", name="Accept as Bo").click()
    expect(page.get_by_text("You have accepted this ticket.")).to_be_visible()
    wait_until(lambda: desk.mail.to("ana@example.org", "[HD-1]", "Bo has your report"))


def resolve(bo: Page, what: str) -> None:
    bo.goto(bo.url.partition("/queue")[0].partition("/tickets")[0] + "/tickets/HD-1")
    bo.get_by_role("link", name="Resolve").click()
    bo.get_by_label("What was done?").fill(what)
    bo.get_by_label("What was the cause?").fill("Paper dust")
    bo.get_by_role("button", name="Resolve", exact=True).click()
    expect(bo.get_by_text("Resolved, to be confirmed")).to_be_visible()


def asked(desk: Desk, times: int) -> str:
    """The link to "is it solved?" in the letter that has come for the n-th time."""
    wait_until(lambda: len(desk.mail.to("ana@example.org", "Is it solved?")) == times)
    return link_in(desk.mail.to("ana@example.org", "Is it solved?")[-1], "/confirm/")


def ana_rejects(desk: Desk, chromium: Chromium) -> None:
    page = window(chromium)
    page.goto(asked(desk, times=1))
    expect(page.get_by_text("Took the paper out.")).to_be_visible()
    page.get_by_label("Your words").fill("It jams again after two pages.")
    page.get_by_role("button", name="No, not solved").click()
    expect(page.get_by_role("heading", name="We are working on it again")).to_be_visible()
    # Team and on call ring at once: one letter to Bo says both.
    wait_until(lambda: len(desk.mail.to("bo@example.org", "[HD-1] Minor")) == 3)


def ana_confirms(desk: Desk, chromium: Chromium) -> None:
    page = window(chromium)
    page.goto(asked(desk, times=2))
    expect(page.get_by_text("Changed the roller.")).to_be_visible()
    page.locator("label", has_text=re.compile("5")).first.click()
    page.get_by_label("Your words").fill("Thank you!")
    page.get_by_role("button", name="Yes, it is solved").click()
    expect(page.get_by_role("heading", name="This is closed")).to_be_visible()


def each_firing_told_once(desk: Desk) -> None:
    """Team and on call, twice each: an entry for each firing; each told Bo, the last two in one letter."""
    ticket = ask_api(desk, "/api/v1/tickets/HD-1")
    escalated = [e["detail"] for e in ticket["entries"] if e["kind"] == "escalated"]
    assert [(e["cycle"], e["to"]) for e in escalated] == [
        (1, "team"),
        (1, "on_call"),
        (2, "team"),
        (2, "on_call"),
    ]
    assert len({e["alarm"] for e in escalated}) == 4
    told = Counter(x["To"] for x in desk.mail.letters if "] Minor: " in x["Subject"])
    assert told == {"bo@example.org": 3, "chen@example.org": 2}
    ids = [x["Message-ID"] for x in desk.mail.letters]
    assert len(ids) == len(set(ids))
    assert ticket["ticket"]["state"] == "closed"
    assert [t["state"] for t in ticket["targets"] if t["target"] == "response"] == ["met", "met"]


def ask_api(desk: Desk, path: str) -> Any:
    token = desk.run("token", "add", "eli@example.org").stdout.strip()
    asking = urllib.request.Request(f"{desk.url}{path}", headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    with urllib.request.urlopen(asking, timeout=PATIENCE) as answer:  # noqa: S310
        return json.load(answer)


def dee_finds_it_in_the_figures(dee: Page) -> None:
    """Two first answers and one solution, all kept; each figure opens its list, also as a file."""
    for figure, kept in (("First answer", 2), ("Solution", 1)):
        dee.get_by_role("link", name="Figures").first.click()
        dee.get_by_role("link", name=re.compile(rf"{figure} 100\s?% {kept} of {kept} kept")).click()
        with dee.expect_download() as download:
            dee.get_by_role("link", name="Download as CSV").click()
        with download.value.path().open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        assert len([row for row in rows if any("HD-1" in cell for cell in row)]) == kept
