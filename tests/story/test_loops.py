"""The steps of choosing a story in C find what numpy finds, of anything, and refuse what is no table of ours."""

from __future__ import annotations

import shutil
import sysconfig
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.story.cluster import choose
from monitor.story.index import StoryIndex
from monitor.story.look import Look
from monitor.story.loops import COMPILED, Compiled, Plain, Rarity
from monitor.text.fingerprint import BINS, HEAD, Fingerprint, Terms, agreement, fingerprint
from monitor.text.layout import lay_out
from tests.story import articles

_COMPILER = shutil.which("cc") is not None and Path(sysconfig.get_path("include"), "Python.h").exists()
pytestmark = pytest.mark.skipif(not _COMPILER and not COMPILED, reason="no compiler of C, or no headers of Python, on this machine")

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
PLAIN, LOOPS = Plain(), Compiled()
# Few numbers, so that they meet; and counters few enough to be shared.
HASHES = st.lists(st.integers(0, 60) | st.integers(0, 2**32 - 1), unique=True, max_size=120).map(sorted)


def test_it_is_compiled_where_there_is_a_compiler() -> None:
    assert COMPILED, "there is a compiler: `make clean setup`, and see what hatch_build.py says"


def rarity(seed: int) -> Rarity:
    counts = np.random.default_rng(seed).integers(0, 60, 64).astype(np.uint32)
    return Rarity(counts, np.log(np.arange(50) + 0.5).astype(np.float32), float(np.log(50 + 300)))


def terms(hashes: list[int], seed: int) -> Terms:
    drawn = np.random.default_rng(seed)
    weights = drawn.choice(np.array([1.0, 1.7, 2.1, 4.0], np.float32), len(hashes))
    signature = drawn.integers(0, 3, BINS).astype(np.uint16)
    # As in a fingerprint's bytes, where they begin at any place.
    unaligned = np.frombuffer(b"\0" + np.array(hashes, np.uint32).tobytes(), np.uint32, len(hashes), 1)
    return Terms(signature, unaligned, drawn.integers(0, 3, len(hashes)).astype(np.uint8), weights)


def look(own: Terms, of: Rarity) -> Look:
    return Look(b"", own, *PLAIN.look(own, of), np.zeros(0, np.intp))


@given(HASHES, st.integers(0, 2**32))
def test_an_article_is_seen_alike(hashes: list[int], seed: int) -> None:
    own, of = terms(hashes, seed), rarity(seed)
    (one, places), (other, others) = PLAIN.look(own, of), LOOPS.look(own, of)
    assert one.tobytes() == other.tobytes()
    assert places.tolist() == others.tolist()


@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 8), st.lists(st.integers(0, 19), max_size=28), st.booleans())
def test_tables_are_read_and_written_alike(seed: int, numbers: int, slots: int, places: list[int], marked: bool) -> None:
    drawn = np.random.default_rng(seed)
    table = drawn.integers(0, numbers, (20, slots)).astype(np.uint32)
    at = np.array(places, np.intp)
    assert list(PLAIN.rank(table, at)) == list(LOOPS.rank(table, at))
    free = drawn.integers(0, 4, (len(places), slots)) == 0 if marked else None
    one, other = table.copy(), table.copy()
    PLAIN.post(one, at, numbers, 3, None if free is None else free[np.array([places.index(place) for place in places], np.intp)])
    LOOPS.post(other, at, numbers, 3, None if free is None else free[np.array([places.index(place) for place in places], np.intp)])
    assert one.tolist() == other.tolist()


@given(HASHES.filter(bool), st.lists(HASHES.filter(bool), min_size=1, max_size=12), st.integers(0, 2**32))
def test_stories_are_compared_alike(own: list[int], stories: list[list[int]], seed: int) -> None:
    of, drawn = rarity(seed), np.random.default_rng(seed)
    seen = look(terms(own, seed), of)
    centroids = [(np.array(one, np.uint32), drawn.random(len(one)).astype(np.float16)) for one in stories]
    for (cosine, names), (others, other_names) in zip(PLAIN.compare(seen, centroids, of), LOOPS.compare(seen, centroids, of), strict=True):
        assert cosine == pytest.approx(others, rel=1e-12, abs=1e-12)
        assert names == other_names
    hashes = centroids[0][0]
    said = hashes, drawn.integers(0, 20, len(hashes)).astype(np.int32)
    assert PLAIN.news(seen, said, of, (2.5, 8)) == pytest.approx(LOOPS.news(seen, said, of, (2.5, 8)), rel=1e-12, abs=1e-12)
    both = drawn.integers(0, 2, len(own)) == 0
    assert PLAIN.news(seen, said, of, (2.5, 8), both) == LOOPS.news(seen, said, of, (2.5, 8), both)


@given(st.lists(st.lists(st.integers(0, 2), min_size=BINS, max_size=BINS) | st.just([]), max_size=6), st.integers(0, 2**32))
def test_signatures_agree_alike(others: list[list[int]], seed: int) -> None:
    signature = np.random.default_rng(seed).integers(0, 3, BINS).astype(np.uint16)
    data = [HEAD.pack(1, len(one), 0) + np.array(one, np.uint16).tobytes() for one in others]
    for mine in (signature, signature[:0]):
        assert LOOPS.agreement(mine, data) == PLAIN.agreement(mine, data) == agreement(mine, data)


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


HALF, WORD = np.zeros(4, np.float16), np.zeros(4, np.uint32)
LOGS, FLOATS = np.zeros(3, np.float32), np.zeros(4, np.float32)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("rank", (WORD, 4, np.array([1], np.intp))),  # beyond the table
        ("rank", (WORD, 4, np.array([-1], np.intp))),
        ("rank", (WORD, 0, np.array([0], np.intp))),
        ("rank", (WORD, 4, np.zeros(2_000, np.intp))),  # more than one article has
        ("rank", (WORD, 4)),
        ("rank", (b"123", 4, np.zeros(1, np.intp))),
        ("post", (WORD.copy(), 4, np.array([1], np.intp), 7, 0, None)),
        ("post", (WORD.copy(), 4, np.array([0], np.intp), 7, 0, b"12")),
        ("post", (WORD.tobytes(), 4, np.array([0], np.intp), 7, 0, None)),  # cannot be written
        ("agree", (np.zeros(64, np.uint16), ["text"], 3)),
        ("agree", (np.zeros(64, np.uint16), 5, 3)),
        ("look", (WORD, FLOATS[:3], b"1234", WORD, LOGS, 1.0, 2.0, 1.0, 20, 8, 14)),
        ("look", (np.zeros(300, np.uint32), np.zeros(300, np.float32), bytes(300), WORD, LOGS, 1.0, 2.0, 1.0, 20, 8, 14)),
        ("look", (WORD, FLOATS, b"1234", WORD[:3], LOGS, 1.0, 2.0, 1.0, 20, 8, 14)),  # no power of two
        ("look", (WORD, FLOATS, b"1234", WORD, LOGS[:0], 1.0, 2.0, 1.0, 20, 8, 14)),
        ("look", (WORD, FLOATS, b"1234", WORD, LOGS, "x", 2.0, 1.0, 20, 8, 14)),
        ("compare", ([(WORD, HALF[:3])], WORD, FLOATS, b"1234", WORD, LOGS, 1.0, 2.0)),
        ("compare", ([WORD], WORD, FLOATS, b"1234", WORD, LOGS, 1.0, 2.0)),
        ("compare", ([(WORD, HALF)], WORD, FLOATS, b"123", WORD, LOGS, 1.0, 2.0)),
        ("compare", (3, WORD, FLOATS, b"1234", WORD, LOGS, 1.0, 2.0)),
        ("news", (WORD, WORD[:3], WORD, WORD, LOGS, 1.0, 2.0, 8, 4.0)),
        ("news", (WORD, WORD, WORD, WORD, LOGS, 1.0, 2.0, "x", 4.0)),
    ],
)
def test_what_is_no_table_of_ours_is_refused(function: str, arguments: tuple[Any, ...]) -> None:
    from monitor.story import _native

    with pytest.raises((ValueError, TypeError, IndexError, BufferError)):
        getattr(_native, function)(*arguments)


def test_halves_are_read_exactly() -> None:
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    finite = every[np.isfinite(every)]
    of = Rarity(np.zeros(1, np.uint32), np.zeros(1, np.float32), 1.0)  # every term says one
    for weight in finite[::61].tolist():
        own = Terms(np.zeros(0, np.uint16), np.array([7], np.uint32), np.zeros(1, np.uint8), np.ones(1, np.float32))
        story = np.array([7], np.uint32), np.array([weight], np.float16)
        assert LOOPS.compare(look(own, of), [story], of) == PLAIN.compare(look(own, of), [story], of)


def test_a_signature_that_begins_beyond_the_data_agrees_with_nothing() -> None:
    from monitor.story import _native as kernel  # not there where nothing was compiled

    signature = np.zeros(64, np.uint16)
    for head in (3, 2**31, 2**63 - 1):
        assert kernel.agree(signature, [bytes([0, 64])], head) == [0]
