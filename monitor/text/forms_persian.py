"""Persian: plural, indefinite and possessive endings of nouns, and the forms of verbs, both by rule.

What rules make of a word is often another word (اسلامی is no form of اسلام, ساختمان none of ساخت): each outcome is left out
that the dictionary knows as a word of its own. The zero-width non-joiner is gone once a word is folded, so that سلاح‌ها,
سلاحها are one spelling; set off by a blank the ending is a word of its own, and the noun is found without it.

This room knows only str; dictionaries reach it as a look-up function.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from monitor.text.fold import fold
from monitor.text.forms_base import Attach, Form, Lookup, Mark

_PLURAL: Final = ("ها", "های", "هایی", "هایش", "هایشان", "هایمان", "هایتان")
#: By last letter what else follows a noun: one of them, its, their, our; the plural of persons.
_BEHIND: Final = {
    "ه": ("ای", "ی", "اش", "شان", "مان"),
    "ا": ("ی", "یی", "یش", "یشان", "یمان", "یان"),
    "و": ("ی", "یی", "یش", "یشان", "یمان", "یان"),
    "ی": ("ای", "اش", "شان", "مان", "ان"),
}
_BEHIND_CONSONANT: Final = ("ش", "شان", "مان", "تان", "ان")
#: A plural of persons is made by rule of longer words only; behind shorter ones ان makes names and other words.
_PERSONS_FROM: Final = 4

_PAST_PERSONS: Final = ("", "م", "ی", "یم", "ید", "ند")
_PERFECT: Final = ("", "ام", "ای", "است", "ایم", "اید", "اند")
_PRESENT_PERSONS: Final = ("م", "ی", "د", "یم", "ید", "ند")
#: Verbs that make verbs of nouns (ارسال کردن). Alone, as a term of its own, one says nothing, and its forms are everywhere.
_LIGHT: Final = frozenset(("کردن", "شدن", "دادن", "زدن", "گرفتن", "داشتن", "رفتن", "بودن", "آمدن", "خوردن", "نمودن"))
#: Present stems of the verbs that news is written with; the others' are in the dictionary.
_PRESENT: Final = {
    "کردن": "کن",
    "شدن": "شو",
    "دادن": "ده",
    "زدن": "زن",
    "گرفتن": "گیر",
    "گذاشتن": "گذار",
    "فروختن": "فروش",
    "فرستادن": "فرست",
    "خریدن": "خر",
    "خواستن": "خواه",
    "رساندن": "رسان",
    "رسیدن": "رس",
    "آوردن": "آور",
    "بردن": "بر",
    "داشتن": "دار",
    "یافتن": "یاب",
    "ساختن": "ساز",
    "پرداختن": "پرداز",
    "انداختن": "انداز",
    "شکستن": "شکن",
    "بستن": "بند",
    "برداشتن": "بردار",
    "گفتن": "گوی",
    "کشیدن": "کش",
    "پذیرفتن": "پذیر",
    "گریختن": "گریز",
    "نمودن": "نما",
}


def persian_forms(word: str, mark: Mark, lookup: Lookup, *, first: bool) -> Iterator[Form]:
    """Every form of the word: a verb's where it is an infinitive, a noun's otherwise. Nothing more is ever attached."""
    yield Form(fold(word), Attach.NONE, "as written")
    if mark is Mark.THIS_FORM or (first and mark is not Mark.VERB and word in _LIGHT):
        return
    known = lookup("fa", word)
    why = f"same lemma as {word} (dictionary)"
    past = word[:-1]
    if word.endswith(("دن", "تن")) and (mark is Mark.VERB or word in _PRESENT or past in known or past + "ه" in known):
        yield from (Form(fold(form), Attach.NONE, why) for form in sorted(known))
        yield from _verb(past, _PRESENT.get(word, ""))
        return
    # A past stem or participle that is a noun (ساخت, گفته) is filed with its verb, of whose forms it has only a noun's.
    verbal = word + "ند" in known or (word.endswith("ه") and past in known and past + "ند" in known)
    nominal = {fold(word + ending) for ending in _endings(word)} if verbal else frozenset()
    for form in sorted(known):
        folded = fold(form)
        if not verbal or folded in nominal:
            yield Form(folded, Attach.NONE, why)
    for ending in _endings(word):
        form = word + ending if ending != "گان" else past + ending
        found = lookup("fa", form)
        if not found or word in found:
            yield Form(fold(form), Attach.NONE, f"{word} with -{ending}")


def _endings(word: str) -> Iterator[str]:
    yield from _PLURAL
    for ending in _BEHIND.get(word[-1:], _BEHIND_CONSONANT):
        if ending not in ("ان", "یان") or len(word) >= _PERSONS_FROM:
            yield ending
    if word.endswith("ه") and len(word) >= _PERSONS_FROM:
        yield "گان"


def _verb(past: str, present: str) -> Iterator[Form]:
    stems = [("", past, _PAST_PERSONS, "verb, past"), ("", past + "ه", _PERFECT, "verb, perfect")]
    if present:
        stems += [("", present, _PRESENT_PERSONS, "verb, present"), ("ب", present, _PRESENT_PERSONS, "verb, subjunctive")]
    for before, stem, persons, why in stems:
        for person in persons:
            for negated in ("", "ن"):
                if not (before and negated):
                    yield from _form(negated + before + stem + person, why)
            if not before:
                yield from (_form_of(prefix + stem + person, why) for prefix in ("می", "نمی"))


def _form(text: str, why: str) -> Iterator[Form]:
    # A single letter or two (ده, دهم) are other words: such a stem is found with its prefix only.
    if len(text) > 2:
        yield _form_of(text, why)


def _form_of(text: str, why: str) -> Form:
    return Form(fold(text), Attach.NONE, why)
