"""What a story is known by: every article counts alike, what weighs most is kept, and its bytes say how often each term was said."""

from __future__ import annotations

import numpy as np
import pytest

from monitor.story.centroid import MOST, founded, parted, tallied
from monitor.text.fingerprint import HEAD, VERSION


def said(terms: dict[int, int]) -> bytes:
    """A fingerprint without a signature: terms by number, each with its weight in tenths."""
    hashes = np.array(sorted(terms), np.uint32)
    return HEAD.pack(VERSION, 0, len(terms)) + hashes.tobytes() + bytes(terms[number] for number in sorted(terms))


def test_nothing_is_known_of_a_story_whose_articles_say_nothing() -> None:
    assert founded(b"", said({})) == b""
    assert tallied(b"", said({3: 10}), 1) == b""
    assert [len(part) for part in parted(b"")] == [0, 0, 0]


def test_every_article_counts_alike_however_long_it_is() -> None:
    short, long = said({1: 10}), said(dict.fromkeys(range(2, 102), 10))
    known = parted(founded(founded(b"", short), long))
    assert known.hashes.tolist() == list(range(1, 102))
    assert known.weights[0] == 1
    assert known.weights[1:].tolist() == pytest.approx([0.1] * 100, rel=0.001)
    assert known.tally.tolist() == [1] * 101


def test_what_both_say_is_added() -> None:
    known = parted(founded(founded(b"", said({5: 30, 9: 40})), said({5: 10})))
    assert known.hashes.tolist() == [5, 9]
    assert known.weights.tolist() == pytest.approx([1.6, 0.8], rel=0.001)
    assert known.tally.tolist() == [2, 1]


def test_the_terms_that_weigh_most_are_kept() -> None:
    first = said(dict.fromkeys(range(200), 10))
    known = parted(founded(founded(b"", first), said({number: 63 if number % 2 else 10 for number in range(150, 350)})))
    assert len(known.hashes) == MOST
    assert known.hashes.tolist() == sorted(known.hashes.tolist())
    assert set(range(151, 350, 2)) <= set(known.hashes.tolist())


def test_articles_that_only_join_are_counted_and_change_nothing_else() -> None:
    one = said({5: 30, 9: 40})
    two = tallied(one, said({9: 10, 11: 10}), 1)
    assert parted(two).hashes.tolist() == [5, 9]
    assert parted(two).weights.tolist() == parted(one).weights.tolist()
    assert parted(two).tally.tolist() == [1, 2]
    assert parted(tallied(two, said({5: 10, 9: 10}), -1)).tally.tolist() == [0, 1]
    assert parted(tallied(tallied(two, said({5: 10}), -1), said({5: 10}), -1)).tally.tolist() == [0, 2]
    assert tallied(two, said({11: 10}), 1) is two


def test_a_fingerprint_whose_weights_are_damaged_is_no_fault() -> None:
    assert parted(said({5: 0})).weights.tolist() == [0.0]
    assert parted(founded(said({5: 0}), said({5: 0, 7: 10}))).weights.tolist() == [0.0, 1.0]
