"""Polling: claim the sources that are due, poll each as a task of its own, hand what they bring to the ingester.

No source waits for another: each has its own task, a bound on how many run and one at a time for a host. What goes wrong
with a source is kept in its state, backs off, and is an operation until it heals. This room knows neither HTTP nor files.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import urlsplit

import structlog

from monitor.errors import DocumentError, FetchError, MonitorError, StorageError
from monitor.flow.ingest import Ingester, IngestReport
from monitor.model import PollResult, SourceKind, SourceSpec, SourceState
from monitor.ports import Clock, Meter, Operations, Source, Store

#: Polls at a time. Most of a poll is waiting for a server.
CONCURRENCY = 20
#: Sources claimed at a time, among them those that wait for their host; and for how long (seconds). A lease outlives the
#: longest poll (fetch 20 s, parse 5 s, ingest) and ends at start anyhow, since the data folder has one owner.
CLAIMED = 200
LEASE = 600.0
#: Spread of the next poll about its interval, so that sources added together do not stay together.
JITTER = 0.05
#: Longest pause of a failing source (seconds). A folder is cheap to look for, and somebody may just be creating it.
MAX_BACKOFF = 86_400.0
MAX_BACKOFF_FOLDER = 60.0
#: Pause of a source that could not be ingested through no fault of its own (seconds).
POSTPONED = 30.0
#: Statuses that mean there is nothing here: looked at daily (FAULTS.md row 32).
GONE = (404, 410)
#: How often ``once`` looks again at a source whose files are still being written.
ONCE_AGAIN = 3

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PollReport:
    """What ``once`` did; ``failed`` is source -> message."""

    ingested: IngestReport = field(default_factory=IngestReport)
    failed: Mapping[str, str] = field(default_factory=dict)
    sources: int = 0


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
        concurrency: int = CONCURRENCY,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._sources = {source.spec.name: source for source in sources}
        self._ingester = ingester
        self._clock = clock
        self._meter = meter
        self._operations = operations
        self._random = random
        self._sleep = sleep
        self._slots = asyncio.Semaphore(concurrency)
        self._hosts: dict[str, asyncio.Lock] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._stopping = False

    # ------------------------------------------------------------------------------------- the service's way
    async def tick(self) -> None:
        """Start a poll of every source that is due; does not wait for them."""
        room = CLAIMED - len(self._running)
        if self._stopping or room <= 0:
            return
        try:
            due = await self._store.claim_sources(self._clock.now(), LEASE, room, per_host=CLAIMED)
        except StorageError as error:
            self._operations.raise_("storage", f"the record cannot be read or written, and polling waits: {error.message}")
            return
        for state in due:
            source = self._sources.get(state.name)
            if source is None or state.name in self._running or self._stopping:
                continue
            task = asyncio.create_task(self._attempt(source, state), name=state.name)
            self._running[state.name] = task
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task.get_name(), None)

    def stop(self) -> None:
        """No new polls from now on."""
        self._stopping = True

    async def join(self, timeout: float) -> int:  # noqa: ASYNC109 -- what is not done by then is cancelled here
        """Wait for the polls that run, at most ``timeout`` seconds, then cancel them: how many were cancelled."""
        running = set(self._running.values())
        if not running:
            return 0
        _, late = await asyncio.wait(running, timeout=timeout)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return len(late)

    async def _attempt(self, source: Source, state: SourceState) -> None:
        try:
            await self._poll(source, state)
        except StorageError:
            pass  # an operation stands; the lease ends by itself and the same poll comes again
        except Exception:  # a fault of ours: said in the log, and the source comes again when its lease ends
            log.exception("poll_failed", source=state.name)

    # ------------------------------------------------------------------------------------- the command's way
    async def once(self) -> PollReport:
        """Poll every source one time, whether due or not, until it has nothing more to bring. Raises StorageError."""
        states = [state for state in await self._store.source_states() if state.name in self._sources]
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
            report, after, again = await self._poll(source, state)
            total += report
            if after.error or again is None or waits >= ONCE_AGAIN or self._stopping:
                return total, after.error
            if again > 0:
                waits += 1
                await self._sleep(again)
            state = after

    # ------------------------------------------------------------------------------------- one poll
    async def _poll(self, source: Source, state: SourceState) -> tuple[IngestReport, SourceState, float | None]:
        """(what came in, the source's new state, when to poll again at its own wish). Raises StorageError."""
        async with self._host(source.spec), self._slots:
            if self._stopping:
                return IngestReport(), state, None
            started = self._clock.monotonic()
            try:
                result = await source.poll(state, self._clock.now())
                after = self._succeeded(source.spec, state, result)
                report = await self._ingester.ingest(source.spec, state, after, result)
            except StorageError:
                raise
            except MonitorError as error:
                if not isinstance(error, FetchError | DocumentError):
                    return IngestReport(), await self._postponed(source.spec, state, error), None
                return IngestReport(), await self._failed(source.spec, state, error), None
            except Exception as error:  # one failing source never stops another
                return IngestReport(), await self._failed(source.spec, state, error), None
            finally:
                self._meter.observe("poll_seconds", self._clock.monotonic() - started, kind=source.spec.kind.value)
        for note in result.notes:
            log.warning("source_note", source=source.spec.name, note=note)
        self._meter.count("polls_total", source=source.spec.name, outcome="unchanged" if result.unchanged else "read")
        self._operations.close(f"source:{source.spec.name}")
        self._operations.close("workers")
        return report, after, result.again

    def _host(self, spec: SourceSpec) -> asyncio.Lock:
        """One poll at a time for a host; a folder waits for nobody but itself."""
        host = urlsplit(spec.location).netloc if spec.kind is SourceKind.FEED else f"folder {spec.name}"
        return self._hosts.setdefault(host, asyncio.Lock())

    def _succeeded(self, spec: SourceSpec, state: SourceState, result: PollResult) -> SourceState:
        now = self._clock.now()
        wait = spec.every * (1 + JITTER * (2 * self._random() - 1))
        if result.again is not None:
            wait = min(wait, result.again)
        validators = result.validators if result.complete else state.validators
        due = now + timedelta(seconds=wait)
        return replace(state, next_due=due, validators=validators, last_poll=now, last_success=now, failures=0, error="")

    async def _failed(self, spec: SourceSpec, state: SourceState, error: Exception) -> SourceState:
        message = error.message if isinstance(error, MonitorError) else f"{type(error).__name__}: {error}"
        now = self._clock.now()
        failures = state.failures + 1
        wait = self._backoff(spec, failures, error)
        after = replace(state, next_due=now + timedelta(seconds=wait), last_poll=now, failures=failures, error=message)
        unexpected = None if isinstance(error, MonitorError) else error
        log.warning("source_failed", source=spec.name, error=message, failures=failures, again_in=round(wait), exc_info=unexpected)
        self._meter.count("polls_total", source=spec.name, outcome="failed")
        often = "once" if failures == 1 else f"{failures} times in a row"
        self._operations.raise_(f"source:{spec.name}", f"source {spec.name} cannot be read: {message} ({often}; {_since(state)})")
        await self._save(after)
        return after

    async def _postponed(self, spec: SourceSpec, state: SourceState, error: MonitorError) -> SourceState:
        """The fault is the house's own (no process, no watchlists in force): the source is not to blame and comes again soon."""
        now = self._clock.now()
        after = replace(state, next_due=now + timedelta(seconds=min(spec.every, POSTPONED)), last_poll=now, error=error.message)
        log.warning("poll_postponed", source=spec.name, error=error.message)
        self._meter.count("polls_total", source=spec.name, outcome="postponed")
        self._operations.raise_("workers", error.message)
        await self._save(after)
        return after

    async def _save(self, state: SourceState) -> None:
        try:
            await self._store.save_source(state)
        except StorageError as error:
            self._operations.raise_("storage", f"the record cannot be written, and polling waits: {error.message}")
            raise

    def _backoff(self, spec: SourceSpec, failures: int, error: Exception) -> float:
        """Doubling from the source's own interval up to a day, a wait that was asked for honoured within that."""
        longest = MAX_BACKOFF_FOLDER if spec.kind is SourceKind.FOLDER else MAX_BACKOFF
        wait = min(spec.every * 2.0 ** min(failures - 1, 30), max(longest, spec.every))
        if isinstance(error, FetchError):
            if error.status in GONE:
                wait = longest
            if error.retry_after is not None:
                wait = max(wait, min(error.retry_after, longest))
        # Towards the shorter side only, so that the longest pause stays what it says.
        return wait * (1 - JITTER * self._random())


def _since(state: SourceState) -> str:
    last = state.last_success
    return "it has never been read" if last is None else f"last read {last:%Y-%m-%d %H:%M} UTC"
