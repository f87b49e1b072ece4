"""Matches and their evidence, and all that the analysis of a document comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from monitor.model.text import Zone, ZoneKind


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
    """What of a text stories compare. ``data`` is opaque to all but the story room and its maker in the text room; ``lines`` are
    its terms as the text writes them, one a line, to show in reasons, and are never stored. One string, because every article
    brings some sixty from its process and few are ever shown."""

    data: bytes
    lines: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(self.lines.split("\n")) if self.lines else ()


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
