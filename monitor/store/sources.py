"""Sources and watchlist versions in the record: due times, leases, validators, and the last good version of each list.

This module must not know how a source is polled or what a watchlist says.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, insert, select, update

from monitor.model import SourceSpec, SourceState
from monitor.ports import StoredVersion
from monitor.store import codec
from monitor.store.schema import audit, source, watchlist, watchlist_file, watchlist_version
from monitor.store.statements import chunks, insert_new, upsert

ACTOR = "monitor"

_NEW_SOURCE = insert(source)
_RESYNC = (
    update(source)
    .where(source.c.name == bindparam("b_name"))
    .values(
        kind=bindparam("b_kind"),
        location=bindparam("b_location"),
        next_due=bindparam("b_next_due"),
        validators=bindparam("b_validators"),
        lease_until=None,
        retired=None,
    )
)
_NEW_AUDIT = insert(audit)
_PUT_WATCHLIST = upsert(watchlist)
_NEW_VERSION = insert_new(watchlist_version)
_NEW_FILE = insert_new(watchlist_file)

#: Characters of a file from which on it stands in the record once, compressed, and not in every version that uses it.
LARGE = 64 * 1024


def note(connection: Connection, now: datetime, action: str, subject: str, **detail: object) -> None:
    """One line of the audit: what the program did to the record on the configuration's behalf."""
    connection.execute(_NEW_AUDIT, {"at": now, "actor": ACTOR, "action": action, "object": subject, "detail": detail})


# ------------------------------------------------------------------------------------------- sources
def sync_sources(connection: Connection, specs: Sequence[SourceSpec], now: datetime) -> None:
    """Called at start: whoever held a lease is gone, so every lease ends."""
    there = {row.name: row for row in connection.execute(select(source))}
    new = [spec for spec in specs if spec.name not in there]
    if new:
        connection.execute(_NEW_SOURCE, [_new_row(spec, now) for spec in new])
    known = [spec for spec in specs if spec.name in there]
    if known:
        rows = []
        for spec in known:
            row = there[spec.name]
            moved = (row.kind, row.location) != (spec.kind.value, spec.location)
            # A shorter interval counts from now, not from when the longer one would have ended; so does a clock that
            # was set back. What is new or back in the configuration is due at once.
            latest = now if moved or row.retired is not None else now + timedelta(seconds=spec.every)
            rows.append(
                {
                    "b_name": spec.name,
                    "b_kind": spec.kind.value,
                    "b_location": spec.location,
                    "b_next_due": min(row.next_due, latest),
                    # ETags of one address say nothing of another.
                    "b_validators": {} if moved else row.validators,
                }
            )
        connection.execute(_RESYNC, rows)
    configured = {spec.name for spec in specs}
    for row in there.values():
        if row.name not in configured and row.retired is None:
            connection.execute(update(source).where(source.c.name == row.name).values(retired=now, lease_until=None))
            note(connection, now, "retire source", row.name, location=row.location)


def _new_row(spec: SourceSpec, now: datetime) -> dict[str, object]:
    fresh = codec.source_row(SourceState(name=spec.name, next_due=now))
    return {**fresh, "name": spec.name, "kind": spec.kind.value, "location": spec.location}


def claim_sources(connection: Connection, now: datetime, lease: float, limit: int) -> tuple[SourceState, ...]:
    due = (
        select(source)
        .where(source.c.retired.is_(None), source.c.next_due <= now, source.c.lease_until.is_(None) | (source.c.lease_until <= now))
        .order_by(source.c.next_due, source.c.name)
        .limit(limit)
    )
    rows = connection.execute(due).all()
    for names in chunks([row.name for row in rows]):
        connection.execute(update(source).where(source.c.name.in_(names)).values(lease_until=now + timedelta(seconds=lease)))
    return tuple(codec.source_state(row) for row in rows)


def save_source(connection: Connection, state: SourceState) -> None:
    values = codec.source_row(state)
    if connection.execute(update(source).where(source.c.name == state.name).values(values)).rowcount == 0:
        # A source that was never configured here (pushed documents, say) gets its row with its first state.
        connection.execute(_NEW_SOURCE, {**values, "name": state.name, "kind": "", "location": ""})


def source_states(connection: Connection) -> tuple[SourceState, ...]:
    rows = connection.execute(select(source).where(source.c.retired.is_(None)).order_by(source.c.name))
    return tuple(codec.source_state(row) for row in rows)


# ---------------------------------------------------------------------------------------- watchlists
def good_versions(connection: Connection) -> tuple[StoredVersion, ...]:
    last_good = (
        select(watchlist.c.id, watchlist.c.version, watchlist.c.engine, watchlist_version.c.files)
        .join(watchlist_version, (watchlist_version.c.watchlist == watchlist.c.id) & (watchlist_version.c.version == watchlist.c.version))
        .where(watchlist.c.retired.is_(None))
        .order_by(watchlist.c.id)
    )
    rows = connection.execute(last_good).all()
    large = _unpacked(connection, {each["sha256"] for row in rows for each in row.files.values() if isinstance(each, dict)})
    return tuple(
        StoredVersion(
            watchlist=row.id,
            version=row.version,
            files={name: large[each["sha256"]] if isinstance(each, dict) else each for name, each in row.files.items()},
            engine=row.engine,
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
        note(connection, now, "accept watchlist", version.watchlist, version=version.version, engine=version.engine)


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
