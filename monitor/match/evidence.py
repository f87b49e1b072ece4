"""Evidence: from the sentences that made a query true to passages with offsets.

The least set of sentences that makes the query true, plus every further sentence that alone would have. One passage is
one sentence, whatever the number of clauses that fired in it; its clause names them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from monitor.match.native import kernel
from monitor.match.patterns import Pattern
from monitor.match.scan import Found, Scanned, made
from monitor.match.stance import stance_of
from monitor.model import Entity, Evidence, Hit, Stance


class Clause(NamedTuple):
    """One branch of the query's top OR, as written, with the sentences that are evidence of it, as ``Evaluation.passages`` tells
    them; they are this room's to change."""

    text: str
    passages: dict[int, list[Found]]


#: Pattern -> how a hit of it is told: the group (or quoted phrase), the term, the entity; several where a term stands in several groups.
Told = Mapping[int, Sequence[tuple[str, str, Entity | None]]]


def evidence_of(
    scanned: Scanned,
    fired: Sequence[Clause],
    told: Told,
    cues: Mapping[int, Sequence[tuple[Stance, Found]]],
    pattern_of: Callable[[int], Pattern],
) -> tuple[Evidence, ...]:
    """The evidence of the clauses that fired."""
    first, *others = fired
    passages = first.passages
    #: The clauses of those sentences in which others fired than the first.
    clauses: dict[int, list[str]] = {}
    for clause in others:
        for sentence, hits in clause.passages.items():
            if sentence in passages:
                passages[sentence] += hits
                named = clauses.setdefault(sentence, [first.text])
                if clause.text not in named:
                    named.append(clause.text)
            else:
                passages[sentence] = hits
                clauses[sentence] = [clause.text]
    stances = {
        sentence: stance_of(scanned, sentence, found, _of_language(cues[sentence], found, pattern_of))
        for sentence, found in (passages.items() if cues else ())
        if sentence in cues
    }
    named_by = {sentence: " OR ".join(named) for sentence, named in clauses.items()}
    text, sentences = scanned.text, scanned.sentences

    def apart(found: Sequence[Found]) -> tuple[Hit, ...]:
        return _apart(text, found, told)

    if scanned.table.native:
        ordinary, written = Stance.REPORTED, first.text
        return kernel.tell(text, sentences, passages, told, stances, ordinary, named_by, written, Evidence, Hit, apart)
    out = []
    for number in sorted(passages):
        start, end, zone, _ = sentences[number]
        stance, clause_of = stances.get(number, Stance.REPORTED), named_by.get(number, first.text)
        told_as = apart(sorted(set(passages[number])))
        out.append(made(Evidence, (start, end, text[start:end], zone, stance, clause_of, told_as)))
    return tuple(out)


def _of_language(
    cues: Sequence[tuple[Stance, Found]], hits: Sequence[Found], pattern_of: Callable[[int], Pattern]
) -> list[tuple[Stance, Found]]:
    """The cues that may speak of these hits: those of a language of theirs, or of any."""
    spoken = {pattern_of(hit.pattern).language for hit in hits}
    return [(stance, cue) for stance, cue in cues if "any" in spoken or pattern_of(cue.pattern).language in spoken | {"any"}]


def _apart(text: str, found: Sequence[Found], told: Told) -> tuple[Hit, ...]:
    """Hits in text order; of those of one group that overlap, the longest is kept, so that nothing is marked twice. Where
    one spelling names several entities, each is told."""
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
