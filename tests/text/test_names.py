"""Names in a text, word by word: their key, and how a word may be read as one of a name's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.fold import fold
from monitor.text.forms import readings
from monitor.text.name_cases import BARE, END, REFUSED, agreed, cases
from monitor.text.names import continuations, key_words, name_key, openings


def opened(surface: str) -> set[str]:
    return {word.key for word in openings(surface, fold(surface), readings(fold(surface)))}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kim Jong-Un", "KIM JONGUN"),
        ("بيونغ يانغ", "بيونقيانج"),
        ("José Núñez", "jose nunez"),
        ("Łukasz Đorđević", "lukasz dordevic"),
        ("Άννα", "αννα"),
        ("O'Brien", "OBrien"),
        ("MD-550", "md 550"),
        ("Straße", "strasse"),
    ],
)
def test_spellings_of_one_key(one: str, other: str) -> None:
    assert name_key(fold(one)) == name_key(fold(other))


@pytest.mark.parametrize(("one", "other"), [("Андрей", "Андреи"), ("Україна", "Украіна"), ("كيم جونغ أون", "كيم جونغ إيل"), ("Un", "Il")])
def test_spellings_of_two_keys(one: str, other: str) -> None:
    assert name_key(fold(one)) != name_key(fold(other))


@given(st.text(max_size=40))
def test_the_words_of_a_key_make_up_the_key(text: str) -> None:
    folded = fold(text)
    assert "".join(key_words(folded)) == name_key(folded)


@given(st.text("абвгдеийклмнопрстуфхцчшщыьэюяіїєґ'’АИЯ-کيمونو김은이Kims", min_size=1, max_size=12))
def test_any_word_can_be_read(surface: str) -> None:
    assert continuations(surface)
    opened(surface)


@given(st.text("абвгдеийклмнопрстуфхцчшщыьэюяіїєґ", min_size=1, max_size=10), st.booleans())
def test_what_a_word_is_declined_from_begins_as_it_does(word: str, capital: bool) -> None:
    for key, kind in cases(word, capital=capital):
        assert len(key) >= 2
        assert key[:2] == word[:2]
        assert (kind == BARE) is not capital


def test_what_stands_before_a_name_is_taken_off() -> None:
    assert {"كيم", "وكيم"} <= opened("وكيم")
    assert "كيم" in opened("ولكيم")
    assert {"פיונגיאנג"} <= opened("לפיונגיאנג")
    assert opened("Kim") == {"kim"}


def test_nothing_follows_the_end_of_a_name() -> None:
    assert agreed(END, BARE) == REFUSED
    assert agreed(BARE, END) == END
