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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np

from monitor.match.meanings import ASKED, BEGINS, CLASS, LOOK, ODD, OTHER, PAIR, Phrase, Read
from monitor.match.patterns import Table
from monitor.model import Layout, Sentence, Span
from monitor.text.attached import may_stand_before, may_stand_behind
from monitor.text.words import GLUE, WORD, WORD_CJK, glued, is_cjk, pattern_for

#: Before (-1) or behind (1) an anchor -> slot there -> (pattern, the anchor's place in it, its slots).
Anchored = Mapping[int, Mapping[int, Sequence[tuple[int, int, tuple[int, ...]]]]]

_BMP: Final = "\uffff"
_ALONE: Final = np.array(ASKED | LOOK, np.uint32)
_OTHERS: Final = np.array(OTHER, np.uint32)
_ODD: Final = np.array(ODD, np.uint32)
_NO_PAIRS: Final[Mapping[int, Sequence[Phrase]]] = {}
_KATAKANA: Final = re.compile(r"[\u30a1-\u30fa\u30fc\uff66-\uff9f]")


class Found(NamedTuple):
    """One pattern at one place: words ``[first, last)`` of a sentence, counted from 0; code points ``[start, end)`` of the text."""

    sentence: int
    first: int
    last: int
    pattern: int
    start: int
    end: int


class _Worth:
    """What of a text is worth looking at: the places of chunks that are a word asked for (``alone``), those that are the first of
    two that stand together in a phrase, with those phrases (``pairs``), and those that begin a name. With them, all chunks of
    the text."""

    __slots__ = ("alone", "ends", "named", "odd", "others", "pairs", "read", "starts", "values")

    def __init__(self, text: str, read: Read, table: Table) -> None:
        bits = read.bits
        self.read = read
        self.alone: list[int] = (read.values & _ALONE).nonzero()[0].tolist() if bits & (ASKED | LOOK) else []
        self.pairs: Mapping[int, Sequence[Phrase]] = table.meanings.pairs(read.values) if bits & PAIR else _NO_PAIRS
        self.named = table.meanings.named(text, read) if bits & BEGINS else []
        # Views, which cost nothing to make: a few of their numbers are asked for.
        self.starts: Sequence[int] = read.starts.data
        self.ends: Sequence[int] = read.ends.data
        self.values: Sequence[int] = read.values.data
        #: Places of what may be a mask or a cue, and of chunks of several words, once ``look_closer`` was called.
        self.others: list[int] = []
        self.odd: list[int] = []

    def __bool__(self) -> bool:
        return bool(self.alone or self.pairs or self.named)

    def places(self) -> Sequence[int]:
        """The places of words asked for and of phrases, in order."""
        if not self.pairs or not self.alone:
            return self.alone or list(self.pairs)
        return sorted({*self.alone, *self.pairs})

    def look_closer(self) -> None:
        if self.read.bits & OTHER:
            self.others = (self.read.values & _OTHERS).nonzero()[0].tolist()
        if self.read.bits & ODD:
            self.odd = (self.read.values & _ODD).nonzero()[0].tolist()


class _Part(NamedTuple):
    """The chunks ``[low, high)`` of a text, those of one sentence; ``words`` as ``Scanned._words`` gives them."""

    number: int
    low: int
    high: int
    words: list[int] | None


class Scanned:
    """One text's words and hits. ``hits`` are by pattern, each list in text order."""

    __slots__ = (
        "_aside",
        "_before",
        "_cjk",
        "_glue",
        "_looked",
        "_parts_met",
        "_spans",
        "_worth",
        "hits",
        "pattern",
        "sentences",
        "table",
        "text",
    )

    def __init__(self, text: str, sentences: tuple[Sentence, ...], table: Table, *, plainly: bool = False) -> None:
        """Finds the sentences worth looking at; ``collect`` what stands in them. ``plainly`` goes through all of them word by word."""
        self.text = text
        self.sentences = sentences
        self.table = table
        self.hits: dict[int, list[Found]] = {}
        self._spans: dict[int, list[tuple[int, int]]] = {}
        self._cjk: dict[int, list[int] | None] = {}
        self._glue: dict[int, bool] = {}
        self._before: list[int] | None = None
        self._looked: dict[int, list[int]] = {}
        self._aside: set[int] = set()
        self._worth: _Worth | None = None
        #: The slots that the chunks of a sentence meet, of those where that was asked.
        self._parts_met: dict[int, list[tuple[int, ...]]] = {}
        if plainly or not sentences:
            self.pattern = pattern_for(text)
            self._aside.update(range(len(sentences)))
            return
        read = table.meanings.read(text)
        self.pattern = WORD_CJK if read.cjk else WORD
        worth = _Worth(text, read, table)
        if worth:
            self._worth = worth
            self._looked, self._aside = self._sentences(worth)

    # ------------------------------------------------------------------ all sentences at once
    def __bool__(self) -> bool:
        """Whether any sentence is worth looking at."""
        return bool(self._looked or self._aside)

    def glance(self, groups: Mapping[int, Sequence[int]]) -> dict[int, list[int]] | None:
        """The groups that may be hit, each with the sentences, given the groups of each pattern; never fewer than ``collect`` finds.

        None where a sentence has to be gone through word by word before anything can be said.
        """
        if self._aside or self._worth is None:
            return None
        out: dict[int, list[int]] = {}
        single, values, pairs = self.table.meanings.single, self._worth.values, self._worth.pairs
        for number, places in self._looked.items():
            for place in places:
                patterns = single[values[place] >> CLASS]
                if place in pairs:
                    patterns = (*patterns, *(phrase[0] for phrase in pairs[place]))
                for pattern in patterns:
                    for group in groups.get(pattern, ()):
                        known = out.get(group)
                        if known is None:
                            out[group] = [number]
                        else:
                            known.append(number)
        return out

    def collect(self) -> Scanned:
        """Find the hits of the sentences worth looking at, those of masks and cues in them too."""
        aside = set(self._aside)
        if self._worth is not None and self._looked:
            worth, looked = self._worth, [number for number in self._looked if number not in aside]
            worth.look_closer()
            edges = [edge for number in looked for edge in self.sentences[number][:2]]
            within = worth.read.starts.searchsorted(edges).tolist()
            for number, low, high in zip(looked, within[::2], within[1::2], strict=True):
                if not self._plain(number, low, high, worth):
                    aside.add(number)
        for number in sorted(aside):
            self._plainly(number)
        if aside and self._looked:
            for hits in self.hits.values():
                hits.sort()
        return self

    def _sentences(self, worth: _Worth) -> tuple[dict[int, list[int]], set[int]]:
        """The sentences that chunks worth looking at stand in, with those chunks, and the sentences to be split into words."""
        sentences, starts, ends, values, pairs = self.sentences, worth.starts, worth.ends, worth.values, worth.pairs
        begin = [sentence[0] for sentence in sentences]
        looked: dict[int, list[int]] = {}
        aside: set[int] = set()
        for place in worth.places():
            start = starts[place]
            number = bisect_right(begin, start) - 1
            if number < 0 or ends[place] > sentences[number][1]:
                aside.update(self._around(number, start, ends[place]))
            elif values[place] & LOOK or (place in pairs and (values[place] | values[place + 1]) & ODD):
                aside.add(number)
            else:
                known = looked.get(number)
                if known is None:
                    looked[number] = [place]
                else:
                    known.append(place)
        for place in worth.named:
            start, end = starts[place], ends[place]
            aside.update(self._around(bisect_right(begin, start) - 1, start, end))
        return looked, aside

    def _around(self, number: int, start: int, end: int) -> Iterator[int]:
        """The sentences that a chunk reaches into: none in furniture, two where a quote opens a sentence at the end of another."""
        for near in (number, number + 1):
            if 0 <= near < len(self.sentences) and start < self.sentences[near].end and end > self.sentences[near].start:
                yield near

    def _plain(self, number: int, low: int, high: int, worth: _Worth) -> bool:
        """Add the hits of a sentence of the chunks ``[low, high)``; False where a chunk reaches into it or out of it."""
        sentence, ends, values = self.sentences[number], worth.ends, worth.values
        if (low and ends[low - 1] > sentence[0]) or ends[high - 1] > sentence[1]:
            return False
        part = _Part(number, low, high, self._words(low, high, worth))
        at: Sequence[int] = self._looked[number]
        if worth.others:
            at = sorted({*at, *worth.others[bisect_left(worth.others, low) : bisect_left(worth.others, high)]})
        meanings = self.table.meanings
        for place in at:
            here = values[place] >> CLASS
            for pattern in meanings.single[here]:
                self._hit(part, place, place + 1, pattern, worth)
            if meanings.anchors[here]:
                self._other_phrases(part, place, worth)
            if place in worth.pairs and place + 1 < high:
                for pattern, before, wanted in worth.pairs[place]:
                    first = place - before
                    if len(wanted) == 2 or (low <= first and first + len(wanted) <= high and self._stands(wanted, first, worth)):
                        self._hit(part, first, first + len(wanted), pattern, worth)
        return True

    def _stands(self, wanted: Sequence[int], first: int, worth: _Worth) -> bool:
        """Whether the chunks from ``first`` on meet the slots of a phrase."""
        return _stand(wanted, self._met(first, first + len(wanted), worth))

    def _met(self, low: int, high: int, worth: _Worth) -> list[tuple[int, ...]]:
        met = self.table.meanings.met
        return [met[value >> CLASS] for value in worth.values[low:high]]

    def _words(self, low: int, high: int, worth: _Worth) -> list[int] | None:
        """The number in its sentence of each chunk's first word, or None where each is one word."""
        if not worth.odd or bisect_left(worth.odd, low) == bisect_left(worth.odd, high):
            return None
        words = self.table.meanings.words
        return list(accumulate((words[value >> CLASS] for value in worth.values[low:high]), initial=0))

    def _other_phrases(self, part: _Part, place: int, worth: _Worth) -> None:
        """The masks and cues of several words that are anchored at ``place``."""
        table, low = self.table, part.low
        met = self._parts_met.get(part.number)
        if met is None:
            met = self._parts_met[part.number] = self._met(low, part.high, worth)
        for slot in table.meanings.anchors[worth.values[place] >> CLASS]:
            for first, last, pattern in _phrases(met, place - low, table.anchored[slot]):
                if pattern not in table.asked_for:  # those are found by their pairs
                    self._hit(part, low + first, low + last, pattern, worth)

    def _hit(self, part: _Part, first: int, last: int, pattern: int, worth: _Worth) -> None:
        """Add the hit of the chunks ``[first, last)``, which are one word each."""
        text = self.text
        start, end = worth.starts[first], worth.ends[last - 1]
        # A chunk may begin or end with what is not its word's: a quote, a comma, a flag.
        if not text[start].isalnum() or text[start] > _BMP:
            start = self.pattern.search(text, start).start()  # type: ignore[union-attr] # each of these chunks holds a word
        if not text[end - 1].isalnum() or text[end - 1] > _BMP:
            end = self.pattern.search(text, worth.starts[last - 1]).end()  # type: ignore[union-attr]
        words = part.words
        at = first - part.low if words is None else words[first - part.low]
        self._keep(Found(part.number, at, at + last - first, pattern, start, end))

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
                if slot in table.anchored:
                    for first, last, pattern in _phrases(met, at, table.anchored[slot]):
                        self._add(number, first, last, pattern)

    def _add(self, sentence: int, first: int, last: int, pattern: int) -> None:
        if self._inside_a_word(sentence, first, last):
            whole = self._with_attached(sentence, first, last)
            if whole is None:
                return
            first, last = whole
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

    def _with_attached(self, sentence: int, first: int, last: int) -> tuple[int, int] | None:
        """The words of the graphic word around a hit, where the others are attached to it (F-16s, و2397), else None."""
        text, spans = self.text, self.spans(sentence)
        if glued(text, spans[first][0]):
            first -= 1
            if first < 0 or glued(text, spans[first][0]) or not may_stand_before(text[slice(*spans[first])]):
                return None
        if glued(text, spans[last - 1][1]):
            last += 1
            if last > len(spans) or glued(text, spans[last - 1][1]) or not may_stand_behind(text[slice(*spans[last - 1])]):
                return None
        return first, last

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
                last = first + len(wanted)
                if first >= 0 and last <= len(met) and _stand(wanted, met[first:last]):
                    yield first, last, pattern


def _stand(wanted: Sequence[int], met: Iterable[tuple[int, ...]]) -> bool:
    """Whether as many words meet the slots of a phrase."""
    return all(slot in slots for slot, slots in zip(wanted, met, strict=True))


def scan(text: str, layout: Layout, table: Table) -> Scanned:
    """The hits of a text, furniture left out (its sentences are none)."""
    return Scanned(text, layout.sentences, table).collect()
