"""What an item is known under, and which article that stands for."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest

from monitor.model import SourceKind, SourceSpec, identity
from monitor.ports import DecideAgain, IngestArticle, Known, Probe, Sighting
from monitor.store import SqlStore
from tests.store import builders as b

LINK, CONTENT = identity("link", "https://example.org/a"), identity("content", "samples")


def stored(key: str, *aliases: str, source: str = "samples", body: str = b.QUOTE) -> IngestArticle:
    article = dataclasses.replace(b.article(key, source=source, body=body), id=identity(source, key))
    return dataclasses.replace(b.item(article, body=body), aliases=aliases)


def ask(key: str, *aliases: str, content_hash: str = "other") -> Probe:
    return Probe(key, content_hash, aliases)


async def one(store: SqlStore, source: str, probe: Probe) -> Known:
    (known,) = await store.known(source, [probe])
    return known


def test_an_article_is_found_by_key_link_and_content(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        article = stored("a", LINK, CONTENT)
        await store.ingest(b.batch(article))
        by_key = await one(store, "samples", ask("a", LINK, CONTENT))
        assert by_key.content_hash == article.content_hash
        assert by_key.owner == by_key.by_link == by_key.by_content
        owner = by_key.owner
        assert owner is not None
        a = article.article
        assert (owner.article, owner.source, owner.key, owner.length) == (a.id, "samples", "a", len(article.text))
        assert (owner.title, owner.url, owner.published, owner.labels) == (a.title, a.url, a.published, a.labels)
        assert owner.content_hash == article.content_hash
        assert await one(store, "samples", ask("b", LINK, CONTENT)) == Known("", None, owner, owner, frozenset({"a"}))
        assert await one(store, "samples", ask("b", CONTENT)) == Known("", None, None, owner)
        assert await one(store, "elsewhere", ask("a", LINK)) == Known("", None, None, owner), "one alias is the content's"
        assert await one(store, "elsewhere", ask("a", LINK, "x")) == Known("", None, owner, None)
        assert await one(store, "samples", ask("b")) == Known()

    b.with_store(tmp_path, work)


def test_the_feed_an_article_came_from_is_known_as_it_is_configured(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        feed = SourceSpec("samples", SourceKind.FEED, "https://example.org/feed.xml", 900)
        pushed = SourceSpec("wire", SourceKind.PUSH, "", 900)
        await store.sync_sources([feed, pushed], b.NOW)
        await store.ingest(b.batch(stored("a", LINK)))
        await store.ingest(b.batch(stored("b", CONTENT, source="wire"), source="wire"))
        await store.sync_sources([], b.NOW)
        found = [(await one(store, "elsewhere", ask("x", alias, "x"))).by_link for alias in (LINK, CONTENT)]
        assert [owner and owner.feed for owner in found] == [feed.location, ""]

    b.with_store(tmp_path, work)


def test_what_is_unchanged_is_asked_for_nothing_more(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        article = stored("a", LINK, CONTENT)
        await store.ingest(b.batch(article))
        assert await one(store, "samples", ask("a", LINK, CONTENT, content_hash=article.content_hash)) == Known(article.content_hash)

    b.with_store(tmp_path, work)


def test_a_sighting_remembers_its_key_and_its_content_for_the_article(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(stored("a", LINK, CONTENT)))
        article = identity("samples", "a")
        sighting = Sighting("x1", "hash", article, ("their content",))
        await store.ingest(dataclasses.replace(b.batch(source="wire", state=b.polled("wire")), sightings=(sighting,)))
        known = await one(store, "wire", ask("x2", LINK, "their content"))
        assert known.by_content is not None
        assert known.by_content.article == article
        assert known.by_content.source == "samples"
        assert known.siblings == {"x1"}
        again = await one(store, "wire", ask("x1", LINK, "their content"))
        assert (again.content_hash, again.siblings) == ("hash", frozenset())
        assert again.owner is not None
        assert again.owner.article == article
        assert (await store.stats())["articles"] == 1
        shown = await store.source("wire")
        assert shown is not None
        assert (shown["articles"], shown["sighted"], shown["latest"][0]["source"]) == (0, 1, "samples")

    b.with_store(tmp_path, work)


def test_an_edit_by_another_source_is_written_under_the_owner(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(stored("a", LINK)))
        grown = dataclasses.replace(stored("a", body=b.QUOTE * 3), seen_source="wire", seen_key="w1", content_hash="theirs")
        await store.ingest(b.batch(grown, source="wire"))
        assert await b.seen(store, "wire", ["w1", "a"]) == {"w1": "theirs"}
        assert await b.seen(store, "samples", ["a"]) == {"a": stored("a").content_hash}
        known = await one(store, "wire", ask("w1"))
        assert known.owner is not None
        assert (known.owner.source, known.owner.length) == ("samples", len(grown.text))
        stats = await store.stats()
        assert (stats["articles"], stats["texts"]) == (1, 2)

    b.with_store(tmp_path, work)


def test_an_id_given_to_a_second_article_stands_for_that(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(stored("1")))
        second = dataclasses.replace(stored("1#b", body="else"), seen_source="samples", seen_key="1")
        await store.ingest(b.batch(second))
        known = await one(store, "samples", ask("1"))
        assert known.owner is not None
        assert known.owner.article == identity("samples", "1#b")
        assert (await store.stats())["articles"] == 2

    b.with_store(tmp_path, work)


def claims(*aliases: str, key: str, source: str, sighted: bool) -> Sequence[IngestArticle]:
    return () if sighted else (stored(key, *aliases, source=source),)


@pytest.mark.parametrize("sighted", [False, True])
def test_two_that_bring_one_article_at_once_are_told_to_decide_again(tmp_path: Path, sighted: bool) -> None:
    """Both found it unknown. The first to write has it; of the second nothing is written, and those beside it are."""

    async def work(store: SqlStore) -> None:
        first = b.batch(stored("a", LINK, source="wire"), source="wire")
        second = b.batch(*claims(LINK, "c", key="b", source="desk", sighted=sighted), source="desk", state=b.polled("desk"))
        if sighted:
            second = dataclasses.replace(second, sightings=(Sighting("b", "hash", identity("other", "o"), (LINK,)),))
        beside = b.batch(stored("c", "d", source="third"), source="third")
        answers = await asyncio.gather(*(store.ingest(one) for one in (first, second, beside)), return_exceptions=True)
        assert [type(answer) for answer in answers] == [type(None), DecideAgain, type(None)]
        assert await b.seen(store, "desk", ["b"]) == {}
        assert (await store.stats())["articles"] == 2
        assert "desk" not in {state.name for state in await store.source_states()}
        await store.ingest(first)
        assert (await store.stats())["articles"] == 2, "its own again is no conflict"

    b.with_store(tmp_path, work)


def test_more_probes_than_one_statement_takes(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(*(stored(str(n), f"link {n}", f"content {n}") for n in range(1_200))))
        asked = [ask(f"new {n}", f"link {n}", f"content {n + 1}") for n in range(1_300)]
        found = await store.known("samples", asked)
        assert [known.by_link is not None for known in found] == [n < 1_200 for n in range(1_300)]
        assert [known.by_content is not None for known in found] == [n < 1_199 for n in range(1_300)]
        assert found[7].siblings == {"7"}
        assert await store.known("samples", []) == []

    b.with_store(tmp_path, work)
