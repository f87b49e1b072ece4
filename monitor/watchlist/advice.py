"""What to write instead: the hints of faults that need more than a sentence.

Each looks at what was written and answers with the query that was probably meant. This module decides nothing: the
grammar has found the fault already.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Final

from monitor.watchlist.cursor import Cursor
from monitor.watchlist.query import DEFAULT_WINDOW, And, Field, Near, Node, Not
from monitor.watchlist.tokens import QueryError

#: How a function or a prefix is used, for those who write its name alone.
USAGE: Final = {
    "near": "a NEAR/10 b, or near(10, a, b, c)",
    "then": "a THEN/10 b",
    "sentence": "sentence(a, b)",
    "paragraph": "paragraph(a, b)",
    "count": "count(a) >= 3",
    "first": "first(60, a)",
    "title": "title: a",
    "lead": "lead: a",
    "body": "body: a",
    "lang": "lang(ar)",
    "source": "source(name)",
    "label": "label(country=EG)",
}


def suggestion(word: str, known: Sequence[str]) -> str:
    """A hint naming the closest known word, or all of them where they are few."""
    close = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    return f"known: {', '.join(sorted(known))}" if 0 < len(known) <= 20 else ""


def near_without_number(reading: Cursor) -> QueryError:
    """``near(a, b)`` and ``NEAR((a, b), 5)``, as spreadsheets and search engines write it."""
    inside = reading.text[reading.token.at :]
    numbers = re.findall(r"(?<![\w-])\d+(?![\w-])", inside.partition(")")[0] + inside.partition("),")[2][:6])
    names = [each.strip("() ") for each in re.split(r"[,،]", inside.partition(")")[0])]
    parts = ", ".join(name for name in names if name and not name.isdecimal()) or "a, b, c"
    hint = f"write: near({numbers[0] if numbers else DEFAULT_WINDOW}, {parts})"
    return reading.fail(f"near( begins with the number of words between, found {reading.shown()}", hint)


def comparison(reading: Cursor, item: Node) -> QueryError:
    """``count(a) > 3`` and the other comparisons there are, answered with >=."""
    fault = reading.fail(f"expected '>=' after count(…), found {reading.shown()}")
    signs = ""
    while reading.token.kind == "op" and reading.token.text in (">", "<", "=", ">="):
        signs += reading.next().text
    least = int(reading.token.text) if reading.token.kind == "number" else 2
    more = least + 1 if signs in (">", "<=", "=<") else least
    fault.hint = f"write: {'NOT ' if '<' in signs else ''}count({item}) >= {more}"
    fault.length = max(fault.length, len(signs))
    return fault


def beside(node: Node, left: Node, operator: str, right: Node) -> str:
    """What to write where ``node`` cannot be a side of ``left operator right``."""
    match node:
        case Field(kind, item):
            one, two = item if left is node else left, item if right is node else right
            return f"put it in front: {kind.value}: ({one} {operator} {two})"
        case And(items) | Near(_, items) if operator.startswith("NEAR"):
            sides = (*items, right) if left is node else (left, *items)
            return f"write: near({operator.partition('/')[2]}, {', '.join(map(str, sides))}), or sentence(…) for any query"
        case Not(item) if left is not node:
            return f"write: {left} AND NOT {left} {operator} {item}"
    return "sentence(…) and paragraph(…) take any query"
