"""Small articles, decisions and batches for the store's tests; every id is derived, so that a repeat is a repeat."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from monitor.model import (
    Alert,
    AlertState,
    Answer,
    AnswerKind,
    Article,
    Decision,
    DecisionKind,
    Delivery,
    DeliveryState,
    Entity,
    Evidence,
    Hit,
    Match,
    Notification,
    NotificationKind,
    Reason,
    Severity,
    SourceState,
    Stance,
    Story,
    Way,
    Zone,
    ZoneKind,
    identity,
)
from monitor.ports import Decided, DeliveryResult, IngestArticle, IngestBatch, Probe
from monitor.store import SqlStore

T = TypeVar("T")

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TITLE = "صفقة أسلحة محتملة"
QUOTE = "وهناك صفقة محتملة لتزويد موسكو بالسلاح."


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def digest(*parts: object, length: int = 32) -> str:
    """Of 32 digits as ids are made."""
    if length == 32:
        return identity(*map(str, parts))
    return hashlib.sha256("\x00".join(map(str, parts)).encode()).hexdigest()[:length]


def with_store(folder: Path, work: Callable[[SqlStore], Awaitable[T]], **options: Any) -> T:
    """Open, do, close: one life of a daemon."""

    async def life() -> T:
        store = await SqlStore.open(folder, **options)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(life())


def article(key: str = "a", *, source: str = "samples", body: str = QUOTE, language: str = "ar") -> Article:
    text = f"{TITLE}\n\n{body}"
    return Article(
        id=digest(source, key),
        source=source,
        key=key,
        url=f"https://example.org/{key}",
        title=TITLE,
        language=language,
        published=NOW - timedelta(hours=1),
        fetched=NOW,
        text_hash=digest(text, length=64),
        labels={"country": "EG"},
        notes=("html",),
    )


def found(
    watchlist: str = "arms", *, body: str = QUOTE, group: str = "deal", stance: Stance = Stance.PLANNED, severity: Severity = Severity.HIGH
) -> Match:
    start = len(TITLE) + 2
    hit = Hit(
        group=group, term="صفقة", start=start + 6, end=start + 10, text="صفقة", entity=Entity(id="ru", name="موسكو", list="customers")
    )
    passage = Evidence(
        start=start, end=start + len(body), quote=body, zone=ZoneKind.LEAD, stance=stance, clause=f"{group} NEAR/10 weapon", hits=(hit,)
    )
    return Match(watchlist=watchlist, version=digest(watchlist, "v1", length=64), severity=severity, stances=(stance,), evidence=(passage,))


def raised(article_: Article, match: Match, sinks: Sequence[str] = ("log", "desk"), *, ordinal: int = 0) -> Decided:
    """A raise, or the ``ordinal``-th thing told of the same alert."""
    alert_id = digest(match.watchlist, article_.id)
    first = ordinal == 0
    kind = NotificationKind.RAISED if first else NotificationKind.UPDATED
    reason = Reason.FIRST_MATCH if first else Reason.NEW_EVIDENCE
    payload = json.dumps({"alert": alert_id, "ordinal": ordinal, "title": article_.title}, ensure_ascii=False).encode()
    return Decided(
        match=match,
        decision=Decision(DecisionKind.RAISE if first else DecisionKind.UPDATE, reason),
        story=Story(id=article_.id, first_article=article_.id),
        alert=Alert(
            id=alert_id,
            watchlist=match.watchlist,
            story=article_.id,
            severity=match.severity,
            state=AlertState.OPEN,
            labels={"topic": "proliferation"},
            raised=NOW,
            updated=NOW + timedelta(minutes=ordinal),
        ),
        notification=Notification(
            id=digest(alert_id, ordinal), alert=alert_id, kind=kind, reason=reason, severity=match.severity, created=NOW, payload=payload
        ),
        ways=tuple(map(Way, sinks)),
    )


def quiet(article_: Article, match: Match, kind: DecisionKind = DecisionKind.QUIET, reason: Reason = Reason.STALE) -> Decided:
    return Decided(match=match, decision=Decision(kind, reason), story=Story(id=article_.id, first_article=article_.id))


def item(article_: Article, *decided: Decided, body: str = QUOTE, failed: str = "") -> IngestArticle:
    text = f"{TITLE}\n\n{body}"
    return IngestArticle(
        article=article_,
        text=text,
        zones=(Zone(ZoneKind.TITLE, 0, len(TITLE)), Zone(ZoneKind.LEAD, len(TITLE) + 2, len(text))),
        content_hash=digest(article_.title, text, length=64),
        engine="1",
        failed=failed,
        decided=decided,
    )


def batch(*items: IngestArticle, source: str = "samples", state: SourceState | None = None, now: datetime = NOW) -> IngestBatch:
    return IngestBatch(source=source, articles=items, now=now, state=state)


def simple(key: str, *, severity: Severity = Severity.HIGH, sinks: Sequence[str] = ("log", "desk"), now: datetime = NOW) -> IngestBatch:
    """One article that raises one alert of ``severity`` to ``sinks``."""
    a = article(key)
    return batch(item(a, raised(a, found(severity=severity), sinks)), now=now)


async def seen(store: SqlStore, source: str, keys: Sequence[str]) -> dict[str, str]:
    """key -> what is remembered of it; without those that are new."""
    found = await store.known(source, [Probe(key, "", ()) for key in keys])
    return {key: known.content_hash for key, known in zip(keys, found, strict=True) if known.content_hash}


def polled(name: str = "samples", *, due: datetime | None = None, etag: str = "e1") -> SourceState:
    return SourceState(name=name, next_due=due or later(900), validators={"etag": etag}, last_poll=NOW, last_success=NOW, last_new=NOW)


def delivered(delivery: Delivery) -> DeliveryResult:
    return DeliveryResult(delivery, DeliveryState.DELIVERED, Answer(AnswerKind.DELIVERED, "ok", 200))


def again(delivery: Delivery, due: datetime) -> DeliveryResult:
    return DeliveryResult(delivery, DeliveryState.PENDING, Answer(AnswerKind.RETRY, "connection refused"), due)
