"""Sources: what is asked, when, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from monitor.model.article import Document


class SourceKind(StrEnum):
    FOLDER = "folder"
    FEED = "feed"  # RSS, RDF, Atom, JSON Feed, a sitemap with news entries
    PUSH = "push"  # documents that others hand in; never polled


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """One source as configured. Durations in seconds. ``location`` is the folder's absolute path, the feed's URL, or "" for
    what is pushed. Where ``adaptive``, ``every`` holds only until a rhythm is learnt, and the learnt interval stays between
    ``least`` and ``most``. ``match`` are a folder's globs (none: all files). A first poll tells of what is younger than
    ``fresh``. ``full_text`` fetches the pages of items that are teasers. ``origin`` says, for people, which file and line
    configured it."""

    name: str
    kind: SourceKind
    location: str
    every: float
    language: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    full_text: bool = False
    important: bool = False
    adaptive: bool = False
    least: float = 300.0
    most: float = 21_600.0
    match: tuple[str, ...] = ()
    fresh: float = 86_400.0
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """A permanent redirect that is being watched: learnt at its third sight, a day or more after the first."""

    to: str
    since: datetime
    times: int


@dataclass(frozen=True, slots=True)
class SourceState:
    """What the record remembers of a source between polls. ``validators`` are opaque to all but the source's own reader:
    ETag, Last-Modified and body hash of a feed. ``failures`` counts polls failed in a row."""

    name: str
    next_due: datetime
    validators: Mapping[str, str] = field(default_factory=dict)
    last_poll: datetime | None = None
    last_success: datetime | None = None
    last_new: datetime | None = None
    failures: int = 0
    error: str = ""
    #: Learnt in place of the configured address; "" is the configured one.
    address: str = ""
    move: Move | None = None
    #: The server's wish: no request before (an operator's own excepted).
    not_before: datetime | None = None
    #: By an operator; ``paused_by`` says who and why.
    paused: datetime | None = None
    paused_by: str = ""
    #: 410: never polled again until it is resumed or given another address.
    gone: datetime | None = None
    #: The rhythm: seconds between the last 32 arrivals, oldest first.
    gaps: tuple[float, ...] = ()
    #: Digests of items read before, 8 bytes each, newest first, at most 2,000.
    known: bytes = field(default=b"", repr=False)
    #: Polls in a row that answered 200 with nothing where there used to be items, or with what is no feed.
    empty: int = 0
    #: Worker processes it has ended, in a row.
    deaths: int = 0
    #: The last body could not be read: a 304 about it heals nothing.
    broken: bool = False
    #: When the failures that stand began; None where none stand. An operator's resuming begins anew.
    failing_since: datetime | None = None

    @property
    def never_succeeded(self) -> bool:
        return self.last_success is None

    def address_of(self, spec: SourceSpec) -> str:
        return self.address or spec.location


@dataclass(frozen=True, slots=True)
class PollResult:
    """What one poll of one source brought. ``complete`` is False for a truncated body: its documents are taken, its
    validators are not. ``notes`` are things worth a log line that are not errors (a refused symbolic link, say). ``again``
    asks for the next poll after so many seconds (0: there is more to read at once; a file is still being written).
    ``wish`` is how many seconds the server asks us to stay away; ``moved`` where an unbroken run of permanent redirects led,
    "" where none; ``known`` the next ``SourceState.known`` (None: as before); ``items`` how many the body listed (None where
    nothing was read); ``pages`` is True where its documents may want their pages; ``closed`` are the hours of the week (0:
    Monday 00:00 UTC, to 167) in which the feed asks not to be polled."""

    documents: tuple[Document, ...]
    validators: Mapping[str, str]
    complete: bool = True
    unchanged: bool = False
    notes: tuple[str, ...] = ()
    again: float | None = None
    wish: float | None = None
    moved: str = ""
    known: bytes | None = None
    items: int | None = None
    pages: bool = False
    closed: frozenset[int] = frozenset()
