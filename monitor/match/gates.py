"""Gates: which clauses of which watchlists can be true of a text at all, told from the groups that were hit and where.

A clause needs some groups: of an AND all parts, of an OR one. It is looked for by one of its needs, the one met least
often as far as can be told, and evaluated only where the others are met too; in one sentence, where the clause speaks of
one (NEAR, THEN, ``sentence()``). So a thousand watchlists cost a text what its few hits concern, not what all of them ask.
Where C found the hits, it looks at the gates as well: most articles open nothing, and no hit becomes an object for that.

This room is pure: it must not know files, clocks or where a text came from.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from itertools import accumulate, chain
from typing import Final, NamedTuple

from monitor.match.native import kernel
from monitor.watchlist.query import And, Count, Field, First, Group, Literal, Near, Node, Or, Scope, ScopeKind

#: Groups of which one at least must be hit.
Need = frozenset[int]
#: A clause, and what it needs besides the group it is looked for by.
Looked = tuple[tuple[int, int], tuple[Need, ...]]
#: The code of an array of numbers as ``kernel`` reads them, of four bytes.
_NUMBERS: Final = "I"


class Gate(NamedTuple):
    """What a clause needs: hits of one group of each of ``needs``; all ``in_sentence``, where it says so. None at all for a
    clause that may be true without a hit."""

    needs: tuple[Need, ...]
    in_sentence: bool


def gate_of(node: Node, group: Callable[[Group | Literal], int], weight: Callable[[int], int]) -> Gate:
    """The gate of a clause, given the number of the group behind each leaf, and how often a group may be hit, as a guess."""
    return Gate(_needs(node, group, weight), _in_sentence(node))


def _needs(node: Node, group: Callable[[Group | Literal], int], weight: Callable[[int], int]) -> tuple[Need, ...]:
    match node:
        case Group() | Literal():
            return (frozenset({group(node)}),)
        case Or(items):
            parts = [_needs(item, group, weight) for item in items]
            # One of the parts is true, so one need of each part, put together, is met; which of them is ours to choose.
            return (frozenset().union(*(min(part, key=lambda need: sum(map(weight, need))) for part in parts)),) if all(parts) else ()
        case And(items) | Near(_, items) | Scope(_, items):
            return tuple(dict.fromkeys(need for item in items for need in _needs(item, group, weight)))
        case Count(item) | First(_, item) | Field(_, item):
            return _needs(item, group, weight)
        case _:
            return ()


def _in_sentence(node: Node) -> bool:
    match node:
        case Near() | Scope(ScopeKind.SENTENCE, _):
            return True
        case First(_, item) | Field(_, item):
            return _in_sentence(item)
        case _:
            return False


class Gates:
    """The gates of all clauses. A clause is ``(watchlist, clause)``, both by number."""

    def __init__(self, clauses: Iterable[tuple[tuple[int, int], Gate, Set[int]]], weight: Callable[[int], int]) -> None:
        """Each clause comes with its gate and all groups of its watchlist; ``weight`` says how often a group may be hit, as a guess."""
        # Group -> the clauses looked for by it, and what else each needs.
        self._article: dict[int, list[Looked]] = defaultdict(list)
        self._sentence: dict[int, list[Looked]] = defaultdict(list)
        for clause, gate, groups in clauses:
            if not gate.needs:
                # True of anything: looked at where the watchlist has any hit to show.
                for group in groups:
                    self._article[group].append((clause, ()))
                continue
            first = min(gate.needs, key=lambda need: sum(map(weight, need)))
            others = tuple(need for need in gate.needs if need is not first)
            # What one group alone may satisfy (near(3, arms, arms OR deal)) is not to be told by groups that stand together.
            together = gate.in_sentence and not frozenset.intersection(*gate.needs)
            by = self._sentence if together else self._article
            for group in first:
                by[group].append((clause, others))

    def open(self, groups: Set[int], by_sentence: Callable[[], Iterable[Set[int]]]) -> list[tuple[int, int]]:
        """The clauses that may be true, in order, given the groups that were hit, and those hit in each sentence, for whoever asks."""
        found: set[tuple[int, int]] = set()
        if self._article:
            self._open(groups, self._article, found)
        if self._sentence and len(groups) > 1:
            for together in by_sentence():
                # Each of these clauses needs two groups at the least.
                if len(together) > 1:
                    self._open(together, self._sentence, found)
        return sorted(found)

    def opened_by(self, groups: Iterable[int]) -> list[tuple[int, int]] | None:
        """The clauses that a hit of each of these groups opens, whatever else is hit; None where it may open more that need more."""
        looked = [one for group in groups for one in self._article.get(group, ())]
        if any(others for _, others in looked) or any(group in self._sentence for group in groups):
            return None
        return sorted({clause for clause, _ in looked})

    def in_numbers(self, groups: int, of: bytes | tuple[bytes, bytes], sets: Iterable[Sequence[int]]) -> NumberedGates:
        """The same for hits as C finds them, of so many groups. ``of`` and ``sets`` are those of ``Belonging``."""
        looked = chain.from_iterable((*self._article.values(), *self._sentence.values()))
        clauses = sorted({clause for clause, _ in looked})
        numbers = {clause: number for number, clause in enumerate(clauses)}
        by_group = [packed([_row(by.get(group, ()), numbers) for group in range(groups)]) for by in (self._article, self._sentence)]
        return NumberedGates(clauses, of, packed(sets), *by_group)

    @staticmethod
    def _open(groups: Set[int], by: Mapping[int, Sequence[Looked]], found: set[tuple[int, int]]) -> None:
        for group in groups:
            for clause, others in by.get(group, ()):
                for need in others:
                    if need.isdisjoint(groups):
                        break
                else:
                    found.add(clause)


class NumberedGates:
    """The gates of all clauses, as C looks at them; ``Gates`` says the same of hits that it did not find."""

    def __init__(
        self, clauses: Sequence[tuple[int, int]], of: bytes | tuple[bytes, bytes], sets: bytes, article: bytes, sentence: bytes
    ) -> None:
        self._clauses = clauses
        self._tables = of, sets, article, sentence, len(clauses)

    def open(self, found: bytes) -> list[tuple[int, int]]:
        """The clauses that may be true of a text in which this was found, in order."""
        return [self._clauses[number] for number in kernel.opened(found, *self._tables)]


def packed(lists: Iterable[Sequence[int]]) -> bytes:
    """Lists of numbers as C reads them: how many they are, where each begins and the last one ends, and all of them."""
    some = list(lists)
    bounds = accumulate(map(len, some), initial=len(some) + 2)
    return array(_NUMBERS, chain([len(some)], bounds, chain.from_iterable(some))).tobytes()


def _row(looked: Iterable[Looked], numbers: Mapping[tuple[int, int], int]) -> list[int]:
    """The clauses that are looked for by one group: each its number, how many needs it has besides, and of each need how many groups
    it is, and these."""
    row: list[int] = []
    for clause, needs in looked:
        row += numbers[clause], len(needs)
        for need in needs:
            row += len(need), *need
    return row
