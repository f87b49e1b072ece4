"""The phrases anchored at each slot, told apart by the word beside the anchor, so that few are compared with a text.

Most slots anchor one phrase or two and most of them are never met: what stands beside an anchor is worked out once it is asked
for, from the phrases' numbers, and remembered.

This room is pure: it must not know files, clocks or where a text came from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

#: Of a phrase's anchor: before (-1) or behind (1) -> slot there -> the phrases (pattern, the anchor's place, slots).
Besides = dict[int, dict[int, list[tuple[int, int, tuple[int, ...]]]]]

#: Anchors whose phrases are remembered before the memo starts anew: the words of phrases that one language's news is full of are fewer.
_MEMO_LIMIT: Final = 4_096


class Anchored(Mapping[int, Besides]):
    """Slot -> the phrases anchored there. ``phrase`` tells the slots of a pattern and the place of its anchor among them."""

    def __init__(self, phrase: Callable[[int], tuple[tuple[int, ...], int]]) -> None:
        self._phrase = phrase
        self._numbers: dict[int, tuple[int, ...]] = {}
        self._known: dict[int, Besides] = {}

    def add(self, slot: int, number: int) -> None:
        self._numbers[slot] = (*self._numbers.get(slot, ()), number)
        self._known.pop(slot, None)

    def numbers(self, slot: int) -> tuple[int, ...]:
        """The patterns of the phrases anchored at a slot."""
        return self._numbers[slot]

    def __getitem__(self, slot: int) -> Besides:
        known = self._known.get(slot)
        if known is None:
            if len(self._known) >= _MEMO_LIMIT:
                self._known.clear()
            known = self._known[slot] = self._besides(slot)
        return known

    def _besides(self, slot: int) -> Besides:
        out: Besides = {}
        for number in self._numbers[slot]:
            slots, anchor = self._phrase(number)
            beside = beside_anchor(anchor, len(slots))
            out.setdefault(beside, {}).setdefault(slots[anchor + beside], []).append((number, anchor, slots))
        return out

    def __contains__(self, slot: object) -> bool:
        return slot in self._numbers

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


def beside_anchor(anchor: int, words: int) -> int:
    """The word beside the anchor that decides at once whether the rest is worth comparing: behind it (1), or before it (-1)."""
    return 1 if anchor + 1 < words else -1
