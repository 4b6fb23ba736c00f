"""Key figures of the example organisation: one ahead of its way, one behind, one of money."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from helpdesk.store.db import db
from helpdesk.store.kpis import Kpi, KpiActual
from helpdesk.store.people import Person

# Name, unit, baseline, target, and what was measured month by month; the way is a year long.
FIGURES: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    ("Approval time", "days", "8", "4", ("7.8", "7.4", "7.1", "6.2", "6.3", "5.6", "5.4", "5.1", "4.8")),
    ("Requests done without a hand", "%", "30", "75", ("31", "33", "36", "41", "44", "47", "51", "55", "58")),
    (
        *("Saved in a year", "EUR", "0", "200000"),
        ("12500", "27000", "41800", "66000", "84250.5", "101900", "122400", "140100", "161500"),
    ),
)
WORDS = {
    ("Approval time", 4): "Heads of department approve by phone now",
    ("Approval time", 5): "Holidays",
    ("Requests done without a hand", 4): "Access to shared folders is given by rule",
    ("Saved in a year", 4): "Two licences less",
}


def install(manager: Person, zone: str, now: datetime) -> None:
    """The key figures, as the manager has set and measured them for nine months. Inside a transaction."""
    begin = now.astimezone(ZoneInfo(zone)).date().replace(day=1) - relativedelta(months=9)
    for position, (name, unit, baseline, target, values) in enumerate(FIGURES):
        kpi = Kpi(name=name, unit=unit, position=position)
        kpi.baseline, kpi.baseline_on = Decimal(baseline), begin
        kpi.target, kpi.target_on = Decimal(target), begin + relativedelta(years=1)
        kpi.actuals = [
            _measured(begin + relativedelta(months=month), value, WORDS.get((name, month), ""), manager, now)
            for month, value in enumerate(values, 1)
        ]
        db.session.add(kpi)


def _measured(on: date, value: str, words: str, manager: Person, now: datetime) -> KpiActual:
    noted_at = min(datetime.combine(on, time(9), UTC), now)
    return KpiActual(on=on, value=Decimal(value), words=words, door="web", by_id=manager.id, at=noted_at)
