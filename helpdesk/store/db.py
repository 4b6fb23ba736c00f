"""The database: one handle, UTC instants, transactions and what runs after them.

What differs between SQLite and PostgreSQL stands here (and in store/search.py) and nowhere else.
"""

import json
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Engine,
    Float,
    Insert,
    Integer,
    MetaData,
    Select,
    Subquery,
    Table,
    any_,
    bindparam,
    case,
    cast,
    event,
    func,
    insert,
    literal,
    null,
    select,
    text,
    type_coerce,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, ORMExecuteState, Session, UOWTransaction
from sqlalchemy.types import TypeDecorator

log = logging.getLogger(__name__)

WAITS_FOR = 10  # seconds, for SQLite's only writer
TURN_EVERY = 0.002  # seconds

Conflict = IntegrityError
"""A unique key is taken: somebody else was faster. For desk verbs, which know no SQLAlchemy."""

Hindered = OperationalError
"""The database could not do it just now: two waited for each other, or it is away. Tried again, it may."""


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

if TYPE_CHECKING:
    Model = Base  # what Flask-SQLAlchemy makes of it at run time is not known to the type checker
else:
    Model = db.Model


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware UTC in Python, timestamptz on PostgreSQL, sortable text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    # Each in one step, since a ticket has fifty instants: SQLite takes and gives text, PostgreSQL aware
    # datetimes. (To replace a datetime's zone would cost ten times as much as to read one that names it.)
    def bind_processor(self, dialect: Any) -> Callable[[datetime | None], Any]:
        return _text_of_instant if dialect.name == "sqlite" else _checked

    def result_processor(self, dialect: Any, coltype: Any) -> Callable[[Any], datetime | None]:
        return _instant_of_text if dialect.name == "sqlite" else _instant


def _checked(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("an instant must be aware")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


def _text_of_instant(value: datetime | None) -> str | None:
    instant = _checked(value)
    return None if instant is None else instant.isoformat(" ", "microseconds")[:26]


def _instant_of_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value + "Z")


def _instant(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


# JSON without nulls-as-json; jsonb on PostgreSQL so that it can be compared and indexed.
Json = JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def engine_options(url: str) -> dict[str, Any]:
    """Flask-SQLAlchemy's engine options for a database URL."""
    # What people wrote, hashes and tokens are parameters: a fault in the log must not bear them.
    always: dict[str, Any] = {"json_serializer": _dump, "hide_parameters": True}
    if url.startswith("sqlite"):
        always["json_deserializer"] = _load
        return always | {"connect_args": {"timeout": WAITS_FOR, "check_same_thread": False}}
    return always | {"pool_size": 8, "max_overflow": 8, "pool_pre_ping": True}


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_decoder = json.JSONDecoder()


def _load(text: str) -> Any:
    return _decoder.raw_decode(text)[0]  # what _dump has written bears no blanks around it


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if not type(connection).__module__.startswith("sqlite3"):
        return
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin_sqlite
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={1000 * WAITS_FOR}",
        "cache_size=-512",  # KiB for each thread; whatever another process commits empties it anyway
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    # IMMEDIATE for writers only: on every transaction it costs reads a factor of six (facts.md).
    if connection.dialect.name != "sqlite":
        return
    if connection.get_execution_options().get("writes"):
        _wait_for_turn(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _wait_for_turn(connection: Connection) -> None:
    """BEGIN IMMEDIATE as soon as nobody else writes; OperationalError after WAITS_FOR.

    SQLite's own waiting sleeps ever longer, so that whoever waits longest is served last.
    """
    raw: Any = connection.connection.driver_connection  # SQLAlchemy would take longer for it than SQLite
    give_up_at = time.monotonic() + WAITS_FOR
    raw.execute("PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < give_up_at:
            try:
                raw.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as fault:
                if fault.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(TURN_EVERY)
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # its fault is SQLAlchemy's
    finally:
        raw.execute(f"PRAGMA busy_timeout={round(1000 * WAITS_FOR)}")


@contextmanager
def transaction() -> Iterator[None]:
    """One unit of writing: commits at its end, rolls back on a fault, then runs the after-commit hooks.

    Inside another transaction it joins that one. What was read before it is forgotten, so that no
    decision rests on a stale row.
    """
    session = db.session()
    if session.info.get("writing"):
        yield
        return
    end_reading()
    session.info["writing"] = True
    session.info["hooks"] = {}
    try:
        session.connection(execution_options={"writes": True})
        yield
        session.commit()
    except BaseException:
        session.rollback()
        session.info["hooks"] = {}
        raise
    finally:
        session.info["writing"] = session.info["written"] = False
    hooks: dict[str, Callable[[], object]] = session.info.pop("hooks", {})
    for name, hook in hooks.items():
        try:
            hook()
        except Exception:  # the sweep does what a hook could not
            log.exception("after-commit hook %s failed", name)


def end_reading() -> None:
    """Ends the present transaction, outside of `transaction`, and forgets what it has read; nothing where
    none has begun.

    By a commit where it has only read: at each rollback psycopg forgets the statements it has prepared, and
    PostgreSQL would plan every statement of every page anew, which took longer than to run it.
    """
    session = db.session()
    if not session.in_transaction():
        return
    has_only_read = not (session.info.get("written") or session.new or session.dirty or session.deleted)
    try:
        if has_only_read:
            session.commit()
            session.expire_all()
    except SQLAlchemyError:  # the connection is gone, or what it was asked has failed
        has_only_read = False
    if not has_only_read:
        session.rollback()
    session.info["written"] = False


@event.listens_for(db.session, "after_flush")
def _flushed(session: Session, _context: UOWTransaction) -> None:
    session.info["written"] = True


@event.listens_for(db.session, "do_orm_execute")
def _executed(state: ORMExecuteState) -> None:
    if not state.is_select:
        state.session.info["written"] = True


@contextmanager
def savepoint() -> Iterator[None]:
    """A part of a transaction that may fail by itself: a fault undoes it alone and is raised on."""
    with db.session.begin_nested():
        yield


def after_commit(name: str, hook: Callable[[], object]) -> None:
    """Runs the hook once the present transaction has committed; a name already waiting is not run twice.

    Raises RuntimeError outside a transaction: such a hook would speak before anything is kept.
    """
    session = db.session()
    if not session.info.get("writing"):
        raise RuntimeError("after_commit needs a transaction")
    session.info["hooks"].setdefault(name, hook)


@contextmanager
def connection_to_migrate() -> Iterator[Connection]:
    """A connection on which tables may be rebuilt.

    SQLite changes a table by making it anew and dropping the old one; with its foreign keys watched, that
    would be refused where other rows refer to it.
    """
    with db.engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            raw.execute("PRAGMA foreign_keys=OFF")
        try:
            yield connection
        finally:
            if is_sqlite:
                connection.rollback()  # inside a transaction the next would be without effect
                raw.execute("PRAGMA foreign_keys=ON")


def insert_missing(model: type[Base]) -> Insert:
    """An INSERT that leaves rows alone whose unique key exists (ON CONFLICT DO NOTHING)."""
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    return dialect.insert(model).on_conflict_do_nothing()


def among(
    column: InstrumentedAttribute[int] | InstrumentedAttribute[int | None] | ColumnElement[int],
    ids: Iterable[int],
) -> ColumnElement[bool]:
    """The condition that the column is one of these numbers, however many, as one parameter."""
    found = list(ids)
    if db.engine.dialect.name == "postgresql":
        return column == any_(bindparam(None, found, postgresql.ARRAY(Integer)))
    return column.in_(select(func.json_each(_dump(found)).table_valued("value").c.value))


def seconds_of(instant: ColumnElement[Any] | InstrumentedAttribute[Any]) -> ColumnElement[int]:
    """An instant as whole seconds since 1970, in a statement."""
    if db.engine.dialect.name == "postgresql":
        return cast(func.floor(func.date_part("epoch", instant)), BigInteger)
    # Without the fraction, which it would round: an instant of .9995 is not of the next second.
    return cast(func.strftime("%s", func.substr(instant, 1, 19)), BigInteger)


def list_percentiles(
    rows: Select[Any], measures: Sequence[str], percents: Sequence[int]
) -> list[tuple[Any, ...]]:
    """Of all the rows together, and of those with each `key`: whether it is of all, the key (None for all),
    and of each measure, a column of whole numbers that may be missing, how many rows have it, the sum and
    the value at each of the percents (None where no row has it).

    A value that lies between two rows is taken from both by its distance, as PERCENTILE.INC of spreadsheets
    and percentile_cont do it.
    """
    is_postgresql = db.engine.dialect.name == "postgresql"
    found = rows.cte()  # read once for both
    of_key = select(literal(0).label("is_of_all"), found.c.key, *(found.c[name] for name in measures))
    of_all = select(
        literal(1).label("is_of_all"),
        cast(null(), found.c.key.type).label("key"),
        *(found.c[name] for name in measures),
    )
    made = _percentiles_by_aggregate if is_postgresql else _percentiles_by_place
    parts = [made(part.subquery(), measures, percents) for part in (of_key, of_all)]
    return [(bool(row[0]), *row[1:]) for row in db.session.execute(union_all(*parts))]


def _percentiles_by_aggregate(
    rows: Subquery, measures: Sequence[str], percents: Sequence[int]
) -> Select[Any]:
    found: list[ColumnElement[Any]] = []
    for name in measures:
        column = rows.c[name]
        found += [func.count(column), cast(func.sum(column), BigInteger)]  # else of large integers a decimal
        for percent in percents:
            value = func.percentile_cont(percent / 100).within_group(column)
            found.append(type_coerce(value, Float))
    return select(rows.c.is_of_all, rows.c.key, *found).group_by(rows.c.is_of_all, rows.c.key)


def _percentiles_by_place(rows: Subquery, measures: Sequence[str], percents: Sequence[int]) -> Select[Any]:
    counted: list[ColumnElement[Any]] = []
    for name in measures:
        column = rows.c[name]
        order = column.is_(None), column
        counted += [
            func.row_number().over(partition_by=rows.c.key, order_by=order).label(f"{name}_place"),
            func.count(column).over(partition_by=rows.c.key).label(f"{name}_total"),
        ]
    given = rows.c.is_of_all, rows.c.key, *(rows.c[name] for name in measures)
    placed = select(*given, *counted).subquery()
    found: list[ColumnElement[Any]] = []
    for name in measures:
        column, place, total = (placed.c[each] for each in (name, f"{name}_place", f"{name}_total"))
        found += [func.count(column), func.sum(column)]
        for percent in percents:
            before = (total - 1) * percent  # hundredths of a row before the place that is looked for
            low = func.max(case((place == before // 100 + 1, column)))
            high = func.max(case((place == func.min(before // 100 + 2, total), column)))
            found.append(low + (high - low) * func.max(before % 100) / 100.0)
    return select(placed.c.is_of_all, placed.c.key, *found).group_by(placed.c.is_of_all, placed.c.key)


def insert_rows(model: type[Base], rows: list[dict[str, Any]]) -> None:
    """Adds rows, a dict of columns each, all with the same columns. For desk verbs."""
    if not rows:
        return
    table = db.metadata.tables[model.__tablename__]
    if db.engine.dialect.name != "postgresql":
        db.session.execute(insert(table), rows)  # Core: an entity apiece would cost more than the row
        return
    known: list[Any] = [column for column in table.columns if column.name not in rows[0]]
    defaults = {c.name: c.default.arg for c in known if c.default is not None and c.default.is_scalar}
    _send_rows(_INSERT, table, [defaults | row for row in rows] if defaults else rows)


def update_rows(model: type[Base], rows: list[dict[str, Any]]) -> None:
    """Changes rows: a dict of "id" and columns each, all with the same columns. For desk verbs.

    Entities that the session holds do not hear of it.
    """
    if not rows:
        return
    table = db.metadata.tables[model.__tablename__]
    if db.engine.dialect.name == "postgresql":
        _send_rows(_UPDATE, table, rows)
        return
    by_id = update(table).where(table.c.id == bindparam("_id"))
    changed = by_id.values({name: bindparam(f"_{name}") for name in rows[0] if name != "id"})
    db.session.execute(changed, [{f"_{name}": value for name, value in row.items()} for row in rows])


_INSERT = "INSERT INTO {table} ({names}) SELECT {values} FROM {rows}"
_UPDATE = "UPDATE {table} SET {changes} FROM {rows} WHERE {table}.id = new.id"
_ROWS = "json_to_recordset(CAST(:rows AS JSON)) AS new({columns})"


def _send_rows(statement: str, table: Table, rows: list[dict[str, Any]]) -> None:
    """To PostgreSQL in one statement with all rows as one value: one a row costs several times as much."""
    names = list(rows[0])
    types = {name: table.c[name].type.compile(postgresql.dialect()) for name in names}
    written = statement.format(
        table=table.name,
        names=", ".join(names),
        values=", ".join(f"new.{name}" for name in names),
        changes=", ".join(f"{name} = new.{name}" for name in names if name != "id"),
        rows=_ROWS.format(columns=", ".join(f"{name} {types[name]}" for name in names)),
    )
    sent = json.dumps(rows, ensure_ascii=False, separators=(",", ":"), default=_sent_instant)
    db.session.execute(text(written), {"rows": sent})


def _sent_instant(value: Any) -> str:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError(f"{value!r} is no value of a row")
    return value.isoformat()


def copy_rows(model: type[Base], names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """As `insert_rows`, values of these columns each, so many that even one statement would be slow."""
    table = db.metadata.tables[model.__tablename__]
    if db.engine.dialect.name != "postgresql":
        found = [dict(zip(names, row, strict=True)) for row in rows]
        if found:
            db.session.execute(insert(table), found)
        return
    raw: Any = db.session.connection().connection.driver_connection
    with raw.cursor() as cursor, cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def new_ids(model: type[Base], count: int) -> list[int]:
    """Ids for rows that are written in bulk and refer to each other, reserved until the transaction ends.

    In a transaction that writes: SQLite lets nobody else write, PostgreSQL's sequence gives each once.
    """
    table = model.__tablename__
    if db.engine.dialect.name == "postgresql":
        numbers = text("SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :count)")
        return sorted(db.session.scalars(numbers, {"table": table, "count": count}))
    last = db.session.scalar(text(f"SELECT coalesce(max(id), 0) FROM {table}")) or 0
    return list(range(last + 1, last + 1 + count))
