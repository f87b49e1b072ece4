"""Lengths as chat services count them: in UTF-16 units, of which an emoji or a rare ideograph takes two. Pure."""

from __future__ import annotations

import json

from monitor.model import JsonObject


def units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def cut(text: str, most: int) -> str:
    """``text`` in ``most`` units or fewer, with an ellipsis where something went; no character is cut in two."""
    if units(text) <= most:
        return text
    left, kept = most - 1, 0
    for character in text:
        left -= 2 if character > "\uffff" else 1
        if left < 0:
            break
        kept += 1
    return f"{text[:kept].rstrip()}…"


def encoded(body: JsonObject) -> bytes:
    """JSON in the order given, one line, every script as it is: the same message is the same bytes on every attempt."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
