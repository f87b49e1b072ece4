"""Ports to what people do to alerts, stories and silences; each change is written with who made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from monitor.model import (
    Alert,
    AlertState,
    Article,
    JsonObject,
    Match,
    Notification,
    Operation,
    Silence,
    SourceKind,
    SourceState,
    Story,
    Way,
)
from monitor.ports.ingest import Decided, IngestArticle, LanguagePulse, Membership, Told


@dataclass(frozen=True, slots=True)
class Matched:
    """One match as the record has it, with the article and the story it is of; ``alert`` is None where none was raised."""

    match: Match
    article: Article
    story: str
    alert: Alert | None
    at: datetime


class SilenceRecord(Protocol):
    """The record, silences side. Each change by a person comes with a line in the trail."""

    async def silences(self, now: datetime, *, ended_since: datetime | None = None) -> Sequence[Silence]:
        """Those that have not ended, those whose summary is still to be told, and those that ended since; by their start."""

    async def add_silence(self, silence: Silence, actor: str, now: datetime) -> None: ...

    async def expire_silence(self, silence: str, actor: str, now: datetime) -> Silence | None:
        """It ends now; None where there is none that has not ended. Raises UsageError where several ids begin so."""

    async def stories_like(self, prefix: str, limit: int) -> Sequence[str]:
        """Ids of stories that begin so."""

    async def muted(self, silence: str, limit: int) -> Sequence[Matched]:
        """What it muted, oldest first."""

    async def told_matches(self, since: datetime, limit: int) -> Sequence[Matched]:
        """Matches that were told since, newest first."""

    async def sum_up(self, silence: str, told: Sequence[tuple[Notification, Way]], now: datetime) -> None:
        """The digests of what it muted, and that they were made; written again, nothing changes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the trail: who (``DOOR:WHO``) did what to what."""

    actor: str
    action: str
    subject: str
    detail: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AlertFound:
    """An alert as a command finds it: what it has told, the last document told of it, and the ways that one went."""

    told: Told
    document: JsonObject
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class AlertChange:
    """What a person changes of an alert. ``was`` is its state as it was found; ``notification`` is None where nobody is told."""

    alert: Alert
    was: AlertState
    entry: Entry
    notification: Notification | None = None
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True, slots=True)
class StoryParts:
    """A story with all that belongs to it: its articles in the order of decision with the matches in force of each, its alerts
    (the oldest first)."""

    story: Story
    members: tuple[tuple[Article, Membership, tuple[Match, ...]], ...]
    alerts: tuple[AlertFound, ...]


@dataclass(frozen=True, slots=True)
class StoryMove:
    """Articles that change their story by hand, and what follows for alerts. ``merged`` names stories and the one each became
    part of ("": it stands by itself again); ``moved`` alerts and the story each belongs to now; ``told`` what alerts have told of
    what is theirs now; ``raised`` the alerts of a part that had none."""

    articles: tuple[tuple[str, Membership], ...]
    entry: Entry
    stories: tuple[Story, ...] = ()  # new ones
    merged: tuple[tuple[str, str], ...] = ()
    alerts: tuple[AlertChange, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()
    raised: tuple[tuple[IngestArticle, Decided], ...] = ()
    told: tuple[Told, ...] = ()


class AlertRecord(Protocol):
    """The record, what people do to alerts. Every change is one transaction with its line in the trail."""

    async def find(self, alert: str) -> AlertFound | None:
        """By a beginning of its id; raises UsageError where several have it."""

    async def change_alert(self, change: AlertChange, now: datetime) -> None:
        """Raises DecideAgain where the alert's state is no longer what it was."""

    async def audit(self, entry: Entry, now: datetime) -> None:
        """A line for what changes nothing else in the record."""


class StoryRecord(Protocol):
    """The record, what people do to stories."""

    async def story_parts(self, story: str) -> StoryParts | None:
        """By a beginning of its id; raises UsageError where several have it, and where it is part of another."""

    async def move(self, move: StoryMove, now: datetime) -> None:
        """In one transaction, with its line in the trail. Raises DecideAgain where an alert's state is no longer what it was."""


class OperationsRecord(Protocol):
    """The record, operations side: those that people are told of."""

    async def open_operations(self) -> Sequence[Operation]: ...

    async def save_operation(
        self, operation: Operation, notification: Notification | None, ways: tuple[Way, ...], now: datetime, *, closed: bool
    ) -> None:
        """Row, notification and deliveries in one transaction."""


class CoverageRecord(Protocol):
    """The record, as coverage asks it."""

    async def coverage(self) -> Sequence[tuple[SourceKind, SourceState]]:
        """Every source that is configured, without what only its own reader needs (validators, digests of known items)."""

    async def languages(self) -> Mapping[str, LanguagePulse]: ...
