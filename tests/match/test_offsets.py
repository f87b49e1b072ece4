"""Offsets are exact: a word in whatever dress, in whatever text, is found and its hit covers it and nothing else.

Dress is what writers and programs put on a word without making it another: tatweel, harakat, tanwin, presentation forms and
ligatures, marks of direction, soft hyphens, full-width and half-width letters, letters taken apart.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from monitor.match import Engine, compile_engine
from monitor.model import Facts, Match
from monitor.text.fold import fold
from monitor.text.layout import lay_out
from monitor.watchlist import load

TERMS: Final = {
    "ar": ["سلاح", "انتهاك", "لاجئ"],
    "en": ["weapon", "office"],
    "fa": ["کشور"],
    "fr": ["élève"],
    "he": ["נשק"],
    "ja": ["ミサイル", "ガス"],
    "ko": ["무기"],
    "ru": ["йод", "ёлка"],
    "tr": ["İHA", "silah"],
    "zh": ["武器"],
}
#: What may stand between the letters of a word, and of it what may follow the last.
INSIDE: Final = {
    "ar": "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0670\u0653\u0640\u200e\u200f\u061c\u200d\u00ad",
    "fa": "\u064e\u0640\u200f",
    "he": "\u05b0\u05b8\u05bc\u0591\u200f",
    "en": "\u00ad\u200e\u2060",
    "ja": "\ufe00",
    "zh": "\ufe00",
    "ko": "\u200b",
    "ru": "\u00ad",
    "fr": "\u00ad",
    "tr": "\u00ad",
}
AROUND: Final = "abc السx😀👩\u200d🚀\r\n\u200f½ﷺ①ﬁ.é!،武\u064b5٣\u2028\u00a0\t"


def is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M" or char in "ﾞﾟ"


def dresses(word: str) -> list[str]:
    """The word as it is, taken apart, full-width, in presentation forms, half-width."""
    wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in word)
    shaped = word.replace("لا", "ﻻ").replace("ffi", "ﬃ").replace("س", "ﺳ")
    return [word, unicodedata.normalize("NFD", word), wide, shaped, word.replace("ガス", "ｶﾞｽ").replace("ミサイル", "ﾐｻｲﾙ")]


@st.composite
def dressed(draw: st.DrawFn) -> tuple[str, str]:
    """A term, and the same in some dress."""
    language = draw(st.sampled_from(sorted(TERMS)))
    term = draw(st.sampled_from(TERMS[language]))
    plain = draw(st.sampled_from(dresses(term)))
    between = st.text(INSIDE[language], max_size=2)
    word = plain[0] + "".join(char if is_mark(char) else draw(between) + char for char in plain[1:])
    ends = "".join(char for char in INSIDE[language] if is_mark(char) or char == "\u0640")
    return term, word + (draw(st.text(ends, max_size=2)) if ends else "")


@cache
def engine() -> Engine:
    listed = "".join(f"    {language}: [{', '.join(f'{term} (this-form)' for term in terms)}]\n" for language, terms in TERMS.items())
    watchlist = load("w", {"w.yaml": f"id: w\ngroups:\n  a:\n{listed}when: a\n"})
    return compile_engine([watchlist], lambda language, word: frozenset())


def matched(text: str, *, body: bool) -> tuple[Match, ...]:
    return engine().match(text, lay_out(text, all_body=body), Facts())


@given(dressed(), st.text(AROUND, max_size=25), st.text(AROUND, max_size=25))
def test_a_hit_covers_its_word_and_nothing_else(word: tuple[str, str], before: str, after: str) -> None:
    term, dress = word
    text = f"{before} {dress} {after}"
    hits = [hit for match in matched(text, body=True) for passage in match.evidence for hit in passage.hits]
    assert (len(before) + 1, len(before) + 1 + len(dress), term) in [(hit.start, hit.end, hit.term) for hit in hits]


@given(st.lists(st.one_of(dressed().map(lambda word: word[1]), st.text(AROUND, max_size=12)), max_size=8), st.booleans())
def test_quotes_and_hits_are_the_text_at_their_offsets(parts: list[str], body: bool) -> None:
    text = " ".join(parts)
    for match in matched(text, body=body):
        assert match.evidence
        for passage in match.evidence:
            assert passage.quote == text[passage.start : passage.end]
            assert passage.hits
            for hit in passage.hits:
                assert passage.start <= hit.start < hit.end <= passage.end
                assert hit.text == text[hit.start : hit.end]
                assert fold(hit.term) in fold(hit.text)
                # Nothing of a word is left outside: no mark or joiner of the last letter, no letter of the first.
                assert not is_mark(text[hit.end : hit.end + 1] or " ")
            ends = [(hit.group, hit.start, hit.end) for hit in passage.hits]
            assert len(ends) == len(set(ends))
