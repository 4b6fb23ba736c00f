"""The demonstration's mail, through the real intake: each kind of thing that a mail page shows is there."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from helpdesk.cli.seed import _receive
from helpdesk.desk import example, example_mail
from helpdesk.store import db
from helpdesk.store.db import transaction
from helpdesk.store.letters import Letter
from helpdesk.store.mail import RawMail
from helpdesk.store.people import Address, Person
from helpdesk.store.tickets import Attachment, Entry
from helpdesk.web import mail_words

NOW = datetime(2026, 3, 11, 13, 30, tzinfo=UTC)  # a Wednesday


@pytest.fixture
def shown(app: Flask) -> None:
    """The example organisation with two reporters, and what came by mail lately."""
    example.install(NOW - timedelta(days=183), NOW)
    with transaction():
        for number in (1, 2):
            person = Person(name=f"Reporter {number}", role="reporter", created_at=NOW)
            person.addresses.append(Address(email=f"reporter{number}@example.org", is_primary=True))
            db.session.add(person)
    example_mail.happen(NOW, "desk@example.org", _receive)


def entries(kind: str) -> list[Entry]:
    return db.session.query(Entry).filter_by(kind=kind, door="mail").order_by(Entry.id).all()


def test_the_demonstration_has_mail_of_every_outcome(shown: None) -> None:
    assert {raw.outcome for raw in db.session.query(RawMail)} == {
        "created",
        "entry",
        "filed",
        "duplicate",
        "quarantined",
    }
    assert {raw.authentication for raw in db.session.query(RawMail)} >= {"pass", "fail", "none"}
    assert all(raw.cause.partition(":")[0] in {"", *mail_words.CAUSES} for raw in db.session.query(RawMail))


def test_the_demonstration_shows_what_mail_brings(shown: None) -> None:
    roles = {a.role for a in db.session.query(Attachment)}
    assert {"file", "inline", "formatted"} <= roles
    assert any(entry.detail.get("events") for entry in entries("reporter_replied"))
    assert any(entry.detail.get("quoted") for entry in entries("reported"))
    assert any(entry.detail.get("from") == example_mail.HOME for entry in entries("reported"))
    assert entries("reporter_replied")[-1].detail["cause"] == "only_thanks"


def test_the_demonstration_is_told_in_the_order_in_which_it_happened(shown: None) -> None:
    received = [raw.received_at for raw in db.session.query(RawMail).order_by(RawMail.id)]
    assert received == sorted(received)


def test_the_demonstration_has_a_letter_that_came_back(shown: None) -> None:
    letter = db.session.query(Letter).filter_by(state="bounced").one()
    assert "5.1.1" in letter.report
    assert (
        db.session.query(Address).filter(Address.failing_since.is_not(None)).one().email == letter.to_address
    )
