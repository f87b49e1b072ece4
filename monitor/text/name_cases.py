"""Russian and Ukrainian case endings of names: a declined word back to its nominatives, and which words agree.

A name of several words is declined as one: Владимира Путина, Марии Захаровой, but Ким Чен Ына (only the last) and Ангелы
Меркель (a woman's surname that ends in a consonant is not declined). Words that do not agree are another name:
Александра Смит is a woman, and no case of Александр Смит. What stays is what the language itself leaves open: Александра
Иванова is a woman and a case of Александр Иванов, and is found for both.

This room knows only str.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NewType

#: How a word is declined: a class in the low three bits, the cases it may stand in above them.
Kind = NewType("Kind", int)
BARE: Final = Kind(0)  # not declined, and saying nothing: another script, an indeclinable word, a word in small letters
CONSONANT: Final = Kind(1)  # nominative, could have been declined
VOWEL: Final = Kind(2)  # nominative in -а, -я: most of them women's
_CONSONANT_CASE: Final = 3  # declined, of a nominative in a consonant, -й, -ь or -о
_VOWEL_CASE: Final = 4  # declined, of a nominative in -а, -я
END: Final = Kind(5)  # carries what ends a name: 's, a particle
SYLLABLE: Final = Kind(6)  # ends in a Korean particle that may be the last syllable of another name
#: No such name.
REFUSED: Final = Kind(-1)

_GENITIVE, _DATIVE, _ACCUSATIVE, _INSTRUMENTAL, _LOCATIVE = 8, 16, 32, 64, 128
_CASES: Final = 0xF8

_HARD: Final = "бвгґдзклмнпрстфхжшчщц"
_VOWELS: Final = "аеиоуыэюяіїє"
_HUSHING: Final = "жшчщц"

# ending of the text's word: (ending of the nominative, letters of which one must stand before it, class, cases)
_RULES: Final[dict[str, tuple[tuple[str, str, int, int], ...]]] = {
    "а": (
        ("", _HARD, _CONSONANT_CASE, _GENITIVE | _ACCUSATIVE),
        ("о", _HARD, _CONSONANT_CASE, _GENITIVE | _ACCUSATIVE),
    ),
    "я": (
        ("й", _VOWELS, _CONSONANT_CASE, _GENITIVE | _ACCUSATIVE),
        ("ь", _HARD, _CONSONANT_CASE, _GENITIVE | _ACCUSATIVE),
        ("е", "и", _CONSONANT_CASE, _GENITIVE),
    ),
    "у": (
        ("", _HARD, _CONSONANT_CASE, _DATIVE | _LOCATIVE),
        ("о", _HARD, _CONSONANT_CASE, _DATIVE | _LOCATIVE),
        ("а", _HARD, _VOWEL_CASE, _ACCUSATIVE),
    ),
    "ю": (
        ("й", _VOWELS, _CONSONANT_CASE, _DATIVE),
        ("ь", _HARD, _CONSONANT_CASE, _DATIVE),
        ("я", _HARD + _VOWELS, _VOWEL_CASE, _ACCUSATIVE),
        ("е", "и", _CONSONANT_CASE, _DATIVE),
    ),
    "ом": (("", _HARD, _CONSONANT_CASE, _INSTRUMENTAL), ("о", _HARD, _CONSONANT_CASE, _INSTRUMENTAL)),
    "ем": (
        ("", _HUSHING, _CONSONANT_CASE, _INSTRUMENTAL),
        ("й", _VOWELS, _CONSONANT_CASE, _INSTRUMENTAL),
        ("ь", _HARD, _CONSONANT_CASE, _INSTRUMENTAL),
        ("е", "и", _CONSONANT_CASE, _INSTRUMENTAL),
    ),
    "єм": (("й", _VOWELS, _CONSONANT_CASE, _INSTRUMENTAL),),
    "им": (("", "вн", _CONSONANT_CASE, _INSTRUMENTAL),),
    "ым": (("", "вн", _CONSONANT_CASE, _INSTRUMENTAL),),
    "ові": (("", _HARD, _CONSONANT_CASE, _DATIVE | _LOCATIVE), ("о", _HARD, _CONSONANT_CASE, _DATIVE | _LOCATIVE)),
    "еві": (("", _HUSHING, _CONSONANT_CASE, _DATIVE | _LOCATIVE), ("ь", _HARD, _CONSONANT_CASE, _DATIVE | _LOCATIVE)),
    "єві": (("й", _VOWELS, _CONSONANT_CASE, _DATIVE | _LOCATIVE),),
    "е": (
        ("", _HARD, _CONSONANT_CASE, _LOCATIVE),
        ("о", _HARD, _CONSONANT_CASE, _LOCATIVE),
        ("й", _VOWELS, _CONSONANT_CASE, _LOCATIVE),
        ("ь", _HARD, _CONSONANT_CASE, _LOCATIVE),
        ("а", _HARD, _VOWEL_CASE, _DATIVE | _LOCATIVE),
        ("я", _HARD + _VOWELS, _VOWEL_CASE, _DATIVE | _LOCATIVE),
    ),
    "і": (
        ("", _HARD, _CONSONANT_CASE, _LOCATIVE),
        ("а", _HARD, _VOWEL_CASE, _DATIVE | _LOCATIVE),
        ("я", _HARD, _VOWEL_CASE, _GENITIVE | _DATIVE | _LOCATIVE),
    ),
    "ї": (("й", _VOWELS, _CONSONANT_CASE, _LOCATIVE), ("я", _VOWELS, _VOWEL_CASE, _GENITIVE | _DATIVE | _LOCATIVE)),
    "зі": (("га", _VOWELS + _HARD + "ь", _VOWEL_CASE, _DATIVE | _LOCATIVE),),
    "ці": (("ка", _VOWELS + _HARD + "ь", _VOWEL_CASE, _DATIVE | _LOCATIVE),),
    "сі": (("ха", _VOWELS + _HARD + "ь", _VOWEL_CASE, _DATIVE | _LOCATIVE),),
    "ы": (("а", _HARD, _VOWEL_CASE, _GENITIVE),),
    "и": (
        ("й", "и", _CONSONANT_CASE, _LOCATIVE),
        ("а", _HARD, _VOWEL_CASE, _GENITIVE),
        ("я", _HARD + _VOWELS + "ь", _VOWEL_CASE, _GENITIVE | _DATIVE | _LOCATIVE),
        ("ь", _HARD, _VOWEL_CASE, _GENITIVE | _DATIVE | _LOCATIVE),
        ("е", "и", _CONSONANT_CASE, _LOCATIVE),
    ),
    # Surnames in -ова, -ева, -ина have one ending in four cases, all others in one; the wider is taken.
    "ой": (
        ("а", "внкгхжшчщ", _VOWEL_CASE, _GENITIVE | _DATIVE | _INSTRUMENTAL | _LOCATIVE),
        ("а", "бґдзлмпрстфц", _VOWEL_CASE, _INSTRUMENTAL),
        ("ая", _HARD, _VOWEL_CASE, _GENITIVE | _DATIVE | _INSTRUMENTAL | _LOCATIVE),
    ),
    "ою": (("а", _HARD, _VOWEL_CASE, _INSTRUMENTAL), ("ая", _HARD, _VOWEL_CASE, _INSTRUMENTAL)),
    "ей": (("я", _HARD + _VOWELS, _VOWEL_CASE, _INSTRUMENTAL), ("а", _HUSHING, _VOWEL_CASE, _INSTRUMENTAL)),
    "ею": (("я", _HARD + _VOWELS, _VOWEL_CASE, _INSTRUMENTAL), ("а", _HUSHING, _VOWEL_CASE, _INSTRUMENTAL)),
    "єю": (("я", _VOWELS, _VOWEL_CASE, _INSTRUMENTAL),),
    "ью": (("ь", _HARD, _VOWEL_CASE, _INSTRUMENTAL),),
    "ую": (("ая", _HARD, _VOWEL_CASE, _ACCUSATIVE),),
    "ої": (("а", _HARD, _VOWEL_CASE, _GENITIVE),),
    "ій": (("а", _HARD, _VOWEL_CASE, _DATIVE | _LOCATIVE),),
    "ого": tuple((ending, _HARD, _CONSONANT_CASE, _GENITIVE | _ACCUSATIVE) for ending in ("ий", "ый", "ой", "ое")),
    "его": (("ий", _HARD, _CONSONANT_CASE, _GENITIVE | _ACCUSATIVE),),
    "ому": tuple((ending, _HARD, _CONSONANT_CASE, _DATIVE | _LOCATIVE) for ending in ("ий", "ый", "ой", "ое")),
    "ему": (("ий", _HARD, _CONSONANT_CASE, _DATIVE),),
}
# The endings of adjectives that are also those of nouns.
_ADJECTIVES: Final[dict[str, tuple[tuple[str, str, int, int], ...]]] = {
    "им": (("ий", _HARD, _CONSONANT_CASE, _INSTRUMENTAL), ("ой", _HARD, _CONSONANT_CASE, _INSTRUMENTAL)),
    "ым": tuple((ending, _HARD, _CONSONANT_CASE, _INSTRUMENTAL) for ending in ("ый", "ой", "ое")),
    "ом": tuple((ending, _HARD, _CONSONANT_CASE, _LOCATIVE) for ending in ("ий", "ый", "ой", "ое")),
    "ем": (("ий", _HARD, _CONSONANT_CASE, _LOCATIVE),),
    "ім": (("ий", _HARD, _CONSONANT_CASE, _LOCATIVE),),
}
_LONGEST: Final = 3
#: What is left of a word once its ending is off; Ын is two letters.
_STEM: Final = 2


def cases(folded: str, *, capital: bool) -> Iterator[tuple[str, Kind]]:
    """The nominatives a Cyrillic word may be declined from. A word in small letters is no person's name and agrees with anything."""
    for size in range(1, min(_LONGEST, len(folded) - _STEM) + 1):
        stem, ending = folded[:-size], folded[-size:]
        for nominative, before, declined, found in (*_RULES.get(ending, ()), *_ADJECTIVES.get(ending, ())):
            if stem[-1] in before:
                yield stem + nominative, Kind(declined | found) if capital else BARE


def agreed(state: Kind, kind: Kind) -> Kind:
    """What a name's words so far (``BARE`` at first) and its next word come to; ``REFUSED`` where they cannot be one name."""
    if state in (END, SYLLABLE):
        return REFUSED
    if kind in (BARE, END, SYLLABLE):
        return state if kind == BARE else kind
    declension, so_far = kind & 7, state & 7
    if so_far in (BARE, CONSONANT, VOWEL):
        # A woman's given name in the nominative is not followed by a declined word; a syllable of Ким Чен Ын is.
        return REFUSED if so_far == VOWEL and declension > VOWEL else max(state, kind)
    if declension <= VOWEL:
        return state if so_far == _VOWEL_CASE and declension == CONSONANT else REFUSED
    both = state & kind & _CASES
    if so_far == _VOWEL_CASE and declension == _CONSONANT_CASE:
        # Об Александре Смите speaks of a man, об Александре Смит of a woman: the only case that two persons share.
        both &= ~_LOCATIVE
    return Kind(declension | both) if both else REFUSED
