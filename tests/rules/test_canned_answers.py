import pytest

from helpdesk.rules.canned_answers import fill, text_for, unknown_in


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello {{reporter.name}}, {{ ticket.number }}", []),
        ("{{reporter.salary}} {{service}} {{x}} {{x}}", ["reporter.salary", "x"]),
        ("{{reporter.name}", ["{{"]),
        ("reporter.name}} {{", ["{{", "}}"]),
        ("{{}}", [""]),
        ("a { b } c", []),
    ],
)
def test_what_is_no_variable_is_named(text: str, expected: list[str]) -> None:
    assert unknown_in(text) == expected


def test_a_value_is_not_looked_at_again_and_a_missing_one_is_a_gap_one_sees() -> None:
    values = {"ticket.subject": "{{agent.name}} \\1", "agent.name": "Bo"}
    assert fill("{{ticket.subject}} - {{agent.name}}{{hotline}}.", values) == "{{agent.name}} \\1 - Bo…."


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"en": "Hello", "zh_Hant": "您好"}, "您好"),
        ({"en": "Hello", "zh_Hans": "你好"}, "Hello"),
        ({"zh_Hans": "你好"}, "你好"),
        ({}, ""),
    ],
)
def test_the_first_language_that_has_a_text_is_taken(texts: dict[str, str], expected: str) -> None:
    assert text_for(texts, ("zh_Hant", None, "en")) == expected
