"""Tables of people, departments, locations and services: kept as uploaded, looked at, taken in as a whole."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from helpdesk.desk import changes
from helpdesk.desk.changes import By, ChangedMeanwhile
from helpdesk.desk.import_lines import Plan, Row
from helpdesk.desk.import_people import plan_people
from helpdesk.desk.import_places import plan_departments, plan_locations
from helpdesk.desk.import_services import plan_services
from helpdesk.desk.security import log_event
from helpdesk.store.db import Conflict, db, transaction
from helpdesk.store.imports import Import, delete_imports_left_before
from helpdesk.store.names import get_row_for_change
from helpdesk.store.organisation import lock_organisation

KEPT_FOR = timedelta(days=7)  # a table that nobody takes in
_PLANNERS: dict[str, Callable[[Sequence[Row]], Plan]] = {
    "people": plan_people,
    "departments": plan_departments,
    "locations": plan_locations,
    "services": plan_services,
}


class NotTaken(Exception):
    """The table has faults, says nothing new, or was taken in before; nothing was written."""


def keep(what: str, file_name: str, rows: list[dict[str, Any]], by: By) -> Import:
    """Keeps an uploaded table, so that it can be looked at; `rows` as store/imports has them."""
    with transaction():
        kept = Import(
            what=what,
            file_name=file_name,
            rows=rows,
            person_id=by.actor_id,
            uploaded_at=by.now,
        )
        db.session.add(kept)
    return kept


def plan(what: str, rows: Sequence[Row]) -> Plan:
    """What a table would do; reads, writes nothing."""
    return _PLANNERS[what](rows)


def marker_of(planned: Plan) -> str:
    """Differs where the plan does: what is taken in is what was looked at."""
    lines = [[line.line, line.own_id, dict(line.changes)] for line in planned.lines]
    return changes.marker_of({"lines": lines})


def take_in(import_id: int, rows: Sequence[Row], by: By, seen: str) -> Plan:
    """Writes all that the table says, or nothing; `seen` is the marker of the plan that was looked at.

    Raises NotTaken; ChangedMeanwhile where the plan is another by now; LookupError for no such table.
    """
    try:
        with transaction():
            kept = get_row_for_change(Import, import_id)
            lock_organisation()  # two tables at once would both make the same departments
            planned = plan(kept.what, rows)
            if kept.taken_at is not None or planned.faults or not planned.does_anything:
                raise NotTaken
            if marker_of(planned) != seen:
                raise ChangedMeanwhile
            planned.write(by)
            kept.taken_at, kept.rows = by.now, []
            _log(kept, planned, rows, by)
    except Conflict as fault:  # somebody has added the same person by hand this very moment
        raise ChangedMeanwhile from fault
    return planned


def sweep(now: datetime) -> None:
    """Forgets tables that nobody took in. For the periodic list, once a day."""
    with transaction():
        delete_imports_left_before(now - KEPT_FOR)


def _log(kept: Import, planned: Plan, rows: Sequence[Row], by: By) -> None:
    detail = {
        "file": kept.file_name,
        "columns": sorted({name for row in rows for name in row.values}),
        "added": len(planned.added),
        "changed": len(planned.changed),
    }
    subject = f"table:{kept.what}"
    log_event(
        "table_taken_in", now=by.now, actor_id=by.actor_id, subject=subject, detail=detail, address=by.address
    )
