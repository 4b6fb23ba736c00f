"""A rota (a table of days, rules/rotas) taken into a roster as overrides, and a roster written as a rota.

A day lasts from its handover time to that of the next day, in the roster's zone. The person takes the roster
itself, the duty lead the backup roster of its team.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from helpdesk.desk.changes import By
from helpdesk.desk.roster_plans import cut_off, span_text
from helpdesk.desk.rosters import Turn, turns_of
from helpdesk.desk.security import log_event
from helpdesk.desk.turn_news import told
from helpdesk.rules import rotas
from helpdesk.rules.access import Role, may_be_in_team
from helpdesk.rules.hours import local_to_instant
from helpdesk.rules.rota_dates import Cell
from helpdesk.rules.rotas import Fault, Known
from helpdesk.store.db import db, transaction
from helpdesk.store.people import Person, list_people
from helpdesk.store.rosters import (
    Override,
    Roster,
    find_roster,
    list_absences,
    list_overrides,
    list_teams_of_roster,
)

STAFF = tuple(role for role in Role if may_be_in_team(role))
MOST_PEOPLE = 5000
DAY = timedelta(days=1)
FAR_AHEAD = datetime(2200, 1, 1, tzinfo=UTC)  # no local time that can be typed lies behind it
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Post:
    """What one day means for one roster: `person` takes [from_at, to_at), which `before` have now (None: a
    gap). `is_away`: they are absent then, in part at least."""

    from_at: datetime
    to_at: datetime
    person: Person
    before: tuple[Person | None, ...]
    is_away: bool


@dataclass(frozen=True)
class Line:
    """A day of the table: `post` in the roster, `lead` in the backup roster (None: the table names nobody, or
    there is no such roster). `is_over`: it lies in the past and is left out."""

    day: date
    post: Post | None
    lead: Post | None
    is_over: bool

    @property
    def is_same_person(self) -> bool:
        """Whether the duty lead is the person on duty, so that nobody would be left to go to."""
        return self.post is not None and self.lead is not None and self.post.person == self.lead.person


@dataclass(frozen=True)
class Plan:
    """What a table would do. With `faults` nothing of it is taken in. `leaves_out_leads`: it names duty
    leads, but the roster's team has no backup roster."""

    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]
    backup: Roster | None
    leaves_out_leads: bool

    @property
    def coming(self) -> tuple[Line, ...]:
        """The days that are not over."""
        return tuple(line for line in self.lines if not line.is_over)


@dataclass(frozen=True)
class DayOfRota:
    """A day as a rota shows it: who has the roster and its backup, in order; None: nobody, a gap."""

    day: date
    people: tuple[Person | None, ...]
    leads: tuple[Person | None, ...]


class NotTaken(Exception):
    """The table has faults, or no day that is still to come; nothing was written. `plan` says which."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(f"{len(plan.faults)} faults, {len(plan.coming)} days")
        self.plan = plan


def backup_of(roster: Roster) -> Roster | None:
    """The roster of the duty leads: the backup of the first team whose first line this is; None: no such."""
    teams = [team for team in list_teams_of_roster(roster.id) if team.roster_id == roster.id]
    backup_id = next((team.backup_roster_id for team in teams if team.backup_roster_id is not None), None)
    return find_roster(backup_id) if backup_id is not None else None


def handover_of(roster: Roster) -> time:
    """When turns change in its lowest layer; 09:00 where it has none."""
    return time.fromisoformat(roster.layers[0].starts_at[11:16]) if roster.layers else time(9)


def plan(roster: Roster, rows: Sequence[Sequence[Cell]], handover: time, now: datetime) -> Plan:
    """What the table would do to the roster; reads, writes nothing."""
    people = {person.id: person for person in list_people(roles=STAFF, limit=MOST_PEOPLE)}
    known = [Known(p.id, _keys(p)) for p in people.values()]
    read = rotas.read(rows, known, now.astimezone(ZoneInfo(roster.zone)).date())
    backup = backup_of(roster)
    spans = [_span(roster, duty.day, handover) for duty in read.duties]
    posts, leads = (_Posts(each, spans, people) for each in (roster, backup))
    lines = tuple(
        Line(
            duty.day,
            posts.post(duty.person_id, span),
            leads.post(duty.lead_id, span),
            is_over=span[1] <= now,
        )
        for duty, span in zip(read.duties, spans, strict=True)
    )
    names_leads = any(duty.lead_id is not None for duty in read.duties)
    return Plan(lines, read.faults, backup, names_leads and backup is None)


def take_in(roster_id: int, rows: Sequence[Sequence[Cell]], handover: time, by: By) -> Plan:
    """Writes the days to come as overrides, in place of those that an earlier rota made for them; of a day
    that has begun what is left of it. Raises NotTaken; LookupError where there is no such roster."""
    with transaction():
        roster = find_roster(roster_id)
        if roster is None:
            raise LookupError(f"no roster {roster_id}")
        touched = [each.id for each in (roster, backup_of(roster)) if each is not None]
        with told(touched, now=by.now, actor_id=by.actor_id):
            found = plan(roster, rows, handover, by.now)
            if found.faults or not any(line.post or line.lead for line in found.coming):
                raise NotTaken(found)
            _write(roster, [line.post for line in found.coming if line.post], by)
            if found.backup is not None:
                _write(found.backup, [line.lead for line in found.coming if line.lead], by)
    return found


def take_back(roster_id: int, by: By) -> int:
    """Takes the days to come that rotas gave the roster and its backup away again; of one that has begun what
    is left of it. How many overrides that were; LookupError where there is no such roster."""
    with transaction():
        roster = find_roster(roster_id)
        if roster is None:
            raise LookupError(f"no roster {roster_id}")
        found = [each for each in (roster, backup_of(roster)) if each is not None]
        with told([each.id for each in found], now=by.now, actor_id=by.actor_id):
            return sum(_take_back(each, by) for each in found)


def coming_of(roster: Roster, now: datetime) -> list[Override]:
    """The overrides to come, or not over yet, that rotas gave this roster."""
    found = list_overrides([roster.id], now, FAR_AHEAD)
    return [override for override in found if override.made_by == "rota"]


def days_of(roster: Roster, first: date, last: date, handover: time) -> list[DayOfRota]:
    """The roster from `first` to `last` (both included) as a rota, days of its backup roster beside."""
    backup = backup_of(roster)
    days = [first + DAY * n for n in range((last - first).days + 1)]
    start, end = _span(roster, first, handover)[0], _span(roster, last, handover)[1]
    turns = turns_of(roster, start, end)
    behind = turns_of(backup, start, end) if backup else ()
    spans = [_span(roster, day, handover) for day in days]
    return [
        DayOfRota(day, _who(turns, *span), _who(behind, *span)) for day, span in zip(days, spans, strict=True)
    ]


class _Posts:
    """Makes the posts of a roster (None: there is none, nor any post) for days within `spans`."""

    def __init__(self, roster: Roster | None, spans: Sequence[Span], people: Mapping[int, Person]) -> None:
        self.people: Mapping[int, Person] = {}
        if roster is not None and spans:
            self.people, start, end = people, spans[0][0], spans[-1][1]
            self.turns, self.absences = turns_of(roster, start, end), list_absences(start, end)

    def post(self, person_id: int | None, span: Span) -> Post | None:
        """None where the table names nobody."""
        person = self.people.get(person_id) if person_id is not None else None
        if person is None:
            return None
        start, end = span
        away = any(
            a.person_id == person.id and a.starts_at < end and start < a.ends_at for a in self.absences
        )
        return Post(start, end, person, _who(self.turns, start, end), away)


def _keys(person: Person) -> tuple[str, ...]:
    return person.name, person.staff_number or "", *(address.email for address in person.addresses)


def _span(roster: Roster, day: date, handover: time) -> Span:
    zone = ZoneInfo(roster.zone)
    start, end = (local_to_instant(zone, datetime.combine(each, handover)) for each in (day, day + DAY))
    return start, end


def _who(turns: Iterable[Turn], start: datetime, end: datetime) -> tuple[Person | None, ...]:
    """Those who have turns within [start, end), in their order, each once in a row."""
    found: list[Person | None] = []
    for turn in turns:
        if turn.from_at < end and start < turn.to_at and (not found or found[-1] != turn.person):
            found.append(turn.person)
    return tuple(found)


def _write(roster: Roster, posts: Sequence[Post], by: By) -> None:
    if not posts:
        return
    now = by.now.replace(microsecond=0)
    earlier = coming_of(roster, now)
    for post in posts:
        for override in earlier:
            if post.from_at <= override.starts_at < post.to_at:
                cut_off(override, now)
        db.session.add(
            Override(
                roster_id=roster.id,
                person_id=post.person.id,
                starts_at=max(post.from_at, now),
                ends_at=post.to_at,
                made_by="rota",
                created_by_id=by.actor_id,
                created_at=by.now,
            )
        )
    log_event(
        "rota_taken_in",
        now=by.now,
        actor_id=by.actor_id,
        subject=f"roster:{roster.name}",
        detail={"span": span_text(posts[0].from_at, posts[-1].to_at), "days": len(posts)},
        address=by.address,
    )


def _take_back(roster: Roster, by: By) -> int:
    coming = coming_of(roster, by.now.replace(microsecond=0))
    if not coming:
        return 0
    span = span_text(min(o.starts_at for o in coming), max(o.ends_at for o in coming))
    for override in coming:
        cut_off(override, by.now)
    log_event(
        "rota_taken_back",
        now=by.now,
        actor_id=by.actor_id,
        subject=f"roster:{roster.name}",
        detail={"span": span, "days": len(coming)},
        address=by.address,
    )
    return len(coming)
