"""Reports that come by themselves in the demonstration: one each week, one each month."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from helpdesk.desk import schedules
from helpdesk.desk.changes import By
from helpdesk.desk.example import AUDITOR, MANAGER, ZONE, get_person_named
from helpdesk.rules.figures import Grain, Period, next_begin
from helpdesk.rules.schedules import rule_of

SENT_AT = time(7)
# Name, report and its period; how often, from the beginning of which part of time on, and to whom.
SENT = (
    ("Promises kept last week", "compliance", Period.LAST_WEEK, "weekly", Grain.WEEK, (MANAGER,)),
    ("How we worked last month", "work", Period.LAST_MONTH, "monthly", Grain.MONTH, (MANAGER, AUDITOR)),
)


def happen(now: datetime) -> None:
    """The manager schedules them, for the first time when the next week and the next month begin."""
    manager, today = get_person_named(MANAGER), now.astimezone(ZoneInfo(ZONE)).date()
    for name, report, period, rhythm, grain, readers in SENT:
        first = next_begin(today, grain)
        values = {
            "name": name,
            "report": report,
            "asked": {"kind": "fault", "period": period.value},
            "recipients": [{"person": get_person_named(reader).id} for reader in readers],
            "rule": rule_of(rhythm, first),
            "zone": ZONE,
            "starts_at": datetime.combine(first, SENT_AT).isoformat("T", "minutes"),
        }
        schedules.add(values, By(now, manager.id))
