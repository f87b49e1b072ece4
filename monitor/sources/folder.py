"""A folder as a source: new and changed files of text, HTML and mails, each an article keyed by its path below the folder,
and files of articles by the line, keyed by path and id.

Whoever can write into the folder must not make the daemon read anything else: symbolic links and whatever is no regular
file are refused (noted once), nothing is opened by a path that could have been exchanged meanwhile, and sizes are
bounded. A file that is still being written is left for a later poll; of one of lines the whole ones are taken meanwhile.
What has to be taken apart (HTML, mails) is read in a process that may be killed, one after the other, so that feeds find
their turn in between: a file that is built to exhaust a parser costs itself and nothing else.

Which files are done, and how far, is kept in memory, as size, time of change and place, and counts only once the record has confirmed the
poll by storing its ``scan`` validator. After a restart all files are read once more; the record knows their content and
drops them. So the state of a folder of 100,000 files is one short string.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from monitor.errors import DocumentError, FetchError
from monitor.model import Document, PollResult, SourceSpec, SourceState
from monitor.ports import Clock, Fetched, Workers
from monitor.sources.file import MAX_READ, is_article, is_lines, is_markup, read_document
from monitor.sources.globs import matches
from monitor.sources.linefile import HtmlLine, LineFile, Place, unchanged

#: A file is taken when it has not changed for this long, or between two polls (seconds).
SETTLED = 2.0
#: What one poll brings at most; the rest follows at once (files, characters or, of HTML and mails, bytes).
MAX_FILES = 1_000
#: Faults of a file's lines that are told of a poll.
MAX_NOTED = 10
MAX_TEXT = 16 * 1024 * 1024
MAX_DEPTH = 32  # folders within folders; each holds one file descriptor while its files are read

SCAN = "scan"  # the validator's name
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY

Mark = tuple[int, int]  # size in bytes, time of change in ns


@dataclass(frozen=True, slots=True)
class _Unread:
    """A file of HTML or a mail, which takes a process of its own."""

    raw: bytes = field(repr=False)
    name: str
    key: str
    cut: bool


@dataclass(slots=True)
class _Scan:
    """What one walk through the folder found; ``now`` is when."""

    now: datetime
    documents: list[Document | _Unread | HtmlLine] = field(default_factory=list)
    done: dict[str, Mark] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)  # of files of lines
    waiting: dict[str, Mark] = field(default_factory=dict)
    present: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    characters: int = 0
    more: bool = False


class FolderSource:
    def __init__(self, spec: SourceSpec, clock: Clock, workers: Workers) -> None:
        self.spec = spec
        self._clock = clock
        self._workers = workers
        self._done: dict[str, Mark] = {}  # confirmed by the record
        self._unconfirmed: dict[str, Mark] = {}
        self._places: dict[str, Place] = {}  # the same of files of lines
        self._places_unconfirmed: dict[str, Place] = {}
        self._token = ""
        self._polls = 0
        self._waiting: dict[str, Mark] = {}
        self._noted: set[str] = set()

    async def poll(self, state: SourceState, now: datetime) -> PollResult:
        """Raises FetchError where the folder cannot be read, MonitorError where no file can be read now."""
        if self._token and state.validators.get(SCAN) == self._token:
            self._done.update(self._unconfirmed)
            self._places.update(self._places_unconfirmed)
        self._unconfirmed, self._places_unconfirmed, self._token = {}, {}, ""
        scan = await asyncio.to_thread(self._scan, now)
        documents = await self._whole(scan)
        if not scan.more:  # a whole walk: forget what is gone, so that a file put back is read again
            self._done = {key: mark for key, mark in self._done.items() if key in scan.present}
            self._places = {key: place for key, place in self._places.items() if key in scan.present}
        self._waiting = scan.waiting
        notes = tuple(note for note in scan.notes if note not in self._noted)
        self._noted.update(notes)
        again = 0.0 if scan.more else SETTLED if scan.waiting else None
        if not scan.done and not scan.places:
            return PollResult((), state.validators, unchanged=True, notes=notes, again=again)
        self._polls += 1
        self._unconfirmed, self._places_unconfirmed = scan.done, scan.places
        self._token = f"{now.isoformat()} {os.getpid()} {self._polls}"
        return PollResult(documents, {SCAN: self._token}, notes=notes, again=again)

    async def _whole(self, scan: _Scan) -> tuple[Document, ...]:
        """All that was found, in its order; what cannot be read is noted, and done until it changes."""
        documents: list[Document] = []
        faults: Counter[str] = Counter()
        for found in scan.documents:
            if isinstance(found, Document):
                documents.append(found)
                continue
            try:
                document = await (self._of_line(found) if isinstance(found, HtmlLine) else self._of_file(found))
            except (DocumentError, FetchError) as error:
                faults[found.key] += 1
                if faults[found.key] <= MAX_NOTED:
                    scan.notes.append(found.fault(error.message) if isinstance(found, HtmlLine) else f"{found.key}: {error.message}")
            else:
                documents += [document] if document.text.strip() else []
        return tuple(documents)

    async def _of_file(self, found: _Unread) -> Document:
        return await self._workers.parse_file(self.spec, found.raw, found.name, key=found.key, cut=found.cut)

    async def _of_line(self, found: HtmlLine) -> Document:
        article = found.article
        # Whatever the markup says of itself, it came as characters.
        headers = {"content-type": "text/html; charset=utf-8"}
        fetched = Fetched(200, article.document.url, headers, article.html.encode("utf-8", "replace"), complete=True)
        document = found.document(await self._workers.parse_page(self.spec, fetched, article.title))
        if document is None:
            raise DocumentError("no text was found in its html")
        return document

    # ------------------------------------------------------------------------- in a thread from here on
    def _scan(self, now: datetime) -> _Scan:
        root = os.path.realpath(self.spec.location)
        if not os.path.isdir(root):
            what = "is not a folder" if os.path.exists(root) else "does not exist"
            raise FetchError(f"folder {self.spec.location} {what}: create it or correct sources.{self.spec.name}.folder")
        scan = _Scan(now)
        try:
            for name, key, directory in self._files(root, scan):
                if not self._take(name, key, directory, scan):
                    scan.more = True
                    break
        except OSError as error:
            raise FetchError(f"folder {self.spec.location} cannot be read: {error.strerror or error}") from error
        return scan

    def _files(self, root: str, scan: _Scan) -> Iterator[tuple[str, str, int]]:
        """(name, key, descriptor of its folder) of every file that could be an article, in the order of their names."""

        def unreadable(error: OSError) -> None:
            if error.filename == root:
                raise error
            scan.notes.append(f"folder {_printable(str(error.filename))} cannot be read: {error.strerror}")

        for path, folders, files, directory in os.fwalk(root, onerror=unreadable):
            below = os.path.relpath(path, root)
            prefix = "" if below == "." else below + "/"
            folders[:] = sorted(name for name in folders if self._enters(name, prefix, directory, scan))
            for name in sorted(files):
                if is_article(name) and matches(prefix + name, self.spec.match):
                    yield name, _printable(prefix + name), directory

    @staticmethod
    def _enters(name: str, prefix: str, directory: int, scan: _Scan) -> bool:
        if name.startswith("."):
            return False
        try:
            mode = os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode
        except OSError:
            return False
        if stat.S_ISLNK(mode):
            scan.notes.append(f"{_printable(prefix + name)} is a symbolic link and is not followed")
            return False
        if prefix.count("/") >= MAX_DEPTH:
            scan.notes.append(f"{_printable(prefix + name)} lies more than {MAX_DEPTH} folders deep and is not read")
            return False
        return True

    def _take(self, name: str, key: str, directory: int, scan: _Scan) -> bool:
        """Read one file if it is new or changed and at rest; False where this poll has brought enough."""
        scan.present.add(key)
        try:
            status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        except OSError:
            return True  # gone since the folder was listed
        if not stat.S_ISREG(status.st_mode):
            what = "a symbolic link" if stat.S_ISLNK(status.st_mode) else "no regular file"
            scan.notes.append(f"{key} is {what} and is not read")
            return True
        if is_lines(name):
            return self._take_lines(name, key, directory, status, scan)
        mark = _mark(status)
        if self._done.get(key) == mark:
            return True
        if not self._at_rest(key, status, scan.now):
            scan.waiting[key] = mark
            return True
        if len(scan.documents) >= MAX_FILES or scan.characters >= MAX_TEXT:
            return False
        self._read(name, key, directory, mark, scan)
        return True

    def _at_rest(self, key: str, status: os.stat_result, now: datetime) -> bool:
        """Old enough, or unchanged since the poll before (a clock that was set back, a file dated in the future)."""
        age = now.timestamp() - status.st_mtime
        return age >= SETTLED or self._waiting.get(key) == _mark(status)

    def _read(self, name: str, key: str, directory: int, mark: Mark, scan: _Scan) -> None:
        try:
            raw, size, after = _read_regular(name, directory)
        except OSError as error:
            scan.notes.append(f"{key} cannot be read: {error.strerror or error}")
            return
        if after != mark:
            scan.waiting[key] = after  # it changed under our hands
            return
        scan.done[key] = mark
        spec, cut = self.spec, size > len(raw)
        if is_markup(raw, name):
            scan.documents.append(_Unread(raw, name, key, cut))
            scan.characters += len(raw)
            return
        document = read_document(raw, name, source=spec.name, key=key, language=spec.language, labels=spec.labels, cut=cut, now=scan.now)
        if document.text.strip():
            scan.documents.append(document)
            scan.characters += len(document.text)

    def _take_lines(self, name: str, key: str, directory: int, status: os.stat_result, scan: _Scan) -> bool:
        """The whole lines that are new; False where there are more than this poll may bring."""
        before = self._places.get(key)
        if unchanged(before, status):
            return True
        if len(scan.documents) >= MAX_FILES or scan.characters >= MAX_TEXT:
            return False
        rests = self._at_rest(key, status, scan.now)
        room = {"most": MAX_FILES - len(scan.documents), "characters": MAX_TEXT - scan.characters}
        try:
            with _regular(name, directory) as descriptor:
                read = LineFile(descriptor, key, self.spec, scan.now).read(before, rests=rests, **room)
        except OSError as error:
            scan.notes.append(f"{key} cannot be read: {error.strerror or error}")
            return True
        scan.documents += read.documents
        scan.characters += read.characters
        scan.notes += read.notes
        if read.place != before:
            scan.places[key] = read.place
        if read.waits:
            scan.waiting[key] = _mark(status)
        return not read.more


@contextmanager
def _regular(name: str, directory: int) -> Iterator[int]:
    """A descriptor of a regular file; whatever took its place since it was looked at is refused by the open."""
    descriptor = os.open(name, _FLAGS, dir_fd=directory)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "it is no regular file")
        yield descriptor
    finally:
        os.close(descriptor)


def _read_regular(name: str, directory: int) -> tuple[bytes, int, Mark]:
    """(first bytes, size, mark after reading)."""
    with _regular(name, directory) as descriptor:
        parts, wanted = [], MAX_READ
        while wanted > 0 and (part := os.read(descriptor, min(wanted, 1 << 20))):
            parts.append(part)
            wanted -= len(part)
        after = os.fstat(descriptor)
        return b"".join(parts), after.st_size, _mark(after)


def _mark(status: os.stat_result) -> Mark:
    return status.st_size, status.st_mtime_ns


def _printable(name: str) -> str:
    """A path as text: bytes that are not UTF-8 are written ``\\xff``, control characters likewise."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(character if character.isprintable() else character.encode("unicode_escape").decode() for character in text)
