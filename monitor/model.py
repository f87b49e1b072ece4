"""The frozen types that travel through the house, in the order an article meets them.

This room knows no clock, file or network: a value here is valid by construction and says its units. Offsets are always
Unicode code points of the article's one text; times are always aware and in UTC; durations are seconds unless said. What
an article has hundreds of (spans, sentences, hits) is a named tuple, which costs a third of a data class to make.
The words are those of DESIGN.md §2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple


def identity(*parts: str) -> str:
    """32 hex digits of SHA-256 over the parts: the id of an article is that of its source and key, and so on. The parts are
    length-prefixed, so that no two lists of parts run together alike."""
    raws = [part.encode() for part in parts]
    return hashlib.sha256(b"".join([b"%d:%b" % (len(raw), raw) for raw in raws])).hexdigest()[:32]


# --------------------------------------------------------------------------------------------- text
class Span(NamedTuple):
    """``[start, end)`` in code points of the article's text."""

    start: int
    end: int


class ZoneKind(StrEnum):
    TITLE = "title"
    LEAD = "lead"  # the first body paragraph
    BODY = "body"  # the rest of the body; a query's ``body:`` includes the lead
    FURNITURE = "furniture"  # menus, related headlines, notices: kept, never matched


class Zone(NamedTuple):
    kind: ZoneKind
    start: int
    end: int


class Sentence(NamedTuple):
    """One sentence outside furniture; ``paragraph`` counts from 0 (the title is a paragraph of its own)."""

    start: int
    end: int
    zone: ZoneKind
    paragraph: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What a text is made of. Zones are sorted, disjoint and cover every character that is not white space;
    sentences are sorted, disjoint and lie inside the zones that are not furniture."""

    zones: tuple[Zone, ...]
    sentences: tuple[Sentence, ...]
    title: str


# ----------------------------------------------------------------------------------------- articles
@dataclass(frozen=True, slots=True)
class Document:
    """One document as a source read it, before analysis: the one text is final from here on.

    ``key`` identifies it within its source for ever (path below the folder, guid, link, external id).
    ``title`` is the title's span where the source knows it (a feed item); None lets the layout find it.
    ``notes`` name what was done to the text on the way in: ``nul``, ``surrogates``, ``encoding:windows-1256``, ``html``, ``cut``.
    ``learnt`` are the furniture lines its source was seen to repeat and that stand in this text (keys of ``text.phrases.key``);
    the ingester sets them. ``page`` is the address of the item's page where the item is a teaser and its page may be fetched.
    ``link`` is the canonical link, "" where the item has none of its own (it shares it, or it is the site's front page).
    """

    source: str
    key: str
    text: str
    title: Span | None = None
    url: str = ""
    published: datetime | None = None
    published_raw: str = ""
    language_hint: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    learnt: tuple[str, ...] = ()
    page: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a query's filters ask about an article: ``lang()``, ``source()``, ``label()``."""

    language: str = "und"  # ISO 639-1, or ``und``
    source: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Article:
    """One published text, stored. ``id`` is 32 hex digits of SHA-256 over (source, key); ``text_hash`` SHA-256 hex of the text in UTF-8."""

    id: str
    source: str
    key: str
    url: str
    title: str
    language: str
    published: datetime | None
    fetched: datetime
    text_hash: str
    labels: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


# ----------------------------------------------------------------------------------------- matching
class Severity(StrEnum):
    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 (info) to 4 (critical)."""
        return list(Severity).index(self)


class Mode(StrEnum):
    LIVE = "live"
    SHADOW = "shadow"  # recorded, not sent
    OFF = "off"


class Stance(StrEnum):
    """How the evidence sentence speaks of it; a label, never a filter."""

    REPORTED = "reported"
    ALLEGED = "alleged"
    DENIED = "denied"
    PLANNED = "planned"
    CONDITIONAL = "conditional"


@dataclass(frozen=True, slots=True)
class Entity:
    id: str
    name: str
    list: str


class Hit(NamedTuple):
    """One term found at one span; ``text == article_text[start:end]``. A hit covers whole graphic words."""

    group: str
    term: str
    start: int
    end: int
    text: str
    entity: Entity | None = None


class Evidence(NamedTuple):
    """One passage (whole sentences) that made a clause true; ``quote == article_text[start:end]``, hits inside it, sorted."""

    start: int
    end: int
    quote: str
    zone: ZoneKind
    stance: Stance
    clause: str
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """One article satisfying one watchlist's query. ``version`` is the watchlist version's hash; evidence is never empty. ``total``
    is how many passages there were, where that is more than is kept (0: all are)."""

    watchlist: str
    version: str
    severity: Severity
    stances: tuple[Stance, ...]
    evidence: tuple[Evidence, ...]
    total: int = 0


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What of a text stories compare. ``data`` is opaque to all but the story room and its maker in the text room; ``words`` are
    its terms as the text writes them, to show in reasons, and are never stored."""

    data: bytes
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that is found in one document's text under one generation of watchlists. ``fingerprint`` is None where the text says
    too little to be told from others by it."""

    text_hash: str
    language: str
    title: str
    zones: tuple[Zone, ...]
    matches: tuple[Match, ...]
    engine: str  # engine version
    fingerprint: Fingerprint | None = None


@dataclass(frozen=True, slots=True)
class AnalysisFailed:
    """The document could not be analysed (worker killed at its limit, or an error); it is stored as such."""

    reason: str


@dataclass(frozen=True, slots=True)
class WatchlistFacts:
    """What the flow must know of a watchlist in force to raise its alerts; the compiled form stays in the match room.
    ``max_alerts`` is how many in how many seconds (None: as many as there are)."""

    id: str
    version: str
    title: str
    description: str
    owner: str
    severity: Severity
    labels: Mapping[str, str]
    mode: Mode
    max_alerts: tuple[int, float] | None = None


# ------------------------------------------------------------------------------------ stories, alerts
class AlertState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class Disposition(StrEnum):
    """What a person who closed an alert found it to be."""

    TRUE = "true"
    FALSE = "false"
    DUPLICATE = "duplicate"
    NOT_RELEVANT = "not_relevant"


class DecisionKind(StrEnum):
    RAISE = "raise"
    UPDATE = "update"
    CORRECT = "correct"  # an edit took back what was told
    REOPEN = "reopen"  # a closed alert has news
    THREAD = "thread"  # joins its story silently
    QUIET = "quiet"

    @property
    def tells(self) -> bool:
        """Whether people are told something by it."""
        return self not in {DecisionKind.THREAD, DecisionKind.QUIET}


class Reason(StrEnum):
    """Why a match was told or not told."""

    FIRST_MATCH = "first_match"
    NEW_EVIDENCE = "new_evidence"
    STANCE_CHANGED = "stance_changed"
    SEVERITY_RAISED = "severity_raised"
    NEW_LANGUAGE = "new_language"
    NEW_SOURCES = "new_sources"
    CORRECTION = "correction"
    ALREADY_TOLD = "already_told"
    SHADOW = "shadow"
    STALE = "stale"  # a feed's first poll, older than the freshness window
    SILENCED = "silenced"
    HELD_BACK = "held_back"
    BY_HAND = "by_hand"  # closed or reopened by a person
    MERGED = "merged"  # its story became part of another
    DIGEST = "digest"  # told together with others
    SILENCE_ENDED = "silence_ended"


@dataclass(frozen=True, slots=True)
class Decision:
    """``by`` is who or what is behind it (a silence's id, the limit that held it back), "" where the reason says all."""

    kind: DecisionKind
    reason: Reason
    by: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """Articles that tell the same event; ``id`` is the id of the article that began it. What is known of its articles so far, for
    messages: how many (0: not known), the outlets in order of arrival (at most ``OUTLETS``) and how many there are, the
    languages, and the address of the first article."""

    id: str
    first_article: str
    articles: int = 0
    outlets: tuple[str, ...] = ()
    outlet_count: int = 0
    languages: tuple[str, ...] = ()
    first_url: str = ""


#: Outlets of a story that are named; the others are only counted.
OUTLETS = 50


@dataclass(frozen=True, slots=True)
class Alert:
    """One watchlist × one story. ``id``: 32 hex digits of SHA-256 over (watchlist, first article id), minted once. ``disposition``
    and ``comment`` are those of the person who closed it, ``changed_by`` is who changed its state last ("": nobody has).
    ``merged_into`` is the alert that stands for it since their stories were merged."""

    id: str
    watchlist: str
    story: str
    severity: Severity
    state: AlertState
    labels: Mapping[str, str]
    raised: datetime
    updated: datetime
    disposition: Disposition | None = None
    comment: str = ""
    changed_by: str = ""
    merged_into: str = ""


class NotificationKind(StrEnum):
    RAISED = "raised"
    UPDATED = "updated"
    CORRECTED = "corrected"
    CLOSED = "closed"
    REOPENED = "reopened"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Notification:
    """One thing worth telling about an alert, or about an operation (``alert`` is "" then). ``id``: 32 hex digits of
    SHA-256 over (alert id, ordinal). ``members`` are the notifications that a digest tells of.
    ``payload`` is the CloudEvents document as UTF-8 JSON, rendered once; every sink and attempt sends these bytes."""

    id: str
    alert: str
    kind: NotificationKind
    reason: Reason
    severity: Severity
    created: datetime
    payload: bytes
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Silence:
    """What people asked not to be told of for a while. ``matchers`` are conditions as a route's, every one of which must hold:
    ``{"watchlist": ("arms",), "source": ("wire", "radio")}``. ``expired`` is when a person ended it before its time.
    ``muted`` counts the notifications it has held; ``reported`` is when its idleness was told, ``summed`` when its summary was."""

    id: str  # 8 hex digits
    matchers: Mapping[str, tuple[str, ...]]
    author: str
    comment: str
    created: datetime
    starts: datetime
    ends: datetime
    expired: datetime | None = None
    expired_by: str = ""
    muted: int = 0
    last_muted: datetime | None = None
    reported: datetime | None = None
    summed: datetime | None = None


# ----------------------------------------------------------------------------------------- deliveries
@dataclass(frozen=True, slots=True)
class Way:
    """One sink that a notification goes to, and the route that sent it there (``routes[2]`` where it has no name of its own).

    Where ``until`` is set the delivery is held so long, under the key ``hold``, which says why and what it is told together
    with: ``digest:ROUTE``, ``silence:ID``, ``max_alerts:WATCHLIST``, ``quiet``, ``rate``, ``backlog``, ``operator``."""

    sink: str
    route: str = ""
    until: datetime | None = None
    hold: str = ""


class DeliveryState(StrEnum):
    HELD = "held"  # not yet to be sent; it holds up no other
    PENDING = "pending"
    INFLIGHT = "inflight"
    DELIVERED = "delivered"  # final
    DEAD = "dead"  # final but for an operator's replay
    EXPIRED = "expired"  # final but for an operator's replay
    CANCELLED = "cancelled"  # final


class SinkState(StrEnum):
    ACTIVE = "active"
    FAILING = "failing"  # its breaker is open after failures in a row: one probe at a time
    PAUSED = "paused"  # 3xx, 401, 403, 404 or an operator: deliveries kept, probed every hour
    DISABLED = "disabled"  # 410: deliveries kept, not probed


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification × one sink. ``sequence`` counts from 1 per sink; ``attempts`` those already finished or begun;
    ``alert`` is "" where an operation is told. ``reason`` says why it is held (the hold's key), dead, expired or cancelled;
    ``told_in`` is the digest that tells of it. ``progress`` is its sink's own, opaque to all others: whom it has reached
    already where one delivery has several recipients."""

    notification: str
    sink: str
    alert: str
    severity: Severity
    sequence: int
    state: DeliveryState
    attempts: int
    due: datetime
    created: datetime
    payload: bytes
    route: str = ""
    reason: str = ""
    told_in: str = ""
    #: When a person last had it sent again.
    replayed: datetime | None = None
    progress: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def since(self) -> datetime:
        """From when its age counts."""
        return self.replayed or self.created

    @property
    def webhook_id(self) -> str:
        """The same on every attempt, so that receivers can drop duplicates (DESIGN.md §7)."""
        return f"msg_{self.notification}_{self.sink}"


class AnswerKind(StrEnum):
    """What a sink made of one attempt; the one loop in flow/deliver owns what follows from it."""

    DELIVERED = "delivered"
    RETRY = "retry"  # network, timeout, 408, 425, 429, 5xx
    PAUSE = "pause"  # 3xx, 401, 403, 404: the sink is misconfigured
    DISABLE = "disable"  # 410
    REFUSED = "refused"  # other 4xx: this one message is not wanted
    POISON = "poison"  # it cannot be rendered for this sink: dead at once


@dataclass(frozen=True, slots=True)
class Answer:
    """``status`` is the HTTP status (None where there was none); ``detail`` is safe to print: no secret, no control character.
    ``retry_after`` in seconds where the receiver asked for a wait. ``progress`` is the delivery's from now on (None: as it was)."""

    kind: AnswerKind
    detail: str = ""
    status: int | None = None
    retry_after: float | None = None
    progress: Mapping[str, Any] | None = field(default=None, hash=False)


# ------------------------------------------------------------------------------------------- sources
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


# ---------------------------------------------------------------------------------------- operations
@dataclass(frozen=True, slots=True)
class Operation:
    """An alarm about the daemon itself: raised once under ``key`` (``source:NAME``, ``sink:NAME``, ``sink:NAME:undelivered``,
    ``watchlist:ID``, ``watchlist:ID:noisy``, ``article:ID``, ``language:CODE``, ``silence:ID``, ``story``, ``network``,
    ``storage``), closed when it heals. ``told`` ones also go to people through
    the routes. ``subject`` is the source or sink it is about ("" for the daemon): a sink is not told of itself."""

    key: str
    message: str
    raised: datetime
    severity: Severity = Severity.MEDIUM
    told: bool = False
    subject: str = ""


JsonObject = dict[str, Any]


# ------------------------------------------------------------------------------------------ commands
@dataclass(frozen=True, slots=True)
class Command:
    """One thing a person asks: the same object from the CLI, the control socket, later the API and signed links. ``name`` is
    ``sources.poll``, ``sources.pause``, ``sources.resume``, ``ingest`` and so on; ``actor`` is ``DOOR:WHO`` (``cli:alice``,
    ``token:wire``)."""

    name: str
    arguments: JsonObject
    actor: str

    @property
    def door(self) -> str:
        """Through what it was given: ``cli``, ``token``."""
        return self.actor.partition(":")[0]

    @property
    def who(self) -> str:
        return self.actor.partition(":")[2]
