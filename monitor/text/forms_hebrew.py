"""Hebrew: prefixes that are written together with a word, and the regular forms of nouns and adjectives.

Without vowels a noun and a verb are often one spelling (נשק is "weapon" and "kissed"), and a dictionary's entry then holds
both. A word that shows itself a noun keeps of those forms only the ones that a noun can have; plurals, the construct state
and the possessives are also made by rule, unless the dictionary knows the outcome as another word.

This room knows only str; dictionaries reach it as a look-up function.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

from monitor.text.fold import fold
from monitor.text.forms_base import Attach, Form, Lookup

_LETTERS: Final = {
    "ו": Attach.HEBREW_VAV,
    "ב": Attach.HEBREW_IN,
    "ל": Attach.HEBREW_TO,
    "כ": Attach.HEBREW_AS,
    "מ": Attach.HEBREW_FROM,
    "ה": Attach.HEBREW_ARTICLE,
    "ש": Attach.HEBREW_THAT,
}


def _bits(conjunction: str, that: str, preposition: str, article: str) -> int:
    if article:  # of which there is but one reading, whatever stands before it
        before = conjunction or that or preposition
        return (Attach.HEBREW_ARTICLE | (Attach.HEBREW_BEFORE_ARTICLE if before else Attach.NONE)).value
    each = (conjunction, "ש" if that else "", preposition)
    return sum(_LETTERS[letter].value for letter in each if letter)


#: Prefix -> the bits of what it says.
HEBREW_PREFIXES: Final = {
    "".join(parts): _bits(*parts)
    for parts in product(("", "ו"), ("", "ש", "כש", "לכש", "מש"), ("", "ב", "ל", "כ", "מ"), ("", "ה"))
    if any(parts)
}
LONGEST_PREFIX: Final = max(map(len, HEBREW_PREFIXES))

#: Letters that are written otherwise at the end of a word.
_FINAL: Final = str.maketrans("ךםןףץ", "כמנפצ")
#: What follows a noun's stem: plurals and the construct state; made by rule, since newspapers use them of every noun.
_USUAL: Final = ("ים", "ות", "י")
_USUAL_FEMININE: Final = ("ת", "ות", "אות")
_USUAL_ADJECTIVE: Final = ("ת", "ים", "ות")  # behind י: בליסטי, בליסטית
#: Possessives of several; those of one are single letters and taken from the dictionary only.
_POSSESSIVE: Final = ("יו", "יה", "יהם", "יהן", "ינו")
_POSSESSIVE_FEMININE: Final = ("תו", "תה", "תם", "תנו", "ותיו", "ותיה", "ותיהם", "ותיהן", "ותינו")
#: All that a noun's form may end in; what the dictionary lists otherwise beside a noun is a verb's.
_NOMINAL: Final = (
    *("ים", "יים", "ות", "י", "ת", "ית", "יות"),
    *(base + end for base in ("", "י", "ות", "ת", "ותי") for end in ("י", "ך", "ו", "ה", "נו", "כם", "כן", "ם", "ן", "הם", "הן", "יך")),
)
#: Words this short meet other words when a letter is put before them (טיל, הטיל), their inflected forms when one letter longer
#: (טילה, הטילה): the dictionary is asked.
_SHORT: Final = 3


def hebrew_forms(word: str, lookup: Lookup, *, verb: bool) -> Iterator[Form]:
    """Every form of the word: a verb's where it is asked for or can be nothing else, a noun's or an adjective's otherwise."""
    known = lookup("he", word)
    yield Form(fold(word), _prefixes(word, known, lookup), "as written")
    why = f"same lemma as {word} (dictionary)"
    if verb or _only_verb(word, known, lookup):
        yield from (Form(fold(form), Attach.HEBREW, why) for form in sorted(known))
        yield from (Form(fold(form), Attach.HEBREW, f"verb {word} by rule") for form in _conjugated(word))
        return
    yield from _noun(word, known, lookup)
    # An inflected word is a form of its citation form, the shortest it can be made of; what ends in ה is no plural or construct.
    candidates = [form for form in known if len(form) <= len(word) and word in _nominal(form)] if not word.endswith("ה") else []
    cited = min(candidates, key=lambda form: (len(form), form), default=word)
    if cited != word and lookup("he", cited) == known:
        yield Form(fold(cited), _prefixes(cited, known, lookup), why)
        yield from _noun(cited, known, lookup)


def _noun(word: str, known: frozenset[str], lookup: Lookup) -> Iterator[Form]:
    for form in sorted(known & _nominal(word)):
        if form != word:
            yield Form(fold(form), _prefixes(form, known, lookup, inflected=True), f"same lemma as {word} (dictionary)")
    for form in _regular(word, _stem(word)):
        found = lookup("he", form)
        # With the article taken off it may be another noun's (הפרות: violations, or "the cows"): it is both.
        if form not in known and (not found or word in found or form[1:] in found):
            yield Form(fold(form), _prefixes(form, known, lookup, inflected=True), f"by rule of {word}")


def _nominal(word: str) -> frozenset[str]:
    """All that may be a noun's form of this citation form."""
    stem = _stem(word)
    return frozenset(stem + end for end in _NOMINAL)


def hebrew_this_form(word: str, lookup: Lookup) -> Form:
    """The word as it stands, with what may be before it."""
    return Form(fold(word), _prefixes(word, lookup("he", word), lookup), "as written")


def _stem(word: str) -> str:
    return word[:-1] if word.endswith("ה") else word.translate(_FINAL) if len(word) > 1 else word


def _regular(word: str, stem: str) -> Iterator[str]:
    if word.endswith("ה"):
        endings: tuple[str, ...] = _USUAL_FEMININE + _POSSESSIVE_FEMININE
    elif word.endswith(("ים", "ות", "ת")):
        # Itself a plural, a construct or a feminine: only what replaces its ending.
        endings = ()
        yield from {"ים": (word[:-1],), "ית": (word[:-1] + "ות",)}.get(word[-2:], ())
    elif word.endswith("י"):
        endings = _USUAL_ADJECTIVE
    else:
        endings = _USUAL + _POSSESSIVE
    yield from (stem + ending for ending in endings)
    if stem.endswith("י") and word.endswith("ה"):
        yield stem + "ית"  # סנקציה, סנקציית


def _conjugated(word: str) -> Iterator[str]:
    """The forms that dictionaries lack of the two derived kinds of verbs that news uses most: סיפק, יספק; העביר, יעביר; התחמק, יתחמק."""
    if len(word) == 4 and word[1] == "י":
        stem, infinitive = word[0] + word[2:], "ל"
    elif len(word) > 3 and word[0] == "ה":
        stem, infinitive = word[1:], "לה"
    else:
        return
    open_stem = stem.translate(_FINAL)
    yield from (person + stem for person in (infinitive, "י", "ת", "נ", "א", "מ"))
    yield from (person + open_stem + "ו" for person in "ית")
    yield from ("מ" + open_stem + ending for ending in ("ת", "ה", "ים", "ות"))
    past = word.translate(_FINAL)
    yield from (past + ending for ending in ("ה", "ו"))


def _only_verb(word: str, known: frozenset[str], lookup: Lookup) -> bool:
    """Whether the dictionary's entry is a verb's and shows no sign of a noun of this spelling."""
    if not any(form.startswith("ל") and not word.startswith("ל") for form in known):  # no infinitive
        return False
    stem = _stem(word)
    if any(form in known for form in ("ה" + word, stem + "ים", stem + "יהם")):
        return False
    # A noun in ה that is spelled like "she did" is filed under "he did": הפרה under הפר.
    return not (word.endswith("ה") and word in lookup("he", word[:-1]))


def _prefixes(form: str, known: frozenset[str], lookup: Lookup, *, inflected: bool = False) -> Attach:
    """What may stand before a form, less what would turn it into another word."""
    allows = Attach.HEBREW
    if len(form) <= _SHORT + inflected:
        for letter, flag in _LETTERS.items():
            found = lookup("he", letter + form)
            if len(found) > 1 and form not in found and known.isdisjoint(found):
                allows &= ~flag
    return allows
