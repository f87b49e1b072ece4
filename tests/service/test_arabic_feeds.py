"""Thousands of Arabic items over real HTTP into the real program, killed on the way: every one of them stored, and once."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from tests.service import arabic
from tests.service.harness import Workspace, eventually

#: As many as the suite has time for; ``make bench`` takes all 299 (tests/benchmarks/bench_feeds.py).
FEEDS = 60

needs_data = pytest.mark.skipif(not os.environ.get("NEWS_TEST_DATA"), reason="NEWS_TEST_DATA names no folder of test data")


class Record:
    """The program's record, read beside it."""

    def __init__(self, workspace: Workspace) -> None:
        (path,) = (workspace.folder / "var").glob("*.db")
        self.database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)

    def count(self, table: str) -> int:
        (number,) = self.database.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(number)

    def keys(self) -> list[tuple[str, str]]:
        return [(source, key) for source, key in self.database.execute("SELECT source, key FROM seen")]

    def texts(self) -> dict[tuple[str, str], str]:
        rows = self.database.execute("SELECT source, key, text FROM article JOIN article_text ON article_text.hash = article.text_hash")
        return {(source, key): " ".join(text.split()) for source, key, text in rows}


@needs_data
def test_every_item_is_stored_once_though_the_program_is_killed_on_the_way(workspace: Workspace) -> None:
    feeds = arabic.feeds(Path(os.environ["NEWS_TEST_DATA"]), FEEDS)
    wanted = arabic.expected(feeds)
    with arabic.ArabicServer(feeds) as server:
        sources, rest = arabic.configuration(server, feeds)
        text = workspace.config.read_text().replace("  drop: {folder: ./articles, every: 300ms}\n", sources)
        workspace.config.write_text(text + rest)
        daemon = workspace.start()
        eventually(lambda: list((workspace.folder / "var").glob("*.db")), "a record")
        daemon.ready()
        record = Record(workspace)
        eventually(lambda: record.count("seen") > len(wanted.keys) / 3, "a third of the items")
        daemon.kill()
        halfway = record.count("seen")
        daemon = workspace.start().ready()
        eventually(lambda: record.count("seen") >= len(wanted.keys), "all items")
        eventually(lambda: daemon.health()[1].get("status") == "ok", "health")
        assert daemon.stop() == 0
        again = [path for path, status in server.asked if status == 200]
        print(f"{halfway} of {len(wanted.keys)} items at the kill; {len(again)} answers of 200 for {len(feeds)} feeds")
    keys = record.keys()
    assert (len(keys), frozenset(keys)) == (len(wanted.keys), wanted.keys)
    assert record.count("article") == wanted.articles
    stored = record.texts()
    assert len(stored) == wanted.articles
    wrong = [key for key, text in stored.items() if text != wanted.words[key]]
    assert wrong == []
