"""How the hits of one watchlist are told: under which names, with which terms, of which clauses.

All of it is the same for every article, so it is worked out once a pattern, or once for all patterns of the same groups.

This room is pure: it must not know files, clocks or where a text came from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from monitor.match.patterns import Pattern
from monitor.model import Entity

#: Of patterns, and of clauses that fired together, how many one watchlist remembers the telling; few were ever hit by more.
TOLD_LIMIT: Final = 1_000
#: Clauses that have a bit each in a number of C's.
_BITS: Final = 62

#: Pattern -> how a hit of it is told: the group (or quoted phrase), the term, the entity; several where a term stands in several groups.
Told = Mapping[int, Sequence[tuple[str, str, Entity | None]]]


class Telling(dict[int, tuple[tuple[str, str, Entity | None], ...]]):
    """Memo of one watchlist: pattern -> how a hit of it is told, see ``Told``."""

    def __init__(
        self, groups_of: Callable[[int], Iterable[int]], names: Mapping[int, Sequence[str]], pattern_of: Callable[[int], Pattern]
    ) -> None:
        """``names`` are those of the watchlist's leaves, by group."""
        super().__init__()
        self.groups_of, self.names, self.pattern_of = groups_of, names, pattern_of

    def __missing__(self, number: int) -> tuple[tuple[str, str, Entity | None], ...]:
        if len(self) >= TOLD_LIMIT:
            self.clear()
        pattern = self.pattern_of(number)
        names = (name for group in self.groups_of(number) for name in self.names.get(group, ()))
        told = self[number] = tuple((name, pattern.term, pattern.entity) for name in names)
        return told


class Firing(dict[int, tuple[int, str | None]]):
    """Memo of one watchlist: the number of a set of groups -> the clauses, of those that are one group each, that a hit of them
    makes true, a bit each; and the name under which such a hit is told, None where there are several.

    ``written`` says how clauses that fired together are named."""

    def __init__(self, clauses: Mapping[int, tuple[str, int]], sets: Sequence[Sequence[int]], told: Telling) -> None:
        """``clauses`` are by number, each as written and with its group."""
        super().__init__()
        self.clauses, self.sets, self.told = clauses, sets, told
        self.written = Written([written for written, _ in clauses.values()])
        self._bits = [(group, 1 << place) for place, (_, group) in enumerate(clauses.values())]

    def __missing__(self, number: int) -> tuple[int, str | None]:
        groups = self.sets[number]
        bits = sum(bit for group, bit in self._bits if group in groups)
        names = [name for group in groups for name in self.told.names.get(group, ())]
        row = self[number] = bits, names[0] if len(names) == 1 else None
        return row

    def settles(self, opened: Iterable[int]) -> bool:
        """Whether these clauses are one group each, few enough to have a bit."""
        return len(self.clauses) <= _BITS and all(map(self.clauses.__contains__, opened))


class Written(dict[int, str]):
    """Memo of one watchlist: clauses that fired, a bit each -> as evidence names them."""

    def __init__(self, clauses: Sequence[str]) -> None:
        super().__init__()
        self.clauses = clauses

    def __missing__(self, bits: int) -> str:
        if len(self) >= TOLD_LIMIT:
            self.clear()
        fired = (clause for place, clause in enumerate(self.clauses) if bits >> place & 1)
        written = self[bits] = " OR ".join(dict.fromkeys(fired))
        return written
