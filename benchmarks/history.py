"""More history than could be written in a day: what has ended, copied to further years."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Column, Connection, DateTime, MetaData, Table, text

EARLIER = timedelta(days=101)
"""From a copy to the next: ten times what `helpdesk seed` has put into half a year are three years."""

COPIED = ("ticket", "entry", "target", "rating", "participant", "attachment", "ticket_words")
LEFT_OUT = {"sent_key", "raw_mail_id", "merged_into_id", "parent_id"}


def grow(connection: Connection, wanted: int) -> None:
    """Copies the ended tickets of a PostgreSQL, each time EARLIER than before, until there are `wanted`.

    Alarms, letters and what is open are not copied: a desk has as much open as its people can hold.
    """
    known = MetaData()
    known.reflect(connection, only=COPIED)
    tables = [known.tables[name] for name in COPIED]
    there, last = connection.execute(text("SELECT count(*), max(id) FROM ticket")).one()
    ended = connection.scalar(text("SELECT count(*) FROM ticket WHERE closed_at IS NOT NULL")) or 0
    last_entry = connection.scalar(text("SELECT max(id) FROM entry")) or 0
    n = 0
    while there < wanted:
        n += 1
        most = min(wanted - there, ended)
        chosen = (
            f"SELECT id FROM ticket WHERE id <= {last} AND closed_at IS NOT NULL ORDER BY id LIMIT {most}"
        )
        for table in tables:
            _copy(connection, table, chosen, n, {"ticket": last * n, "entry": last_entry * n})
        there += most
    for name in ("ticket", "entry"):
        connection.execute(
            text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")
        )
    connection.execute(text("ANALYZE"))


def _copy(connection: Connection, table: Table, chosen: str, n: int, shifts: dict[str, int]) -> None:
    """One more copy of a table's rows of the `chosen` tickets. `shifts`: how far ids go up, by table."""
    key = "id" if table.name == "ticket" else "ticket_id"
    columns = ", ".join(f'"{column.name}"' for column in table.c)
    values = ", ".join(_value(table, column, n, shifts) for column in table.c)
    rows = f"SELECT {values} FROM {table.name} WHERE {key} IN ({chosen})"
    connection.execute(text(f"INSERT INTO {table.name} ({columns}) {rows}"))


def _value(table: Table, column: Column[Any], n: int, shifts: dict[str, int]) -> str:
    quoted = f'"{column.name}"'
    to = next((key.column.table.name for key in column.foreign_keys), None)
    if column.name in LEFT_OUT:
        return "NULL"
    if column.name == "id" and table.name not in shifts:
        return f"nextval(pg_get_serial_sequence('{table.name}', 'id'))"
    if column.name == "id" or to in shifts:
        return f"{quoted} + {shifts[to or table.name]}"
    if isinstance(column.type, DateTime):
        return f"{quoted} - interval '{n * EARLIER.days} days'"
    return quoted
