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
from typing import Protocol

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
    HEBREW = auto()  # ו ה ב ל כ מ ש and their combinations
    PERSIAN_PLURAL = auto()  # ها, and what may follow it
    PERSIAN_ENDING = auto()  # ی, and the pronouns ش شان م مان ت تان
    APOSTROPHE = auto()  # a suffix set off by an apostrophe: Ankara'nın, Russia's
    CONJ = WAW | FA
    PREP = BA | LAM | KAF
    ENCLITIC = HE | PRONOUN
    NOUN = CONJ | PREP | ARTICLE | ENCLITIC
    #: What a later word of a phrase may have; a conjunction or preposition inside would make it another phrase.
    INSIDE = ARTICLE | ENCLITIC | PRONOUN_I | PERSIAN_PLURAL | PERSIAN_ENDING | APOSTROPHE


@dataclass(frozen=True, slots=True)
class Form:
    """One spelling that a term's word expands to. ``text`` is folded; ``why`` is for people (``monitor terms``)."""

    text: str
    allows: Attach
    why: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a surface word: a folded stem and what is attached to it."""

    stem: str
    has: Attach


def meets(reading: Reading, form: Form) -> bool:
    """Whether this reading of a surface is this form of a term."""
    return reading.stem == form.text and reading.has in form.allows
