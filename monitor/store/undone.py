"""What a restore takes back: what people did since the copy was made, as the trail of the record in force says and the copy's does not.

Articles come in again by themselves; that somebody closed an alert does not. It reads only. This module must not know who asks.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from monitor.model import JsonObject
from monitor.store import codec, files
from monitor.store.audit import ACTOR

_DONE: Final = "SELECT at, actor, action, object, detail FROM audit WHERE actor <> ? ORDER BY id"

_Row = tuple[int, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Undone:
    """One thing that somebody did, which the copy knows nothing of."""

    at: datetime
    actor: str
    action: str
    object: str
    comment: str

    def json(self) -> JsonObject:
        return {"at": codec.iso(self.at), "actor": self.actor, "action": self.action, "object": self.object, "comment": self.comment}


def undone(record: Path, copy: Path) -> tuple[Undone, ...] | None:
    """In the order it was done; None where the record in force cannot be read, or the copy cannot; () where there is no record."""
    if not record.is_file():
        return ()
    try:
        known = set(_rows(copy))
        return tuple(_undone(row) for row in _rows(record) if row not in known)
    except (sqlite3.Error, ValueError):
        return None


def _rows(path: Path) -> Iterator[_Row]:
    options = "mode=ro" if files.has_log(path) else "mode=ro&immutable=1"
    with closing(sqlite3.connect(f"file:{quote(str(path))}?{options}", uri=True, timeout=5.0)) as connection:
        yield from connection.execute(_DONE, (ACTOR,))


def _undone(row: _Row) -> Undone:
    at, actor, action, subject, detail = row
    found = json.loads(detail)
    comment = found.get("comment") if isinstance(found, dict) else None
    return Undone(datetime.fromtimestamp(at / 1e6, UTC), actor, action, subject, comment if isinstance(comment, str) else "")
