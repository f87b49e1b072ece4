"""Damage that is a row like any other to SQLite: found by what the row is made of."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.ports import IngestArticle, Membership
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


def stories(folder: Path) -> Path:
    """Two alerts, each of a story of two articles; a story of two that nothing matched."""

    def placed(item: IngestArticle, story: str) -> IngestArticle:
        return replace(item, membership=Membership(story, b.NOW, "", None))

    async def work(store: SqlStore) -> None:
        for first, second in ("ab", "cd", "ef"):
            a, other = b.article(first), b.article(second)
            decided = () if first == "e" else (b.raised(a, b.found()),)
            await store.ingest(b.batch(placed(b.item(a, *decided), a.id), placed(b.item(other), a.id)))

    b.with_store(folder, work)
    return folder / files.RECORD


FIRST_OF = "(SELECT article FROM story_article WHERE number = {})"
LOST = [
    (f"DELETE FROM story_article WHERE article = {FIRST_OF.format(1)}", {"stories whose first article is in no story: 1"}),
    (f"DELETE FROM story_article WHERE article = {FIRST_OF.format(5)}", {"stories whose first article is in no story: 1"}),
    ("DELETE FROM story_article WHERE number <= 2", {"alerts in a story without articles: 1"}),
    (f"UPDATE match SET story = {FIRST_OF.format(3)} WHERE id = 1", {"matches in another story than their article: 1 (1)"}),
    (
        f"UPDATE story_article SET story = {FIRST_OF.format(3)} WHERE number <= 2",
        {"matches in another story than their article: 1 (1)", "alerts in a story without articles: 1"},
    ),
]


@pytest.mark.parametrize(("statement", "findings"), LOST)
def test_fault_09_stories_and_what_belongs_to_them_are_held_against_each_other(tmp_path: Path, statement: str, findings: set[str]) -> None:
    path = stories(tmp_path)
    assert check.check(path).findings == ()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
    found = [one.what for one in check.check(path).findings]
    assert {said for said in findings if any(what.startswith(said) for what in found)} == findings, found
    assert len(found) == len(findings), found
