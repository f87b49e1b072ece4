"""A file of JSON Lines that may still be growing: its whole lines from where the last reading ended.

A line without its end is a line somebody is writing, until the file has rested; then it is read, and read again should it
go on. A file that was replaced, cut or changed before that place is read from its beginning: the record drops what it
knows. Lines are read from a descriptor; whose it is and whether it may be read is the folder's business.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from monitor.errors import DocumentError
from monitor.model import Document, SourceSpec, Span
from monitor.ports import PageRead, PushedArticle
from monitor.sources.jsonl import parse_article, read_json

#: Bytes read at a time, which no line is longer than; and at most in one go (a huge file without a line end).
CHUNK: Final = 8 * 1024 * 1024
MOST: Final = 64 * 1024 * 1024
#: Bytes before the place reached that must still be the same.
_TAIL: Final = 4096
#: Faults told of one reading.
_NOTED: Final = 10
#: The size of a file that is to be looked at again, changed or not.
_AGAIN: Final = -1


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file was read: its size, time of change and inode then, bytes and lines read, the digest of the last bytes
    before. ``skipping``: within a line that is too long."""

    size: int
    changed: int
    inode: int
    offset: int = 0
    lines: int = 0
    tail: str = ""
    skipping: bool = False


@dataclass(frozen=True, slots=True)
class HtmlLine:
    """An article whose text is yet to be found in its HTML, which takes a process of its own; ``key`` is the file's."""

    article: PushedArticle
    key: str
    line: int

    def document(self, page: PageRead) -> Document | None:
        """Under the title that was given, else under the page's own; None where the page has no text."""
        given, document = self.article, self.article.document
        notes = tuple(dict.fromkeys((*document.notes, *page.notes)))
        text, title = page.text, page.title
        if given.title:
            body = page.text[page.title.end :].lstrip("\n") if page.title else page.text
            text, title = (f"{given.title}\n\n{body}" if body.strip() else ""), Span(0, len(given.title))
        return replace(document, text=text, title=title, notes=notes) if text.strip() else None

    def fault(self, why: str) -> str:
        return f"{self.key}, line {self.line}: {why}"


@dataclass(slots=True)
class LinesRead:
    """What one reading brought, and the place it came to. ``more``: there are more whole lines; ``waits``: the last line has
    no end yet."""

    place: Place
    documents: list[Document | HtmlLine] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    characters: int = 0
    more: bool = False
    waits: bool = False
    faults: int = 0

    def passed(self, size: int, lines: int = 1, *, skipping: bool = False) -> None:
        self.place = replace(self.place, offset=self.place.offset + size, lines=self.place.lines + lines, skipping=skipping)

    def fault(self, key: str, message: str) -> None:
        self.faults += 1
        if self.faults <= _NOTED:
            self.notes.append(f"{key}, line {self.place.lines + 1}: {message}")
        elif self.faults == _NOTED + 1:
            self.notes.append(f"{key}: more lines from line {self.place.lines + 1} on cannot be taken")


def unchanged(place: Place | None, status: os.stat_result) -> bool:
    """Nothing to read since ``place``."""
    return place is not None and (place.size, place.changed, place.inode) == (status.st_size, status.st_mtime_ns, status.st_ino)


class LineFile:
    """One reading of one file. ``key`` is its path below the folder; articles are ``path#id``."""

    def __init__(self, descriptor: int, key: str, spec: SourceSpec, now: datetime) -> None:
        self._descriptor = descriptor
        self._key = key
        self._spec = spec
        self._now = now

    def read(self, before: Place | None, *, rests: bool, most: int, characters: int) -> LinesRead:
        """At most ``most`` articles, and about ``characters`` of them; ``rests`` says that nobody has written for a while.
        Raises OSError."""
        status = os.fstat(self._descriptor)
        place = self._start(before, status)
        read = LinesRead(replace(place, size=status.st_size, changed=status.st_mtime_ns))
        left = MOST
        while not read.more and (chunk := os.pread(self._descriptor, CHUNK, read.place.offset)):
            left -= len(chunk)
            whole = chunk.rfind(b"\n") + 1
            if read.place.skipping or (not whole and len(chunk) == CHUNK):
                self._skip(chunk, read)
            elif whole:
                self._take_all(chunk[:whole], read, most, characters)
            else:
                self._unfinished(chunk, read, rests=rests)
                break
            read.more = read.more or left <= 0
        size = _AGAIN if read.more or read.waits else read.place.size
        read.place = replace(read.place, tail=self._digest(read.place.offset), size=size)
        return read

    def _start(self, before: Place | None, status: os.stat_result) -> Place:
        """Where it went on, or the beginning where it is another file by now."""
        fresh = Place(status.st_size, status.st_mtime_ns, status.st_ino)
        if before is None or before.inode != status.st_ino or status.st_size < before.offset:
            return fresh
        in_place = before.size == status.st_size  # of the same size at another time
        return fresh if in_place or before.tail != self._digest(before.offset) else before

    def _digest(self, end: int) -> str:
        start = max(0, end - _TAIL)
        return hashlib.blake2b(os.pread(self._descriptor, end - start, start), digest_size=16).hexdigest()

    # --------------------------------------------------------------------------------------------- lines
    def _take_all(self, lines: bytes, read: LinesRead, most: int, characters: int) -> None:
        start = 0
        while start < len(lines):
            if len(read.documents) >= most or read.characters >= characters:
                read.more = True
                return
            end = lines.index(b"\n", start) + 1
            self._take(lines[start:end], read)
            read.passed(end - start)
            start = end

    def _skip(self, chunk: bytes, read: LinesRead) -> None:
        if not read.place.skipping:
            read.fault(self._key, f"it is longer than {CHUNK >> 20} MiB")
        end = chunk.find(b"\n") + 1
        if end:
            read.passed(end)
        else:
            read.passed(len(chunk), 0, skipping=True)

    def _unfinished(self, line: bytes, read: LinesRead, *, rests: bool) -> None:
        """Read where nobody writes any more, but not passed: should it go on, it is read again, whole."""
        if rests:
            self._take(line, read)
        else:
            read.waits = bool(line.strip())

    def _take(self, line: bytes, read: LinesRead) -> None:
        if not line.strip():
            return
        try:
            article = parse_article(read_json(line), spec=self._spec, now=self._now)
        except DocumentError as error:
            read.fault(self._key, error.message)
            return
        document = replace(article.document, key=f"{self._key}#{article.document.key}")
        if article.html:
            read.documents.append(HtmlLine(replace(article, document=document), self._key, read.place.lines + 1))
        else:
            read.documents.append(document)
        read.characters += len(document.text) + len(article.html)
