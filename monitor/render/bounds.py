"""How much of an article's evidence its document holds: a receiver takes a megabyte, an article may be two and match in each sentence.

A document that no receiver takes is an alert that nobody is told of, and what comes after it in its story would be told already.
The record keeps all of the evidence; a document holds the passages that say something new first, then those that come first. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from monitor.model import Evidence

#: Passages of a document; of each, code points and hits; and entities. Together well under a megabyte.
PASSAGES: Final = 40
QUOTE: Final = 1_500
HITS: Final = 25
ENTITIES: Final = 200


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
