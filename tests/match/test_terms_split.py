"""The words of a term are those that the words of a text would be, whichever way they are found."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.match.patterns import split_term
from monitor.text.words import words

ANY = st.text("azAZéßÿŁžʼαЀЁяёџѠابيةـآپאתםש가힣ᄀ一ァ٣9_'’-. \u0301\u200c\u00a0ªº×", max_size=12)


@given(ANY | st.text(max_size=12).filter(lambda text: "*" not in text))
@example("arms deal")
@example("Škoda ÿ")
@example(" arms  deal ")
@example("l'arme")
def test_a_term_has_the_words_of_the_text_it_is(text: str) -> None:
    assert split_term(text) == [text[span.start : span.end] for span in words(text)]


@pytest.mark.parametrize(
    ("term", "parts"), [("gunrun*", ["gunrun*"]), ("arms deal*", ["arms", "deal*"]), ("MD-550 *er", ["MD", "550", "*er"])]
)
def test_a_star_stays_with_its_word(term: str, parts: list[str]) -> None:
    assert split_term(term) == parts
