"""Live sources: what changed in the list is in force, what is broken changes nothing, what waits for a restart is said."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from monitor.errors import ConfigError, Fault, StorageFull
from monitor.flow.ingest import Ingester
from monitor.flow.poll import Poller
from monitor.flow.sources_reload import BROKEN, RESTART, RESTLESS, SETTLE, SourcesReloader
from monitor.model import PollResult, Severity, SourceKind, SourceSpec, Way
from tests.fakes import FakeClock, FakeMeter, FakeOperations, FakeSource, FakeSourceList, FakeStore, FakeWatch, FakeWorkers, watchlist_facts

NOTHING = PollResult((), {}, unchanged=True)


def feed(name: str, location: str = "", **settings: object) -> SourceSpec:
    return SourceSpec(name, SourceKind.FEED, location or f"http://{name}.example/feed", 900, **settings)  # type: ignore[arg-type]


PUSHED = SourceSpec("wire", SourceKind.PUSH, "", 900)


class House:
    def __init__(self, *specs: SourceSpec) -> None:
        self.clock, self.store, self.meter = FakeClock(), FakeStore(), FakeMeter()
        self.operations = FakeOperations(self.clock)
        self.listing = FakeSourceList(specs)
        self.made: list[str] = []
        self.applied = 0
        ingester = Ingester(
            self.store,
            FakeWorkers({"arms": "rocket"}),
            route=lambda _: (Way("log"),),
            facts=lambda: {"arms": watchlist_facts("arms")},
            clock=self.clock,
            meter=self.meter,
            operations=self.operations,
        )
        sources = [source for spec in specs if (source := self.make(spec)) is not None]
        parts = {"clock": self.clock, "operations": self.operations}
        self.poller = Poller(self.store, sources, ingester, meter=self.meter, random=lambda: 0.5, watch=FakeWatch(), **parts)  # type: ignore[arg-type]
        self.reloader = SourcesReloader(
            self.listing,
            self.store,
            self.poller,
            self.make,
            specs=specs,
            also=self.apply,
            **parts,  # type: ignore[arg-type]
        )
        self.made.clear()

    def apply(self) -> None:
        self.applied += 1

    def make(self, spec: SourceSpec) -> FakeSource | None:
        self.made.append(spec.name)
        return None if spec.kind is SourceKind.PUSH else FakeSource(spec, [NOTHING])

    def settled(self) -> None:
        """What stands in the files now is in force, or refused."""
        self.run(self.reloader.tick)
        self.clock.advance(SETTLE)
        self.run(self.reloader.tick)

    def run(self, *steps: Callable[[], Awaitable[None]]) -> None:
        async def all_of_them() -> None:
            for step in steps:
                await step()

        asyncio.run(all_of_them())


def test_an_unchanged_list_is_left_alone() -> None:
    house = House(feed("a"))
    house.run(house.reloader.start, house.reloader.tick, house.reloader.force)
    assert house.made == []
    assert list(house.store.specs) == ["a"]


def test_new_changed_and_gone_sources() -> None:
    house = House(feed("a"), feed("b"), feed("c"))
    house.run(house.reloader.start)
    house.listing.specs = [feed("b", "http://new.example/feed"), feed("c"), feed("d"), PUSHED]
    house.settled()
    assert sorted(house.poller.specs) == ["b", "c", "d"]
    assert house.poller.specs["b"].location == "http://new.example/feed"
    assert sorted(house.reloader.specs) == ["b", "c", "d", "wire"]
    assert {"b", "c", "d", "wire"} <= set(house.store.specs)


def test_where_a_source_stands_in_its_file_is_no_change_of_it() -> None:
    house = House(feed("a", origin="list.opml:3"))
    house.listing.specs = [feed("a", origin="list.opml:4")]
    house.settled()
    assert house.made == []


def test_a_broken_list_changes_nothing_and_is_told_until_it_is_mended() -> None:
    house = House(feed("a"))
    house.listing.unreadable = ConfigError([Fault("CANARY is no address", "list.opml", 7, sort="no address"), Fault("CANARY")])
    house.settled()
    assert sorted(house.poller.specs) == ["a"]
    assert "list.opml:7: no address, and 1 more (monitor check shows it)" in house.operations.message(BROKEN)
    assert "CANARY" not in house.operations.message(BROKEN)
    assert house.operations.open()[0].told
    house.listing.unreadable = None
    house.listing.specs = [feed("a"), feed("b")]
    house.settled()
    assert sorted(house.poller.specs) == ["a", "b"]
    assert house.operations.open() == []


def test_a_fault_told_before_a_restart_is_over_with_it() -> None:
    house = House(feed("a"))
    house.operations.raise_(BROKEN, "told before", severity=Severity.HIGH, tell=True)
    house.run(house.reloader.start)
    assert house.operations.open() == []


def test_what_else_was_read_is_put_into_force_after_each_reading_without_a_fault() -> None:
    house = House(feed("a"))
    house.listing.specs = [feed("a"), feed("b")]
    house.settled()
    house.listing.unreadable = ConfigError([Fault("broken", "monitor.yaml", 3, sort="broken")])
    house.settled()
    assert house.applied == 1
    assert "the sources and routes in force stay: monitor.yaml:3: broken" in house.operations.message(BROKEN)
    house.listing.unreadable = None
    house.run(house.reloader.force)
    assert house.applied == 2


def test_a_file_is_read_when_it_has_been_left_alone_for_a_while() -> None:
    house = House(feed("a"))
    house.listing.specs = [feed("b")]
    house.run(house.reloader.tick, house.reloader.tick)
    house.clock.advance(SETTLE - 0.1)
    house.listing.specs = [feed("a"), feed("b")]
    house.run(house.reloader.tick)
    house.clock.advance(SETTLE - 0.1)
    house.run(house.reloader.tick)
    assert house.listing.asked == []
    house.clock.advance(0.1)
    house.run(house.reloader.tick)
    assert sorted(house.poller.specs) == ["a", "b"]
    assert house.listing.asked == [False]


def test_an_edit_is_in_force_within_four_seconds() -> None:
    house = House(feed("a"))
    house.listing.specs = [feed("a"), feed("b")]
    for _ in range(3):  # the schedule ticks every second; the first one may come a second after the edit
        house.run(house.reloader.tick)
        house.clock.advance(1)
    assert sorted(house.poller.specs) == ["a", "b"]


def test_whoever_asks_for_it_gets_what_stands_there_at_once() -> None:
    house = House(feed("a"))
    house.listing.specs = [feed("b")]
    house.run(house.reloader.force)
    assert sorted(house.poller.specs) == ["b"]
    assert house.listing.asked == [True]


def test_a_file_that_never_rests_is_said() -> None:
    house = House(feed("a"))
    for minute in range(int(RESTLESS) + 1):
        house.listing.specs = [feed("a"), feed(f"b{minute}")]
        house.run(house.reloader.tick)
        house.clock.advance(1)
    assert house.listing.asked == []
    assert "a SIGHUP takes it as it is" in house.operations.message(RESTART)
    house.settled()
    assert "b60" in house.poller.specs
    assert house.operations.open() == []


def test_a_fault_of_ours_is_told_without_its_words_and_the_same_files_are_read_again() -> None:
    house = House(feed("a"))
    house.listing.specs = [feed("a"), feed("b")]
    house.listing.unreadable = RuntimeError("CANARY")
    house.settled()
    assert "RuntimeError" in house.operations.message(BROKEN)
    assert "CANARY" not in house.operations.message(BROKEN)
    house.listing.unreadable = None
    house.settled()
    assert sorted(house.poller.specs) == ["a", "b"]
    assert house.operations.open() == []


def test_what_only_a_restart_changes_is_said() -> None:
    house = House(feed("a"))
    house.listing.elsewhere = ["sinks", "routes"]
    house.settled()
    assert house.operations.message(RESTART).endswith("sinks, routes")
    house.listing.elsewhere = []
    house.settled()
    assert house.operations.message(RESTART) == ""


def test_a_record_that_cannot_be_written_is_told_of_the_list_later() -> None:
    house = House(feed("a"))
    house.run(house.reloader.start)
    house.listing.specs = [feed("a"), feed("b")]
    house.store.failing = StorageFull("no space")
    house.settled()
    assert list(house.store.specs) == ["a"]
    house.store.failing = None
    house.settled()
    assert list(house.store.specs) == ["a", "b"]
