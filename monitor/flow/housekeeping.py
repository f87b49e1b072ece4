"""What the house looks after beside its work: the record's health and size, and which of its troubles people are told of.

Rooms raise operations where they stand; whether people hear of one, and after how long, stands here as a table, so that a hiccup
that heals by itself is no news. It must not know how the record is kept, nor how people are told.

    operation                 people are told                                closed when
    storage                   after a minute, critical                       writing works again
    workers                   after a minute, high                           a source is read again
    watchlists, watchlist:ID  at once, high                                  the file is mended or gone
    articles:failed           at once, then once a day at most, medium       none failed for a day
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Protocol

import structlog

from monitor.errors import StorageError
from monitor.model import Operation, Severity
from monitor.ports import Clock, Meter, Operations

STORAGE: Final = "storage"
FAILED: Final = "articles:failed"
_ARTICLE: Final = "article:"

#: Key, or the beginning of keys that names something: how grave, and how many seconds it has to stand first.
TOLD: Final[Mapping[str, tuple[Severity, float]]] = {
    STORAGE: (Severity.CRITICAL, 60.0),
    "workers": (Severity.HIGH, 60.0),
    "watchlists": (Severity.HIGH, 0.0),
    "watchlist:": (Severity.HIGH, 0.0),
}
#: Seconds between two looks at what costs something to count, and from the start to looking through a large record.
EVERY: Final = 15.0
SETTLED: Final = 60.0
#: Bytes of the write-ahead log from which on it is cut off: as much as SQLite is told to leave.
LONG_LOG: Final = 64 * 1024 * 1024
#: How long an article that could not be analysed is trouble; it stays in the record as such.
DAY: Final = timedelta(days=1)

log = structlog.get_logger()


class StorageRecord(Protocol):
    """The record, as it is watched."""

    @property
    def tight(self) -> str:
        """Why no articles are taken (the disk is full), "" where they are."""

    @property
    def broken(self) -> str:
        """The damage that was seen, "" where none was: nothing is written any more."""

    @property
    def looked_through(self) -> bool:
        """False for a large record until ``look_through`` was called."""

    async def look_through(self) -> str:
        """What is wrong with it, "" where nothing is."""

    async def shorten_log(self) -> None: ...

    async def end_leases(self) -> None:
        """Sources whose poll failed for want of room are due again."""

    def sizes(self) -> tuple[int, int]:
        """Bytes of the record with its log, and of the log."""

    async def pending_counts(self) -> Mapping[str, int]:
        """Sink -> deliveries not final."""


class Housekeeping:
    """``tick`` every second, after what was told before the restart stands on the board again."""

    def __init__(self, record: StorageRecord, operations: Operations, clock: Clock, meter: Meter) -> None:
        self._record = record
        self._operations = operations
        self._clock = clock
        self._meter = meter
        self._began = clock.monotonic()
        self._next = self._began
        self._looking: asyncio.Task[None] | None = None
        #: Whether ``storage`` is this room's to close; before the first tick it is not known.
        self._full: bool | None = None
        #: The day of ``articles:failed`` that was told last.
        self._told_day = 0

    async def tick(self) -> None:
        if self._full is None:
            # One that was told before the restart: the record could be opened, so it is over.
            self._full = any(operation.key == STORAGE for operation in self._operations.open())
        await self._watch_storage()
        self._tell()
        if self._clock.monotonic() >= self._next:
            self._next = self._clock.monotonic() + EVERY
            self._sum_up_failed()
            await self._measure()
        self._look_through()

    async def stop(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    # ------------------------------------------------------------------------------------------ storage
    async def _watch_storage(self) -> None:
        trouble = self._record.broken or self._record.tight
        self._meter.gauge("storage_full", float(bool(self._record.tight)))
        if trouble:
            self._full = True
            if all(operation.key != STORAGE for operation in self._operations.open()):
                what = "nothing is written any more" if self._record.broken else "articles wait at their sources; deliveries go on"
                self._operations.raise_(STORAGE, f"{trouble}: {what}", severity=Severity.CRITICAL)
        elif self._full:
            self._full = False
            self._operations.close(STORAGE)
            try:
                await self._record.end_leases()  # else they would wait ten minutes
            except StorageError as error:
                log.debug("leases_not_ended", error=error.message)

    async def _measure(self) -> None:
        try:
            size, of_log = self._record.sizes()
            self._meter.gauge("record_bytes", size)
            self._meter.gauge("record_log_bytes", of_log)
            if of_log > LONG_LOG:
                await self._record.shorten_log()
            for sink, waiting in (await self._record.pending_counts()).items():
                self._meter.gauge("deliveries_waiting", waiting, sink=sink)
        except (StorageError, OSError) as error:
            log.debug("record_not_measured", error=str(error))

    def _look_through(self) -> None:
        """Of a large record that was closed in order, once, when the start is over."""
        settled = self._clock.monotonic() - self._began >= SETTLED
        if self._looking is None and settled and not self._record.looked_through:
            self._looking = asyncio.create_task(self._looked_through(), name="look-through")

    async def _looked_through(self) -> None:
        began = self._clock.monotonic()
        try:
            finding = await self._record.look_through()
        except StorageError as error:
            log.warning("record_not_looked_through", error=error.message)
            return
        seconds = round(self._clock.monotonic() - began, 1)
        if finding:
            log.error("record_damaged", finding=finding, seconds=seconds)
        else:
            log.info("record_looked_through", seconds=seconds)

    # --------------------------------------------------------------------------------- what people hear
    def _tell(self) -> None:
        now = self._clock.now()
        for operation in self._operations.open():
            rule = None if operation.told else _rule(operation.key)
            if rule is not None and (now - operation.raised).total_seconds() >= rule[1]:
                self._operations.raise_(operation.key, operation.message, severity=rule[0], tell=True, subject=operation.subject)

    def _sum_up_failed(self) -> None:
        """Articles that could not be analysed, as one operation: an engine that chokes on a source would tell of each."""
        now = self._clock.now()
        failed: list[Operation] = []
        summed: Operation | None = None
        for operation in self._operations.open():
            if operation.key == FAILED:
                summed = operation
            elif operation.key.startswith(_ARTICLE):
                failed.append(operation)
        fresh = [operation for operation in failed if now - operation.raised < DAY]
        for operation in failed:
            if now - operation.raised >= DAY:
                self._operations.close(operation.key)
        if fresh:
            more = f", and {len(fresh) - 1} more since" if len(fresh) > 1 else ""
            tell = summed is None or not summed.told or self._tells_again(summed)
            self._operations.raise_(FAILED, f"{fresh[0].message}{more}", severity=Severity.MEDIUM, tell=tell)
        elif summed is not None and now - summed.raised >= DAY:
            self._operations.close(FAILED)

    def _tells_again(self, summed: Operation) -> bool:
        """Each day that it stands, what it says by then is news."""
        day = (self._clock.now() - summed.raised) // DAY
        before, self._told_day = self._told_day, day
        return day > before


def _rule(key: str) -> tuple[Severity, float] | None:
    """What is of ``watchlist:ID`` is told; what is of ``watchlist:ID:more`` is somebody else's to tell."""
    found = TOLD.get(key)
    if found is None and key.count(":") == 1:
        found = TOLD.get(key.partition(":")[0] + ":")
    return found
