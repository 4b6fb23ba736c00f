"""Tables of people, departments, locations and services that somebody brings from elsewhere."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.store.db import Json, Model, UtcDateTime


class Import(Model):
    """A table as uploaded, before and after it was taken in: `what` (people, departments, locations,
    services), `rows` a dict of column and text each, with its line under "line"."""

    __tablename__ = "table_import"
    id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str]
    file_name: Mapped[str]
    rows: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
