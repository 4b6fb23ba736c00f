"""What mail servers report of letters."""

import pytest

from helpdesk.desk import letters as desk
from helpdesk.desk import tickets
from helpdesk.desk.tickets import Report
from helpdesk.rules.reports import DeliveryReport
from helpdesk.store import db
from helpdesk.store.db import transaction
from helpdesk.store.letters import Letter
from helpdesk.store.people import Address
from tests.conftest import MONDAY_9, House


@pytest.fixture
def letter(house: House) -> Letter:
    """One that left for Ana."""
    tickets.report(Report("Printer", "jam"), house.ana, now=MONDAY_9, door="web")
    found = db.session.query(Letter).one()
    found.state = "sent"
    db.session.commit()
    return found


def reported(letter: Letter, kind: str, status: str, words: str = "") -> tuple[str, str, bool]:
    """The letter's state, what it says of the report, and whether its address is marked."""
    with transaction():
        desk.take_report(letter, DeliveryReport(kind, status, letter.to_address, words), MONDAY_9)
    found = db.session.query(Address).filter_by(email="ana@example.org").one()
    assert (found.failing_since is not None) == bool(found.fault)
    return letter.state, letter.report, bool(found.fault)


def test_what_failed_for_good_has_bounced_and_marks_the_address(letter: Letter) -> None:
    assert reported(letter, "failed", "5.1.1", "no such user") == ("bounced", "5.1.1 no such user", True)


def test_what_failed_after_long_tries_has_bounced_and_marks_nobody(letter: Letter) -> None:
    assert reported(letter, "failed", "4.4.7", "expired") == ("bounced", "4.4.7 expired", False)


def test_what_is_late_is_on_its_way(letter: Letter) -> None:
    assert reported(letter, "delayed", "4.2.0", "greylisted") == ("sent", "4.2.0 greylisted", False)


def test_what_arrived_after_all_clears_the_mark(letter: Letter) -> None:
    assert reported(letter, "failed", "5.2.2", "mailbox full") == ("bounced", "5.2.2 mailbox full", True)
    assert reported(letter, "delivered", "2.0.0") == ("sent", "2.0.0", False)


def test_a_delay_that_comes_late_is_no_news(letter: Letter) -> None:
    reported(letter, "failed", "5.1.1", "no such user")
    assert reported(letter, "delayed", "4.2.0") == ("bounced", "5.1.1 no such user", True)
