"""Stance: how a passage speaks of what was found, read from cues in its sentence. It labels, it never suppresses.

The nearest cue wins; of two as near, the more specific: conditional, denied, alleged, planned. A plan under a condition is
conditional, whichever of the two words stands nearer. A denial that is itself negated ("did not deny", لم ينف) is no
denial. A cue of one language says nothing about a hit of another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from monitor.match.scan import Found, Scanned
from monitor.model import Stance
from monitor.text.fold import fold

#: Which cue wins among equally near ones.
_ORDER: Final = (Stance.CONDITIONAL, Stance.DENIED, Stance.ALLEGED, Stance.PLANNED)
_CONDITIONAL: Final = _ORDER.index(Stance.CONDITIONAL)
#: Words over which a condition reaches a plan: about a clause.
_CONDITION_REACH: Final = 12
#: Words that turn a denial round when they stand within two words before it.
_NEGATORS: Final = frozenset(
    fold(word)
    for words in (
        "لم لا لن ما ليس دون بدون",
        "not never neither nor without didn't doesn't don't isn't wasn't",
        "не ни без ні",
        "pas jamais aucun sans ni",
        "no sin nunca jamás ni",
        "نه نمی بدون",
        "değil",
        "לא אין בלי",
    )
    for word in words.split()
)
_NEGATOR_REACH: Final = 2


def stance_of(scanned: Scanned, sentence: int, hits: Sequence[Found], cues: Iterable[tuple[Stance, Found]]) -> Stance:
    """The stance of the evidence ``hits`` in ``sentence``, given the cues found in that sentence."""
    ranks = [
        (min(_gap(scanned, cue, hit) for hit in hits), _ORDER.index(stance))
        for stance, cue in cues
        if not (stance is Stance.DENIED and _negated(scanned, sentence, cue))
    ]
    if not ranks:
        return Stance.REPORTED
    nearest = _ORDER[min(ranks)[1]]
    under_condition = nearest is Stance.PLANNED and any(index == _CONDITIONAL and gap <= _CONDITION_REACH for gap, index in ranks)
    return Stance.CONDITIONAL if under_condition else nearest


def _gap(scanned: Scanned, cue: Found, hit: Found) -> float:
    if cue.first < hit.last and hit.first < cue.last:
        return 0
    return scanned.between(cue.sentence, min(cue.last, hit.last), max(cue.first, hit.first))


def _negated(scanned: Scanned, sentence: int, cue: Found) -> bool:
    spans = scanned.spans(sentence)[max(0, cue.first - _NEGATOR_REACH) : cue.first]
    return any(fold(scanned.text[start:end]) in _NEGATORS for start, end in spans)
