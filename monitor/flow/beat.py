"""Beats: what some receivers are told from time to time whether there is news or not, a heartbeat or what they would forget.

Each has its own pace and one beat under way at most, so that a slow one delays nobody. What does not answer three times in a
row is an operation, closed by the next answer. Beats are not deliveries: nothing of them is kept, and none is tried again before
its next time. This module must not know what is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

from monitor.model import Answer, AnswerKind
from monitor.ports import Beating, Clock, Meter, Operations

FAILING: Final = 3


@dataclass(slots=True)
class _Pulse:
    beating: Beating
    due: float  # monotonic
    failures: int = 0
    task: asyncio.Task[None] | None = None


class Beater:
    """``stopped`` names the sinks that an operator paused: they are not spoken to. ``advise`` says what a person should do about
    a sink (its name, why it fails)."""

    def __init__(
        self,
        beating: Sequence[Beating],
        clock: Clock,
        meter: Meter,
        operations: Operations,
        *,
        stopped: Callable[[], Collection[str]] = lambda: (),
        advise: Callable[[str, str], str] = lambda _sink, _why: "",
    ) -> None:
        self._pulses = [_Pulse(one, clock.monotonic()) for one in beating]
        self._clock = clock
        self._meter = meter
        self._operations = operations
        self._stopped = stopped
        self._advise = advise

    async def tick(self) -> None:
        """Every second; never waits for a receiver."""
        now, stopped = self._clock.monotonic(), self._stopped()
        for pulse in self._pulses:
            if pulse.task is None and now >= pulse.due and pulse.beating.name not in stopped:
                pulse.due = now + pulse.beating.every
                pulse.task = asyncio.create_task(self._beat(pulse), name=f"beat-{pulse.beating.name}")

    async def idle(self) -> None:
        """Until no beat is under way."""
        while tasks := [pulse.task for pulse in self._pulses if pulse.task is not None]:
            await asyncio.wait(tasks)

    async def stop(self) -> None:
        tasks = [pulse.task for pulse in self._pulses if pulse.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _beat(self, pulse: _Pulse) -> None:
        name = pulse.beating.name
        try:
            answer = await pulse.beating.beat()
        except Exception as error:  # a fault of ours must not end the beats
            answer = Answer(AnswerKind.RETRY, detail=f"the sink failed: {type(error).__name__}")
        finally:
            pulse.task = None
        self._meter.count("beats_total", sink=name, answer=answer.kind.value)
        key = f"sink:{name}:beat"
        if answer.kind is AnswerKind.DELIVERED:
            pulse.failures = 0
            self._operations.close(key)
            return
        pulse.failures += 1
        if pulse.failures >= FAILING:
            said = (
                f"sink {name} did not take its last {pulse.failures} beats ({answer.detail}); it is tried every {pulse.beating.every:g} s"
            )
            advice = self._advise(name, answer.detail)
            self._operations.raise_(key, f"{said}: {advice}" if advice else said, subject=name)
