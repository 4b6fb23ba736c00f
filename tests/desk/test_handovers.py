"""Turns handed over and people reminded, exactly once. Berlin is UTC+1 in March."""

from datetime import datetime, timedelta

import pytest
from flask import Flask

from helpdesk.desk import handovers, tickets, waiting
from helpdesk.desk.changes import By
from helpdesk.desk.tickets import Report
from helpdesk.rules.severity import Affected, Works
from helpdesk.store import db
from helpdesk.store.db import transaction
from helpdesk.store.letters import Letter
from helpdesk.store.rosters import Handover, Layer, Override, Roster
from helpdesk.store.tickets import Ticket
from tests.at_once import at_once
from tests.conftest import MONDAY_9, House, a_roster, read_anew

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TUESDAY_9 = MONDAY_9 + DAY


class Killed(Exception):
    """The process dies before it commits."""


def sweep_and_die(now: datetime) -> None:
    with transaction():
        handovers.sweep(now)
        raise Killed


@pytest.fixture
def roster(house: House) -> Roster:
    """Bo and Chen take turns of a day, from 09:00 on, Bo on Monday."""
    layer = Layer(position=0, name="days", people=[house.bo.id, house.chen.id], every=1, unit="days")
    layer.starts_at = "2026-03-02T09:00"
    found = a_roster("First line", layer)
    db.session.add(found)
    db.session.flush()
    house.team.roster_id = found.id
    db.session.commit()
    handovers.sweep(MONDAY_9)
    return found


def critical(house: House) -> Ticket:
    command = Report("Down", "504", service_id=house.erp.id, works=Works.NOTHING, affected=Affected.EVERYONE)
    return tickets.report(command, house.ana, now=MONDAY_9, door="web")


def letters(kind: str) -> list[Letter]:
    read_anew()
    return db.session.query(Letter).filter_by(kind=kind).order_by(Letter.id).all()


def notes() -> list[Handover]:
    read_anew()
    return db.session.query(Handover).order_by(Handover.at).all()


def test_at_the_end_of_a_turn_the_next_person_gets_what_is_open_once(house: House, roster: Roster) -> None:
    urgent, later = critical(house), tickets.report(Report("Slow", ""), house.ana, now=MONDAY_9, door="web")
    tickets.accept(later.id, house.bo, now=MONDAY_9)
    wake_at = MONDAY_9 + 9 * DAY
    waiting.wait(later.id, house.bo, waiting_for="supplier", wake_at=wake_at, question="", now=MONDAY_9)
    assert handovers.sweep(TUESDAY_9 - timedelta(seconds=1)) == 1
    assert notes() == []
    assert handovers.sweep(TUESDAY_9) == 1
    assert handovers.sweep(TUESDAY_9) == 0
    [note] = notes()
    assert (note.at, note.from_person_id, note.to_person_id) == (TUESDAY_9, house.bo.id, house.chen.id)
    assert note.summary["critical"] == [urgent.id]
    assert note.summary["waiting"] == [later.id]
    [letter] = letters("handover")
    assert (letter.to_address, urgent.subject in letter.text) == ("chen@example.org", True)


def test_words_written_beforehand_go_along_and_the_next_one_says_they_read_them(
    house: House, roster: Roster
) -> None:
    handovers.write_words(roster.id, "Watch the printer", By(MONDAY_9 + HOUR, house.bo.id))
    handovers.write_words(roster.id, "Watch the printer, please", By(MONDAY_9 + 2 * HOUR, house.bo.id))
    handovers.sweep(TUESDAY_9)
    [note] = notes()
    assert note.words == "Watch the printer, please"
    assert "> Watch the printer, please" in letters("handover")[0].text
    handovers.see(note.id, By(TUESDAY_9 + HOUR, house.bo.id))
    assert notes()[0].seen_at is None, "only the next one has read it"
    handovers.see(note.id, By(TUESDAY_9 + HOUR, house.chen.id))
    assert notes()[0].seen_at == TUESDAY_9 + HOUR


def test_words_follow_the_turn_to_where_it_really_ends(house: House, roster: Roster) -> None:
    handovers.write_words(roster.id, "Half done", By(MONDAY_9 + HOUR, house.bo.id))
    cover = Override(roster_id=roster.id, person_id=house.eli.id, created_at=MONDAY_9)
    cover.starts_at, cover.ends_at = MONDAY_9 + 3 * HOUR, TUESDAY_9
    db.session.add(cover)
    db.session.commit()
    handovers.sweep(MONDAY_9 + 3 * HOUR)
    [note] = notes()
    assert (note.at, note.words, note.to_person_id) == (MONDAY_9 + 3 * HOUR, "Half done", house.eli.id)
    handovers.sweep(TUESDAY_9)
    assert [n.from_person_id for n in notes()] == [house.bo.id, house.eli.id]


def test_who_has_no_turn_writes_no_words(house: House, roster: Roster) -> None:
    with pytest.raises(LookupError):
        handovers.write_words(roster.id, "Mine", By(MONDAY_9, house.eli.id))


def test_several_clocks_and_one_that_is_killed_hand_over_once(
    app: Flask, house: House, roster: Roster
) -> None:
    with pytest.raises(Killed):
        sweep_and_die(TUESDAY_9)
    assert notes() == []
    at_once(app, *[lambda: handovers.sweep(TUESDAY_9)] * 3)
    assert len(notes()) == len(letters("handover")) == 1
    assert len(letters("turn_reminder")) == len({letter.key for letter in letters("turn_reminder")})


def test_people_are_reminded_a_day_before_their_turn_and_once(house: House, roster: Roster) -> None:
    assert [letter.to_address for letter in letters("turn_reminder")] == ["chen@example.org"]
    handovers.sweep(MONDAY_9 + HOUR)
    handovers.sweep(TUESDAY_9)
    assert [letter.to_address for letter in letters("turn_reminder")] == [
        "chen@example.org",
        "bo@example.org",
    ]


def test_where_no_hours_are_set_nobody_is_reminded(house: House, roster: Roster) -> None:
    roster.remind_hours = 0
    db.session.commit()
    handovers.sweep(TUESDAY_9)
    assert len(letters("turn_reminder")) == 1, "Chen's, from before"


def test_a_turn_that_ended_while_everything_was_down_is_handed_over_within_a_day(
    house: House, roster: Roster
) -> None:
    handovers.sweep(MONDAY_9 + 3 * DAY + 2 * HOUR)
    assert [note.at for note in notes()] == [MONDAY_9 + 3 * DAY]


def test_the_note_of_a_restricted_service_names_its_tickets_to_its_team_alone(
    house: House, roster: Roster
) -> None:
    urgent = critical(house)
    house.erp.is_restricted = True
    cover = Override(roster_id=roster.id, person_id=house.person("Gil", house.bo.asker.role).id)
    db.session.flush()
    gil = db.session.query(type(house.bo)).filter_by(name="Gil").one()
    cover.person_id, cover.created_at = gil.id, MONDAY_9
    cover.starts_at, cover.ends_at = MONDAY_9 + HOUR, MONDAY_9 + 2 * HOUR
    db.session.add(cover)
    db.session.commit()
    handovers.sweep(MONDAY_9 + HOUR)
    handovers.sweep(MONDAY_9 + 2 * HOUR)
    first, second = letters("handover")
    assert (first.to_address, second.to_address) == ("gil@example.org", "bo@example.org")
    assert urgent.subject not in first.text
    assert urgent.subject in second.text
    [note, _back] = notes()
    assert not handovers.may_read(house.ana.asker, note)
    assert handovers.tickets_of(note, gil.asker)["critical"] == []
