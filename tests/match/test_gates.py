"""Gates: a clause is opened wherever it can be true, and passed over where what it needs is not there."""

from __future__ import annotations

import pytest

from monitor.match.gates import Gates, gate_of
from monitor.watchlist.grammar import parse_query
from monitor.watchlist.query import Group, Literal, leaves, negations_inward


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
            by_sentence.setdefault(sentence, set()).add(names.get(name, -1))
    return bool(gates.open(set().union(*by_sentence.values()), by_sentence.values))


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
