"""Services from a table."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from helpdesk.desk import services
from helpdesk.desk.changes import By, State
from helpdesk.desk.import_lines import Fault, Line, Plan, Row
from helpdesk.rules.access import Role, may_be_in_team
from helpdesk.store.organisation import get_organisation
from helpdesk.store.people import Person, list_people
from helpdesk.store.services import Service, list_services
from helpdesk.store.teams import list_teams

STAFF = tuple(role for role in Role if may_be_in_team(role))
MOST_STAFF = 5000
PLAIN = ("description", "is_core", "is_restricted")


def plan_services(rows: Iterable[Row]) -> Plan:
    """What a table of services would do; a new one without a team is that team's which has none's reports."""
    planner = _Planner()
    for row in rows:
        planner.take(row)
    lines = tuple(planner.lines.values())
    return Plan(partial(_write, lines, planner.known), lines, tuple(planner.faults))


class _Planner:
    def __init__(self) -> None:
        self.known = {service.name: service for service in list_services(active_only=False)}
        self.teams = {team.name.casefold(): team for team in list_teams()}
        self.default_team_id = get_organisation().default_team_id
        self.staff = _by_key(list_people(roles=STAFF, limit=MOST_STAFF))
        self.lines: dict[str, Line] = {}
        self.faults: list[Fault] = []

    def take(self, row: Row) -> None:
        """Plans a line, or says what is wrong with it."""
        name, was = row.values["name"], self.known.get(row.values["name"])
        if name in self.lines:
            self.faults.append(Fault(row.line, "name", "twice", str(self.lines[name].line)))
            return
        changes, values = dict[str, tuple[Any, Any]](), dict[str, Any]()
        for field in PLAIN:
            before = getattr(was, field) if was else None
            if field in row.values and row.values[field] != before:
                values[field] = row.values[field]
                changes[field] = (before, row.values[field])
        self._point(row, "team", self._team(row), was.team if was else None, changes, values)
        self._point(row, "owner", self._owner(row), was.owner if was else None, changes, values)
        if was is None and "team_id" not in values:
            values["team_id"] = self.default_team_id
        self.lines[name] = Line(row.line, name, was.id if was else None, changes, values)

    def _point(
        self,
        row: Row,
        field: str,
        found: Any,
        was: Any,
        changes: dict[str, tuple[Any, Any]],
        values: dict[str, Any],
    ) -> None:
        if field not in row.values:
            return
        if found is None:
            self.faults.append(Fault(row.line, field, f"no_{field}", row.values[field]))
        elif was is None or found.id != was.id:
            values[f"{field}_id"] = found.id
            changes[field] = (was.name if was else None, found.name)

    def _team(self, row: Row) -> Any:
        return self.teams.get(row.values.get("team", "").casefold())

    def _owner(self, row: Row) -> Person | None:
        found = self.staff.get(row.values.get("owner", "").casefold(), [])
        return found[0] if len(found) == 1 else None


def _by_key(people: Iterable[Person]) -> dict[str, list[Person]]:
    found: dict[str, list[Person]] = {}
    for person in people:
        keys = {person.name.casefold(), (person.staff_number or "").casefold()}
        for key in keys | {address.email for address in person.addresses}:
            found.setdefault(key, []).append(person)
    return found


def _write(lines: Iterable[Line], known: Mapping[str, Service], by: By) -> None:
    for line in lines:
        was = known.get(line.name)
        if was is None or line.changes:
            before: State = services.state_of(was) if was else {**services.NEW, "name": line.name}
            services.save(line.own_id, {**before, **line.values}, by)
