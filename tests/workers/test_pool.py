"""Killable processes, with real ones."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from multiprocessing import forkserver
from pathlib import Path
from typing import Any, TypeVar

import pytest

from monitor import forking
from monitor.workers import inside
from monitor.workers.pool import KillablePool, PoolBroken, Respawns, TaskDied, TaskOverran
from tests.workers import tasks

T = TypeVar("T")


def with_pool(
    work: Callable[[KillablePool], Awaitable[T]],
    *,
    processes: int = 1,
    begin: Callable[..., None] = inside.begin,
    arguments: tuple[Any, ...] = (),
    died: Callable[[int | None], None] = lambda status: None,
) -> T:
    async def run() -> T:
        pool = KillablePool(processes, begin, arguments, Respawns(), died)
        try:
            return await work(pool)
        finally:
            await pool.close()

    return asyncio.run(run())


def test_a_task_runs_elsewhere_and_gives_its_value_or_its_error() -> None:
    async def work(pool: KillablePool) -> None:
        assert await pool.run(tasks.double, 21, limit=5) == 42
        assert await pool.run(tasks.process_id, limit=5) != os.getpid()
        with pytest.raises(ValueError, match="as it should"):
            await pool.run(tasks.fail, limit=5)
        assert await pool.run(tasks.double, 1, limit=5) == 2

    with_pool(work)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has batch processes")
def test_a_worker_interrupts_nobody() -> None:
    async def work(pool: KillablePool) -> None:
        own = os.sched_getscheduler(0)
        assert await pool.run(tasks.scheduling_policy, limit=5) == (os.SCHED_BATCH if own == os.SCHED_OTHER else own)

    with_pool(work)


def test_fault_38_a_task_without_end_is_killed_and_the_next_one_runs() -> None:
    async def work(pool: KillablePool) -> None:
        first = await pool.run(tasks.process_id, limit=5)
        started = time.monotonic()
        with pytest.raises(TaskOverran):
            await pool.run(tasks.loop_for_ever, limit=0.3)
        assert time.monotonic() - started < 1.5
        second = await pool.run(tasks.process_id, limit=5)
        assert second != first
        with pytest.raises(ProcessLookupError):
            os.kill(first, 0)

    with_pool(work)


def test_fault_38_the_other_process_goes_on_meanwhile() -> None:
    async def work(pool: KillablePool) -> None:
        await asyncio.gather(*(pool.run(tasks.double, n, limit=5) for n in range(4)))
        bad = asyncio.create_task(pool.run(tasks.loop_for_ever, limit=1.0))
        await asyncio.sleep(0)
        started = time.monotonic()
        assert await asyncio.gather(*(pool.run(tasks.double, n, limit=5) for n in range(20))) == [2 * n for n in range(20)]
        assert time.monotonic() - started < 1.0
        with pytest.raises(TaskOverran):
            await bad

    with_pool(work, processes=2)


def test_fault_56_a_process_that_is_killed_is_replaced() -> None:
    async def work(pool: KillablePool) -> None:
        with pytest.raises(TaskDied):
            await pool.run(tasks.die, limit=5)
        assert await pool.run(tasks.double, 3, limit=5) == 6
        with pytest.raises(TaskOverran):
            await pool.run(tasks.loop_for_ever, limit=0.1)
        assert await pool.run(tasks.double, 3, limit=5) == 6

    died: list[int | None] = []
    with_pool(work, died=died.append)
    assert died == [-signal.SIGKILL], "who was killed at the limit did not die by itself"


def test_fault_56_a_process_killed_while_idle_is_replaced() -> None:
    async def work(pool: KillablePool) -> None:
        for _ in range(2):
            os.kill(await pool.run(tasks.process_id, limit=5), signal.SIGKILL)
            await asyncio.sleep(0.3)  # a real process's death must reach the real pool
        assert await pool.run(tasks.double, 3, limit=5) == 6

    died: list[int | None] = []
    with_pool(work, died=died.append)
    assert died == [None, None]


def test_fault_56_at_most_two_new_processes_a_second() -> None:
    async def work(pool: KillablePool) -> float:
        await pool.run(tasks.double, 1, limit=5)
        started = time.monotonic()
        for _ in range(4):
            with pytest.raises(TaskDied):
                await pool.run(tasks.die, limit=5)
        return time.monotonic() - started

    assert with_pool(work) >= 1.0


def test_fault_56_processes_that_never_start_are_not_started_for_ever() -> None:
    async def work(pool: KillablePool) -> None:
        with pytest.raises(PoolBroken, match="cannot be started"):
            await pool.run(tasks.double, 1, limit=5)

    with_pool(work, begin=tasks.begin_badly)


def test_memory_is_limited() -> None:
    async def work(pool: KillablePool) -> None:
        with pytest.raises(MemoryError):
            await pool.run(tasks.eat_memory, 2 << 30, limit=5)
        assert await pool.run(tasks.eat_memory, 1 << 20, limit=5) == 1 << 20

    with_pool(work, arguments=(1 << 30,))


def test_workers_leave_signals_to_the_service_and_can_start_programs() -> None:
    async def work(pool: KillablePool) -> None:
        assert await pool.run(tasks.signals, limit=5) == [True, True]
        assert await pool.run(tasks.start_child, limit=10) == 0
        pid = await pool.run(tasks.process_id, limit=5)
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGINT)
        assert await pool.run(tasks.process_id, limit=5) == pid

    with_pool(work)


def test_a_caller_that_is_cancelled_frees_its_process() -> None:
    async def work(pool: KillablePool) -> None:
        await pool.run(tasks.double, 1, limit=5)
        waiting = asyncio.create_task(pool.run(tasks.loop_for_ever, limit=60))
        await asyncio.sleep(0.2)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await pool.run(tasks.double, 4, limit=5) == 8

    with_pool(work)


SERVICE = """
import asyncio, sys
from monitor.workers import inside
from monitor.workers.pool import KillablePool, Respawns
from tests.workers import tasks

async def main():
    pool = KillablePool(1, inside.begin, (), Respawns())
    await pool.run(tasks.compute_long, sys.argv[1], limit=600)

if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are asked to die with their parent on Linux only")
def test_no_worker_outlives_a_service_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "service.py"
    script.write_text(SERVICE)
    said = tmp_path / "worker"
    service = subprocess.Popen([sys.executable, str(script), str(said)], env={**os.environ, "PYTHONPATH": os.getcwd()})
    try:
        worker = wait_for(lambda: int(said.read_text()) if said.exists() and said.read_text() else 0)
    finally:
        service.kill()
        service.wait()
    assert wait_for(lambda: gone(worker))


def wait_for(question: Callable[[], T], seconds: float = 15.0) -> T:
    """The first true answer; processes of the real system are asked again and again."""
    deadline = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return answer


def gone(pid: int) -> bool:
    """Dead, or a corpse that nobody has collected yet (as in a container without an init)."""
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True


ELSEWHERE = """
import asyncio
from monitor.workers import inside
from monitor.workers.pool import KillablePool, Respawns

async def main():
    pool = KillablePool(1, inside.begin, (), Respawns())
    try:
        print(await pool.run(len, "four", limit=60))
    finally:
        await pool.close()

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_what_lies_in_the_current_folder_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "monitor").mkdir()
    for stray in ("monitor/__init__.py", "pebble.py"):
        (tmp_path / stray).write_text("raise SystemExit('a stray file was run')")
    ended = subprocess.run(
        [sys.executable, "-P", "-c", ELSEWHERE],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(inside.__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.stdout.strip(), ended.returncode) == ("4", 0), ended.stderr


def test_the_fork_server_that_was_begun_early_is_the_one_that_is_used() -> None:
    forking.begin()
    begun = forkserver._forkserver._forkserver_pid
    assert begun is not None
    forking.begin()

    async def work() -> int:
        pool = KillablePool(1, inside.begin, (), Respawns())
        try:
            return await pool.run(os.getppid, limit=30.0)
        finally:
            await pool.close()

    assert asyncio.run(work()) == begun


def test_a_pool_that_is_closed_while_it_starts_leaves_no_process() -> None:
    async def work(pool: KillablePool) -> None:
        asked = asyncio.create_task(pool.run(tasks.process_id, limit=5))
        await asyncio.sleep(0)
        asked.cancel()
        await pool.close()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert multiprocessing.active_children() == []

    with_pool(work)
