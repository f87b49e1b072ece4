"""Stance: how a passage speaks of what was found, read from cues in its sentence. It labels, it never suppresses.

The nearest cue wins; of two as near, the more specific: conditional, denied, alleged, planned. Before that, cues that
stand in one clause are read together:

* A denial that is itself negated ("did not deny", لم ينف) is no denial.
* A denial governs what it denies: in "denied the accusation" and "the accusation is baseless" the accusation is denied,
  in "denied that it plans" the plan.
* A rejection ("rejected", رفض) is a denial only of an accusation: to reject a deal is not to deny it.
* A negator that is itself a cue ("not", لم) denies the act or the plan right behind it, and speaks of nothing else.
* A plan under a condition is conditional, whichever of the two words stands nearer.

A cue of one language says nothing about a hit of another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from monitor.match.scan import Found, Scanned
from monitor.model import Stance
from monitor.text.fold import fold

Cue = tuple[Stance, Found]

#: Which cue wins among equally near ones.
_ORDER: Final = (Stance.CONDITIONAL, Stance.DENIED, Stance.ALLEGED, Stance.PLANNED)
_RANK: Final = {stance: rank for rank, stance in enumerate(_ORDER)}
#: Words over which a condition reaches a plan: about a clause.
_CONDITION_REACH: Final = 12
#: Words over which a denial reaches what it governs, those of the evidence between them not counted.
_GOVERNED_REACH: Final = 3
#: Words over which a negator, and over which a refusal to say, turns a denial round: "declined to confirm or deny".
_NEGATOR_REACH: Final = 2
_REFUSAL_REACH: Final = 4


def _folded(*lines: str) -> frozenset[str]:
    return frozenset(fold(word) for line in lines for word in line.split())


_NEGATORS: Final = _folded(
    "لم لا لن ما ليس ليست دون بدون",
    "not never neither nor without cannot can't didn't doesn't don't isn't aren't wasn't weren't hasn't haven't hadn't won't wouldn't",
    "не ни без ні",
    "pas jamais aucun sans ni",
    "no sin nunca jamás ni",
    "نه نمی بدون",
    "değil",
    "לא אין בלי מבלי",
)
_REFUSALS: Final = _folded(
    "رفض ترفض يرفض رفضت امتنع امتنعت",
    "declined declines decline refused refuses refuse",
    "отказался отказалась отказались отказывается отказываются",
    "відмовився відмовилася відмовились відмовляється",
    "refusé refuse rehusó סירב סירבה מסרב מסרבת",
)
#: Denials of what is said, but otherwise refusals of what is done: they count where they govern an accusation.
_REJECTIONS: Final = _folded(
    "reject rejects rejected rejecting rejection",
    "رفض ترفض يرفض رفضت رفضوا رفضها رفضه رافضا رافضة",
    "דחה דחתה דחו דוחה",
)
#: Letters that Arabic and Hebrew write together with the word behind them.
_ATTACHED: Final = frozenset("وفושכ")
_CONJUNCTIONS: Final = _folded("ثم لكن بل and but while и а но та але et mais y e pero و اما ولی ve ama אבל אך")
#: The "and" that is written together with its word; hardly a word of theirs begins with this letter otherwise.
_ATTACHED_AND: Final = ("و", "ו")
#: Helpers of a verb that may stand between a negator and what it negates.
_HELPERS: Final = _folded("been be being any été ha han haya")
_BREAK: Final = re.compile(r"[,;:،؛、，；：—–]|\s-\s")


def stance_of(scanned: Scanned, sentence: int, hits: Sequence[Found], cues: Iterable[Cue]) -> Stance:
    """The stance of the evidence ``hits`` in ``sentence``, given the cues found in that sentence."""
    clause = _Clause(scanned, sentence, hits)
    ranks = [(min(clause.gap(cue, hit) for hit in hits), _RANK[stance]) for stance, cue in clause.read(list(cues))]
    if not ranks:
        return Stance.REPORTED
    nearest = _ORDER[min(ranks)[1]]
    conditions = (gap for gap, rank in ranks if rank == _RANK[Stance.CONDITIONAL])
    under_condition = nearest is Stance.PLANNED and any(gap <= _CONDITION_REACH for gap in conditions)
    return Stance.CONDITIONAL if under_condition else nearest


class _Clause:
    """One sentence with its evidence, and how its cues stand to each other."""

    def __init__(self, scanned: Scanned, sentence: int, hits: Sequence[Found]) -> None:
        self._scanned = scanned
        self._sentence = sentence
        self._hits = hits

    def gap(self, one: Found, other: Found) -> float:
        """Words between two places; none where they overlap."""
        if one.first < other.last and other.first < one.last:
            return 0
        return self._scanned.between(self._sentence, min(one.last, other.last), max(one.first, other.first))

    def read(self, cues: Sequence[Cue]) -> Iterator[Cue]:
        """The cues that count, each with what it says where it stands."""
        denials = [cue for stance, cue in cues if stance is Stance.DENIED]
        bare = {cue for cue in denials if self._negates(cue.first) and cue.last - cue.first == 1}
        denials = [cue for cue in denials if cue not in bare and not self._turned_round(cue)]
        rejections = {cue for cue in denials if self._rejects(cue)}
        others = [(stance, cue) for stance, cue in cues if stance is not Stance.DENIED]
        plans = [cue for stance, cue in others if stance is Stance.PLANNED]
        conditions = [cue for stance, cue in others if stance is Stance.CONDITIONAL]
        for cue in denials:
            if cue not in rejections:
                yield Stance.DENIED, cue
        for cue in sorted(bare):
            supposed = any(condition.first < cue.first and self.gap(condition, cue) <= _CONDITION_REACH for condition in conditions)
            if not supposed and self._stands_before(cue, (*self._hits, *plans)):
                yield Stance.DENIED, cue
        for stance, cue in others:
            deniers = denials if stance is Stance.ALLEGED else [cue for cue in denials if cue not in rejections]
            governed = any(self._governs(denial, stance, cue) for denial in deniers)
            negated = stance is Stance.PLANNED and any(self._touch(cue, negator) for negator in bare)
            yield (Stance.DENIED if governed or negated else stance), cue

    def _governs(self, denial: Found, stance: Stance, cue: Found) -> bool:
        first, second = sorted((denial, cue))
        if first.last > second.first or self._broken(first, second):
            return False
        inside = [hit for hit in self._hits if first.last <= hit.first and hit.last <= second.first]
        if denial is second and stance is not Stance.ALLEGED:
            return False
        if inside and denial is first:
            return False  # What is denied is the evidence itself; the cue behind it speaks of something else.
        words = self._scanned.between(self._sentence, first.last, second.first)
        if inside:
            start, end = min(hit.first for hit in inside), max(hit.last for hit in inside)
            words -= self._scanned.between(self._sentence, start, end)
        return words <= _GOVERNED_REACH

    def _broken(self, first: Found, second: Found) -> bool:
        """Whether another clause begins between two cues: at a comma, or at a conjunction right before the second."""
        text = self._scanned.text
        if _BREAK.search(text, first.end, second.start):
            return True
        if self._word(second.first)[:1] in _ATTACHED_AND:
            return True
        return any(self._word(place) in _CONJUNCTIONS for place in range(max(first.last, second.first - 2), second.first))

    def _negates(self, place: int) -> bool:
        word = self._word(place)
        return word in _NEGATORS or (word[:1] in _ATTACHED and word[1:] in _NEGATORS)

    def _rejects(self, denial: Found) -> bool:
        word = self._word(denial.first)
        return denial.last - denial.first == 1 and (word in _REJECTIONS or (word[:1] in _ATTACHED and word[1:] in _REJECTIONS))

    def _turned_round(self, denial: Found) -> bool:
        if any(self._negates(place) for place in range(max(0, denial.first - _NEGATOR_REACH), denial.first)):
            return True
        refusals = range(max(0, denial.first - _REFUSAL_REACH), denial.first)
        for place in refusals:
            if self._word(place) in _REFUSALS:
                behind = range(place + 1, denial.first)
                return not any(self._word(other) in _CONJUNCTIONS for other in behind)
        return False

    def _stands_before(self, negator: Found, others: Iterable[Found]) -> bool:
        """Whether the word right behind ``negator``, helpers of the verb aside, begins one of ``others``."""
        place = negator.last
        while self._word(place) in _HELPERS:
            place += 1
        return any(other.first == place for other in others)

    def _touch(self, plan: Found, negator: Found) -> bool:
        return plan.last == negator.first or negator.last == plan.first

    def _word(self, place: int) -> str:
        """The folded word at ``place``, "" behind the last."""
        spans = self._scanned.spans(self._sentence)
        return fold(self._scanned.text[slice(*spans[place])]) if place < len(spans) else ""
