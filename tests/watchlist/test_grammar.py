"""The query language: what it reads, how it binds, and that what it writes reads back as the same tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.forms import Mark
from monitor.watchlist import QueryError, parse_query
from monitor.watchlist.query import (
    And,
    Count,
    Field,
    FieldKind,
    Filter,
    FilterKind,
    First,
    Group,
    Literal,
    Near,
    Node,
    Not,
    Or,
    Scope,
    ScopeKind,
    true_of_nothing,
)

A, B, C = Group("a"), Group("b"), Group("c")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a", A),
        ("a OR b AND c", Or((A, And((B, C))))),
        ("(a OR b) AND c", And((Or((A, B)), C))),
        ("a or b or c", Or((A, B, C))),
        ("(a OR b) OR c", Or((A, B, C))),
        ("a AND NOT b NEAR/3 c", And((A, Not(Near(3, (B, C)))))),
        ("a NEAR b", Near(10, (A, B))),
        ("a Then/٢ b", Near(2, (A, B), ordered=True)),
        ("a NEAR/4 (b OR c)", Near(4, (A, Or((B, C))))),
        ("near(5, a, b, c)", Near(5, (A, B, C))),
        ("near(5, a, b)", Near(5, (A, B))),
        ("sentence(a، b)", Scope(ScopeKind.SENTENCE, (A, B))),
        ("paragraph(a, b OR c)", Scope(ScopeKind.PARAGRAPH, (A, Or((B, C))))),
        ("count(a OR b) >= 3", Count(Or((A, B)), 3)),
        ("first(60, a)", First(60, A)),
        ("title: a AND b", And((Field(FieldKind.TITLE, A), B))),
        ("title: (a AND b)", Field(FieldKind.TITLE, And((A, B)))),
        ("a AND lang(ar, FA)", And((A, Filter(FilterKind.LANG, ("ar", "fa"))))),
        ('a AND source("bbc.co.uk")', And((A, Filter(FilterKind.SOURCE, ("bbc.co.uk",))))),
        ("a AND label(country=EG, country=SA)", And((A, Filter(FilterKind.LABEL, ("EG", "SA"), "country")))),
        ('"arms deal"', Literal("arms deal")),
        ("«رفاق السلاح» OR “arms deal” (this-form)", Or((Literal("رفاق السلاح"), Literal("arms deal", Mark.THIS_FORM)))),
        ('"MANPADS (exact)"', Literal("MANPADS", Mark.EXACT)),
        ("\u200fa\u00a0AND\u200e b", And((A, B))),
        ("a # a remark\nAND b", And((A, B))),
        ("price-cap AND a", And((Group("price-cap"), A))),
        ("a ＡＮＤ （b OR c）", And((A, Or((B, C))))),
        ("count（a）≥ 2", Count(A, 2)),
        ("「武器」 AND sentence（a、b）", And((Literal("武器"), Scope(ScopeKind.SENTENCE, (A, B))))),
        ('“arms deal" AND a', And((Literal("arms deal"), A))),
        ("сила_слова AND سِلاح", And((Group("сила_слова"), Group("سِلاح")))),
        ('"Rosneft (PAO) (any-form)"', Literal("Rosneft (PAO)")),
        ('"arms (exact) (this-form)"', Literal("arms (exact)", Mark.THIS_FORM)),
    ],
)
def test_reading(text: str, tree: Node) -> None:
    assert parse_query(text) == tree
    assert parse_query(str(tree)) == tree


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "empty", "write, for example"),
        ("a AND", "ends where a group", ""),
        ("a )", "closes nothing", "remove it"),
        ("AND a", "is an operator", ""),
        ("gun*", "wildcard", 'write: "gun*"'),
        ("a @ b", "commercial at", "quotes"),
        ("foo(a)", "no function 'foo'", "first"),
        ("headlin: a", "no prefix", "title:"),
        ("count(a) > 2", "expected '>='", "write: count(a) >= 3"),
        ("b AND count(a) <= 2", "expected '>='", "write: NOT count(a) >= 3"),
        ("count(a) <= 2", "expected '>='", "write: a AND NOT count(a) >= 3"),
        ("count(a, 2)", "counts one thing", "write: count(a) >= 2"),
        ("count(a) >= many", "expected a number", "1 to 10000"),
        ("count(a AND b) >= 2", "what count counts", ""),
        ("a NEAR/0000 b AND lang(arabic)", "not a language code", "write: ar"),
        ("a AND lang(ar, arz)", "'arz' is not a language code", "ISO 639-1"),
        ("a AND lang(ar fa)", "expected ')'", "commas"),
        ("a AND source(bbc.co.uk)", "goes in quotes", 'write: "bbc.co.uk"'),
        ("a AND source(24-hours)", "goes in quotes", 'write: "24-hours"'),
        ("a AND label(country:EG)", "expected '='", "label(country=EG)"),
        ("a NEAR/5000 b", "out of range", "0 to 1000"),
        ("label(country=EG, topic=x) AND a", "one key", "label(topic="),
        ("a NEAR/-1 b", "found '-1'", "0 to 1000"),
        ("a NEAR/2.5 b", "'2.5' is no number", "whole number"),
        ("a NEAR/ b", "expected a number", "whole number"),
        ("near(5, a)", "at least 2", ""),
        ("near(a, b)", "begins with the number of words", "near(10, a, b)"),
        ("NEAR((a, b), 5)", "begins with the number of words", "near(5, a, b)"),
        ("near a b", "is an operator", "near(10, a, b, c)"),
        ("first(a, 60)", "begins with the number of words", "first(60, a)"),
        ("title: a NEAR/3 b", "cannot carry a prefix", "title: (a NEAR/3 b)"),
        ("(a AND b) NEAR/3 c", "must be a group", "near(3, a, b, c)"),
        ("a NEAR/3 (NOT b)", "must be a group", "a AND NOT a NEAR/3 b"),
        ("a NEAR/3 NOT b", "cannot be a side", "a AND NOT a NEAR/3 b"),
        ("a NEAR b NEAR/5 c NEAR d", "two sides", "near(10, a, b, c, d)"),
        ("a THEN b THEN c", "two sides", "a THEN/10 b AND b THEN/10 c"),
        ("a NEAR/5 b THEN/3 c", "two sides", "a NEAR/5 b AND b THEN/3 c"),
        ("a NOT b", "side by side", "a AND NOT b"),
        ("a, b", "a comma joins nothing", "a AND b, or a OR b"),
        ("a AND 550", "found '550'", '"550"'),
        ("a AND 'b c'", "is no quote", "double quotes"),
        ("a AND\u202e b", "invisible character", "delete it"),
        ("titel: a", "no prefix", "title:"),
        ("NOT a", "nothing was found", "group AND"),
        ("a OR NOT b", "nothing was found", ""),
        ("NOT lang(ar)", "nothing was found", ""),
        ("a OR NOT lang(ar)", "nothing was found", ""),
        ("title: (NOT source(x)) OR a", "nothing was found", ""),
        ("a AND sentence(NOT b)", "nothing was found", "sentence(group"),
        ("a w/s b", "another tool", "sentence(a, b)"),
        ("a pre/3 b", "another tool", "THEN/3"),
        ("a || b", "another tool", "OR"),
        ("-a", "another tool", "NOT"),
        ("intitle:a", "another tool", "title:"),
        ('"…"', "at least one letter", ""),
        ('"arms (plural)"', "not a mark", "any-form"),
    ],
)
def test_refusing(text: str, message: str, hint: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(text)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert 0 <= caught.value.at <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "a" + ")" * 10_000,
        "title:" * 10_000 + "a",
        "NOT " * 10_000 + "a",
        "NOT (" * 60 + "a" + ")" * 60,
        "NOT sentence(" * 60 + "a" + ")" * 60,
    ],
    ids=["parentheses", "prefixes", "nots", "nots and parentheses", "functions"],
)
def test_nesting_is_bounded(text: str) -> None:
    with pytest.raises(QueryError, match="nested"):
        parse_query(text)


leaf = st.one_of(
    st.sampled_from([A, B, C, Group("price-cap")]),
    st.builds(
        Literal,
        st.text("abcسلح \"\\'()", min_size=1, max_size=8).filter(lambda s: any(c.isalpha() for c in s)).map(str.strip),
        st.sampled_from(Mark),
    ),
)
side = st.one_of(leaf, st.lists(leaf, min_size=2, max_size=3, unique=True).map(lambda xs: Or(tuple(xs))))
filters = st.one_of(
    st.lists(st.sampled_from(["ar", "fa", "en"]), min_size=1, max_size=2).map(lambda v: Filter(FilterKind.LANG, tuple(v))),
    st.lists(st.sampled_from(["bbc", "a b", "x.y"]), min_size=1, max_size=2).map(lambda v: Filter(FilterKind.SOURCE, tuple(v))),
    st.lists(st.sampled_from(["EG", "x y"]), min_size=1, max_size=2).map(lambda v: Filter(FilterKind.LABEL, tuple(v), "country")),
)
words = st.integers(0, 50)


def flat(kind: type[And] | type[Or], items: list[Node]) -> Node:
    out = tuple(sub for item in items for sub in (item.items if isinstance(item, kind) else (item,)))
    return kind(out)


def compound(below: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    many = st.lists(below, min_size=2, max_size=3)
    return st.one_of(
        many.map(lambda xs: flat(And, xs)),
        many.map(lambda xs: flat(Or, xs)),
        below.map(Not),
        st.builds(lambda n, xs, o: Near(n, tuple(xs), o), words, st.lists(side, min_size=2, max_size=2), st.booleans()),
        st.builds(lambda n, xs: Near(n, tuple(xs)), words, st.lists(side, min_size=3, max_size=4)),
        st.builds(lambda k, xs: Scope(k, tuple(xs)), st.sampled_from(ScopeKind), many.filter(lambda xs: not all(map(true_of_nothing, xs)))),
        st.builds(Count, side, st.integers(1, 9)),
        st.builds(First, st.integers(1, 99), below),
        st.builds(Field, st.sampled_from(FieldKind), below),
    )


# Chains of NOTs and prefixes have one leaf however long they are: what people write is no deeper than this.
queries = st.recursive(st.one_of(leaf, filters), compound, max_leaves=8).filter(lambda node: sum(1 for _ in node.walk()) <= 15)


@given(queries)
def test_what_is_written_reads_back_equal(tree: Node) -> None:
    if true_of_nothing(tree):
        with pytest.raises(QueryError):
            parse_query(str(tree))
    else:
        assert parse_query(str(tree)) == tree


@given(st.text('ab "()/:,>=NOTANDEAR5سل«»“”&|~!-#\\\n', max_size=40))
def test_any_text_is_a_tree_or_a_fault(text: str) -> None:
    fault: QueryError | None = None
    try:
        tree = parse_query(text)
    except QueryError as error:
        fault = error
    if fault is None:
        assert parse_query(str(tree)) == tree
    else:
        assert fault.message
        assert 0 <= fault.at <= len(text)
