"""Whatever code the rules give a mail, people read words."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import helpdesk
from helpdesk.web import mail_words

ROOT = Path(helpdesk.__file__).parent
CODE = re.compile("[a-z]+(_[a-z]+)*")


def strings(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and CODE.fullmatch(each.value):
            yield each.value


def causes() -> Iterator[str]:
    """The codes that stand in the source: why something is automatic, and in verdicts and refusals."""
    automatic = ast.parse((ROOT / "rules/automatic.py").read_text("utf-8"))
    why = next(n for n in automatic.body if isinstance(n, ast.FunctionDef) and n.name == "why_automatic")
    for node in ast.walk(why):
        if isinstance(node, ast.Return) and not isinstance(node.value, ast.Call):
            yield from strings(node)
    for path in (*ROOT.glob("rules/*.py"), *ROOT.glob("desk/*.py"), *ROOT.glob("intake/*.py")):
        text = path.read_text("utf-8")
        yield from re.findall(r"\bVerdict\(Act\.[^()]*\"([a-z_]+)\"\)", text)
        yield from re.findall(r"\bUnclear\(\"([a-z_]+)\"\)", text)
        yield from re.findall(r"\b(?:set_aside|quarantine)\([^()\"]*\"([a-z_]+)\"", text)


def test_every_cause_has_words() -> None:
    found = set(causes())
    assert {"auto_submitted", "takes_no_part", "no_words", "no_sender", "unparseable"} <= found
    assert found <= set(mail_words.CAUSES)


def test_every_cause_that_can_be_helped_says_how() -> None:
    assert set(mail_words.REMEDIES) <= set(mail_words.CAUSES)


@pytest.mark.parametrize("cause", ["fault:KeyError", "fault"])
def test_a_fault_is_said_without_its_name(cause: str) -> None:
    assert mail_words.why(cause).startswith("A fault of ours")
    assert mail_words.remedy(cause).startswith("Try it again.")


def test_a_code_of_another_version_stands_as_it_is() -> None:
    assert mail_words.why("from_the_future") == "from_the_future"
    assert mail_words.remedy("from_the_future") == ""
