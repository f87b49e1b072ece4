"""Every setting in force with where it came from, ready to print: secrets are masked here and nowhere later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from monitor.settings.load import Loaded, settings_schema
from monitor.settings.schema import SettingsSchema, leaves
from monitor.yamlmap import Path

SECRET = "(secret)"  # noqa: S105 - what is shown instead of one


@dataclass(frozen=True, slots=True)
class Shown:
    """``name`` is the dotted path, ``value`` text or plain data without secrets, ``where`` its origin."""

    name: str
    value: Any
    where: str


def show(loaded: Loaded) -> list[Shown]:
    """Every setting, defaults included, in the order of the schema."""
    schema = settings_schema()
    dumped = loaded.settings.model_dump(mode="json", by_alias=True)
    shown: list[Shown] = []
    for path, value in leaves(dumped):
        origin = next((loaded.origins[path[:n]] for n in range(len(path), 0, -1) if path[:n] in loaded.origins), None)
        name = ".".join(str(step) for step in path)
        shown.append(Shown(name, masked(path, _written(value), schema), origin.where if origin else "default"))
    return shown


def _written(value: Any) -> Any:
    """Routes as they were written: what they do not say is left out."""
    if isinstance(value, list):
        return [_written(inner) for inner in value]
    if isinstance(value, dict):
        return {key: _written(inner) for key, inner in value.items() if inner not in (None, False, {}, []) and _written(inner) != {}}
    return value


def masked(path: Path, value: Any, schema: SettingsSchema) -> Any:
    if value is None or value == "":
        return value
    if schema.is_secret(path):
        return SECRET
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        return mask_url(value, whole_path=path[0] == "sinks")
    if isinstance(value, str) and path[0] == "sinks" and "://" in value:
        # apprise keeps its keys anywhere in an address, also where others have the host.
        return f"{value.partition('://')[0]}://{SECRET}"
    return value


def mask_url(url: str, *, whole_path: bool = False) -> str:
    """An address without what may be a key in it: user and password, the query, and for sinks (whose hooks carry
    their token there) the path."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    user = f"{SECRET}@" if "@" in parts.netloc else ""
    path = f"/{SECRET}" if whole_path and parts.path.strip("/") else parts.path
    return urlunsplit((parts.scheme, user + host, path, SECRET if parts.query else "", ""))
