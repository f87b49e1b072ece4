"""Questions about the settings asked of their JSON Schema: which keys may stand at a path, is it a file path, is it secret.

One walk over the schema serves unknown-key suggestions, MONITOR_ variables, relative paths and the masking of secrets,
so that none of them keeps a list of its own. This module must not know any setting by name.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.yamlmap import Path

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SettingsSchema:
    """A model's JSON Schema (validation mode) as something to ask paths of."""

    root: Node

    def _expand(self, node: Node) -> Iterator[Node]:
        """The node itself and every alternative behind references and unions."""
        reference = node.get("$ref")
        if isinstance(reference, str):
            yield from self._expand(self.root["$defs"][reference.rpartition("/")[2]])
            return
        yield node
        for union in ("anyOf", "oneOf", "allOf"):
            for alternative in node.get(union, ()):
                yield from self._expand(alternative)

    def at(self, path: Path) -> list[Node]:
        """Every schema that may describe the value at ``path``; empty where nothing may stand there."""
        nodes = list(self._expand(self.root))
        for step in path:
            nodes = [below for node in nodes for inner in self._step(node, step) for below in self._expand(inner)]
        return nodes

    @staticmethod
    def _step(node: Node, step: str | int) -> Iterator[Node]:
        if isinstance(step, int):
            if isinstance(node.get("items"), Mapping):
                yield node["items"]
            return
        properties = node.get("properties", {})
        if step in properties:
            yield properties[step]
        elif isinstance(node.get("additionalProperties"), Mapping):
            yield node["additionalProperties"]
        elif node.get("additionalProperties") is True:
            yield {}

    def keys(self, path: Path) -> tuple[str, ...]:
        """The named keys that may stand below ``path``, in the order they were declared."""
        return tuple(dict.fromkeys(key for node in self.at(path) for key in node.get("properties", {})))

    @property
    def words(self) -> frozenset[str]:
        """Every key that has a meaning somewhere."""
        return frozenset(key for node in (self.root, *self.root.get("$defs", {}).values()) for key in node.get("properties", {}))

    def is_text(self, path: Path) -> bool:
        """Whether a plain value may stand at ``path``."""
        return any(node.get("type") in ("string", "integer", "number", "boolean") for node in self.at(path))

    def is_file(self, path: Path) -> bool:
        return any(node.get("format") in ("path", "file-path", "directory-path") for node in self.at(path))

    def is_secret_file(self, path: Path) -> bool:
        """Whether the value names a file that holds a secret."""
        return str(path[-1]) == "secret_file" or any(node.get("x-secret-file") for node in self.at(path))

    def is_secret(self, path: Path) -> bool:
        return any(node.get("writeOnly") or node.get("format") == "password" for node in self.at(path))


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, by spelling."""
    candidates: Sequence[str] = list(known)
    found = difflib.get_close_matches(word.lower().replace("-", "_"), candidates, n=1, cutoff=0.6)
    return found[0] if found else None


def leaves(data: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value that is not a mapping, with its path; lists are one value. An empty mapping is a value too."""
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value
