"""The JSON Schemas of what receivers get, the documents of an alert, of an operation and of a digest: what they may rely on.

Fields are only ever added, so unknown ones are allowed everywhere and everything listed here is required unless it says
otherwise. The lists of values come from the model, so that the schema cannot fall behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from monitor.model import OUTLETS, AlertState, Disposition, JsonObject, Mode, NotificationKind, Reason, Severity, Stance, ZoneKind
from monitor.render.bounds import PASSAGES, QUOTE
from monitor.render.digest import DIGEST_SCHEMA, DIGEST_TYPE, DIGEST_VERSION, MEMBERS
from monitor.render.operation import OPERATION_PREFIX, OPERATION_SCHEMA, OPERATION_VERSION
from monitor.render.payload import DATA_SCHEMA, SCHEMA_VERSION, TYPE_PREFIX

_HEX_32: Final[JsonObject] = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_TEXT: Final[JsonObject] = {"type": "string"}
_TIME: Final[JsonObject] = {"type": "string", "format": "date-time"}
_LABELS: Final[JsonObject] = {"type": "object", "additionalProperties": {"type": "string"}}

_SPAN: Final[JsonObject] = {
    "start": {"type": "integer", "minimum": 0, "description": "In Unicode code points of the article's text."},
    "end": {"type": "integer", "minimum": 0},
}


_LIFE: Final[JsonObject] = {
    "disposition": {
        "anyOf": [{"enum": [one.value for one in Disposition]}, {"type": "null"}],
        "description": "What the person who closed it found it to be.",
    },
    "comment": _TEXT,
    "changed_by": {**_TEXT, "description": "DOOR:WHO changed its state last."},
}


def alert_schema() -> JsonObject:
    """JSON Schema 2020-12 of the whole document, as webhooks receive it and as a line of the alert log."""
    source = {"type": "string", "format": "uri-reference", "minLength": 1, "description": "/watchlists/ and the watchlist's id."}
    types = [TYPE_PREFIX + kind.value for kind in NotificationKind]
    subject = {**_HEX_32, "description": "The alert that is told of."}
    return _document("Alert notification", DATA_SCHEMA, source=source, types=types, subject=subject, definitions=_definitions())


def operation_schema() -> JsonObject:
    """JSON Schema 2020-12 of the document that tells of an operation, an alarm about the daemon itself."""
    source = {"const": "/operations"}
    types = [OPERATION_PREFIX + kind.value for kind in (NotificationKind.RAISED, NotificationKind.UPDATED, NotificationKind.CLOSED)]
    subject = {"type": "string", "minLength": 1, "description": "The operation's key, such as source:example-ar or network."}
    operation = _object(
        {
            "id": {**_HEX_32, "description": "The same from raised to closed; raised again later, the same key has another."},
            "key": _TEXT,
            "message": {**_TEXT, "description": "For the person who must act."},
            "severity": _one_of(Severity),
            "subject": {**_TEXT, "description": "The source or sink it is about; empty for the daemon as a whole."},
            "state": {"enum": ["open", "closed"]},
            "raised": _TIME,
            "closed": {"anyOf": [_TIME, {"type": "null"}]},
        }
    )
    data = _object({"schema_version": {"type": "integer", "minimum": OPERATION_VERSION}, "operation": operation})
    return _document("Operation notification", OPERATION_SCHEMA, source=source, types=types, subject=subject, definitions={"data": data})


def digest_schema() -> JsonObject:
    """JSON Schema 2020-12 of the document that tells of many things in one."""
    subject = {"type": "string", "minLength": 1, "description": "What it was gathered under: digest:ROUTE, quiet, rate, backlog …"}
    member = _object(
        {
            "headline": {**_TEXT, "description": "Its severity and its watchlist, or the operation."},
            "title": _TEXT,
            "why": {**_TEXT, "description": "How its evidence is told (its stances), or of what was told before, what is new."},
            "alert": {"type": "string", "pattern": "^([0-9a-f]{32})?$", "description": "Empty where none was raised."},
            "article": {
                "type": "string",
                "pattern": "^([0-9a-f]{32})?$",
                "description": "Its id, which `monitor why` takes; empty of an operation.",
            },
            "watchlist": {**_TEXT, "description": "Its id; empty of an operation."},
            "outlet": {**_TEXT, "description": "Whose news it is: the host of the article's address, else its source."},
            "language": {**_TEXT, "description": "Of the article: ISO 639-1, und, or empty."},
            "url": {**_TEXT, "description": "Of the article; empty where it has none."},
            "time": {**_TIME, "description": "When its article was published, where that is known; else when it was made."},
            "severity": _one_of(Severity),
            "notification": {"type": "string", "pattern": "^([0-9a-f]{32})?$", "description": "Empty for what was muted by a silence."},
            "sequence": {"type": "integer", "minimum": 0, "description": "The place it had at this sink, which it never took; or 0."},
        },
        optional={"article"},  # documents of before do not say it
    )
    digest = _object(
        {
            "key": {**_TEXT, "description": "The subject again."},
            "title": _TEXT,
            "text": {**_TEXT, "description": "Why these are told together."},
            "severity": {**_one_of(Severity), "description": "The gravest of all."},
            "count": {"type": "integer", "minimum": 1, "description": "How many it tells of, those not listed with them."},
            "members": {"type": "array", "items": member, "maxItems": MEMBERS},
        }
    )
    data = _object({"schema_version": {"type": "integer", "minimum": DIGEST_VERSION}, "digest": digest})
    source = {"const": "/digests"}
    return _document("Digest", DIGEST_SCHEMA, source=source, types=[DIGEST_TYPE], subject=subject, definitions={"data": data})


def _document(title: str, name: str, *, source: JsonObject, types: list[str], subject: JsonObject, definitions: JsonObject) -> JsonObject:
    """The envelope that all share; ``definitions`` has ``data``."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": name,
        "title": title,
        "description": "One CloudEvents 1.0 document in structured form. New versions only add fields.",
        **_object(
            {
                "specversion": {"const": "1.0"},
                "id": {
                    **_HEX_32,
                    "description": "The notification. The same on every attempt and at every sink: use it to drop duplicates.",
                },
                "source": source,
                "type": {"enum": types},
                "subject": subject,
                "time": {**_TIME, "description": "When the notification was made."},
                "datacontenttype": {"const": "application/json"},
                "dataschema": {"const": name},
                "data": {"$ref": "#/$defs/data"},
                "sequence": {
                    "type": "integer",
                    "minimum": 1,
                    "description": "Only in the alert log; counts per sink. Webhooks carry it as the header monitor-sequence.",
                },
            },
            optional={"sequence"},
        ),
        "$defs": definitions,
    }


def _definitions() -> JsonObject:
    return {
        "data": _object(
            {
                "schema_version": {"type": "integer", "minimum": SCHEMA_VERSION},
                "engine": {**_TEXT, "description": "Version of the matching engine."},
                "reason": {**_one_of(Reason), "description": "Why this is told."},
                "alert": {"$ref": "#/$defs/alert"},
                "watchlist": {"$ref": "#/$defs/watchlist"},
                "story": {"$ref": "#/$defs/story"},
                "article": {"$ref": "#/$defs/article"},
                "severity": {**_one_of(Severity), "description": "Of this article's match; the alert carries its own."},
                "stances": {"type": "array", "items": _one_of(Stance), "uniqueItems": True, "description": "Of all evidence."},
                "evidence": {"type": "array", "items": {"$ref": "#/$defs/evidence"}, "minItems": 1},
                "evidence_total": {
                    "type": "integer",
                    "minimum": 1,
                    "description": f"Only where there are more passages than the {PASSAGES} that the document holds: how many.",
                },
                "entities": {"type": "array", "items": {"$ref": "#/$defs/entity"}, "description": "Named in the evidence, each once."},
                "change": {"$ref": "#/$defs/change"},
                "correction": {"$ref": "#/$defs/correction"},
                "sample": {"const": True, "description": "Only in what was sent by hand to try a sink: nobody must act on it."},
            },
            optional={"change", "correction", "evidence_total", "sample"},
        ),
        "alert": _object(
            {
                "id": _HEX_32,
                "watchlist": _TEXT,
                "story": _TEXT,
                "severity": _one_of(Severity),
                "state": _one_of(AlertState),
                "labels": _LABELS,
                "raised": _TIME,
                "updated": _TIME,
                "merged_into": {**_TEXT, "description": "The alert that stands for it since their stories were merged; else empty."},
                **_LIFE,
            },
            optional={"merged_into", *_LIFE},
        ),
        **_stories(),
        "watchlist": _object(
            {
                "id": _TEXT,
                "version": {**_TEXT, "description": "Hash of the file and everything it uses, as it was when it matched."},
                "title": _TEXT,
                "description": _TEXT,
                "owner": _TEXT,
                "severity": _one_of(Severity),
                "labels": _LABELS,
                "mode": _one_of(Mode),
            }
        ),
        "article": _object(
            {
                "id": _HEX_32,
                "source": {**_TEXT, "description": "Name of the source in the configuration."},
                "key": {**_TEXT, "description": "What the source calls it: a guid, a link, a path."},
                "url": _TEXT,
                "title": _TEXT,
                "language": {**_TEXT, "description": "ISO 639-1, or und."},
                "published": {"anyOf": [_TIME, {"type": "null"}]},
                "fetched": _TIME,
                "text_hash": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256 of the text in UTF-8."},
                "labels": _LABELS,
                "notes": {"type": "array", "items": _TEXT, "description": "What was done to the text on the way in."},
            }
        ),
        "evidence": {
            "description": f"One passage of whole sentences (of a longer one {QUOTE} letters); quote is text[start:end], hits lie inside.",
            **_object(
                {
                    **_SPAN,
                    "quote": _TEXT,
                    "zone": _one_of(ZoneKind),
                    "stance": _one_of(Stance),
                    "clause": {**_TEXT, "description": "The part of the query that it made true."},
                    "hits": {"type": "array", "items": {"$ref": "#/$defs/hit"}},
                }
            ),
        },
        "hit": {
            "description": "One term found; text is text[start:end] of the article.",
            **_object({**_SPAN, "group": _TEXT, "term": _TEXT, "text": _TEXT, "entity": {"$ref": "#/$defs/entity"}}, optional={"entity"}),
        },
        "entity": _object({"id": _TEXT, "name": _TEXT, "list": _TEXT}),
    }


def _stories() -> JsonObject:
    """What an alert's story is, and what documents after the first say besides."""
    counts: JsonObject = {"type": "integer", "minimum": 0}
    texts: JsonObject = {"type": "array", "items": _TEXT}
    joined = {
        "kind": {**_TEXT, "description": "same_text, near_copy, rewrite, translation; merged or split by hand."},
        "article": {**_TEXT, "description": "The article of the story that it is most like."},
        "score": {"type": "number", "minimum": 0, "maximum": 1},
        "explain": {**_TEXT, "description": "For people: what both say that few others do."},
    }
    story = {
        "id": _TEXT,
        "first_article": _TEXT,
        "articles": {**counts, "description": "So far, this one among them; 0 where it is not known."},
        "outlets": {**texts, "description": f"In order of arrival, at most {OUTLETS}."},
        "outlet_count": counts,
        "languages": texts,
        "first_url": {**_TEXT, "description": "Address of the first article."},
        "joined": {"anyOf": [_object(joined), {"type": "null"}], "description": "Why the article is in the story; null for its first."},
    }
    new = dict.fromkeys(("entities", "groups", "clauses", "stances", "languages", "outlets"), texts)
    passages = {"type": "array", "items": counts, "description": "Which of the evidence, from 0, say what was not told."}
    news = {
        "since": {"anyOf": [_TIME, {"type": "null"}], "description": "When people were last told."},
        "new": _object({**new, "passages": passages}),
        "severity_before": _one_of(Severity),
        "was": _object({"state": _one_of(AlertState), **_LIFE}, optional=set(_LIFE)),
    }
    by_hand = {
        "at": _TIME,
        "by": _TEXT,
        "door": _TEXT,
        "comment": _TEXT,
        "disposition": _LIFE["disposition"],
        "merged_into": _TEXT,
        "disposition_before": {**_LIFE["disposition"], "description": "What it was closed as before, where that was corrected."},
    }
    correction = {
        "withdrawn": {"const": True},
        "text_hash": {
            **_TEXT,
            "description": "Of the article as it stands now; article.text_hash is that of the text the evidence stood in.",
        },
        "title": _TEXT,
        "stances": {"type": "array", "items": _one_of(Stance), "description": "Those it has now; none where it matches no more."},
    }
    return {
        "story": _object(story, optional=story.keys() - {"id", "first_article"}),  # documents of before say no more
        "change": {
            "description": "Of an update or reopening by news: what is new; of what a person did: who, and why.",
            "anyOf": [_object(news), _object(by_hand, optional={"disposition", "disposition_before", "merged_into"})],
        },
        "correction": {
            "description": "An edited article took back what was told: the evidence is what is withdrawn. What a person then did keeps it.",
            **_object(correction),
        },
    }


def _one_of(values: type[StrEnum]) -> JsonObject:
    return {"enum": [value.value for value in values]}


def _object(properties: Mapping[str, Any], *, optional: frozenset[str] | set[str] = frozenset()) -> JsonObject:
    return {"type": "object", "properties": dict(properties), "required": [name for name in properties if name not in optional]}
