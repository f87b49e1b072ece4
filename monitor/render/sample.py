"""The sample that shows a sink works: the document of an alert like any other, marked as one that nobody must act on.

It says what it is in its passage and as ``data.sample``, which every format puts before all else. Pure: a time in, bytes out.
"""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import sha256

from monitor.model import (
    Alert,
    AlertState,
    Article,
    Evidence,
    Hit,
    Match,
    Mode,
    NotificationKind,
    Reason,
    Severity,
    Stance,
    Story,
    WatchlistFacts,
    ZoneKind,
    identity,
)
from monitor.render.payload import render_notification, timestamp, to_bytes

_TITLE = "This is how an alert looks"
_QUOTE = "This is a sample of the news monitor, sent by hand to see that messages arrive; صفقة and сделка stand here so that scripts show."
_TERM = "sample"
_ID = "sample"


def sample_id(sink: str, created: datetime) -> str:
    """Another one each time: receivers drop what they have seen."""
    return identity(_ID, sink, timestamp(created))


def render_sample(sink: str, created: datetime) -> bytes:
    """One line of UTF-8 JSON."""
    article, match = _article(created), _match()
    rendered = render_notification(
        notification_id=sample_id(sink, created),
        kind=NotificationKind.RAISED,
        reason=Reason.FIRST_MATCH,
        created=created,
        alert=Alert(identity(_ID, "alert"), match.watchlist, article.id, match.severity, AlertState.OPEN, {"topic": _ID}, created, created),
        story=Story(article.id, article.id, 1, (article.source,), 1, (article.language,), article.url),
        article=article,
        match=match,
        facts=WatchlistFacts(
            id=match.watchlist,
            version=match.version,
            title="News monitor",
            description="A sample, sent to see that messages arrive.",
            owner="",
            severity=match.severity,
            labels={"topic": _ID},
            mode=Mode.LIVE,
        ),
        engine=_ID,
    )
    document = json.loads(rendered)
    document["data"]["sample"] = True
    return to_bytes(document)


def _article(created: datetime) -> Article:
    text = f"{_TITLE}\n\n{_QUOTE}"
    return Article(
        id=identity(_ID, "article"),
        source=_ID,
        key=_ID,
        url="https://example.org/sample",
        title=_TITLE,
        language="en",
        published=created,
        fetched=created,
        text_hash=sha256(text.encode()).hexdigest(),
        labels={},
        notes=(),
    )


def _match() -> Match:
    start = len(_TITLE) + 2
    at = start + _QUOTE.index(_TERM)
    hit = Hit(group=_ID, term=_TERM, start=at, end=at + len(_TERM), text=_TERM)
    passage = Evidence(
        start=start, end=start + len(_QUOTE), quote=_QUOTE, zone=ZoneKind.LEAD, stance=Stance.REPORTED, clause=_ID, hits=(hit,)
    )
    return Match(watchlist=_ID, version=identity(_ID, "version"), severity=Severity.INFO, stances=(Stance.REPORTED,), evidence=(passage,))
