"""Tables of people, departments, locations and services that somebody brings from elsewhere."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.orm import Mapped, defer, joinedload, mapped_column, relationship

from helpdesk.store.db import Json, Model, UtcDateTime, db
from helpdesk.store.people import Person


class Import(Model):
    """A table as uploaded: `what` it is of (people, departments, locations, services); `rows` from its
    heading on, each {"line": of the file, "cells": [texts]}, until it is taken in."""

    __tablename__ = "table_import"
    id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str]
    file_name: Mapped[str]
    rows: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    person: Mapped[Person] = relationship()


def find_import(import_id: int, what: str) -> Import | None:
    """The table of that id, if it is one of `what`, or None."""
    query = select(Import).where(Import.id == import_id, Import.what == what)
    return db.session.scalar(query.options(joinedload(Import.person)))


def list_taken_imports(limit: int = 20) -> list[Import]:
    """The tables that were taken in, the last one first, without their rows."""
    query = (
        select(Import).where(Import.taken_at.is_not(None)).order_by(Import.taken_at.desc(), Import.id.desc())
    )
    return list(db.session.scalars(query.options(defer(Import.rows), joinedload(Import.person)).limit(limit)))


def delete_imports_left_before(at: datetime) -> None:
    """Tables that were uploaded before then and never taken in. For desk verbs."""
    db.session.execute(delete(Import).where(Import.uploaded_at < at, Import.taken_at.is_(None)))
