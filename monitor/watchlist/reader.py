"""Reading values out of a strictly parsed YAML file, collecting every fault with its place instead of stopping at the first.

Shared by the watchlist and the vocabulary readers. It must not know what any key is for.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from monitor.errors import Fault, WatchlistError
from monitor.yamlmap import Mark, Path, YamlMap, read_yaml

#: Bidirectional embeddings, overrides and isolates: they make a file read otherwise than it is.
_BIDI: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
#: What YAML refuses wherever it stands: C0 and C1 controls but tab and line ends.
_CONTROLS: Final = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")


class FileReader:
    """One file's values and its faults."""

    def __init__(self, name: str, text: str, example: str) -> None:
        self.name = name
        self.text = text
        self.faults: list[Fault] = []
        self.map = YamlMap(name, [])
        # YAML refuses control characters without saying where they stand.
        if not self._hidden(_CONTROLS, "a control character (U+{:04X}) stands here", "delete it"):
            try:
                self.map = read_yaml(text, name, error=WatchlistError, example=example)
            except WatchlistError as error:
                self.faults.extend(error.faults)
        direction = "a hidden direction control (U+{:04X}) makes this line read otherwise than it is"
        self._hidden(_BIDI, direction, "delete it; plain text needs none")
        self._encoding()
        self.readable = not self.faults

    def _hidden(self, hidden: re.Pattern[str], message: str, hint: str) -> bool:
        """Whether there are such characters; the first of each line is a fault, shown without them."""
        if not hidden.search(self.text):
            return False
        for number, line in enumerate(self.text.split("\n"), 1):
            if found := hidden.search(line):
                shown = hidden.sub("\ufffd", line)
                place = found.start() + 1
                self.faults.append(Fault(message.format(ord(found[0])), self.name, number, place, 1, shown, hint))
        return True

    def _encoding(self) -> None:
        """U+FFFD is what is left of a byte that was no UTF-8; nobody writes it."""
        for number, line in enumerate(self.text.split("\n"), 1):
            if "\ufffd" in line:
                self.faults.append(
                    Fault("this is not UTF-8", self.name, number, line.index("\ufffd") + 1, 1, line, "save the file as UTF-8")
                )
                return

    @property
    def data(self) -> Mapping[str, Any]:
        return self.map.data

    def fault(self, path: Path, message: str, hint: str = "", *, key: bool = False, warning: bool = False) -> None:
        # What is missing stands nowhere: the fault is the file's, shown at its first line.
        mark = self.map.place(path, key=key) or (Mark(1, 1, 1) if self.map.lines else None)
        self._add(self.map.fault(mark, message, hint), warning)

    def fault_in(self, path: Path, offset: int, length: int, message: str, hint: str = "", *, warning: bool = False) -> None:
        """A fault at character ``offset`` of the text at ``path``."""
        self._add(self.map.fault(self.map.locate(path, offset, length), message, hint), warning)

    def _add(self, found: Fault, warning: bool) -> None:
        if warning:
            found = Fault(found.message, found.file, found.line, found.column, found.length, found.source, found.hint, warning=True)
        self.faults.append(found)

    def place(self, path: Path, offset: int | None = None) -> str:
        """``file:line`` for messages that come later, of what stands at ``path`` or of a character of the text there."""
        mark = self.map.place(path) if offset is None else self.map.locate(path, offset)
        return f"{self.name}:{mark.line}" if mark else self.name

    def place_in(self, path: Path, row: int, offset: int) -> str:
        """As ``place``, of line ``row`` of the text at ``path``, which begins at ``offset``: in a block without counting."""
        mark = self.map.values.get(path)
        return f"{self.name}:{mark.line + 1 + row}" if mark is not None and mark.style == "|" else self.place(path, offset)

    def known_keys(self, path: Path, found: Iterable[str], known: Iterable[str]) -> None:
        known = list(known)
        for key in found:
            if key not in known:
                close = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.6)
                hint = f"did you mean {close[0]}?" if close else f"known keys: {', '.join(known)}"
                self.fault((*path, key), f"unknown key {key!r}", hint, key=True)

    def text_at(self, path: Path, value: Any, *, empty: bool = False) -> str:
        """The text at ``path``; a list or mapping there, or nothing where ``empty`` is not allowed, is a fault."""
        if isinstance(value, str) and (value.strip() or empty):
            return value
        if value is None and empty:
            return ""
        what = "is empty" if value is None or isinstance(value, str) else "must be text, not a list or mapping"
        self.fault(path, f"{_label(path)}: {what}")
        return ""

    def mapping_at(self, path: Path, value: Any, example: str) -> Mapping[str, Any]:
        if isinstance(value, Mapping):
            return value
        self.fault(path, f"{_label(path)}: must be a mapping", f"write, for example: {example}")
        return {}

    def choice_at(self, path: Path, value: Any, choices: Iterable[str], default: str) -> str:
        choices = list(choices)
        text = self.text_at(path, value).strip().lower()
        if text in choices:
            return text
        if text:
            self.fault(path, f"{_label(path)}: {value!r} is not one of {', '.join(choices)}")
        return default


def _label(path: Path) -> str:
    """How a message calls what stands at ``path``: its key, or its place in a list."""
    if isinstance(path[-1], int):
        return f"{path[-2]}, item {path[-1] + 1}"
    return path[-1]
