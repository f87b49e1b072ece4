"""Whether a query can be true at all, whatever an article says: for the warnings of ``monitor check``.

A query is taken apart into facts ("a hit of this group in the title", "these two within five words") that must hold or
must not, branch by branch of its ORs, until a branch holds nothing that contradicts itself or none is left. What follows
from a fact is drawn from it: who stands near another stands in the article, what stands in the title stands in the article.

Pure logic over the tree: no text, no terms. That two groups have no language in common is told from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from monitor.watchlist.query import (
    And,
    Count,
    Field,
    FieldKind,
    Filter,
    First,
    Near,
    Node,
    Not,
    Or,
    Scope,
    without_hits,
)

#: Parts of an article by letter: title, lead, the rest of the body. A sentence or paragraph lies in one of them.
_ZONES: Final = {FieldKind.TITLE: frozenset("T"), FieldKind.LEAD: frozenset("L"), FieldKind.BODY: frozenset("LB")}
_ALL: Final = frozenset("TLB")
#: Steps after which a query is taken to be possible: no query that people write takes a hundredth of them.
_STEPS: Final = 20_000
#: ORs within ORs, or beside each other, that are branched on; deeper is taken to be possible as well.
_DEEP: Final = 100
#: Branches of an OR that are compared with each other: lists of names that were made into a query have thousands.
_COMPARED: Final = 50

#: Whether the sides of a NEAR can meet at all.
Meet = Callable[[Near], bool]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What of the article a part of the query looks at."""

    zones: frozenset[str] = _ALL
    words: float = float("inf")

    def within(self, other: _Seen) -> bool:
        return self.zones <= other.zones and self.words <= other.words


#: A part of the query, where it looks, and whether it must hold there or must not.
_Claim = tuple[Node, _Seen, bool]
_Fact = tuple[Node, _Seen]


@dataclass(slots=True)
class _Search:
    meet: Meet
    steps: int = _STEPS
    depth: int = 0

    def holds(self, todo: list[_Claim], yes: tuple[_Fact, ...] = (), no: tuple[_Fact, ...] = ()) -> bool:
        """Whether all claims can be true together with the facts found so far."""
        if self.depth > _DEEP:
            return True
        self.depth += 1
        found = self._holds(list(todo), yes, no)
        self.depth -= 1
        return found

    def _holds(self, todo: list[_Claim], yes: tuple[_Fact, ...], no: tuple[_Fact, ...]) -> bool:
        while todo:
            self.steps -= 1
            if self.steps < 0:
                return True
            node, seen, sign = todo.pop()
            match node:
                case Not(item):
                    todo.append((item, seen, not sign))
                case And(items) | Or(items):
                    if isinstance(node, And) is sign:
                        todo += [(item, seen, sign) for item in items]
                    else:
                        return any(self.holds([*todo, (item, seen, sign)], yes, no) for item in items)
                case Field(kind, item):
                    narrower = replace(seen, zones=seen.zones & _ZONES[kind])
                    if narrower.zones:
                        todo.append((item, narrower, sign))
                    elif not without_hits(item, value=sign):  # nothing is to be seen there
                        return False
                case First(words, item):
                    todo.append((item, replace(seen, words=min(words, seen.words)), sign))
                case _ if sign:
                    if not self._alone(node, seen) or any(_implies((node, seen), other) for other in no):
                        return False
                    yes = (*yes, (node, seen))
                    todo += _consequences(node, seen)
                case _:
                    if any(_implies(fact, (node, seen)) for fact in yes):
                        return False
                    no = (*no, (node, seen))
        return _filters(yes, no)

    def _alone(self, node: Node, seen: _Seen) -> bool:
        """Whether one fact can hold by itself."""
        match node:
            case Near():
                return self.meet(node)
            case Scope(_, items):
                inside = (replace(seen, zones=frozenset(zone)) for zone in seen.zones)
                return any(self.holds([(item, place, True) for item in items]) for place in inside)
        return True


def _consequences(node: Node, seen: _Seen) -> Iterable[_Claim]:
    """What must hold in the article where the node does."""
    match node:
        case Near(_, items):
            return [(item, seen, True) for item in items]
        case Count(item):
            return [(item, seen, True)]
        case Scope(_, items):
            return [(item, seen, True) for item in items if _grows(item)]
    return []


def _grows(node: Node) -> bool:
    """Whether the node stays true where more is to be seen: nothing in it is negated."""
    return not any(isinstance(each, Not) for each in node.walk())


def _implies(fact: _Fact, other: _Fact) -> bool:
    (node, seen), (wider, there) = fact, other
    if not (seen == there or (seen.within(there) and _grows(node))):
        return False
    match node, wider:
        case Near(), Near():
            same = node.items == wider.items or (not wider.ordered and sorted(map(str, node.items)) == sorted(map(str, wider.items)))
            return same and node.words <= wider.words and (node.ordered or not wider.ordered)
        case Count(), Count():
            return node.item == wider.item and node.least >= wider.least
    return node == wider


def _filters(yes: Iterable[_Fact], no: Iterable[_Fact]) -> bool:
    """Whether an article can be of all the languages, sources and labels asked for: it has one of each."""
    allowed: dict[tuple[str, str], set[str]] = {}
    for node, _ in yes:
        if isinstance(node, Filter):
            key = (node.kind.value, node.key)
            allowed[key] = allowed.get(key, set(node.values)) & set(node.values)
    for node, _ in no:
        if isinstance(node, Filter) and (node.kind.value, node.key) in allowed:
            allowed[node.kind.value, node.key] -= set(node.values)
    return all(allowed.values())


def possible(node: Node, meet: Meet) -> bool:
    """Whether some article makes the node true."""
    return _Search(meet).holds([(node, _Seen(), True)])


def follows(one: Node, other: Node, meet: Meet) -> bool:
    """Whether every article that makes ``one`` true makes ``other`` true."""
    return not _Search(meet).holds([(one, _Seen(), True), (other, _Seen(), False)])


@dataclass(frozen=True, slots=True)
class Doubt:
    """A part of a query that does nothing, and why."""

    node: Node
    message: str


def doubts(query: Node, meet: Meet) -> Iterator[Doubt]:
    """The parts of a query that can never be true, are always true, or add nothing to what stands beside them."""
    if not possible(query, meet):
        yield Doubt(query, f"this can never be true: {query}")
        return
    if isinstance(query, And):
        yield from (Doubt(item, f"this is always true: {item}") for item in query.items if not possible(Not(item), meet))
    kept = query.children()
    if isinstance(query, Or):
        kept, useless = _branches(query.items, meet)
        yield from useless
    for child in kept:
        yield from doubts(child, meet)


def _branches(items: tuple[Node, ...], meet: Meet) -> tuple[tuple[Node, ...], list[Doubt]]:
    """The branches of an OR to go on with, and those that another makes superfluous; of two that are equal the first stays."""
    kept = list(items)
    useless: list[Doubt] = []
    for at in reversed(range(len(items) if len(items) <= _COMPARED else 0)):
        if not possible(items[at], meet):
            continue
        others = [other for other in kept if other is not items[at]]
        wider = next((other for other in others if follows(items[at], other, meet)), None)
        if wider is not None:
            kept = others
            useless.append(Doubt(items[at], f"{items[at]} adds nothing: {wider} is true wherever it is"))
    return tuple(kept), useless[::-1]
