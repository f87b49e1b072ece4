"""The steps that choosing a story takes for every article: once with numpy, and once by what was compiled from C.

Most of numpy's time over a hundred numbers is that of being called, and there are dozens of calls an article; compiled
(``_native.c``), the same takes a fifth. Where no compiler was at hand when the program was installed ``Plain`` does it all, and tests
hold the two to be one. This room is pure: it must not know what a story is, files, clocks or the record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import sqrt
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from monitor.story.look import WORD, Counts, Found, Halves, Look, Places, Slots, Weights
from monitor.text.fingerprint import BINS, HEAD, Bins, Hashes, Terms, agreement

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
#: A word is never rarer than in one of so many articles, however many are held: weights keep their proportion as the index fills.
_RAREST: Final = 1_000.0
#: Words of more than this share of articles are posted nowhere: they would find everything.
_SHARE: Final = 0.05
# Arrays of no dimension: numpy takes a third of the time over them that it takes over a number.
_SHIFT: Final = np.array(14, np.uint32)
_NOTHING: Final = np.array(0, np.float32)
_MOST: Final = np.array(np.log(_RAREST), np.float32)
#: Words that say no more than this stand in too many articles.
TOO_COMMON: Final = np.array(-np.log(_SHARE), np.float32)
_TINY: Final = 1e-9

#: A story's terms, ascending, and their weights.
Centroid = tuple[Hashes, Halves]
#: A story's terms, and how many of its articles have each.
Said = tuple[Hashes, Counts]


class Rarity(NamedTuple):
    """How many articles have each term, by counters (a power of two of them); the logarithms of counts; and that of all articles."""

    counts: npt.NDArray[np.uint32]
    logs: Weights
    base: float

    def idf(self, hashes: Hashes, told: Counts | None = None) -> Weights:
        """How much each term says: the logarithm of how few articles have it, between 0 and ln 1,000; without the ``told``."""
        counts = self.counts.take(counters(hashes, len(self.counts)))
        logs = self.logs.take(counts if told is None else counts - told, mode="clip")
        found: Weights = np.float32(self.base) - logs
        np.maximum(found, _NOTHING, out=found)
        np.minimum(found, _MOST, out=found)
        return found


def counters(hashes: Hashes, number: int) -> Places:
    return (hashes & np.uint32(number - 1)).astype(np.intp)


def term_places(hashes: Hashes) -> Places:
    return (hashes >> _SHIFT).astype(np.intp)


class Plain:
    """With numpy."""

    def look(self, terms: Terms, of: Rarity) -> tuple[Weights, Places]:
        """How much each term says, and the places of the terms by which an article is looked for: those that say most of it, and of
        numbers and names, which other languages write alike, some in any case."""
        idf = of.idf(terms.hashes)
        value = idf * terms.weights
        value[idf <= TOO_COMMON] = 0
        # A stable order: equal values are told apart by the terms' own numbers.
        order = (-value).argsort(kind="stable")[: np.count_nonzero(value)]
        named = order[terms.kinds.take(order) != WORD][:NAMED]
        chosen = np.zeros(len(value), np.bool_)
        chosen[order[:POSTED]] = True
        chosen[named] = True
        return idf, term_places(terms.hashes[chosen])

    def rank(self, table: Slots, places: Places) -> Iterator[int]:
        """Each number in these rows but 0, the most frequent first, of equals the newest. Most stand there once, and few are asked for."""
        ascending = table[places].ravel()
        ascending.sort()
        again = ascending[1:][ascending[1:] == ascending[:-1]]
        counts = Counter(again.tolist())
        counts.pop(0, None)
        for ranked in sorted([count << 32 | number for number, count in counts.items()], reverse=True):
            yield ranked & 0xFFFFFFFF
        for number in reversed(ascending.tolist()):
            if number and number not in counts:
                yield number

    def post(self, table: Slots, places: Places, number: int, below: int, free: Found | None = None) -> None:
        """``number`` in the first slot of these rows. What was there moves on, up to the first slot that is free, or out. Free is what is
        less than ``below``, what is this number already, and what ``free`` marks."""
        rows = table[places]
        freed = (rows < below) | (rows == number)
        if free is not None:
            freed |= free
        shifted = np.empty_like(rows)
        shifted[:, 0] = number
        shifted[:, 1:] = np.where(np.logical_or.accumulate(freed[:, :-1], axis=1), rows[:, 1:], rows[:, :-1])
        table[places] = shifted

    def agreement(self, signature: Bins, others: Sequence[bytes]) -> list[float]:
        """The share of bins in which a signature agrees with those of other fingerprints, by their data."""
        return agreement(signature, others)

    def compare(self, look: Look, stories: Sequence[Centroid], of: Rarity) -> list[tuple[float, int]]:
        """Of each story how like it the article is (the cosine), and how many of its numbers and names it has; all at once, for a few
        large arrays cost a tenth of many small ones."""
        ends = list(accumulate([len(hashes) for hashes, _ in stories]))
        starts = [0, *ends[:-1]]
        hashes = np.concatenate([hashes for hashes, _ in stories])
        theirs = np.concatenate([weights for _, weights in stories]) * of.idf(hashes)
        shared, places = look.among(hashes)
        products = theirs * look.mine.take(places)
        products *= shared
        lengths = np.sqrt(np.add.reduceat(theirs * theirs, starts, dtype=np.float64)) * look.length
        cosines = np.add.reduceat(products, starts, dtype=np.float64) / np.maximum(lengths, _TINY)
        names = np.add.reduceat(shared & look.named.take(places), starts, dtype=np.intp)
        return list(zip(cosines.tolist(), names.tolist(), strict=True))

    def news(self, look: Look, said: Said, of: Rarity, rule: tuple[float, int], both: Found | None = None) -> float:
        """What those terms of a story weigh that the article shares with it and that are rare outside it: each by how far it exceeds
        the bar (the first of the ``rule``); of what the story says itself, so many articles (the second) at most do not count
        against it. ``both`` marks which of the article's terms are meant, else all."""
        (hashes, tally), (bar, counted) = said, rule
        shared, places = look.among(hashes)
        if both is not None:
            shared &= both.take(places)
        idf = of.idf(hashes[shared], np.minimum(tally[shared], counted))
        return float(np.add.reduce(np.maximum(idf - np.float32(bar), _NOTHING), dtype=np.float64))


class Compiled(Plain):
    """By the loops in C."""

    def look(self, terms: Terms, of: Rarity) -> tuple[Weights, Places]:
        rules = (float(_MOST), float(TOO_COMMON), POSTED, NAMED, int(_SHIFT))
        idf, places = kernel.look(terms.hashes, terms.weights, terms.kinds, of.counts, of.logs, of.base, *rules)
        return np.frombuffer(idf, np.float32), np.frombuffer(places, np.int64)

    def rank(self, table: Slots, places: Places) -> Iterator[int]:
        return iter(kernel.rank(table, table.shape[1], places))

    def post(self, table: Slots, places: Places, number: int, below: int, free: Found | None = None) -> None:
        kernel.post(table, table.shape[1], places, number, below, free)

    def agreement(self, signature: Bins, others: Sequence[bytes]) -> list[float]:
        return [equal / BINS for equal in kernel.agree(signature, others, HEAD.size)] if len(signature) else [0.0] * len(others)

    def compare(self, look: Look, stories: Sequence[Centroid], of: Rarity) -> list[tuple[float, int]]:
        found = kernel.compare(stories, look.terms.hashes, look.mine, look.named, of.counts, of.logs, of.base, float(_MOST))
        return [(product / max(sqrt(square) * look.length, _TINY), names) for product, square, names in found]

    def news(self, look: Look, said: Said, of: Rarity, rule: tuple[float, int], both: Found | None = None) -> float:
        if both is not None:
            return super().news(look, said, of, rule, both)
        (hashes, tally), (bar, counted) = said, rule
        tally = tally.astype(np.int32, copy=False)
        return kernel.news(hashes, tally, look.terms.hashes, of.counts, of.logs, of.base, float(_MOST), counted, bar)


LOOPS: Final[Plain] = Compiled() if COMPILED else Plain()
