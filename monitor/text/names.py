"""Names as they are written: the key under which two spellings of a name are one, and the ways to read a text's word in one.

A name is compared within its script, never across scripts by sound: a romanised guess cannot tell Kim Jong Un from Kim
Jong Il. The key drops blanks, hyphens and apostrophes, the accents of Latin and Greek letters, and tells apart none of
the letters with which Arabic writes a foreign g. What may be attached to a name is taken off the text's word: clitics
before it, ``'s`` behind it, Korean particles, and the case endings of Russian and Ukrainian, all words of a name in one case.

This room knows only str.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from monitor.text.fold import fold
from monitor.text.forms_base import Attach, Reading
from monitor.text.name_cases import BARE, CONSONANT, END, SYLLABLE, VOWEL, Kind, cases

#: Letters one foreign sound is written with in Arabic script (بيونغ, بيونج, بيونق, Persian گ).
_G: Final = dict.fromkeys("غقگڭ", "ج")
#: Latin letters that have no decomposition into a letter and its accent.
_LATIN: Final = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "æ": "ae", "œ": "oe", "þ": "th", "ĸ": "k", "ŋ": "n"}
#: What may stand before a name in one graphic word: Arabic conjunctions and prepositions, Hebrew prefixes.
_BEFORE: Final = (Attach.CONJ | Attach.PREP | Attach.HEBREW).value
#: Particles of Korean, singly or as they are stacked (에서는, 으로부터).
_PARTICLE: Final = re.compile(
    "(?:에게서|에서|에게|께서|한테|으로부터|로부터|으로서|로서|으로써|으로|로|까지|부터|마저|조차|처럼|보다|이라고|라고|이나|나|과|와|이|가|께|에|만|측)?"
    "(?:은|는|도|의|을|를|만)?"
)
#: Syllables that particles may come to.
_PARTICLES: Final = 5
#: Of them those that are a syllable of given names: 김정 with 은 is written as 김정은 is, another person.
_SYLLABLES: Final = frozenset("은이가도의과로만나")
#: Korean surnames. A name of two syllables that begins so is a person's, and may be the beginning of another's.
_SURNAMES: Final = frozenset(
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민류나진지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용리려림량라"
)
#: A single declined word is another name too easily when it is shorter (Ана is no case of Ан).
_DECLINED: Final = 4
_HANGUL: Final = re.compile("[가-힣]+")
_CYRILLIC: Final = re.compile("[а-яѐ-ӿ]+")
#: A first word ending so and longer than this is a given name of the a-declension (Мария, Никита); shorter ones are syllables (Ма).
_GIVEN: Final = 3


class NameWord(NamedTuple):
    """One way to read a word of the text as a word of a name: its key, and how it is declined (see ``name_cases``)."""

    key: str
    kind: Kind


class _Letters(dict[int, str | None]):
    """A translation table that fills itself: letters and digits are kept, plain where they carry an accent; the rest goes."""

    def __init__(self, gap: str | None) -> None:
        super().__init__({ord(char): plain for char, plain in (_G | _LATIN).items()})
        self.gap = gap

    def __missing__(self, code: int) -> str | None:
        found = self[code] = self._plain(chr(code))
        return found

    def _plain(self, char: str) -> str | None:
        if char in "'\"":
            return None
        if not (char.isalnum() or unicodedata.category(char)[0] == "M"):
            return self.gap
        base = unicodedata.normalize("NFD", char)[0]
        # й and ї are letters of their own, not и and і with an accent; so are the letters of all other scripts.
        return base if base.isascii() or "α" <= base <= "ω" else char


_KEY: Final = _Letters(None)
_WORDS: Final = _Letters(" ")
_DIGIT_EDGE: Final = re.compile(r"(?<=\d)(?=[^\W\d])|(?<=[^\W\d])(?=\d)")


def name_key(folded: str) -> str:
    """The key of a folded word or name."""
    return folded.translate(_KEY)


def key_words(folded: str) -> list[str]:
    """The keys of the words of a folded name; joined they are its key."""
    parted = folded.translate(_WORDS)
    if any(map(str.isdigit, parted)):
        parted = _DIGIT_EDGE.sub(" ", parted)
    return parted.split()


def openings(surface: str, folded: str, possible: Iterable[Reading]) -> tuple[NameWord, ...]:
    """Every way to read a word of the text as the first of a name, as it stands first. ``possible`` are its ``readings``."""
    out = {_plain(name_key(stem), surface): None for stem, bits in possible if not bits & ~_BEFORE}
    return tuple(out | dict.fromkeys(_endings(folded, surface)))


def continuations(surface: str) -> tuple[NameWord, ...]:
    """Every way to read a word of the text as a later word of a name, as it stands first."""
    folded = fold(surface)
    return tuple(dict.fromkeys((_plain(name_key(folded), surface), *_endings(folded, surface))))


def _endings(folded: str, surface: str) -> Iterator[NameWord]:
    """The word without what may be attached behind a name."""
    before, apostrophe, _ = folded.partition("'")
    if apostrophe and before:
        yield NameWord(name_key(before), END)
    if folded.isascii():
        return
    if _HANGUL.fullmatch(folded):
        for size in range(max(1, len(folded) - _PARTICLES), len(folded)):
            if _PARTICLE.fullmatch(folded, size):
                yield NameWord(folded[:size], SYLLABLE if folded[size:] in _SYLLABLES else END)
    elif _CYRILLIC.fullmatch(folded):
        for key, kind in cases(folded, capital=surface[0].isupper()):
            yield NameWord(key, kind)


def _plain(key: str, surface: str) -> NameWord:
    """The word as it stands. A capital Cyrillic word that could be declined and is not is in the nominative."""
    if not surface[0].isupper() or not _CYRILLIC.fullmatch(key):
        return NameWord(key, BARE)
    if key[-1] in "ая":
        return NameWord(key, VOWEL if len(key) >= _GIVEN else BARE)
    return NameWord(key, CONSONANT if key[-1] not in "еиоуыэюіїє" else BARE)


def enough(key: str, kind: Kind, words: int) -> bool:
    """Whether a name read so is surely this one: what was taken off behind it may be a part of another name."""
    if kind == SYLLABLE:
        return len(key) > 2 or (len(key) == 2 and key[0] not in _SURNAMES)
    return words > 1 or kind <= VOWEL or kind == END or len(key) >= _DECLINED
