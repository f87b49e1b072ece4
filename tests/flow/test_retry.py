"""The delivery state machine: every transition as a table, and its laws over random answers and clock steps."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.flow.retry import (
    LOCAL,
    ORDINARY,
    Attempt,
    Outcome,
    RetryPolicy,
    allowed,
    at_start,
    expires_before,
    has_expired,
    may_send,
    next_step,
    probes,
    sooner,
    wait,
)
from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, Severity, SinkState
from monitor.ports import SinkStatus
from tests.fakes import START

NOW = START + timedelta(hours=1)
ACTIVE = SinkStatus("desk")
FAILED = SinkStatus("desk", failures=3)
LAST_CHANCE = SinkStatus("desk", failures=4, catching_up=START)
FAILING = SinkStatus("desk", SinkState.FAILING, "no answer", 5, NOW, since=START)
PAUSED = SinkStatus("desk", SinkState.PAUSED, "HTTP 401 Unauthorized", 1, NOW, since=START)
BY_HAND = SinkStatus("desk", SinkState.PAUSED, "rebuilding it", by="cli:alice", since=START)
DISABLED = SinkStatus("desk", SinkState.DISABLED, "HTTP 410 Gone", 1, since=START)
HELD = SinkStatus("desk", probe_due=NOW + timedelta(seconds=90), failures=1)
CATCHING_UP = SinkStatus("desk", since=START, catching_up=START)

HOUR = timedelta(hours=1)


def delivery(attempts: int = 1) -> Delivery:
    return Delivery("n", "desk", "a", Severity.HIGH, 1, DeliveryState.INFLIGHT, attempts, NOW, START, b"{}")


def attempt(
    answer: Answer | AnswerKind,
    *,
    attempts: int = 1,
    refusals: int = 0,
    chance: float = 0.5,
    never_pauses: bool = False,
    policy: RetryPolicy = ORDINARY,
) -> Attempt:
    answer = answer if isinstance(answer, Answer) else Answer(answer, detail="said")
    return Attempt(delivery(attempts), answer, refusals, chance, never_pauses, NOW, policy)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


PENDING, DELIVERED, DEAD = DeliveryState.PENDING, DeliveryState.DELIVERED, DeliveryState.DEAD
HOURLY = {"failures": 2, "probe_due": NOW + HOUR}
MENDED = SinkStatus("desk", since=NOW, catching_up=NOW)
OPENED = SinkStatus("desk", SinkState.FAILING, "said", 5, later(60), since=NOW)

# (name, attempt, sink before, state, due, sink after)
TABLE = [
    ("delivered", attempt(AnswerKind.DELIVERED), ACTIVE, DELIVERED, None, ACTIVE),
    ("delivered_after_failures", attempt(AnswerKind.DELIVERED), FAILED, DELIVERED, None, ACTIVE),
    ("delivered_closes_the_breaker", attempt(AnswerKind.DELIVERED), FAILING, DELIVERED, None, MENDED),
    ("delivered_probe_heals", attempt(AnswerKind.DELIVERED), PAUSED, DELIVERED, None, MENDED),
    ("delivered_while_catching_up", attempt(AnswerKind.DELIVERED), CATCHING_UP, DELIVERED, None, CATCHING_UP),
    ("delivered_while_paused_by_hand", attempt(AnswerKind.DELIVERED), BY_HAND, DELIVERED, None, BY_HAND),
    ("delivered_while_disabled", attempt(AnswerKind.DELIVERED), DISABLED, DELIVERED, None, DISABLED),
    ("delivered_beside_a_wait", attempt(AnswerKind.DELIVERED), HELD, DELIVERED, None, replace(HELD, failures=0)),
    ("retry", attempt(AnswerKind.RETRY), ACTIVE, PENDING, later(2.5), replace(ACTIVE, failures=1)),
    ("retry_again", attempt(AnswerKind.RETRY, attempts=4), FAILED, PENDING, later(20), replace(FAILED, failures=4)),
    ("retry_five_times_opens_the_breaker", attempt(AnswerKind.RETRY), LAST_CHANCE, PENDING, NOW, OPENED),
    (
        "retry_of_a_breakers_probe",
        attempt(AnswerKind.RETRY), FAILING, PENDING, NOW, replace(FAILING, failures=6, probe_due=later(60)),
    ),
    ("retry_of_a_probe", attempt(AnswerKind.RETRY), PAUSED, PENDING, NOW, replace(PAUSED, **HOURLY)),
    ("retry_while_paused_by_hand", attempt(AnswerKind.RETRY), BY_HAND, PENDING, NOW, BY_HAND),
    ("retry_while_disabled", attempt(AnswerKind.RETRY), DISABLED, PENDING, later(2.5), replace(DISABLED, failures=2)),
    ("retry_5xx", attempt(Answer(AnswerKind.RETRY, "", 503)), ACTIVE, PENDING, later(2.5), replace(ACTIVE, failures=1)),
    ("wait_429", attempt(Answer(AnswerKind.RETRY, "", 429)), ACTIVE, PENDING, later(2.5), replace(ACTIVE, probe_due=later(2.5))),
    ("wait_retry_after", attempt(Answer(AnswerKind.RETRY, "", 503, 60)), ACTIVE, PENDING, later(60), replace(ACTIVE, probe_due=later(60))),
    (
        "wait_is_capped_at_an_hour",
        attempt(Answer(AnswerKind.RETRY, "", 429, 1e9)), ACTIVE, PENDING, later(3600), replace(ACTIVE, probe_due=later(3600)),
    ),
    (
        "wait_opens_no_breaker",
        attempt(Answer(AnswerKind.RETRY, "", 429, 10)), LAST_CHANCE, PENDING, later(10), replace(LAST_CHANCE, probe_due=later(10)),
    ),
    ("wait_shorter_than_another_lanes", attempt(Answer(AnswerKind.RETRY, "", 429, 10)), HELD, PENDING, later(10), HELD),
    (
        "wait_closes_no_breaker",
        attempt(Answer(AnswerKind.RETRY, "", 429, 90)), FAILING, PENDING, NOW, replace(FAILING, probe_due=later(90)),
    ),
    ("wait_of_a_paused_one", attempt(Answer(AnswerKind.RETRY, "", 429, 90)), PAUSED, PENDING, NOW, replace(PAUSED, probe_due=NOW + HOUR)),
    ("retry_after_the_past", attempt(Answer(AnswerKind.RETRY, "", 503, 0.0)), ACTIVE, PENDING, later(2.5), replace(ACTIVE, failures=1)),
    ("partly", attempt(Answer(AnswerKind.RETRY, "", progress={"a": 1})), FAILED, PENDING, later(2.5), replace(FAILED, failures=0)),
    ("partly_closes_the_breaker", attempt(Answer(AnswerKind.RETRY, "", progress={})), FAILING, PENDING, later(2.5), MENDED),
    ("refused_once", attempt(AnswerKind.REFUSED), ACTIVE, PENDING, later(5), ACTIVE),
    ("refused_twice", attempt(AnswerKind.REFUSED, refusals=1), ACTIVE, PENDING, later(25), ACTIVE),
    ("refused_thrice", attempt(AnswerKind.REFUSED, refusals=2), ACTIVE, DEAD, None, ACTIVE),
    ("refused_after_failures", attempt(AnswerKind.REFUSED, attempts=40), FAILED, PENDING, later(5), ACTIVE),
    ("refused_closes_the_breaker", attempt(AnswerKind.REFUSED, attempts=40), FAILING, PENDING, later(5), MENDED),
    ("refused_probe_heals", attempt(AnswerKind.REFUSED), PAUSED, PENDING, later(5), MENDED),
    ("refused_while_paused_by_hand", attempt(AnswerKind.REFUSED, refusals=2), BY_HAND, DEAD, None, BY_HAND),
    ("poison", attempt(AnswerKind.POISON), FAILED, DEAD, None, FAILED),
    ("poison_probe", attempt(AnswerKind.POISON), PAUSED, DEAD, None, PAUSED),
    ("pause", attempt(AnswerKind.PAUSE), CATCHING_UP, PENDING, NOW, SinkStatus("desk", SinkState.PAUSED, "said", 1, NOW + HOUR, since=NOW)),
    ("pause_again", attempt(AnswerKind.PAUSE), PAUSED, PENDING, NOW, replace(PAUSED, reason="said", **HOURLY)),
    (
        "pause_of_a_failing_one",
        attempt(AnswerKind.PAUSE), FAILING, PENDING, NOW, SinkStatus("desk", SinkState.PAUSED, "said", 6, NOW + HOUR, since=NOW),
    ),
    ("pause_while_disabled", attempt(AnswerKind.PAUSE), DISABLED, PENDING, NOW, DISABLED),
    ("pause_while_paused_by_hand", attempt(AnswerKind.PAUSE), BY_HAND, PENDING, NOW, BY_HAND),
    ("disable", attempt(AnswerKind.DISABLE), FAILED, PENDING, NOW, SinkStatus("desk", SinkState.DISABLED, "said", 4, since=NOW)),
    ("disable_by_a_probe", attempt(AnswerKind.DISABLE), PAUSED, PENDING, NOW, SinkStatus("desk", SinkState.DISABLED, "said", 2, since=NOW)),
    ("disable_while_paused_by_hand", attempt(AnswerKind.DISABLE), BY_HAND, PENDING, NOW, BY_HAND),
    ("log_never_pauses", attempt(AnswerKind.PAUSE, never_pauses=True), ACTIVE, PENDING, later(2.5), replace(ACTIVE, failures=1)),
    ("log_is_never_disabled", attempt(AnswerKind.DISABLE, never_pauses=True), ACTIVE, PENDING, later(2.5), replace(ACTIVE, failures=1)),
    (
        "log_has_no_breaker",
        attempt(AnswerKind.RETRY, never_pauses=True), replace(FAILED, failures=40), PENDING, later(2.5), replace(FAILED, failures=41),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("tried", "before", "state", "due", "after"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_transitions(tried: Attempt, before: SinkStatus, state: DeliveryState, due: datetime | None, after: SinkStatus) -> None:
    assert next_step(tried, before) == Outcome(state, due, after)


def test_every_answer_is_in_the_table() -> None:
    assert {row[1].answer.kind for row in TABLE} == set(AnswerKind)


@pytest.mark.parametrize(
    ("attempts", "bound"), [(0, 5), (1, 5), (2, 10), (3, 20), (8, 640), (9, 900), (20, 900), (10**6, 900)]
)  # fmt: skip
def test_full_jitter(attempts: int, bound: float) -> None:
    assert wait(attempt(AnswerKind.RETRY, attempts=attempts, chance=0.5)) == bound / 2
    assert wait(attempt(AnswerKind.RETRY, attempts=attempts, chance=0.0)) == 1.0  # never under a tick
    assert wait(attempt(AnswerKind.RETRY, attempts=attempts, chance=0.999999)) < bound


def test_the_log_is_tried_every_minute() -> None:
    assert wait(attempt(AnswerKind.RETRY, attempts=50, chance=0.999, never_pauses=True, policy=LOCAL)) < 60


def test_may_send() -> None:
    for status, at, answer in (
        (ACTIVE, NOW, True),
        (FAILED, NOW, True),
        (HELD, NOW, False),
        (HELD, NOW + timedelta(seconds=90), True),
        (FAILING, NOW - timedelta(seconds=1), False),
        (FAILING, NOW, True),
        (PAUSED, NOW - timedelta(seconds=1), False),
        (PAUSED, NOW, True),
        (BY_HAND, NOW + timedelta(days=3), False),
        (DISABLED, NOW + timedelta(days=3), False),
    ):
        assert may_send(status, at) is answer, status
    assert [probes(status) for status in (ACTIVE, FAILING, PAUSED, DISABLED)] == [False, True, True, False]


def test_fault_17_a_week_is_the_limit_from_when_it_was_made_or_sent_again() -> None:
    assert not has_expired(delivery(), START + timedelta(days=7), ORDINARY)
    assert has_expired(delivery(), START + timedelta(days=7, seconds=1), ORDINARY)
    assert not has_expired(replace(delivery(), replayed=NOW), NOW + timedelta(days=7), ORDINARY)
    assert not has_expired(delivery(), START + timedelta(days=4000), LOCAL)
    for status, expires in ((ACTIVE, True), (FAILING, True), (PAUSED, True), (BY_HAND, False), (DISABLED, False)):
        assert expires_before(status, NOW, ORDINARY) == (NOW - timedelta(days=7) if expires else None)
        assert expires_before(status, NOW, LOCAL) is None


def test_fault_52_a_clock_set_back_makes_no_wait_longer() -> None:
    early = NOW - timedelta(days=1)
    for before, seconds in ((HELD, 3600), (FAILING, 60), (PAUSED, 3600)):
        assert sooner(before, early, ORDINARY) == replace(before, probe_due=early + timedelta(seconds=seconds))
        assert sooner(before, NOW + timedelta(seconds=60), ORDINARY) == before
    for before in (ACTIVE, BY_HAND, DISABLED):
        assert sooner(before, early, ORDINARY) == before


def test_the_pace_after_an_outage() -> None:
    paces = [allowed(CATCHING_UP, START + timedelta(seconds=seconds), ORDINARY) for seconds in (-3600, 0, 1, 5, 9.5, 10, 86400)]
    assert paces == [1, 1, 3, 11, 20, 20, 20]
    for status in (ACTIVE, FAILED, FAILING, PAUSED, DISABLED):
        assert allowed(status, NOW, ORDINARY) is None


def test_fault_29_a_restart_goes_on_where_it_was_and_begins_slowly() -> None:
    slowly = {"catching_up": NOW}
    for before, after in (
        (ACTIVE, ACTIVE),
        (FAILED, replace(FAILED, **slowly)),
        (CATCHING_UP, replace(CATCHING_UP, **slowly)),
        (FAILING, FAILING),
        (replace(PAUSED, probe_due=NOW + HOUR), PAUSED),
        (BY_HAND, BY_HAND),
        (DISABLED, DISABLED),
    ):
        assert at_start(before, NOW) == after


answers = st.builds(
    Answer,
    kind=st.sampled_from(AnswerKind),
    detail=st.just("said"),
    status=st.sampled_from([None, 200, 400, 401, 410, 429, 503]),
    retry_after=st.none() | st.floats(0, 1e12),
)


@given(
    answers=st.lists(st.tuples(answers, st.floats(0, 1, exclude_max=True), st.floats(-7200, 1e5)), max_size=60), never_pauses=st.booleans()
)
def test_laws(answers: list[tuple[Answer, float, float]], never_pauses: bool) -> None:
    """One delivery under any answers, waits and clock steps: it is pending with a due time or ends for a reason that stands
    in the table; no wait exceeds its cap; refusals are bounded; a final state stays."""
    policy = LOCAL if never_pauses else ORDINARY
    now, status, refusals = START, ACTIVE, 0
    for attempts, (answer, chance, step) in enumerate(answers, 1):
        now += timedelta(seconds=step)
        row = Delivery("n", "desk", "a", Severity.LOW, 1, DeliveryState.INFLIGHT, attempts, now, START, b"{}")
        out = next_step(Attempt(row, answer, refusals, chance, never_pauses, now, policy), status)
        refused = answer.kind is AnswerKind.REFUSED
        refusals += refused
        assert refusals <= 3
        if out.state is DeliveryState.PENDING:
            assert out.due is not None
            assert timedelta(0) <= out.due - now <= HOUR
            assert refused or out.due - now <= max(timedelta(seconds=policy.cap), timedelta(seconds=min(answer.retry_after or 0, 3600)))
        else:
            assert out.due is None
            assert (out.state is DeliveryState.DELIVERED) == (answer.kind is AnswerKind.DELIVERED)
            assert out.state is DeliveryState.DELIVERED or answer.kind is AnswerKind.POISON or refusals == 3
        if probes(out.status):
            assert out.status.probe_due is not None  # it heals by itself
        if out.status.state is SinkState.DISABLED:
            assert out.status.probe_due is None
        if never_pauses:
            assert out.status.state is SinkState.ACTIVE
        if status.state is SinkState.DISABLED:
            assert out.status.state is SinkState.DISABLED  # only an operator brings it back
        status = out.status
        if out.state is not DeliveryState.PENDING:
            break
