"""The fast evaluator against the naive one, on random queries and random texts; and the laws of the language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from monitor.match import compile_engine
from monitor.model import Facts, Layout, Sentence, Stance, Zone, ZoneKind
from monitor.watchlist import Term, Watchlist
from monitor.watchlist.query import (
    And,
    Count,
    Field,
    FieldKind,
    Filter,
    FilterKind,
    First,
    Group,
    Near,
    Node,
    Not,
    Or,
    Scope,
    ScopeKind,
    true_of_nothing,
)
from tests.match.oracle import Sentences, true, unmasked

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


LANGUAGES = {"a": [("x", "en"), ("y z", "fr")], "b": [("y", "fr"), ("x", "any")], "c": [("z", "en"), ("z", "fr"), ("w w", "en")]}
MASKS = ["x y", "w z"]
filters = st.one_of(
    st.sampled_from([("en",), ("fr", "ar")]).map(lambda values: Filter(FilterKind.LANG, values)),
    st.sampled_from([("wire",), ("other",)]).map(lambda values: Filter(FilterKind.SOURCE, values)),
    st.sampled_from([("EG",), ("SA", "EG"), ("SA",)]).map(lambda values: Filter(FilterKind.LABEL, values, "country")),
)
filtered = st.recursive(st.one_of(leaf, leaf, leaf, filters), compound, max_leaves=6).filter(
    lambda node: sum(1 for _ in node.walk()) <= 15 and not true_of_nothing(node)
)


@given(filtered, sentences, paragraphs)
def test_fast_and_naive_agree_on_languages_masks_and_filters(node: Node, words: list[list[str]], breaks: list[int]) -> None:
    text, layout, plain = lay(words, breaks)
    groups = {name: tuple(Term(written, language) for written, language in terms) for name, terms in LANGUAGES.items()}
    watchlist = Watchlist("w", "v", {}, groups, node, masks=tuple(Term(mask, "any") for mask in MASKS))
    facts = Facts("en", "wire", {"country": "EG"})
    found = compile_engine([watchlist], lambda language, word: frozenset()).match(text, layout, facts)
    assert bool(found) == true(node, plain, LANGUAGES, unmasked(plain, MASKS), facts)


# ------------------------------------------------------------------------------------------------ laws
def same(one: Node, two: Node, words: list[list[str]], breaks: list[int]) -> None:
    """Both are true of the text or neither is. A guard stands in front, so that neither is true of nothing."""
    text, layout, _ = lay(words, breaks)
    guard = Or((Group("a"), Group("b"), Group("c")))
    assert matches(And((guard, one)), text, layout) == matches(And((guard, two)), text, layout)


def implies(narrow: Node, wide: Node, words: list[list[str]], breaks: list[int]) -> None:
    text, layout, _ = lay(words, breaks)
    if matches(narrow, text, layout):
        assert matches(wide, text, layout)


@given(queries, queries, sentences, paragraphs)
def test_de_morgan(one: Node, two: Node, words: list[list[str]], breaks: list[int]) -> None:
    same(Not(And((one, two))), Or((Not(one), Not(two))), words, breaks)
    same(Not(Or((one, two))), And((Not(one), Not(two))), words, breaks)
    same(Not(Not(one)), one, words, breaks)


@given(queries, queries, queries, sentences, paragraphs)
def test_and_and_or_are_ordered_as_one_likes(one: Node, two: Node, three: Node, words: list[list[str]], breaks: list[int]) -> None:
    same(And((one, two)), And((two, one)), words, breaks)
    same(Or((one, two)), Or((two, one)), words, breaks)
    same(And((one, Or((two, three)))), Or((And((one, two)), And((one, three)))), words, breaks)
    same(Or((one, And((two, three)))), And((Or((one, two)), Or((one, three)))), words, breaks)


@given(queries, queries, st.sampled_from(FieldKind), st.integers(1, 8), sentences, paragraphs)
def test_prefixes_go_into_what_stands_behind_them(
    one: Node, two: Node, kind: FieldKind, n: int, words: list[list[str]], breaks: list[int]
) -> None:
    same(Field(kind, And((one, two))), And((Field(kind, one), Field(kind, two))), words, breaks)
    same(Field(kind, Not(one)), Not(Field(kind, one)), words, breaks)
    same(First(n, Or((one, two))), Or((First(n, one), First(n, two))), words, breaks)
    same(First(n, Field(kind, one)), Field(kind, First(n, one)), words, breaks)


@given(side, side, window, sentences, paragraphs)
def test_what_is_narrower_is_wider_as_well(one: Node, two: Node, n: int, words: list[list[str]], breaks: list[int]) -> None:
    chain = [
        Near(n, (one, two), ordered=True),
        Near(n, (one, two)),
        Near(n + 1, (one, two)),
        Scope(ScopeKind.SENTENCE, (one, two)),
        Scope(ScopeKind.PARAGRAPH, (one, two)),
        And((one, two)),
        one,
    ]
    for narrow, wide in pairwise(chain):
        implies(narrow, wide, words, breaks)
    implies(Count(one, n + 2), Count(one, n + 1), words, breaks)
    implies(First(n + 1, one), First(n + 2, one), words, breaks)
    implies(Field(FieldKind.LEAD, one), Field(FieldKind.BODY, one), words, breaks)
    same(Or((Field(FieldKind.TITLE, one), Field(FieldKind.BODY, one))), one, words, breaks)
    same(Count(one, 1), one, words, breaks)


@given(st.lists(side, min_size=3, max_size=3), st.permutations(range(3)), window, sentences, paragraphs)
def test_a_window_does_not_mind_the_order(sides: list[Node], order: list[int], n: int, words: list[list[str]], breaks: list[int]) -> None:
    same(Near(n, tuple(sides)), Near(n, tuple(sides[at] for at in order)), words, breaks)


positive = queries.filter(lambda node: not any(isinstance(each, Not) for each in node.walk()))


@given(positive, sentences, paragraphs)
def test_the_evidence_by_itself_makes_the_query_true(node: Node, words: list[list[str]], breaks: list[int]) -> None:
    """An article of which only the sentences of the evidence are left still matches."""
    text, layout, _ = lay(words, breaks)
    watchlist = Watchlist("w", "v", {}, GROUP_TERMS, node)
    engine = compile_engine([watchlist], lambda language, word: frozenset())
    for match in engine.match(text, layout, Facts()):
        told = {(evidence.start, evidence.end) for evidence in match.evidence}
        kept = tuple(sentence for sentence in layout.sentences if (sentence.start, sentence.end) in told)
        assert len(kept) == len(told)
        assert engine.match(text, Layout(layout.zones, kept, ""), Facts())


part = st.one_of(
    side,
    st.builds(lambda n, a, b, o: Near(n, (a, b), o), window, side, side, st.booleans()),
    st.builds(lambda a, b: Scope(ScopeKind.SENTENCE, (a, b)), side, side),
    st.builds(Field, st.sampled_from(FieldKind), side),
    st.builds(First, st.integers(1, 12), side),
)
flat = st.one_of(part, st.builds(Count, side, st.integers(1, 4)), st.lists(part, min_size=2, max_size=4).map(lambda xs: And(tuple(xs))))


@given(flat, st.lists(st.lists(st.sampled_from("xyzwv"), min_size=1, max_size=4), min_size=1, max_size=6))
def test_the_evidence_is_the_fewest_sentences_and_each_that_alone_would_do(node: Node, words: list[list[str]]) -> None:
    text, layout, plain = lay(words, [0, 0, *([1] * 6)])
    watchlist = Watchlist("w", "v", {}, GROUP_TERMS, node)
    places = [sentence.start for sentence in layout.sentences]
    told = {
        places.index(evidence.start)
        for match in compile_engine([watchlist], lambda language, word: frozenset()).match(text, layout, Facts())
        for evidence in match.evidence
    }

    def enough(numbers: Iterable[int]) -> bool:
        return true(node, plain, GROUPS, {(number, at) for number in numbers for at in range(len(words[number]))})

    alone = {number for number in range(len(words)) if enough([number])}
    if alone or not told:
        assert told == alone
    else:
        assert enough(told)
        assert len(told) == next(size for size in range(7) if any(map(enough, combinations(range(len(words)), size))))


@given(side, side, window, sentences, paragraphs)
def test_near_does_not_mind_the_order_and_is_then_either_way(
    one: Node, two: Node, n: int, words: list[list[str]], breaks: list[int]
) -> None:
    text, layout, _ = lay(words, breaks)
    near = matches(Near(n, (one, two)), text, layout)
    assert near == matches(Near(n, (two, one)), text, layout)
    then = [matches(Near(n, pair, ordered=True), text, layout) for pair in ((one, two), (two, one))]
    assert near == any(then)
