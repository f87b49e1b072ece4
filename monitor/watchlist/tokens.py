"""A query's text into tokens, and the operators of other tools answered with ours.

This module must not know how tokens combine; that is the grammar's.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final


class QueryError(Exception):
    """A fault of a query's text: offset and length in code points of that text."""

    def __init__(self, message: str, at: int, length: int = 1, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.at, self.length, self.hint = message, at, max(1, length), hint


@dataclass(frozen=True, slots=True)
class Token:
    kind: str  # word, number, text (quoted), op (punctuation), end
    text: str
    at: int
    length: int


_QUOTES: Final = {'"': '"', "“": "”", "”": "“”", "„": "“”", "«": "»", "»": "«»", "‟": "”", "＂": "＂"}
_BLANK: Final = frozenset("\u200e\u200f\u061c\u00a0\u202f\u2007\ufeff")
_WORD: Final = re.compile(r"[^\W\d][\w*-]*", re.UNICODE)
_NUMBER: Final = re.compile(r"\d+")
_PUNCT: Final = re.compile(r">=|[()/:,،=<>]")
#: Operators of other tools, and ours in their place. Tried where a fault would be raised, longest answer first.
_FOREIGN: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), answer)
    for pattern, answer in (
        (r"(?:w|within)/(\d+)", "NEAR/{0}"),
        (r"(?:pre|onear|p|bef)/(\d+)", "THEN/{0}"),
        (r"adj(\d*)\b", "THEN/{0}"),
        (r"(?:near|n)(\d+)\b", "NEAR/{0}"),
        (r"atleast/?(\d+)\b", "count(group) >= {0}"),
        (r"(?:w/s|same|/s)\b", "sentence(a, b)"),
        (r"(?:w/p|/p)\b", "paragraph(a, b)"),
        (r"(?:hd|hl|headline|ti|intitle|allintitle)\s*[=:(]", "title: (…)"),
        (r"(?:lp|hlp)\s*[=:(]", "first(60, …)"),
        (r"(?:la|language|langue)\s*[=:]", "lang(ar)"),
        (r"(?:rst|sn|so|site|sourcecountry)\s*[=:]", "source(name)"),
        (r"not\s+w/(\d+)", "a AND NOT a NEAR/{0} b"),
        (r"&&?|\+", "AND"),
        (r"\|\|?", "OR"),
        (r"[!-]", "NOT"),
        (r"~\d*", "NEAR/10"),
        (r"[/?][^\s]", 'a quoted phrase, or a wildcard such as "gunrun*"'),
    )
)


def _foreign(text: str, at: int) -> tuple[str, int, str] | None:
    """The foreign operator at ``at`` and ours: (theirs, length, ours)."""
    for pattern, answer in _FOREIGN:
        found = pattern.match(text, at)
        if found:
            number = found.group(1) if pattern.groups else ""
            return found.group().strip(), found.end() - at, answer.format(number or "1" if "{0}" in answer else "")
    return None


def tokens(text: str) -> list[Token]:
    out: list[Token] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char.isspace() or char in _BLANK:
            at += 1
        elif char == "#" and (at == 0 or text[at - 1] in " \t\n"):
            at = (text.find("\n", at) + 1) or len(text)
        elif char in _QUOTES:
            token = _quoted(text, at)
            out.append(token)
            at += token.length
        elif found := _NUMBER.match(text, at):
            digits = "".join(str(unicodedata.decimal(c)) for c in found.group())
            out.append(Token("number", digits[:9], at, len(found.group())))
            at = found.end()
        elif found := _WORD.match(text, at):
            foreign = _foreign_word(text, at, found.group())
            if foreign is not None:
                raise foreign
            out.append(Token("word", found.group(), at, len(found.group())))
            at = found.end()
        elif found := _PUNCT.match(text, at):
            out.append(Token("op", "," if found.group() == "،" else found.group(), at, len(found.group())))
            at = found.end()
        else:
            raise _unknown(text, at)
    out.append(Token("end", "the end of the query", len(text), 1))
    return out


def _foreign_word(text: str, at: int, word: str) -> QueryError | None:
    """``w/5``, ``adj3`` and the like look like words: they are told apart by what follows, or by their number."""
    lower = word.lower()
    slashed = lower in {"w", "within", "pre", "onear", "p", "bef"} and text[at + len(word) : at + len(word) + 1] == "/"
    numbered = re.fullmatch(r"(?:adj|near|n|atleast)\d+|atleast|adj|same|onear", lower)
    equals = lower in {"hd", "hl", "headline", "ti", "intitle", "allintitle", "lp", "hlp", "la", "rst", "sn", "so", "site"}
    assigned = equals and re.match(r"\s*[=:(]", text[at + len(word) :])
    if not (slashed or numbered or assigned):
        return None
    found = _foreign(text, at)
    if found is None:
        return None
    theirs, length, ours = found
    return QueryError(f"{theirs!r} is another tool's operator", at, length, f"here it is written: {ours}")


def _unknown(text: str, at: int) -> QueryError:
    found = _foreign(text, at)
    if found is not None:
        return QueryError(f"{found[0]!r} is another tool's operator", at, found[1], f"here it is written: {found[2]}")
    char = text[at]
    name = unicodedata.name(char, f"U+{ord(char):04X}")
    shown = char if char.isprintable() else f"U+{ord(char):04X}"
    return QueryError(f"{shown!r} ({name.lower()}) means nothing in a query", at, 1, 'put words to be found as written in quotes: "…"')


def _quoted(text: str, at: int) -> Token:
    closers = _QUOTES[text[at]]
    out: list[str] = []
    position = at + 1
    while position < len(text):
        char = text[position]
        if char == "\\" and position + 1 < len(text):
            out.append(text[position + 1])
            position += 2
            continue
        if char in closers:
            return Token("text", "".join(out), at, position + 1 - at)
        if char == "\n":
            break
        out.append(char)
        position += 1
    raise QueryError("this quote is never closed", at, position - at, f"close it with {closers[0]}")
