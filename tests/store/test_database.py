"""The record's connections: what a reading that failed leaves behind, and where a migration sorts."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

from monitor.errors import StorageError
from monitor.store.database import READERS, Database
from tests.store import lives


def test_a_reading_that_fails_half_way_leaves_nobody_with_the_view_of_then(tmp_path: Path) -> None:
    held: list[object] = []

    def fails(connection: Connection) -> None:
        held.append(connection.exec_driver_sql("SELECT name FROM sqlite_schema"))  # and is not read to its end
        connection.exec_driver_sql("SELECT nothing_of_this_name")

    def count(connection: Connection) -> Any:
        return connection.exec_driver_sql("SELECT count(*) FROM source").scalar_one()

    async def work() -> None:
        database = await Database.open(tmp_path)
        try:
            failed = await asyncio.gather(*(database.read(fails) for _ in range(4 * READERS)), return_exceptions=True)
            assert all(isinstance(error, StorageError) for error in failed)
            await database.write(lambda connection: connection.exec_driver_sql("CREATE TABLE later (number)"))
            for number in range(1, 3):
                await database.write(lambda connection: connection.exec_driver_sql("INSERT INTO later VALUES (1)"))
                asked = (database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM later").scalar_one()) for _ in range(4 * READERS))
                assert await asyncio.gather(*asked) == [number] * 4 * READERS
            assert await database.read(count) == 0
        finally:
            await database.close()

    asyncio.run(work())


def test_a_migration_sorts_on_the_disk_and_work_after_it_in_memory(tmp_path: Path) -> None:
    lives.record_of(tmp_path, "0002")
    stores: list[int] = []

    def watched(_connection: Any, cursor: sqlite3.Cursor, statement: str, *_rest: Any) -> None:
        if statement.lstrip().startswith("CREATE"):
            stores.append(cursor.connection.execute("PRAGMA temp_store").fetchone()[0])

    async def work() -> int:
        database = await Database.open(tmp_path)
        try:
            return await database.write(lambda connection: int(connection.exec_driver_sql("PRAGMA temp_store").scalar_one()))
        finally:
            await database.close()

    event.listen(Engine, "before_cursor_execute", watched)
    try:
        after = asyncio.run(work())
    finally:
        event.remove(Engine, "before_cursor_execute", watched)
    assert (set(stores), after) == ({1}, 2)  # FILE, then MEMORY
