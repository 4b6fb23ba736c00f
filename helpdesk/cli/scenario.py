"""Scenario files: read, explain, print; shared by `sla explain` and `oncall explain`."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpdesk.rules.scenario import ScenarioError

Explain = Callable[[Any], dict[str, Any]]


def run_scenarios(path: str, lines: bool, explain_one: Explain) -> int:
    """Explain the scenario in `path` (`-`: standard input), or one a line, and return the exit status.

    `explain_one` takes decoded JSON of any shape and raises ScenarioError where it is no scenario.
    A bad file is one line on standard error and status 2; a bad line is its own `{"error": ...}`.
    """
    name = "standard input" if path == "-" else path
    try:
        raw = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        return _refused(f"{name}: {error.strerror}")
    if lines:
        for line in io.BytesIO(raw):
            print(json.dumps(_line_result(line, explain_one)))
        return 0
    try:
        result = explain_one(_decoded(raw))
    except ScenarioError as error:
        return _refused(f"{name}: {error}")
    print(json.dumps(result, indent=2))
    return 0


def _line_result(line: bytes, explain_one: Explain) -> dict[str, Any]:
    """The result of one line, or what is wrong with it."""
    try:
        return explain_one(_decoded(line))
    except ScenarioError as error:
        return {"error": _one_line(str(error))}


def _decoded(raw: bytes) -> Any:
    """The JSON in `raw`; bad encoding, numbers too long and nesting too deep are errors like any other."""
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_constant=_no_number)
    except RecursionError:
        raise ScenarioError("not JSON that can be read: nested too deeply") from None
    except ValueError as error:
        raise ScenarioError(f"not JSON: {error}") from None


def _no_number(name: str) -> Any:
    """Refuse NaN and Infinity, which Python reads and JSON does not know."""
    raise ValueError(f"{name} is no number")


def _refused(message: str) -> int:
    """Say what is wrong in one line and return the exit status of a refusal."""
    print(_one_line(message), file=sys.stderr)
    return 2


def _one_line(text: str) -> str:
    return " ".join(text.split())
