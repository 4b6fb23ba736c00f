"""What happened lately in the demonstration, by the same verbs as in service.

Breaches are excused, news is promised, a day off moves deadlines, a channel waits for its code.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from helpdesk.desk import calendars, excuses, tickets
from helpdesk.desk.changes import By
from helpdesk.desk.example import ADMINISTRATOR, TEAMS, ZONE, get_person_named
from helpdesk.outbound import channels
from helpdesk.rules.lifecycle import State
from helpdesk.rules.severity import Severity
from helpdesk.store.channels import Channel
from helpdesk.store.db import db, transaction
from helpdesk.store.organisation import get_organisation
from helpdesk.store.people import get_person
from helpdesk.store.policies import find_calendar
from helpdesk.store.targets import list_missed
from helpdesk.store.tickets import list_tickets

# Reason, evidence.
EXCUSES = (
    ("The carrier's line was down for half a day", "The carrier's fault report"),
    ("The reporter asked us to come a day later", "Their reply on this ticket"),
    ("电力检修，整栋楼停电", "物业的停电通知"),
)
PROMISES = 3


def happen(now: datetime) -> None:
    """All of it, once the history has been written."""
    now = now.replace(microsecond=0)
    _excuse(now)
    _promise_news(now)
    _take_a_day_off(now)
    _add_channel(now)


def _excuse(now: datetime) -> None:
    """The latest resolutions that a team was late with, each by its lead."""
    leads = {
        team: lead for _, name, _ in TEAMS for lead in [get_person_named(name)] for team in lead.asker.lead_of
    }
    found = list_missed(Severity.MINOR, list(leads), now - timedelta(weeks=6), now)
    late = [t for t in reversed(found) if t.target == "resolution" and t.state == "breached" and t.stopped_at]
    for target, (reason, evidence) in zip(late, EXCUSES, strict=False):
        lead = leads[target.ticket.team_id]
        excuses.excuse(
            target.ticket_id, lead, "resolution", target.cycle, reason=reason, evidence=evidence, now=now
        )


def _promise_news(now: datetime) -> None:
    """On tickets in work, by those who have them."""
    eli = get_person_named(ADMINISTRATOR)
    for hours, ticket in enumerate(list_tickets(eli.asker, limit=PROMISES, state=State.IN_WORK), start=1):
        if ticket.assignee_id is not None:
            agent = get_person(ticket.assignee_id)
            tickets.promise_update(ticket.id, agent, now + timedelta(hours=hours), now=now)


def _take_a_day_off(now: datetime) -> None:
    """The next Thursday or Friday is closed."""
    calendar = find_calendar(get_organisation().calendar_id or 0)
    if calendar is None:
        return
    today = now.astimezone(ZoneInfo(ZONE)).date()
    off = next(day for n in range(2, 9) if (day := today + timedelta(days=n)).weekday() in (3, 4))
    definition = calendar.versions[-1].definition
    by = By(now, get_person_named(ADMINISTRATOR).id)
    first = calendars.first_day(calendar, now)
    dates = {**definition.get("dates", {}), off.isoformat(): []}
    calendars.publish(calendar.id, definition["week"], dates, first, "Works outing", by)


def _add_channel(now: datetime) -> None:
    """Nobody verifies it, so nothing ever goes there."""
    owner = get_person_named(TEAMS[0][2][0])
    with transaction():
        sealed = channels.seal("ntfys://ntfy.example.org/my-phone")
        db.session.add(
            Channel(
                person_id=owner.id, name="My phone", sealed_url=sealed, created_at=now, created_by_id=owner.id
            )
        )
