"""The loops of layout in C say of any text what Python says of it, and refuse what is no table of ours."""

from __future__ import annotations

import re
import shutil
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.text.fullstops import ABBREVIATIONS
from monitor.text.language import _classes, glance
from monitor.text.layout import lay_out
from monitor.text.lines import lines_of
from monitor.text.loops import COMPILED, kernel, look
from monitor.text.sentences import ender_places, split
from monitor.text.survey import ENDERS, looks, survey

_COMPILER = shutil.which("cc") is not None and Path(sysconfig.get_path("include"), "Python.h").exists()
pytestmark = pytest.mark.skipif(not _COMPILER and not COMPILED, reason="no compiler of C, or no headers of Python, on this machine")

#: What sentences are made of, and what stands between them.
PIECES = (
    *(
        "The",
        "Mr",
        "mr",
        "U.S",
        "no",
        "5",
        "2024",
        "word",
        "عام",
        "وقال",
        "د",
        "م",
        "г",
        "им",
        "İstanbul",
        "straße",
        "xx",
        "ﬁn",
        "北京",
        "テ",
    ),
    *(
        ".",
        ". ",
        ".. ",
        "...",
        "! ",
        "? ",
        "؟ ",
        "۔ ",
        "。",
        "…",
        ".\n",
        '." ',
        ".) ",
        ".\u200f ",
        ".\u200fA",
        ".A",
        ".و",
        "\n",
        "\n\n",
        "\r\n",
        "\r",
    ),
    *(" ", "  ", " - ", "\u00a0", "\u2028", "\x1c", "\u200f", "\ufeff", "\ud800", "\U00020000", "\U0001f600", "*", "_", "a" * 70),
)
TEXTS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(st.sampled_from("aB .\n!أ5\u200f"), max_size=60) | st.text()


def test_they_were_compiled() -> None:
    assert COMPILED, "there is a compiler: `make clean setup`, and see what hatch_build.py says"


@settings(max_examples=300)
@given(TEXTS)
@example("\v")
@example("é\v")
@example("\u2028漢")
@example("\U00020000")
def test_a_survey_says_the_same(text: str) -> None:
    assert look(text)[0] == survey(text)


def test_a_survey_of_each_character_says_the_same() -> None:
    for code in [*range(0x3400), *range(0x9F00, 0xA100), *range(0xAB00, 0x10100), 0x1FFFF, 0x20000, 0x3FFFD, 0x3FFFE, 0x10FFFF]:
        for text in (chr(code), f"é{chr(code)}"):
            assert look(text)[0] == survey(text), hex(code)


@settings(max_examples=600)
@given(TEXTS)
@example("He met Mr. Smith. Then Dr. No said so. It was 5.5 km from bbc.com. And e.g. this. Ok. Go. X. Y.")
@example("قال د. أحمد. وقال آخر.وقال ثالث ...  نعم")
@example("xMr. The word. B")
def test_sentences_end_at_the_same_places(text: str) -> None:
    _, enders = look(text)
    places = ender_places(text)
    assert set(enders.places) <= set(places)
    assert {place for place in places if text[place] != "."} <= set(enders.places)
    assert len(enders.sure) == len(enders.places)
    for line in re.finditer(r"\S(?:.*\S)?", text, re.DOTALL), re.finditer(r"[^\s](?:[^\n]*[^\s])?", text):
        for found in line:
            assert split(text, found.start(), found.end(), enders) == split(text, found.start(), found.end())


@settings(max_examples=300)
@given(TEXTS, st.integers(0, 60), st.integers(0, 60))
def test_a_title_may_end_inside_a_word(text: str, start: int, length: int) -> None:
    cut = min(start + length, len(text))
    _, enders = look(text, cut)
    rest = cut + len(text[cut:]) - len(text[cut:].lstrip())
    assert split(text, rest, len(text), enders) == split(text, rest, len(text))


@settings(max_examples=300)
@given(TEXTS, st.integers(0, 40))
@example("", 0)
@example("a\n\nb\n", 0)
@example(" x" * 30, 0)
@example(" ".join("x" * 20) + " - " * 60, 0)
@example("ab " * 60, 1)
def test_lines_stand_at_the_same_places(text: str, start: int) -> None:
    start = min(start, len(text))
    for end in (len(text), (start + len(text)) // 2):
        assert kernel.lines(text, start, end) == list(lines_of(text, start, end))


@given(st.lists(st.sampled_from(["a", "-", "ab", " ", "  ", "\t", "\u00a0", "٣", "_"]), max_size=200).map("".join))
def test_words_are_counted_alike(line: str) -> None:
    assert kernel.lines(line, 0, len(line)) == list(lines_of(line, 0, len(line)))


def test_a_word_of_ten_megabytes_is_a_word() -> None:
    text = "a" * 10_000_000 + ". The end. " + "." * 1_000
    assert split(text, 0, len(text), look(text)[1]) == split(text, 0, len(text))
    assert len(lay_out(text).sentences) == 2


def test_what_is_no_table_is_refused() -> None:
    of_tables: list[tuple[Any, ...]] = [("x.", looks()[:-1], ABBREVIATIONS, 5), (b"x", looks(), ABBREVIATIONS, 5), ("x", looks(), set(), 5)]
    for arguments in (*of_tables, ("x",)):
        with pytest.raises((TypeError, ValueError)):
            kernel.look(*arguments)
    for start, end in ((-1, 1), (0, 3), (2, 1)):
        with pytest.raises(ValueError, match="no piece"):
            kernel.lines("ab", start, end)


def test_the_table_knows_the_enders() -> None:
    assert [char for char in map(chr, range(0x10000)) if looks()[ord(char)] & 32] == sorted(ENDERS)


@given(st.text(st.sampled_from("aZé٣اپگی وçאяœ\U0001f600\ud800漢")) | st.text(), st.integers(1, 7))
def test_letters_are_counted_as_python_counts_them(text: str, step: int) -> None:
    assert kernel.glance(text, step, _classes()) == glance(text, step)


def test_no_letter_that_is_counted_stands_beyond_the_table() -> None:
    every = "".join(map(chr, range(0x110000)))
    assert kernel.glance(every, 1, _classes()) == glance(every, 1)


def test_a_glance_goes_no_further_than_its_text_and_its_table() -> None:
    assert kernel.glance("abc", 2**62, b"") == (0, 0, 0)
    assert kernel.glance("abc", 0, _classes()) == kernel.glance("", 1, _classes()) == (0, 0, 0)
    with pytest.raises(TypeError):
        kernel.glance(b"abc", 1, b"")  # type: ignore[arg-type]
