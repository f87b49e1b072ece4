"""Plain matches: of watchlists that a text makes true by single groups, with no mask, cue or step, told from numbers at once.

Most watchlists of one person are one list of terms. For a text that hits these alone, all from the hits to the finished
matches is one call of C, in which Python is asked only for what it was not asked before.

This room is pure: it must not know files, clocks or where a text came from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from monitor.match.belonging import Belonging
from monitor.match.evidence import KIT
from monitor.match.gates import Gates
from monitor.match.native import kernel
from monitor.match.scan import Scanned
from monitor.match.telling import Firing, Telling, Written
from monitor.model import Match, Stance
from monitor.watchlist import Watchlist

#: How a watchlist is told: by the sets of groups, clauses as written, patterns; and what of its matches is always the same.
Plain = tuple[Firing, Written, Telling, tuple[object, ...]]

#: Watchlists by number; or by the number of a set of groups those that a hit of them makes true, None where it may do more.
TrueBy = tuple[int, ...] | Mapping[int, tuple[int, ...] | None]

REPORTED: Final = (Stance.REPORTED,)
#: What a match is made of; what is always the same comes first, and then its evidence.
_ATTRIBUTES: Final = [field.name for field in fields(Match) if field.name != "evidence"]
MATCH: Final[tuple[Any, ...]] = (Match, tuple(vars(Match)[name] for name in (*_ATTRIBUTES, "evidence")))


def plain(watchlist: Watchlist, firing: Firing) -> Plain:
    """How the matches of a watchlist are told where nothing speaks of its hits."""
    same = {"watchlist": watchlist.id, "version": watchlist.version, "severity": watchlist.severity, "stances": REPORTED, "total": 0}
    return firing, firing.written, firing.told, tuple(map(same.__getitem__, _ATTRIBUTES))


class PlainMatches(dict[int, tuple[int, ...] | None]):
    """Memo: the number of a set of groups -> the watchlists that a hit of them makes true, whatever else is hit; None where it may
    do more than that."""

    def __init__(self, belonging: Belonging, gates: Gates, lists: Sequence[Plain], are_plain: Sequence[bool]) -> None:
        """``lists`` are all watchlists in order, of which some are plain."""
        super().__init__()
        self._belonging, self._gates = belonging, gates
        self._lists, self._are_plain = list(lists), are_plain
        #: Whether there are any.
        self.any = any(are_plain)

    def __missing__(self, number: int) -> tuple[int, ...] | None:
        row = self[number] = self._true_by(self._belonging.sets[number])
        return row

    def _true_by(self, groups: Sequence[int]) -> tuple[int, ...] | None:
        opened = self._gates.opened_by(groups)
        if opened is None or not all(self._are_plain[index] and self._lists[index][0].settles((clause,)) for index, clause in opened):
            return None
        return tuple(sorted({index for index, _ in opened}))

    def of(self, scanned: Scanned, found: bytes, true_by: TrueBy | None = None) -> tuple[Match, ...] | None:
        """The matches of a text in which this was found, in the order of the watchlists; None where there is more to them. ``true_by``
        are watchlists of which the caller knows that single groups make them true and that nothing speaks of their hits."""
        belonging = self._belonging
        sets, terms, by = belonging.numbers, belonging.terms, self if true_by is None else true_by
        return kernel.tell_groups(found, sets, by, self._lists, scanned.text, scanned.sentences, terms, KIT, MATCH)
