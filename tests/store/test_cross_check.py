"""Damage that is a row like any other to SQLite: found by what the row is made of."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from monitor.store import SqlStore, check, files
from tests.store import builders as b


def record(folder: Path) -> Path:
    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(*(b.item(a, b.raised(a, b.found())) for a in map(b.article, "abc")), state=b.polled()))

    b.with_store(folder, work)
    return folder / files.RECORD


DAMAGE = [
    ("UPDATE match SET evidence = replace(evidence, 'planned', 'pl\u0001')", "rows of match whose evidence nobody can have written: 3"),
    (
        "UPDATE match SET evidence = replace(evidence, '\"start\":', '\"start\":1')",
        "matches whose evidence does not stand in their text: 3",
    ),
    ("UPDATE match SET decision = 'raisf' WHERE id = 2", "rows of match whose decision nobody can have written: 1 (2)"),
    ("UPDATE article SET title = CAST(x'00ff' AS TEXT)", "rows of article whose title nobody can have written: 3"),
    ("UPDATE article SET url = CAST('https://' || char(0) || 'x' AS TEXT)", "rows of article whose url nobody can have written: 3"),
    ("UPDATE article SET fetched = 12", "rows of article whose fetched nobody can have written: 3"),
    ("UPDATE article SET source = 'samplet'", "rows of article whose id is not made of source and key: 3"),
    ("UPDATE alert SET watchlist = 'army'", "rows of alert whose id is not made of watchlist and article: 3"),
    ("UPDATE notification SET payload = x'7b22'", "rows of notification whose payload nobody can have written: 3"),
    ("UPDATE delivery SET attempts = 'many'", "rows of delivery whose attempts nobody can have written: 6"),
]


@pytest.mark.parametrize(("statement", "finding"), DAMAGE, ids=[finding for _, finding in DAMAGE])
def test_fault_09_a_row_that_nobody_can_have_written_is_found(tmp_path: Path, statement: str, finding: str) -> None:
    path = record(tmp_path)
    assert check.check(path).findings == ()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
    found = [one.what for one in check.check(path).findings]
    assert any(what.startswith(finding) for what in found), found
    assert all(not one.damage for one in check.check(path).findings)
