"""What a command carries, checked: arguments come from outside, through whatever door.

Every reader raises UsageError in the words of the command. It must not know what a command does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar

from monitor.errors import UsageError
from monitor.model import Command, JsonObject

#: Does one command.
Handler = Callable[[Command], Awaitable[JsonObject]]

#: Characters of a comment, which is kept for good and shown on one line.
MAX_COMMENT: Final = 2000
#: Names or ids in one command.
MAX_NAMES: Final = 10_000

E = TypeVar("E", bound=StrEnum)


def comment(command: Command, key: str = "comment") -> str:
    """On one line, without control characters; "" where none was given."""
    said = command.arguments.get(key) or ""
    if not isinstance(said, str):
        raise UsageError(f"the {key} is not text")
    return " ".join("".join(char if char.isprintable() else " " for char in said).split())[:MAX_COMMENT]


def texts(command: Command, key: str, what: str, *, hint: str = "") -> list[str]:
    """A list of one text or more, each once, in the order given."""
    found = command.arguments.get(key)
    if not isinstance(found, list) or not found or not all(isinstance(one, str) and one for one in found):
        raise UsageError(f"{command.name} needs {what}", hint=hint)
    if len(found) > MAX_NAMES:
        raise UsageError(f"{command.name} takes at most {MAX_NAMES} at a time")
    return list(dict.fromkeys(found))


@contextmanager
def nothing_changed(asked: Sequence[str]) -> Iterator[None]:
    """Around what is looked at before anything is done: of several that were asked for one wrong one is named, and the reader would
    wonder about the others."""
    try:
        yield
    except UsageError as error:
        if len(asked) < 2:
            raise
        raise UsageError(f"{error.message} (nothing was changed, of the others neither)", hint=error.hint) from None


def text(command: Command, key: str, what: str = "", *, hint: str = "") -> str:
    """One text; "" where none was given and ``what`` does not demand it."""
    found = command.arguments.get(key)
    if found is None or found == "":
        if what:
            raise UsageError(f"{command.name} needs {what}", hint=hint)
        return ""
    if not isinstance(found, str):
        raise UsageError(f"{key} of {command.name} is not text")
    return found


def one_of(command: Command, key: str, kinds: type[E], *, hint: str = "") -> E:
    said = text(command, key, f"{key}: {' or '.join(kinds)}", hint=hint)
    try:
        return kinds(said)
    except ValueError:
        raise UsageError(f"{key} {said!r} is not known", hint=f"one of {', '.join(kinds)}") from None


def moment(command: Command, key: str) -> datetime | None:
    """An aware time in ISO 8601, None where none was given."""
    said = text(command, key)
    if not said:
        return None
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        raise UsageError(f"{key} {said!r} is not a time", hint="write it as 2026-03-01T12:00:00Z") from None
    if found.tzinfo is None:
        raise UsageError(f"{key} {said!r} has no time zone", hint="end it with Z or an offset such as +03:00")
    return found
