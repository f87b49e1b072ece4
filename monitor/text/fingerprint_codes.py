"""Words as numbers: the code of each word of a text, from a table that remembers what was read lately.

A code is the number that stands for a word in fingerprints, the word's kind, and whether it says anything. Words that blanks part
are looked up a text at a time, by the numbers of their chunks; Python runs for what was not seen lately. This room knows only str.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from hashlib import blake2b
from itertools import chain, islice
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from monitor.text.chunks import BASE, KINDS, LONGEST, QUOTE_WEIGHT, WEIGHTS, chunks
from monitor.text.fingerprint_words import COMMON_CHARACTERS, COMMON_WORDS
from monitor.text.fold import fold
from monitor.text.letters import LETTERS
from monitor.text.native import COMPILED, kernel
from monitor.text.words import WORD

Long = npt.NDArray[np.uint64]
Places = npt.NDArray[np.intp]

#: Letters of a word that count: what follows is nearly always an ending (Kolchugas, Кольчуги, missiles).
_STEM: Final = 6
#: Surfaces whose number a process remembers; all are forgotten at once when there are more.
_REMEMBERED: Final = 50_000

_KEY: Final = b"monitor.text.fingerprint"
_NUMBER: Final = re.compile(r"\d+")
#: And, so, by, for, like, to and the article, in front of a folded Arabic word that is long enough to do without.
_ARABIC: Final = re.compile(r"(?:[وف]?(?:[بك]?ال|لل)|[وفبلك](?=\w{4}))(?=\w{2})")
#: Scripts that part words by blanks, and their punctuation: one look-up a character tells most texts from the rest.
_BLANKS_PART: Final = re.compile("[\0-\u0dff\u1e00-\u2e7f]*")


class TermKind(IntEnum):
    WORD = 0
    NUMBER = 1
    NAME = 2  # never written small in this article (only in scripts that have capitals)


#: Beside a word's number: its kind, whether it is common, and whether it begins with a small letter.
_KIND_AT: Final = 32
_NUMBER_KIND: Final = int(TermKind.NUMBER) << _KIND_AT
_NAME_KIND: Final = int(TermKind.NAME) << _KIND_AT
_COMMON: Final = 1 << 34
_SMALL: Final = 1 << 35
#: Instead of a code: the chunk holds no word, or several.
_ODD: Final = 1 << 40
#: Beside a code: the chunk is this word and nothing else, such as a quote before it.
_PLAIN: Final = 1 << 36
#: 131,072 places, 2 MB: every word of a language that a process reads in a minute.
_TABLE_BITS: Final = 17
# Arrays of no dimension: numpy takes a third of the time over them that it takes over a number.
_TABLE_SHIFT: Final = np.array(64 - _TABLE_BITS, np.uint64)
THIRTY_TWO: Final = np.array(_KIND_AT, np.uint64)
KIND_BITS: Final = np.array(3, np.uint64)
COMMON_BIT: Final = np.array(_COMMON, np.uint64)
SMALL_BIT: Final = np.array(_SMALL, np.uint64)
_PLAIN_BIT: Final = np.array(_PLAIN, np.uint64)


@lru_cache(maxsize=_REMEMBERED)
def _hash(word: str) -> int:
    return int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=4, key=_KEY).digest(), "little")


def _stem(folded: str) -> str:
    """What is left of a folded word without what is attached to it."""
    if "\u0621" <= folded[0] <= "\u064a":
        attached = _ARABIC.match(folded)
        if attached is not None:
            at = attached.end()
            return folded[at : at + _STEM]
    elif folded.endswith("'s"):
        folded = folded[:-2]
    return folded[:_STEM]


def _coded(surface: str) -> int:
    folded = fold(surface)
    digits = "".join(_NUMBER.findall(folded)) if folded[:1].isdigit() else ""
    if digits:
        # One digit is a list's number, a score, a part of a time; more of them name something.
        return _hash(digits) | _NUMBER_KIND | (_COMMON if len(digits) == 1 else 0)
    if not folded or folded in _FOLDED_COMMON:
        return _hash(folded) | _COMMON | _SMALL
    stem = _stem(folded)
    common = _COMMON if len(stem) == 1 or stem in _FOLDED_COMMON else 0
    if surface[0].isupper():
        return _hash(stem) | _NAME_KIND | common
    return _hash(stem) | common | _SMALL


_FOLDED_COMMON: Final = frozenset(map(fold, COMMON_WORDS))
_MEMORY: dict[str, int] = {}


def code_of(surface: str) -> int:
    found = _MEMORY.get(surface)
    if found is None:
        if len(_MEMORY) >= _REMEMBERED:
            _MEMORY.clear()
        found = _MEMORY[surface] = _coded(surface)
    return found


def _chunk(piece: str) -> int:
    found = WORD.findall(piece)
    if len(found) != 1:
        return _ODD
    return code_of(found[0]) | (_PLAIN if found[0] == piece else 0)


def pair_of(pair: str) -> int:
    found = _MEMORY.get(pair)
    if found is None:
        if len(_MEMORY) >= _REMEMBERED:
            _MEMORY.clear()
        common = _COMMON if not COMMON_CHARACTERS.isdisjoint(pair) else 0
        found = _MEMORY[pair] = _hash(fold(pair)) | common | _SMALL
    return found


class Looked(NamedTuple):
    """The chunks of a text: where they begin and end, which of them the table does not know, their numbers, and the codes of the
    others."""

    starts: Places
    ends: Places
    new: Places
    numbers: Long
    codes: Long


class _Table:
    """The codes of chunks by their numbers, for all chunks of a text at once. Of a pair of places the first has what was put there
    last, and the second what it was put in place of: two words that share a place do not push each other out for ever."""

    def __init__(self) -> None:
        self._numbers = np.zeros(1 << _TABLE_BITS, np.uint64)
        self._codes = np.zeros(1 << _TABLE_BITS, np.uint64)

    def look(self, text: str) -> Looked:
        """The chunks of a text and what is known of them."""
        if COMPILED:
            found = kernel.look(text, WEIGHTS, KINDS, QUOTE_WEIGHT, BASE, self._numbers, self._codes)
            starts, ends, new = (np.frombuffer(each, np.intp) for each in found[:3])
            numbers, codes = (np.frombuffer(each, np.uint64) for each in found[3:])
            return Looked(starts, ends, new, numbers, codes)
        return self.look_with_numpy(text)

    def look_with_numpy(self, text: str) -> Looked:
        starts, ends, numbers, _ = chunks(text)
        codes, unknown = self.find(numbers)
        return Looked(starts, ends, (unknown | (ends - starts > LONGEST)).nonzero()[0], numbers, codes)

    def find(self, numbers: Long) -> tuple[Long, npt.NDArray[np.bool_]]:
        """The codes, and which of them are none."""
        places = (numbers >> _TABLE_SHIFT).astype(np.intp)
        codes, unknown = self._codes.take(places), self._numbers.take(places) != numbers
        missed = unknown.nonzero()[0]
        if len(missed):
            beside = places.take(missed) ^ 1
            there = self._numbers.take(beside) == numbers.take(missed)
            codes[missed[there]] = self._codes.take(beside[there])
            unknown[missed[there]] = False
        return codes, unknown

    def put(self, numbers: Long, codes: Long) -> None:
        places = (numbers >> _TABLE_SHIFT).astype(np.intp)
        there = self._numbers.take(places)
        moving = ((there != 0) & (there != numbers)).nonzero()[0]
        beside = places.take(moving) ^ 1
        self._numbers[beside], self._codes[beside] = there.take(moving), self._codes.take(places.take(moving))
        self._numbers[places], self._codes[places] = numbers, codes


_TABLE: Final = _Table()


def cut_in_python(text: str, starts: Places, ends: Places, counts: Places) -> list[str]:
    """The pieces of ``text`` between these places, so many together: each lot is one string, a piece a line."""
    pieces = iter([text[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)])
    return ["\n".join(islice(pieces, count)) for count in counts.tolist()]


class Coded(NamedTuple):
    """A text's words in order, as its chunks have them: ``of`` and ``nth`` say which word of which chunk each is."""

    text: str
    starts: Places
    ends: Places
    of: Places
    nth: Places
    codes: Long

    def written(self, places: Places, counts: Places) -> list[str]:
        """The words as written, by their places, so many together, one a line."""
        text, held = self.text, self.of.take(places)
        starts, ends = self.starts.take(held), self.ends.take(held)
        for at in (self.codes.take(places) & _PLAIN_BIT == 0).nonzero()[0].tolist():
            start = int(starts[at])
            found = next(islice(WORD.finditer(text[start : ends[at]]), int(self.nth[places[at]]), None))
            starts[at], ends[at] = start + found.start(), start + found.end()
        return kernel.cut(text, starts, ends, counts) if COMPILED else cut_in_python(text, starts, ends, counts)


def blanks_part(text: str) -> bool:
    """Whether ``text`` is in scripts that part their words by blanks, as most are."""
    return text.isascii() or _BLANKS_PART.fullmatch(text) is not None


def _new_codes(text: str, starts: Places, ends: Places, new: Places) -> Long:
    """The codes of the chunks ``new``: plain words' in C where it is, the others' one by one."""
    if COMPILED:
        codes = np.frombuffer(kernel.codes(text, starts, ends, new, LETTERS, _FOLDED_COMMON, _KEY), np.uint64)
    else:
        codes = np.zeros(len(new), np.uint64)
    for at in (codes == 0).nonzero()[0].tolist():
        place = new[at]
        codes[at] = _chunk(text[starts[place] : ends[place]])
    return codes


def coded(text: str) -> Coded:
    """The words of a text whose words ``blanks_part``: Python runs for what was not seen lately."""
    starts, ends, new, numbers, codes = _TABLE.look(text)
    if len(new):
        codes[new] = _new_codes(text, starts, ends, new)
        kept = new[ends[new] - starts[new] <= LONGEST]
        _TABLE.put(numbers.take(kept), codes.take(kept))
    of, nth = np.arange(len(codes)), np.zeros(len(codes), np.intp)
    odd = (codes == _ODD).nonzero()[0]
    if len(odd):
        held = [[code_of(word) for word in WORD.findall(text[starts[at] : ends[at]])] for at in odd.tolist()]
        counts = np.ones(len(codes), np.intp)
        counts[odd] = list(map(len, held))
        of = of.repeat(counts)
        nth = np.arange(len(of)) - (np.cumsum(counts) - counts).take(of)
        codes = codes.take(of)
        codes[codes == _ODD] = list(chain.from_iterable(held))
    return Coded(text, starts, ends, of, nth, codes)
