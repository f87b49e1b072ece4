"""What of a configuration with faults may be shown, and to whom.

Whoever is at the file sees the line with the fault, but no value that may be a secret. All others (people at the far end of a
sink, readers of the log, of ``/healthz`` and of the record) see no value at all: the place, the names of keys, and the sort of
fault. A secret also stands where none belongs, so the rules say what is harmless, not what is secret. Pure; this module must not
know how a fault is found.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

from monitor.errors import Fault
from monitor.settings.schema import Node, SettingsSchema
from monitor.settings.values import NAME_PATTERN
from monitor.yamlmap import Mark, Path, YamlMap, lookup

#: What stands for a key or a value that is not shown.
HIDDEN: Final = "…"
#: An address with a user in it, or a query.
_PRIVATE: Final = re.compile(r"://.*[@?]", re.DOTALL)
#: A password that was made, not thought up.
_TOKEN: Final = re.compile(r"[A-Za-z0-9+/=_.-]{16,}")
#: Longer than any word, number or time that may stand where only some may.
_WORD: Final = 24
#: Keys of a line that is no YAML, as they look: the one it begins with may be anybody's.
_KEY: Final = re.compile(r"(?:(?P<first>^\s*(?:- )?)|(?<![^\s{,]))(?P<key>[a-z][a-z0-9_-]*):(?!\S)")
#: All but what shows how the line is built.
_BUILD: Final = re.compile(r"[^\s\[\]{},:-]|-(?=\S)|(?<=\S)-")
#: Shorter values are hidden in words only where they are quoted: they are also parts of other words.
_TELLING: Final = 6


def may_be_secret(path: Path, value: Any, schema: SettingsSchema) -> bool:
    """Of the plain value at ``path``."""
    text = str(value)
    path = _read_as(path, schema)
    nodes = schema.at(path)
    if not nodes or any(schema.is_secret(path[:steps]) for steps in range(1, len(path) + 1)):
        return True  # a misspelt key may well be that of a secret
    if _PRIVATE.search(text):
        return True
    is_file = schema.is_file(path)
    if path[0] == "sources":
        return not is_file and _TOKEN.fullmatch(text) is not None
    if path[0] == "sinks":
        return not is_file and not (_is_bounded(nodes) and len(text) <= _WORD and "://" not in text)
    return False


def _read_as(path: Path, schema: SettingsSchema) -> Path:
    """Where one thing may stand for a list of one, it is read as one of the list."""
    read: Path = ()
    for step in path:
        if isinstance(step, str) and not schema.at((*read, step)) and schema.at((*read, 0, step)):
            read = (*read, 0)
        read = (*read, step)
    return (*read, 0) if any(node.get("type") == "array" for node in schema.at(read)) else read


def _is_bounded(nodes: list[Node]) -> bool:
    """Whether only words of ours, numbers and the like may stand there: hooks and passwords are text of any kind."""
    kinds = [node for node in nodes if node.get("type") not in (None, "null") or "enum" in node or "const" in node]
    return bool(kinds) and all(
        node.get("type") in ("boolean", "integer", "number") or not node.keys().isdisjoint(("enum", "const", "pattern", "examples"))
        for node in kinds
    )


def secrets_in(path: Path, value: Any, schema: SettingsSchema) -> Iterator[str]:
    """Every value below ``path`` that may be secret, as text."""
    below = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list | tuple) else None
    if below is not None:
        for step, inner in below:
            yield from secrets_in((*path, step), inner, schema)
    elif value not in (None, "") and may_be_secret(path, value, schema):
        yield value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)


def unquoted(message: str, path: Path, value: Any, schema: SettingsSchema) -> str:
    """The message without what may be secret of the value it is about."""
    for text in sorted(secrets_in(path, value, schema), key=len, reverse=True):
        message = message.replace(f"{text!r}: ", "").replace(repr(text), "what stands here")
        if len(text) >= _TELLING:
            message = message.replace(text, HIDDEN)
    return message


def is_plain(key: str) -> bool:
    """Whether it looks like a key or a name, perhaps misspelt; others are text in the wrong place."""
    return NAME_PATTERN.fullmatch(key) is not None


def named(path: Path, schema: SettingsSchema) -> str:
    """``sinks.desk.url``, ``routes[0].to[1]``: keys of ours, and names that people gave to what has settings of its own. Other keys
    are text that somebody wrote."""
    said = ""
    for place, step in enumerate(path):
        if isinstance(step, int):
            said += f"[{step}]"
            continue
        known = step in schema.keys(path[:place]) or (
            is_plain(step)
            and place > 0
            and any(node.get("type") == "object" and "properties" in node for node in schema.at(path[: place + 1]))
        )
        said += ("." if said else "") + (step if known else HIDDEN)
    return said


class Starring:
    """Stars for the lines of one document, of which ``at`` says where in the configuration a place is."""

    def __init__(self, document: YamlMap, schema: SettingsSchema, at: Callable[[Path], Path] = lambda path: path) -> None:
        self._document, self._schema, self._at = document, schema, at

    @cached_property
    def _values(self) -> dict[int, list[Path]]:
        return _by_line(self._document.values)

    @cached_property
    def _keys(self) -> dict[int, list[Path]]:
        return _by_line(self._document.keys)

    @cached_property
    def _lines(self) -> list[int]:
        return sorted(self._values)

    def starred(self, fault: Fault) -> Fault:
        """The fault with every value of its line that may be secret starred out, letter for letter, so that the caret still fits."""
        source = fault.source
        keys = [self._document.keys[path] for path in self._keys.get(fault.line, ())]
        values = [self._document.values[path] for path in self._values.get(fault.line, ())]
        for path, mark in zip(self._values.get(fault.line, ()), values, strict=True):
            if self._is_hidden(path):
                start = mark.column - 1
                # A value that goes on below has no length of its own: all that follows it is hidden.
                source = _stars(source, start, start + mark.length if mark.length > 1 else len(source))
        for path, mark in zip(self._keys.get(fault.line, ()), keys, strict=True):
            if not is_plain(str(path[-1])):
                source = _stars(source, mark.column - 1, mark.column - 1 + mark.length)
        place = bisect_left(self._lines, fault.line)
        above = self._values[self._lines[place - 1]][-1] if place else ()
        if above and self._is_hidden(above):
            # What was begun above may end here, before the first key or value of this line.
            begins = min((mark.column for mark in (*keys, *values)), default=len(source) + 1)
            source = _stars(source, 0, begins - 1)
        return replace(fault, source=source)

    def _is_hidden(self, path: Path) -> bool:
        value = lookup(self._document.data, path)
        return not isinstance(value, dict | list) and may_be_secret(self._at(path), "" if value is None else value, self._schema)


def _by_line(marks: Mapping[Path, Mark]) -> dict[int, list[Path]]:
    found: dict[int, list[Path]] = {}
    for path, mark in marks.items():
        found.setdefault(mark.line, []).append(path)
    return found


def _stars(source: str, start: int, end: int) -> str:
    return source[:start] + re.sub(r"\S", "*", source[start:end]) + source[end:]


def unread(fault: Fault, schema: SettingsSchema) -> Fault:
    """A fault of a file that could not be read as YAML: nobody knows what stands where, so of its line plain keys are shown."""
    kept = [found.span("key") for found in _KEY.finditer(fault.source) if found["first"] is not None or found["key"] in schema.words]
    shown = _BUILD.sub("*", fault.source)
    for start, end in kept:
        shown = shown[:start] + fault.source[start:end] + shown[end:]
    return replace(fault, message=fault.sort or fault.message, source=shown)
