"""The part of a query that ends, or begins, at a place of its text: what a hint repeats around an operator.

Works on text alone, since what it is asked of is a query that cannot be read: a word, a quoted phrase, a balanced parenthesis
with its function's name, a count with its number. This module must not know what any operator means.
"""

from __future__ import annotations

import re
from typing import Final

#: Characters looked at around a fault: no part worth repeating is longer, and hostile files are as long as they like.
AROUND: Final = 200
QUOTES: Final = frozenset('"“”„«»「」')
BLANKS: Final = " \t\r\n\u00a0\u200e\u200f"
_OPENERS: Final = {'"': '"', "”": "“", "“": "„", "»": "«", "」": "「"}
_COUNTED: Final = re.compile(r"count\s*\([^()]*\)\s*>=\s*\d+\Z", re.IGNORECASE)


def before(text: str, at: int) -> int:
    """Where the part begins that ends at ``at``, blanks between left out; ``at`` where there is none."""
    low = max(0, at - AROUND)
    found = operand_before(text[low:at].rstrip(BLANKS))
    return low + len(text[low:at].rstrip(BLANKS)) - len(found) if found else at


def behind(text: str, at: int) -> int:
    """Where the part ends that begins at ``at``, blanks before it left out; ``at`` where there is none."""
    rest = text[at : at + AROUND]
    found = operand_behind(rest.lstrip(BLANKS))
    return at + len(rest) - len(rest.lstrip(BLANKS)) + len(found) if found else at


def operand_before(text: str) -> str:
    """The part that ends where ``text`` ends."""
    if counted := _COUNTED.search(text):
        return counted.group()
    if text.endswith(")"):
        depth = 0
        for at in range(len(text) - 1, -1, -1):
            depth += {")": 1, "(": -1}.get(text[at], 0)
            if depth == 0:
                name = re.search(r"[\w-]*\Z", text[:at])
                return text[name.start() if name else at :]
        return ""
    opener = _OPENERS.get(text[-1:])
    if opener is not None:
        at = max(text.rfind(opener, 0, -1), text.rfind('"', 0, -1))
        return text[at:] if at >= 0 else ""
    found = re.search(r"[^\W\d][\w-]*\Z", text)
    return found.group() if found else ""


def operand_behind(text: str) -> str:
    """The part that begins where ``text`` begins."""
    if text[:1] in QUOTES:
        end = next((at for at in range(1, len(text)) if text[at] in QUOTES), -1)
        return text[: end + 1] if end > 0 else ""
    found = re.match(r"[\w.-]*", text)
    head = found.group() if found else ""
    if text[len(head) : len(head) + 1] != "(":
        return head
    depth = 0
    for at in range(len(head), len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return text[: at + 1]
    return ""


def bare(part: str) -> str:
    """Without the parentheses around the whole of it."""
    whole = part.startswith("(") and part.endswith(")") and operand_behind(part) == part
    return part[1:-1].strip() if whole else part
