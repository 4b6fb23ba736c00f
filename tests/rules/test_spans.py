"""Spans: joined and clipped, half-open."""

from datetime import UTC, datetime

from helpdesk.rules.spans import clipped, joined, seconds_between


def at(hour, minute=0):
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def test_spans_that_touch_or_overlap_become_one():
    assert list(joined([(at(8), at(9)), (at(9), at(10)), (at(9, 30), at(9, 40))])) == [(at(8), at(10))]


def test_spans_with_a_gap_stay_apart():
    assert list(joined([(at(8), at(9)), (at(9, 1), at(10))])) == [(at(8), at(9)), (at(9, 1), at(10))]


def test_empty_spans_disappear():
    assert list(joined([(at(8), at(8)), (at(9), at(10)), (at(12), at(11))])) == [(at(9), at(10))]
    assert list(joined([])) == []


def test_clipping_keeps_what_lies_inside():
    spans = [(at(6), at(7)), (at(7), at(9)), (at(10), at(11)), (at(11), at(14)), (at(12), at(13))]
    assert list(clipped(spans, at(8), at(12))) == [(at(8), at(9)), (at(10), at(11)), (at(11), at(12))]
    assert list(clipped(spans, at(9), at(10))) == []


def test_seconds_between_are_whole():
    assert seconds_between(at(8), at(9)) == 3600
    assert seconds_between(at(8), at(8, 1).replace(microsecond=999_999)) == 60
