"""The least evidence: of the ways in which each part of a query holds, those that take the fewest sentences together.

Which sentences are fewest is set cover, which is hard in general and easy here: a query has a handful of parts, and of
sentences that make the same parts true the first is as good as any, so that what is to be chosen from is no larger than
the number of sets of parts, however long the text.

Plain logic over hits; it knows no query.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from monitor.match.scan import Found

Alternative = tuple[Found, ...]

#: Parts up to which every choice is weighed; of more the sentence that makes the most parts true is taken each time.
_WEIGHED: Final = 8


def union(alternatives: Iterable[Alternative]) -> Alternative:
    return tuple(sorted({hit for alternative in alternatives for hit in alternative}))


def sentences_of(alternative: Alternative) -> set[int]:
    return {hit.sentence for hit in alternative}


def least(parts: Sequence[Sequence[Alternative]], alone: Sequence[dict[int, Alternative]]) -> Alternative:
    """One alternative of each part, together in the fewest sentences, the first of those.

    ``parts`` are the alternatives of each part; ``alone`` are for each part the sentences that by themselves make it true,
    with their hits.
    """
    # What no sentence makes true by itself takes the sentences it takes; what these make true as well costs nothing.
    spread = [min(part, key=lambda a: (len(sentences_of(a)), a)) for part, single in zip(parts, alone, strict=True) if not single]
    taken = {sentence for alternative in spread for sentence in sentences_of(alternative)}
    open_parts = [single for single in alone if single and taken.isdisjoint(single)]
    chosen = taken | set(_cover(open_parts))
    free = [min(chosen.intersection(single)) for single in alone if single]
    return union((*spread, *(single[sentence] for single, sentence in zip(filter(None, alone), free, strict=True))))


def _cover(parts: Sequence[dict[int, Alternative]]) -> list[int]:
    """The fewest sentences of which each part has one."""
    made: dict[int, int] = {}
    for number, part in enumerate(parts):
        for sentence in part:
            made[sentence] = made.get(sentence, 0) | 1 << number
    first: dict[int, int] = {}
    for sentence in sorted(made):
        first.setdefault(made[sentence], sentence)
    every = (1 << len(parts)) - 1
    return _weighed(first, every) if len(parts) <= _WEIGHED else _greedy(first, every)


def _weighed(first: dict[int, int], every: int) -> list[int]:
    """Exactly: the fewest sentences for each set of parts, built up from smaller ones."""
    best: dict[int, list[int]] = {0: []}
    for size in range(every.bit_count()):
        for done in [done for done, sentences in best.items() if len(sentences) == size]:
            for mask, sentence in first.items():
                best.setdefault(done | mask, [*best[done], sentence])
        if every in best:
            break
    return best[every]


def _greedy(first: dict[int, int], every: int) -> list[int]:
    chosen: list[int] = []
    done = 0
    while done != every:
        mask = max(first, key=lambda mask: ((mask & ~done).bit_count(), -first[mask]))
        chosen.append(first[mask])
        done |= mask
    return chosen


def counted(apart: Sequence[Found], least_number: int) -> list[Alternative]:
    """The ways to have so many hits of those that lie apart: each sentence that has them all, or the fewest sentences that do."""
    by_sentence: dict[int, list[Found]] = {}
    for hit in apart:
        by_sentence.setdefault(hit.sentence, []).append(hit)
    single = [tuple(hits[:least_number]) for hits in by_sentence.values() if len(hits) >= least_number]
    if single or len(apart) < least_number:
        return single
    fullest = sorted(by_sentence.values(), key=lambda hits: -len(hits))
    hits = [hit for each in fullest for hit in each][:least_number]
    return [tuple(sorted(hits))]
