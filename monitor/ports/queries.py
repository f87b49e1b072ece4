"""Ports to whoever only asks: lists and single answers as JSON, and none that changes anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from monitor.model import JsonObject
from monitor.ports.ingest import LanguagePulse
from monitor.ports.outbox import Selection


@dataclass(frozen=True, slots=True)
class AlertSelection:
    """Which alerts. Empty conditions are not asked. ``after`` goes on behind one (its ``raised`` and id), oldest first; ``()``
    begins with the oldest; None is newest first. ``undelivered`` are those with a delivery that has not arrived."""

    limit: int = 50
    watchlist: str | None = None
    state: str | None = None
    severity: str | None = None
    source: str | None = None
    story: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    undelivered: bool = False
    after: tuple[datetime, str] | tuple[()] | None = None


class Queries(Protocol):
    """What commands and pages read. Dictionaries here are ready for JSON."""

    async def alerts(self, wanted: AlertSelection | None = None, /, **conditions: Any) -> Sequence[JsonObject]:
        """id, watchlist, severity, state, disposition, comment, raised, updated, title, url, source, language, article, story,
        outlets, notifications, deliveries by state. ``conditions`` are the selection's fields."""

    async def alert(self, alert_id: str, limit: int = 20) -> JsonObject | None:
        """One alert (a unique prefix of its id will do), with its notifications' documents, decisions and deliveries: of more than
        ``limit`` the first and the newest, and ``left_out`` says how many are missing."""

    async def alert_told(self, alert: str, after: int, limit: int) -> Sequence[JsonObject]:
        """Its notifications behind the ``ordinal`` of one (-1: from the first), in order."""

    async def alert_decided(self, story: str, watchlist: str, after: int, limit: int) -> Sequence[JsonObject]:
        """What was decided of a watchlist in a story behind the ``number`` of one (0: from the first), in order."""

    async def stats(self) -> Mapping[str, int]:
        """Row counts: articles, alerts, notifications, deliveries by state."""


class SourceQueries(Protocol):
    """What commands and pages read of sources. Dictionaries here are ready for JSON."""

    async def source(self, name: str) -> JsonObject | None:
        """Everything kept of one source, retired ones included: the state's fields, ``articles`` and ``sighted`` (items that
        are articles of others, or listed again), ``items_known`` and its ``latest`` ten articles."""

    async def quiet(self, source: str | None = None, since: datetime | None = None) -> Sequence[JsonObject]:
        """What first polls kept to themselves because it was too old to be told (``--catch-up``), oldest first: watchlist,
        severity, article, source, title, url, published, at, quote."""

    async def languages(self) -> Mapping[str, LanguagePulse]:
        """By ISO 639-1 code."""


class OutboxQueries(Protocol):
    """What commands and pages read of deliveries, sinks and the trail. Dictionaries here are ready for JSON."""

    async def deliveries(self, wanted: Selection) -> Sequence[JsonObject]: ...

    async def delivery(self, notification: str, sink: str | None) -> Sequence[JsonObject]:
        """Of one notification (a beginning of its id will do), with every attempt's answer."""

    async def sinks(self) -> Sequence[JsonObject]:
        """State, reason, by, since, failures, probe_due, counts by state, oldest pending, last delivered."""

    async def trail(self, *, subject: str = "", since: datetime | None = None, limit: int = 50) -> Sequence[JsonObject]:
        """Newest first."""

    async def follow(self, after: int, limit: int) -> Sequence[JsonObject]:
        """Notifications numbered above ``after``, each with its ``number``, oldest first."""


class StoryQueries(Protocol):
    """What commands and pages read of stories and decisions. Dictionaries here are ready for JSON."""

    async def stories(self, *, limit: int = 50, since: datetime | None = None, watchlist: str | None = None) -> Sequence[JsonObject]:
        """Newest first."""

    async def story(self, story: str) -> JsonObject | None:
        """By a beginning of its id, with its articles and why each is in it."""

    async def why(self, asked: str, watchlist: str | None, *, limit: int = 20) -> JsonObject | None:
        """What the record knows of an article or alert (a beginning of its id), and of what was decided of it, lately if often."""
