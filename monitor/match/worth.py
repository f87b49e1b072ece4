"""What of a text is worth looking at: the words and phrases that queries ask for, told from the values of its chunks.

Almost all of a text is passed over here, by numpy and at once. What is left are *mentions*: chunks that are a word or a
phrase asked for, in a sentence that is plain there, each of these chunks one word. Sentences of which that cannot be said
are *aside*, to be split into words and gone through one by one.

This room is pure: it must not know files, clocks or where a text came from.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from operator import itemgetter
from typing import Final

import numpy as np

from monitor.match.meanings import ASKED, BEGINS, CLASS, LOOK, ODD, OTHER, PAIR, Besides, Meanings, Read
from monitor.match.native import Packed, kernel
from monitor.match.pairs import Phrase, beside
from monitor.model import Sentence

#: The chunks ``[first, last)`` are one word each and together the pattern.
Mention = tuple[int, int, int]

_ALONE: Final = np.array(ASKED | LOOK, np.uint32)
_OTHERS: Final = np.array(OTHER, np.uint32)
_ODD: Final = np.array(ODD, np.uint32)
_start: Final = itemgetter(0)
_NONE: Final[Mapping[int, Sequence[Phrase]]] = {}


class Worth:
    """One text's chunks, and which of them are worth looking at; false where none is."""

    __slots__ = ("_meanings", "_read", "alone", "ends", "named", "odd", "others", "pairs", "starts", "values")

    def __init__(self, read: Read, meanings: Meanings) -> None:
        self._read, self._meanings = read, meanings
        # Views, which cost nothing to make: a few of their numbers are asked for.
        self.starts: Sequence[int] = read.starts.data
        self.ends: Sequence[int] = read.ends.data
        self.values: Sequence[int] = read.values.data
        #: Places of words asked for, and of chunks whose sentence is to be split; of the first of two words that stand together in
        #: phrases, with these; and of what begins a name: once ``look`` was called.
        self.alone: list[int] = []
        self.pairs = _NONE
        self.named: list[int] = []
        #: Places of what may be a mask or a cue, and of chunks of several words, once ``look_closer`` was called.
        self.others: list[int] = []
        self.odd: list[int] = []

    def look(self, text: str) -> Worth:
        bits = self._read.bits
        if bits & (ASKED | LOOK):
            self.alone = (self._read.values & _ALONE).nonzero()[0].tolist()
        if bits & PAIR:
            self.pairs = self._meanings.pairs(self._read.values)
        if bits & BEGINS:
            begin = self._meanings.begin(text, self._read[:4])
            self.named = self._meanings.named(text, self._read, begin) if begin else []
        return self

    def __bool__(self) -> bool:
        return bool(self.alone or self.pairs or self.named)

    def look_closer(self) -> None:
        if self._read.bits & OTHER:
            self.others = (self._read.values & _OTHERS).nonzero()[0].tolist()
        if self._read.bits & ODD:
            self.odd = (self._read.values & _ODD).nonzero()[0].tolist()

    # ------------------------------------------------------------------ where queries' terms stand
    def mentions(self, sentences: Sequence[Sentence]) -> tuple[dict[int, list[Mention]], set[int]]:
        """The mentions of each sentence that has any, in order, and the sentences that are aside."""
        starts, ends, values, pairs, single = self.starts, self.ends, self.values, self.pairs, self._meanings.single
        begin = list(map(_start, sentences))
        mentions: dict[int, list[Mention]] = {}
        aside: set[int] = set()
        for place in sorted({*self.alone, *pairs}) if pairs else self.alone:
            number = bisect_right(begin, starts[place]) - 1
            if number < 0 or ends[place] > sentences[number][1]:
                aside.update(self._around(place, number, sentences))
                continue
            value = values[place]
            found = mentions.get(number)
            if found is None:
                found = mentions[number] = []
            for pattern in single[value >> CLASS]:
                found.append((place, place + 1, pattern))
            if value & LOOK or (place in pairs and not self._phrases(place, sentences[number], found)):
                aside.add(number)
        aside.update(number for number in mentions if self._is_crossed(sentences[number]))
        aside.update(self.around_names(sentences))
        return mentions, aside

    def _is_crossed(self, sentence: Sentence) -> bool:
        """Whether a chunk reaches into the sentence, or out of it."""
        first, last = bisect_left(self.starts, sentence.start), bisect_left(self.starts, sentence.end)
        return bool(first and self.ends[first - 1] > sentence.start) or bool(last and self.ends[last - 1] > sentence.end)

    def around_names(self, sentences: Sequence[Sentence]) -> set[int]:
        """The sentences in which names of several words begin."""
        begin = list(map(_start, sentences)) if self.named else []
        numbers = ((place, bisect_right(begin, self.starts[place]) - 1) for place in self.named)
        return {near for place, number in numbers for near in self._around(place, number, sentences)}

    def _around(self, place: int, number: int, sentences: Sequence[Sentence]) -> Iterator[int]:
        """The sentences that a chunk reaches into: none in furniture, two where a quote opens a sentence at the end of another."""
        for near in (number, number + 1):
            if 0 <= near < len(sentences) and self.starts[place] < sentences[near].end and self.ends[place] > sentences[near].start:
                yield near

    def _phrases(self, place: int, sentence: Sentence, found: list[Mention]) -> bool:
        """Add the phrases that have their two words at ``place``; False where the sentence is not plain there."""
        starts, ends, values = self.starts, self.ends, self.values
        if (values[place] | values[place + 1]) & ODD:
            return False
        begin, end, _, _ = sentence
        for pattern, before, wanted in self.pairs[place]:
            first = place - before
            last = first + len(wanted)
            if len(wanted) > 2:
                low, high = max(first, 0), min(last, len(values))
                if any(value & ODD for value in values[low:high]):
                    return False
                if low > first or high < last or not stand(wanted, self.met(first, last)):
                    continue
            if starts[first] < begin or ends[last - 1] > end:
                if ends[first] > begin and starts[last - 1] < end:
                    return False
                continue
            found.append((first, last, pattern))
        return True

    def told(self, place: int) -> bool:
        """Whether the patterns of a chunk by itself are found with what queries ask for."""
        value = self.values[place]
        after = self.values[place + 1 : place + 2]
        return bool(value & ASKED) or (bool(value & PAIR) and len(after) == 1 and beside(value, after[0]) in self._meanings.phrases)

    # ------------------------------------------------------------------ the chunks of one sentence
    def others_within(self, low: int, high: int) -> Sequence[int]:
        return self.others[bisect_left(self.others, low) : bisect_left(self.others, high)]

    def met(self, low: int, high: int) -> list[tuple[int, ...]]:
        """The slots that each of the chunks ``[low, high)`` meets."""
        met = self._meanings.met
        return [met[value >> CLASS] for value in self.values[low:high]]

    def anchored_at(self, place: int, low: int, high: int, anchored: Besides) -> list[Mention] | None:
        """The phrases anchored at the word that the chunk at ``place`` is, in a sentence of the chunks ``[low, high)``; None where one
        of their words may be one of several in a chunk."""
        values, found = self.values, []
        for beside_it, by_slot in anchored.items():
            near = place + beside_it
            if not low <= near < high:
                continue
            if values[near] & ODD:
                return None
            for slot in self._meanings.met[values[near] >> CLASS]:
                for pattern, anchor, wanted in by_slot.get(slot, ()):
                    first = place - anchor
                    last = first + len(wanted)
                    if any(value & ODD for value in values[max(first, low) : min(last, high)]):
                        return None
                    if first >= low and last <= high and stand(wanted, self.met(first, last)):
                        found.append((first, last, pattern))
        return found

    def words(self, low: int, high: int) -> list[int] | None:
        """The number in its sentence of each chunk's first word, or None where each of the chunks ``[low, high)`` is one word."""
        if not self.odd or bisect_left(self.odd, low) == bisect_left(self.odd, high):
            return None
        classes = (self._read.values[low:high] >> CLASS).tolist()
        return list(accumulate(map(self._meanings.words.__getitem__, classes), initial=0))


class PackedWorth(Worth):
    """The same of chunks that C read, of which nothing is looked at but the sentences that are asked for."""

    __slots__ = ("_packed",)

    def __init__(self, packed: Packed, meanings: Meanings) -> None:
        self._meanings, self._packed = meanings, packed
        self.starts = memoryview(packed.starts).cast("q")
        self.ends = memoryview(packed.ends).cast("q")
        self.values = memoryview(packed.values).cast("I")

    def others_within(self, low: int, high: int) -> Sequence[int]:
        return kernel.places(self._packed.values, low, high, OTHER)

    def words(self, low: int, high: int) -> list[int] | None:
        if not self._packed.bits & ODD or not kernel.places(self._packed.values, low, high, ODD):
            return None
        words = self._meanings.words
        return list(accumulate((words[value >> CLASS] for value in self.values[low:high]), initial=0))

    def one_each(self, start: int, end: int) -> tuple[int, int] | None:
        """The chunks of a sentence where each of them is one word, and none reaches into it or out of it."""
        low = bisect_left(self.starts, start)
        high = bisect_left(self.starts, end, low)
        crossed = (low and self.ends[low - 1] > start) or (low < high and self.ends[high - 1] > end)
        several = self._packed.bits & ODD and kernel.places(self._packed.values, low, high, ODD)
        return None if crossed or several else (low, high)


def stand(wanted: Sequence[int], met: Iterable[Sequence[int]]) -> bool:
    """Whether as many words meet the slots of a phrase."""
    return all(slot in slots for slot, slots in zip(wanted, met, strict=True))
