"""Departments and locations from a table, as lines of their own or where people sit."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from helpdesk.desk import locations, organisation
from helpdesk.desk.changes import By, Refused
from helpdesk.desk.import_lines import Fault, Line, Plan, Row
from helpdesk.rules.imports import path_of
from helpdesk.store.locations import Location, list_locations
from helpdesk.store.organisation import list_departments


class Departments:
    """The departments that there are, and those that a table adds; `above`: each one's parent, or None."""

    def __init__(self) -> None:
        known = list_departments()
        self.ids = {each.name: each.id for each in known}
        self.above = {each.name: each.parent.name if each.parent else None for each in known}
        self.new: dict[str, None] = {}

    def place(self, text: str) -> str:
        """The name of the department that a text or path names, as `put`."""
        return self.put(path_of(text, self.above))

    def put(self, path: Sequence[str]) -> str:
        """The last department of the path; unknown ones are to be made. Raises Refused (elsewhere) where one
        of the path belongs to another."""
        for above, name in zip((None, *path), path, strict=False):
            if name not in self.above:
                self.above[name], self.new[name] = above, None
            elif above is not None and self.above[name] != above:
                raise Refused("department", "elsewhere", name)
        return path[-1]

    def said(self, name: str) -> str:
        """The department with those above it."""
        found, above = [name], self.above.get(name)
        while above is not None and above not in found:
            found.append(above)
            above = self.above.get(above)
        return " / ".join(reversed(found))

    def is_circle(self, name: str) -> bool:
        """Whether the department would come to stand below itself."""
        seen, above = {name}, self.above[name]
        while above is not None and above not in seen:
            seen.add(above)
            above = self.above[above]
        return above == name

    def write(self, by: By) -> None:
        """Makes those that are new, those above them first."""
        for name in self.new:
            self._id_of(name, by)

    def move(self, name: str, by: By) -> None:
        """Puts one that is known where the table says."""
        above = self.above[name]
        parent_id = self._id_of(above, by) if above else None
        organisation.save_department(self.ids[name], {"name": name, "parent_id": parent_id}, by)

    def _id_of(self, name: str, by: By) -> int:
        if name not in self.ids:
            above = self.above[name]
            parent_id = self._id_of(above, by) if above else None
            made = organisation.save_department(None, {"name": name, "parent_id": parent_id}, by)
            self.ids[name] = made.id
        return self.ids[name]


def plan_departments(rows: Iterable[Row]) -> Plan:
    """What a table of departments would do; its lines name them by path, or by name with a `parent`."""
    tree = Departments()
    was, faults, lines = dict(tree.above), list[Fault](), dict[str, Row]()
    # Upper departments first: a path is to find them where the table puts them.
    for path, row in sorted(((_path(tree, row), row) for row in rows), key=lambda each: len(each[0])):
        if not path:
            faults.append(Fault(row.line, "name", "no_name"))
        elif path[-1] in lines:
            faults.append(Fault(row.line, "name", "twice", str(lines[path[-1]].line)))
        else:
            faults += _put(tree, path, row)
            lines[path[-1]] = row
    faults += [Fault(row.line, "parent", "own_parent") for name, row in lines.items() if tree.is_circle(name)]
    planned = [_planned(tree, name, row, was) for name, row in lines.items()]
    return Plan(
        partial(_write_departments, tree, [line.name for line in planned if line.own_id and line.changes]),
        tuple(sorted(planned, key=lambda line: line.line)),
        tuple(sorted(faults, key=lambda fault: fault.line)),
        departments=tuple(tree.said(name) for name in tree.new if name not in lines),
    )


def _path(tree: Departments, row: Row) -> tuple[str, ...]:
    return path_of(row.values.get("parent", ""), tree.above) + path_of(row.values["name"], tree.above)


def _put(tree: Departments, path: Sequence[str], row: Row) -> list[Fault]:
    """Puts the last of the path below the others; where the table says nothing of that, it stays."""
    name = path[-1]
    try:
        parent = tree.put(path[:-1]) if len(path) > 1 else tree.above.get(name)
    except Refused as fault:
        return [Fault(row.line, "parent", fault.code, fault.names)]
    if name not in tree.above:
        tree.new[name] = None
    tree.above[name] = parent
    return []


def _planned(tree: Departments, name: str, row: Row, was: Mapping[str, str | None]) -> Line:
    before, after = was.get(name), tree.above.get(name)
    changes = {"parent": (before, tree.said(after) if after else None)} if before != after else {}
    return Line(row.line, name, tree.ids.get(name), changes)


def _write_departments(tree: Departments, moved: Iterable[str], by: By) -> None:
    tree.write(by)
    for name in moved:
        tree.move(name, by)


def plan_locations(rows: Iterable[Row]) -> Plan:
    """What a table of locations would do."""
    known = {each.name: each for each in list_locations(active_only=False)}
    lines, faults = dict[str, Line](), list[Fault]()
    for row in rows:
        name = row.values["name"]
        if name in lines:
            faults.append(Fault(row.line, "name", "twice", str(lines[name].line)))
            continue
        was = known.get(name)
        before = was.address if was else ""
        address = row.values.get("address", before)
        changes = {"address": (before, address)} if address != before else {}
        lines[name] = Line(row.line, name, was.id if was else None, changes)
    planned = tuple(lines.values())
    return Plan(partial(_write_locations, planned, known), planned, tuple(faults))


def _write_locations(lines: Iterable[Line], known: Mapping[str, Location], by: By) -> None:
    for line in lines:
        was = known.get(line.name)
        if was is None or line.changes:
            address = line.changes["address"][1] if line.changes else ""
            values = {"name": line.name, "address": address, "is_active": was.is_active if was else True}
            locations.save(line.own_id, values, by)
