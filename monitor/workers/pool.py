"""Killable processes: one task at a time in each, a limit on each task, and a new process in place of one that is killed.

pebble runs the processes. Its own time limits follow the wall clock, so that a clock set forward would kill every task;
here they are measured in the event loop's time, from the moment a process has taken the task. This module must not
know what the tasks do.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from pebble import CONSTS, ProcessExpired, ProcessFuture, ProcessPool

from monitor.forking import CONTEXT

T = TypeVar("T")
#: Told of a process that ended by itself, with its exit status; negative is the signal that killed it, None is not known.
Died = Callable[[int | None], None]

# Workers ignore SIGTERM (see ``inside.begin``), so waiting for it to work only delays the kill (seconds); and whoever waits for
# the next process waits for this look at the processes, too.
CONSTS.term_timeout = 0.01
CONSTS.sleep_unit = 0.05

#: A process must have taken its task after this long; it compiles watchlists and may have to build dictionaries first (seconds).
START_LIMIT = 300.0
#: How often a task is looked at that has not begun, and one that runs (seconds); a task that ends is noticed at once.
_SOON = 0.02
_LOOK = 0.1
#: New processes in place of dead ones, at most so many a second (FAULTS.md row 56).
RESPAWNS_A_SECOND = 2


class TaskOverran(Exception):
    """The task was killed at its limit."""


class TaskDied(Exception):
    """The process died under its task: out of memory, or a fault in compiled code."""


class PoolBroken(Exception):
    """No process could be started, twice in a row."""


class Respawns:
    """Holds back the next process where processes die faster than they should be replaced. Shared by all pools."""

    def __init__(self, a_second: int = RESPAWNS_A_SECOND) -> None:
        self._recent: deque[float] = deque(maxlen=a_second)

    async def wait(self) -> None:
        loop = asyncio.get_running_loop()
        if len(self._recent) == self._recent.maxlen:
            rest = self._recent[0] + 1.0 - loop.time()
            if rest > 0:
                await asyncio.sleep(rest)
        self._recent.append(loop.time())


class KillablePool:
    """``died`` hears of processes that nobody here killed: not of those that were stopped at their limit of time."""

    def __init__(
        self,
        processes: int,
        begin: Callable[..., None],
        arguments: Sequence[Any],
        respawns: Respawns,
        died: Died = lambda status: None,
    ) -> None:
        self._processes = processes
        self._begin = begin
        self._arguments = tuple(arguments)
        self._respawns = respawns
        self._died = died
        # As many tasks at a time as processes, so that a task that waits is waiting for its process to start.
        self._gate = asyncio.Semaphore(processes)
        self._pool = self._new()
        self._starting: asyncio.Future[None] | None = None

    def _new(self) -> ProcessPool:
        return ProcessPool(max_workers=self._processes, initializer=self._begin, initargs=self._arguments, context=CONTEXT)

    async def run(self, function: Callable[..., T], *arguments: Any, limit: float) -> T:
        """``function(*arguments)`` in a process, killed after ``limit`` seconds. Raises what the function raises, TaskOverran,
        TaskDied, or PoolBroken."""
        async with self._gate:
            for _ in range(2):
                pool = self._pool
                try:
                    await self._started()
                    return await self._finish(_schedule(pool, function, arguments), limit)
                except TaskOverran:
                    await self._respawns.wait()
                    raise
                except ProcessExpired as error:
                    self._died(error.exitcode)
                    await self._respawns.wait()
                    raise TaskDied(f"the process ended with status {error.exitcode}") from error
                except _NotRunning:
                    await self._replace(pool)
            raise PoolBroken("worker processes cannot be started; is memory or the number of processes limited?")

    async def _started(self) -> None:
        """Forking returns once what the process begins with (watchlists, which are a megabyte) has gone through its pipe: nothing to
        do in the event loop."""
        if self._starting is None:
            self._starting = asyncio.get_running_loop().run_in_executor(None, _start, self._pool)
        # Whoever is cancelled meanwhile leaves it to the others, and to ``close``.
        await asyncio.shield(self._starting)

    async def _finish(self, future: ProcessFuture[T], limit: float) -> T:
        loop = asyncio.get_running_loop()
        result = asyncio.wrap_future(future)
        created, started = loop.time(), None
        try:
            look = _SOON
            while not (await asyncio.wait({result}, timeout=look))[0]:
                now = loop.time()
                if started is None:
                    started = now if future.running() else None
                if started is not None and now - started >= limit:
                    raise TaskOverran(f"longer than {limit:g} s")
                look = _SOON if started is None and now - created < 1.0 else _LOOK
                if started is not None:
                    look = min(look, started + limit - now)
                if started is None and now - created > START_LIMIT:
                    raise _NotRunning
            return result.result()
        except BrokenProcessPool as error:
            raise _NotRunning from error
        finally:
            # Also where this coroutine is cancelled: pebble kills the process of a task that nobody waits for.
            future.cancel()  # type: ignore[no-untyped-call]

    async def _replace(self, broken: ProcessPool) -> None:
        await self._respawns.wait()
        if self._pool is broken:  # else another task has replaced it meanwhile
            # Where no task runs, pebble takes the death of a process for that of the pool, and keeps its status to itself.
            self._died(None)
            self._pool, self._starting = self._new(), None
            await asyncio.to_thread(_stop, broken)

    async def close(self) -> None:
        """Kill what still runs; joining pebble's threads may take a moment, hence not in the event loop."""
        if self._starting is not None:
            await asyncio.wait({self._starting})  # a pool that is stopped before it has started would start all the same
        await asyncio.to_thread(_stop, self._pool)


class _NotRunning(Exception):
    """The pool broke before it took the task; another one may."""


def _start(pool: ProcessPool) -> None:
    try:
        _ = pool.active  # asking starts it
    except (RuntimeError, OSError, BrokenProcessPool) as error:
        raise _NotRunning from error


def _schedule(pool: ProcessPool, function: Callable[..., T], arguments: Sequence[Any]) -> ProcessFuture[T]:
    try:
        return pool.schedule(function, args=arguments)
    except (RuntimeError, BrokenProcessPool) as error:
        raise _NotRunning from error


def _stop(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()
