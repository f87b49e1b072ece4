"""Names in a text that C read: found from the places of words that are one or may begin one, and of the words behind only as
many as a name goes on with.

What was found is remembered by the numbers of the chunks that were asked for, and told by C wherever they stand again with blanks
between them; what is here is for what nobody remembers, and for what stands otherwise.

A sentence is put *aside*, to be gone through word by word, where a chunk reaches into it or out of it, or where one of a
name's chunks is not one word.

This room is pure: it must not know files, clocks or where a text came from.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain
from operator import itemgetter
from typing import Final, NamedTuple

from monitor.match.meanings import CLASS, ODD
from monitor.match.names import WORDS
from monitor.match.native import Packed, kernel
from monitor.match.pairs import SPREAD
from monitor.match.patterns import Table
from monitor.model import Sentence
from monitor.text.words import WORD, WORD_CJK, glued

_start: Final = itemgetter(0)
#: Numbers of chunks that follow each other, of which it is remembered what names begin there, before the memo starts anew: 4 MB.
KNOWN: Final = 16_384
_BITS: Final = (1 << 64) - 1
#: The code of an array of hits as ``kernel`` tells them.
_HITS: Final = "q"


class _NotPlainError(Exception):
    """Chunks are not one word each, and nothing is said of where words stand."""


class _Views(NamedTuple):
    """The arrays of a text's chunks."""

    starts: Sequence[int]
    ends: Sequence[int]
    numbers: Sequence[int]
    values: Sequence[int]


class _Asked(Iterator[str]):
    """Words, of which it is counted how many were asked for, one behind the last among them."""

    def __init__(self, words: Iterator[str]) -> None:
        self._words = words
        self.asked = 0

    def __next__(self) -> str:
        self.asked += 1
        return next(self._words)


class Named:
    """One text's names: ``hits`` as ``scan.Found`` has its fields, and the sentences that are ``aside``."""

    __slots__ = ("_packed", "_pattern", "_read", "_sentences", "_table", "_text", "aside", "hits")

    def __init__(self, text: str, packed: Packed, table: Table, sentences: tuple[Sentence, ...]) -> None:
        self._text, self._table, self._sentences = text, table, sentences
        self._packed = packed
        self._read: _Views | None = None
        self._pattern = WORD_CJK if packed.cjk else WORD
        self.hits: set[tuple[int, int, int, int, int, int]] = set()
        self.aside: set[int] = set()

    def look(self, begin: Sequence[int], *, whole: bool) -> bytes:
        """Find what begins at the places ``begin`` of chunks, and goes on in the next, and if there are any ``whole``, at those of chunks
        that are a name already; as ``kernel.find`` tells hits."""
        table, (starts, ends, numbers, values, _, _) = self._table, self._packed
        words, known, doubtful = table.meanings.words, table.meanings.named_by, table.short_katakana
        of_chunks = self._text, starts, ends, numbers, values, self._sentences
        found = kernel.names(*of_chunks, words, known, doubtful, begin, whole, self._look_slowly)
        return kernel.merge(found, array(_HITS, chain.from_iterable(self.hits)).tobytes()) if self.hits else found

    # ------------------------------------------------------------------ what nobody remembers
    @property
    def _views(self) -> _Views:
        if self._read is None:
            starts, ends, numbers, values, _, _ = self._packed
            ints = memoryview(starts).cast("q"), memoryview(ends).cast("q")
            self._read = _Views(*ints, memoryview(numbers).cast("Q"), memoryview(values).cast("I"))
        return self._read

    def _look_slowly(self, place: int, whole: bool) -> None:
        """Find what begins at ``place``, and remember it."""
        goes_on = self._goes_on(place)
        with suppress(_NotPlainError):
            self._remember(place, goes_on)
        if whole or goes_on:
            self._look_at(place, goes_on)

    def _remember(self, place: int, goes_on: bool) -> None:
        """Remember what begins at ``place``, as ``kernel.names`` says, where nothing but the chunks decides it."""
        starts, ends, numbers, values = self._views
        known, names = self._table.meanings.named_by, self._table.names
        if values[place] & ODD:
            return
        spans: list[tuple[int, int]] = []
        found: list[tuple[int, int, int, int]] = []
        met = [-1 - slot for slot in self._table.meanings.met[values[place] >> CLASS] if slot < 0]
        asked, joined = 2, 0
        high = len(values) if goes_on else place + 1
        for start in met:
            words = _Asked(self._words(place, high, spans))
            next(words)
            for pattern, size in names.walk(start, words):
                joined = max(joined, size)
                if not names.stands(pattern, self._text, spans[:size]):
                    continue
                first, last = spans[0][0], spans[size - 1][1]
                begin, end = starts[place], ends[place + size - 1]
                if (first > begin and glued(self._text, first)) or (last < end and glued(self._text, last)):
                    return
                found.append((pattern, size, first - begin, end - last))
            asked = max(asked, words.asked)
        if any(self._text[ends[at] : starts[at + 1]] != " " for at in range(place, place + joined - 1)):
            return
        if len(known) >= KNOWN:
            known.clear()
        path = numbers[place]
        for at in range(place + 1, place + asked):
            path = path * SPREAD + (numbers[at] if at < len(numbers) else 0) & _BITS
            known[path] = None
        known[path] = (int(goes_on), joined, *found)

    def _goes_on(self, place: int) -> bool:
        starts, ends, numbers, values = self._views
        if place + 1 == len(values):
            return False
        meanings, pair = self._table.meanings, (values[place] >> CLASS, numbers[place + 1])
        known = meanings.going_on.get(pair)
        return meanings.goes_on(pair, self._text[starts[place + 1] : ends[place + 1]]) if known is None else known

    def _look_at(self, place: int, goes_on: bool) -> None:
        (starts, ends, _, _), sentences = self._views, self._sentences
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
        text, names, value = self._text, self._table.names, self._views.values[place]
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
                if glued(text, first) or glued(text, last) or pattern in self._table.short_katakana:
                    raise _NotPlainError
                at = self._word(low, place)
                self.hits.add((number, at, at + size, pattern, first, last))

    def _words(self, place: int, high: int, spans: list[tuple[int, int]]) -> Iterator[str]:
        """The words from ``place`` on, as many as a name has at the most; ``spans`` are those of the words that were asked for."""
        spans.clear()
        starts, ends, _, values = self._views
        for at in range(place, min(high, place + WORDS)):
            word = None if values[at] & ODD else self._pattern.search(self._text, starts[at], ends[at])
            if word is None:
                raise _NotPlainError
            spans.append(word.span())
            yield word[0]

    def _word(self, low: int, place: int) -> int:
        """The number in its sentence of the word at ``place``."""
        if not self._packed.bits & ODD:
            return place - low
        values, words = self._views.values, self._table.meanings.words
        odd = kernel.places(self._packed.values, low, place, ODD)
        return place - low + sum(words[values[at] >> CLASS] - 1 for at in odd)
