"""Gates: a clause is opened wherever it can be true, and passed over where what it needs is not there."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.match.gates import Gate, Gates, gate_of, packed
from monitor.match.native import COMPILED, kernel
from monitor.watchlist.grammar import parse_query
from monitor.watchlist.query import Group, Literal, leaves, negations_inward


def in_numbers(gates: Gates, by_sentence: Mapping[int, Set[int]], groups: int) -> list[tuple[int, int]]:
    """What C opens: each group has a pattern of its own, and one that it shares with the next."""
    sets = [(), *((group,) for group in range(groups)), *((group, (group + 1) % groups) for group in range(groups))]
    of = np.arange(len(sets), dtype=np.uint32).tobytes()
    hits = [(number, 0, 1, 1 + group, 0, 1) for number in sorted(by_sentence) for group in sorted(by_sentence[number])]
    # Where two that share a pattern are hit in one sentence, a hit of it adds nothing.
    hits += [(number, 0, 1, 1 + groups + hit, 0, 1) for number, one in by_sentence.items() for hit in one if (hit + 1) % groups in one]
    found = np.array(sorted(hits), np.int64).tobytes()
    return gates.in_numbers(groups, of, sets).open(found)


def opened(query: str, hit: dict[str, list[int]]) -> bool:
    """Whether ``query`` is opened by groups hit in these sentences."""
    node = negations_inward(parse_query(query))
    names: dict[str, int] = {}

    def group(leaf: Group | Literal) -> int:
        return names.setdefault(str(leaf), len(names))

    def weight(number: int) -> int:
        return number + 1

    numbers = frozenset(group(leaf) for leaf in leaves(node))
    gates = Gates([((0, 0), gate_of(node, group, weight), numbers)], weight)
    by_sentence: dict[int, set[int]] = {}
    for name, sentences in hit.items():
        for sentence in sentences:
            by_sentence.setdefault(sentence, set()).add(names.setdefault(name, len(names)))
    found = gates.open(set().union(*by_sentence.values()), by_sentence.values)
    if COMPILED:
        assert in_numbers(gates, by_sentence, len(names)) == found
    return bool(found)


@pytest.mark.parametrize(
    ("query", "hit", "wanted"),
    [
        ("a", {"a": [3]}, True),
        ("a AND b", {"a": [0], "b": [9]}, True),
        ("a AND b", {"a": [0]}, False),
        ("a AND NOT b", {"a": [0]}, True),
        ("a NEAR/5 b", {"a": [0, 1], "b": [2]}, False),
        ("a NEAR/5 b", {"a": [0, 1], "b": [1]}, True),
        ("(a OR b) THEN/5 c", {"b": [4], "c": [4]}, True),
        ("(a OR b) THEN/5 c", {"a": [4], "b": [4], "c": [5]}, False),
        ("a NEAR/5 a", {"a": [4, 4]}, True),
        ("near(0, a, a, a OR c)", {"a": [4]}, True),
        ("near(9, a, b, c)", {"a": [4], "b": [4]}, False),
        ("sentence(a, b)", {"a": [4], "b": [5]}, False),
        ("sentence(a, NOT b)", {"a": [4]}, True),
        ("paragraph(a, b)", {"a": [4], "b": [5]}, True),
        ("title:(a NEAR/3 b)", {"a": [0], "b": [1]}, False),
        ("count(a) >= 2", {"b": [0]}, False),
    ],
)
def test_what_opens_a_clause(query: str, hit: dict[str, list[int]], wanted: bool) -> None:
    assert opened(query, hit) is wanted


@pytest.mark.parametrize(
    ("queries", "groups", "wanted"),
    [
        (["a", "b", "a OR b"], [0], [(0, 0), (2, 0)]),
        (["a", "b"], [0, 1], [(0, 0), (1, 0)]),
        (["a", "b"], [], []),
        (["a", "b"], [7], []),
        (["a", "a AND b"], [0], None),
        (["a", "a AND b"], [1], []),
        (["a", "a NEAR/5 b"], [0, 1], None),
    ],
)
def test_what_groups_open_whatever_else_is_hit(queries: list[str], groups: list[int], wanted: list[tuple[int, int]] | None) -> None:
    """Clauses that need more than these are looked for by ``a``, which is hit less often than ``b``."""
    nodes = [negations_inward(parse_query(query)) for query in queries]
    clauses = [((index, 0), gate_of(node, lambda leaf: "ab".index(str(leaf)), int), {0, 1}) for index, node in enumerate(nodes)]
    assert Gates(clauses, int).opened_by(groups) == wanted


NEEDS = st.lists(st.frozensets(st.integers(0, 6), min_size=1, max_size=3), max_size=4).map(tuple)
CLAUSES = st.lists(st.tuples(st.builds(Gate, NEEDS, st.booleans()), st.frozensets(st.integers(0, 6))), max_size=8)


@pytest.mark.skipif(not COMPILED, reason="nothing is compiled here")
@given(CLAUSES, st.dictionaries(st.integers(0, 4), st.sets(st.integers(0, 6), min_size=1)))
def test_clauses_are_opened_in_numbers_as_python_would(clauses: list[tuple[Gate, frozenset[int]]], hit: dict[int, set[int]]) -> None:
    gates = Gates([((place // 2, place), gate, groups) for place, (gate, groups) in enumerate(clauses)], int)
    assert in_numbers(gates, hit, 7) == gates.open(set().union(*hit.values()), hit.values)


#: One hit of one group, by which one clause is looked for that needs nothing else.
HIT = np.array([0, 0, 1, 0, 0, 1], np.int64).tobytes()
OPENING: list[Any] = [HIT, bytes(4), packed([[0]]), packed([[0, 0]]), packed([[]]), 1]


@pytest.mark.skipif(not COMPILED, reason="nothing is compiled here")
class TestTables:
    def test_one_clause(self) -> None:
        assert kernel.opened(*OPENING) == [0]
        assert kernel.opened(b"", *OPENING[1:]) == []

    @pytest.mark.parametrize(
        ("place", "other", "error"),
        [
            (0, bytearray(HIT), "bytes that `find` returned"),
            (0, np.array([0, 0, 1, 1, 0, 1], np.int64).tobytes(), "a pattern that nobody knows"),
            (1, np.array([1], np.uint32).tobytes(), "a list that nobody knows"),
            (2, b"", "without their bounds"),
            (2, np.array([1, 0], np.uint32).tobytes(), "without their bounds"),
            (2, np.array([2**32 - 1, 0, 0], np.uint32).tobytes(), "without their bounds"),
            (2, np.array([1, 3, 4], np.uint32).tobytes(), "out of bounds"),
            (2, np.array([1, 3, 2], np.uint32).tobytes(), "out of bounds"),
            (2, np.array([1, 2**32 - 1, 2**32 - 1], np.uint32).tobytes(), "out of bounds"),
            (2, bytes(13), "another kind of item"),
            (2, packed([[1]]), "a group that nobody knows"),
            (2, packed([]), "a list that nobody knows"),
            (3, packed([[0]]), "a clause that nobody knows"),
            (3, packed([[1, 0]]), "a clause that nobody knows"),
            (3, packed([[0, 1]]), "a clause that nobody knows"),
            (3, packed([[0, 1, 1]]), "a clause that nobody knows"),
            (3, packed([[0, 1, 2, 0]]), "a clause that nobody knows"),
            (3, packed([[0, 1, 2**32 - 1, 0]]), "a clause that nobody knows"),
            (3, packed([[0, 2**32 - 1, 1, 0]]), "a clause that nobody knows"),
            (3, packed([]), "a group that nobody knows"),
            (4, packed([]), "a list that nobody knows"),
            (5, 0, "a clause that nobody knows"),
            (5, -1, "see opened"),
            (5, "1", "integer"),
        ],
    )
    def test_what_is_no_table_is_refused(self, place: int, other: object, error: str) -> None:
        tables = [*OPENING]
        tables[place] = other
        with pytest.raises((TypeError, ValueError), match=error):
            kernel.opened(*tables)

    def test_a_group_that_nobody_knows_is_not_hit(self) -> None:
        tables = [*OPENING]
        tables[3] = packed([[0, 1, 1, 7]])
        assert kernel.opened(*tables) == []
