"""The query tree: what a watchlist's ``when`` says, as frozen nodes.

``str(node)`` writes a query that parses to an equal tree. Nodes remember where they were written (``at``, an offset into
the query's text) for faults; the place is no part of equality. This room knows nothing of texts or hits: what a node is
true of is the match room's business.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from monitor.text.forms import Mark

#: Words between the sides of a bare ``NEAR`` or ``THEN``.
DEFAULT_WINDOW: Final = 10


class FieldKind(StrEnum):
    TITLE = "title"
    LEAD = "lead"
    BODY = "body"  # includes the lead


class ScopeKind(StrEnum):
    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"


class FilterKind(StrEnum):
    LANG = "lang"
    SOURCE = "source"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Node:
    at: int = field(default=0, compare=False, repr=False, kw_only=True)
    length: int = field(default=1, compare=False, repr=False, kw_only=True)

    def children(self) -> tuple[Node, ...]:
        return ()

    def walk(self) -> Iterator[Node]:
        """This node and all below it, outermost first."""
        yield self
        for child in self.children():
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Group(Node):
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Literal(Node):
    text: str
    mark: Mark = Mark.ANY_FORM

    def __str__(self) -> str:
        # Of a text that ends in parentheses these would be read as its mark: the true one stands behind them, inside.
        inside = self.text.rstrip().endswith(")")
        quoted = (f"{self.text} ({self.mark.value})" if inside else self.text).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}"' if inside or self.mark is Mark.ANY_FORM else f'"{quoted}" ({self.mark.value})'


@dataclass(frozen=True, slots=True)
class And(Node):
    items: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        return self.items

    def __str__(self) -> str:
        return " AND ".join(_wrapped(item, Or, And) for item in self.items)


@dataclass(frozen=True, slots=True)
class Or(Node):
    items: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        return self.items

    def __str__(self) -> str:
        return " OR ".join(_wrapped(item, Or) for item in self.items)


@dataclass(frozen=True, slots=True)
class Not(Node):
    item: Node

    def children(self) -> tuple[Node, ...]:
        return (self.item,)

    def __str__(self) -> str:
        return f"NOT {_wrapped(self.item, Or, And)}"


@dataclass(frozen=True, slots=True)
class Near(Node):
    """All items in one sentence, their spans disjoint, at most ``words`` words of none of them between the outermost two."""

    words: int
    items: tuple[Node, ...]
    ordered: bool = False

    def children(self) -> tuple[Node, ...]:
        return self.items

    def __str__(self) -> str:
        if len(self.items) == 2:
            left, right = (_wrapped(item, Or) for item in self.items)
            return f"{left} {'THEN' if self.ordered else 'NEAR'}/{self.words} {right}"
        return f"near({self.words}, {', '.join(map(str, self.items))})"


@dataclass(frozen=True, slots=True)
class Scope(Node):
    """All items true of one and the same sentence or paragraph."""

    kind: ScopeKind
    items: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        return self.items

    def __str__(self) -> str:
        return f"{self.kind.value}({', '.join(map(str, self.items))})"


@dataclass(frozen=True, slots=True)
class Count(Node):
    """At least ``least`` disjoint spans of the item."""

    item: Node
    least: int

    def children(self) -> tuple[Node, ...]:
        return (self.item,)

    def __str__(self) -> str:
        return f"count({self.item}) >= {self.least}"


@dataclass(frozen=True, slots=True)
class First(Node):
    """The item, within the first ``words`` words counted from the title."""

    words: int
    item: Node

    def children(self) -> tuple[Node, ...]:
        return (self.item,)

    def __str__(self) -> str:
        return f"first({self.words}, {self.item})"


@dataclass(frozen=True, slots=True)
class Field(Node):
    kind: FieldKind
    item: Node

    def children(self) -> tuple[Node, ...]:
        return (self.item,)

    def __str__(self) -> str:
        return f"{self.kind.value}: {_wrapped(self.item, Or, And, Not, Near)}"


@dataclass(frozen=True, slots=True)
class Filter(Node):
    """``lang(ar, fa)``, ``source(name)``: any of the values; ``label(key=value)``: the source's label ``key`` is any of them."""

    kind: FilterKind
    values: tuple[str, ...]
    key: str = ""

    def __str__(self) -> str:
        values = ", ".join(f"{self.key}={_word(v)}" if self.kind is FilterKind.LABEL else _word(v) for v in self.values)
        return f"{self.kind.value}({values})"


def _word(value: str) -> str:
    """A filter's value as written: bare where it is one word or number, else in quotes."""
    plain = value.isdecimal() or (value[:1].isalpha() and all(c.isalnum() or c in "_-" for c in value))
    return value if plain else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _wrapped(item: Node, *looser: type[Node]) -> str:
    """The item's text, in parentheses where it binds more loosely than where it stands.

    NEAR with two items is written as an operator, with more as a function, which needs no parentheses.
    """
    bare = not isinstance(item, looser) or (isinstance(item, Near) and len(item.items) > 2)
    return str(item) if bare else f"({item})"


def leaves(node: Node) -> Iterator[Group | Literal]:
    """Every group and literal in the tree, in the order written."""
    for each in node.walk():
        if isinstance(each, Group | Literal):
            yield each


def true_of_nothing(node: Node) -> bool:
    """Whether the query can be true of an article with no hits at all, of whatever language and source (such a query is refused)."""
    return without_hits(node, value=True)


def without_hits(node: Node, *, value: bool) -> bool:
    """Whether the node can have this value in an article with no hits at all. What a filter says is left open."""
    match node:
        case Filter():
            return True
        case Not(item):
            return without_hits(item, value=not value)
        case And(items) | Or(items):
            every = all if isinstance(node, And) is value else any
            return every(without_hits(item, value=value) for item in items)
        case First(_, item) | Field(_, item):
            return without_hits(item, value=value)
        case _:
            return not value


def negations_inward(node: Node, *, negated: bool = False) -> Node:
    """An equal query whose NOTs stand before groups, NEARs, passages and counts only.

    A hit that makes ``NOT (NOT a)`` true is evidence for it; evaluation sees that only once the NOTs have met.
    """
    match node:
        case Not(item):
            return negations_inward(item, negated=not negated)
        case And(items) | Or(items):
            kind = type(node) if not negated else Or if isinstance(node, And) else And
            return kind(tuple(negations_inward(item, negated=negated) for item in items))
        case Field(kind, item):
            return Field(kind, negations_inward(item, negated=negated))
        case First(words, item):
            return First(words, negations_inward(item, negated=negated))
        case Scope(kind, items):
            scope = Scope(kind, tuple(map(negations_inward, items)))
            return Not(scope) if negated else scope
        case _:
            return Not(node) if negated else node
