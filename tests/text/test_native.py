"""The loops over words in C fold and number words as Python does, hold nothing back that could be read as a stem, and refuse what
is no table of ours."""

from __future__ import annotations

import re
import shutil
import sysconfig
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.text import fingerprint, fingerprint_codes, letters, links, native, sieve
from monitor.text.chunks import BASE, KINDS, LONGEST, QUOTE_WEIGHT, WEIGHTS, chunks
from monitor.text.fingerprint import HEAD, VERSION, _packed, _signature, _Words, packed
from monitor.text.fingerprint_codes import _Table, code_of, coded, cut_in_python
from monitor.text.fold import fold
from monitor.text.forms import Attach, readings
from monitor.text.forms_split import BEFORE_WORDS, BEHIND_WORDS
from monitor.text.letters import LETTERS, fold_word
from monitor.text.native import COMPILED, kernel
from monitor.text.sieve import Pieces, Sieve, can_begin
from monitor.text.words import WORD, words
from tests.text.test_chunks import TEXTS

_COMPILER = shutil.which("cc") is not None and Path(sysconfig.get_path("include"), "Python.h").exists()
pytestmark = pytest.mark.skipif(not _COMPILER and not COMPILED, reason="no compiler of C, or no headers of Python, on this machine")

#: What stems and what is attached to them are made of, by script; and what no plain word has.
_SCRIPTS = (
    (
        "سلاح صفقة زودوا القاعدة لجنة كتاب ت ه",
        ["و", "ف", "ب", "ل", "ك", "س", "ال", "لل", "سي", "ت", "و", "ها", "هما", "نا", "كم", "هن", "ه", "ني", "ك", "ً", "ـ"],
    ),
    ("נשק טיל לבן ה", [*"ושכלמבה", "לכש", "ים", "ות"]),
    (
        "silah kitap renk şehir gönder sat Ankara kağıt",
        ["lar", "ı", "ın", "da", "ki", "dır", "ler", "di", "en", "mesi", "p", "b", "k", "ğ", "g"],
    ),
    ("무기 거래 보내 대북 핵", ["를", "들", "에서", "는", "다고", "거래", "핵", "US", "ㄱ"]),
    ("Путин weapon Übung naïve 550 ٥٥٠", ["s", "а", "ом", "MD", "é", "\u0301"]),
)


def _of(stems: str, more: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from([*stems.split(), *stems.replace(" ", ""), *more]), min_size=1, max_size=5).map("".join)


SPELLED = st.one_of(*(_of(stems, more) for stems, more in _SCRIPTS), _of("سلاح ב US 무기 silah", ["و", "ה", "는", "lar"]))


def held_back(of: Sieve, text: str) -> bool:
    """Whether the one chunk that ``text`` is was held back."""
    places = np.arange(1)
    return of.holds_back(text, np.zeros(1, np.intp), np.array([len(text)]), places) == b"\1"


def test_it_was_compiled() -> None:
    assert COMPILED, "there is a compiler: `make clean setup`, and see what hatch_build.py says"


@given(st.one_of(SPELLED, TEXTS))
@example("52ـ92")
@example("ـ")
def test_a_word_folds_as_ever(word: str) -> None:
    assert fold_word(word) == fold(word)


def test_every_letter_folds_as_ever() -> None:
    for code in np.flatnonzero(LETTERS & (letters.LETTER | letters.DIGIT)).tolist():
        char = chr(code)
        assert WORD.fullmatch(char), hex(code)
        assert kernel.fold(char, LETTERS) in (fold(char), None), hex(code)
        if LETTERS[code] & letters.VOWELLED:
            assert all(kernel.fold(char + vowel, LETTERS) in (fold(char + vowel), None) for vowel in "ًٌٍَُِّْٰ"), hex(code)


def sieve_of(*stems: tuple[str, int], beginnings: Sequence[str] = ()) -> Sieve:
    pieces = Pieces()
    pieces.add(stems)
    return Sieve(pieces, beginnings)


@settings(max_examples=400)
@given(SPELLED)
def test_no_reading_is_held_back(word: str) -> None:
    assert held_back(sieve_of(), word) == (kernel.fold(word, LETTERS) is not None)
    for stem, bits in readings(fold(word)):
        assert not held_back(sieve_of((stem, bits)), word)
        assert not held_back(sieve_of((stem, bits | Attach.NOUN.value), ("x", 0)), word)


@given(SPELLED, st.integers(1, 6))
def test_no_beginning_is_held_back(word: str, size: int) -> None:
    before = (Attach.CONJ | Attach.PREP | Attach.ARTICLE | Attach.HEBREW).value
    for stem, bits in readings(fold(word)):
        if not bits & ~before and can_begin(stem[:size]):
            assert not held_back(sieve_of(beginnings=[stem[:size], "qqq", "qqqqqqqq"]), word)


def test_what_is_nothing_is_held_back() -> None:
    known = (("سلاح", Attach.NOUN.value), ("weapon", 0), ("silah", Attach.TURKISH.value), ("무기", Attach.KOREAN_NOUN.value))
    stems = sieve_of(*known, beginnings=["gunrun"])
    for word in ("مدرسة", "«", "بالمدرسة", '"school",', "schools", "okullar", "학교", "1999", "weapons", "gunman", "سلاحف"):
        assert held_back(stems, word) == bool(WORD.search(word)), word
    for word in ("سلاح", "وبسلاحهم", '"weapon",', "silahlar", "핵무기를", "gunrunners", "l'arme", "x" * (LONGEST + 1)):
        assert not held_back(stems, word), word
    assert not can_begin("")
    assert not can_begin("ا")
    assert can_begin("الس")


@given(st.lists(SPELLED, max_size=8).map(" ".join))
@example('"Russia" WHO, 1999 7 the 10,000 والمدرسة للجنة ولد الأب 52ـ92')
def test_every_word_has_its_code(text: str) -> None:
    found, wanted = coded(text), [code_of(text[span.start : span.end]) for span in words(text)]
    plain = np.uint64(~fingerprint_codes._PLAIN & 2**64 - 1)
    assert (found.codes & plain).tolist() == wanted
    assert found.written(np.arange(len(found.codes)), np.ones(len(found.codes), np.intp)) == [
        text[span.start : span.end] for span in words(text)
    ]


@given(TEXTS, st.integers(1, 5))
@example("naïve \U0001f600 مدرسة", 1)
@example("naïve \U0001f600 مدرسة", 2)
def test_codes_and_pieces_are_pythons(text: str, together: int) -> None:
    starts, ends = (np.ascontiguousarray(places) for places in chunks(text)[:2])
    places = np.arange(len(starts))
    pieces = [text[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    assert kernel.cut(text, starts, ends, np.ones(len(starts), np.intp)) == pieces
    counts = np.array([together] * (len(starts) // together) + [0, len(starts) % together], np.intp)
    lots = kernel.cut(text, starts, ends, counts)
    assert lots == cut_in_python(text, starts, ends, counts)
    assert list(map(hash, lots)) == list(map(hash, cut_in_python(text, starts, ends, counts)))
    codes = np.frombuffer(kernel.codes(text, starts, ends, places, *_coding()), np.uint64).tolist()
    assert all(code in (0, fingerprint_codes._chunk(piece)) for code, piece in zip(codes, pieces, strict=True))


def _coding() -> tuple[letters.Letters, frozenset[str], bytes]:
    return LETTERS, fingerprint_codes._FOLDED_COMMON, fingerprint_codes._KEY


@given(st.lists(TEXTS, min_size=1, max_size=4), TEXTS)
@example(["a b", "x" * (LONGEST + 1)], "b a c " + "x" * (LONGEST + 1) + ' אמל"ח "א"')
def test_what_a_table_knows_is_the_same(told: list[str], text: str) -> None:
    table = _Table()
    for each in told:
        found = table.look(each)
        table.put(found.numbers, found.numbers | np.uint64(1))
    one, other = table.look(text), table.look_with_numpy(text)
    known = np.delete(np.arange(len(one.codes)), one.new)
    assert one.codes[known].tolist() == other.codes[known].tolist()
    for ours, numpys in zip(
        (one.starts, one.ends, one.new, one.numbers), (other.starts, other.ends, other.new, other.numbers), strict=True
    ):
        assert ours.tolist() == numpys.tolist()


_CODES = st.integers(0, 2**32 - 1) | st.integers(0, 40)
_WORDS = st.lists(
    st.builds(lambda code, kind, bits: code | kind << 32 | bits << 34, _CODES, st.integers(0, 2), st.integers(0, 3)), max_size=30
)


@given(_WORDS, st.integers(0, 40), st.integers(1, 20))
@example([1 << 35, 2 << 32, 3, 4, 5, 6, 3], 2, 1)
@example([n * 7919 % 2**32 | 2 << 32 for n in range(30)], 3, 20)
def test_a_fingerprint_is_as_numpy_makes_it(words: list[int], titled: int, times: int) -> None:
    codes = np.array([code ^ n << 8 * (n % 4) for n in range(times) for code in words], np.uint64)
    said = _Words(min(titled, len(codes)), codes, lambda places: "\n".join(map(str, places.tolist())))
    data, written = _packed(_signature(codes.astype(np.uint32)), said)
    around = np.concatenate((codes[:3], codes, codes[:2]))
    first, last = min(3, len(codes)), min(3, len(codes)) + len(codes)
    (one, other), places = packed(around, np.array((first, first + said.titled, last, 0, 0, 0)))
    assert (one, "\n".join(str(place - first) for place in places.tolist())) == (data, written)
    assert other == HEAD.pack(VERSION, 0, 0)


def test_both_speak_of_the_same_bits() -> None:
    folder = Path(native.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in (folder / "_native.c", folder.parent / "chunks.h"))
    numbers = {name: int(number, 0) for name, number in re.findall(r"^#define ([A-Z_]+) (0x\w+|\d+)\b", source, re.MULTILINE)}
    for room, names in (
        (letters, "LETTER DIGIT EDGE GONE VOWEL VOWELLED"),
        (sieve, "ANYWHERE BEHIND LAST IN_FRONT IN_BACK DECLINED STEM STEM_AFTER STEM_AHEAD FRONT BACK BEGINNING OPENING"),
    ):
        assert {name: numbers[name] for name in names.split()} == {name: getattr(room, name) for name in names.split()}
    assert (numbers["UNITS"], numbers["LONGEST"], numbers["STEM_SIZE"]) == (len(LETTERS), LONGEST, fingerprint_codes._STEM)
    kinds = ("VERSION", "BINS", "MOST_TERMS", "TITLE", "RUN")
    assert {name: numbers[name] for name in kinds} == {name: getattr(fingerprint, name) for name in kinds}
    assert max(map(len, BEFORE_WORDS | BEHIND_WORDS)) < LONGEST


def test_what_is_no_table_is_refused() -> None:
    one, table = np.zeros(1, np.intp), kernel.sieve(bytearray(), bytearray())
    assert kernel.sift("a", one, one + 1, np.array([0, 1, -1, 9]), LETTERS, table, 0, None) == b"\1\0\0\0"
    assert kernel.sift("a", one - 5, one + 99, one, LETTERS, table, 0, None) == b"\0"
    assert kernel.sift("a" * 40, one, one + 40, one, LETTERS, bytearray(b"\xff" * 16), 2**64 - 1, None) == b"\1"
    with pytest.raises(ValueError, match="another size"):
        kernel.sift("a", one, one, one, LETTERS[:9].copy(), table, 0, None)
    with pytest.raises(ValueError, match="another size"):
        kernel.sift("a", one, np.zeros(2, np.intp), one, LETTERS, table, 0, None)
    with pytest.raises(ValueError, match="another size"):
        kernel.sift("a", one, one, one, LETTERS, table[:12], 0, None)
    with pytest.raises(ValueError, match="another kind"):
        kernel.sift("a", one, one, bytes(7), LETTERS, table, 0, None)
    with pytest.raises(ValueError, match="another size"):
        kernel.sieve(kernel.pieces(["a"]), bytearray())
    with pytest.raises(ValueError, match="another size"):
        kernel.fold("a", LETTERS[:9].copy())
    with pytest.raises(ValueError, match="another size"):
        kernel.cut("a", one, np.zeros(2, np.intp), one)
    for count in (-1, 2):
        with pytest.raises(ValueError, match="another size"):
            kernel.cut("a", one, one, np.array([count]))
    for bounds in ((-1, 0, 1), (0, 0, 2), (1, 1, 0), (0, 2, 1), (0, -1, 1), (1, 0, 1), (0, 2**63 - 1, 0), (0, -(2**63), 0)):
        with pytest.raises(ValueError, match="bounds beyond"):
            packed(np.zeros(1, np.uint64), np.array(bounds))
    with pytest.raises(ValueError, match="another size"):
        kernel.packed(b"", b"", b"")
    for codes, places in ((memoryview(bytes(9))[1:], bytes(24)), (bytes(8), memoryview(bytes(28))[4:])):
        with pytest.raises(ValueError, match="begin where an item may"):
            kernel.packed(codes, places, b"\0")
    words = np.zeros(16, np.uint64)
    assert np.frombuffer(kernel.look("a b", WEIGHTS, KINDS, QUOTE_WEIGHT, BASE, words, words)[2], np.int64).tolist() == [0, 1]
    for wrong_size in (
        (WEIGHTS[:9].copy(), KINDS, words, words),
        (WEIGHTS, KINDS, words[:15].copy(), words[:15].copy()),
        (WEIGHTS, KINDS, words, words[:8].copy()),
    ):
        with pytest.raises(ValueError, match="another size"):
            kernel.look("a", *wrong_size[:2], QUOTE_WEIGHT, BASE, *wrong_size[2:])
    for start, end in ((-1, 0), (0, 2), (1, 0), (2, 2)):
        with pytest.raises(IndexError):
            kernel.cut("a", np.array([start]), np.array([end]), one)
    for wrong in (lambda: kernel.pieces([b"a"]), lambda: kernel.fold(b"a", LETTERS), lambda: kernel.cut(b"a", one, one, one)):  # type: ignore[list-item,arg-type]
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(TypeError):
        kernel.codes("a", one, one, one, LETTERS, [], b"key")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="another size"):
        kernel.codes("a", one, one, one, LETTERS, set(), bytes(65))


@given(st.text() | st.text(st.sampled_from('aZ/-%~ "<مé漢\u07ff\u0800\uffff\U00010000\U0010ffff\0\x7f\x80')))
def test_an_address_is_encoded_as_ever(text: str) -> None:
    assert kernel.encoded(text, links._STAYS) == text.translate(links._ENCODED)


def test_what_cannot_be_encoded_is_left_to_python() -> None:
    assert kernel.encoded("a\ud800b", links._STAYS) is None
    assert kernel.encoded("\udfff", links._STAYS) is None
    assert kernel.encoded("\ud7ff\ue000", links._STAYS) == "%ED%9F%BF%EE%80%80"
    with pytest.raises(ValueError, match="another size"):
        kernel.encoded("a", bytes(127))
    with pytest.raises(TypeError):
        kernel.encoded(b"a", links._STAYS)  # type: ignore[arg-type]
