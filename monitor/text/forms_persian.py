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

#: Persons, but for the second, in which no news is written and whose endings make other words (شدید, کردی).
_PAST_PERSONS: Final = ("", "م", "یم", "ند")
_PERFECT: Final = ("", "ام", "است", "ایم", "اند")
_PRESENT_PERSONS: Final = ("م", "د", "یم", "ند")
#: Without a prefix the present of the first person is often another word: دهم is "tenth".
_BARE_PERSONS: Final = ("د", "ند")
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
    for stem, persons, why in ((past, _PAST_PERSONS, "verb, past"), (past + "ه", _PERFECT, "verb, perfect")):
        for person in persons:
            yield from (Form(fold(prefix + stem + person), Attach.NONE, why) for prefix in ("", "ن", "می", "نمی"))
    if not present:
        return
    yield from (Form(fold(prefix + present + person), Attach.NONE, "verb, present") for prefix in ("", "ن") for person in _BARE_PERSONS)
    yield from (
        Form(fold(prefix + present + person), Attach.NONE, "verb, present") for prefix in ("می", "نمی", "ب") for person in _PRESENT_PERSONS
    )
