"""Ports to deliveries: the outbox, what is held back, and the sinks themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from monitor.model import Answer, Delivery, DeliveryState, Notification, Severity, SinkState
from monitor.ports.changes import Entry, Matched


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What one finished attempt changes. ``due`` is set for a delivery that goes back to pending."""

    delivery: Delivery
    state: DeliveryState
    answer: Answer
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class SinkStatus:
    """``failures`` counts failed attempts in a row; ``probe_due`` is when a paused sink is tried next. ``by`` is who paused it
    ("": itself), ``since`` when its state began, ``catching_up`` when it answered again after an outage, until its backlog
    is gone."""

    name: str
    state: SinkState = SinkState.ACTIVE
    reason: str = ""
    failures: int = 0
    probe_due: datetime | None = None
    by: str = ""
    since: datetime | None = None
    catching_up: datetime | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which deliveries. A condition that is empty is not asked; ``since`` (from) and ``until`` (before) ask when they were
    made; ``limit`` 0 is none."""

    sink: str = ""
    states: tuple[DeliveryState, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    notifications: tuple[str, ...] = ()
    alert: str = ""
    limit: int = 0


class Outbox(Protocol):
    """The record, deliveries side."""

    async def recover(self, now: datetime) -> int:
        """At start: what was in flight when the last process ended becomes pending and due; how many."""

    async def sync_sinks(self, names: Sequence[str], now: datetime) -> Sequence[SinkStatus]:
        """Status of every configured sink; deliveries of sinks no longer configured are cancelled."""

    async def claim(self, sink: str, now: datetime, limit: int, *, lanes: Collection[Severity] | None = None) -> Sequence[Delivery]:
        """For each severity lane (of ``lanes``) without one in flight, critical first: the run of deliveries from the lane's
        head, in sequence, that are due now, ``limit`` in each lane at most. They become in flight, attempts + 1.

        A head that is not due holds its lane; what is held (``DeliveryState.HELD``) stands in none."""

    async def probe(self, sink: str, now: datetime) -> Delivery | None:
        """The oldest pending delivery of all lanes, whenever it is due, becomes in flight; None where there is none, or where
        one is in flight."""

    async def expire(self, sink: str, before: datetime, now: datetime, detail: str, limit: int = 1000) -> Sequence[str]:
        """Pending and held deliveries whose age counts from before ``before`` become expired, the oldest ``limit`` of them;
        their notifications."""

    async def settle(self, results: Sequence[DeliveryResult], status: SinkStatus | None, now: datetime) -> None:
        """What came of attempts (also what ends a delivery without one) and, where it changed, the sink's status, in one
        transaction. Results for final deliveries change nothing, and no status replaces a pause by a person."""

    async def replay(self, wanted: Selection, now: datetime, actor: str) -> int:
        """Dead and expired deliveries (of configured sinks) become pending and due: their attempts stay counted, their age
        counts from now. With a line in the trail; how many."""

    async def given_up(self, sink: str, since: datetime | None = None) -> int:
        """How many are dead or expired; ``since``: became so from then on."""

    async def behind(self, delivery: Delivery) -> int:
        """How many of its lane wait behind it."""

    async def release(self, deliveries: Sequence[Delivery], now: datetime, *, unsent: bool = False) -> None:
        """Cancelled at shutdown before an answer: pending again, due now, the attempt still counted.

        ``unsent`` ones were claimed and never begun: no attempt was made, so none is counted or kept.
        """

    async def hasten(self, sink: str, now: datetime) -> None:
        """The receiver answers again: deliveries of this sink that wait for a retry are due now, in every lane."""

    async def next_due(self) -> datetime | None:
        """When the earliest pending delivery is due; None where there is none. What is held is not pending."""

    async def recent(self, sink: str, limit: int) -> Sequence[Delivery]:
        """The latest deliveries of a sink that are in flight or delivered, newest first: for reconciling the alert log."""

    async def pending_counts(self) -> Mapping[str, int]:
        """Sink -> deliveries not final."""


@dataclass(frozen=True, slots=True)
class Held:
    """The deliveries of one sink that are held under one key. ``due`` is when the hold ends."""

    sink: str
    key: str
    count: int
    due: datetime
    oldest: datetime


class Holds(Protocol):
    """The record, held deliveries. A hold's key stands in the deliveries' ``reason`` (``Way.hold`` lists them)."""

    async def hold(self, deliveries: Sequence[Delivery], key: str, until: datetime, now: datetime) -> None:
        """In flight or pending ones become held; an attempt that a claim counted is taken back."""

    async def holds_due(self, now: datetime) -> Sequence[Held]:
        """Those of which any delivery is due."""

    async def held(self, sink: str, key: str, limit: int) -> Sequence[Delivery]:
        """In sequence."""

    async def let_go(self, sink: str, key: str, now: datetime) -> int:
        """They become pending and due, and go before what was made after them; how many."""

    async def postpone(self, key: str, until: datetime, now: datetime) -> int:
        """The hold ends at another time, for all sinks; how many deliveries."""

    async def digest(self, notification: Notification, key: str, sink: str, members: Sequence[Delivery], now: datetime) -> None:
        """The notification and its delivery, in the lane of its severity; its members become cancelled with the reason
        ``digest`` and know what tells of them."""

    async def waiting(self, sink: str, older: datetime, limit: int) -> Sequence[Delivery]:
        """Pending ones made before ``older``, in sequence."""

    async def sent_since(self, sink: str, since: datetime) -> Mapping[str, datetime]:
        """What was delivered since then: notification -> when."""


class ToldRecord(Protocol):
    """The record, what alerts were told for."""

    async def last_told(self, alert: str) -> Matched | None:
        """The match that an alert was told for last, by a beginning of its id; None where there is none. Raises UsageError where
        several have it."""


class LimitRecord(Protocol):
    """The record, how much watchlists raise."""

    async def raised_since(self, since: Mapping[str, datetime]) -> Mapping[str, int]:
        """Watchlist -> how many alerts it has raised from its time on."""

    async def noisiest(self, watchlist: str, since: datetime) -> str:
        """The term found in most of what it has raised since; "" where nothing was."""


class SinkRecord(Protocol):
    """The record, what people do to sinks. Every change is one transaction with its line in the trail."""

    async def pause_sink(self, sink: str, reason: str, actor: str, now: datetime) -> SinkStatus:
        """Paused until it is resumed, whatever it was; what it is now."""

    async def resume_sink(self, sink: str, actor: str, now: datetime, *, age_limit: float) -> SinkStatus:
        """Active and without failures, whatever it was; it catches up with what waits. What is older than ``age_limit`` seconds
        by now counts its age from now, so that it is sent and does not expire."""

    async def audit(self, entry: Entry, now: datetime) -> None:
        """A line for what changes nothing else in the record."""


class Sink(Protocol):
    name: str
    #: How many deliveries of one lane ``send`` takes at once, in order (1 for a webhook).
    batch: int
    #: How many sends of one lane may be under way at a time; over 1 gives up their order.
    concurrency: int
    #: The alert log never expires and never pauses.
    never_pauses: bool

    async def start(self, recent: Callable[[int], Awaitable[Sequence[Delivery]]]) -> Sequence[Delivery]:
        """Open, repair and reconcile; returns the in-flight deliveries that turned out to be delivered already."""

    async def send(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        """One attempt at each, in order; never raises for what a receiver does."""

    async def close(self) -> None: ...


class Beating(Protocol):
    """What speaks by itself from time to time: a heartbeat, a receiver that forgets what it is not told again."""

    name: str
    #: Seconds between two beats.
    every: float

    async def beat(self) -> Answer:
        """Once; never raises for what a receiver does. What has nothing to say answers DELIVERED."""
