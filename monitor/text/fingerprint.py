"""Fingerprints: what is kept of an article so that another can be told to be its copy, or to tell of the same event.

Two things are kept, both small, both the same on every machine. The *signature* is a MinHash of the runs of three words
(one permutation, in bins): the share of bins in which two signatures agree estimates how much of their wording two
articles share, and a band of two bins that agrees is how a copy is found among many. The *terms* are the words that say
what the article is about, each as a number of 32 bits with its weight: words without their endings, numbers, names;
pairs of characters in Chinese, Japanese and Korean, whose words are not set apart. Furniture and common words are none.

Numbers of words are BLAKE2b under a key: a table of all words exists nowhere, and Python's own hash would differ in
every process. This room knows only str.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import blake2b
from itertools import chain
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from monitor.model import Layout, Zone, ZoneKind
from monitor.text.chunks import LONGEST, chunks
from monitor.text.fingerprint_words import COMMON_CHARACTERS, COMMON_WORDS
from monitor.text.fold import fold
from monitor.text.words import CJK_CLASS, WORD, is_cjk, pattern_for

Hashes = npt.NDArray[np.uint32]
Marks = npt.NDArray[np.uint8]
Bins = npt.NDArray[np.uint16]
_Long = npt.NDArray[np.uint64]

#: The first byte of ``Fingerprint.data``; fingerprints of different versions are not compared.
VERSION: Final = 1
BINS: Final = 64
#: Bins in a band: two articles that agree in half their bins share none of 32 bands once in ten thousand times.
ROWS: Final = 2
BANDS: Final = BINS // ROWS
#: Terms kept of one article, the most frequent and the earliest; a news article of 670 words has some 200.
MOST_TERMS: Final = 160
#: What is read of one article: the event is told at its beginning, and the cost has a bound.
MOST_WORDS: Final = 3_000
_MOST_CHARACTERS: Final = 30_000
#: A word of the title counts as so many more of the body.
_TITLE: Final = 3
#: Words running together: one changed word changes three runs, and few runs of three stand in two articles by chance.
_RUN: Final = 3
#: Letters of a word that count: what follows is nearly always an ending (Kolchugas, Кольчуги, missiles).
_STEM: Final = 6
#: Surfaces whose number a process remembers; all are forgotten at once when there are more.
_REMEMBERED: Final = 50_000

_KEY: Final = b"monitor.text.fingerprint"
_WEIGHT_STEPS: Final = 10
_HEAD: Final = struct.Struct("<BBB")
_NUMBER: Final = re.compile(r"\d+")
#: And, so, by, for, like, to and the article, in front of a folded Arabic word that is long enough to do without.
_ARABIC: Final = re.compile(r"(?:[وف]?(?:[بك]?ال|لل)|[وفبلك](?=\w{4}))(?=\w{2})")
_HANGUL: Final = re.compile("[\uac00-\ud7a3]+")
#: Scripts whose words run together: Thai, Lao, Burmese, Khmer. Their terms are runs of four characters.
_RUNNING: Final = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+")
_CJK_RUN: Final = re.compile(f"[{CJK_CLASS}]+")
#: Scripts that part words by blanks, and their punctuation: one look-up a character tells most texts from the rest.
_BLANKS_PART: Final = re.compile("[\0-\u0dff\u1e00-\u2e7f]*")


class TermKind(IntEnum):
    WORD = 0
    NUMBER = 1
    NAME = 2  # never written small in this article (only in scripts that have capitals)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """``data`` is what is stored: version, flags, number of terms; the signature (64 × 16 bits, or nothing where the text has no
    three words); the terms' numbers, ascending (32 bits each); a byte each of kind (2 bits) and weight (6 bits). At most
    931 bytes. ``words`` are the terms as the article writes them, in the order of the numbers; they are not stored."""

    data: bytes
    words: tuple[str, ...] = ()

    def read(self) -> Terms | None:
        """What ``data`` says; None where it is of another version or damaged."""
        return _read(self.data)


@dataclass(frozen=True, slots=True)
class Terms:
    """A fingerprint taken apart. ``weights`` are 1 + ln(how often a term stands in the article)."""

    signature: Bins
    hashes: Hashes
    kinds: Marks
    weights: npt.NDArray[np.float32]


def fingerprint(text: str, layout: Layout) -> Fingerprint:
    """The fingerprint of an article, or of what is left of it where all is furniture: nothing."""
    title = " ".join(text[zone.start : zone.end] for zone in layout.zones if zone.kind is ZoneKind.TITLE)
    body = _body(text, layout.zones)
    words = _looked_up(title, body) or _one_by_one(title, body)
    return Fingerprint(*_packed(_signature(words.codes.astype(np.uint32)), words))


def _body(text: str, zones: tuple[Zone, ...]) -> str:
    parts: list[str] = []
    left = _MOST_CHARACTERS
    for zone in zones:
        if zone.kind is not ZoneKind.TITLE and zone.kind is not ZoneKind.FURNITURE and left > 0:
            parts.append(text[zone.start : min(zone.end, zone.start + left)])
            left -= zone.end - zone.start
    return "\n".join(parts)


# ---------------------------------------------------------------------------------------- words to numbers
#: Beside a word's number: its kind, whether it is common, and whether it begins with a small letter.
_KIND_AT: Final = 32
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
_THIRTY_TWO: Final = np.array(_KIND_AT, np.uint64)
_KIND_BITS: Final = np.array(3, np.uint64)
_COMMON_BIT: Final = np.array(_COMMON, np.uint64)
_SMALL_BIT: Final = np.array(_SMALL, np.uint64)
_PLAIN_BIT: Final = np.array(_PLAIN, np.uint64)


def _hash(word: str) -> int:
    return int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=4, key=_KEY).digest(), "little")


def _stem(folded: str) -> str:
    """What is left of a folded word without what is attached to it."""
    if "\u0621" <= folded[0] <= "\u064a":
        folded = _ARABIC.sub("", folded, count=1) if _ARABIC.match(folded) else folded
    elif folded.endswith("'s"):
        folded = folded[:-2]
    return folded[:_STEM]


def _coded(surface: str) -> int:
    folded = fold(surface)
    digits = "".join(_NUMBER.findall(folded)) if folded[:1].isdigit() else ""
    if digits:
        # One digit is a list's number, a score, a part of a time; more of them name something.
        return _hash(digits) | TermKind.NUMBER << _KIND_AT | (_COMMON if len(digits) == 1 else 0)
    if not folded or folded in _FOLDED_COMMON:
        return _hash(folded) | _COMMON | _SMALL
    stem = _stem(folded)
    common = _COMMON if len(stem) == 1 or stem in _FOLDED_COMMON else 0
    if surface[0].isupper():
        return _hash(stem) | TermKind.NAME << _KIND_AT | common
    return _hash(stem) | common | _SMALL


_FOLDED_COMMON: Final = frozenset(map(fold, COMMON_WORDS))
_MEMORY: dict[str, int] = {}


def _code(surface: str) -> int:
    found = _MEMORY.get(surface)
    if found is None:
        if len(_MEMORY) >= _REMEMBERED:
            _MEMORY.clear()
        found = _MEMORY[surface] = _coded(surface)
    return found


def _pair(pair: str) -> int:
    found = _MEMORY.get(pair)
    if found is None:
        if len(_MEMORY) >= _REMEMBERED:
            _MEMORY.clear()
        common = _COMMON if not COMMON_CHARACTERS.isdisjoint(pair) else 0
        found = _MEMORY[pair] = _hash(fold(pair)) | common | _SMALL
    return found


def _parted(text: str) -> list[str]:
    """The words of ``text``, those of scripts without blanks in overlapping pieces."""
    found: list[str] = pattern_for(text).findall(text)
    if text.isascii() or _BLANKS_PART.fullmatch(text):
        return found
    out: list[str] = []
    for word in found:
        if is_cjk(word):
            continue
        if _HANGUL.fullmatch(word) and len(word) > 2:
            out += (word[at : at + 2] for at in range(len(word) - 1))
        elif _RUNNING.match(word) and len(word) > 4:
            out += (word[at : at + 4] for at in range(len(word) - 3))
        else:
            out.append(word)
    for run in _CJK_RUN.findall(text):
        out += (run[at : at + 2] for at in range(len(run) - 1)) if len(run) > 1 else (run,)
    return out


class _Words(NamedTuple):
    """How many words the title has; the codes of title and body in one row; the words as written, by their places in it."""

    titled: int
    codes: _Long
    written: Callable[[npt.NDArray[np.intp]], tuple[str, ...]]


def _one_by_one(title: str, body: str) -> _Words:
    """For texts with a script whose words are parted into pieces."""
    titled = _parted(title)[:MOST_WORDS]
    surfaces = titled + _parted(body)[:MOST_WORDS]
    remembered = _MEMORY.get
    codes = [remembered(surface) or (_pair(surface) if is_cjk(surface) else _code(surface)) for surface in surfaces]
    return _Words(len(titled), np.array(codes, np.uint64), lambda places: tuple(map(surfaces.__getitem__, places.tolist())))


class _Table:
    """The codes of chunks by their numbers, for all chunks of a text at once. A place holds the last that was put there."""

    def __init__(self) -> None:
        self._numbers = np.zeros(1 << _TABLE_BITS, np.uint64)
        self._codes = np.zeros(1 << _TABLE_BITS, np.uint64)

    def find(self, numbers: _Long) -> tuple[_Long, npt.NDArray[np.bool_]]:
        """The codes, and which of them are none."""
        places = (numbers >> _TABLE_SHIFT).astype(np.intp)
        return self._codes.take(places), self._numbers.take(places) != numbers

    def put(self, number: int, code: int) -> None:
        self._numbers[number >> 64 - _TABLE_BITS] = number
        self._codes[number >> 64 - _TABLE_BITS] = code


_TABLE: Final = _Table()


def _looked_up(title: str, body: str) -> _Words | None:
    """For texts of scripts that part their words by blanks, which most are: Python runs for what was not seen lately. None for others."""
    text = f"{title}\n{body}"
    if not (text.isascii() or _BLANKS_PART.fullmatch(text)):
        return None
    starts, ends, numbers, _ = chunks(text)
    codes, unknown = _TABLE.find(numbers)
    unknown |= ends - starts > LONGEST
    for at in unknown.nonzero()[0].tolist():
        start, end = int(starts[at]), int(ends[at])
        found = WORD.findall(text[start:end])
        codes[at] = (_code(found[0]) | (_PLAIN if found[0] == text[start:end] else 0)) if len(found) == 1 else _ODD
        if end - start <= LONGEST:
            _TABLE.put(int(numbers[at]), int(codes[at]))
    of, nth = np.arange(len(codes)), np.zeros(len(codes), np.intp)
    odd = (codes == _ODD).nonzero()[0]
    if len(odd):
        held = [[_code(word) for word in WORD.findall(text[starts[at] : ends[at]])] for at in odd.tolist()]
        counts = np.ones(len(codes), np.intp)
        counts[odd] = list(map(len, held))
        of = of.repeat(counts)
        nth = np.arange(len(of)) - (np.cumsum(counts) - counts).take(of)
        codes = codes.take(of)
        codes[codes == _ODD] = list(chain.from_iterable(held))
    titled = int(of.searchsorted(starts.searchsorted(len(title))))
    if max(titled, len(of) - titled) > MOST_WORDS:
        kept = np.concatenate((np.arange(min(titled, MOST_WORDS)), np.arange(titled, min(len(of), titled + MOST_WORDS))))
        of, nth, codes, titled = of[kept], nth[kept], codes[kept], min(titled, MOST_WORDS)

    def written(places: npt.NDArray[np.intp]) -> tuple[str, ...]:
        held = of.take(places)
        pieces = [text[start:end] for start, end in zip(starts.take(held).tolist(), ends.take(held).tolist(), strict=True)]
        for at in (codes.take(places) & _PLAIN_BIT == 0).nonzero()[0].tolist():
            pieces[at] = WORD.findall(pieces[at])[nth[places[at]]]
        return tuple(pieces)

    return _Words(titled, codes, written)


# ---------------------------------------------------------------------------------------------- signature
def _mixed(numbers: _Long) -> _Long:
    """splitmix64: every bit of a number depends on every bit of it."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


_EVERY_BIN: Final = np.arange(BINS)
_EVERY_BAND: Final = np.arange(1, BANDS + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)


def _signature(words: Hashes) -> Bins:
    """One-permutation MinHash (Li, Owen, Zhang 2012) with rotation (Shrivastava, Li 2014): each run falls into one bin and the
    least of a bin stands for it; an empty bin takes after the next that is not."""
    if len(words) < _RUN:
        return np.zeros(0, np.uint16)
    numbers = words.astype(np.uint64)
    runs = numbers[:-2] * np.uint64(0x9E3779B97F4A7C15) + numbers[1:-1] * np.uint64(0xD6E8FEB86659FD93) + numbers[2:]
    runs = np.sort(_mixed(runs))
    # Sorted by the topmost bits, the first of each bin is its least.
    bins = (runs >> np.uint64(64 - (BINS - 1).bit_length())).astype(np.intp)
    firsts = bins.searchsorted(_EVERY_BIN)
    places = np.flatnonzero(bins.take(firsts, mode="clip") == _EVERY_BIN)
    source = places[places.searchsorted(_EVERY_BIN) % len(places)]
    away = ((source - _EVERY_BIN) % BINS).astype(np.uint64)
    least = _mixed(runs[firsts[source]] + away * np.uint64(0x9E3779B97F4A7C15))
    return (least & np.uint64(0xFFFF)).astype(np.uint16)


def bands(signatures: Bins) -> Hashes:
    """A number for each band of a signature (or of each of several); two signatures share a number where they agree in all bins of
    that band."""
    if not signatures.size:
        return np.zeros(0, np.uint32)
    rows = signatures.astype(np.uint64).reshape(-1, BANDS, ROWS)
    mixed = _mixed((rows[:, :, 0] << np.uint64(16) | rows[:, :, 1]) + _EVERY_BAND)
    return (mixed >> np.uint64(32)).astype(np.uint32).reshape(*signatures.shape[:-1], BANDS)


def agreement(signature: Bins, others: Sequence[bytes]) -> list[float]:
    """The share of bins in which a signature agrees with those of other fingerprints, by their data; 0 with one that has none."""
    if not len(signature):
        return [0.0] * len(others)
    none = b"\0" * 2 * BINS
    joined = b"".join([data[_HEAD.size : _HEAD.size + 2 * BINS] if data[1] == BINS else none for data in others])
    equal = np.frombuffer(joined, np.uint16).reshape(-1, BINS) == signature
    shares: list[float] = (np.count_nonzero(equal, axis=1) / BINS).tolist()
    return [share if data[1] == BINS else 0.0 for share, data in zip(shares, others, strict=True)]


def is_sound(data: bytes) -> bool:
    """Whether ``data`` can be read; the functions below ask for that."""
    if len(data) < _HEAD.size:
        return False
    version, bins, count = _HEAD.unpack_from(data)
    return version == VERSION and bins in (0, BINS) and len(data) == _HEAD.size + 2 * bins + 5 * count


def signature_of(data: bytes) -> Bins:
    return np.frombuffer(data, np.uint16, data[1], _HEAD.size)


def hashes_of(data: bytes) -> Hashes:
    """The terms' numbers alone."""
    return np.frombuffer(data, np.uint32, data[2], _HEAD.size + 2 * data[1])


def marks_of(data: bytes) -> Marks:
    """What is known of each term beside its number, for ``taken_apart``."""
    return np.frombuffer(data, np.uint8, data[2], _HEAD.size + 2 * data[1] + 4 * data[2])


def taken_apart(marks: Marks) -> tuple[Marks, npt.NDArray[np.float32]]:
    """Kinds and weights."""
    return marks >> np.uint8(6), (marks & np.uint8(63)).astype(np.float32) / np.float32(_WEIGHT_STEPS)


# -------------------------------------------------------------------------------------------------- terms
#: The weight of a word that stands so often in an article, in steps: 1 + its logarithm.
_WEIGHT_OF: Final = np.minimum(np.rint((1 + np.log(np.maximum(np.arange(512), 1))) * _WEIGHT_STEPS), 63).astype(np.uint8)


def _packed(signature: Bins, words: _Words) -> tuple[bytes, tuple[str, ...]]:
    codes = words.codes
    places = (codes & _COMMON_BIT == 0).nonzero()[0]
    if not len(places):
        return _HEAD.pack(VERSION, len(signature), 0) + signature.tobytes(), ()
    codes = codes.take(places)
    # In one sort: by number, of equals the first in the text.
    order = ((codes << _THIRTY_TWO) | np.arange(len(codes), dtype=np.uint64)).argsort()
    codes, places = codes.take(order), places.take(order)
    hashes = codes.astype(np.uint32)
    edges = np.ones(len(hashes), np.bool_)
    np.not_equal(hashes[1:], hashes[:-1], out=edges[1:])
    starts = edges.nonzero()[0]
    counts = np.add.reduceat(np.where(places < words.titled, 1 + _TITLE, 1), starts)
    firsts = places.take(starts)
    kinds = (codes.take(starts) >> _THIRTY_TWO & _KIND_BITS).astype(np.uint8)
    kinds[np.bitwise_or.reduceat(codes, starts) & _SMALL_BIT != 0] = TermKind.WORD
    hashes = hashes.take(starts)
    if len(starts) > MOST_TERMS:
        kept = np.lexsort((firsts, -counts))[:MOST_TERMS]
        kept.sort()
        hashes, counts, firsts, kinds = hashes.take(kept), counts.take(kept), firsts.take(kept), kinds.take(kept)
    weights = _WEIGHT_OF.take(counts, mode="clip")
    data = _HEAD.pack(VERSION, len(signature), len(hashes)) + signature.tobytes() + hashes.tobytes()
    return data + (kinds << np.uint8(6) | weights).tobytes(), words.written(firsts)


def _read(data: bytes) -> Terms | None:
    return Terms(signature_of(data), hashes_of(data), *taken_apart(marks_of(data))) if is_sound(data) else None
