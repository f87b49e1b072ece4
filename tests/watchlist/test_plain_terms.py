"""Most terms are plain and read without looking for faults: as the careful reading would have read them, and said nothing."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.watchlist import terms
from monitor.watchlist.reader import FileReader

LETTERS = "azAZéßÿŁžАяЁёІіЇїЄєҐґابيةآپچژکگیאתםש가힣글ぁゖァヺー一龥々ʼ٣9_"
WORDS = st.text(LETTERS, min_size=1, max_size=4) | st.sampled_from(["AND", "OR", "NOT", "NEAR", "adj3", "w/3", "THEN", "&&", "NEAR/5", "a"])
PARTS = st.sampled_from([" ", " ", " ", "-", "  ", " - ", "", "*", "!", "?", "'", "،", "#", " #", "\u200c", "\u0301", "\u200e", "."])
MARKS = st.sampled_from(["", "", " (exact)", " (any-form)", " (verb)", "(name)", " (this-form)", " (exakt)", " (Exact)", " (this form)"])


@st.composite
def lines(draw: st.DrawFn) -> str:
    words = draw(st.lists(st.tuples(WORDS, PARTS), min_size=1, max_size=3))
    last, _ = words.pop()
    return "".join(word + part for word, part in words) + last + draw(MARKS)


@given(lines())
@example("café AND crème")
@example("arms deal (exact)")
@example("戦車を売る")
@example("Anonymous (name)")
def test_a_plain_term_is_read_as_the_careful_reading_reads_it(line: str) -> None:
    plain = terms._plain(line)
    if plain is not None:
        reader = FileReader("x.yaml", "a: b\n", "")
        (term,) = terms._line(reader, ("a",), line, 0, "en")
        assert (term.text, term.mark) == plain
        assert reader.faults == []


@pytest.mark.parametrize(
    "term", ["weapon", "arms deal", "зброя", "سلاح", "אקדח", "무기", "戦車", "ミサイル", "sürgün", "arms-deal (exact)"]
)
def test_what_most_terms_are_is_plain(term: str) -> None:
    assert terms._plain(term) is not None


def test_every_line_of_a_block_has_its_place_whatever_stands_around_it() -> None:
    text = "a: |\n  one\n\n  # remark\n  two (exact)\n  three*\n  four\nb: [five,\n  six]\nc: seven\nd: |-\n\n  eight\n"
    reader = FileReader("x.yaml", text, "")
    found = [term for key in "abcd" for term in terms.read_terms(reader, (key,), reader.data[key], "en")]
    lines = text.split("\n")
    assert len(found) == 8
    for term in found:
        assert term.text in lines[int(term.place.rpartition(":")[2]) - 1], term
