"""What is held of a poll on its way into the record: how far it came, what is decided of a batch, and what came of it.

Plain values and what follows from them alone; every step and every wait stands in ``ingest``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from monitor.flow.decision import page_failed
from monitor.flow.identity import Kind, Verdict, grown, remembered
from monitor.flow.rhythm import arrived
from monitor.flow.stories import Placed
from monitor.flow.turn import Handed
from monitor.model import Analysis, AnalysisFailed, Article, Document, SourceSpec, SourceState, WatchlistFacts
from monitor.ports import IngestBatch, Membership, Sighting

#: A document that is written: what it is, its analysis, the article it becomes, and its story.
Found: TypeAlias = tuple[Verdict, Analysis | AnalysisFailed, Article, Membership | None]


@dataclass(frozen=True, slots=True)
class IngestReport:
    """``articles`` counts new and changed ones, ``edited`` the latter; ``sighted`` were articles known from elsewhere, or under
    another key; ``unchanged`` are the rest of what the source listed."""

    articles: int = 0
    matches: int = 0
    notifications: int = 0
    failed: int = 0
    edited: int = 0
    sighted: int = 0
    unchanged: int = 0

    @property
    def new(self) -> int:
        return self.articles - self.edited

    def __add__(self, other: IngestReport) -> IngestReport:
        return IngestReport(
            self.articles + other.articles,
            self.matches + other.matches,
            self.notifications + other.notifications,
            self.failed + other.failed,
            self.edited + other.edited,
            self.sighted + other.sighted,
            self.unchanged + other.unchanged,
        )


@dataclass(slots=True)
class Poll:
    """One poll's way through: what came of it so far."""

    spec: SourceSpec
    after: SourceState
    documents: Sequence[Document]
    first: bool
    report: IngestReport = field(default_factory=IngestReport)
    pages: dict[str, Document] = field(default_factory=dict)  # by key: fetched once, however often the poll is judged
    brought: bool = False  # something its readers have not had
    #: What came of the documents that are being decided, by key: decided again, they are not analysed again.
    analysed: dict[str, tuple[Document, Analysis | AnalysisFailed]] = field(default_factory=dict)
    unfit: Counter[str] = field(default_factory=Counter)  # article -> times that what is told of it did not fit the record
    aside: dict[str, str] = field(default_factory=dict)  # article -> why nothing is told of it
    judged_at: int = 0  # what had been handed over when the record was asked what it knows
    refused: int = 0  # times that it was decided by what did not hold: then it goes on with nothing that is still under way
    singly: bool = False  # a part contradicted the record: each article is written by itself, to find the one

    def state(self) -> SourceState:
        return arrived(self.after) if self.brought else self.after


@dataclass(frozen=True, slots=True)
class Asked:
    """What decisions turn on: (watchlist, story) of every match, the articles that were edited, and the stories of both."""

    facts: Mapping[str, WatchlistFacts]
    pairs: list[tuple[str, str]]
    edited: list[str]
    stories: frozenset[str]

    @property
    def nothing(self) -> bool:
        return not self.pairs and not self.edited

    def counted(self) -> frozenset[str]:
        """The watchlists among them whose alerts are counted, as a turn names them."""
        return frozenset(f"alerts of {name}" for name, _ in self.pairs if self.facts[name].max_alerts is not None)


@dataclass(frozen=True, slots=True)
class Before:
    """What was looked up before the turn: the stories of articles that have one, as of when somebody last had the turn alone."""

    stories: Mapping[str, str]
    alone: int


@dataclass(frozen=True, slots=True)
class Decided:
    """What is to be written, and where its articles stand among stories."""

    batch: IngestBatch
    placed: Placed
    handed: Handed


def asked(found: Sequence[Found], facts: Mapping[str, WatchlistFacts]) -> Asked:
    pairs = [
        (match.watchlist, place.story if place else article.id)
        for _, analysis, article, place in found
        if isinstance(analysis, Analysis)
        for match in analysis.matches
        if match.watchlist in facts
    ]
    edited = {article.id: place.story if place else article.id for verdict, _, article, place in found if verdict.kind is Kind.EDITED}
    return Asked(facts, pairs, list(edited), frozenset(edited.values()).union(story for _, story in pairs))


def with_page(verdict: Verdict, document: Document) -> Verdict:
    """The verdict after the pages: an edit that hung on its page is one only where the page came."""
    settled = verdict if document is verdict.document else verdict._replace(document=document)
    if verdict.kind is not Kind.EDITED or verdict.owner is None:
        return settled
    in_vain = verdict.tries > 0 and page_failed(document)
    if in_vain or (verdict.if_grown and not grown(document, verdict.owner)):
        return settled._replace(kind=Kind.SIGHTED)
    return settled


def sighting(verdict: Verdict) -> Sighting:
    failed = page_failed(verdict.document)
    return Sighting(verdict.document.key, remembered(verdict, failed=failed), verdict.article, verdict.aliases)


def brings(verdict: Verdict) -> bool:
    """Whether a reader of this source alone would call it new: its own articles, and another source's that it has now."""
    return verdict.kind is not Kind.SIGHTED or (verdict.foreign and not verdict.tries)
