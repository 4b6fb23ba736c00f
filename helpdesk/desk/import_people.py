"""People from a table, found by staff number, else by mail address. Nobody is removed by it."""

from collections.abc import Iterable
from typing import Any

from helpdesk.desk import changes, leavers, locations, people
from helpdesk.desk.changes import By, Refused
from helpdesk.desk.import_lines import Fault, Line, Plan, Row
from helpdesk.desk.import_places import Departments
from helpdesk.desk.security import log_event
from helpdesk.rules.access import Role, may_be_in_team
from helpdesk.store.db import db
from helpdesk.store.locations import list_locations
from helpdesk.store.people import Address, Person, list_everybody

COLUMNS = ("name", "staff_number", "phone", "external_id", "locale", "zone")
Changes = dict[str, tuple[Any, Any]]


def plan_people(rows: Iterable[Row]) -> Plan:
    """What a table of people would do."""
    planner = _Planner()
    for row in rows:
        planner.take(row)
    planner.keep_an_administrator()
    return Plan(
        planner.write,
        tuple(planner.lines),
        tuple(planner.faults),
        departments=tuple(planner.tree.said(name) for name in planner.tree.new),
        locations=tuple(planner.new_locations),
        missing=planner.missing(),
    )


class _Planner:
    def __init__(self) -> None:
        everybody = list_everybody()
        self.people = {person.id: person for person in everybody}
        self.by_number = {p.staff_number: p for p in everybody if p.staff_number}
        self.by_address = {address.email: p for p in everybody for address in p.addresses}
        self.by_external_id = {p.external_id: p for p in everybody if p.external_id}
        self.tree = Departments()
        self.places = {place.name: place for place in list_locations(active_only=False)}
        self.new_locations: dict[str, None] = {}
        self.lines: list[Line] = []
        self.faults: list[Fault] = []
        self.seen: dict[tuple[str, str], int] = {}

    def take(self, row: Row) -> None:
        """Plans a line, or says what is wrong with it."""
        faults = len(self.faults)
        person = self._person(row)
        self._require_once(row, person)
        if person is not None:
            self._require_free(row, person)
        elif self._owner_of_id(row) is not None:
            self._fault(row, "external_id", "number_taken")
        found = self._changes(row, person)
        if len(self.faults) == faults:
            own_id = person.id if person else None
            self.lines.append(Line(row.line, row.values["name"], own_id, found, row.values))

    def keep_an_administrator(self) -> None:
        """Refuses lines that would leave nobody who can set anything up."""
        lowered = [
            line for line in self.lines if line.changes.get("role", (None, None))[0] == Role.ADMINISTRATOR
        ]
        left = {p.id for p in self.people.values() if p.role == Role.ADMINISTRATOR and p.is_active}
        left -= {line.own_id for line in lowered if line.own_id is not None}
        if lowered and not any(self.people[each].password_hash for each in left):
            self.faults += [Fault(line.line, "role", "last_administrator") for line in lowered]

    def missing(self) -> tuple[Person, ...]:
        """Whom a table with staff numbers leaves out."""
        if not any(field == "staff_number" for field, _value in self.seen):
            return ()
        met = {line.own_id for line in self.lines}
        return tuple(p for p in self.people.values() if p.is_active and p.staff_number and p.id not in met)

    def write(self, by: By) -> None:
        """Writes what was planned; letters nobody gets."""
        self.tree.write(by)
        for name in self.new_locations:
            self.places[name] = locations.save(None, {"name": name, "address": "", "is_active": True}, by)
        added = [self._add(line, by) for line in self.lines if line.own_id is None]
        for line in self.lines:
            if line.own_id is not None and line.changes:
                self._change(self.people[line.own_id], line, by)
        db.session.flush()
        for person in added:
            _log("person_added", person, {"role": person.role}, by)

    def _person(self, row: Row) -> Person | None:
        number, email = row.values.get("staff_number"), row.values.get("email")
        if not number and not email:
            self._fault(row, "staff_number", "no_key")
            return None
        found = self.by_number.get(number or "") or self.by_address.get(email or "")
        if found is not None and not found.is_active:
            self._fault(row, "name", "has_left", found.name)
        return found

    def _require_once(self, row: Row, person: Person | None) -> None:
        """One line may know somebody by their number and another by their address: that is twice too."""
        keys = [(field, row.values.get(field)) for field in ("staff_number", "email", "external_id")]
        for field, value in [*keys, ("name", person and person.id)]:
            first = self.seen.setdefault((field, str(value)), row.line) if value else row.line
            if first != row.line:
                self._fault(row, field, "twice", str(first))
                return

    def _require_free(self, row: Row, person: Person) -> None:
        other = self.by_address.get(row.values.get("email", ""), person)
        if other is not person:
            self._fault(row, "email", "address_of", other.name)
        if (self._owner_of_id(row) or person) is not person:
            self._fault(row, "external_id", "number_taken")
        role = row.values.get("role", person.role)
        if role != person.role and person.memberships and not may_be_in_team(Role(role)):
            self._fault(row, "role", "not_staff")

    def _owner_of_id(self, row: Row) -> Person | None:
        return self.by_external_id.get(row.values.get("external_id", ""))

    def _changes(self, row: Row, person: Person | None) -> Changes:
        found: Changes = {}
        for field in (*COLUMNS, "role"):
            before = getattr(person, field) if person else None
            if field in row.values and row.values[field] != before:
                found[field] = (before, row.values[field])
        known = [address.email for address in person.addresses] if person else []
        if "email" in row.values and row.values["email"] not in known:
            found["email"] = (person.email if person else None, row.values["email"])
        if "location" in row.values and row.values["location"] != (person.location if person else ""):
            found["location"] = (person.location if person else None, row.values["location"])
            if row.values["location"] not in self.places:
                self.new_locations[row.values["location"]] = None
        if "department" in row.values:
            found |= self._department(row, person)
        return found

    def _department(self, row: Row, person: Person | None) -> Changes:
        before = person.department.name if person and person.department else None
        try:
            after = self.tree.place(row.values["department"])
        except Refused as fault:
            self._fault(row, fault.field, fault.code, fault.names)
            return {}
        return {"department": (before, after)} if after != before else {}

    def _add(self, line: Line, by: By) -> Person:
        person = Person(created_at=by.now, role=Role.REPORTER)
        db.session.add(person)
        self._set(person, line)
        return person

    def _change(self, person: Person, line: Line, by: By) -> None:
        before = {field: was for field, (was, _now_is) in line.changes.items() if field != "role"}
        after = {field: now_is for field, (_was, now_is) in line.changes.items() if field != "role"}
        if "role" in line.changes:
            role = Role(line.changes["role"][1])
            if not may_be_in_team(role):
                leavers.hand_back(person, by)
            people.change_role(person.id, role, now=by.now, actor_id=by.actor_id, address=by.address)
        self._set(person, line)
        changes.log_change(f"person:{person.id}", before, after, by, "person_changed")

    def _set(self, person: Person, line: Line) -> None:
        for field, (_before, after) in line.changes.items():
            if field in (*COLUMNS, "role"):
                setattr(person, field, after)
        if "department" in line.changes:
            person.department_id = self.tree.ids[line.changes["department"][1]]
        if "location" in line.changes:
            person.place = self.places[line.changes["location"][1]]
        if "email" in line.changes:
            # Letters go to the new address; mail from the old one is still theirs.
            for address in person.addresses:
                address.is_primary = False
            person.addresses.append(Address(email=line.changes["email"][1], is_primary=True))

    def _fault(self, row: Row, field: str, code: str, names: str = "") -> None:
        self.faults.append(Fault(row.line, field, code, names))


def _log(what: str, person: Person, detail: dict[str, Any], by: By) -> None:
    subject = f"person:{person.id}"
    log_event(what, now=by.now, actor_id=by.actor_id, subject=subject, detail=detail, address=by.address)
