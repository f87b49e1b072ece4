"""A file of lines that survives crashes, full disks and rotation: the mechanics under the alert log.

Promises, each held by a test: a line is in the file whole or not at all; what ``append`` returned from is synced; a renamed
or deleted file is opened anew before the next line; half a line at the end is mended before anything follows it. Single
writer, plain synchronous code. It knows lines with an id and nothing of alerts.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

MODE: Final = 0o640

#: Lines end here; a compressed sibling would have to be unpacked whole for its end, and is not read.
_PACKED: Final = (".gz", ".xz", ".bz2", ".zst", ".lz4", ".zip")
_BLOCK: Final = 256 * 1024

#: The id where we write it; another shape is read as JSON, which takes ten times as long.
_ID: Final = re.compile(rb'\{(?:"sequence":\d+,)?"specversion":"1\.0","id":"([^"\\]+)"')


class NotALog(OSError):
    """The file ends in something this program never wrote; it is left untouched."""


class LogFile:
    """``remember``: how many ids of the latest lines are known. ``tail_bytes``: how much is read back for them at most."""

    def __init__(self, path: Path, *, remember: int, tail_bytes: int = 32 * 1024 * 1024) -> None:
        self.path = path
        self._remember = remember
        self._tail_bytes = tail_bytes
        self._fd: int | None = None
        #: Where a failed write must be cut back to, when even the cutting failed.
        self._cut_to: int | None = None
        self._ids: OrderedDict[str, None] = OrderedDict()

    def open(self) -> None:
        """Open, mend the end and read back the latest ids, rotated files included. Raises OSError."""
        self._reopen()
        self._ids = OrderedDict((line_id, None) for line_id in reversed(list(self._latest_ids())))

    def holds(self, line_id: str) -> bool:
        return line_id in self._ids

    def append(self, lines: Sequence[tuple[str, bytes]]) -> None:
        """Write (id, line with its newline) and sync; on OSError nothing of them is left in the file."""
        fd = self._current()
        before = os.fstat(fd).st_size
        try:
            _write_all(fd, b"".join(line for _, line in lines))
            os.fsync(fd)
        except OSError:
            self._cut_to = before
            self._cut_back(fd)
            raise
        for line_id, _ in lines:
            self._ids[line_id] = None
        while len(self._ids) > 2 * self._remember:
            self._ids.popitem(last=False)

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    # ------------------------------------------------------------------------------- which file it is
    def _current(self) -> int:
        """The descriptor of the file that stands at the path now, its end mended."""
        if self._fd is None or self._moved(self._fd):
            self._reopen()
        assert self._fd is not None
        if self._cut_to is not None:
            os.ftruncate(self._fd, self._cut_to)
            self._cut_to = None
        return self._fd

    def _moved(self, fd: int) -> bool:
        try:
            there = os.stat(self.path)
        except FileNotFoundError:
            return True
        ours = os.fstat(fd)
        return (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino)

    def _reopen(self) -> None:
        if self._fd is not None and self._cut_to is not None:
            self._cut_back(self._fd)  # the renamed file should not keep half a batch either
        self.close()
        self._cut_to = None
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # O_NONBLOCK: opening a FIFO by mistake must not hang; it means nothing for a regular file.
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            fd = os.open(self.path, flags)
        except FileNotFoundError:
            fd = os.open(self.path, flags | os.O_CREAT, MODE)
            _sync_folder(self.path.parent)
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise NotALog(errno.EINVAL, "it is not a regular file")
            _mend_end(fd)
        except OSError:
            os.close(fd)
            raise
        self._fd = fd

    def _cut_back(self, fd: int) -> None:
        assert self._cut_to is not None
        try:
            os.ftruncate(fd, self._cut_to)
        except OSError:
            return  # tried again before the next write
        self._cut_to = None

    # -------------------------------------------------------------------------------- what it holds
    def _latest_ids(self) -> Iterator[str]:
        """Newest first, from the file itself and then from its rotated siblings, newest file first."""
        left, bytes_left = self._remember, self._tail_bytes
        for file in [self.path, *self._siblings()]:
            try:
                with file.open("rb") as stream:
                    for line in _lines_backwards(stream.fileno(), bytes_left):
                        bytes_left -= len(line) + 1
                        line_id = _id_of(line)
                        if line_id:
                            yield line_id
                            left -= 1
                        if left <= 0 or bytes_left <= 0:
                            return
            except OSError:
                continue  # a sibling that vanished or may not be read: what it holds stays unknown

    def _siblings(self) -> list[Path]:
        found: list[tuple[int, str, Path]] = []
        for file in self.path.parent.iterdir():
            if file.name.startswith(self.path.name) and file.name != self.path.name and not file.name.endswith(_PACKED):
                try:
                    status = file.stat()
                except OSError:
                    continue
                if stat.S_ISREG(status.st_mode):
                    found.append((status.st_mtime_ns, file.name, file))
        return [file for _, _, file in sorted(found, reverse=True)]


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _sync_folder(folder: Path) -> None:
    """So that a new file's name survives a power cut as well as its content."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _mend_end(fd: int) -> None:
    """Make the file end in a whole line: a whole document that only lacks its newline keeps its place, half of one goes."""
    size = os.fstat(fd).st_size
    if size == 0 or os.pread(fd, 1, size - 1) == b"\n":
        return
    torn = next(_lines_backwards(fd, size), b"")
    if _is_document(torn):
        _write_all(fd, b"\n")
    elif torn.startswith(b"{") or not torn.strip(b"\0"):  # zeros are what some file systems leave after a power cut
        os.ftruncate(fd, size - len(torn))
    else:
        raise NotALog(errno.EINVAL, "its last line is no alert; it was left as it is")
    os.fsync(fd)


def _is_document(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _id_of(line: bytes) -> str:
    found = _ID.match(line)
    if found:
        return found[1].decode("utf-8", "replace")
    try:  # a line whose keys another tool has reordered, or one in another shape
        document = json.loads(line)
    except ValueError:
        return ""
    return id_of(document) if isinstance(document, dict) else ""


def id_of(document: Mapping[str, Any]) -> str:
    """The notification's id, in whichever shape the line is; "" where there is none."""
    event = document.get("event")
    return str(document.get("id") or (event.get("id") if isinstance(event, dict) else "") or "")


def _lines_backwards(fd: int, limit: int) -> Iterator[bytes]:
    """Lines from the last to the first, without their newlines, reading about ``limit`` bytes at most."""
    end = os.fstat(fd).st_size
    stop = max(0, end - limit)
    if end and os.pread(fd, 1, end - 1) == b"\n":
        end -= 1
    pieces: list[bytes] = []  # of the line being put together, last piece first
    while end > stop:
        start = max(stop, end - _BLOCK)
        block = os.pread(fd, end - start, start)
        *later, first = reversed(block.split(b"\n"))
        for line in later:
            pieces.append(line)
            yield b"".join(reversed(pieces))
            pieces = []
        pieces.append(first)
        end = start
    if pieces and stop == 0:
        yield b"".join(reversed(pieces))
