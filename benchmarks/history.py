"""More history than could be written in a day: what has ended, copied to further years."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Column, Connection, func, select, text

from helpdesk.store import db
from helpdesk.store.db import UtcDateTime

SPAN = timedelta(days=183)
"""What `helpdesk seed` fills."""

COPIED = ("ticket", "entry", "target", "rating", "participant", "attachment")
LEFT_OUT = {"sent_key", "raw_mail_id", "merged_into_id", "parent_id"}


def grow(connection: Connection, wanted: int) -> None:
    """Copies the ended tickets of a PostgreSQL, each time SPAN earlier, until there are `wanted`.

    Alarms, letters and what is open are not copied: a desk has as much open as its people can hold.
    """
    ticket = db.metadata.tables["ticket"]
    there, last = connection.execute(select(func.count(), func.max(ticket.c.id))).one()
    ended = connection.scalar(select(func.count()).where(ticket.c.closed_at.is_not(None))) or 0
    entries = connection.scalar(select(func.max(db.metadata.tables["entry"].c.id))) or 0
    n = 0
    while there < wanted:
        n += 1
        most = min(wanted - there, ended)
        _copy(connection, n, most, {"ticket": last * n, "entry": entries * n})
        there += most
    for name in COPIED:
        if "id" in db.metadata.tables[name].c:
            _count_on(connection, name)
    connection.execute(text("ANALYZE"))


def _copy(connection: Connection, n: int, most: int, shifts: dict[str, int]) -> None:
    """One more copy of what has ended, `most` tickets of it. `shifts`: how far ids go up, by table."""
    for name in COPIED:
        table = db.metadata.tables[name]
        key = "id" if name == "ticket" else "ticket_id"
        columns = ", ".join(f'"{column.name}"' for column in table.c)
        values = ", ".join(_value(name, column, n, shifts) for column in table.c)
        last = shifts["ticket"] // n
        chosen = (
            f"SELECT id FROM ticket WHERE id <= {last} AND closed_at IS NOT NULL ORDER BY id LIMIT {most}"
        )
        rows = f"SELECT {values} FROM {name} WHERE {key} IN ({chosen})"
        connection.execute(text(f"INSERT INTO {name} ({columns}) {rows}"))
    words = "size, subject, words"  # no model describes them (store/search)
    shifted = (
        f"SELECT ticket_id + {shifts['ticket']}, {words} FROM ticket_words WHERE ticket_id IN ({chosen})"
    )
    connection.execute(text(f"INSERT INTO ticket_words (ticket_id, {words}) {shifted}"))


def _value(name: str, column: Column[Any], n: int, shifts: dict[str, int]) -> str:
    quoted = f'"{column.name}"'
    to = next((key.column.table.name for key in column.foreign_keys), None)
    if column.name in LEFT_OUT:
        return "NULL"
    if column.name == "id" and name not in shifts:
        return f"nextval(pg_get_serial_sequence('{name}', 'id'))"
    if column.name == "id" or to in shifts:
        return f"{quoted} + {shifts[to or name]}"
    if isinstance(column.type, UtcDateTime):
        return f"{quoted} - interval '{n * SPAN.days} days'"
    return quoted


def _count_on(connection: Connection, name: str) -> None:
    last = f"(SELECT max(id) FROM {name})"
    connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {last})"))
