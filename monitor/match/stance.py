"""Stance: how a passage speaks of what was found, read from cues in its sentence. It labels, it never suppresses.

The nearest cue wins; of two as near, the more specific: conditional, denied, alleged, planned. Before that, cues that
stand in one clause are read together:

* A denial that is itself negated ("did not deny", لم ينف) is no denial.
* A denial governs what it denies: in "denied the accusation" and "the accusation is baseless" the accusation is denied,
  in "denied that it plans" the plan.
* A rejection ("rejected", رفض) is a denial only of an accusation: to reject a deal is not to deny it.
* A negator that is itself a cue ("not", لم, не) denies the act or the plan it bears upon (``negation``), and speaks of nothing
  else.
* A plan under a condition is conditional, whichever of the two words stands nearer.

A cue of one language says nothing about a hit of another.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain
from operator import itemgetter
from typing import Final

from monitor.match.negation import ATTACHED, BREAK, NEGATORS, Negation, folded
from monitor.match.scan import Found, Scanned
from monitor.model import Stance
from monitor.text.fold import fold

Cue = tuple[Stance, Found]

#: Which cue wins among equally near ones.
_ORDER: Final = (Stance.CONDITIONAL, Stance.DENIED, Stance.ALLEGED, Stance.PLANNED)
_RANK: Final = {stance: rank for rank, stance in enumerate(_ORDER)}
#: Words over which a condition reaches a plan: about a clause.
_CONDITION_REACH: Final = 12
#: Words over which a denial reaches what it governs; where the evidence stands between them, on either side of it.
_GOVERNED_REACH: Final = 3
#: Words over which a negator, and over which a refusal to say, turns a denial round: "declined to confirm or deny".
_NEGATOR_REACH: Final = 2
_REFUSAL_REACH: Final = 4

_REFUSALS: Final = folded(
    "رفض ترفض يرفض رفضت امتنع امتنعت",
    "declined declines decline refused refuses refuse",
    "отказался отказалась отказались отказывается отказываются",
    "відмовився відмовилася відмовились відмовляється",
    "refusé refuse rehusó סירב סירבה מסרב מסרבת",
)
#: Denials of what is said, but otherwise refusals of what is done: they count where they govern an accusation.
_REJECTIONS: Final = folded(
    "reject rejects rejected rejecting rejection",
    "رفض ترفض يرفض رفضت رفضوا رفضها رفضه رافضا رافضة",
    "דחה דחתה דחו דוחה",
)
_CONJUNCTIONS: Final = folded("ثم لكن بل and but while и а но та але et mais y e pero و اما ولی ve ama אבל אך")
#: The "and" that is written together with its word; hardly a word of theirs begins with this letter otherwise.
_ATTACHED_AND: Final = ("و", "ו")
_RELATIVES: Final = folded("which who whose التي الذي الذين который которая которое которые которую qui dont")
_place: Final = itemgetter(1)


def stance_of(scanned: Scanned, sentence: int, hits: Sequence[Found], cues: Iterable[Cue]) -> Stance:
    """The stance of the evidence ``hits`` in ``sentence``, given the cues found in that sentence."""
    return decided(scanned, sentence, hits, cues)[0]


def decided(scanned: Scanned, sentence: int, hits: Sequence[Found], cues: Iterable[Cue]) -> tuple[Stance, Found | None]:
    """The stance, and the cue that decided it; none where nothing but reports."""
    clause = _Clause(scanned, sentence, hits)
    ranks = [(clause.gap_to_evidence(cue), _RANK[stance], cue) for stance, cue in clause.read(list(cues))]
    if not ranks:
        return Stance.REPORTED, None
    _, rank, cue = min(ranks)
    if _ORDER[rank] is Stance.PLANNED:
        condition = min((each for each in ranks if each[1] == _RANK[Stance.CONDITIONAL]), default=None)
        if condition is not None and condition[0] <= _CONDITION_REACH:
            return Stance.CONDITIONAL, condition[2]
    return _ORDER[rank], cue


class _Clause:
    """One sentence with its evidence, and how its cues stand to each other.

    Each cue looks at what stands a few words around it, so that a sentence with many cues takes no more than its share.
    """

    def __init__(self, scanned: Scanned, sentence: int, hits: Sequence[Found]) -> None:
        self._scanned = scanned
        self._sentence = sentence
        ordered = sorted(hits) if len(hits) > 1 else hits
        self._starts = [hit.first for hit in ordered]
        self._ends = list(accumulate((hit.last for hit in ordered), max))
        self._negation = Negation(scanned, sentence, self._starts, self._ends)

    def gap_to_evidence(self, cue: Found) -> float:
        """Words between a cue and the nearest hit; none where they overlap."""
        place = bisect_left(self._starts, cue.last)
        gaps = []
        if place:
            gaps.append(self._between(self._ends[place - 1], cue.first))
        if place < len(self._starts):
            gaps.append(self._between(cue.last, self._starts[place]))
        return min(gaps)

    def read(self, cues: Sequence[Cue]) -> Iterator[Cue]:
        """The cues that count, each with what it says where it stands."""
        by: dict[Stance, list[Found]] = {stance: [] for stance in _ORDER}
        for stance, cue in sorted(cues, key=_place) if len(cues) > 1 else cues:
            by[stance].append(cue)
        if not by[Stance.DENIED]:  # as in most sentences, and then each says what it says
            yield from ((stance, cue) for stance in _ORDER for cue in by[stance])
            return
        negation = self._negation
        negators = frozenset(cue for cue in by[Stance.DENIED] if negation.is_negator(cue))
        bare = [cue for cue in by[Stance.DENIED] if cue in negators and not negation.void(cue)]
        denials = [cue for cue in by[Stance.DENIED] if cue not in negators and not self._turned_round(cue)]
        plain = [cue for cue in denials if cue.last - cue.first > 1 or not self._is(cue.first, _REJECTIONS)]
        for cue in chain(plain, self._negating(bare, by[Stance.PLANNED], by[Stance.CONDITIONAL])):
            yield Stance.DENIED, cue
        starts = {cue.first for cue in bare}
        negated_there = {place for cue in bare for place in range(cue.last, negation.behind(cue) + 1)}
        for stance in (Stance.CONDITIONAL, Stance.ALLEGED, Stance.PLANNED):
            deniers = denials if stance is Stance.ALLEGED else plain
            before, behind = {cue.last: cue for cue in deniers}, {cue.first: cue for cue in deniers}
            for cue in by[stance]:
                denied = bool(deniers) and self._governed(cue, before, behind if stance is Stance.ALLEGED else {})
                negated = stance is Stance.PLANNED and (cue.last in starts or cue.first in negated_there) and not negation.undoes(cue)
                yield (Stance.DENIED if denied or negated else stance), cue

    def _negating(self, bare: Sequence[Found], plans: Sequence[Found], conditions: Sequence[Found]) -> Iterator[Found]:
        """The negators that bear upon a hit or a plan, where no condition makes it a supposition."""
        planned = {plan.first for plan in plans if not self._negation.undoes(plan)}
        supposed = [condition.last for condition in conditions]
        for cue in bare:
            condition = bisect_right(supposed, cue.first)
            if condition and self._between(supposed[condition - 1], cue.first) <= _CONDITION_REACH:
                continue
            if self._negation.bears(cue, planned):
                yield cue

    def _governed(self, cue: Found, before: Mapping[int, Found], behind: Mapping[int, Found]) -> bool:
        """Whether a denial stands a few words before or behind the cue, or the evidence alone between the two."""
        for step in range(4 * _GOVERNED_REACH + 1):  # A word may be four characters, see Scanned.between.
            first, second = before.get(cue.first - step), behind.get(cue.last + step)
            if first and self._close(first.last, cue.first) and not self._inside(first.last, cue.first) and not self._parted(first, cue):
                return True
            if (
                second
                and self._close(cue.last, second.first)
                and not self._inside(cue.last, second.first)
                and not self._parted(cue, second)
            ):
                return True
            far = behind.get(self._ends[-1] + step) if cue.last <= self._starts[0] else None
            if far and self._close(cue.last, self._starts[0]) and self._close(self._ends[-1], far.first) and not self._parted(cue, far):
                # "accused of a deal which Moscow called absurd": the deal is absurd, not the accusation.
                return not any(self._is(place, _RELATIVES) for place in range(self._ends[-1], far.first))
        return False

    def _parted(self, first: Found, second: Found) -> bool:
        """Whether another clause begins between two cues: at a comma, or at a conjunction right before the second."""
        text = self._scanned.text
        if BREAK.search(text, first.end, second.start) or self._word(second.first)[:1] in _ATTACHED_AND:
            return True
        return any(self._word(place) in _CONJUNCTIONS for place in range(max(first.last, second.first - 2), second.first))

    def _turned_round(self, denial: Found) -> bool:
        if self._negation.merely_formed(denial) or self._negation.turned_round(denial):
            return True
        if any(self._is(place, NEGATORS) for place in range(max(0, denial.first - _NEGATOR_REACH), denial.first)):
            return True
        for place in range(max(0, denial.first - _REFUSAL_REACH), denial.first):
            if self._word(place) in _REFUSALS:
                return not any(self._word(other) in _CONJUNCTIONS for other in range(place + 1, denial.first))
        return False

    def _inside(self, last: int, first: int) -> bool:
        """Whether a hit begins between two places."""
        return bisect_left(self._starts, last) < bisect_left(self._starts, first)

    def _close(self, last: int, first: int) -> bool:
        return self._between(last, first) <= _GOVERNED_REACH

    def _between(self, last: int, first: int) -> float:
        return self._scanned.between(self._sentence, last, first)

    def _is(self, place: int, words: frozenset[str]) -> bool:
        """Whether the word at ``place``, what is written together with it taken off or not, is one of ``words``."""
        word = self._word(place)
        return word in words or (word[:1] in ATTACHED and word[1:] in words)

    def _word(self, place: int) -> str:
        """The folded word at ``place``, "" behind the last."""
        return fold(self._scanned.word(self._sentence, place))
