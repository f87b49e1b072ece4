"""Stance: how a passage speaks of what was found, read from cues in its sentence. It labels, it never suppresses.

The nearest cue wins; of two as near, the more specific: conditional, denied, alleged, planned. A denial that is itself
negated ("did not deny", لم ينف) is no denial.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from monitor.match.scan import Found, Scanned
from monitor.model import Stance
from monitor.text.fold import fold

#: Which cue wins among equally near ones.
_ORDER: Final = (Stance.CONDITIONAL, Stance.DENIED, Stance.ALLEGED, Stance.PLANNED)
#: Words that turn a denial round when they stand within two words before it.
_NEGATORS: Final = frozenset(
    map(
        fold,
        (
            "لم",
            "لا",
            "لن",
            "ما",
            "ليس",
            "دون",
            "not",
            "never",
            "neither",
            "nor",
            "didn't",
            "doesn't",
            "without",
            "не",
            "ни",
            "ne",
            "no",
            "değil",
        ),
    )
)
_NEGATOR_REACH: Final = 2


def stance_of(scanned: Scanned, sentence: int, hits: Sequence[Found], cues: Iterable[tuple[Stance, Found]]) -> Stance:
    """The stance of the evidence ``hits`` in ``sentence``, given the cues found in that sentence."""
    best: tuple[float, int] | None = None
    for stance, cue in cues:
        if stance is Stance.DENIED and _negated(scanned, sentence, cue):
            continue
        rank = (min(_gap(scanned, cue, hit) for hit in hits), _ORDER.index(stance))
        if best is None or rank < best:
            best = rank
    return Stance.REPORTED if best is None else _ORDER[best[1]]


def _gap(scanned: Scanned, cue: Found, hit: Found) -> float:
    if cue.first < hit.last and hit.first < cue.last:
        return 0
    return scanned.between(cue.sentence, min(cue.last, hit.last), max(cue.first, hit.first))


def _negated(scanned: Scanned, sentence: int, cue: Found) -> bool:
    spans = scanned.spans(sentence)[max(0, cue.first - _NEGATOR_REACH) : cue.first]
    return any(fold(scanned.text[start:end]) in _NEGATORS for start, end in spans)
