"""Tables of people, departments, locations and services taken in: uploaded, looked at, then kept or left."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema, ValidationError
from werkzeug.wrappers import Response as Answer

from helpdesk.desk import imports as desk
from helpdesk.desk.changes import ChangedMeanwhile
from helpdesk.desk.import_lines import Fault, Line, Plan, Row
from helpdesk.desk.imports import NotTaken
from helpdesk.i18n import LOCALES, say_list
from helpdesk.rules.access import Role
from helpdesk.rules.imports import FIELDS, guess, heading_of
from helpdesk.rules.tables import cells_of
from helpdesk.schemas.imports import ROWS
from helpdesk.schemas.people import ROLE_NAMES
from helpdesk.store.imports import Import, find_import, list_taken_imports
from helpdesk.web.admin.frame import SAID, Page, bp, by
from helpdesk.web.admin.import_words import COLUMNS, EXAMPLES, FAULTS, KINDS, TAKE_IN
from helpdesk.web.forms import Errors, say
from helpdesk.web.frame import needs
from helpdesk.web.sheets import csv_answer, xlsx_answer
from helpdesk.web.tables import MOST_COLUMNS, Unreadable, plain_of, rows_of

MOST_ROWS, MOST_BYTES = 10_000, 30_000_000  # of a workbook when it is unpacked
SHOWN = 100  # lines of each sort; a person looks at no more
NO_RIGHTS = (None, Role.REPORTER)  # what somebody new has anyway
Found = tuple[list[Row], list[tuple[int, str]]]


@bp.get("/imports")
@needs("admin.see")
def imports() -> str:
    """What can be taken in, and what was."""
    return render_template(
        "admin/imports.html",
        kinds=[(what, label, TAKE_IN[what]) for what, label in KINDS.items()],
        taken=[(each, KINDS[each.what]) for each in list_taken_imports()],
    )


@bp.get("/imports/<what>/template.<kind>")
@needs("admin.see")
def imports_template(what: str, kind: str) -> Response:
    """An empty table whose columns have the names that are known."""
    if what not in KINDS or kind not in ("csv", "xlsx"):
        abort(404)
    columns = [str(COLUMNS[field]) for field in FIELDS[what] if field not in ("first_name", "last_name")]
    answer = csv_answer if kind == "csv" else xlsx_answer
    return answer(what, columns, [])


@bp.route("/imports/<what>", methods=["GET", "POST"])
@needs("admin.edit")
def imports_new(what: str) -> Page:
    """A table pasted or uploaded; the next page says what it would do."""
    if what not in KINDS:
        abort(404)
    errors: Errors = {}
    if request.method == "POST":
        rows = _given(what, errors)
        if not errors:
            file = request.files.get("file")
            kept = desk.keep(what, file.filename or "" if file else "", rows, by())
            return redirect(url_for(".imports_show", what=what, import_id=kept.id), 303)
    page = render_template(
        "admin/import_new.html",
        what=what,
        title=TAKE_IN[what],
        typed=request.form,
        errors=errors,
        columns=[(COLUMNS[field], EXAMPLES.get(field, "")) for field in FIELDS[what]],
    )
    return (page, 422) if errors else page


@bp.route("/imports/<what>/<int:import_id>", methods=["GET", "POST"])
@needs("admin.edit")
def imports_show(what: str, import_id: int) -> Page:
    """What the table would do, by the columns as guessed or chosen; POST does it."""
    kept = find_import(import_id, what) or abort(404)
    if kept.taken_at is not None:
        flash(_("This table is taken in already."), "warning")
        return redirect(url_for(".imports"), 303)
    heading, lines = kept.rows[0]["cells"], kept.rows[1:]
    columns = _chosen(heading, what)
    rows, faults = _read(lines, columns, what)
    if request.method == "POST" and not faults:
        try:
            return _taken(desk.take_in(import_id, rows, by(), request.form.get("marker", "")), what)
        except (NotTaken, ChangedMeanwhile):
            faults = [(0, _("What is known has changed since you looked. Look at the result again."))]
    plan = desk.plan(what, rows)
    faults = sorted(faults + [(fault.line, _say_fault(fault)) for fault in plan.faults])
    page = _shown(kept, plan, columns, faults)
    return (page, 422) if faults and request.method == "POST" else page


def _given(what: str, errors: Errors) -> list[dict[str, Any]]:
    """The rows of what was posted, from the heading on, as they are kept."""
    file = request.files.get("file")
    try:
        rows = rows_of(file.read(), MOST_ROWS + 1, MOST_BYTES) if file and file.filename else _pasted()
    except Unreadable:
        errors["file"] = [_("This is no table that can be read. Save it as XLSX or CSV.")]
        return []
    cells = [[" ".join(plain_of(cell).replace("\0", "").split()) for cell in row] for row in rows]
    heading = heading_of(cells, what)
    # A workbook hands out every row as wide as we ask; what is empty in all of them is no column.
    width = max((n for row in cells for n, cell in enumerate(row[:MOST_COLUMNS], 1) if cell), default=0)
    found = [
        {"line": n, "cells": row[:width]}
        for n, row in enumerate(cells, 1)
        if heading is not None and n > heading and any(row)
    ]
    if len(found) > MOST_ROWS:
        errors["file"] = [_("These are too many lines. Take in at most %(most)s at once.", most=MOST_ROWS)]
    elif len(found) < 2:
        empty = _("There is no line below the names of the columns.")
        errors["file" if file and file.filename else "table"] = [
            empty if found else _("Paste the table, or choose its file.")
        ]
    return found


def _pasted() -> Sequence[Sequence[str]]:
    return cells_of(request.form.get("table", ""))


def _chosen(heading: Sequence[str], what: str) -> list[str]:
    """Which field each column is, by what was chosen, else by its name."""
    if "column-0" not in request.values:
        return guess(heading, what)
    chosen = [request.values.get(f"column-{n}", "") for n in range(len(heading))]
    return [field if field in FIELDS[what] else "" for field in chosen]


def _read(lines: Sequence[Mapping[str, Any]], columns: Sequence[str], what: str) -> Found:
    """What the lines say, each through its schema, and (line, fault) of what they cannot say."""
    twice = {field for field in columns if field and columns.count(field) > 1}
    if twice:
        named = say_list(str(COLUMNS[field]) for field in FIELDS[what] if field in twice)
        return [], [(0, _("Two columns are %(names)s. Choose one of them.", names=named))]
    if not {"name", "first_name", "last_name"} & set(columns):
        return [], [(0, _("Say which column holds the name."))]
    schema, rows, faults = ROWS[what](), list[Row](), list[tuple[int, str]]()
    for line in lines:
        cells = zip(columns, line["cells"], strict=False)
        given = {field: cell for field, cell in cells if field and cell}
        wrong = _errors(schema, given, rows, line["line"])
        faults += [(line["line"], text) for text in wrong]
    return rows, faults


def _errors(schema: Schema, given: dict[str, str], rows: list[Row], line: int) -> list[str]:
    """Adds the row that was given, or says what is wrong with it."""
    try:
        rows.append(Row(line, schema.load(given)))
    except ValidationError as fault:
        wrong = say(fault.normalized_messages())
        return [_say_of(given.get(field, ""), text) for field, texts in wrong.items() for text in texts]
    return []


def _taken(plan: Plan, what: str) -> Answer:
    flash(
        _(
            "Taken in: %(added)s new, %(changed)s changed, %(unchanged)s as they were.",
            added=len(plan.added),
            changed=len(plan.changed),
            unchanged=plan.unchanged,
        )
    )
    return redirect(url_for(f".{what}"), 303)


def _shown(kept: Import, plan: Plan, columns: Sequence[str], faults: Sequence[tuple[int, str]]) -> str:
    heading, lines = kept.rows[0]["cells"], kept.rows[1:]
    return render_template(
        "admin/import.html",
        kept=kept,
        title=TAKE_IN[kept.what],
        plan=plan,
        marker=desk.marker_of(plan),
        may_take=plan.does_anything and not faults,
        columns=[
            (n, name or _("Column %(num)s", num=n + 1), columns[n], _sample(lines, n))
            for n, name in enumerate(heading)
        ],
        field_options=[(field, str(COLUMNS[field])) for field in FIELDS[kept.what]],
        faults=[_say_line(line, text) for line, text in faults[:SHOWN]],
        more_faults=max(len(faults) - SHOWN, 0),
        added=[(line.name, _said_values(line)) for line in plan.added[:SHOWN]],
        changed=[(line.name, _said_changes(line)) for line in plan.changed[:SHOWN]],
        shown=SHOWN,
        roles=sum(line.changes.get("role", NO_RIGHTS) != NO_RIGHTS for line in plan.lines),
    )


def _sample(lines: Sequence[Mapping[str, Any]], column: int) -> str:
    """What stands in the column, by its first lines."""
    cells = [line["cells"][column] for line in lines[:20] if column < len(line["cells"])]
    return say_list(list(dict.fromkeys(filter(None, cells)))[:3])


def _said_values(line: Line) -> str:
    given = [(field, now_is) for field, (_was, now_is) in line.changes.items() if now_is is not False]
    said = [_value(field, value) for field, value in given if field != "name"]
    return " · ".join(filter(None, said))


def _said_changes(line: Line) -> list[tuple[str, str, str]]:
    """Of each field that changes its name, from and to."""
    return [
        (str(COLUMNS[field]), _value(field, was), _value(field, now_is))
        for field, (was, now_is) in line.changes.items()
    ]


def _value(field: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if field in ("is_core", "is_restricted"):
        return str(COLUMNS[field]) if value is True else _("no")
    words: Mapping[str, Mapping[Any, Any]] = {"role": ROLE_NAMES, "locale": LOCALES}
    return str(words.get(field, {}).get(value, value))


def _say_line(line: int, text: str) -> str:
    return _("Line %(line)s: %(said)s", line=line, said=text) if line else text


def _say_of(cell: str, text: str) -> str:
    return _("“%(cell)s”: %(said)s", cell=cell[:60], said=text) if cell else text


def _say_fault(fault: Fault) -> str:
    return str(FAULTS.get(fault.code) or SAID[fault.code]) % {"names": fault.names}
