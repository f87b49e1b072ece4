"""Pushed documents: who may hand in what, and that nothing is taken twice or lost."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import DocumentError, FetchError, MonitorError, StorageError, UsageError
from monitor.flow.ingest import Ingester
from monitor.flow.push import AT_ONCE, Pusher
from monitor.model import SourceKind, SourceSpec, Span, Way
from monitor.ports import PageRead, PushFault, PushReport, Store
from monitor.sources.jsonl import read_articles
from monitor.store import SqlStore
from tests.fakes import START, FakeClock, FakeMeter, FakeOperations, FakeStore, FakeWatch, FakeWorkers, watchlist_facts

WIRE = SourceSpec("wire", SourceKind.PUSH, "", 900.0, labels={"desk": "wire"})
OTHER = SourceSpec("other", SourceKind.PUSH, "", 900.0)
DROP = SourceSpec("drop", SourceKind.FOLDER, "/drop", 10.0)
TOKENS = {"wire": ("token of the wire", "its old token"), "other": ("token of the other",), "gone": ("token of one gone",)}


def article(name: str, text: str = "It left the port.", **fields: Any) -> dict[str, Any]:
    return {"id": name, "text": f"{name}: {text}", **fields}


class House:
    def __init__(self, store: Store | None = None) -> None:
        self.clock = FakeClock()
        self.fake = FakeStore()
        self.workers = FakeWorkers({"arms": "rocket"})
        self.meter = FakeMeter()
        self.watch = FakeWatch()
        self.store = store or self.fake
        operations = FakeOperations(self.clock)
        facts = {"arms": watchlist_facts("arms")}
        ingester = Ingester(
            self.store,
            self.workers,
            route=lambda _: (Way("log"),),
            facts=lambda: facts,
            clock=self.clock,
            meter=self.meter,
            operations=operations,
        )
        specs = {spec.name: spec for spec in (WIRE, OTHER, DROP)}
        self.pusher = Pusher(
            self.store,
            ingester,
            self.workers,
            specs=lambda: specs,
            tokens=lambda: TOKENS,
            read=read_articles,
            clock=self.clock,
            meter=self.meter,
            watch=self.watch,
        )

    async def start(self) -> House:
        await self.store.sync_sources([WIRE, OTHER, DROP], START)
        return self

    async def push(self, *articles: Any, source: str = "wire", partial: bool = False) -> PushReport:
        body = "\n".join(json.dumps(value) for value in articles).encode()
        return await self.pusher.push(source, body, lines=True, partial=partial)


def pushed(*articles: Any, house: House | None = None, partial: bool = False) -> PushReport:
    async def main() -> PushReport:
        return await (await (house or House()).start()).push(*articles, partial=partial)

    return asyncio.run(main())


def test_a_token_names_its_source_and_nothing_else_does() -> None:
    source_of = House().pusher.source_of
    assert source_of("token of the wire") == source_of("its old token") == "wire"
    assert source_of("token of the other") == "other"
    for wrong in ("", "token of the wir", "token of the wire ", "token of one gone", "\ud800"):
        assert source_of(wrong) is None


def test_articles_are_taken_matched_and_told_of_their_source() -> None:
    house = House()
    report = pushed(article("a"), article("b", "A rocket."), house=house)
    assert report == PushReport(received=2, new=2, alerts=1)
    assert {item.article.key for item in house.fake.articles} == {"a", "b"}
    assert {(item.article.source, item.article.labels["desk"]) for item in house.fake.articles} == {("wire", "wire")}
    assert house.watch.told == [("succeeded", "wire", 2)]
    assert house.fake.sources["wire"].last_new == START


def test_the_first_push_is_told_however_old_it_is() -> None:
    assert pushed(article("a", "A rocket.", published="2025-01-01T00:00:00Z")).alerts == 1


def test_the_same_push_changes_nothing_and_another_text_is_an_edit(tmp_path: Path) -> None:
    async def main() -> list[PushReport]:
        store = await SqlStore.open(tmp_path)
        try:
            house = await House(store).start()
            both = (article("a", "A rocket."), article("b"))
            reports = [await house.push(*both), await house.push(*both)]
            reports.append(await house.push(both[0], article("b", "It came back.")))
            reports.append(await house.push(both[0], source="other"))
            stats = await store.stats()
            assert (stats["articles"], stats["alerts"]) == (3, 2)
            return reports
        finally:
            await store.close()

    first, again, edited, other = asyncio.run(main())
    assert first == PushReport(received=2, new=2, alerts=1)
    assert again == PushReport(received=2, unchanged=2)
    assert edited == PushReport(received=2, changed=1, unchanged=1)
    assert other == PushReport(received=1, new=1, alerts=1)


def test_what_is_known_under_another_id_is_no_repetition_of_a_push(tmp_path: Path) -> None:
    async def main() -> PushReport:
        store = await SqlStore.open(tmp_path)
        try:
            house = await House(store).start()
            same = {"url": "https://example.org/rocket", "title": "A rocket"}
            await house.push({"id": "a", "text": "A rocket.", **same}, article("b"))
            return await house.push({"id": "z", "text": "A rocket.", **same}, article("b"))
        finally:
            await store.close()

    assert asyncio.run(main()) == PushReport(received=2, unchanged=1, sighted=1)


def test_of_one_id_given_twice_the_last_is_meant() -> None:
    house = House()
    assert pushed(article("a"), article("a", "It came back."), house=house).new == 1
    assert [item.text for item in house.fake.articles] == ["a: It came back."]


def test_with_one_that_cannot_be_taken_none_is_unless_that_is_asked_for() -> None:
    house = House()
    bad = {"id": "b"}
    report = pushed(article("a"), bad, house=house)
    assert report == PushReport(received=2, faults=(PushFault(1, "text (or html) is missing, or empty"),))
    assert house.fake.batches == []
    report = pushed(article("a"), bad, house=house, partial=True)
    assert (report.new, len(report.faults)) == (1, 1)


def test_a_page_is_read_by_a_worker_under_the_title_given() -> None:
    house = House()
    house.workers.page = PageRead("Its own title\n\nIt left the port.", Span(0, 13), ("html",))
    pushed({"id": "a", "html": "<p>", "title": "The title"}, {"id": "b", "html": "<p>"}, house=house)
    assert [item.text for item in house.fake.articles] == ["The title\n\nIt left the port.", "Its own title\n\nIt left the port."]
    assert house.workers.parsed[0].body == b"<p>"


@pytest.mark.parametrize("page", [FetchError("no article was found on the page"), PageRead("Title", Span(0, 5), ())])
def test_a_page_without_text_is_a_fault_of_its_article(page: PageRead | FetchError) -> None:
    house = House()
    house.workers.page = page
    report = pushed({"id": "a", "html": "<p>"}, article("b"), house=house)
    assert [fault.index for fault in report.faults] == [0]
    assert house.fake.batches == []


@pytest.mark.parametrize(("source", "said"), [("nope", "no source 'nope'"), ("drop", "is a folder")])
def test_only_pushed_sources_take_articles(source: str, said: str) -> None:
    async def main() -> None:
        await (await House().start()).push(article("a"), source=source)

    with pytest.raises(UsageError, match=said):
        asyncio.run(main())


def test_what_is_no_json_at_all_and_what_is_too_much() -> None:
    pusher = House().pusher
    with pytest.raises(DocumentError, match="not JSON"):
        asyncio.run(pusher.push("wire", b"nonsense", lines=False))
    with pytest.raises(DocumentError, match="in parts"):
        asyncio.run(pusher.push("wire", b"{}\n" * (AT_ONCE // 2), lines=True))


def test_a_paused_source_takes_nothing_and_says_who_paused_it() -> None:
    async def main() -> None:
        house = await House().start()
        await house.store.pause_source("wire", START, "cli:alice: too noisy")
        await house.push(article("a"))

    with pytest.raises(MonitorError, match="paused by cli:alice: too noisy") as caught:
        asyncio.run(main())
    assert not isinstance(caught.value, UsageError)


def test_a_full_disk_is_said_and_the_same_push_may_come_again() -> None:
    async def main() -> PushReport:
        house = await House().start()
        house.fake.failing = StorageError("the disk is full")
        with pytest.raises(StorageError):
            await house.push(article("a"))
        house.fake.failing = None
        return await house.push(article("a"))

    assert asyncio.run(main()).new == 1


def test_two_pushes_at_once_are_taken_one_after_the_other(tmp_path: Path) -> None:
    async def main() -> list[PushReport]:
        store = await SqlStore.open(tmp_path)
        try:
            house = await House(store).start()
            return list(await asyncio.gather(*(house.push(article("a", "A rocket.")) for _ in range(5))))
        finally:
            await store.close()

    reports = asyncio.run(main())
    assert sorted(report.new for report in reports) == [0, 0, 0, 0, 1]
    assert sum(report.alerts for report in reports) == 1


def test_nothing_at_all_is_taken_well() -> None:
    assert pushed() == PushReport()
    assert replace(PushReport(), received=0) == PushReport()
