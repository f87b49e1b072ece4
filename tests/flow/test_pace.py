"""When a source is polled next, by the table at the head of ``flow/pace.py``: one test a rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import DocumentError, FetchError, MonitorError
from monitor.flow import pace
from monitor.flow.pace import MAX_BACKOFF, MAX_BACKOFF_FOLDER, NETWORK_BACK, POSTPONED
from monitor.model import Document, Move, PollResult, SourceKind, SourceSpec, SourceState
from tests.fakes import START  # Thursday, 12:00 UTC

FEED = SourceSpec("a", SourceKind.FEED, "http://a.example/feed", 900)
FOLDER = SourceSpec("drop", SourceKind.FOLDER, "/drop", 10)
FRESH = SourceState("a", START)
WELL = replace(FRESH, last_poll=START, last_success=START - timedelta(hours=1), validators={"etag": "old"}, known=b"12345678")
ILL = replace(WELL, failures=3, error="HTTP 503", deaths=1, broken=True)
READ = PollResult((Document("a", "1", "x"),), {"etag": "new"}, items=30, known=b"abcdefgh")
SAME = PollResult((), {"etag": "old"}, unchanged=True)


def after(state: SourceState, result: PollResult, *, spec: SourceSpec = FEED, now: datetime = START, random: float = 0.5) -> SourceState:
    return pace.after(spec, state, result, now, lambda: random)


def failed(
    state: SourceState, error: Exception, *, spec: SourceSpec = FEED, now: datetime = START, down: bool = False, random: float = 0
) -> SourceState:
    return pace.after_failure(spec, state, error, now, lambda: random, network_down=down)


def wait(state: SourceState, now: datetime = START) -> float:
    return (state.next_due - now).total_seconds()


# ------------------------------------------------------------------------------------------- it answered
@pytest.mark.parametrize(("random", "seconds"), [(0.0, 810), (0.5, 900), (0.999999, 990)])
def test_the_interval_with_its_spread(random: float, seconds: float) -> None:
    assert wait(after(WELL, READ, random=random)) == pytest.approx(seconds, abs=0.01)


def test_a_body_that_was_read_heals_everything() -> None:
    healed = after(replace(ILL, gone=START), READ)
    assert (healed.failures, healed.error, healed.deaths, healed.broken, healed.gone) == (0, "", 0, False, None)
    assert (healed.last_success, healed.last_poll) == (START, START)
    assert (healed.validators, healed.known) == ({"etag": "new"}, b"abcdefgh")


def test_not_modified_after_a_failure_heals_nothing_and_is_no_failure() -> None:
    left = after(ILL, SAME)
    assert (left.failures, left.error, left.deaths, left.broken, left.last_success) == (3, "HTTP 503", 1, True, ILL.last_success)
    assert (left.last_poll, wait(left)) == (START, 900)
    assert after(WELL, SAME).last_success == START
    assert after(replace(ILL, name="drop"), SAME, spec=FOLDER).failures == 0, "a folder that could be listed was read"


def test_half_a_body_brings_neither_validators_nor_digests() -> None:
    half = after(WELL, replace(READ, complete=False, known=None))
    assert (half.validators, half.known) == ({"etag": "old"}, b"12345678")


@pytest.mark.parametrize(("wish", "seconds"), [(None, 900), (60.0, 900), (3600.0, 3600)])
def test_a_wish_stands_above_the_interval(wish: float | None, seconds: float) -> None:
    polled = after(WELL, replace(READ, wish=wish))
    assert wait(polled) == seconds
    assert polled.not_before == (None if wish is None else START + timedelta(seconds=wish))
    again = after(WELL, replace(READ, wish=wish, again=2.0))
    assert wait(again) == max(2.0, wish or 0)


def test_no_poll_falls_into_a_closed_hour_or_close_before_one() -> None:
    closed = frozenset(day * 24 + hour for day in range(7) for hour in (13, 14))
    polled = after(WELL, replace(READ, closed=closed), now=START + timedelta(minutes=50))
    assert polled.next_due == polled.not_before == START.replace(hour=15)
    close = after(WELL, replace(READ, closed=closed), now=START + timedelta(minutes=44))
    assert close.next_due == START.replace(hour=15), "due a minute before the hour, it might be begun within it"
    assert after(WELL, replace(READ, closed=closed)).next_due == START + timedelta(minutes=15)
    later = failed(WELL, FetchError("x", status=404), now=START)
    assert wait(later) == MAX_BACKOFF
    error = FetchError("x", status=503)
    error.closed = closed
    assert failed(WELL, error, now=START + timedelta(minutes=50)).next_due == START.replace(hour=15)


@given(
    closed=st.frozensets(st.integers(0, 167)),
    minutes=st.integers(0, 7 * 24 * 60),
    wish=st.one_of(st.none(), st.floats(1, 86_400)),
    random=st.floats(0, 1, exclude_max=True),
)
def test_the_next_poll_is_in_an_open_hour_and_never_before_the_wish(
    closed: frozenset[int], minutes: int, wish: float | None, random: float
) -> None:
    now = START + timedelta(minutes=minutes)
    polled = after(WELL, replace(READ, closed=closed, wish=wish), now=now, random=random)
    assert polled.next_due >= now + timedelta(seconds=max(810, wish or 0)) - timedelta(milliseconds=1)
    assert len(closed) == 168 or polled.next_due.weekday() * 24 + polled.next_due.hour not in closed or not _any_open(closed)
    assert polled.not_before is None or polled.next_due >= polled.not_before


def _any_open(closed: frozenset[int]) -> bool:
    return len(closed) < 168


def test_an_adaptive_interval_begins_with_the_dates_of_the_first_body() -> None:
    adaptive = replace(FEED, adaptive=True)
    documents = tuple(Document("a", str(n), "x", published=START - timedelta(hours=2 * n)) for n in range(1, 10))
    first = after(FRESH, replace(READ, documents=documents), spec=adaptive)
    assert wait(first) == 3600
    assert wait(after(FRESH, READ, spec=adaptive)) == 900, "no dates: the interval of what is not learnt"
    assert after(WELL, replace(READ, documents=documents), spec=adaptive).gaps == (), "only the first body speaks for the time before"


def test_nothing_where_there_used_to_be_items() -> None:
    empty = replace(READ, documents=(), items=0, known=b"")
    once = after(WELL, empty)
    twice = after(once, empty)
    assert (once.empty, twice.empty, twice.known) == (1, 2, b"12345678")
    assert after(twice, SAME).empty == 2
    assert after(twice, READ).empty == 0
    assert after(replace(WELL, known=b""), empty).empty == 0, "it never had any"


# --------------------------------------------------------------------------------------------- it failed
def test_fault_32_failures_double_up_to_a_day() -> None:
    state, waits = WELL, []
    for _ in range(10):
        state = failed(state, FetchError("HTTP 503", status=503))
        waits.append(wait(state))
    assert waits == [900, 1800, 3600, 7200, 14400, 28800, 57600, MAX_BACKOFF, MAX_BACKOFF, MAX_BACKOFF]
    assert (state.failures, state.error, state.last_success) == (10, "HTTP 503", WELL.last_success)
    assert state.validators == WELL.validators
    assert state.failing_since == START
    assert failed(state, FetchError("x"), now=START + timedelta(hours=1)).failing_since == START
    assert after(state, SAME).failing_since == START, "not modified heals nothing"
    assert after(state, READ).failing_since is None
    assert wait(failed(WELL, FetchError("x", status=503), random=1)) == 810


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (FetchError("x", status=404), MAX_BACKOFF),
        (FetchError("x", status=429, retry_after=7200), 7200),
        (FetchError("x", status=429, retry_after=5), 900),
        (FetchError("x", status=503, retry_after=1e9), MAX_BACKOFF),
        (FetchError("x", transport=True), 900),
        (DocumentError("x"), 900),
        (ValueError("a fault of ours"), 900),
    ],
)
def test_what_a_failure_says_decides_the_pause(error: Exception, seconds: float) -> None:
    state = failed(WELL, error)
    assert wait(state) == seconds
    assert state.failures == 1


def test_a_wait_that_was_asked_for_is_kept_whole_and_outlasts_a_restart() -> None:
    error = FetchError("HTTP 503", status=503, retry_after=7200)
    state = failed(WELL, error, random=0.999)
    assert state.next_due == state.not_before == START + timedelta(hours=2)
    # An operator's poll before that fails otherwise: the wish stands.
    state = failed(state, FetchError("x", transport=True), now=START + timedelta(hours=1))
    assert state.next_due >= START + timedelta(hours=2)


def test_fault_32_410_retires_a_source_until_a_body_is_read() -> None:
    state = failed(WELL, FetchError("HTTP 410", status=410))
    assert (state.gone, state.failures) == (START, 1)
    assert after(state, SAME).gone == START
    assert after(state, READ).gone is None


def test_a_folder_is_looked_for_every_minute() -> None:
    state = replace(WELL, name="drop")
    for _ in range(20):
        state = failed(state, FetchError("folder /drop does not exist"), spec=FOLDER)
    assert wait(state) == MAX_BACKOFF_FOLDER


def test_fault_56_three_deaths_quarantine_a_source() -> None:
    error = FetchError("reading took longer than 5 s and was given up", died=True, unread=True)
    once = failed(WELL, error)
    twice = failed(once, error)
    thrice = failed(twice, error)
    assert [state.deaths for state in (once, twice, thrice)] == [1, 2, 3]
    assert [wait(state) for state in (once, twice, thrice)] == [900, 1800, MAX_BACKOFF]
    assert thrice.broken
    assert thrice.empty == 0, "nobody knows what it holds"
    assert after(thrice, READ).deaths == 0


def test_a_body_that_is_no_feed() -> None:
    error = FetchError("the answer is an HTML page, not a feed", unread=True)
    once = failed(WELL, error)
    assert (once.broken, once.empty) == (True, 1)
    assert failed(once, error).empty == 2
    assert failed(once, FetchError("x", status=503)).broken, "it says nothing of the body"
    assert failed(WELL, FetchError("x", status=503)).broken is False


def test_while_the_network_is_down_no_source_is_to_blame() -> None:
    state = replace(WELL, failures=9)
    down = failed(state, FetchError("the host name does not resolve", transport=True), down=True)
    assert (down.failures, wait(down), down.error) == (9, NETWORK_BACK, "the host name does not resolve")
    answered = failed(state, FetchError("HTTP 503", status=503), down=True)
    assert (answered.failures, wait(answered)) == (10, MAX_BACKOFF)


def test_the_house_is_to_blame() -> None:
    state = pace.postponed(FEED, replace(WELL, not_before=START + timedelta(hours=1)), MonitorError("no worker"), START)
    assert (state.failures, state.error, wait(state)) == (0, "no worker", 3600)
    assert wait(pace.postponed(FEED, WELL, MonitorError("no worker"), START)) == POSTPONED
    assert after(state, SAME).error == "", "what was never a failure is over with the next answer"


# ---------------------------------------------------------------------------------------------- redirects
THERE = "https://b.example/feed"
HOURS_25 = timedelta(hours=25)


def sights(*when: timedelta, target: str = THERE, spec: SourceSpec = FEED, state: SourceState = WELL) -> SourceState:
    for after_ in when:
        state = after(state, replace(SAME, moved=target), spec=spec, now=START + after_)
    return state


def test_fault_31_learnt_at_the_third_sight_a_day_after_the_first() -> None:
    day = timedelta(days=1)
    assert sights(0 * day).move == Move(THERE, START, 1)
    assert sights(0 * day, day).address == "", "two sights, however far apart"
    assert sights(0 * day, day / 3, day / 2).address == "", "three in a day"
    learnt = sights(0 * day, day / 3, day)
    assert (learnt.address, learnt.move, learnt.validators) == (THERE, None, WELL.validators)
    assert learnt.address_of(FEED) == THERE


def test_fault_31_anything_between_begins_anew() -> None:
    state = sights(timedelta(0), timedelta(hours=12))
    assert sights(HOURS_25, state=state, target="https://c.example/").move == Move("https://c.example/", START + HOURS_25, 1)
    assert after(state, SAME, now=START + HOURS_25).move is None, "a plain answer: it was not for good"
    assert failed(state, FetchError("HTTP 503", status=503)).move == state.move, "a failure says nothing"


def test_fault_31_never_from_https_to_http() -> None:
    secure = replace(FEED, location="https://a.example/feed")
    assert sights(timedelta(0), HOURS_25, 2 * HOURS_25, 3 * HOURS_25, target="http://b.example/", spec=secure).address == ""


def test_a_learnt_address_that_is_gone_gives_way_to_the_configured_one() -> None:
    learnt = replace(WELL, address=THERE)
    for status in (404, 410):
        back = failed(learnt, FetchError("x", status=status))
        assert (back.address, back.gone, wait(back)) == ("", None, 900)
    state = learnt
    for _ in range(4):
        state = failed(state, FetchError("x", transport=True))
        assert state.address == THERE
    assert failed(state, FetchError("x", transport=True)).address == ""
    secure = replace(FEED, location="https://a.example/feed")
    home = sights(timedelta(0), HOURS_25, 2 * HOURS_25, target=secure.location, spec=secure, state=learnt)
    assert home.address == "", "led back to where it is configured"


# ---------------------------------------------------------------------------------------------- the clock
def test_fault_52_a_step_moves_due_times_and_keeps_the_length_of_a_wish() -> None:
    hour = timedelta(hours=1)
    state = replace(WELL, next_due=START + hour, not_before=START + hour / 2)
    back = pace.clock_stepped(state, -3600, START - hour)
    assert (back.next_due, back.not_before) == (START, START - hour / 2)
    forward = pace.clock_stepped(state, 3600, START + hour)
    assert (forward.next_due, forward.not_before) == (START + 1.5 * hour, START + 1.5 * hour)
    plain = replace(WELL, next_due=START + hour)
    assert pace.clock_stepped(plain, 8 * 3600, START + 8 * hour).next_due == START + hour, "after a sleep it is due at once"
    passed = replace(state, not_before=START - hour)
    assert pace.clock_stepped(passed, -3600, START - hour).not_before is None


def test_fault_52_ten_years_back_and_a_leap_day() -> None:
    leap = datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)
    state = after(WELL, READ, now=leap)
    assert state.next_due == leap + timedelta(seconds=900)
    decade = -10 * 365.25 * 86_400
    moved = pace.clock_stepped(state, decade, leap + timedelta(seconds=decade))
    assert (moved.next_due - (leap + timedelta(seconds=decade))).total_seconds() == 900
