"""Alembic's entry: migrates the database of the present application, on SQLite and PostgreSQL alike."""

from alembic import context

from helpdesk.store.db import UtcDateTime, connection_to_migrate, db


def render_item(kind: str, thing: object, _context: object) -> str | bool:
    """A migration names plain column types: it must still run when our own have changed."""
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


with connection_to_migrate() as connection:
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_item=render_item,
        render_as_batch=True,
        compare_type=True,
        transactional_ddl=True,  # SQLite's too: all of it or nothing
    )
    with context.begin_transaction():
        context.run_migrations()
