"""Ports to what is read: sources, watchlists, the workers that read and match, articles that are pushed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from monitor.model import Analysis, AnalysisFailed, Document, PollResult, SourceSpec, SourceState, Span, WatchlistFacts
from monitor.ports.network import Fetched
from monitor.watchlist import Watchlist


class Source(Protocol):
    spec: SourceSpec

    async def poll(self, state: SourceState, now: datetime) -> PollResult:
        """Read what is new since ``state``; raises FetchError or DocumentError (the whole source failed)."""


class SourceList(Protocol):
    """The sources as configured, wherever that stands."""

    def stamp(self) -> str:
        """Changes with the configuration and every file it names; cheap enough for every second."""

    def read(self, *, asked: bool = False) -> Sequence[SourceSpec]:
        """Raises ConfigError with every fault. Where much is gone that nobody may have meant to take out, the sources are those of
        before and ``waiting`` says so, unless somebody ``asked`` for what stands there."""

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
    #: What was read from ``files``, where somebody has read them; else whoever compiles it does.
    read: Watchlist | None = field(default=None, compare=False, repr=False)


class Watchlists(Protocol):
    """The folder of watchlists."""

    def stamp(self) -> str:
        """Changes when any file of the folder changes (names, sizes, times); cheap enough for every second.
        Of edits of equal length in the same moment of a file system with coarse times it may not tell."""

    def read(self) -> Mapping[str, str]:
        """All files by name relative to the folder, plus ``seeds/NAME`` for test files; raises WatchlistError on unreadable ones."""


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
