"""Dictionaries as look-up files: the one home of simplemma.

Loading and inverting a dictionary (form -> lemma into lemma -> every form) takes seconds and hundreds of megabytes, so
it is done once, in a process of its own (``python -m monitor.dictionaries LANGUAGE FOLDER``), into one file for each
language and simplemma version. Those files are opened read-only and shared between processes through the page cache; a
look-up takes some microseconds. A file is written beside its name and renamed, so that any number of
builders may race; a file that is damaged or cut short is built anew.

Layout, integers little-endian and unsigned 32 bits: magic, CRC-32 of all that follows, bits of a bucket's number, number
of keys, of lemmas and of members; then the first key of each bucket, where each key starts, the lemma each key belongs to,
where each lemma's members start (the first, second and fourth with one entry more, their end), the members (numbers of
the keys that are a lemma's forms), and the keys (UTF-8, run together). A key stands in the bucket that the leading bits of
its CRC-32 name; there are about as many buckets as keys. A key that begins with NUL is a folded spelling, used where no
spelling as written is known.

This room must not know what a term or a watchlist is.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np
from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES, DefaultDictionaryFactory

from monitor.text.fold import fold
from monitor.text.forms import Lookup

_MAGIC: Final = b"NMLOOK3\n"
_HEADER: Final = struct.Struct("<8sIIIII")
_INTEGER: Final = 4
_ONE: Final = struct.Struct("<I")
_PAIR: Final = struct.Struct("<II")
#: Languages whose writers leave out or exchange what the fold drops, so that a term may be spelled unlike the dictionary.
_FOLDED_KEYS: Final = frozenset({"ar", "fa", "ur"})
#: Builders at once: each wants a core and up to 300 MB.
_BUILDERS: Final = 2
#: The slowest dictionary takes about ten seconds on a slow core; beyond this the machine is not well.
_BUILD_LIMIT: Final = 120.0


class DictionaryError(Exception):
    """A look-up file is damaged or could not be built; the message says which."""


# ------------------------------------------------------------------------------------------- places
def default_folder(environment: Mapping[str, str]) -> Path:
    """Where look-up files live: the user's cache, or a temporary folder where that cannot be written."""
    cache = environment.get("XDG_CACHE_HOME", "")
    home = environment.get("HOME", "")
    candidates = [Path(cache) / "news-monitor"] if cache.startswith("/") else []
    if home:
        candidates.append(Path(home) / ".cache" / "news-monitor")
    for folder in candidates:
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK | os.X_OK):
                return folder
    owner = os.getuid()
    folder = Path(tempfile.gettempdir()) / f"news-monitor-{owner}"
    with contextlib.suppress(OSError):
        folder.mkdir(exist_ok=True, mode=0o700)
        # Anyone may make a folder of this name there; what others wrote is not read.
        if not folder.is_symlink() and folder.stat().st_uid == owner:
            return folder
    return Path(tempfile.mkdtemp(prefix="news-monitor-"))


def path_for(language: str, folder: Path) -> Path:
    """The look-up file of a language for the simplemma that is installed."""
    return folder / f"{language}-simplemma-{version('simplemma')}.lookup"


def supported(language: str) -> bool:
    """Whether there is a dictionary; there is none for zh, ja, ko and ``any``."""
    return language in SUPPORTED_LANGUAGES


# ----------------------------------------------------------------------------------------- building
def build(language: str, folder: Path) -> Path:
    """Write the look-up file of a supported language; costly, meant for a process of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    target = path_for(language, folder)
    content = _content(language)
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=target.name, suffix=".part")
    try:
        with open(descriptor, "wb") as stream:
            stream.writelines(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    return target


def _content(language: str) -> tuple[bytes, ...]:
    lemma_of = DefaultDictionaryFactory(cache_max_size=1).get_dictionary(language)
    numbers: dict[str, int] = {}
    keys: list[bytes] = []
    lemmas: list[int] = []
    for form, lemma in lemma_of.items():
        keys.append(form.encode())
        lemmas.append(numbers.setdefault(lemma, len(numbers)))
    for lemma, number in numbers.items():
        if lemma_of.get(lemma) != lemma:
            keys.append(lemma.encode())
            lemmas.append(number)
    if language in _FOLDED_KEYS:
        written = set(keys)
        spelled = ((fold(key.decode()).encode(), number) for key, number in zip(keys, lemmas, strict=True))
        # A dictionary, not a set: the file's bytes are the same on every machine.
        folded = dict.fromkeys((b"\0" + key, number) for key, number in spelled if key not in written)
        keys += (key for key, _ in folded)
        lemmas += (number for _, number in folded)
    del lemma_of
    hashes = np.array([zlib.crc32(key) for key in keys], dtype=np.uint32)
    order = np.argsort(hashes, kind="stable")
    keys = [keys[index] for index in order]
    numbered = np.array(lemmas, dtype=np.uint32)[order]
    bits = max(1, len(keys).bit_length() - 1)
    buckets = np.searchsorted(hashes[order] >> np.uint32(32 - bits), np.arange((1 << bits) + 1))
    # A folded key leads to its lemma but is no form of it.
    written_keys = np.flatnonzero([not key.startswith(b"\0") for key in keys])
    members = written_keys[np.argsort(numbered[written_keys], kind="stable")]
    group_starts = np.searchsorted(numbered[members], np.arange(len(numbers) + 1))
    key_starts = np.cumsum([0, *map(len, keys)])
    arrays = (buckets, key_starts, numbered, group_starts, members)
    body = (*(array.astype("<u4").tobytes() for array in arrays), b"".join(keys))
    counts = struct.pack("<IIII", bits, len(keys), len(numbers), len(members))
    checksum = zlib.crc32(counts)
    for part in body:
        checksum = zlib.crc32(part, checksum)
    return struct.pack("<8sI", _MAGIC, checksum), counts, *body


def _build_apart(languages: Iterable[str], folder: Path) -> None:
    """Build several files, a few at a time, each in a process of its own."""
    waiting = list(languages)
    running: list[tuple[str, subprocess.Popen[bytes]]] = []
    try:
        while waiting or running:
            while waiting and len(running) < _BUILDERS:
                language = waiting.pop(0)
                command = [sys.executable, "-m", "monitor.dictionaries", language, str(folder)]
                running.append((language, subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)))
            language, process = running[0]
            try:
                _, errors = process.communicate(timeout=_BUILD_LIMIT)
            except subprocess.TimeoutExpired as error:
                raise DictionaryError(f"building the {language} dictionary in {folder} took over {_BUILD_LIMIT:.0f} s") from error
            running.pop(0)
            if process.returncode:
                raise DictionaryError(
                    f"cannot build the {language} dictionary in {folder}: {errors.decode(errors='replace')[-500:].strip()}"
                )
    finally:
        for _, process in running:
            process.kill()
            process.communicate()


# ------------------------------------------------------------------------------------------ looking up
class LookupFile:
    """One opened look-up file. Safe to use from several threads: nothing in it changes."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as stream:
            try:
                self._map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError as error:  # an empty file cannot be mapped
                raise DictionaryError(f"{path} is empty") from error
        try:
            self._open(path)
        except DictionaryError:
            self._map.close()
            raise

    def _open(self, path: Path) -> None:
        if len(self._map) < _HEADER.size:
            raise DictionaryError(f"{path} is cut short")
        magic, checksum, bits, keys, lemmas, members = _HEADER.unpack_from(self._map)
        view = memoryview(self._map)
        sound = magic == _MAGIC and zlib.crc32(view[12:]) == checksum
        view.release()
        if not sound:
            raise DictionaryError(f"{path} is damaged")
        self._shift = 32 - bits
        self._buckets = _HEADER.size
        self._key_starts = self._buckets + ((1 << bits) + 1) * _INTEGER
        self._lemmas = self._key_starts + (keys + 1) * _INTEGER
        self._group_starts = self._lemmas + keys * _INTEGER
        self._members = self._group_starts + (lemmas + 1) * _INTEGER
        self._key_bytes = self._members + members * _INTEGER

    def forms(self, word: str) -> frozenset[str]:
        """Every spelling sharing a lemma with the word, as written, in lower case, or else as folded; empty where unknown."""
        for key in dict.fromkeys((word.encode(), word.lower().encode(), b"\0" + fold(word).encode())):
            found = self._find(key)
            if found:
                return found
        return frozenset()

    def close(self) -> None:
        self._map.close()

    def _range(self, base: int, index: int) -> tuple[int, int]:
        start, end = _PAIR.unpack_from(self._map, base + index * _INTEGER)
        return start, end

    def _key(self, index: int) -> bytes:
        start, end = self._range(self._key_starts, index)
        return self._map[self._key_bytes + start : self._key_bytes + end]

    def _find(self, key: bytes) -> frozenset[str]:
        found: set[str] = set()
        for index in range(*self._range(self._buckets, zlib.crc32(key) >> self._shift)):
            if self._key(index) != key:
                continue
            (lemma,) = _ONE.unpack_from(self._map, self._lemmas + index * _INTEGER)
            start, end = self._range(self._group_starts, lemma)
            members = struct.unpack_from(f"<{end - start}I", self._map, self._members + start * _INTEGER)
            found.update(self._key(member).decode() for member in members)
        return frozenset(found)


def open_lookup(folder: Path, languages: Iterable[str]) -> Lookup:
    """A look-up over these languages; files that are missing or damaged are built first. Other languages know no word."""
    wanted = sorted({language for language in languages if supported(language)})
    opened = {language: file for language in wanted if (file := _try_open(language, folder)) is not None}
    missing = [language for language in wanted if language not in opened]
    if missing:
        _build_apart(missing, folder)
        opened |= {language: LookupFile(path_for(language, folder)) for language in missing}

    def lookup(language: str, word: str) -> frozenset[str]:
        file = opened.get(language)
        return file.forms(word) if file is not None and word else frozenset()

    return lookup


def _try_open(language: str, folder: Path) -> LookupFile | None:
    try:
        return LookupFile(path_for(language, folder))
    except (OSError, DictionaryError):
        return None


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or not supported(arguments[0]):
        print("usage: python -m monitor.dictionaries LANGUAGE FOLDER", file=sys.stderr)
        return 2
    build(arguments[0], Path(arguments[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
