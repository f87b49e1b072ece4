"""Pairs: the phrases that two chunks side by side may stand in, by the values of the two.

Most phrases are two words, and most pairs are of one phrase; of these C finds the pattern in one place of one table, which
matters because a phrase that an article has is one that few articles had: it is in no cache of the processor's, and each
place that is looked at costs as much as fifty words.

This room is pure: it must not know files, clocks or where a text came from.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from typing import Final, Protocol, TypeAlias

import numpy as np

from monitor.text.chunks import Hashes

#: A phrase that is looked for by two of its words: its pattern, the place of the first of the two in it, its slots.
Phrase = tuple[int, int, tuple[int, ...]]

#: Entries of the first table; it is doubled when it is half full.
_FIRST_SIZE: Final = 1 << 10
_FULL: Final = 2
#: Numbers of eight bytes in one line of the processor's cache.
_LINE: Final = 8
#: Odd, so that no two pairs become one number, and of many bits, so that the first bits of the number tell pairs apart. C knows it.
SPREAD: Final = 0x9E3779B97F4A7C15
_SPREAD: Final = np.array(SPREAD, np.uint64)
_FIRST_BIT: Final = 32


#: Numbers of eight bytes; of few of them an array is made in a third of the time.
Numbers: TypeAlias = "Hashes | array[int]"


class Put(Protocol):
    """How numbers and their values are put into a table: see ``meanings.put``."""

    def __call__(self, table: Hashes, numbers: Numbers, values: Numbers, /) -> list[int]: ...


class Pairs(dict[int, tuple[Phrase, ...]]):
    """Values of two chunks side by side (see ``beside``) -> the phrases asked for that have them so, as ``Table.phrases`` tells them.

    ``table`` has each pair by its spread number: the pattern and one, where it is of one phrase of two words, and else zero. A pair whose
    line in it was full is missing.
    """

    def __init__(self, put: Put) -> None:
        super().__init__()
        self._put = put
        self.table = aligned(_FIRST_SIZE)
        self._unsettled: dict[int, tuple[Phrase, ...]] = {}

    def enter(self, found: Mapping[tuple[int, int], Iterable[Phrase]]) -> None:
        """Add new pairs; into the table they come with ``settle``."""
        new = {beside(*pair): tuple(phrases) for pair, phrases in found.items()}
        self.update(new)
        self._unsettled.update(new)

    def settle(self) -> None:
        """Put what was entered since into the table, all at once."""
        new: Mapping[int, tuple[Phrase, ...]] = self._unsettled
        size = len(self.table)
        while len(self) * _FULL > size:
            size *= 2
        if size > len(self.table):
            self.table, new = aligned(size), self
        numbers = np.fromiter(new, np.uint64, len(new)) * _SPREAD
        self._put(self.table, numbers, np.fromiter(map(_alone, new.values()), np.uint64, len(new)))
        self._unsettled.clear()


def _alone(phrases: tuple[Phrase, ...]) -> int:
    pattern, _, slots = phrases[0]
    return pattern + 1 if len(phrases) == 1 and len(slots) == 2 else 0


def beside(first: int, second: int) -> int:
    """Two values side by side as one number, in half the time of a pair."""
    return first << _FIRST_BIT | second


def aligned(entries: int) -> Hashes:
    """An empty table of as many entries, a number and a value each, that begins where a line of the processor's cache does."""
    room = np.zeros(entries * 2 + _LINE, np.uint64)
    first = -room.ctypes.data // room.itemsize % _LINE
    return room[first : first + entries * 2].reshape(entries, 2)
