"""Which share of promises an organisation means to keep."""

from datetime import date

from sqlalchemy import UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Model, db


class Goal(Model):
    """From the quarter that begins on `first_on` until the next goal's: `tenths` of a percent of the promises
    of that kind and target."""

    __tablename__ = "goal"
    __table_args__ = (UniqueConstraint("first_on", "kind", "target"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    first_on: Mapped[date]
    kind: Mapped[str]
    target: Mapped[str]
    tenths: Mapped[int]


def list_goals(kind: str | None = None) -> list[Goal]:
    """The goals, of one kind or all, the latest quarter first."""
    query = select(Goal).order_by(Goal.first_on.desc(), Goal.kind, Goal.target)
    return list(db.session.scalars(query if kind is None else query.where(Goal.kind == kind)))


def find_goal(first_on: date, kind: str, target: str) -> Goal | None:
    """The goal that begins in that quarter, or None."""
    same = Goal.first_on == first_on, Goal.kind == kind, Goal.target == target
    return db.session.scalar(select(Goal).where(*same))
