"""The parse pool's work: feeds and pages, each within its limits.

A task costs half a millisecond on its own, as much as reading a small feed. So feeds that wait for a process go to it
together; where a task overruns its limit or ends its process, it is taken apart and each feed tried alone, so that only
the one that is to blame fails, and the others are read before it is given its full time. This module must not know what
a feed says.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from monitor.errors import FetchError, MonitorError
from monitor.model import SourceSpec
from monitor.ports import Clock, FeedRead, Fetched, PageRead
from monitor.workers import inside
from monitor.workers.pool import KillablePool, PoolBroken, TaskDied, TaskOverran

#: One feed: ten times what 12,500 items took when tried (1.2 s, FAULTS.md §2) would be killed, nothing that is news.
PARSE_LIMIT = 5.0
PARSE_MEMORY = 1024 * 1024 * 1024
#: Feeds of one task, their bytes, and its limit (seconds): what is good takes a tenth of it, what is not must not hold up the others.
TOGETHER = 16
TOGETHER_BYTES = 512 * 1024
TOGETHER_LIMIT = 1.0


class WorkersError(MonitorError):
    """The worker processes cannot do their work at all: nothing is wrong with what they were given."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """``tries`` counts tasks in which it was, and which were killed: after the first it goes alone, with the shorter limit,
    and then with its full one."""

    task: inside.FeedTask
    answer: asyncio.Future[FeedRead]
    tries: int = 0


class Reading:
    """``limit`` is what one feed or page may take (seconds). The pool is its owner's to close."""

    def __init__(self, pool: KillablePool, processes: int, clock: Clock, limit: float = PARSE_LIMIT) -> None:
        self._pool = pool
        self._processes = processes
        self._clock = clock
        self._limit = limit
        self._waiting: deque[_Waiting] = deque()
        self._serving: set[asyncio.Task[None]] = set()

    async def page(self, fetched: Fetched, title: str) -> PageRead:
        sent = replace(fetched, headers=dict(fetched.headers))
        try:
            return await self._pool.run(inside.read_page_task, sent, title, limit=self._limit)
        except (TaskOverran, TaskDied, MemoryError) as error:
            raise self._culprit("the page", error) from error
        except PoolBroken as error:
            raise WorkersError(str(error)) from error

    async def feed(self, spec: SourceSpec, fetched: Fetched, known: bytes, skip: int) -> FeedRead:
        # Plain dictionaries: read-only views of one cannot be sent to another process.
        sent = replace(fetched, headers=dict(fetched.headers)), replace(spec, labels=dict(spec.labels))
        task = inside.FeedTask(*sent, now=self._clock.now(), known=known, skip=skip)
        waiting = _Waiting(task, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._serve()
        return await waiting.answer

    # ------------------------------------------------------------------------------------ together
    def _serve(self) -> None:
        """As many tasks at a time as there are processes; what comes meanwhile waits, and goes together."""
        if len(self._serving) < self._processes:
            self._serving.add(asyncio.get_running_loop().create_task(self._server()))

    async def _server(self) -> None:
        try:
            while batch := self._next():
                await self._read(batch)
        finally:
            # At once, not in a callback: a feed that comes in between would find nobody serving.
            self._serving.discard(_this_task())

    def _next(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        while self._waiting and len(batch) < TOGETHER:
            first = self._waiting[0]
            size += len(first.task.fetched.body)
            if batch and (first.tries or batch[0].tries or size > TOGETHER_BYTES):
                break
            self._waiting.popleft()
            if not first.answer.done():  # else nobody waits for it any more
                batch.append(first)
        return batch

    async def _read(self, batch: Sequence[_Waiting]) -> None:
        """Gives every one of ``batch`` its answer, or lets it wait once more."""
        full = len(batch) == 1 and batch[0].tries != 1
        limit = self._limit if full else min(TOGETHER_LIMIT, self._limit)
        task = asyncio.get_running_loop().create_task(
            self._pool.run(inside.read_feeds_task, [waiting.task for waiting in batch], limit=limit)
        )

        def forgotten(_: asyncio.Future[FeedRead]) -> None:
            if all(waiting.answer.done() for waiting in batch):
                task.cancel()  # nobody waits: its process is killed

        for waiting in batch:
            waiting.answer.add_done_callback(forgotten)
        try:
            await asyncio.wait({task})
        finally:  # also where this server is told to stop
            task.cancel()
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            for waiting, answer in zip(batch, task.result(), strict=True):
                _give(waiting, answer if isinstance(answer, FetchError) else inside.unpacked(*answer))
        elif not isinstance(error, TaskOverran | TaskDied | MemoryError):
            for waiting in batch:
                _give(waiting, WorkersError(str(error)) if isinstance(error, PoolBroken) else error)
        elif full:
            _give(batch[0], self._culprit("the feed", error))
        else:
            self._try_again(batch)

    def _try_again(self, batch: Sequence[_Waiting]) -> None:
        """Each alone and at once; one that failed alone waits until all others are read."""
        for waiting in batch:
            waiting.tries += 1
        if len(batch) == 1:
            self._waiting.append(batch[0])
        else:
            self._waiting.extendleft(reversed(batch))

    def _culprit(self, what: str, error: BaseException) -> FetchError:
        if isinstance(error, TaskOverran):
            return FetchError(f"{what} took longer than {self._limit:g} s to read and was given up", died=True)
        return FetchError(f"{what} needs more than {PARSE_MEMORY >> 20} MiB of memory to read, or is damaged", died=True)

    async def close(self) -> None:
        """Before the pool is closed: whoever still waits is told to stop waiting."""
        for server in tuple(self._serving):
            server.cancel()
        while self._waiting:
            self._waiting.popleft().answer.cancel()


def _this_task() -> asyncio.Task[None]:
    task = asyncio.current_task()
    assert task is not None
    return task


def _give(waiting: _Waiting, answer: FeedRead | BaseException) -> None:
    if waiting.answer.done():
        return
    if isinstance(answer, BaseException):
        waiting.answer.set_exception(answer)
    else:
        waiting.answer.set_result(answer)
