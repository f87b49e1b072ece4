"""Evidence: from the hits that made a query true to passages with offsets.

The least set of sentences that makes the query true, plus every further sentence that alone would have. One passage is
one sentence, whatever the number of clauses that fired in it; its clause names them all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

from monitor.match.native import kernel
from monitor.match.patterns import Pattern
from monitor.match.scan import Found, Scanned, made
from monitor.match.stance import stance_of
from monitor.match.telling import Told
from monitor.model import Evidence, Hit, Stance


class Clause(NamedTuple):
    """One branch of the query's top OR, as written, with the hits that are evidence of it, as ``Evaluation.evidence`` tells them."""

    text: str
    hits: Sequence[Found]


_sentence: Final = itemgetter(0)


def evidence_of(
    scanned: Scanned,
    fired: Sequence[Clause],
    told: Told,
    cues: Mapping[int, Sequence[tuple[Stance, Found]]],
    pattern_of: Callable[[int], Pattern],
) -> tuple[Evidence, ...]:
    """The evidence of the clauses that fired."""
    first, *others = fired
    hits = sorted({hit for clause in fired for hit in clause.hits}) if others else first.hits
    clauses = _named(fired) if others else {}
    stances = _stances(scanned, hits, cues, pattern_of) if cues else {}
    text, sentences = scanned.text, scanned.sentences

    def apart(found: Sequence[Found]) -> tuple[Hit, ...]:
        return _apart(text, found, told)

    if scanned.table.native:
        ordinary, written = Stance.REPORTED, first.text
        return kernel.tell(text, sentences, hits, told, stances, ordinary, clauses, written, Evidence, Hit, apart)
    out = []
    for number, found in groupby(hits, _sentence):
        start, end, zone, _ = sentences[number]
        stance, clause = stances.get(number, Stance.REPORTED), clauses.get(number, first.text)
        out.append(made(Evidence, (start, end, text[start:end], zone, stance, clause, apart(list(found)))))
    return tuple(out)


def _named(fired: Sequence[Clause]) -> dict[int, str]:
    """Sentence -> the clauses that fired there."""
    out: dict[int, dict[str, None]] = defaultdict(dict)
    for clause in fired:
        for hit in clause.hits:
            out[hit.sentence][clause.text] = None
    return {sentence: " OR ".join(named) for sentence, named in out.items()}


def _stances(
    scanned: Scanned, hits: Iterable[Found], cues: Mapping[int, Sequence[tuple[Stance, Found]]], pattern_of: Callable[[int], Pattern]
) -> dict[int, Stance]:
    """The stance of each sentence in which there are cues."""
    passages = ((sentence, list(found)) for sentence, found in groupby(hits, _sentence) if sentence in cues)
    return {sentence: stance_of(scanned, sentence, found, of_language(cues[sentence], found, pattern_of)) for sentence, found in passages}


def of_language(
    cues: Sequence[tuple[Stance, Found]], hits: Sequence[Found], pattern_of: Callable[[int], Pattern]
) -> list[tuple[Stance, Found]]:
    """The cues that may speak of these hits: those of a language of theirs, or of any."""
    spoken = {pattern_of(hit.pattern).language for hit in hits}
    return [(stance, cue) for stance, cue in cues if "any" in spoken or pattern_of(cue.pattern).language in spoken | {"any"}]


def _apart(text: str, found: Sequence[Found], told: Told) -> tuple[Hit, ...]:
    """Hits in text order; of those of one group that overlap, the longest is kept, so that nothing is marked twice. Where
    one spelling names several entities, each is told."""
    if len(found) == 1:
        _, _, _, pattern, start, end = found[0]
        rows = told[pattern]
        if len(rows) == 1:  # as nearly always
            name, term, entity = rows[0]
            return (made(Hit, (name, term, start, end, text[start:end], entity)),)
    hits: list[Hit] = []
    covered: dict[str, Found] = {}
    for hit in sorted(found, key=lambda h: (h.first, h.first - h.last, h.pattern)):
        _, first, last, pattern, start, end = hit
        for name, term, entity in told[pattern]:
            before = covered.get(name)
            if before is not None and first < before.last and (entity is None or (before.first, before.last) != (first, last)):
                continue
            covered[name] = hit
            hits.append(made(Hit, (name, term, start, end, text[start:end], entity)))
    hits.sort(key=lambda h: (h.start, h.end, h.group))
    return tuple(hits)


#: What ``kernel`` makes evidence of: how it is where nothing is said, its types, and who tells of hits that overlap.
KIT: Final = (Stance.REPORTED, Evidence, Hit, Found, _apart)
