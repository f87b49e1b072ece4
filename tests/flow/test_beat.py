"""Beats: each at its own pace, none in another's way, and silence noticed after the third."""

from __future__ import annotations

import asyncio

from monitor.flow.beat import Beater
from monitor.model import AnswerKind
from tests.fakes import FakeBeating, FakeClock, FakeMeter, FakeOperations

RETRY = AnswerKind.RETRY


def test_each_beats_at_its_own_pace_and_a_paused_one_not_at_all() -> None:
    async def run() -> None:
        clock = FakeClock()
        fast, slow, paused = FakeBeating("fast", 10), FakeBeating("slow", 60), FakeBeating("paused", 10)
        beater = Beater([fast, slow, paused], clock, FakeMeter(), FakeOperations(clock), stopped=lambda: {"paused"})
        for _ in range(60):
            await beater.tick()
            await beater.idle()
            clock.advance(1)
        assert (fast.beats, slow.beats, paused.beats) == (6, 1, 0)

    asyncio.run(run())


def test_the_third_silence_in_a_row_is_an_operation_and_the_next_answer_closes_it() -> None:
    async def run() -> None:
        clock = FakeClock()
        operations = FakeOperations(clock)
        beater = Beater([FakeBeating("pulse", 10, [RETRY, RETRY, RETRY])], clock, FakeMeter(), operations)
        open_after = []
        for _ in range(4):
            await beater.tick()
            await beater.idle()
            clock.advance(10)
            open_after.append([operation.key for operation in operations.open()])
        assert open_after == [[], [], ["sink:pulse:beat"], []]

    asyncio.run(run())
