"""One sink and what is under way for it: its runs, its pace after an outage, whose turn a probe is, what fails at it.

Plain state with the small decisions that need it; what answers mean stands in retry.py, and what is sent, written and said is
the business of deliver.py and reports.py.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from monitor.flow.retry import RetryPolicy, allowed, may_send, probes
from monitor.model import Answer, Delivery, DeliveryState, Severity, SinkState
from monitor.ports import Sink, SinkStatus

#: Deliveries of a lane claimed in one transaction while their sink is well; each is still recorded by itself. A claim
#: costs a synced commit, 0.5 to 9 ms, which is more than most receivers take to answer.
RUN: Final = 20
#: Runs are this many times as long as the window of sends, so that it is seldom empty.
WINDOWS: Final = 4
#: Failed probes with one delivery, after which the other lanes' heads are tried in turn: a message that makes the receiver
#: answer 500 must not stop what it would take.
PROBES_OF_ONE: Final = 3
#: Seconds of the pace after an outage that may be saved up: a tick. A loop that stood still must not send for all of it at once.
SAVED: Final = 1.0
#: Seconds after which a delivery that fails while others are taken is an operation.
STUCK: Final = 3600.0

#: Most important first.
LANES: Final = tuple(sorted(Severity, key=lambda severity: -severity.rank))


@dataclass(slots=True)
class Run:
    """The deliveries of one lane that one claim brought: those being sent, by task, and those behind them."""

    waiting: deque[Delivery]
    sends: dict[asyncio.Task[Sequence[Answer]], Sequence[Delivery]] = field(default_factory=dict)


@dataclass(slots=True)
class Failing:
    """A delivery that is not taken. ``beside`` counts its failures since which others were taken; ``taken`` is the sink's count
    at the latest."""

    delivery: Delivery
    since: datetime
    taken: int
    detail: str = ""
    beside: int = 0


@dataclass(slots=True)
class Desk:
    """``owed`` are writes that storage has refused so far, in order. Times in seconds are monotonic."""

    sink: Sink
    policy: RetryPolicy
    status: SinkStatus
    opened: bool = False
    open_again: float = 0.0
    serving: asyncio.Task[None] | None = None
    again: bool = False
    runs: dict[asyncio.Task[None], Run] = field(default_factory=dict)
    owed: deque[Callable[[], Awaitable[None]]] = field(default_factory=deque)
    paying: asyncio.Lock = field(default_factory=asyncio.Lock)
    #: Notification -> refusals so far.
    refusals: dict[str, int] = field(default_factory=dict)
    failing: dict[str, Failing] = field(default_factory=dict)
    #: Deliveries taken since the start.
    taken: int = 0
    #: When what is too old is looked for next, and whether what was given up is to be counted.
    look_again: float = 0.0
    recount: bool = True
    failed_probes: int = 0
    last_probe: Severity = LANES[0]
    tokens: float = 0.0
    filled: float = 0.0

    @property
    def name(self) -> str:
        return self.sink.name

    def may_send(self, now: datetime) -> bool:
        """Whether a delivery may be claimed; a probe goes alone."""
        return may_send(self.status, now) and not (probes(self.status) and self.runs)

    # ------------------------------------------------------------------------------------------ how many
    def run_length(self) -> int:
        """One attempt's worth where what follows would only go back: the sink is failing, or refuses what stands at a head."""
        well = self.status.failures == 0 and not self.refusals
        return max(RUN, self.sink.batch, WINDOWS * self.sink.concurrency * self.sink.batch) if well else self.sink.batch

    def room(self, now: datetime, monotonic: float) -> int | None:
        """How many may be sent at once after an outage, all lanes together; None where nothing limits them."""
        rate = allowed(self.status, now, self.policy)
        gone, self.filled = monotonic - self.filled, monotonic
        if rate is None:
            return None
        self.tokens = min(self.tokens + rate * gone, rate * SAVED)
        return int(self.tokens)

    # ------------------------------------------------------------------------------------------ whose turn
    def probe_lanes(self) -> tuple[Severity, ...]:
        """The lanes to look for the next probe in, one after the other; empty: the oldest delivery of all."""
        if self.status.state is not SinkState.FAILING or self.failed_probes < PROBES_OF_ONE:
            return ()
        after = LANES.index(self.last_probe) + 1
        return LANES[after:] + LANES[:after]

    def probe_failed(self, delivery: Delivery) -> None:
        self.failed_probes += 1
        self.last_probe = delivery.severity

    # ------------------------------------------------------------------------------------------ what fails
    def tried(self, delivery: Delivery, answer: Answer, state: DeliveryState, now: datetime) -> None:
        """Remember what became of one attempt; who fails for long while others are taken is ``stuck``."""
        if state is not DeliveryState.PENDING:
            self.taken += state is DeliveryState.DELIVERED
            self.failing.pop(delivery.notification, None)
            return
        known = self.failing.setdefault(delivery.notification, Failing(delivery, now, self.taken))
        known.beside += self.taken > known.taken
        known.delivery, known.detail, known.taken = delivery, answer.detail, self.taken

    def mended(self, now: datetime, monotonic: float) -> None:
        """The sink answers again: what waited goes out slowly at first, and what failed because of it begins anew."""
        self.failed_probes = 0
        self.tokens, self.filled = 0.0, monotonic
        for known in self.failing.values():
            if not known.beside:
                known.since = now

    def stuck(self, delivery: Delivery, now: datetime) -> Failing | None:
        """A delivery that has just failed, where it has for long and the sink itself is no explanation."""
        known = self.failing.get(delivery.notification)
        if known is None or self.status.state is not SinkState.ACTIVE or (now - known.since).total_seconds() < STUCK:
            return None
        # Asked to wait again and again (429), a sink stays active without a failure and takes nothing at all.
        return known if known.beside >= PROBES_OF_ONE or self.status.failures == 0 else None
