"""Names found in C are those that Python finds, whatever was remembered before; and what is no memo of ours is refused."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.match import Engine, compile_engine, named, names, native
from monitor.match.native import COMPILED, kernel
from monitor.match.scan import Found, Scanned
from monitor.model import Facts, Match, Sentence, Span, ZoneKind
from monitor.text.layout import lay_out
from monitor.text.words import glued
from monitor.watchlist import load
from tests.text.lookups import silent

pytestmark = pytest.mark.skipif(not COMPILED, reason="nothing was compiled")

PEOPLE = """id,name,aliases
1,Kim Jong Un,كيم جونغ أون;Ким Чен Ын;金正恩
2,Владимир Путин,Мария Захарова
3,القاعدة,لجنة الأمن;المنظمة الغربية
4,Anna,Li;Anna Li;Kim
5,Anna Li Kim Jong Un Kim Jong Un Kim Jong Un Kim,Jong
"""
SHIPS = "id,name,aliases\n9,Kim Jong Un,Hope;Anna\n"
LISTS = """
id: w
groups:
  people: {from: entities/people.csv}
  ships: {from: entities/ships.csv}
  arms: {en: [weapon, arms deal, Jong said], ar: [سلاح], ja: [テロ, name テロ], any: [name Omar Li]}
  sold: {en: [sell (verb)], ar: [صفقة]}
"""
QUERIES = ("people OR arms", "people", "ships AND sold", "people NEAR/3 sold OR ships", "people\nmask: {en: [Kim dynasty, said Anna]}")

_WORDS = [word for word in re.split(r"[,;\n ]", PEOPLE) if word and not word.isdigit()]
PIECES = st.tuples(
    st.sampled_from(
        [*_WORDS, *_WORDS, "the", "said", "Hope", "hope", "weapon", "sold", "صفقة", "denied", "و", "على", "1", "テロ", "リスト"]
    ),
    st.sampled_from([" ", " ", " ", " ", "", "-", ", ", "’s ", ". ", "\n\n", " «", '" ', "\xa0", " – "]),
)
TALK = st.lists(PIECES, max_size=14).map(lambda pieces: "".join(piece + gap for piece, gap in pieces))


@cache
def engines() -> tuple[Engine, Engine]:
    files = {"entities/people.csv": PEOPLE, "entities/ships.csv": SHIPS}
    texts = {f"w{number}": LISTS.replace("id: w", f"id: w{number}") + f"when: {when}\n" for number, when in enumerate(QUERIES)}
    lists = [load(name, {f"{name}.yaml": text, **files}) for name, text in texts.items()]
    return compile_engine(lists, silent), compile_engine(lists, silent, native=False)


def matched(engine: Engine, text: str, title: Span | None = None) -> tuple[Match, ...]:
    return engine.match(text, lay_out(text, title), Facts("en", "s"))


@settings(max_examples=400)
@given(TALK)
@example("Kim Jong Un said. Kim, Jong Un; Kim\n\nJong Un. Kim-Jong Un")
@example("«Anna» Li sold Hope. hope, Anna Li Kim. Anna")
@example("كيم جونغ أون وكيم جونغ أون. على القاعدة صفقة. القاعدة1")
@example("テロ テロ Jong said テロリスト Omar Li 金正恩1")
@example("Kim MD550 Anna Li-Kim Jong-Un. Kim l'Anna Jong's-Un")
@example("Anna Li Kim Jong Un Kim Jong Un Kim Jong Un Kim Jong Un")
def test_every_match_is_the_same_whatever_was_remembered(text: str) -> None:
    compiled, plain = engines()
    found = matched(plain, text)
    assert matched(compiled, text) == found
    compiled.table.meanings.named_by.clear()
    assert [matched(compiled, text) for _ in range(3)] == [found] * 3


@settings(max_examples=300)
@given(TALK, st.integers(0, 60))
@example("Kim Jong Un", 5)
@example("sold Anna Li Kim", 9)
def test_every_hit_is_the_same_wherever_the_title_ends(text: str, end: int) -> None:
    sentences = lay_out(text, Span(0, min(end, len(text)))).sentences
    one, two = (Scanned(text, sentences, engine.table).collect().hits for engine in engines())
    again = Scanned(text, sentences, engines()[0].table).collect().hits
    assert {hit for hits in one.values() for hit in hits} == {hit for hits in two.values() for hit in hits}
    assert one == again


def test_what_is_remembered_is_bounded() -> None:
    compiled, plain = engines()
    known = compiled.table.meanings.named_by
    known.update((-number, None) for number in range(1, named.KNOWN + 1))
    assert matched(compiled, "Kim Jong Un and Anna Li") == matched(plain, "Kim Jong Un and Anna Li")
    assert 0 < len(known) < 2 * names.WORDS
    for number in range(names.LISTED, names.LISTED + 9):
        assert compiled.table.pattern(number) == plain.table.pattern(number)


def test_both_speak_of_the_same_numbers() -> None:
    source = Path(native.__file__).with_name("_native.c").read_text(encoding="utf-8")
    assert f"#define WORDS {names.WORDS} " in source
    assert f"#define LISTED ((int64_t)1 << {names.LISTED.bit_length() - 1})" in source


@pytest.mark.parametrize("beside", ["\xa0", "«", "»", "،", "‘", "’", "“", "”", "–", "—", " ", ".", "(", "\n"])
def test_what_c_takes_for_no_letter_is_none(beside: str) -> None:
    """Beside such a character a number stands by itself, too."""
    assert not glued(f"1{beside}a", 1)
    assert not glued(f"1{beside}a", 2)


# ------------------------------------------------------------------------------------------ the parts
def packed(hits: Iterable[Sequence[int]]) -> bytes:
    return b"".join(struct.pack("6q", *hit) for hit in hits)


HITS = st.lists(st.builds(Found, *[st.integers(0, 3)] * 4, st.just(1), st.just(2)))


@given(HITS, HITS)
def test_hits_are_merged_in_order(one: list[Found], two: list[Found]) -> None:
    merged = kernel.merge(packed(one), packed(two))
    assert [Found(*hit) for hit in struct.iter_unpack("6q", merged)] == sorted({*one, *two})


@pytest.mark.parametrize("wrong", [bytes(47), bytearray(48), None, "x"])
def test_what_is_no_hits_is_not_merged(wrong: Any) -> None:
    for two in ((wrong, b""), (b"", wrong)):
        with pytest.raises(TypeError):
            kernel.merge(*two)


@given(st.lists(st.integers(0, 255)), st.integers(-5, 20), st.integers(-5, 20), st.integers(0, 255))
def test_places_are_those_of_the_bits(values: list[int], low: int, high: int, bits: int) -> None:
    found = kernel.places(bytearray(struct.pack(f"{len(values)}I", *values)), low, high, bits)
    assert found == [place for place, value in enumerate(values) if low <= place < high and value & bits]


def test_places_of_what_is_no_values_are_refused() -> None:
    for wrong in ((bytes(3), 0, 1, 1), (b"", 0, 1, -1), (b"", 2**70, 1, 1)):
        with pytest.raises((ValueError, OverflowError)):
            kernel.places(*wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        kernel.places(bytearray(4), 0, 1, "1")  # type: ignore[arg-type]


def test_names_of_lists_are_of_the_sets_of_their_lists() -> None:
    of = struct.pack("2I", 1, 0), struct.pack("6q", names.LISTED + 2, 2, names.LISTED + 3, 1, names.LISTED + 4, -1)
    sets: list[tuple[int, ...]] = [(), (0,), (1, 2)]

    def hits(*numbers: int) -> bytes:
        return packed((0, at, at + 1, number, at, at + 1) for at, number in enumerate(numbers))

    assert kernel.by_group(hits(names.LISTED, names.LISTED + 1), of, sets, Found).keys() == {1, 2}
    assert kernel.by_group(hits(0, names.LISTED + 2), of, sets, Found).keys() == {0}
    assert kernel.by_group(hits(0, 1, names.LISTED), of, sets, Found).keys() == {0, 1, 2}
    for number in (2, names.LISTED - 1, names.LISTED + 3, names.LISTED + 4):
        with pytest.raises(ValueError, match="pattern that nobody knows"):
            kernel.by_group(hits(number), of, sets, Found)
    for wrong in ((of[0], bytes(8)), (bytes(3), of[1])):
        with pytest.raises(ValueError, match="another kind of item"):
            kernel.by_group(hits(0), wrong, sets, Found)
    for none in ((of[0], None), of[:1], (*of, b"")):
        with pytest.raises(TypeError):
            kernel.by_group(hits(0), none, sets, Found)  # type: ignore[arg-type]


class Changing:
    """A number whose asking could change what is being gone through."""

    def __index__(self) -> int:
        raise AssertionError("nothing of Python is run")


#: A name of the second chunk alone; the first is one of so many words as the test says.
BEHIND: dict[str, Any] = {
    "values": struct.pack("2I", 32, 16),
    "known": {(7 * 0x9E3779B97F4A7C15) % 2**64: (0, 1, (9, 1, 0, 0))},
    "begin": [1],
    "whole": True,
}


class TestNames:
    """``kernel.names`` over two chunks, of which the memo says what the test gives it."""

    def names(self, said: object = None, **other: Any) -> tuple[list[Found], list[tuple[int, bool]]]:
        left: list[tuple[int, bool]] = []
        spread = 0x9E3779B97F4A7C15
        given_: dict[str, Any] = {
            "text": "ab cd",
            "starts": struct.pack("2q", 0, 3),
            "ends": struct.pack("2q", 2, 5),
            "numbers": struct.pack("2Q", 5, 7),
            "values": struct.pack("2I", 8, 0),
            "sentences": (Sentence(0, 5, ZoneKind.BODY, 0),),
            "words": [1],
            "known": {(5 * spread + 7) % 2**64: said},
            "doubtful": set(),
            "begin": [0],
            "whole": False,
            "slowly": lambda place, whole: left.append((place, whole)),
        } | other
        found = kernel.names(*given_.values())
        return [Found(*hit) for hit in struct.iter_unpack("6q", found)], left

    def test_what_is_known_is_told(self) -> None:
        assert self.names((1, 2, (9, 2, 0, 1))) == ([Found(0, 0, 2, 9, 0, 4)], [])
        assert self.names((0, 2, (9, 2, 0, 0))) == ([], [])
        assert self.names((0, 0, (9, 1, 1, 0)), whole=True, begin=[], values=struct.pack("2I", 16, 0)) == ([Found(0, 0, 1, 9, 1, 2)], [])

    def test_what_is_not_known_is_left_to_python(self) -> None:
        assert self.names() == ([], [(0, False)])
        two = (1, 2, (9, 1, 0, 0), (9, 2, 0, 0))
        others: tuple[dict[str, Any], ...] = (
            {"known": {}},
            {"text": "ab\ncd"},
            {"text": "ab cdé"},
            {"values": struct.pack("2I", 40, 0)},
            {"sentences": (Sentence(0, 1, ZoneKind.BODY, 0),)},
            {"sentences": (Sentence(1, 5, ZoneKind.BODY, 0),)},
            {"sentences": (Sentence(0, 4, ZoneKind.BODY, 0),)},
            {"sentences": ()},
            {"doubtful": {9}},
        )
        for other in others:
            assert self.names(two, **other) == ([], [(0, False)]), other
        assert self.names(two, values=struct.pack("2I", 16, 0), begin=[], whole=True, doubtful={3})[1] == [(0, True)]

    def test_of_a_next_chunk_of_several_words_it_may_be_known_that_no_name_goes_on_there(self) -> None:
        several = struct.pack("2I", 8, 32)
        assert self.names((0, 0), values=several) == ([], [])
        long = {"text": "ab " + "c" * 30, "ends": struct.pack("2q", 2, 33), "sentences": (Sentence(0, 33, ZoneKind.BODY, 0),)}
        assert self.names((0, 0), **long) == ([], [])
        assert self.names((0, 0), values=several, **long) == ([], [(0, False)])

    def test_a_name_ends_with_its_sentence(self) -> None:
        sentences = (Sentence(0, 2, ZoneKind.BODY, 0), Sentence(3, 5, ZoneKind.BODY, 0))
        assert self.names((1, 2, (9, 1, 0, 0), (9, 2, 0, 0)), sentences=sentences) == ([Found(0, 0, 1, 9, 0, 2)], [])

    @pytest.mark.parametrize(
        ("said", "other"),
        [
            ((1,), {}),
            (3, {}),
            ((1, "2"), {}),
            ((1, 0, 3), {}),
            ((1, 0, (9, 1, 0)), {}),
            ((1, 0, (9, 1, 0, 0.5)), {}),
            ((1, 0, (9, 0, 0, 0)), {}),
            ((1, 0, (9, 99, 0, 0)), {}),
            ((1, 0, (9, 1, -1, 0)), {}),
            ((1, 0, (9, 1, 0, 2**40)), {}),
            ((1, 0), {"begin": [2]}),
            ((1, 0), {"begin": [-1]}),
            ((1, 0), {"begin": ["0"]}),
            ((1, 0), {"begin": (0,)}),
            ((1, 0), {"starts": bytes(8)}),
            ((1, 0), {"numbers": bytes(7)}),
            ((1, 0), {"sentences": (3,)}),
            ((1, 0), {"sentences": (("a", 5),)}),
            ((1, 0), {"sentences": ((0, "a"),)}),
            ((1, 0), {"sentences": ((Changing(), 5),)}),
            (None, BEHIND | {"words": [-1, 1]}),
            (None, BEHIND | {"words": [-1]}),
            (None, BEHIND | {"words": [2**40]}),
            ((1, 0), {"text": b"ab cd"}),
            (None, {"slowly": None}),
        ],
    )
    def test_what_is_no_memo_of_ours_is_refused(self, said: object, other: dict[str, Any]) -> None:
        with pytest.raises((TypeError, ValueError)):
            self.names(said, **other)

    @given(
        st.lists(st.integers(-(2**63), 2**63 - 1), min_size=4, max_size=4),
        st.tuples(st.integers(-1, 2), st.integers(-1, 14), st.tuples(*[st.integers(-3, 14)] * 4)),
        st.tuples(st.integers(-5, 9), st.integers(-5, 9)),
    )
    def test_places_that_are_none_do_no_harm(self, places: list[int], said: object, bounds: tuple[int, int]) -> None:
        starts, ends = struct.pack("2q", *places[:2]), struct.pack("2q", *places[2:])
        try:
            found, left = self.names(said, starts=starts, ends=ends, sentences=(Sentence(*bounds, ZoneKind.BODY, 0),))
        except (TypeError, ValueError):
            return
        assert len(found) + len(left) <= 1
