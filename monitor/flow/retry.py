"""The delivery state machine: what one answer does to a delivery and to its sink. Pure: clock and chance are arguments.

Rules
-----
A delivery is one notification × one sink. It leaves the outbox in one of three ways: delivered, dead (this one message is
not wanted) or expired (a week old and still not taken). Until then it is pending or in flight, and nothing else ends it.

    answer      delivery                          sink
    ----------  --------------------------------  -------------------------------------------------------------
    delivered   delivered                         active, failures in a row 0
    retry       pending, full jitter later        failures + 1; a paused sink stays paused until its next probe
                                                  429 or Retry-After: nothing is sent to the sink until then
    refused     pending at 5 and 30 s after the   active, failures 0: it answers, and refuses this one message
                first refusal, then dead
    poison      dead at once                      unchanged: nothing was learnt of it
    pause       pending, due now                  paused; probed an hour later with its oldest delivery
    disable     pending, due now                  disabled; not probed; an operator brings it back

A sink that never pauses (the alert log) answers pause and disable like retry, its deliveries never expire, and its waits
are capped at a minute: a local file costs nothing to try. A week is counted from when the delivery was made, and is looked
at before each attempt only.

    wait before attempt n + 1 = chance × min(15 min, 5 s × 2^(n-1)), at least 1 s; Retry-After if longer, at most 1 h
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, SinkState
from monitor.ports import SinkStatus


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Seconds. ``refusals`` are the waits after the first, second … refusal of one message; after the last it is dead."""

    base: float = 5.0
    cap: float = 15 * 60.0
    #: The driver ticks once a second; a shorter wait would be no wait at all.
    floor: float = 1.0
    retry_after_cap: float = 3600.0
    refusals: tuple[float, ...] = (5.0, 25.0)
    probe: float = 3600.0
    age_limit: float = 7 * 86400.0


ORDINARY: Final = RetryPolicy()
#: For sinks that never pause: the alert log.
LOCAL: Final = RetryPolicy(cap=60.0, age_limit=float("inf"))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One finished attempt. ``refusals`` counts earlier refusals of this delivery, ``chance`` is in [0, 1)."""

    delivery: Delivery
    answer: Answer
    refusals: int
    chance: float
    never_pauses: bool
    now: datetime
    policy: RetryPolicy


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a delivery and of its sink. ``due`` is set where the state is pending."""

    state: DeliveryState
    due: datetime | None
    status: SinkStatus


def next_step(attempt: Attempt, status: SinkStatus) -> Outcome:
    """The table above."""
    kind = attempt.answer.kind
    if attempt.never_pauses and kind in {AnswerKind.PAUSE, AnswerKind.DISABLE}:
        kind = AnswerKind.RETRY
    return _RULES[kind](attempt, status)


def has_expired(delivery: Delivery, now: datetime, policy: RetryPolicy) -> bool:
    return (now - delivery.created).total_seconds() > policy.age_limit


def may_send(status: SinkStatus, now: datetime) -> bool:
    """Whether anything may be sent to this sink now; for a paused one, whether its probe is due."""
    if status.state is SinkState.DISABLED or _held_by_operator(status):
        return False
    return status.probe_due is None or status.probe_due <= now


def wait(attempt: Attempt) -> float:
    """Seconds until the next attempt: full jitter, and what the receiver asked for where that is longer."""
    policy = attempt.policy
    # 2^20 × 5 s is two months: beyond it only the cap speaks, and the power would overflow in the end.
    bound = min(policy.cap, policy.base * 2.0 ** min(max(attempt.delivery.attempts - 1, 0), 20))
    asked = min(attempt.answer.retry_after or 0.0, policy.retry_after_cap)
    return max(policy.floor, attempt.chance * bound, asked)


# ---------------------------------------------------------------------------------------- one rule an answer
def _delivered(attempt: Attempt, status: SinkStatus) -> Outcome:
    return Outcome(DeliveryState.DELIVERED, None, _answering(attempt, status))


def _retry(attempt: Attempt, status: SinkStatus) -> Outcome:
    due = _later(attempt.now, wait(attempt))
    status = replace(status, failures=status.failures + 1)
    if status.state is SinkState.PAUSED and not _held_by_operator(status):
        asked = min(attempt.answer.retry_after or 0.0, attempt.policy.retry_after_cap)
        status = replace(status, probe_due=_later(attempt.now, max(attempt.policy.probe, asked)))
    elif status.state is SinkState.ACTIVE and (attempt.answer.status == 429 or attempt.answer.retry_after):
        # Another severity lane of the sink may have been asked for a longer wait already.
        status = replace(status, probe_due=max(due, status.probe_due or due))
    return Outcome(DeliveryState.PENDING, due, status)


def _refused(attempt: Attempt, status: SinkStatus) -> Outcome:
    waits = attempt.policy.refusals
    if attempt.refusals >= len(waits):
        return Outcome(DeliveryState.DEAD, None, _answering(attempt, status))
    return Outcome(DeliveryState.PENDING, _later(attempt.now, waits[attempt.refusals]), _answering(attempt, status))


def _poison(attempt: Attempt, status: SinkStatus) -> Outcome:
    return Outcome(DeliveryState.DEAD, None, status)


def _pause(attempt: Attempt, status: SinkStatus) -> Outcome:
    if status.state is not SinkState.DISABLED and not _held_by_operator(status):
        status = replace(
            status,
            state=SinkState.PAUSED,
            reason=attempt.answer.detail,
            failures=status.failures + 1,
            probe_due=_later(attempt.now, attempt.policy.probe),
        )
    return Outcome(DeliveryState.PENDING, attempt.now, status)


def _disable(attempt: Attempt, status: SinkStatus) -> Outcome:
    gone = replace(status, state=SinkState.DISABLED, reason=attempt.answer.detail, failures=status.failures + 1, probe_due=None)
    return Outcome(DeliveryState.PENDING, attempt.now, gone)


_RULES: Final[Mapping[AnswerKind, Callable[[Attempt, SinkStatus], Outcome]]] = {
    AnswerKind.DELIVERED: _delivered,
    AnswerKind.RETRY: _retry,
    AnswerKind.REFUSED: _refused,
    AnswerKind.POISON: _poison,
    AnswerKind.PAUSE: _pause,
    AnswerKind.DISABLE: _disable,
}


def _answering(attempt: Attempt, status: SinkStatus) -> SinkStatus:
    """The sink took the message or judged it: whatever was wrong with it is mended. What an operator ordered, and a wait
    that another lane was asked for meanwhile, stand: this answer belongs to an attempt begun before."""
    if status.state is SinkState.DISABLED or _held_by_operator(status):
        return status
    held = status.state is SinkState.ACTIVE and status.probe_due is not None and status.probe_due > attempt.now
    return SinkStatus(name=status.name, probe_due=status.probe_due if held else None)


def _held_by_operator(status: SinkStatus) -> bool:
    """A sink that paused itself has a time for its probe; one that an operator paused has none."""
    return status.state is SinkState.PAUSED and status.probe_due is None


def _later(now: datetime, seconds: float) -> datetime:
    return now + timedelta(seconds=seconds)
