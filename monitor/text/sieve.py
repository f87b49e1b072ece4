"""A sieve of stems: which words of a text can be a form of none of them, however they are read.

Most new words of a text meet nothing that anybody looks for, and saying so by their ``readings`` takes a hundred times as long
as this. A word is held against the stems without all that may be attached before it and behind it, by the letters alone and
asking for no rule: what passes may still meet nothing, which ``readings`` then tell, and what is held back is certain. So rules
stand in the forms' own rooms only; what they take off and how a stem looks inside a word is asked of them here.

This room knows only str.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from monitor.text.chunks import LONGEST, Places
from monitor.text.forms_base import Attach
from monitor.text.forms_split import BEFORE_WORDS, BEHIND_WORDS, before_pronoun, without_article
from monitor.text.forms_turkish import ENDING_LETTERS, LAST_LETTERS, softened
from monitor.text.letters import DIGIT, HANGUL, LETTER, LETTERS, Letters
from monitor.text.names import name_key
from monitor.text.native import kernel

#: What a piece of a word may be: a stem; one behind something, and one before something; what may stand before and behind
#: a stem; the beginning of a word that is looked for by its beginning, and as much of it as the shortest of them has.
STEM: Final = 1
STEM_AFTER: Final = 2
STEM_AHEAD: Final = 4
FRONT: Final = 8
BACK: Final = 16
BEGINNING: Final = 32
OPENING: Final = 64

#: Beside what ``letters`` knows of a folded letter: a word that begins so may hold a stem anywhere; any run of such letters may
#: be attached behind, if the last of them may end a word; it is one of what may stand before or behind a stem; names that begin
#: so may have an ending.
ANYWHERE: Final = 1 << 22
BEHIND: Final = 1 << 23
LAST: Final = 1 << 24
IN_FRONT: Final = 1 << 25
IN_BACK: Final = 1 << 26
DECLINED: Final = 1 << 27

_BEFORE: Final = (Attach.CONJ | Attach.PREP | Attach.ARTICLE | Attach.FUTURE | Attach.HEBREW | Attach.KOREAN_BEFORE).value
_BEHIND: Final = (
    Attach.ENCLITIC
    | Attach.PRONOUN_I
    | Attach.TURKISH_NOUN
    | Attach.TURKISH_VERB
    | Attach.KOREAN
    | Attach.KOREAN_VERB
    | Attach.KOREAN_AFTER
).value
_ARTICLE: Final = "ال"
#: Behind a preposition the article is missing, with which a name may begin.
_HIDDEN: Final = np.array([ord(letter) for letter in _ARTICLE], np.uint16)
#: Pieces hashed at once.
_BATCH: Final = 4_096
_CYRILLIC: Final = range(0x0400, 0x0530)
_LAST_UNIT: Final = "\uffff"
#: Where a stem may end that stands otherwise inside a word, or another letter than its own.
_CHANGING: Final = frozenset("هاpçtk-")


class NameFilter(NamedTuple):
    """A filter of how the keys of names begin, up to so many letters: see ``kernel.prefixes``."""

    table: bytearray
    depth: int


class Pieces:
    """What a sieve is made of, kept as hashes until it is known how many there are. Only where the loops in C are."""

    def __init__(self) -> None:
        self.hashes = bytearray()
        self.what = bytearray()
        self._fresh: list[str] = []
        self.enter((piece, FRONT) for piece in BEFORE_WORDS)
        self.enter((piece, BACK) for piece in BEHIND_WORDS)

    def add(self, stems: Iterable[tuple[str, int]]) -> None:
        """Stems with the attachments each allows (bits of ``Attach``)."""
        # A hundred thousand of these stand between an edited watchlist and its coming into force.
        fresh, what = self._fresh, self.what
        for stem, allows in stems:
            within = _within(allows)
            fresh.append(stem)
            what.append(STEM | within)
            if within and (stem[-1:] in _CHANGING or stem.startswith(_ARTICLE)):
                shapes = _shapes(stem)
                fresh += shapes
                what += bytes((within,)) * len(shapes)
        if len(fresh) >= _BATCH:
            self.settle()

    def enter(self, pieces: Iterable[tuple[str, int]]) -> None:
        """Pieces of words, and what each may be."""
        for piece, what in pieces:
            self._fresh.append(piece)
            self.what.append(what)
        if len(self._fresh) >= _BATCH:
            self.settle()

    def settle(self) -> None:
        self.hashes += kernel.pieces(self._fresh)
        self._fresh.clear()


class Sieve:
    """Of stems, of beginnings that count whatever follows them, and of names. Only where the loops in C are, and for beginnings of
    which each ``can_begin``. The pieces are used up."""

    def __init__(self, pieces: Pieces, beginnings: Iterable[str], names: NameFilter | None = None) -> None:
        begun = set(_beginnings(beginnings))
        lengths = set(map(len, begun))
        shortest = min(lengths, default=0)
        pieces.enter((piece, BEGINNING) for piece in begun)
        pieces.enter((piece[:shortest], OPENING) for piece in begun)
        pieces.settle()
        self._names = None if names is None else (name_keys(), *names, _HIDDEN)
        self._lengths = sum(1 << length for length in lengths)
        self._table = kernel.sieve(pieces.hashes, pieces.what)

    def holds_back(self, text: str, starts: Places, ends: Places, places: Places | array[int]) -> bytes:
        """For each of those places among the chunks of a text 1 where it is for certain one word that meets nothing."""
        starts, ends = np.ascontiguousarray(starts), np.ascontiguousarray(ends)
        return kernel.sift(text, starts, ends, places, SIFTED, self._table, self._lengths, self._names)


def can_begin(beginning: str) -> bool:
    """Whether a sieve can hold this: not what is all of it an article, which many words hide."""
    return not _ARTICLE.startswith(beginning)


@lru_cache(maxsize=4096)
@cache
def _within(allows: int) -> int:
    """Where in a word a stem may stand besides being all of it, given the attachments it allows."""
    return (STEM_AFTER if allows & _BEFORE else 0) | (STEM_AHEAD if allows & _BEHIND else 0)


def _shapes(stem: str) -> tuple[str, ...]:
    """How a stem may stand inside a word, other than as it is."""
    # A verb's stem in Turkish has a hyphen to tell it from a noun's.
    return (without_article(stem), before_pronoun(stem), stem.removesuffix("-"), *softened(stem))


def _beginnings(beginnings: Iterable[str]) -> Iterator[str]:
    for beginning in beginnings:
        # No plain word is longer; and what begins with the article may be read into a word that hides it.
        yield from (each for each in (beginning, without_article(beginning)) if len(each) <= LONGEST)


@cache
def name_keys() -> npt.NDArray[np.uint16]:
    """Of each letter that a plain word folds to, the letter of a name's key; 0 where that is another number of letters."""
    keys = np.zeros(len(LETTERS), np.uint16)
    for letter in np.unique(LETTERS[(LETTERS & (LETTER | DIGIT)) != 0] & 0xFFFF).tolist():
        key = name_key(chr(letter))
        if len(key) == 1 and key <= _LAST_UNIT:
            keys[letter] = ord(key)
    return keys


def _letters() -> Letters:
    """Turkish endings are taken by their letters, since grammar makes millions of them; Korean compounds wherever they part."""
    letters = LETTERS.copy()
    front, back = "".join(BEFORE_WORDS), "".join(BEHIND_WORDS)
    for these, what in ((ENDING_LETTERS, BEHIND), (LAST_LETTERS, LAST), (front, IN_FRONT), (back, IN_BACK)):
        letters[list(map(ord, these))] |= np.uint32(what)
    letters[HANGUL.start : HANGUL.stop] |= np.uint32(ANYWHERE | BEHIND | LAST | DECLINED)
    letters[_CYRILLIC.start : _CYRILLIC.stop] |= np.uint32(DECLINED)
    return letters


#: What ``letters`` knows of each letter, and what a sieve asks beside.
SIFTED: Final = _letters()
