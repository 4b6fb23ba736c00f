"""The organisation's own key figures, with what was measured."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.store.db import Model, UtcDateTime


class Kpi(Model):
    """A figure that is to go from its baseline to its target until `target_on`; in `unit`."""

    __tablename__ = "kpi"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    unit: Mapped[str] = mapped_column(default="")
    baseline: Mapped[Decimal] = mapped_column(Numeric(18, 4))
    baseline_on: Mapped[date]
    target: Mapped[Decimal] = mapped_column(Numeric(18, 4))
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
    value: Mapped[Decimal] = mapped_column(Numeric(18, 4))
    words: Mapped[str] = mapped_column(default="")
    door: Mapped[str]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kpi: Mapped[Kpi] = relationship(back_populates="actuals")
