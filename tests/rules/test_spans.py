"""Spans: joined and clipped, half-open."""

from datetime import UTC, datetime

import pytest

from helpdesk.rules.spans import SpanIndex, clipped, joined, outside, seconds_between


def at(hour, minute=0, second=0):
    return datetime(2026, 3, 2, hour, minute, second, tzinfo=UTC)


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


BUSY = [(at(8), at(9)), (at(10), at(11)), (at(13), at(14))]


def test_what_lies_outside_of_spans():
    assert list(outside(BUSY, at(8, 30), at(13))) == [(at(9), at(10)), (at(11), at(13))]
    assert list(outside(BUSY, at(10), at(10, 30))) == []
    assert list(outside(BUSY, at(13, 30), at(15))) == [(at(14), at(15))]
    assert list(outside([], at(8), at(9))) == [(at(8), at(9))]


@pytest.mark.parametrize(
    ("instant", "seconds"),
    [(at(7), 0), (at(8), 0), (at(8, 1), 60), (at(9), 3600), (at(10), 3600), (at(23), 10800)],
)
def test_an_index_knows_how_much_lies_before_an_instant(instant, seconds):
    assert SpanIndex(at(6), BUSY).seconds_until(instant) == seconds


@pytest.mark.parametrize(
    ("seconds", "instant"),
    [(1, at(8, 0, 1)), (3600, at(9)), (3601, at(10, 0, 1)), (7200, at(11)), (10800, at(14))],
)
def test_an_index_knows_when_so_much_is_covered(seconds, instant):
    assert SpanIndex(at(6), BUSY).reaches(seconds) == instant


def test_an_index_may_begin_with_a_span_and_hold_none():
    index = SpanIndex(at(8), [(at(8), at(9)), (at(9), at(10))])
    assert (index.seconds, index.seconds_until(at(8, 30))) == (7200, 1800)
    assert list(index.spans_from(at(8))) == [(at(8), at(10))]
    nothing = SpanIndex(at(8), [])
    assert (nothing.seconds, nothing.seconds_until(at(9)), list(nothing.spans_from(at(9)))) == (0, 0, [])


def test_the_spans_from_an_instant_are_those_that_end_after_it():
    index = SpanIndex(at(6), BUSY)
    assert list(index.spans_from(at(10, 30))) == BUSY[1:]
    assert list(index.spans_from(at(11))) == BUSY[2:]
    assert list(index.spans_from(at(5))) == BUSY
