"""Instants at the ends of the calendar and characters that no database keeps are answered, not faults."""

from collections.abc import Callable

import pytest

from helpdesk.desk import tickets, tokens
from tests.conftest import Browser, House

ENDS = ("0001-01-01", "9999-12-31", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00")


@pytest.mark.parametrize("at", ENDS)
def test_the_ends_of_the_calendar_are_answered(house: House, browser: Callable[[], Browser], at: str) -> None:
    ticket = tickets.report(tickets.Report("Stuck", ""), house.ana, now=house.now, door="web")
    headers = {"Authorization": f"Bearer {tokens.add_token(house.bo.id, 'try', now=house.now)}"}
    eli = browser().known_as(house.eli)
    assert eli.get("/security", query_string={"since": at, "until": at}).status_code == 200
    listed = eli.get("/api/v1/tickets", query_string={"changed_since": at}, headers=headers)
    assert listed.status_code in (200, 422)
    behind = {"what": "open", "age": 1, "at": at}
    assert eli.get("/figures/work/tickets", query_string=behind).status_code in (200, 422)
    body = {"waiting_for": "supplier", "wake_at": at}
    waited = eli.post(f"/api/v1/tickets/{ticket.number}/wait", json=body, headers=headers)
    assert waited.status_code == 422


@pytest.mark.parametrize("path", ["/security?what=%00", "/letters?kind=%00", "/queue?q=a%00"])
def test_a_nul_in_an_address_is_refused(house: House, browser: Callable[[], Browser], path: str) -> None:
    assert browser().known_as(house.eli).get(path).status_code == 400
