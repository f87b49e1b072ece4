"""Lists of sources that the configuration names (``sources_from``): OPML files, and YAML files in the form of ``sources:``.

Each file is a layer below the configuration file, so that its sources are checked like any other and every fault and
origin names the file and line. This module must not know what a source is fetched with.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

from monitor.errors import ConfigError, Fault
from monitor.settings.layers import Layer, Origin
from monitor.settings.model import Settings
from monitor.settings.schema import SettingsSchema
from monitor.settings.secrecy import Starring, unread
from monitor.sources.opml import MAX_BYTES, Outline
from monitor.sources.opml import read as read_opml
from monitor.yamlmap import Path, YamlMap, read_yaml

YAML = (".yaml", ".yml")
OPML = (".opml", ".xml")
#: A path that was an address before it became absolute. It is not repeated: a password may stand in it.
_ADDRESS = re.compile(r"(?:^|/)[a-z][a-z0-9+.-]*:/", re.IGNORECASE)


class ListLayer(Layer):
    """One list. ``missing`` says that there is no such file, which is no fault: it may be mounted later."""

    def __init__(self, file: FilePath, schema: SettingsSchema, taken: Iterable[str]) -> None:
        super().__init__(Settings, file.parent, schema)
        self.file = file
        self.missing = False
        self._document: YamlMap | None = None
        self._prefix: Path = ()
        self._starring = Starring(YamlMap(str(file), []), schema)
        try:
            raw = _read(file)
        except FileNotFoundError:
            self.missing = True
            return
        except (OSError, ValueError) as error:  # a path with a NUL in it is the latter
            message = f"the list of sources cannot be read: {error.strerror if isinstance(error, OSError) else 'no path'}"
            self.faults.append(Fault(message, str(file), sort=message))
            return
        if file.suffix.lower() in YAML:
            self._read_yaml(raw)
        elif file.suffix.lower() in OPML:
            self._read_opml(raw, taken)
        else:
            kinds = ", ".join(OPML + YAML)
            message = f"not a list of sources by its name, which should end in one of {kinds}"
            self.faults.append(Fault(message, str(file), sort=message))
        self._absolute()

    def names(self) -> Sequence[str]:
        sources = self.data.get("sources")
        return [*map(str, sources)] if isinstance(sources, Mapping) else []

    def origin(self, path: Path) -> Origin | None:
        if self._document is not None:
            mark = self._document.values.get(self._below(path))
            return Origin(f"{self._document.file}:{mark.line}") if mark and path[:1] == ("sources",) else None
        return super().origin(path)

    def fault(self, path: Path, message: str, hint: str, *, key: bool) -> Fault:
        if self._document is not None:
            fault = self._document.fault(self._document.place(self._below(path), key=key), message, hint)
            return self._starring.starred(fault)
        origin = self.origin(path)
        file, _, line = (origin.where if origin else str(self.file)).rpartition(":")
        # No caret points into an outline, and all of a list may stand on one line: the words say what is meant.
        message = f"{path[1]}: {path[2]}: {message}" if len(path) > 2 else f"{path[1]}: {message}" if len(path) > 1 else message
        return Fault(message, file, int(line), hint=hint) if file and line.isdigit() else Fault(message, str(self.file), hint=hint)

    def _below(self, path: Path) -> Path:
        """The place in this file of what stands in the configuration at ``sources`` and below."""
        return (*self._prefix, *path[1:])

    def _above(self, path: Path) -> Path:
        return ("sources", *path[len(self._prefix) :])

    def _read_yaml(self, raw: bytes) -> None:
        try:
            self._document = read_yaml(raw.decode("utf-8-sig"), str(self.file))
            self._starring = Starring(self._document, self.schema, self._above)
        except UnicodeDecodeError as error:
            message = "the file is not UTF-8 text"
            self.faults.append(Fault(message, str(self.file), raw[: error.start].count(b"\n") + 1, sort=message))
            return
        except ConfigError as error:
            self.faults.extend(unread(fault, self.schema) for fault in error.faults)
            return
        written: Mapping[str, Any] = self._document.data
        if [*written] == ["sources"] and isinstance(written["sources"], Mapping):
            self._prefix = ("sources",)
            written = written["sources"]
        self.data = {"sources": written} if written else {}

    def _read_opml(self, raw: bytes, taken: Iterable[str]) -> None:
        outlines, self.faults = read_opml(raw, str(self.file), taken)
        sources: dict[str, Any] = {}
        for outline in outlines:
            sources[outline.name] = _settings(outline)
            self.origins["sources", outline.name] = f"{self.file}:{outline.line}"
        self.data = {"sources": sources} if sources else {}


def _settings(outline: Outline) -> dict[str, Any]:
    found: dict[str, Any] = {"feed": outline.url}
    if outline.language:
        found["language"] = outline.language
    if outline.labels:
        found["labels"] = dict(outline.labels)
    return found | dict(outline.settings)


def list_layers(files: Any, schema: SettingsSchema, taken: Mapping[str, str]) -> tuple[list[ListLayer], list[Fault]]:
    """The layers of these files, given the names that the configuration itself has, each with its place; and the faults and
    warnings of the lists as such."""
    layers: list[ListLayer] = []
    faults: list[Fault] = []
    places = dict(taken)
    for number, file in enumerate(files if isinstance(files, list | tuple) else []):
        if _ADDRESS.search(str(file)):
            message = f"sources_from[{number}]: an address, where the path of a file should stand"
            faults.append(Fault(message, hint="a feed of its own stands under sources: {name: {feed: URL}}", sort=message))
            continue
        layer = ListLayer(FilePath(str(file)), schema, places)
        layers.append(layer)
        if layer.missing:
            faults.append(Fault("there is no such list of sources yet", str(file), hint="create it, or correct the path", warning=True))
        faults += layer.faults
        for name in layer.names():
            place = layer.origin(("sources", name))
            if name in places:
                message = f"there is a source named {name!r} already, at {places[name]}"
                fault = layer.fault(("sources", name), message, "give one of the two another name", key=True)
                faults.append(replace(fault, sort="there is a source of this name already"))
                # One source made of two would only be wrong in further ways.
                layer.data = {"sources": {other: value for other, value in layer.data["sources"].items() if other != name}}
            places.setdefault(name, place.where if place else str(file))
    return layers, faults


def _read(file: FilePath) -> bytes:
    """Raises OSError. Not blocking: lists are read again while the service runs, and a pipe in a list's place must not hang it."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "it is no regular file")
        return opened.read(MAX_BYTES + 1)
