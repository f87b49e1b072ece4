"""A query's text into tokens.

What means nothing becomes a token that carries its fault, so that faults are told in the order in which they stand. This
module must not know how tokens combine; that is the grammar's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from monitor.text.fold import MARKS


@dataclass(frozen=True, slots=True)
class Offer:
    """What could stand in place of the query's ``[at, end)``: one text, or several to choose from. ``say`` is the hint, ``{}`` in
    it the texts. It is said only where the query can be read so."""

    at: int
    end: int
    texts: tuple[str, ...]
    say: str = "write: {}"

    @property
    def hint(self) -> str:
        return self.say.replace("{}", ", or ".join(self.texts))


class QueryError(Exception):
    """A fault of a query's text: offset and length in code points of that text. ``settled`` faults are surely what they say;
    of others another tool's operator may be the reason, there or in the part ``before`` (where that begins, or -1).

    ``hint`` is for where no offer stands; of the ``offers`` the first that can be read where it would stand becomes the hint,
    and is then the only one there."""

    def __init__(
        self, message: str, at: int, length: int = 1, hint: str = "", *, settled: bool = False, offers: Sequence[Offer] = ()
    ) -> None:
        super().__init__(message)
        self.message, self.at, self.length, self.hint = message, at, max(1, length), hint
        self.settled, self.before = settled, -1
        self.offers = tuple(offers)


@dataclass(frozen=True, slots=True)
class Token:
    kind: str  # word, number, text (quoted), op (punctuation), bad (with its fault), end
    text: str
    at: int
    length: int
    fault: QueryError | None = None


#: What opens a quoted phrase, and what may close it: writers and their programs mix straight quotes with curly ones.
_QUOTES: Final = {'"': '"', "“": '”"', "”": '“”"', "„": '“”"', "«": "»", "»": "«»", "‟": '”"', "＂": "＂", "「": "」", "『": "』"}
_BLANK: Final = frozenset("\u200b\u200e\u200f\u061c\u00a0\u202f\u2007\u2060\ufeff")
#: A group's name; marks and joiners are parts of words in the scripts that have them.
_WORD: Final = re.compile(rf"[^\W\d](?:[\w*-]|[{MARKS}\u200c\u200d])*")
_NUMBER: Final = re.compile(r"\d+")
_PUNCT: Final = re.compile(r">=|[()/:,=<>]|[،，、（）：／＝≥]")
#: Punctuation as keyboards of other scripts write it.
_SAME: Final = {"،": ",", "，": ",", "、": ",", "（": "(", "）": ")", "：": ":", "／": "/", "＝": "=", "≥": ">="}
_SINGLE_QUOTES: Final = frozenset("'‘’‚‛‹›`´＇")
_SINGLE_QUOTED: Final = re.compile(r"""['‘’‚‛‹›`´＇]([^'‘’‚‛‹›`´＇"“”\\\n]{1,80})['‘’‚‛‹›`´＇](?!\w)""")


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
            out.append(_quoted(text, at))
            at += out[-1].length
        elif found := _NUMBER.match(text, at):
            digits = "".join(str(unicodedata.decimal(c)) for c in found.group())
            out.append(Token("number", digits[:9], at, len(found.group())))
            at = found.end()
        elif found := _WORD.match(text, at):
            # Full-width letters are what an input method makes of AND.
            plain = unicodedata.normalize("NFKC", found.group())
            out.append(Token("word", plain if plain.isascii() else found.group(), at, len(found.group())))
            at = found.end()
        elif found := _PUNCT.match(text, at):
            out.append(Token("op", _SAME.get(found.group(), found.group()), at, len(found.group())))
            at = found.end()
        else:
            out.append(Token("bad", char, at, 1, _unknown(text, at)))
            at += 1
    out.append(Token("end", "the end of the query", len(text), 1))
    return out


def _unknown(text: str, at: int) -> QueryError:
    char = text[at]
    name = unicodedata.name(char, f"U+{ord(char):04X}").lower()
    if char in _SINGLE_QUOTES:
        found = _SINGLE_QUOTED.match(text, at)
        offers = [Offer(at, found.end(), (f'"{found[1]}"',), "use double quotes: {}")] if found else []
        return QueryError(f"{char!r} ({name}) is no quote here", at, 1, 'use double quotes: "…"', offers=offers)
    if unicodedata.category(char)[0] == "C":
        return QueryError(f"an invisible character stands here (U+{ord(char):04X}, {name})", at, 1, "delete it")
    return QueryError(f"{char!r} ({name}) means nothing in a query", at, 1, 'put words to be found as written in quotes: "…"')


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
    fault = QueryError("this quote is never closed", at, position - at, f"close it with {closers[0]}")
    return Token("bad", text[at:position], at, position - at, fault)
