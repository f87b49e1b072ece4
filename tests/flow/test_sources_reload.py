"""Live sources: what changed in the list is in force, what is broken changes nothing, what waits for a restart is said."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from monitor.errors import ConfigError, Fault, StorageFull
from monitor.flow.ingest import Ingester
from monitor.flow.poll import Poller
from monitor.flow.sources_reload import BROKEN, RESTART, SourcesReloader
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
        self.slept: list[float] = []
        self.applied = 0
        self.while_resting: Callable[[], None] = lambda: None
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
            sleep=self.sleep,
            also=self.apply,
            **parts,  # type: ignore[arg-type]
        )
        self.made.clear()

    def apply(self) -> None:
        self.applied += 1

    def make(self, spec: SourceSpec) -> FakeSource | None:
        self.made.append(spec.name)
        return None if spec.kind is SourceKind.PUSH else FakeSource(spec, [NOTHING])

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.while_resting()

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
    house.run(house.reloader.tick)
    assert sorted(house.poller.specs) == ["b", "c", "d"]
    assert house.poller.specs["b"].location == "http://new.example/feed"
    assert sorted(house.reloader.specs) == ["b", "c", "d", "wire"]
    assert {"b", "c", "d", "wire"} <= set(house.store.specs)


def test_where_a_source_stands_in_its_file_is_no_change_of_it() -> None:
    house = House(feed("a", origin="list.opml:3"))
    house.listing.specs = [feed("a", origin="list.opml:4")]
    house.run(house.reloader.tick)
    assert house.made == []


def test_a_broken_list_changes_nothing_and_is_told_until_it_is_mended() -> None:
    house = House(feed("a"))
    house.listing.unreadable = ConfigError([Fault("must be an http:// address", "list.opml", 7), Fault("another")])
    house.run(house.reloader.tick)
    assert sorted(house.poller.specs) == ["a"]
    assert "list.opml:7: must be an http:// address, and 1 more" in house.operations.message(BROKEN)
    assert house.operations.open()[0].told
    house.listing.unreadable = None
    house.listing.specs = [feed("a"), feed("b")]
    house.run(house.reloader.tick)
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
    house.run(house.reloader.tick)
    house.listing.unreadable = ConfigError([Fault("broken", "monitor.yaml", 3)])
    house.run(house.reloader.tick)
    assert house.applied == 1
    assert "the sources and routes in force stay: monitor.yaml:3: broken" in house.operations.message(BROKEN)
    house.listing.unreadable = None
    house.run(house.reloader.force)
    assert house.applied == 2


def test_a_file_that_is_still_being_written_is_waited_for() -> None:
    house = House(feed("a"))
    changes = iter([[feed("a"), feed("b")], [feed("a"), feed("b"), feed("c")]])

    def write_on() -> None:
        house.listing.specs = next(changes, house.listing.specs)

    house.while_resting = write_on
    house.listing.specs = [feed("b")]
    house.run(house.reloader.tick)
    assert sorted(house.poller.specs) == ["a", "b", "c"]
    assert len(house.slept) == 3


def test_what_only_a_restart_changes_is_said() -> None:
    house = House(feed("a"))
    house.listing.elsewhere = ["sinks", "routes"]
    house.run(house.reloader.tick)
    assert house.operations.message(RESTART).endswith("sinks, routes")
    house.listing.elsewhere = []
    house.run(house.reloader.tick)
    assert house.operations.message(RESTART) == ""


def test_a_record_that_cannot_be_written_is_told_of_the_list_later() -> None:
    house = House(feed("a"))
    house.run(house.reloader.start)
    house.listing.specs = [feed("a"), feed("b")]
    house.store.failing = StorageFull("no space")
    house.run(house.reloader.tick)
    assert list(house.store.specs) == ["a"]
    house.store.failing = None
    house.run(house.reloader.tick)
    assert list(house.store.specs) == ["a", "b"]
