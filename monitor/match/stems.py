"""The stems that anybody looks for: which slots each may be met by, and what each of these allows to be attached.

The shipped watchlists have 130,000 stems, which as strings in a dictionary are a sixth of a match worker's memory. Where the
loop in C is, a stem is kept as its hash alone, of 64 bits and keyed anew in every process (Python's own), so that nobody can
write a word that would be taken for another; without it, a dictionary does.

This room is pure: it must not know files, clocks or where a text came from.
"""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np

from monitor.match.native import kernel
from monitor.text.forms import Stems as Expanded

#: (attachments allowed, slot) of each slot that a stem is met by, as bits of ``Attach``.
Allowing = tuple[tuple[int, int], ...]

_FIRST_SIZE: Final = 1 << 10
#: Of the table's entries as many may be taken, in hundredths: a stem is looked for from its own place on to the next that is free.
_FULL: Final = 75


class Stems(Protocol):
    def add(self, found: Expanded, slot: int) -> None:
        """Enter the stems of one slot with what each allows."""

    def of(self, stem: str) -> Allowing:
        """The slots of a stem, in no order; none where nobody looks for it."""

    def __contains__(self, stem: object) -> bool: ...


class PlainStems(dict[str, Allowing]):
    """The twin of ``HashedStems``."""

    def add(self, found: Expanded, slot: int) -> None:
        for stem, allows in found:
            self[stem] = (*self.get(stem, ()), (allows, slot))

    def of(self, stem: str) -> Allowing:
        return self.get(stem, ())


class HashedStems:
    """Only where the loop in C is."""

    def __init__(self) -> None:
        self._table = np.zeros((_FIRST_SIZE, 2), np.uint64)
        self._taken = 0

    def add(self, found: Expanded, slot: int) -> None:
        while (self._taken + len(found)) * 100 > len(self._table) * _FULL:
            before = self._table
            self._table = np.zeros((len(before) * 2, 2), np.uint64)
            kernel.move_stems(before, self._table)
        self._taken += len(found)
        kernel.add_stems(self._table, found, slot)

    def of(self, stem: str) -> Allowing:
        return kernel.stem(self._table, stem)

    def __contains__(self, stem: object) -> bool:
        return isinstance(stem, str) and bool(kernel.stem(self._table, stem))
