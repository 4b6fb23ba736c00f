"""The default ladders over simulated nights and days, with literal instants; Berlin is UTC+1 in March."""

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.desk import closing, escalations, tickets, triage, waiting
from helpdesk.desk.tickets import Report
from helpdesk.rules.severity import Affected, Answers, Works
from helpdesk.store import db
from helpdesk.store.escalations import Alarm, find_next_due
from helpdesk.store.notices import Notice
from helpdesk.store.people import Person
from helpdesk.store.rosters import Absence, Layer, Override, Roster
from helpdesk.store.teams import Member
from helpdesk.store.tickets import Entry, Ticket
from tests.conftest import MONDAY_9, House, a_roster

NIGHT = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)  # Monday 23:00 in Berlin
DAY = timedelta(days=1)


def roster(name: str, *people: Person) -> Roster:
    found = a_roster(
        name,
        Layer(
            position=0,
            name="days",
            people=[p.id for p in people],
            starts_at="2026-01-05T09:00",
            every=1,
            unit="weeks",
        ),
    )
    db.session.add(found)
    db.session.flush()
    return found


@pytest.fixture
def rostered(house: House) -> House:
    """Bo is on call, Gil is the backup; Chen leads and Dee manages."""
    house.gil = house.person("Gil", house.bo.role)
    db.session.flush()
    db.session.add(Member(team_id=house.team.id, person_id=house.gil.id))
    house.team.roster_id = roster("On call", house.bo).id
    house.team.backup_roster_id = roster("Backup", house.gil).id
    db.session.commit()
    return house


def report(house: House, severity: str, at: datetime, **changes: object) -> Ticket:
    answers = {
        "critical": (Works.NOTHING, Affected.EVERYONE),
        "major": (Works.NOTHING, Affected.SEVERAL),
        "minor": (Works.SMALL_FAULT, Affected.ME),
    }[severity]
    command = Report(
        "Nobody can post", "It says 504", service_id=house.erp.id, works=answers[0], affected=answers[1]
    )
    ticket = tickets.report(command, house.ana, now=at, door="web", **changes)
    assert ticket.severity == severity
    return ticket


def ring_until(end: datetime) -> None:
    """Rings whatever is due, each alarm at its own instant, as the clock would."""
    while (due_at := find_next_due(end)) is not None and due_at <= end:
        while escalations.ring(due_at).tickets:
            pass


def told(ticket: Ticket) -> list[tuple[str, str, list[str]]]:
    """(Berlin time, as what, whom) of each ring but those that watch for silence."""
    names = {p.id: p.name for p in db.session.query(Person)}
    found = db.session.query(Entry).filter_by(ticket_id=ticket.id, kind="escalated").order_by(Entry.id)
    return [
        (f"{e.at + timedelta(hours=1):%a %H:%M}", e.detail["to"], [names[i] for i in e.detail["people"]])
        for e in found
        if e.detail["about"] not in ("silent", "news")
    ]


def test_a_critical_ticket_nobody_answers_at_night_climbs_to_the_manager(rostered: House) -> None:
    ticket = report(rostered, "critical", NIGHT)
    ring_until(NIGHT + timedelta(minutes=61))
    bo, gil, chen, dee = ["Bo"], ["Gil"], ["Chen"], ["Dee"]
    pages = [(f"Mon 23:{m:02}", "on_call", bo) for m in range(0, 60, 5)] + [("Tue 00:00", "on_call", bo)]
    climbs = [
        ("Mon 23:15", "backup", gil),
        ("Mon 23:30", "lead", chen),
        ("Mon 23:45", "manager", dee),
        ("Tue 00:00", "manager", dee),
    ]
    assert sorted(told(ticket)) == sorted(pages + climbs)
    assert db.session.query(Notice).filter_by(kind="escalated").count() == len(pages + climbs)


def test_accepting_stops_the_paging(rostered: House) -> None:
    ticket = report(rostered, "critical", NIGHT)
    ring_until(NIGHT + timedelta(minutes=7))
    tickets.accept(ticket.id, rostered.bo, now=NIGHT + timedelta(minutes=8))
    ring_until(NIGHT + timedelta(minutes=90))
    assert told(ticket) == [("Mon 23:00", "on_call", ["Bo"]), ("Mon 23:05", "on_call", ["Bo"])]


def test_an_office_hours_ladder_pages_nobody_at_night(rostered: House) -> None:
    ticket = report(rostered, "major", NIGHT)
    ring_until(NIGHT + DAY)
    assert [t for t in told(ticket) if t[1] != "assignee"] == [
        ("Tue 09:00", "team", ["Bo", "Chen", "Gil"]),
        ("Tue 09:00", "on_call", ["Bo"]),
        ("Tue 10:00", "on_call", ["Bo"]),
        ("Tue 10:30", "backup", ["Gil"]),
        ("Tue 10:30", "lead", ["Chen"]),
        ("Tue 11:00", "manager", ["Dee"]),
        # Half of the eight hours to solve it: nobody has it, so whoever is on call hears of it.
        ("Tue 14:00", "on_call", ["Bo"]),
        ("Tue 16:24", "lead", ["Chen"]),
    ]


def test_a_minor_ticket_tells_the_team_whoever_has_it_and_the_lead(rostered: House) -> None:
    ticket = report(rostered, "minor", MONDAY_9)
    triage.assign(ticket.id, rostered.chen, rostered.gil.id, now=MONDAY_9)
    ring_until(MONDAY_9 + timedelta(hours=5))
    assert told(ticket) == [
        ("Mon 09:00", "team", ["Bo", "Chen", "Gil"]),
        ("Mon 11:00", "assignee", ["Gil"]),
        # Four fifths of four hours: 12 minutes past the lunch break.
        ("Mon 13:12", "lead", ["Chen"]),
    ]


def test_the_resolution_warns_assignee_lead_and_manager(rostered: House) -> None:
    ticket = report(rostered, "critical", MONDAY_9)
    tickets.accept(ticket.id, rostered.gil, now=MONDAY_9)
    ring_until(MONDAY_9 + timedelta(hours=5))
    assert told(ticket) == [
        ("Mon 11:00", "assignee", ["Gil"]),
        ("Mon 12:12", "lead", ["Chen"]),
        ("Mon 13:00", "manager", ["Dee"]),
    ]


def test_a_reporter_left_without_news_reaches_assignee_lead_and_manager(rostered: House) -> None:
    ticket = report(rostered, "critical", MONDAY_9)
    tickets.accept(ticket.id, rostered.gil, now=MONDAY_9)
    tickets.reporter_reply(ticket.id, rostered.ana, "Any news?", now=MONDAY_9, door="web")
    ring_until(MONDAY_9 + timedelta(hours=1))
    assert told(ticket) == [
        ("Mon 09:30", "assignee", ["Gil"]),
        ("Mon 09:48", "lead", ["Chen"]),
        ("Mon 10:00", "manager", ["Dee"]),
    ]


def test_a_minor_ticket_never_rings_for_the_manager(rostered: House) -> None:
    ticket = report(rostered, "minor", MONDAY_9)
    tickets.accept(ticket.id, rostered.gil, now=MONDAY_9)
    tickets.reporter_reply(ticket.id, rostered.ana, "Any news?", now=MONDAY_9, door="web")
    ring_until(MONDAY_9 + 10 * DAY)
    rang = db.session.query(Entry).filter_by(kind="escalated")
    about = {(e.detail["target"], e.detail["to"]) for e in rang}
    assert {("resolution", "lead"), ("update", "lead")} <= about
    assert "manager" not in {to for _, to in about}
    assert ticket.is_open


def test_an_absent_assignee_is_skipped_for_whoever_is_on_call(rostered: House) -> None:
    db.session.add(Absence(person_id=rostered.chen.id, starts_at=MONDAY_9, ends_at=MONDAY_9 + DAY))
    db.session.commit()
    ticket = report(rostered, "critical", MONDAY_9)
    tickets.accept(ticket.id, rostered.chen, now=MONDAY_9)
    ring_until(MONDAY_9 + timedelta(hours=2))
    assert told(ticket) == [("Mon 11:00", "on_call", ["Bo"])]
    [step] = [e for e in db.session.query(Entry).filter_by(kind="escalated") if e.detail["about"] == "step"]
    assert step.detail["passed_over"] == [{"to": "assignee", "why": "absent"}]


def test_an_off_duty_assignee_is_skipped_at_night(rostered: House) -> None:
    ticket = report(rostered, "critical", NIGHT)
    tickets.accept(ticket.id, rostered.chen, now=NIGHT)
    ring_until(NIGHT + timedelta(hours=2))
    assert told(ticket) == [("Tue 01:00", "on_call", ["Bo"])]


def test_where_nobody_is_on_call_the_backup_is_told_at_once_and_the_lead_hears_of_the_gap(
    rostered: House,
) -> None:
    rostered.team.roster_id = None
    db.session.commit()
    ticket = report(rostered, "critical", NIGHT)
    ring_until(NIGHT)
    assert told(ticket) == [("Mon 23:00", "backup", ["Gil"])]
    notices = {(x.kind, x.person_id, x.channel_id) for x in db.session.query(Notice)}
    assert notices == {("escalated", rostered.gil.id, None), ("uncovered", rostered.chen.id, None)}
    entry = db.session.query(Entry).filter_by(kind="escalated").one()
    assert entry.detail["passed_over"] == [{"to": "on_call", "why": "nobody"}]


def test_where_backup_and_on_call_are_one_person_the_next_different_is_told(rostered: House) -> None:
    db.session.add(
        Override(
            roster_id=rostered.team.backup_roster_id,
            person_id=rostered.bo.id,
            starts_at=NIGHT,
            ends_at=NIGHT + DAY,
            created_at=NIGHT,
        )
    )
    db.session.commit()
    ticket = report(rostered, "critical", NIGHT)
    ring_until(NIGHT + timedelta(minutes=15))
    assert ("Mon 23:15", "lead", ["Chen"]) in told(ticket)
    assert ("Mon 23:15", "backup", ["Bo"]) not in told(ticket)


def test_where_nobody_at_all_is_left_the_administrators_are_told(rostered: House) -> None:
    team = rostered.team
    team.roster_id = team.backup_roster_id = team.manager_id = None
    for member in list(team.members):
        member.is_lead = False
    db.session.commit()
    ticket = report(rostered, "critical", NIGHT)
    ring_until(NIGHT)
    assert told(ticket) == [("Mon 23:00", "administrators", ["Eli"])]


def test_a_back_dated_report_rings_each_step_once_with_its_lateness(rostered: House) -> None:
    command = Report(
        "ERP is down",
        "by phone",
        service_id=rostered.erp.id,
        works=Works.NOTHING,
        affected=Affected.EVERYONE,
        reported_at=NIGHT - timedelta(minutes=32),
        backdate_reason="called before",
    )
    ticket = tickets.report(command, rostered.ana, now=NIGHT, door="phone", actor=rostered.bo)
    escalations.ring(NIGHT)
    assert told(ticket) == [
        ("Mon 23:00", "on_call", ["Bo"]),
        ("Mon 23:00", "backup", ["Gil"]),
        ("Mon 23:00", "lead", ["Chen"]),
    ]
    late = [
        e.detail["late_seconds"]
        for e in db.session.query(Entry).filter_by(kind="escalated").order_by(Entry.id)
    ]
    assert late == [32 * 60, 17 * 60, 2 * 60]
    assert find_next_due(NIGHT) == NIGHT + timedelta(minutes=3)  # 35 minutes after the start: the next page


def test_rings_missed_while_nothing_ran_are_not_made_up(rostered: House) -> None:
    ticket = report(rostered, "critical", NIGHT)
    while escalations.ring(NIGHT + timedelta(minutes=52)).tickets:
        pass
    assert [t[1] for t in told(ticket)] == ["on_call", "backup", "lead", "manager"]
    assert find_next_due(NIGHT) == NIGHT + timedelta(minutes=55)


def test_a_mail_nobody_triaged_rings_after_fifteen_counted_minutes(rostered: House) -> None:
    at = datetime(2026, 3, 2, 10, 50, tzinfo=UTC)  # ten minutes before the lunch break
    ticket = tickets.report(Report("Help", "?"), rostered.ana, now=at, door="mail")
    ring_until(at + timedelta(hours=2))
    assert ("Mon 13:05", "on_call", ["Bo"]) in told(ticket)


def test_a_critical_answer_to_a_mail_pages_at_once(rostered: House) -> None:
    ticket = tickets.report(
        Report("Help", "?", service_id=rostered.erp.id), rostered.ana, now=MONDAY_9, door="mail"
    )
    ring_until(MONDAY_9)
    at = MONDAY_9 + timedelta(minutes=40)
    triage.triage(ticket.id, rostered.ana, answers=Answers(Works.NOTHING, Affected.EVERYONE, False), now=at)
    ring_until(at + timedelta(minutes=20))
    assert told(ticket)[1:] == [
        ("Mon 09:40", "on_call", ["Bo"]),
        ("Mon 09:45", "on_call", ["Bo"]),
        ("Mon 09:50", "on_call", ["Bo"]),
        ("Mon 09:55", "backup", ["Gil"]),
        ("Mon 09:55", "on_call", ["Bo"]),
        ("Mon 10:00", "on_call", ["Bo"]),
    ]


@pytest.fixture
def waited(rostered: House) -> Ticket:
    """Monday 09:00: we wait for Ana for two weeks."""
    ticket = report(rostered, "minor", MONDAY_9)
    tickets.accept(ticket.id, rostered.bo, now=MONDAY_9)
    waiting.wait(
        ticket.id,
        rostered.bo,
        waiting_for="reporter",
        wake_at=MONDAY_9 + 14 * DAY,
        question="Which printer?",
        now=MONDAY_9,
    )
    return ticket


def kinds(ticket: Ticket) -> list[tuple[str, datetime]]:
    found = db.session.query(Entry).filter_by(ticket_id=ticket.id, door="clock").order_by(Entry.id)
    return [(e.kind, e.at) for e in found]


def test_a_silent_reporter_is_nudged_twice_and_the_ticket_resolved_and_closed(waited: Ticket) -> None:
    ring_until(MONDAY_9 + 30 * DAY)
    assert kinds(waited)[-5:] == [
        ("nudged", MONDAY_9 + DAY),
        ("nudged", MONDAY_9 + 3 * DAY),
        ("resolved", MONDAY_9 + 7 * DAY),
        ("nudged", MONDAY_9 + 9 * DAY),
        ("closed", MONDAY_9 + 10 * DAY),
    ]
    assert waited.state == "closed"


def test_an_answer_ends_the_nudging(waited: Ticket, rostered: House) -> None:
    tickets.reporter_reply(
        waited.id, rostered.ana, "The grey one", now=MONDAY_9 + timedelta(hours=1), door="web"
    )
    pending = {a.kind for a in db.session.query(Alarm).filter_by(ticket_id=waited.id, state="pending")}
    assert pending == {"step"}


def test_the_wake_up_date_ends_the_waiting(rostered: House) -> None:
    ticket = report(rostered, "minor", MONDAY_9)
    tickets.accept(ticket.id, rostered.bo, now=MONDAY_9)
    wake_at = MONDAY_9 + timedelta(hours=6)
    waiting.wait(ticket.id, rostered.bo, waiting_for="reporter", wake_at=wake_at, question="?", now=MONDAY_9)
    ring_until(wake_at)
    assert ticket.state == "in_work"
    assert kinds(ticket)[-1] == ("resumed", wake_at)


def test_the_suppliers_limit_rings_for_whoever_has_the_ticket_and_waits_on(rostered: House) -> None:
    ticket = report(rostered, "minor", MONDAY_9)
    tickets.accept(ticket.id, rostered.gil, now=MONDAY_9)
    limit = MONDAY_9 + timedelta(hours=2)
    waiting.wait(ticket.id, rostered.gil, waiting_for="supplier", wake_at=limit, now=MONDAY_9)
    ring_until(limit)
    assert told(ticket) == [("Mon 11:00", "assignee", ["Gil"])]
    assert ticket.state == "waiting"


def test_a_reopened_ticket_is_escalated_one_step(rostered: House) -> None:
    ticket = report(rostered, "critical", NIGHT)
    tickets.accept(ticket.id, rostered.bo, now=NIGHT)
    closing.resolve(ticket.id, rostered.bo, "cause", "solution", now=NIGHT)
    at = NIGHT + timedelta(minutes=10)
    closing.reopen(ticket.id, rostered.ana, "still down", now=at)
    ring_until(at)
    assert told(ticket) == [("Mon 23:10", "on_call", ["Bo"]), ("Mon 23:10", "backup", ["Gil"])]


def test_a_ticket_in_disorder_does_not_keep_the_others_from_ringing(
    rostered: House, caplog: pytest.LogCaptureFixture
) -> None:
    broken, sound = report(rostered, "critical", NIGHT), report(rostered, "critical", NIGHT)
    db.session.query(Entry).filter_by(ticket_id=broken.id).update({"kind": "nonsense"})
    db.session.commit()
    rang = escalations.ring(NIGHT)
    assert (rang.fired, rang.failed) == (1, 1)
    assert told(sound) == [("Mon 23:00", "on_call", ["Bo"])]
    assert escalations.ring(NIGHT).tickets == 0
