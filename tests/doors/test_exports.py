"""The register on its pages: ordered once, watched, fetched by its orderer alone."""

import io
from collections.abc import Callable

import pytest
from openpyxl import load_workbook

from helpdesk import clock
from helpdesk.desk import exports, tickets
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.exports import Export
from tests.conftest import Browser, House, read_anew

Browsers = Callable[[], Browser]
DAYS = {"since": "2026-01-01", "until": "2030-12-31"}


@pytest.fixture
def dee(house: House, browser: Browsers) -> Browser:
    tickets.report(tickets.Report("Slow", ""), house.ana, now=clock.now(), door="web")
    return browser().known_as(house.dee)


def test_it_is_ordered_once_watched_and_fetched(house: House, dee: Browser) -> None:
    sent = {**DAYS, "sending": "once"}
    first, again = (dee.post("/figures/register", data=sent).location for _n in range(2))
    assert first == again
    page = dee.get(first).text
    assert "It begins in a moment." in page
    assert f"{first}/progress" in page
    exports.make_next(clock.now)
    shown = dee.get(f"{first}/progress")
    assert "It begins in a moment." not in shown.text
    assert f"{first}/file" in shown.text
    assert dee.get(f"{first}/progress", headers={"If-None-Match": shown.headers["ETag"]}).status_code == 304
    answer = dee.get(f"{first}/file")
    assert "tickets-2026-01-01-2030-12-31.xlsx" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    rows = list(load_workbook(io.BytesIO(answer.data)).worksheets[0].iter_rows())
    answer.close()
    assert rows[1][1].value == "Slow"
    assert "Ready" in dee.get("/figures/register").text


def test_nobody_else_fetches_it(house: House, dee: Browser, browser: Browsers) -> None:
    made = dee.post("/figures/register", data=DAYS).location
    exports.make_next(clock.now)
    for other in (house.eli, house.chen, house.ana):
        for path in (made, f"{made}/progress", f"{made}/file"):
            assert browser().known_as(other).get(path).status_code == 404
    house.dee.role = Role.LEAD
    db.session.commit()
    assert dee.get(f"{made}/file").status_code == 404


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ({}, "Say from which day to which."),
        ({"since": "2026-03-02"}, "Give both days, or neither."),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "This day is before the first one."),
        ({"since": "soon", "until": "2026-03-01"}, "Write a day, for example 2026-03-31."),
    ],
)
def test_what_is_no_period_is_said(dee: Browser, days: dict[str, str], said: str) -> None:
    answer = dee.post("/figures/register", data=days)
    assert (answer.status_code, said in answer.text) == (422, True)


def test_what_is_gone_says_so_and_can_be_ordered_anew(house: House, dee: Browser) -> None:
    made = dee.post("/figures/register", data=DAYS).location
    exports.make_next(clock.now)
    read_anew()
    export = db.session.query(Export).one()
    export.expires_at = clock.now()
    db.session.commit()
    assert "not there any more" in dee.get(made).text
    assert dee.get(f"{made}/file").location == "/figures/register?since=2026-01-01&until=2030-12-31"
