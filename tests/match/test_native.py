"""The loop in C finds what numpy finds, in any text, and refuses what is no table of ours."""

from __future__ import annotations

import re
import shutil
import sysconfig
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.match import Engine, compile_engine, meanings, native
from monitor.match.native import COMPILED, kernel, read_packed
from monitor.match.scan import Found
from monitor.model import Facts, Match, Stance
from monitor.text.chunks import BASE, KINDS, QUOTE_WEIGHT, WEIGHTS
from monitor.text.layout import lay_out
from monitor.watchlist import Term, load
from tests.match.test_scan import PIECES, engine
from tests.text.lookups import silent
from tests.text.test_chunks import TEXTS

#: Setuptools asks for as much.
_COMPILER = shutil.which("cc") is not None and Path(sysconfig.get_path("include"), "Python.h").exists()
pytestmark = pytest.mark.skipif(not _COMPILER and not COMPILED, reason="no compiler of C, or no headers of Python, on this machine")

LIST = """
id: w
groups:
  arms:
    en: [weapon, arms deal, deal in dual-use, MD-550]
    ar: [سلاح, صفقة سلاح]
    ja: [テロ]
    zh: [武器转让]
  people: {any: [name Kim Jong Un]}
  sold: {en: [sell (verb), deal]}
mask: {en: [arms race, weapon of choice, comrades in arms], ar: [سباق سلاح]}
when: arms AND NOT "gunpowder" OR people NEAR/9 sold
"""
WORDS = (*PIECES, "denied", "no", "choice", "race", "سباق", "نفى", "sold", "\n\n", ". ", "? ")
TALK = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from([" ", " ", " ", "", "-", ","])), max_size=40).map(
    lambda pieces: "".join(piece + gap for piece, gap in pieces)
)


@lru_cache
def ways() -> tuple[Engine, Engine]:
    denied = (Term("denied", "en"), Term("no deal", "en"), Term("نفى", "ar"))
    watchlist = replace(load("w", {"w.yaml": LIST}), cues={Stance.DENIED: denied})
    return compile_engine([watchlist], silent), compile_engine([watchlist], silent, native=False)


def matched(engine: Engine, text: str) -> tuple[Match, ...]:
    return engine.match(text, lay_out(text), Facts("und", "s"))


def test_it_was_compiled() -> None:
    assert COMPILED, "there is a compiler: `make clean setup`, and see what hatch_build.py says"
    assert ways()[0].table.native
    assert not ways()[1].table.native


@settings(max_examples=300)
@given(TALK)
@example("A weapon of choice in the arms race: no deal, he denied. Comrades in arms deal in dual-use weapons.")
@example("سباق سلاح وصفقة سلاح. نفى")
def test_every_match_is_the_same(text: str) -> None:
    compiled, plain = ways()
    assert matched(compiled, text) == matched(plain, text)


@settings(max_examples=300)
@given(TEXTS)
@example('אמל"ח "א" "')
@example('"א and א')
@example("武器\u3099テ\U00020001\U0001f680 a\U0001f680b")
@example("\ud800\udc00 \ud800")
def test_every_chunk_is_the_same(text: str) -> None:
    table = engine().table
    one, two = read_packed(text, table.meanings).unpacked(), table.meanings.read(text)
    for ours, other in zip(one[:4], two[:4], strict=True):
        assert ours.tolist() == other.tolist()  # type: ignore[union-attr] # all four are arrays
    assert (one.bits & ~meanings.EMPTY, one.cjk) == (two.bits & ~meanings.EMPTY, two.cjk)


def test_a_long_text_is_the_same() -> None:
    text = " ".join(["x" * 100_000, "weapon", "武器" * 2_000, "سلاح, " * 3_000, "\U0001f680" * 100, "arms deal. " * 3_000])
    compiled, plain = ways()
    assert matched(compiled, text) == matched(plain, text)
    assert matched(compiled, "") == ()


def test_both_speak_of_the_same_bits() -> None:
    source = Path(native.__file__).with_name("_native.c").read_text(encoding="utf-8")
    numbers = {name: int(number, 0) for name, number in re.findall(r"^#define ([A-Z_]+) (\w+)", source, re.MULTILINE)}
    shared = ("ASKED", "PAIR", "LOOK", "ODD", "EMPTY", "EDGED", "CLASS")
    assert {name: numbers[name] for name in shared} == {name: getattr(meanings, name) for name in shared}
    alone = np.flatnonzero(KINDS & numbers["ALONE"])
    assert alone[0] == numbers["FIRST_ALONE"]
    assert numbers["UNITS"] == len(WEIGHTS) == len(KINDS)


def test_tables_of_another_size_are_refused() -> None:
    keys, values = np.zeros(16, np.uint64), np.zeros(16, np.uint32)
    assert kernel.read("a b", WEIGHTS, KINDS, QUOTE_WEIGHT, BASE, keys, values, {})[4] == [0, 1]
    with pytest.raises(ValueError, match="power of two"):
        kernel.read("a", WEIGHTS, KINDS, QUOTE_WEIGHT, BASE, keys[:15].copy(), values, {})
    with pytest.raises(ValueError, match="another size"):
        kernel.read("a", WEIGHTS[:99].copy(), KINDS, QUOTE_WEIGHT, BASE, keys, values, {})
    with pytest.raises(ValueError, match="another size"):
        kernel.read("a", WEIGHTS, KINDS, QUOTE_WEIGHT, BASE, keys, values[:8].copy(), {})
    with pytest.raises(TypeError):
        kernel.read(b"a", WEIGHTS, KINDS, QUOTE_WEIGHT, BASE, keys, values, {})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="different lengths"):
        kernel.settle(bytearray(8), bytearray(8), bytearray(16), bytearray(4))
    with pytest.raises(ValueError, match="nobody knows"):
        _find(values=bytearray(b"\x01\x01\0\0"), single=[()])
    with pytest.raises(ValueError, match="different lengths"):
        _find(values=bytearray(8), single=[()])


def test_what_fails_in_a_callback_is_raised() -> None:
    def fails(*_: object) -> tuple[int, int]:
        raise LookupError("no such word")

    with pytest.raises(LookupError, match="no such word"):
        _find(values=bytearray(b"\x81\0\0\0"), single=[(7,)], edges=fails)
    assert _find(values=bytearray(b"\x01\0\0\0"), single=[(7,)]) == {7: [Found(0, 0, 1, 7, 0, 3)]}


def _find(values: bytearray, single: list[tuple[int, ...]], edges: object = None) -> dict[int, list[Found]]:
    hits: dict[int, list[Found]] = {}
    places = bytearray(np.array([0], np.int64).tobytes()), bytearray(np.array([3], np.int64).tobytes())
    sentences = lay_out("abc", all_body=True).sentences
    kernel.find(*places, values, sentences, single, [()], [1], {}, bytes(16), Found, hits, set(), edges, set(), print)  # type: ignore[arg-type]
    return hits
