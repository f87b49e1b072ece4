"""Meanings: what each chunk of a text may be to the queries, looked up for the whole text at once.

Almost every word of almost every text is nothing to any query, and most have been seen before. So what a chunk means is
worked out once (``Table.meet``), put under the chunk's number into a table of numpy, and read from there for all chunks of
a text in one go: Python runs only for chunks never seen and for those that mean something.

Chunks that meet the same slots share a *class*. Two classes that stand side by side in some phrase are known as a pair, so
that the words of phrases, which are common ones, are passed over too unless they stand together.

This room is pure: it must not know files, clocks or where a text came from.
"""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import islice, pairwise
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from monitor.match.names import Names
from monitor.match.pairs import Numbers, Pairs, Phrase, Put, aligned, beside
from monitor.text.chunks import LONGEST, Hashes, Places, chunks
from monitor.text.sieve import Sieve
from monitor.text.words import WORD, WORD_CJK, pattern_for

#: Of a phrase's anchor: before (-1) or behind (1) -> slot there -> the phrases (pattern, the anchor's place, slots).
Besides = Mapping[int, Mapping[int, Sequence[tuple[int, int, tuple[int, ...]]]]]

Values = npt.NDArray[np.uint32]
#: How chunks that are nothing are put into a table: see ``kernel.pass_over``. Without it they are put with the others.
PassOver = Callable[[Hashes, Hashes, Values, "array[int]", bytes, int], tuple[list[int], int]]

#: What a chunk may be, in the low bits of its value; its class stands above them.
ASKED: Final = 1  # a word that a query asks for
PAIR: Final = 2  # a word of a phrase that a query asks for
OTHER: Final = 4  # a mask, a cue, or a word of one
BEGINS: Final = 8  # the first word of a name of several
LOOK: Final = 16  # a name by itself; where it is odd, to be looked at word by word with the sentence around it
ODD: Final = 32  # not one word but none or several
EMPTY: Final = 64  # no word at all
EDGED: Final = 128  # it begins or ends with what is not its word's: a quote, a comma, a flag
CLASS: Final = 8

#: How ``Meanings.alone`` tells of a class without a pattern, and of one with one.
NONE: Final = 1
ONLY: Final = 2

#: Chunks remembered before the memo starts anew: 4 MB, and more than a day of news in one language holds.
MEMO_LIMIT: Final = 131_072
#: Entries of the first table, and of the last; it doubles whenever a quarter is taken, and the last may be half full. (What is
#: kept beside it takes Python: of the half that is one in forty, of a full table every fifth.)
_TABLE_BITS: Final = range(14, 19)
_ROOM: Final = 4
#: Pairs of a name's beginning and what follows of which it is remembered whether they go together: 3 MB.
_PAIRS_LIMIT: Final = 16_384
#: Beginnings of names with what follows of which it is remembered that no name goes on so: 128 kB, to stay in a processor's cache.
_PARTED_BITS: Final = 13
#: Entries that stand together in one line of a processor's cache: a chunk is in whichever of them is free, first its own.
_LINE: Final = np.arange(0, 8, 2)
_LINE_BEGINS: Final = np.array(~7)
#: Words of the filter of pairs, each 32 places: as many as there are pairs at the least, which lets one in two hundred others
#: through, and 256 kB at the most. It is read all over while other programs want the processor's caches, and so small in these.
_FILTER_BITS: Final = range(9, 17)
#: Chunks in which the longest name ends, a few without a word among them.
_NAMED: Final = 16
# Arrays of no dimension: numpy takes a third of the time over them that it takes over a number.
_MIX_ONE: Final = np.array(0x9E3779B1, np.uint32)
_MIX_TWO: Final = np.array(0xC2B2AE3D, np.uint32)
_FIRST: Final = np.array(32, np.uint64)
_ONE: Final = np.array(1, np.uint32)
_PAIR: Final = np.array(PAIR, np.uint32)
_PLACE: Final = np.array(31, np.uint32)
_FIRST_PLACE: Final = np.array(7, np.uint32)
_SECOND_PLACE: Final = np.array(12, np.uint32)


class Slots(Protocol):
    """What ``patterns.Table`` knows of words, slots and phrases, once it is sealed."""

    @property
    def names(self) -> Names: ...
    @property
    def asked(self) -> Set[int]: ...
    @property
    def others(self) -> Set[int]: ...
    @property
    def of_phrases(self) -> Set[int]: ...
    @property
    def single(self) -> Mapping[int, Sequence[int]]: ...
    @property
    def anchored(self) -> Mapping[int, Besides]: ...
    @property
    def phrases(self) -> Mapping[tuple[int, int], Sequence[Phrase]]: ...
    @property
    def after(self) -> Mapping[int, Sequence[int]]: ...
    @property
    def before(self) -> Mapping[int, Sequence[int]]: ...
    @property
    def sieve(self) -> Sieve | None: ...
    def meet(self, surface: str) -> tuple[int, ...]: ...


class Read(NamedTuple):
    """The chunks of a text that hold words, in order, and the value of each; ``bits`` are those that any chunk has. ``cjk``
    says whether the text has characters of a script without blanks."""

    starts: Places
    ends: Places
    numbers: Hashes
    values: Values
    bits: int
    cjk: bool


def put(table: Hashes, numbers: Numbers, values: Numbers) -> list[int]:
    """Put each number with its value where in its line there is room; the places of those that found none. The twin of ``kernel.put``."""
    # Of one place at a time numpy takes three times as long.
    flat, shift = table.reshape(-1).data, 64 - (len(table).bit_length() - 1)
    beside = []
    for place, (number, value) in enumerate(zip(numbers.tolist(), values.tolist(), strict=True)):
        own = number >> shift
        at = next((2 * at for at in (own, own ^ 1, own ^ 2, own ^ 3) if not flat[2 * at]), None)
        if at is None:
            beside.append(place)
        else:
            flat[at], flat[at + 1] = number, value
    return beside


class Meanings:
    """The memo of one table. Ask only once the table is sealed."""

    def __init__(self, table: Slots, put: Put = put, pass_over: PassOver | None = None) -> None:
        self.table = table
        self._put, self._pass_over = put, pass_over
        self._begin()

    def _begin(self) -> None:
        self._size(_TABLE_BITS[0])
        #: Chunks whose line in the table is full of others, by number.
        self._beside: dict[int, int] = {}
        self._known = 0
        #: Class -> the slots it meets, how many words it is, the patterns of single words it is, and which of its slots masks
        #: and cues of several words are anchored at. Class 0 is one word that meets none.
        self.met: list[tuple[int, ...]] = []
        self.words: list[int] = []
        self.single: list[tuple[int, ...]] = []
        #: The same of a class that is one pattern or none, close together: the pattern and ``ONLY``, or ``NONE``; else zero.
        self.alone = array("I")
        self.anchors: list[tuple[int, ...]] = []
        self.phrases = Pairs(self._put)
        # (what a chunk may be, how many words, slots) -> its value, in which its class is
        self._classes: dict[tuple[int, int, tuple[int, ...]], int] = {}
        self._by_slot: dict[int, list[int]] = defaultdict(list)
        # Pairs in ``phrases`` that are not in the filter yet.
        self._unmarked: list[tuple[int, int]] = []
        self._filter_size(_FILTER_BITS[0])
        #: (class of a chunk that begins a name, number of the next) -> whether the name goes on there
        self.going_on: dict[tuple[int, int], bool] = {}
        #: Those that ``onward`` was certain of: the number and the class, where it looks for them.
        self.parted: Hashes = aligned(1 << _PARTED_BITS)
        #: What ``kernel.names`` knows of the names that begin with some chunks: see there, and ``named``.
        self.named_by: dict[int, tuple[Any, ...] | None] = {}
        self._class(0, ())

    def _size(self, bits: int) -> None:
        self._bits = bits
        self._shift = np.array(64 - bits, np.uint64)
        # Number and value side by side, each line of them in one line of the processor's cache.
        self._table: Hashes = aligned(1 << bits)

    def _filter_size(self, bits: int) -> None:
        self._filter_shift = np.array(32 - bits, np.uint32)
        #: By the hash of two values side by side, whether they may stand in ``phrases``: two places of one word (a Bloom filter).
        self.filter: Values = np.zeros(1 << bits, np.uint32)

    # ------------------------------------------------------------------ reading
    def tables(self) -> tuple[Hashes, Mapping[int, int]]:
        """For the text that is read next: the table of numbers and their values, and the values of those that are kept beside it."""
        if self._known >= MEMO_LIMIT:
            # Only between texts: within one, classes stay what they are.
            self._begin()
        return self._table, self._beside

    def read(self, text: str) -> Read:
        """The chunks of ``text`` with their values, those without a word left out."""
        table, _ = self.tables()
        starts, ends, numbers, cjk = chunks(text)
        if not len(starts):
            return Read(starts, ends, numbers, np.zeros(0, np.uint32), 0, cjk)
        flat = table.reshape(-1)
        # Twice the place in the table: there the number, and its value behind it.
        at = (numbers >> self._shift).view(np.int64) << 1
        values = flat.take(at + 1).astype(np.uint32)
        missed = (flat.take(at) != numbers).nonzero()[0]
        if len(missed):
            # In another entry of its line?
            line = (at[missed] & _LINE_BEGINS)[:, None] + _LINE
            same = flat.take(line) == numbers[missed][:, None]
            there = same.any(axis=1)
            values[missed[there]] = flat.take(line[same] + 1)
            missed = missed[~there]
        if len(missed):
            self.learn(text, Read(starts, ends, numbers, values, 0, cjk), missed.tolist())
        bits = int(np.bitwise_or.reduce(values))
        if bits & EMPTY:
            kept = np.flatnonzero((values & EMPTY) == 0)
            starts, ends, numbers, values = starts[kept], ends[kept], numbers[kept], values[kept]
        return Read(starts, ends, numbers, values, bits, cjk)

    def learn(self, text: str, read: Read, missed: Sequence[int]) -> None:
        """Set the values of the chunks ``missed``: those kept beside the table, and those never seen."""
        numbers, values, places = read.numbers.data, read.values.data, array("q", missed)
        sieve = self.table.sieve
        nothing = sieve.holds_back(text, read.starts, read.ends, places) if sieve else bytes(len(missed))
        left: Iterable[int] = range(len(missed))
        if self._pass_over is not None:
            left, count = self._pass_over(self._table, read.numbers, read.values, places, nothing, self._room())
            self._known += count
        # A chunk may stand in the text twice.
        known: dict[int, int] = {}
        new: dict[int, int] = {}
        for index in left:
            place = missed[index]
            number = numbers[place]
            value = known.get(number)
            if value is None:
                value = self._beside.get(number)
            if value is None and nothing[index]:
                value = new[number] = 0
            elif value is None:
                chunk = _chunk(text, read, place)
                value = self._mean(chunk, pattern_for(chunk) if read.cjk else WORD)
                # The number of a chunk that is too long is not to be relied on.
                if 2 * len(chunk) <= LONGEST or len(chunk.encode("utf-16-le", "surrogatepass")) <= 2 * LONGEST:
                    new[number] = value
            known[number] = values[place] = value
        if self._unmarked:
            self._mark_new()
        if new:
            self._keep(new)

    def _room(self) -> int:
        """How many chunks may be put into the table as large as it is."""
        room = len(self._table) // _ROOM if self._bits < _TABLE_BITS[-1] else MEMO_LIMIT
        return max(0, min(room, MEMO_LIMIT) - self._known)

    def _keep(self, new: Mapping[int, int]) -> None:
        """Remember the values of chunks, as many as there may be: more than that are new in a text of many megabytes alone."""
        count = min(len(new), MEMO_LIMIT - self._known)
        self._known += count
        while self._known > len(self._table) // _ROOM and self._bits < _TABLE_BITS[-1]:
            self._grow()
        self._enter(array("Q", islice(new, count)), array("Q", islice(new.values(), count)))

    def _enter(self, numbers: Numbers, values: Numbers) -> None:
        for place in self._put(self._table, numbers, values):
            self._beside[int(numbers[place])] = int(values[place])

    def _grow(self) -> None:
        known, beside = self._table[self._table[:, 0] != 0], self._beside
        self._beside = {}
        self._size(self._bits + 1)
        self._enter(known[:, 0].copy(), known[:, 1].copy())
        self._enter(np.array(list(beside), np.uint64), np.array(list(beside.values()), np.uint64))

    # ------------------------------------------------------------------ working out
    def _mean(self, chunk: str, pattern: re.Pattern[str]) -> int:
        table = self.table
        words = pattern.findall(chunk)
        if not words:
            return EMPTY
        if len(chunk) > LONGEST:
            return LOOK | ODD
        if len(words) > 1:
            return self._several(words, [table.meet(word) for word in words])
        slots = table.meet(words[0])
        if not slots:
            return 0
        bits = 0 if words[0] == chunk else EDGED
        for slot in slots:
            if slot < 0:
                bits |= LOOK if table.names.whole(-1 - slot, words[0]) else BEGINS
                continue
            bits |= ASKED if slot in table.asked else 0
            bits |= PAIR if slot in table.of_phrases else 0
            bits |= OTHER if slot in table.others else 0
        # With no bit of its own it may still be a word of a phrase that is looked for by others.
        return self._class(bits, slots)

    def _several(self, words: list[str], met: list[tuple[int, ...]]) -> int:
        """Of several words in one chunk (dual-use, l'arme): looked at where one is of use, rather than reasoned about."""
        table = self.table
        if any(slot in table.asked for slots in met for slot in slots) or self._phrase_within(met):
            return LOOK | ODD
        starts = [tuple(-1 - slot for slot in slots if slot < 0) for slots in met]
        if any(table.names.whole(start, word) for each, word in zip(starts, words, strict=True) for start in each):
            return LOOK | ODD
        if any(table.names.goes_on(start, word) for each, word in zip(starts, words[1:], strict=False) for start in each):
            return LOOK | ODD
        # What is left are its edges: a phrase or a name may begin with its last word, or a phrase end with its first.
        edges = [slot for slot in met[0] if slot in table.before] + [slot for slot in met[-1] if slot in table.after or slot < 0]
        bits = ODD | (BEGINS if starts[-1] else 0) | (PAIR if table.of_phrases & set(edges) else 0)
        # A mask or a cue within is found by splitting the sentence, where anything was hit in it (see ``Scanned``).
        bits |= OTHER if any(slot in table.others for slots in met for slot in slots) else 0
        return self._class(bits, tuple(dict.fromkeys(edges)), len(words))

    def _phrase_within(self, met: list[tuple[int, ...]]) -> bool:
        """Whether the two words that a phrase is looked for by stand side by side in one chunk."""
        phrases = self.table.phrases
        return any((one, two) in phrases for ones, twos in pairwise(met) for one in ones for two in twos)

    def _class(self, bits: int, slots: tuple[int, ...], words: int = 1) -> int:
        """The value of a chunk that may be ``bits`` and meets ``slots``."""
        known = self._classes.get((bits, words, slots))
        if known is None:
            table = self.table
            known = self._classes[bits, words, slots] = bits | len(self.met) << CLASS
            self._pair(known, table.of_phrases & set(slots))
            if words > 1:
                # It stands in pairs, and a sentence where it does is split into words; by itself it is nothing but a name's beginning.
                slots = tuple(slot for slot in slots if slot < 0)
            self.met.append(slots)
            self.words.append(words)
            patterns = tuple(pattern for slot in slots for pattern in table.single.get(slot, ()))
            self.single.append(patterns)
            self.alone.append(NONE if not patterns else patterns[0] + ONLY if len(patterns) == 1 else 0)
            self.anchors.append(tuple(slot for slot in slots if slot in table.others and slot in table.anchored))
        return known

    # ------------------------------------------------------------------ pairs
    def _pair(self, new: int, slots: Set[int]) -> None:
        """Enter the pairs that a new value stands in, among them those with itself."""
        for slot in slots:
            self._by_slot[slot].append(new)
        found: dict[tuple[int, int], Sequence[Phrase]] = {}
        by_slot, phrases = self._by_slot, self.table.phrases
        # A common word stands in thousands of phrases, and few of their other words were met: those are picked out at once.
        for slot in slots:
            for after in by_slot.keys() & self.table.after.get(slot, ()):
                for other in by_slot[after]:
                    _add(found, (new, other), phrases[slot, after])
            for before in by_slot.keys() & self.table.before.get(slot, ()):
                for other in by_slot[before]:
                    _add(found, (other, new), phrases[before, slot])
        if found:
            self.phrases.enter(found)
            self._unmarked += found

    def _mark_new(self) -> None:
        """Enter the pairs found since into their table and the filter, all at once."""
        self.phrases.settle()
        if len(self.filter) < min(len(self.phrases), 1 << _FILTER_BITS[-1]):
            self._filter_size(min(len(self.phrases).bit_length(), _FILTER_BITS[-1]))
            known = np.array(list(self.phrases), np.uint64)
            self._mark(np.stack((known >> _FIRST, known), axis=1).astype(np.uint32))
        else:
            self._mark(np.array(self._unmarked, np.uint32))
        self._unmarked.clear()

    def _mark(self, both: Values) -> None:
        at, places = self._place(both[:, 0], both[:, 1])
        np.bitwise_or.at(self.filter, at, places)

    def _place(self, first: Values, second: Values) -> tuple[Values, Values]:
        """The words of the filter for values side by side, and their places there."""
        mixed: Values = first * _MIX_ONE + second * _MIX_TWO
        places: Values = np.left_shift(_ONE, mixed >> _FIRST_PLACE & _PLACE) | np.left_shift(_ONE, mixed >> _SECOND_PLACE & _PLACE)
        return mixed >> self._filter_shift, places

    def pairs(self, values: Values) -> dict[int, tuple[Phrase, ...]]:
        """The places where two words stand side by side as they do in phrases, in order, each with those phrases."""
        at: Places = (values[:-1] & values[1:] & _PAIR).nonzero()[0]
        if not len(at):
            return {}
        words, places = self._place(values[at], values[at + 1])
        at = at[self.filter.take(words) & places == places]
        known, value = self.phrases, values.data
        return {place: phrases for place in at.tolist() if (phrases := known.get(beside(value[place], value[place + 1])))}

    # ------------------------------------------------------------------ names
    def begin(self, text: str, chunks: tuple[Any, Any, Any, Any]) -> Sequence[int]:
        """The places of chunks that may begin a name which goes on in the next ones, given where they begin and end, their numbers and
        their values: as arrays, or the bytes of these."""
        onward = self.table.names.onward
        if onward is not None:
            return onward.places(text, chunks, (BEGINS, CLASS), self.met, self.parted)
        values = np.frombuffer(chunks[3], np.uint32)
        return (values[:-1] & BEGINS).nonzero()[0].tolist()

    def named(self, text: str, read: Read, begin: Sequence[int]) -> list[int]:
        """Those of the places of chunks where a name does."""
        at = np.array(begin, np.intp)
        numbers, classes = read.numbers[at + 1].tolist(), (read.values[at] >> CLASS).tolist()
        found = []
        for place, pair in zip(at.tolist(), zip(classes, numbers, strict=True), strict=True):
            known = self.going_on.get(pair)
            if known is None:
                known = self.goes_on(pair, _chunk(text, read, place + 1))
            if known and self._ends(pair[0], text, read, place):
                found.append(place)
        return found

    def goes_on(self, pair: tuple[int, int], chunk: str) -> bool:
        """Whether a name goes on with the next chunk, given the pair of them that ``going_on`` does not have yet."""
        if len(self.going_on) >= _PAIRS_LIMIT:
            self.going_on.clear()
        word = pattern_for(chunk).findall(chunk)[0]
        found = any(self.table.names.goes_on(-1 - slot, word) for slot in self.met[pair[0]] if slot < 0)
        self.going_on[pair] = found
        return found

    def _ends(self, begun: int, text: str, read: Read, place: int) -> bool:
        """Whether a name begins with the last word of the chunk at ``place`` and ends in one of those that follow."""
        walks = (self.table.names.walk(-1 - slot, _words_after(text, read, place)) for slot in self.met[begun] if slot < 0)
        return any(next(walk, None) is not None for walk in walks)


def _words_after(text: str, read: Read, place: int) -> Iterator[str]:
    """The words of the next chunks, as many as a name may go on with."""
    pattern = WORD_CJK if read.cjk else WORD
    for after in range(place + 1, min(place + _NAMED, len(read.starts))):
        yield from pattern.findall(_chunk(text, read, after))


def _chunk(text: str, read: Read, place: int) -> str:
    return text[read.starts[place] : read.ends[place]]


def _add(found: dict[tuple[int, int], Sequence[Phrase]], pair: tuple[int, int], phrases: Sequence[Phrase]) -> None:
    """Of nearly all pairs there is one entry, which they share with the table."""
    known = found.get(pair)
    found[pair] = phrases if known is None else tuple(dict.fromkeys((*known, *phrases)))
