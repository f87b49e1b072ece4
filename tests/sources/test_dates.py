"""Dates of any kind, and nothing but a date or None."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.dates import instant


def at(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=UTC)  # type: ignore[misc, arg-type]


MORNING = at(2025, 5, 1, 10, 30)
DAY = at(2025, 5, 1)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        # As they should be.
        ("Thu, 01 May 2025 10:30:00 GMT", MORNING),
        ("Thu, 1 May 2025 12:30:00 +0200", MORNING),
        ("01 May 2025 10:30 UT", MORNING),
        ("2025-05-01T10:30:00Z", MORNING),
        ("2025-05-01T13:30:00.123+03:00", MORNING),
        # As feedparser reads them.
        ("Thu, 01 May 2025 06:30:00 EDT", MORNING),
        ("Thu May 1 10:30:00 2025", MORNING),
        ("May 01 2025 10:30:00 GMT", MORNING),
        ("2025-05-01 10:30", MORNING),
        ("2025-05-01", DAY),
        ("2025-05", DAY),
        ("20250501", DAY),
        ("Πεμ, 01 Μαϊ 2025 10:30:00 +0000", MORNING),
        # As nobody else reads them.
        ("الخميس، 1 مايو 2025 10:30", MORNING),
        ("١ مايو ٢٠٢٥", DAY),
        ("1 أيار 2025 - 10:30", MORNING),
        ("1 كانون الثاني 2025", at(2025, 1, 1)),
        ("jeudi 1 mai 2025 à 10:30", MORNING),
        ("1 de mayo de 2025", DAY),
        ("1 мая 2025, 10:30", MORNING),
        ("1 травня 2025", DAY),
        ("1 Mayıs 2025", DAY),
        ("2025년 05월 01일 19:30:00", MORNING),
        ("2025年5月1日 18:30", MORNING),
        ("2025年5月1日", DAY),
        ("2025年13月1日", None),
        ("5 Şubat 2025", at(2025, 2, 5)),
        ("1 באפריל 2025", None),
        ("May 1, 2025", DAY),
        ("2025 May 1", DAY),
        ("2025-août-05", at(2025, 8, 5)),
        ("1746095400", MORNING),
        ("1746095400000", MORNING),
        # Those that are none.
        ("", None),
        ("yesterday", None),
        ("-1", None),
        ("30 Feb 2025 00:00:00 GMT", None),
        ("Thu, 01 May 2025 10:30:00 GMT" + "x" * 500, None),
        # Unbounded: bounding is an item's business.
        ("9999-12-31T23:59:59Z", at(9999, 12, 31, 23, 59, 59)),
        ("0001-01-01T00:00:00Z", at(1, 1, 1)),
    ],
)
def test_dates(raw: str, expected: datetime | None) -> None:
    assert instant(raw) == expected


def test_what_nobody_could_read_is_as_unreadable_again() -> None:
    for raw in ("13/07/2016", "13/07/2016", " 13/07/2016 ", "2025-05-01", "2025-05-01"):
        assert instant(raw) == (DAY if raw.startswith("2025") else None)


@given(st.text(alphabet=st.sampled_from("0123456789-:/T Z+.,MayGTنيسان١"), max_size=40) | st.text(max_size=40))
def test_fault_42_whatever_it_is_nothing_is_raised(raw: str) -> None:
    found = instant(raw)
    assert found is None or found.tzinfo is UTC
