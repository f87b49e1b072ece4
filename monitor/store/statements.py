"""How rows are added: many at a time, new ones only, or in place of old ones.

Upsert is the one place where SQLite and PostgreSQL would part. This module must not know any table.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar, cast

from sqlalchemy import JSON, BindParameter, Connection, Dialect, Executable, Select, Table, bindparam
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.sql.dml import Insert as PlainInsert
from sqlalchemy.types import TypeEngine

T = TypeVar("T")

# SQLite takes 32,766 bound values in a statement; much shorter lists are no slower, and their statements are reused.
CHUNK = 500

#: Of a statement for ``read_in``: the values asked for, as ``column.in_(SOME)``.
SOME: Final[BindParameter[Any]] = bindparam("some", expanding=True)


#: What a JSON column holds. Unescaped, for Arabic escaped is three times as long.
json_text: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


class Json(NamedTuple):
    """A value of a JSON column that is JSON already."""

    text: str


def insert_new(table: Table) -> Insert:
    """Insert; a row that is there already stays as it is."""
    return insert(table).on_conflict_do_nothing()


def upsert(table: Table, *keep: str) -> Insert:
    """Insert, or replace every column but the key and ``keep``."""
    statement = insert(table)
    key = [column.name for column in table.primary_key]
    changed = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in {*key, *keep}}
    return statement.on_conflict_do_update(index_elements=key, set_=changed)


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def add_rows(connection: Connection, statement: PlainInsert, rows: Sequence[Mapping[str, Any]]) -> int:
    """Execute an insert for every row; each row has every column of the statement. How many were written.

    The statement is compiled once and the rows are handed to the driver as they are: SQLAlchemy's own way binds each row
    through the compiler, at 8 µs a row where this takes 2, and an alert is a dozen rows; and a statement by its connection is 50 µs
    where the driver's own is 5, which is what most of recording an answer was.
    """
    if not rows:
        return 0
    sql, encode = _prepared(statement, connection.dialect, tuple(rows[0]))
    return _executed(connection, sql, encode(rows))


def run_rows(connection: Connection, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> int:
    """The same for any statement that changes rows: each row fills the binds that it names, the others keep their own values."""
    if not rows:
        return 0
    sql, encode = _prepared_binds(statement, connection.dialect)
    return _executed(connection, sql, [encode(row) for row in rows])


def read_row(connection: Connection, statement: Select[Any], values: Mapping[str, Any]) -> dict[str, Any] | None:
    """The first row of a statement whose binds are all named in ``values``, by the names of its columns."""
    sql, encode = _prepared_binds(statement, connection.dialect)
    found = _driver(connection).execute(sql, encode(values)).fetchone()
    if found is None:
        return None
    columns = _columns(statement, connection.dialect)
    return {name: value if process is None else process(value) for (name, process), value in zip(columns, found, strict=True)}


def read_rows(connection: Connection, statement: Select[Any], some: Sequence[Any]) -> list[dict[str, Any]]:
    """The same as ``read_in``, each row by the names of its columns."""
    names = [name for name, _ in _columns(statement, connection.dialect)]
    return [dict(zip(names, row, strict=True)) for row in read_in(connection, statement, some)]


def read_in(connection: Connection, statement: Select[Any], some: Sequence[Any], **others: Any) -> list[tuple[Any, ...]]:
    """All rows of a statement for ``some`` values (its bind ``SOME``) and its ``others``; each with its columns in order.

    There is one statement for each power of two of values, the last value standing for what is missing: an ``IN`` of another
    length is another statement, and the driver takes longer to prepare one than to look thirty keys up.
    """
    found: list[tuple[Any, ...]] = []
    driver = _reading(connection)
    for few in chunks(some):
        size = 1 << (len(few) - 1).bit_length()
        sql, binds, processors = _prepared_in(statement, connection.dialect, size, tuple(others))
        asked = iter((*few, *[few[-1]] * (size - len(few))))
        rows = driver.execute(sql, [next(asked) if name is None else others.get(name, own) for name, own in binds]).fetchall()
        found += _processed(rows, processors) if processors else rows
    return found


def read_value(connection: Connection, sql: str) -> Any:
    """The first value of the first row of a statement without binds."""
    return _reading(connection).execute(sql).fetchone()[0]


def _processed(rows: Iterable[tuple[Any, ...]], processors: Sequence[tuple[int, Callable[[Any], Any]]]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        values = list(row)
        for place, process in processors:
            values[place] = process(values[place])
        yield tuple(values)


@lru_cache(maxsize=256)
def _prepared_in(
    statement: Select[Any], dialect: Dialect, size: int, others: tuple[str, ...]
) -> tuple[str, Sequence[tuple[str | None, Any]], Sequence[tuple[int, Callable[[Any], Any]]]]:
    """With its binds in order, each as its name (None for one of the ``size`` values) and its own value, and what makes values of
    columns."""
    given = dict.fromkeys(others) | {SOME.key: [None] * size}
    expanded = statement.compile(dialect=dialect).construct_expanded_state(given)
    asked = expanded.parameter_expansion[SOME.key]
    binds = [(None if name in asked else name, expanded.parameters[name]) for name in expanded.positiontup or ()]
    made = enumerate(process for _, process in _columns(statement, dialect))
    return expanded.statement, binds, [(place, process) for place, process in made if process is not None]


@lru_cache(maxsize=128)
def _columns(statement: Select[Any], dialect: Dialect) -> list[tuple[str, Callable[[Any], Any] | None]]:
    return [(column.name, column.type.dialect_impl(dialect).result_processor(dialect, None)) for column in statement.selected_columns]


def _executed(connection: Connection, sql: str, rows: Iterable[tuple[Any, ...]]) -> int:
    return _driver(connection).executemany(sql, rows).rowcount


def _reading(connection: Connection) -> sqlite3.Connection:
    """In the transaction that is begun, or else in one that begins here, as at any statement of SQLAlchemy's."""
    driver = cast(sqlite3.Connection, connection.connection.dbapi_connection)
    if not driver.in_transaction and not connection.in_transaction():
        connection.begin()
    return driver


def _driver(connection: Connection) -> sqlite3.Connection:
    """Of the transaction that the connection has begun."""
    driver = cast(sqlite3.Connection, connection.connection.dbapi_connection)
    assert driver.in_transaction, "what is written is written in a transaction"
    return driver


@lru_cache(maxsize=128)
def _prepared_binds(statement: Executable, dialect: Dialect) -> tuple[str, Callable[[Mapping[str, Any]], tuple[Any, ...]]]:
    compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
    own: dict[str, Any] = compiled.params
    binds = [(name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in compiled.positiontup]

    def encode(row: Mapping[str, Any]) -> tuple[Any, ...]:
        values = ((row.get(name, own[name]), process) for name, process in binds)
        return tuple(value if process is None else process(value) for value, process in values)

    return str(compiled), encode


_Rows: TypeAlias = Sequence[Mapping[str, Any]]


@lru_cache(maxsize=128)
def _prepared(statement: PlainInsert, dialect: Dialect, names: tuple[str, ...]) -> tuple[str, Callable[[_Rows], Iterator[tuple[Any, ...]]]]:
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    order: Sequence[str] = getattr(compiled, "positiontup", None) or names
    types = [statement.table.columns[name].type.dialect_impl(dialect) for name in order]
    made = [(place, _binding(kind, process)) for place, kind in enumerate(types) if (process := kind.bind_processor(dialect)) is not None]

    def encode(rows: _Rows) -> Iterator[tuple[Any, ...]]:
        # A column at a time: most need nothing, and what is the same in every row is made once.
        columns: list[Iterable[Any]] = [list(map(itemgetter(name), rows)) for name in order]
        for place, process in made:
            columns[place] = _each(process, columns[place])
        return zip(*columns, strict=True)

    return str(compiled), encode


def _each(process: Callable[[Any], Any], values: Iterable[Any]) -> Iterator[Any]:
    last: Any = ...  # no value of a row
    made = None
    for value in values:
        if value is not last:
            last, made = value, process(value)
        yield made


def _binding(kind: TypeEngine[Any], process: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What is bound for a value. Most labels and notes are empty, and what that is in JSON need not be worked out each time."""
    if not isinstance(kind, JSON):
        return process
    empty: dict[type, Any] = {dict: process({}), list: process([])}

    def bind(value: Any) -> Any:
        if type(value) is Json:
            return value.text
        return process(value) if value or type(value) not in empty else empty[type(value)]

    return bind
