"""Watchlist versions in the record: the last good one of each list, with all the files it was made from.

This module must not know what a watchlist says.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from monitor.ports import StoredVersion
from monitor.store.audit import note
from monitor.store.schema import audit, watchlist, watchlist_file, watchlist_version
from monitor.store.statements import insert_new, upsert

_PUT_WATCHLIST = upsert(watchlist)
_NEW_VERSION = insert_new(watchlist_version)
_NEW_FILE = insert_new(watchlist_file)

#: Characters of a file from which on it stands in the record once, compressed, and not in every version that uses it.
LARGE = 64 * 1024


#: The trail's word for a version that came into force.
ACCEPTED = "accept watchlist"


def good_versions(connection: Connection) -> tuple[StoredVersion, ...]:
    last_good = (
        select(watchlist.c.id, watchlist.c.version, watchlist.c.engine, watchlist_version.c.files)
        .join(watchlist_version, (watchlist_version.c.watchlist == watchlist.c.id) & (watchlist_version.c.version == watchlist.c.version))
        .where(watchlist.c.retired.is_(None))
        .order_by(watchlist.c.id)
    )
    return _versions(connection, connection.execute(last_good).all())


def version_at(connection: Connection, name: str, at: datetime) -> StoredVersion | None:
    """Whichever was saved last before, the first of all for what was earlier; None for a watchlist that never was in force."""
    saved = select(watchlist_version.c.watchlist.label("id"), watchlist_version.c.version, watchlist_version.c.files).where(
        watchlist_version.c.watchlist == name
    )
    # A version may come into force again: its row keeps its first time, the trail each of them.
    accepted = select(audit.c.detail).where(audit.c.object == name, audit.c.action == ACCEPTED)
    last = connection.execute(accepted.where(audit.c.at <= at).order_by(audit.c.id.desc()).limit(1)).scalar()
    last = last or connection.execute(accepted.order_by(audit.c.id).limit(1)).scalar()
    row = connection.execute(saved.where(watchlist_version.c.version == (last or {}).get("version"))).first()
    return None if row is None else _versions(connection, [row])[0]


def _versions(connection: Connection, rows: Sequence[Any]) -> tuple[StoredVersion, ...]:
    large = _unpacked(connection, {each["sha256"] for row in rows for each in row.files.values() if isinstance(each, dict)})
    return tuple(
        StoredVersion(
            watchlist=row.id,
            version=row.version,
            files={name: large[each["sha256"]] if isinstance(each, dict) else each for name, each in row.files.items()},
            engine=getattr(row, "engine", ""),
        )
        for row in rows
    )


def save_version(connection: Connection, version: StoredVersion, now: datetime) -> None:
    before = connection.execute(select(watchlist).where(watchlist.c.id == version.watchlist)).first()
    row = {"id": version.watchlist, "version": version.version, "engine": version.engine, "saved": now, "retired": None}
    connection.execute(_PUT_WATCHLIST, row)
    files = _packed(connection, version.files)
    connection.execute(_NEW_VERSION, {"watchlist": version.watchlist, "version": version.version, "files": files, "first_saved": now})
    if before is None or before.version != version.version or before.retired is not None:
        note(connection, now, ACCEPTED, version.watchlist, version=version.version, engine=version.engine)


def _packed(connection: Connection, files: Mapping[str, str]) -> dict[str, str | dict[str, str]]:
    """The files as a version holds them; what is large goes into its own table, unless it stands there."""
    kept: dict[str, str | dict[str, str]] = {}
    for name, text in files.items():
        if len(text) < LARGE:
            kept[name] = text
            continue
        raw = text.encode()
        sha256 = hashlib.sha256(raw).hexdigest()
        kept[name] = {"sha256": sha256}
        there = connection.execute(select(watchlist_file.c.sha256).where(watchlist_file.c.sha256 == sha256)).first()
        if there is None:
            connection.execute(_NEW_FILE, {"sha256": sha256, "packed": zlib.compress(raw)})
    return kept


def _unpacked(connection: Connection, hashes: set[str]) -> dict[str, str]:
    """The texts of large files by hash: one text, however many versions use it."""
    rows = connection.execute(select(watchlist_file).where(watchlist_file.c.sha256.in_(sorted(hashes))))
    return {row.sha256: zlib.decompress(row.packed).decode() for row in rows}


def retire_watchlist(connection: Connection, name: str, now: datetime) -> None:
    in_force = update(watchlist).where(watchlist.c.id == name, watchlist.c.retired.is_(None))
    if connection.execute(in_force.values(retired=now)).rowcount:
        note(connection, now, "retire watchlist", name)
