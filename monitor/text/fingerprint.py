"""Fingerprints: what is kept of an article so that another can be told to be its copy, or to tell of the same event.

Two things are kept, both small, both the same on every machine. The *signature* is a MinHash of the runs of three words
(one permutation, in bins): the share of bins in which two signatures agree estimates how much of their wording two
articles share, and a band of two bins that agrees is how a copy is found among many. The *terms* are the words that say
what the article is about, each as a number of 32 bits with its weight: words without their endings, numbers, names;
pairs of characters in Chinese, Japanese and Korean, whose words are not set apart. Furniture and common words are none.

Numbers of words are BLAKE2b under a key (``fingerprint_codes``): a table of all words exists nowhere, and Python's own hash
would differ in every process. What is here reads one article; ``fingerprint_many`` reads many at once, to the same end. This
room knows only str.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from monitor.model import Layout, ZoneKind
from monitor.text.fingerprint_codes import (
    COMMON_BIT,
    KIND_BITS,
    SMALL_BIT,
    THIRTY_TWO,
    Long,
    Places,
    TermKind,
    blanks_part,
    code_of,
    coded,
    pair_of,
)
from monitor.text.native import COMPILED, kernel
from monitor.text.words import CJK_CLASS, is_cjk, pattern_for

__all__ = ["Fingerprint", "TermKind", "Terms", "fingerprint"]

Hashes = npt.NDArray[np.uint32]
Marks = npt.NDArray[np.uint8]
Bins = npt.NDArray[np.uint16]

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
TITLE: Final = 3
#: Words running together: one changed word changes three runs, and few runs of three stand in two articles by chance.
RUN: Final = 3
_WEIGHT_STEPS: Final = 10
#: By themselves: Python 3.11 takes long to find a member in its enum.
_TITLE_ZONE: Final = ZoneKind.TITLE
_FURNITURE: Final = ZoneKind.FURNITURE
HEAD: Final = struct.Struct("<BBB")
_HANGUL: Final = re.compile("[\uac00-\ud7a3]+")
#: Scripts whose words run together: Thai, Lao, Burmese, Khmer. Their terms are runs of four characters.
_RUNNING: Final = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+")
_CJK_RUN: Final = re.compile(f"[{CJK_CLASS}]+")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """``data`` is what is stored: version, flags, number of terms; the signature (64 × 16 bits, or nothing where the text has no
    three words); the terms' numbers, ascending (32 bits each); a byte each of kind (2 bits) and weight (6 bits). At most
    931 bytes. ``lines`` are the terms as the article writes them, one a line in the order of the numbers; they are not stored."""

    data: bytes
    lines: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(self.lines.split("\n")) if self.lines else ()

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
    return of_prose(*prose(text, layout))


def of_prose(title: str, body: str) -> Fingerprint:
    """The fingerprint of what ``prose`` gives."""
    words = _looked_up(title, body) or _one_by_one(title, body)
    if not COMPILED:
        return Fingerprint(*_packed(_signature(words.codes.astype(np.uint32)), words))
    (data,), places = packed(words.codes, np.array((0, words.titled, len(words.codes))))
    return Fingerprint(data, words.written(places))


def packed(codes: Long, bounds: Places) -> tuple[list[bytes], Places]:
    """The data of many fingerprints, and where their terms stand first; as ``kernel.packed`` tells, only where COMPILED."""
    data, places = kernel.packed(codes, bounds, WEIGHT_OF)
    return data, np.frombuffer(places, np.intp)


def prose(text: str, layout: Layout) -> tuple[str, str]:
    """An article's title, and of the rest what is no furniture: what is read of it."""
    titles: list[str] = []
    parts: list[str] = []
    left = _MOST_CHARACTERS
    for kind, start, end in layout.zones:
        if kind is _TITLE_ZONE:
            titles.append(text[start:end])
        elif kind is not _FURNITURE and left > 0:
            parts.append(text[start : min(end, start + left)])
            left -= end - start
    return " ".join(titles), "\n".join(parts)


# ------------------------------------------------------------------------------------------------- words
def _parted(text: str) -> list[str]:
    """The words of ``text``, those of scripts without blanks in overlapping pieces."""
    found: list[str] = pattern_for(text).findall(text)
    if blanks_part(text):
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
    """How many words the title has; the codes of title and body in one row; the words as written, by their places in it, one a
    line."""

    titled: int
    codes: Long
    written: Callable[[Places], str]


def _one_by_one(title: str, body: str) -> _Words:
    """For texts with a script whose words are parted into pieces."""
    titled = _parted(title)[:MOST_WORDS]
    surfaces = titled + _parted(body)[:MOST_WORDS]
    codes = [pair_of(surface) if is_cjk(surface) else code_of(surface) for surface in surfaces]
    return _Words(len(titled), np.array(codes, np.uint64), lambda places: "\n".join(map(surfaces.__getitem__, places.tolist())))


def _looked_up(title: str, body: str) -> _Words | None:
    """None for texts with words that blanks do not part."""
    text = f"{title}\n{body}"
    if not blanks_part(text):
        return None
    found = coded(text)
    titled = int(found.of.searchsorted(found.starts.searchsorted(len(title))))
    words = len(found.of)
    if max(titled, words - titled) > MOST_WORDS:
        kept = np.concatenate((np.arange(min(titled, MOST_WORDS)), np.arange(titled, min(words, titled + MOST_WORDS))))
        found = found._replace(of=found.of[kept], nth=found.nth[kept], codes=found.codes[kept])
        titled = min(titled, MOST_WORDS)
    return _Words(titled, found.codes, lambda places: found.written(places, np.array([len(places)]))[0])


# ---------------------------------------------------------------------------------------------- signature
def mixed(numbers: Long) -> Long:
    """splitmix64: every bit of a number depends on every bit of it."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


_EVERY_BIN: Final = np.arange(BINS)
_EVERY_BAND: Final = np.arange(1, BANDS + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)


def runs_of(words: Hashes) -> Long:
    """A number for each run of words, in order."""
    numbers = words.astype(np.uint64)
    return mixed(numbers[:-2] * np.uint64(0x9E3779B97F4A7C15) + numbers[1:-1] * np.uint64(0xD6E8FEB86659FD93) + numbers[2:])


def _signature(words: Hashes) -> Bins:
    """One-permutation MinHash (Li, Owen, Zhang 2012) with rotation (Shrivastava, Li 2014): each run falls into one bin and the
    least of a bin stands for it; an empty bin takes after the next that is not."""
    if len(words) < RUN:
        return np.zeros(0, np.uint16)
    runs = np.sort(runs_of(words))
    # Sorted by the topmost bits, the first of each bin is its least.
    bins = (runs >> np.uint64(64 - (BINS - 1).bit_length())).astype(np.intp)
    firsts = bins.searchsorted(_EVERY_BIN)
    places = np.flatnonzero(bins.take(firsts, mode="clip") == _EVERY_BIN)
    source = places[places.searchsorted(_EVERY_BIN) % len(places)]
    away = ((source - _EVERY_BIN) % BINS).astype(np.uint64)
    least = mixed(runs[firsts[source]] + away * np.uint64(0x9E3779B97F4A7C15))
    return (least & np.uint64(0xFFFF)).astype(np.uint16)


def bands(signatures: Bins) -> Hashes:
    """A number for each band of a signature (or of each of several); two signatures share a number where they agree in all bins of
    that band."""
    if not signatures.size:
        return np.zeros(0, np.uint32)
    rows = signatures.astype(np.uint64).reshape(-1, BANDS, ROWS)
    numbers = mixed((rows[:, :, 0] << np.uint64(16) | rows[:, :, 1]) + _EVERY_BAND)
    return (numbers >> np.uint64(32)).astype(np.uint32).reshape(*signatures.shape[:-1], BANDS)


def agreement(signature: Bins, others: Sequence[bytes]) -> list[float]:
    """The share of bins in which a signature agrees with those of other fingerprints, by their data; 0 with one that has none."""
    if not len(signature):
        return [0.0] * len(others)
    none = b"\0" * 2 * BINS
    joined = b"".join([data[HEAD.size : HEAD.size + 2 * BINS] if data[1] == BINS else none for data in others])
    equal = np.frombuffer(joined, np.uint16).reshape(-1, BINS) == signature
    shares: list[float] = (np.count_nonzero(equal, axis=1) / BINS).tolist()
    return [share if data[1] == BINS else 0.0 for share, data in zip(shares, others, strict=True)]


def is_sound(data: bytes) -> bool:
    """Whether ``data`` can be read; the functions below ask for that."""
    if len(data) < HEAD.size:
        return False
    version, bins, count = HEAD.unpack_from(data)
    return version == VERSION and bins in (0, BINS) and len(data) == HEAD.size + 2 * bins + 5 * count


def signature_of(data: bytes) -> Bins:
    return np.frombuffer(data, np.uint16, data[1], HEAD.size)


def hashes_of(data: bytes) -> Hashes:
    """The terms' numbers alone."""
    return np.frombuffer(data, np.uint32, data[2], HEAD.size + 2 * data[1])


def marks_of(data: bytes) -> Marks:
    """What is known of each term beside its number, for ``taken_apart``."""
    return np.frombuffer(data, np.uint8, data[2], HEAD.size + 2 * data[1] + 4 * data[2])


def taken_apart(marks: Marks) -> tuple[Marks, npt.NDArray[np.float32]]:
    """Kinds and weights."""
    return marks >> np.uint8(6), (marks & np.uint8(63)).astype(np.float32) / np.float32(_WEIGHT_STEPS)


# -------------------------------------------------------------------------------------------------- terms
#: The weight of a word that stands so often in an article, in steps: 1 + its logarithm.
WEIGHT_OF: Final = np.minimum(np.rint((1 + np.log(np.maximum(np.arange(512), 1))) * _WEIGHT_STEPS), 63).astype(np.uint8)


def _packed(signature: Bins, words: _Words) -> tuple[bytes, str]:
    codes = words.codes
    places = (codes & COMMON_BIT == 0).nonzero()[0]
    if not len(places):
        return HEAD.pack(VERSION, len(signature), 0) + signature.tobytes(), ""
    codes = codes.take(places)
    # In one sort: by number, of equals the first in the text.
    order = ((codes << THIRTY_TWO) | np.arange(len(codes), dtype=np.uint64)).argsort()
    codes, places = codes.take(order), places.take(order)
    hashes = codes.astype(np.uint32)
    edges = np.ones(len(hashes), np.bool_)
    np.not_equal(hashes[1:], hashes[:-1], out=edges[1:])
    starts = edges.nonzero()[0]
    counts = np.add.reduceat(np.where(places < words.titled, 1 + TITLE, 1), starts)
    firsts = places.take(starts)
    kinds = (codes.take(starts) >> THIRTY_TWO & KIND_BITS).astype(np.uint8)
    kinds[np.bitwise_or.reduceat(codes, starts) & SMALL_BIT != 0] = TermKind.WORD
    hashes = hashes.take(starts)
    if len(starts) > MOST_TERMS:
        kept = np.lexsort((firsts, -counts))[:MOST_TERMS]
        kept.sort()
        hashes, counts, firsts, kinds = hashes.take(kept), counts.take(kept), firsts.take(kept), kinds.take(kept)
    weights = WEIGHT_OF.take(counts, mode="clip")
    data = HEAD.pack(VERSION, len(signature), len(hashes)) + signature.tobytes() + hashes.tobytes()
    return data + (kinds << np.uint8(6) | weights).tobytes(), words.written(firsts)


def _read(data: bytes) -> Terms | None:
    return Terms(signature_of(data), hashes_of(data), *taken_apart(marks_of(data))) if is_sound(data) else None
