"""Find the configuration, read every layer of it, and hand out settings whose every value knows where it came from.

All faults of all layers are reported together in one ConfigError. This module reads the configuration file, the
environment and the secrets folder, and nothing else: whether a folder exists or an address answers is for the rooms
that use it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from monitor.errors import ConfigError, Fault
from monitor.settings.faults import Finding, findings
from monitor.settings.layers import EnvironmentLayer, FileLayer, Layer, OptionLayer, Origin, SecretsLayer
from monitor.settings.model import FeedSettings, FolderSettings, Settings
from monitor.settings.routing import doubtful_routes, wrong_routes
from monitor.settings.schema import SettingsSchema, closest, leaves
from monitor.settings.secrecy import named, unread
from monitor.settings.sourcelists import list_layers
from monitor.settings.values import format_duration
from monitor.sinks import SINK_TYPES
from monitor.text.links import canonical
from monitor.yamlmap import MAX_BYTES, Path, YamlMap, read_yaml

#: Where container runtimes and systemd put secrets; the modes of files there are theirs to set, not the user's.
RUNTIME_SECRETS = FilePath("/run/secrets")
#: Settings that name a file holding a secret end so.
SECRET_FILE_KEY = "secret_file"  # noqa: S105 - the name of a key, not a secret
#: A feed asked more often than this (seconds) is asked too often for most publishers.
_OFTEN = 120.0
#: Of feeds that share a doubt, those that it names.
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Loaded:
    """``data`` is what was written, merged, as text; ``origins`` say where each of its values came from.
    ``warnings`` are faults that refuse nothing."""

    settings: Settings
    file: FilePath
    data: Mapping[str, Any]
    origins: Mapping[Path, Origin]
    warnings: tuple[Fault, ...] = ()
    #: The configuration file and the lists of sources it names.
    files: tuple[FilePath, ...] = ()
    layers: tuple[Layer, ...] = field(default=(), repr=False, compare=False)

    def warning(self, path: Path, message: str, hint: str = "") -> Fault:
        """A doubt about a value that only somebody who read more than the configuration can have, at its place."""
        return _placed(Finding(path, message, hint), self.layers, settings_schema(), warning=True)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The parts of the world that settings come from, so that tests can bring their own."""

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: FilePath = field(default_factory=FilePath.cwd)
    system: FilePath = FilePath("/etc/monitor/monitor.yaml")

    def candidates(self) -> list[FilePath]:
        home = self.environ.get("HOME", "")
        xdg = self.environ.get("XDG_CONFIG_HOME") or (os.path.join(home, ".config") if home else "")
        user = [FilePath(xdg) / "monitor" / "monitor.yaml"] if xdg else []
        return [self.cwd / "monitor.yaml", *user, self.system]

    def secrets(self, chosen: FilePath | None) -> FilePath | None:
        """``--secrets``, or what systemd's LoadCredential= hands over; no folder is no secrets."""
        if chosen is not None:
            return chosen
        credentials = self.environ.get("CREDENTIALS_DIRECTORY", "")
        return FilePath(credentials) if credentials else None


def find_config(chosen: FilePath | None, around: Surroundings) -> FilePath:
    """The file of ``--config``, else the first that exists; raises ConfigError naming where it looked."""
    if chosen is not None:
        return around.cwd / chosen
    for candidate in around.candidates():
        if os.path.isfile(candidate):  # of Path's own methods some raise
            return candidate
    looked = ", ".join(str(c) for c in around.candidates())
    raise ConfigError(
        [
            Fault(
                f"no configuration file found (looked for {looked})",
                hint="name one with --config FILE, or write one with: monitor init DIR",
            )
        ]
    )


def load(
    chosen: FilePath | None = None,
    *,
    options: Mapping[Path, tuple[str, str]] | None = None,
    secrets: FilePath | None = None,
    around: Surroundings | None = None,
    lists: bool = True,
) -> Loaded:
    """Read and check the whole configuration; raises ConfigError with every fault of every layer. Without ``lists`` as though
    it named no lists of sources: what can be read of it where one of them is broken."""
    try:
        return _load(chosen, around or Surroundings(), options, secrets, lists=lists)
    except OSError as error:  # of a file that goes away, or may not be seen, while it is read
        message = f"the configuration cannot be read: {error.strerror or type(error).__name__}"
        raise ConfigError([Fault(message, str(chosen or ""), sort=message)]) from None


def _load(
    chosen: FilePath | None,
    around: Surroundings,
    options: Mapping[Path, tuple[str, str]] | None,
    secrets: FilePath | None,
    *,
    lists: bool,
) -> Loaded:
    path = find_config(chosen, around)
    raw, mode = _raw(path, str(chosen or path))
    schema = settings_schema()
    file_layer = FileLayer(Settings, path.resolve().parent, schema, _parsed(raw, str(chosen or path)))
    layers = own_layers(file_layer, around, schema, options=options, secrets=secrets)
    own = merged(layers)
    below, listed = list_layers(own.get("sources_from") if lists else (), schema, _places(own, layers))
    layers += below
    data = merged(layers)
    faults = [*(fault for layer in layers if layer not in below for fault in layer.faults), *(f for f in listed if not f.warning)]
    settings: Settings | None = None
    try:
        settings = _bound(layers)()  # type: ignore[call-arg]  # the layers bring the arguments
    except ValidationError as error:
        faults += [_placed(finding, layers, schema) for finding in findings(error, data, schema)]
    faults += [_placed(finding, layers, schema) for finding in _unknown_sinks(data)]
    if settings is not None:
        faults += [_placed(finding, layers, schema) for finding in wrong_routes(settings)]
        faults += [replace(fault, sort="a template has a fault") for sink in settings.sinks.values() for fault in sink.faults()]
    if settings is None or faults:
        raise ConfigError(sorted(faults, key=lambda fault: (fault.file, fault.line, fault.column)))
    origins = {leaf: origin for leaf, _ in leaves(data) if (origin := _origin(leaf, layers)) is not None}
    doubts = [*_doubts(settings), *(_open_secrets(file_layer, schema, path) if mode & stat.S_IROTH else [])]
    warnings = (*(_placed(finding, layers, schema, warning=True) for finding in doubts), *(fault for fault in listed if fault.warning))
    return Loaded(settings, path, data, origins, warnings, (path, *(layer.file for layer in below)), tuple(layers))


def own_layers(
    file_layer: FileLayer,
    around: Surroundings,
    schema: SettingsSchema,
    *,
    options: Mapping[Path, tuple[str, str]] | None = None,
    secrets: FilePath | None = None,
) -> list[Layer]:
    """Those of the configuration itself, without its lists of sources, highest first."""
    secret_layer = SecretsLayer(Settings, around.cwd, schema, file_layer.data, around.secrets(secrets))
    env_layer = EnvironmentLayer(Settings, around.cwd, schema, merged([secret_layer, file_layer]), around.environ)
    return [OptionLayer(Settings, around.cwd, schema, options or {}), env_layer, secret_layer, file_layer]


def _places(data: Mapping[str, Any], layers: Sequence[Layer]) -> dict[str, str]:
    """The names of the sources that the configuration itself has, each with where it stands."""
    sources = data.get("sources")
    found = {str(name): _origin(("sources", name), layers) for name in sources} if isinstance(sources, Mapping) else {}
    return {name: origin.where if origin else "the configuration" for name, origin in found.items()}


def settings_schema() -> SettingsSchema:
    return SettingsSchema(Settings.model_json_schema())


def read_file(path: FilePath, shown: str) -> YamlMap:
    return _parsed(_raw(path, shown)[0], shown)


def _raw(path: FilePath, shown: str) -> tuple[bytes, int]:
    """What stands in the file, and the mode of that very file: another may have its name by now."""
    try:
        with path.open("rb") as opened:
            return opened.read(MAX_BYTES + 1), os.fstat(opened.fileno()).st_mode
    except FileNotFoundError:
        message, hint = "there is no such configuration file", "write one with: monitor init DIR"
    except OSError as error:
        message, hint = f"the configuration file cannot be read: {error.strerror}", ""
    raise ConfigError([Fault(message, shown, hint=hint, sort=message)])


def _parsed(raw: bytes, shown: str) -> YamlMap:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        message = "the file is not UTF-8 text"
        raise ConfigError([Fault(message, shown, line, hint="save it as UTF-8", sort=message)]) from None
    try:
        return read_yaml(text, shown)
    except ConfigError as error:
        schema = settings_schema()
        raise ConfigError(unread(fault, schema) for fault in error.faults) from None


def merged(layers: Sequence[Layer]) -> dict[str, Any]:
    """Values of all layers, earlier ones first in rank: the very merge that pydantic-settings makes, kept for origins."""
    data: dict[str, Any] = {}
    for layer in reversed(layers):
        _update(data, layer.data)
    return data


def _update(into: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _update(into[key], value)
        elif isinstance(value, Mapping):
            into[key] = {}
            _update(into[key], value)
        else:
            into[key] = value


def _bound(layers: Sequence[Layer]) -> type[Settings]:
    class BoundSettings(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return tuple(layers)

    return BoundSettings


def _origin(path: Path, layers: Sequence[Layer]) -> Origin | None:
    return next((origin for layer in layers if (origin := layer.origin(path)) is not None), None)


def _placed(finding: Finding, layers: Sequence[Layer], schema: SettingsSchema, *, warning: bool = False) -> Fault:
    """The finding at the place of the highest layer that set it, or else in the configuration's own file, which lists of sources follow."""
    own = next(layer for layer in layers if isinstance(layer, FileLayer))
    owner = next((layer for layer in layers if layer.origin(finding.path) is not None), own)
    fault = owner.fault(finding.path, finding.message, finding.hint, key=finding.key)
    place = named(finding.path, schema)
    return replace(fault, warning=warning, sort=f"{place}: {finding.sort}" if place else finding.sort)


def _unknown_sinks(data: Mapping[str, Any]) -> list[Finding]:
    """Routes to sinks that are not configured; asked of the written data, so that it is found beside other faults."""
    sinks, routes = data.get("sinks"), data.get("routes")
    names = [*sinks] if isinstance(sinks, Mapping) else []
    found: list[Finding] = []
    for index, route in enumerate(routes if isinstance(routes, list) else []):
        to = route.get("to") if isinstance(route, Mapping) else None
        for place, name in enumerate(to if isinstance(to, list) else []):
            if isinstance(name, str) and name in names and not _takes(sinks[name] if isinstance(sinks, Mapping) else None):
                found.append(
                    Finding(
                        ("routes", index, "to", place),
                        f"the sink {name!r} takes no notifications",
                        "leave it out",
                        sort="this sink takes no notifications",
                    )
                )
            if isinstance(name, str) and name not in names:
                meant = closest(name, names)
                known = f"did you mean {meant!r}?" if meant else f"configured sinks: {', '.join(names) or 'none'}"
                message, sort = f"there is no sink named {name!r}", "there is no sink of this name"
                found.append(Finding(("routes", index, "to", place), message, known, sort=sort))
    return found


def _takes(sink: Any) -> bool:
    kind = SINK_TYPES.get(str(sink.get("type"))) if isinstance(sink, Mapping) else None
    return kind is None or kind.takes


def _doubts(settings: Settings) -> list[Finding]:
    """What is allowed and yet probably not meant."""
    found: list[Finding] = []
    if not settings.sources:
        found.append(Finding(("sources",), "no source is configured: nothing will be read"))
    if not any(sink.tells and sink.takes for sink in settings.sinks.values()):
        only = "the only sink is the alert log" if settings.sinks else "no sink is configured"
        found.append(
            Finding(("sinks",), f"{only}: nobody is told of an alert", "add a webhook, or read the log with: monitor alerts tail", key=True)
        )
    found += _doubtful_sources(settings)
    found += doubtful_routes(settings)
    routed = {name for route in settings.routes for name in route.to}
    for name, sink in settings.sinks.items():
        found += [Finding(("sinks", name), f"the sink {name!r} {warning}", key=True) for warning in sink.warnings()]
        if settings.routes and name not in routed and sink.takes:
            found.append(Finding(("sinks", name), f"no route leads to the sink {name!r}: it will get nothing", key=True))
    return found


def _doubtful_sources(settings: Settings) -> list[Finding]:
    """Folders that are not there (they may be mounted later), and sources that routes name and nobody configured."""
    found: list[Finding] = []
    for name, source in settings.sources.items():
        if isinstance(source, FolderSettings) and not os.path.isdir(source.folder):
            found.append(Finding(("sources", name, "folder"), f"there is no folder {source.folder}", "create it, or correct the path"))
    found += _doubtful_feeds(settings)
    for index, route in enumerate(settings.routes):
        for key, conditions in (("match", route.match), ("not", route.not_)):
            for name in conditions.source if conditions else ():
                if name not in settings.sources:
                    meant = closest(name, settings.sources)
                    hint = f"did you mean {meant!r}?" if meant else f"configured sources: {', '.join(settings.sources) or 'none'}"
                    found.append(Finding(("routes", index, key, "source"), f"there is no source named {name!r}", hint))
    return found


def _doubtful_feeds(settings: Settings) -> list[Finding]:
    """What makes publishers block a reader, and one feed under two names."""
    found: list[Finding] = []
    feeds = {name: source for name, source in settings.sources.items() if isinstance(source, FeedSettings)}
    if feeds and not settings.fetch.user_agent_contact:
        message = "feeds are fetched without a contact: publishers block what they cannot write to"
        found.append(Finding(("fetch",), message, "fetch: {user_agent_contact: you@example.org}", key=True))
    known: dict[str, str] = {}
    found += _asked_often({name: feed.every for name, feed in feeds.items() if feed.every is not None and feed.every < _OFTEN})
    for name, feed in feeds.items():
        first = known.setdefault(canonical(feed.feed), name)
        if first != name:
            message = f"the same feed as {first!r}: it is fetched twice"
            found.append(Finding(("sources", name), message, "take one of the two out", key=True))
    return found


def _asked_often(every: Mapping[str, float]) -> list[Finding]:
    """One doubt about all of these feeds, by the seconds between two polls of each, where the first of them stands."""
    if not every:
        return []
    names = list(every)
    message = f"a feed asked every {format_duration(every[names[0]])} may block this reader"
    if len(names) > 1:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        message = f"{len(names)} feeds asked more often than every {format_duration(_OFTEN)} may block this reader: "
        message += ", ".join(names[:_NAMED]) + more
    return [Finding(("sources", names[0], "every"), message, "leave 'every' out: the feed's own rhythm decides")]


def _open_secrets(layer: FileLayer, schema: SettingsSchema, file: FilePath) -> list[Finding]:
    """Secrets written into a configuration file that every user of the machine can read."""
    message = "this secret stands in a file that every user of this machine can read"
    hint = f"move it into a file of its own ({SECRET_FILE_KEY}:), or chmod 600 {file}"
    return [Finding(path, message, hint) for path, value in leaves(layer.data) if value and schema.is_secret(path)]


def secret_file_faults(loaded: Loaded, trusted: Sequence[FilePath] = (RUNTIME_SECRETS,)) -> tuple[Fault, ...]:
    """Secret files that are missing, unreadable or open to every user of the machine."""
    faults: list[Fault] = []
    schema = settings_schema()
    for path, value in leaves(loaded.data):
        if not isinstance(value, str) or not schema.is_secret_file(path):
            continue
        origin = loaded.origins.get(path, Origin(str(loaded.file)))
        faults += [Fault(message, origin.where, hint=hint) for message, hint in _secret_file_doubts(FilePath(value), trusted)]
    return tuple(faults)


def _secret_file_doubts(file: FilePath, trusted: Sequence[FilePath]) -> list[tuple[str, str]]:
    try:
        mode = file.stat().st_mode
    except OSError as error:
        return [(f"the secret file {file} cannot be read: {error.strerror}", "create it, readable by this user only")]
    if stat.S_ISREG(mode) and mode & stat.S_IROTH and not any(file.is_relative_to(folder) for folder in trusted):
        return [(f"every user of this machine can read the secret file {file}", f"chmod 600 {file}")]
    return []
