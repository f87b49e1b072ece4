"""Polls through the ingester into the real record: one article is one article, whatever its feeds do to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import select

from monitor.errors import StorageFull
from monitor.flow.batch import IngestReport
from monitor.flow.ingest import BATCH, BATCH_OF_PAGES, Ingester
from monitor.flow.route import About
from monitor.model import (
    Article,
    Document,
    PollResult,
    SourceKind,
    SourceSpec,
    SourceState,
    Span,
    Way,
    Zone,
    identity,
)
from monitor.ports import IngestBatch
from monitor.store import SqlStore, schema
from tests.fakes import START, FakeClock, FakeMeter, FakeOperations, FakePages, FakeWorkers, watchlist_facts

T = TypeVar("T")

POLITICS = SourceSpec("politics", SourceKind.FEED, "https://example.org/politics.xml", 900, labels={"desk": "politics"})
WORLD = SourceSpec("world", SourceKind.FEED, "https://example.org/world.xml", 900, labels={"desk": "world"})
PAGES = replace(WORLD, full_text=True)


class FakeLines:
    """Learns the first line of every text; hands out what it learnt since it was last asked."""

    def __init__(self) -> None:
        self.noted: list[tuple[str, str]] = []
        self.new: list[str] = []

    def learnt_in(self, source: str, text: str) -> tuple[str, ...]:
        return ("furniture",) if "Follow us" in text else ()

    def note(self, source: str, article: str, text: str, zones: Sequence[Zone]) -> None:
        self.noted.append((source, article))
        self.new.append(text.partition("\n")[0])

    def take_new(self, source: str) -> tuple[str, ...]:
        taken, self.new = tuple(self.new), []
        return taken


class House:
    """An ingester over the real record, with one watchlist that finds "rocket"."""

    def __init__(
        self, store: SqlStore, pages: FakePages | None = None, lines: FakeLines | None = None, workers: FakeWorkers | None = None
    ) -> None:
        self.store = store
        self.clock = FakeClock()
        self.meter = FakeMeter()
        self.operations = FakeOperations(self.clock)
        self.workers = workers or FakeWorkers()
        self.workers.words = {"arms": "rocket"}
        self.routed: list[Article] = []
        self.ingester = Ingester(
            store,
            self.workers,
            route=self.route,
            facts=lambda: {"arms": watchlist_facts("arms")},
            clock=self.clock,
            meter=self.meter,
            operations=self.operations,
            pages=pages,
            lines=lines,
        )

    def route(self, about: About) -> tuple[Way, ...]:
        self.routed.append(about.article)
        return (Way("log"),)

    async def poll(self, spec: SourceSpec, *documents: Document, first: bool = False) -> IngestReport:
        self.clock.advance(900)
        before = next((state for state in await self.store.source_states() if state.name == spec.name), SourceState(spec.name, START))
        if not first:
            before = replace(before, last_success=START)
        now = self.clock.now()
        after = replace(before, last_poll=now, last_success=now, next_due=now + timedelta(seconds=900), known=b"12345678")
        return await self.ingester.ingest(spec, before, after, PollResult(documents, {}))

    async def state(self, spec: SourceSpec) -> SourceState:
        return next(state for state in await self.store.source_states() if state.name == spec.name)

    async def articles(self) -> list[Any]:
        return await self.store._database.read(
            lambda connection: list(connection.execute(select(schema.article).order_by("source", "key")))
        )


def live(folder: Path, work: Callable[[House], Awaitable[T]], *, record: type[SqlStore] = SqlStore, **parts: Any) -> T:
    async def life() -> T:
        store = await record.open(folder)
        try:
            await store.sync_sources([POLITICS, WORLD], START)
            return await work(House(store, **parts))
        finally:
            await store.close()

    return asyncio.run(life())


def item(key: str, body: str = "a rocket rose over the bay", *, title: str = "Rocket launched from the bay", **more: Any) -> Document:
    text = f"{title}\n\n{body}"
    return replace(Document("", key, text, Span(0, len(title)), f"https://example.org/{more.pop('at', 'a')}", START), **more)


def test_fault_43_one_article_in_two_feeds_of_a_site_is_told_once(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        assert await house.poll(POLITICS, item("p1"), item("p2", at="b", title="Other", body="none")) == IngestReport(2, 1, 1)
        tracked = item("w1", url="http://example.org/a/?utm_source=world")
        assert await house.poll(WORLD, tracked, item("w2", at="c", title="New", body="none")) == IngestReport(articles=1, sighted=1)
        assert await house.poll(WORLD, tracked) == IngestReport(unchanged=1)
        stats = await house.store.stats()
        assert (stats["articles"], stats["alerts"], stats["notifications"]) == (3, 1, 1)
        assert house.meter.counted("articles_sighted_total") == 1

    live(tmp_path, work)


def test_a_full_text_beside_a_teaser_is_an_edit_under_the_owners_name(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.poll(POLITICS, item("p1", "The bay was closed…", title="Bay closed"))
        full = item(
            "w1", "The bay was closed because a rocket rose, officials said after hours of silence.", title="Bay closed", labels={"x": "y"}
        )
        assert await house.poll(WORLD, full) == IngestReport(articles=1, matches=1, notifications=1, edited=1)
        (article,) = await house.articles()
        assert (article.source, article.key, article.id) == ("politics", "p1", identity("politics", "p1"))
        assert article.text_hash != ""
        (told,) = house.routed
        assert (told.source, told.labels, told.url) == ("politics", {}, "https://example.org/a")
        assert (await house.state(WORLD)).last_new == house.clock.now()

    live(tmp_path, work)


class SeeingWorkers(FakeWorkers):
    def __init__(self) -> None:
        super().__init__()
        self.saw: list[Document] = []

    async def analyse(self, documents: Sequence[Document]) -> Any:
        self.saw.extend(documents)
        return await super().analyse(documents)


def test_a_watchlist_sees_the_article_it_is(tmp_path: Path) -> None:
    """Filters by source and label ask about the article, not about who brought its text."""
    workers = SeeingWorkers()

    async def work(house: House) -> None:
        await house.poll(POLITICS, item("p1", "Short.", labels={"desk": "politics"}))
        await house.poll(WORLD, item("w1", "Short no more. " * 9, labels={"desk": "world"}))
        assert [(document.source, dict(document.labels)) for document in workers.saw] == [("politics", {"desk": "politics"})] * 2

    live(tmp_path, work, workers=workers)


def test_fault_43_ids_made_anew_each_fetch_alert_once(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        for fetch in range(5):
            await house.poll(POLITICS, item(f"{fetch}-1"), item(f"{fetch}-2", at="b", title="Other", body="none"))
        edited = await house.poll(POLITICS, item("5-1", "a rocket rose over the bay again"))
        assert (edited.articles, edited.edited) == (1, 1)
        stats = await house.store.stats()
        assert (stats["articles"], stats["notifications"]) == (2, 1)
        assert (await house.state(POLITICS)).gaps == (5 * 900.0,), "what is only listed anew is no rhythm"

    live(tmp_path, work)


def test_fault_43_an_id_given_again_is_told_too(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.poll(POLITICS, item("1"))
        report = await house.poll(POLITICS, item("1", "another rocket fell", title="Something else entirely", at="b"))
        assert (report.new, report.notifications) == (1, 1)
        assert [article.title for article in await house.articles()] == ["Rocket launched from the bay", "Something else entirely"]

    live(tmp_path, work)


def test_two_feeds_that_bring_one_article_at_once_make_one(tmp_path: Path) -> None:
    """Both find it unknown; whoever writes second decides again and sees it (20 items, a hundred interleavings of threads)."""

    async def work(house: House) -> None:
        for round_ in range(20):
            several = [item(f"{round_}-{n}", at=f"{round_}/{n}", title=f"Rocket number {n} of day {round_}") for n in range(5)]
            first, second = await asyncio.gather(house.poll(POLITICS, *several), house.poll(WORLD, *several))
            assert (first.articles + second.articles, first.sighted + second.sighted) == (5, 5)
        stats = await house.store.stats()
        assert (stats["articles"], stats["notifications"]) == (100, 100)
        assert house.operations.history == []
        assert house.meter.counted("ingest_judged_again_total") > 0

    live(tmp_path, work)


def test_what_is_decided_again_is_not_analysed_again(tmp_path: Path) -> None:
    workers = SeeingWorkers()

    async def work(house: House) -> None:
        for round_ in range(20):
            several = [item(f"{round_}-{n}", at=f"{round_}/{n}", title=f"Rocket number {n} of day {round_}") for n in range(5)]
            own = item(f"{round_}-own", "its own news", at=f"{round_}/own", title=f"Own {round_}")
            await asyncio.gather(house.poll(POLITICS, *several), house.poll(WORLD, *several, own))
        assert house.meter.counted("ingest_judged_again_total") > 0
        assert sum("its own news" in document.text for document in workers.saw) == 20

    live(tmp_path, work, workers=workers)


class TurnsRecord(SqlStore):
    turns: Sequence[str] = ()

    async def told(self, pairs: Any) -> Any:
        self.turns = (*self.turns, "look")
        await asyncio.sleep(0)
        return await super().told(pairs)

    async def ingest(self, batch: IngestBatch) -> None:
        await super().ingest(batch)
        self.turns = (*self.turns, "write")


def test_two_feeds_that_update_one_alert_at_once_both_count(tmp_path: Path) -> None:
    """What is told of one article is decided by one at a time: no ordinal is given twice, so no update is lost."""

    async def work(house: House) -> None:
        assert isinstance(house.store, TurnsRecord)
        await house.poll(POLITICS, item("p1", "a rocket rose"))
        await house.poll(WORLD, item("w1", "a rocket rose"))
        house.store.turns = ()
        at_noon, later = item("p1", "a rocket rose, they said at noon"), item("w1", "a rocket rose, they said later")
        await asyncio.gather(house.poll(POLITICS, at_noon), house.poll(WORLD, later))
        assert house.store.turns == ("look", "write", "look", "write")

    live(tmp_path, work, record=TurnsRecord)


# ------------------------------------------------------------------------------------------- pages
def teaser(key: str = "w1", **more: Any) -> Document:
    at = more.pop("at", "a")
    return item(key, "More inside…", title="Bay closed", at=at, page=f"https://example.org/{at}", **more)


WHOLE = "The bay was closed because a rocket rose, officials said after many hours of silence about it."


def test_a_teaser_becomes_its_page_and_is_known_by_its_teaser(tmp_path: Path) -> None:
    pages = FakePages({"https://example.org/a": WHOLE})

    async def work(house: House) -> None:
        assert (await house.poll(PAGES, teaser())).matches == 1
        assert await house.poll(PAGES, teaser()) == IngestReport(unchanged=1)
        assert pages.asked == ["https://example.org/a"]
        assert (await house.state(PAGES)).known == b"12345678"

    live(tmp_path, work, pages=pages)


def test_a_page_that_cannot_be_had_is_asked_for_three_times_more(tmp_path: Path) -> None:
    pages = FakePages()

    async def work(house: House) -> None:
        reports = [await house.poll(PAGES, teaser()) for _ in range(6)]
        assert [(report.articles, report.sighted, report.unchanged) for report in reports] == [
            (1, 0, 0),
            *[(0, 1, 0)] * 3,
            *[(0, 0, 1)] * 2,
        ]
        assert len(pages.asked) == 4
        assert (await house.state(PAGES)).gaps == ()

    live(tmp_path, work, pages=pages)


def test_a_page_that_comes_late_is_matched(tmp_path: Path) -> None:
    pages = FakePages()

    async def work(house: House) -> None:
        assert (await house.poll(PAGES, teaser())).matches == 0
        assert (await house.state(PAGES)).known == b"", "the item must not be dropped as known before its page is had"
        pages.pages["https://example.org/a"] = WHOLE
        assert await house.poll(PAGES, teaser()) == IngestReport(articles=1, matches=1, notifications=1, edited=1)
        assert (await house.state(PAGES)).known == b"12345678"
        assert await house.poll(PAGES, teaser()) == IngestReport(unchanged=1)

    live(tmp_path, work, pages=pages)


def test_pages_of_what_a_first_poll_keeps_to_itself_are_not_fetched(tmp_path: Path) -> None:
    pages = FakePages({f"https://example.org/{n}": WHOLE for n in range(3)})

    async def work(house: House) -> None:
        old, new = START - timedelta(days=2), START
        await house.poll(PAGES, teaser("0", at="0", published=old), teaser("1", at="1", published=new), first=True)
        assert pages.asked == ["https://example.org/1"]
        await house.poll(PAGES, teaser("2", at="2", published=old))
        assert pages.asked[1:] == ["https://example.org/2"], "later, what is old is news to us"

    live(tmp_path, work, pages=pages)


def test_of_another_sources_teaser_the_page_is_fetched_and_taken_where_it_is_longer(tmp_path: Path) -> None:
    pages = FakePages({"https://example.org/a": WHOLE})

    async def work(house: House) -> None:
        await house.poll(POLITICS, *(replace(teaser(f"p-{at}", at=at), page="") for at in "ab"))
        report = await house.poll(PAGES, teaser("w1", at="a"), teaser("w2", at="b"))
        assert (report.articles, report.edited, report.sighted, report.matches) == (1, 1, 1, 1)
        assert {article.source for article in await house.articles()} == {"politics"}

    live(tmp_path, work, pages=pages)


class CountingRecord(SqlStore):
    written: Sequence[int] = ()

    async def ingest(self, batch: IngestBatch) -> None:
        self.written = (*self.written, len(batch.articles))
        await super().ingest(batch)


def test_pages_are_written_in_small_parts(tmp_path: Path) -> None:
    many = BATCH_OF_PAGES + 5
    pages = FakePages({f"https://example.org/{n}": f"{WHOLE} {n}" for n in range(many)})

    async def work(house: House) -> None:
        assert isinstance(house.store, CountingRecord)
        await house.poll(PAGES, *(teaser(str(n), at=str(n)) for n in range(many)))
        assert house.store.written == (BATCH_OF_PAGES, 5)
        assert BATCH_OF_PAGES < BATCH

    live(tmp_path, work, record=CountingRecord, pages=pages)


# ----------------------------------------------------------------------------------------- furniture
def test_lines_learnt_go_with_the_articles_they_were_learnt_from(tmp_path: Path) -> None:
    lines = FakeLines()

    async def work(house: House) -> None:
        await house.poll(POLITICS, item("1", title="One"), item("2", at="b", title="Two"))
        assert await house.store.lines() == {"politics": frozenset({"One", "Two"})}
        assert lines.noted == [("politics", identity("politics", "1")), ("politics", identity("politics", "2"))]

    live(tmp_path, work, lines=lines)


class FailingRecord(SqlStore):
    failing = False

    async def ingest(self, batch: IngestBatch) -> None:
        if self.failing:
            raise StorageFull("no space left on the device")
        await super().ingest(batch)


def test_lines_whose_transaction_failed_are_written_with_the_next(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        assert isinstance(house.store, FailingRecord)
        house.store.failing = True
        with pytest.raises(StorageFull):
            await house.poll(POLITICS, item("1", title="One"))
        house.store.failing = False
        await house.poll(POLITICS, item("2", title="Two"))
        assert await house.store.lines() == {"politics": frozenset({"One", "Two"})}

    live(tmp_path, work, record=FailingRecord, lines=FakeLines())
