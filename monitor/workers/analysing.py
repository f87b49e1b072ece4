"""The match pool's work: documents of many polls, analysed in tasks of a good size.

A task costs half a millisecond on its own, as much as matching an article, and a poll mostly brings one or two. So what
waits for a process goes to it together, whoever asked for it. Where a task overruns its limit or ends its process, it is
taken apart and each document tried alone, behind all who wait by then, so that only the one that is to blame fails and
nobody else waits for it. This module must not know what a watchlist says.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from monitor.model import Analysis, AnalysisFailed, Document
from monitor.workers import inside
from monitor.workers.packing import Documents
from monitor.workers.pool import PoolBroken, TaskDied, TaskOverran
from monitor.workers.reading import WorkersError

#: Documents that fill a task, and characters: it should carry some 50 to 100 ms of work.
BATCH_DOCUMENTS = 300
BATCH_CHARACTERS = 500_000

T = TypeVar("T")


class Pool(Protocol):
    """What is asked of a ``KillablePool``."""

    async def run(self, function: Callable[..., T], *arguments: Any, limit: float) -> T: ...


@dataclass(slots=True, eq=False)
class _Asked:
    """One call: its answers as they come, in the order of its documents, and how many are missing."""

    answers: list[Analysis | AnalysisFailed | None]
    missing: int
    done: asyncio.Future[list[Analysis | AnalysisFailed]]
    error: BaseException | None = None

    def give(self, start: int, analyses: Sequence[Analysis | AnalysisFailed]) -> None:
        self.answers[start : start + len(analyses)] = analyses
        self._less(len(analyses))

    def fail(self, error: BaseException, documents: int) -> None:
        self.error = error
        self._less(documents)

    def _less(self, documents: int) -> None:
        # To the end of all its parts, even where one failed: none may still run when the processes are let go.
        self.missing -= documents
        if self.missing or self.done.done():
            return
        if self.error is not None:
            self.done.set_exception(self.error)
        else:
            self.done.set_result([answer for answer in self.answers if answer is not None])


@dataclass(slots=True, eq=False)
class _Part:
    """Documents of one call that go together, from its ``start``-th on. ``alone``: its task was killed, and it is tried by itself."""

    asked: _Asked
    start: int
    documents: Sequence[Document]
    alone: bool = False
    characters: int = field(init=False)

    def __post_init__(self) -> None:
        self.characters = sum(len(document.text) for document in self.documents)


class Analysing:
    """``limit`` is what one task may take (seconds). The pool, of so many ``processes``, is its owner's to close."""

    def __init__(self, pool: Pool, processes: int, *, limit: float) -> None:
        self._pool = pool
        self._processes = processes
        self._limit = limit
        self._waiting: deque[_Part] = deque()
        self._serving: set[asyncio.Task[None]] = set()

    async def analyse(self, documents: Sequence[Document]) -> Sequence[Analysis | AnalysisFailed]:
        """Raises WorkersError where no process can be started, or none has an engine."""
        if not documents:
            return []
        asked = _Asked([None] * len(documents), len(documents), asyncio.get_running_loop().create_future())
        start = 0
        for batch in batches(documents):
            self._waiting.append(_Part(asked, start, batch))
            start += len(batch)
        for _ in range(min(self._processes - len(self._serving), len(self._waiting))):
            self._serving.add(asyncio.get_running_loop().create_task(self._server()))
        return await asked.done

    async def _server(self) -> None:
        try:
            while parts := self._next():
                await self._serve(parts)
        finally:
            # At once, not in a callback: what comes in between would find nobody serving.
            self._serving.discard(_this_task())

    def _next(self) -> list[_Part]:
        parts: list[_Part] = []
        documents = characters = 0
        while self._waiting:
            first = self._waiting[0]
            full = documents >= BATCH_DOCUMENTS or characters + first.characters > BATCH_CHARACTERS
            if parts and (first.alone or parts[0].alone or full):
                break
            documents += len(first.documents)
            characters += first.characters
            self._waiting.popleft()
            if not first.asked.done.done():  # else nobody waits for it any more
                parts.append(first)
        return parts

    async def _serve(self, parts: Sequence[_Part]) -> None:
        """Gives every part its analyses, or puts its documents at the end of the line, each alone."""
        documents = Documents(document for part in parts for document in part.documents)
        task = asyncio.get_running_loop().create_task(self._pool.run(inside.analyse_task, documents, limit=self._limit))

        def forgotten(_: object) -> None:
            if all(part.asked.done.done() for part in parts):
                task.cancel()  # nobody waits: its process is killed

        for part in parts:
            part.asked.done.add_done_callback(forgotten)
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:  # this server is told to stop
            for part in parts:
                part.asked.done.cancel()
            raise
        finally:
            for part in parts:
                part.asked.done.remove_done_callback(forgotten)
            task.cancel()
        if not task.cancelled():
            self._answer(parts, task)

    def _answer(self, parts: Sequence[_Part], task: asyncio.Task[list[Analysis | AnalysisFailed]]) -> None:
        error = task.exception()
        if error is None:
            analyses, start = task.result(), 0
            for part in parts:
                end = start + len(part.documents)
                part.asked.give(part.start, analyses[start:end])
                start = end
        elif isinstance(error, TaskOverran | TaskDied | MemoryError):
            self._apart(parts, error)
        else:
            if isinstance(error, PoolBroken | RuntimeError):
                error = WorkersError(f"articles cannot be matched: {error}")
            for part in parts:
                part.asked.fail(error, len(part.documents))

    def _apart(self, parts: Sequence[_Part], error: Exception) -> None:
        if sum(len(part.documents) for part in parts) == 1:
            parts[0].asked.give(parts[0].start, [AnalysisFailed(self._reason(error))])
            return
        for part in parts:
            self._waiting.extend(
                _Part(part.asked, part.start + number, [document], alone=True) for number, document in enumerate(part.documents)
            )

    def _reason(self, error: Exception) -> str:
        if isinstance(error, TaskOverran):
            return f"the analysis took longer than {self._limit:g} s and was given up"
        return f"the analysis ended its process: {error or 'out of memory'}"

    def close(self) -> None:
        """Before the pool is closed: whoever still waits is told to stop waiting."""
        for server in self._serving:
            server.cancel()
        while self._waiting:
            self._waiting.popleft().asked.done.cancel()


def batches(documents: Sequence[Document]) -> Iterator[Sequence[Document]]:
    batch: list[Document] = []
    characters = 0
    for document in documents:
        if batch and (len(batch) >= BATCH_DOCUMENTS or characters + len(document.text) > BATCH_CHARACTERS):
            yield batch
            batch, characters = [], 0
        batch.append(document)
        characters += len(document.text)
    if batch:
        yield batch


def _this_task() -> asyncio.Task[None]:
    task = asyncio.current_task()
    assert task is not None
    return task
