"""The laws of the house, kept by machines that explain themselves.

Who may import whom stands in pyproject.toml ([tool.importlinter]); here it is run, and what an import
graph cannot see is read from the source.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent / "helpdesk"
DOORS = ("web", "api", "intake", "jobs", "cli")
READING = ("find_", "get_", "list_", "is_", "count_")
PURE = {"ticket_id_of"}  # reads a ticket's number out of a text
SOURCES = sorted(HOUSE.rglob("*.py"))
WALL_CLOCK = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
}


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _name(path: Path) -> str:
    return str(path.relative_to(HOUSE.parent))


def test_rooms_import_only_what_the_table_allows() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter], cwd=HOUSE.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (
        f"{done.stdout}\nThe table stands in pyproject.toml and the README's map: a door calls the desk, "
        "the desk asks rules and writes the store, nothing reaches back. Move the code to its room."
    )


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_only_clock_py_reads_the_wall_clock(path: Path) -> None:
    if path.name == "clock.py" and path.parent == HOUSE:
        return
    places = [
        f"{_name(path)}:{node.lineno}"
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr) in WALL_CLOCK
    ]
    assert not places, f"{places}: take `now` as an argument; doors get it from helpdesk.clock.now()"


def _imports_from_store(path: Path) -> Iterator[tuple[int, str, str]]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("helpdesk.store"):
            for alias in node.names:
                yield node.lineno, node.module or "", alias.name


@pytest.mark.parametrize("door", DOORS)
def test_doors_only_read_the_store(door: str) -> None:
    """Classes may be named (for types); of functions only those that read; never the session."""
    wrong = [
        f"{_name(path)}:{line} {module}.{name}"
        for path in sorted((HOUSE / door).rglob("*.py"))
        for line, module, name in _imports_from_store(path)
        if not (name.startswith(READING) or name[0].isupper() or name in PURE)
    ]
    assert not wrong, f"{wrong}: doors call desk verbs to write, and of the store only {READING}"


def test_rules_and_desk_take_now_as_an_argument() -> None:
    wrong = [
        _name(path)
        for room in ("rules", "desk", "store", "outbound")
        for path in sorted((HOUSE / room).rglob("*.py"))
        if "helpdesk.clock" in path.read_text(encoding="utf-8")
    ]
    assert not wrong, f"{wrong}: only doors read the clock"


@pytest.mark.parametrize("room", ["rules", "desk"])
def test_public_functions_say_what_they_answer(room: str) -> None:
    silent = [
        f"{_name(path)}:{node.lineno} {node.name}"
        for path in sorted((HOUSE / room).rglob("*.py"))
        for node in _tree(path).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and not (isinstance(node, ast.ClassDef) and len(node.body) <= 8)
    ]
    assert not silent, f"{silent}: say what it answers, with units, errors and the None case"


def test_templates_hold_no_inline_script_or_style() -> None:
    """The pages' content security policy would refuse them; letters (templates/mail) have none."""
    templates = HOUSE.parent / "templates"
    wrong = []
    for path in sorted(templates.rglob("*.html")):
        if path.relative_to(templates).parts[0] == "mail":
            continue
        text = path.read_text(encoding="utf-8").lower()
        if " style=" in text or "<style" in text or " onclick=" in text or "<script>" in text:
            wrong.append(_name(path) if path.is_relative_to(HOUSE) else path.name)
    assert not wrong, f"{wrong}: styles belong in helpdesk.css, behaviour in helpdesk.js"
