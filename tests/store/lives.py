"""Short lives of a second process, for tests that kill it: python -m tests.store.lives NAME ARGUMENTS…"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import resource
import signal
import sqlite3
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import Engine, create_engine, event

from monitor.errors import MonitorError
from monitor.flow.ingest import Ingester
from monitor.model import Document, PollResult, SourceKind, SourceSpec, Way
from monitor.store import DataFolderLock, Opening, SqlStore, backup, migrate
from tests.fakes import FakeClock, FakeMeter, FakeOperations, FakeWorkers, watchlist_facts
from tests.store import builders as b

#: What ``poll_until`` polls, and how many items it lists: three transactions.
FEED = SourceSpec("feed", SourceKind.FEED, "https://example.org/feed.xml", 900)
POLLED = 1_200


def hold_lock(folder: str) -> None:
    with DataFolderLock(Path(folder)):
        print("held", flush=True)
        sys.stdin.read()


def take_lock(folder: str) -> None:
    with DataFolderLock(Path(folder)):
        print("held", flush=True)


def ingest_for_ever(folder: str, start: str) -> None:
    """Acknowledges each article on standard output once it is committed."""

    async def life() -> None:
        store = await SqlStore.open(Path(folder))
        await store.recover(b.NOW)
        for n in count(int(start)):
            # Two requests at a time, so that commits are shared as they are in the daemon.
            await asyncio.gather(store.ingest(b.simple(f"{n}a", sinks=["log"])), store.ingest(b.simple(f"{n}b", sinks=["log"])))
            claimed = await store.claim("log", b.NOW, 1)
            await store.settle([b.delivered(one) for one in claimed], None, b.NOW)
            print(n, flush=True)

    asyncio.run(life())


def ingest_under_a_limit(folder: str, limit: str) -> None:
    """Ingests until the file-size limit stops it, then prints how many were acknowledged and what was said."""

    async def life() -> None:
        store = await SqlStore.open(Path(folder))
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), resource.RLIM_INFINITY))
        try:
            for n in count():
                try:
                    body = b.QUOTE * 100
                    a = b.article(str(n), body=body)
                    await store.ingest(b.batch(b.item(a, b.raised(a, b.found()), body=body), state=b.polled(etag=str(n))))
                except MonitorError as error:
                    print(n, type(error).__name__, error.message, flush=True)
                    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                    await store.ingest(b.simple("after"))
                    print("resumed", flush=True)
                    return
        finally:
            await store.close()

    asyncio.run(life())


def migrate_until(folder: str, statement: str) -> None:
    """Opens the record (a fresh one where there is none) and kills itself before the n-th statement of the opening."""
    left = int(statement)

    @event.listens_for(Engine, "before_cursor_execute")
    def _count(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    async def life() -> None:
        await (await SqlStore.open(Path(folder), how=Opening(backups=3))).close()

    asyncio.run(life())
    print("opened", flush=True)


def back_up_until(folder: str, target: str, reports: str) -> None:
    """Copies the record and kills itself at the n-th report of progress."""
    left = int(reports)

    def progress(done: int, in_all: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    backup.by_hand(Path(folder) / "monitor.db", Path(target), "", progress=progress)
    print("copied", flush=True)


def poll_until(folder: str, statement: str) -> None:
    """One poll that brings ``POLLED`` items, through the ingester, and kills itself before the n-th statement of it that SQLite
    runs."""
    left = int(statement)
    begun = False

    def count(_text: str) -> None:
        nonlocal left
        left -= begun
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    async def life() -> None:
        nonlocal begun
        event.listen(Engine, "connect", lambda driver, _: driver.set_trace_callback(count))
        store = await SqlStore.open(Path(folder))
        clock = FakeClock(b.NOW)
        ingester = Ingester(
            store,
            FakeWorkers({"arms": "rocket"}),
            route=lambda _: (Way("log"),),
            facts=lambda: {"arms": watchlist_facts("arms")},
            clock=clock,
            meter=FakeMeter(),
            operations=FakeOperations(clock),
        )
        documents = [
            Document(
                "feed",
                str(n),
                f"Item {n}\n\n{'a rocket rose' if n % 10 == 0 else 'nothing'}",
                url=f"https://example.org/{n}",
                published=b.NOW,
            )
            for n in range(POLLED)
        ]
        await store.sync_sources([FEED], b.NOW)
        (before,) = await store.source_states()
        begun = True
        after = dataclasses.replace(before, last_poll=b.NOW, last_success=b.NOW, validators={"etag": "e1"}, known=b"12345678")
        await ingester.ingest(FEED, before, after, PollResult(tuple(documents), after.validators))

    asyncio.run(life())
    print("polled", flush=True)


def open_as_nobody(folder: str) -> None:
    async def opened(*, read_only: bool) -> None:
        await (await SqlStore.open(Path(folder), read_only=read_only)).close()

    os.setuid(65534)
    for attempt in (
        DataFolderLock(Path(folder)).acquire,
        lambda: asyncio.run(opened(read_only=False)),
        lambda: asyncio.run(opened(read_only=True)),
    ):
        try:
            attempt()
        except MonitorError as error:
            print(type(error).__name__, int(error.exit_status), error.message, flush=True)


def hold_database(path: str, seconds: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    print("held", flush=True)
    time.sleep(float(seconds))
    connection.execute("ROLLBACK")
    connection.close()


def record_of(folder: Path, revision: str) -> None:
    """A record as an older version of the program left it: an alert that was told, and a source that was polled."""
    folder.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{folder / 'monitor.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for table in ("article", "alias"):  # which earlier versions made without a rowid
            for (made,) in connection.exec_driver_sql("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", (table,)).all():
                connection.exec_driver_sql(f"DROP TABLE {table}")
                connection.exec_driver_sql(f"{made} WITHOUT ROWID")
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        for table, values in OLD_ROWS:
            columns = [row.name for row in connection.exec_driver_sql(f"PRAGMA table_info({table})")][: len(values)]
            places = ", ".join("?" * len(values))
            connection.exec_driver_sql(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", values)
        for since, statements in THEN:
            for statement in statements if revision >= since else ():
                connection.exec_driver_sql(statement)
    engine.dispose()
    connection = sqlite3.connect(folder / "monitor.db")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


#: What every revision since the first can hold: a table and the values of its first columns.
OLD_ROWS: tuple[tuple[str, tuple[object, ...]], ...] = (
    ("source", ("wire", "feed", "https://a.example/rss", 5, None, '{"etag": "1"}', 1, 1, 1, 0, "", None)),
    ("seen", ("wire", "k1", "hash", 1)),
    ("article_text", ("t1", "the text")),
    ("article", ("a1", "wire", "k1", "https://a.example/1", "title", "en", 1, 1, "t1", "{}", "[]", "")),
    ("story", ("a1", "a1", 1)),
    ("story", ("a2", "a2", 2)),  # its article went by retention
    ("alert", ("al1", "arms", "a1", "a1", "t1", "high", "open", "{}", "{}", 1, 1, 1)),
    ("notification", ("n1", "al1", 0, "raised", "first_match", "high", 1, b"{}")),
    ("sink", ("log", "active", "", 0, None, 1, None)),
    ("delivery", ("n1", "log", "high", 1, "delivered", "", 1, 1, None, 1, 1)),
    ("attempt", ("n1", "log", 1, 1, 1, "delivered", 200, "")),
)
#: What the step to a revision makes of these, for a record that began with it.
THEN: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "0004",
        (
            "INSERT INTO story_article (article, story, at, source, outlet, language, title, url) VALUES "
            "('a1', 'a1', 1, 'wire', 'wire', 'en', 'title', 'https://a.example/1'), ('a2', 'a2', 2, '', '', 'und', '', '')",
            "UPDATE alert SET last_told = updated",
        ),
    ),
)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
