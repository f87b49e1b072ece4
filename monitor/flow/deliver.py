"""Delivering: what the outbox holds goes to the sinks, at least once, in order within a severity lane.

    claim ──► send ──► settle            _round, _go_through: never a send before its claim is committed, never a record
      ▲                   │              before the answer is there; a crash in between sends again, under the same id
      └──── wake, tick ◄──┘

Every sink works for itself: its rounds and runs are tasks of their own, so a slow one delays no other, and within a
sink a slow lane delays no other lane. What answers mean stands in retry.py; this module only carries it out. What storage
refuses to write is owed: it is kept and written first when storage answers again, before anything new is claimed.

It must not know what a sink is made of or how the outbox is stored.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Final, Protocol

from monitor.errors import SinkError, StorageError
from monitor.flow.desk import LANES, STUCK, Desk, Run
from monitor.flow.owing import Owing
from monitor.flow.reports import Advise, Reports, no_advice
from monitor.flow.retry import (
    LOCAL,
    ORDINARY,
    Attempt,
    RetryPolicy,
    at_start,
    by_hand,
    expires_before,
    has_expired,
    next_step,
    probes,
    sooner,
)
from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, SinkState
from monitor.ports import Clock, DeliveryResult, Meter, Operations, Outbox, Sink, SinkStatus

#: Seconds between two tries to open a sink that would not start (a log folder that is not mounted yet).
REOPEN: Final = 10.0
#: Seconds between two looks for what is too old, and how many of that are ended in one transaction.
LOOK: Final = 60.0
EXPIRE: Final = 1000

Answered = tuple[Sequence[Delivery], Sequence[Answer]]


class Moment(Protocol):
    """Whether this is the moment to send what was claimed for a sink (quiet hours, rate limits)."""

    async def __call__(self, sink: str, claimed: Sequence[Delivery], now: datetime, /) -> Sequence[Delivery]:
        """Those to send now, in their order; the others are held in the outbox when this returns."""


async def _any_moment(_sink: str, claimed: Sequence[Delivery], _now: datetime, /) -> Sequence[Delivery]:
    return claimed


class Deliverer:
    """``random`` gives numbers in [0, 1). ``ordinary`` and ``local`` are the retry policies of sinks that pause and of
    those that never do; ``advise`` says what a person should do about one that fails."""

    def __init__(  # noqa: PLR0917 - one argument a port
        self,
        outbox: Outbox,
        sinks: Sequence[Sink],
        clock: Clock,
        meter: Meter,
        operations: Operations,
        random: Callable[[], float],
        *,
        ordinary: RetryPolicy = ORDINARY,
        local: RetryPolicy = LOCAL,
        moment: Moment = _any_moment,
        advise: Advise = no_advice,
    ) -> None:
        self._outbox = outbox
        self._clock = clock
        self._meter = meter
        self._owing = Owing(meter, operations)
        self._random = random
        self._moment = moment
        self._reports = Reports(outbox, meter, operations, advise)
        self._desks = [
            Desk(sink, local if sink.never_pauses else ordinary, SinkStatus(sink.name), filled=clock.monotonic()) for sink in sinks
        ]
        self._born = clock.monotonic()
        self._started = False
        self._draining = False

    # ------------------------------------------------------------------------------------ from outside
    async def start(self) -> None:
        """Before the first tick. Raises StorageError where the outbox cannot be read."""
        now = self._clock.now()
        names = [desk.name for desk in self._desks]
        known = {status.name: status for status in await self._outbox.sync_sinks(names, now)}
        self._reports.forget_others(names)
        for desk in self._desks:
            desk.status = at_start(known.get(desk.name, desk.status), now)
            self._reports.state(desk)
            # Before in-flight deliveries are put back: what the log holds already is found among them.
            await self._open(desk)
        await self._outbox.recover(now)
        self._started = True

    async def tick(self) -> None:
        """Every second."""
        self.wake()

    def wake(self) -> None:
        """Something may be due: at once after an ingest, and every second. Never waits."""
        for desk in self._desks:
            self._kick(desk)

    async def idle(self) -> None:
        """Until nothing that is due now is under way any more."""
        while tasks := self._tasks():
            await asyncio.wait(tasks)

    async def drain(self, grace: float = 10.0) -> None:
        """No claim from now on; what is in flight may end within ``grace`` seconds, and is put back after that."""
        self._draining = True
        if rounds := {desk.serving for desk in self._desks if desk.serving is not None}:
            await asyncio.wait(rounds)
        if runs := self._tasks():
            await asyncio.wait(runs, timeout=grace)
        for desk in self._desks:
            for run in desk.runs.values():
                for send in run.sends:
                    send.cancel()  # its run puts the deliveries back, and records what was answered in time
        if runs := self._tasks():
            await asyncio.wait(runs)
        for desk in self._desks:
            await self._owing.pay(desk)
            await desk.sink.close()

    @property
    def started(self) -> bool:
        return self._started

    @property
    def catching_up(self) -> bool:
        """Whether more would go out now if the pace after an outage did not hold it back."""
        return any(desk.status.state is SinkState.ACTIVE and desk.status.catching_up is not None for desk in self._desks)

    def statuses(self) -> Sequence[SinkStatus]:
        return [desk.status for desk in self._desks]

    def is_open(self, sink: str) -> bool:
        return any(desk.opened for desk in self._desks if desk.name == sink)

    def change(self, status: SinkStatus) -> None:
        """A person changed it, and the record has it so: paused from now on, or as good as new."""
        for desk in self._desks:
            if desk.name == status.name:
                desk.status = status
                desk.mended(self._clock.now(), self._clock.monotonic())
                self._reports.state(desk)
                self._kick(desk)

    async def clock_stepped(self, seconds: float) -> None:
        """The wall clock was set (negative: back). Waits were reckoned by the old one: none may become longer for it."""
        if seconds >= 0:
            return
        now = self._clock.now()
        for desk in self._desks:
            desk.status = sooner(desk.status, now, desk.policy)
            await self._owing.write(desk, partial(self._outbox.hasten, desk.name, now))
            self._kick(desk)

    def changed(self, sinks: Collection[str]) -> None:
        """Deliveries of these were changed in the record by a person: look at them now."""
        for desk in self._desks:
            if desk.name in sinks:
                desk.recount = True
                self._kick(desk)

    # -------------------------------------------------------------------------------- claim, send, record
    def _kick(self, desk: Desk) -> None:
        """Start a round, or have the one under way go round again."""
        desk.again = True
        if desk.serving is None and self._started and not self._draining:
            desk.serving = asyncio.create_task(self._serve(desk), name=f"deliver-{desk.name}")

    async def _serve(self, desk: Desk) -> None:
        try:
            while desk.again and not self._draining:
                desk.again = False
                await self._round(desk)
        except Exception as error:  # whatever the outbox could not do is tried again at the next tick
            self._owing.failed(error)
        finally:
            desk.serving = None

    async def _round(self, desk: Desk) -> None:
        """Claim what is due and start its runs, a task for each severity lane."""
        if not await self._owing.pay(desk):
            return
        now = self._clock.now()
        await self._look(desk, now)
        if not desk.may_send(now) or not await self._open(desk):
            return
        before = (desk.status.state, desk.status.by)
        claimed = await (self._claim_probe(desk, now) if probes(desk.status) else self._claim(desk, now))
        self._owing.works()
        fresh = await self._now(desk, await self._without_late(desk, claimed, now), now)
        if fresh and (self._draining or (desk.status.state, desk.status.by) != before):
            # An answer, or a person, came between; nothing more goes out than what that allows.
            await self._owing.write(desk, partial(self._outbox.release, fresh, now, unsent=True))
            desk.again = True
            return
        self._start_runs(desk, fresh)

    async def _now(self, desk: Desk, claimed: Sequence[Delivery], now: datetime) -> Sequence[Delivery]:
        """Those whose moment it is; the others are held."""
        if not claimed:
            return claimed
        try:
            return await self._moment(desk.name, claimed, now)
        except Exception:
            await self._owing.write(desk, partial(self._outbox.release, claimed, now, unsent=True))
            raise

    async def _claim(self, desk: Desk, now: datetime) -> Sequence[Delivery]:
        room = desk.room(now, self._clock.monotonic())
        if room is None:
            return await self._outbox.claim(desk.name, now, desk.run_length())
        claimed: list[Delivery] = []
        for lane in LANES:
            if room > len(claimed):
                claimed += await self._outbox.claim(desk.name, now, min(desk.run_length(), room - len(claimed)), lanes=(lane,))
        desk.tokens -= len(claimed)
        if room and not claimed and not desk.runs:
            desk.status = replace(desk.status, catching_up=None)
            await self._owing.write(desk, partial(self._outbox.settle, (), desk.status, now))
        return claimed

    async def _claim_probe(self, desk: Desk, now: datetime) -> Sequence[Delivery]:
        for lane in desk.probe_lanes():
            if claimed := await self._outbox.claim(desk.name, now, 1, lanes=(lane,)):
                return claimed
        oldest = await self._outbox.probe(desk.name, now)
        return () if oldest is None else (oldest,)

    async def _without_late(self, desk: Desk, claimed: Sequence[Delivery], now: datetime) -> Sequence[Delivery]:
        """What became too old since the last look goes no further."""
        if expires_before(desk.status, now, desk.policy) is None:
            return claimed
        late = [delivery for delivery in claimed if has_expired(delivery, now, desk.policy)]
        if not late:
            return claimed
        self._reports.ended(desk, DeliveryState.EXPIRED, len(late))
        answer = Answer(AnswerKind.RETRY, detail=_too_old(desk))
        results = [DeliveryResult(delivery, DeliveryState.EXPIRED, answer) for delivery in late]
        await self._owing.write(desk, partial(self._outbox.settle, results, None, now))
        desk.again = True
        return [delivery for delivery in claimed if delivery not in late]

    def _start_runs(self, desk: Desk, deliveries: Sequence[Delivery]) -> None:
        for _, lane in groupby(deliveries, key=lambda delivery: delivery.severity):
            run = Run(deque(lane))
            task = asyncio.create_task(self._go_through(desk, run), name=f"run-{desk.name}")
            desk.runs[task] = run
            task.add_done_callback(partial(self._ended, desk))

    def _ended(self, desk: Desk, task: asyncio.Task[None]) -> None:
        desk.runs.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._owing.failed(error)
        self._kick(desk)

    async def _go_through(self, desk: Desk, run: Run) -> None:
        """A lane's run through a window of as many sends as the sink takes at a time. What was answered together is recorded
        together, before more is sent: a crash repeats at most what was being sent. The first that does not end its delivery
        ends the run, and what is left of it goes back."""
        going = True
        while run.sends or (going and run.waiting):
            while going and run.waiting and len(run.sends) < desk.sink.concurrency:
                group = [run.waiting.popleft() for _ in range(min(desk.sink.batch, len(run.waiting)))]
                run.sends[asyncio.create_task(self._send(desk, group), name=f"send-{desk.name}")] = group
            done, _ = await asyncio.wait(run.sends, return_when=asyncio.FIRST_COMPLETED)
            pairs = [(task, run.sends.pop(task)) for task in list(run.sends) if task in done]
            answered = [(group, task.result()) for task, group in pairs if not task.cancelled()]
            cut = [delivery for task, group in pairs if task.cancelled() for delivery in group]
            ended = await self._settle(desk, answered) if answered else True
            if cut:
                await self._owing.write(desk, partial(self._outbox.release, cut, self._clock.now()))
            going = going and ended and not cut and not self._draining and not desk.owed and self._may_go_on(desk)
        if run.waiting:
            rest = list(run.waiting)
            run.waiting.clear()
            await self._owing.write(desk, partial(self._outbox.release, rest, self._clock.now(), unsent=True))

    def _may_go_on(self, desk: Desk) -> bool:
        status = desk.status
        return status.state is SinkState.ACTIVE and (status.probe_due is None or status.probe_due <= self._clock.now())

    async def _send(self, desk: Desk, group: Sequence[Delivery]) -> Sequence[Answer]:
        began = self._clock.monotonic()
        try:
            answers = await desk.sink.send(group)
        except Exception as error:  # a fault of ours, not of the receiver's; the message is not to be lost for it
            answers = [Answer(AnswerKind.RETRY, detail=f"the sink failed: {type(error).__name__}")] * len(group)
        self._meter.observe("delivery_seconds", self._clock.monotonic() - began, sink=desk.name)
        if len(answers) != len(group):
            return [Answer(AnswerKind.RETRY, detail="the sink did not answer for every delivery")] * len(group)
        return answers

    async def _settle(self, desk: Desk, answered: Sequence[Answered]) -> bool:
        """Carry out what retry.py makes of the answers: states and sink status in one go, then written. Whether all ended."""
        now, before = self._clock.now(), desk.status
        results = [result for group, answers in answered for result in self._decide(desk, group, answers, now)]
        status = desk.status
        changed = None if status == before or by_hand(status) else status
        await self._owing.write(desk, partial(self._outbox.settle, results, changed, now))
        healed = (probes(before) or before.failures >= desk.policy.outage) and status.state is SinkState.ACTIVE and not status.failures
        if healed:
            # It answers again: what waits in the other lanes, the gravest among them, does not sit out its own wait.
            desk.mended(now, self._clock.monotonic())
            await self._owing.write(desk, partial(self._outbox.hasten, desk.name, now))
            desk.again = True
        await self._say(desk, results, now)
        return all(result.state is not DeliveryState.PENDING for result in results)

    def _decide(self, desk: Desk, group: Sequence[Delivery], answers: Sequence[Answer], now: datetime) -> list[DeliveryResult]:
        before, chance, results = desk.status, self._random(), []
        for delivery, answer in zip(group, answers, strict=True):
            refusals = desk.refusals.get(delivery.notification, 0)
            step = next_step(Attempt(delivery, answer, refusals, chance, desk.sink.never_pauses, now, desk.policy), desk.status)
            # A batch that fails together is one failed attempt of the sink.
            desk.status = replace(step.status, failures=min(step.status.failures, before.failures + 1))
            results.append(DeliveryResult(delivery, step.state, answer, step.due))
            desk.tried(delivery, answer, step.state, now)
            if step.state is not DeliveryState.PENDING:
                desk.refusals.pop(delivery.notification, None)
            elif answer.kind is AnswerKind.REFUSED:
                desk.refusals[delivery.notification] = refusals + 1
        if probes(before) and probes(desk.status):
            desk.probe_failed(group[-1])
        return results

    # ------------------------------------------------------------------------------------ looking, opening
    async def _look(self, desk: Desk, now: datetime) -> None:
        """Once a minute: what is too old ends, whether or not its sink may be sent anything."""
        if self._clock.monotonic() >= desk.look_again:
            before = expires_before(desk.status, now, desk.policy)
            ended = EXPIRE if before is not None else 0
            while before is not None and ended == EXPIRE:
                ended = len(await self._outbox.expire(desk.name, before, now, _too_old(desk), EXPIRE))
                if ended:
                    self._reports.ended(desk, DeliveryState.EXPIRED, ended)
            self._reports.went_on(desk, now, long=self._clock.monotonic() - self._born >= STUCK)
            desk.look_again = self._clock.monotonic() + LOOK
            desk.recount = desk.recount or self._reports.says_given_up(desk)
        if desk.recount:
            await self._reports.given_up(desk, now)

    async def _open(self, desk: Desk) -> bool:
        if desk.opened:
            return True
        if self._clock.monotonic() < desk.open_again:
            return False
        try:
            already = await desk.sink.start(partial(self._outbox.recent, desk.name))
        except SinkError as error:
            self._reports.cannot_start(desk, error)
            desk.open_again = self._clock.monotonic() + REOPEN
            return False
        desk.opened = True
        self._reports.state(desk)
        if already:
            told = Answer(AnswerKind.DELIVERED, detail="found delivered at start")
            results = [DeliveryResult(delivery, DeliveryState.DELIVERED, told) for delivery in already]
            await self._owing.write(desk, partial(self._outbox.settle, results, None, self._clock.now()))
        return True

    # ---------------------------------------------------------------------------------------- saying so
    async def _say(self, desk: Desk, results: Sequence[DeliveryResult], now: datetime) -> None:
        for result in results:
            self._reports.attempt(desk, result.answer)
            if result.state is not DeliveryState.PENDING:
                self._reports.ended(desk, result.state)
        self._reports.state(desk, results[-1].answer.detail)
        if failed := [result.delivery for result in results if result.state is DeliveryState.PENDING]:
            try:
                await self._reports.stuck(desk, failed[0], now)
            except StorageError as error:  # it is only asked how many wait: what follows of the run must not be lost for it
                self._owing.failed(error)
        else:
            self._reports.went_on(desk, now)

    def _tasks(self) -> set[asyncio.Task[None]]:
        found = {task for desk in self._desks for task in desk.runs}
        return found | {desk.serving for desk in self._desks if desk.serving is not None}


def _too_old(desk: Desk) -> str:
    return f"not taken within {desk.policy.age_limit / 86400:g} days"
