"""What preflight finds in a house, and whom it tells. Berlin is UTC+1 in March until Sunday the 29th."""

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.desk import calendars, ladders, preflight
from helpdesk.desk.changes import By
from helpdesk.rules.access import Role
from helpdesk.rules.escalation import Step
from helpdesk.rules.preflight import Finding
from helpdesk.store import db
from helpdesk.store.channels import Channel
from helpdesk.store.letters import Letter
from helpdesk.store.organisation import get_organisation
from helpdesk.store.policies import PolicyVersion, find_calendar
from helpdesk.store.rosters import Absence, HolidayArrangement, Layer, Override, Roster
from helpdesk.store.teams import Member
from tests.conftest import MONDAY_9, House, a_roster, read_anew

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def roster(house: House) -> Roster:
    """Bo, Chen and Gil take weekly turns, Bo first; each has a channel. No clock changes in the time read."""
    house.gil = house.person("Gil", Role.AGENT)
    db.session.flush()
    db.session.add(Member(team_id=house.team.id, person_id=house.gil.id))
    people = [house.bo.id, house.chen.id, house.gil.id]
    for person in people:
        channel = Channel(person_id=person, name="chat", sealed_url="x", created_at=MONDAY_9)
        channel.verified_at = MONDAY_9
        db.session.add(channel)
    layer = Layer(position=0, name="weeks", people=people, every=1, unit="weeks")
    layer.starts_at = "2026-02-09T09:00"
    found = a_roster("First line", layer)
    db.session.add(found)
    db.session.flush()
    house.team.roster_id = found.id
    db.session.commit()
    return found


def find(*rosters: Roster, now: datetime = MONDAY_9, until: datetime = MONDAY_9 + 20 * DAY) -> list[Finding]:
    return preflight.find(rosters, now, until)


def codes(found: list[Finding]) -> list[str]:
    return [finding.code for finding in found]


def away(person_id: int, start: datetime, end: datetime) -> None:
    db.session.add(Absence(person_id=person_id, starts_at=start, ends_at=end))
    db.session.commit()


def everybody_away(house: House, start: datetime, end: datetime) -> None:
    for person in (house.bo, house.chen, house.gil):
        away(person.id, start, end)


def letters() -> list[Letter]:
    read_anew()
    return db.session.query(Letter).filter_by(kind="preflight").order_by(Letter.id).all()


def test_a_sound_roster_has_no_findings(house: House, roster: Roster) -> None:
    assert find(roster) == []


def test_a_gap_is_found_while_a_policy_that_pages_the_roster_is_open_and_only_then(
    house: House, roster: Roster
) -> None:
    saturday = MONDAY_9 + 5 * DAY
    everybody_away(house, saturday, saturday + DAY)
    [gap] = find(roster)
    assert (gap.code, gap.from_at, gap.to_at) == ("gap", saturday, saturday + DAY), "critical runs 24x7"
    # Critical in office hours too: on a Saturday nobody can be paged.
    office = get_organisation().calendar_id
    for version in db.session.query(PolicyVersion):
        critical = {
            name: {**target, "calendar_id": office} if isinstance(target, dict) else target
            for name, target in version.definition["critical"].items()
        }
        version.definition = {**version.definition, "critical": critical}
    get_organisation().revision = "another"
    db.session.commit()
    assert find(roster) == []
    everybody_away(house, MONDAY_9, MONDAY_9 + DAY)
    [gap] = find(roster)
    assert gap.params == {"times": 2, "seconds": 8 * 3600}, "but from 9 to 12 and from 13 to 18"


def test_a_roster_that_no_ladder_pages_has_no_gaps(house: House, roster: Roster) -> None:
    everybody_away(house, MONDAY_9 + DAY, MONDAY_9 + 2 * DAY)
    by = By(MONDAY_9, house.eli.id)
    for severity in ("critical", "major"):
        ladders.save_ladder(severity, "response", [Step("lead", minutes=0)], by)
    assert find(roster) == []
    other = a_roster("Network")
    db.session.add(other)
    db.session.commit()
    ladders.save_ladder("major", "response", [Step("on_call", minutes=0, roster_id=other.id)], by)
    first, *_rest = find(other)
    assert (first.code, first.roster) == ("gap", other.id), "a step names it"


def test_who_is_away_leaves_or_stands_in_though_away_is_found(house: House, roster: Roster) -> None:
    away(house.bo.id, MONDAY_9 + DAY, MONDAY_9 + 2 * DAY)
    cover = Override(roster_id=roster.id, person_id=house.eli.id, created_at=MONDAY_9)
    cover.starts_at, cover.ends_at = MONDAY_9 + 3 * DAY, MONDAY_9 + 4 * DAY
    db.session.add(cover)
    away(house.eli.id, MONDAY_9 + 3 * DAY, MONDAY_9 + 4 * DAY)
    house.gil.left_at = MONDAY_9
    db.session.commit()
    found = {f.code: f for f in find(roster)}
    assert found.keys() == {"absent", "absent_override", "no_channel", "left", "team_size"}
    assert found["absent"].people == (house.bo.id, house.chen.id)
    assert (found["left"].people, found["left"].from_at) == ((house.gil.id,), MONDAY_9 + 14 * DAY)
    assert found["no_channel"].people == (house.eli.id,)
    assert found["absent_override"].people == (house.eli.id,)


def test_a_pair_and_a_team_that_is_too_small_stand_with_the_first_roster(
    house: House, roster: Roster
) -> None:
    layer = Layer(position=0, name="always", people=[house.chen.id], every=1, unit="weeks")
    layer.starts_at = "2026-02-02T09:00"
    backup = a_roster("Backup", layer)
    db.session.add(backup)
    db.session.flush()
    house.team.backup_roster_id = backup.id
    db.session.query(Member).filter_by(person_id=house.gil.id).delete()
    db.session.commit()
    found = find(roster)
    assert set(codes(found)) == {"same_person", "team_size"}
    assert {f.roster for f in found} == {roster.id}
    assert codes(find(backup)) == ["too_long"]


def test_a_holiday_to_be_filled_is_found_from_its_first_day_on(house: House, roster: Roster) -> None:
    on = (MONDAY_9 + 10 * DAY).date()
    holiday = HolidayArrangement(roster_id=roster.id, name="Spring day", first_on=on, last_on=on, people=[])
    holiday.proposed_at = MONDAY_9
    db.session.add(holiday)
    db.session.commit()
    [found] = find(roster)
    assert (found.code, found.params) == ("holiday_unfilled", {"name": "Spring day"})
    assert found.from_at == datetime(2026, 3, 11, 23, 0, tzinfo=UTC)


def test_the_lead_hears_fourteen_seven_and_two_days_before_and_each_time_once(
    house: House, roster: Roster
) -> None:
    everybody_away(house, MONDAY_9 + 20 * DAY, MONDAY_9 + 21 * DAY)
    for day in (5, 6, 7, 12, 13, 14, 17, 18, 19, 20, 21):
        for _clock in range(2):
            preflight.write_letters(MONDAY_9 + day * DAY - HOUR)
    assert {letter.to_address for letter in letters()} == {"chen@example.org"}
    about = [letter for letter in letters() if "Nobody is on call" in letter.text]
    assert [letter.created_at for letter in about] == [MONDAY_9 + d * DAY - HOUR for d in (6, 13, 18)]


def test_what_is_found_late_is_told_at_once_even_when_it_has_begun(house: House, roster: Roster) -> None:
    everybody_away(house, MONDAY_9, MONDAY_9 + 3 * DAY)
    assert preflight.write_letters(MONDAY_9 + HOUR) == 1
    assert preflight.write_letters(MONDAY_9 + DAY) == 0
    assert "Nobody is on call from Mon 2 Mar, 09:00 to Thu 5 Mar, 09:00." in letters()[0].text


def test_who_hears_by_mail_only_is_not_told_again_before_each_turn(house: House, roster: Roster) -> None:
    db.session.query(Channel).filter_by(person_id=house.bo.id).delete()
    db.session.commit()
    written = [day for day in range(0, 30, 3) if preflight.write_letters(MONDAY_9 + day * DAY - HOUR)]
    assert written[0] == 0
    said = [letter for letter in letters() if "by mail" in letter.text]
    assert len(said) <= 3, "Bo has two turns in that time"


def test_where_no_lead_is_left_the_manager_hears(house: House, roster: Roster) -> None:
    house.chen.left_at = MONDAY_9 - DAY
    db.session.commit()
    preflight.write_letters(MONDAY_9)
    assert {letter.to_address for letter in letters()} == {"dee@example.org"}


NOVEMBER = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def test_next_years_holidays_are_missing_until_they_are_imported(house: House) -> None:
    office = find_calendar(get_organisation().calendar_id)
    missing = [f for f in preflight.find_of_calendars(NOVEMBER) if f.params["of"] == office.id]
    assert [(f.code, f.params["year"]) for f in missing] == [("holidays_missing", 2027)]
    assert preflight.find_of_calendars(MONDAY_9) == [], "not before October"
    week = calendars.state_of(office)["week"]
    dates = calendars.with_holidays(week, {}, calendars.public_holidays("DE", None, 2027, "en_US"))
    first = calendars.first_day(office, NOVEMBER)
    calendars.publish(office.id, week, dates, first, "Holidays 2027", By(NOVEMBER, house.eli.id))
    read_anew()
    assert preflight.find_of_calendars(NOVEMBER) == []


def test_administrators_hear_of_calendars_two_weeks_before_the_year_ends(house: House) -> None:
    assert preflight.write_letters(NOVEMBER) == 0
    assert preflight.write_letters(datetime(2026, 12, 20, 8, 0, tzinfo=UTC)) == 1
    [letter] = letters()
    assert letter.to_address == "eli@example.org"
    assert "are missing in Office hours" in letter.text


def test_days_worked_for_holidays_in_china_are_asked_for_until_they_are_published(house: House) -> None:
    week = {"mon": [["09:00", "18:00"]]}
    found = calendars.public_holidays("CN", None, 2026, "en_US")
    dates = calendars.with_holidays(week, {}, found)
    calendars.create("Shanghai", "Asia/Shanghai", week, dates, By(MONDAY_9, house.eli.id))
    db.session.commit()
    found_codes = {
        f.code for f in preflight.find_of_calendars(NOVEMBER) if f.params["calendar"] == "Shanghai"
    }
    published = calendars.public_holidays("CN", None, 2027, "en_US")
    assert ("make_up_days" in found_codes) == (not any(day.is_made_up for day in published))
    assert "holidays_missing" in found_codes
