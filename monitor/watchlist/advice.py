"""What to write instead: the hints of faults that need more than a sentence.

Each looks at what was written and offers the query that was probably meant. This module decides nothing: the grammar has
found the fault already, and says only such offers as it can read.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Final

from monitor.watchlist.cursor import Cursor
from monitor.watchlist.parts import bare, before, behind
from monitor.watchlist.query import DEFAULT_WINDOW, And, Field, Near, Node, Not
from monitor.watchlist.tokens import Offer, QueryError, Token

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
#: Longer parts are not repeated in a hint, which should be read at a glance.
_LONGEST: Final = 80
_NOT: Final = re.compile(r"\s*not(?![\w-])", re.IGNORECASE)
_DOUBLED: Final = re.compile(r'["“”„«»]{2}\s{0,9}(\w[^"“”„«»\n]{0,200})["“”„«»]{2}')


def suggestion(word: str, known: Sequence[str]) -> str:
    """A hint naming the closest known word, or all of them where they are few."""
    close = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    return f"known: {', '.join(sorted(known))}" if 0 < len(known) <= 20 else ""


def near_without_number(reading: Cursor) -> QueryError:
    """``near(a, b)`` and ``NEAR((a, b), 5)``, as spreadsheets and search engines write it."""
    opened = reading.tokens[reading.index - 2]
    end = behind(reading.text, opened.at)
    inside = reading.text[reading.token.at : end - 1] if end > opened.at else ""
    numbers = re.findall(r"(?<![\w-])\d+(?![\w-])", inside)
    window = int(numbers[-1]) if numbers else DEFAULT_WINDOW
    commas = [bare(each.strip()).strip("() ") for each in re.split(r"[,،]", inside)]
    single = [part for part in re.findall(r'"[^"\n]*"|[^\W\d][\w-]*', inside) if part.lower() not in ("and", "or", "not", "near", "then")]
    texts = [", ".join(name for name in names if name and not name.isdecimal()) for names in (commas, single)]
    offers = [Offer(opened.at, end, (f"near({window}, {text})",)) for text in texts if text]
    hint = f"write, for example: near({window}, a, b, c)"
    return reading.fail(f"near( begins with the number of words between, found {reading.shown()}", hint, offers=offers)


def first_without_number(reading: Cursor) -> QueryError:
    """``first(a, 60)`` and ``first(a)``."""
    opened = reading.tokens[reading.index - 2]
    end = behind(reading.text, opened.at)
    found = re.fullmatch(r"(.*?)[,،]\s*(\d+)\s*", reading.text[reading.token.at : end - 1], re.DOTALL) if end > opened.at else None
    offers = [Offer(opened.at, end, (f"first({int(found[2])}, {found[1].strip()})",))] if found else []
    message = f"first( begins with the number of words, found {reading.shown()}"
    return reading.fail(message, "write, for example: first(60, a)", offers=offers)


def number_alone(reading: Cursor, opened: Token, words: int) -> tuple[Offer, ...]:
    """``near(5 a b)`` and ``first(60 a)``: the number is read, the comma behind it is missing."""
    end = behind(reading.text, opened.at)
    rest = " ".join(reading.text[reading.token.at : end - 1].split()) if end > opened.at else ""
    parts = re.findall(r'"[^"\n]*"|[^\W\d][\w-]*', rest)
    texts = dict.fromkeys((rest, ", ".join(parts))) if parts else ()
    return tuple(Offer(opened.at, end, (f"{opened.text.lower()}({words}, {text})",)) for text in texts)


def number_first(reading: Cursor, opened: Token) -> tuple[Offer, ...]:
    """``count(3, a)``."""
    end = behind(reading.text, opened.at)
    rest = reading.text[reading.peek().at + 1 : end - 1].strip() if end > opened.at else ""
    return (Offer(opened.at, end, (f"count({rest}) >= {reading.token.text}",)),) if rest else ()


def _compared(reading: Cursor) -> tuple[str, int]:
    """The signs that stand here, and the least count that they and the number behind them ask for; both are read."""
    signs = ""
    while reading.token.kind == "op" and reading.token.text in (">", "<", "=", ">="):
        signs += reading.next().text
    least = int(reading.token.text) if reading.token.kind == "number" else 2
    if reading.token.kind == "number":
        reading.next()
    return signs, least + 1 if signs in (">", "<=", "=<") else least


def _counts(item: str, signs: str, least: int) -> tuple[str, ...]:
    """In order of preference. At most so many is nothing that can be found, unless the thing itself is."""
    count = f"count({item}) >= {least}"
    if "<" in signs and least <= 1:
        return (f"NOT {item}",)
    return (f"NOT {count}", f"{item} AND NOT {count}") if "<" in signs else (count,)


def comparison(reading: Cursor, item: Node, at: int) -> QueryError:
    """``count(a) > 3`` and the other comparisons there are, answered with >=; ``at`` is where count begins."""
    fault = reading.fail(f"expected '>=' after count(…), found {reading.shown()}", "write, for example: count(a) >= 3")
    if reading.token.kind == "bad":
        return fault
    signs, least = _compared(reading)
    fault.offers = tuple(Offer(at, reading.end(), (text,)) for text in _counts(str(item), signs, least))
    fault.length = max(fault.length, len(signs))
    return fault


def compared_inside(reading: Cursor, item: Node, at: int) -> QueryError:
    """``count(a >= 3)``: the number stands outside."""
    fault = reading.fail(f"expected ')' to close count(, found {reading.shown()}", "write, for example: count(a) >= 3")
    signs, least = _compared(reading)
    if reading.op(")"):
        reading.next()
        fault.offers = tuple(Offer(at, reading.end(), (text,)) for text in _counts(str(item), signs, least))
    return fault


def uncounted(reading: Cursor) -> QueryError:
    """``a >= 3``: how often is asked of ``count(a)``."""
    counting = any(reading.peek(ahead).kind == "number" for ahead in (1, 2))
    if not counting:
        return reading.fail(f"{reading.shown()} is not expected here")
    fault = reading.fail("how often something is found is asked of count(…)", "write, for example: count(a) >= 3")
    start = before(reading.text, reading.token.at)
    part = reading.text[start : reading.token.at].strip()
    signs, least = _compared(reading)
    if part:
        fault.offers = tuple(Offer(start, reading.end(), (text,)) for text in _counts(bare(part), signs, least))
    fault.length = max(fault.length, len(signs))
    return fault


def joined(reading: Cursor, joiners: Sequence[str], *, gap: int | None = None, tail: str = "", quoted: bool = False) -> tuple[Offer, ...]:
    """The parts on both sides of the place reached, with each of the joiners between; ``gap`` is where what parts them ends;
    the second is ``quoted`` where it is a number."""
    at = reading.token.at
    right = at if gap is None else gap
    if negated := _NOT.match(reading.text, right):
        right, joiners = negated.end(), [f"{joiner}NOT " for joiner in joiners]
    start, end = before(reading.text, at), behind(reading.text, right)
    one, two = (" ".join(part.split()) for part in (reading.text[start:at], reading.text[right:end]))
    if not one or not two or len(one) + len(two) > _LONGEST:
        return ()
    two = f'"{two}"' if quoted else two
    return (Offer(start, end, tuple(f"{one}{joiner}{two}" for joiner in joiners), "write: {}" + tail),)


def called(token: Token, reading: Cursor) -> tuple[Offer, ...]:
    """``goods (a OR b)``: a group and a parenthesis, where a function was read."""
    end = behind(reading.text, token.at + token.length)
    part = " ".join(reading.text[token.at + token.length : end].split())
    if not part or len(part) > _LONGEST:
        return ()
    return (Offer(token.at, end, (f"{token.text} AND {part}", f"{token.text} OR {part}")),)


def doubled(reading: Cursor, token: Token) -> tuple[Offer, ...]:
    """``""arms deal""``, as spreadsheets write a phrase."""
    found = _DOUBLED.match(reading.text, token.at)
    return (Offer(found.start(), found.end(), (f'"{found[1].strip()}"',)),) if found else ()


def beside(node: Node, left: Node, operator: str, right: Node, span: tuple[int, int]) -> tuple[Offer, ...]:
    """What to write where ``node`` cannot be a side of ``left operator right``, which stands at ``span``."""
    texts: list[tuple[str, str]] = []
    match left, right:
        case (Field(kind, one), Field(other, two)) if kind is other:
            texts.append((f"{kind.value}: ({one} {operator} {two})", "put it in front: {}"))
        case (Field(), Field()):
            texts.append((f"{left} AND {right}", "a sentence is in one part only; write: {}"))
        case (Field(kind, one), two) | (one, Field(kind, two)):
            texts.append((f"{kind.value}: ({one} {operator} {two})", "put it in front: {}"))
    match node:
        case And(items) | Near(_, items) if operator.startswith("NEAR"):
            sides = (*items, right) if left is node else (left, *items)
            near = f"near({operator.partition('/')[2]}, {', '.join(map(str, sides))})"
            texts.append((near, "write: {}, or sentence(…) for any query"))
        case Not(item) if left is not node:
            texts.append((f"{left} AND NOT {left} {operator} {item}", "write: {}"))
    texts.append((f"sentence({left}, {right})", "any query may be in one sentence: {}"))
    return tuple(Offer(*span, (text,), say) for text, say in texts if len(text) <= 2 * _LONGEST)
