"""The one writer: a thread, a connection, and transactions that carry every request that is waiting.

A commit costs a sync of the disk, so requests that wait together share one; each stays all-or-nothing, and a future is answered
only after the commit. A savepoint for each would cost more than all else that a commit costs (SQLite puts every page aside that is
changed within one), so there is none until a request fails that has changed rows already: then the whole transaction is taken back
and done once more, each request in a savepoint of its own. One that fails before it changes a row leaves nothing to take back. A
caller that goes away takes nothing with it.

When the disk is full, the ballast is given up and the record is *tight*: requests that make it grow (articles) are refused at
once, and what is small goes on into the room that the ballast left. When there is room for a new ballast, that ends. This
module must not know what the requests write.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar, cast

import structlog
from sqlalchemy import Connection, Transaction
from sqlalchemy.exc import DBAPIError

from monitor.errors import StorageCorrupt, StorageError, StorageFull
from monitor.store.ballast import Ballast
from monitor.store.sqlite_errors import explained, is_busy

log = structlog.get_logger("monitor.store")

T = TypeVar("T")

# How many waiting requests share a commit. Beyond a few dozen the sync is no longer what costs, and the first would wait.
BATCH = 64

# Seconds between two looks whether there is room for the ballast again.
LOOK_AGAIN = 5.0

# Seconds that room must have held for a full disk to be another one. Until then it is the same that fills again and again, with what
# waits at the sources: it is said once, and looked at less often, up to so many times.
EPISODE = 600.0
PATIENT = 16

# Pages in the write-ahead log after which it is copied back and begun anew: 16 MiB, and 1 MiB where every page counts.
CHECKPOINT = 4000
CHECKPOINT_TIGHT = 256

_FREE_SPACE = "free space on that file system (or raise the quota or file-size limit); writing resumes by itself"


class _TransactionLost(Exception):
    """SQLite rolled the whole transaction back under one request (disk full, write error), the others' work with it."""


class _HalfWritten(Exception):
    """One request failed with rows changed: what it left cannot be told from the work of the others."""


#: What came of a request: its value, or the error it failed with.
_Answer: TypeAlias = tuple[Any, BaseException | None]


@dataclass(eq=False)
class _Request(Generic[T]):
    """``grows``: refused while the record is tight. ``alone``: outside of any transaction, none beside it. ``lost`` is called on the
    thread where it fails, before anything else is carried out."""

    work: Callable[[Connection], T]
    future: Future[T]
    grows: bool = False
    alone: bool = False
    lost: Callable[[], None] | None = None

    def fail(self, error: BaseException) -> None:
        if self.lost is not None:
            self.lost()
        self.future.set_exception(error)


class Writer:
    """``connect`` opens the connection and ``prepare`` makes it ready (checks, migration); both run on the thread.

    ``patience`` is how often a transaction that another program keeps from starting is tried again; each try waits for the
    connection's busy timeout. Without a ``ballast`` the record is never tight: every request finds out for itself.
    """

    def __init__(
        self,
        path: Path,
        connect: Callable[[], Connection],
        prepare: Callable[[Connection], None],
        patience: int,
        ballast: Ballast,
        *,
        look_again: float = LOOK_AGAIN,
    ) -> None:
        self._path = path
        self._connect = connect
        self._prepare = prepare
        self._patience = patience
        self._ballast = ballast
        self._look_again = look_again
        self._looked = time.monotonic()
        self._wait = look_again
        self._had_room = float("-inf")
        self._lacks_ballast = False
        self._tight = ""
        self._queue: queue.SimpleQueue[_Request[Any] | None] = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._closing = False
        self._broken: StorageCorrupt | None = None
        self._opened: Future[None] = Future()
        # A daemon thread: a process that dies without closing loses what it was never promised, and does not hang.
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)

    def start(self) -> Future[None]:
        """Resolves when the record is open and ready; fails with a StorageError otherwise (the thread has ended then)."""
        self._thread.start()
        return self._opened

    @property
    def tight(self) -> str:
        """Why the record takes no more articles, "" where it does."""
        return self._tight

    @property
    def broken(self) -> StorageCorrupt | None:
        """The damage that was seen; nothing is written from then on."""
        return self._broken

    def submit(
        self, work: Callable[[Connection], T], *, grows: bool = False, alone: bool = False, lost: Callable[[], None] | None = None
    ) -> Future[T]:
        """``work`` may be run again from the start where a transaction was lost, so it must keep nothing between runs."""
        future: Future[T] = Future()
        with self._guard:
            if self._closing:
                future.set_exception(StorageError("the record is closed"))
            else:
                self._queue.put(_Request(work, future, grows, alone, lost))
        return future

    def stop_writing(self, damage: StorageCorrupt) -> None:
        """Damage was found by somebody who looked: from now on every request is answered with it."""
        self._broken = self._broken or damage

    def close(self) -> None:
        """Write what is waiting, then close. Blocks until the thread has ended."""
        with self._guard:
            if not self._closing:
                self._closing = True
                self._queue.put(None)
        if self._thread.ident is not None:
            self._thread.join()

    # ------------------------------------------------------------------------------------ on the thread
    def _run(self) -> None:
        try:
            connection = self._ready()
        except BaseException as error:
            self._opened.set_exception(explained(error, self._path))
            return
        self._make_ballast(connection)
        self._opened.set_result(None)
        try:
            self._serve(connection)
        finally:
            self._turn_away()
            connection.close()

    def _ready(self) -> Connection:
        """A daemon that ended on a full disk must be able to start there."""
        try:
            return self._prepared()
        except BaseException as error:
            said = explained(error, self._path)
            if not isinstance(said, StorageFull) or not self._ballast.give_up():
                raise
            self._now_tight(said)
        return self._prepared()

    def _prepared(self) -> Connection:
        connection = self._connect()
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _serve(self, connection: Connection) -> None:
        identity = self._identity()
        last = False
        while not last:
            batch, last = self._next_batch()
            refusal = self._moved(identity) if batch else None
            if refusal is not None:
                for request in batch:
                    request.fail(_again(refusal))
            else:
                self._look_for_room(connection)
                batch = self._admitted(batch)
                if together := [request for request in batch if not request.alone]:
                    self._carry_out(connection, together)
                for request in batch:
                    if request.alone:
                        self._do_alone(connection, request)

    def _turn_away(self) -> None:
        """The thread ends: nobody may be left waiting for it, whatever ended it."""
        with self._guard:
            self._closing = True
        while True:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return
            if item is not None and item.future.set_running_or_notify_cancel():
                item.future.set_exception(StorageError("the record is closed"))

    def _next_batch(self) -> tuple[list[_Request[Any]], bool]:
        """Wait for a request, then take along all that wait already; True with the last batch before closing. An empty batch
        where the ballast is lacking and none came: time to look for room."""
        batch: list[_Request[Any]] = []
        try:
            item = self._queue.get(timeout=self._wait if self._lacks_ballast else None)
        except queue.Empty:
            return batch, False
        while item is not None:
            # A caller cancelled before its turn gets nothing written; from here on it can no longer withdraw.
            if item.future.set_running_or_notify_cancel():
                batch.append(item)
            if len(batch) >= BATCH:
                return batch, False
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True

    def _carry_out(self, connection: Connection, batch: Sequence[_Request[Any]]) -> None:
        """One transaction for all; where one request or the commit itself takes it down, one for each, so that only what
        cannot be written fails."""
        if self._broken is not None:
            self._fail(batch, self._broken)
            return
        try:
            transaction = self._begin(connection)
        except BaseException as error:
            self._fail(batch, error)
            return
        try:
            answers = self._together(connection, transaction, batch)
        except BaseException as error:
            cause = (error.__cause__ or error) if isinstance(error, _TransactionLost) else error
            if len(batch) == 1:
                self._failed(connection, batch[0], cause)
            else:
                self._tighten(connection, cause)
                for request in self._admitted(batch):
                    self._carry_out(connection, [request])
            return
        for request, (value, failure) in zip(batch, answers, strict=True):
            if failure is None:
                request.future.set_result(value)
            else:
                self._failed(connection, request, failure)

    def _together(self, connection: Connection, transaction: Transaction, batch: Sequence[_Request[Any]]) -> list[_Answer]:
        try:
            return self._transaction(connection, transaction, batch, self._in_turn)
        except _HalfWritten:
            return self._transaction(connection, self._begin(connection), batch, self._in_savepoint)

    @staticmethod
    def _transaction(
        connection: Connection,
        transaction: Transaction,
        batch: Sequence[_Request[Any]],
        carry_out: Callable[[Connection, _Request[Any]], _Answer],
    ) -> list[_Answer]:
        try:
            if len(batch) == 1:
                # The transaction itself makes it all or nothing.
                answers: list[_Answer] = [(batch[0].work(connection), None)]
            else:
                answers = [carry_out(connection, request) for request in batch]
            transaction.commit()
        except BaseException:
            transaction.rollback()
            raise
        return answers

    def _begin(self, connection: Connection) -> Transaction:
        """BEGIN IMMEDIATE: what the transaction reads cannot change before it writes. Patient with other programs."""
        tries = 0
        while True:
            try:
                return connection.begin()
            except DBAPIError as error:
                tries += 1
                if not is_busy(error) or tries >= self._patience or self._closing:
                    raise

    @staticmethod
    def _in_turn(connection: Connection, request: _Request[Any]) -> _Answer:
        driver = _driver(connection)
        changed = driver.total_changes
        try:
            return request.work(connection), None
        except BaseException as error:
            if not driver.in_transaction:
                raise _TransactionLost from error
            if driver.total_changes != changed:
                raise _HalfWritten from error
            return None, error

    @staticmethod
    def _in_savepoint(connection: Connection, request: _Request[Any]) -> _Answer:
        # Of the driver itself: SQLAlchemy's way around it takes ten times as long.
        driver = _driver(connection)
        driver.execute("SAVEPOINT request")
        try:
            value = request.work(connection)
        except BaseException as error:
            if not driver.in_transaction:
                raise _TransactionLost from error
            driver.execute("ROLLBACK TO SAVEPOINT request")
            driver.execute("RELEASE SAVEPOINT request")
            return None, error
        driver.execute("RELEASE SAVEPOINT request")
        return value, None

    def _do_alone(self, connection: Connection, request: _Request[Any]) -> None:
        if self._broken is not None:
            self._fail([request], self._broken)
            return
        try:
            request.future.set_result(request.work(connection))
        except BaseException as error:
            self._fail([request], error)

    # ------------------------------------------------------------------------------------- a full disk
    def _admitted(self, batch: Sequence[_Request[Any]]) -> list[_Request[Any]]:
        """What may be tried; the rest is answered."""
        if not self._tight:
            return list(batch)
        for request in batch:
            if request.grows:
                request.fail(StorageFull(self._tight, hint=_FREE_SPACE))
        return [request for request in batch if not request.grows]

    def _failed(self, connection: Connection, request: _Request[Any], error: BaseException) -> None:
        """One request could not be done. Where that gave the ballast up, what is small has room now."""
        if self._tighten(connection, error) and not request.grows:
            self._carry_out(connection, [request])
        else:
            self._fail([request], error)

    def _tighten(self, connection: Connection, error: BaseException) -> bool:
        """Whether the ballast was given up just now, because of a full disk."""
        said = explained(error, self._path)
        if not isinstance(said, StorageFull) or not self._ballast.give_up():
            return False
        self._now_tight(said)
        # The log holds many versions of a page: copied back and cut off, it leaves more room than the ballast did.
        _quietly(connection, "PRAGMA wal_checkpoint(TRUNCATE)", f"PRAGMA wal_autocheckpoint={CHECKPOINT_TIGHT}")
        return True

    def _now_tight(self, error: StorageFull) -> None:
        self._tight = error.message
        self._lacks_ballast, self._looked = True, time.monotonic()
        if self._same_episode():
            self._wait = min(self._wait * 2, self._look_again * PATIENT)
            log.debug("storage_full_again", error=error.message, looks_again_in=self._wait)
            return
        self._wait = self._look_again
        log.error("storage_full", error=error.message, kept_on="deliveries and operations go on in the room that was kept for them")

    def _same_episode(self) -> bool:
        return time.monotonic() - self._had_room < EPISODE

    def _look_for_room(self, connection: Connection) -> None:
        if self._lacks_ballast and time.monotonic() - self._looked >= self._wait:
            self._make_ballast(connection)

    def _make_ballast(self, connection: Connection) -> None:
        self._looked = time.monotonic()
        if not self._ballast.wanted:
            self._ballast.make()  # which takes away the one of an earlier configuration
            return
        hindered = self._ballast.make()
        if hindered and not self._tight and self._ballast.given_up:
            # The daemon before this one ended on a full disk: what room there is was kept for deliveries.
            self._now_tight(StorageFull(f"no space to write the record: {self._path}: the room that was kept is in use"))
        elif hindered and not self._lacks_ballast:
            log.warning("no_ballast", error=hindered, meaning="a full disk will stop deliveries from being recorded too")
        if self._lacks_ballast and not hindered:
            log.info("ballast_made")
        if self._tight and not hindered:
            self._tight = ""
            _quietly(connection, f"PRAGMA wal_autocheckpoint={CHECKPOINT}")
            (log.debug if self._same_episode() else log.info)("storage_has_room")
            self._had_room = time.monotonic()
        self._lacks_ballast = bool(hindered)

    def _fail(self, batch: Sequence[_Request[Any]], error: BaseException) -> None:
        error = explained(error, self._path)
        if isinstance(error, StorageCorrupt):
            # Damage seen once is damage: not one more byte goes into this file.
            self._broken = error
        for request in batch:
            request.fail(_again(error) if isinstance(error, StorageError) else error)

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _moved(self, identity: tuple[int, int] | None) -> StorageError | None:
        """SQLite would go on writing into a deleted file and lose it all at the end."""
        if self._identity() == identity:
            return None
        return StorageError(
            f"the database was moved, replaced or deleted while in use: {self._path}",
            hint="put the file (with its -wal and -shm files) back and start again; nothing more was written",
        )


def _driver(connection: Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.connection.dbapi_connection)


def _quietly(connection: Connection, *pragmas: str) -> None:
    """Outside of a transaction; what cannot be done now is done without."""
    driver = _driver(connection)
    for pragma in pragmas:
        try:
            driver.cursor().execute(pragma).fetchall()
        except Exception as error:
            log.debug("pragma_failed", pragma=pragma, error=str(error))


def _again(error: StorageError) -> StorageError:
    """The same error for another caller: one raised twice would drag the first caller's traceback along."""
    fresh = type(error)(error.message, hint=error.hint)
    fresh.__cause__ = error.__cause__
    return fresh
