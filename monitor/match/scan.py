"""Scanning: one text to its hits.

Most of a text means nothing to any query, and the scan is built to pass over it: what each chunk may be is read for the
whole text at once (``meanings``), and only sentences with a word or the two words of a phrase that a query asks for are
met with the patterns. Where such a sentence is plain, each of its chunks one word, the hits follow from the places of
chunks; any other is split into words and gone through one by one (``plainly``), which all sentences may be and find the
same.

A hit here is numbers: sentence, first word, word after the last, pattern, and where it stands in the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import accumulate, product
from typing import Final, NamedTuple

import numpy as np

from monitor.match.meanings import ASKED, BEGINS, CLASS, LOOK, ODD, OTHER, PAIR, Read
from monitor.match.patterns import Table
from monitor.model import Layout, Sentence, Span
from monitor.text.words import GLUE, WORD_CJK, glued, is_cjk, pattern_for

#: Before (-1) or behind (1) an anchor -> slot there -> (pattern, the anchor's place in it, its slots).
Anchored = Mapping[int, Mapping[int, Sequence[tuple[int, int, tuple[int, ...]]]]]

_BMP: Final = "\uffff"
_KATAKANA: Final = re.compile(r"[\u30a1-\u30fa\u30fc\uff66-\uff9f]")


class Found(NamedTuple):
    """One pattern at one place: words ``[first, last)`` of a sentence, counted from 0; code points ``[start, end)`` of the text."""

    sentence: int
    first: int
    last: int
    pattern: int
    start: int
    end: int


class _Worth(NamedTuple):
    """The places of chunks for which a sentence is looked at: a word asked for, or the first of two that stand together in a
    phrase (also in ``pairs``), the beginnings of names; and where masks and cues may stand in such a sentence."""

    alone: list[int]
    pairs: Set[int]
    named: list[int]
    others: list[int]


def _worth(text: str, read: Read, bits: int, table: Table) -> _Worth:
    alone: list[int] = np.flatnonzero(read.values & (ASKED | LOOK)).tolist() if bits & (ASKED | LOOK) else []
    pairs: Set[int] = frozenset(table.meanings.pairs(read.values).tolist()) if bits & PAIR else frozenset()
    if pairs:
        alone = sorted(pairs | set(alone))
    named = table.meanings.named(text, read) if bits & BEGINS else []
    others: list[int] = np.flatnonzero(read.values & OTHER).tolist() if bits & OTHER and (alone or named) else []
    return _Worth(alone, pairs, named, others)


class _Part:
    """The chunks ``[low, high)`` of a text, those of one sentence."""

    __slots__ = ("classes", "ends", "high", "low", "starts")

    def __init__(self, low: int, high: int, read: Read) -> None:
        self.low, self.high = low, high
        self.starts: list[int] = read.starts[low:high].tolist()
        self.ends: list[int] = read.ends[low:high].tolist()
        self.classes: list[int] = (read.values[low:high] >> CLASS).tolist()

    def slots(self, table: Table) -> list[tuple[int, ...]]:
        return [table.meanings.met[number] for number in self.classes]


class Scanned:
    """One text's words and hits. ``hits`` are by pattern, each list in text order."""

    __slots__ = ("_before", "_cjk", "_glue", "_spans", "hits", "pattern", "sentences", "table", "text")

    def __init__(self, text: str, sentences: tuple[Sentence, ...], table: Table, *, plainly: bool = False) -> None:
        self.text = text
        self.sentences = sentences
        self.table = table
        self.pattern = pattern_for(text)
        self.hits: dict[int, list[Found]] = {}
        self._spans: dict[int, list[tuple[int, int]]] = {}
        self._cjk: dict[int, list[int] | None] = {}
        self._glue: dict[int, bool] = {}
        self._before: list[int] | None = None
        if not sentences:
            return
        if plainly:
            for number in range(len(sentences)):
                self._plainly(number)
        else:
            self._scan()

    # ------------------------------------------------------------------ all sentences at once
    def _scan(self) -> None:
        read, bits = self.table.meanings.read(self.text)
        worth = _worth(self.text, read, bits, self.table)
        if not worth.alone and not worth.named:
            return
        looked, aside = self._sentences(read, worth)
        for number, low, high in self._plain_ones(sorted(looked), aside, read, bits):
            self._plain(number, worth, looked[number], _Part(low, high, read))
        for number in sorted(aside):
            self._plainly(number)
        if aside and looked:
            for hits in self.hits.values():
                hits.sort()

    def _sentences(self, read: Read, worth: _Worth) -> tuple[dict[int, list[int]], set[int]]:
        """The sentences that chunks worth looking at stand in, with those chunks, and the sentences to be split into words."""
        sentences = self.sentences
        begin = [sentence.start for sentence in sentences]
        looked: dict[int, list[int]] = {}
        aside: set[int] = set()
        places = [*worth.alone, *worth.named]
        at = np.array(places, np.intp)
        look = read.values[at] & LOOK
        look[len(worth.alone) :] = LOOK
        for place, start, end, split in zip(places, read.starts[at].tolist(), read.ends[at].tolist(), look.tolist(), strict=True):
            number = bisect_right(begin, start) - 1
            if number >= 0 and end <= sentences[number].end:
                if split:
                    aside.add(number)
                else:
                    looked.setdefault(number, []).append(place)
                continue
            # In furniture, or (where a quote opens a sentence at the end of another) in two.
            for near in (number, number + 1):
                if 0 <= near < len(sentences) and start < sentences[near].end and end > sentences[near].start:
                    aside.add(near)
        return looked, aside

    def _plain_ones(self, numbers: list[int], aside: set[int], read: Read, bits: int) -> Iterator[tuple[int, int, int]]:
        """Of these sentences those whose chunks are one word each, with the range of their chunks; the others are put ``aside``."""
        if not numbers:
            return
        bounds = np.array([(self.sentences[number].start, self.sentences[number].end) for number in numbers], np.intp)
        first, last = np.searchsorted(read.starts, bounds).T
        # A chunk that reaches into the sentence, or out of it.
        odd = (first > 0) & (read.ends[first - 1] > bounds[:, 0]) | (read.ends[last - 1] > bounds[:, 1])
        if bits & ODD:
            places = np.flatnonzero(read.values & ODD)
            odd |= np.searchsorted(places, first) != np.searchsorted(places, last)
        for number, low, high, strange in zip(numbers, first.tolist(), last.tolist(), odd.tolist(), strict=True):
            if strange:
                aside.add(number)
            elif number not in aside:
                yield number, low, high

    def _plain(self, number: int, worth: _Worth, at: list[int], part: _Part) -> None:
        """The hits of a sentence whose chunks are one word each, by the places at which there may be one."""
        table, slots = self.table, part.slots(self.table)
        within = worth.others[bisect_left(worth.others, part.low) : bisect_left(worth.others, part.high)]
        for place in sorted({*at, *within}) if within else at:
            here = place - part.low
            for slot in slots[here]:
                for pattern in table.single.get(slot, ()):
                    self._hit(number, here, here + 1, pattern, part)
                if slot in table.others:
                    for first, last, pattern in _phrases(slots, here, table.anchored.get(slot, {})):
                        if pattern not in table.asked_for:  # the others are found below
                            self._hit(number, first, last, pattern, part)
            if place in worth.pairs and here + 1 < len(slots):
                for both in product(slots[here], slots[here + 1]):
                    for pattern, before, wanted in table.phrases.get(both, ()):
                        if _stands(wanted, slots, here - before):
                            self._hit(number, here - before, here - before + len(wanted), pattern, part)

    def _hit(self, sentence: int, first: int, last: int, pattern: int, part: _Part) -> None:
        text = self.text
        start, end = part.starts[first], part.ends[last - 1]
        # A chunk may begin or end with what is not its word's: a quote, a comma, a flag.
        if not text[start].isalnum() or text[start] > _BMP:
            start = self.pattern.search(text, start).start()  # type: ignore[union-attr] # each of these chunks holds a word
        if not text[end - 1].isalnum() or text[end - 1] > _BMP:
            end = self.pattern.search(text, part.starts[last - 1]).end()  # type: ignore[union-attr]
        self._keep(Found(sentence, first, last, pattern, start, end))

    def _keep(self, hit: Found) -> None:
        if hit.pattern in self.table.short_katakana and self._inside_katakana(hit):
            return
        known = self.hits.get(hit.pattern)
        if known is None:
            self.hits[hit.pattern] = [hit]
        elif known[-1] != hit:
            known.append(hit)

    def _inside_katakana(self, hit: Found) -> bool:
        """Whether a short word of katakana is a piece of a longer one: テロ in ステロイド."""
        before, after = self.text[hit.start - 1 : hit.start], self.text[hit.end : hit.end + 1]
        return bool(_KATAKANA.match(before) or _KATAKANA.match(after))

    # ------------------------------------------------------------------ one sentence, word by word
    def _plainly(self, number: int) -> None:
        table, surfaces = self.table, self.table.surfaces
        where = self.sentences[number]
        found = self.pattern.findall(self.text, where.start, where.end)
        met = list(map(surfaces.__getitem__, found))
        for at, slots in enumerate(met):
            for slot in slots:
                if slot < 0:
                    for pattern, last in table.names.walk(found, at, -1 - slot):
                        if table.names.stands(pattern, self.text, self.spans(number)[at:last]):
                            self._add(number, at, last, pattern)
                    continue
                for pattern in table.single.get(slot, ()):
                    self._add(number, at, at + 1, pattern)
                for first, last, pattern in _phrases(met, at, table.anchored.get(slot, {})):
                    self._add(number, first, last, pattern)

    def _add(self, sentence: int, first: int, last: int, pattern: int) -> None:
        if self._inside_a_word(sentence, first, last):
            # F-16s, MiG-29s: the plural's s is a word of its own here, and part of the graphic word.
            if not self._plural_s(sentence, first, last):
                return
            last += 1
        spans = self.spans(sentence)
        self._keep(Found(sentence, first, last, pattern, spans[first][0], spans[last - 1][1]))

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
        if self.pattern is not WORD_CJK:
            return first - last
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
        return Span(hit.start, hit.end)


def _phrases(met: Sequence[tuple[int, ...]], at: int, anchored: Anchored) -> Iterator[tuple[int, int, int]]:
    """(first, last, pattern) of the phrases anchored at word ``at``: only those whose word beside the anchor is there are compared."""
    for beside, by_slot in anchored.items():
        place = at + beside
        if not 0 <= place < len(met):
            continue
        for slot in met[place]:
            for pattern, anchor, wanted in by_slot.get(slot, ()):
                first = at - anchor
                if _stands(wanted, met, first):
                    yield first, first + len(wanted), pattern


def _stands(wanted: Sequence[int], met: Sequence[tuple[int, ...]], first: int) -> bool:
    """Whether the words from ``first`` on meet these slots."""
    return first >= 0 and first + len(wanted) <= len(met) and all(slot in met[first + i] for i, slot in enumerate(wanted))


def scan(text: str, layout: Layout, table: Table) -> Scanned:
    """The hits of a text, furniture left out (its sentences are none)."""
    return Scanned(text, layout.sentences, table)
