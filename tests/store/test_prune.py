"""What grows old goes, what matters stays, and the daemon goes on meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from monitor.model import SourceKind, SourceSpec
from monitor.ports import IngestArticle, Probe
from monitor.store import SqlStore, check, files, prune
from tests.store import builders as b

OLD = b.NOW - timedelta(days=100)
AGE = 90 * 86_400.0


def rows(folder: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(folder / files.RECORD)) as connection:
        return connection.execute(statement).fetchall()


def old(key: str, *, matched: bool = False, text: str = b.QUOTE, source: str = "samples") -> IngestArticle:
    a = replace(b.article(key, body=text, source=source), fetched=OLD)
    made = b.item(a, *([b.raised(a, b.found(body=text))] if matched else []), body=text)
    return replace(made, aliases=(b.digest("link", key), b.digest("content", key)))


def sound(folder: Path) -> list[str]:
    return [finding.what for finding in check.check(folder / files.RECORD).findings]


def test_what_concerned_nobody_goes_and_what_was_told_stays(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> Mapping[str, int]:
        quiet = [old(f"quiet-{n}", text=f"{b.QUOTE} {n}") for n in range(2_500)]
        told = [old(f"told-{n}", matched=True, text=f"{b.QUOTE} told {n}") for n in range(20)]
        fresh = [b.item(b.article(f"fresh-{n}", body=f"{b.QUOTE} fresh {n}"), body=f"{b.QUOTE} fresh {n}") for n in range(30)]
        await store.ingest(b.batch(*quiet, *told, now=OLD))
        await store.ingest(b.batch(*fresh))
        claimed = await store.claim("desk", OLD, 12)
        await store.settle([b.delivered(one) for one in claimed], None, OLD)
        would = await store.prunable(b.NOW, AGE)
        assert (await store.stats())["articles"] == 2_550
        did = await store.prune(b.NOW, AGE, "cli:ann")
        bytes_ = {"text_bytes": 0, "given_back": 0, "unused": 0}
        assert {**would, **bytes_} == {**did, **bytes_}
        assert await store.prune(b.NOW, AGE, "cli:ann") == {**asdict(prune.Pruned()), **bytes_}
        stats = await store.stats()
        assert (stats["articles"], stats["texts"], stats["alerts"], stats["deliveries"]) == (50, 50, 20, 40)
        return did

    did = b.with_store(tmp_path, work)
    assert (did["articles"], did["texts"], did["aliases"], did["attempts"]) == (2_500, 2_500, 5_000, 12)
    assert rows(tmp_path, "SELECT count(*) FROM seen") == [(2_550,)], "an item that is listed for years is not new again"
    assert sound(tmp_path) == []


def test_a_text_that_something_else_is_of_stays(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(old("a"), old("b", matched=True), now=OLD))
        assert (await store.prune(b.NOW, AGE, "cli:ann"))["articles"] == 1
        assert (await store.stats())["texts"] == 1

    b.with_store(tmp_path, work)
    assert sound(tmp_path) == []


def test_keys_go_only_with_their_source(tmp_path: Path) -> None:
    specs = [SourceSpec(name, SourceKind.FEED, f"https://{name}.example/rss", 900) for name in ("kept", "gone")]

    async def work(store: SqlStore) -> None:
        await store.sync_sources(specs, OLD)
        for name in ("kept", "gone"):
            await store.ingest(b.batch(*(old(f"{name}-{n}", source=name) for n in range(1_200)), source=name, now=OLD))
        await store.sync_sources(specs[:1], b.NOW)
        assert (await store.prune(b.NOW, AGE / 2, "cli:ann"))["keys"] == 1_200

    b.with_store(tmp_path, work)
    assert rows(tmp_path, "SELECT source, count(*) FROM seen GROUP BY source") == [("kept", 1_200)]


def test_a_pruned_item_that_is_edited_or_brought_by_another_comes_in_again(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(old("a"), now=OLD))
        await store.prune(b.NOW, AGE, "cli:ann")
        (known,) = await store.known("samples", [Probe("a", "other", (b.digest("link", "a"), b.digest("content", "a")))])
        assert (bool(known.content_hash), known.owner, known.by_link, known.by_content) == (True, None, None, None)
        # Another source brings what was known under these links: nobody holds them any more.
        again = old("elsewhere", source="other")
        again = replace(again, aliases=(b.digest("link", "a"), b.digest("content", "a")))
        await store.ingest(b.batch(again, source="other"))
        assert (await store.stats())["articles"] == 1

    b.with_store(tmp_path, work)


def test_what_is_needed_again_meanwhile_stays(tmp_path: Path) -> None:
    """The same articles come in anew, edited, matched or seen elsewhere, while they are pruned: whatever the order, nothing
    points at what is gone."""

    async def work(store: SqlStore) -> None:
        items = [old(f"{n}", text=f"{b.QUOTE} {n}") for n in range(3_000)]
        await store.ingest(b.batch(*items, now=OLD))

        async def meanwhile() -> None:
            for n in range(0, 3_000, 50):
                fresh = replace(items[n], article=replace(items[n].article, fetched=b.NOW))
                await store.ingest(b.batch(fresh))
                a = b.article(f"copy-{n}", body=f"{b.QUOTE} {n + 1}", source="other")
                await store.ingest(b.batch(b.item(a, b.raised(a, b.found()), body=f"{b.QUOTE} {n + 1}"), source="other"))

        pruned, _ = await asyncio.gather(store.prune(b.NOW, AGE, "cli:ann"), meanwhile())
        print(pruned)
        assert pruned["articles"] >= 2_900
        assert (await store.stats())["articles"] >= 120

    b.with_store(tmp_path, work)
    assert sound(tmp_path) == []
