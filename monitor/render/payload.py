"""The document that tells of an alert: CloudEvents 1.0, structured form, rendered once and stored.

The same bytes go to every sink on every attempt, so rendering is deterministic: keys in a fixed order, labels sorted, times
in UTC to the millisecond. New versions only add fields (``schema.py`` describes them). Pure: values in, bytes out.

The text of articles is written by strangers. It stays what it is, code point for code point, but characters that would
reorder or break the line of whoever looks at the raw document (a terminal, a log viewer) are written as JSON escapes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from monitor.model import (
    Alert,
    Article,
    Entity,
    Evidence,
    Hit,
    JsonObject,
    Match,
    NotificationKind,
    Reason,
    Stance,
    Story,
    WatchlistFacts,
)
from monitor.render.bounds import ENTITIES, chosen, cut

SCHEMA_VERSION: Final = 1
#: A name, not an address: ``monitor schema alert`` prints what it names.
DATA_SCHEMA: Final = f"urn:news-monitor:schema:alert:{SCHEMA_VERSION}"
TYPE_PREFIX: Final = "monitor.alert."

# DEL and C1 controls, Arabic letter mark and the other bidi controls, line and paragraph separators (which end a "line"
# for some readers of JSON Lines), invisible operators and annotations, tags. JSON itself escapes the C0 controls.
_UNSAFE: Final = re.compile("[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Change:
    """What an update or a reopening says that was not told before: ``new`` is field -> values (of ``passages``: numbers, from 0,
    of the evidence). ``since`` is when people were last told of the alert; ``was`` is the alert as it was."""

    was: Alert
    since: datetime | None
    new: Mapping[str, Sequence[str | int]]


@dataclass(frozen=True, slots=True)
class Correction:
    """The evidence told is withdrawn: under ``text_hash`` and ``title`` its article does not say it any more. ``stances`` are
    those it has now, none where it does not match any more."""

    text_hash: str
    title: str
    stances: tuple[Stance, ...] = ()


def render_notification(
    *,
    notification_id: str,
    kind: NotificationKind,
    reason: Reason,
    created: datetime,
    alert: Alert,
    story: Story,
    article: Article,
    match: Match,
    facts: WatchlistFacts,
    engine: str,
    joined: JsonObject | None = None,
    change: Change | None = None,
    correction: Correction | None = None,
) -> bytes:
    """The notification as one line of UTF-8 JSON. Offsets count code points of the article's text. ``joined`` says why the
    article belongs to its story, None where it began it."""
    more: JsonObject = {}
    places = chosen(match.evidence, () if change is None else [place for place in change.new.get("passages", ()) if isinstance(place, int)])
    told = match if len(places) == len(match.evidence) else replace(match, evidence=tuple(match.evidence[place] for place in places))
    if told is not match or match.total:
        more["evidence_total"] = match.total or len(match.evidence)
    if change is not None:
        more["change"] = _change(change, places)
    if correction is not None:
        more["correction"] = _correction(correction)
    return to_bytes(
        {
            "specversion": "1.0",
            "id": notification_id,
            "source": f"/watchlists/{facts.id}",
            "type": TYPE_PREFIX + kind.value,
            "subject": alert.id,
            "time": timestamp(created),
            "datacontenttype": "application/json",
            "dataschema": DATA_SCHEMA,
            "data": {
                "schema_version": SCHEMA_VERSION,
                "engine": engine,
                "reason": reason.value,
                "alert": _alert(alert),
                "watchlist": _watchlist(facts, match),
                "story": _story(story, joined),
                "article": _article(article),
                **match_json(replace(told, evidence=tuple(map(cut, told.evidence)))),
                "entities": [entity_json(entity) for entity in _entities(match.evidence)[:ENTITIES]],
                **more,
            },
        }
    )


def to_bytes(document: JsonObject) -> bytes:
    """One line of UTF-8 JSON, safe to show: scripts as they are, unsafe characters as escapes, lone surrogates (which have
    no UTF-8) as U+FFFD."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _UNSAFE.sub(_escape, _SURROGATES.sub("\ufffd", text)).encode()


def timestamp(when: datetime) -> str:
    """RFC 3339, UTC, milliseconds."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _escape(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]  # pairs of surrogates beyond the basic plane included


def _alert(alert: Alert) -> JsonObject:
    return {
        "id": alert.id,
        "watchlist": alert.watchlist,
        "story": alert.story,
        "severity": alert.severity.value,
        "state": alert.state.value,
        "labels": _labels(alert.labels),
        "raised": timestamp(alert.raised),
        "updated": timestamp(alert.updated),
        **alert_life(alert),
    }


def alert_life(alert: Alert) -> JsonObject:
    """What a person made of an alert, where a person has."""
    if not alert.changed_by:
        return {}
    disposition = None if alert.disposition is None else alert.disposition.value
    return {"disposition": disposition, "comment": alert.comment, "changed_by": alert.changed_by}


def _story(story: Story, joined: JsonObject | None) -> JsonObject:
    return {
        "id": story.id,
        "first_article": story.first_article,
        "articles": story.articles,
        "outlets": list(story.outlets),
        "outlet_count": story.outlet_count,
        "languages": list(story.languages),
        "first_url": story.first_url,
        "joined": joined,
    }


def _change(change: Change, places: Sequence[int]) -> JsonObject:
    """``places`` are those of the passages that the document holds."""
    new = {field: list(values) for field, values in change.new.items()}
    if "passages" in new:
        stands = {place: number for number, place in enumerate(places)}
        new["passages"] = [stands[place] for place in new["passages"] if isinstance(place, int) and place in stands]
    was: JsonObject = {"state": change.was.state.value, **alert_life(change.was)}
    return {
        "since": None if change.since is None else timestamp(change.since),
        "new": {field: values[:ENTITIES] for field, values in new.items()},
        "severity_before": change.was.severity.value,
        "was": was,
    }


def _correction(correction: Correction) -> JsonObject:
    return {
        "withdrawn": True,
        "text_hash": correction.text_hash,
        "title": correction.title,
        "stances": [stance.value for stance in correction.stances],
    }


def _watchlist(facts: WatchlistFacts, match: Match) -> JsonObject:
    return {
        "id": facts.id,
        # The version that matched: an article in flight while lists are swapped ends under the one it began with.
        "version": match.version,
        "title": facts.title,
        "description": facts.description,
        "owner": facts.owner,
        "severity": facts.severity.value,
        "labels": _labels(facts.labels),
        "mode": facts.mode.value,
    }


def _article(article: Article) -> JsonObject:
    return {
        "id": article.id,
        "source": article.source,
        "key": article.key,
        "url": article.url,
        "title": article.title,
        "language": article.language,
        "published": None if article.published is None else timestamp(article.published),
        "fetched": timestamp(article.fetched),
        "text_hash": article.text_hash,
        "labels": _labels(article.labels),
        "notes": list(article.notes),
    }


def match_json(match: Match) -> JsonObject:
    """What every JSON of this program says of a match: how grave, how said, and the passages."""
    return {
        "severity": match.severity.value,
        "stances": [stance.value for stance in match.stances],
        "evidence": [_evidence(evidence) for evidence in match.evidence],
    }


def _evidence(evidence: Evidence) -> JsonObject:
    return {
        "start": evidence.start,
        "end": evidence.end,
        "quote": evidence.quote,
        "zone": evidence.zone.value,
        "stance": evidence.stance.value,
        "clause": evidence.clause,
        "hits": [hit_json(hit) for hit in evidence.hits],
    }


def hit_json(hit: Hit) -> JsonObject:
    """A hit as every JSON of this program has it; ``entity`` only where it names one."""
    found: JsonObject = {"group": hit.group, "term": hit.term, "start": hit.start, "end": hit.end, "text": hit.text}
    if hit.entity is not None:
        found["entity"] = entity_json(hit.entity)
    return found


def entity_json(entity: Entity) -> JsonObject:
    return {"id": entity.id, "name": entity.name, "list": entity.list}


def _entities(evidence: Iterable[Evidence]) -> list[Entity]:
    """Every entity named in the evidence, once, in the order of first mention."""
    found = (hit.entity for passage in evidence for hit in passage.hits if hit.entity is not None)
    return list(dict.fromkeys(found))


def _labels(labels: Mapping[str, str]) -> JsonObject:
    return dict(sorted(labels.items()))
