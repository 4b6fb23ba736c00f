"""What preflight has written to whom: each finding is told once for each of its days ahead."""

from datetime import datetime

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Model, UtcDateTime, db


class PreflightTold(Model):
    """The person was written of the finding (rules/preflight.Finding.key) `days` before it begins; 0: when it
    had begun. The primary key makes it once."""

    __tablename__ = "preflight_told"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    finding: Mapped[str] = mapped_column(primary_key=True)
    days: Mapped[int] = mapped_column(primary_key=True)
    told_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


def list_told(person_id: int) -> set[tuple[str, int]]:
    """(finding, days) of all that the person was written."""
    rows = db.session.execute(
        select(PreflightTold.finding, PreflightTold.days).where(PreflightTold.person_id == person_id)
    )
    return {(finding, days) for finding, days in rows}


def forget_told(before: datetime) -> None:
    """Forgets what was told before that instant."""
    db.session.execute(delete(PreflightTold).where(PreflightTold.told_at < before))
