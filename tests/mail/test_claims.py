"""Who understands which mail: a few at a time, so that no claim runs out before its turn comes."""

from datetime import timedelta

from helpdesk.desk import mail
from helpdesk.intake import receive
from helpdesk.store import db
from helpdesk.store.mail import RawMail
from tests.conftest import MONDAY_9, House


def store(count: int) -> None:
    for number in range(count):
        content = f"From: p{number}@example.org\r\nMessage-ID: <{number}@example.org>\r\n\r\nIt jams.\r\n"
        receive.store_raw(content.encode(), "smtp", "", [], MONDAY_9)


def test_no_more_are_claimed_than_asked_for(house: House) -> None:
    store(25)
    assert [len(mail.claim(MONDAY_9, 10)) for _ in range(4)] == [10, 10, 5, 0]
    db.session.rollback()
    assert {raw.attempts for raw in db.session.query(RawMail)} == {1}


def test_what_was_tried_before_comes_alone(house: House) -> None:
    store(3)
    first = mail.claim(MONDAY_9, 10)
    later = MONDAY_9 + timedelta(minutes=2)
    assert [mail.claim(later, 10) for _ in range(4)] == [[first[0]], [first[1]], [first[2]], []]


def test_no_more_are_understood_than_asked_for(house: House) -> None:
    store(7)
    assert receive.parse_waiting(MONDAY_9, 4) == 4
    db.session.rollback()
    assert db.session.query(RawMail).filter_by(state="waiting").count() == 3
