"""One tree of errors: whose fault it is, and what to do.

Every error this program raises on purpose is one of these; the CLI turns it into its message and its exit status.

    MonitorError                    exit
    ├── UsageError                  2   the command was called in a way that cannot work: say it differently
    ├── ConfigError                 2   the configuration (file, variable or option) is wrong: mend the place named
    ├── WatchlistError              1   a watchlist or vocabulary file is wrong: mend the places named (all faults at once)
    ├── DocumentError               2   one file or document cannot be read or analysed: the others go on
    ├── FetchError                  –   a source could not be fetched: retried by the schedule, never fatal
    ├── SinkError                   –   a sink could not be built or reached: retried by the outbox, never fatal
    └── StorageError                3   the record cannot be read or written: free space, restore a backup, upgrade
        ├── StorageFull             3   no space, file-size limit or write error: resumes by itself when space returns
        ├── StorageCorrupt          3   the database is damaged: nothing was written, the message names the way back
        ├── SchemaTooNew            3   written by a newer version of this program
        └── DataFolderInUse         4   another daemon holds the data folder's lock

This room knows nothing but strings: it must not know where a file is, or whether anybody is there to read.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

#: Of a longer line the part around the fault is shown: a list of ten thousand terms may stand in one line.
_SHOWN: Final = 160
_BEFORE: Final = 60


class ExitStatus(IntEnum):
    """Exit statuses of every command (README, "Exit status")."""

    DONE = 0
    CHECK_FAILED = 1
    WRONG_USE = 2
    STORAGE = 3
    IN_USE = 4


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong at one place of a file that a person edits.

    ``line`` and ``column`` count from 1, in code points; 0 means "not known". ``source`` is the whole line the fault
    stands in (without its line end) and ``length`` the number of code points to underline. ``hint`` says what to write
    instead. ``warning`` faults do not refuse the file. ``sort`` says the same without a word of what stands in the file.
    """

    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    length: int = 1
    source: str = ""
    hint: str = ""
    warning: bool = False
    sort: str = ""

    @property
    def discreet(self) -> str:
        """For whoever is not at the file: sinks, the log, the record. Files of a configuration hold secrets, also in wrong places."""
        where = f"{self.file}:{self.line}" if self.file and self.line else self.file
        said = self.sort or "it has a fault, which the commands that read it show"
        return f"{where}: {said}" if where else said

    def __str__(self) -> str:
        where = self.file
        if self.line:
            where += f":{self.line}"
            if self.column:
                where += f":{self.column}"
        kind = "warning" if self.warning else "error"
        lines = [f"{where}: {kind}: {self.message}" if where else f"{kind}: {self.message}"]
        if self.source and self.column:
            lines += _pointed_at(self.source, self.column - 1, self.length)
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


def _pointed_at(source: str, at: int, length: int) -> list[str]:
    """The line, and below it a caret under character ``at`` of it: wide characters take two columns, marks none, tabs theirs."""
    first = max(0, at - _BEFORE) if len(source) > _SHOWN else 0
    shown = source[first : first + _SHOWN]
    before, under = shown[: at - first], shown[at - first : at - first + length]
    lead = "".join("\t" if char == "\t" else " " * _columns(char) for char in before)
    cut = "…" if first else ""
    line = cut + "".join(map(_tamed, shown)) + ("…" if first + _SHOWN < len(source) else "")
    return [f"  {line}", f"  {' ' * len(cut)}{lead}^{'~' * (sum(map(_columns, under)) - 1)}"]


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def _tamed(char: str) -> str:
    """A control character would be obeyed by the terminal that shows the line."""
    return "\ufffd" if unicodedata.category(char) in ("Cc", "Cs") and char != "\t" else char


class MonitorError(Exception):
    """The root: a message for a person, and the exit status a command ends with."""

    exit_status: ExitStatus = ExitStatus.CHECK_FAILED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class FaultsError(MonitorError):
    """Several faults of files a person edits, reported together."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join(str(f) for f in self.faults))

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.faults,))


class UsageError(MonitorError):
    exit_status = ExitStatus.WRONG_USE


class ConfigError(FaultsError):
    exit_status = ExitStatus.WRONG_USE


class WatchlistError(FaultsError):
    exit_status = ExitStatus.CHECK_FAILED


class DocumentError(MonitorError):
    exit_status = ExitStatus.WRONG_USE


class FetchError(MonitorError):
    """``status`` is the HTTP status where there was an answer; ``retry_after`` is in seconds where the answer asked for a wait.

    ``transport``: there was no answer at all (name, connection, deadline, TLS). ``died``: reading the body ended its worker
    process, or had to. ``unread``: the answer was 200 and its body is no feed. ``closed``: the hours of the week (0: Monday
    00:00 UTC) in which the feed asks not to be polled. It crosses processes, which keep plain attributes and nothing else.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        status: int | None = None,
        retry_after: float | None = None,
        transport: bool = False,
        died: bool = False,
        unread: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.retry_after = retry_after
        self.transport = transport
        self.died = died
        self.unread = unread
        self.closed: frozenset[int] = frozenset()


class SinkError(MonitorError):
    pass


class StorageError(MonitorError):
    exit_status = ExitStatus.STORAGE


class StorageFull(StorageError):
    pass


class StorageCorrupt(StorageError):
    pass


class StorageContradiction(StorageError):
    """What was to be written does not fit what the record holds; the record itself is well."""


class SchemaTooNew(StorageError):
    pass


class DataFolderInUse(StorageError):
    exit_status = ExitStatus.IN_USE
