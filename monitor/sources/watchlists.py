"""The folder of watchlists, as text by name: what an analyst edits, and nothing about what it means.

Watchlists stand in the folder itself, vocabulary files in ``vocabulary/``, lists of entities in ``entities/``; articles
that tests name are looked for in ``seeds/`` beside the folder, then inside it. Symbolic links are followed here (this
folder is the operator's own, and container platforms mount it as links), but only regular files are read. A file that
is half written is read half: whoever reloads waits until the stamp rests.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from monitor.errors import Fault, WatchlistError
from monitor.text.decode import decode

#: Bytes read of a watchlist or vocabulary file. Over 1 MiB it is refused by its own reader, by name and without harm to
#: the others; it only has to be handed over as the large file it is.
MAX_WATCHLIST = 1024 * 1024 + 64 * 1024
#: Test articles; a larger file is a fault.
MAX_ARTICLE = 20 * 1024 * 1024
#: Lists of names: 100,000 names in several scripts take 10 to 20 MiB, the sanctions lists of the world as CSV 60.
MAX_NAMES = 128 * 1024 * 1024

_YAML = (".yaml", ".yml")
_FOLDERS = {"": _YAML, "vocabulary/": _YAML, "entities/": (".csv", ".txt", ".tsv", ".json", ".jsonl", ".ndjson")}
#: What begins a text that says itself that it is UTF-16 (or, by the first two of its four bytes, UTF-32).
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ENTITIES = "entities/"
_SEEDS = "seeds/"


class WatchlistFolder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def stamp(self) -> str:
        """A hash over name, size and times of every file ``read`` would give; a folder of 1,000 files takes 5 ms. The time of the
        inode's change is among them, which no ``cp -p`` and no ``touch`` can keep."""
        digest = hashlib.sha256()
        for name, path in self._listing():
            try:
                status = os.stat(path)
                told = f"{name}\0{status.st_size}\0{status.st_mtime_ns}\0{status.st_ctime_ns}\0{status.st_ino}\0"
                digest.update(told.encode("utf-8", "surrogateescape"))
            except OSError as error:
                digest.update(f"{name}\0{error.errno}\0".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def read(self) -> Mapping[str, str]:
        """Watchlists and vocabulary at once, lists of names and test articles when they are asked for. Raises WatchlistError
        where the folder is missing or a file cannot be read, with a fault for each."""
        if not self.path.is_dir():
            raise WatchlistError(
                [Fault("the folder of watchlists does not exist", str(self.path), hint="create it, or correct watchlists:")]
            )
        files: dict[str, str] = {}
        later: dict[str, Path] = {}
        faults: list[Fault] = []
        for name, path in self._listing():
            if name.startswith((_SEEDS, _ENTITIES)):
                later[name] = path
                continue
            try:
                files[name] = _text(path)
            except OSError as error:
                faults.append(Fault(f"the file cannot be read: {error.strerror or error}", name))
        if faults:
            raise WatchlistError(faults)
        return Files(files, later)

    def _listing(self) -> Iterator[tuple[str, Path]]:
        """(name, path), sorted; hidden files and those of other kinds are passed over."""
        for prefix, suffixes in _FOLDERS.items():
            for name in _names(self.path / prefix):
                if name.lower().endswith(suffixes):
                    yield prefix + name, self.path / prefix / name
        taken: set[str] = set()
        for folder in (self.path.parent / "seeds", self.path / "seeds"):
            for name in _names(folder):
                if name not in taken:
                    taken.add(name)
                    yield _SEEDS + name, folder / name


class Files(Mapping[str, str]):
    """Names to texts. Lists of names, which may be large, and test articles, which most reloads do not need, are read when
    first asked for; the KeyError of one that cannot be read has the OSError as its cause."""

    def __init__(self, texts: Mapping[str, str], later: Mapping[str, Path]) -> None:
        self._texts = dict(texts)
        self._later = later
        self._guesses: dict[str, Fault] = {}

    def __getitem__(self, name: str) -> str:
        if name not in self._texts:
            try:
                path = self._later[name]
                self._texts[name] = self._names(name, path) if name.startswith(_ENTITIES) else decode(_bytes(path, MAX_ARTICLE)).text
            except OSError as error:
                raise KeyError(name) from error
        return self._texts[name]

    def _names(self, name: str, path: Path) -> str:
        raw = _bytes(path, MAX_NAMES)
        text, notes = decode(raw, most=MAX_NAMES)
        if guess := _guess(name, raw, text, next((note for note in notes if note.startswith("encoding:")), "")):
            self._guesses[name] = guess
        return text

    def guess(self, name: str) -> Fault | None:
        """The warning that says what a list of names, asked for before, was read as; None where that is UTF-8 or says so itself."""
        return self._guesses.get(name)

    def __contains__(self, name: object) -> bool:
        return name in self._texts or name in self._later

    def __iter__(self) -> Iterator[str]:
        yield from (name for name in self._texts if name not in self._later)
        yield from self._later

    def __len__(self) -> int:
        return len(self._later.keys() | self._texts.keys())


def _names(folder: Path) -> list[str]:
    """Names of the regular files of a folder that are valid text and not hidden, sorted; none where there is no such folder."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if not entry.name.startswith(".") and entry.is_file()]
    except OSError:
        return []
    return sorted(name for name in names if name.isprintable())


def _text(path: Path) -> str:
    """The first ``MAX_WATCHLIST`` bytes of a list, read as UTF-8 with what is none replaced. Raises OSError."""
    raw = _bytes(path, MAX_WATCHLIST, cut=True)
    if raw.startswith(_UTF16):
        return decode(raw).text
    # A list that does not say otherwise is UTF-8: what a guess makes of a wrong byte matches nothing, silently. The
    # reader of the list names the place of what was replaced.
    return raw.decode("utf-8-sig", "replace")


def _bytes(path: Path, most: int, *, cut: bool = False) -> bytes:
    """A file's bytes, at most so many: a larger one is refused, or its beginning is read (``cut``). Raises OSError."""
    # Not blocking: a pipe that takes the file's place must not hang the reload.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "it is no regular file")
        if status.st_size > most and not cut:
            raise OSError(0, f"it is larger than {most // (1024 * 1024)} MiB")
        return file.read(most)


def _guess(name: str, raw: bytes, text: str, note: str) -> Fault | None:
    """The warning of names that were decoded by a guess (``note`` of the decoding), at the first byte that is no UTF-8: a
    wrong guess makes names that are never found."""
    if not note or raw.startswith(_UTF16):
        return None
    charset = note.removeprefix("encoding:")
    message = f"this is not UTF-8, and the file was read as {charset}, which is a guess: names read wrongly are never found"
    if charset == "utf-8":
        message = "this byte is not UTF-8: the name it stands in is not found as it is meant"
    before = raw[: _first_bad(raw)]
    line = before.count(b"\n") + 1
    begun = before[before.rfind(b"\n") + 1 :].removeprefix(codecs.BOM_UTF8)
    # Behind other bytes beyond ASCII the place in the line depends on the guess.
    source = text.split("\n", line)[line - 1].rstrip("\r") if begun.isascii() and text else ""
    return Fault(message, name, line, len(begun) + 1 if source else 0, 1, source, "save the file as UTF-8", warning=True)


def _first_bad(raw: bytes) -> int:
    """Where the first byte stands that is no UTF-8; the beginning where all are (UTF-16 without its mark often is both)."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return error.start
    return 0
