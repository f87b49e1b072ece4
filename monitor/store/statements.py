"""Small things every statement here is made with. Upsert is the one place where SQLite and PostgreSQL would part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects.sqlite import Insert, insert

T = TypeVar("T")

# SQLite takes 32,766 bound values in a statement; much shorter lists are no slower, and their statements are reused.
CHUNK = 500


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
