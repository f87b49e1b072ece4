"""Evidence: from the alternatives that made a query true to passages with offsets.

The least set of sentences that makes the query true, plus every further sentence that alone would have. One passage is
one sentence, whatever the number of clauses that fired in it; its clause names them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from monitor.match.evaluate import Alternative
from monitor.match.patterns import Pattern
from monitor.match.scan import Found, Scanned
from monitor.match.stance import stance_of
from monitor.model import Evidence, Hit, Stance


@dataclass(frozen=True, slots=True)
class Clause:
    """One branch of the query's top OR, as written, with the alternatives that made it true."""

    text: str
    found: list[Alternative]


def evidence_of(
    scanned: Scanned,
    fired: Sequence[Clause],
    names: Callable[[int], Sequence[str]],
    cues: Mapping[int, Sequence[tuple[Stance, Found]]],
    pattern_of: Callable[[int], Pattern],
) -> tuple[Evidence, ...]:
    """The evidence of the clauses that fired. ``names`` tells the groups that a pattern is of."""
    passages: dict[int, tuple[dict[str, None], set[Found]]] = {}
    for clause in fired:
        for sentence, hits in _passages(clause.found).items():
            known = passages.get(sentence)
            if known is None:
                passages[sentence] = ({clause.text: None}, hits)
            else:
                known[0][clause.text] = None
                known[1].update(hits)
    text, sentences = scanned.text, scanned.sentences
    out = []
    for sentence in sorted(passages):
        clauses, collected = passages[sentence]
        start, end, zone, _ = sentences[sentence]
        ordered = sorted(collected) if len(collected) > 1 else list(collected)
        spoken = cues.get(sentence)
        stance = stance_of(scanned, sentence, ordered, _of_language(spoken, ordered, pattern_of)) if spoken else Stance.REPORTED
        out.append(Evidence(start, end, text[start:end], zone, stance, " OR ".join(clauses), _hits(text, ordered, names, pattern_of)))
    return tuple(out)


def _of_language(
    cues: Sequence[tuple[Stance, Found]], hits: Sequence[Found], pattern_of: Callable[[int], Pattern]
) -> list[tuple[Stance, Found]]:
    """The cues that may speak of these hits: those of a language of theirs, or of any."""
    spoken = {pattern_of(hit.pattern).language for hit in hits}
    return [(stance, cue) for stance, cue in cues if "any" in spoken or pattern_of(cue.pattern).language in spoken | {"any"}]


def _passages(found: Sequence[Alternative]) -> dict[int, set[Found]]:
    """Sentence -> hits: every sentence with an alternative of its own, else the least alternative across sentences."""
    alone: dict[int, set[Found]] = {}
    spread: list[Alternative] = []
    for alternative in found:
        if len(alternative) == 1:
            alone.setdefault(alternative[0].sentence, set()).add(alternative[0])
            continue
        sentences = {hit.sentence for hit in alternative}
        if len(sentences) == 1:
            alone.setdefault(sentences.pop(), set()).update(alternative)
        elif sentences:
            spread.append(alternative)
    if not alone and spread:
        for hit in min(spread, key=lambda a: (len({h.sentence for h in a}), a)):
            alone.setdefault(hit.sentence, set()).add(hit)
    return alone


def _hits(
    text: str, found: Sequence[Found], names: Callable[[int], Sequence[str]], pattern_of: Callable[[int], Pattern]
) -> tuple[Hit, ...]:
    """Hits in text order; of those of one group that overlap, the longest is kept, so that nothing is marked twice. Where
    one spelling names several entities, each is told."""
    if len(found) == 1:
        hit = found[0]
        pattern, named = pattern_of(hit.pattern), names(hit.pattern)
        told = [Hit(name, pattern.term, hit.start, hit.end, text[hit.start : hit.end], pattern.entity) for name in named]
        return tuple(sorted(told) if len(told) > 1 else told)
    out: list[Hit] = []
    covered: dict[str, Found] = {}
    for hit in sorted(found, key=lambda h: (h.first, h.first - h.last, h.pattern)):
        pattern = pattern_of(hit.pattern)
        for name in names(hit.pattern):
            before = covered.get(name)
            if before is not None and hit.first < before.last:
                same = (before.first, before.last) == (hit.first, hit.last)
                if pattern.entity is None or not same:
                    continue
            covered[name] = hit
            out.append(Hit(name, pattern.term, hit.start, hit.end, text[hit.start : hit.end], pattern.entity))
    out.sort(key=lambda h: (h.start, h.end, h.group))
    return tuple(out)
