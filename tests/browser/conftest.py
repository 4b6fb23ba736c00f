"""A real Chromium on the real application, served on a loopback port.

    def test_something(house, visit, axe_clean):
        page = visit(house.bo, "/queue")          # signed in as Bo; theme="dark", width=390 if wanted
        axe_clean(page)

Without a Chromium these tests are skipped, and say so; where CI is set they fail instead.
HELPDESK_SCREENSHOTS names a folder for pictures of the pages, which somebody looks at.
"""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from helpdesk.store.people import Person
from tests.conftest import Browser as Client

PICTURES = os.environ.get("HELPDESK_SCREENSHOTS")
Visit = Callable[..., Page]

expect.set_options(timeout=20_000)  # a machine that runs three tests at once may be slow to answer


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks them, and keeps one database: the pages are the same on both."""
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in here:
        item.add_marker(pytest.mark.browser)
    again = [item for item in here if "[postgresql" in item.name]
    if again and len(again) < len(here):
        config.hook.pytest_deselected(items=again)
        items[:] = [item for item in items if item not in again]


def keep_picture(page: Page, name: str) -> None:
    """A picture of the whole page for somebody to look at, where a folder is named for them."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The application on a loopback port."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def visit(chromium: Chromium, address: str, browser: Callable[[], Client]) -> Iterator[Visit]:
    """Opens a path as a person (None: a stranger) in a window of its own; faults of scripts fail the test."""
    opened, faults = [], []

    def go(person: Person | None, path: str, width: int = 1280, theme: str | None = None) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 844},
            locale="en-GB",
            color_scheme="dark" if theme == "dark" else "light",
        )
        opened.append(context)
        if person is not None:
            cookie = browser().known_as(person).get_cookie("helpdesk")
            assert cookie is not None
            context.add_cookies([{"name": "helpdesk", "value": cookie.value, "url": address}])
        page = context.new_page()
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)
        page.goto(f"{address}{path}")
        return page

    yield go
    for context in opened:
        context.close()
    assert not faults


@pytest.fixture
def axe_clean() -> Callable[[Page], None]:
    """Fails with axe's findings, if it has any for the page as it now stands, its style sheets read."""

    def check(page: Page) -> None:
        page.wait_for_load_state()  # a click returns when the next page's first bytes are there
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()

    return check


@pytest.fixture
def screenshots(visit: Visit, axe_clean: Callable[[Page], None]) -> Callable[[str, Person | None, str], None]:
    """Looks at a path on desktop, light and dark, and on a phone: axe finds nothing, and nothing scrolls
    sideways. Colours are the same at every width, and each look takes its time."""

    def look(name: str, person: Person | None, path: str) -> None:
        for width, themes in ((1280, ("light", "dark")), (390, ("light",))):
            page = visit(person, path, width)
            for theme in themes:
                page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # no colour is on its way
                keep_picture(page, f"{name}-{width}-{theme}")
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
                axe_clean(page)

    return look
