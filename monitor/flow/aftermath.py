"""What follows a commit: counters, operations, the log, and the document that a person is shown.

The articles are in the record by now: nothing here may undo or stop that. This module must not know how they got there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from monitor.model import JsonObject, Notification, SourceSpec
from monitor.ports import Decided, IngestArticle, Meter, Operations

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Aftermath:
    """``announce`` shows a committed notification's document to a person; ``wake`` tells the deliverer that there is
    something to send."""

    meter: Meter
    operations: Operations
    announce: Callable[[JsonObject], None]
    wake: Callable[[], None]

    def committed(self, spec: SourceSpec, articles: Sequence[IngestArticle]) -> tuple[int, int, int]:
        """How many (matches, notifications, articles that could not be analysed) there were."""
        matches = notifications = failed = 0
        for stored in articles:
            failed += self._stored(spec, stored)
            for decided in stored.decided:
                matches += 1
                self.meter.count("matches_total", watchlist=decided.match.watchlist, reason=decided.decision.reason.value)
                if decided.notification is not None:
                    notifications += 1
                    self._told(decided, decided.notification)
        if articles:
            self.meter.count("articles_ingested_total", len(articles), source=spec.name)
        if notifications:
            self.wake()
        return matches, notifications, failed

    def _stored(self, spec: SourceSpec, stored: IngestArticle) -> bool:
        """Whether it failed."""
        key = f"article:{stored.article.id}"
        if not stored.failed:
            self.operations.close(key)
            return False
        self.meter.count("articles_failed_total", source=spec.name)
        self.operations.raise_(key, f"an article of {spec.name} could not be analysed and is stored unmatched: {stored.failed}")
        log.warning("article_failed", source=spec.name, article=stored.article.id, key=stored.article.key, reason=stored.failed)
        return True

    def _told(self, decided: Decided, notification: Notification) -> None:
        self.meter.count("notifications_total", watchlist=decided.match.watchlist, kind=notification.kind.value)
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
            self.announce(json.loads(notification.payload))
        except Exception:  # a terminal that went away must not stop what is already in the record
            log.warning("announce_failed", alert=notification.alert, exc_info=True)
