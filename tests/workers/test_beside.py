"""A half of a task in a copy of the worker, with real processes."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from monitor.workers.pool import KillablePool, TaskOverran
from tests.workers import tasks
from tests.workers.test_pool import with_pool

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="copies are made on Linux only")


def test_each_half_is_done_in_a_process_of_its_own_and_none_is_left() -> None:
    async def work(pool: KillablePool) -> None:
        worker = await pool.run(tasks.process_id, limit=5)
        (one, held), (other, copied) = await pool.run(tasks.both_halves, limit=5)
        assert one == worker
        assert other not in (worker, os.getpid())
        assert held == copied == "held by the worker"
        assert await pool.run(tasks.children, limit=5) == 0

    with_pool(work)


def test_an_answer_larger_than_a_pipe_comes_whole() -> None:
    async def work(pool: KillablePool) -> None:
        assert await pool.run(tasks.halves_of_which_one_is_large, 3_000_000, limit=5) == (0, 3_000_000)

    with_pool(work)


def test_the_half_of_a_copy_that_dies_is_done_by_the_worker() -> None:
    async def work(pool: KillablePool) -> None:
        one, other = await pool.run(tasks.both_where_the_copy_dies, limit=5)
        assert one == other == await pool.run(tasks.process_id, limit=5)
        assert await pool.run(tasks.children, limit=5) == 0

    with_pool(work)


def test_a_half_that_fails_is_an_error_of_the_task_whichever_it_is() -> None:
    async def work(pool: KillablePool) -> None:
        for task in (tasks.both_where_this_half_fails, tasks.both_where_the_other_half_fails):
            with pytest.raises(ValueError, match="as it should"):
                await pool.run(task, limit=5)
            assert await pool.run(tasks.children, limit=5) == 0

    with_pool(work)


def test_no_copy_outlives_its_worker(tmp_path: Path) -> None:
    async def work(pool: KillablePool) -> None:
        with pytest.raises(TaskOverran):
            await pool.run(tasks.both_without_end, str(tmp_path / "pid"), limit=1)
        copy = int((tmp_path / "pid").read_text())
        async with asyncio.timeout(10):
            while _runs(copy):
                await asyncio.sleep(0.02)

    with_pool(work)


def _runs(process: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
