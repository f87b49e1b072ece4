"""What a story is known by: the words of its first articles, each counting alike however long it is, as bytes.

Most stories never have a second article. Theirs is the fingerprint of the first one itself, not copied: its version is the first
byte. What is made of several begins with a byte of 0, one that is not used and the number of terms (16 bits); then come the terms'
numbers, ascending, in how many of the story's articles each stands (32 bits each), and their weights (halves). A story
that nothing is known of has no byte. Bytes are replaced, never written into. ``_native.c`` has the same in C.
"""

from __future__ import annotations

import struct
from math import sqrt
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from monitor.story.look import Weights, held
from monitor.text.fingerprint import Hashes, hashes_of, marks_of

#: Terms that are kept.
MOST: Final = 240
_MADE: Final = 0
_HEAD: Final = struct.Struct("=BxH")
_WEIGHT: Final = np.uint8(63)
_ONCE: Final = np.ones(255, np.uint32)  # as many terms as a fingerprint can have
_ONCE.flags.writeable = False


class Known(NamedTuple):
    """A centroid taken apart."""

    hashes: Hashes
    weights: npt.NDArray[np.float16]
    tally: npt.NDArray[np.uint32]


def parted(centroid: bytes) -> Known:
    if not centroid:
        return Known(np.zeros(0, np.uint32), np.zeros(0, np.float16), np.zeros(0, np.uint32))
    if centroid[0] != _MADE:
        hashes = hashes_of(centroid)
        return Known(hashes, _alike(centroid).astype(np.float16), _ONCE[: len(hashes)])
    _, count = _HEAD.unpack_from(centroid)
    begin = _HEAD.size
    return Known(
        np.frombuffer(centroid, np.uint32, count, begin),
        np.frombuffer(centroid, np.float16, count, begin + 8 * count),
        np.frombuffer(centroid, np.uint32, count, begin + 4 * count),
    )


def founded(centroid: bytes, data: bytes, most: int = MOST) -> bytes:
    """With the article of this fingerprint among those it is made of; of so many terms those that weigh most."""
    said = hashes_of(data)
    if not centroid or not len(said):
        return data if len(said) else centroid
    before = parted(centroid)
    hashes = np.concatenate((before.hashes, said))
    weights = np.concatenate((before.weights.astype(np.float32), _alike(data)))
    tally = np.concatenate((before.tally, _ONCE[: len(said)]))
    order = np.argsort(hashes, kind="stable")
    hashes, weights, tally = hashes[order], weights[order], tally[order]
    starts = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1])))
    hashes, weights, tally = hashes[starts], np.add.reduceat(weights, starts), np.add.reduceat(tally, starts, dtype=np.uint32)
    if len(hashes) > most:
        kept = np.sort(np.argsort(-weights, kind="stable")[:most])
        hashes, weights, tally = hashes[kept], weights[kept], tally[kept]
    return _made(hashes, weights.astype(np.float16), tally)


def tallied(centroid: bytes, data: bytes, by: int) -> bytes:
    """With ``by`` more articles, and not less than none, in which those terms stand that the article of this fingerprint has."""
    hashes, weights, tally = parted(centroid)
    found = held(hashes, hashes_of(data))
    if not found.any():
        return centroid
    counted = np.clip(tally.astype(np.int64) + by * found, 0, 2**32 - 1)
    return _made(hashes, weights, counted.astype(np.uint32))


def _made(hashes: Hashes, weights: npt.NDArray[np.float16], tally: npt.NDArray[np.uint32]) -> bytes:
    return _HEAD.pack(_MADE, len(hashes)) + hashes.tobytes() + tally.tobytes() + weights.tobytes()


def _alike(data: bytes) -> Weights:
    """The weights of an article's terms in proportion, so that all of them together have the length of 1."""
    steps = (marks_of(data) & _WEIGHT).astype(np.float32)
    # Squares of whole numbers, of at most 255 terms: their sum is exact, in whatever order it is made.
    return steps / np.float32(sqrt(max(1.0, float(steps.dot(steps)))))
