"""Lint of lists of names: in which scripts they can be found at all, and which names are found too often by themselves.

Pure: the dictionary comes in as a look-up function. A list may hold hundreds of thousands of spellings, so each is looked
at once and most only by their first letter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from monitor.errors import Fault
from monitor.text.fold import fold
from monitor.text.forms import Lookup
from monitor.text.names import key_words
from monitor.text.scripts import EAST_ASIAN, LATIN, script_of, scripts_of
from monitor.watchlist.model import Watchlist
from monitor.watchlist.names import NameList
from monitor.watchlist.places import Places
from monitor.watchlist.query import And, Count, Field, Filter, First, Group, Node, Not, Or, Scope

#: Letters up to which a name is short; characters, where one is a syllable or a word.
SHORT: Final = 3
SHORT_EAST_ASIAN: Final = 2
#: A word that stands in so many other names of its list is a given name or a family's, and no one's by itself.
COMMON: Final = 3
#: Names told of one list.
TOLD: Final = 5
#: A script that a watchlist speaks is told where fewer of a list's names than this share are written in it.
FEW: Final = 0.5


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many entities a list has, and how many of them have a spelling in each script, the most frequent first."""

    file: str
    entities: int
    scripts: Mapping[str, int]

    def __hash__(self) -> int:
        return hash((self.file, self.entities))

    def __str__(self) -> str:
        told = ", ".join(f"{script} {number:,}" for script, number in self.scripts.items())
        return f"{self.file}: {self.entities:,} {'name' if self.entities == 1 else 'names'}; with a spelling in {told}"


def coverage(names: NameList) -> Coverage:
    found: dict[str, set[int]] = {}
    for spelling, owner in zip(names.spellings, names.owners, strict=True):
        found.setdefault(_script(spelling), set()).add(owner)
    counts = sorted(((script, len(owners)) for script, owners in found.items() if script), key=lambda each: (-each[1], each[0]))
    return Coverage(names.file, len(names.ids), dict(counts))


def coverages(watchlist: Watchlist) -> tuple[Coverage, ...]:
    """Of every list of names that a watchlist uses, once each."""
    return tuple(map(coverage, dict.fromkeys(names for lists in watchlist.names.values() for names in lists)))


def lint_names(watchlist: Watchlist, lookup: Lookup | None = None) -> tuple[Fault, ...]:
    """Warnings about the lists of names of one watchlist. With a dictionary, names that are words of it are known as such."""
    places = Places(watchlist)
    return tuple(dict.fromkeys((*_unwritten(watchlist, places), *_alone(watchlist, places, lookup))))


# ------------------------------------------------------------------------------------------ scripts
def _script(spelling: str) -> str:
    """The script of a spelling's first letter: names do not mix them."""
    return LATIN if spelling.isascii() else next(filter(None, map(script_of, spelling)), "")


def _unwritten(watchlist: Watchlist, places: Places) -> Iterator[Fault]:
    """Scripts in which the watchlist has terms and a list few spellings."""
    spoken = {script for terms in watchlist.groups.values() for term in terms for script in scripts_of(term.text)}
    taken: dict[NameList, str] = {}
    for group, lists in watchlist.names.items():
        for names in lists:
            taken.setdefault(names, group)
    for names, group in taken.items():
        found = coverage(names)
        for script in sorted(spoken):
            number = found.scripts.get(script, 0)
            if number < FEW * found.entities:
                message = f"of {found.entities:,} names of {found.file} {number:,} have a spelling in {script} script"
                yield places.of_group(group, message, f"the others are not found there: add {script} spellings to their aliases")


# --------------------------------------------------------------------------------------- by themselves
def _alone(watchlist: Watchlist, places: Places, lookup: Lookup | None) -> Iterator[Fault]:
    languages = sorted({term.language for terms in watchlist.groups.values() for term in terms} - {"any"}) or ["en"]
    for group in sorted(alone(watchlist.when)):
        for names in watchlist.names.get(group, ()):
            doubtful = doubtful_names(names, lookup, languages)
            if doubtful:
                told = ", ".join(f"{spelling} (line {names.place(at).rpartition(':')[2]})" for at, spelling in doubtful[:TOLD])
                more = f" and {len(doubtful) - TOLD:,} more" if len(doubtful) > TOLD else ""
                message = f"{group!r} alone makes the query true, and names of {names.file} are short or words of every day: {told}{more}"
                yield places.of_group(
                    group, message, f"ask for them beside something else ({group} NEAR/10 …), or take them out of the list"
                )


def alone(node: Node) -> frozenset[str]:
    """The groups of which one hit by itself makes the node true; filters and what must not be there are no second condition."""
    match node:
        case Group(name):
            return frozenset({name})
        case Or(items):
            return frozenset().union(*map(alone, items))
        case And(items) | Scope(_, items):
            asked = [alone(item) for item in items if not isinstance(item, Not | Filter)]
            return frozenset.intersection(*asked) if asked else frozenset()
        case Field(_, item) | First(_, item):
            return alone(item)
        case Count(item, least):
            return alone(item) if least <= 1 else frozenset()
    return frozenset()


def doubtful_names(names: NameList, lookup: Lookup | None = None, languages: Iterable[str] = ()) -> list[tuple[int, str]]:
    """(number, spelling) of the names that are found where nobody is meant: short ones, and single words that are words of a
    language or stand in many other names."""
    doubtful: list[tuple[int, str]] = []
    words: Counter[str] = Counter()
    single: list[tuple[int, str, str]] = []
    for at, spelling in enumerate(names.spellings):
        parts = spelling.replace("-", " ").split()
        words.update(part.lower() for part in parts)
        key = key_words(fold(spelling)) if len(parts) == 1 or len(spelling) <= SHORT + 2 else []
        if key and _short("".join(key)):
            doubtful.append((at, spelling))
        elif len(key) == 1:
            single.append((at, spelling, parts[0].lower()))
    known = lru_cache(maxsize=None)(lambda word: any(lookup(language, word) for language in languages)) if lookup else None
    common = ((at, spelling) for at, spelling, word in single if words[word] > COMMON or (known is not None and known(word)))
    return sorted((*doubtful, *common))


def _short(key: str) -> bool:
    return len(key) <= (SHORT_EAST_ASIAN if script_of(key[0]) in EAST_ASIAN else SHORT)
