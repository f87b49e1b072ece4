"""French and Spanish, where the dictionary parts what is one word and joins what are two.

Participles: many are filed as adjectives of their own, so that *contourner* would not find *contourné*, nor *condenar*
*condenado*; others only in part, so that *prohibido* would not find *prohibidas*. Plurals that it lacks, or files under a
verb (*fusiles*, *municiones*), are regular. And words of which the grammar of every other sentence is made are spelled
like nouns: who looks for *el poder* or *le pouvoir* does not mean *puede* and *peut*.

This room knows only str; dictionaries reach it as a look-up function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from monitor.text.forms_base import Lookup, Mark

#: Words of grammar that are nouns as well -> what the noun has beside its citation form. As verbs they are whole.
_GRAMMAR: Final[Mapping[str, Mapping[str, str]]] = {
    "es": {
        "este": "",
        "otro": "otros",
        "todo": "todos",
        "mucho": "muchos muchas",
        "poder": "poderes",
        "deber": "deberes",
        "haber": "haberes",
    },
    "fr": {"tout": "", "autre": "autres", "pouvoir": "pouvoirs", "devoir": "devoirs", "avoir": "avoirs"},
}
_ENDINGS: Final = {"es": ("o", "a", "os", "as"), "fr": ("", "e", "s", "es")}
#: What a participle is cited as ends in.
_CITED: Final = {"es": ("ado", "ido"), "fr": ("é", "i", "u", "is", "it")}
_SHORTEST: Final = 4
_UNSTRESSED: Final = dict(zip("áéíóú", "aeiou", strict=True))


def romance_forms(word: str, language: str, mark: Mark, known: frozenset[str], lookup: Lookup) -> frozenset[str]:
    """The forms of a French or Spanish word, given those that share its lemma."""
    if mark is not Mark.VERB and word in _GRAMMAR[language]:
        return frozenset({word, *_GRAMMAR[language][word].split()})
    participles = frozenset(_participles(word, language, mark, known, lookup))
    if mark is Mark.VERB:
        return known | participles
    # What is a citation form and nothing else is no plural: cours is not of cour.
    plurals = frozenset(form for form in _plurals(word, language, known) if lookup(language, form) != {form})
    return known | participles | plurals


def _participles(word: str, language: str, mark: Mark, known: frozenset[str], lookup: Lookup) -> Iterator[str]:
    if base := _of_verb(word, language, known):
        forms = [base + ending for ending in _ENDINGS[language]]
        # A noun made of a participle (livrée, entrada) is filed with its plural alone: the verb's where all its forms are wanted.
        noun = set() if mark is Mark.VERB else {forms[1], forms[3]}
        yield from (form for form in forms if (filed := lookup(language, form)) and not filed <= noun)
    elif word.endswith(_CITED[language]) and len(word) >= _SHORTEST:
        base = word[:-1] if language == "es" else word
        # Its gender and number, where the dictionary files them under the verb of which it files the word as well.
        yield from (form for form in (base + ending for ending in _ENDINGS[language]) if word in lookup(language, form))


def _of_verb(word: str, language: str, known: frozenset[str]) -> str:
    """What the participles of an infinitive begin with, or '' where the word is none or forms them otherwise."""
    root, ending = word[:-2], word[-2:]
    if language == "es":
        if ending == "ar" and root + "ando" in known:
            return root + "ad"
        return root + "id" if ending in ("er", "ir") and root + "iendo" in known else ""
    if ending == "er" and any(form.endswith("ant") for form in known):
        return root + "é"
    if ending == "ir" and any(form.startswith(root + "iss") for form in known):
        return root + "i"
    return root + "u" if ending == "re" and root + "ant" in known else ""


def _plurals(word: str, language: str, known: frozenset[str]) -> tuple[str, ...]:
    """The regular plural of a word for which the dictionary has none."""
    last = word[-1]
    if len(word) < _SHORTEST or not word.isalpha() or (last in "sxz" and language == "fr") or any(form[-1] in "sx" for form in known):
        return ()
    if language == "fr":
        return (word[:-2] + "aux",) if word.endswith("al") else (word + ("x" if word.endswith(("eau", "eu")) else "s"),)
    if last in "aeiouáéó":
        return (word + "s",)
    if last in "íú":
        return word + "es", word + "s"
    if last == "z":
        return (word[:-1] + "ces",)
    # The stress stays on its syllable, which is then no longer the last: munición, municiones; francés, franceses.
    stem = word[:-2] + _UNSTRESSED.get(word[-2], word[-2]) + last
    if last == "s" and stem == word:
        return ()
    return (stem + "es",) if last in "dlnrsj" else (stem + "es", word + "s")
