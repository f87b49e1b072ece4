"""The Workers port over process pools: read feeds, warm and swap generations of watchlists, analyse articles.

Each generation has processes of its own, which end with its last task. How work is put together for a process stands in
``reading`` and ``analysing``. This module must not know what a watchlist says.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import structlog

from monitor.model import Analysis, AnalysisFailed, Document, SourceSpec
from monitor.ports import Clock, FeedRead, Fetched, Generation, Meter, PageRead, WarmReport
from monitor.workers import inside
from monitor.workers.analysing import Analysing
from monitor.workers.packing import Versions
from monitor.workers.pool import KillablePool, PoolBroken, Respawns, TaskDied, TaskOverran
from monitor.workers.reading import PARSE_LIMIT, PARSE_MEMORY, Reading, WorkersError

__all__ = ["ProcessWorkers", "WorkersError"]

#: One task of the match pool, whether a batch or one document; a batch ordinarily takes 0.1 s.
MATCH_LIMIT = 10.0
#: All tests of all watchlists of a generation.
TESTS_LIMIT = 60.0

log = structlog.get_logger()


class _Force:
    """A generation and its processes; they end when it is retired and its last task is done."""

    def __init__(self, generation: Generation, pool: KillablePool, analysing: Analysing) -> None:
        self.generation = generation
        self.pool = pool
        self.analysing = analysing
        self.tasks = 0
        self.retired = False


class ProcessWorkers:
    """``dictionaries`` is the folder of look-up files. Processes start when they are first needed; those that end by themselves
    are counted by ``meter``."""

    def __init__(
        self,
        clock: Clock,
        dictionaries: Path,
        *,
        parse_processes: int = 1,
        match_processes: int = 1,
        parse_limit: float = PARSE_LIMIT,
        parse_memory: int = PARSE_MEMORY,
        match_limit: float = MATCH_LIMIT,
        meter: Meter | None = None,
    ) -> None:
        self._meter = meter
        self._dictionaries = str(dictionaries)
        self._match_processes = match_processes
        self._match_limit = match_limit
        self._respawns = Respawns()
        died = partial(self._died, "parse")
        self._parse = KillablePool(parse_processes, inside.begin_parse, (parse_memory,), self._respawns, died)
        self._patient = KillablePool(1, inside.begin_parse, (parse_memory,), self._respawns, died)
        self._reading = Reading(self._parse, self._patient, parse_processes, clock, limit=parse_limit, memory=parse_memory)
        self._current: _Force | None = None
        self._warmed: _Force | None = None
        self._closing: set[asyncio.Task[None]] = set()

    # ---------------------------------------------------------------------------------------- feeds
    async def parse_feed(self, spec: SourceSpec, fetched: Fetched, *, known: bytes = b"", skip: int = 0) -> FeedRead:
        return await self._reading.feed(spec, fetched, known, skip)

    async def parse_page(self, spec: SourceSpec, fetched: Fetched, title: str) -> PageRead:
        return await self._reading.page(fetched, title)

    async def parse_file(self, spec: SourceSpec, raw: bytes, name: str, *, key: str, cut: bool) -> Document:
        return await self._reading.file(spec, raw, name, key, cut=cut)

    # ---------------------------------------------------------------------------------------- generations
    async def warm(self, generation: Generation) -> WarmReport:
        """Raises WorkersError where no report comes back (dictionaries cannot be built, tests without end)."""
        if self._warmed is not None:
            self._retire(self._warmed)
        self._warmed = self._force(generation)
        try:
            return await self._warmed.pool.run(inside.report_task, limit=TESTS_LIMIT)
        except (TaskOverran, TaskDied, PoolBroken, RuntimeError) as error:
            self._retire(self._warmed)
            self._warmed = None
            raise WorkersError(f"the watchlists could not be compiled and tested: {error}") from error

    async def swap(self, generation: Generation) -> None:
        if self._warmed is None or self._warmed.generation != generation:
            await self.warm(generation)
        before, self._current, self._warmed = self._current, self._warmed, None
        if before is not None:
            self._retire(before)

    def _force(self, generation: Generation) -> _Force:
        sent = Generation(generation.hash, Versions(generation.versions))
        died = partial(self._died, "match")
        pool = KillablePool(self._match_processes, inside.begin_match, (sent, self._dictionaries), self._respawns, died)
        return _Force(generation, pool, Analysing(pool, self._match_processes, limit=self._match_limit))

    def _retire(self, force: _Force) -> None:
        force.retired = True
        if force.tasks == 0:
            task = asyncio.get_running_loop().create_task(force.pool.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    # ---------------------------------------------------------------------------------------- analysis
    async def analyse(self, documents: Sequence[Document]) -> Sequence[Analysis | AnalysisFailed]:
        """Raises WorkersError where no document can be analysed now (nothing is in force, no process starts)."""
        force = self._current
        if force is None:
            raise WorkersError("no watchlists are in force yet")
        force.tasks += 1
        try:
            return await force.analysing.analyse(documents)
        finally:
            force.tasks -= 1
            if force.retired:
                self._retire(force)

    def _died(self, pool: str, status: int | None) -> None:
        log.warning("worker_died", pool=pool, status=status, reason=_reason(status))
        if self._meter is not None:
            self._meter.count("workers_died_total", pool=pool)

    async def close(self) -> None:
        """Kill every worker; what is being analysed is lost to its caller, who has been cancelled by then."""
        forces = [force for force in (self._current, self._warmed) if force is not None]
        self._current = self._warmed = None
        await self._reading.close()
        for force in forces:
            force.analysing.close()
        pools = [self._parse, self._patient, *(force.pool for force in forces)]
        await asyncio.gather(*(pool.close() for pool in pools), *self._closing)


def _reason(status: int | None) -> str:
    if status is None:
        return "it ended while it had nothing to do, or could not start"
    if status >= 0:
        return "it ended by itself"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:  # a real-time signal has no name
        return f"killed by signal {-status}"
