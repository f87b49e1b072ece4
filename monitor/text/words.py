"""Words with offsets: what NEAR counts and what a hit covers.

A word is a run of letters with their marks and format characters, or a number (10,000 is one): ``MD-550``, ``MD 550`` and
``MD550`` are the same two words. Hyphens part words; an apostrophe or gershayim between letters does not (об'єкт,
Rusya'nın, אמל"ח), except after an elided article (l'embargo, d'armes). Chinese and Japanese have no blanks between
words: each character is a word of its own there, and the windows of NEAR are widened to match (DESIGN.md §5).

This room knows only str.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from monitor.model import Span
from monitor.text.fold import FORMAT, MARKS, category_class

#: Characters of scripts written without blanks, each a word: Han, kana, bopomofo and their half-width forms.
CJK_CLASS: Final = (
    r"\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u303b\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f"
    r"\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d\U0001b000-\U0001b16f\U00020000-\U0003fffd"
)
#: Characters of one blank-less script stand for a quarter of a word in the windows of NEAR and THEN.
CJK_PER_WORD: Final = 4

_CJK: Final = re.compile(f"[{CJK_CLASS}]")
_BELOW_CJK: Final = re.compile(r"[\0-\u2e7f]*")


def _letters_without_cjk() -> str:
    """Class body of all letters (and letter numbers) that are not CJK; the astral planes outside emoji and Han count as letters."""
    astral = r"\U00010000-\U0001aff0\U0001b170-\U0001d7cd\U0001d800-\U0001efff"
    cjk = re.compile(f"[{CJK_CLASS}]")
    letters: list[str] = []
    for low, high in _pairs(category_class("L", "Nl")):
        run: int | None = None
        for code in range(low, high + 2):
            inside = code <= high and not cjk.match(chr(code))
            if inside and run is None:
                run = code
            elif not inside and run is not None:
                letters.append(f"\\u{run:04x}-\\u{code - 1:04x}")
                run = None
    return "".join(letters) + astral


def _pairs(body: str) -> Iterator[tuple[int, int]]:
    for low, high in re.findall(r"\\u([0-9a-f]{4})-\\u([0-9a-f]{4})", body):
        yield int(low, 16), int(high, 16)


_LETTER: Final = _letters_without_cjk()
_DIGIT: Final = category_class("Nd") + r"\U0001d7ce-\U0001d7ff\U0001fbf0-\U0001fbf9"
#: What goes on inside a word without being a letter.
INSIDE_CLASS: Final = MARKS + FORMAT
_APOSTROPHE: Final = "'’ʼ‘׳＇"
# An apostrophe between letters joins them, unless what stands before it is an elided article, pronoun or preposition of
# French, Italian or Catalan (l', d', qu', jusqu', dell' …), which is a word of its own. Lookbehinds have a fixed width each.
_ELIDED: Final = "ldjmtsncLDJMTSNC"
_NOT_ELIDED: Final = rf"(?<!\A[{_ELIDED}].)(?<![^{_LETTER}][{_ELIDED}].)(?<![qQ]u.)(?<![lL]l.)"
_JOINED: Final = rf"[{_APOSTROPHE}](?=[{_LETTER}]){_NOT_ELIDED}|(?<=[\u05d0-\u05ea])[\"״](?=[\u05d0-\u05ea])"
#: 10,000 is one word: groups of exactly three digits after a comma of either script.
_THOUSANDS: Final = rf"(?:[,٬][{_DIGIT}]{{3}}(?![{_DIGIT}]))*"
#: What stands around words more often than inside them.
EDGES: Final = _APOSTROPHE + '"״,٬'
#: Everything that a word is made of or that may stand inside one; no other character is part of a word, or decides where one ends.
PARTS_CLASS: Final = _LETTER + _DIGIT + INSIDE_CLASS + EDGES + CJK_CLASS + r"\uff9e\uff9f"
# The pattern begins with one character class, which costs a third of alternatives, and nothing in it ever has to give back what it took.
# (Possessive quantifiers would say so, but Python 3.11 before 3.11.4 miscounts them: finditer repeats an empty match for ever.)
_WORD_BODY: Final = (
    rf"[{_LETTER}{_DIGIT}](?:(?<=[{_DIGIT}])[{_DIGIT}{INSIDE_CLASS}]*{_THOUSANDS}"
    rf"|[{_LETTER}{INSIDE_CLASS}]*(?:(?:{_JOINED})[{_LETTER}{INSIDE_CLASS}]+)*)"
)
#: One match is one word. The CJK-aware pattern is slower and used only where the text has such characters.
WORD: Final = re.compile(_WORD_BODY)
WORD_CJK: Final = re.compile(rf"[{CJK_CLASS}][{INSIDE_CLASS}\uff9e\uff9f]*|{_WORD_BODY}")

#: A letter and a digit side by side: a graphic word that is two words here.
GLUE: Final = re.compile(rf"[{_DIGIT}](?:(?<=[{_LETTER}].)|(?=[{_LETTER}]))")
_WORD_CHAR: Final = re.compile(rf"[{_LETTER}{_DIGIT}]")


def pattern_for(text: str) -> re.Pattern[str]:
    """The word pattern that this text needs."""
    # Most texts have nothing above the first such script: one run over them says so, several times as fast as a search.
    if text.isascii() or _BELOW_CJK.match(text).end() == len(text):  # type: ignore[union-attr] # it matches nothing at least
        return WORD
    return WORD_CJK if _CJK.search(text) else WORD


def words(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """The words of ``text[start:end]``, in order."""
    end = len(text) if end is None else end
    return [Span(m.start(), m.end()) for m in pattern_for(text).finditer(text, start, end)]


def is_cjk(word: str) -> bool:
    """Whether this word is one character of a script written without blanks."""
    return bool(_CJK.match(word))


def glued(text: str, at: int) -> bool:
    """Whether the boundary ``at`` lies inside one graphic word: letters on one side and digits on the other (``MD|550``)."""
    if at <= 0 or at >= len(text):
        return False
    before, after = text[at - 1], text[at]
    return bool(_WORD_CHAR.match(before) and _WORD_CHAR.match(after)) and (before.isdigit() != after.isdigit())
