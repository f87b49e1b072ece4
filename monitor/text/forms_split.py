"""Surface words of the text into readings: every way to take off what may be attached.

Language-blind on purpose: the script of the word decides, and a form that is not of that language does not allow what
another language attaches. Nothing is looked up here, so a reading may be nonsense; it then meets no form.

This room knows only str.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from monitor.text.forms_base import Attach, Reading

#: A stem of one letter is no word of any language here.
_SHORTEST: Final = 2

_CONJUNCTIONS: Final = {"و": Attach.WAW, "ف": Attach.FA}
_PREPOSITIONS: Final = {"ب": Attach.BA, "ل": Attach.LAM, "ك": Attach.KAF}
_ARABIC_PRONOUNS: Final = (
    ("هما", Attach.PRONOUN),
    ("ها", Attach.PRONOUN),
    ("هم", Attach.PRONOUN),
    ("هن", Attach.PRONOUN),
    ("نا", Attach.PRONOUN),
    ("كم", Attach.PRONOUN),
    ("ه", Attach.HE),
    ("ني", Attach.PRONOUN_I),
    ("ك", Attach.PRONOUN_I),
)
_PERSIAN_ENDINGS: Final = (
    *((ending, Attach.PERSIAN_PLURAL) for ending in ("هايشان", "هايمان", "هايتان", "هايي", "هايش", "هايم", "هاي", "ها")),
    *((ending, Attach.PERSIAN_ENDING) for ending in ("ايي", "يي", "ي", "شان", "مان", "تان", "اش", "ش")),
)
_HEBREW_PREFIXES: Final = tuple(
    sorted(
        {
            conjunction + relative + preposition + article
            for conjunction in ("", "ו")
            for relative in ("", "ש", "כש", "לכש", "מש")
            for preposition in ("", "ב", "ל", "כ", "מ")
            for article in ("", "ה")
        }
        - {""},
        key=len,
    )
)


def readings(folded: str) -> tuple[Reading, ...]:
    """All ways to read one folded surface word, the bare one first; no two are equal."""
    bare = Reading(folded, Attach.NONE)
    if not folded or folded.isascii():
        return (bare, *_after_apostrophe(folded)) if "'" in folded else (bare,)
    first = folded[0]
    if "\u0600" <= first <= "\u06ff":
        found = dict.fromkeys((bare, *_arabic(folded), *_persian(folded)))
        return tuple(found)
    if "\u0590" <= first <= "\u05ff":
        return (bare, *_hebrew(folded))
    return (bare, *_after_apostrophe(folded)) if "'" in folded else (bare,)


def _after_apostrophe(folded: str) -> Iterator[Reading]:
    stem, apostrophe, _ = folded.partition("'")
    if apostrophe and len(stem) >= _SHORTEST:
        yield Reading(stem, Attach.APOSTROPHE)


def _arabic(folded: str) -> Iterator[Reading]:
    for rest, has in _arabic_prefixes(folded):
        yield Reading(rest, has)
        if Attach.ARTICLE in has:
            # A term may insist on its article (القاعدة is not قاعدة): the same word with the article kept in the stem.
            yield Reading("ال" + rest, has & ~Attach.ARTICLE)
        else:
            yield from _without_pronoun(rest, has)


def _arabic_prefixes(folded: str) -> Iterator[tuple[str, Attach]]:
    yield from _before_noun(folded, Attach.NONE)
    conjunction = _CONJUNCTIONS.get(folded[0])
    if conjunction is not None and len(folded) > _SHORTEST:
        yield from _before_noun(folded[1:], conjunction)


def _before_noun(rest: str, has: Attach) -> Iterator[tuple[str, Attach]]:
    """What is left of ``rest`` without article, preposition or the future particle, all being optional."""
    yield rest, has
    if len(rest) <= _SHORTEST:
        return
    if rest.startswith("ال") and len(rest) >= 2 + _SHORTEST:
        yield rest[2:], has | Attach.ARTICLE
    if rest[0] == "س" and rest[1] in "يتنا":
        yield rest[1:], has | Attach.FUTURE
    preposition = _PREPOSITIONS.get(rest[0])
    if preposition is None:
        return
    yield rest[1:], has | preposition
    if rest[0] == "ل":
        if rest[1] == "ل":
            # لل hides an article; before a noun in ل it hides that letter's twin as well: للجنة is ل + ال + لجنة.
            yield rest[1:], has | Attach.LAM | Attach.ARTICLE
            if len(rest) >= 2 + _SHORTEST:
                yield rest[2:], has | Attach.LAM | Attach.ARTICLE
    elif rest.startswith("ال", 1) and len(rest) >= 3 + _SHORTEST:
        yield rest[3:], has | preposition | Attach.ARTICLE


def _without_pronoun(rest: str, has: Attach) -> Iterator[Reading]:
    for ending, pronoun in _ARABIC_PRONOUNS:
        if not rest.endswith(ending) or len(rest) - len(ending) < _SHORTEST:
            continue
        stem = rest[: -len(ending)]
        yield Reading(stem, has | pronoun)
        if stem[-1] == "ت":
            # The feminine ending shows its ت before a pronoun: صفقتها is صفقة + ها.
            yield Reading(stem[:-1] + "ه", has | pronoun)
        elif stem[-1] == "و":
            # The silent alef of a plural verb goes: زودوها is زودوا + ها.
            yield Reading(stem + "ا", has | pronoun)


def _persian(folded: str) -> Iterator[Reading]:
    for ending, attached in _PERSIAN_ENDINGS:
        if folded.endswith(ending) and len(folded) - len(ending) >= _SHORTEST:
            yield Reading(folded[: -len(ending)], attached)


def _hebrew(folded: str) -> Iterator[Reading]:
    for prefix in _HEBREW_PREFIXES:
        if folded.startswith(prefix) and len(folded) - len(prefix) >= _SHORTEST:
            yield Reading(folded[len(prefix) :], Attach.HEBREW)
