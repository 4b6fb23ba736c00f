"""What goes on around the rosters of the demonstration: swaps, nights of their own, a gap, handovers.

What happens from now on is done by the same verbs as in service; what is past is written as it would be.
"""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from helpdesk.desk import calendars, holidays, roster_plans, rosters, swaps
from helpdesk.desk.changes import By
from helpdesk.desk.example import ADMINISTRATOR, TEAMS, ZONE, get_person_named
from helpdesk.desk.rosters import Turn, draft_of
from helpdesk.outbound import notices
from helpdesk.rules.hours import DAYS
from helpdesk.rules.lifecycle import State
from helpdesk.rules.severity import Severity
from helpdesk.store.db import db, transaction
from helpdesk.store.escalations import list_timelines
from helpdesk.store.notices import insert_notices
from helpdesk.store.organisation import get_organisation
from helpdesk.store.people import Person
from helpdesk.store.policies import find_calendar
from helpdesk.store.rosters import Absence, Handover, Roster
from helpdesk.store.rosters import get_roster_for_change as get_roster
from helpdesk.store.teams import Team, list_teams
from helpdesk.store.tickets import list_tickets

WORDS = (
    "The nightly export failed twice; restarting the job helped. The cause is not found yet.",
    "Quiet week. The new printers on floor 2 are not in the list of services yet.",
    "财务部月底关账，周五之前请不要重启 ERP。",
    "Building 2 moves on Saturday: expect questions about the Wi-Fi.",
)
HANDED_OVER = 8 * 7  # days back
LATEST = 300  # tickets
TOLD_OF, UNSEEN = timedelta(weeks=4), timedelta(hours=36)
NIGHT = {day: [["00:00", "08:00"], ["18:00", "24:00"]] for day in DAYS}


class _Line(NamedTuple):
    """A team of the example, its first line and who leads it."""

    team: Team
    roster: Roster
    lead: Person


def happen(now: datetime) -> None:
    """All of it, once the history has been written."""
    now = now.replace(microsecond=0)
    erp, workplace, network, warehouse, *_others = _lines()
    _swap(erp, now)
    _hand_over(erp, now)
    _put_nights(workplace, now)
    _take_over(network, now)
    _leave_a_gap(warehouse, now)
    _arrange_holidays(erp, workplace, now)
    _tell(now)


def _lines() -> list[_Line]:
    teams = {team.name: team for team in list_teams()}
    return [
        _Line(teams[name], get_roster(teams[name].roster_id or 0), get_person_named(lead))
        for name, lead, _agents in TEAMS
    ]


def _coming(roster: Roster, now: datetime) -> list[Turn]:
    """The turns to come, without the one that runs."""
    found = rosters.turns_of(roster, now, now + timedelta(weeks=12))
    return [turn for turn in found[1:] if turn.person is not None]


def _swap(line: _Line, now: datetime) -> None:
    """One is done, one waits for the lead, one for anybody, one for the colleague who was asked."""
    _set(line, "swaps_need_lead", True, now)
    deeds = ("done", "accepted", "all", "offered")
    words = ("I am at my sister's wedding", "Parents' evening at school", "A free week would do me good", "")
    turns = _coming(line.roster, now)
    for number, (deed, why) in enumerate(zip(deeds, words, strict=True)):
        turn = turns[number]
        asker, other = turn.person, turns[number + 1].person
        if asker is None or other is None:
            continue
        evening = (turn.to_at - timedelta(hours=63), turn.to_at - timedelta(hours=48))
        by = By(now - timedelta(hours=20 - number), asker.id)
        asked = swaps.offer(line.roster.id, evening, None if deed == "all" else other.id, None, why, by)
        if deed in ("accepted", "done"):
            swaps.accept(asked.id, By(now - timedelta(hours=3), other.id))
        if deed == "done":
            swaps.approve(asked.id, By(now - timedelta(hours=2), line.lead.id))


def _set(line: _Line, setting: str, value: object, now: datetime) -> None:
    roster_plans.change(line.roster.id, {setting: value}, now=now, actor_id=line.lead.id)


def _hand_over(line: _Line, now: datetime) -> None:
    """At the end of each turn of the last weeks, and what whoever is on call now has noted for the next."""
    eli = get_person_named(ADMINISTRATOR).asker
    critical = [t.id for t in list_tickets(eli, limit=2, severity=Severity.CRITICAL)]
    waiting = [t.id for t in list_tickets(eli, limit=3, state=State.WAITING)]
    turns = rosters.turns_of(line.roster, now - timedelta(days=HANDED_OVER), now + timedelta(weeks=2))
    ended = [(a, b) for a, b in pairwise(turns) if a.person and b.person and a.person != b.person]
    with transaction():
        for number, (ending, beginning) in enumerate(ended):
            is_over = ending.to_at <= now
            if not is_over and ending.from_at > now:
                break
            summary = {"critical": critical[:1], "waiting": waiting[: number % 4], "promised": []}
            db.session.add(
                Handover(
                    roster_id=line.roster.id,
                    at=ending.to_at,
                    from_person=ending.person,
                    to_person=beginning.person,
                    words=WORDS[number % len(WORDS)],
                    summary=summary if is_over else {},
                    sent_at=ending.to_at if is_over else None,
                    seen_at=ending.to_at + timedelta(minutes=7) if is_over else None,
                )
            )


def _put_nights(line: _Line, now: datetime) -> None:
    """From next Monday on nights are turns of their own: a second layer, and a dated version."""
    today = now.astimezone(ZoneInfo(ZONE)).date()
    monday = today + timedelta(days=7 - today.weekday())
    begins = datetime.combine(monday, datetime.min.time(), ZoneInfo(ZONE)) + timedelta(hours=9)
    weeks = draft_of(line.roster.layers[0])
    nights = {**weeks, "name": "Nights", "people": weeks["people"][::-1], "starts_at": f"{monday}T18:00"}
    nights |= {"unit": "days", "hours": {"week": NIGHT}}
    roster_plans.save_layers(
        line.roster.id,
        [weeks, nights],  # type: ignore[list-item]
        effective_at=begins,
        reason="Nobody has all nights of a week any more",
        now=now,
        actor_id=line.lead.id,
    )


def _take_over(line: _Line, now: datetime) -> None:
    """Somebody covers an afternoon; somebody else was given a day on which they are away."""
    turn, after, *_later = _coming(line.roster, now)
    if turn.person is None or after.person is None:
        return
    noon = turn.from_at + timedelta(days=1, hours=4)
    _give(line, after.person, noon, noon + timedelta(hours=5), "Dentist", now)
    away = after.to_at - timedelta(days=2)
    with transaction():
        absence = Absence(person_id=turn.person.id, starts_at=away, reason="Moving house")
        absence.ends_at = away + timedelta(days=1)
        db.session.add(absence)
    evening = away + timedelta(hours=9)
    _give(line, turn.person, evening, evening + timedelta(hours=6), "", now)


def _give(line: _Line, to: Person, start: datetime, end: datetime, why: str, now: datetime) -> None:
    roster_plans.add_override(line.roster.id, to.id, start, end, why, now=now, actor_id=line.lead.id)


def _leave_a_gap(line: _Line, now: datetime) -> None:
    """The layer ends in four weeks, and nobody has said what comes then."""
    day = (now.astimezone(ZoneInfo(ZONE)) + timedelta(weeks=4)).date()
    weeks = draft_of(line.roster.layers[0]) | {"ends_at": f"{day}T09:00"}
    roster_plans.save_layers(
        line.roster.id,
        [weeks],
        reason="Until the new shift plan",
        now=now,
        actor_id=line.lead.id,
    )


def _arrange_holidays(filled: _Line, open_: _Line, now: datetime) -> None:
    """Two days in five weeks: one roster knows who takes them, in the other they are a gap. A day gone by
    counts as a holiday in fairness."""
    today = now.astimezone(ZoneInfo(ZONE)).date()
    days = [today + timedelta(days=n) for n in (-24, 35, 36)]
    office = find_calendar(get_organisation().calendar_id or 0)
    week = office.versions[-1].definition["week"] if office else {}
    by = By(now, get_person_named(ADMINISTRATOR).id)
    calendar = calendars.create("Works holidays", ZONE, week, {day.isoformat(): [] for day in days}, by)
    for line in (filled, open_):
        _set(line, "holiday_calendar_id", calendar.id, now)
    coming = get_roster(filled.roster.id).arrangements[-1]
    people = filled.roster.layers[0].people[: len(holidays.days_of(coming))]
    holidays.fill(coming.id, people, "Stocktaking", By(now, filled.lead.id))


def _tell(now: datetime) -> None:
    """Who was told of the last weeks' alarms: their bells and one letter to each show it."""
    eli = get_person_named(ADMINISTRATOR).asker
    rings = [
        (entry, person_id)
        for timeline in list_timelines([t.id for t in list_tickets(eli, limit=LATEST)]).values()
        for entry in timeline
        if entry.kind == "escalated" and entry.at > now - TOLD_OF
        for person_id in entry.detail["people"]
    ]
    with transaction():
        insert_notices(
            [
                {
                    "kind": "escalated",
                    "alarm_id": entry.detail["alarm"],
                    "entry_id": entry.id,
                    "ticket_id": entry.ticket_id,
                    "person_id": person_id,
                    "channel_id": None,
                    "created_at": entry.at,
                    "seen_at": entry.at + timedelta(minutes=5) if entry.at < now - UNSEEN else None,
                }
                for entry, person_id in rings
            ]
        )
    notices.gather(now)
