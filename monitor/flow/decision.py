"""One article and its analysis become what one transaction writes of it: the article, its matches and what is told.

The order of steps and every wait stand in ``flow/ingest.py``; here nothing waits and nothing fails: an article that cannot
be told of is stored as such. This module must not know how anything is stored or sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from monitor.flow.identity import Verdict, remembered
from monitor.flow.route import About
from monitor.model import (
    Alert,
    AlertState,
    Analysis,
    AnalysisFailed,
    Article,
    Document,
    Match,
    Mode,
    Notification,
    NotificationKind,
    SourceSpec,
    Story,
    WatchlistFacts,
    Way,
    identity,
)
from monitor.ports import Decided, IngestArticle, Told
from monitor.render.payload import render_notification
from monitor.story.decide import decide


class Router(Protocol):
    """The routes in force: the ways a notification goes."""

    def __call__(self, about: About, /) -> tuple[Way, ...]: ...


@dataclass(frozen=True, slots=True)
class Ground:
    """What the decisions of one transaction are made against."""

    spec: SourceSpec
    now: datetime
    first_poll: bool
    facts: Mapping[str, WatchlistFacts]
    told: Mapping[tuple[str, str], Told]
    route: Router


def is_stale(published: datetime | None, spec: SourceSpec, now: datetime) -> bool:
    """Whether a first poll keeps this to itself: it was published before the freshness window."""
    return published is not None and published < now - timedelta(seconds=spec.fresh)


def page_failed(document: Document) -> bool:
    return "page:failed" in document.notes


def ingested(verdict: Verdict, analysis: Analysis | AnalysisFailed, ground: Ground) -> IngestArticle:
    """Never raises: what cannot be analysed or told of is stored as such, and does not hold up its source."""
    if isinstance(analysis, Analysis):
        try:
            article = _stored(verdict, analysis, ground)
            decided = tuple(
                _decided(article, match, analysis, ground)
                for match in analysis.matches
                if match.watchlist in ground.facts and ground.facts[match.watchlist].mode is not Mode.OFF
            )
            return _written(verdict, article, ground, analysis=analysis, decided=decided)
        except Exception as error:  # whatever it is, it is this article's alone
            reason = f"{type(error).__name__}: {error}"[:500]
    else:
        reason = analysis.reason
    return _written(verdict, _stored(verdict, None, ground), ground, failed=reason)


def _written(
    verdict: Verdict,
    article: Article,
    ground: Ground,
    *,
    analysis: Analysis | None = None,
    decided: tuple[Decided, ...] = (),
    failed: str = "",
) -> IngestArticle:
    document = verdict.document
    elsewhere = (ground.spec.name, document.key) != (article.source, article.key)
    return IngestArticle(
        article=article,
        text=document.text,
        zones=analysis.zones if analysis else (),
        content_hash=remembered(verdict, failed=page_failed(document)),
        engine=analysis.engine if analysis else "",
        failed=failed,
        decided=decided,
        seen_key=document.key if elsewhere else "",
        seen_source=ground.spec.name if elsewhere else "",
        aliases=verdict.aliases,
    )


def _stored(verdict: Verdict, analysis: Analysis | None, ground: Ground) -> Article:
    """The article as the record keeps it; without an analysis, with the title its source knew. What another source owns
    keeps that source's address, date and labels."""
    document, owner = verdict.document, verdict.owner if verdict.foreign else None
    known = document.text[document.title.start : document.title.end] if document.title else ""
    return Article(
        id=verdict.article,
        source=verdict.source,
        key=verdict.key,
        url=owner.url if owner else document.url,
        title=analysis.title if analysis else known,
        language=analysis.language if analysis else "und",
        published=owner.published if owner else document.published,
        fetched=ground.now,
        text_hash=analysis.text_hash if analysis else hashlib.sha256(document.text.encode("utf-8", "replace")).hexdigest(),
        labels=owner.labels if owner else document.labels,
        notes=document.notes,
    )


def _decided(article: Article, match: Match, analysis: Analysis, ground: Ground) -> Decided:
    # Until stories are built, each article is its own.
    story = Story(article.id, article.id)
    facts, told, now = ground.facts[match.watchlist], ground.told.get((match.watchlist, story.id)), ground.now
    stale = ground.first_poll and is_stale(article.published, ground.spec, now)
    decision = decide(told, match, facts, language=analysis.language, stale=stale)
    if not decision.kind.tells:
        return Decided(match, decision, story, alert=told.alert if told else None)
    if told is None:
        kind = NotificationKind.RAISED
        alert = Alert(
            alert_id(match.watchlist, article.id), match.watchlist, story.id, match.severity, AlertState.OPEN, facts.labels, now, now
        )
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
    ways = ground.route(About(facts, match.severity, article, match, alert, story, now))
    return Decided(match, decision, story, alert, notification, ways)


def article_id(source: str, key: str) -> str:
    return identity(source, key)


def alert_id(watchlist: str, first_article: str) -> str:
    return identity(watchlist, first_article)
