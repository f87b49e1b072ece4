"""The document of a digest: one thing to read in place of many, with what it tells of one by one. Pure.

It is CloudEvents 1.0 as the others are (``monitor.digest.digest``), rendered once and stored; ``monitor schema digest`` describes
it. Its members are in the order they were made; there are at most ``MEMBERS`` of them, and ``count`` says how many there were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from monitor.model import JsonObject, Severity
from monitor.render.payload import timestamp, to_bytes

DIGEST_VERSION: Final = 1
#: A name, not an address: ``monitor schema digest`` prints what it names.
DIGEST_SCHEMA: Final = f"urn:news-monitor:schema:digest:{DIGEST_VERSION}"
DIGEST_TYPE: Final = "monitor.digest.digest"
#: Members listed: a document of a thousand would be refused by most receivers.
MEMBERS: Final = 200


@dataclass(frozen=True, slots=True)
class DigestMember:
    """One thing that the digest tells of. ``alert``, ``article`` (ids), ``watchlist``, ``outlet`` and ``language`` are "" where it
    tells of none; ``why`` is how it is told, or what was new, in a line. ``notification`` and ``sequence`` name what was held back,
    where there was one."""

    headline: str
    title: str
    url: str
    time: datetime
    severity: Severity
    notification: str = ""
    sequence: int = 0
    alert: str = ""
    watchlist: str = ""
    outlet: str = ""
    language: str = ""
    why: str = ""
    article: str = ""


def render_digest(
    *, notification_id: str, key: str, title: str, text: str, members: Sequence[DigestMember], created: datetime, count: int = 0
) -> bytes:
    """One line of UTF-8 JSON. ``key`` is that of the hold or of the silence; ``count`` where more were held than are handed in."""
    return to_bytes(
        {
            "specversion": "1.0",
            "id": notification_id,
            "source": "/digests",
            "type": DIGEST_TYPE,
            "subject": key,
            "time": timestamp(created),
            "datacontenttype": "application/json",
            "dataschema": DIGEST_SCHEMA,
            "data": {
                "schema_version": DIGEST_VERSION,
                "digest": {
                    "key": key,
                    "title": title,
                    "text": text,
                    "severity": gravest(member.severity for member in members).value,
                    "count": max(count, len(members)),
                    "members": [_member(member) for member in members[:MEMBERS]],
                },
            },
        }
    )


def gravest(severities: Iterable[Severity]) -> Severity:
    """Info of none."""
    return max(severities, key=lambda severity: severity.rank, default=Severity.INFO)


def _member(member: DigestMember) -> JsonObject:
    return {
        "headline": member.headline,
        "title": member.title,
        "why": member.why,
        "alert": member.alert,
        "article": member.article,
        "watchlist": member.watchlist,
        "outlet": member.outlet,
        "language": member.language,
        "url": member.url,
        "time": timestamp(member.time),
        "severity": member.severity.value,
        "notification": member.notification,
        "sequence": member.sequence,
    }
