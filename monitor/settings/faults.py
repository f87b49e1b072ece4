"""What pydantic finds wrong, said to the person who must mend it: what stands there, what may stand there.

A fault is found by path; which file, line or variable that path came from is the layers' knowledge. Values are quoted
unless they may be secret; the sort of a fault quotes none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from monitor.settings.schema import SettingsSchema, closest
from monitor.settings.secrecy import HIDDEN, is_plain, secrets_in, unquoted
from monitor.sinks import SINK_TYPES
from monitor.yamlmap import Path, lookup


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault by path. ``key`` underlines the key instead of the value. ``sort`` is the message for those who may see no value."""

    path: Path
    message: str
    hint: str = ""
    key: bool = False
    sort: str = "not what may stand here"


def findings(error: ValidationError, data: Mapping[str, Any], schema: SettingsSchema) -> list[Finding]:
    items = [(item, *_path(item["loc"], data, missing=item["type"] == "missing")) for item in error.errors(include_url=False)]
    # A key that was meant by one that nobody knows is not missing as well.
    meant = {(*path[:-1], closest(str(path[-1]), schema.keys(path[:-1]))) for item, path, _ in items if item["type"] == "extra_forbidden"}
    found: list[Finding] = []
    for item, path, of_key in items:
        if item["type"] == "too_short" and len(item["input"]) >= item["ctx"]["min_length"]:
            continue  # it is its members that are at fault, and they are said
        slips = _slips(item, path, schema)
        found += [_unknown((*path, name), schema) for name in slips]
        # Nor is the key that says of which kind it is, where it is only misspelt.
        if not {*slips.values()} & {*_DECIDING.get(item["type"], ())} and (item["type"] != "missing" or path not in meant):
            found.append(_finding(item, path, of_key, schema))
    return found


#: Keys that say of which kind a member of a union is, by the fault that none (or more than one) of them is there.
_DECIDING: Final = {"source_kind": ("folder", "feed", "push"), "union_tag_not_found": ("type",)}


def _slips(item: ErrorDetails, path: Path, schema: SettingsSchema) -> dict[str, str | None]:
    """The unknown keys of what is of no kind, which pydantic does not look into, each with the one that was probably meant."""
    if item["type"] not in _DECIDING or not isinstance(item["input"], Mapping):
        return {}
    known = schema.keys(path)
    return {str(key): closest(str(key), known) for key in item["input"] if str(key) not in known}


def _unknown(path: Path, schema: SettingsSchema) -> Finding:
    name, known = str(path[-1]), schema.keys(path[:-1])
    meant = closest(name, known)
    hint = f"did you mean {meant!r}?" if meant else f"known here: {', '.join(known)}"
    sort = "a key that is not known here"
    if name in known:  # of another member of the union
        hint = sort = f"{name!r} goes with another kind than this one"
    return Finding(path, f"unknown key {name if is_plain(name) else HIDDEN!r}", hint, key=True, sort=sort)


def _path(loc: tuple[str | int, ...], data: Mapping[str, Any], *, missing: bool) -> tuple[Path, bool]:
    """pydantic's location without the tags of unions, which stand in no file; and whether it speaks of the key itself."""
    path: Path = ()
    of_key = loc[-1:] == ("[key]",)
    steps = loc[:-1] if of_key else loc
    for position, step in enumerate(steps):
        try:
            lookup(data, (*path, step))
        except LookupError:
            # The last step may be a missing key; any other step that leads nowhere is a union's tag.
            if not missing or position < len(steps) - 1:
                continue
        path = (*path, step)
    return path, of_key


_WANTED = {
    "string_type": "text",
    "list_type": "a list, such as [one, two]",
    "tuple_type": "a list, such as [one, two]",
    "dict_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
    "model_attributes_type": "a mapping (key: value)",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number with its unit, such as 15m",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "path_type": "the path of a file or folder",
}


def _finding(item: ErrorDetails, path: Path, of_key: bool, schema: SettingsSchema) -> Finding:
    kind, message, context, value = item["type"], item["msg"], item.get("ctx", {}), item["input"]
    name = str(path[-1]) if path else ""
    hidden = schema.is_secret(path) or (not isinstance(value, Mapping | list | tuple) and any(secrets_in(path, value, schema)))
    if kind == "extra_forbidden":
        return _unknown(path, schema)
    if kind == "missing":
        said = f"{name!r} is missing"
        return Finding(path[:-1], said, _missing_hint(path), key=len(path) > 1, sort=said)
    if kind in ("literal_error", "enum"):
        expected = str(context.get("expected", ""))
        choices = [choice.strip("'") for choice in expected.replace(" or ", ", ").split(", ")]
        meant = closest(value, choices) if isinstance(value, str) else None
        stands = "what stands here" if hidden else _quoted(value)
        sort = f"not one of {', '.join(choices)}"
        return Finding(path, f"{stands} is {sort}", f"did you mean {meant!r}?" if meant else "", sort=sort)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        place = (*path, "type") if kind == "union_tag_invalid" else path
        tag = context.get("tag")
        stands = "what stands here" if any(secrets_in(place, tag, schema)) else _quoted(tag)
        said = f"{stands} is no type of sink" if kind == "union_tag_invalid" else "'type' is missing"
        sort = "no type of sink" if kind == "union_tag_invalid" else said
        meant = closest(str(context.get("tag", "")), SINK_TYPES) if kind == "union_tag_invalid" else None
        return Finding(place, said, f"did you mean {meant!r}?" if meant else f"write one of: {', '.join(SINK_TYPES)}", sort=sort)
    if kind == "source_kind":
        hint = "folder: PATH for files, feed: URL for a feed, push: true for documents that others hand in"
        return Finding(path, message, hint, key=True, sort=message)
    if kind in _WANTED:
        stands = "what stands here" if hidden else "an empty value" if value is None else _quoted(value)
        hint = _type_hint(kind, name, HIDDEN if hidden else value)
        return Finding(path, f"{stands} should be {_WANTED[kind]}", hint, sort=f"this should be {_WANTED[kind]}")
    if kind == "too_short":
        empty = f"the {'mapping' if isinstance(value, Mapping) else 'list'} {name!r} is empty"
        return Finding(path, empty, _empty_hint(path, name), sort="an empty list")
    text = unquoted(message.removeprefix("Value error, "), path, value, schema)
    return Finding(path, text[:1].lower() + text[1:] if not of_key else text, key=of_key)


def _quoted(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value)
    return repr(text if len(text) <= 60 else text[:57] + "…")


def _missing_hint(path: Path) -> str:
    return {"data_dir": "data_dir: ./var", "watchlists": "watchlists: ./watchlists"}.get(str(path[0]), "") if len(path) == 1 else ""


#: What may stand in an empty list of a route; the settings themselves say it of the others.
_SOME = {
    "severity": "[high, critical]",
    "stance": "[reported]",
    "watchlist": "[arms-transfer]",
    "source": "[example-ar]",
    "language": "[ar]",
    "labels": "{country: [EG]}",
    "tell": "[raised, closed]",
    "to": "[log]",
    "days": "[mon, tue]",
}


def _empty_hint(path: Path, name: str) -> str:
    """Left out, a condition of a route holds of everything: an empty one may be meant as nothing, and is neither."""
    example = f"{name}: {_SOME.get(name, '[one, two]')}"
    if path[0] != "routes" or name == "to":
        return f"write {example}"
    every = "everything is told" if name == "tell" else "any will do" if "not" not in path else "nothing is left out for it"
    return f"write what is meant, such as {example}, or leave {name!r} out: then {every}"


def _type_hint(kind: str, name: str, value: Any) -> str:
    if kind in ("list_type", "tuple_type") and isinstance(value, str):
        return f"{name}: [{value}]"
    return ""
