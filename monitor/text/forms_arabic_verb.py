"""Arabic verbs: the whole paradigm from the past tense, third person masculine singular (زود, انتهك, باع, أمد).

Written without vowels one skeleton serves several verb forms (سلم is both "was safe" and "handed over"), so the rules
work on skeletons: strong verbs take prefixes and suffixes as they are, weak ones change in the places named below. The
dictionary is asked only where the skeleton leaves a choice (باع: يبيع or يبوع).

This room knows only str.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from monitor.text.fold import fold
from monitor.text.forms_base import Attach, Form, Lookup

_PAST_ALLOWS: Final = Attach.CONJ | Attach.ENCLITIC | Attach.PRONOUN_I
_PRESENT_ALLOWS: Final = _PAST_ALLOWS | Attach.FUTURE | Attach.LAM
_SHADDA: Final = "\u0651"

#: Past endings that begin with a vowel, and those that begin with a consonant (before which weak verbs change).
_VOWEL_ENDINGS: Final = ("", "ت", "ا", "تا", "وا")
_CONSONANT_ENDINGS: Final = ("ن", "نا", "تم")
#: Persons of the present: prefixes with their endings.
_PRESENT: Final = (("ي", ("", "ان", "ون", "وا", "ن")), ("ت", ("", "ان", "ون", "وا", "ن")), ("ن", ("",)), ("ا", ("",)))

_PERSON_ENDINGS: Final = ("ون", "وا", "ان", "ين", "ن", "ا", "ي", "")


def arabic_verb(word: str, lookup: Lookup) -> list[Form]:
    """All forms of the verb whose past tense is ``word``; a word in the present (يزود) gives the present only."""
    folded = fold(word)
    forms_known = lookup("ar", word)
    if folded[:1] == "ي" and len(folded) > 3 and not any(fold(f)[:1] in "تن" for f in forms_known if fold(f)[1:] == folded):
        return [Form(folded, _PRESENT_ALLOWS, "as written"), *_present_forms({folded[1:]}, lookup, word)]
    forms = [Form(folded, _past_allows(word, folded, lookup), "as written")]
    forms += (Form(text, _PAST_ALLOWS, "verb, past") for text in _past(word, folded))
    forms += _present_forms(_present_stems(word, folded, forms_known), lookup, word, hollow=_hollow(folded))
    return forms


def _past_allows(word: str, folded: str, lookup: Lookup) -> Attach:
    """The bare past refuses ه where ة would make it a noun: استعاده is oftener استعادة, باعه is باعة, sellers."""
    noun = lookup("ar", word + "ة")
    if (_hollow(folded) and folded[0] == "ا") or (len(noun) > 1 and word not in noun):
        return _PAST_ALLOWS & ~Attach.HE
    return _PAST_ALLOWS


def is_verb(word: str, forms: Iterable[str]) -> bool:
    """Whether a word that is not marked as a verb can be nothing else, going by its shape and by the dictionary's forms."""
    folded = fold(word)
    persons = {fold(form) for form in forms}
    stem = folded.removeprefix("ا")
    conjugated = any(person + stem in persons or person + stem[:-1] in persons for person in "يت") or any(
        text[:1] == "ي" and text[-2:] in ("ان", "ون") for text in persons
    )
    if not conjugated or any(text.startswith("ال") and text != folded for text in persons):
        return False
    if folded[0] == "ا":
        # Verbal nouns of these verbs have an alef before the last letter or two: انتهاك, إرسال, استعادة.
        return len(folded) >= 4 and "ا" not in folded[2:]
    return word.endswith("ى")


def verb_of_masdar(word: str, lookup: Lookup) -> str:
    """The verb of a verbal noun whose shape names its verb without doubt, or ''.

    تفعيل is left alone where the plain verb exists too: صدرت is far oftener "was issued" than "exported".
    """
    if match := re.fullmatch("ا(..[^اوي]|ست..)ا([^اويه])", word):  # انتهاك, استخدام
        return _if_verb("ا" + match[1] if match[1][-1] == match[2] else "ا" + match[1] + match[2], lookup)
    if match := re.fullmatch("إ([^اوي].)ا(.)", word):  # إرسال, إمداد
        return _if_verb("أ" + match[1] if match[1][-1] == match[2] else "أ" + match[1] + match[2], lookup)
    if match := re.fullmatch("ت([^اوي])([^ا])ي([^اي])", word):  # تزويد
        first, second, third = match.groups()
        plain = lookup("ar", f"{first}ا{second}{third}")
        return "" if plain else _if_verb(first + second + third, lookup)
    return ""


def _if_verb(verb: str, lookup: Lookup) -> str:
    stem = fold(verb).removeprefix("ا")
    forms = {fold(form) for form in lookup("ar", verb)}
    return verb if any(text[:1] == "ي" and text[1:].startswith(stem) for text in forms) else ""


def _past(word: str, folded: str) -> Iterator[str]:
    if folded[-1] == "ي" or (len(folded) == 3 and folded.endswith("ا") and not word.endswith("أ")):
        yield from _past_defective(folded)
        return
    for ending in _VOWEL_ENDINGS[1:]:
        yield folded + ending
    short = _before_consonant(folded)
    for ending in _CONSONANT_ENDINGS:
        yield short + ending
    if short != folded:
        yield short + "ت"
    if _hollow(folded):
        # The passive of the past: بيعت, أُدينت.
        middle = folded.rindex("ا", 1)
        passive = folded[:middle] + "ي" + folded[middle + 1 :]
        yield from (passive + ending for ending in _VOWEL_ENDINGS if ending or len(folded) > 3)


def _past_defective(folded: str) -> Iterator[str]:
    """نفى: نفت, نفوا, نفيت, and نفا before a pronoun. دعا: دعت, دعوا, دعوت."""
    stem, weak = folded[:-1], "و" if folded[-1] == "ا" else "ي"
    yield from (stem + "ت", stem + "تا", stem + "وا", stem + "ا")
    yield from (stem + weak + ending for ending in ("ا", "ت", "نا", "تم", "ن"))


def _hollow(folded: str) -> bool:
    return len(folded) >= 3 and folded[-2] == "ا"


def _before_consonant(folded: str) -> str:
    """The past stem before an ending that begins with a consonant: باع, بعنا; أدان, أدنا; رد, رددنا."""
    if _hollow(folded):
        return folded[:-2] + folded[-1]
    if len(folded) == 2 or (folded[0] == "ا" and len(folded) == 3):
        return folded + folded[-1]
    return folded


def _present_stems(word: str, folded: str, forms: Iterable[str]) -> set[str]:
    """What follows the person's prefix in the present, by the verb's shape and, where that leaves a choice, the dictionary."""
    likely = _likely_stems(word, folded)
    if len(likely) == 1:
        return set(likely)
    known = set(_dictionary_stems(forms))
    return {stem for stem in likely if stem in known} or set(likely[:1])


def _likely_stems(word: str, folded: str) -> list[str]:
    """Candidates, the likeliest first."""
    doubled = word.find(_SHADDA)
    if folded[0] == "ا":
        return _alef_stems(folded)
    if len(folded) == 3 and folded[1] == "ا":
        return [folded[0] + middle + folded[2] for middle in "يوا"]
    if folded[0] == "ت" and len(folded) >= 4:
        return [folded]
    if len(folded) == 3 and folded[0] == "و" and (doubled < 0 or doubled > 2):
        return [folded, folded[1:]]
    if folded[-1] == "ا" and len(folded) == 3:
        return [folded[:-1] + "و"]
    if folded[-1] == "ي" and len(folded) == 3:
        return [folded]
    return [folded]


def _alef_stems(folded: str) -> list[str]:
    rest = folded[1:]
    if len(folded) == 3:
        # أمد: يمد. أكد: يؤكد. أخذ: يأخذ. The dictionary tells; by shape alone all are possible.
        return [rest, "و" + rest, "ا" + rest]
    if _hollow(folded) and (len(folded) == 4 or folded.startswith("است")):
        return [rest[:-2] + "ي" + rest[-1]]  # أدان: يدين, استعاد: يستعيد
    return [rest]


def _dictionary_stems(forms: Iterable[str]) -> Iterator[str]:
    for form in forms:
        text = fold(form)
        if text[:1] != "ي":
            continue
        for ending in _PERSON_ENDINGS:
            if text.endswith(ending) and len(text) - len(ending) > 2:
                yield text[1 : len(text) - len(ending)]


def _present_forms(stems: Iterable[str], lookup: Lookup, word: str, *, hollow: bool = False) -> Iterator[Form]:
    for stem in sorted(filter(None, stems)):
        weak = stem[-1] in "يو" and len(stem) >= 3
        for person, endings in _PRESENT:
            for ending in endings:
                # A defective verb loses its last letter before the plural: ينفي, ينفون.
                base = stem[:-1] if weak and ending in ("ون", "وا") else stem
                text = person + base + ending
                if person == "ا" and _another_verb(text, word, lookup):
                    continue
                yield Form(text, _PRESENT_ALLOWS, "verb, present")
        if weak:
            yield from (Form(person + stem[:-1] + tail, _PRESENT_ALLOWS, "verb, present") for person in "يت" for tail in ("", "ا"))
        elif hollow and len(stem) == 3 and stem[1] in "يو":
            yield from (Form(person + stem[0] + "ا" + stem[2], _PRESENT_ALLOWS, "verb, present passive") for person in "يت")


def _another_verb(text: str, word: str, lookup: Lookup) -> bool:
    """Whether "I do" of this verb is spelled like "did" of another: أصدر is "issued", not "I export"."""
    found = lookup("ar", "أ" + text[1:])
    return len(found) > 1 and word not in found
