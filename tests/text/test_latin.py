"""Other alphabets in Latin letters, for names of sources."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.latin import latin

#: Letters of each alphabet as it is written every day.
ALPHABETS = frozenset(
    "абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґαβγδεζηθικλμνξοπρστυφχψωςאבגדהוזחטיכלמנסעפצקרשתםןףץךابتثجحخدذرزسشصضطظعغفقكلمنهويةىءپچژگ"
)


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


@given(st.text(), st.text(st.sampled_from("аЯёґΆςאםأؤةگ") | st.characters()))
def test_no_letter_of_these_alphabets_stays_and_words_do_not_change_each_other(one: str, other: str) -> None:
    written = latin(f"{one} {other}")
    assert written == f"{latin(one)} {latin(other)}"
    assert not ALPHABETS.intersection(written)
