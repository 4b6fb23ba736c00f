"""Notices become letters: one a minute for each way, each notice in exactly one, nothing dropped."""

import threading
from datetime import datetime, timedelta

from flask import Flask

from helpdesk.desk import tickets
from helpdesk.desk.tickets import Report
from helpdesk.desk.timeline import record
from helpdesk.outbound.notices import gather
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.channels import Channel
from helpdesk.store.db import transaction
from helpdesk.store.escalations import Alarm
from helpdesk.store.letters import Letter
from helpdesk.store.notices import Notice, find_next_notice_due, insert_notices
from helpdesk.store.people import Person
from helpdesk.store.teams import Member
from helpdesk.store.tickets import Ticket
from tests.conftest import MONDAY_9, House, read_anew
from tests.outbound.test_letters import reads_as

SECOND = timedelta(seconds=1)


def reported(house: House, subject: str, works: Works = Works.NOTHING) -> Ticket:
    command = Report(subject, "504", service_id=house.erp.id, works=works, affected=Affected.SEVERAL)
    ticket = tickets.report(command, house.ana, now=MONDAY_9, door="web")
    db.session.query(Alarm).update({"state": "cancelled"})  # what the ladder would ring is not asked here
    db.session.commit()
    return ticket


def told(
    ticket: Ticket,
    person: Person | None,
    at: datetime,
    *,
    channel: Channel | None = None,
    kind: str = "escalated",
    target: str = "response",
) -> None:
    """An alarm for the response has rung for that person."""
    with transaction():
        alarm = Alarm(
            ticket_id=ticket.id, kind="step", key=f"told:{db.session.query(Alarm).count()}", due_at=at
        )
        db.session.add(alarm)
        db.session.flush()
        detail = {
            "alarm": alarm.id,
            "about": "step",
            "target": target,
            "cycle": 1,
            "to": "on_call",
            "people": [person.id] if person else [],
            "passed_over": [{"to": "on_call", "why": "nobody"}] if kind == "uncovered" else [],
            "late_seconds": 0,
        }
        entry = record(ticket, "escalated", now=at, door="clock", detail=detail)
        row = {"kind": kind, "alarm_id": alarm.id, "entry_id": entry.id, "ticket_id": ticket.id}
        row |= {"person_id": person.id if person else None, "channel_id": channel.id if channel else None}
        insert_notices([{**row, "created_at": at}])


def letters() -> list[Letter]:
    db.session.rollback()
    kinds = ("escalated", "escalated_many", "uncovered")
    return db.session.query(Letter).filter(Letter.kind.in_(kinds)).order_by(Letter.id).all()


def notices_by_letter() -> list[list[int]]:
    db.session.rollback()
    found: dict[int | None, list[int]] = {}
    for notice in db.session.query(Notice).order_by(Notice.id):
        found.setdefault(notice.letter_id, []).append(notice.id)
    assert None not in found
    return list(found.values())


def channel_of(person: Person | None, **given: int) -> Channel:
    found = Channel(
        person_id=person.id if person else None,
        name="My phone",
        sealed_url="",
        created_at=MONDAY_9,
        verified_at=MONDAY_9,
        **given,
    )
    db.session.add(found)
    db.session.commit()
    return found


def test_one_notice_is_one_letter_at_once(house: House) -> None:
    told(reported(house, "Down"), house.bo, MONDAY_9)
    assert find_next_notice_due(MONDAY_9) == MONDAY_9
    assert gather(MONDAY_9) == 1
    assert gather(MONDAY_9) == 0
    (letter,) = letters()
    assert (letter.kind, letter.to_address, letter.subject) == (
        "escalated",
        "bo@example.org",
        "[HD-1] Major: Down",
    )
    assert find_next_notice_due(MONDAY_9) is None


def test_what_comes_within_a_minute_waits_and_stands_in_one_letter(house: House) -> None:
    first, second = reported(house, "Down"), reported(house, "Slow", Works.SMALL_FAULT)
    told(second, house.bo, MONDAY_9)
    gather(MONDAY_9)
    told(first, house.bo, MONDAY_9 + 10 * SECOND)
    told(second, house.bo, MONDAY_9 + 20 * SECOND)
    assert gather(MONDAY_9 + 20 * SECOND) == 0
    assert find_next_notice_due(MONDAY_9 + 20 * SECOND) == MONDAY_9 + 60 * SECOND
    assert gather(MONDAY_9 + 59 * SECOND) == 0
    assert gather(MONDAY_9 + 60 * SECOND) == 1
    assert notices_by_letter() == [[1], [2, 3]]
    reads_as("escalated_many", letters()[1])
    assert letters()[1].html.count("<a ") == 2


def test_each_person_and_each_channel_has_its_own_minute(house: House) -> None:
    ticket, phone = reported(house, "Down"), channel_of(house.bo)
    team = channel_of(None, team_id=house.team.id)
    told(ticket, house.bo, MONDAY_9)
    gather(MONDAY_9)
    told(ticket, house.chen, MONDAY_9 + SECOND)
    told(ticket, house.bo, MONDAY_9 + SECOND, channel=phone)
    told(ticket, None, MONDAY_9 + SECOND, channel=team)
    assert gather(MONDAY_9 + SECOND) == 3
    ways = {(x.person_id, x.channel_id) for x in letters()[1:]}
    assert ways == {(house.chen.id, None), (house.bo.id, phone.id), (None, team.id)}


def test_a_message_says_all_that_a_phone_outside_needs(house: House) -> None:
    told(reported(house, "Down"), house.bo, MONDAY_9, channel=channel_of(house.bo))
    gather(MONDAY_9)
    reads_as("chat_escalated", letters()[0])
    assert (letters()[0].html, letters()[0].state) == ("", "waiting")


def test_a_teams_message_is_in_the_organisations_language_and_lets_nobody_in(house: House) -> None:
    team = channel_of(None, team_id=house.team.id)
    told(reported(house, "Down"), None, MONDAY_9, channel=team)
    told(reported(house, "Slow", Works.SMALL_FAULT), None, MONDAY_9, channel=team)
    gather(MONDAY_9)
    reads_as("chat_escalated_many", letters()[0])
    assert "/alarm/" not in letters()[0].text


def test_a_message_is_in_its_readers_language_and_zone(house: House) -> None:
    house.bo.locale, house.bo.zone = "zh_Hans", "Asia/Shanghai"
    db.session.commit()
    told(reported(house, "Down"), house.bo, MONDAY_9)
    gather(MONDAY_9)
    assert letters()[0].locale == "zh_Hans"
    assert "3月2日" in letters()[0].text


def test_that_nobody_was_there_stands_in_the_same_letter(house: House) -> None:
    ticket = reported(house, "Down")
    told(ticket, house.chen, MONDAY_9)
    told(ticket, house.chen, MONDAY_9, kind="uncovered")
    assert gather(MONDAY_9) == 1
    reads_as("escalated_and_uncovered", letters()[0])
    told(ticket, house.dee, MONDAY_9, kind="uncovered")
    gather(MONDAY_9)
    assert letters()[1].kind == "uncovered"
    assert "Nobody is on call." in letters()[1].text


def test_whoever_left_meanwhile_is_a_letter_given_up_and_not_one_dropped(house: House) -> None:
    told(reported(house, "Down"), house.bo, MONDAY_9)
    house.bo.left_at = MONDAY_9
    db.session.commit()
    assert gather(MONDAY_9) == 1
    assert letters()[0].to_address == ""


def test_the_link_says_what_its_reader_may_do(house: House) -> None:
    ticket = reported(house, "Down")
    for person in (house.bo, house.dee, house.fay):
        told(ticket, person, MONDAY_9)
    gather(MONDAY_9)
    said = {x.to_address[:3]: ("/alarm/" in x.text, "Accept this ticket" in x.text) for x in letters()}
    assert said == {"bo@": (True, True), "dee": (True, False), "fay": (False, False)}


def test_two_workers_at_once_never_write_a_notice_twice(app: Flask, house: House) -> None:
    ticket = reported(house, "Down")
    for n in range(40):
        told(ticket, (house.bo, house.chen, house.dee, house.eli)[n % 4], MONDAY_9)
    written: list[int] = []

    def work() -> None:
        with app.app_context():
            written.append(gather(MONDAY_9))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(written) == 4
    assert sorted(len(each) for each in notices_by_letter()) == [10, 10, 10, 10]


def test_several_matters_of_one_ticket_stand_in_one_item(house: House) -> None:
    ticket = reported(house, "Down")
    told(ticket, house.bo, MONDAY_9)
    told(ticket, house.bo, MONDAY_9, target="resolution")
    gather(MONDAY_9)
    reads_as("escalated_many_of_one", letters()[0])


def test_a_storm_stands_in_one_letter_that_lists_all(house: House) -> None:
    for n in range(60):
        told(reported(house, f"Down {n}"), house.bo, MONDAY_9)
    assert gather(MONDAY_9) == 1
    assert letters()[0].subject == "60 alarms: [HD-1] Major: Down 0"
    assert all(f"Down {n}\n" in letters()[0].text for n in range(60))
    assert len(notices_by_letter()) == 1


def test_who_is_told_the_same_twice_at_once_reads_it_once(house: House) -> None:
    ticket = reported(house, "Down")
    told(ticket, house.bo, MONDAY_9)
    told(ticket, house.bo, MONDAY_9)
    assert gather(MONDAY_9) == 1
    assert letters()[0].kind == "escalated"
    assert letters()[0].text.count("has no answer yet") == 1
    assert notices_by_letter() == [[1, 2]]


def test_who_may_no_longer_read_a_ticket_hears_that_it_rang_and_nothing_of_it(house: House) -> None:
    house.erp.is_restricted = True
    db.session.commit()
    ticket, other = reported(house, "Salaries"), reported(house, "Pensions")
    told(ticket, house.bo, MONDAY_9)
    told(ticket, house.dee, MONDAY_9)
    db.session.query(Member).filter_by(person_id=house.bo.id).delete()
    db.session.commit()
    read_anew()
    assert gather(MONDAY_9) == 2
    bos, dees = sorted(letters(), key=lambda letter: letter.to_address)
    assert (bos.subject, bos.ticket_id) == ("[HD-1] Major: …", None)
    written = bos.text + bos.html
    assert "HD-1 has no answer yet." in written
    assert not [word for word in ("Salaries", "504", "/alarm/") if word in written]
    assert (dees.subject, dees.ticket_id) == ("[HD-1] Major: Salaries", ticket.id)
    told(ticket, house.bo, MONDAY_9 + 60 * SECOND)
    told(other, house.bo, MONDAY_9 + 60 * SECOND)
    assert gather(MONDAY_9 + 60 * SECOND) == 1
    assert "Pensions" not in letters()[-1].text
