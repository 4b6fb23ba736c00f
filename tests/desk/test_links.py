"""Links between tickets, and messages that become tickets of their own."""

from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask

from helpdesk.desk import closing, links, splitting, tickets
from helpdesk.desk.attachments import Upload
from helpdesk.desk.check import check
from helpdesk.desk.tickets import Report
from helpdesk.rules.lifecycle import Kind, NotAllowed
from helpdesk.rules.severity import Affected, Answers, Works
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.people import get_person
from helpdesk.store.ticket_links import TicketLink, list_links
from helpdesk.store.tickets import Ticket, list_entries
from tests.at_once import at_once
from tests.conftest import MONDAY_9, House, read_anew

TEN = MONDAY_9 + timedelta(hours=1)
ELEVEN = MONDAY_9 + timedelta(hours=2)


@pytest.fixture
def jam(house: House) -> Ticket:
    command = Report("Printer jams", "Paper everywhere", service_id=house.printing.id)
    return tickets.report(command, house.ana, now=MONDAY_9, door="web")


@pytest.fixture
def slow(house: House) -> Ticket:
    return tickets.report(Report("ERP is slow", ""), house.dee, now=MONDAY_9, door="web")


def seen(ticket: Ticket, house: House) -> list[tuple[str, str]]:
    return [(link.how, link.other.number) for link in list_links(ticket.id, house.bo.asker)]


def details(ticket: Ticket) -> list[dict[str, object]]:
    return [entry.detail for entry in list_entries(ticket.id) if entry.kind in ("linked", "unlinked")]


@pytest.mark.parametrize(
    ("how", "from_there"),
    [("relates_to", "relates_to"), ("caused_by", "causes"), ("duplicate_of", "has_duplicate")],
)
def test_a_link_is_seen_from_both_tickets(
    house: House, jam: Ticket, slow: Ticket, how: str, from_there: str
) -> None:
    links.link(slow.id, house.bo, jam.id, how, now=TEN)
    assert seen(slow, house) == [(how, jam.number)]
    assert seen(jam, house) == [(from_there, slow.number)]
    assert details(slow) == [{"how": how, "ticket": jam.id}]
    assert details(jam) == [{"how": from_there, "ticket": slow.id}]


def test_saying_it_again_from_either_side_changes_nothing(house: House, jam: Ticket, slow: Ticket) -> None:
    links.link(jam.id, house.bo, slow.id, now=TEN)
    links.link(slow.id, house.chen, jam.id, now=TEN)
    assert db.session.query(TicketLink).count() == 1
    assert len(details(jam)) == len(details(slow)) == 1


def test_a_link_is_taken_back_from_either_side(house: House, jam: Ticket, slow: Ticket) -> None:
    links.link(slow.id, house.bo, jam.id, now=TEN)
    assert links.unlink(jam.id, house.chen, slow.id, "relates_to", now=ELEVEN)
    assert seen(jam, house) == seen(slow, house) == []
    assert [entry.kind for entry in list_entries(slow.id)][-1] == "unlinked"
    assert not links.unlink(jam.id, house.chen, slow.id, "relates_to", now=ELEVEN)


def test_a_ticket_is_not_linked_with_itself(house: House, jam: Ticket) -> None:
    with pytest.raises(NotAllowed):
        links.link(jam.id, house.bo, jam.id, now=TEN)


def test_merging_links_the_duplicate_for_good(house: House, jam: Ticket, slow: Ticket) -> None:
    closing.merge(slow.id, house.bo, jam.id, now=TEN)
    assert seen(slow, house) == [("duplicate_of", jam.number)]
    with pytest.raises(NotAllowed):
        links.unlink(slow.id, house.bo, jam.id, "duplicate_of", now=ELEVEN)


def test_a_link_to_what_somebody_may_not_see_is_not_shown(house: House, jam: Ticket, slow: Ticket) -> None:
    links.link(jam.id, house.bo, slow.id, now=TEN)
    assert list_links(jam.id, house.ana.asker) == [], "Ana takes no part in the other"


def test_two_who_link_the_same_tickets_at_once_make_one_link(
    app: Flask, house: House, jam: Ticket, slow: Ticket
) -> None:
    bo, chen, one, other = house.bo.id, house.chen.id, jam.id, slow.id
    found = at_once(
        app,
        lambda: links.link(one, get_person(bo), other, now=TEN),
        lambda: links.link(other, get_person(chen), one, now=TEN),
    )
    assert list(found) == [None, None]
    read_anew()
    assert db.session.query(TicketLink).count() == 1


def test_a_message_becomes_a_ticket_of_whoever_wrote_it(house: House, jam: Ticket) -> None:
    picture = Upload("screen.png", BytesIO(b"\x89PNG\r\n\x1a\nxx"))
    message = tickets.reporter_reply(
        jam.id, house.ana, "And ERP is slow.", files=[picture], now=TEN, door="web"
    )
    answers = Answers(Works.MAIN_FUNCTION_FAILS, Affected.SEVERAL)
    new = splitting.split(
        jam.id, house.bo, message.id, "ERP is slow", service_id=house.erp.id, answers=answers, now=ELEVEN
    )
    read_anew()
    new = db.session.get_one(Ticket, new.id)
    assert (new.reporter_id, new.service_id, new.kind) == (house.ana.id, house.erp.id, Kind.FAULT)
    assert (new.subject, new.severity, new.is_triaged) == ("ERP is slow", "major", True)
    assert new.reported_at == TEN, "she has waited since she wrote"
    first = list_entries(new.id)[0]
    assert (first.body, first.actor_id) == ("And ERP is slow.", house.ana.id)
    assert [a.name for a in first.attachments] == ["screen.png"]
    kept = list_entries(jam.id)
    assert [entry.kind for entry in kept] == ["reported", "reporter_replied", "split"]
    assert kept[-1].detail == {"ticket": new.id, "entry": message.id}
    assert seen(new, house) == [("split_from", jam.number)]
    assert seen(jam, house) == [("split_into", new.number)]
    letter = db.session.query(Letter).filter_by(kind="split").one()
    assert letter.person_id == house.ana.id
    assert jam.number in letter.text
    assert [each for batch in check() for each in batch.differences] == []


def test_a_message_is_split_once_however_often_it_is_sent(house: House, jam: Ticket) -> None:
    message = tickets.note(jam.id, house.bo, "The scanner needs oil", now=TEN)
    one = splitting.split(jam.id, house.bo, message.id, "Scanner", now=ELEVEN)
    again = splitting.split(jam.id, house.bo, message.id, "Scanner", now=ELEVEN)
    assert one.id == again.id
    assert (one.reporter_id, one.service_id) == (house.bo.id, house.printing.id)
    assert db.session.query(Ticket).count() == 2


def test_an_answer_of_ours_and_the_report_itself_stay_where_they_are(house: House, jam: Ticket) -> None:
    answer = tickets.reply(jam.id, house.bo, "Try again", now=TEN)
    for entry_id in (list_entries(jam.id)[0].id, answer.id, 999):
        with pytest.raises(LookupError):
            splitting.split(jam.id, house.bo, entry_id, "x", now=ELEVEN)
