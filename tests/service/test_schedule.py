"""The schedule under a clock that tests move: ticks, a step back, a step forward, a failing job."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory

from monitor.clock import SystemClock
from monitor.service.schedule import STALL, Schedule
from tests.fakes import FakeClock

START = "2026-03-01 12:00:00"


async def settle() -> None:
    """Let every callback that is due run."""
    for _ in range(20):
        await asyncio.sleep(0)


async def pass_seconds(frozen: FrozenDateTimeFactory, schedule: Schedule, seconds: int) -> None:
    for _ in range(seconds):
        frozen.tick(timedelta(seconds=1))
        # A frozen scheduler does not wake by itself: its timer waits in real time.
        schedule.wakeup()
        await settle()


def scheduled(work: Callable[[FrozenDateTimeFactory, Schedule, list[str]], Awaitable[None]], **options: object) -> list[str]:
    ran: list[str] = []

    async def poll() -> None:
        ran.append("poll")

    async def main() -> None:
        with freeze_time(START, real_asyncio=True) as frozen:
            schedule = Schedule({"poll": poll}, SystemClock())
            schedule.start()
            await settle()
            try:
                await work(frozen, schedule, ran)
            finally:
                await schedule.stop()

    asyncio.run(main())
    return ran


def test_every_job_ticks_once_a_second_and_at_the_start() -> None:
    async def work(frozen: FrozenDateTimeFactory, schedule: Schedule, ran: list[str]) -> None:
        assert len(ran) == 1
        await pass_seconds(frozen, schedule, 10)
        assert schedule.age == 0

    assert len(scheduled(work)) == 11


def test_a_tick_that_the_end_cuts_short_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        waiting = asyncio.Event()

        async def job() -> None:
            waiting.set()
            await asyncio.Event().wait()

        schedule = Schedule({"poll": job}, SystemClock())
        schedule.start()
        await waiting.wait()
        await schedule.stop()
        await settle()

    asyncio.run(main())
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_fault_53_a_long_suspend_is_one_tick_and_not_thousands() -> None:
    async def work(frozen: FrozenDateTimeFactory, schedule: Schedule, ran: list[str]) -> None:
        frozen.tick(timedelta(hours=8))
        schedule.wakeup()
        await settle()
        assert len(ran) == 2
        await pass_seconds(frozen, schedule, 3)

    assert len(scheduled(work)) == 5


def test_fault_52_a_clock_set_ten_years_forward_is_one_tick() -> None:
    async def work(frozen: FrozenDateTimeFactory, schedule: Schedule, ran: list[str]) -> None:
        frozen.move_to("2036-03-01 12:00:00")
        schedule.wakeup()
        await settle()
        assert len(ran) == 2
        await pass_seconds(frozen, schedule, 3)

    assert len(scheduled(work)) == 5


def test_fault_52_a_step_back_does_not_stop_the_ticks() -> None:
    steps: list[float] = []

    async def on_step(seconds: float) -> None:
        steps.append(seconds)

    async def main() -> None:
        ran: list[str] = []

        async def poll() -> None:
            ran.append("poll")

        clock = FakeClock()
        schedule = Schedule({"poll": poll}, clock, on_step=on_step)
        schedule.start()
        await settle()
        clock.advance(1)
        await schedule.look()
        assert steps == []
        clock.step(-3600)
        clock.advance(1)
        before = len(ran)
        await schedule.look()
        await settle()
        assert len(ran) > before
        assert steps == [-3600]
        clock.step(-3 * 365 * 86400)
        await schedule.look()
        await settle()
        assert len(ran) > before + 1
        # NTP slewing by milliseconds is no step.
        clock.step(0.2)
        await schedule.look()
        assert len(steps) == 2
        await schedule.stop()

    asyncio.run(main())


def test_without_the_watch_a_step_back_would_stop_it() -> None:
    """Why the watch is there: APScheduler waits until the wall clock has caught up."""

    async def work(frozen: FrozenDateTimeFactory, schedule: Schedule, ran: list[str]) -> None:
        await pass_seconds(frozen, schedule, 3)
        frozen.move_to("2026-03-01 11:00:00")
        before = len(ran)
        await pass_seconds(frozen, schedule, 5)
        assert len(ran) == before
        schedule.run_all_now()
        await settle()
        assert len(ran) == before + 1
        await pass_seconds(frozen, schedule, 5)
        assert len(ran) == before + 6

    scheduled(work)


def test_a_stall_is_noticed() -> None:
    async def main() -> None:
        ran: list[str] = []

        async def poll() -> None:
            ran.append("poll")

        clock = FakeClock()
        schedule = Schedule({"poll": poll}, clock)
        schedule.start()
        await settle()
        clock.advance(STALL + 1)
        assert schedule.age > STALL
        before = len(ran)
        await schedule.look()
        await settle()
        assert len(ran) > before
        assert schedule.age == 0
        await schedule.stop()

    asyncio.run(main())


def test_a_tick_that_fails_is_followed_by_the_next() -> None:
    async def main() -> None:
        ran: list[str] = []

        async def broken() -> None:
            ran.append("x")
            raise RuntimeError("boom")

        with freeze_time(START, real_asyncio=True) as frozen:
            schedule = Schedule({"broken": broken}, SystemClock())
            schedule.start()
            await settle()
            await pass_seconds(frozen, schedule, 3)
            await schedule.stop()
        assert len(ran) == 4

    asyncio.run(main())


def test_a_slow_tick_is_not_overtaken_by_itself() -> None:
    async def main() -> None:
        running, most = 0, 0
        release = asyncio.Event()

        async def slow() -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await release.wait()
            running -= 1

        with freeze_time(START, real_asyncio=True) as frozen:
            schedule = Schedule({"slow": slow}, SystemClock())
            schedule.start()
            await settle()
            await pass_seconds(frozen, schedule, 5)
            release.set()
            await settle()
            await schedule.stop()
        assert most == 1

    asyncio.run(main())
