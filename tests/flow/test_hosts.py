"""Bounds on polls: never more of a host than was said, whatever the order of claims and ends; never more starts in a second."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.flow.hosts import HostBounds, Starts


@given(most=st.integers(2, 20), ends=st.lists(st.integers(0, 5)))
def test_a_host_never_holds_more_and_is_busy_no_sooner_than_it_must(most: int, ends: list[int]) -> None:
    bounds, held = HostBounds(most), 0
    for end in ends:
        if "h" not in bounds.busy():
            for _ in range(bounds.a_claim):
                bounds.enter("h")
            held += bounds.a_claim
        assert held == bounds.held("h") <= most
        assert ("h" in bounds.busy()) == (held + bounds.a_claim > most), "busy as soon as a claim would be too much, and no sooner"
        for _ in range(min(end, held)):
            bounds.leave("h")
            held -= 1
    for _ in range(held):
        bounds.leave("h")
    assert (bounds.held("h"), bounds.busy()) == (0, frozenset())


def test_one_is_no_bound() -> None:
    with pytest.raises(ValueError, match="at least two"):
        HostBounds(1)


@given(limit=st.integers(1, 10), steps=st.lists(st.floats(0, 2), max_size=60))
def test_no_second_sees_more_starts_than_the_limit(limit: int, steps: list[float]) -> None:
    starts, now, begun = Starts(limit), 0.0, []
    for step in steps:
        now += step
        if starts.take(now):
            begun.append(now)
        else:
            assert sum(moment > now - 1.0 for moment in begun) == limit
        assert sum(moment > now - 1.0 for moment in begun) <= limit
