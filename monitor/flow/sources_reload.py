"""Live configuration: edited sources and routes are in force within two seconds, what is broken changes nothing and says so.

What runs goes on with what was read last without a fault. What can only change with a restart (sinks, folders) is told, not done.
This module must not know where sources are written down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import structlog

from monitor.errors import ConfigError, StorageError
from monitor.flow.poll import Poller
from monitor.model import Severity, SourceSpec
from monitor.ports import Clock, Operations, Source, SourceList, Store

#: Seconds of rest after a change before a file is read: editors and downloads write in several goes.
SETTLE: Final = 0.15
#: How often at most a list that goes on changing is waited for.
LOOKS: Final = 10
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
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        also: Callable[[], None] = lambda: None,
    ) -> None:
        self._also = also
        self._listing, self._store, self._poller, self._make = listing, store, poller, make
        self._clock, self._operations, self._starts, self._sleep = clock, operations, starts, sleep
        self._specs = {spec.name: spec for spec in specs}
        self._applied = listing.stamp()
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
            if stamp != self._applied:
                await self._read(await self._rested(stamp))
            elif self._unsaved:
                await self._save()

    async def force(self) -> None:
        """Read the list again, changed or not."""
        async with self._one:
            await self._read(await asyncio.to_thread(self._listing.stamp))

    async def _rested(self, stamp: str) -> str:
        for _ in range(LOOKS):
            await self._sleep(SETTLE)
            latest = await asyncio.to_thread(self._listing.stamp)
            if latest == stamp:
                break
            stamp = latest
        return stamp

    async def _read(self, stamp: str) -> None:
        self._applied = stamp
        try:
            specs = await asyncio.to_thread(self._listing.read)
        except ConfigError as error:
            first, *more = error.faults
            rest = f", and {len(more)} more" if more else ""
            where = f"{first.file}:{first.line}: " if first.line else f"{first.file}: " if first.file else ""
            message = f"the configuration could not be read again; the sources and routes in force stay: {where}{first.message}{rest}"
            self._operations.raise_(BROKEN, message, severity=Severity.HIGH, tell=True)
            log.warning("configuration_not_reloaded", faults=[str(fault) for fault in error.faults])
            return
        self._operations.close(BROKEN)
        self._also()
        waiting = self._listing.waiting()
        if waiting:
            self._operations.raise_(RESTART, f"changed settings wait for a restart: {', '.join(waiting)}")
        else:
            self._operations.close(RESTART)
        await self._apply({spec.name: spec for spec in specs})

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
