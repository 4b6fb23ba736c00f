"""Alembic's entry: migrates the database of the present application, on SQLite and PostgreSQL alike."""

from alembic import context

from helpdesk.store.db import UtcDateTime, connection_to_migrate, db
from helpdesk.store.search import is_own_table


def render_item(kind: str, thing: object, _context: object) -> str | bool:
    """A migration names plain column types: it must still run when our own have changed."""
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def is_compared(_thing: object, name: str | None, kind: str, _is_reflected: bool, _other: object) -> bool:
    """The words of tickets are kept in tables that no model describes."""
    return not (kind == "table" and is_own_table(name or ""))


with connection_to_migrate() as connection:
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_item=render_item,
        include_object=is_compared,
        render_as_batch=True,
        compare_type=True,
        transactional_ddl=True,  # SQLite's too: all of it or nothing
    )
    with context.begin_transaction():
        context.run_migrations()
