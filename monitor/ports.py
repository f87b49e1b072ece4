"""What the flow asks of the world, as Protocols: the flow speaks to these and to nothing else.

A port says what, never how: no SQL, no HTTP library, no file name appears here. All methods that may wait are async.
Implementations live in store/, sources/, sinks/, workers.py, net.py and metrics.py; fakes for tests in tests/fakes.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from monitor.errors import DocumentError, FetchError
from monitor.model import (
    Alert,
    AlertState,
    Analysis,
    AnalysisFailed,
    Answer,
    Article,
    Command,
    Decision,
    Delivery,
    DeliveryState,
    Document,
    JsonObject,
    Match,
    Notification,
    Operation,
    PollResult,
    Severity,
    Silence,
    SinkState,
    SourceKind,
    SourceSpec,
    SourceState,
    Span,
    Story,
    WatchlistFacts,
    Way,
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
    """Alarms about the daemon itself: a warning in the log and on /healthz, and to people where they are to be told."""

    def raise_(self, key: str, message: str, *, severity: Severity = Severity.MEDIUM, tell: bool = False, subject: str = "") -> None:
        """Raise once; a second call with the same key only replaces the message. ``tell`` sends it through the routes, now
        or from the call on that asks for it; ``subject`` is the source or sink it is about."""

    def close(self, key: str) -> None:
        """It healed; closing what is not open is nothing."""

    def open(self) -> Sequence[Operation]: ...


# ------------------------------------------------------------------------------------- the network
@dataclass(frozen=True, slots=True)
class Fetched:
    """``url`` is the one answered last, ``complete`` False where the body ended early or was cut at the size limit. ``moved``
    is where an unbroken run of permanent redirects (301, 308) from the first address led, "" where there was none."""

    status: int
    url: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes = field(repr=False)  # a repr of 15 MiB, made by whoever prints a task, costs 100 MiB
    complete: bool
    moved: str = ""


class Fetcher(Protocol):
    async def get(self, url: str, headers: Mapping[str, str]) -> Fetched:
        """One conditional GET under every limit (size, time, redirects, address guard); raises FetchError."""


@dataclass(frozen=True, slots=True)
class Posted:
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)  # at most the first 64 KiB


@dataclass(frozen=True, slots=True)
class Tls:
    """How one receiver is spoken to, beyond what the system's store of authorities says: paths of PEM files, "" where not given.
    ``certificate`` (with ``key``, where that is a file of its own) shows who we are, ``authority`` whom to trust."""

    certificate: str = ""
    key: str = ""
    authority: str = ""


class Poster(Protocol):
    async def post(self, url: str, headers: Mapping[str, str], body: bytes, *, tls: Tls | None = None) -> Posted:
        """One POST under a total deadline, redirects not followed; raises FetchError where there is no answer.

        No secret and no URL stands in the error's message."""


# -------------------------------------------------------------------------------- sources, watchlists
class Source(Protocol):
    spec: SourceSpec

    async def poll(self, state: SourceState, now: datetime) -> PollResult:
        """Read what is new since ``state``; raises FetchError or DocumentError (the whole source failed)."""


class SourceList(Protocol):
    """The sources as configured, wherever that stands."""

    def stamp(self) -> str:
        """Changes with the configuration and every file it names; cheap enough for every second."""

    def read(self) -> Sequence[SourceSpec]:
        """Raises ConfigError with every fault."""

    def waiting(self) -> Sequence[str]:
        """Names of other settings that were found changed at the last reading, and that only a restart puts into force."""


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


@dataclass(frozen=True, slots=True)
class FeedRead:
    """One body, read. ``documents`` are those of items not known before, oldest first; ``items`` counts all it lists;
    ``known`` is the next ``SourceState.known``. What the feed asks of its readers: ``ttl`` in seconds, ``skip_hours`` in UTC,
    ``skip_days`` from 0 for Monday. ``rest`` items are not read yet: ask again from ``items_read`` on."""

    documents: tuple[Document, ...]
    known: bytes
    items: int
    ttl: float | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()
    rest: int = 0
    items_read: int = 0


@dataclass(frozen=True, slots=True)
class PageRead:
    """The article of one page; ``text`` begins with its title, whose span ``title`` is."""

    text: str
    title: Span | None
    notes: tuple[str, ...]


class Workers(Protocol):
    async def parse_feed(self, spec: SourceSpec, fetched: Fetched, *, known: bytes = b"", skip: int = 0) -> FeedRead:
        """Feed bytes to documents in a killable process; items whose digest is in ``known`` are not read again, and ``skip``
        says how many of the others were read before. Raises FetchError where it overran its limits or is no feed."""

    async def parse_page(self, spec: SourceSpec, fetched: Fetched, title: str) -> PageRead:
        """The article of an HTML page, in a killable process; ``title`` is what the feed called it. Raises FetchError (no
        article found, limits)."""

    async def parse_file(self, spec: SourceSpec, raw: bytes, name: str, *, key: str, cut: bool) -> Document:
        """A file of HTML or a mail to a document, in a killable process; ``cut``: ``raw`` is only its beginning. Raises
        FetchError where it overran its limits, DocumentError where it is no mail."""

    async def warm(self, generation: Generation) -> WarmReport:
        """Compile a generation and run its tests beside the one in force, which goes on matching."""

    async def swap(self, generation: Generation) -> None:
        """From the next ``analyse`` on this generation is in force; tasks in flight finish under the old one."""

    async def analyse(self, documents: Sequence[Document]) -> Sequence[Analysis | AnalysisFailed]:
        """Layout, language and matches of each document, in order; one bad document fails alone."""


class Pages(Protocol):
    async def complete(self, spec: SourceSpec, documents: Sequence[Document]) -> Sequence[Document]:
        """Each document with its page's text in place of the teaser, in order; the teaser (note ``page:failed``) where the
        page cannot be had. Never raises."""


# ------------------------------------------------------------------------------------------- storage
@dataclass(frozen=True, slots=True)
class Probe:
    """What one document is asked for under: its key, and its aliases (the link's first, then the content's)."""

    key: str
    content_hash: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Owner:
    """The article that an alias or a key stands for: its id, the source and key it is made of, the length of its text in
    code points, the content hash remembered under that key, and what it keeps where another source brings it anew. ``feed``
    is the configured address of its source, "" where that is no feed."""

    article: str
    source: str
    key: str
    length: int
    content_hash: str
    title: str = ""
    url: str = ""
    published: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    feed: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the record knows of one probe: ``content_hash`` under (source, key), "" where the key is new; ``owner`` is what
    the key stands for; ``siblings`` are other keys of the same source that stand for ``by_link``'s article."""

    content_hash: str = ""
    owner: Owner | None = None
    by_link: Owner | None = None
    by_content: Owner | None = None
    siblings: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sighting:
    """A document that is an article already known: its key is remembered for that article, and with it its content, where an
    ``alias`` of it is given; nothing else is written."""

    key: str
    content_hash: str
    article: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LanguagePulse:
    """When the last article of a language came, and how many there were."""

    last: datetime
    articles: int


@dataclass(frozen=True, slots=True)
class Told:
    """What an existing alert (of one watchlist and story) has told so far. ``clauses``, ``groups`` and ``entities`` are
    those of all evidence told; ``text_hash`` that of the text last matched for ``article``. ``last_told`` is when people were
    last told of it."""

    alert: Alert
    article: str
    text_hash: str
    groups: frozenset[str]
    clauses: frozenset[str]
    entities: frozenset[str]
    stances: frozenset[str]
    languages: frozenset[str]
    notifications: int  # how many exist: the next ordinal
    #: Of all its matching articles so far, told or threaded.
    outlets: frozenset[str] = frozenset()
    #: Whether people were told how many outlets there are by now.
    spread_told: bool = False
    last_told: datetime | None = None
    #: 32-bit hashes of words and numbers that the evidence told so far brought beside its hits.
    said: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Prior:
    """What an article told before it was edited: the match as it was told, whose offsets are into the text of ``text_hash``."""

    match: Match
    text_hash: str
    title: str


@dataclass(frozen=True, slots=True)
class Membership:
    """An article in its story. ``at`` is when it counts: published, where that is known and not after it was fetched, else
    fetched. ``outlet`` is whose news it is. ``joined`` says why it is there, as the story room puts it in JSON; None for a
    story's first. ``fingerprint`` is its ``Fingerprint.data``, empty where it has none."""

    story: str
    at: datetime
    outlet: str
    joined: JsonObject | None = None
    fingerprint: bytes = b""


@dataclass(frozen=True, slots=True)
class Remembered:
    """One article that later ones may be compared with. ``kind`` is how it joined its story, "" for the first."""

    article: str
    story: str
    at: datetime
    data: bytes
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """One match of one article and what was decided. ``alert`` is set where one is raised or changed; ``notification`` where
    something is told, with the ways it goes (none in shadow mode). ``told`` is what the alert has told after this; where it
    is None the record works that out from the match."""

    match: Match
    decision: Decision
    story: Story
    alert: Alert | None = None
    notification: Notification | None = None
    ways: tuple[Way, ...] = ()
    told: Told | None = None

    @property
    def sinks(self) -> tuple[str, ...]:
        return tuple(way.sink for way in self.ways)


@dataclass(frozen=True, slots=True)
class IngestArticle:
    """One article of an ingest. ``content_hash`` is what the seen key remembers (SHA-256 hex over title, text and url).
    ``failed`` is set where the article could not be analysed; it is stored as such. ``seen_key`` and ``seen_source`` are the
    document's own where the article belongs to another source or key ("": the article's). ``aliases`` are what else the
    article will be known under. Without ``membership`` nothing is written of its story but what its matches need."""

    article: Article
    text: str
    zones: tuple[Zone, ...]
    content_hash: str
    engine: str = ""
    failed: str = ""
    decided: tuple[Decided, ...] = ()
    seen_key: str = ""
    seen_source: str = ""
    aliases: tuple[str, ...] = ()
    membership: Membership | None = None


@dataclass(frozen=True, slots=True)
class IngestBatch:
    """Everything one transaction writes. ``state`` is the source's new state (validators and next due time), None for
    all but the last transaction of a poll. ``lines`` are the furniture lines learnt of the source with these articles."""

    source: str
    articles: tuple[IngestArticle, ...]
    now: datetime
    state: SourceState | None
    sightings: tuple[Sighting, ...] = ()
    lines: tuple[str, ...] = ()


class DecideAgain(Exception):
    """What a batch was judged by no longer holds: another source brought one of its articles first. Nothing was written."""


class Store(Protocol):
    """The record, sources and articles side. Raises StorageFull, StorageCorrupt and their kin; nothing is half written."""

    async def sync_sources(self, specs: Sequence[SourceSpec], now: datetime, *, spread: float = 0.0) -> None:
        """A row for every configured source (new ones due within ``spread`` seconds from now); rows of sources no longer
        configured are retired, not deleted."""

    async def claim_sources(
        self, now: datetime, lease: float, limit: int, *, busy: Collection[str] = (), per_host: int = 4
    ) -> Sequence[SourceState]:
        """Lease due sources for ``lease`` seconds, oldest due first, at most ``per_host`` of one host and none of a ``busy``
        one. What is paused, gone or pushed is never due."""

    async def due_now(self, name: str, now: datetime) -> bool:
        """An operator's poll: due at once, whatever its server asked for; False where there is no such source."""

    async def pause_source(self, name: str, now: datetime, by: str) -> bool:
        """False where there is no such source."""

    async def resume_source(self, name: str, now: datetime, by: str) -> bool:
        """Ends a pause, ``gone`` and quarantine; due now. False where there is no such source."""

    async def save_source(self, state: SourceState) -> None:
        """After a poll that brought nothing to ingest, or failed; ends the lease."""

    async def source_states(self) -> Sequence[SourceState]: ...

    async def source_state(self, name: str) -> SourceState | None:
        """Of one configured source."""

    async def known(self, source: str, probes: Sequence[Probe]) -> Sequence[Known]:
        """What the record knows of each probe, in order, from one consistent reading."""

    async def lines(self) -> Mapping[str, frozenset[str]]:
        """The furniture lines learnt, by source."""

    async def languages(self) -> Mapping[str, LanguagePulse]: ...

    async def told(self, pairs: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Told]:
        """(watchlist, story) -> what its alert has told; absent where there is none, or where it was merged into another."""

    async def prior(self, articles: Sequence[str]) -> Mapping[tuple[str, str], Prior]:
        """(watchlist, article) -> the match that people were last told of, for articles that are edited."""

    async def stories_of(self, articles: Sequence[str]) -> Mapping[str, str]:
        """Article -> story, of those that have one."""

    async def titles(self, articles: Sequence[str]) -> Mapping[str, str]:
        """Article -> title, of those that have a story."""

    async def story_facts(self, stories: Sequence[str]) -> Mapping[str, Story]:
        """Story -> what is known of it and its articles, of those that exist."""

    async def remembered(self, limit: int, before: int | None = None) -> Sequence[tuple[int, Remembered]]:
        """Articles with fingerprints and their numbers in the order of decision: the newest ``limit`` below ``before`` (None:
        the newest of all), newest first."""

    async def forget(self, remembered: int) -> None:
        """Drops the fingerprints of all but the newest so many articles; nothing is compared with them any more."""

    async def ingest(self, batch: IngestBatch) -> None:
        """All of it in one transaction, or none of it. Raises DecideAgain where an alias became another article's meanwhile."""

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
    """``failures`` counts failed attempts in a row; ``probe_due`` is when a paused sink is tried next. ``by`` is who paused it
    ("": itself), ``since`` when its state began, ``catching_up`` when it answered again after an outage, until its backlog
    is gone."""

    name: str
    state: SinkState = SinkState.ACTIVE
    reason: str = ""
    failures: int = 0
    probe_due: datetime | None = None
    by: str = ""
    since: datetime | None = None
    catching_up: datetime | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which deliveries. A condition that is empty is not asked; ``since`` (from) and ``until`` (before) ask when they were
    made; ``limit`` 0 is none."""

    sink: str = ""
    states: tuple[DeliveryState, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    notifications: tuple[str, ...] = ()
    alert: str = ""
    limit: int = 0


class Outbox(Protocol):
    """The record, deliveries side."""

    async def recover(self, now: datetime) -> int:
        """At start: what was in flight when the last process ended becomes pending and due; how many."""

    async def sync_sinks(self, names: Sequence[str], now: datetime) -> Sequence[SinkStatus]:
        """Status of every configured sink; deliveries of sinks no longer configured are cancelled."""

    async def claim(self, sink: str, now: datetime, limit: int, *, lanes: Collection[Severity] | None = None) -> Sequence[Delivery]:
        """For each severity lane (of ``lanes``) without one in flight, critical first: the run of deliveries from the lane's
        head, in sequence, that are due now, ``limit`` in each lane at most. They become in flight, attempts + 1.

        A head that is not due holds its lane; what is held (``DeliveryState.HELD``) stands in none."""

    async def probe(self, sink: str, now: datetime) -> Delivery | None:
        """The oldest pending delivery of all lanes, whenever it is due, becomes in flight; None where there is none, or where
        one is in flight."""

    async def expire(self, sink: str, before: datetime, now: datetime, detail: str, limit: int = 1000) -> Sequence[str]:
        """Pending and held deliveries whose age counts from before ``before`` become expired, the oldest ``limit`` of them;
        their notifications."""

    async def settle(self, results: Sequence[DeliveryResult], status: SinkStatus | None, now: datetime) -> None:
        """What came of attempts (also what ends a delivery without one) and, where it changed, the sink's status, in one
        transaction. Results for final deliveries change nothing, and no status replaces a pause by a person."""

    async def replay(self, wanted: Selection, now: datetime, actor: str) -> int:
        """Dead and expired deliveries (of configured sinks) become pending and due: their attempts stay counted, their age
        counts from now. With a line in the trail; how many."""

    async def given_up(self, sink: str, since: datetime | None = None) -> int:
        """How many are dead or expired; ``since``: became so from then on."""

    async def behind(self, delivery: Delivery) -> int:
        """How many of its lane wait behind it."""

    async def release(self, deliveries: Sequence[Delivery], now: datetime, *, unsent: bool = False) -> None:
        """Cancelled at shutdown before an answer: pending again, due now, the attempt still counted.

        ``unsent`` ones were claimed and never begun: no attempt was made, so none is counted or kept.
        """

    async def hasten(self, sink: str, now: datetime) -> None:
        """The receiver answers again: deliveries of this sink that wait for a retry are due now, in every lane."""

    async def next_due(self) -> datetime | None:
        """When the earliest pending delivery is due; None where there is none. What is held is not pending."""

    async def recent(self, sink: str, limit: int) -> Sequence[Delivery]:
        """The latest deliveries of a sink that are in flight or delivered, newest first: for reconciling the alert log."""

    async def pending_counts(self) -> Mapping[str, int]:
        """Sink -> deliveries not final."""


@dataclass(frozen=True, slots=True)
class Held:
    """The deliveries of one sink that are held under one key. ``due`` is when the hold ends."""

    sink: str
    key: str
    count: int
    due: datetime
    oldest: datetime


class Holds(Protocol):
    """The record, held deliveries. A hold's key stands in the deliveries' ``reason`` (``Way.hold`` lists them)."""

    async def hold(self, deliveries: Sequence[Delivery], key: str, until: datetime, now: datetime) -> None:
        """In flight or pending ones become held; an attempt that a claim counted is taken back."""

    async def holds_due(self, now: datetime) -> Sequence[Held]:
        """Those of which any delivery is due."""

    async def held(self, sink: str, key: str, limit: int) -> Sequence[Delivery]:
        """In sequence."""

    async def let_go(self, sink: str, key: str, now: datetime) -> int:
        """They become pending and due, and go before what was made after them; how many."""

    async def postpone(self, key: str, until: datetime, now: datetime) -> int:
        """The hold ends at another time, for all sinks; how many deliveries."""

    async def digest(self, notification: Notification, key: str, sink: str, members: Sequence[Delivery], now: datetime) -> None:
        """The notification and its delivery, in the lane of its severity; its members become cancelled with the reason
        ``digest`` and know what tells of them."""

    async def waiting(self, sink: str, older: datetime, limit: int) -> Sequence[Delivery]:
        """Pending ones made before ``older``, in sequence."""

    async def sent_since(self, sink: str, since: datetime) -> Mapping[str, datetime]:
        """What was delivered since then: notification -> when."""


class ToldRecord(Protocol):
    """The record, what alerts were told for."""

    async def last_told(self, alert: str) -> Matched | None:
        """The match that an alert was told for last, by a beginning of its id; None where there is none. Raises UsageError where
        several have it."""


class LimitRecord(Protocol):
    """The record, how much watchlists raise."""

    async def raised_since(self, since: Mapping[str, datetime]) -> Mapping[str, int]:
        """Watchlist -> how many alerts it has raised from its time on."""

    async def noisiest(self, watchlist: str, since: datetime) -> str:
        """The term found in most of what it has raised since; "" where nothing was."""


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


class SinkRecord(Protocol):
    """The record, what people do to sinks. Every change is one transaction with its line in the trail."""

    async def pause_sink(self, sink: str, reason: str, actor: str, now: datetime) -> SinkStatus:
        """Paused until it is resumed, whatever it was; what it is now."""

    async def resume_sink(self, sink: str, actor: str, now: datetime, *, age_limit: float) -> SinkStatus:
        """Active and without failures, whatever it was; it catches up with what waits. What is older than ``age_limit`` seconds
        by now counts its age from now, so that it is sent and does not expire."""

    async def audit(self, entry: Entry, now: datetime) -> None:
        """A line for what changes nothing else in the record."""


class Sink(Protocol):
    name: str
    #: How many deliveries of one lane ``send`` takes at once, in order (1 for a webhook).
    batch: int
    #: How many sends of one lane may be under way at a time; over 1 gives up their order.
    concurrency: int
    #: The alert log never expires and never pauses.
    never_pauses: bool

    async def start(self, recent: Callable[[int], Awaitable[Sequence[Delivery]]]) -> Sequence[Delivery]:
        """Open, repair and reconcile; returns the in-flight deliveries that turned out to be delivered already."""

    async def send(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        """One attempt at each, in order; never raises for what a receiver does."""

    async def close(self) -> None: ...


class Beating(Protocol):
    """What speaks by itself from time to time: a heartbeat, a receiver that forgets what it is not told again."""

    name: str
    #: Seconds between two beats.
    every: float

    async def beat(self) -> Answer:
        """Once; never raises for what a receiver does. What has nothing to say answers DELIVERED."""


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


# ------------------------------------------------------------------ what people do to alerts and stories
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
        """By a beginning of its id; raises UsageError where several have it."""

    async def move(self, move: StoryMove, now: datetime) -> None:
        """In one transaction, with its line in the trail. Raises DecideAgain where an alert's state is no longer what it was."""


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


# ------------------------------------------------------------------------------------ coverage, operations
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


class Watch(Protocol):
    """Coverage: told of every poll's end, decides which operations stand."""

    def succeeded(self, spec: SourceSpec, state: SourceState, *, new: int) -> None:
        """``state`` is the source's after the poll; ``new`` counts what came in."""

    def failed(self, spec: SourceSpec, state: SourceState, error: FetchError | DocumentError | Exception) -> None:
        """``state`` is the source's after the failure."""

    def forgotten(self, name: str) -> None:
        """It is no longer configured."""

    @property
    def network_down(self) -> bool: ...


class Commands(Protocol):
    async def perform(self, command: Command) -> JsonObject:
        """Raises UsageError for what cannot be done."""


# -------------------------------------------------------------------------------------- pushed articles
@dataclass(frozen=True, slots=True)
class PushedArticle:
    """One article of a push as it was written; ``document`` has no text yet where ``html`` is to be read. ``index`` as below."""

    index: int
    document: Document
    title: str = ""
    html: str = ""


@dataclass(frozen=True, slots=True)
class PushFault:
    """One article that cannot be taken; ``index`` counts the articles of a body (of lines: the lines) from 0."""

    index: int
    message: str


@dataclass(frozen=True, slots=True)
class PushReport:
    """What became of one push. ``received`` counts the articles in it, ``unchanged`` those that were pushed before just so, and
    ``sighted`` those that the record knew already, from another source or under another id."""

    received: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    sighted: int = 0
    alerts: int = 0
    faults: tuple[PushFault, ...] = ()


class PushDoor(Protocol):
    """Where documents are handed in."""

    def source_of(self, token: str) -> str | None:
        """The pushed source that this token names."""

    async def push(self, source: str, body: bytes, *, lines: bool, partial: bool = False) -> PushReport:
        """Take a JSON article or array of them, or JSON Lines; returns after the commit. Where one article cannot be taken,
        none is, unless ``partial``. Raises UsageError (no such source, paused, no JSON, too many) and MonitorError for what
        may work later."""
