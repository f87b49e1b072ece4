"""Lint of a watchlist's query: what asks for nothing, what can never be true, and languages that no clause can hear.

Everything here is a warning with its place. Pure; it looks at no term but for its language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from monitor.errors import Fault
from monitor.watchlist.model import Watchlist
from monitor.watchlist.places import WHEN, Places
from monitor.watchlist.possible import doubts
from monitor.watchlist.query import Group, Literal, Near, Node, Not, Or, leaves
from monitor.yamlmap import Path

#: Wider than a long sentence's half: such a window is an AND in all but name.
WIDE_WINDOW: Final = 50
ANY: Final = "any"

#: Group -> the languages it has terms in.
_Spoken = Mapping[str, set[str]]


def queries(watchlist: Watchlist) -> Iterator[tuple[Path, Node]]:
    """Every query of a watchlist, with its path in the file."""
    yield WHEN, watchlist.when
    for index, step in enumerate(watchlist.escalate):
        yield ("escalate", index, "when"), step.when


def lint_query(watchlist: Watchlist, places: Places) -> Iterator[Fault]:
    # Names are of any language, but for those whose list says otherwise.
    spoken = {
        name: {term.language for term in terms} | ({ANY} if name in watchlist.names else set()) for name, terms in watchlist.groups.items()
    }
    yield from _unused(watchlist, places)
    yield from _silent_languages(watchlist, places, spoken)
    for path, query in queries(watchlist):
        yield from _query(path, query, places, spoken)
    yield from _escalations(watchlist, places)


def _unused(watchlist: Watchlist, places: Places) -> Iterator[Fault]:
    asked = {leaf.name for _, query in queries(watchlist) for leaf in leaves(query) if isinstance(leaf, Group)}
    for name in watchlist.groups:
        if name not in asked:
            yield places.of_group(name, f"no query asks for the group {name!r}", "use it in when:, or remove it")


# ---------------------------------------------------------------------------------------- languages
def _silent_languages(watchlist: Watchlist, places: Places, spoken: _Spoken) -> Iterator[Fault]:
    """A group whose terms of one language can never matter, because no clause that asks for it has that language throughout."""
    clauses = watchlist.when.items if isinstance(watchlist.when, Or) else (watchlist.when,)
    for name, languages in spoken.items():
        asking = [clause for clause in clauses if any(isinstance(leaf, Group) and leaf.name == name for leaf in leaves(clause))]
        for language in sorted(languages - {ANY}):
            if asking and not any(_speaks(clause, language, spoken) for clause in asking):
                lacking = sorted(_lacking(asking[0], language, spoken))
                message = f"the {language} terms of {name!r} can never count: beside them {', '.join(lacking)} has none in {language}"
                yield places.of_query(WHEN, asking[0], message, f"add {language} terms there")


def _has(node: Node, language: str, spoken: _Spoken) -> bool:
    return not isinstance(node, Group) or bool(spoken.get(node.name, set()) & {language, ANY})


def _speaks(node: Node, language: str, spoken: _Spoken) -> bool:
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


def _lacking(node: Node, language: str, spoken: _Spoken) -> set[str]:
    return {str(leaf) for leaf in leaves(node) if not _has(leaf, language, spoken)}


# -------------------------------------------------------------------------------------------- query
def _query(path: Path, query: Node, places: Places, spoken: _Spoken) -> Iterator[Fault]:
    def meet(near: Near) -> bool:
        return _share(near, spoken)

    for node in query.walk():
        if isinstance(node, Near) and node.words > WIDE_WINDOW:
            hint = "write a smaller number" if node.ordered else f"sentence({', '.join(map(str, node.items))}) says the same more plainly"
            yield places.of_query(path, node, f"{node} reaches further than most sentences", hint)
    for doubt in doubts(query, meet):
        apart = next((each for each in doubt.node.walk() if isinstance(each, Near) and not meet(each)), None)
        hint = f"the sides of {apart} have no language in common" if apart else "change it, or leave it out"
        yield places.of_query(path, doubt.node, doubt.message, hint)


def _languages(node: Node, spoken: _Spoken) -> set[str]:
    if isinstance(node, Or):
        return set().union(*(_languages(item, spoken) for item in node.items))
    return set(spoken.get(node.name, ())) if isinstance(node, Group) else {ANY}


def _share(near: Near, spoken: _Spoken) -> bool:
    """Whether some choice of languages lets all sides meet."""
    sides = [_languages(item, spoken) for item in near.items]
    return any(all(language in side or ANY in side for side in sides) for language in set().union(*sides))


def _escalations(watchlist: Watchlist, places: Places) -> Iterator[Fault]:
    for index, step in enumerate(watchlist.escalate):
        if step.to.rank <= watchlist.severity.rank:
            message = f"this step raises nothing: the watchlist's severity is {watchlist.severity.value} already"
            yield places.of_query(("escalate", index, "to"), None, message, "write a higher severity, or leave the step out")
