"""Arabic nouns and adjectives: the dictionary's broken plurals, and by rule all that is regular.

The dictionary groups spellings by lemma, and one lemma often holds a noun, a verb, participles and junk. So its forms
are not taken as they come: they are reduced to bases (what is left without article and regular endings), a base is kept
if it looks like a noun made of the word's own consonants and belongs to no other word, and every kept base is inflected
by rule. A form that the dictionary knows as part of another word is left out.

This room knows only str.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from monitor.text.fold import fold
from monitor.text.forms_arabic_verb import arabic_verb, is_verb, verb_of_masdar
from monitor.text.forms_base import Attach, Form, Lookup

_C: Final = "[^اويهى]"
#: Shapes of broken plurals, folded; ``C`` is any letter that is not a vowel letter, ``X`` any letter.
_BROKEN: Final = re.compile(
    "|".join(
        shape.replace("C", _C).replace("X", "[^ا]")
        for shape in (
            "اCXاC",  # أفعال
            "XXوC",  # فعول
            "XXاX",  # فعال
            "اXXXه",  # أفعلة
            "اXXه",  # أئمة
            "XXاXX",  # فعائل فواعل مفاعل
            "XXاXيX",  # مفاعيل فواعيل
            "XXاXXه",  # أساتذة
            "XXاXي",  # أراضي
            "اXXXاء",  # أصدقاء
            "XXXاء",  # وزراء
            "XXXان",  # بلدان
            "اXاXX",  # أماكن
            "اXاXيX",  # أساليب
        )
    )
)
_THREE: Final = re.compile("[^ا]{3}")  # فُعَل, فُعُل: سفن, دول
#: Regular endings of a noun, longest first.
_ENDINGS: Final = ("تان", "تين", "ات", "ان", "ون", "ين", "تا", "تي", "ا", "ه", "و", "ي", "ت")
_WEAK: Final = "اويهىءت"
#: Accusatives that have become prepositions and adverbs of their own; a noun's accusative is not looked for in them.
_FROZEN: Final = frozenset("نقلا نظرا وفقا طبقا تبعا خلافا وفاقا استنادا جدا عملا فضلا بناءا حقا معا غدا امرا".split())
#: Words this short meet other words when a letter is put before them (حدة, وحدة): the dictionary is asked.
_SHORT: Final = 4

_WITH_ARTICLE: Final = Attach.CONJ | Attach.PREP | Attach.ARTICLE


@dataclass(frozen=True, slots=True)
class _Known:
    """What the dictionary says about one word: its forms, and whether another spelling belongs to another word."""

    word: str
    lookup: Lookup
    forms: frozenset[str]  # as the dictionary spells them
    folded: frozenset[str]

    def elsewhere(self, text: str) -> bool:
        """Whether the folded ``text`` is a spelling of some other lemma; a lemma with a single spelling proves nothing."""
        if text in self.folded:
            return any(len(found) > 1 and self.word not in found for found in self._lemmas(text, same_first=False))
        return any(len(found) > 1 and self.word not in found for found in self._lemmas(text, same_first=True))

    def _lemmas(self, text: str, *, same_first: bool) -> Iterator[frozenset[str]]:
        for spelling in spellings(text):
            found = self.lookup("ar", spelling)
            if found and (same_first or spelling not in self.forms):
                yield found


def spellings(folded: str) -> Iterator[str]:
    """The ways a folded word may have been written before its hamza, ta marbuta or alef maqsura was folded."""
    firsts = "اأإآ" if folded[:1] == "ا" else folded[:1]
    lasts = {"ه": "هة", "ي": "يى"}.get(folded[-1:], folded[-1:])
    if len(folded) < 2:
        yield folded
        return
    for first in firsts:
        for last in lasts:
            yield first + folded[1:-1] + last


def arabic_this_form(word: str, lookup: Lookup) -> list[Form]:
    """The word as it stands with its clitics. Written with the article it insists on the article."""
    folded = fold(word)
    known = _known(word, lookup)
    if _has_article(word, known, lookup):
        return [Form(folded, Attach.CONJ | Attach.PREP, "as written")]
    allows = _attachments(folded, known)
    if folded[:1] in "يتن":
        allows |= Attach.FUTURE
    return [Form(folded, allows, "as written")]


def arabic_any_form(word: str, lookup: Lookup) -> list[Form]:
    """Every form of the word: a noun or an adjective, or a verb where it can be nothing else."""
    known = _known(word, lookup)
    if _has_article(word, known, lookup):
        word = word[2:]
        known = _known(word, lookup)
    if is_verb(word, known.forms):
        return arabic_verb(word, lookup)
    folded = fold(word)
    forms = [Form(folded, _attachments(folded, known), "as written")]
    for base in sorted({folded, *_bases(folded, known)}, key=lambda b: (b != folded, b)):
        why = "as written" if base == folded else f"same lemma as {word} (dictionary)"
        forms += _inflected(base, known, why)
    verb = verb_of_masdar(word, lookup)
    if verb:
        forms += (Form(f.text, f.allows, f"verb of {word}: {f.why}") for f in arabic_verb(verb, lookup))
    return forms


def _known(word: str, lookup: Lookup) -> _Known:
    forms = lookup("ar", word)
    return _Known(word, lookup, forms, frozenset(map(fold, forms)))


def _has_article(word: str, known: _Known, lookup: Lookup) -> bool:
    """Whether the word begins with the article, not with a root in ل (التفاف, التزام)."""
    if not word.startswith("ال") or len(word) < 5 or "ال" + word in known.forms:
        return False
    if lookup("ar", word[2:]) or word[2:] in known.forms:
        return True
    return not re.fullmatch("الت..?ا.", word)


def _attachments(base: str, known: _Known) -> Attach:
    """What may stand around a base, less what would turn it into another word."""
    allows = Attach.NOUN
    if known.elsewhere(base + "ه"):
        allows &= ~Attach.HE
    if len(base) <= _SHORT:
        for letter, flag in (("و", Attach.WAW), ("ف", Attach.FA), ("ب", Attach.BA), ("ل", Attach.LAM), ("ك", Attach.KAF)):
            if known.elsewhere(letter + base):
                allows &= ~flag
    return allows


def _bases(folded: str, known: _Known) -> Iterator[str]:
    """The dictionary's nouns of the same lemma, without article and regular endings: singular and broken plurals."""
    bare = {text.removeprefix("ال") if len(text) > 4 else text for text in known.folded}
    with_article = {text.removeprefix("ال") for text in known.folded if text.startswith("ال")}
    for text in bare:
        if text == folded or _reducible(text, bare) or not _same_consonants(text, folded):
            continue
        if text not in with_article and not _noun_shaped(text, bare):
            continue
        if not known.elsewhere(text):
            yield text


def _reducible(text: str, others: set[str]) -> bool:
    for ending in _ENDINGS:
        stem = text.removesuffix(ending)
        if stem != text and len(stem) >= 2 and (stem in others or stem + "ه" in others) and stem + "ه" != text:
            return True
    return False


def _noun_shaped(text: str, others: set[str]) -> bool:
    looks_verbal = text[0] in "يتنا" and any(person + text[1:] in others for person in "يتن" if person != text[0])
    return not looks_verbal and bool(_BROKEN.fullmatch(text) or _THREE.fullmatch(text))


def _consonants(text: str) -> str:
    return "".join(c for c in text if c not in _WEAK)


def _same_consonants(one: str, other: str) -> bool:
    """Whether the shorter consonant skeleton runs through the longer one, and both begin alike (but for a prefixed م or ا)."""
    short, long = sorted((_consonants(one), _consonants(other)), key=len)
    if not short or len(long) - len(short) > 1:
        return False
    rest = iter(long)
    return all(c in rest for c in short)


def _inflected(base: str, known: _Known, why: str) -> Iterator[Form]:
    yield Form(base, _attachments(base, known), why)
    for text, allows, ending in _regular(base):
        if text in _FROZEN or known.elsewhere(text):
            continue
        yield Form(text, allows, f"{ending} of {base}")


def _regular(base: str) -> Iterator[tuple[str, Attach, str]]:
    """The regular forms of one base, right or wrong for this very noun: what nobody writes is never met."""
    with_pronoun = _WITH_ARTICLE | Attach.ENCLITIC
    if base.endswith("ه"):
        stem = base[:-1]
        yield stem + "ات", with_pronoun, "sound plural"
        yield stem + "تان", _WITH_ARTICLE, "dual"
        yield stem + "تين", _WITH_ARTICLE, "dual"
        yield stem + "تا", Attach.CONJ, "dual before a noun"
        yield stem + "تي", Attach.CONJ | Attach.PREP, "dual before a noun"
        return
    if base.endswith("ات") and len(base) > 4:
        return
    if base.endswith("اء"):
        # The hamza takes the seat of the case vowel before a pronoun: شراء, شرائه, شراؤه.
        for seat in "يو":
            yield base[:-1] + seat, Attach.NOUN, "before a pronoun"
        yield base + "ات", with_pronoun, "sound plural"
        return
    if base[-1] != "ا":
        yield base + "ا", Attach.CONJ, "accusative"
        yield base + "ان", _WITH_ARTICLE, "dual"
        yield base + "ين", _WITH_ARTICLE, "dual or plural"
        yield base + "ون", _WITH_ARTICLE, "plural"
    yield base + "ات", with_pronoun, "sound plural"
    if base.endswith("ي") and len(base) > 3:
        yield base + "ه", with_pronoun, "feminine"
        yield base + "تان", _WITH_ARTICLE, "feminine dual"
        yield base + "تين", _WITH_ARTICLE, "feminine dual"
