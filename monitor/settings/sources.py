"""The configured sources and routes as the flow wants them, at the start and whenever a file of the configuration has changed.

This module must not know how a source is read; it turns settings into specs and says what else has changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path as FilePath

from monitor.errors import ConfigError, Fault
from monitor.model import SourceKind, SourceSpec
from monitor.settings.live import gone, live
from monitor.settings.load import Loaded
from monitor.settings.model import MIN_TOKEN, FeedSettings, FolderSettings, PushSettings, Settings

#: How often a feed is asked whose rhythm is not learnt yet (seconds).
UNLEARNT = 900.0
#: A configuration that changes while it is read is read so often.
_READINGS = 3


def source_specs(loaded: Loaded) -> list[SourceSpec]:
    origins = _origins(loaded)
    return [_spec(name, source, loaded, origins.get(name, "")) for name, source in loaded.settings.sources.items()]


def _spec(name: str, source: FolderSettings | FeedSettings | PushSettings, loaded: Loaded, origin: str) -> SourceSpec:
    common = SourceSpec(
        name=name,
        kind=SourceKind.PUSH,
        location="",
        every=UNLEARNT,
        language=source.language,
        labels=dict(source.labels),
        important=source.important,
        fresh=source.fresh,
        origin=origin,
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


def push_tokens(loaded: Loaded) -> dict[str, tuple[str, ...]]:
    """The tokens of every pushed source; raises ConfigError naming each that cannot be used."""
    found: dict[str, tuple[str, ...]] = {}
    faults = []
    for name, source in loaded.settings.sources.items():
        if isinstance(source, PushSettings):
            try:
                found[name] = _new_tokens(source, found)
            except ValueError as error:
                sort = f"sources.{name}: the token of this source cannot be used"
                faults.append(Fault(f"sources.{name}: {error}", _origins(loaded).get(name, ""), sort=sort))
    if faults:
        raise ConfigError(faults)
    return found


def _new_tokens(source: PushSettings, others: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Raises ValueError."""
    tokens = _tokens(source)
    for other, its in others.items():
        if set(tokens) & set(its):
            raise ValueError(f"its token is also that of {other}: a token names one source")
    return tokens


def _tokens(source: PushSettings) -> tuple[str, ...]:
    """While a token is changed, the file holds the new and the old one, on a line each. Raises ValueError, which quotes none."""
    if source.secret is not None:
        return (source.secret.get_secret_value(),)
    assert source.secret_file is not None
    try:
        tokens = tuple(source.secret_file.read_text("utf-8").split())
    except (OSError, ValueError) as error:
        reason = (error.strerror or "not readable") if isinstance(error, OSError) else "it is not text"
        raise ValueError(f"the secret file {source.secret_file} cannot be read: {reason}") from None
    if not tokens or min(map(len, tokens)) < MIN_TOKEN:
        raise ValueError(
            f"the secret file {source.secret_file} holds no token of {MIN_TOKEN} characters or more: make one with `openssl rand -hex 24`"
        )
    return tokens


def _secret_files(loaded: Loaded) -> tuple[FilePath, ...]:
    sources = loaded.settings.sources.values()
    return tuple(source.secret_file for source in sources if isinstance(source, PushSettings) and source.secret_file is not None)


def _origins(loaded: Loaded) -> dict[str, str]:
    """The file and line that configured each source: that of its first value. In one pass, for there may be thousands."""
    found: dict[str, str] = {}
    for path, origin in loaded.origins.items():
        if len(path) > 1 and path[0] == "sources":
            found.setdefault(str(path[1]), origin.where)
    return found


class ConfiguredSources:
    """The sources of the configuration and of the lists it names, and its routes; reads all of it again when any of these files
    changed."""

    def __init__(self, loaded: Loaded, load: Callable[[], Loaded]) -> None:
        """``loaded`` is what was put into force; ``load`` reads the same configuration again, raising ConfigError. So does this
        where the token of a pushed source cannot be read."""
        self._loaded, self._load = loaded, load
        self._files = (*loaded.files, *_secret_files(loaded))
        self._tokens = push_tokens(loaded)
        self._routing = loaded.settings
        self._taken = loaded
        self._waiting: tuple[str, ...] = ()

    @property
    def loaded(self) -> Loaded:
        """What was put into force at the start."""
        return self._loaded

    @property
    def tokens(self) -> Mapping[str, tuple[str, ...]]:
        """The secrets of pushed sources, as read last, by name."""
        return self._tokens

    @property
    def routing(self) -> Settings:
        """The routes to put into force, as read last, and the sinks that run with their quiet hours and rates."""
        return self._routing

    def stamp(self) -> str:
        return "\n".join(_stamp(file) for file in self._files)

    def read(self, *, asked: bool = False) -> Sequence[SourceSpec]:
        latest, tokens = self._read_still()
        missing = () if asked else gone(self._taken.settings, latest.settings)
        if missing:
            self._waiting = (f"all of it (it has no {' and no '.join(missing)} any more; a SIGHUP takes it as it is)",)
        else:
            found = live(self._loaded.settings, self._routing, latest.settings)
            self._taken, self._tokens, self._routing, self._waiting = latest, tokens, found.routing, found.waiting
        # Bounds of learnt intervals and the like wait for the restart, too: the sources are those of the latest, the rest is not.
        settings = self._taken.settings.model_copy(update={"fetch": self._loaded.settings.fetch})
        return source_specs(replace(self._taken, settings=settings))

    def _read_still(self) -> tuple[Loaded, dict[str, tuple[str, ...]]]:
        """A reading during which no file changed, with its tokens. Raises ConfigError."""
        for _ in range(_READINGS):
            before = {file: _stamp(file) for file in self._files}
            latest = self._load()
            self._files = (*latest.files, *_secret_files(latest))
            tokens = push_tokens(latest)
            if all(before.get(file, now) == now for file in self._files for now in [_stamp(file)]):
                return latest, tokens
        message = "the configuration changes while it is read"
        raise ConfigError([Fault(message, str(self._loaded.file), sort=message)])

    def waiting(self) -> Sequence[str]:
        return self._waiting


def _stamp(file: FilePath) -> str:
    try:
        found = os.stat(file)
    except OSError as error:
        return f"{file} {error.errno}"
    except ValueError:  # no path at all
        return str(file)
    return f"{file} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_size} {found.st_ino}"
