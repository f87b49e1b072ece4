"""Copies of the record: made while it is in use, looked through, and put back.

A copy is of one moment, whatever is written meanwhile, because its reader stays in one transaction. It has its name only once
it is whole, sound and synced. Putting one back goes in steps of which each can be the last before a crash: the next start
goes on where it ended. This module must not know what the record says.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final
from urllib.parse import quote

import structlog

from monitor.errors import MonitorError, SchemaTooNew, StorageCorrupt, StorageError, StorageFull, UsageError
from monitor.store import files, migrate
from monitor.store.sqlite_errors import explained

#: Pages copied between two reports of progress: 4 MiB.
_PAGES: Final = 1024
#: Seconds to wait for another program's lock.
_PATIENCE: Final = 5.0
_RESTORING = files.RECORD + ".restoring"
#: How the name of a copy ends that a person gives as a file.
_SUFFIX: Final = ".db"

#: What people count a record by.
_ROWS: Final = """
SELECT 'articles', count(*) FROM article UNION ALL SELECT 'alerts', count(*) FROM alert
UNION ALL SELECT 'notifications', count(*) FROM notification UNION ALL SELECT 'deliveries', count(*) FROM delivery
"""

Progress = Callable[[int, int], None]

log = structlog.get_logger("monitor.store")


@dataclass(frozen=True, slots=True)
class Backup:
    """One copy: ``size`` in bytes, ``rows`` of the tables that people count by."""

    path: Path
    size: int
    revision: str
    rows: dict[str, int]


@dataclass(frozen=True, slots=True)
class Restored:
    """What is in force now, and where what it replaced is kept (None where there was nothing)."""

    backup: Backup
    replaced: Path | None


# ---------------------------------------------------------------------------------------- making one
def copy(source: Path, target: Path, *, alone: bool = False, progress: Progress | None = None) -> Backup:
    """The record of ``source`` as it is now, log included, as one file. ``progress`` is told bytes done and bytes in all.
    ``alone``: it is one file that nobody uses, beside which nothing is made. Raises UsageError where ``target`` exists,
    StorageFull, StorageCorrupt, StorageError."""
    if target.exists():
        raise UsageError(f"there is a file already: {target}", hint="name another; a backup is never written over")
    part = target.with_name(target.name + files.PART)
    try:
        with _own(part), closing(_reading(source, alone=alone)) as origin:
            try:
                _copy_pages(origin, part, progress)
                found = examined(part)
                _sync(part)
                part.rename(target)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
        files.sync_folder(target.parent)
    except sqlite3.Error as error:
        told = explained(error, source)
        if isinstance(told, StorageFull):
            raise _no_room(target, files.size_of(source)) from error
        raise told from error
    except OSError as error:
        raise StorageError(f"the backup cannot be written: {target}: {error.strerror or error}") from error
    return Backup(target, target.stat().st_size, found.revision, found.rows)


def examined(backup: Path) -> Backup:
    """What a copy holds; nothing is made beside it where it is one file. Raises StorageCorrupt where it is damaged, UsageError
    where it is no record, SchemaTooNew where this version cannot read it."""
    try:
        with closing(_reading(backup, alone=not files.has_log(backup))) as connection:
            findings = [str(finding) for (finding,) in connection.execute("PRAGMA quick_check(3)")]
            if findings != ["ok"]:
                raise StorageCorrupt(f"it is damaged: {backup}: {'; '.join(findings)}", hint="take another backup")
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not {"alembic_version", "article", "delivery"} <= names:
                raise UsageError(f"this is a database, but not a record of this program: {backup}")
            (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
            rows = dict(connection.execute(_ROWS).fetchall())
    except sqlite3.DatabaseError as error:
        told = explained(error, backup)
        if isinstance(told, StorageCorrupt):
            raise StorageCorrupt(f"it is damaged, or no database: {backup}: {error}", hint="take another backup") from error
        raise told from error
    migrate.refuse_newer(revision)
    return Backup(backup, files.size_of(backup), revision, rows)


def automatic(record: Path, revision: str, keep: int) -> Path | None:
    """A copy of a record of an older version, before it is brought up to this one, under the time when that was written last. It
    stays, with the newest others up to ``keep``; 0 makes none."""
    folder = record.parent / files.BACKUPS
    tidy(folder)
    if keep == 0:
        return None
    _folder(folder)
    changed = files.changed(record)
    target = _unused(folder / f"monitor-{revision}-{files.stamp(changed)}.db", changed.timestamp())
    # A migration that fails at every start must not push out the copies of other versions by copies of one state.
    if not target.exists():
        log.info("backing_up", record=str(record), to=str(target), bytes=files.size_of(record))
        try:
            copy(record, target)
        except StorageFull as error:
            hint = "free space on that file system, or set storage.backups: 0 to go without; the record is as it was"
            raise StorageFull(f"no backup could be made before the migration: {error.message}", hint=hint) from error
        os.utime(target, (changed.timestamp(), changed.timestamp()))
        log.info("backed_up", to=str(target))
    # This one stays, however long ago the record was written last, and the newest of the others.
    for old in [file for file in files.backups(record.parent) if files.automatic(file) and file != target][keep - 1 :]:
        old.unlink(missing_ok=True)
    return target


def _unused(target: Path, changed: float) -> Path:
    """``target``, or where that is of another state, the same with a number."""
    names = (target if number == 1 else target.with_stem(f"{target.stem}-{number}") for number in count(1))
    return next(path for path in names if not path.exists() or path.stat().st_mtime == changed)


def by_hand(record: Path, target: Path | None, name: str, *, progress: Progress | None = None) -> Backup:
    """A copy where a person wants it: a file that ends in ``.db``, in a folder under ``name``, or among the record's own backups.
    What has another name is a folder, and made where it is not there: as a file the second copy would find the first in its way."""
    if target is None:
        target = record.parent / files.BACKUPS
    if not target.parent.is_dir():
        raise UsageError(f"there is no folder {target.parent}")
    if target.suffix != _SUFFIX and not target.exists():
        _folder(target)
    if target.is_dir():
        target = target / name
    elif target.suffix != _SUFFIX:
        raise UsageError(f"it is a file, not a folder: {target}", hint=f"name a folder, or a new file that ends in {_SUFFIX}")
    return copy(record, target, progress=progress)


def tidy(folder: Path) -> None:
    """What is left of copies that were killed half way; one that is being made now is locked and stays."""
    for part in folder.glob(f"*{files.PART}"):
        with suppress(OSError, MonitorError), _own(part):
            part.unlink(missing_ok=True)


# -------------------------------------------------------------------------------------- putting it back
def restore(data_dir: Path, source: Path, *, progress: Progress | None = None) -> Restored:
    """``source`` takes the record's place; the caller holds the folder's lock. What stood there is kept beside it."""
    if not source.is_file():
        raise UsageError(f"there is no such file: {source}", hint="monitor db backups lists those of this data folder")
    record, ready = data_dir / files.RECORD, data_dir / _RESTORING
    if source.resolve() in (record.resolve(), ready.resolve()):
        raise UsageError(f"that is the record itself, not a backup: {source}")
    ready.unlink(missing_ok=True)
    try:
        found = copy(source, ready, alone=not files.has_log(source), progress=progress)
    except SchemaTooNew as error:
        raise SchemaTooNew(f"{error.message}: {source}", hint=error.hint) from error
    return Restored(found, finish_restore(record))


def put_in_place(copy: Path, record: Path) -> Path | None:
    """A whole, sound file of the record's own folder becomes the record, as the last steps of a restore; what it replaced."""
    try:
        _sync(copy)
        copy.rename(record.with_name(_RESTORING))
    except OSError as error:
        raise StorageError(f"it cannot be put in the record's place: {copy}: {error.strerror or error}") from error
    return finish_restore(record)


def restoring(record: Path) -> bool:
    """Whether a restore was begun and not finished."""
    return record.with_name(_RESTORING).exists()


def finish_restore(record: Path) -> Path | None:
    """The last steps: what stands there aside, its log first, then the copy in its place. May be done again from any of them."""
    kept = None
    try:
        files.unmark_clean(record)
        if record.exists():
            kept = _kept_as(record)
            log_file = files.log_of(record)
            if log_file.exists():
                log_file.rename(files.log_of(kept))
            files.index_of(record).unlink(missing_ok=True)
            record.rename(kept)
        for rest in (files.log_of(record), files.index_of(record)):
            rest.unlink(missing_ok=True)  # of a record that is gone: SQLite would apply the log to the copy
        record.with_name(_RESTORING).rename(record)
        files.sync_folder(record.parent)
    except OSError as error:
        raise StorageError(
            f"the restore could not be finished: {error.strerror or error}: {record}", hint="give the command again"
        ) from error
    log.info("restored", record=str(record), replaced=str(kept) if kept else None)
    return kept


# -------------------------------------------------------------------------------------------- parts
def _kept_as(record: Path) -> Path:
    """By the file's own time, which no step of a restore changes: done again after a crash it is the same name."""
    name = f"{record.name}.replaced-{files.stamp(datetime.fromtimestamp(record.stat().st_mtime, UTC))}"
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(path for path in map(record.with_name, names) if not path.exists())


def _reading(path: Path, *, alone: bool = False) -> sqlite3.Connection:
    options = "mode=ro&immutable=1" if alone else "mode=ro"
    return sqlite3.connect(f"file:{quote(str(path))}?{options}", uri=True, timeout=_PATIENCE, isolation_level=None)


def _copy_pages(origin: sqlite3.Connection, part: Path, progress: Progress | None) -> None:
    origin.execute("BEGIN")
    # The first read fixes the moment that is copied; without it each step would see a later one and begin anew.
    origin.execute("SELECT count(*) FROM sqlite_master").fetchone()
    pages, page = (origin.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    if files.free(part.parent) < pages * page:
        raise _no_room(part.with_suffix(""), pages * page)
    with closing(sqlite3.connect(part, isolation_level=None)) as into:
        into.execute("PRAGMA journal_mode=OFF")
        into.execute("PRAGMA synchronous=OFF")
        told = (lambda _, left, in_all: progress((in_all - left) * page, in_all * page)) if progress else None
        origin.backup(into, pages=_PAGES, progress=told)


def _no_room(target: Path, needed: int) -> StorageFull:
    return StorageFull(
        f"no space for a backup of {needed / 1e6:,.0f} MB: {target.parent}",
        hint="free space there, or name a folder on another file system",
    )


@contextmanager
def _own(part: Path) -> Iterator[None]:
    """A file of which nobody else writes a copy; readable by its owner only."""
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"another backup to this file is under way: {part}") from None
        os.ftruncate(descriptor, 0)
        yield
    finally:
        os.close(descriptor)


def _folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StorageError(f"no folder for backups can be made: {folder}: {error.strerror or error}") from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
