"""Pages that deleted rows have left are given back to the disk: a few at a time while the record is in use, or all by a copy.

SQLite keeps what is deleted for new rows. A record made by this version can give pages back where it stands (each is filled with
one from the end of the file, which is cut off then); one that was made before is written anew instead, with nobody using it. This
module must not know what the rows say, nor who asks.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection

from monitor.errors import StorageError, StorageFull
from monitor.store import backup, files
from monitor.store.database import Database
from monitor.store.sqlite_errors import explained

#: Of PRAGMA auto_vacuum: pages are given back when asked for.
INCREMENTAL: Final = 2
#: Pages given back in one transaction: a megabyte, some 20 ms.
_PIECE: Final = 256


@dataclass(frozen=True, slots=True)
class Compacted:
    """Bytes of the record before and after."""

    before: int
    after: int


async def give_back(database: Database) -> tuple[int, int]:
    """Bytes given back, and bytes that stay free within the file (all of them in a record that cannot give back where it stands).
    In transactions of their own, so that nobody waits for long. Raises StorageError."""
    given = 0
    while gone := await database.write(_give_back):
        given += gone
    if given:
        await database.shorten_log()  # only with the log copied back is the file cut
    return given, await database.read(unused)


def _give_back(connection: Connection) -> int:
    before = unused(connection)
    driver = connection.connection.dbapi_connection
    assert driver is not None
    # Each row, of no column, is a page given back: to the driver alone it is worth fetching.
    driver.execute(f"PRAGMA incremental_vacuum({_PIECE})").fetchall()
    return before - unused(connection)


def unused(connection: Connection) -> int:
    page, free = (int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()) for name in ("page_size", "freelist_count"))
    return page * free


def compact(data_dir: Path) -> Compacted:
    """The record written anew without what is free in it; the caller holds the folder's lock. Killed at any moment, it is as it
    was, or done. Raises StorageFull, StorageCorrupt, StorageError."""
    record = data_dir / files.RECORD
    before = files.size_of(record)
    part = record.with_name(record.name + ".compact" + files.PART)
    part.unlink(missing_ok=True)
    try:
        _written_anew(record, part, before)
        backup.examined(part)
        kept = backup.put_in_place(part, record)
    except sqlite3.Error as error:
        raise explained(error, record) from error
    finally:
        part.unlink(missing_ok=True)
    for old in (kept, files.log_of(kept)) if kept is not None else ():
        old.unlink(missing_ok=True)
    return Compacted(before, files.size_of(record))


def _written_anew(record: Path, part: Path, size: int) -> None:
    with closing(sqlite3.connect(f"file:{quote(str(record))}?mode=ro", uri=True, isolation_level=None)) as connection:
        page, free = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "freelist_count"))
        needed = size - page * free
        if files.free(record.parent) < needed:
            raise StorageFull(
                f"no space to write the record anew beside itself: {needed / 1e6:,.0f} MB: {record.parent}",
                hint="free space there; the record is as it was",
            )
        try:
            part.touch(0o600)
            if connection.execute("PRAGMA auto_vacuum").fetchone()[0] != INCREMENTAL:  # set again it would be written
                connection.execute(f"PRAGMA auto_vacuum={INCREMENTAL}")
            connection.execute("VACUUM INTO ?", (str(part),))
        except OSError as error:
            raise StorageError(f"the record cannot be written anew: {part}: {error.strerror or error}") from error
