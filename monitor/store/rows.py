"""How rows that every new article brings are added: as many a statement as there are, of values that the driver takes as they are.

The driver leaves the interpreter to others while a statement runs, and has to wait for it afterwards. Row by row that is eight
waits an article beside a program that is busy, and takes many times what the rows do. This module must not know any table.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final, TypeAlias, cast

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql.dml import Insert

#: Rows of one statement at most. There is one for each power of two up to it; twice as many were no faster.
MOST: Final = 64

#: Values of one row, in the order of the names that it is added by: times in microseconds, JSON as text.
Values: TypeAlias = tuple[Any, ...]


class Adding:
    """``statement`` for rows with values of the columns ``names``, in the table's order.

    Where one row cannot be added, those before it are: whoever calls takes back the transaction. Otherwise SQLite would put each
    page aside that such a statement changes, for a fourth of what all of them cost.
    """

    def __init__(self, statement: Insert, names: Sequence[str]) -> None:
        self._statement: Insert = statement.prefix_with("OR FAIL")
        self._names = tuple(names)

    def add(self, connection: Connection, rows: Sequence[Values]) -> int:
        """How many rows were written."""
        if not rows:
            return 0
        driver = cast(sqlite3.Connection, connection.connection.dbapi_connection)
        assert driver.in_transaction, "what is written is written in a transaction"
        of = _texts(self._statement, connection.dialect, self._names)
        written = begin = 0
        while begin < len(rows):
            size = min(MOST, 1 << ((len(rows) - begin).bit_length() - 1))
            some = rows[begin : begin + size]
            written += driver.execute(of(size), tuple(chain.from_iterable(some))).rowcount
            begin += size
        return written


@lru_cache(maxsize=64)
def _texts(statement: Insert, dialect: Dialect, names: tuple[str, ...]) -> Callable[[int], str]:
    """The statement for so many rows."""
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    assert compiled.positiontup == list(names), "values are bound in the order of the table's columns"
    row = f"({', '.join('?' * len(names))})"
    before, found, after = str(compiled).partition(f" VALUES {row}")
    assert found, "the statement adds one row"
    return lru_cache(maxsize=None)(lambda size: f"{before} VALUES {', '.join([row] * size)}{after}")
