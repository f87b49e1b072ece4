"""The ingest of a poll: what is dropped, decided, written together and told afterwards."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.errors import MonitorError, StorageContradiction, StorageFull
from monitor.flow.batch import IngestReport
from monitor.flow.decision import article_id
from monitor.flow.ingest import BATCH, Ingester
from monitor.flow.route import About
from monitor.model import (
    AlertState,
    DecisionKind,
    Document,
    JsonObject,
    Mode,
    NotificationKind,
    PollResult,
    Reason,
    Severity,
    SourceKind,
    SourceSpec,
    SourceState,
    Span,
    Stance,
    WatchlistFacts,
    Way,
    identity,
)
from monitor.ports import DecideAgain, IngestBatch
from tests.fakes import START, FakeClock, FakeMeter, FakeOperations, FakeStore, FakeWorkers, watchlist_facts

FEED = SourceSpec("feed", SourceKind.FEED, "http://x.example/", 900)
FOLDER = SourceSpec("drop", SourceKind.FOLDER, "/drop", 10)


class House:
    """An ingester among fakes, with one watchlist that finds "rocket"."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = FakeStore()
        self.workers = FakeWorkers({"arms": "rocket"})
        self.meter = FakeMeter()
        self.operations = FakeOperations(self.clock)
        self.facts: dict[str, WatchlistFacts] = {"arms": watchlist_facts("arms")}
        self.told: list[JsonObject] = []
        self.wakes = 0
        self.ingester = Ingester(
            self.store,
            self.workers,
            route=self.route,
            facts=lambda: self.facts,
            clock=self.clock,
            meter=self.meter,
            operations=self.operations,
            announce=self.told.append,
            wake=self.wake,
        )

    def route(self, about: About) -> tuple[Way, ...]:
        return (Way("log"), Way("desk")) if about.severity is Severity.CRITICAL else (Way("log"),)

    def wake(self) -> None:
        self.wakes += 1

    def __call__(self, *documents: Document, spec: SourceSpec = FOLDER, before: SourceState | None = None) -> IngestReport:
        before = before or SourceState(spec.name, START, last_success=START)
        now = self.clock.now()
        after = replace(before, next_due=now + timedelta(seconds=spec.every), validators={"v": "2"}, last_poll=now, last_success=now)
        return asyncio.run(self.ingester.ingest(spec, before, after, PollResult(documents, after.validators)))


def document(key: str = "1", text: str = "a rocket rose", **more: object) -> Document:
    return replace(Document("drop", key, text), **more)  # type: ignore[arg-type]


def test_a_match_becomes_an_alert_with_its_notification_and_sinks() -> None:
    house = House()
    assert house(document(), document("2", "nothing flew")) == IngestReport(articles=2, matches=1, notifications=1)
    (decided,) = house.store.decided
    article = house.store.articles[0].article
    assert article.id == article_id("drop", "1") == identity("drop", "1")
    assert decided.decision.kind is DecisionKind.RAISE
    assert decided.alert is not None
    assert decided.notification is not None
    assert decided.alert.id == identity("arms", article.id)
    assert (decided.alert.state, decided.alert.severity, dict(decided.alert.labels)) == (AlertState.OPEN, Severity.HIGH, {"topic": "test"})
    assert decided.notification.id == identity(decided.alert.id, "0")
    assert len(decided.notification.id) == len(decided.alert.id) == len(article.id) == 32
    assert decided.notification.kind is NotificationKind.RAISED
    assert decided.sinks == ("log",)
    assert json.loads(decided.notification.payload)["id"] == decided.notification.id
    assert [told["id"] for told in house.told] == [decided.notification.id]
    assert house.wakes == 1


def test_the_sources_state_goes_with_the_articles() -> None:
    house = House()
    house(document())
    assert house.store.sources["drop"].validators == {"v": "2"}
    assert house.store.sources["drop"].last_new == START


def test_known_items_are_dropped_and_only_the_state_is_saved() -> None:
    house = House()
    house(document())
    house.clock.advance(60)
    assert house(document()) == IngestReport(unchanged=1)
    assert len(house.store.batches) == 1
    assert house.store.sources["drop"].last_poll == house.clock.now()
    assert house.store.sources["drop"].last_new is None, "last_new is left as the state before had it"


def test_fault_43_an_edited_article_is_matched_again_and_raises_no_second_alert() -> None:
    house = House()
    house(document())
    assert house(document(text="a rocket rose again")) == IngestReport(articles=1, matches=1, edited=1)
    again = house.store.decided[-1]
    assert (again.decision.kind, again.decision.reason) == (DecisionKind.THREAD, Reason.ALREADY_TOLD)
    assert again.notification is None
    assert len(house.told) == 1


def test_an_edit_that_says_something_new_updates_the_alert() -> None:
    house = House()
    house(document())
    house.workers.stances = (Stance.DENIED,)
    house.workers.severity = Severity.CRITICAL
    house.clock.advance(60)
    house(document(text="a rocket rose, the ministry denies"))
    first, second = house.store.decided
    assert first.alert is not None
    assert second.alert is not None
    assert second.notification is not None
    assert (second.decision.kind, second.decision.reason) == (DecisionKind.UPDATE, Reason.SEVERITY_RAISED)
    assert second.alert.id == first.alert.id
    assert (second.alert.severity, second.alert.raised, second.alert.updated) == (Severity.CRITICAL, START, house.clock.now())
    assert second.notification.id == identity(first.alert.id, "1")
    assert second.notification.kind is NotificationKind.UPDATED
    assert second.sinks == ("log", "desk")


def test_an_update_never_lowers_an_alerts_severity() -> None:
    house = House()
    house(document())
    house.workers.stances = (Stance.DENIED,)
    house.workers.severity = Severity.LOW
    house(document(text="a rocket rose, denied"))
    assert house.store.decided[-1].alert is not None
    assert house.store.decided[-1].alert.severity is Severity.HIGH
    # As grave as what its readers see: no night and no digest holds what tells of a graver alert.
    notification = house.store.decided[-1].notification
    assert notification is not None
    assert notification.severity is Severity.HIGH


def test_fault_43_one_key_twice_in_a_poll_is_taken_once() -> None:
    house = House()
    assert house(document(text="a rocket rose"), document(text="a rocket fell")).articles == 1
    assert house.store.articles[0].text == "a rocket fell", "what comes later is newer"


@pytest.mark.parametrize(
    ("spec", "first", "age", "reason"),
    [
        (FEED, True, 25, Reason.STALE),
        (FEED, True, 23, Reason.FIRST_MATCH),
        (FEED, True, None, Reason.FIRST_MATCH),
        (FEED, False, 25, Reason.FIRST_MATCH),
        (FOLDER, True, 9_000, Reason.FIRST_MATCH),
    ],
)
def test_fault_44_a_feeds_first_poll_tells_only_what_is_fresh(spec: SourceSpec, first: bool, age: int | None, reason: Reason) -> None:
    house = House()
    before = SourceState(spec.name, START, last_success=None if first else START)
    published = None if age is None else START - timedelta(hours=age)
    house(document(published=published), spec=spec, before=before)
    (decided,) = house.store.decided
    assert decided.decision.reason is reason
    assert (decided.notification is None) == (reason is Reason.STALE)


def test_a_shadow_list_is_recorded_and_not_told_and_an_off_list_not_even_recorded() -> None:
    house = House()
    house.facts["arms"] = watchlist_facts("arms", mode=Mode.SHADOW)
    house(document())
    assert house.store.decided[0].decision == house.store.decided[0].decision.__class__(DecisionKind.QUIET, Reason.SHADOW)
    house.facts["arms"] = watchlist_facts("arms", mode=Mode.OFF)
    house(document("2"))
    assert len(house.store.decided) == 1
    assert house.told == []


def test_a_match_of_a_list_that_is_gone_is_passed_over() -> None:
    house = House()
    house.facts.clear()
    assert house(document()).matches == 0


def test_an_article_that_cannot_be_analysed_is_stored_as_such_and_holds_up_nothing() -> None:
    house = House()
    bad = document("bad", f"Title\n\n{FakeWorkers.POISON}", title=Span(0, 5))
    assert house(bad, document()) == IngestReport(articles=2, matches=1, notifications=1, failed=1)
    stored = house.store.articles[0]
    assert stored.failed.startswith("the analysis took longer")
    assert (stored.article.title, stored.article.language, stored.zones, stored.text) == ("Title", "und", (), bad.text)
    key = f"article:{stored.article.id}"
    assert "could not be analysed" in house.operations.message(key)
    assert house(bad).articles == 0, "it is not tried again and again"
    house(replace(bad, text="mended"))
    assert house.operations.message(key) == ""


def test_an_article_that_cannot_be_told_of_is_stored_as_failed() -> None:
    house = House()

    def broken(about: About) -> tuple[Way, ...]:
        raise ValueError("no such label")

    house.route = broken  # type: ignore[assignment]
    house.ingester = Ingester(
        house.store,
        house.workers,
        route=broken,
        facts=lambda: house.facts,
        clock=house.clock,
        meter=house.meter,
        operations=house.operations,
    )
    assert house(document(), document("2", "nothing")).failed == 1
    assert house.store.articles[0].failed == "ValueError: no such label"


class Refusing(FakeStore):
    """Has no place for what is told of one article: by name, or as a record that refuses what it is part of."""

    def __init__(self, key: str, *, named: bool) -> None:
        super().__init__()
        self.key, self.named = key, named
        self.refused = 0

    async def ingest(self, batch: IngestBatch) -> None:
        for stored in batch.articles:
            if stored.article.key == self.key and stored.decided:
                self.refused += 1
                raise DecideAgain("it lives elsewhere", article=stored.article.id) if self.named else StorageContradiction("UNIQUE failed")
        await super().ingest(batch)


@pytest.mark.parametrize("named", [True, False])
def test_one_article_that_does_not_fit_the_record_never_blocks_its_source(named: bool) -> None:
    house = House()
    house.store = house.ingester._store = Refusing("2", named=named)
    report = house(*(document(str(n), f"rocket {n} rose") for n in range(4)))
    assert report == IngestReport(articles=4, matches=3, notifications=3, failed=1)
    failed = {stored.article.key: stored.failed for stored in house.store.articles}
    assert [key for key, why in failed.items() if why] == ["2"]
    assert "does not fit the record" in failed["2"]
    assert "does not fit the record" in house.operations.message(f"article:{article_id('drop', '2')}")
    assert house.operations.message("storage") == ""
    assert len(house.told) == 3
    assert house.store.sources["drop"].validators == {"v": "2"}, "the poll is done"
    assert house(*(document(str(n), f"rocket {n} rose") for n in range(4))).articles == 0


def test_fault_5_a_full_disk_leaves_the_position_and_heals() -> None:
    house = House()
    house.store.failing = StorageFull("no space left on the device")
    with pytest.raises(StorageFull):
        house(document())
    assert house.store.batches == []
    assert house.store.sources == {}
    assert house.told == []
    assert "no space left" in house.operations.message("storage")
    house.store.failing = None
    house(document())
    assert len(house.store.decided) == 1
    assert house.operations.history == ["+storage", "-storage"]
    assert house.meter.counted("storage_errors_total") == 1


def test_workers_that_cannot_work_leave_the_position() -> None:
    house = House()
    house.workers.broken = MonitorError("worker processes cannot be started")
    with pytest.raises(MonitorError):
        house(document())
    assert house.store.batches == []
    assert house.store.sources == {}


def test_a_large_poll_is_written_in_parts_and_its_position_with_the_last() -> None:
    house = House()
    assert house(*(document(str(n)) for n in range(2 * BATCH + 1))).articles == 2 * BATCH + 1
    assert [len(batch.articles) for batch in house.store.batches] == [BATCH, BATCH, 1]
    assert [batch.state is None for batch in house.store.batches] == [True, True, False]


def test_a_crash_between_parts_brings_the_rest_and_nothing_twice() -> None:
    house = House()
    documents = [document(str(n)) for n in range(BATCH + 5)]
    house(*documents[:BATCH])
    house.store.sources.clear()
    assert house(*documents).articles == 5
    assert len({decided.notification.id for decided in house.store.decided if decided.notification}) == BATCH + 5


def test_a_terminal_that_went_away_stops_nothing() -> None:
    house = House()

    def gone(told: JsonObject) -> None:
        raise BrokenPipeError

    house.ingester = Ingester(
        house.store,
        house.workers,
        route=house.route,
        facts=lambda: house.facts,
        clock=house.clock,
        meter=house.meter,
        operations=house.operations,
        announce=gone,
    )
    assert house(document()).notifications == 1


def test_identities_do_not_run_together() -> None:
    assert identity("ab", "c") != identity("a", "bc")
