"""Polling: due times, back-off, bounds, and that no source is another's problem."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.errors import FetchError, MonitorError, StorageFull, UsageError
from monitor.flow.ingest import Ingester
from monitor.flow.pace import MAX_BACKOFF, MAX_BACKOFF_FOLDER, POSTPONED
from monitor.flow.poll import Poller
from monitor.model import Document, PollResult, SourceKind, SourceSpec, Way
from tests.fakes import START, FakeClock, FakeMeter, FakeOperations, FakeSource, FakeStore, FakeWatch, FakeWorkers, watchlist_facts

FOUND = PollResult((Document("a", "1", "a rocket rose"),), {"etag": "1"})
NOTHING = PollResult((), {"etag": "1"}, unchanged=True)
DOWN = FetchError("the server has a fault", status=503)


def feed(name: str, *, every: float = 900, host: str = "") -> SourceSpec:
    return SourceSpec(name, SourceKind.FEED, f"http://{host or name}.example/feed", every)


def folder(name: str, *, every: float = 10) -> SourceSpec:
    return SourceSpec(name, SourceKind.FOLDER, f"/{name}", every)


class House:
    def __init__(self, *sources: FakeSource, random: float = 0.5, concurrency: int = 20, starts: int = 1000) -> None:
        self.clock = FakeClock()
        self.store = FakeStore()
        self.meter = FakeMeter()
        self.operations = FakeOperations(self.clock)
        self.slept: list[float] = []
        self.watch = FakeWatch()
        self.workers = FakeWorkers({"arms": "rocket"})
        ingester = Ingester(
            self.store,
            self.workers,
            route=lambda _: (Way("log"),),
            facts=lambda: {"arms": watchlist_facts("arms")},
            clock=self.clock,
            meter=self.meter,
            operations=self.operations,
        )
        self.poller = Poller(
            self.store,
            sources,
            ingester,
            clock=self.clock,
            meter=self.meter,
            operations=self.operations,
            random=lambda: random,
            concurrency=concurrency,
            starts=starts,
            watch=self.watch,
            sleep=self.sleep,
        )
        self.specs = [source.spec for source in sources]

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds)

    async def round(self, seconds: float = 0) -> None:
        """A tick after ``seconds``, and all it started to its end."""
        self.clock.advance(seconds)
        await self.poller.tick()
        assert await self.poller.join(5) == 0

    def run(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def all_of_it() -> None:
            await self.store.sync_sources(self.specs, self.clock.now())
            await work()

        asyncio.run(all_of_it())

    def due_in(self, name: str) -> float:
        return (self.store.sources[name].next_due - self.clock.now()).total_seconds()


def test_a_due_source_is_polled_and_comes_again_after_its_interval() -> None:
    source = FakeSource(feed("a"), [FOUND, NOTHING])
    house = House(source)

    async def work() -> None:
        await house.round()
        assert len(house.store.articles) == 1
        assert house.due_in("a") == pytest.approx(900)
        await house.round(899)
        assert len(source.states) == 1
        await house.round(1)
        assert [dict(state.validators) for state in source.states] == [{}, {"etag": "1"}]

    house.run(work)
    assert house.meter.counted("polls_total", outcome="unchanged") == 1


@pytest.mark.parametrize(("random", "due"), [(0.0, 810), (0.5, 900), (1.0, 990)])
def test_intervals_are_spread_a_little(random: float, due: float) -> None:
    house = House(FakeSource(feed("a"), [NOTHING]), random=random)
    house.run(house.round)
    assert house.due_in("a") == pytest.approx(due)


def test_fault_32_failures_double_the_pause_up_to_a_day_and_one_body_that_is_read_heals() -> None:
    house = House(FakeSource(feed("a"), [DOWN] * 10 + [NOTHING, FOUND]), random=0)
    pauses: list[float] = []

    async def work() -> None:
        for _ in range(10):
            await house.round(0 if not pauses else pauses[-1])
            pauses.append(house.due_in("a"))
        state = house.store.sources["a"]
        assert (state.failures, state.error) == (10, "the server has a fault")
        assert house.watch.states[-1] == state, "the watch is told of the state as it is saved"
        await house.round(pauses[-1])
        state = house.store.sources["a"]
        assert (state.failures, state.error, state.last_success) == (10, "the server has a fault", None), "not modified heals nothing"
        assert house.due_in("a") == 810, "and is no failure either"
        await house.round(810)
        assert (house.store.sources["a"].failures, house.store.sources["a"].error) == (0, "")

    house.run(work)
    assert pauses == [900, 1800, 3600, 7200, 14400, 28800, 57600, MAX_BACKOFF, MAX_BACKOFF, MAX_BACKOFF]


@pytest.mark.parametrize(
    ("error", "due"),
    [
        (FetchError("x", status=404), MAX_BACKOFF),
        (FetchError("x", status=410), MAX_BACKOFF),
        (FetchError("x", status=429, retry_after=7200), 7200),
        (FetchError("x", status=429, retry_after=5), 900),
        (FetchError("x", status=503, retry_after=1e9), MAX_BACKOFF),
        (ValueError("a fault of ours"), 900),
    ],
)
def test_what_a_failure_says_decides_the_pause(error: Exception, due: float) -> None:
    house = House(FakeSource(feed("a"), [error]), random=0)
    house.run(house.round)
    assert house.due_in("a") == pytest.approx(due)


def test_a_missing_folder_is_looked_for_every_minute() -> None:
    house = House(FakeSource(folder("drop"), [FetchError("folder /drop does not exist")]), random=0)

    async def work() -> None:
        for _ in range(20):
            await house.round(MAX_BACKOFF_FOLDER)

    house.run(work)
    assert house.due_in("drop") == MAX_BACKOFF_FOLDER


def test_one_failing_source_never_stops_another() -> None:
    hang = asyncio.Event()
    bad = FakeSource(feed("bad"), [RuntimeError("boom")])
    stuck = FakeSource(feed("stuck"), [NOTHING], before=hang.wait)  # type: ignore[arg-type]
    good = FakeSource(feed("good"), [FOUND])
    house = House(bad, stuck, good)

    async def work() -> None:
        await house.poller.tick()
        await settle()
        assert len(house.store.articles) == 1
        assert house.store.sources["bad"].error == "RuntimeError: boom"
        hang.set()
        assert await house.poller.join(5) == 0

    house.run(work)


def test_a_source_that_is_still_polled_is_not_polled_beside_itself() -> None:
    hang = asyncio.Event()
    source = FakeSource(feed("slow"), [NOTHING], before=hang.wait)  # type: ignore[arg-type]
    house = House(source)

    async def work() -> None:
        await house.poller.tick()
        await settle()
        house.clock.advance(10_000)  # beyond its lease
        await house.poller.tick()
        await settle()
        assert len(source.states) == 1
        hang.set()
        await house.poller.join(5)

    house.run(work)


def test_a_bound_for_each_host_and_one_over_all() -> None:
    running: dict[str, int] = {"now": 0, "most": 0}
    by_host: dict[str, int] = {}
    most_by_host: dict[str, int] = {}

    def watch(host: str) -> Callable[[], Awaitable[None]]:
        async def before() -> None:
            running["now"] += 1
            by_host[host] = by_host.get(host, 0) + 1
            most_by_host[host] = max(most_by_host.get(host, 0), by_host[host])
            running["most"] = max(running["most"], running["now"])
            for _ in range(3):
                await asyncio.sleep(0)
            running["now"] -= 1
            by_host[host] -= 1

        return before

    sources = [FakeSource(feed(f"s{n}", host=f"h{n % 6}"), [NOTHING], before=watch(f"h{n % 6}")) for n in range(30)]
    house = House(*sources, concurrency=10)
    house.run(house.round)
    assert all(len(source.states) == 1 for source in sources), "what a bound cut off is claimed again without waiting for the next tick"
    assert running["most"] == 10
    assert max(most_by_host.values()) <= 4


def test_fault_34_half_a_body_keeps_the_validators_it_had() -> None:
    half = replace(FOUND, validators={"etag": "of the half"}, complete=False)
    house = House(FakeSource(feed("a"), [replace(FOUND, documents=()), half]))

    async def work() -> None:
        await house.round()
        await house.round(900)

    house.run(work)
    assert len(house.store.articles) == 1
    assert house.store.sources["a"].validators == {"etag": "1"}


def test_a_source_may_ask_to_be_polled_again_soon() -> None:
    house = House(FakeSource(folder("drop", every=60), [replace(NOTHING, again=2.0), NOTHING]))
    house.run(house.round)
    assert house.due_in("drop") == 2


def test_fault_5_a_full_disk_stops_no_poll_for_ever() -> None:
    source = FakeSource(feed("a"), [FOUND])
    house = House(source)

    async def work() -> None:
        house.store.failing = StorageFull("no space left")
        await house.round()
        assert house.operations.message("storage")
        house.store.failing = None
        await house.round(1)
        assert len(house.store.articles) == 1

    house.run(work)
    assert house.operations.history == ["+storage", "-storage"]


def test_fault_5_a_disk_that_fills_during_a_poll_brings_the_same_poll_again() -> None:
    async def fill() -> None:
        house.store.failing = StorageFull("no space left") if not house.slept else None

    source = FakeSource(feed("a"), [FOUND], before=fill)
    house = House(source)

    async def work() -> None:
        await house.round()
        assert house.store.sources["a"].last_success is None
        house.store.failing = None
        house.slept.append(0)
        await house.round(601)  # the lease has ended
        assert len(house.store.articles) == 1

    house.run(work)


def test_a_source_is_not_blamed_for_the_workers() -> None:
    house = House(FakeSource(feed("a"), [FOUND]))

    async def work() -> None:
        house.workers.broken = MonitorError("worker processes cannot be started")
        for _ in range(5):
            await house.round(POSTPONED)
        assert house.store.sources["a"].failures == 0
        assert house.due_in("a") == POSTPONED
        assert house.operations.message("workers") == "worker processes cannot be started"
        house.workers.broken = None
        await house.round(POSTPONED)
        assert len(house.store.articles) == 1

    house.run(work)
    assert house.operations.history == ["+workers", "-workers"]


def test_stop_claims_nothing_more_and_join_cancels_what_is_late() -> None:
    never = asyncio.Event()
    stuck = FakeSource(feed("stuck"), [NOTHING], before=never.wait)  # type: ignore[arg-type]
    later = FakeSource(feed("later", every=1), [NOTHING])
    house = House(stuck, later)

    async def work() -> None:
        await house.poller.tick()
        await settle()
        house.poller.stop()
        house.clock.advance(100)
        await house.poller.tick()
        assert len(later.states) == 1
        assert await house.poller.join(0.01) == 1
        assert await house.poller.join(0.01) == 0

    house.run(work)


def test_a_source_no_longer_configured_is_left_alone() -> None:
    house = House(FakeSource(feed("a"), [NOTHING]))

    async def work() -> None:
        await house.store.sync_sources([feed("gone")], START)
        await house.round()

    house.run(work)
    assert house.store.sources["gone"].last_poll is None


def test_once_polls_everything_whether_due_or_not_and_reports() -> None:
    more = [replace(FOUND, documents=(Document("b", str(n), "a rocket"),), again=0.0) for n in range(3)]
    sources = [
        FakeSource(feed("a"), [FOUND]),
        FakeSource(folder("b"), [*more, NOTHING]),
        FakeSource(feed("c"), [DOWN]),
        FakeSource(folder("d"), [replace(NOTHING, again=2.0)]),
    ]
    house = House(*sources)

    async def work() -> None:
        for state in list(house.store.sources.values()):
            await house.store.save_source(replace(state, next_due=START + timedelta(days=1)))
        report = await house.poller.once()
        assert (report.ingested.articles, report.ingested.notifications, report.sources) == (4, 4, 4)
        assert dict(report.failed) == {"c": "the server has a fault"}

    house.run(work)
    assert house.slept == [2.0, 2.0, 2.0], "a file that is always being written does not hold the command for ever"


def test_once_ends_with_the_storages_error() -> None:
    house = House(FakeSource(feed("a"), [FOUND]))

    async def work() -> None:
        house.store.failing = StorageFull("no space left")
        with pytest.raises(StorageFull):
            await house.poller.once()

    house.run(work)


# ------------------------------------------------------------------------------------------ a person's wish
def test_poll_now_polls_whatever_is_due_and_whatever_was_asked_for() -> None:
    source = FakeSource(feed("a"), [replace(FOUND, wish=7200.0), NOTHING])
    house = House(source)

    async def work() -> None:
        await house.round()
        report = await house.poller.poll_now("a")
        assert (len(source.states), report.sources, dict(report.failed)) == (2, 1, {})
        await house.store.pause_source("a", house.clock.now(), "cli:alice: enough")
        await house.poller.poll_now("a")
        assert len(source.states) == 3
        assert house.store.sources["a"].paused is not None
        with pytest.raises(UsageError, match="there is no source 'b'"):
            await house.poller.poll_now("b")

    house.run(work)


def test_poll_now_waits_for_the_poll_that_runs_and_says_what_failed() -> None:
    hang = asyncio.Event()
    source = FakeSource(feed("a"), [NOTHING, DOWN], before=hang.wait)  # type: ignore[arg-type]
    house = House(source)

    async def work() -> None:
        await house.poller.tick()
        await settle()
        asked = asyncio.create_task(house.poller.poll_now("a"))
        await settle()
        assert len(source.states) == 1
        hang.set()
        assert dict((await asked).failed) == {"a": "the server has a fault"}
        assert len(source.states) == 2

    house.run(work)


def test_poll_now_while_nothing_can_be_written() -> None:
    house = House(FakeSource(feed("a"), [FOUND]))

    async def work() -> None:
        house.store.failing = StorageFull("no space left")
        assert dict((await house.poller.poll_now("a")).failed) == {"a": "no space left"}
        assert house.operations.message("storage")

    house.run(work)


# -------------------------------------------------------------------------------------------- live changes
def test_sources_are_replaced_while_polls_run() -> None:
    hang = asyncio.Event()
    stays, goes, moves = (FakeSource(feed(name), [FOUND], before=hang.wait) for name in ("stays", "goes", "moves"))  # type: ignore[arg-type]
    house = House(stays, goes, moves)
    moved = FakeSource(feed("moves", host="elsewhere"), [NOTHING])
    comes = FakeSource(feed("comes"), [NOTHING])

    async def work() -> None:
        await house.poller.tick()
        await settle()
        house.poller.replace([FakeSource(feed("stays", every=60), [NOTHING]), moved, comes])
        assert set(house.poller.specs) == {"stays", "moves", "comes"}
        await house.store.sync_sources(list(house.poller.specs.values()), house.clock.now())
        hang.set()
        await house.poller.join(5)
        assert house.store.sources["moves"].last_poll is None, "what the old address brought is not the new one's"
        assert house.store.sources["stays"].last_success is not None
        await house.round()
        assert (len(comes.states), len(moved.states)) == (1, 1)
        assert house.due_in("stays") == 900, "the poll that ran was under the old interval"
        await house.round(900)
        assert house.due_in("stays") == pytest.approx(60)

    house.run(work)
    assert house.watch.told[-1][:2] != ("succeeded", "goes")
    assert ("forgotten", "goes", "") in house.watch.told


def test_what_waits_in_line_is_not_polled_with_the_validators_of_its_old_address() -> None:
    first, moves = FakeSource(feed("a"), [NOTHING]), FakeSource(feed("b"), [FOUND])
    house = House(first, moves, starts=1)
    moved = FakeSource(feed("b", host="elsewhere"), [NOTHING])

    async def work() -> None:
        await house.store.save_source(replace(house.store.sources["b"], validators={"etag": "of the old address"}))
        await house.round()
        assert (len(first.states), len(moves.states)) == (1, 0)
        house.poller.replace([first, moved])
        # As the record does it.
        await house.store.sync_sources(list(house.poller.specs.values()), house.clock.now())
        await house.store.save_source(replace(house.store.sources["b"], validators={}))
        await house.round(1)
        assert [dict(state.validators) for state in moved.states] == [{}]

    house.run(work)


def test_a_person_who_waits_for_a_source_that_is_taken_away_is_told_so() -> None:
    never = asyncio.Event()
    house = House(FakeSource(feed("a"), [NOTHING], before=never.wait))  # type: ignore[arg-type]

    async def work() -> None:
        asked = asyncio.create_task(house.poller.poll_now("a"))
        await settle()
        house.poller.replace([])
        with pytest.raises(UsageError, match="was given up"):
            await asked

    house.run(work)


# ---------------------------------------------------------------------------------------------- what is told
def test_the_watch_is_told_of_every_poll_and_of_the_state_after_it() -> None:
    house = House(FakeSource(feed("a"), [FOUND, DOWN, NOTHING, replace(FOUND, documents=())]))

    async def work() -> None:
        for _ in range(4):
            await house.round(2000)

    house.run(work)
    assert house.watch.told == [
        ("succeeded", "a", 1),
        ("failed", "a", "the server has a fault"),
        ("succeeded", "a", 0),
        ("succeeded", "a", 0),
    ]
    assert [state.failures for state in house.watch.states] == [0, 1, 1, 0]
    assert house.watch.states[0].last_new is not None


def test_while_the_network_is_down_failures_do_not_count() -> None:
    house = House(FakeSource(feed("a"), [FetchError("the host name does not resolve", transport=True)]))

    async def work() -> None:
        await house.round()
        house.watch.down = True
        for _ in range(5):
            await house.round(900)
        assert house.store.sources["a"].failures == 1
        assert house.due_in("a") <= 900

    house.run(work)


def test_what_is_paused_or_gone_is_not_polled_and_once_leaves_it_alone() -> None:
    sources = [FakeSource(feed(name), [NOTHING]) for name in ("runs", "rests")] + [FakeSource(feed("left"), [FetchError("x", status=410)])]
    house = House(*sources)

    async def work() -> None:
        await house.store.pause_source("rests", house.clock.now(), "cli:alice")
        for _ in range(3):
            await house.round(90_000)
        assert [len(source.states) for source in sources] == [3, 0, 1]
        assert house.store.sources["left"].gone is not None
        assert (await house.poller.once()).sources == 1
        await house.store.resume_source("left", house.clock.now(), "cli:alice")
        await house.round()
        assert len(sources[2].states) == 2

    house.run(work)


def test_starts_are_spread_and_folders_do_not_wait() -> None:
    feeds = [FakeSource(feed(f"f{n}"), [NOTHING]) for n in range(50)]
    folders = [FakeSource(folder(f"d{n}", every=3600), [NOTHING]) for n in range(10)]
    house = House(*feeds, *folders, starts=20)

    async def work() -> None:
        begun = []
        for _ in range(4):
            await house.round()
            begun.append(sum(len(source.states) for source in feeds))
            assert all(len(source.states) == 1 for source in folders)
            house.clock.advance(1)
        assert begun == [20, 40, 50, 50]

    house.run(work)


async def settle() -> None:
    """Let every task that can run do so."""
    for _ in range(50):
        await asyncio.sleep(0)
