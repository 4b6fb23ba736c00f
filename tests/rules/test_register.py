"""What a ticket's line in the register says beyond its columns."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from helpdesk.rules.register import standing_of, waited_seconds

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


def entry(kind: str, minutes: int, **detail: str) -> Any:
    return SimpleNamespace(kind=kind, at=NINE + timedelta(minutes=minutes), detail=detail)


def cycle(state: str, due: int | None, stopped: int | None = None) -> Any:
    def at(minutes: int | None) -> datetime | None:
        return None if minutes is None else NINE + timedelta(minutes=minutes)

    return SimpleNamespace(state=state, due_at=at(due), stopped_at=at(stopped))


def test_waiting_counts_from_its_beginning_to_the_answer_or_the_end() -> None:
    entries = [
        *(entry("waiting", 10, **{"for": "reporter"}), entry("reporter_replied", 40)),
        *(entry("reporter_replied", 50), entry("waiting", 60, **{"for": "supplier"})),
        *(entry("reporter_replied", 70), entry("resolved", 90)),
    ]
    assert waited_seconds(entries, NINE + timedelta(days=1)) == (30 + 30) * 60


def test_what_waits_still_is_counted_up_to_now() -> None:
    entries = [entry("waiting", 0, **{"for": "reporter"}), entry("waiting", 20, **{"for": "supplier"})]
    assert waited_seconds(entries, NINE + timedelta(minutes=45)) == 45 * 60


def test_the_last_promise_stands_and_all_broken_ones_are_counted() -> None:
    found = standing_of([cycle("breached", 10, 20), cycle("met", 60, 30)], NINE + timedelta(hours=2))
    assert found is not None
    assert (found.outcome, found.broken) == ("met", 1)


def test_what_is_open_and_past_due_is_broken_and_what_was_cancelled_in_time_is_nothing() -> None:
    late = standing_of([cycle("running", 10), cycle("cancelled", 60, 30)], NINE + timedelta(minutes=11))
    assert late is not None
    assert (late.outcome, late.broken) == ("breached", 1)
    assert standing_of([cycle("cancelled", 60, 30)], NINE) is None
    waits = standing_of([cycle("paused", None)], NINE)
    assert waits is not None
    assert waits.outcome == "running"
