"""Manners, scored: the poller, the feed source, the HTTP client and the real record against a server that counts every fault.

The clock is a fake one that jumps from one due time to the next, so that days pass in seconds; requests, bodies and
transactions are real ones.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from random import Random

import pytest

from monitor.flow.ingest import Ingester
from monitor.flow.poll import Poller
from monitor.model import PollResult, SourceKind, SourceSpec, SourceState
from monitor.net import HttpClient, PoliteFetcher
from monitor.ports import FeedRead, Fetched, Probe
from monitor.sources.feed import FeedSource
from monitor.sources.feedread import read_feed
from monitor.store import SqlStore
from tests.fakes import FakeClock, FakeMeter, FakeOperations, FakeSource, FakeStore, FakeWatch, FakeWorkers
from tests.feedserver import CONTACT, Feed, FeedServer, Score

DAY = 86_400.0
HOUR = 3_600.0


class ReadingWorkers(FakeWorkers):
    """Reads feeds as a worker process does, in this one."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    async def parse_feed(self, spec: SourceSpec, fetched: Fetched, *, known: bytes = b"", skip: int = 0) -> FeedRead:
        self.parsed.append(fetched)
        return read_feed(fetched.body, fetched.headers, fetched.url, source=spec.name, now=self._clock.now(), known=known, skip=skip)


@dataclass
class Life:
    """One process's worth of parts over a record that outlives it."""

    store: SqlStore
    client: HttpClient
    poller: Poller


class House:
    def __init__(self, folder: Path, servers: Sequence[FeedServer], clock: FakeClock, seed: int = 4) -> None:
        self.folder = folder
        self.servers = servers
        self.clock = clock
        self.chance = Random(seed)
        self.specs: dict[str, SourceSpec] = {}
        self.operations = FakeOperations(clock)
        self.workers = ReadingWorkers(clock)
        self.lives = 0
        self._life: Life | None = None

    def subscribe(self, server: FeedServer, path: str, *, every: float = HOUR, **more: object) -> None:
        spec = SourceSpec(path.strip("/"), SourceKind.FEED, server.url(path), every, **more)  # type: ignore[arg-type]
        self.specs[spec.name] = spec

    # ------------------------------------------------------------------------------------------ its life
    async def start(self) -> None:
        store = await SqlStore.open(self.folder)
        await store.sync_sources(list(self.specs.values()), self.clock.now(), spread=60.0)
        client = HttpClient(contact=CONTACT, allow_private=[f"127.0.0.1:{server.port}" for server in self.servers])
        polite = PoliteFetcher(client, self.clock, spacing=1.0, random=self.chance.random, sleep=self.pause)
        ingester = Ingester(
            store,
            self.workers,
            route=lambda _: (),
            facts=dict,
            clock=self.clock,
            meter=FakeMeter(),
            operations=self.operations,
        )
        poller = Poller(
            store,
            [FeedSource(spec, polite, self.workers) for spec in self.specs.values()],
            ingester,
            clock=self.clock,
            meter=FakeMeter(),
            operations=self.operations,
            random=self.chance.random,
            watch=FakeWatch(),
            sleep=self.pause,
        )
        self._life = Life(store, client, poller)
        self.lives += 1

    async def end(self) -> None:
        assert self._life is not None
        self._life.poller.stop()
        await self._life.poller.join(5)
        await self._life.client.close()
        await self._life.store.close()
        self._life = None

    async def restart(self) -> None:
        await self.end()
        self.clock.advance(5)  # no process is there again at once
        await self.start()

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.clock.advance(seconds)

    @property
    def life(self) -> Life:
        assert self._life is not None
        return self._life

    # --------------------------------------------------------------------------------------------- time
    async def states(self) -> dict[str, SourceState]:
        return {state.name: state for state in await self.life.store.source_states()}

    async def round(self) -> None:
        """All that is due, to its end."""
        await self.life.poller.tick()
        assert await self.life.poller.join(10) == 0

    async def pass_time(self, seconds: float, *, grain: float = 30.0, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Jump from one due time to the next, ``grain`` seconds at least."""
        end = self.clock.now() + timedelta(seconds=seconds)
        while self.clock.now() < end:
            await self.round()
            dues = [state.next_due for state in (await self.states()).values() if state.gone is None and state.paused is None]
            until = max(min([*dues, end]), self.clock.now() + timedelta(seconds=grain))
            self.clock.advance((until - self.clock.now()).total_seconds())
            meanwhile()


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Path]:
    """A folder whose syncs cost nothing, where the machine has one: three days are thousands of commits."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await work()

    asyncio.run(main())


# ------------------------------------------------------------------------------------------ three days, scored
def every_kind(server: FeedServer) -> list[Feed]:
    """Feeds of all manners and ill manners; those whose name begins with ``quiet`` never change."""
    habits: dict[str, dict[str, object]] = {
        "plain": {},
        "quiet": {},
        "quiet-etag": {"modified": False},
        "etag": {"modified": False},
        "modified": {"etag": False},
        "bare": {"etag": False, "modified": False},
        "quiet-bare": {"etag": False, "modified": False},
        "weak": {"etag": 'W/"a b, c--gzip"'},
        "unquoted": {"etag": "no quotes; at, all"},
        "empty-etag": {"etag": '""'},
        "utf8-etag": {"etag": '"خبر"'},
        "one-kib-etag": {"etag": '"' + "e" * 1_500 + '"'},
        "three-kib-etag": {"etag": '"' + "e" * 3_000 + '"'},
        "no-date": {"modified": "last tuesday, at noon"},
        "lower-date": {"modified": "thu, 1 may 2025 10:00:00 +0000"},
        "max-age": {"max_age": 9_600},
        "quiet-max-age": {"max_age": 9_000},
        "year": {"max_age": 31_536_000},
        "expires": {"expires": 8_400},
        "both": {"max_age": 60, "expires": 86_400},
        "ttl": {"ttl": 150},
        "quiet-ttl": {"ttl": 240},
        "hours": {"skip_hours": (0, 1, 2, 3, 22, 23)},
        "quiet-hours": {"skip_hours": tuple(range(7, 19))},
        "all-hours": {"skip_hours": ()},
        "asks-to-wait": {"retry_after": 10_000},
        "arabic": {"charset": "windows-1256"},
        "plain-bytes": {"gzip": False},
        "long": {"items": 30},
    }
    return [server.feed(f"/{name}", **habit) for name, habit in habits.items()]  # type: ignore[arg-type]


def test_fault_33_unconditional_requests_after_the_first_0_and_early_0_across_restarts(record: Path) -> None:
    """Forty feeds of every kind for three days, with a restart every six hours: not one fault of manners, not one item lost."""

    async def work() -> None:
        clock = FakeClock()
        async with FeedServer(clock, spacing=1.0) as server, FeedServer(clock, spacing=1.0) as other:
            house = House(record, [server, other], clock)
            for feed in every_kind(server):
                odd = isinstance(feed.etag, str) or isinstance(feed.modified, str)  # seen often enough four times a day
                adaptive = len(house.specs) % 3 == 0
                house.subscribe(server, feed.path, every=6 * HOUR if odd else 2 * HOUR, adaptive=adaptive, least=2 * HOUR, most=5 * HOUR)
            ailing = [other.feed(f"/{name}") for name in ("busy", "down", "missing", "half", "rubbish", "retired", "forbidden")]
            for feed in ailing:
                house.subscribe(other, feed.path, every=1.5 * HOUR)
            other.feed("/new-home"), other.feed("/lodging")
            other.feed("/old-home", moved_to=other.url("/new-home"))
            other.feed("/hotel", moved_to=other.url("/lodging"), moved_with=307)
            for path in ("/old-home", "/hotel"):
                house.subscribe(other, path, every=4 * HOUR)
            busy, down, missing, half, rubbish, retired, forbidden = ailing
            half.half = True
            changing = [feed for feed in server.feeds.values() if not feed.path.startswith("/quiet")] + [busy, down, half, rubbish]
            changing = [feed for feed in changing if feed.etag is True or feed.modified is True or not (feed.etag or feed.modified)]
            published = {feed.path: 0 for feed in changing}

            def meanwhile() -> None:
                feed = house.chance.choice(changing)
                if house.chance.random() < 0.2:
                    (server if feed.path in server.feeds else other).publish(feed.path)
                    published[feed.path] += 1

            await house.start()
            for quarter in range(12):
                if quarter == 2:
                    other.fail("/busy", 429, 3, retry_after=9_000)
                    other.fail("/down", 503, 5)
                    missing.status = 404
                    other.publish("/rubbish")
                    rubbish.rubbish = True
                if quarter == 4:
                    retired.status, forbidden.status = 410, 403
                if quarter == 6:
                    half.half = rubbish.rubbish = False
                    other.publish("/rubbish")
                    missing.status = 200
                await house.pass_time(house.chance.uniform(0, 0.2) * HOUR, meanwhile=meanwhile)
                await house.restart()
                await house.pass_time(5.8 * HOUR, meanwhile=meanwhile)
            # What was published last is read too, given its time.
            await house.pass_time(7 * HOUR)
            states = await house.states()
            print("first server: ", server.score())
            print("second server:", other.score())
            assert (server.score(), server.faults) == (Score(), [])
            assert (other.score(), other.faults) == (Score(), [])
            assert house.lives == 13
            # Every item that was ever published is known, and each one once.
            for feed in changing:
                keys = [f"{feed.path}#{n}" for n in range(max(feed.items) + 1)]
                found = await house.life.store.known(feed.path.strip("/"), [Probe(key, "", ()) for key in keys])
                assert [key for key, known in zip(keys, found, strict=True) if not known.content_hash] == []
            assert states["retired"].gone is not None
            assert states["old-home"].address == other.url("/new-home")
            assert [asked.path for asked in other.asked[-60:]].count("/old-home") == 0
            assert states["hotel"].address == ""
            assert {name for name, state in states.items() if state.failures} <= {"retired", "forbidden", "missing"}
            await house.end()

    run(work)


# ----------------------------------------------------------------------------------------------- redirects
def test_fault_31_a_learnt_address_that_dies_gives_way_to_the_configured_one(record: Path) -> None:
    async def work() -> None:
        clock = FakeClock()
        async with FeedServer(clock) as server:
            old, new = server.feed("/old"), server.feed("/new")
            old.moved_to = server.url("/new")
            house = House(record, [server], clock)
            house.subscribe(server, "/old", every=8 * HOUR)
            await house.start()
            await house.pass_time(1.2 * DAY)
            state = (await house.states())["old"]
            assert (state.address, state.move) == (server.url("/new"), None)
            before = len(server.asked)
            await house.pass_time(DAY)
            assert {asked.path for asked in server.asked[before:]} == {"/new"}
            # The new home is given up again, and the old address serves as before.
            new.status, old.moved_to = 410, ""
            await house.pass_time(DAY)
            state = (await house.states())["old"]
            assert (state.address, state.gone, state.failures) == ("", None, 0)
            assert server.asked[-1].path == "/old"
            await house.end()

    run(work)


# ------------------------------------------------------------------------------------------- clocks and sleep
def test_fault_52_clock_steps_cause_no_early_request_and_no_gap(record: Path) -> None:
    """An hour back, an hour forward, ten years back, a summer time that begins, a leap day: wishes hold and polls go on."""

    async def work() -> None:
        clock = FakeClock(datetime(2024, 2, 28, 20, 0, tzinfo=UTC))
        async with FeedServer(clock, spacing=1.0) as server:
            house = House(record, [server], clock)
            for n in range(8):
                server.feed(f"/wish{n}", max_age=1_500)
                server.feed(f"/plain{n}")
                house.subscribe(server, f"/wish{n}", every=900)
                house.subscribe(server, f"/plain{n}", every=900)
            await house.start()
            for step in (0, -HOUR, HOUR, -10 * 365.25 * DAY, 10 * 365.25 * DAY, -5, 5, HOUR, -1):
                clock.step(step)
                # Held against the clock that nobody sets: the longest way between two looks is a quarter of an hour here.
                for _ in range(30):
                    await house.round()
                    clock.advance(120)
            score = server.score()
            print(score)
            assert score == Score()
            gaps = [(asked.path, asked.gap_to_previous_of_path or 0.0) for asked in server.asked]
            longest = [max(gap for path, gap in gaps if path.startswith(kind)) for kind in ("/plain", "/wish")]
            print("longest gaps:", [round(gap) for gap in longest])
            # The interval with its spread, or the wish; a look every two minutes and a bit; a line of sixteen at one host.
            assert longest[0] <= 990 + 150 + 60
            assert longest[1] <= 1_500 + 150 + 60
            await house.end()

    run(work)


@pytest.mark.parametrize("monotonic_stands_still", [False, True])
def test_fault_53_suspended_for_eight_hours_one_round_follows(record: Path, *, monotonic_stands_still: bool) -> None:
    """A process that is stopped sees both clocks go on, a machine that sleeps only the wall's."""

    async def work() -> None:
        clock = FakeClock()
        async with FeedServer(clock, spacing=1.0) as server:
            house = House(record, [server], clock)
            for n in range(30):
                server.feed(f"/f{n}")
                house.subscribe(server, f"/f{n}", every=900)
            await house.start()
            await house.pass_time(HOUR)
            before = len(server.asked)
            if monotonic_stands_still:
                clock.step(8 * HOUR)
            else:
                clock.advance(8 * HOUR)
            await house.pass_time(300)
            after = [asked.path for asked in server.asked[before:]]
            assert sorted(after) == sorted(server.feeds), "each once, and none left out"
            assert server.score() == Score()
            await house.end()

    run(work)


# -------------------------------------------------------------------------------------------- no burst
def test_five_thousand_due_at_once_begin_so_many_a_second_and_one_slow_host_holds_four() -> None:
    clock, store = FakeClock(), FakeStore()
    begun: list[float] = []
    stuck = asyncio.Event()
    held: list[str] = []

    async def quick() -> None:
        begun.append(clock.monotonic())

    async def slow() -> None:
        begun.append(clock.monotonic())
        held.append("slow")
        await stuck.wait()

    nothing = PollResult((), {}, unchanged=True)
    sources = [
        FakeSource(SourceSpec(f"s{n}", SourceKind.FEED, f"http://h{n}.example/", 86_400), [nothing], before=quick) for n in range(4_000)
    ] + [FakeSource(SourceSpec(f"slow{n}", SourceKind.FEED, "http://slow.example/", 86_400), [nothing], before=slow) for n in range(1_000)]

    async def work() -> None:
        ingester = Ingester(
            store, FakeWorkers(), route=lambda _: (), facts=dict, clock=clock, meter=FakeMeter(), operations=FakeOperations(clock)
        )
        poller = Poller(
            store,
            sources,
            ingester,
            clock=clock,
            meter=FakeMeter(),
            operations=FakeOperations(clock),
            random=lambda: 0.5,
            watch=FakeWatch(),
            starts=100,
        )
        await store.sync_sources([source.spec for source in sources], clock.now())
        ticks = 0
        while len(begun) < 4_004:
            before = len(begun)
            await poller.tick()
            for _ in range(20):
                await asyncio.sleep(0)
            assert len(begun) - before <= 100
            assert len(held) <= 4
            clock.advance(1)
            ticks += 1
            assert ticks < 100
        print(f"{len(begun)} begun in {ticks} ticks, {len(held)} held by the slow host")
        stuck.set()
        poller.stop()
        await poller.join(5)

    run(work)


def test_a_folder_does_not_wait_behind_the_feeds_that_are_overdue(record: Path) -> None:
    clock = FakeClock()
    nothing = PollResult((), {}, unchanged=True)
    feeds = [FakeSource(SourceSpec(f"f{n}", SourceKind.FEED, f"http://h{n}.example/", 900), [nothing]) for n in range(400)]
    folder = FakeSource(SourceSpec("drop", SourceKind.FOLDER, "/drop", 10), [nothing])

    async def work() -> None:
        store = await SqlStore.open(record)
        await store.sync_sources([source.spec for source in (*feeds, folder)], clock.now())
        clock.advance(DAY)
        await store.save_source(SourceState("drop", clock.now()))
        ingester = Ingester(
            store, FakeWorkers(), route=lambda _: (), facts=dict, clock=clock, meter=FakeMeter(), operations=FakeOperations(clock)
        )
        poller = Poller(
            store,
            [*feeds, folder],
            ingester,
            clock=clock,
            meter=FakeMeter(),
            operations=FakeOperations(clock),
            random=lambda: 0.5,
            watch=FakeWatch(),
            concurrency=20,
            starts=10,
        )
        for _ in range(41):
            await poller.tick()
            assert await poller.join(5) == 0
            clock.advance(1)
        assert len(folder.states) >= 3
        assert all(len(source.states) == 1 for source in feeds)
        await store.close()

    run(work)


# ------------------------------------------------------------------------------------- the judge is judged
def test_the_scoring_server_notices_every_fault_of_manners() -> None:
    async def work() -> None:
        clock = FakeClock()
        async with FeedServer(clock, spacing=1.0) as server:
            allowed = [f"127.0.0.1:{server.port}"]
            client, nameless = HttpClient(contact=CONTACT, allow_private=allowed), HttpClient(allow_private=allowed)
            server.feed("/a", max_age=600)
            server.feed("/b", status=410)
            server.feed("/c", skip_hours=[12])
            server.feed("/d")
            sent = {"If-None-Match": '"a-1"', "If-Modified-Since": format_datetime(clock.now(), usegmt=True)}

            async def get(path: str, headers: Mapping[str, str] | None = None, *, after: float = 2.0) -> Score:
                clock.advance(after)
                await client.get(server.url(path), headers or {})
                return server.score()

            assert await get("/a") == Score()
            assert await get("/a", sent, after=600) == Score()
            assert server.score().answers == {200: 1, 304: 1}
            assert await get("/a", sent, after=500) == Score(early=1)
            assert await get("/a", after=700) == Score(early=1, unconditional_after_first=1)
            assert (await get("/a", {"If-None-Match": '"a-1"'}, after=700)).wrong_validators == 1
            assert (await get("/a", sent | {"If-None-Match": 'W/"a-1"'}, after=700)).wrong_validators == 2
            assert (await get("/b")).after_410 == 0
            assert (await get("/b")).after_410 == 1
            assert (await get("/c")).early == 1
            assert (await get("/c")).early == 2
            assert (await get("/d", after=0.5)).too_close == 1
            assert (await get("/d")).overlapping == 0
            clock.advance(5)
            server.hold = 0.1
            await asyncio.gather(client.get(server.url("/a"), sent), nameless.get(server.url("/d"), {}))
            score = server.score()
            assert (score.overlapping, score.without_contact) == (1, 1)
            assert score.requests == len(server.asked) == 14
            await client.close()
            await nameless.close()

    run(work)
