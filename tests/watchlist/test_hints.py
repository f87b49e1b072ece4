"""Hints of faults: what is offered can be read where it would stand, and says what was meant, in whatever language not is written."""

from __future__ import annotations

import re
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.watchlist import QueryError, parse_query
from monitor.watchlist.foreign import _ANDS, _NOTS, _ORS, CONNECTIVE


def fault(query: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse_query(query)
    return caught.value


def refused(query: str) -> QueryError | None:
    try:
        parse_query(query)
    except QueryError as error:
        return error
    return None


def with_offer(query: str, error: QueryError, text: str) -> str:
    """The query with the offered text in its place, and what is still open closed."""
    (offer,) = error.offers
    whole = query[: offer.at] + text + query[offer.end :]
    return whole + "\n" + ")" * (whole.count("(") - whole.count(")"))


NOTS: Final = [
    "goods AND ليس move",
    "goods AND لا move",
    "goods AND NOT ليس move",
    "goods NOT не move",
    "goods وليس move",
    "goods ولا move",
    "goods و ليس move",
    "goods и не move",
    "goods не move",
    "goods та не move",
    "goods und nicht move",
    "goods et non move",
    "goods y no move",
    "goods ve değil move",
    "goods ve move değil",
    "goods و نه move",
    "goods ולא move",
    "goods 且不 move",
    "goods かつ move ない",
    "goods 그리고 아니 move",
    "goods AND -move",
    "goods AND NOT !move",
]


@pytest.mark.parametrize("query", NOTS)
def test_not_in_twelve_languages(query: str) -> None:
    found = fault(query)
    assert found.hint == "here it is written: goods AND NOT move"
    assert parse_query(with_offer(query, found, "goods AND NOT move")) == parse_query("goods AND NOT move")


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("goods или не move", "OR NOT would be true of nearly every article; write: goods AND NOT move"),
        ("goods OR не move", "OR NOT would be true of nearly every article; write: goods AND NOT move"),
        ("x AND (goods или не move)", "here it is written: goods OR NOT move"),
        ("goods AND и move", "here it is written: goods AND move"),
        ("body: goods NEAR/5 title: move", "a sentence is in one part only; write: body: goods AND title: move"),
        ("title: goods NEAR/5 title: move", "put it in front: title: (goods NEAR/5 move)"),
        ("title: goods w/5 move", "here it is written: title: (goods NEAR/5 move)"),
        ("x THEN/3 a w/5 b", "here it is written, for example: a NEAR/5 b"),
        ("NEAR((goods move), 5)", "write: near(5, goods, move)"),
        ("NEAR((goods OR move), x, 7)", "write: near(7, goods OR move, x)"),
        ("first(a, 60)", "write: first(60, a)"),
        ("first(a AND b, 30)", "write: first(30, a AND b)"),
        ("sentence(goods move)", "write: goods, move"),
        ("near(5, goods move)", "write: goods, move"),
        ("count(goods move) >= 3", "write: goods OR move"),
        ('""arms deal""', 'write: "arms deal"'),
        ("goods >= 3", "write: count(goods) >= 3"),
        ("goods > 3", "write: count(goods) >= 4"),
        ("(a OR b) >= 3 AND c", "write: count(a OR b) >= 3"),
        ("goods <= 3", "write: goods AND NOT count(goods) >= 4"),
        ("x AND count(a) <= 2", "write: NOT count(a) >= 3"),
        ("x AND count(a) < 1", "write: NOT a"),
        ("count(a) < 1", "write, for example: count(a) >= 3"),
        ("near(5, a AND b, c)", "any query may be in one sentence: sentence(a AND b, c)"),
        ("goods (a OR b)", "write: goods AND (a OR b), or goods OR (a OR b)"),
        ("count(a) >= 3, b", "write: count(a) >= 3 AND b, or count(a) >= 3 OR b"),
        ("goods AND AND move", "leave one of the two operators out"),
        ("goods 550", 'write: goods AND "550"'),
        ("goods; move", "write: goods AND move, or goods OR move"),
        ("goods/move", "write: goods AND move, or goods OR move"),
        ("goods AND 'arms deal'", 'use double quotes: "arms deal"'),
        ("a, NOT b", "write: a AND NOT b"),
        ("goods = move", ""),
        ("near(5 goods move)", "write: near(5, goods, move)"),
        ("near(5 goods, move)", "write: near(5, goods, move)"),
        ("first(60 goods OR move) AND x", "write: first(60, goods OR move)"),
        ("count(3, goods)", "write: count(goods) >= 3"),
        ("goods AND ()", "write what belongs there, or leave them out"),
        ("goods AND lang ar", "write, for example: lang(ar)"),
        ("sentence goods, move", "write, for example: sentence(a, b)"),
        ("goods sentence move", "here it is written: sentence(goods, move)"),
        ("goods BUT move", "here it is written: goods AND move"),
        ("goods NOR move", "here it is written: goods AND NOT move"),
        ("goods AND/OR move", "here it is written: goods OR move"),
        ("goods و/أو move", "here it is written: goods OR move"),
        ("goods && !move", "here it is written: goods AND NOT move"),
        ("count(goods >= 3)", "write: count(goods) >= 3"),
        ("goods AND move (exact)", 'write: "move" (exact)'),
        ("sentence(goods; move)", "write: goods, move"),
        ("(goods AND move) NEAR/5 (x AND z)", "any query may be in one sentence: sentence(goods AND move, x AND z)"),
    ],
)
def test_what_to_write(query: str, hint: str) -> None:
    assert fault(query).hint == hint


WORDS: Final = [word for word in (_ANDS + "|" + _ORS + "|" + _NOTS).split("|") if "\\" not in word]
OURS: Final = [
    "AND",
    "OR",
    "NOT",
    "NEAR/5",
    "NEAR",
    "THEN/3",
    "near(5,",
    "sentence(",
    "paragraph(",
    "count(",
    "first(9,",
    "title:",
    "body:",
]
THEIRS: Final = [
    "w/5",
    "pre/3",
    "w/s",
    "/p",
    "NOT w/5",
    "&&",
    "||",
    "-",
    "!",
    "+",
    "adj3",
    "atleast3",
    "hd=(",
    "site:",
    "la=",
    "xor",
    "~5",
    "~",
]
GLUE: Final = [
    "(",
    ")",
    ",",
    ">= 2",
    "< 3",
    '"',
    "“",
    "”",
    "'",
    ":",
    "/",
    "5",
    "lang(ar)",
    "label(country=EG)",
    "lang(arabic)",
    "source(a.b)",
]
PARTS: Final = ["a", "b", "goods", "move", '"arms deal"', "(a OR b)", "gun*", "(a AND b)", '""c d""', "count(a) >= 2"]
broken = st.lists(st.sampled_from([*WORDS, *OURS, *OURS, *THEIRS, *GLUE, *PARTS, *PARTS, *PARTS]), min_size=1, max_size=9).map(" ".join)


@settings(max_examples=400)
@given(broken)
def test_what_a_hint_offers_can_be_read_where_it_would_stand(query: str) -> None:
    found = refused(query)
    if found is None:
        return
    if not found.offers:
        # What is no offer of a part of this query is an example, and says so.
        assert not re.match(r"write: |here it is written: ", found.hint), found.hint
        return
    (offer,) = found.offers
    assert found.hint == offer.hint
    for text in offer.texts:
        unquoted = re.sub('["“”][^"“”]*["“”]', "", text).split()
        assert not [word for word in unquoted if not word.isascii() and CONNECTIVE.fullmatch(word)]
        whole = with_offer(query, found, text)
        again = refused(whole)
        if again is not None:
            nothing = "in which nothing was found" in again.message and again.at + again.length >= offer.at
            assert again.at >= offer.at + len(text) or nothing, (query, text, again.message)


@pytest.mark.parametrize("query", ['""' + "x" * 200_000, "a " * 50_000, "near(" + "a, " * 50_000, "goods >= " * 20_000, "NEAR((a" * 20_000])
def test_a_long_query_is_advised_at_once(query: str) -> None:
    """Quadratic here would be minutes."""
    assert len(fault(query).hint) < 300
