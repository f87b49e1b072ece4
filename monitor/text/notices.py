"""Notices: phrases that make a line furniture wherever they stand in it, and a way past folding every line to find them.

Phrase and line are compared folded, and folding a line costs a hundred times what looking into it does. So a whole text
is first asked for a *piece* of each phrase that no spelling changes, or, in scripts that write vowels as marks, for one
of its words in any spelling; nearly always the answer is no.

This room knows only str.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache
from typing import Final

from monitor.text.fold import FORMAT, MARKS, fold
from monitor.text.survey import Survey, is_simple

_MARKS: Final = re.compile(f"[{MARKS}]+")
_FORMAT: Final = re.compile(f"[{FORMAT}]+")
#: In UTF-8, the first byte of most Cyrillic letters, which have capitals that ``bytes.lower`` does not know.
_CYRILLIC: Final = b"\xd0"
#: Latin letters as often as they stand in the texts of our languages, about.
_RAREST_LAST: Final = b"eaisnrtoludcmpvghbfyqzkwxj"


class Finder:
    """What finds ``phrases`` (folded) in texts. ``may_be_in`` says yes to every text that holds one, and to few that hold none."""

    def __init__(self, phrases: Collection[str]) -> None:
        self._words = [_any_spelling(word) for word in _cover({phrase for phrase in phrases if _writes_marks(phrase)})]
        #: By a byte that few texts hold, a piece with that byte, and for each phrase that has this piece all its pieces.
        self._pieces: dict[bytes, dict[bytes, list[list[bytes]]]] = {}
        pieces = [_pieces(phrase) for phrase in sorted(phrases) if not _writes_marks(phrase)]
        for own in pieces:
            longest = own[0]
            looked_for = min((other[0] for other in pieces if other[0] in longest), key=len)
            self._pieces.setdefault(_rarest_byte(looked_for), {}).setdefault(looked_for, []).append(own)
        #: Of these a text of simple letters has one, or none of the pieces.
        self._letters = sorted({letter for pieces in self._pieces.values() for piece in pieces for letter in _rarest_letters(piece)})

    def may_be_in(self, text: str, found: Survey) -> bool:
        """``found`` is the survey of the text, or of one that it is a part of."""
        if not found.simple:
            text = "\n".join([line if line.isascii() else _plain(line) for line in text.split("\n")])
        elif found.invisible:
            text = _FORMAT.sub("", text)
        # In another script not even a letter of the pieces is there, and to know that the text need not be encoded.
        if text.isascii() or not found.simple or any(map(text.__contains__, self._letters)):
            encoded = text.encode(errors="replace")
            encoded = text.casefold().encode(errors="replace") if _CYRILLIC in encoded else encoded.lower()
            for byte, pieces in self._pieces.items():
                if byte in encoded:
                    for piece, phrases in pieces.items():
                        if piece in encoded and any(all(map(encoded.__contains__, others)) for others in phrases):
                            return True
        return not text.isascii() and any(word.search(text) for word in self._words)


def _plain(line: str) -> str:
    """The line without what nobody sees; composed, where folding does more than change its letters one by one."""
    seen = _FORMAT.sub("", line)
    return seen if is_simple(seen) else _MARKS.sub("", unicodedata.normalize("NFKC", seen)).casefold()


def _cover(missing: set[str]) -> list[str]:
    """As few words as there can be such that each phrase holds one of them."""
    words = sorted({word for phrase in missing for word in phrase.split(" ")}, key=lambda word: (-len(word), word))
    chosen: list[str] = []
    while missing:
        chosen.append(max(words, key=lambda word: sum(word in phrase for phrase in missing)))
        missing = {phrase for phrase in missing if chosen[-1] not in phrase}
    return chosen


def _writes_marks(word: str) -> bool:
    """Whether this is Hebrew, Arabic or another script of theirs."""
    return "\u0590" <= word[0] < "\u0900"


def _pieces(phrase: str) -> list[bytes]:
    """The parts of a folded phrase that stand so in each of its spellings, once capitals are small letters, the longest first:
    without the letters that others are folded into, and without Latin letters whose capitals are not ASCII."""
    pieces = re.split(f"[ {''.join(_variants())}\u0080-\u024f]", phrase)
    return [piece.encode() for piece in sorted(set(pieces), key=lambda piece: (-len(piece), piece)) if piece] or [b""]


def _rarest_byte(piece: bytes) -> bytes:
    """Of a Latin piece its rarest letter; of others the first byte of a letter, which tells the script apart."""
    return bytes([max(piece, key=_RAREST_LAST.find)]) if piece.isascii() and piece else piece[:1]


def _rarest_letters(piece: bytes) -> list[str]:
    """A letter of the piece, and those that become it as small letters; of no letter what is in any text."""
    letter = chr(_rarest_byte(piece)[0]) if piece.isascii() and piece else piece.decode()[:1]
    return [letter, *(char for char in map(chr, range(0x700)) if letter and letter in char.casefold())]


def _any_spelling(word: str) -> re.Pattern[str]:
    letters = [f"[{letter}{variants}]" if (variants := _variants().get(letter)) else letter for letter in word]
    return re.compile(f"[{MARKS}\u0640]*".join(letters))


@lru_cache(maxsize=1)
def _variants() -> dict[str, str]:
    """The letters that are folded into another one without being its capital, in the alphabets that know such a thing."""
    variants: dict[str, str] = {}
    for char in map(chr, range(0x80, 0x700)):
        if char.isalpha() and unicodedata.normalize("NFKC", char).casefold() == char and len(letter := fold(char)) == 1 and letter != char:
            variants[letter] = variants.get(letter, "") + char
    return variants
