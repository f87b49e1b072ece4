"""A YAML file as plain data, with the place of every key and value in it: the one strict reader, for watchlists and settings alike.

The reading is strict, because a file that is nearly understood is worse than one that is refused: aliases, anchors,
tags, merge keys, duplicate keys and a second document are faults, nesting and size are bounded. It works on parser
events, not on YAML's nodes: composing nodes recurses in C and dies on a hundred thousand brackets. Every scalar stays
the text that was written (``NO`` is a country, ``0123`` keeps its zero); whoever asked makes of it what is needed. This
module must not know what the keys mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from monitor.errors import ConfigError, Fault, FaultsError

MAX_BYTES = 1 << 20
MAX_DEPTH = 20
#: A star in front is YAML's sign of an alias; most who write one mean a wildcard.
_STAR = 'a wildcard in front stands in quotes: "*gun"'
#: What YAML 1.1 counts as a line end, so that our lines are the parser's.
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")

#: One character of a quoted scalar as it is written.
_QUOTED = {
    "'": re.compile(r"''|[^']"),
    '"': re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)|[^\"\\]"),
}

#: A path through mappings (keys) and sequences (indexes), as pydantic's ``loc``.
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a key or value stands: line and column from 1, in code points, and how many of them to underline.

    ``style`` is the scalar's: ``|`` and ``>`` blocks, quotes, or nothing; it decides where a character of the value stands.
    """

    line: int
    column: int
    length: int
    style: str = ""


@dataclass(slots=True)
class YamlMap:
    """``keys`` and ``values`` give the mark of each key and each value by path. ``lines`` are the file's, for carets."""

    file: str
    lines: list[str]
    data: dict[str, Any] = field(default_factory=dict)
    keys: dict[Path, Mark] = field(default_factory=dict)
    values: dict[Path, Mark] = field(default_factory=dict)

    def fault(self, mark: Mark | None, message: str, hint: str = "", *, sort: str = "") -> Fault:
        if mark is None:
            return Fault(message, self.file, hint=hint, sort=sort)
        source = self.lines[mark.line - 1] if mark.line <= len(self.lines) else ""
        return Fault(message, self.file, mark.line, mark.column, mark.length, source, hint, sort=sort)

    def locate(self, path: Path, offset: int, length: int = 1) -> Mark | None:
        """Where character ``offset`` of the scalar at ``path`` stands in the file: exact for ``|`` blocks and one-line scalars."""
        mark = self.values.get(path)
        if mark is None:
            return self.place(path)
        if mark.style == "|":
            value = str(lookup(self.data, path))
            row = value.count("\n", 0, offset)
            start = value.rfind("\n", 0, offset) + 1
            end = value.find("\n", start)
            content = value[start : end if end >= 0 else len(value)]
            line = mark.line + 1 + row
            written = self.lines[line - 1] if line <= len(self.lines) else ""
            return Mark(line, max(0, len(written) - len(content)) + offset - start + 1, length)
        if mark.style == ">" or mark.length <= 1:
            return self._folded(mark, str(lookup(self.data, path)), offset, length)
        if mark.style and mark.line <= len(self.lines):
            start, end = _written(self.lines[mark.line - 1][mark.column :], mark.style, offset, length)
            return Mark(mark.line, mark.column + start + 1, end - start)
        return Mark(mark.line, mark.column + offset, length)

    def _folded(self, mark: Mark, value: str, offset: int, length: int) -> Mark:
        """The place in a scalar whose lines were joined by blanks: line by line, as long as the lines and the value agree."""
        line = mark.line + (1 if mark.style == ">" else 0)
        at = 0
        while line <= len(self.lines) and at < len(value):
            written = self.lines[line - 1]
            # The first line of a plain or quoted scalar stands behind its key.
            start = mark.column - 1 + (1 if mark.style else 0) if line == mark.line else len(written) - len(written.lstrip())
            content = written[start:].rstrip()
            if not value.startswith(content, at):
                return mark
            if offset <= at + len(content):
                return Mark(line, start + offset - at + 1, length)
            at += len(content) + 1
            line += 1
        return mark

    def place(self, path: Path, *, key: bool = False) -> Mark | None:
        """The mark of the value (or its key) at ``path``, or of the nearest thing around it."""
        first, second = (self.keys, self.values) if key else (self.values, self.keys)
        while path:
            mark = first.get(path) or second.get(path)
            if mark is not None:
                return mark
            path = path[:-1]
        return None


def _written(raw: str, style: str, offset: int, length: int) -> tuple[int, int]:
    """Where characters ``[offset, offset + length)`` of a quoted scalar stand in what was written behind its quote, where one
    character may be two ('' and \\") or more (\\u200f)."""
    places = [0]
    while len(places) <= offset + length and (found := _QUOTED[style].match(raw, places[-1])):
        places.append(found.end())
    return places[min(offset, len(places) - 1)], places[min(offset + max(1, length), len(places) - 1)]


@dataclass(slots=True)
class _Open:
    """A mapping or sequence whose end has not been read yet. ``key`` is set while a mapping waits for that key's value."""

    value: dict[str, Any] | list[Any]
    path: Path
    key: str | None = None


class _Reader:
    def __init__(self, text: str, file: str, error: type[FaultsError], example: str) -> None:
        self.error = error
        self.example = example
        self.out = YamlMap(file, _LINE_END.split(text))
        self.text = text
        self.faults: list[Fault] = []
        self.stack: list[_Open] = []
        self.documents = 0
        self.root: Any = None

    def read(self) -> YamlMap:
        try:
            for event in yaml.parse(self.text, yaml.CSafeLoader):
                self._event(event)
        except FaultsError:
            raise
        except yaml.MarkedYAMLError as error:
            self.faults.append(self._syntax(error))
        except Exception as error:  # the C parser raises more than YAMLError for odd input; none of it may become a traceback
            sort = "this is not readable as YAML"
            self.faults.append(Fault(f"{sort}: {str(error).splitlines()[0]}", self.out.file, sort=sort))
        if self.root is None and not self.faults:
            self.root = {}
        if not isinstance(self.root, dict) and not self.faults:
            message = "the file must be a mapping: lines of key: value"
            self.faults.append(self.out.fault(Mark(1, 1, 1), message, f"start with: {self.example}", sort=message))
        if self.faults:
            raise self.error(self.faults)
        self.out.data = self.root
        return self.out

    def _syntax(self, error: yaml.MarkedYAMLError) -> Fault:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or "it cannot be read"
        hint = "tabs may not indent YAML; use spaces" if "\\t" in problem or "tab" in problem else ""
        if "mapping values are not allowed" in problem:
            hint = "text that holds a colon and a blank needs quotes, or a block of its own (key: | and the text indented below)"
        if "while scanning an alias" in (error.context or ""):
            hint = _STAR
        if mark is None:
            return Fault(f"YAML: {problem}", self.out.file, hint=hint, sort=f"YAML: {problem}")
        line = min(mark.line, max(0, len(self.out.lines) - 1))
        column = mark.column if line == mark.line else len(self.out.lines[line]) if self.out.lines else 0
        context = f" ({error.context})" if error.context else ""
        # The parser's words are its own: it quotes nothing of what it reads.
        message = f"YAML: {problem}{context}"
        return self.out.fault(Mark(line + 1, column + 1, 1), message, hint, sort=message)

    def _mark(self, event: Any) -> Mark:
        start, end = event.start_mark, event.end_mark
        length = end.column - start.column if end.line == start.line else 1
        return Mark(start.line + 1, start.column + 1, max(1, length), getattr(event, "style", None) or "")

    def _event(self, event: Any) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise self._error(self._mark(event), "a second document begins here", "keep one document, without '---'")
        elif isinstance(event, yaml.AliasEvent):
            self._refuse(event, "aliases (*name) are not allowed", f"write the value out; {_STAR}")
            self._value(None, self._mark(event))
        elif isinstance(event, yaml.NodeEvent):
            self._node(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.stack.pop()

    def _refuse(self, event: Any, message: str, hint: str, sort: str = "") -> None:
        self.faults.append(self.out.fault(self._mark(event), message, hint, sort=sort or message))

    def _error(self, mark: Mark, message: str, hint: str = "") -> FaultsError:
        return self.error([self.out.fault(mark, message, hint, sort=message)])

    def _node(self, event: Any) -> None:
        if event.anchor is not None:
            self._refuse(event, "anchors (&name) are not allowed", "write the value out where it is needed")
        if event.tag is not None:
            hint = "remove it; values are read as text, and text that begins with ! stands in quotes"
            self._refuse(event, f"the tag {event.tag} is not allowed", hint, "a tag (!name) is not allowed")
        if isinstance(event, yaml.ScalarEvent):
            plain = event.implicit[0]
            null = plain and event.value in ("", "~", "null", "Null", "NULL")
            self._value(None if null else event.value, self._mark(event), scalar=event.value)
            return
        if len(self.stack) >= MAX_DEPTH:
            raise self._error(self._mark(event), f"nested more than {MAX_DEPTH} deep")
        container: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
        mark = self._mark(event)
        path = self._value(container, Mark(mark.line, mark.column, 1))
        self.stack.append(_Open(container, path))

    def _value(self, value: Any, mark: Mark, *, scalar: str | None = None) -> Path:
        """Put a value where it belongs; the first node inside a mapping is a key. Returns the value's path."""
        if not self.stack:
            self.root = value
            return ()
        top = self.stack[-1]
        if isinstance(top.value, list):
            path = (*top.path, len(top.value))
            top.value.append(value)
            self.out.values[path] = mark
            return path
        if top.key is None:
            return self._key(top, mark, scalar)
        path = (*top.path, top.key)
        top.value[top.key] = value
        top.key = None
        self.out.values[path] = mark
        return path

    def _key(self, top: _Open, mark: Mark, key: str | None) -> Path:
        if key is None:
            raise self._error(mark, "a key must be a word, not a list or mapping")
        path = (*top.path, key)
        if key == "<<":
            message = "merge keys (<<) are not allowed"
            self.faults.append(self.out.fault(mark, message, "write the keys out", sort=message))
        elif key in top.value:  # not by its path, which below a repeated key was seen in the other mapping
            first = self.out.keys[path].line
            again = f"stands here a second time (first in line {first})"
            self.faults.append(self.out.fault(mark, f"the key {key!r} {again}", "keep one of them", sort=f"a key {again}"))
        self.out.keys[path] = mark
        top.key = key
        return path


def read_yaml(text: str, file: str, *, error: type[FaultsError] = ConfigError, example: str = "data_dir: ./var") -> YamlMap:
    """The file's data and marks; raises ``error`` with every fault found.

    ``example`` is a first line to suggest for a file that is no mapping.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise error([Fault("the file is larger than 1 MiB", file, sort="the file is larger than 1 MiB")])
    return _Reader(text, file, error, example).read()


def lookup(data: Mapping[str, Any], path: Path) -> Any:
    """The value at ``path``; raises KeyError or IndexError (both LookupError) where there is none."""
    value: Any = data
    for step in path:
        if isinstance(value, list):
            if not isinstance(step, int):
                raise KeyError(step)
            value = value[step]
        elif isinstance(value, Mapping):
            value = value[step]
        else:
            raise KeyError(step)
    return value
