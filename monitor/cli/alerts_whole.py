"""One alert written out with everything kept of it, a page at a time: some have ten thousand notifications.

What is written is one JSON object on one line, made of pieces, so that nobody holds it whole.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from monitor.model import JsonObject
    from monitor.store import SqlStore

#: Notifications or decisions read at a time; a document is under a megabyte.
PAGE: Final = 50


async def told_of(store: SqlStore, alert: JsonObject) -> AsyncIterator[JsonObject]:
    after = -1
    while page := await store.alert_told(alert["id"], after, PAGE):
        for one in page:
            yield one
        after = page[-1]["ordinal"]


async def decided_of(store: SqlStore, alert: JsonObject) -> AsyncIterator[JsonObject]:
    after = 0
    while page := await store.alert_decided(alert["story"], alert["watchlist"], after, PAGE):
        for one in page:
            yield one
        after = page[-1]["number"]


async def write_whole(store: SqlStore, alert_id: str, write: Callable[[str], object], **more: object) -> bool:
    """The alert as ``store.alert`` has it, with nothing left out, and ``more``; False where there is none."""
    head = await store.alert(alert_id, 0)
    if head is None:
        return False
    parts = {"notifications": told_of(store, head), "decisions": decided_of(store, head)}
    plain = {name: value for name, value in head.items() if name not in parts}
    write(_json(plain | {"left_out": dict.fromkeys(parts, 0)} | more)[:-1])
    for name, items in parts.items():
        write(f', "{name}": [')
        between = ""
        async for one in items:
            write(between + _json(one))
            between = ", "
        write("]")
    write("}\n")
    return True


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True)
