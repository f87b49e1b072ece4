"""The files of the data folder beside the record, and what their names say.

    monitor.db, -wal, -shm           the record and what SQLite keeps beside it
    clean                            the record was closed in order, and is as it was left then
    ballast                          given up when the disk is full
    backups/monitor-REVISION-….db    copies made before a migration
    backups/monitor-….db             copies made by hand
    monitor.db.corrupt-…             what was found damaged, kept as it was
    monitor.db.replaced-…            what a restore took the place of
    monitor.db.restoring             a restore that is not yet finished; the next start finishes it

A time in a name is that of the record's last change, so that the same state has the same name however often it is kept. This
module must not know what stands in any of them.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

RECORD = "monitor.db"
BALLAST = "ballast"
BACKUPS = "backups"
#: What a copy under way is called beside its name.
PART = ".part"

_CLEAN = "clean"
_AUTOMATIC = re.compile(r"monitor-[0-9]{4}-[0-9TZ]+(-[0-9]+)?\.db")


def log_of(record: Path) -> Path:
    return record.with_name(record.name + "-wal")


def index_of(record: Path) -> Path:
    return record.with_name(record.name + "-shm")


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def changed(record: Path) -> datetime:
    """When it was written last, its log included."""
    written = (record, log_of(record)) if has_log(record) else (record,)
    newest = max(file.stat().st_mtime for file in written)
    return datetime.fromtimestamp(newest, UTC)


def size_of(record: Path) -> int:
    """Bytes, its log included."""
    return sum(file.stat().st_size for file in (record, log_of(record)) if file.exists())


def free(folder: Path) -> int:
    """Bytes that an ordinary user may still write there."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def sync_folder(folder: Path) -> None:
    """A name that was given or taken away survives a power cut only then."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# ------------------------------------------------------------------------------------------ backups
def backups(data_dir: Path) -> list[Path]:
    """Newest first, by when they were made."""
    found = [file for file in (data_dir / BACKUPS).glob("*.db") if file.is_file()]
    return sorted(found, key=lambda file: (file.stat().st_mtime, file.name), reverse=True)


def automatic(backup: Path) -> bool:
    """Whether it was made before a migration, and not by hand."""
    return _AUTOMATIC.fullmatch(backup.name) is not None


# ------------------------------------------------------------------------------------ the clean end
def mark_clean(record: Path) -> None:
    """The record is closed, in one file and in order. Best effort: without the mark the next start looks through it all."""
    try:
        if not has_log(record):
            record.with_name(_CLEAN).write_text(_state(record))
    except OSError:
        pass


def is_clean(record: Path) -> bool:
    """Whether it was closed in order and nobody changed it since."""
    try:
        return not has_log(record) and record.with_name(_CLEAN).read_text() == _state(record)
    except (OSError, ValueError):
        return False


def unmark_clean(record: Path) -> None:
    record.with_name(_CLEAN).unlink(missing_ok=True)


def has_log(record: Path) -> bool:
    """Whether something stands in the log only; a reader leaves an empty one behind."""
    log = log_of(record)
    return log.exists() and log.stat().st_size > 0


def _state(record: Path) -> str:
    found = record.stat()
    return f"{found.st_size} {found.st_mtime_ns}\n"
