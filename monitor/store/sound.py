"""Is the record sound, before a connection that could write to it exists: closing one copies the write-ahead log into the file.

A file that is damaged is not written to; it is kept aside as it is, once, and the message says the way back. Looking through a
large record costs seconds for each gigabyte, so one that was closed in order is looked through after the start instead. This
module must not know the tables.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

from monitor.errors import StorageError
from monitor.store import files
from monitor.store.sqlite_errors import corrupt, explained

#: Bytes from which on a record that was closed in order is looked through after the start: 0.65 s a gigabyte, cached.
LARGE: Final = 1 << 30
#: Seconds to wait for another program's lock.
PATIENCE: Final = 5.0
#: How much of what SQLite finds is said.
_FINDINGS: Final = 3


def require_sound(path: Path, *, large: int = LARGE) -> bool:
    """Whether the whole record was looked through. Raises StorageCorrupt, with the damaged file kept aside."""
    if path.exists() and not path.is_file():
        raise StorageError(f"the database's path is taken by something else: {path}", hint="move it away, or set another data_dir")
    log = files.log_of(path)
    if not path.exists() or path.stat().st_size == 0:
        # SQLite takes this for a new database and throws the log away, and with it all that was committed into it.
        if log.exists() and log.stat().st_size > 0:
            raise corrupt(path, "the file is missing or empty although its write-ahead log is not")
        return True
    later = path.stat().st_size >= large and files.is_clean(path)
    finding = _glance(path) if later else look_through(path)
    if finding:
        raise corrupt(path, finding, aside=keep_aside(path))
    return not later


def look_through(path: Path) -> str:
    """What is wrong with its structure, "" where nothing is. Raises StorageError where it cannot be read at all."""
    return _findings(path, f"PRAGMA quick_check({_FINDINGS})")


def keep_aside(path: Path) -> Path | None:
    """A copy of what is damaged, its log included, once for each state of it; None where there is no room for that."""
    try:
        kept = path.with_name(f"{path.name}.corrupt-{files.stamp(files.changed(path))}")
        if kept.exists():
            return kept
        if files.free(path.parent) < 2 * files.size_of(path):
            return None
        log, part = files.log_of(path), kept.with_name(kept.name + files.PART)
        if files.has_log(path):
            shutil.copy2(log, files.log_of(kept))
        shutil.copy2(path, part)
        part.rename(kept)
    except OSError:
        return None
    return kept


def _glance(path: Path) -> str:
    return _findings(path, "SELECT 'ok' FROM (SELECT count(*) FROM sqlite_master)")


def _findings(path: Path, statement: str) -> str:
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=PATIENCE)) as connection:
            found = [str(finding) for (finding,) in connection.execute(statement)]
    except sqlite3.DatabaseError as error:
        said = explained(error, path)
        if error.sqlite_errorname in ("SQLITE_CORRUPT", "SQLITE_NOTADB") or error.sqlite_errorname.startswith("SQLITE_CORRUPT_"):
            return f"{error} ({error.sqlite_errorname})"
        raise said from error
    return "" if found == ["ok"] else "; ".join(found)
