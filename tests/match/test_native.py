"""The loop in C finds what numpy finds, in any text, and refuses what is no table of ours."""

from __future__ import annotations

import re
import shutil
import sys
import sysconfig
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import FrozenInstanceError, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.match import Engine, compile_engine, meanings, native, pairs
from monitor.match.evidence import _apart
from monitor.match.native import COMPILED, kernel, read_packed
from monitor.match.pairs import SPREAD
from monitor.match.plain import MATCH
from monitor.match.scan import Found, Scanned
from monitor.match.stems import HashedStems, PlainStems
from monitor.model import Entity, Evidence, Facts, Hit, Match, Severity, Span, Stance
from monitor.text.chunks import BASE, KINDS, QUOTE_WEIGHT, WEIGHTS, chunks
from monitor.text.layout import lay_out
from monitor.text.native import kernel as words
from monitor.text.sieve import SIFTED, name_keys
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
TALK = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from([" ", " ", " ", "", "-", ",", "'", "’"])), max_size=40).map(
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
@given(TALK, st.integers(0, 60))
@example("dual-use weaponx sold", 15)
@example("arms dealx", 9)
def test_every_match_is_the_same_wherever_the_title_ends(text: str, end: int) -> None:
    title = Span(0, min(end, len(text)))
    compiled, plain = (engine.match(text, lay_out(text, title), Facts("und", "s")) for engine in ways())
    assert compiled == plain


_GROUPS = """
groups:
  arms: {en: [weapon, arms deal, deal in dual-use, MD-550], ar: [سلاح, صفقة سلاح], ja: [テロ]}
  deals: {en: [deal, arms deal, race], ar: [صفقة]}
  sold: {en: [sell (verb), deal]}
"""
_PLAIN = ("arms OR deals", "arms", 'sold OR "no" OR deals')
_OTHERS = ("arms AND sold", "deals NEAR/3 sold", "deals\nmask: {en: [arms race, no deal]}", "deals AND NOT arms OR arms")


@lru_cache
def several(queries: tuple[str, ...]) -> tuple[Engine, Engine]:
    lists = [load(f"w{number}", {f"w{number}.yaml": f"id: w{number}{_GROUPS}when: {when}\n"}) for number, when in enumerate(queries)]
    return compile_engine(lists, silent), compile_engine(lists, silent, native=False)


@settings(max_examples=300)
@given(TALK, st.sets(st.sampled_from(_OTHERS), max_size=2))
@example("arms deal sold. A weapon. no race", set())
@example("arms race", {_OTHERS[2]})
def test_every_match_of_several_watchlists_is_the_same(text: str, others: set[str]) -> None:
    """Whether they are told at once, or not all of them can be."""
    compiled, plain = several((*_PLAIN, *sorted(others)))
    found = matched(compiled, text)
    assert found == matched(plain, text)
    for match in found:
        assert compiled.match(text, lay_out(text), Facts("und", "s"), only=match.watchlist) == (match,)


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


NAMES = """id,name,aliases
1,Kim Jong Un,كيم جونغ أون;Ким Чен Ын;金正恩;김정은
2,Владимир Путин,Мария Захарова;Ольга Крутая
3,المنظمة الغربية,القاعدة;غولتشوغا;لجنة الأمن
4,Søren Æbelø,Œuvre;José Ángel;al-Qaida
5,משה לוי,נשק בע"מ
6,Anna,Li;Ly 550
"""
_NAME_WORDS = [word for word in re.split("[,;\n ]", NAMES) if word and word not in "123456"]
_ATTACHED = ["و", "ل", "لل", "ال", "بال", "ה", "וש", "а", "у", "ой", "ого", "ем", "은", "에서는", "의", "s", "a", "1", "ات"]


@lru_cache
def named() -> Engine:
    files = {"w.yaml": "id: w\ngroups: {n: {from: entities/n.csv}, g: {ru: [name Кольчуга], tr: [silah], ar: [سلاح]}}\nwhen: n OR g\n"}
    return compile_engine([load("w", files | {"entities/n.csv": NAMES})], silent)


@settings(max_examples=600)
@given(st.lists(st.sampled_from([*_NAME_WORDS, *"".join(_NAME_WORDS), *_ATTACHED]), min_size=1, max_size=4).map("".join))
@example("للقاعدة")
@example("Путиным")
@example("Кольчугой")
@example("김정은은")
def test_no_word_that_a_name_may_begin_with_is_held_back(word: str) -> None:
    table = named().table
    starts, ends = (np.ascontiguousarray(places) for places in chunks(word)[:2])
    assert table.sieve is not None
    nothing = table.sieve.holds_back(word, starts, ends, np.arange(len(starts)))
    for start, end, held in zip(starts.tolist(), ends.tolist(), nothing, strict=True):
        assert not held or table.meet(word[start:end].strip("'\"")) == ()


_NAMED = st.lists(
    st.tuples(st.sampled_from([*_NAME_WORDS, *_ATTACHED, "the", "123", "Kimberley", "K"]), st.sampled_from([" ", " ", "", "-", ", ", ". "]))
)


@settings(max_examples=400)
@given(_NAMED.map(lambda pieces: "".join(piece + gap for piece, gap in pieces)))
@example("Kim Jong Un's Ким Чен Ына كيم جونغ أون وكيم جونغ أون 김정은은 Jo sé Ángel al Qaida Kim Jong")
@example("القاعدة123 al-Qaida ")
@example("«Anna» said 550 Anna, Œuvre’s Anna-Li and القاعدة غولتشوغا, to Anna Li")
@example("José Án gel SørenÆbelø המשה לוי Владимиром Путиным Мария Захаровой الم نظمة الغربية")
def test_every_name_that_goes_on_is_found(text: str) -> None:
    sentences = lay_out(text, all_body=True).sentences
    found, wanted = (Scanned(text, sentences, named().table, plainly=plainly).collect().hits for plainly in (False, True))
    assert found == wanted


@given(st.lists(st.text("abcd", min_size=1, max_size=6)), st.integers(1, 5), st.text("abcd", max_size=5))
def test_a_filter_keeps_back_no_beginning(keys: list[str], depth: int, more: str) -> None:
    table = words.prefixes(sorted(f"{key}\0{number:x}" for number, key in enumerate(keys)), depth, [])
    texts = [f"{key[:size]} {key[size:]}{more}" for key in keys for size in range(1, len(key))]
    for text in texts:
        parts = text.split()
        starts, ends = np.array([0, len(parts[0]) + 1]), np.array([len(parts[0]), len(text)])
        begun = bytearray(words.pieces([parts[0]]) + len(parts[0]).to_bytes(8, sys.byteorder))
        values, numbers, parted = np.array([1, 0], np.uint32), np.array([5, 6], np.uint64), np.zeros((4, 2), np.uint64)
        asked = (text, starts, ends, numbers, values, 1, 8, [(5, -1)], begun, parted, SIFTED, name_keys(), table, depth)
        for _again in range(2):
            assert words.onward(*asked) == [0] or "".join(parts) not in keys


def test_what_no_name_goes_on_with_is_kept_back() -> None:
    meanings = named().table.meanings
    for text, places in (("Kim said Kim Jong said Kim Jong Un", [5]), ("Владимир сказал", []), ("كيم قال كيم جونغ أون", [2]), ("Anna", [])):
        for _again in range(2):
            read = meanings.read(text)
            assert list(meanings.begin(text, (read.starts.copy(), read.ends.copy(), read.numbers, read.values))) == places


def test_with_what_no_name_goes_on_is_remembered_of_the_next_word_alone() -> None:
    table, parted = words.prefixes(["abcd\0001", "abef\0002"], 9, []), np.zeros((1024, 2), np.uint64)
    begun = bytearray(words.pieces(["ab"]) + (2).to_bytes(8, sys.byteorder))

    def onward(text: str, *numbers: int) -> list[int]:
        parts = text.split()
        starts = np.cumsum([0, *(len(part) + 1 for part in parts[:-1])])
        ends, values = starts + [len(part) for part in parts], np.array([part == "ab" for part in parts], np.uint32)
        chunks = starts, ends, np.array(numbers, np.uint64), values | (values << 8)
        return words.onward(text, *chunks, 1, 8, [(), (-1,)], begun, parted, SIFTED, name_keys(), table, 9)

    assert onward("ab cd", 1, 2) == [0]
    assert onward("ab c ab c d", 1, 3, 1, 3, 4) == [2]  # which is told by the word behind, and of that nothing is kept
    assert not parted.any()
    assert onward("ab x ab cd", 1, 5, 1, 2) == [2]
    assert sorted(map(tuple, parted[parted.any(axis=1)].tolist())) == [(5, 1)]
    # By the number, as long as one is to be relied on.
    assert onward("ab cd", 1, 5) == []
    assert onward(f"ab {'c' * 41}", 1, 5) == [0]


def test_what_is_no_filter_of_ours_is_refused() -> None:
    one, table = np.zeros(1, np.int64), words.prefixes(["a"], 9, [])

    def onward(
        text: object = "a b",
        places: object = one,
        met: object = ((),),
        filter: object = table,  # noqa: A002
        numbers: object = b"\1" * 16,
        parted: object = None,
        shift: object = 8,
    ) -> object:
        parted = bytearray(64) if parted is None else parted
        chunks = np.array([0, 2]), places, numbers, np.array([1, 1], np.uint32)
        return words.onward(text, *chunks, 1, shift, met, bytearray(16), parted, SIFTED, name_keys(), filter, 9)  # type: ignore[arg-type]

    ends = np.array([1, 3])
    assert onward(places=ends, met=[()]) == []
    with pytest.raises(ValueError, match="another size"):
        onward(met=[()])
    with pytest.raises(ValueError, match="another size"):
        onward(places=ends, met=[()], filter=bytes(24))
    for other in ({"numbers": bytes(8)}, {"parted": bytearray(16)}, {"parted": bytearray(48)}, {"parted": bytearray()}, {"shift": 32}):
        with pytest.raises(ValueError, match="another size"):
            onward(places=ends, met=[()], **other)
    with pytest.raises(ValueError, match="another kind of item"):
        onward(places=ends, met=[()], parted=bytearray(24))
    with pytest.raises(BufferError):
        onward(places=ends, met=[()], parted=bytes(64))
    with pytest.raises(ValueError, match="class that nobody knows"):
        onward(places=ends, met=[])
    with pytest.raises(ValueError, match="beginning that nobody knows"):
        onward(places=ends, met=[(-2,)])
    for wrong in ({"met": [3]}, {"met": [("a",)]}, {"met": ()}, {"text": b"a b", "met": [()]}, {"met": [()], "shift": "8"}):
        with pytest.raises(TypeError):
            onward(places=ends, **wrong)
    for entries, depth, first in (([b"a"], 9, []), (("a",), 9, []), (["a"], "9", []), (["a"], 9, ()), (["a"], 9, [3])):
        with pytest.raises(TypeError):
            words.prefixes(entries, depth, first)  # type: ignore[arg-type]
    for depth in (-(2**63), -1, 0, 41, 2**63 - 1):
        with pytest.raises(ValueError, match="another size"):
            words.prefixes(["a"], depth, [])
    assert len(words.prefixes([], 1, [])) == len(words.prefixes([], 40, [])) == 8


def test_what_no_name_begins_with_is_held_back() -> None:
    sieve = named().table.sieve
    assert sieve is not None
    words = ["parliament", "المدرسة", "больница", "Kimberley", "Путина", "Владимира", "والقاعدة", "김정은의"]
    held = [sieve.holds_back(word, np.zeros(1, np.intp), np.array([len(word)]), np.zeros(1, np.intp))[0] for word in words]
    assert held == [1, 1, 1, 1, 1, 0, 0, 0]


def test_a_long_text_is_the_same() -> None:
    text = " ".join(["x" * 100_000, "weapon", "武器" * 2_000, "سلاح, " * 3_000, "\U0001f680" * 100, "arms deal. " * 3_000])
    compiled, plain = ways()
    assert matched(compiled, text) == matched(plain, text)
    assert matched(compiled, "") == ()


def test_both_speak_of_the_same_bits() -> None:
    folder = Path(native.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in (folder / "_native.c", folder.parent / "chunks.h"))
    numbers = {name: int(number, 0) for name, number in re.findall(r"^#define ([A-Z_]+) (\d\w*)", source, re.MULTILINE)}
    assert f"#define SPREAD UINT64_C({SPREAD:#X})".replace("0X", "0x") in source
    shared = ("ASKED", "PAIR", "LOOK", "ODD", "EMPTY", "EDGED", "CLASS", "NONE", "ONLY")
    assert {name: numbers[name] for name in shared} == {name: getattr(meanings, name) for name in shared}
    alone = np.flatnonzero(KINDS & numbers["ALONE"])
    assert alone[0] == numbers["FIRST_ALONE"]
    assert numbers["UNITS"] == len(WEIGHTS) == len(KINDS)


@given(st.lists(st.tuples(st.integers(1, 2**64 - 1) | st.integers(1, 9), st.integers(0, 2**32 - 1)), max_size=60))
def test_chunks_are_put_where_python_puts_them(entries: list[tuple[int, int]]) -> None:
    ours, others = np.zeros((16, 2), np.uint64), np.zeros((16, 2), np.uint64)
    numbers, values = np.array([number for number, _ in entries], np.uint64), np.array([value for _, value in entries], np.uint64)
    assert kernel.put(ours, numbers, values) == meanings.put(others, numbers, values)
    assert ours.tolist() == others.tolist()


_STEMS = st.lists(st.lists(st.tuples(st.text(max_size=2), st.integers(0, 2**28)), max_size=9).map(tuple), max_size=4)


@given(_STEMS, st.integers(0, 400))
def test_stems_are_kept_as_python_keeps_them(found: list[tuple[tuple[str, int], ...]], more: int) -> None:
    """The table grows by what is entered, of which nothing is lost."""
    ours, others = HashedStems(), PlainStems()
    for slot, stems in enumerate([*found, *(tuple((f"s{n * 7 + m}", m) for m in range(7)) for n in range(more))]):
        ours.add(stems, slot)
        others.add(stems, slot)
    for stem in {stem for stems in found for stem, _ in stems} | {"", "x", "s0", "s699"}:
        assert sorted(ours.of(stem)) == sorted(others.of(stem))
        assert (stem in ours) == (stem in others)


def test_what_is_no_table_of_stems_is_refused() -> None:
    table = np.zeros((2, 2), np.uint64)
    kernel.add_stems(table, (("a", 1), ("b", 2)), 7)
    assert (kernel.stem(table, "a"), kernel.stem(table, "c")) == (((1, 7),), ())
    with pytest.raises(ValueError, match="full"):
        kernel.add_stems(table, (("c", 1),), 7)
    with pytest.raises(ValueError, match="full"):
        kernel.move_stems(np.concatenate((table, table)), table)
    with pytest.raises(ValueError, match="power of two"):
        kernel.stem(np.zeros((3, 2), np.uint64), "a")
    for wrong in ([("a", 1)], (("a",),), ((b"a", 1),), (("a", "b"),)):
        with pytest.raises(TypeError):
            kernel.add_stems(np.zeros((4, 2), np.uint64), wrong, 7)  # type: ignore[arg-type]
    for slot, allows in ((2**32, 1), (1, 2**32), (-1, 1)):
        with pytest.raises(OverflowError):
            kernel.add_stems(np.zeros((4, 2), np.uint64), (("a", allows),), slot)
    with pytest.raises(TypeError):
        kernel.stem(table, b"a")  # type: ignore[arg-type]


def test_tables_of_another_size_are_refused() -> None:
    table = np.zeros((16, 2), np.uint64)
    assert kernel.read("a b", WEIGHTS, KINDS, QUOTE_WEIGHT, BASE, table, {})[4] == [0, 1]
    with pytest.raises(ValueError, match="power of two"):
        kernel.read("a", WEIGHTS, KINDS, QUOTE_WEIGHT, BASE, table[:15].copy(), {})
    with pytest.raises(ValueError, match="another kind of item"):
        kernel.read("a", WEIGHTS, KINDS, QUOTE_WEIGHT, BASE, table.reshape(-1)[:15].copy(), {})
    with pytest.raises(ValueError, match="another size"):
        kernel.read("a", WEIGHTS, KINDS, QUOTE_WEIGHT, BASE, table[:2].copy(), {})
    with pytest.raises(ValueError, match="another size"):
        kernel.read("a", WEIGHTS[:99].copy(), KINDS, QUOTE_WEIGHT, BASE, table, {})
    with pytest.raises(TypeError):
        kernel.read(b"a", WEIGHTS, KINDS, QUOTE_WEIGHT, BASE, table, {})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="another size"):
        kernel.put(table, table[:, 0].copy(), table[1:, 0].copy())
    with pytest.raises(ValueError, match="power of two"):
        kernel.put(table[:15].copy(), table[:, 0].copy(), table[:, 1].copy())
    with pytest.raises(ValueError, match="different lengths"):
        kernel.settle(bytearray(8), bytearray(8), bytearray(16), bytearray(4))
    with pytest.raises(ValueError, match="begin where an item may"):
        kernel.settle(bytearray(8), bytearray(8), bytearray(8), _ahead(4))
    with pytest.raises(ValueError, match="nobody knows"):
        _find(values=bytearray(b"\x01\x01\0\0"), single=[()])
    with pytest.raises(ValueError, match="different lengths"):
        _find(values=bytearray(8), single=[()])


def _ahead(size: int) -> bytearray:
    """So many bytes that begin where no number of several does."""
    ahead = bytearray(size + 1)
    del ahead[:1]
    return ahead


def test_a_buffer_that_begins_between_two_numbers_is_refused() -> None:
    table = np.zeros((16, 2), np.uint64)
    two, none = memoryview(bytes(6))[2:], memoryview(bytes(5))[5:]
    between: Any
    for between in (memoryview(bytes(257))[1:], memoryview(bytes(260))[4:]):
        with pytest.raises(ValueError, match="begin where an item may"):
            kernel.read("a", WEIGHTS, KINDS, QUOTE_WEIGHT, BASE, between, {})
    with pytest.raises(ValueError, match="begin where an item may"):
        kernel.by_group(b"", two, [()], Found)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="begin where an item may"):
        _find(values=_ahead(4), single=[()])
    assert kernel.read("a", WEIGHTS, memoryview(bytes(len(KINDS) + 1))[1:], QUOTE_WEIGHT, BASE, table, {})[4] == [0]
    assert kernel.by_group(b"", none, [()], Found) == {}  # type: ignore[arg-type]


class _Emptying:
    """Stands for a number, and empties what it is in when it is asked for one."""

    def __init__(self, what: list[tuple[int, ...]] | dict[int, object]) -> None:
        self.what = what

    def __index__(self) -> int:
        self.what.clear()
        return 1

    def __hash__(self) -> int:
        return self.__index__()

    def __eq__(self, other: object) -> bool:
        return not self.__index__()


class _Number(int):
    """What is no number exactly may do anything where it is hashed or compared."""


def test_what_is_searched_for_by_what_is_no_number_is_refused() -> None:
    numbers: list[Callable[[Any], Any]] = [_Emptying, lambda _: _Number(1), lambda _: 1.0]
    for number in numbers:
        single: list[tuple[int, ...]] = []
        single.append((number(single),) * 3)
        with pytest.raises(TypeError, match="a number was expected"):
            _find(values=bytearray(b"\x01\0\0\0"), single=single)
        for at in (0, 1):
            phrases: dict[int, object] = {}
            phrase: list[object] = [0, 0, (1, 1)]
            phrase[at] = number(phrases)
            phrases[2 << 32 | 2] = (tuple(phrase),) * 2
            with pytest.raises(TypeError, match="a number was expected"):
                _find_phrases(phrases, [(1,)])


def test_what_is_emptied_while_it_is_searched_for_is_held() -> None:
    for emptied in ("phrases", "met"):
        phrases: dict[int, object] = {}
        met: list[tuple[int, ...]] = []
        what = _Emptying(phrases if emptied == "phrases" else met)
        met.append((what, what))  # type: ignore[arg-type]
        phrases[2 << 32 | 2] = ((0, 0, (1, 1, 1)),) * 2
        if emptied == "phrases":
            assert _find_phrases(phrases, met) == b""
        else:
            with pytest.raises(ValueError, match="nobody knows"):
                _find_phrases(phrases, met)


def test_what_begins_beyond_any_text_is_refused() -> None:
    most = np.array([2**63 - 1], np.int64).tobytes()
    tables: tuple[Any, ...] = [(1,)], b"", [()], [1], {}, bytes(64), bytes(16), set()
    chunks: tuple[Any, ...] = most, most, bytes([1, 0, 0, 0]), ((0, 1, "z"),)
    with pytest.raises(ValueError, match="beyond any text"):
        kernel.find("a", *chunks, *tables, print, set(), print)  # type: ignore[call-arg]


@pytest.mark.parametrize("edges", [None, 3, [0, 1], "ab"])
def test_edges_that_are_no_tuple_are_refused(edges: object) -> None:
    with pytest.raises(TypeError, match="is a tuple"):
        _find(values=bytearray(b"\x81\0\0\0"), single=[(7,)], edges=lambda *_: edges, text='"ab')


#: Numbers of which some have a line of the table in common.
LINED = st.integers(0, 63).map(lambda number: number % 16 << 60 | number)
MISSED = st.lists(st.tuples(LINED, st.booleans(), st.booleans()), max_size=40)


@given(
    st.lists(st.tuples(LINED, st.booleans(), st.booleans()), max_size=40), st.integers(-1, 12), st.dictionaries(LINED, st.integers(1, 9))
)
def test_chunks_that_are_nothing_are_passed_over(chunks: list[tuple[int, bool, bool]], most: int, before: dict[int, int]) -> None:
    table = pairs.aligned(16)
    kernel.put(table, np.array([*before], np.uint64), np.array([*before.values()], np.uint64))
    known = {number: value for number, value in table.tolist() if number}
    numbers, values = np.array([number for number, _, _ in chunks], np.uint64), np.full(len(chunks), 99, np.uint32)
    places = [place for place, (_, asked, _) in enumerate(chunks) if asked]
    nothing = bytes(chunks[place][2] for place in places)
    said, wanted, rest, new = dict(enumerate(values.tolist())), dict(known), [], 0
    for index, place in enumerate(places):
        number = chunks[place][0]
        room = number and (len([other for other in wanted if other >> 62 == number >> 62]) < 4 and new < most)
        if not nothing[index] or not (number in wanted or room):
            rest.append(index)
            continue
        new += number not in wanted
        said[place] = wanted.setdefault(number, 0)
    assert kernel.pass_over(table, numbers, values, array("q", places), nothing, most) == (rest, new)
    assert values.tolist() == [*said.values()]
    assert {number: value for number, value in table.tolist() if number} == wanted


@pytest.mark.parametrize(
    ("place", "other", "error"),
    [
        (0, bytes(256), "not writable"),
        (0, bytearray(32), "tables|different lengths"),
        (0, bytearray(48), "no power of two"),
        (1, bytes(8), "different lengths"),
        (2, bytes(8), "not writable"),
        (2, bytearray(4), "different lengths"),
        (3, array("q", [0, 2]), "beyond the chunks"),
        (3, array("q", [0, -1]), "beyond the chunks"),
        (3, array("q", [0]), "different lengths"),
        (4, b"", "different lengths"),
        (5, None, "integer"),
    ],
)
def test_what_cannot_be_passed_over_is_refused(place: int, other: object, error: str) -> None:
    given: list[Any] = [pairs.aligned(16), bytes(16), bytearray(8), array("q", [0, 1]), b"\1\1", 9]
    given[place] = other
    with pytest.raises((TypeError, ValueError, BufferError), match=error):
        kernel.pass_over(*given)


def packed(hits: Iterable[Sequence[int]]) -> bytes:
    """Hits as ``kernel.find`` tells them."""
    return np.array([tuple(hit) for hit in hits], np.int64).tobytes()


SETS: list[tuple[int, ...]] = [(), (0,), (1,), (0, 1), (2, 0)]
HITS = st.lists(st.builds(Found, *[st.integers(0, 3)] * 3, st.integers(0, 9), *[st.integers(-(2**62), 2**62)] * 2))


Ways = dict[int, tuple[tuple[str, str, Entity | None], ...]]
CALLED = ["f", "g", "h"]
#: How the hits of eight patterns are told, most in one way.
WAYS = st.tuples(st.sampled_from(CALLED), st.sampled_from(["arms", "deal"]), st.sampled_from([None, None, Entity("q1", "A", "l")]))
TOLD = st.lists(st.lists(WAYS, max_size=3, unique_by=str) | WAYS.map(lambda way: [way]), min_size=8, max_size=8).map(
    lambda told: {pattern: tuple(ways) for pattern, ways in enumerate(told)}
)
#: Hits of one sentence, in order, each once; each word is two letters.
OVERLAPPING = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3), st.integers(0, 7)), max_size=12).map(
    lambda found: sorted({Found(0, first, first + size, number, 2 * first, 2 * (first + size)) for first, size, number in found})
)


@given(HITS, st.lists(st.integers(0, len(SETS) - 1), min_size=10, max_size=10))
def test_hits_are_grouped_as_python_would(hits: list[Found], numbers: list[int]) -> None:
    hits.sort()
    found, of = packed(hits), np.array(numbers, np.uint32).tobytes()
    groups = {hit: SETS[numbers[hit.pattern]] for hit in hits}
    every = {group for of_one in groups.values() for group in of_one}
    assert kernel.found(found, Found) == {hit.pattern: [other for other in hits if other.pattern == hit.pattern] for hit in hits}
    assert kernel.by_group(found, of, SETS, Found) == {group: [hit for hit in hits if group in groups[hit]] for group in every}


def test_what_is_no_hit_of_a_known_pattern_is_refused() -> None:
    def ask(hits: Any, of: Any, sets: Any) -> dict[int, list[Found]]:
        return kernel.by_group(hits, of, sets, Found)

    of = np.array([0, 9], np.uint32).tobytes()
    for pattern in (-1, 2, 2**62, -(2**62)):
        with pytest.raises(ValueError, match="pattern that nobody knows"):
            ask(packed([(0, 0, 1, pattern, 0, 1)]), of, SETS)
    with pytest.raises(ValueError, match="set of groups that nobody knows"):
        ask(packed([(0, 0, 1, 1, 0, 1)]), of, SETS)
    with pytest.raises(ValueError, match="set of groups that nobody knows"):
        ask(packed([(0, 0, 1, 0, 0, 1)]), of, [None])
    for hits, numbers, sets in ((bytes(47), of, SETS), (b"", bytes(3), SETS)):
        with pytest.raises(ValueError, match="another kind of item"):
            ask(hits, numbers, sets)
    for other in ((b"", of, ()), ("", of, SETS), (b"", None, SETS)):
        with pytest.raises(TypeError):
            ask(*other)
    assert not ask(b"", of, SETS)
    one = packed([(0, 0, 1, 0, 0, 1)] * 2)
    other_hits: Any
    for other_hits in (bytearray(one), memoryview(one), type("Bytes", (bytes,), {})(one)):
        with pytest.raises(TypeError, match="bytes that `find` returned"):
            ask(other_hits, of, SETS)
    others: list[Callable[[Any], Any]] = [_Emptying, lambda _: _Number(1), lambda _: "1"]
    for group in others:
        emptied: list[tuple[int, ...]] = []
        emptied.append((group(emptied),) * 3)
        with pytest.raises(TypeError, match="group is a number"):
            ask(one, of, emptied)


def test_hits_are_taken_as_bytes_only() -> None:
    with pytest.raises(TypeError, match="bytes that `find` returned"):
        kernel.found(bytearray(48), Found)  # type: ignore[arg-type]


class TestTellingGroups:
    """Evidence of clauses that are one group each, told from hits as C finds them."""

    text = "arms deal. Guns"
    sentences = lay_out(text, all_body=True).sentences

    same = ("w", "1", Severity.HIGH, (Stance.REPORTED,), 3)

    def matches(self, hits: Iterable[Sequence[int]], **other: object) -> tuple[Match, ...] | None:
        given: dict[str, object] = {
            "of": [0, 1, 2, 3],
            "rows": {0: (0, None), 1: (1, "g"), 2: (2, "h"), 3: (3, None)},
            "clauses": {1: "g", 2: "h", 3: "g OR h"},
            "same": self.same,
            "terms": ["none", "arms", "deal", "guns"],
            "apart": lambda text, found, told: found,
            "true_by": (0,),
            "types": (Evidence, Hit, Found),
            "match": MATCH,
        } | other
        of = np.array(given["of"], np.uint32).tobytes()
        lists = given.get("lists", [(given["rows"], given["clauses"], {}, given["same"])])
        kit = Stance.REPORTED, *given["types"], given["apart"]  # type: ignore[misc]
        of_text = self.text, self.sentences, given["terms"], kit, given["match"]
        return kernel.tell_groups(packed(hits), of, given["true_by"], lists, *of_text)  # type: ignore[arg-type]

    def told(self, hits: Iterable[Sequence[int]], **other: object) -> tuple[Evidence, ...]:
        (match,) = self.matches(hits, **other) or ()
        return match.evidence

    def test_a_match_is_made_as_its_own_way_would(self) -> None:
        (made,) = self.matches([]) or ()
        assert (made, type(made)) == (Match(*self.same[:-1], (), 3), Match)
        with pytest.raises(FrozenInstanceError):
            made.total = 4  # type: ignore[misc]

    def test_matches_are_of_the_watchlists_that_the_hits_make_true(self) -> None:
        """In their order; of none where a hit may do more than that."""
        of_g, of_h = ({0: (0, None), 1: (1, "g"), 2: (0, None)}, {1: "g"}), ({0: (0, None), 1: (0, None), 2: (1, "h")}, {1: "h"})
        lists: list[object] = [(*rows, {}, (name, *self.same[1:])) for name, rows in (("h", of_h), ("g", of_g))]
        true_by: dict[int, tuple[int, ...] | None] = {0: (), 1: (1,), 2: (0,), 3: None}
        first, second, third = (0, 0, 1, 1, 0, 4), (0, 1, 2, 2, 5, 9), (1, 0, 1, 1, 11, 15)
        for hits, wanted in (
            ([], []),
            ([(0, 0, 1, 0, 0, 4)], []),
            ([first], [("g", ["arms"])]),
            ([(0, 0, 1, 0, 0, 4), first], [("g", ["arms"])]),
            ([first, second, third], [("h", ["deal"]), ("g", ["arms", "Guns"])]),
        ):
            matches = self.matches(hits, lists=lists, true_by=true_by)
            assert matches is not None
            assert [(match.watchlist, [hit.text for one in match.evidence for hit in one.hits]) for match in matches] == wanted
        assert self.matches([first, second, (1, 0, 1, 3, 11, 15)], lists=lists, true_by=true_by) is None

    @pytest.mark.parametrize(
        ("other", "error"),
        [
            ({"true_by": (1,)}, ValueError),
            ({"true_by": (-1,)}, ValueError),
            ({"true_by": ("0",)}, TypeError),
            ({"true_by": (1 << 70,)}, OverflowError),
            ({"true_by": [0]}, IndexError),
            ({"true_by": {1: [0]}}, TypeError),
            ({"true_by": {}}, KeyError),
            ({"true_by": {1: ("a",), 2: (1,)}}, TypeError),
            ({"lists": [None]}, ValueError),
            ({"lists": [({}, {}, {})]}, ValueError),
            ({"lists": ()}, TypeError),
            ({"same": ()}, TypeError),
            ({"same": [*same]}, TypeError),
            ({"types": (Evidence, Hit)}, TypeError),
            ({"types": (Evidence, Hit, list)}, TypeError),
            ({"types": (Evidence, "Hit", Found)}, TypeError),
            ({"match": (Match, ())}, TypeError),
            ({"match": (Match, [*MATCH[1]])}, TypeError),
            ({"match": (Match, (1,) * 6)}, TypeError),
            ({"match": (Hit, MATCH[1])}, TypeError),
            ({"match": (Facts, MATCH[1])}, TypeError),
            ({"match": ("Match", MATCH[1])}, TypeError),
        ],
    )
    def test_what_is_no_watchlist_and_no_type_is_refused(self, other: dict[str, object], error: type[Exception]) -> None:
        with pytest.raises(error):
            self.matches([(0, 0, 1, 1, 0, 4), (0, 1, 2, 2, 5, 9)], **other)

    def test_a_passage_is_named_by_all_that_fired_there(self) -> None:
        one, two = self.told([(0, 0, 1, 1, 0, 4), (0, 1, 2, 2, 5, 9), (1, 0, 1, 1, 11, 15)])
        hits = Hit("g", "arms", 0, 4, "arms"), Hit("h", "deal", 5, 9, "deal")
        assert one == Evidence(0, 10, "arms deal.", self.sentences[0].zone, Stance.REPORTED, "g OR h", hits)
        assert (two.clause, two.hits, type(two), type(two.hits[0])) == ("g", (Hit("g", "arms", 11, 15, "Guns"),), Evidence, Hit)

    def test_what_no_clause_asks_for_is_no_evidence(self) -> None:
        (one,) = self.told([(0, 0, 1, 0, 0, 4), (1, 0, 1, 0, 11, 15), (1, 0, 1, 2, 11, 15)])
        assert [hit.group for hit in one.hits] == ["h"]
        assert self.told([]) == ()

    @given(OVERLAPPING, TOLD)
    def test_what_overlaps_or_is_told_in_several_ways_is_told_as_python_would(self, hits: list[Found], told: Ways) -> None:
        """Patterns told in one way are of the set of groups of that name; the others are of one that has several."""
        names: list[str | None] = [None, *CALLED]
        alone = {pattern: ways[0] for pattern, ways in told.items() if len(ways) == 1 and ways[0][2] is None}
        of = [names.index(alone[pattern][0]) if pattern in alone else 0 for pattern in range(len(told))]
        terms = [alone[pattern][1] if pattern in alone else None for pattern in range(len(told))]
        rows = {number: (1, name) for number, name in enumerate(names)}
        lists = [(rows, {1: "g"}, told, self.same)]
        evidence = self.told(hits, of=of, terms=terms, lists=lists, apart=None)
        assert [one.hits for one in evidence] == ([_apart(self.text, hits, told)] if hits else [])

    def test_what_has_more_names_than_that_is_left_to_python(self) -> None:
        rows = tuple((f"n{number}", "arms", None) for number in range(17))
        hits = [Found(0, 0, 1, 1, 0, 4), Found(0, 0, 2, 1, 0, 9)]
        for told, left in ((rows[1:], False), (rows, True)):
            lists = [({1: (1, None)}, {1: "g"}, {1: told}, self.same)]
            (one,) = self.told([*hits, (0, 4, 5, 0, 0, 4)], lists=[({0: (0, None), **lists[0][0]}, *lists[0][1:])])
            found: object = one.hits
            assert (found == tuple(hits), found == _apart(self.text, hits, {1: told})) == (left, not left)

    @pytest.mark.parametrize("rows", [None, ["g"], (None,), (("g", "t"),), ((1, "t", None),), (("g", "t", None), "gt")], ids=repr)
    def test_ways_that_are_none_are_refused(self, rows: object) -> None:
        with pytest.raises(TypeError):
            self.told([(0, 0, 1, 1, 0, 4)], lists=[({1: (1, None)}, {1: "g"}, {1: rows}, self.same)])

    @pytest.mark.parametrize(
        ("hit", "other", "error"),
        [
            ((9, 0, 1, 1, 0, 4), {}, ValueError),
            ((-1, 0, 1, 1, 0, 4), {}, ValueError),
            ((0, 0, 1, 1, -4, 4), {}, IndexError),
            ((0, 0, 1, 9, 0, 4), {}, ValueError),
            ((0, 0, 1, -1, 0, 4), {}, ValueError),
            ((0, 0, 1, 1, 0, 4), {"terms": ["none"]}, ValueError),
            ((0, 0, 1, 1, 0, 4), {"terms": ("none", "arms")}, TypeError),
            ((0, 0, 1, 1, 0, 4), {"of": [9, 9]}, KeyError),
            ((0, 0, 1, 1, 0, 4), {"rows": {1: (-1, "g")}}, ValueError),
            ((0, 0, 1, 1, 0, 4), {"rows": {1: (1 << 63, "g")}}, OverflowError),
            ((0, 0, 1, 1, 0, 4), {"rows": {1: "g"}}, TypeError),
            ((0, 0, 1, 1, 0, 4), {"rows": {1: ("g", "g")}}, TypeError),
            ((0, 0, 1, 1, 0, 4), {"clauses": {}}, KeyError),
            ((0, 0, 1, 3, 0, 4), {"apart": lambda text, found, told: told["no"]}, KeyError),
        ],
    )
    def test_what_is_no_hit_or_no_table_is_refused(self, hit: Sequence[int], other: dict[str, object], error: type[Exception]) -> None:
        with pytest.raises(error):
            self.told([hit], **other)

    def test_hits_that_could_change_meanwhile_are_refused(self) -> None:
        hits = packed([(0, 0, 1, 1, 0, 4), (0, 1, 2, 1, 5, 9)])
        lists: list[Any] = [({0: (1, "g")}, {1: "g"}, {}, self.same)]
        rest: tuple[Any, ...] = self.text, self.sentences, [], (Stance.REPORTED, Evidence, Hit, Found, print), MATCH
        other: Any
        for other in (bytearray(hits), memoryview(hits)):
            with pytest.raises(TypeError, match="bytes that `find` returned"):
                kernel.tell_groups(other, bytes(16), (0,), lists, *rest)

    def test_rows_that_change_meanwhile_are_refused(self) -> None:
        class Rows(dict[int, tuple[int, str]]):
            def __missing__(self, number: int) -> tuple[int, str]:
                self.asked = getattr(self, "asked", 0) + 1
                return int(self.asked < 3), "g"

        with pytest.raises(RuntimeError, match="rows that change"):
            self.told([(0, 0, 1, 1, 0, 4), (0, 1, 2, 2, 5, 9)], rows=Rows())


class TestTelling:
    """Evidence told in C, from hits and sentences that Python made; that it is the same is for the matches above to show."""

    text = "arms deal"
    sentences = lay_out(text, all_body=True).sentences

    def told(self, hits: object, told: object = None, apart: object = None) -> tuple[Evidence, ...]:
        told = told if told is not None else {7: [("g", "t", None)]}
        denied = {0: Stance.DENIED}
        return kernel.tell(self.text, self.sentences, hits, told, denied, Stance.REPORTED, {}, "g", Evidence, Hit, apart)  # type: ignore[arg-type]

    def test_one_hit_and_two_apart(self) -> None:
        rows = {7: (("g", "t", None),)}
        one, two = Found(0, 0, 1, 7, 0, 4), Found(0, 1, 2, 7, 5, 9)
        (evidence,) = self.told([one, two], rows)
        assert evidence == Evidence(0, 9, self.text, self.sentences[0].zone, Stance.DENIED, "g", evidence.hits)
        assert evidence.hits == (Hit("g", "t", 0, 4, "arms"), Hit("g", "t", 5, 9, "deal"))
        assert type(evidence) is Evidence
        assert type(evidence.hits[0]) is Hit

    @given(OVERLAPPING, TOLD)
    def test_what_overlaps_or_is_told_in_several_ways_is_told_as_python_would(self, hits: list[Found], told: Ways) -> None:
        evidence = self.told(hits, told)
        assert [one.hits for one in evidence] == ([_apart(self.text, hits, told)] if hits else [])

    @pytest.mark.parametrize("names", [16, 17])
    def test_what_has_many_names_is_left_to_python(self, names: int) -> None:
        left: list[object] = []

        def apart(found: object) -> tuple[Hit, ...]:
            left.append(found)
            return ()

        hits = [Found(0, 0, 2, 7, 0, 4), Found(0, 1, 2, 7, 5, 9)]
        (evidence,) = self.told(hits, {7: tuple((f"n{number}", "t", None) for number in range(names))}, apart)
        assert (left, len(evidence.hits)) == (([], names) if names == 16 else ([tuple(hits)], 0))

    @pytest.mark.parametrize(
        ("hits", "error"),
        [
            ([Found(1, 0, 1, 7, 0, 4)], ValueError),
            ([Found(-1, 0, 1, 7, 0, 4)], ValueError),
            ([Found(0, 0, 1, 7, -4, 4)], ValueError),
            ([Found(0, 0, 1, 8, 0, 4)], KeyError),
            ([(0, 0, 1, 7)], TypeError),
            ([()], TypeError),
            ([("a", 0, 1, 7, 0, 4)], TypeError),
            ((), TypeError),
        ],
    )
    def test_what_is_no_hit_is_refused(self, hits: object, error: type[Exception]) -> None:
        with pytest.raises(error):
            self.told(hits)

    def test_hits_out_of_order_are_refused(self) -> None:
        sentences = lay_out("arms. deal.", all_body=True).sentences * 2
        hits, told = [Found(1, 0, 1, 7, 6, 10), Found(0, 0, 1, 7, 0, 4)], {7: (("g", "t", None),)}
        with pytest.raises(ValueError, match="not sorted"):
            kernel.tell("arms. deal.", sentences, hits, told, {}, Stance.DENIED, {}, "g", Evidence, Hit, lambda found: ())


def test_what_fails_in_a_callback_is_raised() -> None:
    def fails(*_: object) -> tuple[int, int]:
        raise LookupError("no such word")

    for text in ('"ab', "'é,", "ab\u200d", "ab", "',,", ""):
        with pytest.raises(LookupError, match="no such word"):
            _find(values=bytearray(b"\x81\0\0\0"), single=[(7,)], edges=fails, text=text)
    with pytest.raises(LookupError, match="no such word"):
        _find(values=bytearray(b"\xa1\0\0\0"), single=[(7,)], edges=fails, text="'ab")
    for single, alone in (((7,), 0), ((), meanings.ONLY + 7), ((7,), meanings.ONLY + 7)):
        told = _find(values=bytearray(b"\x01\0\0\0"), single=[single], alone=np.array([alone], np.uint32).tobytes())
        assert told == {7: [Found(0, 0, 1, 7, 0, 3)]}
    assert _find(values=bytearray(b"\x01\0\0\0"), single=[(7,)], alone=np.array([meanings.NONE], np.uint32).tobytes()) == {}


def test_what_stands_at_the_edges_of_a_word_is_no_part_of_it() -> None:
    for text, start, end in (("'ab", 1, 3), ("ab,", 0, 2), ("’a‘", 1, 2), (",9'", 1, 2), ("a'b", 0, 3), ("Z\U00020001a", 0, 3)):
        assert _find(values=bytearray(b"\x81\0\0\0"), single=[(7,)], text=text) == {7: [Found(0, 0, 1, 7, start, end)]}


def _find(
    values: bytearray, single: list[tuple[int, ...]], edges: object = None, alone: bytes = b"", text: str = "abc"
) -> dict[int, list[Found]]:
    places = bytearray(np.array([0], np.int64).tobytes()), bytearray(np.array([3], np.int64).tobytes())
    sentences = lay_out("abc", all_body=True).sentences
    tables: tuple[object, ...] = single, alone, [()], [1], {}, bytes(64), bytes(16), set[int]()
    found = kernel.find(text, *places, values, sentences, *tables, edges, set(), print)  # type: ignore[arg-type, call-arg]
    return kernel.found(found, Found)


def _find_phrases(phrases: dict[int, object], met: list[tuple[int, ...]]) -> bytes:
    """In three chunks of the first class, any two of which may stand in a phrase."""
    chunks: list[Any] = [np.array(places, np.int64).tobytes() for places in ((0, 2, 4), (1, 3, 5))]
    chunks += np.array([2] * 3, np.uint32).tobytes(), ((0, 5, "z"),)
    tables: tuple[Any, ...] = [()], b"", met, [1], phrases, bytes([1] * 64), bytes([255] * 16), set()
    return kernel.find("a b c", *chunks, *tables, print, set(), print)  # type: ignore[call-arg]
