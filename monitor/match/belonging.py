"""Which groups each pattern is of, and so which groups a text hits, where, and by what.

Nearly all patterns are of the groups that many others are of, so what is kept of a pattern is the number of its *set* of
groups. Where C found all that is asked for (``Scanned.found``), C groups it as well.

This room is pure: it must not know files, clocks or where a text came from.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from operator import attrgetter
from typing import Final

from monitor.match.names import LISTED
from monitor.match.native import kernel
from monitor.match.patterns import Asked, Pattern
from monitor.match.scan import Found, Scanned

#: The codes of arrays of numbers as ``kernel`` reads them, of four bytes and of eight.
_NUMBERS: Final = "I"
_PLACES: Final = "q"


class Belonging:
    """The groups of one table's patterns. A vocabulary's group is one, however many watchlists use it."""

    def __init__(self) -> None:
        #: The groups by what they ask for.
        self.groups: dict[Asked, int] = {}
        #: The sets of groups; the first is of patterns that no group asks for.
        self.sets: list[tuple[int, ...]] = [()]
        #: Of each pattern the number of its set, and of the patterns of each list of names where they end and the number of theirs: as C
        #: reads it.
        self.numbers = b"", b""
        #: What is told of a hit of each of these beside its name and place: of most the term alone, None where there is more.
        self.terms: list[str | None] = []
        self._numbers: Sequence[int] = ()
        self._lists: dict[range, list[int]] = defaultdict(list)

    def group(self, asked: Asked) -> int:
        """The number of the group that asks for this."""
        return self.groups.setdefault(asked, len(self.groups))

    def settle(self, patterns: Sequence[Pattern]) -> None:
        """Call once after the last ``group``, with all patterns but those of lists of names."""
        self.terms = [None if pattern.entity else pattern.term for pattern in patterns]
        numbers = array(_NUMBERS, bytes(array(_NUMBERS).itemsize * len(patterns)))
        # (a set, a group) -> the set of both
        joined: dict[tuple[int, int], int] = {}
        for asked, group in self.groups.items():
            for pattern in asked.numbers:
                both = numbers[pattern], group
                if both not in joined:
                    joined[both] = len(self.sets)
                    self.sets.append((*self.sets[both[0]], group))
                numbers[pattern] = joined[both]
            for listed in asked.lists:
                self._lists[listed].append(group)
        ends = array(_PLACES)
        for listed in sorted(self._lists, key=attrgetter("stop")):
            ends.extend((listed.stop, len(self.sets)))
            self.sets.append(tuple(self._lists[listed]))
        self.numbers, self._numbers = (numbers.tobytes(), ends.tobytes()), numbers

    def of(self, pattern: int) -> Iterable[int]:
        """The groups of a pattern."""
        if pattern < LISTED:
            return self.sets[self._numbers[pattern]]
        return [group for numbers, groups in self._lists.items() if pattern in numbers for group in groups]

    # ------------------------------------------------------------------ where no hit is needed
    def hit(self, scanned: Scanned) -> Set[int]:
        """The groups that a text may hit, never fewer than it does. Where C found its hits, ``NumberedGates`` needs none of this."""
        return self._glanced(scanned).keys()

    def together(self, scanned: Scanned) -> Sequence[Set[int]]:
        """The groups that a sentence may hit, of each that may hit several."""
        out: dict[int, set[int]] = defaultdict(set)
        for group, hits in self._glanced(scanned).items():
            for hit in hits:
                out[hit.sentence].add(group)
        return [groups for groups in out.values() if len(groups) > 1]

    def _glanced(self, scanned: Scanned) -> Mapping[int, Sequence[Found]]:
        glanced = scanned.glance()
        return self._grouped(glanced if glanced is not None else scanned.collect().hits)

    # ------------------------------------------------------------------ the hits themselves
    def by_group(self, scanned: Scanned) -> dict[int, list[Found]]:
        """The hits of each group that has any, in text order; those that masks cover are among them. All are collected."""
        if scanned.found is not None:
            return kernel.by_group(scanned.found, self.numbers, self.sets, Found)
        return {group: sorted(hits) for group, hits in self._grouped(scanned.hits).items()}

    def _grouped(self, hits: Mapping[int, Iterable[Found]]) -> dict[int, list[Found]]:
        out: dict[int, list[Found]] = defaultdict(list)
        for pattern, found in hits.items():
            for group in self.of(pattern):
                out[group].extend(found)
        return out
