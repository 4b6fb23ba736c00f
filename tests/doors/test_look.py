"""The look that an organisation chooses: name, colour, logo, on pages and in letters, always legible."""

import io
import re
import struct
import zlib
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from helpdesk.desk import tickets
from helpdesk.rules.colours import STANDARD
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.organisation import get_organisation
from tests.conftest import MONDAY_9, Browser, House, read_anew

Browsers = Callable[[], Browser]


def png(width: int, height: int) -> bytes:
    """A picture of that size, all black."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress((b"\0" + b"\0" * width) * height))
    return b"\x89PNG\r\n\x1a\n" + head + rows + chunk(b"IEND", b"")


@pytest.fixture
def eli(house: House, browser: Browsers) -> Browser:
    return browser().known_as(house.eli)


def saved(eli: Browser, **given: object) -> TestResponse:
    """Saves the form as it was opened, with these changes."""
    marker = re.search(r'name="marker" value="(.*?)"', eli.get("/admin/look").text)
    assert marker
    return eli.post("/admin/look", data={"marker": marker[1], **given})


def test_name_colour_and_logo_stand_on_pages_for_everybody_and_in_letters(
    house: House, eli: Browser, browser: Browsers
) -> None:
    picture = png(64, 32)
    given = {"brand_name": "IT Desk", "accent": "#FFD800", "logo": (io.BytesIO(picture), "logo.png")}
    assert saved(eli, **given).status_code == 303
    stranger = browser()
    page = stranger.get("/sign-in").text
    assert "IT Desk</title>" in page
    assert "<span>IT Desk</span>" in page
    assert 'href="/brand.css?v=ffd800"' in page
    css = stranger.get("/brand.css")
    assert css.mimetype == "text/css"
    assert "--accent: light-dark(#7d6a00, #ffd800);" in css.text
    assert stranger.get("/brand.css", headers={"If-None-Match": css.headers["ETag"]}).status_code == 304
    logo = stranger.get("/brand/logo")
    assert (logo.mimetype, logo.data) == ("image/png", picture)
    assert "sandbox" in logo.headers["Content-Security-Policy"]
    read_anew()
    command = tickets.Report("Stuck", "", works=Works.NOTHING, affected=Affected.ME)
    tickets.report(command, house.ana, now=MONDAY_9, door="web")
    letter = db.session.query(Letter).filter_by(person_id=house.ana.id).one()
    assert "background:#7d6a00" in letter.html
    assert '<img src="http://desk.example.org/brand/logo?v=' in letter.html
    assert 'alt="IT Desk"' in letter.html


def test_without_a_choice_nothing_is_asked_for_besides(house: House, eli: Browser) -> None:
    saved(eli, brand_name="", accent=STANDARD)
    page = eli.get("/admin/look").text
    assert "/brand" not in page
    assert "Helpdesk</title>" in page
    assert eli.get("/brand/logo").status_code == 404
    read_anew()
    assert get_organisation().options["accent"] == ""


def test_a_logo_is_taken_off_again(house: House, eli: Browser) -> None:
    saved(eli, logo=(io.BytesIO(png(8, 8)), "logo.png"))
    assert "/brand/logo" in eli.get("/admin/look").text
    saved(eli, without_logo="1")
    assert eli.get("/brand/logo").status_code == 404


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "no picture"),
        (png(8, 8)[:40], "no picture"),
        (png(2001, 1), "too large"),
        (png(8, 8)[:-12] + b"\0" * 64_000 + png(8, 8)[-12:], "too large"),
    ],
)
def test_what_is_no_small_picture_is_refused(house: House, eli: Browser, file: bytes, message: str) -> None:
    answer = saved(eli, logo=(io.BytesIO(file), "logo.png"))
    assert answer.status_code == 422
    assert message in answer.text
    assert eli.get("/brand/logo").status_code == 404


def test_only_administrators_change_the_look(house: House, browser: Browsers) -> None:
    for person in (house.bo, house.dee):
        assert browser().known_as(person).get("/admin/look").status_code == 404
    fay = browser().known_as(house.fay)
    assert fay.get("/admin/look").status_code == 200
    assert fay.post("/admin/look", data={"brand_name": "Hers"}).status_code == 404
