"""Plain letters: what the words that almost all words are consist of, and what each of them folds to by itself.

A word is plain if its letters fold one by one, each to one letter or to none, whatever stands beside it; a number, if all of
it is digits. The loops in C read such words by this table and leave every other to Python, so that a character that is missing
here costs time and nothing else.

This room knows only str.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.text.fold import FORMAT, fold
from monitor.text.native import COMPILED, kernel
from monitor.text.words import EDGES, WORD

Letters = npt.NDArray[np.uint32]

#: Of a character, above the 16 bits of what it folds to.
LETTER: Final = 1 << 16
DIGIT: Final = 1 << 17
EDGE: Final = 1 << 18  # a quote or a comma: not a word's, as long as no word goes on behind it
GONE: Final = 1 << 19  # of a word, and folded to nothing
VOWEL: Final = 1 << 20  # a mark that leaves nothing behind on a letter that is VOWELLED
VOWELLED: Final = 1 << 21

_UNITS: Final = 0x10000
#: Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic; Latin with its rarer accents.
_RANGES: Final = (range(0x0700), range(0x1E00, 0x1F00))
HANGUL: Final = range(0xAC00, 0xD7A4)
_ARABIC: Final = range(0x0620, 0x0700)
#: Harakat and the small alef: no letter composes with one of them, as some do with the hamzas and the madda among their neighbours.
_HARAKAT: Final = (*range(0x064B, 0x0653), 0x0670)


def _letter(char: str) -> int:
    """What there is to know of a character that is a word by itself; 0 where it is not plain."""
    folded = fold(char)
    if not folded:
        return LETTER | GONE
    if len(folded) > 1 or not folded.isalnum() or ord(folded) >= _UNITS:
        return 0
    if char.isdecimal():
        return DIGIT | ord(folded)
    return LETTER | ord(folded) if folded.isalpha() else 0


def _vowelled(char: str) -> bool:
    return all(fold(char + chr(vowel)) == fold(char) for vowel in _HARAKAT)


def _letters() -> Letters:
    letters = np.zeros(_UNITS, np.uint32)
    for code in (code for codes in _RANGES for code in codes):
        if WORD.fullmatch(chr(code)):
            letters[code] = _letter(chr(code))
    letters[HANGUL.start : HANGUL.stop] = LETTER | np.arange(HANGUL.start, HANGUL.stop, dtype=np.uint32)
    for code in _ARABIC:
        if letters[code] & LETTER and _vowelled(chr(code)):
            letters[code] |= VOWELLED
    _set(letters, _HARAKAT, VOWEL)
    _set(letters, (ord(char) for char in EDGES if not WORD.fullmatch(char)), EDGE)
    every = "".join(map(chr, range(_UNITS)))
    _set(letters, (found.start() for found in re.finditer(f"[{FORMAT}]", every)), GONE)
    return letters


def _set(letters: Letters, codes: Iterable[int], what: int) -> None:
    letters[list(codes)] = what


LETTERS: Final = _letters()


def fold_word(word: str) -> str:
    """``fold``, at a fraction of the time for a plain word that was not folded lately."""
    return (kernel.fold(word, LETTERS) if COMPILED else None) or fold(word)
