"""Expansions worked out before, kept beside the look-up files: an edited watchlist costs its new words only.

The file is text: a heading with a fingerprint and the CRC-32 of the rest, then a line for each expansion, its key and
(spelling, bits) pairs, between tabs. The fingerprint is of the rules' own source and of simplemma's version, so that what
other rules or dictionaries gave is never read. What is wrong with a file only costs the time to work everything out again.

This module must not know what a key or the bits mean.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Final

from monitor.dictionaries.files import replace_file
from monitor.text.forms import Stems

_NAME: Final = "expansions.cache"
_MAGIC: Final = "news-monitor expansions 1"
#: Beyond this what was not asked for this time is dropped (characters): some hundred thousand Arabic terms.
_LIMIT: Final = 16_000_000
#: Keys asked for again until all are kept.
_PATIENCE: Final = 8


@cache
def fingerprint() -> str:
    """Of all an expansion depends on but its key: the modules of rules and of look-ups, and the dictionaries' version."""
    checksum = zlib.crc32(version("simplemma").encode())
    for room in ("monitor.text", "monitor.dictionaries"):
        for source in sorted(files(room).iterdir(), key=lambda source: source.name):
            if source.name.endswith(".py"):
                checksum = zlib.crc32(source.read_bytes(), checksum)
    return f"{checksum:08x}"


class Expansions:
    """Key -> expansion, read when first asked for; ``save`` writes what is new and lets go of the rest. For one thread at a time.

    What was told is let go of at once: whoever compiles asks once for nearly every key, and holds what it was told by then, which
    would stand in memory twice. For a key that is asked for again the file is read again, and once many are, all of it is kept."""

    def __init__(self, folder: Path, limit: int = _LIMIT) -> None:
        self._limit = limit
        self._path = folder / _NAME
        # As the file has them, without those told; what was worked out since; the keys that were told, and how often one was again.
        self._kept: _Kept | None = None
        self._new: dict[str, str] = {}
        self._used: set[str] = set()
        self._again = 0

    def get(self, key: str, /) -> Stems | None:
        line = self._new.get(key) or self._taken(key)
        if line is None:
            return None
        parts = line.split("\t")
        return tuple(zip(parts[::2], map(int, parts[1::2]), strict=True))

    def __setitem__(self, key: str, stems: Stems, /) -> None:
        line = "\t".join(f"{spelling}\t{bits}" for spelling, bits in stems)
        # Whatever could not be read back is not kept.
        if "\n" not in key + line and "\t" not in key and line.count("\t") == 2 * len(stems) - 1:
            self._new[key] = line

    def save(self) -> None:
        """Write the file if anything is new, with what another process wrote meanwhile. Raises OSError."""
        used, new = self._used, self._new
        self._kept, self._used, self._new, self._again = None, set(), {}, 0
        if not new:
            return
        lines = _read(self._path) | new
        if sum(len(key) + len(line) for key, line in lines.items()) > self._limit:
            lines = {key: line for key, line in lines.items() if key in used or key in new}
        body = "".join(f"{key}\t{line}\n" for key, line in lines.items()).encode()
        replace_file(self._path, (f"{_heading(body)}\n".encode(), body))

    def _taken(self, key: str) -> str | None:
        if key in self._used:
            self._again += 1
            if self._again < _PATIENCE:
                return _line(self._path, key)
            if self._again == _PATIENCE:
                self._kept = None
        if self._kept is None:
            self._kept = _Kept(_body(self._path))
        line = self._kept.get(key, forget=self._again < _PATIENCE)
        if line is not None:
            self._used.add(key)
        return line


class _Kept:
    """The entries of a file as they stand in it: by themselves they would leave holes in the memory of every worker when they go."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        # Key -> where its line begins.
        self._places: dict[str, int] = {}
        at = 0
        while (tab := body.find(b"\t", at)) >= 0:
            self._places[body[at:tab].decode()] = tab + 1
            at = body.index(b"\n", tab) + 1

    def get(self, key: str, *, forget: bool) -> str | None:
        at = self._places.pop(key, None) if forget else self._places.get(key)
        return None if at is None else self._body[at : self._body.index(b"\n", at)].decode()


def _heading(body: bytes) -> str:
    return f"{_MAGIC} {fingerprint()} {zlib.crc32(body):08x}"


def _body(path: Path) -> bytes:
    """Of the file, without its heading; nothing where it is absent, damaged or of other rules."""
    try:
        heading, _, body = path.read_bytes().partition(b"\n")
    except OSError:
        return b""
    return body if heading == _heading(body).encode() else b""


def _read(path: Path) -> dict[str, str]:
    return dict(_entries(_body(path).decode()))


def _line(path: Path, key: str) -> str | None:
    """As ``_read(path).get(key)``, in less memory."""
    body, wanted = _body(path), f"{key}\t".encode()
    at = 0 if body.startswith(wanted) else body.find(b"\n" + wanted) + 1
    if not at and not body.startswith(wanted):
        return None
    return body[at + len(wanted) : body.index(b"\n", at)].decode()


def _entries(body: str) -> Iterator[tuple[str, str]]:
    for entry in body.split("\n")[:-1]:
        key, _, line = entry.partition("\t")
        yield key, line
