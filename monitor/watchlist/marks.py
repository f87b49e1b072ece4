"""Marks: how a term or a quoted phrase is matched, as people write it in parentheses behind it."""

from __future__ import annotations

import re
from typing import Final

from monitor.text.forms import Mark

#: All of them, as they are written.
MARKS: Final = ", ".join(f"({mark.value})" for mark in Mark)


def parse_mark(text: str) -> Mark | None:
    """The mark named in parentheses after a term, or None."""
    try:
        return Mark(text.strip().lower().replace("_", "-").replace(" ", "-"))
    except ValueError:
        return None


def split_mark(text: str) -> tuple[str, Mark | str | None]:
    """``MANPADS (exact)`` -> (``MANPADS``, Mark.EXACT); an unknown mark comes back as its text, none as None."""
    found = re.search(r"\(([^()]*)\)\s*$", text)
    if not found:
        return text.strip(), None
    return text[: found.start()].strip(), parse_mark(found.group(1)) or found.group(1).strip()
