"""The parse pool's work: feeds, pages and files, each within its limits.

A task costs half a millisecond on its own, as much as reading a small feed. So feeds that wait for a process go to it
together, for a short time; where a task overruns it or ends its process, it is taken apart and each feed tried alone, so
that only the one that is to blame fails. What is not read in the short time either gets its full time in a process that
is there for nothing else: however long it takes, no other feed waits for it. This module must not know what a feed says.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from monitor.errors import FetchError, MonitorError
from monitor.model import Document, SourceSpec
from monitor.ports import Clock, FeedRead, Fetched, PageRead
from monitor.workers import inside
from monitor.workers.packing import Packed, unpacked
from monitor.workers.pool import KillablePool, PoolBroken, TaskDied, TaskOverran

#: One feed: ten times what 12,500 items took when tried (1.2 s, FAULTS.md §2) would be killed, nothing that is news.
PARSE_LIMIT = 5.0
PARSE_MEMORY = 1024 * 1024 * 1024
#: Feeds of one task, their bytes, and its limit (seconds): what is good takes a fifth of it. What is not holds up the others
#: once together and once alone, and each time for as long as a new process takes (FAULTS.md row 38: less than a second).
TOGETHER = 16
TOGETHER_BYTES = 512 * 1024
TOGETHER_LIMIT = 0.45
#: The limit of each of them tried alone: whoever takes longer is read by the patient process.
ALONE_LIMIT = 0.15

T = TypeVar("T")


class WorkersError(MonitorError):
    """The worker processes cannot do their work at all: nothing is wrong with what they were given."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """``alone``: it was in a task that was killed, and goes by itself."""

    task: inside.FeedTask
    answer: asyncio.Future[FeedRead]
    alone: bool = False


class Reading:
    """``limit`` and ``memory`` are what one feed, page or file may take (seconds, bytes); ``patient`` is the process for what takes
    long. Both pools are their owner's to close."""

    def __init__(self, pool: KillablePool, patient: KillablePool, processes: int, clock: Clock, *, limit: float, memory: int) -> None:
        self._pool = pool
        self._patient = patient
        self._processes = processes
        self._clock = clock
        self._limit = limit
        self._memory = memory
        self._waiting: deque[_Waiting] = deque()
        self._serving: set[asyncio.Task[None]] = set()
        self._slow: set[asyncio.Task[None]] = set()

    async def page(self, fetched: Fetched, title: str) -> PageRead:
        return await self._one("the page", inside.read_page_task, _fetched(fetched), title)

    async def file(self, spec: SourceSpec, raw: bytes, name: str, key: str, *, cut: bool) -> Document:
        task = inside.FileTask(raw, name, key, cut, _spec(spec), self._clock.now())
        return await self._one("the file", inside.read_file_task, task)

    async def _one(self, what: str, task: Callable[..., T], *arguments: Any) -> T:
        """By itself in the short time, and else in the full one."""
        try:
            with contextlib.suppress(TaskOverran, TaskDied, MemoryError):
                return await self._pool.run(task, *arguments, limit=min(TOGETHER_LIMIT, self._limit))
            return await self._patient.run(task, *arguments, limit=self._limit)
        except (TaskOverran, TaskDied, MemoryError) as error:
            raise self._culprit(what, error) from error
        except PoolBroken as error:
            raise WorkersError(str(error)) from error

    async def feed(self, spec: SourceSpec, fetched: Fetched, known: bytes, skip: int) -> FeedRead:
        task = inside.FeedTask(_fetched(fetched), _spec(spec), now=self._clock.now(), known=known, skip=skip)
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
            if batch and (first.alone or batch[0].alone or size > TOGETHER_BYTES):
                break
            self._waiting.popleft()
            if not first.answer.done():  # else nobody waits for it any more
                batch.append(first)
        return batch

    async def _read(self, batch: Sequence[_Waiting]) -> None:
        """Gives every one of ``batch`` its answer, or sends it on: alone, or to the patient process."""
        if await self._tried(self._pool, batch, min(ALONE_LIMIT if batch[0].alone else TOGETHER_LIMIT, self._limit)) is None:
            return
        if len(batch) == 1:
            self._serving_patiently(batch[0])
            return
        for waiting in batch:
            waiting.alone = True
        self._waiting.extendleft(reversed(batch))

    def _serving_patiently(self, waiting: _Waiting) -> None:
        task = asyncio.get_running_loop().create_task(self._patiently(waiting))
        self._slow.add(task)
        task.add_done_callback(self._slow.discard)

    async def _patiently(self, waiting: _Waiting) -> None:
        error = await self._tried(self._patient, [waiting], self._limit)
        if error is not None:
            _give(waiting, self._culprit("the feed", error))

    async def _tried(self, pool: KillablePool, batch: Sequence[_Waiting], limit: float) -> BaseException | None:
        """None where every one of ``batch`` has its answer, or nobody waits any more; else what ended the task."""
        task = asyncio.get_running_loop().create_task(pool.run(inside.read_feeds_task, [waiting.task for waiting in batch], limit=limit))

        def forgotten(_: asyncio.Future[FeedRead]) -> None:
            if all(waiting.answer.done() for waiting in batch):
                task.cancel()  # nobody waits: its process is killed

        for waiting in batch:
            waiting.answer.add_done_callback(forgotten)
        try:
            await asyncio.wait({task})
        finally:  # also where this server is told to stop
            for waiting in batch:
                waiting.answer.remove_done_callback(forgotten)
            task.cancel()
        if task.cancelled():
            return None
        error = task.exception()
        if error is None:
            for waiting, answer in zip(batch, task.result(), strict=True):
                _give(waiting, answer if isinstance(answer, FetchError) else _whole(*answer))
        elif isinstance(error, TaskOverran | TaskDied | MemoryError):
            return error
        else:
            for waiting in batch:
                _give(waiting, WorkersError(str(error)) if isinstance(error, PoolBroken) else error)
        return None

    def _culprit(self, what: str, error: BaseException) -> FetchError:
        if isinstance(error, TaskOverran):
            return FetchError(f"{what} took longer than {self._limit:g} s to read and was given up", died=True)
        return FetchError(f"{what} needs more than {self._memory >> 20} MiB of memory to read, or is damaged", died=True)

    async def close(self) -> None:
        """Before the pool is closed: whoever still waits is told to stop waiting."""
        for server in (*self._serving, *self._slow):
            server.cancel()
        while self._waiting:
            self._waiting.popleft().answer.cancel()


# Plain dictionaries: read-only views of one cannot be sent to another process.
def _fetched(fetched: Fetched) -> Fetched:
    return fetched if type(fetched.headers) is dict else replace(fetched, headers=dict(fetched.headers))


def _spec(spec: SourceSpec) -> SourceSpec:
    return spec if type(spec.labels) is dict else replace(spec, labels=dict(spec.labels))


def _whole(read: FeedRead, documents: Sequence[Packed]) -> FeedRead:
    return replace(read, documents=unpacked(documents))


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
