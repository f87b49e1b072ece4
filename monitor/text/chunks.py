"""Chunks: a text parted wherever no word can go on, all at once, with a number for each chunk by which to look it up.

A chunk is a run of what words are made of and of what may stand inside one (apostrophes, the comma of 10,000); in scripts
without blanks each character is one. Most chunks are one word. The words of a text are those of its chunks, in order: what
parts two chunks is never part of a word and never decides where one begins or ends, so that whatever is known of a chunk
may be remembered by itself.

Chunks are numbered by a hash of 64 bits over the UTF-16 code units, keyed anew in every process (by the key of Python's own
hash), so that nobody can write a word that would be taken for another.

This room knows only str.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from monitor.text.words import CJK_CLASS, INSIDE_CLASS, PARTS_CLASS, WORD_CJK, pattern_for

Places = npt.NDArray[np.intp]
Hashes = npt.NDArray[np.uint64]

#: A chunk of more code units is an address or noise, and its number is not to be relied on.
LONGEST: Final = 40

_UNITS: Final = 0x10000
_SURROGATES: Final = slice(0xD800, 0xE000)
#: Code units hashed with one table of powers; longer texts are hashed piece by piece.
_BLOCK: Final = 1 << 15


class Chunks(NamedTuple):
    """The chunks of one text, in order: where they begin and end in code points, and their numbers. ``cjk`` says whether it
    has characters of a script without blanks."""

    starts: Places
    ends: Places
    numbers: Hashes
    cjk: bool


def _units(body: str) -> npt.NDArray[np.bool_]:
    """Which code units a class of characters holds; of characters beyond the BMP none."""
    every = "".join(map(chr, range(_UNITS)))
    held = np.zeros(_UNITS, np.bool_)
    for found in re.finditer(f"[{body}]+", every):
        held[found.start() : found.end()] = True
    return held


def _weights(held: npt.NDArray[np.bool_]) -> Hashes:
    """A number for each code unit that may stand in a chunk, and 0 for those that part them (splitmix64, keyed)."""
    with np.errstate(over="ignore"):
        mixed = np.arange(_UNITS, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(hash("monitor.text.chunks") & (2**64 - 1))
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = (mixed ^ (mixed >> np.uint64(31))) | np.uint64(1)
    mixed[~held] = 0
    return mixed


def _powers(base: int, size: int) -> Hashes:
    with np.errstate(over="ignore"):
        return np.cumprod(np.full(size, base, np.uint64), dtype=np.uint64)


_HELD: Final = _units(PARTS_CLASS)
# A character beyond the BMP is two units; whether it is a letter is for whoever looks the chunk up to say.
_HELD[_SURROGATES] = True
#: By code unit: 0 where it parts chunks, else what it weighs in their numbers.
WEIGHTS: Final = _weights(_HELD)
_QUOTE: Final = ord('"')
#: What a quotation mark weighs between letters of Hebrew, where it parts nothing.
QUOTE_WEIGHT: Final = int(WEIGHTS[_QUOTE])
WEIGHTS[_QUOTE] = 0
_IN_HEBREW: Final = re.compile(r'"(?<=[\u05d0-\u05ea]")(?=[\u05d0-\u05ea])')
_CJK: Final = _units(CJK_CLASS)
_FIRST_CJK: Final = int(_CJK.argmax())
_INSIDE: Final = _units(INSIDE_CLASS + r"\uff9e\uff9f")
#: By code unit: 1 for a character of a script without blanks, 2 for what combines with one.
KINDS: Final = (_CJK.astype(np.uint8) | _INSIDE.astype(np.uint8) << 1).astype(np.uint8)
_NONE: Final[Places] = np.zeros(0, np.intp)
_ALEF: Final = 0x5D0
_TAV: Final = 0x5EA
#: A number is Σ weight · base^place over the code units of a chunk, the first at place 1, modulo 2^64.
BASE: Final = (hash("monitor.text.chunks: base") & (2**64 - 1)) | 1
_POWERS: Final = _powers(BASE, _BLOCK + LONGEST + 1)
# One power short of the inverse, so that a chunk of one character is multiplied too.
_BACK: Final = _powers(pow(BASE, -1, 2**64), _BLOCK) * np.uint64(BASE)


def chunks(text: str) -> Chunks:
    """The chunks of ``text``."""
    units = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), np.uint16)
    if not len(units):
        return Chunks(_NONE, _NONE, _NONE.view(np.uint64), False)
    cjk = int(np.maximum.reduce(units)) >= _FIRST_CJK and pattern_for(text) is WORD_CJK
    weights = WEIGHTS.take(units)
    if '"' in text and _IN_HEBREW.search(text):
        # Part of a word between letters of Hebrew alone (אמל"ח), and else what parts words: the usual case of the two.
        quotes = (units == _QUOTE).nonzero()[0]
        weights[quotes[_between_hebrew(units, quotes)]] = QUOTE_WEIGHT
    starts, ends = _apart(units, weights) if cjk else _runs(weights)
    numbers = _numbers(weights, starts)
    if len(units) != len(text):
        # Each character beyond the BMP is two code units: code points follow from the places of the second ones.
        beyond = np.flatnonzero(np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32) >= _UNITS)
        second = beyond + np.arange(1, len(beyond) + 1)
        starts = starts - np.searchsorted(second, starts)
        ends = ends - np.searchsorted(second, ends)
    return Chunks(starts, ends, numbers, cjk)


def _between_hebrew(units: npt.NDArray[np.uint16], places: Places) -> npt.NDArray[np.bool_]:
    before, after = units[places - 1], units[np.minimum(places + 1, len(units) - 1)]
    return (places > 0) & (before >= _ALEF) & (before <= _TAV) & (after >= _ALEF) & (after <= _TAV)


def _runs(weights: Hashes) -> tuple[Places, Places]:
    inside = np.zeros(len(weights) + 2, np.bool_)
    np.not_equal(weights, 0, out=inside[1:-1])
    edges = (inside[1:] != inside[:-1]).nonzero()[0]
    return edges[0::2], edges[1::2]


def _apart(units: npt.NDArray[np.uint16], weights: Hashes) -> tuple[Places, Places]:
    """As ``_runs``, but each character of a script without blanks (with what combines with it) is a chunk of its own."""
    inside = weights != 0
    alone = _CJK.take(units)
    edge = np.ones(len(units) + 1, np.bool_)
    edge[1:-1] = (inside[1:] != inside[:-1]) | alone[1:] | (alone[:-1] & ~_INSIDE.take(units[1:]))
    edges = np.flatnonzero(edge)
    kept = inside[edges[:-1]] if len(units) else np.zeros(0, np.bool_)
    return edges[:-1][kept], edges[1:][kept]


def _numbers(weights: Hashes, starts: Places) -> Hashes:
    """Σ weight · base^place over each chunk, counted from where it begins, modulo 2^64. What parts chunks weighs nothing.

    The weights are used up.
    """
    if not len(starts):
        return np.zeros(0, np.uint64)
    if len(weights) <= _BLOCK:
        return _block(weights, starts)
    parts: list[Hashes] = []
    first = 0
    while first < len(starts):
        base = int(starts[first])
        last = int(np.searchsorted(starts, base + _BLOCK))
        piece = weights[base : int(starts[last]) if last < len(starts) else len(weights)][: len(_POWERS)]
        parts.append(_block(piece, starts[first:last] - base))
        first = last
    return np.concatenate(parts)


def _block(weights: Hashes, starts: Places) -> Hashes:
    # In place: what was just read is still in the processor's first cache, and a new array would push it out.
    weights *= _POWERS[: len(weights)]
    sums: Hashes = np.add.reduceat(weights, starts)
    sums *= _BACK.take(starts)
    return sums
