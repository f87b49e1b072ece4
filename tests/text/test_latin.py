"""Other alphabets in Latin letters, for names of sources."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.latin import latin


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Объявление", "obyavlenie"),
        ("Київ Ґава", "kiyiv gava"),
        ("أخبارُ اليوم", "akhbar alywm"),
        ("روزنامه کیهان", "rwznamh kyhan"),
        ("חדשות", "hdshvt"),
        ("Καθημερινή", "kathimerini"),
        ("Le Monde", "le monde"),
        ("日本 123", "日本 123"),
    ],
)
def test_each_alphabet(text: str, written: str) -> None:
    assert latin(text) == written


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    assert latin(text) == latin(text.lower()) or text != text.lower()
