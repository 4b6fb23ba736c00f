"""Days without changes are the organisation's own, from midnight to midnight there."""

from datetime import UTC, date, datetime, timedelta

from helpdesk.desk import freezes
from helpdesk.desk.changes import By
from helpdesk.desk.freezes import Frozen
from tests.conftest import MONDAY_9, House

HOUR = timedelta(hours=1)
# In Berlin, an hour ahead of UTC, midnight before 25 March 2026 and after the 31st (summer time).
BEGINS, ENDS = datetime(2026, 3, 24, 23, 0, tzinfo=UTC), datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
QUARTER = "FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=-7"


def closing(house: House, rule: str = QUARTER) -> None:
    values = {"name": "Closing", "first_on": date(2026, 1, 1), "days": 7, "rule": rule}
    freezes.save(None, values, By(MONDAY_9, house.dee.id))


def test_a_window_touches_a_freeze_from_its_first_midnight_to_its_last(house: House) -> None:
    closing(house)
    frozen = Frozen("Closing", date(2026, 3, 25), date(2026, 4, 1))
    assert freezes.touching([(BEGINS - 2 * HOUR, BEGINS)]) == []
    assert freezes.touching([(BEGINS - 2 * HOUR, BEGINS + timedelta(seconds=1))]) == [frozen]
    assert freezes.touching([(ENDS - timedelta(seconds=1), ENDS + HOUR)]) == [frozen]
    assert freezes.touching([(ENDS, ENDS + HOUR)]) == []
    assert freezes.touching([(BEGINS, ENDS), (BEGINS, BEGINS + HOUR)]) == [frozen], "said once"


def test_nothing_is_frozen_where_nobody_asks_or_nothing_is_set(house: House) -> None:
    assert freezes.touching([(BEGINS, ENDS)]) == []
    closing(house, rule="")
    assert freezes.touching([]) == []
    assert freezes.touching([(BEGINS, ENDS)]) == [], "it was in January, once"
    assert [found.until for found in freezes.between(date(2026, 1, 7), date(2026, 1, 8))] == [
        date(2026, 1, 8)
    ]
