"""The database file: how it is opened and checked, and how async callers reach it.

One writer thread with one connection; two threads for reading, which see the last commit and never wait for a writer.
SQLite in WAL mode with synchronous=FULL: what was committed survives a power cut. This module must not know the tables.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import StatementError

from monitor.errors import StorageError
from monitor.store import backup, files, migrate, schema
from monitor.store.ballast import Ballast
from monitor.store.lock import folder_error, prepare_folder
from monitor.store.sound import LARGE, look_through, require_sound
from monitor.store.sqlite_errors import corrupt, explained
from monitor.store.statements import json_text
from monitor.store.writer import CHECKPOINT, LOOK_AGAIN, Writer

T = TypeVar("T")

READERS = 2
#: Seconds SQLite itself waits for another program's lock, and how many such waits a write is tried for (a minute in all).
BUSY_TIMEOUT = 5.0
PATIENCE = 12

_WRITER_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # the outbox's promise is worth a sync: 0.5 ms a commit on an ordinary SSD
    "PRAGMA foreign_keys=ON",
    # Debian's SQLite overwrites what is deleted, free pages too; these it need not: pruning would write everything once more.
    "PRAGMA secure_delete=FAST",
    # Pages copied back from the log at a time: four times SQLite's default, for most are written again before that.
    f"PRAGMA wal_autocheckpoint={CHECKPOINT}",
    "PRAGMA journal_size_limit=67108864",  # a long reader lets the log grow; it shrinks back to 64 MiB
    "PRAGMA cache_size=-16384",  # KiB
    # What savepoints put aside of the pages they change: no file needs to be written for what a crash loses anyhow.
    "PRAGMA temp_store=MEMORY",
)
# Before anything is written: what is pruned can be given back to the disk (for 1 % of an ingest's time).
_NEW_RECORD = "PRAGMA auto_vacuum=INCREMENTAL"
_READER_PRAGMAS = ("PRAGMA query_only=ON", "PRAGMA cache_size=-8192")


@dataclass(frozen=True, slots=True)
class Opening:
    """How the record is opened. ``ballast`` is its size in bytes (0: none), ``backups`` how many copies made before migrations
    are kept (0: none is made), ``large`` from how many bytes on a record that was closed in order is looked through later.
    ``busy_timeout`` is in seconds; a write is tried ``patience`` times as long."""

    busy_timeout: float = BUSY_TIMEOUT
    patience: int = PATIENCE
    ballast: int = 0
    backups: int = 0
    large: int = LARGE
    look_again: float = LOOK_AGAIN


class Database:
    """``await open(data_dir)``, then ``write`` and ``read`` functions of a connection, then ``await close()``."""

    def __init__(self, path: Path, how: Opening, *, read_only: bool = False) -> None:
        self.path = path
        self._how = how
        #: Whether the whole of it was looked through at the start; else ``look_through`` is still to be called.
        self.looked_through = True
        #: What a migration at the start came from and where it was copied before; "" and None where there was none.
        self.migrated_from = ""
        self.backed_up: Path | None = None
        self._reader = _engine(path, "ro", _READER_PRAGMAS, "BEGIN", how.busy_timeout)
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._own = threading.local()
        self._connections: list[Connection] = []  # of the reading threads, to be closed with them
        self._writer_engine: Engine | None = None
        self._writer: Writer | None = None
        self._opened = False
        if not read_only:
            # A transaction that starts as a reader and turns writer fails at once where another wrote meanwhile, whatever
            # the busy timeout; one that starts as a writer waits.
            self._writer_engine = _engine(path, "rwc", _WRITER_PRAGMAS, "BEGIN IMMEDIATE", how.busy_timeout)
            ballast = Ballast(path.parent, how.ballast)
            self._writer = Writer(path, self._connect, self._migrate, how.patience, ballast, look_again=how.look_again)

    @classmethod
    async def open(cls, data_dir: Path, *, read_only: bool = False, how: Opening | None = None) -> Database:
        """Check and migrate, then be ready. Raises StorageCorrupt, StorageFull, SchemaTooNew, StorageError."""
        if not read_only:
            prepare_folder(data_dir)
        database = cls(data_dir / files.RECORD, how or Opening(), read_only=read_only)
        try:
            if database._writer is None:
                await database._check_readable()
            else:
                await asyncio.wrap_future(database._writer.start())
                database._opened = True
        except BaseException:
            await database.close()
            raise
        return database

    @property
    def tight(self) -> str:
        """Why no more articles are taken (the disk is full), "" where they are."""
        return self._writer.tight if self._writer is not None else ""

    @property
    def broken(self) -> str:
        """The damage that was seen, "" where none was: nothing is written any more."""
        found = self._writer.broken if self._writer is not None else None
        return str(found) if found is not None else ""

    async def write(self, work: Callable[[Connection], T], *, grows: bool = False, lost: Callable[[], None] | None = None) -> T:
        """Run ``work`` in a transaction on the writer thread; returns after its commit. All of it or nothing. What ``grows``
        the record is refused while the disk is full, so that the rest can go on. ``lost`` is called on the thread where it
        fails, before anything else is written."""
        return await self.submit(work, grows=grows, lost=lost)

    def submit(self, work: Callable[[Connection], T], *, grows: bool = False, lost: Callable[[], None] | None = None) -> asyncio.Future[T]:
        """The same without waiting: cancelling the future withdraws the work only where it has not begun."""
        if self._writer is None:
            raise StorageError("the record was opened for reading only")
        return asyncio.wrap_future(self._writer.submit(work, grows=grows, lost=lost))

    async def look_through(self) -> str:
        """The whole of a large record, while it is in use; what is wrong with it, "" where nothing is. Damage stops writing."""
        finding = await asyncio.get_running_loop().run_in_executor(self._threads, look_through, self.path)
        self.looked_through = True
        if finding and self._writer is not None:
            self._writer.stop_writing(corrupt(self.path, finding))
        return finding

    async def shorten_log(self) -> None:
        """Copy the write-ahead log back and cut it off; as far as readers let it, for whom nobody waits."""
        if self._writer is not None:
            await asyncio.wrap_future(self._writer.submit(_shorten_log, alone=True))

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` on a reader thread, in one consistent view of the last commit."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, work)

    async def close(self) -> None:
        await asyncio.to_thread(self._close)

    # ------------------------------------------------------------------------------------- on threads
    def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            connection = self._reading()
            # Begun by the driver itself, for statements that go by it (see ``statements``); SQLAlchemy's then find it begun.
            driver = connection.connection.dbapi_connection
            assert driver is not None
            try:
                driver.execute("BEGIN")
                found = work(connection)
                connection.rollback()
                driver.rollback()
            except BaseException:
                self._let_go(connection)
                raise
            return found
        except (StatementError, sqlite3.Error) as error:
            raise explained(error, self.path) from error

    def _reading(self) -> Connection:
        """This thread's own connection: taking one from a pool and giving it back takes as long as a short reading."""
        connection: Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._reader.connect()
            self._connections.append(connection)
        return connection

    def _let_go(self, connection: Connection) -> None:
        """Of a reading that failed a statement may be left half read, which would hold this thread to the view of then."""
        self._own.connection = None
        self._connections.remove(connection)
        connection.invalidate()
        connection.close()

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._threads.shutdown(wait=True)
        while self._connections:
            self._connections.pop().close()
        self._reader.dispose()
        if self._writer_engine is not None:
            self._writer_engine.dispose()
        if self._opened and not self.broken:
            self._opened = False
            files.mark_clean(self.path)

    def _connect(self) -> Connection:
        try:
            if backup.restoring(self.path):
                backup.finish_restore(self.path)
            self.looked_through = require_sound(self.path, large=self._how.large)
            files.unmark_clean(self.path)
        except OSError as error:
            raise folder_error(self.path.parent, error) from error
        assert self._writer_engine is not None
        return self._writer_engine.connect()

    def _migrate(self, connection: Connection) -> None:
        def before(found: str | None) -> None:
            if found is not None:
                self.migrated_from = found
                self.backed_up = backup.automatic(self.path, found, self._how.backups)

        driver = connection.connection.dbapi_connection
        assert driver is not None
        driver.execute("PRAGMA temp_store=FILE")  # indexes and copies of whole tables are sorted on the disk
        try:
            with connection.begin():
                migrate.migrate(connection, before)
        finally:
            driver.execute("PRAGMA temp_store=MEMORY")

    async def _check_readable(self) -> None:
        try:
            there = self.path.is_file() and self.path.stat().st_size > 0
        except OSError as error:
            raise folder_error(self.path.parent, error) from error
        if backup.restoring(self.path):
            raise StorageError(
                f"a restore of {self.path} was not finished", hint="start the daemon, or give the same `monitor db restore` again"
            )
        if not there:
            raise _no_record(self.path)
        found = await self.read(migrate.revision)
        if found is None:
            raise _no_record(self.path)
        migrate.refuse_newer(found)
        if found != schema.REVISION:
            raise StorageError(
                f"the record was written by an older version of this program: {self.path}",
                hint="run `monitor run` or `monitor once` to bring it up to date",
            )


def _no_record(path: Path) -> StorageError:
    return StorageError(f"no record yet at {path}: run `monitor run` or `monitor once`")


def _engine(path: Path, mode: str, pragmas: tuple[str, ...], begin: str, busy_timeout: float) -> Engine:
    uri = f"file:{quote(str(path))}?mode={mode}"

    def connect() -> sqlite3.Connection:
        # isolation_level None: the driver starts no transaction of its own; the listener below does.
        connection = sqlite3.connect(uri, uri=True, timeout=busy_timeout, isolation_level=None, check_same_thread=False)
        try:
            new = mode == "rwc" and path.stat().st_size == 0
            for pragma in (_NEW_RECORD, *pragmas) if new else pragmas:
                connection.execute(pragma).close()
        except (sqlite3.Error, OSError):
            connection.close()
            raise
        return connection

    engine = create_engine(
        "sqlite+pysqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=READERS,
        max_overflow=0,
        json_serializer=json_text,
        hide_parameters=True,  # article text stays out of tracebacks and logs
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if not connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
            connection.exec_driver_sql(begin)

    return engine


def _shorten_log(connection: Connection) -> None:
    driver = connection.connection.dbapi_connection
    assert driver is not None
    timeout = driver.execute("PRAGMA busy_timeout").fetchone()[0]
    driver.execute("PRAGMA busy_timeout=0")
    try:
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        driver.execute(f"PRAGMA busy_timeout={timeout}")
