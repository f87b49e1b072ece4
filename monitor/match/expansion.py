"""What each term expands to, and why each form is there: ``monitor terms`` and the lint of terms that find too much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from monitor.match.patterns import split_term
from monitor.text.fold import fold
from monitor.text.forms import Attach, Form, Lookup, Mark, expand, joined_spelling
from monitor.text.names import name_key
from monitor.watchlist import Term, Watchlist

#: How an attachment is called in front of a person, by the name of its flag; one that is not here is called by that name.
_SAID: Final = {
    "WAW": "و",
    "FA": "ف",
    "BA": "ب",
    "LAM": "ل",
    "KAF": "ك",
    "ARTICLE": "ال",
    "FUTURE": "س",
    "HE": "-ه",
    "PRONOUN": "-ها,-هم,-نا",
    "PRONOUN_I": "-ني,-ك",
    "HEBREW_VAV": "ו",
    "HEBREW_THAT": "ש",
    "HEBREW_IN": "ב",
    "HEBREW_TO": "ל",
    "HEBREW_AS": "כ",
    "HEBREW_FROM": "מ",
    "HEBREW_ARTICLE": "ה",
    "APOSTROPHE": "'…",
    "TURKISH": "-ler,-i,-in…",
    "TURKISH_VERB": "-di,-en,-mesi…",
    "KOREAN": "-을,-는,-에서…",
    "KOREAN_VERB": "-다,-고,-는…",
    "KOREAN_BEFORE": "…무기",
    "KOREAN_AFTER": "무기…",
}


@dataclass(frozen=True, slots=True)
class Expansion:
    """One term of one group: for each of its words the forms it is looked for in. A name and a wildcard have none."""

    group: str
    term: Term
    words: tuple[tuple[str, tuple[Form, ...]], ...]


def attachments(allows: Attach) -> str:
    """What may be attached to a form, for people: ``و ف ب … -ها,-هم,-نا``."""
    names = (flag.name or "" for flag in allows)
    return " ".join(_SAID.get(name, name.lower().replace("_", "-")) for name in names)


def expansions(watchlist: Watchlist, lookup: Lookup, wanted: str = "") -> Iterator[Expansion]:
    """Every term of the watchlist's groups with its forms, then the names of its lists; only those ``wanted`` where it is given."""
    key = fold(wanted)
    for group, terms in watchlist.groups.items():
        for term in terms:
            if not key or fold(term.text) == key:
                yield Expansion(group, term, tuple(_words(term, lookup)))
    name = name_key(key)
    for group, lists in watchlist.names.items():
        for names in lists:
            for at, spelling in enumerate(names.spellings):
                if not name or name_key(fold(spelling)) == name:
                    term = Term(spelling, names.language(at), Mark.NAME, names.entity(at), names.place(at))
                    yield Expansion(group, term, tuple(_words(term, lookup)))


def _words(term: Term, lookup: Lookup) -> Iterator[tuple[str, tuple[Form, ...]]]:
    parts = split_term(term.text)
    for index, word in enumerate(parts):
        if term.mark is Mark.NAME or "*" in word:
            yield word, ()
        else:
            yield word, expand(word, term.language, term.mark, first=index == 0, lookup=lookup)
    if len(parts) > 1 and (joined := joined_spelling(parts, term.language, term.mark)):
        yield joined, expand(joined, term.language, term.mark, first=True, lookup=lookup)
