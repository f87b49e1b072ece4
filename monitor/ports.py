"""What the flow asks of the world, as Protocols: the flow speaks to these and to nothing else.

A port says what, never how: no SQL, no HTTP library, no file name appears here. All methods that may wait are async.
Implementations live in store/, sources/, sinks/, workers.py, net.py and metrics.py; fakes for tests in tests/fakes.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from monitor.model import (
    Alert,
    Analysis,
    AnalysisFailed,
    Answer,
    Article,
    Decision,
    Delivery,
    DeliveryState,
    Document,
    JsonObject,
    Match,
    Notification,
    Operation,
    PollResult,
    SinkState,
    SourceSpec,
    SourceState,
    Story,
    WatchlistFacts,
    Zone,
)


class Clock(Protocol):
    def now(self) -> datetime:
        """Wall time, aware, UTC: for display, due times and ages."""

    def monotonic(self) -> float:
        """Seconds that never go back: for deadlines."""


class Meter(Protocol):
    def count(self, name: str, value: float = 1, **labels: str) -> None:
        """Add to a counter, e.g. ``count("articles_ingested_total", source="example-ar")``."""

    def gauge(self, name: str, value: float, **labels: str) -> None: ...

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Add one observation to a histogram of seconds."""


class Operations(Protocol):
    """Alarms about the daemon itself: a warning in the log and on /healthz."""

    def raise_(self, key: str, message: str) -> None:
        """Raise once; a second call with the same key only replaces the message."""

    def close(self, key: str) -> None:
        """It healed; closing what is not open is nothing."""

    def open(self) -> Sequence[Operation]: ...


# ------------------------------------------------------------------------------------- the network
@dataclass(frozen=True, slots=True)
class Fetched:
    """``url`` is the one answered last, ``complete`` False where the body ended early or was cut at the size limit."""

    status: int
    url: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes = field(repr=False)  # a repr of 15 MiB, made by whoever prints a task, costs 100 MiB
    complete: bool


class Fetcher(Protocol):
    async def get(self, url: str, headers: Mapping[str, str]) -> Fetched:
        """One conditional GET under every limit (size, time, redirects, address guard); raises FetchError."""


@dataclass(frozen=True, slots=True)
class Posted:
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)  # at most the first 64 KiB


class Poster(Protocol):
    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        """One POST under a total deadline, redirects not followed; raises FetchError where there is no answer.

        No secret and no URL stands in the error's message."""


# -------------------------------------------------------------------------------- sources, watchlists
class Source(Protocol):
    spec: SourceSpec

    async def poll(self, state: SourceState, now: datetime) -> PollResult:
        """Read what is new since ``state``; raises FetchError or DocumentError (the whole source failed)."""


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """The last good version of a watchlist: its file and all it uses, as text by name (``arms-transfer.yaml``,
    ``vocabulary/arms.yaml`` …), with the version hash and the engine version its tests passed under."""

    watchlist: str
    version: str
    files: Mapping[str, str]
    engine: str
    #: In force as it is, its tests passed by this process's engine: they need not run again.
    tested: bool = False


class Watchlists(Protocol):
    """The folder of watchlists."""

    def stamp(self) -> str:
        """Changes when any file of the folder changes (names, sizes, times); cheap enough for every second."""

    def read(self) -> Mapping[str, str]:
        """All files by name relative to the folder, plus ``seeds/NAME`` for test files; raises WatchlistError on unreadable ones."""


# ------------------------------------------------------------------------------------------- workers
@dataclass(frozen=True, slots=True)
class Generation:
    """The watchlists in force together. ``files`` of each list are what its version was made from."""

    hash: str
    versions: tuple[StoredVersion, ...]


@dataclass(frozen=True, slots=True)
class WarmReport:
    """What warming a generation found, by watchlist id: the facts of those that compiled, the test failures (empty: all
    passed) and the faults that kept one from loading. Warnings do not refuse."""

    facts: Mapping[str, WatchlistFacts]
    test_failures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    faults: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Workers(Protocol):
    async def parse_feed(self, spec: SourceSpec, fetched: Fetched) -> PollResult:
        """Feed bytes to documents in a killable process; raises FetchError where it overran its limits or is no feed."""

    async def warm(self, generation: Generation) -> WarmReport:
        """Compile a generation and run its tests beside the one in force, which goes on matching."""

    async def swap(self, generation: Generation) -> None:
        """From the next ``analyse`` on this generation is in force; tasks in flight finish under the old one."""

    async def analyse(self, documents: Sequence[Document]) -> Sequence[Analysis | AnalysisFailed]:
        """Layout, language and matches of each document, in order; one bad document fails alone."""


# ------------------------------------------------------------------------------------------- storage
@dataclass(frozen=True, slots=True)
class Told:
    """What an existing alert (of one watchlist and story) has told so far. ``clauses``, ``groups`` and ``entities`` are
    those of all evidence told; ``text_hash`` that of the text last matched for ``article``."""

    alert: Alert
    article: str
    text_hash: str
    groups: frozenset[str]
    clauses: frozenset[str]
    entities: frozenset[str]
    stances: frozenset[str]
    languages: frozenset[str]
    notifications: int  # how many exist: the next ordinal


@dataclass(frozen=True, slots=True)
class Decided:
    """One match of one article and what was decided. ``alert`` is set for a raise and an update; ``notification`` where
    something is told, with the sinks it is routed to (none in shadow mode)."""

    match: Match
    decision: Decision
    story: Story
    alert: Alert | None = None
    notification: Notification | None = None
    sinks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IngestArticle:
    """One article of an ingest. ``content_hash`` is what the seen key remembers (SHA-256 hex over title, text and url).
    ``failed`` is set where the article could not be analysed; it is stored as such."""

    article: Article
    text: str
    zones: tuple[Zone, ...]
    content_hash: str
    engine: str = ""
    failed: str = ""
    decided: tuple[Decided, ...] = ()


@dataclass(frozen=True, slots=True)
class IngestBatch:
    """Everything one transaction writes. ``state`` is the source's new state (validators and next due time), None for
    all but the last transaction of a poll."""

    source: str
    articles: tuple[IngestArticle, ...]
    now: datetime
    state: SourceState | None


class Store(Protocol):
    """The record, sources and articles side. Raises StorageFull, StorageCorrupt and their kin; nothing is half written."""

    async def sync_sources(self, specs: Sequence[SourceSpec], now: datetime) -> None:
        """A row for every configured source (new ones due now); rows of sources no longer configured are retired, not deleted."""

    async def claim_sources(self, now: datetime, lease: float, limit: int) -> Sequence[SourceState]:
        """Lease due sources for ``lease`` seconds, oldest due first."""

    async def save_source(self, state: SourceState) -> None:
        """After a poll that brought nothing to ingest, or failed; ends the lease."""

    async def source_states(self) -> Sequence[SourceState]: ...

    async def seen(self, source: str, keys: Sequence[str]) -> Mapping[str, str]:
        """key -> content hash of those keys already ingested from this source."""

    async def told(self, pairs: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Told]:
        """(watchlist, story) -> what its alert has told; absent where there is none."""

    async def ingest(self, batch: IngestBatch) -> None:
        """All of it in one transaction, or none of it."""

    async def good_versions(self) -> Sequence[StoredVersion]:
        """The last good version of every watchlist not retired."""

    async def save_version(self, version: StoredVersion, now: datetime) -> None: ...

    async def retire_watchlist(self, watchlist: str, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What one finished attempt changes. ``due`` is set for a delivery that goes back to pending."""

    delivery: Delivery
    state: DeliveryState
    answer: Answer
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class SinkStatus:
    """``failures`` counts failed attempts in a row; ``probe_due`` is when a paused sink is tried next."""

    name: str
    state: SinkState = SinkState.ACTIVE
    reason: str = ""
    failures: int = 0
    probe_due: datetime | None = None


class Outbox(Protocol):
    """The record, deliveries side."""

    async def recover(self, now: datetime) -> int:
        """At start: what was in flight when the last process ended becomes pending and due; how many."""

    async def sync_sinks(self, names: Sequence[str], now: datetime) -> Sequence[SinkStatus]:
        """Status of every configured sink; deliveries of sinks no longer configured are cancelled."""

    async def claim(self, sink: str, now: datetime, limit: int) -> Sequence[Delivery]:
        """For each severity lane without one in flight, critical first: the run of deliveries from the lane's head, in
        sequence, that are due now, ``limit`` in each lane at most. They become in flight, attempts + 1.

        A head that is not due holds its lane."""

    async def record(self, results: Sequence[DeliveryResult], now: datetime) -> None: ...

    async def release(self, deliveries: Sequence[Delivery], now: datetime, *, unsent: bool = False) -> None:
        """Cancelled at shutdown before an answer: pending again, due now, the attempt still counted.

        ``unsent`` ones were claimed and never begun: no attempt was made, so none is counted or kept.
        """

    async def hasten(self, sink: str, now: datetime) -> None:
        """The receiver answers again: deliveries of this sink that wait for a retry are due now, in every lane."""

    async def save_sink(self, status: SinkStatus) -> None: ...

    async def next_due(self) -> datetime | None:
        """When the earliest pending delivery is due; None where there is none."""

    async def recent(self, sink: str, limit: int) -> Sequence[Delivery]:
        """The latest deliveries of a sink that are in flight or delivered, newest first: for reconciling the alert log."""

    async def pending_counts(self) -> Mapping[str, int]:
        """Sink -> deliveries not final."""


class Sink(Protocol):
    name: str
    #: How many deliveries of one lane ``send`` takes at once, in order (1 for a webhook).
    batch: int
    #: The alert log never expires and never pauses.
    never_pauses: bool

    async def start(self, recent: Callable[[int], Awaitable[Sequence[Delivery]]]) -> Sequence[Delivery]:
        """Open, repair and reconcile; returns the in-flight deliveries that turned out to be delivered already."""

    async def send(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        """One attempt at each, in order; never raises for what a receiver does."""

    async def close(self) -> None: ...


class Queries(Protocol):
    """What commands and pages read. Dictionaries here are ready for JSON."""

    async def alerts(
        self, *, limit: int = 50, watchlist: str | None = None, state: str | None = None, since: datetime | None = None
    ) -> Sequence[JsonObject]:
        """Newest first: id, watchlist, severity, state, raised, updated, title, url, source, article,
        notifications, deliveries by state."""

    async def alert(self, alert_id: str) -> JsonObject | None:
        """One alert (a unique prefix of its id will do), with its notifications' documents, decisions and deliveries."""

    async def stats(self) -> Mapping[str, int]:
        """Row counts: articles, alerts, notifications, deliveries by state."""
