"""Lint: what is not wrong in a watchlist but probably not meant. Everything here is a warning with its place.

A query that can never be true, a group nobody asks for, a term that a mask always covers, one that another term already
finds, one so short that it finds everything. Pure: the dictionary comes in as a look-up function.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from typing import Final

from monitor.errors import Fault
from monitor.text.fold import fold
from monitor.text.forms import Lookup, Mark, expand
from monitor.text.scripts import ARABIC, CYRILLIC, EAST_ASIAN, HANGUL, HEBREW, LATIN, scripts_of
from monitor.text.words import is_cjk, words
from monitor.watchlist.lint_query import lint_query, queries
from monitor.watchlist.model import Term, Watchlist
from monitor.watchlist.places import Places
from monitor.watchlist.query import Literal, leaves
from monitor.watchlist.shapes import Shape, Shapes, covering

#: Shorter terms are found inside too much of everything; acronyms and CJK words are meant so.
SHORT_TERM: Final = 2
#: Comparing terms is for lists that people write: a group of more than this was made by a program.
_COMPARED: Final = 20_000
#: The scripts of languages that are not written in Latin letters. Latin names and codes stand in all of them.
_SCRIPTS: Final = {
    "ar": {ARABIC},
    "fa": {ARABIC},
    "ur": {ARABIC},
    "he": {HEBREW},
    "ru": {CYRILLIC},
    "uk": {CYRILLIC},
    "bg": {CYRILLIC},
    "be": {CYRILLIC},
    "zh": EAST_ASIAN,
    "ja": EAST_ASIAN,
    "ko": EAST_ASIAN,
    **{language: {LATIN} for language in ("en", "fr", "es", "tr", "de", "it", "pt", "nl", "pl", "cs", "sv", "id", "vi")},
}

#: (language, word) -> the citation form the dictionary files it under, or "" where it knows none.
Citation = Callable[[str, str], str]


def lint(watchlist: Watchlist, lookup: Lookup, citation: Citation | None = None, shapes: Shapes | None = None) -> tuple[Fault, ...]:
    """Warnings about one watchlist, in the order of its file. ``shapes`` is worth keeping from one list to the next."""
    places = Places(watchlist)
    made = shapes or Shapes(lookup)
    compared = {name: made.group(terms) for name, terms in watchlist.groups.items() if len(terms) <= _COMPARED}
    useless = [(name, one.term, finder.term) for name, (_, found) in compared.items() for one, finder in found]
    found = [
        *_masked(places, {name: each for name, (each, _) in compared.items()}, list(map(made.of, watchlist.masks))),
        *_terms(watchlist, places),
        *(_redundant(places, name, term, finder) for name, term, finder in useless),
        *(_beyond(watchlist, places, citation, lookup, {(name, term) for name, term, _ in useless}) if citation else ()),
        *_phrases(watchlist, places),
        *lint_query(watchlist, places),
    ]
    own = places.file
    return tuple(sorted(dict.fromkeys(found), key=lambda fault: (fault.file != own, fault.file, fault.line, fault.column, fault.message)))


def _phrases(watchlist: Watchlist, places: Places) -> Iterator[Fault]:
    """Quoted phrases are terms of no group."""
    for path, query in queries(watchlist):
        for leaf in leaves(query):
            if isinstance(leaf, Literal):
                for message, hint in _doubtful(leaf.text):
                    yield places.of_query(path, leaf, f"{leaf} {message}", hint)
                for word in (leaf.text[span.start : span.end] for span in words(leaf.text)):
                    if len(scripts_of(word)) > 1:
                        message = f"the word '{word}' mixes scripts ({', '.join(sorted(scripts_of(word)))})"
                        yield places.of_query(path, leaf, message, "a look-alike letter never matches: type it again in one script")


# -------------------------------------------------------------------------------------------- terms
def _every_term(watchlist: Watchlist) -> Iterator[tuple[Term, str]]:
    """Each term with the name of its group."""
    for name, terms in watchlist.groups.items():
        for term in terms:
            yield term, name


def _masked(places: Places, shapes: Mapping[str, list[Shape]], masks: list[Shape]) -> Iterator[Fault]:
    covered_by = covering(masks)
    for name, each in shapes.items() if masks else ():
        for one in each:
            mask = covered_by(one)
            if mask is not None:
                message = f"{_said(one.term)} ({name}) can never be found: the mask {_said(mask.term)} covers it"
                yield places.of_term(one.term, message, "remove one of them")


def _short(text: str) -> bool:
    """Whether one word, its stars left out, is so short that it is found inside too much of everything."""
    parts = [text[span.start : span.end] for span in words(text.replace("*", ""))]
    if len(parts) != 1 or len(parts[0]) > SHORT_TERM:
        return False
    return not (parts[0].isupper() or is_cjk(parts[0]) or HANGUL in scripts_of(parts[0]))


def _doubtful(text: str) -> Iterator[tuple[str, str]]:
    """(what is doubtful about a term or a quoted phrase, what to do)."""
    if _short(text):
        yield "is so short that it will be found everywhere", "write a phrase, or ask for it only NEAR something"
    stars = [word for word in text.split() if "*" in word.rstrip("*")]
    if any(word.startswith("*") for word in stars):
        hint = "write out the beginnings that are meant"
        yield "begins with a wildcard: every new word of every article is tried against it", hint
    elif stars:
        hint = "write one term for each word that is meant, or a star at the end only"
        yield "has a wildcard inside a word: every new word of every article is tried against it", hint


def _terms(watchlist: Watchlist, places: Places) -> Iterator[Fault]:
    for term, name in _every_term(watchlist):
        if term.mark is not Mark.NAME:
            for message, hint in _doubtful(term.text):
                yield places.of_term(term, f"{_said(term)} ({name}) {message}", hint)
        known = _SCRIPTS.get(term.language)
        foreign = scripts_of(term.text) - {LATIN} - (known or set())
        if known and foreign and not scripts_of(term.text) & known:
            message = f"{_said(term)} ({name}) is written in {', '.join(sorted(foreign))} script, and stands under {term.language}"
            yield places.of_term(term, message, "put it under its own language: only there are its forms found")


def _redundant(places: Places, name: str, term: Term, finder: Term) -> Fault:
    """A term that another term of its group already finds, in all its forms."""
    if term == finder:
        line = finder.place.rpartition(":")[2]
        there = f", first in line {line}" if finder.place.partition(":")[0] == term.place.partition(":")[0] else f" and in {finder.place}"
        return places.of_term(term, f"{_said(term)} ({name}) stands here twice{there}", "remove one of them")
    return places.of_term(term, f"{_said(term)} ({name}) adds nothing: {_said(finder)} already finds it", "remove one of them")


def _beyond(
    watchlist: Watchlist, places: Places, citation: Citation, lookup: Lookup, useless: Container[tuple[str, Term]]
) -> Iterator[Fault]:
    """A term written as an inflected form also finds its citation form, which may mean something else (عقوبات, عقوبة)."""
    for term, name in _every_term(watchlist):
        if term.mark is not Mark.ANY_FORM or "*" in term.text or len(words(term.text)) != 1 or (name, term) in useless:
            continue
        lemma = citation(term.language, term.text)
        if lemma and fold(lemma) != fold(term.text) and _finds(term, fold(lemma), lookup):
            message = f"{_said(term)} ({name}) also finds '{lemma}' and its other forms"
            yield places.of_term(term, message, f"write {lemma}, or {term.text} (this-form) to find only this")


def _finds(term: Term, folded: str, lookup: Lookup) -> bool:
    return any(form.text == folded for form in expand(term.text, term.language, term.mark, first=True, lookup=lookup))


def _said(term: Term) -> str:
    """A term in a message: as written, with its mark where that is not the usual one."""
    return f"'{term.text}'" if term.mark is Mark.ANY_FORM else f"'{term.text} ({term.mark.value})'"
