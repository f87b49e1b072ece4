"""Delivering: what the outbox holds goes to the sinks, at least once, in order within a severity lane.

    claim ──► send ──► record            _round, _attempt: never a send before its claim is committed, never a record
      ▲                   │              before the answer is there; a crash in between sends again, under the same id
      └──── wake, tick ◄──┘

Every sink works for itself: its rounds and attempts are tasks of their own, so a slow one delays no other, and within a
sink a slow lane delays no other lane. What answers mean stands in retry.py; this module only carries it out. What storage
refuses to write is owed: it is kept and written first when storage answers again, before anything new is claimed.

It must not know what a sink is made of or how the outbox is stored.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from typing import Final

from monitor.errors import SinkError, StorageError
from monitor.flow.retry import LOCAL, ORDINARY, Attempt, RetryPolicy, has_expired, may_send, next_step
from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, SinkState
from monitor.ports import Clock, DeliveryResult, Meter, Operations, Outbox, Sink, SinkStatus

#: Failed attempts in a row after which a sink that does not answer is an alarm: about a minute of an outage.
FAILING: Final = 5
#: Seconds between two tries to open a sink that would not start (a log folder that is not mounted yet).
REOPEN: Final = 10.0
#: Deliveries of a lane claimed in one transaction while their sink is well; each is still recorded by itself. A claim
#: costs a synced commit, 0.5 to 9 ms, which is more than most receivers take to answer.
RUN: Final = 20

_STORAGE: Final = "storage"


#: So many failures in a row are an outage of the receiver, not of one message (as many as open a breaker, DESIGN.md).
OUTAGE: Final = 5


@dataclass(slots=True)
class _Desk:
    """One sink and what is under way for it. ``owed`` are writes that storage has refused so far, in order."""

    sink: Sink
    policy: RetryPolicy
    status: SinkStatus
    opened: bool = False
    open_again: float = 0.0  # monotonic
    serving: asyncio.Task[None] | None = None
    again: bool = False
    probing: bool = False
    sending: dict[asyncio.Task[None], Sequence[Delivery]] = field(default_factory=dict)
    attempts: set[asyncio.Task[None]] = field(default_factory=set)
    owed: deque[Callable[[], Awaitable[None]]] = field(default_factory=deque)
    paying: asyncio.Lock = field(default_factory=asyncio.Lock)
    refusals: dict[str, int] = field(default_factory=dict)  # notification -> refusals so far
    given_up: set[str] = field(default_factory=set)  # notifications dead or expired since the start

    @property
    def name(self) -> str:
        return self.sink.name


class Deliverer:
    """``random`` gives numbers in [0, 1). ``ordinary`` and ``local`` are the retry policies of sinks that pause and of
    those that never do."""

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
    ) -> None:
        self._outbox = outbox
        self._clock = clock
        self._meter = meter
        self._operations = operations
        self._random = random
        self._desks = [_Desk(sink, local if sink.never_pauses else ordinary, SinkStatus(sink.name)) for sink in sinks]
        self._draining = False
        self._storage_failing = False

    # ------------------------------------------------------------------------------------ from outside
    async def start(self) -> None:
        """Before the first tick. Raises StorageError where the outbox cannot be read."""
        now = self._clock.now()
        known = {status.name: status for status in await self._outbox.sync_sinks([desk.name for desk in self._desks], now)}
        for desk in self._desks:
            desk.status = known.get(desk.name, desk.status)
            if desk.status.state is SinkState.PAUSED and desk.status.probe_due is not None:
                # Whoever restarts after mending an address or a secret waits for no hourly probe.
                desk.status = replace(desk.status, probe_due=now)
            self._report(desk)
            # Before in-flight deliveries are put back: what the log holds already is found among them.
            await self._open(desk)
        await self._outbox.recover(now)

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
        if attempts := self._tasks():
            await asyncio.wait(attempts, timeout=grace)
        cut = {desk.name: [delivery for group in desk.sending.values() for delivery in group] for desk in self._desks}
        for desk in self._desks:
            for task in desk.sending:
                task.cancel()
        if attempts := self._tasks():
            await asyncio.wait(attempts)
        for desk in self._desks:
            if cut[desk.name]:
                await self._write(desk, partial(self._outbox.release, cut[desk.name], self._clock.now()))
            await self._pay(desk)
            await desk.sink.close()

    def statuses(self) -> Sequence[SinkStatus]:
        return [desk.status for desk in self._desks]

    # -------------------------------------------------------------------------------- claim, send, record
    def _kick(self, desk: _Desk) -> None:
        """Start a round, or have the one under way go round again."""
        desk.again = True
        if desk.serving is None and not self._draining:
            desk.serving = asyncio.create_task(self._serve(desk), name=f"deliver-{desk.name}")

    async def _serve(self, desk: _Desk) -> None:
        try:
            while desk.again and not self._draining:
                desk.again = False
                await self._round(desk)
        except Exception as error:  # whatever the outbox could not do is tried again at the next tick
            self._storage_failed(error)
        finally:
            desk.serving = None

    async def _round(self, desk: _Desk) -> None:
        """Claim what is due and start its attempts, a task for each severity lane."""
        if desk.probing or not await self._open(desk) or not await self._pay(desk):
            return
        now = self._clock.now()
        if not may_send(desk.status, now):
            return
        probe = desk.status.state is SinkState.PAUSED
        if probe and desk.attempts:
            return  # the answers under way may heal it; each ends in another kick
        claimed = await self._outbox.claim(desk.name, now, 1 if probe else _run_length(desk))
        self._storage_works()
        late = [delivery for delivery in claimed if has_expired(delivery, now, desk.policy)]
        fresh = [delivery for delivery in claimed if not has_expired(delivery, now, desk.policy)]
        if probe and fresh:
            self._start_probe(desk, fresh)
        else:
            self._start_lanes(desk, fresh)
        if late:
            await self._expire(desk, late)
            desk.again = True

    def _start_lanes(self, desk: _Desk, deliveries: Sequence[Delivery]) -> None:
        for _, lane in groupby(deliveries, key=lambda delivery: delivery.severity):
            group = tuple(lane)
            self._begin(desk, group, self._attempt(desk, group))

    def _start_probe(self, desk: _Desk, deliveries: Sequence[Delivery]) -> None:
        """The oldest delivery of all lanes alone; the others' heads follow it or go back."""
        oldest, *others = sorted(deliveries, key=lambda delivery: delivery.sequence)
        desk.probing = True
        self._begin(desk, (oldest, *others), self._probe(desk, oldest, others))

    def _begin(self, desk: _Desk, group: Sequence[Delivery], work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        assert isinstance(task, asyncio.Task)
        desk.attempts.add(task)
        desk.sending[task] = group
        task.add_done_callback(partial(self._ended, desk))

    def _ended(self, desk: _Desk, task: asyncio.Task[None]) -> None:
        desk.attempts.discard(task)
        desk.sending.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._storage_failed(error)
        self._kick(desk)

    async def _attempt(self, desk: _Desk, run: Sequence[Delivery]) -> None:
        """A lane's run, as many at a time as the sink takes, each recorded before the next is sent: a crash repeats at most
        what was being sent. The first that does not end its delivery ends the run, and what is left of it goes back."""
        task = asyncio.current_task()
        assert task is not None
        while run:
            desk.sending[task] = run
            group, run = run[: desk.sink.batch], run[desk.sink.batch :]
            answers = await self._send(desk, group)
            ended = await self._settle(desk, group, answers)
            go_on = ended and not desk.owed and not self._draining and desk.status.state is SinkState.ACTIVE
            if run and not (go_on and may_send(desk.status, self._clock.now())):
                await self._write(desk, partial(self._outbox.release, run, self._clock.now(), unsent=True))
                return

    async def _probe(self, desk: _Desk, oldest: Delivery, others: Sequence[Delivery]) -> None:
        try:
            answers = await self._send(desk, [oldest])
        finally:
            desk.probing = False
        await self._settle(desk, [oldest], answers)
        if desk.status.state is SinkState.ACTIVE and not self._draining:
            self._start_lanes(desk, sorted(others, key=lambda delivery: -delivery.severity.rank))
        elif others:
            await self._write(desk, partial(self._outbox.release, others, self._clock.now(), unsent=True))

    async def _send(self, desk: _Desk, group: Sequence[Delivery]) -> Sequence[Answer]:
        began = self._clock.monotonic()
        try:
            answers = await desk.sink.send(group)
        except Exception as error:  # a fault of ours, not of the receiver's; the message is not to be lost for it
            answers = [Answer(AnswerKind.RETRY, detail=f"the sink failed: {type(error).__name__}")] * len(group)
        # From here on the answers are known and will be recorded; a shutdown no longer puts the deliveries back.
        task = asyncio.current_task()
        assert task is not None
        desk.sending.pop(task, None)
        self._meter.observe("delivery_seconds", self._clock.monotonic() - began, sink=desk.name)
        if len(answers) != len(group):
            return [Answer(AnswerKind.RETRY, detail="the sink did not answer for every delivery")] * len(group)
        return answers

    async def _settle(self, desk: _Desk, group: Sequence[Delivery], answers: Sequence[Answer]) -> bool:
        """Carry out what retry.py makes of the answers: states and sink status in one go, then written. Whether all ended."""
        now, chance = self._clock.now(), self._random()
        before = status = desk.status
        results = []
        for delivery, answer in zip(group, answers, strict=True):
            refusals = desk.refusals.get(delivery.notification, 0)
            step = next_step(Attempt(delivery, answer, refusals, chance, desk.sink.never_pauses, now, desk.policy), status)
            # A batch that fails together is one failed attempt of the sink.
            status = replace(step.status, failures=min(step.status.failures, before.failures + 1))
            results.append(DeliveryResult(delivery, step.state, answer, step.due))
            self._remember(desk, delivery, answer, step.state)
        desk.status = status
        self._report(desk, answers[-1].detail)
        await self._write(desk, partial(self._outbox.record, results, now))
        if status != before:
            await self._write(desk, partial(self._outbox.save_sink, status))
        if before.failures >= OUTAGE and not status.failures and status.state is SinkState.ACTIVE:
            # It answers again: what waits in the other lanes, the gravest among them, does not sit out its own wait.
            await self._write(desk, partial(self._outbox.hasten, desk.name, now))
            desk.again = True
        return all(result.state is not DeliveryState.PENDING for result in results)

    async def _expire(self, desk: _Desk, late: Sequence[Delivery]) -> None:
        days = desk.policy.age_limit / 86400
        answer = Answer(AnswerKind.RETRY, detail=f"not taken within {days:g} days")
        for delivery in late:
            self._remember(desk, delivery, answer, DeliveryState.EXPIRED)
        self._report(desk)
        results = [DeliveryResult(delivery, DeliveryState.EXPIRED, answer) for delivery in late]
        await self._write(desk, partial(self._outbox.record, results, self._clock.now()))

    # ------------------------------------------------------------------------------------ opening, owing
    async def _open(self, desk: _Desk) -> bool:
        if desk.opened:
            return True
        if self._clock.monotonic() < desk.open_again:
            return False
        try:
            already = await desk.sink.start(partial(self._outbox.recent, desk.name))
        except SinkError as error:
            self._operations.raise_(f"sink:{desk.name}", f"sink {desk.name} cannot start: {error}; it is tried again")
            desk.open_again = self._clock.monotonic() + REOPEN
            return False
        desk.opened = True
        self._report(desk)
        if already:
            told = Answer(AnswerKind.DELIVERED, detail="found delivered at start")
            results = [DeliveryResult(delivery, DeliveryState.DELIVERED, told) for delivery in already]
            await self._write(desk, partial(self._outbox.record, results, self._clock.now()))
        return True

    async def _write(self, desk: _Desk, work: Callable[[], Awaitable[None]]) -> None:
        desk.owed.append(work)
        await self._pay(desk)

    async def _pay(self, desk: _Desk) -> bool:
        """Write what is owed, in order; False where storage refuses, and the next tick tries again."""
        async with desk.paying:
            while desk.owed:
                try:
                    await desk.owed[0]()
                except Exception as error:  # an answer must not be lost, whatever kept it from being written
                    self._storage_failed(error)
                    return False
                desk.owed.popleft()
                self._storage_works()
        return True

    # ---------------------------------------------------------------------------------------- saying so
    def _remember(self, desk: _Desk, delivery: Delivery, answer: Answer, state: DeliveryState) -> None:
        self._meter.count("delivery_attempts_total", sink=desk.name, answer=answer.kind.value)
        if state is DeliveryState.PENDING:
            if answer.kind is AnswerKind.REFUSED:
                desk.refusals[delivery.notification] = desk.refusals.get(delivery.notification, 0) + 1
            return
        self._meter.count("deliveries_total", sink=desk.name, state=state.value)
        desk.refusals.pop(delivery.notification, None)
        key = f"sink:{desk.name}:undelivered"
        if state is not DeliveryState.DELIVERED:
            desk.given_up.add(delivery.notification)
            what = f"{len(desk.given_up)} notification(s) for sink {desk.name} were given up since the start"
            self._operations.raise_(key, f"{what}; the latest is {delivery.notification} ({state.value}: {answer.detail})")
        elif delivery.notification in desk.given_up:  # an operator sent it again
            desk.given_up.discard(delivery.notification)
            if not desk.given_up:
                self._operations.close(key)

    def _report(self, desk: _Desk, detail: str = "") -> None:
        status, key = desk.status, f"sink:{desk.name}"
        self._meter.gauge("sink_failures", status.failures, sink=desk.name)
        self._meter.gauge("sink_paused", float(status.state is not SinkState.ACTIVE), sink=desk.name)
        if status.state is SinkState.PAUSED:
            kept = "its deliveries are kept" + ("" if status.probe_due is None else " and it is probed every hour")
            self._operations.raise_(key, f"sink {desk.name} is paused ({status.reason}); {kept}")
        elif status.state is SinkState.DISABLED:
            self._operations.raise_(key, f"sink {desk.name} is disabled ({status.reason}); its deliveries are kept")
        elif status.failures >= FAILING:
            said = f" ({detail})" if detail else ""
            self._operations.raise_(key, f"sink {desk.name} failed {status.failures} times in a row{said}; it is retried")
        elif status.failures == 0 and desk.opened:
            self._operations.close(key)

    def _storage_failed(self, error: BaseException) -> None:
        self._storage_failing = True
        self._meter.count("storage_errors_total", room="deliver")
        said = str(error) if isinstance(error, StorageError) else f"{type(error).__name__}: {error}"
        self._operations.raise_(_STORAGE, f"deliveries cannot be recorded: {said}; nothing is lost, it is tried again")

    def _storage_works(self) -> None:
        if self._storage_failing:
            self._storage_failing = False
            self._operations.close(_STORAGE)

    def _tasks(self) -> set[asyncio.Task[None]]:
        found = {task for desk in self._desks for task in desk.attempts}
        return found | {desk.serving for desk in self._desks if desk.serving is not None}


def _run_length(desk: _Desk) -> int:
    """One attempt's worth where what follows would only go back: the sink is failing, or refuses what stands at a head."""
    well = desk.status.failures == 0 and not desk.refusals
    return max(RUN, desk.sink.batch) if well else desk.sink.batch
