"""The database file: how it is opened and checked, and how async callers reach it.

One writer thread with one connection; two threads for reading, which see the last commit and never wait for a writer.
SQLite in WAL mode with synchronous=FULL: what was committed survives a power cut. This module must not know the tables.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import StatementError

from monitor.errors import StorageError
from monitor.store import migrate, schema
from monitor.store.lock import folder_error, prepare_folder
from monitor.store.sqlite_errors import corrupt, explained
from monitor.store.writer import Writer

T = TypeVar("T")

FILE_NAME = "monitor.db"
READERS = 2
#: Seconds SQLite itself waits for another program's lock, and how many such waits a write is tried for (a minute in all).
BUSY_TIMEOUT = 5.0
PATIENCE = 12

_WRITER_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # the outbox's promise is worth a sync: 0.5 ms a commit on an ordinary SSD
    "PRAGMA foreign_keys=ON",
    # Pages copied back from the log at a time: four times SQLite's default, for most are written again before that.
    "PRAGMA wal_autocheckpoint=4000",
    "PRAGMA journal_size_limit=67108864",  # a long reader lets the log grow; it shrinks back to 64 MiB
    "PRAGMA cache_size=-16384",  # KiB
)
_READER_PRAGMAS = ("PRAGMA query_only=ON", "PRAGMA cache_size=-8192")

# Unescaped, for Arabic escaped is three times as long.
_dump_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


class Database:
    """``await open(data_dir)``, then ``write`` and ``read`` functions of a connection, then ``await close()``."""

    def __init__(self, path: Path, reader: Engine, writer_engine: Engine | None, writer: Writer | None) -> None:
        self.path = path
        self._reader = reader
        self._writer_engine = writer_engine
        self._writer = writer
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")

    @classmethod
    async def open(
        cls, data_dir: Path, *, read_only: bool = False, busy_timeout: float = BUSY_TIMEOUT, patience: int = PATIENCE
    ) -> Database:
        """Check and migrate, then be ready. Raises StorageCorrupt, StorageFull, SchemaTooNew, StorageError."""
        path = data_dir / FILE_NAME
        reader = _engine(path, "ro", _READER_PRAGMAS, "BEGIN", busy_timeout)
        if read_only:
            database = cls(path, reader, None, None)
            try:
                await database._check_readable()
            except BaseException:
                await database.close()
                raise
            return database
        prepare_folder(data_dir)
        # A transaction that starts as a reader and turns writer fails at once where another wrote meanwhile, whatever
        # the busy timeout; one that starts as a writer waits.
        engine = _engine(path, "rwc", _WRITER_PRAGMAS, "BEGIN IMMEDIATE", busy_timeout)
        writer = Writer(path, partial(_connect, path, engine), _migrate, patience)
        database = cls(path, reader, engine, writer)
        try:
            await asyncio.wrap_future(writer.start())
        except BaseException:
            await database.close()
            raise
        return database

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in a transaction on the writer thread; returns after its commit. All of it or nothing."""
        return await self.submit(work)

    def submit(self, work: Callable[[Connection], T]) -> asyncio.Future[T]:
        """The same without waiting: cancelling the future withdraws the work only where it has not begun."""
        if self._writer is None:
            raise StorageError("the record was opened for reading only")
        return asyncio.wrap_future(self._writer.submit(work))

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` on a reader thread, in one consistent view of the last commit."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, work)

    async def close(self) -> None:
        await asyncio.to_thread(self._close)

    # ------------------------------------------------------------------------------------- on threads
    def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._reader.connect() as connection:
                return work(connection)
        except (StatementError, sqlite3.Error) as error:
            raise explained(error, self.path) from error

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._threads.shutdown(wait=True)
        self._reader.dispose()
        if self._writer_engine is not None:
            self._writer_engine.dispose()

    async def _check_readable(self) -> None:
        try:
            there = self.path.is_file() and self.path.stat().st_size > 0
        except OSError as error:
            raise folder_error(self.path.parent, error) from error
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
            for pragma in pragmas:
                connection.execute(pragma).close()
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    engine = create_engine(
        "sqlite+pysqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=READERS,
        max_overflow=0,
        json_serializer=_dump_json,
        hide_parameters=True,  # article text stays out of tracebacks and logs
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _connect(path: Path, engine: Engine) -> Connection:
    try:
        _check_sound(path)
    except OSError as error:
        raise folder_error(path.parent, error) from error
    return engine.connect()


def _check_sound(path: Path) -> None:
    """Before a connection that could write exists (closing one copies the write-ahead log into the file): is it sound?"""
    if path.exists() and not path.is_file():
        raise StorageError(f"the database's path is taken by something else: {path}", hint="move it away, or set another data_dir")
    log = path.with_name(path.name + "-wal")
    if not path.exists() or path.stat().st_size == 0:
        # SQLite takes this for a new database and throws the log away, and with it all that was committed into it.
        if log.exists() and log.stat().st_size > 0:
            raise corrupt(path, "the file is missing or empty although its write-ahead log is not")
        return
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=BUSY_TIMEOUT)) as connection:
        findings = [str(finding) for (finding,) in connection.execute("PRAGMA quick_check(3)")]
    if findings != ["ok"]:
        raise corrupt(path, "; ".join(findings))


def _migrate(connection: Connection) -> None:
    with connection.begin():
        migrate.migrate(connection)
