"""One look-up file: its layout, and finding a word in it.

Layout, integers unsigned, of 32 bits and in the byte order of the machine: magic, CRC-32 of all that follows, bits of a
bucket's number, number of keys, of groups; then the first key of each bucket, where each key is spelled, the group each
key belongs to, where each group begins (the first and the last with one entry more, their end), and the words, UTF-8, each
with a line end behind it. A group is a run of words, a lemma first and then every form of it; a key is spelled in its group.
A key stands in the bucket that the leading bits of its CRC-32 name; there are about as many buckets as keys. Behind the last
group stand keys that begin with NUL: folded spellings, used where no spelling as written is known.

This module must not know where files lie or what they are made of.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from monitor.text.fold import fold

#: Written as two integers it also says the byte order: a file from another kind of machine counts as damaged.
_MAGIC: Final = struct.pack("=II", 0x4E4D4C4B, 4)
_HEADER: Final = struct.Struct("=8sIIII")
_COUNTS: Final = struct.Struct("=III")
_CHECKED_FROM: Final = _HEADER.size - _COUNTS.size
_INTEGER: Final = 4
#: What a folded key begins with.
FOLDED: Final = b"\0"


class DictionaryError(Exception):
    """A look-up file is damaged or could not be built; the message says which."""


def content(bits: int, keys: int, groups: int, body: Sequence[bytes]) -> tuple[bytes, ...]:
    """The bytes of a file whose arrays and words are ``body``."""
    counts = _COUNTS.pack(bits, keys, groups)
    checksum = zlib.crc32(counts)
    for part in body:
        checksum = zlib.crc32(part, checksum)
    return _MAGIC + struct.pack("=I", checksum), counts, *body


class LookupFile:
    """One opened look-up file. Safe to use from several threads: nothing in it changes. Raises OSError, DictionaryError."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as stream:
            try:
                self._map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError as error:  # an empty file cannot be mapped
                raise DictionaryError(f"{path} is empty") from error
        self._views: list[memoryview] = []
        try:
            self._open(path)
        except DictionaryError:
            self.close()
            raise

    def _open(self, path: Path) -> None:
        if len(self._map) < _HEADER.size:
            raise DictionaryError(f"{path} is cut short")
        magic, checksum, bits, keys, groups = _HEADER.unpack_from(self._map)
        with memoryview(self._map) as whole:
            sound = magic == _MAGIC and zlib.crc32(whole[_CHECKED_FROM:]) == checksum
        if not sound:
            raise DictionaryError(f"{path} is damaged")
        self._shift = 32 - bits
        self._at = _HEADER.size
        self._buckets = self._integers((1 << bits) + 1)
        self._spelled = self._integers(keys)
        self._group_of = self._integers(keys)
        self._groups = self._integers(groups + 1)
        self._words = self._at
        # Keys as written are looked up oftener than not in vain; only some languages have folded ones to try next.
        self._has_folded = self._words + self._groups[groups] < len(self._map)

    def _integers(self, count: int) -> memoryview:
        end = self._at + count * _INTEGER
        view = memoryview(self._map)[self._at : end].cast("I")
        self._at = end
        self._views.append(view)
        return view

    def forms(self, word: str) -> frozenset[str]:
        """Every form of the word, sought as written, in lower case, or else as folded; empty where unknown.

        A word that is a lemma has that lemma's forms, also where the dictionary files it elsewhere too (Spanish poder is
        "power" beside "can"); a word that is none has those of the lemma it is filed under.
        """
        return frozenset().union(*self._groups_of(word))

    def citation(self, word: str) -> str:
        """The lemma whose forms ``forms`` gives, the word itself where it is one, or '' where it is unknown."""
        groups = self._groups_of(word)
        return groups[0][0] if groups else ""

    def close(self) -> None:
        for view in self._views:
            view.release()
        self._map.close()

    def _groups_of(self, word: str) -> list[list[str]]:
        found = self._find(word.encode())
        if not found and (lower := word.lower()) != word:
            found = self._find(lower.encode())
        if not found and self._has_folded:
            found = self._find(FOLDED + fold(word).encode())
        groups = [self._group(number) for number in found]
        if len(groups) < 2:
            return groups
        return [members for members in groups if members[0] == word] or groups

    def _find(self, key: bytes) -> list[int]:
        """Numbers of the groups that have this key."""
        bucket = zlib.crc32(key) >> self._shift
        first, end = self._buckets[bucket : bucket + 2]
        if first == end:
            return []
        line = key + b"\n"
        words, length, spelled = self._words, len(line), self._spelled
        found = []
        for index in range(first, end):
            start = words + spelled[index]
            if self._map[start : start + length] == line:
                found.append(self._group_of[index])
        return found

    def _group(self, number: int) -> list[str]:
        start, end = self._groups[number : number + 2]
        return self._map[self._words + start : self._words + end - 1].decode().split("\n")
