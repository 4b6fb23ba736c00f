"""Which share of promises an organisation means to keep."""

from datetime import date

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Model


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
