"""Turkish: endings are taken off the words of the text by grammar, not listed.

A noun has some two hundred forms and a verb thousands, and the dictionary's entries run over derivations (silahlanma,
silahsız, silahçı are other words than silah). So a term is its stem, and a word of the text is read as every stem that
its last letters may be the endings of: plural, possessive, case, copula, in vowel harmony; or voice, ability, tense, person
and the verbal nouns. The dictionary says only how a stem changes before them (kitap, kitabı; saat, saate; şehir, şehri).

This room knows only str; dictionaries reach it as a look-up function.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import Final

from monitor.text.fold import fold
from monitor.text.forms_base import Attach, Form, Lookup, Mark, Reading

# ----------------------------------------------------------------------------------------- endings
# Folded letters: ı is written i. A and I are the two vowels of harmony, D and C the letters that follow a voiceless one.
_LETTER_SETS: Final = {"A": "[ae]", "I": "[iuü]", "D": "[dt]", "C": "[cç]", "K": "[kğ]"}


def _grammar(pattern: str) -> str:
    return re.sub("[AIDCK]", lambda match: _LETTER_SETS[match[0]], pattern)


#: Behind a locative or a genitive: "that which is at", with its own plural and cases.
_KI: Final = "ki(?:lAr(?:I|A|In|DA|DAn|lA)?|nI|nA|nIn|nDAn?|ylA)?"
#: Behind a vowel y joins it (silahlaydı); without one it is another word's: yayınladı is "published", no yayın.
_COPULA: Final = "(?:DIr(?:lAr)?|(?:(?<=[aeiuüoö])y|(?<![aeiuüoö]))(?:DI(?:m|n|k|lAr)?|mIş(?:tIr)?|sA|ken|Im|Iz)|sIn|sInIz)"
#: Cases behind a consonant, behind a vowel, and behind the possessive of the third person.
_CASE: Final = f"(?:I|A|lA|In(?:{_KI})?|DA(?:n|{_KI})?)"
_CASE_VOWEL: Final = f"(?:yI|yA|ylA|nIn(?:{_KI})?|DA(?:n|{_KI})?)"
_CASE_THIRD: Final = f"(?:nI|nA|ylA|nCA|nIn(?:{_KI})?|nDA(?:n|{_KI})?)"
_OURS: Final = "(?:mIz|nIz|m)"
_BEHIND_CONSONANT: Final = f"(?:I{_OURS}{_CASE}?|I{_CASE_THIRD}?|{_CASE})"
_BEHIND_VOWEL: Final = f"(?:{_OURS}{_CASE}?|sI{_CASE_THIRD}?|{_CASE_VOWEL})"
_PLURAL: Final = f"lAr(?:{_BEHIND_CONSONANT}|cA)?"
_NOUN_CONSONANT: Final = f"(?:{_PLURAL}|{_BEHIND_CONSONANT})"
_NOUN_VOWEL: Final = f"(?:{_PLURAL}|{_BEHIND_VOWEL})"
_NOUN: Final = {
    False: re.compile(_grammar(f"(?:{_NOUN_CONSONANT}{_COPULA}?|{_COPULA})")),
    True: re.compile(_grammar(f"(?:{_NOUN_VOWEL}{_COPULA}?|{_COPULA})")),
}
#: The passive; a causative is another verb (kaçmak, kaçırmak).
_VOICE: Final = "(?:Il|In(?:Il)?|n(?:Il)?|l)?"
_ABLE: Final = "(?:y?AbIl|y?AmA|mA)*"
_PERSON: Final = "(?:m|n|k|Im|Iz|sIn|sInIz|nIz|lAr)?"
_TENSE: Final = "(?:DI|mIş|I?yor|y?AcA[kğ]|(?:I|A)?r|z|mAlI|mAktA|sA)"
_FINITE: Final = f"{_TENSE}(?:y?DI|y?mIş|y?sA|DIr|ken)?{_PERSON}(?:DIr)?"
_VERBAL_NOUN: Final = f"(?:mA{_NOUN_VOWEL}?|mAk(?:tA|tAn|lA|sIzIn)?|(?:y?Iş|y?An|DIK|y?AcAK){_NOUN_CONSONANT}?)(?:{_COPULA})?"
_ADVERB: Final = "(?:y?ArAk(?:tAn)?|y?Ip|y?IncA|mAdAn|y?ken|DIKçA)"
_VERB: Final = re.compile(_grammar(f"{_VOICE}{_ABLE}(?:{_FINITE}|{_VERBAL_NOUN}|{_ADVERB})"))
#: No chain of endings is longer.
_LONGEST: Final = 18
_FIRST_LETTERS: Final = frozenset("aeiuüydtlmnsrcçkz")
LAST_LETTERS: Final = frozenset("aeiuümnrzkpş")
#: All letters that endings are made of.
ENDING_LETTERS: Final = frozenset(filter(str.isalpha, "".join(pattern.pattern for pattern in (*_NOUN.values(), _VERB))))
#: Verbs of one syllable whose aorist has a narrow vowel (alır); the others have a wide one (satar).
_AORIST_I: Final = frozenset(("al", "bil", "bul", "dur", "gel", "gör", "kal", "ol", "öl", "san", "var", "ver", "vur"))

_VOWELS: Final = frozenset("aeiouöüâîû")
_VOICELESS: Final = frozenset("çfhkpsşt")
#: Vowel of the stem -> first vowels of an ending in harmony with it; and those that some loanwords take (saat, saate).
_HARMONY: Final = {"a": "ai", "â": "aie", "i": "aei", "î": "aei", "o": "au", "u": "au", "û": "auü", "e": "ei", "ö": "eü", "ü": "eü"}
_FRONTED: Final = {"a": "e", "o": "eü", "u": "eü"}
_HARDENED: Final = {"b": "p", "c": "ç", "d": "t", "ğ": "k"}
_SOFTENED: Final = {"p": "b", "ç": "c", "t": "d", "k": "ğ"}

#: Shorter stems are found in too much: what is given as an inflected word is a word of its own there (saldır is no form of sal).
_SHORTEST_CITED: Final = 4

_INFINITIVES: Final = ("mak", "mek")

_TURKISH: Final = Attach.TURKISH.value
_FRONT: Final = Attach.TURKISH_FRONT.value
_SOFT: Final = Attach.TURKISH_SOFT.value
_HARD: Final = Attach.TURKISH_HARD.value
_VERB_BITS: Final = Attach.TURKISH_VERB.value


def turkish_readings(folded: str, stems: Container[str] | None = None) -> list[Reading]:
    """The stems this word may be a noun's or a verb's form of, a verb's with a hyphen behind it; only those in ``stems``
    where it is given, which saves most of the work."""
    # An apostrophe may stand within the endings of a name that is made of nouns: Üniversitesi'nde.
    folded = folded.replace("'", "")
    out: list[Reading] = []
    size = len(folded)
    if folded[-1:] not in LAST_LETTERS:
        return out
    vowel = ""
    for at, letter in enumerate(folded[:-1], 1):
        if letter in _VOWELS:
            vowel = letter
        if at < 2 or not vowel or size - at > _LONGEST or folded[at] not in _FIRST_LETTERS:
            continue
        stem = folded[:at]
        hard = _hardened(stem) if folded[at] in _VOWELS else ""
        if stems is None or stem in stems or hard in stems:
            _noun_readings(folded, stem, hard, vowel, out)
        if stems is None or stem + "-" in stems:
            _verb_reading(folded, stem, vowel, out)
    return out


def _noun_readings(folded: str, stem: str, hard: str, vowel: str, out: list[Reading]) -> None:
    at = len(stem)
    last, first = folded[at - 1], folded[at]
    if first in "dtcç" and (first in "tç") != (last in _VOICELESS):
        return
    bits = _harmony(vowel, folded, at)
    if not bits or not _NOUN[last in _VOWELS].fullmatch(folded, at):
        return
    out.append(Reading(stem, bits | _HARD if last in _SOFTENED and first in _VOWELS else bits))
    if hard:
        out.append(Reading(hard, bits | _SOFT))


def _verb_reading(folded: str, stem: str, vowel: str, out: list[Reading]) -> None:
    at = len(stem)
    if _harmony(vowel, folded, at) != _TURKISH or not _VERB.fullmatch(folded, at):
        return
    if folded[at] in "iuü" and folded.startswith("r", at + 1) and stem not in _AORIST_I and sum(letter in _VOWELS for letter in stem) == 1:
        return  # satar is "sells"; satır is a line
    out.append(Reading(stem + "-", _VERB_BITS))


def _hardened(stem: str) -> str:
    """The stem before its last letter was softened by the vowel behind it, or '': kitab, kitap."""
    last = stem[-1]
    hard = "k" if last == "g" and stem[-2] == "n" else _HARDENED.get(last, "")
    return stem[:-1] + hard if hard else ""


def softened(stem: str) -> list[str]:
    """The stem as its last letter may be before a vowel, whatever ``_hardened`` makes it of: kitap, kitab."""
    letters = _SOFTENED.get(stem[-1:], "") + ("g" if stem.endswith("nk") else "")
    return [stem[:-1] + letter for letter in letters]


def _harmony(vowel: str, folded: str, at: int) -> int:
    """The bits of endings that begin at ``at`` behind a stem whose last vowel is ``vowel``; 0 where they cannot."""
    if folded.endswith("ken", at):
        return _TURKISH  # the one ending that follows no harmony
    for letter in folded[at:]:
        if letter in _VOWELS:
            if letter in _HARMONY[vowel]:
                return _TURKISH
            return _TURKISH | _FRONT if letter in _FRONTED.get(vowel, "") else 0
    return _TURKISH


# ------------------------------------------------------------------------------------------- terms
def turkish_forms(word: str, mark: Mark, lookup: Lookup) -> Iterator[Form]:
    """The stems of a term's word. An infinitive stands for its verb, an inflected word for the word it is a form of as well."""
    plain = _lower(word)
    folded = fold(word)
    if mark is Mark.THIS_FORM:
        yield Form(folded, Attach.APOSTROPHE, "as written")
        return
    known = lookup("tr", word) or lookup("tr", plain)
    root = plain[:-3]
    infinitive = plain.endswith(_INFINITIVES) and len(root) >= 2
    if infinitive and (mark is Mark.VERB or not known or plain in lookup("tr", root) or _causative(root, known)):
        yield Form(folded, Attach.APOSTROPHE, "as written")
        yield from _verb(root)
        return
    yield Form(folded, _noun_allows(plain, known), "as written")
    yield from _dropped(plain, known, "as written")
    if mark is Mark.VERB:
        yield from _verb(plain)
    for reading in turkish_readings(folded) if known else ():
        stem = reading.stem.removesuffix("-")
        if len(stem) < _SHORTEST_CITED:
            continue
        # The citation form as the dictionary spells it: a form of which the word is one, filed under itself.
        cited = plain[: len(stem) - 1] + stem[-1]
        if cited in known and lookup("tr", cited) == known:
            if reading.bits == _VERB_BITS:
                yield from _verb(cited)
            else:
                why = f"{word} is a form of {cited} (dictionary)"
                yield Form(stem, _noun_allows(cited, known), why)
                yield from _dropped(cited, known, why)


def _causative(root: str, known: frozenset[str]) -> bool:
    """Whether the dictionary files a verb of this root under the verb it is made of (uzatmak under uzamak): ekmek, bread, has none."""
    others = (form[:-3] for form in known if form.endswith(_INFINITIVES))
    return root[-1] in "rt" and any(len(other) > 1 and other != root and root.startswith(other) for other in others)


def _lower(word: str) -> str:
    return word.replace("I", "ı").replace("İ", "i").lower()


def _noun_allows(plain: str, known: frozenset[str]) -> Attach:
    allows = Attach.APOSTROPHE | Attach.TURKISH
    last, soft = plain[-1], "g" if plain.endswith("nk") else _SOFTENED.get(plain[-1], "")
    if soft:
        softened = tuple(plain[:-1] + soft + vowel for vowel in "aeıiuü")
        hardened = tuple(plain + vowel for vowel in "aeıiuü")
        softens = any(form.startswith(softened) for form in known)
        hardens = any(form.startswith(hardened) for form in known)
        if not softens and not hardens:
            # Words of several syllables soften, but for those in t.
            softens = last != "t" and sum(letter in _VOWELS or letter == "ı" for letter in plain) > 1
            hardens = not softens
        allows |= (Attach.TURKISH_SOFT if softens else Attach.NONE) | (Attach.TURKISH_HARD if hardens else Attach.NONE)
    if plain + "e" in known or plain + "ü" in known or (plain + "i" in known and _last_vowel(plain) in "aıou"):
        allows |= Attach.TURKISH_FRONT
    return allows


def _last_vowel(plain: str) -> str:
    return next((letter for letter in reversed(plain) if letter in _VOWELS or letter == "ı"), "")


def _dropped(plain: str, known: frozenset[str], why: str) -> Iterator[Form]:
    """The stem without its last vowel, where the dictionary has it so before an ending: şehir, şehri."""
    if len(plain) < 4 or plain[-2] not in "ıiuü" or plain[-1] in _VOWELS:
        return
    stem = plain[:-2] + plain[-1]
    if any(stem + vowel in known for vowel in "ıiuüae"):
        folded = fold(stem)
        yield Form(folded, Attach.TURKISH | Attach.TURKISH_FRONT | Attach.TURKISH_HARD, f"{why}, without its last vowel")


def _verb(root: str) -> Iterator[Form]:
    folded = fold(root)
    yield Form(folded + "-", Attach.TURKISH_VERB, "verb")
    if folded.endswith("et") or folded in ("git", "güt", "tat"):
        yield Form(folded[:-1] + "d-", Attach.TURKISH_VERB, "verb, softened before a vowel")
    if folded[-1] in "aeiuü" and len(folded) > 2:
        # sağla, sağlıyor: before -yor the last vowel turns into ı, i, u or ü, which is the ending's.
        yield Form(folded[:-1] + "-", Attach.TURKISH_VERB, "verb, before -yor")
