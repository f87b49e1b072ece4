"""From SQLite's answers to the errors a person can act on.

SQLite's result codes: https://www.sqlite.org/rescode.html. This module must not know what was being written.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy.exc import DBAPIError, StatementError

from monitor.errors import StorageContradiction, StorageCorrupt, StorageError, StorageFull
from monitor.store import files

# A disk that is full, a quota, and a file-size limit all stop a write; the last two arrive as a failed write, sync or
# growth of the shared-memory file, not as SQLITE_FULL.
_FULL = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR_WRITE,
        sqlite3.SQLITE_IOERR_FSYNC,
        sqlite3.SQLITE_IOERR_DIR_FSYNC,
        sqlite3.SQLITE_IOERR_TRUNCATE,
        sqlite3.SQLITE_IOERR_SHMOPEN,
        sqlite3.SQLITE_IOERR_SHMSIZE,
        sqlite3.SQLITE_IOERR_SHMMAP,
    }
)
_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_FORBIDDEN = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_CANTOPEN})

_PRIMARY = 0xFF  # the low byte of an extended code is the code it refines


def is_busy(error: DBAPIError | sqlite3.Error) -> bool:
    return (_code(error) & _PRIMARY) in _BUSY


def corrupt(path: Path, finding: str, aside: Path | None = None) -> StorageCorrupt:
    """``aside`` is where the damaged file is kept as it is."""
    kept = f"nothing has been written to it, and a copy is kept as {aside}" if aside else "nothing more is written to it"
    newest = next(iter(files.backups(path.parent)), None)
    restored = f"restore a backup: monitor db restore {newest or 'FILE'}"
    if newest is None:
        restored += f" (there is none in {path.parent / files.BACKUPS})"
    salvaged = f"salvage what can be read: sqlite3 {path} .recover | sqlite3 new.db, then monitor db restore new.db"
    return StorageCorrupt(
        f"the database is damaged: {path}: {finding}", hint=f"{kept}. Stop the daemon if it runs and {restored}; or {salvaged}"
    )


def explained(error: BaseException, path: Path) -> BaseException:
    """``error`` as callers of the store may see it: never a type of the database library."""
    if isinstance(error, DBAPIError | sqlite3.Error):
        told = storage_error(error, path)
        told.__cause__ = error
        return told
    if isinstance(error, StatementError) and error.orig is not None:
        return error.orig  # a value that cannot be stored: the caller's mistake, said in Python's words
    return error


def storage_error(error: DBAPIError | sqlite3.Error, path: Path) -> StorageError:
    """The error of errors.py that says what SQLite said."""
    code = _code(error)
    said = _said(error)
    primary = code & _PRIMARY
    if code in _FULL or primary in _FULL:
        return StorageFull(
            f"no space to write the record: {path}: {said}",
            hint="free space on that file system (or raise the quota or file-size limit); writing resumes by itself",
        )
    if primary in _CORRUPT:
        return corrupt(path, said)
    if primary in _BUSY:
        return StorageError(
            f"the database is locked by another program: {path}",
            hint="close the program that holds it (a database browser, a copy under way); nothing was written",
        )
    if primary in _FORBIDDEN:
        return StorageError(
            f"the database cannot be opened for writing: {path}: {said}",
            hint="the file and its folder must exist and belong to the user the daemon runs as, on a file system that can be written",
        )
    if primary == sqlite3.SQLITE_CONSTRAINT:
        return StorageContradiction(f"what was to be written contradicts the record, and nothing of it was: {said}")
    return StorageError(f"the record could not be used: {path}: {said}")


def _original(error: DBAPIError | sqlite3.Error) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error


def _code(error: DBAPIError | sqlite3.Error) -> int:
    return int(getattr(_original(error), "sqlite_errorcode", None) or 0)


def _said(error: DBAPIError | sqlite3.Error) -> str:
    original = _original(error)
    name = getattr(original, "sqlite_errorname", None)
    return f"{original} ({name})" if name else str(original)
