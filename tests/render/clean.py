"""What no channel may show: controls, bidi overrides, isolates that do not end on their own line."""

from __future__ import annotations

import unicodedata

#: Format characters that are spelling or marks without reach.
HARMLESS = "\u200c\u200d\u200e\u200f\u061c"


def faults(text: str) -> list[str]:
    """What is wrong with a text that people are shown, line by line (a line feed is the channel's own)."""
    return [fault for line in text.split("\n") for fault in _of_line(line)]


def _of_line(line: str) -> list[str]:
    found, depth = [], 0
    for character in line:
        if character in "\u2066\u2067\u2068":
            depth += 1
        elif character == "\u2069":
            depth -= 1
            if depth < 0:
                found.append("an isolate ended that never began")
        elif character not in HARMLESS and unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
            found.append(f"U+{ord(character):04X}")
    return found + (["an isolate without an end"] if depth > 0 else [])
