"""An article as the index sees it at this moment, and what is found when it is held against others.

Numbers of many terms are bytes here, as the loops (``loops``) write and read them; nobody else looks into them. It must not
know what else the index holds.
"""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from monitor.text.fingerprint import Hashes, TermKind, marks_of, taken_apart

Weights = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]
Slots = npt.NDArray[np.uint32]
Found = npt.NDArray[np.bool_]
#: Numbers by kind of term (``TermKind``).
Counts = tuple[int, int, int, int]
Sums = tuple[float, float, float, float]


#: A word is never rarer than in one of so many articles, however many are held: weights keep their proportion as the index fills.
_RAREST: Final = 1_000.0
_MOST: Final = float(np.float32(np.log(_RAREST)))


class Rarity(NamedTuple):
    """How many articles have each term, by counters (a power of two of them); the logarithms of counts; that of all articles; and how
    much a term says at most."""

    counts: npt.NDArray[np.uint32]
    logs: Weights
    base: float
    most: float = _MOST

    def idf(self, hashes: Hashes, told: npt.NDArray[np.uint32] | None = None) -> Weights:
        """How much each term says: the logarithm of how few articles have it, between 0 and ln 1,000; without the ``told``."""
        counts = self.counts.take(counters(hashes, len(self.counts)))
        logs = self.logs.take(counts if told is None else counts.astype(np.int64) - told, mode="clip")
        found: Weights = (np.float32(self.base) - logs).clip(0, np.float32(self.most))
        return found


class Printed(Protocol):
    """A fingerprint, as whoever analysed the article handed it on: its bytes, and its terms as the article writes them."""

    @property
    def data(self) -> bytes: ...

    @property
    def words(self) -> tuple[str, ...]: ...


class Look(NamedTuple):
    """What is asked of an article when its story is chosen, and again when it is held.

    ``of`` is how rare terms are at this moment, ``says`` of each term how much it says, and then of each what it weighs in this
    article (32-bit floats). ``posted`` are the places of the table of terms and ``bands`` those of the table of bands where it is looked
    for (32 bits each). ``length`` is that of all its weights together."""

    data: bytes
    of: Rarity
    says: bytes
    posted: bytes
    bands: bytes
    length: float

    def named(self, shared: bytes) -> bytes:
        """Of these terms (a byte each) the numbers and names."""
        kinds, _ = taken_apart(marks_of(self.data))
        named: Found = np.frombuffer(shared, np.bool_) & (kinds != TermKind.WORD)
        return named.tobytes()


class Closest(NamedTuple):
    """Of several articles the one that shares most: its place among them, which of the article's terms it shares (a byte each) and
    how many, and how many terms it has."""

    place: int
    shared: bytes
    both: int
    terms: int

    @property
    def share(self) -> float:
        """Of the shorter one's terms, how many per cent stand in the other."""
        return 100 * self.both / max(1, min(len(self.shared), self.terms))


class Side(NamedTuple):
    """Of one of two articles, by kind of term: how many it says alone, how many as the other does, and how much these and those say."""

    alone: Counts
    both: Counts
    alone_says: Sums
    both_says: Sums


def held(hashes: Hashes, by: Hashes) -> Found:
    """Which of ``hashes`` stand in ``by``; both ascending."""
    if not len(by):
        return np.zeros(len(hashes), np.bool_)
    found: Found = by.take(by.searchsorted(hashes), mode="clip") == hashes
    return found


def counters(hashes: Hashes, number: int) -> Places:
    return (hashes & np.uint32(number - 1)).astype(np.intp)
