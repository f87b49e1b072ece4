"""A document in the shape of the Elastic Common Schema 8, for those who gather alerts beside the logs of everything else.

What ECS has a name for stands under that name, and the whole document under ``news_monitor``. Pure: stored bytes in, bytes out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from monitor.model import JsonObject, Severity
from monitor.render.message import About, Message, read
from monitor.render.oneline import line
from monitor.render.payload import to_bytes

ECS_VERSION: Final = "8.11.0"
MESSAGE: Final = 300
#: As Elastic's own detection rules score them.
_SCORES: Final = {Severity.INFO: 1, Severity.LOW: 21, Severity.MEDIUM: 47, Severity.HIGH: 73, Severity.CRITICAL: 99}


def ecs(payload: bytes, sequence: int | None = None) -> bytes:
    """One line of JSON without its line end. Raises ValueError for what is no document of ours."""
    message = read(payload)
    document: JsonObject = json.loads(payload)
    data: Mapping[str, Any] = document["data"]
    record: JsonObject = {} if sequence is None else {"sequence": sequence}
    record |= {
        "@timestamp": document["time"],
        "ecs": {"version": ECS_VERSION},
        "event": _event(document, data, message),
        "message": line(message, MESSAGE),
        "observer": {"product": "news-monitor", "type": "news-monitor"},
        "rule": _rule(data, message),
    }
    if message.about is About.ALERT:
        record |= _of_alert(data, message)
    return to_bytes(record | {"news_monitor": document})


def _event(document: JsonObject, data: Mapping[str, Any], message: Message) -> JsonObject:
    event = {
        "id": document["id"],
        "kind": "alert",
        "module": "news_monitor",
        "dataset": f"news_monitor.{message.about.value}",
        "action": str(document["type"]).rpartition(".")[2],
        "severity": _SCORES[message.severity],
        "created": document["time"],
    }
    return event | ({"reason": data["reason"]} if "reason" in data else {})


def _rule(data: Mapping[str, Any], message: Message) -> JsonObject:
    if message.about is not About.ALERT:
        return {"id": message.subject, "name": message.name}
    watchlist = data["watchlist"]
    return {
        "id": watchlist["id"],
        "name": watchlist["title"],
        "description": watchlist["description"],
        "version": watchlist["version"],
        "author": [watchlist["owner"]] if watchlist["owner"] else [],
    }


def _of_alert(data: Mapping[str, Any], message: Message) -> JsonObject:
    stances = dict.fromkeys([*data["stances"], *([message.language] if message.language else ())])
    found: JsonObject = {
        # A dot would make a field of a field.
        "labels": {str(key).replace(".", "_"): value for key, value in data["alert"]["labels"].items()},
        "tags": list(stances),
        "related": {"hash": [data["article"]["text_hash"]]},
    }
    return found | ({"url": {"full": message.url, "domain": urlsplit(message.url).hostname}} if message.url else {})
