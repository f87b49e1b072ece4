"""Scanning: one text to its hits.

Most sentences hold nothing, and the scan is built to see that fast: a sentence is split at blanks, and each chunk (a word
with its punctuation) is one look-up in a memo that says whether any query could care. Only a sentence with such a chunk
is split into words and met with the patterns; offsets in code points are computed for what becomes evidence.

A hit here is four numbers (sentence, first word, word after the last, pattern).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from monitor.match.patterns import Table
from monitor.model import Layout, Sentence, Span
from monitor.text.words import GLUE, WORD, glued, is_cjk, pattern_for

#: Before (-1) or behind (1) an anchor -> slot there -> (pattern, the anchor's place in it, its slots).
Anchored = Mapping[int, Mapping[int, Sequence[tuple[int, int, tuple[int, ...]]]]]


class Found(NamedTuple):
    """One pattern at one place: words ``[first, last)`` of a sentence, counted from 0."""

    sentence: int
    first: int
    last: int
    pattern: int


class Scanned:
    """One text's words and hits. ``hits`` are by pattern, each list in text order."""

    __slots__ = ("_before", "_cjk", "_glue", "_spans", "hits", "pattern", "sentences", "text")

    def __init__(self, text: str, sentences: tuple[Sentence, ...], table: Table) -> None:
        self.text = text
        self.sentences = sentences
        self.pattern = pattern_for(text)
        self.hits: dict[int, list[Found]] = {}
        self._spans: dict[int, list[tuple[int, int]]] = {}
        self._cjk: dict[int, list[int] | None] = {}
        self._glue: dict[int, bool] = {}
        self._before: list[int] | None = None
        self._scan(table)

    def _scan(self, table: Table) -> None:
        text, findall = self.text, self.pattern.findall
        surfaces = table.surfaces.__getitem__
        worth = table.chunks.worth if table.names else table.chunks.holds
        # A script without blanks has no chunks worth remembering.
        blanks = self.pattern is WORD
        for number, sentence in enumerate(self.sentences):
            start, end = sentence.start, sentence.end
            if blanks and not worth(text[start:end].split()):
                continue
            found = findall(text, start, end)
            met = list(map(surfaces, found))
            if any(met):
                self._sentence(number, found, met, table)

    def _sentence(self, number: int, found: list[str], met: list[tuple[int, ...]], table: Table) -> None:
        for at, slots in enumerate(met):
            for slot in slots:
                if slot < 0:
                    for pattern, last in table.names.walk(found, at, -1 - slot):
                        if table.names.stands(pattern, self.text, self.spans(number)[at:last]):
                            self._add(number, at, last, pattern)
                    continue
                for pattern in table.single.get(slot, ()):
                    self._add(number, at, at + 1, pattern)
                anchored = table.anchored.get(slot)
                if anchored is not None:
                    self._phrases(number, met, at, anchored)

    def _phrases(self, number: int, met: list[tuple[int, ...]], at: int, anchored: Anchored) -> None:
        """The phrases anchored at word ``at``: only those whose word beside the anchor is there are compared."""
        for beside, by_slot in anchored.items():
            place = at + beside
            if not 0 <= place < len(met):
                continue
            for slot in met[place]:
                for pattern, anchor, wanted in by_slot.get(slot, ()):
                    first = at - anchor
                    last = first + len(wanted)
                    if first >= 0 and last <= len(met) and all(w in met[first + i] for i, w in enumerate(wanted)):
                        self._add(number, first, last, pattern)

    def _add(self, sentence: int, first: int, last: int, pattern: int) -> None:
        if self._inside_a_word(sentence, first, last):
            # F-16s, MiG-29s: the plural's s is a word of its own here, and part of the graphic word.
            if not self._plural_s(sentence, first, last):
                return
            last += 1
        hit = Found(sentence, first, last, pattern)
        known = self.hits.get(pattern)
        if known is None:
            self.hits[pattern] = [hit]
        elif known[-1] != hit:
            known.append(hit)

    def _inside_a_word(self, sentence: int, first: int, last: int) -> bool:
        """A hit covers whole graphic words: 550 alone is not found in MD550."""
        glue = self._glue.get(sentence)
        if glue is None:
            where = self.sentences[sentence]
            glue = self._glue[sentence] = bool(GLUE.search(self.text, where.start, where.end))
        if not glue:
            return False
        spans = self.spans(sentence)
        return glued(self.text, spans[first][0]) or glued(self.text, spans[last - 1][1])

    def _plural_s(self, sentence: int, first: int, last: int) -> bool:
        spans = self.spans(sentence)
        if last >= len(spans) or glued(self.text, spans[first][0]):
            return False
        start, end = spans[last]
        return start == spans[last - 1][1] and self.text[start:end] == "s" and not glued(self.text, end)

    def words_before(self, sentence: int) -> int:
        """Words of the text, furniture left out, before this sentence."""
        if self._before is None:
            counts = (len(self.pattern.findall(self.text, s.start, s.end)) for s in self.sentences)
            self._before = list(accumulate(counts, initial=0))
        return self._before[sentence]

    def spans(self, sentence: int) -> list[tuple[int, int]]:
        """The words of one sentence, in code points of the text."""
        spans = self._spans.get(sentence)
        if spans is None:
            where = self.sentences[sentence]
            spans = [m.span() for m in self.pattern.finditer(self.text, where.start, where.end)]
            self._spans[sentence] = spans
        return spans

    def between(self, sentence: int, last: int, first: int) -> float:
        """Words from word ``last`` up to word ``first``; a character of a script without blanks is a quarter of one."""
        if first <= last:
            return 0
        cjk = self._cjk.get(sentence, ...)
        if cjk is ...:
            cjk = self._count_cjk(sentence)
        if cjk is None:
            return first - last
        characters = cjk[first] - cjk[last]
        return first - last - characters + characters / 4

    def _count_cjk(self, sentence: int) -> list[int] | None:
        total, sums, some = 0, [0], False
        for start, end in self.spans(sentence):
            if is_cjk(self.text[start:end]):
                total += 1
                some = True
            sums.append(total)
        self._cjk[sentence] = sums if some else None
        return self._cjk[sentence]

    def span(self, hit: Found) -> Span:
        spans = self.spans(hit.sentence)
        return Span(spans[hit.first][0], spans[hit.last - 1][1])


def scan(text: str, layout: Layout, table: Table) -> Scanned:
    """The hits of a text, furniture left out (its sentences are none)."""
    return Scanned(text, layout.sentences, table)
