"""Surface words of the text into readings: every way to take off what may be attached.

Language-blind on purpose: the script of the word decides, and a form that is not of that language does not allow what
another language attaches. Nothing is looked up here, so a reading may be nonsense; it then meets no form. Every word of the
text that was not seen before comes through here, so that this is plain string work on the bits of ``Attach``.

This room knows only str.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from monitor.text.forms_base import Attach, Reading
from monitor.text.forms_hebrew import HEBREW_PREFIXES, LONGEST_PREFIX
from monitor.text.forms_korean import korean_abbreviation, korean_readings
from monitor.text.forms_turkish import turkish_readings

#: A stem of one letter is no word of any language here.
_SHORTEST: Final = 2
#: A longer word is an address or noise: read as it stands.
_LONGEST: Final = 64

_APOSTROPHE: Final = Attach.APOSTROPHE.value
_ARTICLE: Final = Attach.ARTICLE.value
_FUTURE: Final = Attach.FUTURE.value
_LAM: Final = Attach.LAM.value
_LAM_ARTICLE: Final = _LAM | _ARTICLE
_CONJUNCTIONS: Final = {"و": Attach.WAW.value, "ف": Attach.FA.value}
_PREPOSITIONS: Final = {"ب": Attach.BA.value, "ل": _LAM, "ك": Attach.KAF.value}
_PRONOUN: Final = Attach.PRONOUN.value
_PRONOUN_I: Final = Attach.PRONOUN_I.value
#: By last letter: the pronouns that end in it.
_PRONOUNS: Final = {
    "ا": (("هما", _PRONOUN), ("ها", _PRONOUN), ("نا", _PRONOUN)),
    "م": (("هم", _PRONOUN), ("كم", _PRONOUN)),
    "ن": (("هن", _PRONOUN),),
    "ه": (("ه", Attach.HE.value),),
    "ي": (("ني", _PRONOUN_I),),
    "ك": (("ك", _PRONOUN_I),),
}


#: What Arabic and Hebrew write before a number or a word in Latin letters, as it is stacked: والـMD, שבF.
BEFORE_OTHERS: Final[dict[str, int]] = {
    one + two + three: bits | more | most
    for one, bits in ({"": 0} | _CONJUNCTIONS).items()
    for two, more in ({"": 0, "لل": _LAM_ARTICLE} | _PREPOSITIONS).items()
    for three, most in (("", 0), ("ال", _ARTICLE))
    if one + two + three
} | HEBREW_PREFIXES
#: All that may be written together before a word, and behind one but in Turkish and Korean.
BEFORE_WORDS: Final = frozenset(BEFORE_OTHERS) | {conjunction + "س" for conjunction in ("", *_CONJUNCTIONS)}
BEHIND_WORDS: Final = frozenset(ending for endings in _PRONOUNS.values() for ending, _ in endings)


def readings(folded: str, stems: Container[str] | None = None) -> tuple[Reading, ...]:
    """All ways to read one folded surface word, the bare one first; no two are equal.

    ``stems`` are those that anyone looks for, where the caller knows them: languages whose endings are costly to take off
    then leave out other stems.
    """
    bare = Reading(folded, 0)
    if not _SHORTEST <= len(folded) <= _LONGEST:
        return (bare,)
    first = folded[0]
    if first < "\u0370" or first >= "\u1e00":
        found = _hangul_or_latin(folded, first, stems)
    elif folded[-1] < "\u0250" and first < "\u0700":
        found = _before_latin(folded)
    elif "\u0600" <= first <= "\u06ff":
        found = _arabic(folded)
    elif "\u0590" <= first <= "\u05ff":
        found = _hebrew(folded)
    else:
        found = _after_apostrophe(folded)
    return (bare, *dict.fromkeys(found)) if found else (bare,)


def _hangul_or_latin(folded: str, first: str, stems: Container[str] | None) -> list[Reading]:
    if "\uac00" <= first <= "\ud7a3":
        return korean_readings(folded, stems)
    if "\uac00" <= folded[-1] <= "\ud7a3":
        return korean_abbreviation(folded)
    return _after_apostrophe(folded) + turkish_readings(folded, stems)


def _after_apostrophe(folded: str) -> list[Reading]:
    at = folded.find("'")
    return [Reading(folded[:at], _APOSTROPHE)] if at >= _SHORTEST else []


def _before_latin(folded: str) -> list[Reading]:
    at = next((at for at, letter in enumerate(folded) if letter < "\u0250"), 0)
    bits = BEFORE_OTHERS.get(folded[:at])
    return [Reading(folded[at:], bits)] if bits else _after_apostrophe(folded)


# ------------------------------------------------------------------------------------------- Arabic
def _arabic(folded: str) -> list[Reading]:
    out: list[Reading] = []
    _before_noun(folded, 0, out)
    conjunction = _CONJUNCTIONS.get(folded[0])
    if conjunction is not None and len(folded) > _SHORTEST:
        _add(folded[1:], conjunction, out)
        _before_noun(folded[1:], conjunction, out)
    return out


def _before_noun(rest: str, has: int, out: list[Reading]) -> None:
    """What is left of ``rest`` without article, preposition or the future particle, and without a pronoun."""
    _without_pronoun(rest, has, out)
    size = len(rest)
    if size <= _SHORTEST:
        return
    first, second = rest[0], rest[1]
    if first == "ا":
        if second == "ل" and size >= 2 + _SHORTEST:
            _with_article(rest[2:], has | _ARTICLE, out)
        return
    if first == "س":
        if second in "يتنا":
            _add(rest[1:], has | _FUTURE, out)
            _without_pronoun(rest[1:], has | _FUTURE, out)
        return
    preposition = _PREPOSITIONS.get(first)
    if preposition is None:
        return
    has |= preposition
    _add(rest[1:], has, out)
    _without_pronoun(rest[1:], has, out)
    if first == "ل":
        if second == "ل":
            # لل hides an article; before a noun in ل it hides that letter's twin as well: للجنة is ل + ال + لجنة.
            _with_article(rest[1:], has | _ARTICLE, out)
            if size >= 2 + _SHORTEST:
                _with_article(rest[2:], has | _ARTICLE, out)
    elif second == "ا" and size >= 3 + _SHORTEST and rest[2] == "ل":
        _with_article(rest[3:], has | _ARTICLE, out)


def without_article(stem: str) -> str:
    """A stem that insists on its article, as it may be found behind a preposition: لل and بال hide it, see ``_with_article``."""
    return stem.removeprefix("ال")


def before_pronoun(stem: str) -> str:
    """A stem as it is before a pronoun, see ``_without_pronoun``."""
    return stem[:-1] + "ت" if stem.endswith("ه") else stem[:-1] if stem.endswith("وا") else stem


def _add(stem: str, has: int, out: list[Reading]) -> None:
    if len(stem) >= _SHORTEST:
        out.append(Reading(stem, has))


def _with_article(stem: str, has: int, out: list[Reading]) -> None:
    out.append(Reading(stem, has))
    # A term may insist on its article (القاعدة is not قاعدة): the same word with the article kept in the stem.
    if kept := has & ~_ARTICLE:
        out.append(Reading("ال" + stem, kept))


def _without_pronoun(rest: str, has: int, out: list[Reading]) -> None:
    for ending, pronoun in _PRONOUNS.get(rest[-1], ()):
        size = len(rest) - len(ending)
        if size < _SHORTEST or not rest.endswith(ending):
            continue
        stem, bits = rest[:size], has | pronoun
        out.append(Reading(stem, bits))
        if stem[-1] == "ت":
            # The feminine ending shows its ت before a pronoun: صفقتها is صفقة + ها.
            out.append(Reading(stem[:-1] + "ه", bits))
        elif stem[-1] == "و":
            # The silent alef of a plural verb goes: زودوها is زودوا + ها.
            out.append(Reading(stem + "ا", bits))


# ------------------------------------------------------------------------------------------- Hebrew
def _hebrew(folded: str) -> list[Reading]:
    out: list[Reading] = []
    for size in range(1, min(LONGEST_PREFIX, len(folded) - _SHORTEST) + 1):
        bits = HEBREW_PREFIXES.get(folded[:size])
        if bits is not None:
            out.append(Reading(folded[size:], bits))
    return out
