"""Versions of articles: an article written once holds its own, and from the second writing on each has a row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from monitor.model import JsonObject, Zone, ZoneKind
from monitor.ports import IngestArticle
from monitor.store import SqlStore, codec
from tests.store import builders as b


def written(text: int, seconds: float, key: str = "a") -> IngestArticle:
    """An article as it is written then; zones and engine tell one writing from another."""
    a = b.article(key, body=f"text {text}")
    one = b.item(replace(a, title=f"title {seconds}", fetched=b.later(seconds)), body=f"text {text}")
    return replace(one, zones=(Zone(ZoneKind.TITLE, 0, int(seconds)), Zone(ZoneKind.BODY, int(seconds), 99)), engine=f"engine {seconds}")


def rows(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT count(*) FROM article_version").scalar_one())


def first_of_each(items: list[IngestArticle]) -> list[tuple[str, str | None, str]]:
    found: dict[str, tuple[str, str | None, str]] = {}
    for item in items:
        found.setdefault(item.article.text_hash, (item.article.text_hash, codec.iso(item.article.fetched), item.engine))
    return list(found.values())


async def article_of(store: SqlStore, key: str = "a") -> JsonObject:
    found = (await store.why(b.article(key).id))["article"]
    assert isinstance(found, dict)
    return found


async def holds(store: SqlStore, items: list[IngestArticle]) -> None:
    """What the record says of one article, held against all that was written of it in order."""
    found = await article_of(store)
    assert [(one["text_hash"], one["fetched"], one["engine"]) for one in found["versions"]] == first_of_each(items)
    now = next(item for item in items if item.article.text_hash == items[-1].article.text_hash)
    assert found["zones"] == [{"zone": zone.kind.value, "start": zone.start, "end": zone.end} for zone in now.zones]
    assert found["first_fetched"] == codec.iso(items[0].article.fetched)
    assert (found["title"], found["text"]) == (items[-1].article.title, items[-1].text)


def test_an_article_written_once_has_no_row_but_its_own(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        once = written(1, 1)
        await store.ingest(b.batch(once, written(2, 1, key="other")))
        await holds(store, [once])
        assert await store._database.read(rows) == 0

    b.with_store(tmp_path, work)


def test_an_article_that_is_edited_leaves_what_it_was(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        first, second = written(1, 1), written(2, 2)
        await store.ingest(b.batch(first, written(1, 1, key="other")))
        await store.ingest(b.batch(second))
        await holds(store, [first, second])
        assert await store._database.read(rows) == 2

    b.with_store(tmp_path, work)


def test_an_article_of_an_older_record_keeps_its_rows(tmp_path: Path) -> None:
    """Which a migration leaves as they are."""

    def as_it_was(connection: Connection) -> None:
        connection.exec_driver_sql(
            "INSERT INTO article_version (article, text_hash, title, zones, engine, fetched) "
            "SELECT id, text_hash, title, zones, engine, fetched FROM article"
        )
        connection.exec_driver_sql("UPDATE article SET zones = NULL, engine = NULL")

    async def work(store: SqlStore) -> None:
        items = [written(1, 1), written(2, 2), written(1, 3)]
        await store.ingest(b.batch(items[0]))
        await store._database.write(as_it_was)
        await holds(store, items[:1])
        for many in (2, 3):
            await store.ingest(b.batch(items[many - 1]))
            await holds(store, items[:many])
        assert await store._database.read(rows) == 2

    b.with_store(tmp_path, work)


def test_what_was_told_by_a_version_has_its_title(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        first, second = written(1, 1), written(2, 2)
        told = b.raised(first.article, b.found())
        await store.ingest(b.batch(replace(first, decided=(told,))))
        for later in (None, second):
            if later is not None:
                await store.ingest(b.batch(later))
            (prior,) = (await store.prior([first.article.id])).values()
            assert (prior.title, prior.text_hash) == (first.article.title, first.article.text_hash)

    b.with_store(tmp_path, work)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.integers(1, 3), min_size=1, max_size=6), split=st.integers(1, 6))
def test_every_first_writing_of_a_text_is_kept(tmp_path: Path, texts: list[int], split: int) -> None:
    """However an article is edited, back and forth, in transactions of its own or the same; the first that a text had stays."""
    items = [written(text, seconds) for seconds, text in enumerate(texts, 1)]

    def forget(connection: Connection) -> None:
        for table in ("article_version", "alias", "seen", "story_article", "article"):
            connection.exec_driver_sql(f"DELETE FROM {table}")

    async def work(store: SqlStore) -> None:
        await store._database.write(forget)
        for start in range(0, len(items), split):
            await store.ingest(b.batch(*items[start : start + split]))
            await holds(store, items[: start + split])

    b.with_store(tmp_path, work)
