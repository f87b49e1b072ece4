"""What a poll brought becomes part of the record: drop what is known, analyse, decide, and write it in one transaction.

The order of the steps stands in ``Ingester.ingest``. Decisions are made against committed state, and a poll's position
(validators, next due time) is written with its last articles or not at all, so that a crash or a full disk at any moment
means the same poll again and nothing else. It speaks to ports only; it knows neither feeds nor SQL.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from monitor.errors import StorageError
from monitor.model import (
    Alert,
    AlertState,
    Analysis,
    AnalysisFailed,
    Article,
    DecisionKind,
    Document,
    JsonObject,
    Match,
    Mode,
    Notification,
    NotificationKind,
    PollResult,
    Severity,
    SourceKind,
    SourceSpec,
    SourceState,
    Story,
    WatchlistFacts,
    identity,
)
from monitor.ports import Clock, Decided, IngestArticle, IngestBatch, Meter, Operations, Store, Told, Workers
from monitor.render.payload import render_notification
from monitor.story.decide import decide

#: Articles of one transaction: a feed's first poll is one, and the writer is held for some 50 ms.
BATCH = 500
#: At a feed's first poll, items older than this are kept and not told (DESIGN.md §7).
FRESH = timedelta(hours=24)

log = structlog.get_logger()


class Router(Protocol):
    """The routes in force: which sinks a notification goes to."""

    def __call__(self, *, facts: WatchlistFacts, severity: Severity, article: Article, match: Match) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class IngestReport:
    """``articles`` counts new and changed ones."""

    articles: int = 0
    matches: int = 0
    notifications: int = 0
    failed: int = 0

    def __add__(self, other: IngestReport) -> IngestReport:
        return IngestReport(
            self.articles + other.articles,
            self.matches + other.matches,
            self.notifications + other.notifications,
            self.failed + other.failed,
        )


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the decisions of one transaction are made against."""

    spec: SourceSpec
    now: datetime
    first_poll: bool
    facts: Mapping[str, WatchlistFacts]
    told: Mapping[tuple[str, str], Told]


class Ingester:
    """``facts`` gives the watchlists by id, those just replaced included; ``announce`` shows a committed notification's
    document to a person; ``wake`` tells the deliverer that there is something to send."""

    def __init__(
        self,
        store: Store,
        workers: Workers,
        *,
        route: Router,
        facts: Callable[[], Mapping[str, WatchlistFacts]],
        clock: Clock,
        meter: Meter,
        operations: Operations,
        announce: Callable[[JsonObject], None] = lambda document: None,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._workers = workers
        self._route = route
        self._facts = facts
        self._clock = clock
        self._meter = meter
        self._operations = operations
        self._announce = announce
        self._wake = wake

    async def ingest(self, spec: SourceSpec, before: SourceState, after: SourceState, result: PollResult) -> IngestReport:
        """Everything ``result`` brought that is not known yet, and with it ``after`` as the source's state.

        Raises StorageError where the record cannot be written, MonitorError where nothing can be analysed now; the
        source's position then stays where it was."""
        report = IngestReport()
        try:
            new = await self._unknown(spec, result.documents)
            first_poll = spec.kind is SourceKind.FEED and before.never_succeeded
            if new:
                after = replace(after, last_new=after.last_poll)
            for start in range(0, len(new), BATCH):
                batch = new[start : start + BATCH]
                last = start + BATCH >= len(new)
                report += await self._batch(spec, batch, after if last else None, first_poll=first_poll)
            if not new:
                await self._store.save_source(after)
        except StorageError as error:
            self._meter.count("storage_errors_total")
            self._operations.raise_("storage", f"the record cannot be written, and polling waits: {error.message}")
            raise
        self._operations.close("storage")
        return report

    async def _unknown(self, spec: SourceSpec, documents: Sequence[Document]) -> list[tuple[Document, str]]:
        """(document, content hash) of what is new or changed; of a key that comes twice, the first."""
        unique: dict[str, Document] = {}
        for document in documents:
            unique.setdefault(document.key, document)
        if not unique:
            return []
        seen = await self._store.seen(spec.name, list(unique))
        hashed = [(document, content_hash(document)) for document in unique.values()]
        return [(document, hash_) for document, hash_ in hashed if seen.get(document.key) != hash_]

    async def _batch(
        self, spec: SourceSpec, batch: Sequence[tuple[Document, str]], state: SourceState | None, *, first_poll: bool
    ) -> IngestReport:
        """One transaction: analyse, look up what was told, decide, write; then tell."""
        analyses = await self._workers.analyse([document for document, _ in batch])
        facts = self._facts()
        told = await self._told(spec, batch, analyses, facts)
        ground = _Ground(spec, self._clock.now(), first_poll, facts, told)
        articles = [self._article(document, hash_, analysis, ground) for (document, hash_), analysis in zip(batch, analyses, strict=True)]
        await self._store.ingest(IngestBatch(spec.name, tuple(articles), ground.now, state))
        return self._after_commit(spec, articles)

    async def _told(
        self,
        spec: SourceSpec,
        batch: Sequence[tuple[Document, str]],
        analyses: Sequence[Analysis | AnalysisFailed],
        facts: Mapping[str, WatchlistFacts],
    ) -> Mapping[tuple[str, str], Told]:
        pairs = [
            (match.watchlist, article_id(spec.name, document.key))
            for (document, _), analysis in zip(batch, analyses, strict=True)
            if isinstance(analysis, Analysis)
            for match in analysis.matches
            if match.watchlist in facts
        ]
        return await self._store.told(pairs) if pairs else {}

    # ------------------------------------------------------------------------------------- one article
    def _article(self, document: Document, hash_: str, analysis: Analysis | AnalysisFailed, ground: _Ground) -> IngestArticle:
        """Never raises: an article that cannot be analysed or told of is stored as such, and does not hold up its source."""
        if isinstance(analysis, Analysis):
            try:
                article = _stored(document, analysis, ground)
                decided = tuple(
                    self._decided(article, match, analysis, ground)
                    for match in analysis.matches
                    if match.watchlist in ground.facts and ground.facts[match.watchlist].mode is not Mode.OFF
                )
                return IngestArticle(article, document.text, analysis.zones, hash_, analysis.engine, decided=decided)
            except Exception as error:  # whatever it is, it is this article's alone
                reason = f"{type(error).__name__}: {error}"[:500]
        else:
            reason = analysis.reason
        return IngestArticle(_stored(document, None, ground), document.text, (), hash_, failed=reason)

    def _decided(self, article: Article, match: Match, analysis: Analysis, ground: _Ground) -> Decided:
        # Until stories are built, each article is its own.
        story = Story(article.id, article.id)
        facts, told, now = ground.facts[match.watchlist], ground.told.get((match.watchlist, story.id)), ground.now
        stale = ground.first_poll and article.published is not None and article.published < now - FRESH
        decision = decide(told, match, facts, language=analysis.language, stale=stale)
        if decision.kind not in (DecisionKind.RAISE, DecisionKind.UPDATE):
            return Decided(match, decision, story, alert=told.alert if told else None)
        if told is None:
            kind = NotificationKind.RAISED
            id_ = alert_id(match.watchlist, article.id)
            alert = Alert(id_, match.watchlist, story.id, match.severity, AlertState.OPEN, facts.labels, now, now)
        else:
            kind = NotificationKind.UPDATED
            alert = replace(told.alert, severity=max(told.alert.severity, match.severity, key=lambda severity: severity.rank), updated=now)
        notification_id = identity(alert.id, str(told.notifications if told else 0))
        payload = render_notification(
            notification_id=notification_id,
            kind=kind,
            reason=decision.reason,
            created=now,
            alert=alert,
            story=story,
            article=article,
            match=match,
            facts=facts,
            engine=analysis.engine,
        )
        notification = Notification(notification_id, alert.id, kind, decision.reason, match.severity, now, payload)
        sinks = self._route(facts=facts, severity=match.severity, article=article, match=match)
        return Decided(match, decision, story, alert, notification, sinks)

    # ------------------------------------------------------------------------------------- after the commit
    def _after_commit(self, spec: SourceSpec, articles: Sequence[IngestArticle]) -> IngestReport:
        matches = notifications = failed = 0
        for stored in articles:
            key = f"article:{stored.article.id}"
            if stored.failed:
                failed += 1
                self._meter.count("articles_failed_total", source=spec.name)
                self._operations.raise_(key, f"an article of {spec.name} could not be analysed and is stored unmatched: {stored.failed}")
                log.warning("article_failed", source=spec.name, article=stored.article.id, key=stored.article.key, reason=stored.failed)
            else:
                self._operations.close(key)
            for decided in stored.decided:
                matches += 1
                self._meter.count("matches_total", watchlist=decided.match.watchlist, reason=decided.decision.reason.value)
                if decided.notification is not None:
                    notifications += 1
                    self._told_of(decided, decided.notification)
        self._meter.count("articles_ingested_total", len(articles), source=spec.name)
        if notifications:
            self._wake()
        return IngestReport(len(articles), matches, notifications, failed)

    def _told_of(self, decided: Decided, notification: Notification) -> None:
        self._meter.count("notifications_total", watchlist=decided.match.watchlist, kind=notification.kind.value)
        log.info(
            "notification",
            watchlist=decided.match.watchlist,
            alert=notification.alert,
            kind=notification.kind.value,
            reason=notification.reason.value,
            severity=notification.severity.value,
            sinks=list(decided.sinks),
        )
        try:
            self._announce(json.loads(notification.payload))
        except Exception:  # a terminal that went away must not stop what is already in the record
            log.warning("announce_failed", alert=notification.alert, exc_info=True)


def _stored(document: Document, analysis: Analysis | None, ground: _Ground) -> Article:
    """The article as the record keeps it; without an analysis, with the title its source knew."""
    known = document.text[document.title.start : document.title.end] if document.title else ""
    return Article(
        id=article_id(ground.spec.name, document.key),
        source=ground.spec.name,
        key=document.key,
        url=document.url,
        title=analysis.title if analysis else known,
        language=analysis.language if analysis else "und",
        published=document.published,
        fetched=ground.now,
        text_hash=analysis.text_hash if analysis else hashlib.sha256(document.text.encode("utf-8", "replace")).hexdigest(),
        labels=document.labels,
        notes=document.notes,
    )


def article_id(source: str, key: str) -> str:
    return identity(source, key)


def alert_id(watchlist: str, first_article: str) -> str:
    return identity(watchlist, first_article)


def content_hash(document: Document) -> str:
    """What the record remembers of an item to know it unchanged: title and text are one here."""
    digest = hashlib.sha256()
    title = document.text[document.title.start : document.title.end] if document.title else ""
    for part in (title, document.text, document.url):
        raw = part.encode("utf-8", "replace")
        digest.update(f"{len(raw)}:".encode() + raw)
    return digest.hexdigest()
