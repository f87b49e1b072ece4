"""Folding and words: which spellings are one, and that the way back to the text is exact."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.fold import MARKS_CAP, fold, fold_map
from monitor.text.words import glued, is_cjk, words

ARABIC = "أسلحةإآٱىؤئءوفبلكتينمهسحرعقص"
MARKS = "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0670\u0301\u0654"
FORMAT = "\u200c\u200d\u200e\u200f\u00ad\u0640\ufeff"
OTHER = "abcXYZéßİıñçёйשמנ武器ミﾞ무기😀👩\u200d🚀 .,!؟،\n\r\t0123٤٥۶-_'’\"ﷺﻻﬁ①"
mixed = st.text(alphabet=st.one_of(st.sampled_from(ARABIC + MARKS + FORMAT + OTHER), st.characters()), max_size=60)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("أسلحة", "اسلحه"),
        ("انتهاكًا", "انتهاكا"),
        ("انتهــاك", "إنتهاك"),
        ("مسيّرة", "مسيرة"),
        ("مستشفى", "مستشفي"),
        ("مسؤول", "مسوول"),
        ("ﺳﻼﺡ", "سلاح"),
        ("کشور", "كشور"),
        ("می\u200cرود", "میرود"),
        ("٢٣٩٧", "2397"),
        ("۲۳۹۷", "2397"),
        ("Weapons", "weapons"),
        ("ＷＨＯ", "who"),
        ("İHA", "iha"),
        ("ILIK", "ılık"),
        ("ёлка", "елка"),
        ("נֶשֶׁק", "נשק"),
        ('אמל"ח', "אמל״ח"),
        ("Türkiye’de", "türkiye'de"),
        ("e\u0301", "é"),
        ("ﾐｻｲﾙ", "ミサイル"),
        ("s\u200ba\u00adn\u200fc", "s\u200banc"),
    ],
)
def test_two_spellings_of_one_word(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("سلاح", "صلاح"), ("résumé", "resume"), ("й", "и"), ("ب", "ت"), ("が", "か")])
def test_two_words(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_marks_are_capped_before_anything_quadratic_sees_them() -> None:
    stacked = "ا" + "\u064b\u0655" * 300_000
    assert fold(stacked) == "ا"
    folded, offsets = fold_map(stacked)
    assert (folded, offsets) == ("ا", [0, len(stacked)])
    assert MARKS_CAP == 8


@given(mixed)
def test_the_map_and_the_key_agree(text: str) -> None:
    folded, offsets = fold_map(text)
    assert folded == fold(text)
    assert len(offsets) == len(folded) + 1
    assert offsets[-1] == len(text)
    assert all(a <= b for a, b in pairwise(offsets))


@given(mixed)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(mixed)
def test_a_span_of_the_folded_text_stands_in_the_text(text: str) -> None:
    """A piece of text cut where a folded span stands folds to at least that span: nothing of it is outside."""
    folded, offsets = fold_map(text)
    for at in range(len(folded)):
        piece = text[offsets[at] : offsets[at + 1]]
        if piece:
            assert folded[at] in fold(piece)


@given(mixed)
def test_words_are_in_order_disjoint_and_begin_with_a_letter_or_digit(text: str) -> None:
    last = 0
    for span in words(text):
        assert last <= span.start < span.end <= len(text)
        first = text[span.start]
        assert unicodedata.category(first)[0] in "LN" or ord(first) > 0xFFFF or is_cjk(first)
        last = span.end


@given(st.text("سلاح ab-\u064b\u0640\u200c武", max_size=40))
def test_marks_and_tatweel_never_change_which_words_there_are(text: str) -> None:
    plain = text.replace("\u064b", "").replace("\u0640", "").replace("\u200c", "")
    assert [w for w in (fold(text[s.start : s.end]) for s in words(text)) if w] == [fold(plain[s.start : s.end]) for s in words(plain)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MD-550, MD 550 MD550", ["MD", "550", "MD", "550", "MD", "550"]),
        ("l'embargo d’armes qu'il aujourd'hui", ["l", "embargo", "d", "armes", "qu", "il", "aujourd'hui"]),
        ("Rusya'nın об'єкт O'Brien's", ["Rusya'nın", "об'єкт", "O'Brien's"]),
        ('ארה"ב "נשק"', ['ארה"ב', "נשק"]),
        ("10,000 shells, 1,5 and 2397,2400 of ٢٬٥٠٠", ["10,000", "shells", "1", "5", "and", "2397", "2400", "of", "٢٬٥٠٠"]),
        ("فبراير2022، انتهاكًا.", ["فبراير", "2022", "انتهاكًا"]),
        ("武器と무기를 the", ["武", "器", "と", "무기를", "the"]),
        ("#عقوبات_على", ["عقوبات", "على"]),
        ("", []),
        ("…!؟", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert [text[s.start : s.end] for s in words(text)] == expected


def test_a_boundary_inside_a_graphic_word_is_glued() -> None:
    assert glued("MD550", 2)
    assert not glued("MD-550", 2)
    assert not glued("MD550", 5)
    assert not glued("MD550", 0)
