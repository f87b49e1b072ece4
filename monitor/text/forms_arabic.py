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
#: مفعل: names of places and tools, whose plural is مفاعل (مدفع, مدافع).
_PLACE: Final = re.compile(f"م{_C}{{3}}")
#: Regular endings of a noun, longest first.
_ENDINGS: Final = ("تان", "تين", "ات", "ان", "ون", "ين", "تا", "تي", "ا", "ه", "و", "ي", "ت")
_WEAK: Final = "اويهىءت"
#: Accusatives that have become prepositions and adverbs of their own; a noun's accusative is not looked for in them.
_FROZEN: Final = frozenset(
    ("نقلا", "نظرا", "وفقا", "طبقا", "تبعا", "خلافا", "وفاقا", "استنادا", "جدا", "عملا", "فضلا", "حقا", "معا", "غدا")
)
#: Words this short meet other words when a letter is put before them (حدة, وحدة): the dictionary is asked.
_SHORT: Final = 4

_ACCUSATIVE: Final = "accusative"
_WITH_ARTICLE: Final = Attach.CONJ | Attach.PREP | Attach.ARTICLE


@dataclass(frozen=True, slots=True)
class _Known:
    """What the dictionary says about one word: its forms, and whether another spelling belongs to another word."""

    word: str
    lookup: Lookup
    forms: frozenset[str]  # as the dictionary spells them
    folded: frozenset[str]

    def elsewhere(self, text: str, *, sure: bool = False) -> bool:
        """Whether the folded ``text`` is a spelling of some other lemma. A lemma with a single spelling proves nothing (the
        dictionary lists many a plain inflected form so), unless one wants to be ``sure``. What is also a form of this word
        gives way only to a noun in use with the article: أسلام to إسلام, but not ألغام to إلغام."""
        mine = text in self.folded
        for spelling in spellings(text):
            found = self.lookup("ar", spelling)
            if len(found) < (1 if sure else 2) or self.word in found:
                continue
            if not mine or (spelling not in self.forms and f"ال{spelling}" in found):
                return True
        return False


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
    return [Form(folded, allows, "as written"), Form("ال" + folded, Attach.CONJ | Attach.PREP, "as written, with the article")]


def arabic_any_form(word: str, lookup: Lookup) -> list[Form]:
    """Every form of the word: a noun or an adjective, or a verb where it can be nothing else."""
    known = _known(word, lookup)
    if _has_article(word, known, lookup):
        word = word[2:]
        known = _known(word, lookup)
    if is_verb(word, known.forms):
        return arabic_verb(word, lookup)
    folded = fold(word)
    forms = list(_inflected(folded, known, "as written"))
    bases = sorted(_bases(folded, known))
    for base in bases:
        inflect = _broken if _BROKEN.fullmatch(base) and not base.endswith("ه") else _inflected
        forms += inflect(base, known, f"same lemma as {word} (dictionary)")
    if not bases and _PLACE.fullmatch(folded) and known.folded.isdisjoint((folded + "ون", folded + "ات")):
        forms += _broken(f"{folded[:2]}ا{folded[2:]}", known, "broken plural by rule")
    verb = verb_of_masdar(word, lookup)
    if verb:
        forms += (Form(f.text, f.allows, f"verb of {word}: {f.why}") for f in arabic_verb(verb, lookup))
    return forms


def _known(word: str, lookup: Lookup) -> _Known:
    forms = lookup("ar", word)
    return _Known(word, lookup, forms, frozenset(map(fold, forms)))


def _has_article(word: str, known: _Known, lookup: Lookup) -> bool:
    """Whether the word begins with the article, not with the verbal noun of a root in ل (التفاف, التزام)."""
    if not word.startswith("ال") or len(fold(word)) < 5 or "ال" + word in known.forms:
        return False
    if masdar := re.fullmatch("الت(.)ا(.)", word):
        first, last = masdar.groups()
        verb = "الت" + (first if first == last else first + last)
        return not any(form.startswith("ي" + verb[1:]) for form in lookup("ar", verb))
    return True


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
    articled = {form for form in known.forms if form.startswith("ال") and len(form) > 4 and f"أ{form[1:]}" not in known.forms}
    with_article = {fold(form[2:]) for form in articled}
    bare = with_article | {fold(form) for form in known.forms - articled}
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


def _same_consonants(one: str, other: str) -> bool:
    """Whether two spellings have one root, as far as vowel letters aside they run alike; a doubled letter counts once (أمة, أمم)."""
    return _root(one) == _root(other) != ""


def _root(text: str) -> str:
    consonants = "".join(c for c in text if c not in _WEAK)
    return "".join(c for i, c in enumerate(consonants) if c != consonants[i - 1 : i])


def _inflected(base: str, known: _Known, why: str) -> Iterator[Form]:
    allows = _attachments(base, known)
    yield Form(base, allows, why)
    if Attach.PREP | Attach.CONJ not in allows:
        # What a letter alone would turn into another word it does not with the article between: بشراء, but بالشراء.
        yield Form("ال" + base, Attach.CONJ | Attach.PREP, f"{why}, with the article")
    for text, allows, ending in _regular(base):
        if text not in _FROZEN and not known.elsewhere(text, sure=ending == _ACCUSATIVE):
            yield Form(text, allows, f"{ending} of {base}")


def _broken(base: str, known: _Known, why: str) -> Iterator[Form]:
    """A broken plural: it has no dual, and a plural of its own only where it is فعول (خروقات)."""
    for form in _inflected(base, known, why):
        if form.text == base or form.text == base + "ا" or (form.text == base + "ات" and len(base) == 4 and base[2] == "و"):
            yield form


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
        yield base + "ا", Attach.CONJ, _ACCUSATIVE
        yield base + "ان", _WITH_ARTICLE, "dual"
        yield base + "ين", _WITH_ARTICLE, "dual or plural"
        yield base + "ون", _WITH_ARTICLE, "plural"
    yield base + "ات", with_pronoun, "sound plural"
    if base.endswith("ي") and len(base) > 3:
        yield base + "ه", with_pronoun, "feminine"
        yield base + "تان", _WITH_ARTICLE, "feminine dual"
        yield base + "تين", _WITH_ARTICLE, "feminine dual"
