"""Letters about maintenance: who gets which, exactly once, and what they say."""

import re
from datetime import timedelta

import pytest
from icalendar import Calendar

from helpdesk.desk import maintenance, window_notices
from helpdesk.desk.changes import By
from helpdesk.outbound.smtp import build
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.maintenance import Window, WindowNotice
from helpdesk.store.organisation import Department, get_organisation
from helpdesk.store.people import Person
from helpdesk.store.services import Audience, Service
from helpdesk.store.teams import Team
from tests.conftest import MONDAY_9, House, read_anew
from tests.outbound.test_letters import reads_as

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START, END = MONDAY_9 + 9 * DAY + 9 * HOUR, MONDAY_9 + 9 * DAY + 12 * HOUR


def by(person: Person, at: object = MONDAY_9) -> By:
    return By(at, person.id)  # type: ignore[arg-type]


def a_window(house: House, *services: Service, at: object = MONDAY_9) -> Window:
    values = {
        "service_ids": [service.id for service in services or (house.erp,)],
        "starts_at": START,
        "ends_at": END,
        "reason": "The new release",
        "effect": "down",
        "owner_id": house.bo.id,
        "rollback_plan": "",
    }
    window = maintenance.draft(values, by(house.chen, at))
    maintenance.approve(window.id, by(house.dee, at))
    return maintenance.announce(window.id, by(house.chen, at))


def write_all(at: object) -> None:
    while window_notices.write_due(at):  # type: ignore[arg-type]
        pass


def letters(kind: str) -> list[Letter]:
    read_anew()
    return db.session.query(Letter).filter_by(kind=kind).order_by(Letter.id).all()


def told(kind: str) -> list[str]:
    return sorted(letter.to_address.partition("@")[0] for letter in letters(kind))


def test_everybody_hears_of_an_announcement_exactly_once(house: House) -> None:
    a_window(house)
    write_all(MONDAY_9)
    write_all(MONDAY_9 + HOUR)
    assert told("window_announced") == ["ana", "bo", "chen", "dee", "eli", "fay"]


def test_reminders_come_a_week_a_day_and_an_hour_before(house: House) -> None:
    a_window(house)
    write_all(MONDAY_9)
    for before in (7 * DAY, DAY, HOUR):
        write_all(START - before - timedelta(seconds=1))
        was = len(letters("window_before"))
        write_all(START - before)
        assert len(letters("window_before")) == was + 6


def test_the_organisation_says_how_long_before(house: House) -> None:
    get_organisation().options = {"window_notice_minutes": [30]}
    db.session.commit()
    a_window(house)
    kept = db.session.query(WindowNotice).filter_by(kind="before").all()
    assert [each.due_at for each in kept] == [START - timedelta(minutes=30)]


def test_a_service_of_some_departments_concerns_those_below_them_its_team_and_who_asked(house: House) -> None:
    above = Department(name="Finance")
    db.session.add(above)
    db.session.flush()
    below = Department(name="Payroll", parent_id=above.id)
    db.session.add(below)
    db.session.flush()
    house.ana.department_id = below.id
    db.session.add(Audience(service_id=house.erp.id, department_id=above.id))
    db.session.commit()
    window = a_window(house)
    window_notices.follow(window.id, house.fay.id, MONDAY_9)
    write_all(MONDAY_9)
    assert told("window_announced") == ["ana", "bo", "chen", "dee", "fay"]  # Dee manages the team


def test_only_its_team_hears_of_a_restricted_service(house: House) -> None:
    house.printing.is_restricted = True
    house.printing.team_id = _team_of(house, house.eli).id
    db.session.commit()
    a_window(house, house.erp, house.printing)
    write_all(MONDAY_9)
    assert len(letters("window_announced")) == 6
    for letter in letters("window_announced"):
        said = letter.subject + letter.text + letter.html + letter.ics
        assert ("Printing" in said) == (letter.to_address == "eli@example.org")


def _team_of(house: House, person: Person) -> Team:
    team = Team(name="Print room", manager_id=person.id)
    db.session.add(team)
    db.session.flush()
    return team


def test_who_has_left_hears_nothing_and_who_wants_fewer_letters_not_of_start_and_end(house: House) -> None:
    house.fay.left_at = MONDAY_9
    house.ana.mail_mode, house.bo.mail_mode = "milestones", "digest"
    db.session.commit()
    window = a_window(house)
    write_all(MONDAY_9)
    assert told("window_announced") == ["ana", "bo", "chen", "dee", "eli"]
    maintenance.sweep(START)
    write_all(START)
    assert told("window_started") == ["chen", "dee", "eli"]
    maintenance.extend(window.id, END + HOUR, by(house.bo, START + HOUR))
    write_all(START + HOUR)
    assert told("window_extended") == ["ana", "bo", "chen", "dee", "eli"]
    maintenance.sweep(END + HOUR)
    write_all(END + HOUR)
    assert told("window_finished") == ["chen", "dee", "eli"]


def test_a_later_step_tells_what_an_earlier_one_has_not(house: House) -> None:
    window = a_window(house)
    maintenance.move(window.id, START + DAY, END + DAY, by(house.chen, MONDAY_9 + HOUR))
    write_all(MONDAY_9 + HOUR)
    assert told("window_announced") == []
    assert len(told("window_moved")) == 6
    pending = db.session.query(WindowNotice).filter_by(kind="before", done_at=None).all()
    assert min(each.due_at for each in pending) == START + DAY - 7 * DAY


def test_after_an_outage_nobody_is_reminded_of_what_is_over(house: House) -> None:
    a_window(house)
    write_all(MONDAY_9)
    maintenance.sweep(END + 2 * DAY)
    write_all(END + 2 * DAY)
    assert {letter.kind for letter in db.session.query(Letter)} == {"window_announced"}
    assert db.session.query(WindowNotice).filter_by(done_at=None).count() == 0


@pytest.fixture
def crowd(house: House) -> House:
    for number in range(120):
        house.person(f"P{number}", Role.REPORTER)
    db.session.commit()
    return house


def test_a_batch_waits_until_the_one_before_it_has_left(crowd: House) -> None:
    a_window(crowd)
    assert window_notices.write_due(MONDAY_9)
    db.session.query(Letter).update({"state": "waiting"})
    db.session.commit()
    assert not window_notices.write_due(MONDAY_9)
    assert len(letters("window_announced")) == window_notices.BATCH
    db.session.query(Letter).update({"next_try_at": MONDAY_9 + HOUR})  # put off by their servers
    db.session.commit()
    write_all(MONDAY_9)
    assert len(set(told("window_announced"))) == len(told("window_announced")) == 126


def test_killed_in_a_batch_everybody_still_gets_exactly_one(
    crowd: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_window(crowd)
    posted = window_notices.letters.post

    def dies(letter: Letter) -> None:
        if letter.to_address.startswith("p40"):
            raise KeyboardInterrupt
        posted(letter)

    monkeypatch.setattr(window_notices.letters, "post", dies)
    with pytest.raises(KeyboardInterrupt):
        window_notices.write_due(MONDAY_9)
    assert letters("window_announced") == []
    monkeypatch.undo()
    write_all(MONDAY_9)
    assert len(set(told("window_announced"))) == len(told("window_announced")) == 126


def test_one_who_writes_the_same_batch_again_writes_nothing(house: House) -> None:
    a_window(house)
    due = db.session.query(WindowNotice).filter_by(kind="announced").one()
    drafted = window_notices._Round(due, MONDAY_9).compose(0)[0]
    write_all(MONDAY_9)
    assert {letter.key for letter in drafted} == {letter.key for letter in letters("window_announced")}
    assert not window_notices.advance_round(due.id, 0, 99, None)


def test_a_calendar_takes_the_event_its_change_and_its_end(house: House) -> None:
    window = a_window(house)
    write_all(MONDAY_9)
    maintenance.move(window.id, START + DAY, END + DAY, by(house.chen, MONDAY_9 + HOUR))
    write_all(MONDAY_9 + HOUR)
    maintenance.cancel(window.id, by(house.chen, MONDAY_9 + 2 * HOUR))
    write_all(MONDAY_9 + 2 * HOUR)
    found = []
    for kind in ("window_announced", "window_moved", "window_cancelled"):
        attached = [
            part for part in build(letters(kind)[0]).walk() if part.get_content_type() == "text/calendar"
        ]
        calendar = Calendar.from_ical(attached[0].get_content())
        event = calendar.walk("VEVENT")[0]
        assert attached[0]["Content-Type"].params["method"] == calendar["METHOD"]
        found.append((calendar["METHOD"], str(event["UID"]), event["SEQUENCE"], event.decoded("DTSTART")))
    methods, uids, sequences, starts = zip(*found, strict=True)
    assert methods == ("PUBLISH", "PUBLISH", "CANCEL")
    assert set(uids) == {f"window-{window.id}@example.org"}
    assert list(sequences) == sorted(set(sequences))
    assert starts == (START, START + DAY, START + DAY)


def test_letters_about_maintenance_are_read(house: House) -> None:
    house.ana.password_hash = "x"
    house.ana.locale = house.ana.zone = None
    get_organisation().hotline = "030 1234"
    db.session.commit()
    window = a_window(house)
    write_all(MONDAY_9)
    write_all(START - DAY)
    maintenance.move(window.id, START + HOUR, END + HOUR, by(house.chen, START - HOUR), "The release is late")
    write_all(START - HOUR)
    maintenance.sweep(START + HOUR)
    write_all(START + HOUR)
    maintenance.extend(window.id, END + 2 * HOUR, by(house.bo, END), "It takes longer to copy")
    write_all(END)
    maintenance.finish(window.id, by(house.bo, END + HOUR))
    write_all(END + HOUR)
    other = a_window(house, at=MONDAY_9 + HOUR)
    maintenance.cancel(other.id, by(house.chen, MONDAY_9 + 2 * HOUR), "The supplier is ill")
    write_all(MONDAY_9 + 2 * HOUR)
    for kind in ("announced", "before", "moved", "started", "extended", "finished", "cancelled"):
        reads_as(
            f"window_{kind}", next(each for each in letters(f"window_{kind}") if "ana@" in each.to_address)
        )
    started = letters("window_started")
    assert [bool(re.search("call 030", each.text)) for each in started[:2]] == [False, True]  # Ana, Bo


def test_a_letter_is_in_its_readers_language_and_zone(house: House) -> None:
    house.ana.locale, house.ana.zone = "zh_Hans", "Asia/Shanghai"
    db.session.commit()
    a_window(house)
    write_all(MONDAY_9)
    letter = next(each for each in letters("window_announced") if "ana@" in each.to_address)
    assert letter.locale == "zh_Hans"
    assert "3月12日 周四 01:00" in letter.text
