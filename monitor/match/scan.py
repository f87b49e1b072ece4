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
import struct
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain
from typing import Final, NamedTuple

from monitor.match.meanings import ASKED, BEGINS, CLASS, EDGED, LOOK, ODD, OTHER, PAIR
from monitor.match.named import Named
from monitor.match.native import Packed, kernel, read_packed
from monitor.match.patterns import Table
from monitor.match.worth import Mention, PackedWorth, Worth, stand
from monitor.model import Layout, Sentence, Span
from monitor.text.attached import may_stand_before, may_stand_behind
from monitor.text.words import GLUE, WORD, WORD_CJK, glued, is_cjk, pattern_for

#: Before (-1) or behind (1) an anchor -> slot there -> (pattern, the anchor's place in it, its slots).
Anchored = Mapping[int, Mapping[int, Sequence[tuple[int, int, tuple[int, ...]]]]]

#: Makes a named tuple of a tuple, at half the cost of naming its fields.
made: Final = tuple.__new__
_WORTH: Final = ASKED | LOOK | PAIR
_KATAKANA: Final = re.compile(r"[\u30a1-\u30fa\u30fc\uff66-\uff9f]")


class Found(NamedTuple):
    """One pattern at one place: words ``[first, last)`` of a sentence, counted from 0; code points ``[start, end)`` of the text."""

    sentence: int
    first: int
    last: int
    pattern: int
    start: int
    end: int


class Scanned:
    """One text's words and hits. ``hits`` are by pattern, each list in text order."""

    __slots__ = (
        "_aside",
        "_before",
        "_chunks",
        "_cjk",
        "_collected",
        "_found",
        "_glue",
        "_hits",
        "_mentions",
        "_packed",
        "_spans",
        "_worth",
        "_worth_near",
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
        # As C found them, until somebody asks for them, and as they are told then.
        self._found = b""
        self._hits: dict[int, list[Found]] | None = None
        self._collected = False
        self._spans: dict[int, list[tuple[int, int]]] = {}
        self._cjk: dict[int, list[int] | None] = {}
        self._chunks: dict[int, tuple[int, int] | None] = {}
        self._glue: dict[int, bool] = {}
        self._before: list[int] | None = None
        self._mentions: dict[int, list[Mention]] = {}
        self._aside: set[int] = set()
        self._worth: Worth | None = None
        # As C read the text, where it did.
        self._packed: Packed | None = None
        self._worth_near: PackedWorth | None = None
        if plainly or not sentences:
            self.pattern = pattern_for(text)
            self._aside.update(range(len(sentences)))
            return
        if table.native:
            self._at_once()
            return
        read = table.meanings.read(text)
        self.pattern = WORD_CJK if read.cjk else WORD
        worth = Worth(read, table.meanings).look(text)
        if worth:
            self._worth = worth
            self._mentions, self._aside = worth.mentions(sentences)

    # ------------------------------------------------------------------ all sentences at once, in C
    def _at_once(self) -> None:
        """Find the hits of all sentences that are plain; the others are aside."""
        table = self.table
        meanings = table.meanings
        packed = self._packed = read_packed(self.text, meanings)
        starts, ends, _, values, bits, cjk = packed
        self.pattern = WORD_CJK if cjk else WORD
        names = b""
        if bits & (BEGINS | LOOK) and table.names:
            begin = meanings.begin(self.text, packed[:4]) if bits & BEGINS else []
            if begin or bits & LOOK:
                named = Named(self.text, packed, table, self.sentences)
                names, self._aside = named.look(begin, whole=bool(bits & LOOK)), named.aside
        if bits & _WORTH:
            self._found = kernel.find(
                self.text,
                starts,
                ends,
                values,
                self.sentences,
                meanings.single,
                meanings.alone,
                meanings.met,
                meanings.words,
                meanings.phrases,
                meanings.phrases.table,
                meanings.filter,
                self._aside,
                self.without_edges,
                table.short_katakana,
                self.inside_katakana,
            )
        if names:
            names = self._of_plain(names)
            self._found = kernel.merge(self._found, names) if self._found else names

    def _of_plain(self, names: bytes) -> bytes:
        """Those of the names that are hits: sentences put aside since they were found have chunks of which nobody knows how many words
        they are."""
        if not self._aside:
            return names
        kept = (hit for hit in struct.iter_unpack("6q", names) if hit[0] not in self._aside)
        return array("q", chain.from_iterable(kept)).tobytes()

    def _others_at_once(self) -> bool:
        """Add the hits of masks and cues in sentences with hits; whether there were any."""
        packed = self._packed
        if packed is None or not packed.bits & OTHER or not self.hits:
            return False
        worth = self._near()
        added = False
        for number in sorted({hit.sentence for hits in self.hits.values() for hit in hits} - self._aside):
            start, end, _, _ = self.sentences[number]
            low = bisect_left(worth.starts, start)
            high = bisect_left(worth.starts, end, low)
            mentions = self._others(low, high, worth.told, worth)
            if mentions is None:
                self._plainly(number)
            elif mentions:
                self._add_hits(number, low, worth.words(low, high), mentions, worth)
            added = added or mentions != []
        return added

    # ------------------------------------------------------------------ all sentences at once
    def __bool__(self) -> bool:
        """Whether any sentence is worth looking at."""
        return bool(self._found or self._aside or self._mentions or self._hits)

    @property
    def hits(self) -> dict[int, list[Found]]:
        if self._hits is None:
            self._hits = kernel.found(self._found, Found) if self._found else {}
        return self._hits

    @property
    def found(self) -> bytes | None:
        """All hits that are asked for, as ``kernel.find`` tells them; None where they are not all found that way."""
        return None if self._packed is None or self._aside else self._found

    def glance(self) -> Mapping[int, Sequence[Found]] | None:
        """The hits asked for that the text may hold, by pattern; never fewer than ``collect`` finds. Of hits that are not found yet
        only sentence and pattern are told.

        None where a sentence has to be gone through word by word before anything can be said.
        """
        if self._aside:
            return None
        if not self._mentions:
            return self.hits
        found: dict[int, list[Found]] = defaultdict(list)
        for number, mentions in self._mentions.items():
            for _, _, pattern in mentions:
                found[pattern].append(made(Found, (number, 0, 0, pattern, 0, 0)))
        return found

    def collect(self) -> Scanned:
        """Find the hits of the sentences worth looking at, those of masks and cues in them too. Where that adds anything to those
        that were there, ``hits`` is another dictionary than before."""
        if self._collected:
            return self
        self._collected = True
        aside, worth = set(self._aside), self._worth
        if worth is not None:
            worth.look_closer()
            for number, mentions in self._mentions.items():
                if mentions and number not in aside and not self._plain(number, mentions, worth):
                    aside.add(number)
        for number in sorted(aside):
            self._plainly(number)
        if self._others_at_once() or aside or (worth is not None and worth.others):
            self._hits = {pattern: sorted(set(hits)) if len(hits) > 1 else hits for pattern, hits in self.hits.items()}
        return self

    def _plain(self, number: int, mentions: Sequence[Mention], worth: Worth) -> bool:
        """Add the hits of a sentence that has these mentions; False where a chunk reaches into it or out of it."""
        start, end, _, _ = self.sentences[number]
        starts, place = worth.starts, mentions[0][0]
        low = bisect_left(starts, start, 0, place)
        if low and worth.ends[low - 1] > start:
            return False
        words = None
        if worth.odd or worth.others:
            high = bisect_left(starts, end, place)
            if worth.ends[high - 1] > end:
                return False
            words = worth.words(low, high)
            known = {first for first, last, _ in mentions if last == first + 1}
            others = self._others(low, high, known.__contains__, worth)
            if others is None:
                return False
            mentions = [*mentions, *others]
        self._add_hits(number, low, words, mentions, worth)
        return True

    def _others(self, low: int, high: int, told: Callable[[int], bool], worth: Worth) -> list[Mention] | None:
        """The masks and cues in a sentence of the chunks ``[low, high)``; ``told`` says of which places the words are told already.
        None where one may be, or begin or end, within a chunk of several words."""
        found: list[Mention] = []
        meanings, anchored = self.table.meanings, self.table.anchored
        for place in worth.others_within(low, high):
            value = worth.values[place]
            if value & ODD:
                return None
            here = value >> CLASS
            single = meanings.single[here]
            if single and not told(place):
                found += [(place, place + 1, pattern) for pattern in single]
            for slot in meanings.anchors[here]:
                phrases = worth.anchored_at(place, low, high, anchored[slot])
                if phrases is None:
                    return None
                # Those that are asked for are found by their pairs.
                found += [phrase for phrase in phrases if phrase[2] not in self.table.asked_for]
        return found

    def _add_hits(self, number: int, low: int, words: list[int] | None, mentions: Iterable[Mention], worth: Worth) -> None:
        """Add the hits of a sentence whose first chunk is ``low``, given the number of each chunk's first word in it."""
        hits, starts, ends, values, doubtful = self.hits, worth.starts, worth.ends, worth.values, self.table.short_katakana
        for first, last, pattern in mentions:
            start, end = starts[first], ends[last - 1]
            if (values[first] | values[last - 1]) & EDGED:
                start, end = self.without_edges(start, starts[last - 1])
            at = first - low if words is None else words[first - low]
            hit = made(Found, (number, at, at + last - first, pattern, start, end))
            if pattern in hits or pattern in doubtful:
                self.keep(hit)
            else:
                hits[pattern] = [hit]

    def without_edges(self, first: int, last: int) -> tuple[int, int]:
        """From the word in the chunk that begins at ``first`` to the one in the chunk that begins at ``last``."""
        one, two = self.pattern.search(self.text, first), self.pattern.search(self.text, last)
        return one.start(), two.end()  # type: ignore[union-attr] # each of these chunks holds a word

    def keep(self, hit: Found) -> None:
        if hit.pattern in self.table.short_katakana and self.inside_katakana(hit.start, hit.end):
            return
        known = self.hits.setdefault(hit.pattern, [])
        if not known or known[-1] != hit:
            known.append(hit)

    def inside_katakana(self, start: int, end: int) -> bool:
        """Whether a short word of katakana is a piece of a longer one: テロ in ステロイド."""
        before, after = self.text[start - 1 : start], self.text[end : end + 1]
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
                    rest = (found[after] for after in range(at + 1, len(found)))
                    for pattern, size in table.names.walk(-1 - slot, rest):
                        if table.names.stands(pattern, self.text, self.spans(number)[at : at + size]):
                            self._add(number, at, at + size, pattern)
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
        self.keep(Found(sentence, first, last, pattern, spans[first][0], spans[last - 1][1]))

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

    def word(self, sentence: int, place: int) -> str:
        """One word of a sentence, "" behind the last; the others are not laid out for it where each is a chunk."""
        chunks = self._chunks_of(sentence) if self._packed and sentence not in self._spans else None
        if chunks is None:
            spans = self.spans(sentence)
            return self.text[slice(*spans[place])] if place < len(spans) else ""
        near, at = self._near(), chunks[0] + place
        found = self.pattern.search(self.text, near.starts[at], near.ends[at]) if at < chunks[1] else None
        return found[0] if found else ""

    def _chunks_of(self, sentence: int) -> tuple[int, int] | None:
        """The chunks of a sentence where each of them is one word; None where that cannot be said."""
        chunks = self._chunks.get(sentence, ...)
        if chunks is ...:
            chunks = self._chunks[sentence] = self._near().one_each(*self.sentences[sentence][:2])
        return chunks

    def _near(self) -> PackedWorth:
        if self._worth_near is None:
            assert self._packed is not None
            self._worth_near = PackedWorth(self._packed, self.table.meanings)
        return self._worth_near

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
                if first >= 0 and last <= len(met) and stand(wanted, met[first:last]):
                    yield first, last, pattern


def scan(text: str, layout: Layout, table: Table) -> Scanned:
    """The hits of a text, furniture left out (its sentences are none)."""
    return Scanned(text, layout.sentences, table).collect()
