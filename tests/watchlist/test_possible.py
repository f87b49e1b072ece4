"""Whether a query can be true at all: a table, and the naive evaluator as a witness that nothing possible is called impossible."""

from __future__ import annotations

import pytest
from hypothesis import given

from monitor.watchlist import parse_query
from monitor.watchlist.possible import doubts, follows, possible
from monitor.watchlist.query import Near, Node
from tests.match.oracle import true
from tests.match.test_oracle import GROUPS, lay, paragraphs, queries, sentences


def meet(node: Near) -> bool:
    return True


@pytest.mark.parametrize(
    "query",
    [
        "a AND NOT a",
        "a AND NOT (a OR b)",
        "(a OR b) AND NOT a AND NOT b",
        "a AND b AND NOT (a AND b)",
        "sentence(a, NOT a)",
        "paragraph(a, b) AND NOT b",
        "a NEAR/3 b AND NOT a NEAR/5 b",
        "a THEN/3 b AND NOT b NEAR/3 a",
        "near(3, a, b, c) AND NOT near(4, c, b, a)",
        "count(a) >= 3 AND NOT count(a) >= 2",
        "count(a) >= 3 AND NOT a",
        "title: (a AND lead: b)",
        "sentence(title: a, body: b)",
        "lead: a AND NOT body: a",
        "first(5, a) AND NOT first(10, a)",
        "a AND lang(ar) AND lang(en, fr)",
        "a AND source(x) AND NOT source(x)",
        "a AND label(c=EG) AND NOT label(c=EG, c=SA)",
    ],
)
def test_what_can_never_be_true(query: str) -> None:
    assert not possible(parse_query(query), meet)


@pytest.mark.parametrize(
    "query",
    [
        "a AND NOT b",
        "a AND NOT title: a",
        "body: a AND NOT lead: a",
        "a AND b AND NOT a NEAR/5 b",
        "a NEAR/5 b AND NOT a NEAR/3 b",
        "a NEAR/3 b AND NOT a THEN/3 b",
        "sentence(a, NOT b) AND b",
        "a AND NOT sentence(a, b)",
        "count(a) >= 2 AND NOT count(a) >= 3",
        "a NEAR/0 a",
        "a AND lang(ar, en) AND lang(en, fr)",
        "a AND NOT lang(ar)",
        "a AND label(c=EG) AND label(d=SA)",
    ],
)
def test_what_can_be_true(query: str) -> None:
    assert possible(parse_query(query), meet)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("a OR b", []),
        ("a OR a", ["a adds nothing: a is true wherever it is"]),
        ("a OR a AND b", ["a AND b adds nothing: a is true wherever it is"]),
        ("a NEAR/5 b OR c OR b NEAR/8 a", ["a NEAR/5 b adds nothing: b NEAR/8 a is true wherever it is"]),
        ("title: a OR a", ["title: a adds nothing: a is true wherever it is"]),
        ("a AND (b OR NOT b)", ["this is always true: b OR NOT b"]),
        ("a OR sentence(b, NOT b)", ["this can never be true: sentence(b, NOT b)"]),
        ("c AND (a OR a AND b)", ["a AND b adds nothing: a is true wherever it is"]),
        ("a AND NOT a", ["this can never be true: a AND NOT a"]),
    ],
)
def test_what_does_nothing(query: str, found: list[str]) -> None:
    assert [doubt.message for doubt in doubts(parse_query(query), meet)] == found


def test_sides_that_share_no_language_never_meet() -> None:
    assert not possible(parse_query("a NEAR/5 b OR c NEAR/5 d"), lambda near: False)
    assert possible(parse_query("a NEAR/5 b OR c"), lambda near: False)


@given(queries, sentences, paragraphs)
def test_what_is_true_somewhere_is_possible(node: Node, words: list[list[str]], breaks: list[int]) -> None:
    if not possible(node, meet):
        assert not true(node, lay(words, breaks)[2], GROUPS)


@given(queries, queries, sentences, paragraphs)
def test_what_follows_follows(one: Node, other: Node, words: list[list[str]], breaks: list[int]) -> None:
    text = lay(words, breaks)[2]
    if true(one, text, GROUPS) and not true(other, text, GROUPS):
        assert not follows(one, other, meet)


def test_a_query_that_branches_without_end_is_taken_to_be_possible() -> None:
    """Thirty ORs of three are more branches than there is time for."""
    asked = " AND ".join(f"(a{i} OR b{i} OR c{i})" for i in range(30))
    assert possible(parse_query(f"{asked} AND NOT (z AND NOT z)"), meet)
    assert possible(parse_query(f"z AND NOT z AND {asked}"), meet)


def test_a_query_of_thousands_of_parts_is_answered() -> None:
    assert possible(parse_query(" AND ".join(f"(a{i} OR b{i})" for i in range(3_000))), meet)
    assert list(doubts(parse_query(" OR ".join(f"a{i}" for i in range(3_000))), meet)) == []
