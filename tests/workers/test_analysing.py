"""How documents of many callers are put together for the match processes, over processes made of nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import pytest

from monitor.model import Analysis, AnalysisFailed, Document
from monitor.workers.analysing import BATCH_DOCUMENTS, Analysing
from monitor.workers.pool import PoolBroken, TaskDied, TaskOverran
from monitor.workers.reading import WorkersError

T = TypeVar("T")
LIMIT = 7.0


def document(text: str) -> Document:
    return Document("s", text, text)


class Processes:
    """A pool whose tasks wait until they are let go. What says "slow" overruns, what says "deadly" ends its process."""

    def __init__(self) -> None:
        self.tasks: list[list[str]] = []
        self.killed: list[list[str]] = []
        self.open = asyncio.Event()
        self.broken = False

    async def run(self, function: Callable[..., T], *arguments: Any, limit: float) -> T:
        texts = [one.text for one in arguments[0]]
        self.tasks.append(texts)
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.killed.append(texts)
            raise
        if self.broken:
            raise PoolBroken("no process starts")
        if any("slow" in text for text in texts):
            raise TaskOverran("longer")
        if any("deadly" in text for text in texts):
            raise TaskDied("the process ended with status -9")
        answers: Any = [Analysis("", "en", text, (), (), "e") for text in texts]
        return answers  # type: ignore[no-any-return]


class Desk:
    def __init__(self, processes: int) -> None:
        self.pool = Processes()
        self.analysing = Analysing(self.pool, processes, limit=LIMIT)

    def ask(self, *texts: str) -> asyncio.Task[Sequence[Analysis | AnalysisFailed]]:
        return asyncio.create_task(self.analysing.analyse([document(text) for text in texts]))


def at_desk(work: Callable[[Desk], Awaitable[None]], processes: int = 1) -> None:
    async def main() -> None:
        desk = Desk(processes)
        try:
            await work(desk)
        finally:
            desk.analysing.close()

    asyncio.run(main())


async def turns(number: int = 10) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


def said(answers: Sequence[Analysis | AnalysisFailed]) -> list[str]:
    return [answer.title if isinstance(answer, Analysis) else f"failed: {answer.reason}" for answer in answers]


def test_what_waits_goes_together_and_each_caller_gets_its_own() -> None:
    async def work(desk: Desk) -> None:
        first = desk.ask("a")
        await turns()
        others = [desk.ask(f"b{n}", f"c{n}") for n in range(20)]
        await turns()
        assert desk.pool.tasks == [["a"]]  # at once, without waiting for company
        desk.pool.open.set()
        assert said(await first) == ["a"]
        for n, other in enumerate(others):
            assert said(await other) == [f"b{n}", f"c{n}"]
        assert [len(task) for task in desk.pool.tasks] == [1, 40]

    at_desk(work)


def test_a_task_has_its_bounds_and_a_long_list_its_order() -> None:
    async def work(desk: Desk) -> None:
        desk.pool.open.set()
        texts = [str(n) for n in range(3 * BATCH_DOCUMENTS + 7)]
        one, other = desk.ask(*texts), desk.ask("x", "y")
        assert said(await one) == texts
        assert said(await other) == ["x", "y"]
        assert [len(task) for task in desk.pool.tasks] == [BATCH_DOCUMENTS] * 3 + [9]
        assert await desk.analysing.analyse([]) == []

    at_desk(work)


def test_as_many_tasks_as_processes() -> None:
    async def work(desk: Desk) -> None:
        asked = [desk.ask(text) for text in "ab"]
        await turns()
        assert desk.pool.tasks == [["a", "b"]]
        asked += [desk.ask(text) for text in "cd"]
        await turns()
        asked.append(desk.ask("e"))
        await turns()
        assert desk.pool.tasks == [["a", "b"], ["c", "d"]]  # two processes: the next waits
        desk.pool.open.set()
        await asyncio.gather(*asked)
        assert desk.pool.tasks[2:] == [["e"]]

    at_desk(work, processes=2)


@pytest.mark.parametrize(
    ("bad", "reason"), [("slow", f"the analysis took longer than {LIMIT:g} s"), ("deadly", "the analysis ended its process")]
)
def test_only_the_document_to_blame_fails_whoever_it_went_with(bad: str, reason: str) -> None:
    async def work(desk: Desk) -> None:
        good, hostile = desk.ask("a", "b"), desk.ask("c", bad, "d")
        await turns()
        late = desk.ask("late")
        desk.pool.open.set()
        assert said(await good) == ["a", "b"]
        answers = said(await hostile)
        assert (answers[0], answers[2]) == ("c", "d")
        assert answers[1].startswith(f"failed: {reason}")
        assert said(await late) == ["late"]
        # Who came meanwhile goes first: what is taken apart takes its time.
        assert desk.pool.tasks == [["a", "b", "c", bad, "d"], ["late"], ["a"], ["b"], ["c"], [bad], ["d"]]

    at_desk(work)


def test_who_no_longer_waits_is_passed_over_and_a_task_for_nobody_is_killed() -> None:
    async def work(desk: Desk) -> None:
        first = desk.ask("a")
        await turns()
        second, third = desk.ask("b"), desk.ask("c")
        await turns()
        second.cancel()
        first.cancel()
        await turns()
        assert desk.pool.killed == [["a"]]
        desk.pool.open.set()
        assert said(await third) == ["c"]
        assert desk.pool.tasks == [["a"], ["c"]]

    at_desk(work)


def test_a_task_that_somebody_waits_for_goes_on() -> None:
    async def work(desk: Desk) -> None:
        one, other = desk.ask("a"), desk.ask("b")
        await turns()
        one.cancel()
        await turns()
        desk.pool.open.set()
        assert said(await other) == ["b"]
        assert desk.pool.killed == []

    at_desk(work)


def test_all_are_told_where_no_process_starts() -> None:
    async def work(desk: Desk) -> None:
        desk.pool.broken = True
        desk.pool.open.set()
        asked = desk.ask("a"), desk.ask(*map(str, range(2 * BATCH_DOCUMENTS)))
        for one in asked:
            with pytest.raises(WorkersError, match="articles cannot be matched: no process starts"):
                await one

    at_desk(work)


def test_who_waits_at_the_end_is_told_to_stop_waiting() -> None:
    async def work(desk: Desk) -> None:
        running, waiting = desk.ask("a"), desk.ask(*map(str, range(BATCH_DOCUMENTS)))
        await turns()
        desk.analysing.close()
        waiting_end, running_end = await asyncio.gather(waiting, running, return_exceptions=True)
        assert isinstance(waiting_end, asyncio.CancelledError)
        assert isinstance(running_end, asyncio.CancelledError)

    at_desk(work)
