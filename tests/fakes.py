"""Fakes of the ports, shared by all rooms' tests: real behaviour over plain memory, nothing recorded for its own sake.

Append new fakes at the end; a fake keeps the promises its port states, so that what passes here passes on the real part.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.errors import FetchError, StorageError
from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, Operation, Severity
from monitor.ports import DeliveryResult, Posted, SinkStatus

START = datetime(2025, 5, 1, 12, 0, tzinfo=UTC)


class FakeClock:
    """Stands still until told to go on; wall and monotonic time move together unless ``step`` moves the wall alone."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def step(self, seconds: float) -> None:
        """The wall clock is set, by hand or by NTP."""
        self._now += timedelta(seconds=seconds)


class FakeMeter:
    """Counters and gauges by (name, sorted labels); ``counted`` sums a counter over the labels not given."""

    def __init__(self) -> None:
        self.counters: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        self.gauges: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        self.observations: list[tuple[str, float, Mapping[str, str]]] = []

    def count(self, name: str, value: float = 1, **labels: str) -> None:
        key = (name, tuple(sorted(labels.items())))
        self.counters[key] = self.counters.get(key, 0) + value

    def gauge(self, name: str, value: float, **labels: str) -> None:
        self.gauges[name, tuple(sorted(labels.items()))] = value

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        self.observations.append((name, seconds, labels))

    def counted(self, name: str, **labels: str) -> float:
        wanted = set(labels.items())
        return sum(value for (found, its), value in self.counters.items() if found == name and wanted <= set(its))


class FakeOperations:
    """``history`` holds every raise and close in order, as ``+key`` and ``-key``."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self._clock = clock or FakeClock()
        self._open: dict[str, Operation] = {}
        self.history: list[str] = []

    def raise_(self, key: str, message: str) -> None:
        known = self._open.get(key)
        if known is None:
            self.history.append(f"+{key}")
        self._open[key] = Operation(key=key, message=message, raised=known.raised if known else self._clock.now())

    def close(self, key: str) -> None:
        if self._open.pop(key, None) is not None:
            self.history.append(f"-{key}")

    def open(self) -> Sequence[Operation]:
        return list(self._open.values())

    def message(self, key: str) -> str:
        """Of an open operation; "" where it is not open."""
        return self._open[key].message if key in self._open else ""


class FakeOutbox:
    """The outbox over a dictionary. ``failing`` makes every call raise StorageError while it is set; ``commits`` counts the
    calls that wrote something."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Delivery] = {}
        self.sinks: dict[str, SinkStatus] = {}
        self.results: list[DeliveryResult] = []
        self.failing = False
        self.commits = 0
        self._order = 0
        self._touched: dict[tuple[str, str], int] = {}

    def add(
        self,
        notification: str,
        sink: str,
        *,
        now: datetime = START,
        severity: Severity = Severity.HIGH,
        payload: bytes | None = None,
        state: DeliveryState = DeliveryState.PENDING,
    ) -> Delivery:
        """As an ingest would have committed it."""
        sequence = 1 + max((row.sequence for row in self.rows.values() if row.sink == sink), default=0)
        delivery = Delivery(
            notification=notification,
            sink=sink,
            alert=f"alert-of-{notification}",
            severity=severity,
            sequence=sequence,
            state=state,
            attempts=0 if state is DeliveryState.PENDING else 1,
            due=now,
            created=now,
            payload=payload if payload is not None else b'{"specversion":"1.0","id":"%s","type":"t"}' % notification.encode(),
        )
        self._put(delivery)
        return delivery

    def states(self, sink: str) -> list[DeliveryState]:
        """In sequence."""
        return [row.state for row in self._of(sink)]

    def row(self, notification: str, sink: str) -> Delivery:
        return self.rows[notification, sink]

    async def recover(self, now: datetime) -> int:
        self._write()
        flying = [row for row in self.rows.values() if row.state is DeliveryState.INFLIGHT]
        for row in flying:
            self._put(replace(row, state=DeliveryState.PENDING, due=now))
        return len(flying)

    async def sync_sinks(self, names: Sequence[str], now: datetime) -> Sequence[SinkStatus]:
        self._write()
        for row in list(self.rows.values()):
            if row.sink not in names and row.state in {DeliveryState.PENDING, DeliveryState.INFLIGHT, DeliveryState.HELD}:
                self._put(replace(row, state=DeliveryState.CANCELLED))
        return [self.sinks.setdefault(name, SinkStatus(name)) for name in names]

    async def claim(self, sink: str, now: datetime, limit: int) -> Sequence[Delivery]:
        self._check()
        claimed: list[Delivery] = []
        for severity in sorted(Severity, key=lambda s: -s.rank):
            lane = [row for row in self._of(sink) if row.severity is severity]
            if any(row.state is DeliveryState.INFLIGHT for row in lane):
                continue
            waiting = [row for row in lane if row.state is DeliveryState.PENDING]
            for row in waiting[:limit]:
                if row.due > now:
                    break
                claimed.append(replace(row, state=DeliveryState.INFLIGHT, attempts=row.attempts + 1))
        for row in claimed:
            self._put(row)
        if claimed:
            self._write()
        return claimed

    async def record(self, results: Sequence[DeliveryResult], now: datetime) -> None:
        self._write()
        for result in results:
            row = self.rows[result.delivery.notification, result.delivery.sink]
            assert row.state is DeliveryState.INFLIGHT, f"recorded without a claim: {row.notification} is {row.state}"
            self._put(replace(row, state=result.state, due=result.due or row.due))
            self.results.append(result)

    async def release(self, deliveries: Sequence[Delivery], now: datetime) -> None:
        self._write()
        for delivery in deliveries:
            row = self.rows[delivery.notification, delivery.sink]
            self._put(replace(row, state=DeliveryState.PENDING, due=now))

    async def save_sink(self, status: SinkStatus) -> None:
        self._write()
        self.sinks[status.name] = status

    async def next_due(self) -> datetime | None:
        self._check()
        return min((row.due for row in self.rows.values() if row.state is DeliveryState.PENDING), default=None)

    async def recent(self, sink: str, limit: int) -> Sequence[Delivery]:
        self._check()
        told = [row for row in self._of(sink) if row.state in {DeliveryState.INFLIGHT, DeliveryState.DELIVERED}]
        return sorted(told, key=lambda row: -self._touched[row.notification, row.sink])[:limit]

    async def pending_counts(self) -> Mapping[str, int]:
        self._check()
        counts: dict[str, int] = {}
        for row in self.rows.values():
            if row.state in {DeliveryState.PENDING, DeliveryState.INFLIGHT, DeliveryState.HELD}:
                counts[row.sink] = counts.get(row.sink, 0) + 1
        return counts

    def _of(self, sink: str) -> list[Delivery]:
        return sorted((row for row in self.rows.values() if row.sink == sink), key=lambda row: row.sequence)

    def _put(self, delivery: Delivery) -> None:
        key = (delivery.notification, delivery.sink)
        self.rows[key] = delivery
        self._order += 1
        self._touched[key] = self._order

    def _write(self) -> None:
        self._check()
        self.commits += 1

    def _check(self) -> None:
        if self.failing:
            raise StorageError("the disk is full")


class FakeSink:
    """Answers from a script, one answer a delivery, then delivers. ``sent`` lists (notification, time) of every attempt;
    ``before`` is awaited in each ``send``, where a test wants to hold or look at it."""

    def __init__(
        self,
        name: str,
        clock: FakeClock,
        answers: Iterable[Answer | AnswerKind] = (),
        *,
        batch: int = 1,
        never_pauses: bool = False,
        before: Callable[[Sequence[Delivery]], Awaitable[None]] | None = None,
        already: Iterable[str] = (),
    ) -> None:
        self.name = name
        self.batch = batch
        self.never_pauses = never_pauses
        self.sent: list[tuple[str, datetime]] = []
        self.closed = False
        self.script = list(answers)
        self._clock = clock
        self._before = before
        self._already = set(already)

    async def start(self, recent: Callable[[int], Awaitable[Sequence[Delivery]]]) -> Sequence[Delivery]:
        return [d for d in await recent(1000) if d.state is DeliveryState.INFLIGHT and d.notification in self._already]

    async def send(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        self.sent += [(delivery.notification, self._clock.now()) for delivery in deliveries]
        if self._before is not None:
            await self._before(deliveries)
        answers = [self.script.pop(0) if self.script else AnswerKind.DELIVERED for _ in deliveries]
        return [answer if isinstance(answer, Answer) else Answer(answer) for answer in answers]

    async def close(self) -> None:
        self.closed = True

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.sent]


class FakePoster:
    """Answers posts from a script of statuses, ready answers or errors; then 200."""

    def __init__(self, script: Iterable[int | Posted | FetchError] = ()) -> None:
        self.script = list(script)
        self.posts: list[tuple[str, Mapping[str, str], bytes]] = []

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        self.posts.append((url, dict(headers), body))
        answer = self.script.pop(0) if self.script else 200
        if isinstance(answer, FetchError):
            raise answer
        return Posted(answer, {}, b"") if isinstance(answer, int) else answer
