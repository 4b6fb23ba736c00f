"""Writes believable history: for the demonstration, for trials and for benchmarks."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.desk import example, policies, rosters, search, targets
from helpdesk.desk import example_texts as texts
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.lives import Life, Present, World
from helpdesk.desk.plots import Players, play, reported_instant
from helpdesk.desk.reference import Terms
from helpdesk.rules import access, escalation, hours
from helpdesk.rules.lifecycle import Kind, State
from helpdesk.rules.severity import Affected, Answers, Works, severity_of
from helpdesk.store.db import db, insert_rows, transaction
from helpdesk.store.escalations import Alarm
from helpdesk.store.feedback import Rating
from helpdesk.store.organisation import find_organisation, get_organisation, list_departments
from helpdesk.store.people import Address, Person, list_people
from helpdesk.store.rosters import find_roster
from helpdesk.store.seed import Ids, rows_of
from helpdesk.store.services import Service, list_services
from helpdesk.store.teams import Team, list_leads, list_teams
from helpdesk.store.tickets import Entry, Target, Ticket

SPAN = timedelta(days=183)
RECENT = timedelta(hours=30)
BATCH = 250  # tickets a transaction: SQLite's other writers wait for it
REPORTERS_MOST = 2000


class NothingToSeed(Exception):
    """There is an organisation, but no service whose team has agents."""


def seed(count: int, number: int, *, now: datetime, progress: Callable[[int], None]) -> None:
    """Adds `count` tickets of the last six months with timelines, targets and alarms; no letters.

    The same `number` on the same database and at the same `now` gives the same history. An empty database
    first gets the example organisation. `progress` hears how many are written, batch by batch. Raises
    NothingToSeed. A batch is a transaction: one that fails leaves the earlier ones.
    """
    now = now.replace(microsecond=0)
    start = now - SPAN
    if find_organisation() is None:
        example.install(start, now)
    random = Random(number)  # noqa: S311 - nothing secret is made of it
    history = _History(random, start, now, _reporters(count, start))
    db.session.expunge_all()  # a transaction would expire what history has read
    instants = _instants(count, random, start, now)
    for first in range(0, count, BATCH):
        with transaction():
            history.write(instants[first : first + BATCH])
        db.session.expunge_all()
        progress(min(first + BATCH, count))


def _instants(count: int, random: Random, start: datetime, now: datetime) -> list[datetime]:
    """When they are reported: over all of the span, and some of them just now, for a queue that lives."""
    offset = now.astimezone(ZoneInfo(get_organisation().zone)).utcoffset() or timedelta()
    recent = min(count // 12, 40 + count // 400)
    found = [reported_instant(random, start, now, offset) for _ in range(count - recent)]
    lately = now - RECENT
    found += [(lately + random.random() * RECENT).replace(microsecond=0) for _ in range(recent)]
    return sorted(found)


def _reporters(count: int, start: datetime) -> list[Person]:
    """Those who report; numbered people are added until there are enough of them."""
    wanted = min(REPORTERS_MOST, max(12, count // 25))
    known = list_people(roles=(access.Role.REPORTER,), limit=REPORTERS_MOST)
    departments = list_departments()
    with transaction():
        numbered = [p for p in known if p.name.startswith("Reporter ")]
        for number in range(len(numbered) + 1, wanted - len(known) + len(numbered) + 1):
            person = Person(name=f"Reporter {number}", created_at=start, staff_number=f"R{number:05}")
            if departments:
                person.department_id = departments[number % len(departments)].id
            person.addresses.append(Address(email=f"reporter{number}@example.org", is_primary=True))
            db.session.add(person)
    return list_people(roles=(access.Role.REPORTER,), limit=REPORTERS_MOST)


@dataclass(frozen=True)
class _TeamFacts:
    agents: tuple[int, ...]
    leads: tuple[int, ...]
    manager: int | None
    on_call: tuple[list[datetime], list[int | None]]
    backup: tuple[list[datetime], list[int | None]]


class _History:
    """What is the same for all tickets of one seeding, and the rows of a batch."""

    def __init__(self, random: Random, start: datetime, now: datetime, reporters: list[Person]) -> None:
        self.random, self.now, self.start = random, now, start
        self.reporters = [(person.id, person.department_id) for person in reporters]
        self.teams = {team.id: _facts(team, start, now) for team in list_teams()}
        self.services = [s for s in list_services() if self.teams[s.team_id].agents]
        if not self.services:
            raise NothingToSeed
        self.weights = [
            4 if service.is_core else 1 if service.is_restricted else 2 for service in self.services
        ]
        self.grounds = Grounds(start)
        self.administrators = tuple(p.id for p in list_people(roles=(access.Role.ADMINISTRATOR,)))
        self.latest: dict[int, Ticket] = {}
        self.versions: dict[tuple[str, int, int | None, date], Terms] = {}

    def around(self, team_id: int, at: datetime) -> escalation.Around:
        """Who could be told then. Absences of the past are not asked for."""
        team = self.teams[team_id]
        moment = at + timedelta(microseconds=1)
        return escalation.Around(
            team=team.agents + team.leads,
            leads=team.leads,
            manager=team.manager,
            administrators=self.administrators,
            on_call=_turn(team.on_call, at),
            backup=_turn(team.backup, at),
            is_open=any(True for _ in hours.open_spans(self.grounds.office, at, moment)),
        )

    def write(self, instants: list[datetime]) -> None:
        """Lives these tickets and adds their rows, in the present transaction."""
        ids = Ids(Ticket)
        world = World(self.now, self.grounds, self.around, Ids(Entry), Ids(Alarm), self.random)
        lives = [self._live(at, next(ids), world) for at in instants]
        insert_rows(Ticket, rows_of(Ticket, [life.ticket for life in lives]))
        entries = [entry for life in lives for entry in life.entries]
        insert_rows(Entry, sorted(entries, key=lambda e: e["id"]))
        insert_rows(Target, [row for life in lives for row in _targets(life)])
        insert_rows(Alarm, rows_of(Alarm, [alarm for life in lives for alarm in life.rings.values()]))
        insert_rows(Rating, [life.rating for life in lives if life.rating])
        search.index([life.ticket.id for life in lives])

    def _live(self, at: datetime, ticket_id: int, world: World) -> Life:
        random = self.random
        service = random.choices(self.services, self.weights)[0]
        kind = random.choices((Kind.FAULT, Kind.REQUEST, Kind.QUESTION), (70, 20, 10))[0]
        reporter, department = random.choice(self.reporters)
        terms = self._terms(kind, service.id, department, at)
        life = Life(self._ticket(ticket_id, at, kind, service, reporter), world)
        life.ticket.department_id, life.ticket.policy_version_id = department, terms.id
        agents = self.teams[service.team_id].agents
        twin = self.latest.get(service.id)
        try:
            _report(life)
            play(life, Players(reporter, agents, twin), terms.targets)
        except Present:
            pass
        self.latest[service.id] = life.ticket
        due = targets.next_due(life.cycles) if life.ticket.is_open else (None, None)
        life.ticket.next_due_at, life.ticket.next_target = due
        return life

    def _terms(self, kind: Kind, service_id: int, department_id: int | None, at: datetime) -> Terms:
        """As policies.choose_policy, asked once a day of history."""
        key = (kind, service_id, department_id, at.date())
        if key not in self.versions:
            self.versions[key] = policies.choose_policy(
                self.grounds.reference, kind, service_id, department_id, at
            )
        return self.versions[key]

    def _ticket(self, ticket_id: int, at: datetime, kind: Kind, service: Service, reporter: int) -> Ticket:
        """A new report with its answers and what the severity rule makes of them."""
        random = self.random
        door = random.choices(("web", "mail", "phone", "walk_in"), (50, 30, 17, 3))[0]
        works = affected = None
        stands_still = False
        if door != "mail":
            works = random.choices(tuple(Works), (16, 27, 57))[0]
            affected = random.choices(tuple(Affected), (56, 26, 12, 6))[0]
            stands_still = works is Works.NOTHING and random.random() < 0.1
        verdict = severity_of(Answers(works, affected, stands_still), service.is_core)
        subjects = {Kind.REQUEST: texts.REQUESTS, Kind.QUESTION: texts.QUESTIONS}.get(kind)
        subject = random.choice(subjects or texts.FAULTS.get(service.name, texts.ANY_FAULT))
        return Ticket(
            id=ticket_id,
            subject=subject.format(n=random.randrange(2, 90)),
            kind=kind,
            state=State.NEW,
            is_open=True,
            severity=verdict.severity,
            severity_reason=verdict.reason,
            is_triaged=works is not None or kind is not Kind.FAULT,
            service_id=service.id,
            team_id=service.team_id,
            reporter_id=reporter,
            door=door,
            fields={},
            answers={
                "works": works,
                "affected": affected,
                "core_work_stands_still": stands_still,
                "since": "",
            },
            reported_at=at,
            changed_at=at,
            reopen_count=0,
            cause="",
            solution="",
            is_shared=False,
            followed_id=0,
            stands_alone=False,
            link_salt=random.randbytes(5).hex(),
        )


def _report(life: Life) -> None:
    ticket = life.ticket
    said = {
        "severity": ticket.severity,
        "reason": ticket.severity_reason,
        "service": ticket.service_id,
        "team": ticket.team_id,
        "department": ticket.department_id,
    }
    body = life.world.random.choice(texts.BODIES)
    life.happen("reported", ticket.reported_at, ticket.reporter_id, door=ticket.door, body=body, detail=said)
    life.refresh(ticket.reported_at)


def _targets(life: Life) -> list[dict[str, Any]]:
    return [
        {
            "ticket_id": life.ticket.id,
            "target": cycle.target,
            "cycle": cycle.cycle,
            "state": cycle.state,
            "severity": life.severities[cycle.target, cycle.cycle],
            "started_at": cycle.started_at,
            "stopped_at": cycle.stopped_at,
            "due_at": cycle.due_at,
            "breached_at": cycle.breached_at,
            "allowance_seconds": cycle.allowance_seconds,
            "elapsed_seconds": cycle.elapsed_seconds,
            "refreshed_at": life.heard_at,
        }
        for cycle in life.cycles
    ]


def _facts(team: Team, start: datetime, now: datetime) -> _TeamFacts:
    leads = tuple(person.id for person in list_leads(team.id))
    everybody = [member.person_id for member in team.members]
    turns = (_turns(roster_id, start, now) for roster_id in (team.roster_id, team.backup_roster_id))
    return _TeamFacts(tuple(p for p in everybody if p not in leads) or leads, leads, team.manager_id, *turns)


def _turns(roster_id: int | None, start: datetime, now: datetime) -> tuple[list[datetime], list[int | None]]:
    """When each turn begins, and whose it is."""
    roster = find_roster(roster_id) if roster_id is not None else None
    turns = rosters.turns_of(roster, start, now + timedelta(seconds=1)) if roster is not None else ()
    return [t.from_at for t in turns], [t.person.id if t.person else None for t in turns]


def _turn(turns: tuple[list[datetime], list[int | None]], at: datetime) -> int | None:
    begins, people = turns
    place = bisect_right(begins, at)
    return people[place - 1] if place else None
