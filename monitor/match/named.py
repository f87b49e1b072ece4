"""Names in a text that C read: found from the places of words that are one or may begin one, and of the words behind only as
many as a name goes on with.

A sentence is put *aside*, to be gone through word by word, where a chunk reaches into it or out of it, or where one of a
name's chunks is not one word.

This room is pure: it must not know files, clocks or where a text came from.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Final

from monitor.match.meanings import CLASS, ODD
from monitor.match.names import WORDS
from monitor.match.native import Packed
from monitor.match.patterns import Table
from monitor.model import Sentence
from monitor.text.words import WORD, WORD_CJK, glued

_start: Final = itemgetter(0)


class _NotPlainError(Exception):
    """Chunks are not one word each, and nothing is said of where words stand."""


class Named:
    """One text's names: ``hits`` as ``scan.Found`` has its fields, and the sentences that are ``aside``."""

    __slots__ = (
        "_ends",
        "_numbers",
        "_odd",
        "_packed",
        "_pattern",
        "_sentences",
        "_several",
        "_starts",
        "_table",
        "_text",
        "_values",
        "aside",
        "hits",
    )

    def __init__(self, text: str, packed: Packed, table: Table, sentences: Sequence[Sentence]) -> None:
        self._text, self._table, self._sentences = text, table, sentences
        self._starts: Sequence[int] = memoryview(packed.starts).cast("q")
        self._ends: Sequence[int] = memoryview(packed.ends).cast("q")
        self._numbers: Sequence[int] = memoryview(packed.numbers).cast("Q")
        self._values: Sequence[int] = memoryview(packed.values).cast("I")
        self._packed = packed
        self._odd = bool(packed.bits & ODD)
        # Places of chunks of several words, once somebody asks.
        self._several: Sequence[int] | None = None
        self._pattern = WORD_CJK if packed.cjk else WORD
        self.hits: set[tuple[int, int, int, int, int, int]] = set()
        self.aside: set[int] = set()

    def look(self, begin: Sequence[int], whole: Sequence[int]) -> Named:
        """Find what begins at the places ``begin`` of chunks, and goes on in the next, and at those of chunks that are a name already."""
        for place in whole:
            self._look_at(place, self._goes_on(place))
        for place in begin:
            if self._goes_on(place):
                self._look_at(place, True)
        return self

    def _goes_on(self, place: int) -> bool:
        if place + 1 == len(self._values):
            return False
        meanings, pair = self._table.meanings, (self._values[place] >> CLASS, self._numbers[place + 1])
        known = meanings.going_on.get(pair)
        return meanings.goes_on(pair, self._text[self._starts[place + 1] : self._ends[place + 1]]) if known is None else known

    def _look_at(self, place: int, goes_on: bool) -> None:
        starts, ends, sentences = self._starts, self._ends, self._sentences
        number = bisect_right(sentences, starts[place], key=_start) - 1
        if number < 0 or ends[place] > sentences[number][1]:
            # In furniture, or reaching into one sentence or two.
            around = (near for near in (number, number + 1) if 0 <= near < len(sentences))
            self.aside.update(near for near in around if starts[place] < sentences[near][1] and ends[place] > sentences[near][0])
            return
        start, end, _, _ = sentences[number]
        low, high = bisect_left(starts, start, 0, place), bisect_left(starts, end, place)
        if (low and ends[low - 1] > start) or ends[high - 1] > end:
            self.aside.add(number)
            return
        try:
            self._walk(number, place, low, high if goes_on else place + 1)
        except _NotPlainError:
            self.aside.add(number)

    def _walk(self, number: int, place: int, low: int, high: int) -> None:
        """Add the names that begin at ``place`` and end before ``high``, of the sentence ``number`` whose first chunk is ``low``."""
        text, names, value = self._text, self._table.names, self._values[place]
        if value & ODD:
            raise _NotPlainError
        spans: list[tuple[int, int]] = []
        for slot in self._table.meanings.met[value >> CLASS]:
            if slot >= 0:
                continue
            words = self._words(place, high, spans)
            next(words)
            for pattern, size in names.walk(-1 - slot, words):
                if not names.stands(pattern, text, spans[:size]):
                    continue
                first, last = spans[0][0], spans[size - 1][1]
                if glued(text, first) or glued(text, last):
                    raise _NotPlainError
                at = self._word(low, place)
                self.hits.add((number, at, at + size, pattern, first, last))

    def _words(self, place: int, high: int, spans: list[tuple[int, int]]) -> Iterator[str]:
        """The words from ``place`` on, as many as a name has at the most; ``spans`` are those of the words that were asked for."""
        spans.clear()
        for at in range(place, min(high, place + WORDS)):
            word = None if self._values[at] & ODD else self._pattern.search(self._text, self._starts[at], self._ends[at])
            if word is None:
                raise _NotPlainError
            spans.append(word.span())
            yield word[0]

    def _word(self, low: int, place: int) -> int:
        """The number in its sentence of the word at ``place``."""
        if not self._odd:
            return place - low
        values, words = self._values, self._table.meanings.words
        if self._several is None:
            self._several = self._table.meanings.several(self._packed.values)
        odd = self._several[bisect_left(self._several, low) : bisect_left(self._several, place)]
        return place - low + sum(words[values[at] >> CLASS] - 1 for at in odd)
