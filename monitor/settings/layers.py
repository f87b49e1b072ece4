"""Where values come from: command-line options, MONITOR_ variables, a folder of secrets, the YAML file, in that order.

Each layer is a pydantic-settings source that reads itself once, says what is wrong with it, and can name the origin of
each of its values. Relative paths become absolute here, because only a layer knows what they are relative to: the
file's own folder, or the current folder for options and variables.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from monitor.errors import ConfigError, Fault
from monitor.settings.schema import SettingsSchema, closest, leaves
from monitor.settings.secrecy import Starring, unread
from monitor.yamlmap import Path, YamlMap, read_yaml

PREFIX = "MONITOR_"
DELIMITER = "__"
#: A secret is a password or a key; anything longer is the wrong file.
MAX_SECRET_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Origin:
    """``where`` as a person reads it: ``default``, ``monitor.yaml:12``, ``MONITOR_DATA_DIR``, ``--data-dir``, ``secrets/…``."""

    where: str


class Layer(PydanticBaseSettingsSource):
    """One source of values, already read: ``data`` is nested text, ``faults`` what is wrong with the reading itself."""

    def __init__(self, settings_cls: type[BaseSettings], base: FilePath, schema: SettingsSchema) -> None:
        super().__init__(settings_cls)
        self.base = base
        self.schema = schema
        self.data: dict[str, Any] = {}
        self.faults: list[Fault] = []
        self.origins: dict[Path, str] = {}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self.data.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self.data

    def origin(self, path: Path) -> Origin | None:
        """Who set the value at ``path``: the layer's own entry for it or for what holds it."""
        while path:
            if path in self.origins:
                return Origin(self.origins[path])
            path = path[:-1]
        return None

    def fault(self, path: Path, message: str, hint: str, *, key: bool) -> Fault:
        """A fault of the value (or key) this layer gave at ``path``."""
        origin = self.origin(path)
        return Fault(message, origin.where if origin else "", hint=hint)

    def _put(self, path: Path, value: Any, where: str) -> None:
        below: Any = self.data
        for step in path[:-1]:
            below = below.setdefault(step, {})
            if not isinstance(below, dict):
                sort = "set both as a value and as a group of values"
                self.faults.append(Fault(f"{'.'.join(map(str, path))} is {sort}", where, sort=sort))
                return
        below[path[-1]] = value
        self.origins[path] = where

    def _absolute(self) -> None:
        """File paths become absolute: ``~`` is the home folder, the rest stands relative to ``base``."""
        for path, value in list(leaves(self.data)):
            below: Any = self.data
            for step in path[:-1]:
                below = below[step]
            if isinstance(value, list) and self.schema.is_file((*path, 0)):
                below[path[-1]] = [self._beside(each) for each in value]
            elif self.schema.is_file(path):
                below[path[-1]] = self._beside(value)

    def _beside(self, value: Any) -> Any:
        return os.path.normpath(self.base / FilePath(value).expanduser()) if isinstance(value, str) and value else value


class OptionLayer(Layer):
    """Values of command-line options, by path: ``{("data_dir",): ("--data-dir", "/srv/news")}``."""

    def __init__(
        self, settings_cls: type[BaseSettings], base: FilePath, schema: SettingsSchema, options: Mapping[Path, tuple[str, str]]
    ) -> None:
        super().__init__(settings_cls, base, schema)
        for path, (option, value) in options.items():
            self._put(path, value, option)
        self._absolute()


class _NamedLayer(Layer):
    """Values by flat names with ``__`` between the steps: variables and secret files."""

    def __init__(self, settings_cls: type[BaseSettings], base: FilePath, schema: SettingsSchema, below: Mapping[str, Any]) -> None:
        super().__init__(settings_cls, base, schema)
        self.below = below

    def take(self, name: str, value: str, where: str) -> None:
        path = self._path(name)
        unknown = next((i for i in range(len(path)) if not self.schema.at(path[: i + 1])), None)
        if unknown is not None:
            self.faults.append(self._unknown(path, unknown, where))
        elif self.schema.is_text(path) or value[:1] not in "[{":
            self._put(path, value, where)
        else:
            try:
                self._put(path, read_yaml(f"value: {value}", where).data["value"], where)
            except ConfigError as error:
                self.faults.extend(
                    Fault(fault.message, where, hint=fault.hint, sort=fault.sort)
                    for fault in (unread(each, self.schema) for each in error.faults)
                )

    def _path(self, name: str) -> Path:
        """Variables cannot hold ``-``: a step finds the name already configured that it can only mean."""
        path: Path = ()
        known: Any = self.below
        for step in name.lower().split(DELIMITER):
            names = [*known] if isinstance(known, Mapping) else []
            meant = step if step in names else next((n for n in names if n.replace("-", "_") == step), step)
            path = (*path, meant)
            known = known.get(meant) if isinstance(known, Mapping) else None
        return path

    def _unknown(self, path: Path, at: int, where: str) -> Fault:
        meant = closest(str(path[at]), self.schema.keys(path[:at]))
        prefix = where[: len(where) - len(DELIMITER.join(map(str, path)))]
        hint = ""
        if meant is not None:
            better = DELIMITER.join(map(str, (*path[:at], meant, *path[at + 1 :])))
            hint = f"did you mean {prefix}{better.upper() if prefix == PREFIX else better}?"
        elif where == f"{PREFIX}CONFIG":
            hint = "name the configuration file with --config FILE"
        return Fault("there is no such setting", where, hint=hint, sort="there is no such setting")


class EnvironmentLayer(_NamedLayer):
    def __init__(
        self,
        settings_cls: type[BaseSettings],
        base: FilePath,
        schema: SettingsSchema,
        below: Mapping[str, Any],
        environ: Mapping[str, str],
    ) -> None:
        super().__init__(settings_cls, base, schema, below)
        for name in sorted(environ):
            if name.upper().startswith(PREFIX):
                self.take(name[len(PREFIX) :], environ[name], name)
        self._absolute()


class SecretsLayer(_NamedLayer):
    """A folder with one value a file, named like the variable without its prefix: ``sinks__desk__secret``."""

    def __init__(
        self,
        settings_cls: type[BaseSettings],
        base: FilePath,
        schema: SettingsSchema,
        below: Mapping[str, Any],
        folder: FilePath | None,
    ) -> None:
        super().__init__(settings_cls, base, schema, below)
        if folder is None:
            return
        try:
            # Container runtimes keep their own bookkeeping beside the files under names with a leading dot.
            files = sorted(entry for entry in folder.iterdir() if not entry.name.startswith(".") and entry.is_file())
        except OSError as error:
            message = f"the folder of secrets cannot be read: {error.strerror}"
            self.faults.append(Fault(message, str(folder), sort=message))
            return
        for file in files:
            self._read(file)
        self._absolute()

    def _read(self, file: FilePath) -> None:
        try:
            with file.open("rb") as opened:
                raw = opened.read(MAX_SECRET_BYTES + 1)
            if len(raw) > MAX_SECRET_BYTES:
                raise ValueError("larger than 64 KiB")
            self.take(file.name, raw.decode("utf-8").rstrip("\r\n"), str(file))
        except OSError as error:
            message = f"the secret cannot be read: {error.strerror}"
            self.faults.append(Fault(message, str(file), sort=message))
        except ValueError:  # UnicodeDecodeError is one; its text would quote the secret
            message = "the secret is not UTF-8 text of at most 64 KiB"
            self.faults.append(Fault(message, str(file), sort=message))


class FileLayer(Layer):
    """The YAML file. ``shown`` is its name in messages; ``base`` its folder."""

    def __init__(self, settings_cls: type[BaseSettings], base: FilePath, schema: SettingsSchema, document: YamlMap) -> None:
        super().__init__(settings_cls, base, schema)
        self.document = document
        self._starring = Starring(document, schema)
        self.data = document.data
        self._absolute()

    def origin(self, path: Path) -> Origin | None:
        mark = self.document.values.get(path)
        return Origin(f"{self.document.file}:{mark.line}") if mark else None

    def fault(self, path: Path, message: str, hint: str, *, key: bool) -> Fault:
        return self._starring.starred(self.document.fault(self.document.place(path, key=key), message, hint))
