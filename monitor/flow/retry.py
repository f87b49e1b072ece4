"""What becomes of a delivery and of its sink: the states, and what one answer does to both. Pure: clock and chance are arguments.

Deliveries
----------
A delivery is one notification × one sink. Every state it is in, every event that takes it out of that state, and nothing else:

    event      held       pending    inflight                      dead, expired
    ---------  ---------  ---------  ----------------------------  -------------
    claim                 inflight
    answer                           delivered | pending | dead
    give back                        pending                                      crash, shutdown, or never begun
    hold       held       held       held                                         told later, or with others
    let go     pending                                                            its age counts anew
    expire     expired    expired    expired                                      older than the age limit
    cancel     cancelled  cancelled  cancelled                                    its sink left, or a digest tells of it
    replay                                                         pending        a person's; its age counts anew

Delivered is left by nothing. Cancelled is left by one event, the return of a sink that had left: what was cancelled for that is
pending again where it is younger than a week.

Answers
-------
    answer      delivery                          sink
    ----------  --------------------------------  -------------------------------------------------------------
    delivered   delivered                         active, failures in a row 0; after an outage it catches up
    retry       pending, full jitter later        failures + 1; the fifth in a row makes it failing (below)
    wait        pending, when asked               unchanged, and nothing is sent to it until then: 429, or Retry-After with
                                                  any other retry; a receiver that says when to come back is not down
    partly      pending, full jitter later        as delivered: it answers, and has told some of its recipients (a retry that
                                                  says whom, in its progress)
    refused     pending at 5 and 30 s after the   as delivered: it answers, and refuses this one message
                first refusal, then dead
    poison      dead at once                      unchanged: nothing was learnt of it
    pause       pending, due now                  paused; probed an hour later with its oldest delivery
    disable     pending, due now                  disabled; not probed; an operator brings it back

Sinks
-----
    state     is sent                                    leaves it by
    --------  -----------------------------------------  ------------------------------------------------------------
    active    what is due, lane by lane; catching up at  five failures in a row: failing. pause, disable, a person
              1/s, 2/s more each second, to 20/s
    failing   one delivery a minute, due or not (the     any answer that judges the message: active, catching up. pause,
              breaker is open)                           disable, a person
    paused    one delivery an hour, due or not; one      the same; paused by a person: a person
              that a person paused: nothing
    disabled  nothing                                    a person

A sink that never pauses (the alert log) answers pause and disable like retry and has no breaker, its deliveries never expire,
and its waits are capped at a minute: a local file costs nothing to try.

    wait before attempt n + 1 = chance × min(15 min, 5 s × 2^(n-1)), at least 1 s; Retry-After if longer, at most 1 h
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, SinkState
from monitor.ports import SinkStatus


class Event(StrEnum):
    """What may happen to a delivery."""

    CLAIM = "claim"
    ANSWER = "answer"
    GIVE_BACK = "give back"
    HOLD = "hold"
    LET_GO = "let go"
    EXPIRE = "expire"
    CANCEL = "cancel"
    REPLAY = "replay"
    RETURN = "return"


_OPEN = (DeliveryState.HELD, DeliveryState.PENDING, DeliveryState.INFLIGHT)
_GIVEN_UP = (DeliveryState.DEAD, DeliveryState.EXPIRED)

#: The first table: (state, event) -> where it may lead; what is not in it changes nothing.
TRANSITIONS: Final[Mapping[tuple[DeliveryState, Event], frozenset[DeliveryState]]] = {
    (DeliveryState.PENDING, Event.CLAIM): frozenset({DeliveryState.INFLIGHT}),
    (DeliveryState.INFLIGHT, Event.ANSWER): frozenset({DeliveryState.DELIVERED, DeliveryState.PENDING, DeliveryState.DEAD}),
    (DeliveryState.INFLIGHT, Event.GIVE_BACK): frozenset({DeliveryState.PENDING}),
    (DeliveryState.HELD, Event.LET_GO): frozenset({DeliveryState.PENDING}),
    **{(state, Event.HOLD): frozenset({DeliveryState.HELD}) for state in _OPEN},
    **{(state, Event.EXPIRE): frozenset({DeliveryState.EXPIRED}) for state in _OPEN},
    **{(state, Event.CANCEL): frozenset({DeliveryState.CANCELLED}) for state in _OPEN},
    **{(state, Event.REPLAY): frozenset({DeliveryState.PENDING}) for state in _GIVEN_UP},
    (DeliveryState.CANCELLED, Event.RETURN): frozenset({DeliveryState.PENDING}),
}


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
    #: Failures in a row that open the breaker: an outage of the receiver, not of one message.
    outage: int = 5
    breaker_probe: float = 60.0
    #: Deliveries a second after an outage: at first, more each second, at most.
    ramp: tuple[float, float, float] = (1.0, 2.0, 20.0)


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
    """The second table. What a person ordered of the sink stands whatever comes of an attempt begun before."""
    kind = attempt.answer.kind
    if attempt.never_pauses and kind in {AnswerKind.PAUSE, AnswerKind.DISABLE}:
        kind = AnswerKind.RETRY
    outcome = _RULES[kind](attempt, status)
    return replace(outcome, status=status) if by_hand(status) else outcome


def has_expired(delivery: Delivery, now: datetime, policy: RetryPolicy) -> bool:
    return (now - delivery.since).total_seconds() > policy.age_limit


def expires_before(status: SinkStatus, now: datetime, policy: RetryPolicy) -> datetime | None:
    """What counts its age from before this is too old; None where nothing of the sink expires: its receiver is gone for good or
    stopped by a person, and what waits for it is kept for whoever brings it back."""
    if policy.age_limit == float("inf") or status.state is SinkState.DISABLED or by_hand(status):
        return None
    return now - timedelta(seconds=policy.age_limit)


def may_send(status: SinkStatus, now: datetime) -> bool:
    """Whether anything may be sent to this sink now; for a failing or paused one, whether its probe is due."""
    if status.state is SinkState.DISABLED or by_hand(status):
        return False
    return status.probe_due is None or status.probe_due <= now


def probes(status: SinkStatus) -> bool:
    """Whether it is sent one delivery at a time, to see how it is."""
    return status.state in {SinkState.FAILING, SinkState.PAUSED}


def allowed(status: SinkStatus, now: datetime, policy: RetryPolicy) -> float | None:
    """Deliveries a second; None where nothing limits them: the sink has no outage behind it, or has caught up."""
    if status.state is not SinkState.ACTIVE or status.catching_up is None:
        return None
    first, more, most = policy.ramp
    # A clock set back must not stop it.
    return min(most, first + more * max(0.0, (now - status.catching_up).total_seconds()))


def at_start(status: SinkStatus, now: datetime) -> SinkStatus:
    """A sink as a new process finds it: whoever restarts after mending an address or a secret waits for no hourly probe, but a
    restart during an outage, or while what waited goes out, must not begin a stampede."""
    if by_hand(status) or status.state is SinkState.DISABLED:
        return status
    if status.state is SinkState.PAUSED:
        return replace(status, probe_due=now)
    if status.state is SinkState.ACTIVE and (status.failures or status.catching_up is not None):
        return replace(status, catching_up=now)
    return status


def sooner(status: SinkStatus, now: datetime, policy: RetryPolicy) -> SinkStatus:
    """After the clock was set back: no probe, and no wait that a receiver asked for, lies further ahead than one may."""
    longest = {SinkState.FAILING: policy.breaker_probe, SinkState.PAUSED: policy.probe}.get(status.state, policy.retry_after_cap)
    if status.probe_due is None or status.probe_due <= _later(now, longest):
        return status
    return replace(status, probe_due=_later(now, longest))


def by_hand(status: SinkStatus) -> bool:
    """A person paused it."""
    return status.state is SinkState.PAUSED and bool(status.by)


def wait(attempt: Attempt) -> float:
    """Seconds until the next attempt: full jitter, and what the receiver asked for where that is longer."""
    policy = attempt.policy
    # 2^20 × 5 s is two months: beyond it only the cap speaks, and the power would overflow in the end.
    bound = min(policy.cap, policy.base * 2.0 ** min(max(attempt.delivery.attempts - 1, 0), 20))
    return max(policy.floor, attempt.chance * bound, _asked(attempt))


# ---------------------------------------------------------------------------------------- one rule an answer
def _delivered(attempt: Attempt, status: SinkStatus) -> Outcome:
    return Outcome(DeliveryState.DELIVERED, None, _answering(attempt, status))


def _retry(attempt: Attempt, status: SinkStatus) -> Outcome:
    due = _later(attempt.now, wait(attempt))
    if attempt.answer.status == 429 or attempt.answer.retry_after:
        return _asked_to_wait(attempt, status, due)
    if attempt.answer.progress is not None:
        return Outcome(DeliveryState.PENDING, due, _answering(attempt, status))
    status = replace(status, failures=status.failures + 1)
    if status.state is SinkState.ACTIVE and status.failures >= attempt.policy.outage and not attempt.never_pauses:
        status = replace(status, state=SinkState.FAILING, reason=attempt.answer.detail, since=attempt.now, catching_up=None)
    if not probes(status):
        return Outcome(DeliveryState.PENDING, due, status)
    # Probes ask for no due time, and what was a probe does not wait beyond the outage.
    return Outcome(DeliveryState.PENDING, attempt.now, _probed(attempt, status))


def _asked_to_wait(attempt: Attempt, status: SinkStatus, due: datetime) -> Outcome:
    if probes(status):
        return Outcome(DeliveryState.PENDING, attempt.now, _probed(attempt, status))
    if status.state is SinkState.ACTIVE:
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
    if status.state is not SinkState.DISABLED:
        status = replace(
            status,
            state=SinkState.PAUSED,
            reason=attempt.answer.detail,
            failures=status.failures + 1,
            probe_due=_later(attempt.now, attempt.policy.probe),
            since=status.since if status.state is SinkState.PAUSED else attempt.now,
            catching_up=None,
        )
    return Outcome(DeliveryState.PENDING, attempt.now, status)


def _disable(attempt: Attempt, status: SinkStatus) -> Outcome:
    since = status.since if status.state is SinkState.DISABLED else attempt.now
    gone = SinkStatus(status.name, SinkState.DISABLED, attempt.answer.detail, status.failures + 1, since=since)
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
    """The sink took the message or judged it: whatever was wrong with it is mended. A wait that another lane was asked for
    meanwhile stands: this answer belongs to an attempt begun before."""
    if status.state is SinkState.DISABLED:
        return status
    if probes(status):
        return SinkStatus(status.name, since=attempt.now, catching_up=attempt.now)
    held = status.probe_due is not None and status.probe_due > attempt.now
    return replace(status, reason="", failures=0, probe_due=status.probe_due if held else None)


def _probed(attempt: Attempt, status: SinkStatus) -> SinkStatus:
    every = attempt.policy.probe if status.state is SinkState.PAUSED else attempt.policy.breaker_probe
    return replace(status, probe_due=_later(attempt.now, max(every, _asked(attempt))))


def _asked(attempt: Attempt) -> float:
    return min(attempt.answer.retry_after or 0.0, attempt.policy.retry_after_cap)


def _later(now: datetime, seconds: float) -> datetime:
    return now + timedelta(seconds=seconds)
