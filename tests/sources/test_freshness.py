"""How long a server asks us to stay away: every header and every word of a feed that says so, and what is nonsense."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.freshness import LONGEST_RETRY, LONGEST_SKIP, LONGEST_WISH, Hints, cache_seconds, closed_hours, retry_after, wish
from tests.fakes import START  # Thursday, 12:00 UTC

DATE = "Thu, 01 May 2025 12:00:00 GMT"
LATER = "Thu, 01 May 2025 12:30:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"cache-control": "max-age=600"}, 600),
        ({"cache-control": "Public, MAX-AGE=600"}, 600),
        ({"cache-control": 'max-age="600"'}, 600),
        ({"cache-control": "max-age=600", "age": "100"}, 500),
        ({"cache-control": "max-age=600", "age": "700"}, 0),
        ({"cache-control": "max-age=0, must-revalidate"}, 0),
        ({"cache-control": "max-age=600, max-age=5"}, 600),
        ({"cache-control": "s-maxage=600"}, None),
        ({"cache-control": "no-cache, max-age=600"}, None),
        ({"cache-control": "no-store", "expires": LATER}, None),
        ({"cache-control": "private"}, None),
        ({"cache-control": "max-age=soon"}, None),
        ({"cache-control": "max-age=-1"}, None),
        ({"expires": LATER, "date": DATE}, 1800),
        ({"expires": LATER}, 1800),
        ({"expires": LATER, "date": "Thu, 01 May 2025 12:20:00 GMT"}, 600),
        ({"expires": LATER, "date": DATE, "age": "60"}, 1740),
        ({"expires": LATER, "cache-control": "max-age=60"}, 60),
        ({"expires": "0"}, None),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT", "date": DATE}, 0),
        ({"expires": "Thu, 99 Foo 2025 99:99:99 GMT"}, None),
        ({"expires": ""}, None),
    ],
)
def test_cache_headers(headers: dict[str, str], seconds: float | None) -> None:
    assert cache_seconds(headers, START) == seconds


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        ("0", 0.0),
        ("90", 90.0),
        (" 90 ", 90.0),
        ("Thu, 01 May 2025 12:02:00 GMT", 120.0),
        ("Thu, 01 May 2025 11:00:00 GMT", 0.0),
        ("Thu, 01 May 2025 14:02:00 +0200", 120.0),
        ("9" * 400, 999_999_999.0),
        ("-5", None),
        ("", None),
        ("soon", None),
        ("٣", None),
    ],
)
def test_retry_after(raw: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": raw}, START) == seconds


@pytest.mark.parametrize(
    ("headers", "hints", "seconds"),
    [
        ({}, Hints(), None),
        ({"cache-control": "max-age=0"}, Hints(), None),
        ({"cache-control": "max-age=60"}, Hints(ttl=3600), 3600),
        ({"cache-control": "max-age=7200"}, Hints(ttl=3600), 7200),
        ({"cache-control": "max-age=31536000"}, Hints(), LONGEST_WISH),
        ({}, Hints(ttl=1e12), LONGEST_WISH),
        ({"retry-after": "60"}, Hints(), 60),
        ({"retry-after": "31536000"}, Hints(), LONGEST_RETRY),
        ({"cache-control": "no-cache"}, Hints(ttl=300), 300),
        ({}, Hints(skip_hours=frozenset({13})), None),
        ({}, Hints(skip_hours=frozenset({12})), 3600),
        ({}, Hints(skip_hours=frozenset({11, 12, 13, 14})), 3 * 3600),
        ({}, Hints(skip_days=frozenset({3})), 12 * 3600),
        ({}, Hints(skip_days=frozenset({3}), skip_hours=frozenset({0, 1})), 14 * 3600),
        ({}, Hints(skip_hours=frozenset(range(24))), None),
        ({}, Hints(skip_days=frozenset(range(7))), None),
        ({}, Hints(skip_days=frozenset({3, 4, 5, 6, 0})), LONGEST_SKIP * 3600),
    ],
)
def test_the_longest_wish_holds_within_its_bounds(headers: dict[str, str], hints: Hints, seconds: float | None) -> None:
    assert wish(headers, hints, START) == seconds


def test_a_wish_counts_from_the_moment_within_the_hour() -> None:
    late = START + timedelta(minutes=50)
    assert wish({}, Hints(skip_hours=frozenset({12})), late) == 600
    assert wish({"cache-control": "max-age=60"}, None, late) == 60


def test_closed_hours_are_hours_of_the_week_and_never_all_of_them() -> None:
    assert closed_hours(Hints(skip_hours=frozenset({0, 24, -1}))) == {day * 24 for day in range(7)}
    assert closed_hours(Hints(skip_days=frozenset({6}))) == set(range(144, 168))
    assert closed_hours(Hints(skip_hours=frozenset(range(24)), skip_days=frozenset({0}))) == set(range(24))


@given(
    headers=st.dictionaries(st.sampled_from(["cache-control", "expires", "date", "age", "retry-after"]), st.text(max_size=40)),
    now=st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(tzinfo=START.tzinfo)),
)
def test_no_header_breaks_it_and_no_wish_is_beyond_its_bound(headers: dict[str, str], now: datetime) -> None:
    seconds = wish(headers, Hints(), now)
    assert seconds is None or 0 < seconds <= LONGEST_RETRY
