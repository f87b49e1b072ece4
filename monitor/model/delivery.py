"""Deliveries: one notification on its way to one sink."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from monitor.model.matching import Severity


@dataclass(frozen=True, slots=True)
class Way:
    """One sink that a notification goes to, and the route that sent it there (``routes[2]`` where it has no name of its own).

    Where ``until`` is set the delivery is held so long, under the key ``hold``, which says why and what it is told together
    with: ``digest:ROUTE``, ``silence:ID``, ``max_alerts:WATCHLIST``, ``quiet``, ``rate``, ``backlog``, ``operator``."""

    sink: str
    route: str = ""
    until: datetime | None = None
    hold: str = ""


class DeliveryState(StrEnum):
    HELD = "held"  # not yet to be sent; it holds up no other
    PENDING = "pending"
    INFLIGHT = "inflight"
    DELIVERED = "delivered"  # final
    DEAD = "dead"  # final but for an operator's replay
    EXPIRED = "expired"  # final but for an operator's replay
    CANCELLED = "cancelled"  # final


class SinkState(StrEnum):
    ACTIVE = "active"
    FAILING = "failing"  # its breaker is open after failures in a row: one probe at a time
    PAUSED = "paused"  # 3xx, 401, 403, 404 or an operator: deliveries kept, probed every hour
    DISABLED = "disabled"  # 410: deliveries kept, not probed


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification × one sink. ``sequence`` counts from 1 per sink; ``attempts`` those already finished or begun;
    ``alert`` is "" where an operation is told. ``reason`` says why it is held (the hold's key), dead, expired or cancelled;
    ``told_in`` is the digest that tells of it. ``progress`` is its sink's own, opaque to all others: whom it has reached
    already where one delivery has several recipients."""

    notification: str
    sink: str
    alert: str
    severity: Severity
    sequence: int
    state: DeliveryState
    attempts: int
    due: datetime
    created: datetime
    payload: bytes
    route: str = ""
    reason: str = ""
    told_in: str = ""
    #: When a person last had it sent again.
    replayed: datetime | None = None
    progress: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def since(self) -> datetime:
        """From when its age counts."""
        return self.replayed or self.created

    @property
    def webhook_id(self) -> str:
        """The same on every attempt, so that receivers can drop duplicates (DESIGN.md §7)."""
        return f"msg_{self.notification}_{self.sink}"


class AnswerKind(StrEnum):
    """What a sink made of one attempt; the one loop in flow/deliver owns what follows from it."""

    DELIVERED = "delivered"
    RETRY = "retry"  # network, timeout, 408, 425, 429, 5xx
    PAUSE = "pause"  # 3xx, 401, 403, 404: the sink is misconfigured
    DISABLE = "disable"  # 410
    REFUSED = "refused"  # other 4xx: this one message is not wanted
    POISON = "poison"  # it cannot be rendered for this sink: dead at once


@dataclass(frozen=True, slots=True)
class Answer:
    """``status`` is the HTTP status (None where there was none); ``detail`` is safe to print: no secret, no control character.
    ``retry_after`` in seconds where the receiver asked for a wait. ``progress`` is the delivery's from now on (None: as it was)."""

    kind: AnswerKind
    detail: str = ""
    status: int | None = None
    retry_after: float | None = None
    progress: Mapping[str, Any] | None = field(default=None, hash=False)
