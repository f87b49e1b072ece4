"""The one place where names become objects: settings in, a house of rooms that know each other only through ports.

Nothing is decided here. ``House`` owns what must be closed and closes it in order.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from monitor.clock import SystemClock
from monitor.dictionaries import default_folder
from monitor.errors import ConfigError, Fault, SinkError
from monitor.flow.alert_commands import AlertCommands
from monitor.flow.beat import Beater
from monitor.flow.commands import Commander
from monitor.flow.deliver import Deliverer
from monitor.flow.delivery_commands import DeliveryCommands
from monitor.flow.holds import HoldDesk
from monitor.flow.housekeeping import Housekeeping
from monitor.flow.ingest import Ingester
from monitor.flow.learning import LineMemory
from monitor.flow.limits import LimitDesk
from monitor.flow.links import LinkMaker
from monitor.flow.moment import Rules
from monitor.flow.poll import Poller
from monitor.flow.push import Pusher
from monitor.flow.reload import Reloader
from monitor.flow.route import Conditions, Route, asked_for, ways_for
from monitor.flow.route_commands import RouteCommands
from monitor.flow.routing import Routing
from monitor.flow.silence_commands import SilenceCommands
from monitor.flow.silences import SilenceDesk
from monitor.flow.sink_commands import SinkCommands
from monitor.flow.source_commands import SourceCommands
from monitor.flow.sources_reload import SourcesReloader
from monitor.flow.storage_commands import StorageCommands
from monitor.flow.stories import Stories
from monitor.flow.story_commands import StoryCommands
from monitor.flow.tell import Teller
from monitor.flow.turn import Turn
from monitor.flow.watch import Coverage
from monitor.keys import LinkKeys
from monitor.metrics import PrometheusMeter
from monitor.model import JsonObject, NotificationKind, SinkState, SourceKind, SourceSpec
from monitor.net import HttpClient
from monitor.net.polite import PoliteFetcher
from monitor.operations import OperationsBoard
from monitor.ports import Beating, Clock, Fetcher, Sink, Source
from monitor.settings import ConfiguredSources, MatchSettings, RouteSettings, Settings, rules_of, source_specs
from monitor.sinks import Tools
from monitor.sources.feed import FeedSource
from monitor.sources.folder import FolderSource
from monitor.sources.jsonl import read_articles
from monitor.sources.pages import PageReader
from monitor.sources.watchlists import WatchlistFolder
from monitor.store import DataFolderLock, Opening, SqlStore
from monitor.workers import ProcessWorkers


@dataclass(slots=True)
class HealthDesk:
    """Where senders ask how the daemon is; the daemon, which is made after them, puts its answer here."""

    answer: Callable[[], JsonObject] = lambda: {"status": "starting"}

    def ask(self) -> JsonObject:
        return self.answer()


@dataclass(slots=True)
class House:
    """Everything that runs, wired. ``start`` puts the watchlists in force and opens the sinks."""

    clock: Clock
    meter: PrometheusMeter
    operations: OperationsBoard
    store: SqlStore
    sources: SourcesReloader
    sinks: Sequence[Sink]
    poller: Poller
    reloader: Reloader
    stories: Stories
    turn: Turn
    silences: SilenceDesk
    holds: HoldDesk
    limits: LimitDesk
    coverage: Coverage
    teller: Teller
    housekeeping: Housekeeping
    deliverer: Deliverer
    beater: Beater
    pusher: Pusher
    commander: Commander
    keys: LinkKeys
    public_url: str
    data_dir: Path
    max_push: int
    delivers: bool
    health: HealthDesk
    _closing: AsyncExitStack

    async def start(self) -> None:
        """Raises MonitorError."""
        now = self.clock.now()
        await self.teller.restore()
        await self.sources.start()
        if self.delivers:
            await self.deliverer.start()
        else:
            await self.store.sync_sinks([sink.name for sink in self.sinks], now)
        await self.stories.start(self.turn)
        await self.silences.restore()
        await self.reloader.start()

    @property
    def specs(self) -> Mapping[str, SourceSpec]:
        """The sources in force."""
        return self.sources.specs

    async def close(self) -> None:
        await self._closing.aclose()


async def build(
    configured: ConfiguredSources,
    lock: DataFolderLock,
    *,
    announce: Callable[[JsonObject], None] = lambda document: None,
    deliver: bool = True,
    clock: Clock | None = None,
) -> House:
    """Open the record, make every room. ``lock`` is that of the data folder, held already and the house's from now on.
    Without ``deliver`` nothing is sent, and nothing that waits is touched. ``clock`` is the real one unless said. Raises
    MonitorError and leaves nothing open behind it."""
    settings = configured.loaded.settings
    async with AsyncExitStack() as opened:
        opened.callback(lock.release)
        clock = clock or SystemClock()
        meter = PrometheusMeter()
        operations = OperationsBoard(clock, meter)
        store = await SqlStore.open(settings.data_dir, how=opening(settings))
        opened.push_async_callback(store.close)
        http = HttpClient(contact=settings.fetch.user_agent_contact or "", allow_private=settings.fetch.allow_private)
        opened.push_async_callback(http.close)
        workers = ProcessWorkers(
            clock,
            default_folder(os.environ),
            parse_processes=settings.workers.parse,
            match_processes=settings.workers.match,
            meter=meter,
        )
        opened.push_async_callback(workers.close)
        health = HealthDesk()
        public_url = settings.server.public_url or ""
        keys = LinkKeys(settings.data_dir)
        links = LinkMaker(keys, public_url, settings.server.links_for)
        tools = Tools(http, clock, health=health.ask, public_url=public_url, links=links, of_member=links.of_member)
        sinks, beating = build_sinks(settings, tools)
        advise = partial(_advise, settings)
        reloader = Reloader(WatchlistFolder(settings.watchlists), store, workers, clock=clock, meter=meter, operations=operations)
        routing = Routing(routes(settings))
        holds = HoldDesk(
            store,
            clock,
            meter,
            rules=rules(settings),
            groups=groups(routing),
            failing=lambda sink: sink in _failing(deliverer),
        )

        def route_anew() -> None:
            routing.put(routes(configured.routing))
            holds.change(rules(configured.routing), groups(routing))

        deliverer = Deliverer(store, sinks, clock, meter, operations, random.random, moment=holds, advise=advise)
        beater = Beater(beating, clock, meter, operations, stopped=lambda: _stopped(deliverer), advise=advise)
        wake = deliverer.wake if deliver else lambda: None
        turn = Turn()
        stories = Stories(store, capacity=settings.stories.remember, meter=meter)
        opened.push_async_callback(stories.close)
        route = partial(ways_for, routing)
        spared = frozenset(name for name, sink in settings.sinks.items() if not sink.disturbs)
        limits = LimitDesk(store, clock, operations, reloader.facts, spared)
        silences = SilenceDesk(store, clock, operations, reloader.facts, route, wake, turn)
        polite = PoliteFetcher(http, clock, spacing=settings.fetch.spacing, random=random.random)
        ingester = Ingester(
            store,
            workers,
            route=route,
            facts=reloader.facts,
            clock=clock,
            meter=meter,
            operations=operations,
            announce=announce,
            wake=wake,
            pages=PageReader(polite, workers, clock),
            lines=LineMemory(clock, await store.lines()),
            stories=stories,
            turn=turn,
            spread=settings.stories.outlets,
            silenced=silences.muted_by,
            limits=limits.limits,
        )
        coverage = Coverage(
            operations,
            clock,
            meter,
            language_silence=settings.coverage.language_silence,
            daily=settings.coverage.daily,
            factor=settings.coverage.silence_factor,
        )
        teller = Teller(operations, store, routing, clock, meter, announce=announce, wake=wake)
        make = partial(make_source, fetcher=polite, workers=workers, clock=clock)
        specs = source_specs(configured.loaded)
        poller = Poller(
            store,
            [source for spec in specs if (source := make(spec)) is not None],
            ingester,
            clock=clock,
            meter=meter,
            operations=operations,
            random=random.random,
            watch=coverage,
            concurrency=settings.fetch.concurrency,
            starts=settings.fetch.starts_a_second,
        )
        sources = SourcesReloader(
            configured,
            store,
            poller,
            make,
            specs=specs,
            clock=clock,
            operations=operations,
            starts=settings.fetch.starts_a_second,
            also=route_anew,
        )
        pusher = Pusher(
            store,
            ingester,
            workers,
            specs=lambda: sources.specs,
            tokens=lambda: configured.tokens,
            read=read_articles,
            clock=clock,
            meter=meter,
            watch=coverage,
        )
        commander = Commander(
            SourceCommands(store, poller, pusher, specs=lambda: sources.specs, clock=clock),
            StorageCommands(store, clock),
        )
        commander.add(
            SinkCommands(store, deliverer, sinks, beating, clock=clock, waiting=configured.waiting),
            DeliveryCommands(store, deliverer, clock),
        )
        commander.add(SilenceCommands(store, silences, clock))
        tested = RouteCommands(
            store,
            routing,
            holds=holds,
            silences=silences,
            limits=limits,
            workers=workers,
            facts=reloader.facts,
            specs=lambda: sources.specs,
            clock=clock,
        )
        commander.add(tested)
        asked = partial(asked_for, routing)
        moved = StoryCommands(
            store,
            stories,
            turn,
            facts=reloader.facts,
            route=route,
            clock=clock,
            wake=wake,
            silenced=silences.muted_by,
            asked=asked,
            limits=limits.limits,
        )
        commander.add(moved)
        commander.add(AlertCommands(store, turn, clock=clock, meter=meter, wake=wake, merge=commander.perform, asked=asked))
        return House(
            clock,
            meter,
            operations,
            store,
            sources,
            sinks,
            poller,
            reloader,
            stories,
            turn,
            silences,
            holds,
            limits,
            coverage,
            teller,
            Housekeeping(store, operations, clock, meter),
            deliverer,
            beater,
            pusher,
            commander,
            keys,
            public_url,
            settings.data_dir,
            settings.server.max_push,
            deliver,
            health,
            opened.pop_all(),
        )


def opening(settings: Settings) -> Opening:
    """How the record is opened by whoever writes to it."""
    return Opening(ballast=settings.storage.ballast, backups=settings.storage.backups)


def make_source(spec: SourceSpec, *, fetcher: Fetcher, workers: ProcessWorkers, clock: Clock) -> Source | None:
    """What polls a source; None for one that is pushed."""
    if spec.kind is SourceKind.FOLDER:
        return FolderSource(spec, clock, workers)
    return FeedSource(spec, fetcher, workers) if spec.kind is SourceKind.FEED else None


def build_sinks(settings: Settings, tools: Tools) -> tuple[list[Sink], list[Beating]]:
    """What takes deliveries, and what beats. Raises ConfigError naming every sink whose secret cannot be used."""
    sinks: list[Sink] = []
    beating: list[Beating] = []
    faults: list[Fault] = []
    for name, sink in settings.sinks.items():
        try:
            built = sink.build(name, tools)
        except SinkError as error:
            faults.append(Fault(error.message, hint=error.hint))
            continue
        sinks += [built.sink] if built.sink is not None else []
        beating += [built.beating] if built.beating is not None else []
    if faults:
        raise ConfigError(faults)
    return sinks, beating


def _advise(settings: Settings, sink: str, why: str) -> str:
    """What to do about a sink that fails; "" where there is nothing to say."""
    return settings.sinks[sink].advise(why) if sink in settings.sinks else ""


def _stopped(deliverer: Deliverer) -> set[str]:
    """Sinks that a person paused: one that paused itself is beaten on, which may be what heals it."""
    return {s.name for s in deliverer.statuses() if s.state is SinkState.PAUSED and s.probe_due is None}


def _failing(deliverer: Deliverer) -> set[str]:
    """Sinks whose last answer was none, or which nothing may be sent to."""
    return {s.name for s in deliverer.statuses() if s.state is not SinkState.ACTIVE or s.failures}


def rules(settings: Settings) -> Mapping[str, Rules]:
    """When each sink may be told."""
    return {name: rules_of(sink) for name, sink in settings.sinks.items()}


def groups(routing: Iterable[Route]) -> Mapping[str, Sequence[str]]:
    """What the members of one digest have in common, by the key of what waits for it."""
    return {route.hold: route.group_by for route in routing}


def routes(settings: Settings) -> tuple[Route, ...]:
    """Without any configured route every sink gets everything."""
    if not settings.routes:
        return (Route(to=tuple(name for name, sink in settings.sinks.items() if sink.takes)),)
    return tuple(_route(route, f"routes[{n}]") for n, route in enumerate(settings.routes))


def _route(route: RouteSettings, name: str) -> Route:
    unless = Conditions() if route.not_ is None else _conditions(route.not_)
    return Route(
        to=route.to,
        match=_conditions(route.match),
        unless=unless,
        stop=route.stop,
        name=route.name or name,
        digest=route.rhythm,
        group_by=route.group_by,
        tell=tuple(map(NotificationKind, route.tell)),
    )


def _conditions(match: MatchSettings) -> Conditions:
    return Conditions(
        watchlist=match.watchlist,
        severity=match.severity,
        stance=match.stance,
        language=match.language,
        source=match.source,
        owner=match.owner,
        labels=dict(match.labels),
        entity=match.entity,
        story=match.story,
        term=match.term,
    )


def alert_logs(settings: Settings) -> tuple[Path, ...]:
    """Where the alert logs are, to tell a person."""
    return tuple(file for sink in settings.sinks.values() for file in sink.files())
