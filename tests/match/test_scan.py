"""Scanning: passing over what means nothing finds the same as going through every sentence word by word."""

from __future__ import annotations

from functools import lru_cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.match import Engine, compile_engine
from monitor.match.meanings import MEMO_LIMIT
from monitor.match.scan import Found, Scanned
from monitor.match.telling import TOLD_LIMIT
from monitor.model import Facts, Sentence, ZoneKind
from monitor.text.forms import Mark
from monitor.text.layout import lay_out
from monitor.text.words import words
from monitor.watchlist import Term, Watchlist
from monitor.watchlist.query import Group
from tests.text.lookups import silent

ASKED = [
    ("weapon", "en", Mark.ANY_FORM),
    ("arms deal", "en", Mark.ANY_FORM),
    ("deal in arms", "en", Mark.ANY_FORM),
    ("arms arms", "en", Mark.ANY_FORM),
    ("use of gunpowder", "en", Mark.ANY_FORM),
    ("deal in dual-use", "en", Mark.ANY_FORM),
    ("embargo de l'arme", "fr", Mark.ANY_FORM),
    ("dual-use", "en", Mark.ANY_FORM),
    ("MD-550", "any", Mark.THIS_FORM),
    ("F-16", "any", Mark.THIS_FORM),
    ("10,000", "any", Mark.THIS_FORM),
    ("UAV", "en", Mark.ANY_FORM),
    ("gunrun*", "en", Mark.ANY_FORM),
    ("سلاح", "ar", Mark.ANY_FORM),
    ("صفقة سلاح", "ar", Mark.ANY_FORM),
    ("武器", "zh", Mark.ANY_FORM),
    ("武器转让", "zh", Mark.ANY_FORM),
    ("テロ", "ja", Mark.ANY_FORM),
    ("무기 거래", "ko", Mark.ANY_FORM),
    ("Kim Jong Un", "any", Mark.NAME),
    ("Xi", "any", Mark.NAME),
]
MASKS = [
    ("use", "en", Mark.THIS_FORM),
    ("arms race", "en", Mark.ANY_FORM),
    ("comrades in arms", "en", Mark.ANY_FORM),
    ("weapon", "en", Mark.THIS_FORM),
]

PIECES = (
    *(
        "weapon",
        "weapons",
        "arms",
        "deal",
        "in",
        "race",
        "comrades",
        "of",
        "gunpowder",
        "embargo",
        "de",
        "dual",
        "use",
        "MD",
        "550",
        "F",
        "16",
        "16s",
        "s",
        "10,000",
        "10",
        "000",
    ),
    *(
        "UAV",
        "uav",
        "UAVs",
        "gunrunner",
        "سلاح",
        "والسلاح",
        "صفقة",
        "武器",
        "转让",
        "テロ",
        "ステロイド",
        "テ",
        "ロ",
        "무기",
        "거래",
        "무기거래를",
    ),
    *(
        "Kim",
        "Jong",
        "Un",
        "Kimjong",
        "Xi",
        "l'arme",
        "d'UAV",
        "don't",
        "\U0001f680",
        "\U0001f680weapon",
        "weapon\U0001f1fa",
        "🄀arms",
        "x" * 50,
    ),
    *('"', "'", ",", "“", ".", "!", "?", "\u200f", "\u200c", "ـ", "ً", "\u3099", "。", "\n", "\n\n", "\ud800"),
)
TEXTS = st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from([" ", " ", " ", "", "-"])), max_size=14).map(
    lambda pieces: "".join(piece + gap for piece, gap in pieces)
)


@lru_cache
def engine(*, native: bool = True) -> Engine:
    groups = {"asked": tuple(Term(*term) for term in ASKED)}
    masks = tuple(Term(*term) for term in MASKS)
    watchlist = Watchlist(id="w", version="0", files={}, groups=groups, when=Group("asked"), masks=masks)
    return compile_engine([watchlist], silent, native=native)


#: In C where it was compiled, and with numpy.
both_ways = pytest.mark.parametrize("native", [True, False])


def both(text: str, sentences: tuple[Sentence, ...], *, native: bool) -> tuple[set[Found], set[Found]]:
    """What is found by passing over, and what word by word in the sentences that hold anything asked for."""
    table = engine(native=native).table
    quick, plain = Scanned(text, sentences, table).collect(), Scanned(text, sentences, table, plainly=True).collect()
    asked = {hit.sentence for pattern, hits in plain.hits.items() if pattern in table.asked_for for hit in hits}
    wanted = {hit for hits in plain.hits.values() for hit in hits if hit.sentence in asked}
    found = {hit for hits in quick.hits.values() for hit in hits if hit.sentence in asked}
    extra = {hit for pattern, hits in quick.hits.items() if pattern in table.asked_for for hit in hits} - wanted
    return found | extra, wanted


@both_ways
@given(TEXTS)
@example('He said. "weapon" arms,deal')
@example("arms arms arms deal in arms")
@example("use of gunpowder, deal in dual-use arms")
@example("un embargo de l'arme")
@example("d'UAV arms deal F-16s MD550")
@example("weapon use,arms race")
@example("weapon de,comrades in arms")
def test_passing_over_finds_the_same_as_word_by_word(native: bool, text: str) -> None:
    sentences = lay_out(text, all_body=True).sentences
    found, wanted = both(text, sentences, native=native)
    assert found == wanted
    table = engine(native=native).table
    glanced = Scanned(text, sentences, table).glance()
    if glanced is not None:
        asked = {(hit.pattern, hit.sentence) for hit in wanted if hit.pattern in table.asked_for}
        assert asked <= {(pattern, hit.sentence) for pattern, hits in glanced.items() for hit in hits}
    assert all(text[hit.start : hit.end].strip() for hit in found)


@both_ways
@given(TEXTS, st.lists(st.integers(0, 80), max_size=6))
def test_wherever_sentences_begin_and_end(native: bool, text: str, places: list[int]) -> None:
    """Even where one begins within a chunk, between a quote and the word behind it; but never within a word."""
    within = {at for word in words(text) for at in range(word.start + 1, word.end)}
    edges = sorted({min(place, len(text)) for place in places} - within)
    sentences = tuple(Sentence(a, b, ZoneKind.BODY, 0) for a, b in zip(edges[::2], edges[1::2], strict=False))
    found, wanted = both(text, sentences, native=native)
    assert {(hit.sentence, hit.start, hit.end, hit.pattern) for hit in wanted} <= {(h.sentence, h.start, h.end, h.pattern) for h in found}


@pytest.mark.parametrize(
    ("text", "found"),
    [("ステロイドの使用", 0), ("テロ対策", 1), ("反テロ", 1), ("テロリスト", 0), ("バイオテロ", 0)],
)
def test_short_katakana_is_found_as_a_word_of_its_own(text: str, found: int) -> None:
    hits = Scanned(text, lay_out(text, all_body=True).sentences, engine().table).collect().hits
    assert len([hit for found in hits.values() for hit in found]) == found


@both_ways
def test_the_memo_begins_anew_between_texts_when_it_is_full(native: bool) -> None:
    watchlist = Watchlist(id="w", version="0", files={}, groups={"a": (Term("arms deal", "en"),)}, when=Group("a"))
    table = compile_engine([watchlist], silent, native=native).table
    for start in range(0, 150_000, 30_000):
        text = " ".join(f"w{number}x" for number in range(start, start + 30_000)) + " arms deal"
        assert len(Scanned(text, (Sentence(0, len(text), ZoneKind.BODY, 0),), table).collect().hits) == 1


def test_the_memo_takes_no_more_than_it_may_of_one_text() -> None:
    watchlist = Watchlist(id="w", version="0", files={}, groups={"a": (Term("arms deal", "en"),)}, when=Group("a"))
    table = compile_engine([watchlist], silent).table
    # Of letters alone: words that the sieve reads.
    many = " ".join(map(str, range(100_000, 100_000 + MEMO_LIMIT + 2_000))).translate({ord("0") + n: "bcdfghjklm"[n] for n in range(10)})
    text = many + " arms deal"
    for sentence in (Sentence(0, len(text), ZoneKind.BODY, 0), Sentence(len(text) - 9, len(text), ZoneKind.BODY, 0)):
        assert len(Scanned(text, (sentence,), table).collect().hits) == 1
    known, beside = table.meanings.tables()
    assert not known[:, 0].any()
    assert not beside


@both_ways
def test_more_phrases_and_terms_than_the_first_tables_hold(native: bool) -> None:
    """The filter of pairs grows, and what is told of a pattern is forgotten and told again."""
    terms = [*(Term(f"w{n}x v{n}x", "en") for n in range(1_500)), *(Term(f"u{n}x", "en") for n in range(TOLD_LIMIT + 100))]
    watchlist = Watchlist(id="w", version="0", files={}, groups={"a": tuple(terms)}, when=Group("a"))
    engine = compile_engine([watchlist], silent, native=native)
    text = ". ".join(term.text for term in terms) + ". w1x v2x u0x u0x"
    layout = lay_out(text, all_body=True)
    (match,) = engine.match(text, layout, Facts())
    found = [hit.text for evidence in match.evidence for hit in evidence.hits]
    assert found == [*(term.text for term in terms), "u0x", "u0x"]
    assert [hit.term for evidence in match.evidence for hit in evidence.hits] == found
