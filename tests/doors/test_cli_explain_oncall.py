"""`helpdesk oncall explain` as a person at a terminal meets it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from helpdesk.cli import main

SCENARIO = {
    "from": "2026-03-27T12:00:00Z",
    "to": "2026-03-28T12:00:00Z",
    "roster": {
        "timezone": "Europe/Berlin",
        "layers": [
            {
                "name": "夜班",
                "people": ["ana", "bo"],
                "starts_at": "2026-03-27T09:00",
                "every": 1,
                "unit": "days",
            }
        ],
        "absences": [],
        "overrides": [],
    },
}
RESULT = {
    "shifts": [
        {
            "from": "2026-03-27T12:00:00Z",
            "to": "2026-03-28T08:00:00Z",
            "person": "ana",
            "source": "layer:夜班",
            "flag": None,
        },
        {
            "from": "2026-03-28T08:00:00Z",
            "to": "2026-03-28T12:00:00Z",
            "person": "bo",
            "source": "layer:夜班",
            "flag": None,
        },
    ]
}
RUN = "import sys; from helpdesk.cli import main; sys.exit(main())"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "scenario.json"


def run(*words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-c", RUN, *words], input=given, capture_output=True, check=False)


def test_it_prints_the_shifts_of_a_file(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(json.dumps(SCENARIO, ensure_ascii=False), encoding="utf-8")
    assert main(["oncall", "explain", str(file)]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == RESULT
    assert err == ""


def test_it_reads_standard_input() -> None:
    done = run("oncall", "explain", "-", given=json.dumps(SCENARIO).encode())
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, RESULT, b"")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not JSON"),
        (b'{"from": ', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 200_000, "not JSON"),
        (b"1" * 5000, "not JSON"),
        (b"[]", "the scenario: expected an object"),
        (b"{}", "from: missing"),
        (json.dumps({**SCENARIO, "roster": {"timezone": "Mars\n"}}).encode(), "roster.timezone"),
    ],
)
def test_a_bad_file_is_one_line_and_status_2(
    file: Path, capsys: pytest.CaptureFixture[str], content: bytes, says: str
) -> None:
    file.write_bytes(content)
    assert main(["oncall", "explain", str(file)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"{file}: {says}")
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", ["missing.json", ""])
def test_a_file_that_cannot_be_read_is_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main(["oncall", "explain", "--lines", str(tmp_path / name)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(str(tmp_path))
    assert err.count("\n") == 1


def test_with_lines_each_line_has_its_own_result_or_error(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = json.dumps(SCENARIO).encode()
    file.write_bytes(b"\n".join([good, b"{", b"", b"\xff", b'"\\ud800"', b"{}", good + b"\r"]))
    assert main(["oncall", "explain", str(file), "--lines"]) == 0
    out, err = capsys.readouterr()
    results = [json.loads(line) for line in out.splitlines()]
    assert [results[0], results[6]] == [RESULT, RESULT]
    assert [list(result) for result in results[1:6]] == [["error"]] * 5
    assert results[5] == {"error": "from: missing"}
    assert err == ""


def test_it_loads_no_web_framework_and_no_database(file: Path) -> None:
    file.write_text(json.dumps(SCENARIO))
    code = (
        "import sys; from helpdesk.cli import main; status = main(); "
        "print(*(m for m in ('flask', 'sqlalchemy', 'rq', 'redis') if m in sys.modules), file=sys.stderr); "
        "sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "oncall", "explain", str(file)], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"\n")
