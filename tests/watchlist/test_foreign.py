"""Operators of other tools: what is answered where, beyond the table of docs/query-language.md (which is run by itself)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.watchlist import QueryError, parse_query
from monitor.watchlist.foreign import answer
from monitor.watchlist.query import Group


def fault(query: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse_query(query)
    return caught.value


@pytest.mark.parametrize(
    ("query", "ours"),
    [
        ('(a OR b) w/5 "arms deal"', '(a OR b) NEAR/5 "arms deal"'),
        ("سلاح w/٥ نقل", "سلاح NEAR/5 نقل"),
        ("(a b c d e f g h i j k l m n o p q r s t u v) && w", "two parts"),
        ("a AND b pre/3 c", "b THEN/3 c"),
        ("a AND atleast4(b OR c)", "count(b OR c) >= 4"),
        ("a xor b", "(a OR b) AND NOT (a AND b)"),
        ("a pre/s b", "a THEN/50 b"),
        ("a AFTER b", "b THEN/10 a"),
        ("a <near/4> b", "a NEAR/4 b"),
        ("a NEAR 4 b", "a NEAR/4 b"),
        ("a n/4 b", "a NEAR/4 b"),
        ("a/n4/b", "a NEAR/4 b"),
        ("-b AND a", "group AND NOT b"),
        ('site:"bbc.co.uk" AND a', 'source("bbc.co.uk")'),
        ('"one two three"~7', 'near(7, "one", "two", "three")'),
        ("allcaps(us) AND a", "mark it (exact)"),
        ("wom?n AND a", '"wom*n"'),
        ("date=20240101 AND a", "leave it out"),
        ("a AND wc>200", "leave it out"),
        ("by:smith AND a", "leave it out"),
        ("ns=c13 AND a", "leave it out"),
        ("filetype:pdf a", "leave it out"),
        ("a^2 OR b", "nothing is ranked"),
        ("roam~ AND a", "every form of a word is found"),
        ("[a TO b]", "leave it out"),
        ("[a OR b] AND c", "parentheses"),
        ("a AND /gun.*/", 'such as "gunrun*"'),
    ],
)
def test_an_answer(query: str, ours: str) -> None:
    found = fault(query)
    assert ours in found.hint or ours in found.message


@pytest.mark.parametrize(
    ("query", "theirs"), [("a AND b w/5 c", "w/5"), ("سلاح NOT w/5 نقل", "NOT w/5"), ("武器 AND (a near5 b)", "near5")]
)
def test_the_fault_is_under_the_operator(query: str, theirs: str) -> None:
    found = fault(query)
    assert query[found.at : found.at + found.length] == theirs


@pytest.mark.parametrize("name", ["same", "adj", "n5", "within", "before", "date", "country", "o", "text"])
def test_a_group_may_be_called_like_another_tools_operator(name: str) -> None:
    assert parse_query(name) == Group(name)


@pytest.mark.parametrize("query", ["a NEAR/5 b THEN/3 c", "a AND sentence(NOT b)", "near(5)", "label(country=EG, topic=x) AND a"])
def test_faults_of_our_own_are_not_taken_for_anothers(query: str) -> None:
    assert "another tool" not in fault(query).message


def test_the_first_fault_is_told() -> None:
    assert fault("a w/5 b AND $").hint == "here it is written: a NEAR/5 b"
    assert fault('a b "never closed').message == "two parts stand side by side without an operator"


@given(st.text('ab w/5near(){}[]~^!?#$%&|+-<>=:,"“» NOT\n٥سл', max_size=60), st.integers(0, 60))
def test_any_text_is_answered_or_not(text: str, at: int) -> None:
    found = answer(text, at)
    if found is not None:
        assert text[found.at : found.at + found.length] == found.theirs
        assert found.hint


def test_a_long_line_costs_no_more_than_a_short_one() -> None:
    """Quadratic here would be hours."""
    text = "a" * 500_000 + " " + "(" * 100_000 + "[" * 100_000 + " w/5 " + "b" * 500_000
    assert answer(text, text.index("w/5")) is not None
