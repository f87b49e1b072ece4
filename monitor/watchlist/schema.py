"""The JSON Schema of a watchlist file, for editors that complete and check while one types.

It says less than the reader: queries, marks and references are text here. What it refuses the reader refuses too.
"""

from __future__ import annotations

from typing import Final

from monitor.model import JsonObject, Mode, Severity, Stance

_TEXT: Final[JsonObject] = {"type": "string"}
#: YAML gives an editor numbers and truth values where the program reads text; both mean their letters.
_SCALAR: Final[JsonObject] = {"type": ["string", "number", "boolean"]}
_TERMS: Final[JsonObject] = {
    "description": "One term a line, or a list. Marks stand in parentheses: (this-form) (exact) (verb) (name).",
    "anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}],
}
_LANGUAGE: Final = "^([a-z]{2,3}|any)$"


def watchlist_schema() -> JsonObject:
    severities, stances = [s.value for s in Severity], [s.value for s in Stance]
    query = {
        **_TEXT,
        "description": "groups, AND OR NOT, NEAR/n, THEN/n, near(), sentence(), paragraph(), count(), first(), title: lead: body:",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A watchlist",
        "type": "object",
        "required": ["id", "when"],
        "anyOf": [{"required": ["groups"]}, {"required": ["use"]}],
        "additionalProperties": False,
        "properties": {
            "id": {**_SCALAR, "description": "Also the file's name.", "pattern": "^[a-z0-9][a-z0-9_-]{0,62}$"},
            "title": _SCALAR,
            "description": _SCALAR,
            "owner": _SCALAR,
            "severity": {"enum": severities, "default": Severity.MEDIUM.value},
            "labels": {"type": "object", "additionalProperties": _SCALAR},
            "mode": {"enum": [mode.value for mode in Mode], "default": Mode.LIVE.value},
            "max_alerts": {**_TEXT, "description": "Told one by one at most; the others in one digest.", "examples": ["50/d"]},
            "use": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}], "examples": [["vocabulary/arms"]]},
            "groups": {"type": "object", "additionalProperties": _group()},
            "mask": _by_language("Phrases that cannot be part of a hit."),
            "when": query,
            "escalate": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["to", "when"],
                    "additionalProperties": False,
                    "properties": {"to": {"enum": severities}, "when": query},
                },
            },
            "tests": {"type": "array", "items": _test(severities, stances)},
        },
    }


def _by_language(description: str) -> JsonObject:
    return {"type": "object", "description": description, "patternProperties": {_LANGUAGE: _TERMS}, "additionalProperties": False}


def _group() -> JsonObject:
    group = _by_language("Terms by language (ISO 639-1, or any).")
    return {
        **group,
        "properties": {
            "from": {**_TEXT, "description": "A file of names in entities/."},
            "weak": {"type": "boolean", "description": "Take the weak aliases of that file too."},
            "add": {"type": "boolean", "description": "Add to the vocabulary's group of this name."},
            "drop": {"description": "Terms of the vocabulary's group to leave out.", "anyOf": [*_TERMS["anyOf"], {"type": "object"}]},
        },
    }


def _test(severities: list[str], stances: list[str]) -> JsonObject:
    kinds = ("alert", "quiet", "alert_file", "quiet_file")
    return {
        "type": "object",
        "additionalProperties": False,
        "oneOf": [{"required": [kind]} for kind in kinds],
        "properties": {
            **dict.fromkeys(kinds, _SCALAR),
            "evidence": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}], "description": "What a quote of the evidence must contain."},
            "stance": {"enum": stances},
            "severity": {"enum": severities},
        },
    }
