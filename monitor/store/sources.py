"""Sources in the record: due times, leases, what is remembered of each between polls, and the rhythm of languages.

This module must not know how a source is polled, nor when: due times are given to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or_update

from monitor.model import SourceKind, SourceSpec, SourceState
from monitor.ports import IngestBatch, LanguagePulse
from monitor.store import codec
from monitor.store.audit import note
from monitor.store.rows import Adding
from monitor.store.schema import language, microseconds, source
from monitor.store.statements import chunks, run_rows

#: The longest wish, and the longest pause of a failing source: after a clock that was set back nothing waits longer.
DAY = timedelta(days=1)

_NEW_SOURCE = insert(source)
_RESYNC = (
    update(source)
    .where(source.c.name == bindparam("b_name"))
    .values(
        kind=bindparam("b_kind"),
        location=bindparam("b_location"),
        host=bindparam("b_host"),
        next_due=bindparam("b_next_due"),
        lease_until=None,
        retired=None,
    )
)
#: What was learnt of a source under another address, or another kind, says nothing of it under this one.
_FORGET = (
    update(source)
    .where(source.c.name == bindparam("b_name"))
    .values(address="", move={}, known=b"", validators={}, gone=None, not_before=None)
    .values(failures=0, error="", empty=0, deaths=0, broken=0, failing_since=None)
)
#: Somebody took it out and put it back: it is tried again.
_BACK = update(source).where(source.c.name == bindparam("b_name")).values(gone=None, deaths=0)
#: After every poll, so they are made once: making an update of eighteen values takes as long as carrying out ten of them. Most
#: polls change nothing about the address, and with it nothing about the host.
_PLACE = select(source.c.kind, source.c.location, source.c.address).where(source.c.name == bindparam("b_name"))
_SAVED = tuple(codec.source_row(SourceState("", datetime(2000, 1, 1, tzinfo=UTC))))
_SAVE = update(source).where(source.c.name == bindparam("b_name")).values({name: bindparam(f"b_{name}") for name in _SAVED})
_SAVE_IN_PLACE = _SAVE.where(source.c.address == bindparam("b_address"))
_HOST = update(source).where(source.c.name == bindparam("b_name")).values(host=bindparam("b_host"))
_PULSE = insert_or_update(language)
_COUNT_LANGUAGES = Adding(
    _PULSE.on_conflict_do_update(
        index_elements=["language"],
        set_={"last_new": _PULSE.excluded.last_new, "articles": language.c.articles + _PULSE.excluded.articles},
    ),
    language.columns.keys(),
)
_SYNCED = select(
    source.c.name,
    source.c.kind,
    source.c.location,
    source.c.address,
    source.c.next_due,
    source.c.not_before,
    source.c.failures,
    source.c.retired,
)


# ------------------------------------------------------------------------------ as configured
def sync_sources(connection: Connection, specs: Sequence[SourceSpec], now: datetime, spread: float = 0.0) -> None:
    """At start, and when the configuration changed: whoever held a lease is gone, so every lease ends. New feeds come one
    after the other over ``spread`` seconds, in an order that keeps neighbours of the list (often of one host) apart."""
    there = {row.name: row for row in connection.execute(_SYNCED)}
    new = sorted((spec for spec in specs if spec.name not in there), key=lambda spec: blake2b(spec.name.encode()).digest())
    if new:
        apart = spread / len(new)
        waits = [n * apart if spec.kind is SourceKind.FEED else 0.0 for n, spec in enumerate(new)]
        connection.execute(_NEW_SOURCE, [_new_row(spec, now + timedelta(seconds=wait)) for spec, wait in zip(new, waits, strict=True)])
    known = [(spec, there[spec.name]) for spec in specs if spec.name in there]
    for changed, statement in ((_moved, _FORGET), (_back, _BACK)):
        names = [{"b_name": spec.name} for spec, row in known if changed(spec, row)]
        if names:
            connection.execute(statement, names)
    if known:
        connection.execute(_RESYNC, [_synced(spec, row, now) for spec, row in known])
    configured = {spec.name for spec in specs}
    for row in there.values():
        if row.name not in configured and row.retired is None:
            connection.execute(update(source).where(source.c.name == row.name).values(retired=now, lease_until=None, failing_since=None))
            note(connection, now, "retire source", row.name, location=row.location)


def _moved(spec: SourceSpec, row: Any) -> bool:
    return (row.kind, row.location) != (spec.kind.value, spec.location)


def _back(spec: SourceSpec, row: Any) -> bool:
    return row.retired is not None


def _synced(spec: SourceSpec, row: Any, now: datetime) -> dict[str, object]:
    moved = _moved(spec, row)
    return {
        "b_name": spec.name,
        "b_kind": spec.kind.value,
        "b_location": spec.location,
        "b_host": host_of(spec.location if moved else row.address or spec.location, spec.kind),
        "b_next_due": _due(spec, row, now, moved=moved),
    }


def _due(spec: SourceSpec, row: Any, now: datetime, *, moved: bool) -> datetime:
    """A shorter interval counts from now, not from when the longer one would have ended; so does a clock that was set back.
    What is new or back in the configuration is due at once. Never before the time its server asked for, nor is the pause of
    a failing source cut short by a restart."""
    if moved or _back(spec, row):
        latest = now
    elif row.failures:
        latest = now + DAY
    else:
        latest = now + timedelta(seconds=max(spec.every, spec.most if spec.adaptive else 0.0))
    due: datetime = min(row.next_due, latest)
    return due if moved or row.not_before is None else max(due, min(row.not_before, now + DAY))


def host_of(location: str, kind: SourceKind) -> str:
    """The host that bounds are counted by; a folder waits for nobody and has none."""
    return urlsplit(location).netloc.lower().rpartition("@")[2] if kind is SourceKind.FEED else ""


def _new_row(spec: SourceSpec, due: datetime) -> dict[str, object]:
    fresh = codec.source_row(SourceState(name=spec.name, next_due=due))
    return {**fresh, "name": spec.name, "kind": spec.kind.value, "location": spec.location, "host": host_of(spec.location, spec.kind)}


# ------------------------------------------------------------------------------ polls
def claim_sources(
    connection: Connection, now: datetime, lease: float, limit: int, *, busy: Collection[str] = (), per_host: int = 4
) -> tuple[SourceState, ...]:
    # What is without a host (a folder) is numbered by its own name, so that no other counts against it.
    place = func.row_number().over(
        partition_by=func.coalesce(func.nullif(source.c.host, ""), source.c.name), order_by=(source.c.next_due, source.c.name)
    )
    due = (
        select(source.c.name, source.c.host, source.c.next_due, place.label("place"))
        .where(
            source.c.retired.is_(None),
            source.c.next_due <= now,
            source.c.lease_until.is_(None) | (source.c.lease_until <= now),
            source.c.paused.is_(None),
            source.c.gone.is_(None),
            source.c.kind != SourceKind.PUSH.value,
            source.c.host.not_in(sorted(busy)),
        )
        .subquery()
    )
    # Folders first: they wait for no host, and after a long stop thousands of feeds are due before them.
    order = (due.c.host != "", due.c.next_due, due.c.name)
    first = select(due.c.name).where(due.c.place <= per_host).order_by(*order).limit(limit)
    states: dict[str, SourceState] = {}
    names = list(connection.execute(first).scalars())
    for some in chunks(names):
        states |= {row.name: codec.source_state(row) for row in connection.execute(select(source).where(source.c.name.in_(some)))}
        connection.execute(update(source).where(source.c.name.in_(some)).values(lease_until=now + timedelta(seconds=lease)))
    return tuple(states[name] for name in names)


def save_sources(connection: Connection, states: Sequence[SourceState]) -> None:
    """Several at once, as one statement where no address changed; else each by itself, which for the others changes nothing."""
    if run_rows(connection, _SAVE_IN_PLACE, [_saved(state) for state in states]) != len(states):
        for state in states:
            save_source(connection, state)


def _saved(state: SourceState) -> dict[str, Any]:
    return {"b_name": state.name, **{f"b_{name}": value for name, value in codec.source_row(state).items()}}


def save_source(connection: Connection, state: SourceState) -> None:
    """After a poll; the bounds per host go with the address that is asked from now on. Where that is another than before, because
    permanent redirects were learnt or what was learnt is gone, the audit says so."""
    saved = _saved(state)
    if run_rows(connection, _SAVE_IN_PLACE, [saved]):
        return
    row = connection.execute(_PLACE, {"b_name": state.name}).first()
    if row is None:
        # A source that was never configured here gets its row with its first state.
        connection.execute(_NEW_SOURCE, {**codec.source_row(state), "name": state.name, "kind": "", "location": "", "host": ""})
        return
    connection.execute(_SAVE, saved)
    if row.kind == SourceKind.FEED:
        before, address = row.address or row.location, state.address or row.location
        connection.execute(_HOST, {"b_name": state.name, "b_host": host_of(address, SourceKind.FEED)})
        action = "learn address" if state.address else "give up learnt address"
        note(connection, state.last_poll or state.next_due, action, state.name, before=before, address=address)


def source_states(connection: Connection) -> tuple[SourceState, ...]:
    rows = connection.execute(select(source).where(source.c.retired.is_(None)).order_by(source.c.name))
    return tuple(codec.source_state(row) for row in rows)


def source_state(connection: Connection, name: str) -> SourceState | None:
    row = connection.execute(select(source).where(source.c.name == name, source.c.retired.is_(None))).first()
    return None if row is None else codec.source_state(row)


# ------------------------------------------------------------------------------ as an operator wishes
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
    if (
        connection.execute(
            again.values(paused=None, paused_by="", gone=None, deaths=0, failing_since=None, next_due=now, not_before=None)
        ).rowcount
        == 0
    ):
        return False
    note(connection, now, "resume source", name, actor=by)
    return True


# ------------------------------------------------------------------------------ languages
def count_languages(connection: Connection, batch: IngestBatch, there: Collection[str]) -> None:
    """Each article counts once, however often it is edited: not those that were ``there`` before."""
    ids = {item.article.id: item.article.language for item in batch.articles}
    new = Counter(code for id_, code in ids.items() if id_ not in there)
    if new:
        now = microseconds(batch.now)
        _COUNT_LANGUAGES.add(connection, [(code, now, count) for code, count in sorted(new.items())])


def languages(connection: Connection) -> dict[str, LanguagePulse]:
    return {row.language: LanguagePulse(row.last_new, row.articles) for row in connection.execute(select(language))}
