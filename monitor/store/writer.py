"""The one writer: a thread, a connection, and transactions that carry every request that is waiting.

A commit costs a sync of the disk, so requests that wait together share one; each stays all-or-nothing by a savepoint of its
own, and a future is answered only after the commit. A caller that goes away takes nothing with it. This module must not
know what the requests write.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Transaction
from sqlalchemy.exc import DBAPIError

from monitor.errors import StorageCorrupt, StorageError
from monitor.store.sqlite_errors import explained, is_busy

T = TypeVar("T")

# How many waiting requests share a commit. Beyond a few dozen the sync is no longer what costs, and the first would wait.
BATCH = 64


class _TransactionLost(Exception):
    """SQLite rolled the whole transaction back under one request (disk full, write error), the others' work with it."""


@dataclass(eq=False)
class _Request(Generic[T]):
    work: Callable[[Connection], T]
    future: Future[T]


class Writer:
    """``connect`` opens the connection and ``prepare`` makes it ready (checks, migration); both run on the thread.

    ``patience`` is how often a transaction that another program keeps from starting is tried again; each try waits for the
    connection's busy timeout.
    """

    def __init__(self, path: Path, connect: Callable[[], Connection], prepare: Callable[[Connection], None], patience: int) -> None:
        self._path = path
        self._connect = connect
        self._prepare = prepare
        self._patience = patience
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

    def submit(self, work: Callable[[Connection], T]) -> Future[T]:
        """``work`` may be run again from the start where a transaction was lost, so it must keep nothing between runs."""
        future: Future[T] = Future()
        with self._guard:
            if self._closing:
                future.set_exception(StorageError("the record is closed"))
            else:
                self._queue.put(_Request(work, future))
        return future

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
            connection = self._connect()
        except BaseException as error:
            self._refuse(error)
            return
        try:
            self._prepare(connection)
        except BaseException as error:
            connection.close()
            self._refuse(error)
            return
        self._opened.set_result(None)
        try:
            self._serve(connection)
        finally:
            self._turn_away()
            connection.close()

    def _refuse(self, error: BaseException) -> None:
        self._opened.set_exception(explained(error, self._path))

    def _serve(self, connection: Connection) -> None:
        identity = self._identity()
        last = False
        while not last:
            batch, last = self._next_batch()
            refusal = self._moved(identity) if batch else None
            if refusal is not None:
                for request in batch:
                    request.future.set_exception(_again(refusal))
            elif batch:
                self._carry_out(connection, batch)

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
        """Wait for a request, then take along all that wait already; True with the last batch before closing."""
        batch: list[_Request[Any]] = []
        item = self._queue.get()
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
            answers = self._transaction(connection, transaction, batch)
        except BaseException as error:
            if len(batch) == 1:
                self._fail(batch, (error.__cause__ or error) if isinstance(error, _TransactionLost) else error)
            else:
                for request in batch:
                    self._carry_out(connection, [request])
            return
        for request, (value, failure) in zip(batch, answers, strict=True):
            if failure is None:
                request.future.set_result(value)
            else:
                self._fail([request], failure)

    def _transaction(
        self, connection: Connection, transaction: Transaction, batch: Sequence[_Request[Any]]
    ) -> list[tuple[Any, BaseException | None]]:
        try:
            if len(batch) == 1:
                # The transaction itself makes it all or nothing; a savepoint would copy every page it touches first.
                answers: list[tuple[Any, BaseException | None]] = [(batch[0].work(connection), None)]
            else:
                answers = [self._in_savepoint(connection, request) for request in batch]
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
    def _in_savepoint(connection: Connection, request: _Request[Any]) -> tuple[Any, BaseException | None]:
        connection.exec_driver_sql("SAVEPOINT request")
        try:
            value = request.work(connection)
        except BaseException as error:
            if not connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
                raise _TransactionLost from error
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT request")
            connection.exec_driver_sql("RELEASE SAVEPOINT request")
            return None, error
        connection.exec_driver_sql("RELEASE SAVEPOINT request")
        return value, None

    def _fail(self, batch: Sequence[_Request[Any]], error: BaseException) -> None:
        error = explained(error, self._path)
        if isinstance(error, StorageCorrupt):
            # Damage seen once is damage: not one more byte goes into this file.
            self._broken = error
        for request in batch:
            request.future.set_exception(_again(error) if isinstance(error, StorageError) else error)

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


def _again(error: StorageError) -> StorageError:
    """The same error for another caller: one raised twice would drag the first caller's traceback along."""
    fresh = type(error)(error.message, hint=error.hint)
    fresh.__cause__ = error.__cause__
    return fresh
