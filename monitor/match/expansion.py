"""What each term, quoted phrase and mask expands to, and why each form is there: ``monitor terms``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from monitor.match.engine import literal_terms
from monitor.match.patterns import Table, split_term
from monitor.text.fold import fold
from monitor.text.forms import Attach, Form, Lookup, Mark, expand, joined_spelling
from monitor.text.names import name_key
from monitor.text.words import is_cjk
from monitor.watchlist import Term, Watchlist
from monitor.watchlist.lint_query import queries
from monitor.watchlist.places import Places
from monitor.watchlist.query import Literal, leaves

#: How an attachment is called in front of a person, by the name of its flag.
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
    "HEBREW_BEFORE_ARTICLE": "מה,שה,כשה…",
    "APOSTROPHE": "'…",
    "TURKISH": "-ler,-i,-in…",
    "TURKISH_FRONT": "-ler,-i,-in…",
    "TURKISH_SOFT": "-i,-e (softened)",
    "TURKISH_HARD": "-i,-e (not softened)",
    "TURKISH_VERB": "-di,-en,-mesi…",
    "KOREAN": "-을,-는,-에서…",
    "KOREAN_VERB": "-다,-고,-는…",
    "KOREAN_BEFORE": "…무기",
    "KOREAN_AFTER": "무기…",
}


#: What a name is found in besides its spelling, by a letter of its script.
_NAMES_MEET: Final = (
    (re.compile("[\u0600-\u06ff]"), "; غ, ج, ق and گ are one; و, ف, ب, ل, ك may stand before it"),
    (re.compile("[\u0590-\u05ff]"), "; prefixes may stand before it"),
    (re.compile("[\uac00-\ud7a3]"), "; particles may stand behind it"),
    (re.compile("[\u0400-\u04ff]"), "; in every case, all its words in one"),
    (re.compile("[A-Za-z]"), "; accents do not count, and 's may stand behind it"),
)


class Kind(StrEnum):
    """What a term is to its watchlist."""

    TERM = "term"
    QUOTED = "quoted"
    MASK = "mask"


#: Where a quoted phrase or a mask stands in place of a group's name.
_WHERE: Final = {Kind.QUOTED: "when", Kind.MASK: "mask"}


@dataclass(frozen=True, slots=True)
class Expansion:
    """One term of one group, or a quoted phrase, or a mask: for each of its words the forms it is looked for in, of a name its key."""

    group: str
    term: Term
    words: tuple[tuple[str, tuple[Form, ...]], ...]
    kind: Kind = Kind.TERM


def attachments(allows: Attach) -> tuple[str, ...]:
    """What may be attached to a form, for people: ``و``, ``ف``, ``-ها,-هم,-نا``."""
    return tuple(dict.fromkeys(_SAID[flag.name or ""] for flag in allows))


def expansions(watchlist: Watchlist, lookup: Lookup, wanted: str = "") -> Iterator[Expansion]:
    """Every term of the watchlist's groups with its forms, then the names of its lists, the phrases that its queries quote and its
    masks; only those ``wanted`` where it is given."""
    asked, name = _key(wanted), name_key(fold(wanted))
    # What is looked for with its capitals is asked of the very table that texts are met with.
    table = Table(lookup)
    for group, terms in watchlist.groups.items():
        for term in terms:
            if not asked or _key(term.text) == asked or (term.mark is Mark.NAME and name_key(fold(term.text)) == name):
                yield Expansion(group, term, tuple(_words(term, table)))
    for group, lists in watchlist.names.items():
        for names in lists:
            for at, spelling in enumerate(names.spellings):
                if not name or name_key(fold(spelling)) == name:
                    term = Term(spelling, names.language(at), Mark.NAME, names.entity(at), names.place(at))
                    yield Expansion(group, term, tuple(_words(term, table)))
    for kind, found in ((Kind.QUOTED, _quoted(watchlist)), (Kind.MASK, watchlist.masks)):
        for term in found:
            if not asked or _key(term.text) == asked:
                yield Expansion(_WHERE[kind], term, tuple(_words(term, table)), kind)


def _quoted(watchlist: Watchlist) -> Iterator[Term]:
    """What the queries quote, once in each language it is looked for in, with its place in the file."""
    places = Places(watchlist)
    told: set[Term] = set()
    for path, query in queries(watchlist):
        for leaf in leaves(query):
            for term in literal_terms(leaf, watchlist) if isinstance(leaf, Literal) else ():
                if term not in told:
                    told.add(term)
                    fault = places.of_query(path, leaf, "")
                    yield replace(term, place=f"{fault.file}:{fault.line}" if fault.line else fault.file)


def _key(text: str) -> tuple[str, ...]:
    """The words of a term, so that MD-550 and md 550 are one."""
    return tuple(map(fold, split_term(text)))


def _words(term: Term, table: Table) -> Iterator[tuple[str, tuple[Form, ...]]]:
    if term.mark is Mark.NAME:
        key = name_key(fold(term.text))
        more = next((words for letter, words in _NAMES_MEET if letter.search(key)), "")
        yield term.text, (Form(key, Attach.NONE, f"this name, however it is parted by blanks and hyphens{more}"),)
        return
    parts = split_term(term.text)
    if parts and all(map(is_cjk, parts)):
        yield term.text, (Form("".join(map(fold, parts)), Attach.NONE, "these characters, one after the other"),)
        return
    slots = table.patterns[table.add(term)].slots
    for index, word in enumerate(parts):
        if "*" in word:
            yield word, (Form(fold(word), Attach.NONE, "every word of this pattern"),)
        else:
            forms = expand(word, term.language, term.mark, first=index == 0, lookup=table.lookup)
            yield word, tuple(_cased(word, forms, slots[index], table))
    if len(parts) > 1 and (joined := joined_spelling(parts, term.language, term.mark)):
        yield joined, expand(joined, term.language, term.mark, first=True, lookup=table.lookup)


def _cased(word: str, forms: tuple[Form, ...], slot: int, table: Table) -> Iterator[Form]:
    """The forms, with what capitals the text must have for them."""
    needs = slot not in table.meet(word.lower())
    if not needs:
        capital = ""
    elif slot not in table.meet(word.upper()):
        capital = ", capitals included"
    else:
        capital = ", capitalised only" if slot in table.meet(word.capitalize()) else ", in capitals only"
    for form in forms:
        yield Form(form.text, form.allows, form.why + capital)
    plural = fold(word) + "s"
    if needs and all(form.text != plural for form in forms) and slot in table.meet(word + "s"):
        yield Form(plural, forms[0].allows, "plural of an abbreviation" + capital)
