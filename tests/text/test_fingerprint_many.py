"""Fingerprints of many articles at once are those of each one alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.fingerprint import MOST_TERMS, MOST_WORDS, of_prose
from monitor.text.fingerprint_codes import _chunk, _Table, coded
from monitor.text.fingerprint_many import fingerprints

_WORDS = [
    "и",
    "the",
    "Topaz",
    "topaz",
    "34",
    "7",
    "MD-550",
    "l'avion",
    "«القوات»",
    "والصواريخ",
    'אמל"ח',
    "数控机床",
    "ракета",
    "\ud800",
    "a1b2",
]
_PIECES = st.lists(st.sampled_from([*_WORDS, *(f"слово{n}" for n in range(40)), "\n", ".", "북한이"]), max_size=60).map(" ".join)
_PROSES = st.lists(st.tuples(_PIECES | st.just("") | st.text(max_size=30), _PIECES | st.text(max_size=60)), max_size=12)


@given(_PROSES)
def test_of_many_each_is_as_alone(proses: list[tuple[str, str]]) -> None:
    assert fingerprints(proses) == [of_prose(title, body) for title, body in proses]


@pytest.mark.parametrize(
    "body",
    [
        " ".join(f"word{n}" for n in range(2 * MOST_TERMS)),  # more terms than are kept
        " ".join(f"w{n % 90}" for n in range(MOST_WORDS + 50)),  # more words than are read
        "слово " * 9_000,  # more characters than are read together
        "x" * 90 + " and a chunk that is longer than any in the table",
        "",
    ],
)
def test_an_article_of_an_unusual_length_is_as_alone_too(body: str) -> None:
    proses = [("Before it", "one two three four"), ("Title", body), ("", "three after it, and more of them")]
    assert fingerprints(proses) == [of_prose(*one) for one in proses]


def test_many_are_read_in_several_rows() -> None:
    proses = [(f"Title {n}", " ".join(f"word{n * k % 97}" for k in range(400))) for n in range(60)]
    assert fingerprints(proses) == [of_prose(*one) for one in proses]


def test_two_words_that_share_a_place_are_both_remembered() -> None:
    table = _Table()
    numbers = coded("alpha beta").codes.copy()
    numbers[:] = [5 << 47 | 1, 5 << 47 | 2]
    table.put(numbers[:1], numbers[:1])
    table.put(numbers[1:], numbers[1:])
    codes, unknown = table.find(numbers)
    assert codes.tolist() == numbers.tolist()
    assert not unknown.any()


def test_what_is_put_on_an_empty_place_takes_nothing_from_the_one_beside_it() -> None:
    table = _Table()
    numbers = coded("alpha beta").codes.copy()
    numbers[:] = [4 << 47 | 1, 5 << 47 | 2]
    table.put(numbers[:1], numbers[:1])
    table.put(numbers[1:], numbers[1:])
    assert not table.find(numbers)[1].any()


def test_a_chunk_that_is_not_one_word_is_looked_into_each_time() -> None:
    assert _chunk("one-two") == _chunk("...")
    assert _chunk("one") != _chunk("'one")
