"""Chunks hold the words of a text, each at its place, and their numbers tell equal ones from others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.text.chunks import LONGEST, chunks
from monitor.text.words import WORD_CJK, pattern_for, words

LETTERS = "aZé9٣٤بتـًλж,٬'’\"״ש- .\n\u200c\u200f制テが\u3099\uff9e한\U0001f680\U00020001\U00010400l1d"
TEXTS = st.text(st.one_of(st.sampled_from(LETTERS), st.characters()), max_size=60)


def parted(text: str) -> list[tuple[int, int]]:
    found = chunks(text)
    return list(zip(found.starts.tolist(), found.ends.tolist(), strict=True))


@given(TEXTS)
def test_the_words_of_a_text_are_those_of_its_chunks(text: str) -> None:
    wanted = [(span.start, span.end) for span in words(text)]
    pattern = pattern_for(text)
    found = [(at + m.start(), at + m.end()) for at, end in parted(text) for m in pattern.finditer(text[at:end])]
    assert found == wanted
    assert chunks(text).cjk is (pattern is WORD_CJK)


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_equal_chunks_have_one_number_and_others_another(texts: list[str]) -> None:
    numbers: dict[str, int] = {}
    for text in texts:
        found = chunks(text)
        for start, end, number in zip(found.starts.tolist(), found.ends.tolist(), found.numbers.tolist(), strict=True):
            chunk = text[start:end]
            if len(chunk) <= LONGEST // 2:
                assert numbers.setdefault(chunk, number) == number
    assert len(set(numbers.values())) == len(numbers)


def test_numbers_do_not_depend_on_where_in_a_long_text_a_chunk_stands() -> None:
    noise = "x" * 100_000
    text = " ".join(["weapon", "сила", noise] * 5 + ["weapon сила " * 20_000])
    found = chunks(text)
    by_word: dict[str, set[int]] = {}
    for start, end, number in zip(found.starts.tolist(), found.ends.tolist(), found.numbers.tolist(), strict=True):
        by_word.setdefault(text[start:end], set()).add(number)
    assert len(by_word["weapon"]) == len(by_word["сила"]) == 1
    assert by_word.keys() == {"weapon", "сила", noise}
    assert len(set().union(*by_word.values())) >= 3


def test_a_text_without_words_has_no_chunks() -> None:
    assert parted("") == parted(" .;\n") == []
    assert parted("\ud83d") == [(0, 1)]  # a lone surrogate: whoever looks it up finds no word in it
