"""The steps that choosing a story takes for every article: once with numpy, and once by what was compiled from C.

Most of numpy's time over a hundred numbers is that of being called, and there are dozens of calls an article; compiled
(``_native.c``), the same takes a tenth. Where no compiler was at hand when the program was installed ``Plain`` does it all, and tests
hold the two to be one. This room is pure: it must not know when two articles are one story, files, clocks or the record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import accumulate, chain, islice
from math import sqrt
from typing import Final, NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from monitor.story import centroid as plain
from monitor.story.centroid import MOST, parted
from monitor.story.look import Closest, Look, Rarity, Side, Slots, Weights, counters, held
from monitor.text.fingerprint import (
    Bins,
    Fingerprint,
    Hashes,
    Marks,
    TermKind,
    agreement,
    bands,
    hashes_of,
    marks_of,
    signature_of,
    taken_apart,
)

_compiled = True
try:
    import monitor.story._native as kernel
except ImportError:  # there was no compiler
    _compiled = False

#: Whether the loops are compiled.
COMPILED: Final = _compiled
#: Rarest terms of an article by which its story is found.
POSTED: Final = 20
#: And numbers and names among them, or besides.
NAMED: Final = 8
#: Places of the two tables.
TERM_PLACES: Final = 1 << 18
BAND_PLACES: Final = 1 << 17
#: Words of more than this share of articles are posted nowhere: they would find everything.
_SHARE: Final = 0.05
#: Words that say no more than this stand in too many articles.
TOO_COMMON: Final = np.float32(-np.log(_SHARE))
_SHIFT: Final = 32 - (TERM_PLACES - 1).bit_length()
_TINY: Final = 1e-9
_KINDS: Final = 4
#: Of a term's mark, from which on it is a number or a name.
_FIRST_NAMED: Final = np.uint8(TermKind.NUMBER << 6)


class Nearest(NamedTuple):
    """Which stories are compared, and which of them are worth a second look: so many are, of them those so like the article, and those
    with so many of its numbers and names."""

    wanted: int
    least: float
    names: int


class Article(Protocol):
    """An article that is held: its fingerprint, and the number of its story."""

    data: bytes
    story: int


class Story(Protocol):
    """A story, by what it is known by."""

    centroid: bytes


A = TypeVar("A", bound=Article)
S = TypeVar("S", bound=Story)


def term_places(hashes: Hashes) -> Slots:
    return hashes >> np.uint32(_SHIFT)


def band_places(signatures: Bins) -> Slots:
    """Of one signature, or of each of several; none of an empty one."""
    return bands(signatures) & np.uint32(BAND_PLACES - 1)


class Plain:
    """With numpy."""

    def look(self, data: bytes, of: Rarity) -> Look | None:
        """The article of this fingerprint; None where it cannot be read. It is looked for by the terms that say most of it, and of
        numbers and names, which other languages write alike, by some in any case."""
        terms = Fingerprint(data).read()
        if terms is None:
            return None
        idf = of.idf(terms.hashes)
        mine = idf * terms.weights
        value = np.where(idf > TOO_COMMON, mine, 0)
        # A stable order: equal values are told apart by the terms' own numbers.
        order = (-value).argsort(kind="stable")[: np.count_nonzero(value)]
        named = terms.kinds != TermKind.WORD
        chosen = np.zeros(len(value), np.bool_)
        chosen[order[:POSTED]] = True
        chosen[order[named.take(order)][:NAMED]] = True
        posted = term_places(terms.hashes[chosen])
        length = sqrt(np.add.reduce(mine * mine, dtype=np.float64))
        says = idf.tobytes() + mine.tobytes()
        return Look(data, of, says, posted.tobytes(), band_places(terms.signature).tobytes(), length)

    def rank(self, table: Slots, places: bytes) -> list[int]:
        """Each number in these rows but 0, the most frequent first, of equals the newest."""
        numbers, counts = np.unique(table[np.frombuffer(places, np.uint32)], return_counts=True)
        ranked = (counts << 32) + numbers
        return [one & 0xFFFFFFFF for one in sorted(ranked[numbers > 0].tolist(), reverse=True)]

    def post(
        self, table: Slots, places: bytes, posted: tuple[int, int], articles: Mapping[int, Article] | None = None, story: int = 0
    ) -> None:
        """The first of the two numbers ``posted`` in the first slot of these rows. What was there moves on, up to the first slot that is
        free, or out. Free is what is less than the second one, and what is this number already; where the ``articles`` are given,
        also what is none of theirs, and those of this ``story``."""
        at = np.frombuffer(places, np.uint32)
        rows = table[at]
        number, below = posted
        freed = (rows < below) | (rows == number)
        if articles is not None:
            flat = [(article := articles.get(one)) is None or article.story == story for one in rows.ravel().tolist()]
            freed |= np.array(flat, np.bool_).reshape(rows.shape)
        shifted = np.empty_like(rows)
        shifted[:, 0] = number
        shifted[:, 1:] = np.where(np.logical_or.accumulate(freed[:, :-1], axis=1), rows[:, 1:], rows[:, :-1])
        table[at] = shifted

    def count(self, counts: npt.NDArray[np.uint32], data: bytes, by: int) -> None:
        """``by`` (1 or -1) more articles that have the terms of this fingerprint."""
        # Of the counters' own type: with a plain number numpy takes forty times as long to add at many places.
        (np.add if by > 0 else np.subtract).at(counts, counters(hashes_of(data), len(counts)), np.uint32(1))

    def alike(self, look: Look, table: Slots, articles: dict[int, A], wanted: int, least: float) -> list[tuple[float, int]]:
        """Of the first of these articles that share bands, as ``rank`` has them, those that agree in at least such a share of bins: the
        share and the number of each."""
        numbers = list(islice((number for number in self.rank(table, look.bands) if number in articles), wanted))
        shares = agreement(signature_of(look.data), [articles[number].data for number in numbers])
        return [(share, number) for share, number in zip(shares, numbers, strict=True) if share >= least]

    def closest(self, look: Look, others: Sequence[bytes]) -> Closest:
        """Of these articles the one that shares what says most, of equals (sums of the same numbers may differ in their last digits)
        the first."""
        own, idf = hashes_of(look.data), _parts(look)[0]
        shared = [held(own, hashes_of(other)) for other in others]
        sums = [np.rint(1000 * np.add.reduce(idf[mine], dtype=np.float64)) for mine in shared]
        best = sums.index(max(sums))
        return Closest(best, shared[best].tobytes(), int(np.count_nonzero(shared[best])), len(hashes_of(others[best])))

    def sides(self, look: Look, other: bytes) -> tuple[Side, Side]:
        """The article and another, against each other."""
        own, theirs = hashes_of(look.data), hashes_of(other)
        mine = _side(marks_of(look.data), held(own, theirs), _parts(look)[0])
        return mine, _side(marks_of(other), held(theirs, own), look.of.idf(theirs))

    def shown(self, look: Look, shared: bytes, words: tuple[str, ...], most: tuple[int, int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Of the shared terms so many words, and so many numbers, as ``words`` has them: those first that weigh most. Names count twice,
        for people know a story by its names."""
        kinds, _ = taken_apart(marks_of(look.data))
        value = _parts(look)[1] * np.frombuffer(shared, np.bool_)
        value[kinds == TermKind.NAME] *= 2
        order = np.argsort(-value, kind="stable")[: np.count_nonzero(value > 0)]
        numeric = kinds[order] == TermKind.NUMBER
        found = order[~numeric][: most[0]], order[numeric][: most[1]]
        return tuple(words[place] for place in found[0].tolist()), tuple(words[place] for place in found[1].tolist())

    def cosine(self, look: Look, story: bytes) -> float:
        """How like a story the article is: 0 to 1."""
        return self._compared(look, [story])[0][0] if story else 0.0

    def nearest(
        self, look: Look, table: Slots, stories: dict[int, S], passed: AbstractSet[int], rule: Nearest
    ) -> list[tuple[float, int, int]]:
        """Of the first of these stories that share rare terms, as ``rank`` has them, and that something is known of, without those to
        be ``passed``, those that are like the article or have enough of its numbers and names: how like it is (0 where that is less
        than the least), the number, and how many of the names."""
        known = (
            (number, story.centroid)
            for number in self.rank(table, look.posted)
            if number not in passed and (story := stories.get(number)) is not None and story.centroid
        )
        found = list(islice(known, rule.wanted))
        compared = zip(self._compared(look, [centroid for _, centroid in found]), found, strict=True)
        told = [(cosine if cosine >= rule.least else 0.0, number, names) for (cosine, names), (number, _) in compared]
        return [one for one in told if one[0] > 0 or one[2] >= rule.names]

    def _compared(self, look: Look, stories: Sequence[bytes]) -> list[tuple[float, int]]:
        """How like each of these stories, of which something is known, the article is, and how many of its numbers and names each has;
        all at once, for a few large arrays cost a tenth of many small ones."""
        own = hashes_of(look.data)
        if not stories or not len(own):
            return [(0.0, 0)] * len(stories)
        known = [parted(story) for story in stories]
        ends = list(accumulate(len(one.hashes) for one in known))
        starts = [0, *ends[:-1]]
        hashes = np.concatenate([one.hashes for one in known])
        theirs = np.concatenate([one.weights for one in known]) * look.of.idf(hashes)
        places = own.searchsorted(hashes)
        shared = own.take(places, mode="clip") == hashes
        products = theirs * _parts(look)[1].take(places, mode="clip") * shared
        named = (marks_of(look.data) >= _FIRST_NAMED).take(places, mode="clip") & shared
        lengths = np.sqrt(np.add.reduceat(theirs * theirs, starts, dtype=np.float64)) * look.length
        cosines = np.add.reduceat(products, starts, dtype=np.float64) / np.maximum(lengths, _TINY)
        return list(zip(cosines.tolist(), np.add.reduceat(named, starts, dtype=np.intp).tolist(), strict=True))

    def news(self, look: Look, story: bytes, of: Rarity, rule: tuple[int, float], shared: bytes | None = None) -> float:
        """What those terms of a story weigh that the article shares with it and that are rare outside it: each by how far it exceeds
        the bar (the second of the ``rule``); of what the story says itself, so many articles (the first) at most do not count
        against it. ``shared`` marks which of the article's terms are meant, else all."""
        (hashes, _, tally), (counted, bar) = parted(story), rule
        own = hashes_of(look.data)
        both = held(hashes, own if shared is None else own[np.frombuffer(shared, np.bool_)])
        idf = of.idf(hashes[both], np.minimum(tally[both], np.uint32(counted)))
        return float(np.add.reduce(np.maximum(idf - np.float32(bar), np.float32(0)), dtype=np.float64))

    def founded(self, centroid: bytes, data: bytes) -> bytes:
        return plain.founded(centroid, data)

    def tallied(self, centroid: bytes, data: bytes, by: int) -> bytes:
        return plain.tallied(centroid, data, by)


class Compiled(Plain):
    """By the loops in C."""

    def look(self, data: bytes, of: Rarity) -> Look | None:
        found = kernel.look(data, *of, float(TOO_COMMON), POSTED, NAMED, _SHIFT, BAND_PLACES - 1)
        return None if found is None else Look(data, of, *found)

    def rank(self, table: Slots, places: bytes) -> list[int]:
        return kernel.rank(table, table.shape[1], places)

    def post(
        self, table: Slots, places: bytes, posted: tuple[int, int], articles: Mapping[int, Article] | None = None, story: int = 0
    ) -> None:
        kernel.post(table, table.shape[1], places, *posted, articles, "story", story)

    def count(self, counts: npt.NDArray[np.uint32], data: bytes, by: int) -> None:
        kernel.count(counts, data, by)

    def alike(self, look: Look, table: Slots, articles: dict[int, A], wanted: int, least: float) -> list[tuple[float, int]]:
        return kernel.alike(look.data, table, table.shape[1], look.bands, articles, "data", wanted, least)

    def closest(self, look: Look, others: Sequence[bytes]) -> Closest:
        return Closest(*kernel.closest(look.data, look.says, others))

    def sides(self, look: Look, other: bytes) -> tuple[Side, Side]:
        mine, theirs = kernel.sides(look.data, look.says, other, *look.of)
        return Side(*mine), Side(*theirs)

    def shown(self, look: Look, shared: bytes, words: tuple[str, ...], most: tuple[int, int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return kernel.shown(look.data, look.says, shared, words, TermKind.NAME, TermKind.NUMBER, *most)

    def cosine(self, look: Look, story: bytes) -> float:
        return kernel.cosine(look.data, look.says, look.length, *look.of, story)

    def nearest(
        self, look: Look, table: Slots, stories: dict[int, S], passed: AbstractSet[int], rule: Nearest
    ) -> list[tuple[float, int, int]]:
        places = table, table.shape[1], look.posted
        return kernel.nearest(look.data, look.says, look.length, *look.of, *places, stories, "centroid", passed, *rule)

    def news(self, look: Look, story: bytes, of: Rarity, rule: tuple[int, float], shared: bytes | None = None) -> float:
        return kernel.news(look.data, look.says, story, *of, *rule, shared)

    def founded(self, centroid: bytes, data: bytes) -> bytes:
        return kernel.founded(centroid, data, MOST)

    def tallied(self, centroid: bytes, data: bytes, by: int) -> bytes:
        return kernel.tallied(centroid, data, by)


def _parts(look: Look) -> tuple[Weights, Weights]:
    """How much each term says, and what it weighs in the article."""
    both = np.frombuffer(look.says, np.float32)
    return both[: len(both) // 2], both[len(both) // 2 :]


def _side(marks: Marks, both: npt.NDArray[np.bool_], idf: Weights) -> Side:
    kinds, _ = taken_apart(marks)
    alone = kinds[~both], idf[~both].astype(np.float64)
    common = kinds[both], idf[both].astype(np.float64)
    counts = [np.bincount(of, minlength=_KINDS).tolist() for of, _ in (alone, common)]
    sums = [np.bincount(of, says, minlength=_KINDS).tolist() for of, says in (alone, common)]
    return Side(*map(tuple, chain(counts, sums)))


LOOPS: Final[Plain] = Compiled() if COMPILED else Plain()
