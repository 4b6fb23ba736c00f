"""Who is on call now, fairness and feeds as colleagues see them; the wall screen in another site's frame."""

import re
import threading

from playwright.sync_api import Page, expect
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from helpdesk.desk import feeds
from helpdesk.desk.changes import By
from helpdesk.store import db
from helpdesk.store.rosters import Layer
from tests.browser.conftest import Visit
from tests.conftest import House, a_roster


def with_turns(house: House) -> None:
    people = [house.bo.id, house.chen.id]
    layer = Layer(
        position=0, name="Weeks", people=people, starts_at="2026-03-02T09:00", every=1, unit="weeks"
    )
    roster = a_roster("First line", layer)
    db.session.add(roster)
    db.session.flush()
    house.team.roster_id = roster.id
    db.session.commit()


def test_the_pages_around_who_is_on_call_are_for_everybody(
    house: House, visit: Visit, axe_clean: object
) -> None:
    with_turns(house)
    for person, path, width, theme in (
        (house.bo, "/on-call/now", 390, "dark"),
        (house.dee, "/on-call/fairness", 1280, "light"),
        (house.bo, "/on-call/feeds", 390, "light"),
    ):
        page = visit(person, path, width=width, theme=theme)
        axe_clean(page)  # type: ignore[operator]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_a_wall_screen_shows_in_a_frame_of_another_origin(house: House, visit: Visit) -> None:
    with_turns(house)
    secret = feeds.add_link("wall", None, By(house.now, house.bo.id))
    page: Page = visit(None, "/healthz")
    address = f"{page.evaluate('location.origin')}/wall/{secret}"
    framing = Response(
        f'<iframe src="{address}" width="900" height="600"></iframe>', content_type="text/html"
    )
    server = make_server("127.0.0.1", 0, framing)  # another port is another origin
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    page.goto(f"http://127.0.0.1:{server.server_port}/")
    expect(page.frame_locator("iframe").locator(".who")).to_have_text(re.compile("^(Bo|Chen)$"))
    server.shutdown()
    thread.join()
    server.server_close()
