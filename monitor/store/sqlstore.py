"""The record as its ports see it: every method one transaction, or one consistent reading, of the modules beside it.

Nothing is decided here and no statement is written here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.model import Delivery, JsonObject, Severity, SourceSpec, SourceState
from monitor.ports import (
    AlertRecord,
    AlertSelection,
    CoverageRecord,
    DeliveryResult,
    Holds,
    IngestBatch,
    Known,
    OperationsRecord,
    Outbox,
    Probe,
    Queries,
    Selection,
    SinkRecord,
    SinkStatus,
    SourceQueries,
    Store,
    StoredVersion,
    Told,
)
from monitor.store import aliases, ingest, lines, outbox, queries, sinks, sources, versions
from monitor.store.alert_pages import AlertPagesSide
from monitor.store.alerts import AlertSide
from monitor.store.database import Database, Opening
from monitor.store.deliveries import DeliveryQueriesSide
from monitor.store.holds import HoldsSide
from monitor.store.limits import LimitsSide
from monitor.store.operations import OperationsSide
from monitor.store.side import Side
from monitor.store.silences import SilencesSide
from monitor.store.sinks import SinksSide
from monitor.store.source_pages import SourcePages
from monitor.store.source_saves import SourceSavesSide
from monitor.store.stories import StoriesSide
from monitor.store.story_pages import StoryPagesSide
from monitor.store.told import ToldSide
from monitor.store.upkeep import UpkeepSide
from monitor.store.why import WhySide


class SourcesAndArticles(SourceSavesSide, StoriesSide):
    """The Store port."""

    async def sync_sources(self, specs: Sequence[SourceSpec], now: datetime, *, spread: float = 0.0) -> None:
        await self._database.write(partial(sources.sync_sources, specs=specs, now=now, spread=spread))

    async def claim_sources(
        self, now: datetime, lease: float, limit: int, *, busy: Collection[str] = (), per_host: int = 4
    ) -> Sequence[SourceState]:
        claim = partial(sources.claim_sources, now=now, lease=lease, limit=limit, busy=frozenset(busy), per_host=per_host)
        return await self._database.write(claim, grows=True)  # what cannot be stored need not be fetched

    async def due_now(self, name: str, now: datetime) -> bool:
        return await self._database.write(partial(sources.due_now, name=name, now=now))

    async def pause_source(self, name: str, now: datetime, by: str) -> bool:
        return await self._database.write(partial(sources.pause, name=name, now=now, by=by))

    async def resume_source(self, name: str, now: datetime, by: str) -> bool:
        return await self._database.write(partial(sources.resume, name=name, now=now, by=by))

    async def source_states(self) -> Sequence[SourceState]:
        return await self._database.read(sources.source_states)

    async def source_state(self, name: str) -> SourceState | None:
        return await self._database.read(partial(sources.source_state, name=name))

    async def known(self, source: str, probes: Sequence[Probe]) -> Sequence[Known]:
        return await self._database.read(partial(aliases.known, source=source, probes=probes))

    async def lines(self) -> Mapping[str, frozenset[str]]:
        return await self._database.read(lines.learnt)

    async def told(self, pairs: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Told]:
        return await self._database.read(partial(ingest.told, pairs=pairs))

    async def ingest(self, batch: IngestBatch) -> None:
        await self._database.write(partial(ingest.ingest, batch=batch), grows=True, lost=batch.receipt.lost)

    async def good_versions(self) -> Sequence[StoredVersion]:
        return await self._database.read(versions.good_versions)

    async def save_version(self, version: StoredVersion, now: datetime) -> None:
        await self._database.write(partial(versions.save_version, version=version, now=now))

    async def retire_watchlist(self, watchlist: str, now: datetime) -> None:
        await self._database.write(partial(versions.retire_watchlist, name=watchlist, now=now))


class Deliveries(Side):
    """The Outbox port."""

    async def recover(self, now: datetime) -> int:
        return await self._database.write(partial(outbox.recover, now=now))

    async def sync_sinks(self, names: Sequence[str], now: datetime) -> Sequence[SinkStatus]:
        return await self._database.write(partial(sinks.sync_sinks, names=names, now=now))

    async def claim(self, sink: str, now: datetime, limit: int, *, lanes: Collection[Severity] | None = None) -> Sequence[Delivery]:
        claimed = self._database.submit(partial(outbox.claim, name=sink, now=now, limit=limit, lanes=lanes))
        try:
            return await asyncio.shield(claimed)
        except asyncio.CancelledError:
            # Nobody will send what is claimed now: it goes back, or its lanes would stand still until the next start.
            claimed.add_done_callback(partial(self._give_back, now=now))
            raise

    async def probe(self, sink: str, now: datetime) -> Delivery | None:
        claimed = self._database.submit(partial(outbox.probe, name=sink, now=now))
        try:
            return await asyncio.shield(claimed)
        except asyncio.CancelledError:
            claimed.add_done_callback(partial(self._give_back, now=now))
            raise

    def _give_back(self, claimed: asyncio.Future[Any], now: datetime) -> None:
        """What one of the two above would have returned."""
        if not claimed.cancelled() and claimed.exception() is None and claimed.result():
            found = claimed.result()
            deliveries = (found,) if isinstance(found, Delivery) else found
            given_back = self._database.submit(partial(outbox.release, deliveries=deliveries, now=now))
            # Where this fails (the record is closing), the next start recovers them; nobody is left to be told.
            given_back.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def expire(self, sink: str, before: datetime, now: datetime, detail: str, limit: int = 1000) -> Sequence[str]:
        return await self._database.write(partial(outbox.expire, name=sink, before=before, now=now, detail=detail, limit=limit))

    async def settle(self, results: Sequence[DeliveryResult], status: SinkStatus | None, now: datetime) -> None:
        await self._database.write(partial(outbox.settle, results=results, status=status, now=now))

    async def replay(self, wanted: Selection, now: datetime, actor: str) -> int:
        return await self._database.write(partial(outbox.replay, wanted=wanted, now=now, actor=actor))

    async def given_up(self, sink: str, since: datetime | None = None) -> int:
        return await self._database.read(partial(outbox.given_up, name=sink, since=since))

    async def behind(self, delivery: Delivery) -> int:
        return await self._database.read(partial(outbox.behind, one=delivery))

    async def release(self, deliveries: Sequence[Delivery], now: datetime, *, unsent: bool = False) -> None:
        await self._database.write(partial(outbox.release, deliveries=deliveries, now=now, unsent=unsent))

    async def hasten(self, sink: str, now: datetime) -> None:
        await self._database.write(partial(outbox.hasten, name=sink, now=now))

    async def next_due(self) -> datetime | None:
        return await self._database.read(outbox.next_due)

    async def recent(self, sink: str, limit: int) -> Sequence[Delivery]:
        return await self._database.read(partial(outbox.recent, name=sink, limit=limit))

    async def pending_counts(self) -> Mapping[str, int]:
        return await self._database.read(outbox.pending_counts)


class Reading(AlertPagesSide):
    """The Queries port."""

    async def alerts(self, wanted: AlertSelection | None = None, /, **conditions: Any) -> Sequence[JsonObject]:
        return await self._database.read(partial(queries.alerts, wanted=wanted or AlertSelection(**conditions)))

    async def alert_glance(self, alert_id: str) -> JsonObject | None:
        """What a page shows of an alert: ``notifications`` has the documents of the first and of the newest few."""
        return await self._database.read(partial(queries.alert_glance, prefix=alert_id))

    async def stats(self) -> Mapping[str, int]:
        return await self._database.read(queries.stats)


class SqlStore(
    SourcesAndArticles,
    Deliveries,
    Reading,
    SourcePages,
    OperationsSide,
    UpkeepSide,
    AlertSide,
    WhySide,
    SinksSide,
    HoldsSide,
    LimitsSide,
    ToldSide,
    StoryPagesSide,
    DeliveryQueriesSide,
    SilencesSide,
):
    """``await SqlStore.open(data_dir)`` … ``await store.close()``.

    The daemon holds the folder's DataFolderLock while it is open. ``read_only`` is for commands beside a running daemon:
    no lock, no migration, and every method that writes raises StorageError.
    """

    @classmethod
    async def open(cls, data_dir: Path, *, read_only: bool = False, how: Opening | None = None) -> SqlStore:
        """Raises StorageError and its kin, with what to do; migrates an older record first."""
        return cls(await Database.open(data_dir, read_only=read_only, how=how))

    @property
    def path(self) -> Path:
        return self._database.path

    async def close(self) -> None:
        """What was asked before is still written. Safe to call twice."""
        await self.saved()
        await self._database.close()


if TYPE_CHECKING:

    def _keeps_its_ports(
        store: SqlStore,
    ) -> tuple[Store, Outbox, Queries, SourceQueries, OperationsRecord, CoverageRecord, AlertRecord, SinkRecord, Holds]:
        return store, store, store, store, store, store, store, store, store
