"""Sources and watchlist versions in the record: due times, leases, validators, and the last good version of each list.

This module must not know how a source is polled or what a watchlist says.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or_update

from monitor.model import SourceKind, SourceSpec, SourceState
from monitor.ports import IngestBatch, LanguagePulse, StoredVersion
from monitor.store import codec
from monitor.store.schema import article, audit, language, source, watchlist, watchlist_file, watchlist_version
from monitor.store.statements import chunks, insert_new, upsert

ACTOR = "monitor"

_NEW_SOURCE = insert(source)
_RESYNC = (
    update(source)
    .where(source.c.name == bindparam("b_name"))
    .values(
        kind=bindparam("b_kind"),
        location=bindparam("b_location"),
        host=bindparam("b_host"),
        next_due=bindparam("b_next_due"),
        validators=bindparam("b_validators"),
        lease_until=None,
        retired=None,
    )
)
#: What was learnt of a source under another address, or another kind, says nothing of it under this one.
_FORGET = update(source).where(source.c.name == bindparam("b_name")).values(address="", move={}, known=b"", gone=None, not_before=None)
_NEW_AUDIT = insert(audit)
_PUT_WATCHLIST = upsert(watchlist)
_NEW_VERSION = insert_new(watchlist_version)
_NEW_FILE = insert_new(watchlist_file)

#: Characters of a file from which on it stands in the record once, compressed, and not in every version that uses it.
LARGE = 64 * 1024


def note(connection: Connection, now: datetime, action: str, subject: str, *, actor: str = ACTOR, **detail: object) -> None:
    """One line of the audit: what the program did to the record on the configuration's behalf, or a person's."""
    connection.execute(_NEW_AUDIT, {"at": now, "actor": actor, "action": action, "object": subject, "detail": detail})


# ------------------------------------------------------------------------------------------- sources
def sync_sources(connection: Connection, specs: Sequence[SourceSpec], now: datetime, spread: float = 0.0) -> None:
    """Called at start: whoever held a lease is gone, so every lease ends. New feeds come one after the other over ``spread``."""
    there = {row.name: row for row in connection.execute(select(source))}
    new = [spec for spec in specs if spec.name not in there]
    if new:
        apart = spread / len(new)
        waits = [n * apart if spec.kind is SourceKind.FEED else 0.0 for n, spec in enumerate(new)]
        connection.execute(_NEW_SOURCE, [_new_row(spec, now + timedelta(seconds=wait)) for spec, wait in zip(new, waits, strict=True)])
    known = [spec for spec in specs if spec.name in there]
    if known:
        rows = []
        for spec in known:
            row = there[spec.name]
            moved = (row.kind, row.location) != _place(spec)
            # A shorter interval counts from now, not from when the longer one would have ended; so does a clock that
            # was set back. What is new or back in the configuration is due at once.
            latest = (
                now if moved or row.retired is not None else now + timedelta(seconds=max(spec.every, spec.most if spec.adaptive else 0))
            )
            if row.not_before is not None and not moved:
                latest = max(latest, row.not_before)
            rows.append(
                {
                    "b_name": spec.name,
                    "b_kind": spec.kind.value,
                    "b_location": spec.location,
                    "b_host": host_of(spec.location if moved else row.address or spec.location, spec.kind),
                    "b_next_due": min(row.next_due, latest),
                    # ETags of one address say nothing of another.
                    "b_validators": {} if moved else row.validators,
                }
            )
        connection.execute(_RESYNC, rows)
        elsewhere = [{"b_name": spec.name} for spec in known if (there[spec.name].kind, there[spec.name].location) != _place(spec)]
        if elsewhere:
            connection.execute(_FORGET, elsewhere)
    configured = {spec.name for spec in specs}
    for row in there.values():
        if row.name not in configured and row.retired is None:
            connection.execute(update(source).where(source.c.name == row.name).values(retired=now, lease_until=None))
            note(connection, now, "retire source", row.name, location=row.location)


def _place(spec: SourceSpec) -> tuple[str, str]:
    return spec.kind.value, spec.location


def host_of(location: str, kind: SourceKind) -> str:
    """The host that bounds are counted by; a folder waits for nobody and has none."""
    return urlsplit(location).netloc.lower().rpartition("@")[2] if kind is SourceKind.FEED else ""


def _new_row(spec: SourceSpec, due: datetime) -> dict[str, object]:
    fresh = codec.source_row(SourceState(name=spec.name, next_due=due))
    kind, location = _place(spec)
    return {**fresh, "name": spec.name, "kind": kind, "location": location, "host": host_of(spec.location, spec.kind)}


def claim_sources(
    connection: Connection, now: datetime, lease: float, limit: int, *, busy: Collection[str] = (), per_host: int = 4
) -> tuple[SourceState, ...]:
    # What is without a host (a folder) is numbered by its own name, so that no other counts against it.
    place = func.row_number().over(
        partition_by=func.coalesce(func.nullif(source.c.host, ""), source.c.name), order_by=(source.c.next_due, source.c.name)
    )
    due = select(source, place.label("place")).where(
        source.c.retired.is_(None),
        source.c.next_due <= now,
        source.c.lease_until.is_(None) | (source.c.lease_until <= now),
        source.c.paused.is_(None),
        source.c.gone.is_(None),
        source.c.kind != SourceKind.PUSH.value,
        source.c.host.not_in(sorted(busy)),
    )
    first = due.subquery()
    rows = connection.execute(select(first).where(first.c.place <= per_host).order_by(first.c.next_due, first.c.name).limit(limit)).all()
    for names in chunks([row.name for row in rows]):
        connection.execute(update(source).where(source.c.name.in_(names)).values(lease_until=now + timedelta(seconds=lease)))
    return tuple(codec.source_state(row) for row in rows)


def save_source(connection: Connection, state: SourceState) -> None:
    values = codec.source_row(state)
    if connection.execute(update(source).where(source.c.name == state.name).values(values)).rowcount == 0:
        # A source that was never configured here (pushed documents, say) gets its row with its first state.
        connection.execute(_NEW_SOURCE, {**values, "name": state.name, "kind": "", "location": ""})


def due_now(connection: Connection, name: str, now: datetime) -> bool:
    asked = update(source).where(source.c.name == name, source.c.retired.is_(None)).values(next_due=now, not_before=None)
    return connection.execute(asked).rowcount > 0


def pause(connection: Connection, name: str, now: datetime, by: str) -> bool:
    """Paused again, it keeps the time of the first."""
    there = select(source.c.paused).where(source.c.name == name, source.c.retired.is_(None))
    row = connection.execute(there).first()
    if row is None:
        return False
    connection.execute(update(source).where(source.c.name == name).values(paused=row.paused or now, paused_by=by))
    note(connection, now, "pause source", name, actor=by)
    return True


def resume(connection: Connection, name: str, now: datetime, by: str) -> bool:
    again = update(source).where(source.c.name == name, source.c.retired.is_(None))
    if connection.execute(again.values(paused=None, paused_by="", gone=None, deaths=0, next_due=now, not_before=None)).rowcount == 0:
        return False
    note(connection, now, "resume source", name, actor=by)
    return True


def count_languages(connection: Connection, batch: IngestBatch) -> None:
    """Before the articles are written: each article counts once, however often it is edited."""
    ids = {item.article.id: item.article.language for item in batch.articles}
    there: set[str] = set()
    for some in chunks(sorted(ids)):
        there.update(connection.execute(select(article.c.id).where(article.c.id.in_(some))).scalars())
    new = Counter(code for id_, code in ids.items() if id_ not in there)
    put = insert_or_update(language)
    put = put.on_conflict_do_update(
        index_elements=["language"],
        set_={"last_new": put.excluded.last_new, "articles": language.c.articles + put.excluded.articles},
    )
    if new:
        connection.execute(put, [{"language": code, "last_new": batch.now, "articles": count} for code, count in sorted(new.items())])


def languages(connection: Connection) -> dict[str, LanguagePulse]:
    return {row.language: LanguagePulse(row.last_new, row.articles) for row in connection.execute(select(language))}


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
