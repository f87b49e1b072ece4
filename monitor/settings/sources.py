"""The configured sources as the flow wants them, at the start and whenever a file of the configuration has changed.

This module must not know how a source is read; it turns settings into specs and says what else has changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path as FilePath

from monitor.model import SourceKind, SourceSpec
from monitor.settings.load import Loaded
from monitor.settings.model import FeedSettings, FolderSettings, PushSettings, Settings

#: How often a feed is asked whose rhythm is not learnt yet (seconds).
UNLEARNT = 900.0
#: Settings that are put into force without a restart, or that only say where sources stand.
_LIVE = frozenset({"sources", "sources_from"})


def source_specs(loaded: Loaded) -> list[SourceSpec]:
    return [_spec(name, source, loaded) for name, source in loaded.settings.sources.items()]


def _spec(name: str, source: FolderSettings | FeedSettings | PushSettings, loaded: Loaded) -> SourceSpec:
    common = SourceSpec(
        name=name,
        kind=SourceKind.PUSH,
        location="",
        every=UNLEARNT,
        language=source.language,
        labels=dict(source.labels),
        important=source.important,
        fresh=source.fresh,
        origin=_origin(name, loaded),
    )
    if isinstance(source, FolderSettings):
        return replace(common, kind=SourceKind.FOLDER, location=str(source.folder), every=source.every, match=source.match)
    if isinstance(source, FeedSettings):
        return replace(
            common,
            kind=SourceKind.FEED,
            location=source.feed,
            every=UNLEARNT if source.every is None else source.every,
            adaptive=source.every is None,
            least=loaded.settings.fetch.every_least,
            most=loaded.settings.fetch.every_most,
            full_text=source.full_text,
        )
    return common


def _origin(name: str, loaded: Loaded) -> str:
    """The file and line that configured a source: that of its first value."""
    return next((origin.where for path, origin in loaded.origins.items() if path[:2] == ("sources", name)), "")


class ConfiguredSources:
    """The sources of the configuration and of the lists it names; reads all of it again when any of these files changed."""

    def __init__(self, loaded: Loaded, load: Callable[[], Loaded]) -> None:
        """``loaded`` is what was put into force; ``load`` reads the same configuration again, raising ConfigError."""
        self._loaded, self._load = loaded, load
        self._files = loaded.files
        self._waiting: tuple[str, ...] = ()

    @property
    def loaded(self) -> Loaded:
        """What was put into force at the start."""
        return self._loaded

    def stamp(self) -> str:
        return "\n".join(_stamp(file) for file in self._files)

    def read(self) -> Sequence[SourceSpec]:
        latest = self._load()
        self._files = latest.files
        self._waiting = tuple(_changed(self._loaded.settings, latest.settings))
        # Bounds of learnt intervals and the like wait for the restart, too: the sources are those of the latest, the rest is not.
        return source_specs(replace(latest, settings=latest.settings.model_copy(update={"fetch": self._loaded.settings.fetch})))

    def waiting(self) -> Sequence[str]:
        return self._waiting


def _changed(before: Settings, after: Settings) -> list[str]:
    return [name for name in Settings.model_fields if name not in _LIVE and getattr(before, name) != getattr(after, name)]


def _stamp(file: FilePath) -> str:
    try:
        found = os.stat(file)
    except OSError as error:
        return f"{file} {error.errno}"
    return f"{file} {found.st_mtime_ns} {found.st_size} {found.st_ino}"
