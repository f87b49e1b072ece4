"""The schedule: a handful of jobs that tick once a second, and the watch that keeps a changed clock from stopping them.

APScheduler computes run times on the wall clock: when that is set back by an hour, the next run is an hour away. The watch
compares wall and monotonic time on the event loop's own timer, which no clock setting moves, and has every job run at once
when the two drift apart or when nothing has ticked for too long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from monitor.ports import Clock

#: Seconds between ticks of every job.
TICK = 1.0
#: Seconds by which wall and monotonic time may differ between two looks before it counts as a step; NTP slews far slower.
STEP = 2.0
#: Seconds without any tick after which the schedule is considered stalled.
STALL = 5.0


class EverySecond(BaseTrigger):  # type: ignore[misc]  # the library has no types
    """The next run is one tick from now, never from the last run: an interval trigger counts through every second that a
    clock set forward by years has skipped, and the loop stands still meanwhile."""

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return now if previous_fire_time is None else now + timedelta(seconds=TICK)


Job = Callable[[], Awaitable[None]]

log = structlog.get_logger("monitor.service")


class Schedule:
    """``on_step`` is told how far the wall clock was set (seconds, negative: back)."""

    def __init__(self, jobs: Mapping[str, Job], clock: Clock, *, on_step: Callable[[float], Awaitable[None]] | None = None) -> None:
        self._clock = clock
        self._on_step = on_step
        self._last_tick = clock.monotonic()
        self._offset = self._wall() - clock.monotonic()
        self._watching: asyncio.Task[None] | None = None
        self._stopping = False
        self._scheduler: Any = AsyncIOScheduler(
            timezone=UTC,
            jobstores={"default": MemoryJobStore()},
            executors={"default": AsyncIOExecutor()},
            # A late run still counts, several missed ones are one, and none overtakes itself.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        for name, job in jobs.items():
            self._scheduler.add_job(self._ticking(name, job), EverySecond(), id=name)

    @property
    def age(self) -> float:
        """Seconds since anything ticked."""
        return max(0.0, self._clock.monotonic() - self._last_tick)

    def start(self) -> None:
        self._scheduler.start()
        self.run_all_now()
        self._watching = asyncio.create_task(self._watch(), name="clock-watch")

    async def stop(self) -> None:
        """No tick begins from now on."""
        self._stopping = True
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def run_all_now(self) -> None:
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=self._clock.now())
        self.wakeup()

    def wakeup(self) -> None:
        self._scheduler.wakeup()

    def _ticking(self, name: str, job: Job) -> Job:
        async def tick() -> None:
            self._last_tick = self._clock.monotonic()
            try:
                await job()
            except asyncio.CancelledError:
                # Of a tick that stop() cuts short the scheduler would tell as of an error, with a traceback, at the end of every run.
                if not self._stopping:
                    raise
            except Exception:  # a tick that fails is said once here and comes again; it must not end the job
                log.exception("tick_failed", job=name)

        return tick

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            await self.look()

    async def look(self) -> None:
        """One look at the clocks; called by the watch every second."""
        offset = self._wall() - self._clock.monotonic()
        step, self._offset = offset - self._offset, offset
        if abs(step) > STEP:
            log.warning("clock_stepped", seconds=round(step, 1))
            if self._on_step is not None:
                await self._on_step(step)
        if abs(step) > STEP or self.age > STALL:
            self.run_all_now()

    def _wall(self) -> float:
        return self._clock.now().timestamp()
