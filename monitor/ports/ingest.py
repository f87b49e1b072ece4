"""The port to the record, as ingest and stories use it: what is known of articles, and what one transaction writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple, Protocol

from monitor.model import Alert, Article, Decision, JsonObject, Match, Notification, SourceSpec, SourceState, Story, Way, Zone
from monitor.ports.reading import StoredVersion


class Probe(NamedTuple):
    """What one document is asked for under: its key, and its aliases (the link's first, then the content's)."""

    key: str
    content_hash: str
    aliases: tuple[str, ...]


class Owner(NamedTuple):
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
    labels: Mapping[str, str] = MappingProxyType({})
    feed: str = ""


class Known(NamedTuple):
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


@dataclass(eq=False, slots=True)
class Receipt:
    """Whether one batch got into the record, for those that were decided before its commit. The record sets it where the batch's
    transaction, or its part of one, has gone through, in the order of its transactions; nobody else writes it."""

    written: bool = False

    def lost(self) -> None:
        """Its transaction did not come to its end."""
        self.written = False


@dataclass(frozen=True, slots=True)
class IngestBatch:
    """Everything one transaction writes. ``state`` is the source's new state (validators and next due time), None for
    all but the last transaction of a poll. ``lines`` are the furniture lines learnt of the source with these articles.
    ``receipt`` is this batch's own; it is refused with DecideAgain unless each it ``relies_on`` is written."""

    source: str
    articles: tuple[IngestArticle, ...]
    now: datetime
    state: SourceState | None
    sightings: tuple[Sighting, ...] = ()
    lines: tuple[str, ...] = ()
    receipt: Receipt = field(default_factory=Receipt, compare=False)
    relies_on: tuple[Receipt, ...] = field(default=(), compare=False)


class DecideAgain(Exception):
    """What a batch was judged by no longer holds: another source brought one of its articles first. Nothing was written.
    ``article`` names the one whose decision does not fit the record, where it is one."""

    def __init__(self, message: str = "", *, article: str = "") -> None:
        super().__init__(message)
        self.article = article


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
        """(watchlist, story) -> what its alert has told; absent where there is none, or where it went with its article when that
        became part of another story. One that was merged away and whose article is here lives again by what is decided now: it
        is given as closed, and as having told nothing."""

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
