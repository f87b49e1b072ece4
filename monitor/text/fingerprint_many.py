"""The fingerprints of many articles at once: what ``fingerprint`` gives for each, at a third of the cost.

Most of that cost is that of calling numpy, whatever the length of the rows. So the words of many articles stand in one row here,
each with the number of its article; sorting, counting and finding the least are done for all together, and only what is
kept is cut apart. Articles whose words are not parted by blanks, and long ones, are read one by one. This room knows only str.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from monitor.text.fingerprint import (
    BINS,
    HEAD,
    MOST_TERMS,
    MOST_WORDS,
    RUN,
    TITLE,
    VERSION,
    WEIGHT_OF,
    Bins,
    Fingerprint,
    Hashes,
    Marks,
    mixed,
    of_prose,
    packed,
    runs_of,
)
from monitor.text.fingerprint_codes import COMMON_BIT, KIND_BITS, SMALL_BIT, THIRTY_TWO, Coded, Places, TermKind, blanks_part, coded
from monitor.text.native import COMPILED

#: Characters that are read together: their rows fit the second cache of a processor.
_TOGETHER: Final = 40_000
#: Bits of a sorting key for the place of a word among those read together; the number of its article stands above its 32 bits.
_PLACE: Final = 20
_ARTICLES: Final = 1 << 64 - 32 - _PLACE
_PLACE_BITS: Final = np.array(_PLACE, np.uint64)
_PLACE_MASK: Final = np.array((1 << _PLACE) - 1, np.uint64)
_ARTICLE_BITS: Final = np.array(32 + _PLACE, np.uint64)
_BIN_BITS: Final = np.array(64 - (BINS - 1).bit_length(), np.uint64)
_STEP: Final = np.array(0x9E3779B97F4A7C15, np.uint64)
_LOW: Final = np.array(0xFFFF, np.uint64)
_TWICE: Final = np.arange(2 * BINS, dtype=np.uint8)
_NO_BIN: Final = np.array(255, np.uint8)


class _Terms(NamedTuple):
    """The terms of all articles, by article and number: how often each stands there, and where first."""

    hashes: Hashes
    marks: Marks
    counts: npt.NDArray[np.intp]
    firsts: Places


def fingerprints(articles: Sequence[tuple[str, str]]) -> list[Fingerprint]:
    """Of the ``prose`` (title and body) of each article its fingerprint, in order."""
    found: list[Fingerprint | None] = [None] * len(articles)
    plain = [at for at, (title, body) in enumerate(articles) if len(title) + len(body) < _TOGETHER and blanks_part(title + body)]
    for group in _groups(articles, plain):
        for at, one in zip(group, _together([articles[at] for at in group]), strict=True):
            found[at] = one
    return [one or of_prose(*article) for one, article in zip(found, articles, strict=True)]


def _groups(articles: Sequence[tuple[str, str]], places: Sequence[int]) -> Iterator[list[int]]:
    group: list[int] = []
    characters = 0
    for at in places:
        length = len(articles[at][0]) + len(articles[at][1]) + 2
        if group and (characters + length > _TOGETHER or len(group) == _ARTICLES - 1):
            yield group
            group, characters = [], 0
        group.append(at)
        characters += length
    if group:
        yield group


def _together(articles: Sequence[tuple[str, str]]) -> list[Fingerprint | None]:
    """None for those with more words than are read of an article."""
    lengths = np.array([(len(title), len(body)) for title, body in articles], np.intp)
    ends = np.cumsum(lengths.sum(axis=1) + 2)
    found = coded("\n".join([f"{title}\n{body}" for title, body in articles]))
    begins = found.starts.take(found.of) if len(found.of) else found.starts
    last = begins.searchsorted(ends)
    first = np.concatenate(([0], last[:-1]))
    titled = begins.searchsorted(ends - lengths[:, 1] - 1)
    too_many = (np.maximum(titled - first, last - titled) > MOST_WORDS).tolist()
    made = _made(found, first, titled, last) if COMPILED else _by_rows(found, first, titled, last)
    return [None if many else one for many, one in zip(too_many, made, strict=True)]


def _made(found: Coded, first: Places, titled: Places, last: Places) -> Iterator[Fingerprint]:
    """In C, one by one."""
    all_data, places = packed(found.codes, np.stack((first, titled, last), axis=1))
    counts = np.array([data[HEAD.size - 1] for data in all_data], np.intp)
    return map(Fingerprint, all_data, found.written(places, counts))


def _by_rows(found: Coded, first: Places, titled: Places, last: Places) -> Iterator[Fingerprint]:
    """With numpy, all at once. Of each article it is told where its words begin, where its title ends, and where its words do."""
    articles, words = len(first), last - first
    article = np.arange(articles).repeat(words)
    signatures = _signatures(found.codes.astype(np.uint32), article, articles)
    # A word's place says of itself whether it stands in a title.
    weight = np.where(np.arange(len(article)) < titled.take(article), 1 + TITLE, 1)
    for signature, (data, said) in zip(_bytes(signatures, words), _terms(found, article, weight, articles), strict=True):
        yield Fingerprint(HEAD.pack(VERSION, len(signature) // 2, len(data) // 5) + signature + data, said)


def _bytes(signatures: Bins, words: Places) -> Iterator[bytes]:
    for signature, count in zip(signatures, words.tolist(), strict=True):
        yield signature.tobytes() if count >= RUN else b""


def _signatures(words: Hashes, article: Places, articles: int) -> Bins:
    """A row of bins for each article; of one with fewer words than a run has, nothing that means anything."""
    if len(words) < RUN:
        return np.zeros((articles, BINS), np.uint16)
    within = article[2:] == article[:-2]
    runs = runs_of(words)[within]
    bins = article[2:][within] * BINS + (runs >> _BIN_BITS).astype(np.intp)
    held = np.zeros(articles * BINS, np.bool_)
    held[bins] = True
    least = np.full(articles * BINS, ~np.uint64(0))
    np.minimum.at(least, bins, runs)
    # For each bin the next that holds something, in a row that goes around twice.
    twice = np.tile(held.reshape(articles, BINS), 2)
    after = np.minimum.accumulate(np.where(twice, _TWICE, _NO_BIN)[:, ::-1], axis=1)[:, ::-1][:, :BINS].astype(np.intp)
    source = after % BINS + np.arange(articles)[:, None] * BINS
    away = (after - np.arange(BINS)).astype(np.uint64)
    return (mixed(least.take(source) + away * _STEP) & _LOW).astype(np.uint16)


def _terms(found: Coded, article: Places, weight: Places, articles: int) -> list[tuple[bytes, str]]:
    """Of each article the numbers and marks of its terms, as bytes, and the terms as written, one a line."""
    places = (found.codes & COMMON_BIT == 0).nonzero()[0]
    if not len(places):
        return [(b"", "")] * articles
    said = found.codes.take(places).astype(np.uint32).astype(np.uint64)
    keys = article.take(places).astype(np.uint64) << _ARTICLE_BITS | said << _PLACE_BITS | places.astype(np.uint64)
    # By article and number, of equals the first in the text.
    keys.sort()
    places = (keys & _PLACE_MASK).astype(np.intp)
    keys >>= _PLACE_BITS
    edges = np.ones(len(keys), np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=edges[1:])
    starts = edges.nonzero()[0]
    firsts = places.take(starts)
    codes = found.codes.take(places)
    counts = np.add.reduceat(weight.take(places), starts)
    kinds = (codes.take(starts) >> THIRTY_TWO & KIND_BITS).astype(np.uint8)
    kinds[np.bitwise_or.reduceat(codes, starts) & SMALL_BIT != 0] = TermKind.WORD
    hashes = keys.take(starts)
    bounds = (hashes >> THIRTY_TWO).searchsorted(np.arange(articles + 1, dtype=np.uint64)).tolist()
    marks = kinds << np.uint8(6) | WEIGHT_OF.take(counts, mode="clip")
    return _cut(_Terms(hashes.astype(np.uint32), marks, counts, firsts), found, bounds)


def _cut(terms: _Terms, found: Coded, bounds: list[int]) -> list[tuple[bytes, str]]:
    kept = [_kept(terms, start, end) for start, end in pairwise(bounds)]
    written = found.written(terms.firsts.take(np.concatenate(kept)), np.array(list(map(len, kept))))
    data = [terms.hashes.take(places).tobytes() + terms.marks.take(places).tobytes() for places in kept]
    return list(zip(data, written, strict=True))


def _kept(terms: _Terms, start: int, end: int) -> Places:
    """Which of an article's terms are kept."""
    if end - start <= MOST_TERMS:
        return np.arange(start, end)
    kept = start + np.lexsort((terms.firsts[start:end], -terms.counts[start:end]))[:MOST_TERMS]
    kept.sort()
    return kept
