"""Polling: claim the sources that are due, poll each as a task of its own, hand what they bring to the ingester.

No source waits for another: each has its own task, and there are bounds on how many run, how many begin in a second and how
many one host holds. What a poll's outcome means for the next one is decided in ``pace``; what goes wrong with a source is
told to the watch. This room knows neither HTTP nor files.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import structlog

from monitor.errors import DocumentError, FetchError, MonitorError, StorageError, UsageError
from monitor.flow import pace
from monitor.flow.batch import IngestReport
from monitor.flow.hosts import HostBounds, Starts
from monitor.flow.ingest import Ingester
from monitor.flow.rhythm import arrived
from monitor.model import SourceKind, SourceSpec, SourceState
from monitor.ports import Clock, Meter, Operations, Source, Store, Watch

#: Polls at a time, and polls of feeds begun in a second. Most of a poll is waiting for a server.
CONCURRENCY = 64
STARTS = 20
#: Sources claimed at a time, among them those that wait their turn; and for how long (seconds). A lease outlives the
#: longest poll (fetch 20 s, parse 5 s, ingest) and ends at start anyhow, since the data folder has one owner.
CLAIMED = 200
LEASE = 600.0
#: The line of what is claimed and has not begun is this many seconds long at most.
LINE = 2
#: Seconds by which wall and monotonic time may drift apart between two ticks before it counts as a step.
STEP = 2.0
#: How often ``once`` looks again at a source whose files are still being written.
ONCE_AGAIN = 3

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PollReport:
    """What was done at a person's wish; ``failed`` is source -> message."""

    ingested: IngestReport = field(default_factory=IngestReport)
    failed: Mapping[str, str] = field(default_factory=dict)
    sources: int = 0


@dataclass(frozen=True, slots=True)
class _Polled:
    """What came in, the source's new state, and when it asks to be polled again (seconds, None: as usual)."""

    report: IngestReport
    state: SourceState
    again: float | None = None


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Claimed, and not begun yet; ``host`` is held since."""

    state: SourceState
    host: str


class Poller:
    """``random`` gives numbers in [0, 1)."""

    def __init__(
        self,
        store: Store,
        sources: Sequence[Source],
        ingester: Ingester,
        *,
        clock: Clock,
        meter: Meter,
        operations: Operations,
        random: Callable[[], float],
        watch: Watch,
        hosts: HostBounds | None = None,
        concurrency: int = CONCURRENCY,
        starts: int = STARTS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._sources = {source.spec.name: source for source in sources}
        self._ingester = ingester
        self._clock = clock
        self._meter = meter
        self._operations = operations
        self._random = random
        self._watch = watch
        self._hosts = HostBounds() if hosts is None else hosts
        self._concurrency = concurrency
        self._slots = asyncio.Semaphore(concurrency)
        self._starts = Starts(starts)
        self._sleep = sleep
        self._line: deque[_Waiting] = deque()
        self._running: dict[str, asyncio.Task[_Polled]] = {}
        self._ticking = False
        self._again: asyncio.Task[None] | None = None
        self._more = False
        self._offset = self._wall() - clock.monotonic()
        self._stopping = False

    @property
    def specs(self) -> Mapping[str, SourceSpec]:
        """Of the sources polled now."""
        return {name: source.spec for name, source in self._sources.items()}

    # ------------------------------------------------------------------------------------- the service's way
    async def tick(self) -> None:
        """Start a poll of every source that is due, within the bounds; does not wait for them. One tick at a time: two would
        each count the other's room as free."""
        if self._ticking or self._stopping:
            return
        self._ticking = True
        try:
            await self._mind_the_clock()
            await self._claim()
        except StorageError as error:
            self._storage_failed("the record cannot be read or written", error)
        finally:
            self._ticking = False

    async def _claim(self) -> None:
        """Begin what may begin now, fill the line from the record, and begin again."""
        self._begin()
        # No more than can begin soon: what stands in line is in nobody's way, but a folder is claimed behind it.
        room = min(CLAIMED - len(self._running) - len(self._line), LINE * self._starts.limit + self._concurrency)
        if room <= 0 or len(self._line) > self._starts.limit:
            return
        per_host = self._hosts.a_claim
        due = await self._store.claim_sources(self._clock.now(), LEASE, room, busy=self._hosts.busy(), per_host=per_host)
        there = {waiting.state.name for waiting in self._line} | self._running.keys()
        came: Counter[str] = Counter()
        for state in due:
            if state.name in self._sources and state.name not in there:
                host = self._host(state)
                came[host] += 1
                self._hosts.enter(host)
                self._line.append(_Waiting(state, host))
        # Where a bound cut the claim short there may be more: asked for as soon as there is room, not at the next tick.
        self._more = len(due) == room or any(held >= per_host for held in came.values())
        self._begin()

    def _begin(self) -> None:
        """Begin the polls in the line: those of folders at once, those of feeds at so many a second."""
        line, self._line = self._line, deque()
        for waiting in line:
            source = self._sources.get(waiting.state.name)
            if source is None or source.spec.name in self._running or self._stopping:
                self._hosts.leave(waiting.host)
            elif source.spec.kind is not SourceKind.FEED or self._starts.take(self._clock.monotonic()):
                self._run(source, self._attempt(source, waiting.state), waiting.host)
            else:
                self._line.append(waiting)

    def _run(self, source: Source, poll: Coroutine[Any, Any, _Polled], host: str) -> asyncio.Task[_Polled]:
        """The poll as a task; its host is held already."""
        name = source.spec.name
        task = asyncio.create_task(poll, name=f"poll {name}")
        self._running[name] = task

        def done(_: asyncio.Task[_Polled]) -> None:
            del self._running[name]
            self._hosts.leave(host)
            self._claim_soon()

        task.add_done_callback(done)
        return task

    def _claim_soon(self) -> None:
        """A poll has ended and left room: the next of its host need not wait for the tick."""
        under_way = self._ticking or (self._again is not None and not self._again.done())
        if self._more and not under_way and not self._stopping and len(self._running) + len(self._line) <= CLAIMED // 2:
            self._again = asyncio.create_task(self.tick(), name="claim")

    def _host(self, state: SourceState) -> str:
        """As the record counts them; a folder holds up nobody but itself."""
        source = self._sources.get(state.name)
        if source is None or source.spec.kind is not SourceKind.FEED:
            return f"source {state.name}"
        return urlsplit(state.address_of(source.spec)).netloc.lower().rpartition("@")[2]

    def stop(self) -> None:
        """No new polls from now on."""
        self._stopping = True

    async def join(self, timeout: float) -> int:  # noqa: ASYNC109 -- what is not done by then is cancelled here
        """Wait for the polls that run, at most ``timeout`` seconds, then cancel them: how many were cancelled."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        while running := self._under_way():
            _, late = await asyncio.wait(running, timeout=max(0.0, end - loop.time()))
            if late:
                for task in late:
                    task.cancel()
                await asyncio.gather(*late, return_exceptions=True)
                return len(late)
        return 0

    def _under_way(self) -> set[asyncio.Task[Any]]:
        claiming = {self._again} if self._again is not None and not self._again.done() else set()
        return claiming | set(self._running.values())

    async def _attempt(self, source: Source, state: SourceState) -> _Polled:
        try:
            return await self._poll(source, state)
        except StorageError as error:
            # An operation stands; the lease ends by itself and the same poll comes again.
            return _Polled(IngestReport(), replace(state, error=error.message))
        except Exception as error:  # a fault of ours: said in the log, and the source comes again when its lease ends
            log.exception("poll_failed", source=state.name)
            return _Polled(IngestReport(), replace(state, error=pace.message_of(error)))

    # -------------------------------------------------------------------------------------- live changes
    def replace(self, sources: Sequence[Source]) -> None:
        """These sources from now on. A poll that runs of one that is gone, or has another address, is given up: what it has handed
        to the record comes there whole, and anything more would belong to the old address. To be called before the record's own
        ``sync_sources``, which then comes after whatever such a poll has handed over."""
        before, self._sources = self._sources, {source.spec.name: source for source in sources}
        for name, old in before.items():
            new = self._sources.get(name)
            same = new is not None and (new.spec.kind, new.spec.location) == (old.spec.kind, old.spec.location)
            if not same:
                self._leave_line(name)  # its state is that of the old address
                if name in self._running:
                    self._running[name].cancel()
            if new is None:
                self._watch.forgotten(name)

    def _leave_line(self, name: str) -> None:
        for waiting in [waiting for waiting in self._line if waiting.state.name == name]:
            self._line.remove(waiting)
            self._hosts.leave(waiting.host)

    # ------------------------------------------------------------------------------------- the command's way
    async def poll_now(self, name: str) -> PollReport:
        """Poll one source at a person's wish, whatever is due and whatever its server asked for; after the poll that runs,
        where one does. Raises UsageError for a name that is not polled."""
        while name in self._running:
            await asyncio.wait({self._running[name]})
        source = self._sources.get(name)
        if source is None:
            raise UsageError(f"there is no source {name!r} that could be polled", hint="monitor sources list names them")
        self._leave_line(name)
        host = f"source {name}"
        self._hosts.enter(host)
        task = self._run(source, self._on_demand(source), host)
        try:
            polled = await asyncio.shield(task)  # a person who goes away leaves the poll to its end
        except asyncio.CancelledError:
            if not task.cancelled():
                raise
            raise UsageError(f"the poll of {name!r} was given up: the source was changed, or the daemon stops") from None
        error = polled.state.error
        return PollReport(polled.report, {name: error} if error else {}, 1)

    async def _on_demand(self, source: Source) -> _Polled:
        name = source.spec.name
        try:
            state = await self._store.source_state(name)
        except StorageError as error:
            self._storage_failed("the record cannot be read", error)
            return _Polled(IngestReport(), SourceState(name, self._clock.now(), error=error.message))
        return await self._attempt(source, state or SourceState(name, self._clock.now()))

    async def once(self) -> PollReport:
        """Poll every source that is not paused or gone one time, whether due or not, until it has nothing more to bring.
        Raises StorageError."""
        states = [state for state in await self._store.source_states() if state.name in self._sources]
        states = [state for state in states if state.paused is None and state.gone is None]
        outcomes = await asyncio.gather(*(self._exhaust(self._sources[state.name], state) for state in states), return_exceptions=True)
        ingested, failed = IngestReport(), {}
        for state, outcome in zip(states, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                raise outcome
            report, error = outcome
            ingested += report
            if error:
                failed[state.name] = error
        return PollReport(ingested, failed, len(states))

    async def _exhaust(self, source: Source, state: SourceState) -> tuple[IngestReport, str]:
        total, waits = IngestReport(), 0
        while True:
            polled = await self._poll(source, state)
            total += polled.report
            if polled.state.error or polled.again is None or waits >= ONCE_AGAIN or self._stopping:
                return total, polled.state.error
            if polled.again > 0:
                waits += 1
                await self._sleep(polled.again)
            state = polled.state

    # ------------------------------------------------------------------------------------------ one poll
    async def _poll(self, source: Source, state: SourceState) -> _Polled:
        """Raises StorageError."""
        async with self._slots:
            if self._stopping:
                return _Polled(IngestReport(), state)
            started = self._clock.monotonic()
            try:
                result = await source.poll(state, self._clock.now())
                after = pace.after(source.spec, state, result, self._clock.now(), self._random)
                report = await self._ingester.ingest(source.spec, state, after, result)
            except StorageError:
                raise
            except MonitorError as error:
                if not isinstance(error, FetchError | DocumentError):
                    return _Polled(IngestReport(), await self._postponed(source.spec, state, error))
                return _Polled(IngestReport(), await self._failed(source.spec, state, error))
            except Exception as error:  # one failing source never stops another
                return _Polled(IngestReport(), await self._failed(source.spec, state, error))
            finally:
                self._meter.observe("poll_seconds", self._clock.monotonic() - started, kind=source.spec.kind.value)
        for note in result.notes:
            log.warning("source_note", source=source.spec.name, note=note)
        if after.address != state.address:
            log.info("source_moved", source=source.spec.name, learnt=bool(after.address))
        if report.articles:
            after = arrived(after)  # as the ingester has committed it
        self._meter.count("polls_total", source=source.spec.name, outcome="unchanged" if result.unchanged else "read")
        self._watch.succeeded(source.spec, after, new=report.articles)
        self._operations.close("workers")
        return _Polled(report, after, result.again)

    async def _failed(self, spec: SourceSpec, state: SourceState, error: Exception) -> SourceState:
        now = self._clock.now()
        after = pace.after_failure(spec, state, error, now, self._random, network_down=self._watch.network_down)
        log.warning(
            "source_failed",
            source=spec.name,
            error=after.error,
            failures=after.failures,
            again_in=round((after.next_due - now).total_seconds()),
            gone=after.gone is not None,
            exc_info=None if isinstance(error, MonitorError) else error,
        )
        self._meter.count("polls_total", source=spec.name, outcome="failed")
        self._watch.failed(spec, after, error)
        await self._save(after)
        return after

    async def _postponed(self, spec: SourceSpec, state: SourceState, error: MonitorError) -> SourceState:
        after = pace.postponed(spec, state, error, self._clock.now())
        log.warning("poll_postponed", source=spec.name, error=error.message)
        self._meter.count("polls_total", source=spec.name, outcome="postponed")
        self._operations.raise_("workers", error.message)
        await self._save(after)
        return after

    async def _save(self, state: SourceState) -> None:
        try:
            await self._store.save_source(state)
        except StorageError as error:
            self._storage_failed("the record cannot be written", error)
            raise

    def _storage_failed(self, what: str, error: StorageError) -> None:
        self._operations.raise_("storage", f"{what}, and polling waits: {error.message}")

    # ----------------------------------------------------------------------------------------- the clock
    async def clock_stepped(self, step: float) -> None:
        """The wall clock was set by ``step`` seconds, as somebody who watches it says. Each tick looks by itself before it
        claims anything, so this only brings the look forward."""
        await self.tick()

    async def _mind_the_clock(self) -> None:
        """Due times were written by the clock as it was: after a step they are moved before the next claim."""
        offset = self._wall() - self._clock.monotonic()
        step = offset - self._offset
        if abs(step) > STEP:
            await self._shift(step)
        self._offset = offset

    async def _shift(self, step: float) -> None:
        # A poll that runs, now or while the record is read, writes its own next time by the clock as it is.
        own = set(self._running)
        states = await self._store.source_states()
        own |= self._running.keys()
        now = self._clock.now()
        moved = [(state, pace.clock_stepped(state, step, now)) for state in states if state.name not in own]
        changed = [after for before, after in moved if after != before]
        await asyncio.gather(*(self._store.save_source(state) for state in changed))
        log.warning("sources_shifted", seconds=round(step, 1), sources=len(changed))

    def _wall(self) -> float:
        return self._clock.now().timestamp()
