"""The fast evaluator against the naive one, on random queries and random texts; and the laws of the language."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from monitor.match import compile_engine
from monitor.model import Facts, Layout, Sentence, Stance, Zone, ZoneKind
from monitor.watchlist import Term, Watchlist
from monitor.watchlist.query import And, Count, Field, FieldKind, First, Group, Near, Node, Not, Or, Scope, ScopeKind, true_of_nothing
from tests.match.oracle import Sentences, true

GROUPS = {"a": ["x", "y z"], "b": ["y", "x"], "c": ["z", "w w"]}
GROUP_TERMS = {name: tuple(Term(text, "any") for text in terms) for name, terms in GROUPS.items()}

leaf = st.sampled_from([Group("a"), Group("b"), Group("c")])
side = st.one_of(leaf, st.lists(leaf, min_size=2, max_size=2, unique=True).map(lambda xs: Or(tuple(xs))))
window = st.integers(0, 4)


def compound(below: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    many = st.lists(below, min_size=2, max_size=3)
    return st.one_of(
        many.map(lambda xs: And(tuple(xs))),
        many.map(lambda xs: Or(tuple(xs))),
        below.map(Not),
        st.builds(lambda n, a, b, o: Near(n, (a, b), o), window, side, side, st.booleans()),
        st.builds(lambda n, xs: Near(n, tuple(xs)), window, st.lists(side, min_size=3, max_size=3)),
        st.builds(lambda k, xs: Scope(k, tuple(xs)), st.sampled_from(ScopeKind), many.filter(lambda xs: not all(map(true_of_nothing, xs)))),
        st.builds(Count, side, st.integers(1, 3)),
        st.builds(First, st.integers(1, 8), below),
        st.builds(Field, st.sampled_from(FieldKind), below),
    )


queries = st.recursive(leaf, compound, max_leaves=6).filter(lambda node: sum(1 for _ in node.walk()) <= 15 and not true_of_nothing(node))
sentences = st.lists(st.lists(st.sampled_from("xyzwv"), min_size=1, max_size=7), min_size=1, max_size=4)
paragraphs = st.lists(st.integers(0, 1), min_size=4, max_size=4)


def lay(words: Sequence[Sequence[str]], breaks: Sequence[int]) -> tuple[str, Layout, Sentences]:
    """A text of these sentences; the first is the title, the next paragraph the lead."""
    text, found, plain = "", [], []
    paragraph = 0
    for number, sentence in enumerate(words):
        paragraph += 1 if number in (0, 1) else breaks[number]
        zone = ZoneKind.TITLE if number == 0 else ZoneKind.LEAD if paragraph == 2 else ZoneKind.BODY
        start = len(text)
        text += " ".join(sentence) + ". "
        found.append(Sentence(start, len(text) - 1, zone, paragraph))
        plain.append((number, zone.value, paragraph, list(sentence)))
    zones = tuple(Zone(s.zone, s.start, s.end) for s in found)
    return text, Layout(zones, tuple(found), ""), plain


def matches(node: Node, text: str, layout: Layout) -> bool:
    watchlist = Watchlist("w", "v", {}, GROUP_TERMS, node)
    found = compile_engine([watchlist], lambda language, word: frozenset()).match(text, layout, Facts())
    for match in found:
        assert match.evidence
        for evidence in match.evidence:
            assert evidence.quote == text[evidence.start : evidence.end]
            assert evidence.stance is Stance.REPORTED
            for hit in evidence.hits:
                assert hit.text == text[hit.start : hit.end]
                assert evidence.start <= hit.start < hit.end <= evidence.end
    return bool(found)


@given(queries, sentences, paragraphs)
def test_fast_and_naive_agree(node: Node, words: list[list[str]], breaks: list[int]) -> None:
    text, layout, plain = lay(words, breaks)
    assert matches(node, text, layout) == true(node, plain, GROUPS)


@given(queries, queries, sentences, paragraphs)
def test_de_morgan(one: Node, two: Node, words: list[list[str]], breaks: list[int]) -> None:
    text, layout, _ = lay(words, breaks)
    # x stands in front so that neither side is true of nothing.
    guard = Or((Group("a"), Group("b"), Group("c")))
    left = And((guard, Not(And((one, two)))))
    right = And((guard, Or((Not(one), Not(two)))))
    assert matches(left, text, layout) == matches(right, text, layout)


@given(side, side, window, sentences, paragraphs)
def test_near_does_not_mind_the_order_and_is_then_either_way(
    one: Node, two: Node, n: int, words: list[list[str]], breaks: list[int]
) -> None:
    text, layout, _ = lay(words, breaks)
    near = matches(Near(n, (one, two)), text, layout)
    assert near == matches(Near(n, (two, one)), text, layout)
    then = [matches(Near(n, pair, ordered=True), text, layout) for pair in ((one, two), (two, one))]
    assert near == any(then)


@given(side, side, window, sentences, paragraphs)
def test_a_wider_window_never_loses(one: Node, two: Node, n: int, words: list[list[str]], breaks: list[int]) -> None:
    text, layout, _ = lay(words, breaks)
    if matches(Near(n, (one, two)), text, layout):
        assert matches(Near(n + 1, (one, two)), text, layout)
