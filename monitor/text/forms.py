"""One word of a term into the forms it is looked for in: the door of the forms modules.

The text is not lemmatised; the term is expanded. Dictionaries give the forms that share a lemma, rules give what no
dictionary lists (attachments, regular plurals, whole Arabic verbs). Every form carries the reason it is there.

This room knows only str; dictionaries reach it as a look-up function.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from monitor.text.fold import fold
from monitor.text.forms_arabic import arabic_any_form, arabic_this_form
from monitor.text.forms_arabic_verb import arabic_verb
from monitor.text.forms_base import Attach, Form, Lookup, Mark, Reading, Remembered, Stems, meets
from monitor.text.forms_hebrew import hebrew_forms, hebrew_this_form
from monitor.text.forms_korean import korean_forms
from monitor.text.forms_persian import persian_forms
from monitor.text.forms_romance import romance_forms
from monitor.text.forms_split import readings
from monitor.text.forms_turkish import turkish_forms
from monitor.text.scripts import scripts_of

__all__ = [
    "Attach",
    "Form",
    "Lookup",
    "Mark",
    "Reading",
    "Remembered",
    "Stems",
    "expand",
    "joined_spelling",
    "meets",
    "noun_by_capital",
    "readings",
    "stems",
]

#: What may be attached to a number or a word of another script (MD-550, 2397), which has no forms of its own there.
_BORROWED: Final = {
    "ar": Attach.CONJ | Attach.PREP | Attach.ARTICLE | Attach.APOSTROPHE,
    "fa": Attach.APOSTROPHE,
    "he": Attach.HEBREW | Attach.APOSTROPHE,
    "ko": Attach.KOREAN | Attach.APOSTROPHE,
}
_SCRIPT: Final = {"ar": "Arabic", "fa": "Arabic", "he": "Hebrew", "ko": "Hangul"}
#: Languages in which the words of a compound may be written together, and how many words one has at most.
_WRITTEN_TOGETHER: Final = frozenset({"fa", "ko"})
_TOGETHER_MOST: Final = 3
_ROMANCE: Final = frozenset({"es", "fr"})


def expand(word: str, language: str, mark: Mark, *, first: bool, lookup: Lookup) -> tuple[Form, ...]:
    """The forms of one word of a term; the word as written is always among them, and comes first.

    ``first`` is False for a later word of a phrase: articles and suffixes may be attached to it, conjunctions and
    prepositions may not.
    """
    folded = fold(word)
    if language == "any" or mark in (Mark.EXACT, Mark.NAME):  # a name has a key
        forms = [Form(folded, Attach.NONE, "as written")]
    elif language in _BORROWED and _SCRIPT[language] not in scripts_of(word):
        forms = [Form(folded, _BORROWED[language], "as written")]
    elif len(folded) < 2:  # a single letter has no forms
        forms = [Form(folded, Attach.NONE, "as written")]
    elif language in _BY_RULE:
        forms = _BY_RULE[language](word, mark, first, lookup)
    else:
        forms = _from_dictionary(word, language, mark, lookup)
    if not first:
        forms = [Form(form.text, form.allows & Attach.INSIDE, form.why) for form in forms]
    return _merged(folded, forms)


def stems(word: str, language: str, mark: Mark, *, first: bool, lookup: Lookup, remembered: Remembered | None = None) -> Stems:
    """What ``expand`` gives, without the reasons; looked up in ``remembered`` first, and kept there."""
    key = f"{language} {mark.value} {first:d} {word}"
    found = remembered.get(key) if remembered is not None else None
    if found is None:
        found = tuple((form.text, form.allows.value) for form in expand(word, language, mark, first=first, lookup=lookup))
        if remembered is not None:
            remembered[key] = found
    return found


def noun_by_capital(word: str, language: str) -> bool:
    """Whether the capital tells the word from others: a German noun (die Macht) is met by capitalised words only (macht is not)."""
    return language == "de" and word[:1].isupper() and word[1:].islower()


def joined_spelling(words: Sequence[str], language: str, mark: Mark) -> str:
    """A phrase as one word where the language writes it either way (무기 거래, 무기거래; جنگ افزار, جنگ‌افزار), or ''."""
    if language not in _WRITTEN_TOGETHER or mark in (Mark.EXACT, Mark.NAME) or len(words) > _TOGETHER_MOST:
        return ""
    joined = "".join(words)
    return joined if joined.replace("\u200c", "").isalpha() else ""


def _arabic(word: str, mark: Mark, lookup: Lookup) -> list[Form]:
    if mark is Mark.VERB:
        return arabic_verb(word, lookup)
    if mark is Mark.THIS_FORM:
        return arabic_this_form(word, lookup)
    return arabic_any_form(word, lookup)


def _hebrew(word: str, mark: Mark, lookup: Lookup) -> list[Form]:
    if mark is Mark.THIS_FORM:
        return [hebrew_this_form(word, lookup)]
    return list(hebrew_forms(word, lookup, verb=mark is Mark.VERB))


#: Languages whose forms are made by rule, with the dictionary's help.
_BY_RULE: Final[Mapping[str, Callable[[str, Mark, bool, Lookup], list[Form]]]] = {
    "ar": lambda word, mark, first, lookup: _arabic(word, mark, lookup),
    "fa": lambda word, mark, first, lookup: list(persian_forms(word, mark, lookup, first=first)),
    "he": lambda word, mark, first, lookup: _hebrew(word, mark, lookup),
    "ko": lambda word, mark, first, lookup: list(korean_forms(fold(word), mark)),
    "tr": lambda word, mark, first, lookup: list(turkish_forms(word, mark, lookup)),
}


def _from_dictionary(word: str, language: str, mark: Mark, lookup: Lookup) -> list[Form]:
    forms = [Form(fold(word), Attach.APOSTROPHE, "as written")]
    if mark is not Mark.THIS_FORM:
        known = lookup(language, word)
        if language in _ROMANCE:
            known = romance_forms(word, language, mark, known, lookup)
        # An abbreviation that NFKC spells out is another word: the nº of número is not no.
        usable = sorted(form for form in known if unicodedata.is_normalized("NFKC", form))
        forms += (Form(fold(other), Attach.APOSTROPHE, f"same lemma as {word} (dictionary)") for other in usable)
        if language == "en" and (plural := _english_plural(fold(word), known, lookup)):
            forms.append(Form(plural, Attach.APOSTROPHE, "regular plural"))
        if language == "en" and (past := _english_past(fold(word), mark)):
            forms.append(Form(past, Attach.APOSTROPHE, f"past of {word}"))
    return forms


#: Past forms that the dictionary files under another word spelled alike (a shot, broke, a won): they are these verbs' too.
_ENGLISH_PAST: Final = {
    "bend": "bent",
    "break": "broke",
    "drink": "drunk",
    "go": "gone",
    "shake": "shook",
    "shoot": "shot",
    "swear": "swore",
    "think": "thought",
    "win": "won",
}
#: The same where the other word is the commoner one (left, a rose): only of a term marked as a verb.
_ENGLISH_PAST_OF_VERBS: Final = {
    "bear": "bore",
    "bind": "bound",
    "bite": "bit",
    "feel": "felt",
    "leave": "left",
    "ring": "rung",
    "rise": "rose",
}


def _english_past(folded: str, mark: Mark) -> str:
    past = _ENGLISH_PAST.get(folded, "")
    return past or (_ENGLISH_PAST_OF_VERBS.get(folded, "") if mark is Mark.VERB else "")


def _english_plural(folded: str, known: frozenset[str], lookup: Lookup) -> str:
    """The regular plural where the dictionary has none (it keeps "sales" apart from "sale"), or ''."""
    if not folded.isalpha() or folded.endswith("s") or any(form.endswith("s") for form in known):
        return ""
    plural = folded + "s"
    if folded.endswith(("x", "z", "ch", "sh")):
        plural = folded + "es"
    elif folded.endswith("y") and folded[-2:-1] not in "aeiou":
        plural = folded[:-1] + "ies"
    # A lemma of one spelling proves nothing; one with several is another word.
    return "" if len(lookup("en", plural)) > 1 else plural


def _merged(folded: str, forms: list[Form]) -> tuple[Form, ...]:
    """One form a spelling: what any rule allows is allowed, and the first reason is kept."""
    merged: dict[str, Form] = {folded: Form(folded, Attach.NONE, "as written")}
    for form in forms:
        known = merged.get(form.text)
        merged[form.text] = form if known is None else Form(form.text, known.allows | form.allows, known.why)
    return tuple(merged.values())
