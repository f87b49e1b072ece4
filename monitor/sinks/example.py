"""The first block of a sink in a configuration, written for a person: made of the settings themselves, so that it says what they say.

What must be given stands there with values that stand in; every other setting is commented out, with its default and what it is
for. Pure: settings and names in, YAML out. This module must not know any type.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml
from pydantic import BaseModel

#: A comment begins here at the earliest, in characters behind the indent, so that comments of short settings stand below each other.
_COMMENT: Final = 36
#: What stands for a value that has no default.
_KINDS: Final = {"integer": "0", "number": "0", "boolean": "false", "array": "[]", "object": "{}"}


@dataclass(frozen=True, slots=True)
class Example:
    """What ``monitor sinks add WORD`` writes. ``says`` is one line for the list of words; ``values`` are what a first block holds,
    in order, ``{name}`` in them being the sink's name."""

    word: str
    says: str
    values: Mapping[str, Any]

    def named(self, name: str) -> dict[str, Any]:
        return {key: _named(value, name) for key, value in self.values.items()}


def _named(value: Any, name: str) -> Any:
    if isinstance(value, str):
        return value.replace("{name}", name)
    return [_named(one, name) for one in value] if isinstance(value, list | tuple) else value


def block(
    kind: type[BaseModel], name: str, type_: str, values: Mapping[str, Any], *, last: Collection[str] = (), without: Collection[str] = ()
) -> str:
    """The lines of one sink, as they stand under ``sinks:`` before they are indented. ``last`` are settings that stand at the end,
    ``without`` those that mean nothing to this type."""
    fields = _fields(kind)
    lines = [f"{name}:", f"  type: {type_}"]
    lines += [_line("  ", key, value, fields[key]) for key, value in values.items()]
    left = [key for key in fields if key not in {"type", *values, *without}]
    lines += [_line("  # ", key, _usual(fields[key]), fields[key]) for key in sorted(left, key=lambda key: key in last)]
    return "".join(f"{line}\n" for line in lines)


def written(value: Any) -> str:
    """A value on one line, as YAML takes it behind a key."""
    dumped: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=1 << 20, sort_keys=False)
    return dumped.removesuffix("...\n").strip()


def _line(indent: str, key: str, value: Any, field: Mapping[str, Any]) -> str:
    said = f"{indent}{key}: {value if isinstance(value, _Kind) else written(value)}"
    about = " ".join(filter(None, [field.get("description", ""), _choice(field)]))
    return f"{said.ljust(len(indent.replace('# ', '')) + _COMMENT)}  # {about}" if about else said


class _Kind(str):
    """What stands for a value, written as it is: FILE, TEXT."""


def _usual(field: Mapping[str, Any]) -> Any:
    """Its default, or what shows the kind of value it takes."""
    default = field.get("default")
    if default not in (None, "", [], {}):
        return default
    if examples := [one for each in (field, *_alternatives(field)) for one in each.get("examples", ())]:
        return examples[0]
    if any("path" in str(one.get("format", "")) for one in _alternatives(field)):
        return _Kind("FILE")
    kinds = [str(one.get("type", "")) for one in _alternatives(field) if one.get("type") != "null"]
    return _Kind(next((_KINDS[kind] for kind in kinds if kind in _KINDS), "TEXT"))


def _choice(field: Mapping[str, Any]) -> str:
    words = next((one["enum"] for one in _alternatives(field) if "enum" in one), ())
    return f"One of {', '.join(map(str, words))}." if words else ""


def _alternatives(field: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield field
    for one in field.get("anyOf", ()):
        yield from _alternatives(one)


def _fields(kind: type[BaseModel]) -> Mapping[str, Mapping[str, Any]]:
    """What may be set, defaults as they are written (``1d`` and not seconds), by name."""
    found: Mapping[str, Mapping[str, Any]] = kind.model_json_schema(mode="serialization")["properties"]
    return found
