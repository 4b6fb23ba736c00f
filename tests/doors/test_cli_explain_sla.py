"""`helpdesk sla explain` at the command line, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("seeded")  # once, not in each process
CASES = Path(__file__).parents[1] / "rules" / "sla_cases.jsonl"
CASE = json.loads(CASES.read_text().splitlines()[0])
REFUSED = next(
    case for case in map(json.loads, CASES.read_text().splitlines()) if case["expected"] == {"error": True}
)


def helpdesk(*words, given=b"", data=None):
    program = "import sys; from helpdesk.cli import main; sys.exit(main())"
    environ = os.environ if data is None else os.environ | {"HELPDESK_DATA": str(data)}
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        input=given,
        capture_output=True,
        timeout=60,
        check=False,
        env=environ,
    )


def test_a_file_is_explained(tmp_path):
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps(CASE["scenario"]))
    done = helpdesk("sla", "explain", str(file))
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout) == CASE["expected"]


def test_standard_input_is_explained():
    done = helpdesk("sla", "explain", "-", given=json.dumps(CASE["scenario"]).encode())
    assert done.returncode == 0
    assert json.loads(done.stdout) == CASE["expected"]


@pytest.mark.parametrize(
    "given",
    [
        json.dumps(REFUSED["scenario"]).encode(),
        b"",
        b"no json",
        b"[1, 2",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"now": NaN}',
        b'{"now": ' + b"1" * 5000 + b"}",
        b'{"now": "a\\nb"}',
        b'{"now": "\\ud800", "policy": {}, "events": []}',
        b'{"calendars": {"a\\nb": {}}}',
        b"null",
    ],
    ids=range(12),
)
def test_a_bad_scenario_is_one_line_on_standard_error(given):
    done = helpdesk("sla", "explain", "-", given=given)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.count(b"\n") == 1
    assert b"Traceback" not in done.stderr


def test_a_file_that_cannot_be_read_is_one_line_on_standard_error(tmp_path):
    for path in (tmp_path / "missing.json", tmp_path):
        done = helpdesk("sla", "explain", str(path))
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr.count(b"\n") == 1


def test_each_line_gets_its_line():
    cases = [json.loads(line) for line in CASES.read_text().splitlines()]
    given = [json.dumps(case["scenario"]).encode() for case in cases] + [b"", b"no json", b"\xff", b"{}"]
    done = helpdesk("sla", "explain", "-", "--lines", given=b"\n".join(given))
    assert (done.returncode, done.stderr) == (0, b"")
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == len(given)
    for case, result in zip(cases, results, strict=False):
        if case["expected"] == {"error": True}:
            assert list(result) == ["error"]
        else:
            assert result == case["expected"]
    assert all(list(result) == ["error"] for result in results[len(cases) :])


def test_no_framework_is_loaded(tmp_path):
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps(CASE["scenario"]))
    program = (
        "import sys; from helpdesk.cli import main; status = main(); "
        "print(sorted({'flask', 'sqlalchemy', 'rq', 'redis', 'marshmallow', 'jinja2'} & set(sys.modules)), "
        "file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "sla", "explain", str(file)],
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"[]\n")


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    """A data folder with some tickets of an example organisation."""
    data = tmp_path_factory.mktemp("seeded")
    for words in (("db", "upgrade"), ("seed", "--tickets", "25")):
        done = helpdesk(*words, data=data)
        assert done.returncode == 0, done.stderr
    return data


@pytest.mark.parametrize("number", ["HD-1", "hd-7", "25"])
def test_a_tickets_explanation_holds_a_scenario_that_explains_the_same(seeded, number):
    done = helpdesk("sla", "explain", "--ticket", number, data=seeded)
    assert (done.returncode, done.stderr) == (0, b"")
    found = json.loads(done.stdout)
    assert [cycle["target"] for cycle in found["cycles"][:2]] == ["response", "resolution"]
    again = helpdesk("sla", "explain", "-", given=json.dumps(found["scenario"]).encode())
    assert json.loads(again.stdout) == {"cycles": found["cycles"]}


@pytest.mark.parametrize("number", ["HD-26", "nonsense", "", "HD-99999999999999999999", "a\nb"])
def test_an_unknown_ticket_is_one_line_on_standard_error(seeded, number):
    done = helpdesk("sla", "explain", "--ticket", number, data=seeded)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.count(b"\n") == 1
    assert b"no ticket" in done.stderr


def test_a_database_that_is_not_there_is_one_line_on_standard_error(tmp_path):
    done = helpdesk("sla", "explain", "--ticket", "HD-1", data=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("words", [(), ("-", "--ticket", "HD-1"), ("--lines", "--ticket", "HD-1")])
def test_a_file_or_a_ticket_is_named(words):
    done = helpdesk("sla", "explain", *words)
    assert (done.returncode, done.stdout) == (2, b"")
