"""Which words of a text may begin a name of several words, told from the letters of what follows.

News is full of first words of names and nearly always goes on as no name does. Of every name's key the beginnings of each length
are kept in a filter (a Bloom filter), and the words behind such a first word are held against it letter by letter: what it lets
through may still be no name, what it keeps back is certain. Words that are not plain, or may have endings, it lets through.
What was kept back because of the next word alone is kept back by its number when the two are met again.

This room knows only str.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from monitor.text.native import kernel
from monitor.text.sieve import SIFTED, NameFilter, name_keys

#: Letters of a key that are compared, its end among them: enough for a given name and most of what follows. What is longer is let through.
_DEPTH: Final = 20


class Onward:
    """Only where the loops in C are."""

    def __init__(self, entries: list[str], first: list[str]) -> None:
        """Of the keys of names, sorted, of which does not count what stands behind a NUL; and of the words that names begin with."""
        self.filter = NameFilter(kernel.prefixes(entries, _DEPTH, first), _DEPTH)
        self._begun = bytearray()

    def begin(self, key: str) -> None:
        """One more beginning of names, which has the next number."""
        self._begun += kernel.pieces([key]) + np.array([len(key)], np.uint64).tobytes()

    def places(
        self, text: str, chunks: tuple[Any, Any, Any, Any], begins: tuple[int, int], met: Sequence[tuple[int, ...]], parted: Any
    ) -> list[int]:
        """Of the chunks of a text (where they begin and end, their numbers and values) the places of those that may begin a name which
        goes on in the next ones. ``begins`` says which bit of a value tells beginnings, and above how many bits there is its class: at
        that ``met`` says what it met, of which -1 - n is the nth beginning. In ``parted``, numbers and classes that begin as zeros, it is
        kept what goes on as no name does; start it anew where ``met`` is another."""
        return kernel.onward(text, *chunks, *begins, met, self._begun, parted, SIFTED, name_keys(), *self.filter)
