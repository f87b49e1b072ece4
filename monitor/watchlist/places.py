"""Where a warning about a watchlist stands: line, column and the line itself, for a caret.

A watchlist that was read keeps the text of its files and the line of each term. The rest is found again in that text,
since only ``monitor check`` asks for it.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final

from monitor.errors import Fault, FaultsError
from monitor.watchlist.model import Term, Watchlist
from monitor.watchlist.query import Node
from monitor.yamlmap import Mark, Path, YamlMap, read_yaml

#: The path of a query in its file.
WHEN: Final[Path] = ("when",)


class Places:
    """The places of one watchlist's parts."""

    def __init__(self, watchlist: Watchlist) -> None:
        self.watchlist = watchlist
        name = f"{watchlist.id}.yml"
        self.file = name if name in watchlist.files else f"{watchlist.id}.yaml"

    @cached_property
    def _map(self) -> YamlMap:
        try:
            return read_yaml(self.watchlist.files.get(self.file, ""), self.file)
        except FaultsError:  # it was read once: this is a list that was made by hand
            return YamlMap(self.file, [])

    def of_group(self, name: str, message: str, hint: str = "") -> Fault:
        return self._at(self._map.place(("groups", name), key=True), message, hint)

    def of_query(self, path: Path, node: Node | None, message: str, hint: str = "") -> Fault:
        """``path`` is the query's, ``node`` the part of it; without one it is the key that is meant."""
        mark = self._map.place(path, key=True) if node is None else self._map.locate(path, node.at, node.length)
        return self._at(mark, message, hint)

    def of_term(self, term: Term, message: str, hint: str = "") -> Fault:
        """A term's line is known; its column is where the text of the line has it."""
        file, _, number = term.place.rpartition(":")
        if not number.isdecimal():
            return Fault(message, file or self.file, hint=hint, warning=True)
        lines = self._lines.setdefault(file, self.watchlist.files.get(file, "").split("\n"))
        line = lines[int(number) - 1] if int(number) <= len(lines) else ""
        found = re.search(rf"(?<![\w*]){re.escape(term.text)}(?![\w*])", line)
        if found is None:  # it stands there in another writing, as an escape of YAML
            return Fault(message, file, int(number), hint=hint, warning=True)
        return Fault(message, file, int(number), found.start() + 1, len(term.text), line, hint, warning=True)

    @cached_property
    def _lines(self) -> dict[str, list[str]]:
        return {}

    def _at(self, mark: Mark | None, message: str, hint: str) -> Fault:
        found = self._map.fault(mark, message, hint)
        return Fault(found.message, found.file, found.line, found.column, found.length, found.source, found.hint, warning=True)
