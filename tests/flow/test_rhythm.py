"""The rhythm of a source: gaps as they come, gaps from dates, and the interval that follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.flow.rhythm import FROM_DATES, KEPT, arrived, from_dates, interval
from monitor.model import SourceKind, SourceSpec, SourceState
from tests.fakes import START

ADAPTIVE = SourceSpec("a", SourceKind.FEED, "http://a.example/feed", 900, adaptive=True)


def minutes(*numbers: float) -> list[float]:
    return [number * 60 for number in numbers]


def test_gaps_are_kept_oldest_first_and_bounded() -> None:
    state = SourceState("a", START, last_poll=START)
    state = arrived(state)
    assert (state.last_new, state.gaps) == (START, ())
    for n in range(1, 100):
        state = arrived(replace(state, last_poll=START + timedelta(seconds=10 * n * (n + 1) // 2)))
    assert len(state.gaps) == KEPT
    assert state.gaps[-1] == 990
    assert state.gaps == tuple(sorted(state.gaps))
    assert state.last_new == state.last_poll


def test_a_clock_set_back_leaves_no_negative_gap() -> None:
    state = SourceState("a", START, last_poll=START, last_new=START + timedelta(hours=1), gaps=(60.0,))
    assert arrived(state).gaps == (60.0,)
    assert arrived(state).last_new == START


@pytest.mark.parametrize(
    ("gaps", "seconds"),
    [
        ((), 900),
        ((60.0, 60.0, 60.0), 900),
        ((7200.0,) * 4, 3600),
        ((60.0,) * 4, 300),
        ((86_400.0 * 7,) * 4, 21_600),
        ((1800.0, 3600.0, 3600.0, 3600.0, 86_400.0), 1800),
    ],
)
def test_the_interval_is_half_a_usual_gap_within_the_bounds(gaps: tuple[float, ...], seconds: float) -> None:
    assert interval(ADAPTIVE, gaps) == seconds
    assert interval(replace(ADAPTIVE, adaptive=False, every=77), gaps) == 77


@pytest.mark.parametrize(
    ("ages", "gaps"),
    [
        ([], []),
        (minutes(30), minutes(30)),
        (minutes(90, 60, 0), minutes(30, 60, 1)),
        (minutes(60, 60, 60, 59.9, 30), minutes(30, 30)),  # what came together is one arrival
        (minutes(60, 30, -500), minutes(30, 30)),  # a date in the future says nothing
        (minutes(*range(10, 1000, 10)), minutes(*[10] * FROM_DATES)),
    ],
)
def test_gaps_from_the_dates_of_a_first_body(ages: list[float], gaps: list[float]) -> None:
    assert list(from_dates([START - timedelta(seconds=age) for age in ages], START)) == pytest.approx(gaps)


@given(st.lists(st.floats(0, 1e9)), st.lists(st.floats(1, 1e9), max_size=KEPT))
def test_an_interval_is_always_within_its_bounds(ages: list[float], gaps: list[float]) -> None:
    learnt = from_dates([START - timedelta(seconds=age) for age in ages], START)
    assert len(learnt) <= FROM_DATES
    assert all(gap > 0 for gap in learnt)
    assert 300 <= interval(ADAPTIVE, (*learnt, *gaps)) <= 21_600
