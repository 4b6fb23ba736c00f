from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from helpdesk.rules.search import OF_REPORTERS, Filter, Problem, parse, span_of
from helpdesk.rules.words import Term


def terms(*words: str) -> tuple[Term, ...]:
    return tuple(Term(tuple(each.split())) for each in words)


def test_words_phrases_and_what_shall_not_be_there() -> None:
    query = parse('Printer "paper jam" -toner -"no paper" x:')
    assert query.terms == terms("printer", "paper jam", "x")
    assert query.without == terms("toner", "no paper")
    assert query.words == "Printer paper jam x:"
    assert parse('"unclosed phrase').terms == terms("unclosed phrase")


@pytest.mark.parametrize(
    ("text", "number"),
    [("HD-12", 12), ("hd-12", 12), ("12", 12), ("12 jam", None), ("12 is:open", None), ("99999999999", None)],
)
def test_a_number_alone_is_a_tickets(text: str, number: int | None) -> None:
    assert parse(text).number == number


def test_filters_are_read_with_their_quoted_values() -> None:
    query = parse('jam is:Open service:"ERP reports" -reporter:ana before:2026-10')
    assert query.terms == terms("jam")
    assert query.filters == (
        Filter("is", "open"),
        Filter("service", "ERP reports"),
        Filter("reporter", "ana", is_without=True),
        Filter("before", "2026-10"),
    )


def test_full_width_signs_are_understood() -> None:
    query = parse("“无法 开机”　is：open，－打印 三楼、东侧")
    assert query.filters == (Filter("is", "open"),)
    assert [term.tokens for term in query.terms] == [
        ("无法", "法", "开机"),
        ("三楼",),
        ("东侧",),
    ]
    assert [term.tokens for term in query.without] == [("打印",)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("jam colour:red", "unknown_filter"),
        ("jam is:blue", "unknown_value"),
        ("jam severity:high", "unknown_value"),
        ("jam before:soon", "no_date"),
        ("jam on:2026-13", "no_date"),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_is_searched(text: str, problem: str) -> None:
    query = parse(text)
    assert [each.code for each in query.problems] == [problem]
    assert query.terms == terms("jam")
    assert not query.filters


def test_addresses_and_times_are_words() -> None:
    query = parse("http://example.org/x 10:30 Windows: error")
    assert not query.problems
    assert query.terms == terms("http example org x", "10 30", "windows", "error")


def test_reporters_have_fewer_filters() -> None:
    query = parse("assignee:bo is:open is:untriaged", OF_REPORTERS)
    assert query.filters == (Filter("is", "open"),)
    assert [each.code for each in query.problems] == ["unknown_filter", "unknown_value"]
    assert query.problems[1] == Problem(
        "unknown_value", "is", "untriaged", ("open", "waiting", "resolved", "closed")
    )


@pytest.mark.parametrize(
    ("value", "from_at", "to_at"),
    [
        ("2026", (2025, 12, 31, 23), (2026, 12, 31, 23)),
        ("2026-10", (2026, 9, 30, 22), (2026, 10, 31, 23)),
        ("2026-12", (2026, 11, 30, 23), (2026, 12, 31, 23)),
        ("2026-03-29", (2026, 3, 28, 23), (2026, 3, 29, 22)),
    ],
)
def test_a_date_is_a_span_of_the_zone(value: str, from_at: tuple[int, ...], to_at: tuple[int, ...]) -> None:
    span = span_of(value, ZoneInfo("Europe/Berlin"))
    assert span == (datetime(*from_at, tzinfo=UTC), datetime(*to_at, tzinfo=UTC))


@pytest.mark.parametrize("value", ["0000", "9999", "2026-02-30", "26", "2026-1-"])
def test_what_is_no_date_is_none(value: str) -> None:
    assert span_of(value, ZoneInfo("Europe/Berlin")) is None


@pytest.mark.parametrize("text", ["", " ", "-", '"', '""', "-:", "is:", "：", "a" * 10_000, "- - -", '-"'])
def test_nothing_that_is_typed_is_a_fault(text: str) -> None:
    parse(text)
