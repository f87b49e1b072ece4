"""Lint: what is not wrong in a watchlist but probably not meant. Everything here is a warning with its place.

A query that can never be true, a group nobody asks for, a term that a mask always covers, one that another term already
finds, one so short that it finds everything. Pure: the dictionary comes in as a look-up function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations
from typing import Final

from monitor.errors import Fault
from monitor.text.fold import fold
from monitor.text.forms import Lookup, Mark, expand
from monitor.text.scripts import scripts_of
from monitor.text.words import is_cjk, words
from monitor.watchlist.model import Term, Watchlist
from monitor.watchlist.query import And, Field, FieldKind, Group, Literal, Near, Node, Not, Or, leaves

#: Wider than a long sentence's half: such a window is an AND in all but name.
WIDE_WINDOW: Final = 50
#: Shorter terms are found inside too much of everything; acronyms and CJK words are meant so.
SHORT_TERM: Final = 2
#: Scripts whose characters are syllables: two of them are an ordinary word.
_SYLLABLES: Final = frozenset({"Hangul"})
#: Comparing every term with every other is for lists that people write, not for imported names.
_COMPARED: Final = 2_000

#: (language, word) -> the citation form the dictionary files it under, or "" where it knows none.
Citation = Callable[[str, str], str]


def lint(watchlist: Watchlist, lookup: Lookup, citation: Citation | None = None) -> tuple[Fault, ...]:
    """Warnings about one watchlist, in the order of its file."""
    found = [
        *_groups(watchlist),
        *_masked(watchlist),
        *_short(watchlist),
        *_wildcards(watchlist),
        *_covered(watchlist, lookup),
        *(_beyond(watchlist, citation, lookup) if citation else ()),
        *_query(watchlist),
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda fault: (fault.file, fault.line, fault.message)))


def _fault(watchlist: Watchlist, message: str, hint: str = "", place: str = "") -> Fault:
    file, _, line = place.rpartition(":")
    return Fault(message, file or f"{watchlist.id}.yaml", int(line) if line.isdecimal() else 0, hint=hint, warning=True)


def _nodes(watchlist: Watchlist) -> tuple[Node, ...]:
    return (watchlist.when, *(step.when for step in watchlist.escalate))


# ------------------------------------------------------------------------------------------- groups
def _groups(watchlist: Watchlist) -> Iterator[Fault]:
    asked = {leaf.name for node in _nodes(watchlist) for leaf in leaves(node) if isinstance(leaf, Group)}
    for name in watchlist.groups:
        if name not in asked:
            yield _fault(watchlist, f"no query asks for the group {name!r}", "use it in when:, or remove it")
    yield from _silent_languages(watchlist)


def _silent_languages(watchlist: Watchlist) -> Iterator[Fault]:
    """A group whose terms of one language can never matter, because no clause that asks for it has that language throughout."""
    clauses = watchlist.when.items if isinstance(watchlist.when, Or) else (watchlist.when,)
    # Names are of any language, but for those whose list says otherwise.
    spoken = {name: {term.language for term in terms} | _of_names(watchlist, name) for name, terms in watchlist.groups.items()}
    for name, languages in spoken.items():
        asking = [clause for clause in clauses if any(isinstance(leaf, Group) and leaf.name == name for leaf in leaves(clause))]
        for language in sorted(languages - {"any"}):
            if asking and not any(_speaks(clause, language, spoken) for clause in asking):
                lacking = sorted(_lacking(asking[0], language, spoken))
                message = f"the {language} terms of {name!r} can never count: beside them {', '.join(lacking)} has none in {language}"
                yield _fault(watchlist, message, f"add {language} terms there")


def _of_names(watchlist: Watchlist, group: str) -> set[str]:
    return {"any"} if group in watchlist.names else set()


def _has(node: Node, language: str, spoken: Mapping[str, set[str]]) -> bool:
    return not isinstance(node, Group) or bool(spoken.get(node.name, set()) & {language, "any"})


def _speaks(node: Node, language: str, spoken: Mapping[str, set[str]]) -> bool:
    """Whether the node can be true in a text of this language alone."""
    match node:
        case Group() | Literal():
            return _has(node, language, spoken)
        case Or(items):
            return any(_speaks(item, language, spoken) for item in items)
        case Not():
            return True
        case _:
            return all(_speaks(item, language, spoken) for item in node.children())


def _lacking(node: Node, language: str, spoken: Mapping[str, set[str]]) -> set[str]:
    return {str(leaf) for leaf in leaves(node) if not _has(leaf, language, spoken)}


# -------------------------------------------------------------------------------------------- terms
def _folded(term: Term) -> tuple[str, ...]:
    text = term.text.replace("*", "")
    return tuple(fold(text[span.start : span.end]) for span in words(text))


def _within(inner: tuple[str, ...], outer: tuple[str, ...]) -> bool:
    return any(outer[at : at + len(inner)] == inner for at in range(len(outer) - len(inner) + 1))


def _masked(watchlist: Watchlist) -> Iterator[Fault]:
    masks = [(mask, _folded(mask)) for mask in watchlist.masks]
    for name, terms in watchlist.groups.items():
        for term in terms if masks else ():
            key = _folded(term)
            for mask, covered in masks:
                if mask.language in (term.language, "any") and _within(covered, key):
                    yield _fault(watchlist, f"{term.text!r} ({name}) can never be found: the mask {mask.text!r} covers it", "", term.place)
                    break


def _short(watchlist: Watchlist) -> Iterator[Fault]:
    for name, terms in watchlist.groups.items():
        for term in terms:
            parts = [term.text[span.start : span.end] for span in words(term.text)]
            if (
                len(parts) == 1
                and len(parts[0]) <= SHORT_TERM
                and not parts[0].isupper()
                and not is_cjk(parts[0])
                and not _SYLLABLES & scripts_of(parts[0])
                and term.entity is None
            ):
                message = f"{term.text!r} ({name}) is so short that it will be found everywhere"
                yield _fault(watchlist, message, "write a phrase, or ask for it only NEAR something", term.place)


def _wildcards(watchlist: Watchlist) -> Iterator[Fault]:
    for name, terms in watchlist.groups.items():
        for term in terms:
            if any(word.startswith("*") for word in term.text.split()):
                message = f"{term.text!r} ({name}) begins with a wildcard: every new word of every article is tried against it"
                yield _fault(watchlist, message, "write out the beginnings that are meant", term.place)


def _covered(watchlist: Watchlist, lookup: Lookup) -> Iterator[Fault]:
    """A term that another term of its group already finds, in all its forms."""
    for name, terms in watchlist.groups.items():
        if len(terms) > _COMPARED:
            continue
        by_language: dict[str, list[tuple[Term, tuple[str, ...]]]] = {}
        for term in terms:
            if term.mark is Mark.ANY_FORM and "*" not in term.text:
                by_language.setdefault(term.language, []).append((term, _folded(term)))
        for language, keyed in by_language.items():
            lemmas = {term.text: frozenset(map(fold, lookup(language, term.text))) for term, key in keyed if len(key) == 1}
            yield from (_twice(watchlist, name, *pair) for pair in _same(keyed, lemmas))


def _same(keyed: list[tuple[Term, tuple[str, ...]]], lemmas: Mapping[str, frozenset[str]]) -> Iterator[tuple[Term, Term]]:
    """(redundant, the one that finds it): equal keys, or two single words of one lemma."""
    for (one, key), (two, other) in combinations(keyed, 2):
        if key == other or (len(key) == len(other) == 1 and (other[0] in lemmas[one.text] or key[0] in lemmas[two.text])):
            yield two, one


def _twice(watchlist: Watchlist, name: str, redundant: Term, finder: Term) -> Fault:
    return _fault(
        watchlist, f"{redundant.text!r} ({name}) adds nothing: {finder.text!r} already finds it", "remove one of them", redundant.place
    )


def _beyond(watchlist: Watchlist, citation: Citation, lookup: Lookup) -> Iterator[Fault]:
    """A term written as an inflected form also finds its citation form, which may mean something else (عقوبات, عقوبة)."""
    for name, terms in watchlist.groups.items():
        for term in terms:
            key = _folded(term)
            if term.mark is not Mark.ANY_FORM or len(key) != 1 or "*" in term.text:
                continue
            lemma = citation(term.language, term.text)
            if lemma and fold(lemma) != key[0] and _finds(term, fold(lemma), lookup):
                message = f"{term.text!r} ({name}) also finds {lemma!r} and its other forms"
                yield _fault(watchlist, message, f"write {lemma}, or {term.text} (this-form) to find only this", term.place)


def _finds(term: Term, folded: str, lookup: Lookup) -> bool:
    return any(form.text == folded for form in expand(term.text, term.language, term.mark, first=True, lookup=lookup))


# -------------------------------------------------------------------------------------------- query
def _query(watchlist: Watchlist) -> Iterator[Fault]:
    for node in _nodes(watchlist):
        for each in node.walk():
            if isinstance(each, Near) and each.words > WIDE_WINDOW:
                yield _fault(watchlist, f"{each} reaches further than most sentences", "sentence(a, b) says the same more plainly")
        if not _possible(node, watchlist, frozenset(FieldKind)):
            yield _fault(watchlist, f"this can never be true: {node}", _reason(node, watchlist))


def _languages(node: Node, watchlist: Watchlist) -> set[str]:
    if isinstance(node, Or):
        return set().union(*(_languages(item, watchlist) for item in node.items))
    if isinstance(node, Literal):
        return {"any"}
    if isinstance(node, Group):
        return {term.language for term in watchlist.groups.get(node.name, ())} | _of_names(watchlist, node.name)
    return {"any"}


def _share(node: Near, watchlist: Watchlist) -> bool:
    """Whether some choice of languages lets all sides meet."""
    sides = [_languages(item, watchlist) for item in node.items]
    return any(all(language in side or "any" in side for side in sides) for language in set().union(*sides))


def _possible(node: Node, watchlist: Watchlist, fields: frozenset[FieldKind]) -> bool:
    """Whether anything can make the node true; ``fields`` are the prefixes that still leave something to be seen."""
    match node:
        case And(items):
            refused = {item.item for item in items if isinstance(item, Not)}
            return not refused.intersection(items) and _all(items, watchlist, fields)
        case Or(items):
            return any(_possible(item, watchlist, fields) for item in items)
        case Near():
            return _share(node, watchlist)
        case Field(kind, item):
            below = fields & _BELOW[kind]
            return bool(below) and _possible(item, watchlist, below)
        case Not():
            return True
        case _:
            return _all(node.children(), watchlist, fields)


def _all(items: Iterable[Node], watchlist: Watchlist, fields: frozenset[FieldKind]) -> bool:
    return all(_possible(item, watchlist, fields) for item in items)


_BELOW: Final = {
    FieldKind.TITLE: frozenset({FieldKind.TITLE}),
    FieldKind.LEAD: frozenset({FieldKind.LEAD}),
    FieldKind.BODY: frozenset({FieldKind.LEAD, FieldKind.BODY}),
}


def _reason(node: Node, watchlist: Watchlist) -> str:
    apart = next((each for each in node.walk() if isinstance(each, Near) and not _share(each, watchlist)), None)
    if apart is not None:
        return f"the sides of {apart} have no language in common"
    return "a part of it is asked for and refused, or stands in two places at once"
