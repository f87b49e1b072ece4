"""Rows added and read by the driver's own statements, against what SQLAlchemy's way gives."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, bindparam, create_engine, select
from sqlalchemy.dialects.sqlite import insert

from monitor.store import schema
from monitor.store.rows import MOST, Adding
from monitor.store.schema import article, learnt_line, seen
from monitor.store.statements import CHUNK, SOME, add_rows, insert_new, read_in, upsert

AT = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)
_NEW = insert_new(seen)
_KEYS = select(seen.c.key, seen.c.at).where(seen.c.source == bindparam("source"), seen.c.key.in_(SOME), seen.c.article == "")


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        schema.metadata.create_all(connection)
        connection.exec_driver_sql("BEGIN")
        add_rows(connection, _NEW, [_seen("s", number) for number in range(2 * CHUNK)] + [_seen("other", 7)])
        yield connection
    engine.dispose()


def _seen(source: str, number: int) -> dict[str, object]:
    return {"source": source, "key": f"k{number}", "content_hash": "h", "at": AT + timedelta(seconds=number), "article": ""}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(wanted=st.sets(st.integers(0, 2 * CHUNK + 50), max_size=70), source=st.sampled_from(["s", "other", "nobody"]))
def test_however_many_are_asked_for_each_is_found_once(connection: Connection, wanted: set[int], source: str) -> None:
    keys = [f"k{number}" for number in wanted]
    expected = connection.execute(select(seen.c.key, seen.c.at).where(seen.c.source == source, seen.c.key.in_(keys))).all()
    assert sorted(read_in(connection, _KEYS, keys, source=source)) == sorted(map(tuple, expected))


@pytest.mark.parametrize("many", [0, 1, 2, 3, 4, 5, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_more_than_one_statement_takes_are_asked_for_in_several(connection: Connection, many: int) -> None:
    found = read_in(connection, _KEYS, [f"k{number}" for number in range(many)], source="s")
    assert sorted(found) == sorted((f"k{number}", AT + timedelta(seconds=number)) for number in range(many))


def test_columns_are_what_they_mean_either_way(connection: Connection) -> None:
    row = {
        "id": "a",
        "source": "s",
        "key": "k",
        "url": "",
        "title": "عنوان",
        "language": "ar",
        "published": None,
        "fetched": AT,
        "text_hash": "h",
        "labels": {"desk": "شرق"},
        "notes": ["cut"],
        "failed": "",
    }
    add_rows(connection, insert_new(article), [row, row | {"id": "b", "published": AT, "labels": {}, "notes": []}])
    said = select(article.c.id, article.c.published, article.c.fetched, article.c.labels, article.c.notes).where(article.c.id.in_(SOME))
    assert sorted(read_in(connection, said, ["a", "b", "c"])) == [
        ("a", None, AT, {"desk": "شرق"}, ["cut"]),
        ("b", AT, AT, {}, []),
    ]


def test_a_row_that_is_there_is_not_counted(connection: Connection) -> None:
    new = {"source": "new", "key": "k", "content_hash": "h", "at": AT, "article": ""}
    assert add_rows(connection, _NEW, [new, new]) == 1
    assert add_rows(connection, _NEW, []) == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(many=st.integers(0, 2 * MOST + 5), taken=st.sets(st.integers(0, 2 * MOST + 5), max_size=9))
def test_however_many_are_added_together_each_is_there_once(connection: Connection, many: int, taken: set[int]) -> None:
    connection.exec_driver_sql("DELETE FROM learnt_line")
    new = Adding(insert_new(learnt_line), learnt_line.columns.keys())
    before = sorted(("s", f"l{number}", 1) for number in taken)
    assert new.add(connection, before) == len(taken)
    assert new.add(connection, [("s", f"l{number}", 2) for number in range(many)]) == len(set(range(many)) - taken)
    after = connection.exec_driver_sql("SELECT line, at FROM learnt_line").all()
    expected = {f"l{number}": 2 for number in range(many)} | {f"l{number}": 1 for number in taken}
    assert sorted(map(tuple, after)) == sorted(expected.items())


def test_rows_added_together_replace_what_is_there_the_last_counts(connection: Connection) -> None:
    put = Adding(upsert(learnt_line), learnt_line.columns.keys())
    put.add(connection, [("up", "a", 1)])
    assert put.add(connection, [("up", "a", 2), ("up", "b", 2), ("up", "a", 3)]) == 3
    found = connection.exec_driver_sql("SELECT line, at FROM learnt_line WHERE source = 'up' ORDER BY line").all()
    assert [tuple(row) for row in found] == [("a", 3), ("b", 2)]


def test_rows_before_one_that_cannot_be_added_are_counted_as_changes(connection: Connection) -> None:
    """The writer takes a transaction back by that: SQLite leaves them where they are."""
    driver = cast(sqlite3.Connection, connection.connection.dbapi_connection)
    before = driver.total_changes
    with pytest.raises(sqlite3.IntegrityError):
        Adding(insert(learnt_line), learnt_line.columns.keys()).add(connection, [("half", "a", 1), ("half", "b", 1), ("half", "a", 2)])
    assert driver.total_changes == before + 2
