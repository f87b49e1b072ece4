"""The steps of choosing a story in C find what numpy finds, of anything, and refuse what is no table of ours."""

from __future__ import annotations

import shutil
import struct
import sysconfig
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.story import centroid
from monitor.story.cluster import choose
from monitor.story.index import StoryIndex
from monitor.story.look import Look, Rarity
from monitor.story.loops import BAND_PLACES, COMPILED, TERM_PLACES, Compiled, Nearest, Plain
from monitor.text.fingerprint import BINS, HEAD, VERSION, Fingerprint, fingerprint, hashes_of
from monitor.text.layout import lay_out
from tests.story import articles

_COMPILER = shutil.which("cc") is not None and Path(sysconfig.get_path("include"), "Python.h").exists()
pytestmark = pytest.mark.skipif(not _COMPILER and not COMPILED, reason="no compiler of C, or no headers of Python, on this machine")

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
PLAIN, LOOPS = Plain(), Compiled()
# Few numbers, so that they meet, and all of them begin alike; and counters few enough to be shared.
HASHES = st.lists(st.integers(0, 60) | st.integers(0, 2**32 - 1), unique=True, max_size=120).map(sorted)
SEEDS = st.integers(0, 2**32)


def test_it_is_compiled_where_there_is_a_compiler() -> None:
    assert COMPILED, "there is a compiler: `make clean setup`, and see what hatch_build.py says"


def rarity(seed: int) -> Rarity:
    counts = np.random.default_rng(seed).integers(0, 60, 64).astype(np.uint32)
    return Rarity(counts, np.log(np.arange(50) + 0.5).astype(np.float32), float(np.log(50 + 300)))


def printed(hashes: list[int], seed: int) -> bytes:
    """A fingerprint with these terms: of every kind, of many weights; some without a signature."""
    drawn = np.random.default_rng(seed)
    bins = BINS if drawn.random() < 0.9 else 0
    marks = drawn.integers(0, 4, len(hashes)) << 6 | drawn.choice([0, 10, 17, 21, 63], len(hashes), p=[0.02, 0.6, 0.2, 0.1, 0.08])
    signature = drawn.integers(0, 3, bins).astype(np.uint16)
    return HEAD.pack(VERSION, bins, len(hashes)) + signature.tobytes() + np.array(hashes, np.uint32).tobytes() + bytes(marks.tolist())


def look(data: bytes, of: Rarity) -> Look:
    found = PLAIN.look(data, of)
    assert found is not None
    return found


def story(articles_of_it: list[list[int]], seed: int) -> bytes:
    """What a story of these articles is known by."""
    known = b""
    for n, hashes in enumerate(articles_of_it):
        known = centroid.founded(known, printed(hashes, seed + n))
    return known


STORIES = st.lists(st.lists(HASHES, max_size=3), min_size=1, max_size=12)


@dataclass
class Held:
    """An article or a story."""

    data: bytes = b""
    centroid: bytes = b""
    story: int = 0


@given(HASHES, SEEDS)
def test_an_article_is_seen_alike(hashes: list[int], seed: int) -> None:
    of = rarity(seed)
    one, other = look(printed(hashes, seed), of), LOOPS.look(printed(hashes, seed), of)
    assert other is not None
    assert (one.says, one.posted, one.bands) == (other.says, other.posted, other.bands)
    assert one.length == pytest.approx(other.length, rel=1e-12)
    assert all(place < TERM_PLACES for place in np.frombuffer(one.posted, np.uint32).tolist())
    assert all(place < BAND_PLACES for place in np.frombuffer(one.bands, np.uint32).tolist())


@given(SEEDS, st.integers(1, 40), st.integers(1, 8), st.lists(st.integers(0, 19), max_size=28), st.booleans())
def test_tables_are_read_and_written_alike(seed: int, numbers: int, slots: int, places: list[int], told: bool) -> None:
    drawn = np.random.default_rng(seed)
    table = drawn.integers(0, numbers, (20, slots)).astype(np.uint32)
    at = np.array(places, np.uint32).tobytes()
    assert PLAIN.rank(table, at) == LOOPS.rank(table, at)
    one, other = table.copy(), table.copy()
    held = {number: Held(story=int(drawn.integers(1, 4))) for number in drawn.integers(0, 40, 30).tolist()} if told else None
    PLAIN.post(one, at, (numbers, 3), held, 2)
    LOOPS.post(other, at, (numbers, 3), held, 2)
    assert one.tolist() == other.tolist()


@given(HASHES, SEEDS, st.sampled_from([1, -1]))
def test_terms_are_counted_alike(hashes: list[int], seed: int, by: int) -> None:
    one = np.random.default_rng(seed).integers(0, 3, 64).astype(np.uint32)
    other = one.copy()
    PLAIN.count(one, printed(hashes, seed), by)
    LOOPS.count(other, printed(hashes, seed), by)
    assert one.tolist() == other.tolist()


@given(HASHES, st.lists(HASHES, min_size=1, max_size=7), SEEDS)
def test_articles_are_compared_alike(own: list[int], others: list[list[int]], seed: int) -> None:
    of = rarity(seed)
    seen, data = look(printed(own, seed), of), [printed(one, seed + n) for n, one in enumerate(others, 1)]
    found = PLAIN.closest(seen, data)
    assert LOOPS.closest(seen, data) == found
    assert np.frombuffer(found.shared, np.bool_).tolist() == [number in others[found.place] for number in own]
    for one, other in zip(PLAIN.sides(seen, data[0]), LOOPS.sides(seen, data[0]), strict=True):
        assert (one.alone, one.both) == (other.alone, other.both)
        assert one.alone_says == pytest.approx(other.alone_says, rel=1e-12, abs=1e-12)
        assert one.both_says == pytest.approx(other.both_says, rel=1e-12, abs=1e-12)
    words = tuple(map(str, own))
    assert PLAIN.shown(seen, found.shared, words, (8, 5)) == LOOPS.shown(seen, found.shared, words, (8, 5))


@given(HASHES, st.lists(HASHES, max_size=9), SEEDS, st.sampled_from([0.0, 0.35, 0.6]))
def test_copies_are_found_alike(own: list[int], others: list[list[int]], seed: int, least: float) -> None:
    seen = look(printed(own, seed), rarity(seed))
    held = {n: Held(printed(one, seed % 7 + n % 3)) for n, one in enumerate(others, 1)}
    table = np.random.default_rng(seed).integers(0, 14, (BAND_PLACES, 2)).astype(np.uint32)
    found = PLAIN.alike(seen, table, held, 6, least)
    assert LOOPS.alike(seen, table, held, 6, least) == found
    assert all(share >= least for share, _ in found)


@given(HASHES, STORIES, SEEDS)
def test_stories_are_compared_alike(own: list[int], stories: list[list[list[int]]], seed: int) -> None:
    of, drawn = rarity(seed), np.random.default_rng(seed)
    seen = look(printed(own, seed), of)
    held = {n: Held(centroid=story(one, seed)) for n, one in enumerate(stories, 1)}
    table = drawn.integers(0, 16, (TERM_PLACES, 3)).astype(np.uint32)
    for rule in (Nearest(6, 0.2, 3), Nearest(20, 0.0, 0)):
        found = PLAIN.nearest(seen, table, held, {2}, rule)
        for (cosine, *first), (close, *second) in zip(found, LOOPS.nearest(seen, table, held, {2}, rule), strict=True):
            assert first == second
            assert cosine == pytest.approx(close, rel=1e-12, abs=1e-12)
    both = (drawn.integers(0, 2, len(own)) == 0).tobytes()
    for known in (one.centroid for one in held.values()):
        assert PLAIN.cosine(seen, known) == pytest.approx(LOOPS.cosine(seen, known), rel=1e-12, abs=1e-12)
        for shared in (None, both):
            plain = PLAIN.news(seen, known, of, (8, 2.5), shared)
            assert plain == pytest.approx(LOOPS.news(seen, known, of, (8, 2.5), shared), rel=1e-12, abs=1e-12)


@given(st.lists(st.tuples(HASHES, st.sampled_from(["founds", "joins", "leaves"])), max_size=8), SEEDS)
def test_stories_come_to_be_known_by_the_same(members: list[tuple[list[int], str]], seed: int) -> None:
    one = other = b""
    for n, (hashes, what) in enumerate(members):
        data = printed(hashes, seed + n)
        if what == "founds":
            one, other = PLAIN.founded(one, data), LOOPS.founded(other, data)
        else:
            by = 1 if what == "joins" else -1
            one, other = PLAIN.tallied(one, data, by), LOOPS.tallied(other, data, by)
        assert one == other
    known = centroid.parted(one)
    assert len(known.hashes) <= centroid.MOST
    assert known.hashes.tolist() == sorted(set(known.hashes.tolist()))


def test_a_story_of_one_article_is_known_by_its_fingerprint() -> None:
    data = printed([3, 5, 2**31], 7)
    assert LOOPS.founded(b"", data) is data
    assert PLAIN.founded(b"", data) is data
    assert centroid.parted(data).hashes.tolist() == hashes_of(data).tolist() == [3, 5, 2**31]
    assert centroid.parted(data).tally.tolist() == [1, 1, 1]


_TEXTS = [articles.RADARS, articles.RADARS.replace("Iran", "Syria"), *(f"{articles.RADARS} {n} more words {n}" for n in range(3))]
_STREAMS = st.lists(
    st.tuples(st.sampled_from([*_TEXTS, "one two three four 55 66", "Kim 17 Jong 18 MD-550"]), st.integers(0, 200)), max_size=25
)


@settings(max_examples=30)
@given(_STREAMS)
def test_the_same_stories_are_chosen_for_the_same_reasons(stream: list[tuple[str, int]]) -> None:
    one, other = StoryIndex(12, PLAIN), StoryIndex(12, LOOPS)
    for n, (text, hours) in enumerate(stream):
        found, at = fingerprint(text, lay_out(text)), NOON + timedelta(hours=hours)
        chosen = choose(one, found, at)
        assert choose(other, found, at) == chosen
        for index in (one, other):
            index.add(f"a{n}", chosen.story if chosen else f"a{n}", at, Fingerprint(found.data), copy=n % 5 == 4)
    assert np.array_equal(one.by_band, other.by_band)
    assert np.array_equal(one.by_term, other.by_term)


WORD, COUNTS, LOGS = np.zeros(4, np.uint32), np.zeros(4, np.uint32), np.zeros(3, np.float32)
HOW = (COUNTS, LOGS, 1.0, 2.0)
ODD = (COUNTS[:3], LOGS, 1.0, 2.0)  # no power of two
LOOK = (1.0, 20, 8, 14, 7)
DATA = printed([1, 2], 1)
SAYS = bytes(16)
ONE = np.array([1], np.uint32).tobytes()
ROWS = (WORD, 4, bytes(4))


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("rank", (WORD, 4, ONE)),  # beyond the table
        ("rank", (WORD, 4, b"\xff\xff\xff\xff")),
        ("rank", (WORD, 0, bytes(4))),
        ("rank", (WORD, 4, bytes(8_000))),  # more than one article has
        ("rank", (WORD, 4, bytes(3))),
        ("rank", (WORD, 4)),
        ("rank", (b"123", 4, bytes(4))),
        ("post", (WORD.copy(), 4, ONE, 7, 0, None, "story", 1)),
        ("post", (WORD.copy(), 4, bytes(4), 7, 0, [], "story", 1)),
        ("post", (np.ones(4, np.uint32), 4, bytes(4), 7, 0, {1: None}, "story", 1)),
        ("post", (WORD.copy(), 4, bytes(4), 7, 0, None, "story", "x")),
        ("post", (WORD.copy(), 4, bytes(4), 7, 0, None, "story")),
        ("post", (WORD.tobytes(), 4, bytes(4), 7, 0, None, "story", 1)),  # cannot be written
        ("count", (COUNTS.copy(), b"\1\0\1", 1)),
        ("count", (COUNTS[:3].copy(), DATA, 1)),
        ("count", (COUNTS.tobytes(), DATA, 1)),
        ("look", ("text", *HOW, *LOOK)),
        ("look", (DATA, *ODD, *LOOK)),
        ("look", (DATA, COUNTS, LOGS[:0], 1.0, 2.0, *LOOK)),
        ("look", (DATA, COUNTS, LOGS, "x", 2.0, *LOOK)),
        ("look", (DATA, *HOW, 1.0, 20, 8, 32, 7)),
        ("alike", (DATA, *ROWS, [], "data", 6, 0.3)),
        ("alike", (b"\1", *ROWS, {}, "data", 6, 0.3)),
        ("alike", (DATA, np.ones(4, np.uint32), 4, bytes(4), {1: Held(b"no fingerprint")}, "data", 6, 0.3)),
        ("alike", (DATA, np.ones(4, np.uint32), 4, bytes(4), {1: None}, "data", 6, 0.3)),
        ("closest", (DATA, SAYS, [])),
        ("closest", (DATA, SAYS, 5)),
        ("closest", (DATA, SAYS, ["text"])),
        ("closest", (DATA, SAYS[:8], [DATA])),
        ("sides", (DATA, SAYS, b"\1", *HOW)),
        ("sides", (DATA, SAYS, DATA, *ODD)),
        ("shown", (DATA, SAYS, b"\1\1\1", ("a", "b"), 2, 1, 8, 5)),
        ("shown", (DATA, SAYS, b"\1\1", ("a",), 2, 1, 8, 5)),
        ("shown", (DATA, SAYS, b"\1\1", ["a", "b"], 2, 1, 8, 5)),
        ("cosine", (DATA, SAYS, 1.0, *HOW, b"\0\0\1\0")),
        ("cosine", (DATA, SAYS, 1.0, *HOW, b"\0")),
        ("cosine", (DATA, SAYS, 1.0, *HOW, b"\0\0\xff\xff" + bytes(655_350))),  # more than any story is known by
        ("cosine", (DATA, SAYS, "x", *HOW, DATA)),
        ("nearest", (DATA, SAYS, 1.0, *HOW, *ROWS, [], "centroid", set(), 12, 0.2, 3)),
        ("nearest", (DATA, SAYS, 1.0, *HOW, *ROWS, {}, "centroid", [], 12, 0.2, 3)),
        ("nearest", (DATA, SAYS, 1.0, *HOW, np.ones(4, np.uint32), 4, bytes(4), {1: Held()}, "no such", set(), 12, 0.2, 3)),
        ("nearest", (DATA, SAYS, 1.0, *HOW, np.ones(4, np.uint32), 4, bytes(4), {1: Held(centroid=b"12")}, "centroid", set(), 12, 0.2, 3)),
        ("news", (DATA, SAYS, DATA, *HOW, "x", 4.0, None)),
        ("news", (DATA, SAYS, DATA, *HOW, 8, 4.0, b"\1")),
        ("founded", (b"", b"\1", 240)),
        ("founded", (b"12", DATA, 240)),
        ("tallied", (DATA, b"\1", 1)),
        ("tallied", (DATA, DATA, "x")),
    ],
)
def test_what_is_none_of_ours_is_refused(function: str, arguments: tuple[Any, ...]) -> None:
    from monitor.story import _native

    with pytest.raises((ValueError, TypeError, IndexError, BufferError, AttributeError)):
        getattr(_native, function)(*arguments)


def test_what_is_compared_may_change_what_is_gone_through() -> None:
    from monitor.story import _native

    holders = {1: Held(centroid=DATA)}

    class Emptying:
        def __hash__(self) -> int:
            return hash(1)

        def __eq__(self, other: object) -> bool:
            holders.clear()
            return False

    passed: set[Any] = {Emptying()}
    found = _native.nearest(DATA, SAYS, 1.0, *HOW, np.ones(4, np.uint32), 4, bytes(4), holders, "centroid", passed, 12, 0.2, 3)
    assert not holders
    assert found == []


def test_halves_are_read_exactly_and_made_as_numpy_makes_them() -> None:
    """Where one article more founds a story, and where one more is only counted."""
    own, nothing = printed([7], 1), HEAD.pack(VERSION, 0, 1) + np.array([9], np.uint32).tobytes() + b"\0"
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    for weight in every[np.isfinite(every) & (every >= 0)][::61].tolist():
        known = struct.pack("=BxHIIe", 0, 1, 7, 3, weight)
        assert centroid.parted(known).weights.tolist() == [weight]
        assert LOOPS.tallied(known, own, 1) == PLAIN.tallied(known, own, 1) == struct.pack("=BxHIIe", 0, 1, 7, 4, weight)
        assert LOOPS.founded(known, own) == PLAIN.founded(known, own)
        assert LOOPS.founded(known, nothing) == PLAIN.founded(known, nothing)


def test_a_damaged_fingerprint_is_seen_by_neither() -> None:
    for data in (b"", b"\1", b"\2" + DATA[1:], DATA[:-1], DATA + b"\0", b"\1\x20" + DATA[2:]):
        assert LOOPS.look(data, rarity(1)) is PLAIN.look(data, rarity(1)) is None
