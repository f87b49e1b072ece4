"""How much of an article's evidence is kept, and how much its document holds: an article may be two megabytes and match in each sentence.

A document that no receiver takes is an alert that nobody is told of, and what comes after it in its story would be told already: it
holds the passages that say something new first, then those that come first. What is kept (in the record, and to decide by) is ten
times that: of each term, entity, clause and stance a passage, and else those of the beginning and of the end, where texts that
grow have what is new. Thirty thousand passages are 22 MB of JSON a watchlist, and a second in which nothing else is decided. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from monitor.model import Evidence, Hit, Match

#: Passages of a document; of each, code points and hits; and entities. Together well under a megabyte.
PASSAGES: Final = 40
QUOTE: Final = 1_500
HITS: Final = 25
ENTITIES: Final = 200


#: Passages that are kept of one match; half of them, if need be, for terms, entities, clauses and stances that no other has.
KEPT: Final = 500
#: Code points of a kept passage: a longer sentence is kept in pieces that have hits. Those before the first hit of a piece, and hits.
_PIECE: Final = 6_000
_BEFORE: Final = 1_000
_HITS: Final = 50


def kept(match: Match) -> Match:
    """The match with as much evidence as is kept; ``total`` says how much there was, where that is less."""
    passages = match.evidence
    if any(len(passage.quote) > _PIECE or len(passage.hits) > _HITS for passage in passages):
        passages = tuple(_with_few_hits(piece) for passage in passages for piece in _pieces(passage))
    if len(passages) <= KEPT:
        return match if passages is match.evidence else replace(match, evidence=passages)
    places = set(_telling(passages))
    rest = [place for place in range(len(passages)) if place not in places]
    room = KEPT - len(places)
    places.update(rest[: room - room // 2], rest[len(rest) - room // 2 :])
    return replace(match, evidence=tuple(passages[place] for place in sorted(places)), total=len(passages))


def _telling(passages: Sequence[Evidence]) -> Iterator[int]:
    """The places of those that are the first to have something, as far as there is room."""
    seen: set[Hashable] = set()
    room = KEPT // 2
    for place, passage in enumerate(passages):
        has = {*map(_what, passage.hits), passage.clause, passage.stance}
        if not has <= seen:
            yield place
            seen |= has
            room -= 1
            if not room:
                return


def _what(hit: Hit) -> Hashable:
    """Entities are told apart by themselves, whatever spelling was found."""
    return hit.group, hit.term if hit.entity is None else hit.entity.id


def _pieces(passage: Evidence) -> Iterator[Evidence]:
    """Of a sentence of sane length all; of a longer one stretches around its hits, with their own offsets."""
    if len(passage.quote) <= _PIECE:
        yield passage
        return
    hits, begin, before = passage.hits, 0, passage.start
    while begin < len(hits):
        first = hits[begin]
        start = max(min(before, first.start), first.start - _BEFORE)
        end = min(passage.end, max(start + _PIECE, first.end))
        past = next((place for place in range(begin, len(hits)) if hits[place].end > end), len(hits))
        quote = passage.quote[start - passage.start : end - passage.start]
        yield passage._replace(start=start, end=end, quote=quote, hits=hits[begin:past])
        begin, before = past, end


def _with_few_hits(passage: Evidence) -> Evidence:
    """Each term and entity once, and what there is room for of the others."""
    if len(passage.hits) <= _HITS:
        return passage
    firsts: dict[Hashable, int] = {}
    for place, hit in enumerate(passage.hits):
        firsts.setdefault(_what(hit), place)
    places = dict.fromkeys([*firsts.values(), *range(len(passage.hits))])
    return passage._replace(hits=tuple(passage.hits[place] for place in sorted(islice(places, _HITS))))


def chosen(evidence: Sequence[Evidence], new: Collection[int] = ()) -> tuple[int, ...]:
    """The places of the passages that a document holds, in the order of the text."""
    if len(evidence) <= PASSAGES:
        return tuple(range(len(evidence)))
    known = frozenset(new)
    return tuple(sorted(sorted(range(len(evidence)), key=lambda place: place not in known)[:PASSAGES]))


def cut(passage: Evidence) -> Evidence:
    """A passage of sane length as it is; of another the part around its first hit, with the offsets of that part."""
    if len(passage.quote) <= QUOTE and len(passage.hits) <= HITS:
        return passage
    first = passage.hits[0].start - passage.start if passage.hits else 0
    begin = 0 if len(passage.quote) <= QUOTE else max(0, min(first - QUOTE // 4, len(passage.quote) - QUOTE))
    quote = passage.quote[begin : begin + QUOTE]
    start = passage.start + begin
    end = start + len(quote)
    inside = tuple(hit for hit in passage.hits if start <= hit.start and hit.end <= end)[:HITS]
    return passage._replace(start=start, end=end, quote=quote, hits=inside)
