"""Links and splitting through the API: the same verbs and rights as on the pages."""

from collections.abc import Callable

import pytest

from helpdesk import clock
from helpdesk.desk import tickets
from helpdesk.desk.tickets import Report
from helpdesk.store import db
from helpdesk.store.ticket_links import TicketLink
from helpdesk.store.tickets import Ticket
from tests.conftest import House, read_anew
from tests.doors.test_api import DONE, PEOPLE, WORKERS, Program, program, ticket

__all__ = ["program", "ticket"]  # fixtures


@pytest.mark.parametrize("name", PEOPLE)
def test_who_works_at_the_desk_links_splits_and_takes_back(
    house: House, program: Callable[[str], Program], ticket: Ticket, name: str
) -> None:
    other = tickets.report(Report("The switch", ""), house.ana, now=clock.now(), door="web")
    message = tickets.reporter_reply(ticket.id, house.ana, "The scanner, too", now=clock.now(), door="web")
    one, path = program(name), f"/tickets/{ticket.number}"
    assert one.post(f"{path}/link", number=other.number, how="caused_by").status_code == WORKERS[name]
    assert db.session.query(TicketLink).count() == (WORKERS[name] == DONE)
    undo = {"number": ticket.number, "how": "caused_by", "is_ours": False}
    assert one.post(f"/tickets/{other.number}/unlink", **undo).status_code == WORKERS[name]
    read_anew()
    assert db.session.query(TicketLink).count() == 0
    split = one.post(f"{path}/split", entry_id=message.id, subject="Scanner")
    assert split.status_code == WORKERS[name]
    if WORKERS[name] == DONE:
        assert split.json["subject"] == "Scanner"
        again = one.post(f"{path}/split", entry_id=message.id, subject="Scanner")
        assert again.json["number"] == split.json["number"]
        assert one.post(f"{path}/split", entry_id=999, subject="Scanner").status_code == 404
