"""The organisation's own key figures, with what was measured."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload
from sqlalchemy.types import TypeDecorator

from helpdesk.store.db import Model, UtcDateTime, db
from helpdesk.store.people import Person


class Exact(TypeDecorator[Decimal]):
    """A decimal of up to four places, kept as ten-thousandths: SQLite's own numbers would round it."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> int | None:
        """Raises ValueError where there are more places."""
        if value is None:
            return None
        scaled = value.scaleb(4)
        if scaled != int(scaled):
            raise ValueError(f"{value} has more than four places")
        return int(scaled)

    def process_result_value(self, value: int | None, dialect: Any) -> Decimal | None:
        """The decimal with four places."""
        return None if value is None else Decimal(value).scaleb(-4)


class Kpi(Model):
    """A figure that is to go from its baseline to its target until `target_on`; in `unit`."""

    __tablename__ = "kpi"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    unit: Mapped[str] = mapped_column(default="")
    baseline: Mapped[Decimal] = mapped_column(Exact)
    baseline_on: Mapped[date]
    target: Mapped[Decimal] = mapped_column(Exact)
    target_on: Mapped[date]
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)
    actuals: Mapped[list["KpiActual"]] = relationship(
        order_by="KpiActual.on", cascade="all, delete-orphan", back_populates="kpi"
    )


class KpiActual(Model):
    """What was measured on a day; a later word about that day takes its place. `door`: web, table, api."""

    __tablename__ = "kpi_actual"
    __table_args__ = (UniqueConstraint("kpi_id", "on"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kpi_id: Mapped[int] = mapped_column(ForeignKey("kpi.id"))
    on: Mapped[date]
    value: Mapped[Decimal] = mapped_column(Exact)
    words: Mapped[str] = mapped_column(default="")
    door: Mapped[str]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kpi: Mapped[Kpi] = relationship(back_populates="actuals")
    by: Mapped[Person] = relationship()


def list_kpis(*, active_only: bool = False) -> list[Kpi]:
    """The key figures in their order, each with what was measured, the earliest day first, and by whom."""
    query = select(Kpi).order_by(Kpi.position, Kpi.name)
    if active_only:
        query = query.where(Kpi.is_active)
    return list(db.session.scalars(query.options(selectinload(Kpi.actuals).joinedload(KpiActual.by))))


def find_kpi(kpi_id: int) -> Kpi | None:
    """The key figure of that id with what was measured, as `list_kpis`, or None."""
    query = select(Kpi).where(Kpi.id == kpi_id)
    return db.session.scalar(query.options(selectinload(Kpi.actuals).joinedload(KpiActual.by)))


def find_actual(kpi_id: int, on: date) -> KpiActual | None:
    """What was measured on that day, or None."""
    return db.session.scalar(select(KpiActual).where(KpiActual.kpi_id == kpi_id, KpiActual.on == on))


def lock_kpis() -> None:
    """Lets nobody else measure anything until the transaction ends. For desk verbs."""
    db.session.execute(select(Kpi.id).order_by(Kpi.id).with_for_update())
