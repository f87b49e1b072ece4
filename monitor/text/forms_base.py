"""The vocabulary of forms: what an expanded term word is, what a surface word may be read as, and when the two meet.

A form says which attachments (clitics, case suffixes after an apostrophe …) it tolerates; a reading says which it has.
Multiplying every form by every clitic would make tens of thousands of spellings of one term; splitting a surface once
costs a few microseconds and is remembered by the matcher.

This room knows only str; dictionaries reach it as a look-up function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Flag, StrEnum, auto
from typing import NamedTuple, Protocol

#: (language, word) -> every spelling that shares a lemma with the word, the word included; empty where unknown.
Lookup = Callable[[str, str], frozenset[str]]
#: An expansion bare, for tables of many terms: (folded spelling, bits of the attachments it allows).
Stems = tuple[tuple[str, int], ...]


class Remembered(Protocol):
    """Expansions by key. Who keeps them answers for their coming from these rules and the same dictionaries."""

    def get(self, key: str, /) -> Stems | None: ...

    def __setitem__(self, key: str, stems: Stems, /) -> None: ...


class Mark(StrEnum):
    """How a term is matched, as it is written in parentheses after the term."""

    ANY_FORM = "any-form"  # the default: every inflected form
    THIS_FORM = "this-form"  # this inflected form, with what may be attached to it
    EXACT = "exact"  # as written, nothing attached
    VERB = "verb"  # the forms of a verb, given by its citation form
    NAME = "name"  # a proper name: no inflection, variant spellings of one sound


class Attach(Flag):
    """What may be attached to a stem. One flag for each thing a form may want to refuse by itself."""

    NONE = 0
    WAW = auto()  # و and
    FA = auto()  # ف so
    BA = auto()  # ب in, with
    LAM = auto()  # ل for, to
    KAF = auto()  # ك as
    ARTICLE = auto()  # ال, and its trace in لل
    FUTURE = auto()  # س will
    HE = auto()  # ه his, him: once folded it looks like the feminine ending ة, so it is a flag of its own
    PRONOUN = auto()  # the other pronouns of the third person and the plural: ها هم هن هما نا كم
    PRONOUN_I = auto()  # ني me, ك you
    HEBREW_VAV = auto()  # ו and
    HEBREW_THAT = auto()  # ש that, כש when, לכש, מש
    HEBREW_IN = auto()  # ב
    HEBREW_TO = auto()  # ל
    HEBREW_AS = auto()  # כ
    HEBREW_FROM = auto()  # מ
    HEBREW_ARTICLE = auto()  # ה the
    HEBREW_BEFORE_ARTICLE = auto()  # any of them before the article: מה, שה, וכשה
    APOSTROPHE = auto()  # a suffix set off by an apostrophe: Ankara'nın, Russia's
    TURKISH = auto()  # a noun's endings in vowel harmony: silahlarının
    TURKISH_FRONT = auto()  # endings of front vowels behind a back one: saate, kontrolü
    TURKISH_SOFT = auto()  # the last letter softened before a vowel: kitap, kitabı
    TURKISH_HARD = auto()  # the last letter not softened before a vowel: hukuk, hukuku
    TURKISH_VERB = auto()  # a verb's endings: gönderdi, gönderilen, göndermesi
    KOREAN = auto()  # a noun's particles, the plural and the copula: 무기를, 무기들에서는
    KOREAN_VERB = auto()  # a verb's endings: 보냈다고, 보내는
    KOREAN_BEFORE = auto()  # the end of a compound written together: 대북제재
    KOREAN_AFTER = auto()  # the beginning of one: 무기거래
    CONJ = WAW | FA
    PREP = BA | LAM | KAF
    ENCLITIC = HE | PRONOUN
    NOUN = CONJ | PREP | ARTICLE | ENCLITIC
    HEBREW = HEBREW_VAV | HEBREW_THAT | HEBREW_IN | HEBREW_TO | HEBREW_AS | HEBREW_FROM | HEBREW_ARTICLE | HEBREW_BEFORE_ARTICLE
    TURKISH_NOUN = TURKISH | TURKISH_FRONT | TURKISH_SOFT | TURKISH_HARD
    KOREAN_NOUN = KOREAN | KOREAN_BEFORE | KOREAN_AFTER
    #: What a later word of a phrase may have; a conjunction or preposition inside would make it another phrase.
    INSIDE = (
        ARTICLE | ENCLITIC | PRONOUN_I | HEBREW_ARTICLE | APOSTROPHE | TURKISH_NOUN | TURKISH_VERB | KOREAN | KOREAN_VERB | KOREAN_AFTER
    )


@dataclass(frozen=True, slots=True)
class Form:
    """One spelling that a term's word expands to. ``text`` is folded; ``why`` is for people (``monitor terms``)."""

    text: str
    allows: Attach
    why: str


class Reading(NamedTuple):
    """One way to read a surface word: a folded stem and what is attached to it, as the bits of an ``Attach``."""

    stem: str
    bits: int

    @property
    def has(self) -> Attach:
        return Attach(self.bits)


def meets(reading: Reading, form: Form) -> bool:
    """Whether this reading of a surface is this form of a term."""
    return reading.stem == form.text and not reading.bits & ~form.allows.value
