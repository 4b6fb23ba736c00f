"""The example organisation: what `helpdesk demo` shows and what invented history happens in."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from helpdesk.desk import example_maintenance, passwords, setup
from helpdesk.desk.example_texts import CANNED
from helpdesk.rules.access import Role
from helpdesk.rules.lifecycle import Kind
from helpdesk.rules.service_fields import FieldKind
from helpdesk.store.canned_answers import CannedAnswer
from helpdesk.store.db import db, transaction
from helpdesk.store.locations import Location
from helpdesk.store.organisation import Department, get_organisation
from helpdesk.store.people import Address, Person, find_person_by_address
from helpdesk.store.policies import list_policy_rules
from helpdesk.store.rosters import Absence, Layer, Roster, RosterVersion
from helpdesk.store.service_fields import ServiceField
from helpdesk.store.services import Service
from helpdesk.store.teams import Member, Team, list_teams

ZONE = "Europe/Berlin"
PASSWORD = "look-around-the-desk"  # noqa: S105 - shown on the sign-in page of the demonstration
DEPARTMENTS = ("Sales", "Production", "Purchasing", "Finance", "Warehouse", "Logistics", "Personnel")
# Team, its lead and agents.
TEAMS = (
    ("ERP", "Chen", ("Bo", "Gao", "Hal", "Ida")),
    ("Workplace", "Jin", ("Kai", "Lea", "Mo", "Nia")),
    ("Network", "Oli", ("Pia", "Quin", "Ren")),
    ("Warehouse systems", "Sam", ("Tao", "Uma", "Vic")),
    ("Personnel systems", "Wei", ("Xia", "Yan")),
)
MANAGER, ADMINISTRATOR, AUDITOR, REPORTER = "Dee", "Eli", "Fay", "Ana"
SHOWN = (("Ana", "reporter"), ("Bo", "agent"), ("Chen", "lead"), ("Dee", "manager"))
SHOWN_TOO = (("Eli", "administrator"), ("Fay", "auditor"))

# What the form asks about a service: the question, and the answers to choose from (none: a line of text).
QUESTIONS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "Printing": (
        ("Which printer?", ()),
        ("What does it do?", ("Nothing at all", "It prints badly", "Paper jams")),
    ),
    "Remote access": (("Where are you?", ("At home", "In a hotel or train", "At a customer's")),),
}


class _Service(NamedTuple):
    name: str
    team: str
    description: str
    is_core: bool = False
    is_restricted: bool = False


SERVICES = (
    _Service("ERP", "ERP", "Orders, invoices, stock and accounts", is_core=True),
    _Service("ERP reports", "ERP", "Lists and figures from the ERP"),
    _Service("Web shop", "ERP", "Where customers order", is_core=True),
    _Service("Computers and screens", "Workplace", "Laptops, desktops, screens, docks"),
    _Service("Mail and calendar", "Workplace", "Mail, calendars, meeting rooms", is_core=True),
    _Service("Printing", "Workplace", "Printers and copiers"),
    _Service("Telephones", "Workplace", "Desk phones and mobiles"),
    _Service("Network and Wi-Fi", "Network", "Cables, Wi-Fi, Internet", is_core=True),
    _Service("Remote access", "Network", "VPN, working from home"),
    _Service("Shared folders", "Network", "Team folders and rights to them"),
    _Service(
        "Scanners and forklift terminals", "Warehouse systems", "What goods are booked with", is_core=True
    ),
    _Service("Label printing", "Warehouse systems", "Parcel and pallet labels"),
    _Service("Payroll", "Personnel systems", "Pay and payslips", is_restricted=True),
    _Service("Personnel files", "Personnel systems", "Files of people who work here", is_restricted=True),
    _Service("Time recording", "Personnel systems", "Terminals and corrections"),
)


@dataclass(frozen=True)
class _Cast:
    people: dict[str, Person]
    teams: dict[str, Team]


def install(start: datetime, now: datetime) -> None:
    """The whole example organisation as if set up at `start`: departments, people without passwords, teams
    with rosters, services, targets, ladders, maintenance windows around `now`. On an empty database."""
    with transaction():
        setup.found_organisation(
            setup.House(
                "Example Works",
                ZONE,
                night_answer="roster",
                team=TEAMS[0][0],
                cover_reason="Every team has a roster from the first day",
            ),
            start,
        )
        organisation = get_organisation()
        organisation.hotline = "extension 100"
        organisation.options = {**organisation.options, "colleagues": True}
        departments = [Department(name=name) for name in DEPARTMENTS]
        db.session.add_all(departments)
        db.session.flush()
        cast = _Cast(_people(departments, start), _teams())
        _join(cast)
        _rosters(cast, start)
        _services(cast)
        for name, team, texts in CANNED:
            team_id = cast.teams[team].id if team else None
            db.session.add(CannedAnswer(name=name, team_id=team_id, texts=texts))
        _gentler_targets()
        example_maintenance.install(cast.people, MANAGER, ZONE, now)
        _absences(cast, now)


def open_accounts(now: datetime) -> None:
    """Gives the six who show the roles their known password, and lists them on the sign-in page."""
    password_hash = passwords.hashed(PASSWORD)
    with transaction():
        shown = []
        for name, role in (*SHOWN, *SHOWN_TOO):
            person = get_person_named(name)
            person.password_hash, person.password_changed_at = password_hash, now
            account = {"name": name, "email": person.email, "role": role, "password": PASSWORD}
            shown.append(account)
        organisation = get_organisation()
        organisation.options = {**organisation.options, "demo_accounts": shown}


def get_person_named(name: str) -> Person:
    """Somebody of the example organisation. LookupError where it is another one."""
    person = find_person_by_address(f"{name.lower()}@example.org")
    if person is None:
        raise LookupError(f"nobody is called {name}")
    return person


def _people(departments: list[Department], start: datetime) -> dict[str, Person]:
    roles = {MANAGER: Role.MANAGER, ADMINISTRATOR: Role.ADMINISTRATOR, AUDITOR: Role.AUDITOR}
    roles |= {name: Role.LEAD for _, name, _ in TEAMS}
    roles |= {name: Role.AGENT for _, _, agents in TEAMS for name in agents} | {REPORTER: Role.REPORTER}
    found, buildings = {}, [Location(name=f"Building {number}") for number in (1, 2, 3)]
    for number, (name, role) in enumerate(sorted(roles.items()), start=1):
        person = Person(name=name, role=role, created_at=start, staff_number=f"{1000 + number}")
        person.phone, person.place = f"extension {200 + number}", buildings[number % 3]
        person.department_id = departments[number % len(departments)].id
        person.addresses.append(Address(email=f"{name.lower()}@example.org", is_primary=True))
        found[name] = person
    db.session.add_all(found.values())
    db.session.flush()
    return found


def _teams() -> dict[str, Team]:
    known = {team.name: team for team in list_teams()}
    new = [Team(name=name) for name, _, _ in TEAMS if name not in known]
    db.session.add_all(new)
    db.session.flush()
    return known | {team.name: team for team in new}


def _join(cast: _Cast) -> None:
    for name, lead, agents in TEAMS:
        team = cast.teams[name]
        team.manager_id = cast.people[MANAGER].id
        for member in (lead, *agents):
            db.session.add(Member(team_id=team.id, person_id=cast.people[member].id, is_lead=member == lead))


def _rosters(cast: _Cast, start: datetime) -> None:
    """Weekly turns, and a backup who is next in line."""
    today = start.astimezone(ZoneInfo(ZONE)).date()
    monday = today - timedelta(days=today.weekday() + 7)
    for name, _, agents in TEAMS:
        turns = [cast.people[agent].id for agent in agents]
        first = _roster(f"{name}, first in line", turns, f"{monday}T09:00")
        second = _roster(f"{name}, backup", turns[1:] + turns[:1], f"{monday}T09:00")
        db.session.add_all([first, second])
        db.session.flush()
        cast.teams[name].roster_id, cast.teams[name].backup_roster_id = first.id, second.id


def _roster(name: str, people: list[int], starts_at: str) -> Roster:
    layer = Layer(position=0, name="Weeks", people=people, starts_at=starts_at, every=1, unit="weeks")
    since = datetime.fromisoformat(starts_at).replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
    version = RosterVersion(number=1, zone=ZONE, effective_at=since, published_at=since, layers=[layer])
    return Roster(name=name, zone=ZONE, versions=[version])


def _services(cast: _Cast) -> None:
    for each in SERVICES:
        service = Service(
            name=each.name,
            description=each.description,
            team_id=cast.teams[each.team].id,
            is_core=each.is_core,
            is_restricted=each.is_restricted,
        )
        db.session.add(service)
        db.session.flush()
        for position, (label, choices) in enumerate(QUESTIONS.get(each.name, ()), start=1):
            field = ServiceField(service_id=service.id, position=position, label=label, choices=list(choices))
            field.kind = FieldKind.CHOICE if choices else FieldKind.TEXT
            db.session.add(field)


def _gentler_targets() -> None:
    """Requests and questions have more time than faults."""
    factors = {Kind.REQUEST: 3, Kind.QUESTION: 2}
    for rule in list_policy_rules():
        if rule.kind is None:
            continue
        version, factor = rule.policy.versions[0], factors[Kind(rule.kind)]
        version.definition = {
            key: {n: _longer(t, factor) for n, t in value.items()} if isinstance(value, dict) else value
            for key, value in version.definition.items()
        }


def _longer(target: object, factor: int) -> object:
    return {**target, "minutes": target["minutes"] * factor} if isinstance(target, dict) else target


def _absences(cast: _Cast, now: datetime) -> None:
    """Two are away: one now, one from next week on."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for name, first, days, reason in (("Nia", -2, 7, "Holiday"), ("Tao", 8, 5, "Training")):
        starts_at = midnight + timedelta(days=first)
        away = Absence(person_id=cast.people[name].id, starts_at=starts_at, reason=reason)
        away.ends_at = starts_at + timedelta(days=days)
        db.session.add(away)
