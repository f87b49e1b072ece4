"""The one place where names become objects: settings in, a house of rooms that know each other only through ports.

Nothing is decided here. ``House`` owns what must be closed and closes it in order.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from monitor.clock import SystemClock
from monitor.dictionaries import default_folder
from monitor.errors import ConfigError, Fault, SinkError
from monitor.flow.deliver import Deliverer
from monitor.flow.ingest import Ingester
from monitor.flow.poll import Poller
from monitor.flow.reload import Reloader
from monitor.flow.route import Conditions, Route, sinks_for
from monitor.metrics import PrometheusMeter
from monitor.model import JsonObject, SourceKind, SourceSpec
from monitor.net import HttpClient
from monitor.operations import OperationsBoard
from monitor.ports import Clock, Sink, Source
from monitor.settings import FeedSettings, FetchSettings, FolderSettings, MatchSettings, PushSettings, RouteSettings, Settings
from monitor.sinks import build_sink
from monitor.sources.feed import FeedSource
from monitor.sources.folder import FolderSource
from monitor.sources.watchlists import WatchlistFolder
from monitor.store import DataFolderLock, SqlStore
from monitor.workers import ProcessWorkers

#: How often a feed is asked whose rhythm is not learnt yet (seconds).
UNLEARNT = 900.0


@dataclass(slots=True)
class House:
    """Everything that runs, wired. ``start`` puts the watchlists in force and opens the sinks."""

    clock: Clock
    meter: PrometheusMeter
    operations: OperationsBoard
    store: SqlStore
    specs: Mapping[str, SourceSpec]
    sinks: Sequence[Sink]
    poller: Poller
    reloader: Reloader
    deliverer: Deliverer
    delivers: bool
    _closing: AsyncExitStack

    async def start(self) -> None:
        """Raises MonitorError."""
        now = self.clock.now()
        await self.store.sync_sources(list(self.specs.values()), now)
        if self.delivers:
            await self.deliverer.start()
        else:
            await self.store.sync_sinks([sink.name for sink in self.sinks], now)
        await self.reloader.start()

    async def close(self) -> None:
        await self._closing.aclose()


async def build(
    settings: Settings, lock: DataFolderLock, *, announce: Callable[[JsonObject], None] = lambda document: None, deliver: bool = True
) -> House:
    """Open the record, make every room. ``lock`` is that of the data folder, held already and the house's from now on.
    Without ``deliver`` nothing is sent, and nothing that waits is touched. Raises MonitorError and leaves nothing open
    behind it."""
    async with AsyncExitStack() as opened:
        opened.callback(lock.release)
        clock = SystemClock()
        meter = PrometheusMeter()
        operations = OperationsBoard(clock, meter)
        store = await SqlStore.open(settings.data_dir)
        opened.push_async_callback(store.close)
        http = HttpClient(contact=settings.fetch.user_agent_contact or "", allow_private=settings.fetch.allow_private)
        opened.push_async_callback(http.close)
        workers = ProcessWorkers(
            clock,
            default_folder(os.environ),
            parse_processes=settings.workers.parse,
            match_processes=settings.workers.match,
        )
        opened.push_async_callback(workers.close)
        specs = source_specs(settings)
        sinks = build_sinks(settings, http, clock)
        reloader = Reloader(WatchlistFolder(settings.watchlists), store, workers, clock=clock, meter=meter, operations=operations)
        deliverer = Deliverer(store, sinks, clock, meter, operations, random.random)
        ingester = Ingester(
            store,
            workers,
            route=partial(sinks_for, routes(settings)),
            facts=reloader.facts,
            clock=clock,
            meter=meter,
            operations=operations,
            announce=announce,
            wake=deliverer.wake if deliver else lambda: None,
        )
        sources: list[Source] = [
            FolderSource(spec, clock) if spec.kind is SourceKind.FOLDER else FeedSource(spec, http, workers)
            for spec in specs
            if spec.kind is not SourceKind.PUSH
        ]
        poller = Poller(store, sources, ingester, clock=clock, meter=meter, operations=operations, random=random.random)
        named = {spec.name: spec for spec in specs}
        return House(clock, meter, operations, store, named, sinks, poller, reloader, deliverer, deliver, opened.pop_all())


def source_specs(settings: Settings) -> list[SourceSpec]:
    return [source_spec(name, source, settings.fetch) for name, source in settings.sources.items()]


def source_spec(name: str, source: FolderSettings | FeedSettings | PushSettings, fetch: FetchSettings, *, origin: str = "") -> SourceSpec:
    common = SourceSpec(
        name=name,
        kind=SourceKind.PUSH,
        location="",
        every=UNLEARNT,
        language=source.language,
        labels=dict(source.labels),
        important=source.important,
        fresh=source.fresh,
        origin=origin,
    )
    if isinstance(source, FolderSettings):
        return replace(common, kind=SourceKind.FOLDER, location=str(source.folder), every=source.every, match=source.match)
    if isinstance(source, FeedSettings):
        return replace(
            common,
            kind=SourceKind.FEED,
            location=source.feed,
            every=UNLEARNT if source.every is None else source.every,
            adaptive=source.every is None,
            least=fetch.every_least,
            most=fetch.every_most,
            full_text=source.full_text,
        )
    return common


def build_sinks(settings: Settings, http: HttpClient, clock: Clock) -> list[Sink]:
    """Raises ConfigError naming every sink whose secret cannot be used."""
    sinks: list[Sink] = []
    faults: list[Fault] = []
    for name, sink in settings.sinks.items():
        try:
            sinks.append(build_sink(name, sink, poster=http, clock=clock))
        except SinkError as error:
            faults.append(Fault(error.message, hint=error.hint))
    if faults:
        raise ConfigError(faults)
    return sinks


def routes(settings: Settings) -> tuple[Route, ...]:
    """Without any configured route every sink gets everything."""
    if not settings.routes:
        return (Route(to=tuple(settings.sinks)),)
    return tuple(_route(route) for route in settings.routes)


def _route(route: RouteSettings) -> Route:
    unless = Conditions() if route.not_ is None else _conditions(route.not_)
    return Route(to=route.to, match=_conditions(route.match), unless=unless, stop=route.stop)


def _conditions(match: MatchSettings) -> Conditions:
    return Conditions(
        watchlist=match.watchlist,
        severity=match.severity,
        stance=match.stance,
        language=match.language,
        source=match.source,
        owner=match.owner,
        labels=dict(match.labels),
    )


def alert_logs(settings: Settings) -> tuple[Path, ...]:
    """Where the alert logs are, to tell a person."""
    return tuple(sink.path for sink in settings.sinks.values() if sink.type == "alert_log")
