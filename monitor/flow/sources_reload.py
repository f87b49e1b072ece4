"""Live configuration: edited sources and routes are in force within four seconds, what is broken changes nothing and says so.

What runs goes on with what was read last without a fault. What can only change with a restart (sinks, folders) is told, not done.
A file is read when nobody has written to it for a while: the first half of a configuration may be a good one, and a bad one to act
on. Of a fault no value is told, here or to anybody: a configuration holds secrets, and not only where they belong.
This module must not know where sources are written down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog

from monitor.errors import ConfigError, StorageError
from monitor.flow.poll import Poller
from monitor.model import Severity, SourceSpec
from monitor.ports import Clock, Operations, Source, SourceList, Store

#: Seconds of rest after a change before a file is read: editors, downloads and slow disks write in several goes.
SETTLE: Final = 2.0
#: After so many seconds without such a rest it is said that an edit is not in force.
RESTLESS: Final = 60.0
#: Operations: a configuration or a list with faults, and settings that wait for a restart.
BROKEN: Final = "configuration:broken"
RESTART: Final = "configuration"

log = structlog.get_logger()


class SourcesReloader:
    """``make`` builds the source that a spec describes, None for what is not polled. ``starts`` polls begin in a second, over
    which the first polls of new sources are spread. ``also`` puts into force what else was read, after each reading without a
    fault."""

    def __init__(
        self,
        listing: SourceList,
        store: Store,
        poller: Poller,
        make: Callable[[SourceSpec], Source | None],
        *,
        specs: Sequence[SourceSpec],
        clock: Clock,
        operations: Operations,
        starts: int = 20,
        also: Callable[[], None] = lambda: None,
    ) -> None:
        self._also = also
        self._listing, self._store, self._poller, self._make = listing, store, poller, make
        self._clock, self._operations, self._starts = clock, operations, starts
        self._specs = {spec.name: spec for spec in specs}
        self._applied = self._seen = listing.stamp()
        #: When that was seen first, and when the first change was that is not in force.
        self._seen_at = self._changed_at = clock.monotonic()
        #: The record has not yet heard of the list in force.
        self._unsaved = False
        self._one = asyncio.Lock()

    @property
    def specs(self) -> Mapping[str, SourceSpec]:
        """The sources in force, pushed ones among them."""
        return self._specs

    async def start(self) -> None:
        """Raises StorageError. What was told of a fault before a restart is over: this one began without."""
        self._operations.close(BROKEN)
        await self._sync()

    async def tick(self) -> None:
        if self._one.locked():
            return
        async with self._one:
            stamp = await asyncio.to_thread(self._listing.stamp)
            if self._rests(stamp):
                if stamp != self._applied:
                    await self._read(stamp)
                elif self._unsaved:
                    await self._save()

    async def force(self) -> None:
        """Read the list again, changed or not, at rest or not."""
        async with self._one:
            await self._read(await asyncio.to_thread(self._listing.stamp), asked=True)

    def _rests(self, stamp: str) -> bool:
        """Whether nothing was written for a while; what is in force rests."""
        now = self._clock.monotonic()
        if stamp == self._applied:
            self._seen, self._changed_at = stamp, now
            return True
        if stamp != self._seen:
            self._seen, self._seen_at = stamp, now
            if now - self._changed_at >= RESTLESS:
                message = "the configuration, or a list of sources, is written to again and again: what is in force stays until it rests"
                self._operations.raise_(RESTART, f"{message} for {SETTLE:g} seconds; a SIGHUP takes it as it is")
        return now - self._seen_at >= SETTLE

    async def _read(self, stamp: str, *, asked: bool = False) -> None:
        try:
            specs = await asyncio.to_thread(self._listing.read, asked=asked)
        except ConfigError as error:
            self._applied = stamp
            first, *more = [fault.discreet for fault in error.faults]
            rest = f", and {len(more)} more" if more else ""
            self._broken(f"{first}{rest} (monitor check shows it)")
            log.warning("configuration_not_reloaded", faults=[first, *more])
            return
        except Exception as error:  # a fault of ours, whose words may quote anything; the same files are tried again
            self._seen_at = self._clock.monotonic()
            self._broken(f"an unexpected {type(error).__name__}")
            log.error("configuration_not_reloaded", faults=[type(error).__name__])
            return
        self._applied = stamp
        self._operations.close(BROKEN)
        self._also()
        waiting = self._listing.waiting()
        if waiting:
            self._operations.raise_(RESTART, f"changed settings wait for a restart: {', '.join(waiting)}")
        else:
            self._operations.close(RESTART)
        await self._apply({spec.name: spec for spec in specs})

    def _broken(self, why: str) -> None:
        message = f"the configuration could not be read again; the sources and routes in force stay: {why}"
        self._operations.raise_(BROKEN, message, severity=Severity.HIGH, tell=True)

    async def _apply(self, specs: Mapping[str, SourceSpec]) -> None:
        # Where alone a source stands in its file is no change of it.
        if {name: _essence(spec) for name, spec in specs.items()} == {name: _essence(spec) for name, spec in self._specs.items()}:
            return
        new, gone = specs.keys() - self._specs.keys(), self._specs.keys() - specs.keys()
        changed = [name for name in specs.keys() & self._specs.keys() if _essence(specs[name]) != _essence(self._specs[name])]
        self._specs = dict(specs)
        self._poller.replace([source for spec in specs.values() if (source := self._make(spec)) is not None])
        log.info("sources_reloaded", new=sorted(new), gone=sorted(gone), changed=sorted(changed))
        await self._save()

    async def _save(self) -> None:
        self._unsaved = True
        try:
            await self._sync()
        except StorageError as error:
            # The poller says so as an operation; tried again at the next tick.
            log.warning("sources_not_saved", error=error.message)
            return
        self._unsaved = False

    async def _sync(self) -> None:
        specs = list(self._specs.values())
        await self._store.sync_sources(specs, self._clock.now(), spread=len(specs) / self._starts)


def _essence(spec: SourceSpec) -> tuple[object, ...]:
    labels = tuple(sorted(spec.labels.items()))
    bounds = (spec.every, spec.adaptive, spec.least, spec.most, spec.fresh)
    return spec.kind, spec.location, bounds, spec.language, labels, spec.full_text, spec.important, spec.match
