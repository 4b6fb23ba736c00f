"""Preflight: looks at the rosters to come, and writes to those who can mend what it finds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.core import get_global

from helpdesk.desk import calendars, reference
from helpdesk.desk.policies import policies_of
from helpdesk.desk.reference import TARGETS, Policy, Reference
from helpdesk.desk.roster_sources import gather
from helpdesk.outbound import findings, letters
from helpdesk.rules import hours, preflight
from helpdesk.rules.access import Role, may
from helpdesk.rules.escalation import Ladder
from helpdesk.rules.missing_holidays import HOLIDAYS_FROM, holidays_missing, make_up_days_missing
from helpdesk.rules.preflight import AHEAD, BACK, Finding, Watched
from helpdesk.rules.rosters import Plan, dates_span, shifts
from helpdesk.rules.spans import Span, joined
from helpdesk.store.channels import Reach, list_reaches
from helpdesk.store.db import db, transaction
from helpdesk.store.organisation import get_organisation
from helpdesk.store.people import Person, list_people
from helpdesk.store.policies import list_calendars
from helpdesk.store.preflight import PreflightTold, forget_told, list_told
from helpdesk.store.rosters import Roster, list_left, list_people_by_id, list_rosters, list_rosters_by_id
from helpdesk.store.services import list_services
from helpdesk.store.teams import Team, list_leads, list_teams

KEPT = AHEAD + BACK  # what was told longer ago is forgotten
LANGUAGE = "en_US"  # of holidays' names, which are only compared


def find(rosters: Sequence[Roster], now: datetime, until: datetime) -> list[Finding]:
    """What is wrong with these rosters in [now, until), the earliest first; in a handful of queries for all.
    Findings about a team stand with its first roster, where that is among them."""
    teams = list_teams()
    siblings = {
        slot
        for team in teams
        for slot in (team.roster_id, team.backup_roster_id)
        if slot is not None and team.roster_id in {roster.id for roster in rosters}
    }
    wanted = {roster.id for roster in rosters} | siblings
    start = now - BACK
    watched = _watched(wanted, teams, start, until)
    found = [each for roster in rosters for each in preflight.of_roster(watched[roster.id], now)]
    for team in teams:
        if team.roster_id is None or not any(roster.id == team.roster_id for roster in rosters):
            continue
        found += preflight.of_team(team.id, team.name, _agents(team), team.roster_id, now)
        if team.backup_roster_id is not None:
            found += preflight.of_pair(watched[team.roster_id], watched[team.backup_roster_id], now)
    return sorted(found, key=lambda f: (f.from_at, preflight.CODES.index(f.code), f.key))


def find_of_calendars(now: datetime) -> list[Finding]:
    """Calendars that lack next year's official holidays, or the days worked in return for them."""
    organisation, setup = reference.current()
    found: list[Finding] = []
    for stored in list_calendars():
        calendar = setup.calendars[stored.id]
        today = now.astimezone(calendar.zone).date()
        country = get_global("zone_territories").get(calendar.zone.key, "")
        if today.month < HOLIDAYS_FROM:
            continue
        this_year, next_year = _official(country, today.year), _official(country, today.year + 1)
        is_office = organisation is not None and organisation.calendar_id == stored.id
        missing = holidays_missing(calendar, this_year[0], next_year[0], today, is_office)
        span = dates_span(calendar.zone, date(today.year + 1, 1, 1), date(today.year + 1, 12, 31))
        about = {"calendar": stored.name, "of": stored.id, "year": today.year + 1}
        if missing:
            found.append(Finding("holidays_missing", None, *span, params={**about, "dates": missing}))
        if make_up_days_missing(calendar, this_year[1], next_year[1], today):
            found.append(Finding("make_up_days", None, *span, params=about))
    return found


def write_letters(now: datetime) -> int:
    """Writes one letter to each lead with what preflight has found and now tells them, by
    rules/preflight.told_days, and to administrators what is wrong with calendars; returns how many letters.

    Each finding is told once for each of its days; what has begun already only to whom nothing was told.
    """
    rosters = list_rosters()
    by_roster: dict[int | None, list[Finding]] = {None: find_of_calendars(now)}
    for finding in find(rosters, now, now + AHEAD):
        by_roster.setdefault(finding.roster, []).append(finding)
    teams, zone = list_teams(), ZoneInfo(get_organisation().zone)
    told: dict[int, list[Finding]] = {}
    people: dict[int, Person] = {}
    for roster_id, found in by_roster.items():
        for person in _who_mends(roster_id, teams) if found else ():
            people[person.id] = person
            told.setdefault(person.id, []).extend(found)
    with transaction():
        forget_told(now - KEPT)
        return sum(_tell(people[id_], found, now, zone) for id_, found in sorted(told.items()))


def names_in(found: Iterable[Finding]) -> tuple[dict[int, str], dict[int, str]]:
    """The names of the people and of the rosters that these findings name, by id."""
    listed = list(found)
    people = list_people_by_id({person for finding in listed for person in finding.people})
    named = {finding.roster for finding in listed} | {finding.params.get("other") for finding in listed}
    rosters = list_rosters_by_id({roster_id for roster_id in named if roster_id is not None})
    return {p.id: p.name for p in people.values()}, {r.id: r.name for r in rosters.values()}


def _tell(person: Person, found: Iterable[Finding], now: datetime, office: ZoneInfo) -> bool:
    known = list_told(person.id)
    heard = {key for key, _days in known}
    fresh: dict[str, Finding] = {}
    for finding in found:
        days = preflight.told_days(finding, now, office)
        is_old = days is None or (finding.key, days) in known or (days == 0 and finding.key in heard)
        if is_old or finding.key in fresh:
            continue
        fresh[finding.key] = finding
        db.session.add(PreflightTold(person_id=person.id, finding=finding.key, days=days, told_at=now))
    if not fresh:
        return False
    listed = sorted(fresh.values(), key=lambda f: (preflight.CODES.index(f.code), f.from_at))
    key = f"preflight:{person.id}:{now:%Y-%m-%d}"
    names = names_in(listed)
    return (
        letters.write(
            "preflight",
            person,
            key=key,
            now=now,
            findings=listed,
            rosters=names[1],
            say=lambda finding, zone: findings.say(finding, zone, names),
            advise=lambda finding: findings.ADVICE[finding.code],
        )
        is not None
    )


def _who_mends(roster_id: int | None, teams: Sequence[Team]) -> list[Person]:
    """The leads of the roster's teams, else their managers, else the administrators."""
    found: dict[int, Person] = {}
    for team in teams:
        if roster_id is not None and roster_id in (team.roster_id, team.backup_roster_id):
            leads = [lead for lead in list_leads(team.id) if lead.is_active]
            manager = [team.manager] if team.manager is not None and team.manager.is_active else []
            found |= {person.id: person for person in leads or manager}
    return list(found.values()) or list_people(roles=(Role.ADMINISTRATOR,))


def _agents(team: Team) -> int:
    """How many can take turns."""
    return sum(m.person.is_active and may(m.person.asker, "ticket.work") for m in team.members)


def _watched(
    roster_ids: set[int], teams: Sequence[Team], start: datetime, until: datetime
) -> dict[int, Watched]:
    """These rosters as the rule reads them."""
    plans = gather(roster_ids, start, until)
    paged = _paged(teams, start, until)
    found = {}
    for roster_id, plan in plans.items():
        since = max(start, plan.versions[0].effective_at) if plan.versions else start
        owners = shifts(replace(plan, absences=()), since, until) if plan.absences else ()
        found[roster_id] = Watched(
            roster_id,
            _zone(plan),
            shifts(plan, since, until),
            owners,
            paged.get(roster_id, ()),
            tuple(_unfilled(plan, since, until)),
        )
    people = {s.person for each in found.values() for s in each.shifts if isinstance(s.person, int)}
    left, reaches = list_left(people), list_reaches(people)
    silent = frozenset(p for p in people if not reaches.get(p, Reach()).channels)
    return {roster_id: replace(each, left=left, silent=silent) for roster_id, each in found.items()}


def _zone(plan: Plan) -> ZoneInfo:
    return plan.versions[-1].zone if plan.versions else ZoneInfo("UTC")


def _unfilled(plan: Plan, start: datetime, until: datetime) -> Iterable[tuple[str, Span]]:
    for arrangement in plan.arrangements:
        span = dates_span(_zone(plan), arrangement.first_on, arrangement.last_on)
        if not arrangement.people and span[0] < until and start < span[1]:
            yield arrangement.name, span


def _paged(teams: Sequence[Team], start: datetime, until: datetime) -> dict[int, tuple[Span, ...]]:
    """When a ladder may page each roster: its policy's hours are open, and a step tells who is on call there.

    Who has the next turn is told at any time, so a gap does not matter to that step.
    """
    organisation, setup = reference.current()
    about: dict[int, set[int | None]] = {}
    for service in list_services():
        about.setdefault(service.team_id, set()).add(service.id)
    if organisation is not None and organisation.default_team_id is not None:
        about.setdefault(organisation.default_team_id, set()).add(None)
    wanted: dict[int, set[tuple[hours.Calendar | None, Span]]] = {}
    for team in teams:
        policies = {p for service in about.get(team.id, ()) for p in policies_of(setup, service)}
        for policy_id in policies:
            for roster_id, calendar, span in _asked(setup, setup.policies[policy_id], team, start, until):
                wanted.setdefault(roster_id, set()).add((calendar, span))
    return {
        roster_id: tuple(
            joined(sorted(open for calendar, span in asked for open in hours.open_spans(calendar, *span)))
        )
        for roster_id, asked in wanted.items()
    }


def _asked(
    setup: Reference, policy: Policy, team: Team, start: datetime, until: datetime
) -> Iterable[tuple[int, hours.Calendar | None, Span]]:
    """(roster, calendar, span): tickets of the team may ring who is on call there in these hours."""
    bounds = [max(start, terms.effective_at) for terms in policy.versions[1:]]
    for terms, from_at, to_at in zip(policy.versions, [start, *bounds], [*bounds, until], strict=True):
        if from_at >= min(to_at, until):
            continue
        for severity, targets in terms.targets.items():
            for name in TARGETS:
                target = targets.get(name)
                ladder = setup.ladders.get(severity, {}).get(name, ())
                for roster_id in _rosters_of(ladder, team) if target is not None else ():
                    yield roster_id, target.calendar if target else None, (from_at, min(to_at, until))


def _rosters_of(ladder: Ladder, team: Team) -> set[int]:
    own: Mapping[str, int | None] = {"on_call": team.roster_id, "backup": team.backup_roster_id}
    asked = {step.roster_id or own[step.to] for step in ladder if step.to in own}
    return {roster_id for roster_id in asked if roster_id is not None}


@lru_cache(maxsize=64)
def _official(country: str, year: int) -> tuple[dict[date, str], list[date]]:
    """A year's official holidays by date, and the days at weekends worked in return; none of a country that
    is not known."""
    if country not in calendars.countries():
        return {}, []
    found = calendars.public_holidays(country, None, year, LANGUAGE)
    return {d.on: d.name for d in found if not d.is_made_up}, [d.on for d in found if d.is_made_up]
