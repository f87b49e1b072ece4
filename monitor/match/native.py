"""The inner loop of matching in C, where it was compiled when the program was installed, and how its answers are read.

``_native`` finds what ``chunks``, ``meanings`` and ``worth`` find with numpy, by the same tables, in a third of the time.
Both are tested as one.

This room is pure: it must not know files, clocks or where a text came from.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from monitor.match.meanings import Meanings, Read
from monitor.text.chunks import BASE, KINDS, QUOTE_WEIGHT, WEIGHTS
from monitor.text.words import WORD_CJK, pattern_for

__all__ = ["COMPILED", "Packed", "kernel", "read_packed"]

_compiled = True
try:
    import monitor.match._native as kernel
except ImportError:  # there was no compiler
    kernel = None  # type: ignore[assignment]
    _compiled = False

#: Whether ``kernel`` is there; it is called by nobody where it is not.
COMPILED: Final = _compiled


class Packed(NamedTuple):
    """As ``meanings.Read``, each array as the bytes of it."""

    starts: bytearray
    ends: bytearray
    numbers: bytearray
    values: bytearray
    bits: int
    cjk: bool

    def unpacked(self) -> Read:
        starts, ends = np.frombuffer(self.starts, np.int64), np.frombuffer(self.ends, np.int64)
        numbers, values = np.frombuffer(self.numbers, np.uint64), np.frombuffer(self.values, np.uint32)
        return Read(starts, ends, numbers, values, self.bits, self.cjk)


def read_packed(text: str, meanings: Meanings) -> Packed:
    """As ``Meanings.read``; only where COMPILED."""
    starts, ends, numbers, values, missed, cjk, beyond = kernel.read(text, WEIGHTS, KINDS, QUOTE_WEIGHT, BASE, *meanings.tables())
    cjk = cjk or (beyond and pattern_for(text) is WORD_CJK)
    if missed:
        meanings.learn(text, Packed(starts, ends, numbers, values, 0, cjk).unpacked(), missed)
    return Packed(starts, ends, numbers, values, kernel.settle(starts, ends, numbers, values), cjk)
