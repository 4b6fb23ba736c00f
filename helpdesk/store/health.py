"""What waits: the few counts by which operators see that nothing is stuck."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from helpdesk.store.db import db
from helpdesk.store.escalations import Alarm
from helpdesk.store.letters import Letter
from helpdesk.store.mail import RawMail


@dataclass(frozen=True)
class Backlog:
    """Counts of what waits, and of all that ever came and went; `oldest_alarm_due_at` None where no alarm
    is past due."""

    oldest_alarm_due_at: datetime | None
    letters_waiting: int
    letters_failed: int
    mail_waiting: int
    mail_quarantined: int
    mail_taken_in: int
    letters_written: int


def get_backlog(now: datetime) -> Backlog:
    """What waits at `now`. OperationalError where the database cannot be reached."""
    letters = _counts(Letter, ("waiting", "failed"))
    mail = _counts(RawMail, ("waiting", "quarantined"))
    return Backlog(
        oldest_alarm_due_at=find_oldest_due(now),
        letters_waiting=letters.get("waiting", 0),
        letters_failed=letters.get("failed", 0),
        mail_waiting=mail.get("waiting", 0),
        mail_quarantined=mail.get("quarantined", 0),
        # The last id: counting every row would take long, and nothing that came or went is deleted.
        mail_taken_in=db.session.scalar(select(func.max(RawMail.id))) or 0,
        letters_written=db.session.scalar(select(func.max(Letter.id))) or 0,
    )


def find_oldest_due(now: datetime) -> datetime | None:
    """When the oldest alarm that is due and has not rung was due; None where none is."""
    oldest = select(func.min(Alarm.due_at)).where(Alarm.state == "pending", Alarm.due_at <= now)
    return db.session.scalar(oldest)


def _counts(model: type[Letter] | type[RawMail], states: tuple[str, ...]) -> dict[str, int]:
    rows = db.session.execute(
        select(model.state, func.count()).where(model.state.in_(states)).group_by(model.state)
    )
    return {state: count for state, count in rows}  # noqa: C416 - rows are no plain pairs to mypy
