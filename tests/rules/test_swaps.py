from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from helpdesk.rules.swaps import OPEN, Deed, NotPossible, lapses_at, state_after

FRIDAY = datetime(2026, 3, 6, 8, 0, tzinfo=UTC)
CLOSED = ("done", "declined", "withdrawn", "refused", "lapsed")


def test_a_lead_has_a_word_only_where_the_roster_wants_it() -> None:
    assert state_after("offered", "accept", False) == "done"
    assert state_after("offered", "accept", True) == "accepted"
    assert state_after("accepted", "approve", True) == "done"
    assert state_after("accepted", "refuse", True) == "refused"


def test_a_lead_may_settle_what_was_accepted_before_the_roster_stopped_asking() -> None:
    assert state_after("accepted", "approve", False) == "done"


def test_the_asker_may_withdraw_until_it_is_done() -> None:
    assert [state_after(state, "withdraw", True) for state in OPEN] == ["withdrawn", "withdrawn"]


@pytest.mark.parametrize("state", CLOSED)
@pytest.mark.parametrize("deed", get_args(Deed))
def test_nothing_follows_a_swap_that_is_over(state: str, deed: Deed) -> None:
    with pytest.raises(NotPossible):
        state_after(state, deed, False)


@pytest.mark.parametrize("deed", ["accept", "decline"])
def test_what_is_taken_cannot_be_taken_or_declined_again(deed: Deed) -> None:
    with pytest.raises(NotPossible):
        state_after("accepted", deed, True)


def test_it_lapses_with_the_first_of_its_turns() -> None:
    assert lapses_at(FRIDAY, None) == FRIDAY
    assert lapses_at(FRIDAY, FRIDAY - timedelta(days=2)) == FRIDAY - timedelta(days=2)
    assert lapses_at(FRIDAY, FRIDAY + timedelta(days=2)) == FRIDAY
