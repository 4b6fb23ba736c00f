"""What things that bear a name have in common: found by it, and locked to be changed."""

from typing import Any, TypeVar

from sqlalchemy import select

from helpdesk.store.db import Model, db

Row = TypeVar("Row", bound=Model)


def find_named(model: type[Row], name: str) -> Row | None:
    """The row of that model with exactly that name, or None."""
    columns: Any = model
    return db.session.scalar(select(model).where(columns.name == name))


def find_row(model: type[Row], row_id: int) -> Row | None:
    """The row of that id, or None."""
    return db.session.get(model, row_id)


def get_row_for_change(model: type[Row], row_id: int) -> Row:
    """The row, locked until the transaction ends. LookupError if there is none. For desk verbs."""
    columns: Any = model
    row = db.session.scalar(
        select(model)
        .where(columns.id == row_id)
        .with_for_update(of=model)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise LookupError(f"no {model.__tablename__} {row_id}")
    return row
