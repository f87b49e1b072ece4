"""Terms into patterns: a term becomes a run of slots, one a word; a slot is met by some surfaces and not by others.

Patterns, slots and groups are interned: a vocabulary used by a hundred watchlists is compiled and scanned once. What a
slot is met by is decided once a surface (see ``Surfaces``) and remembered.

This room is pure: it must not know files, clocks or where a text came from.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from monitor.match.names import LISTED, Names
from monitor.model import Entity
from monitor.text.fold import fold
from monitor.text.forms import Attach, Lookup, Mark, Remembered, joined_spelling, noun_by_capital, readings, stems
from monitor.text.words import WORD, words
from monitor.watchlist import Term
from monitor.watchlist.names import NameList

#: Surfaces remembered before the memo starts anew: some 40 MB at the worst, and a vocabulary no day of news exceeds by much.
MEMO_LIMIT: Final = 200_000
#: All-capital Latin words of up to this many letters (US, WHO, OFAC) keep their case (DESIGN.md, "Text and language").
CAPITALS_LIMIT: Final = 5
#: In place of the word whose case counts: any word will do that begins with a capital.
_CAPITALISED: Final = ""
_CAPITALS: Final = re.compile(rf"[A-ZÀ-ÖØ-Þ]{{2,{CAPITALS_LIMIT}}}")
_APOSTROPHES: Final = "'’ʼ‘＇"

ANY: Final = "any"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A term ready to be found. ``slots`` is empty for a name, which is found by its key."""

    id: int
    term: str
    language: str
    slots: tuple[int, ...]
    entity: Entity | None


@dataclass(frozen=True, slots=True)
class Asked:
    """The patterns that a leaf of a query asks for: by themselves, and whole lists of names."""

    numbers: frozenset[int]
    lists: tuple[range, ...] = ()

    def among(self, hits: Mapping[int, object]) -> list[int]:
        """Those that were hit. Costs no more than the hits, however many are asked for."""
        found = list(self.numbers.intersection(hits))
        if self.lists:
            found += (number for number in hits if number >= LISTED and any(number in numbers for numbers in self.lists))
        return sorted(found)


class Surfaces(dict[str, tuple[int, ...]]):
    """Memo: raw surface -> slots it meets. A number below zero begins a name: ``-1 - index`` into the starts of ``Names``."""

    def __init__(self, table: Table) -> None:
        super().__init__()
        self.table = table

    def __missing__(self, surface: str) -> tuple[int, ...]:
        if len(self) >= MEMO_LIMIT:
            self.clear()
        found = self[surface] = self.table.meet(surface)
        return found


#: A longer run without a blank is an address or a script without blanks: looked at, not remembered.
_CHUNK_LIMIT: Final = 40


#: What a chunk may be to a query: nothing, worth looking at, the beginning of a name of several words, one of the two words
#: that a phrase is looked for by, or (beside such a one) no word at all.
_LOOK: Final = 1
_BEGINS: Final = 2
_PHRASE: Final = 3
_GAP: Final = 4
#: Chunks in which the longest name ends, a few without a word among them.
_NAMED: Final = 16


class Chunks(dict[str, int]):
    """Memo: what stands between two blanks -> what it may be to a query. Without names it is worth looking at or nothing."""

    def __init__(self, table: Table) -> None:
        super().__init__()
        self.table = table
        #: For a chunk that begins a name: the ways its last word does.
        self._begun: dict[str, tuple[int, ...]] = {}
        # Such a chunk and the next -> whether a name goes on.
        self._pairs: dict[tuple[str, str], bool] = {}
        # Two chunks of phrases side by side -> whether a phrase has them so.
        self._phrases: dict[tuple[str, str], bool] = {}

    def __missing__(self, chunk: str) -> int:
        if len(chunk) > _CHUNK_LIMIT:
            return _LOOK
        if len(self) >= MEMO_LIMIT:
            self.clear()
            self._begun.clear()
        found = self[chunk] = self._code(chunk, WORD.findall(chunk))
        return found

    def _code(self, chunk: str, words: list[str]) -> int:
        met, asked, names = [self.table.surfaces[word] for word in words], self.table.asked, self.table.names
        if any(slot in asked for slots in met for slot in slots):
            return _LOOK
        if any(slot in self.table.of_phrases for slots in met for slot in slots):
            # Of several words in one chunk (dual-use), or among names: looked at rather than reasoned about.
            return _PHRASE if len(words) == 1 and not names else _LOOK
        if not names or not words:
            return 0 if words or names else _GAP
        starts = [tuple(-1 - slot for slot in slots if slot < 0) for slots in met]
        if any(map(names.whole, chain.from_iterable(starts))):
            return _LOOK
        if any(names.goes_on(start, word) for each, word in zip(starts, words[1:], strict=False) for start in each):
            return _LOOK
        if not starts[-1]:
            return 0
        self._begun[chunk] = starts[-1]
        return _BEGINS

    def holds(self, chunks: list[str]) -> bool:
        """Whether a sentence in these chunks is worth looking at, where there are no names: one of them is, or two make a phrase."""
        codes = bytes(map(self.__getitem__, chunks))
        if _LOOK in codes:
            return True
        at = codes.find(_PHRASE, 0, -1)
        while at >= 0:
            after = codes[at + 1]
            if after == _GAP:
                return True
            if after == _PHRASE:
                pair = chunks[at], chunks[at + 1]
                known = self._phrases.get(pair)
                if self._phrase(*pair) if known is None else known:
                    return True
            at = codes.find(_PHRASE, at + 1, -1)
        return False

    def _phrase(self, before: str, after: str) -> bool:
        if len(self._phrases) >= MEMO_LIMIT:
            self._phrases.clear()
        one, two = (self.table.surfaces[WORD.findall(chunk)[0]] for chunk in (before, after))
        found = self._phrases[before, after] = any((a, b) in self.table.pairs for a in one for b in two)
        return found

    def worth(self, chunks: list[str]) -> bool:
        """Whether a sentence in these chunks is worth looking at, where there are names: one of them is, or they hold a name."""
        codes = bytes(map(self.__getitem__, chunks))
        if _LOOK in codes:
            return True
        # No name of several words begins in the last one.
        at = codes.find(_BEGINS, 0, -1)
        while at >= 0:
            pair = chunks[at], chunks[at + 1]
            known = self._pairs.get(pair)
            if (self._meet(*pair) if known is None else known) and self._named(chunks[at : at + _NAMED]):
                return True
            at = codes.find(_BEGINS, at + 1, -1)
        return False

    def _meet(self, before: str, after: str) -> bool:
        """Whether a name may begin in one chunk and go on in the next."""
        if len(self._pairs) >= MEMO_LIMIT:
            self._pairs.clear()
        word = WORD.search(after)
        starts = self._begun.get(before)
        # A chunk without a word (a dash, a bracket) is no end of a name; and the memo may have begun anew.
        found = word is None or starts is None or any(self.table.names.goes_on(start, word[0]) for start in starts)
        self._pairs[before, after] = found
        return found

    def _named(self, chunks: list[str]) -> bool:
        """Whether a name begins with the last word of the first chunk and ends in one of the others."""
        words = [WORD.findall(chunk) for chunk in chunks]
        first = len(words[0]) - 1
        ahead = [word for each in words for word in each]
        starts = self._begun.get(chunks[0])
        return starts is None or any(next(self.table.names.walk(ahead, first, start), None) is not None for start in starts)


class Table:
    """All patterns of one generation, and the memo of surfaces met so far."""

    def __init__(self, lookup: Lookup, remembered: Remembered | None = None) -> None:
        self.lookup = lookup
        self.remembered = remembered
        self.patterns: list[Pattern] = []
        self.single: dict[int, list[int]] = {}
        # Slot of a phrase's anchor -> before (-1) or behind (1) -> slot there -> (pattern, anchor's place, slots)
        self.anchored: dict[int, dict[int, dict[int, list[tuple[int, int, tuple[int, ...]]]]]] = {}
        self.names = Names()
        self.surfaces = Surfaces(self)
        self.chunks = Chunks(self)
        #: Slots of the terms that queries ask for; masks and stance cues matter only where one of these is met.
        self.asked: set[int] = set()
        #: Of phrases that queries ask for: the slots of the two words each is looked for by, singly and in their order.
        self.of_phrases: set[int] = set()
        self.pairs: set[tuple[int, int]] = set()
        # Pattern of a phrase -> the slot of the same phrase written as one word.
        self._joined: dict[int, tuple[int, ...]] = {}
        # Phrase -> where the first of the two words stands that it is looked for by.
        self._anchors: dict[int, int] = {}
        self._pattern_ids: dict[tuple[str, str, Mark, Entity | None], int] = {}
        self._slot_ids: dict[tuple[str, str, Mark, bool, bool], int] = {}
        # stem -> (attachments allowed, slot, word whose case counts or None), …
        self._stems: dict[str, tuple[tuple[int, int, str | None], ...]] = {}
        self._wildcards: list[tuple[tuple[str, ...], int]] = []
        self._prefixes: dict[str, list[int]] = {}
        self._prefix_lengths: tuple[int, ...] = ()

    # ------------------------------------------------------------------ building
    def ask(self, term: Term) -> int:
        """The pattern of a term that a query asks for."""
        number = self.add(term)
        slots = self.patterns[number].slots
        if len(slots) == 1:
            self.asked.add(slots[0])
        elif slots:
            # A phrase is looked for by two of its words, the anchor and the one beside it.
            at = self._anchors[number]
            self.pairs.add((slots[at], slots[at + 1]))
            self.of_phrases.update((slots[at], slots[at + 1]))
        self.asked.update(self._joined.get(number, ()))
        return number

    def ask_list(self, names: NameList) -> range:
        """The patterns of a list of names, the same ones for the same list."""
        return self.names.add_list(names)

    def add(self, term: Term) -> int:
        """The pattern of a term, the same one for equal terms."""
        key = (term.text, term.language, term.mark, term.entity)
        known = self._pattern_ids.get(key)
        if known is not None:
            return known
        number = len(self.patterns)
        self._pattern_ids[key] = number
        parts = split_term(term.text) if term.mark is not Mark.NAME else []
        pattern = Pattern(number, term.text, term.language, self._slots(parts, term), term.entity)
        self.patterns.append(pattern)
        if term.mark is Mark.NAME:
            self.names.add(term.text, number)
        elif len(pattern.slots) == 1:
            self.single.setdefault(pattern.slots[0], []).append(number)
        else:
            anchor = self._anchor(parts)
            # The word beside the anchor decides at once whether the rest is worth comparing.
            beside = 1 if anchor + 1 < len(pattern.slots) else -1
            self._anchors[number] = min(anchor, anchor + beside)
            by_beside = self.anchored.setdefault(pattern.slots[anchor], {}).setdefault(beside, {})
            by_beside.setdefault(pattern.slots[anchor + beside], []).append((number, anchor, pattern.slots))
            self._join(parts, term, number)
        return number

    def _join(self, parts: list[str], term: Term, number: int) -> None:
        """The same phrase written as one word, in languages that write it either way."""
        joined = joined_spelling(parts, term.language, term.mark)
        if joined:
            slot = self._slot(joined, term, True, False)
            self._joined[number] = (slot,)
            self.single.setdefault(slot, []).append(number)

    def seal(self) -> None:
        """Call once after the last ``add``: what needs all names sorted."""
        self.names.seal()

    def pattern(self, number: int) -> Pattern:
        if number < LISTED:
            return self.patterns[number]
        return Pattern(number, self.names.spelling(number), self.names.language(number), (), self.names.entity(number))

    def _slots(self, parts: list[str], term: Term) -> tuple[int, ...]:
        # ARMS DEAL is a term written in capitals, not two acronyms; "US sanctions" keeps its US.
        shouted = len(parts) > 1 and sum(map(len, parts)) > CAPITALS_LIMIT and all(p.isupper() for p in parts if p.isalpha())
        return tuple(self._slot(part, term, index == 0, shouted) for index, part in enumerate(parts))

    def _anchor(self, parts: list[str]) -> int:
        """The word to look for first: the longest, which is as good a guess at the rarest as any without a corpus."""
        lengths = [len(part) for part in parts]
        return lengths.index(max(lengths))

    def _slot(self, word: str, term: Term, first: bool, shouted: bool) -> int:
        capital = bool(_CAPITALS.fullmatch(word)) and not shouted
        key = (word, term.language, term.mark, first, capital)
        if key in self._slot_ids:
            return self._slot_ids[key]
        slot = self._slot_ids[key] = len(self._slot_ids)
        if "*" in word:
            self._wildcard([fold(part) for part in word.split("*")], slot)
            return slot
        cased = word if capital or term.mark is Mark.EXACT else _CAPITALISED if noun_by_capital(word, term.language) else None
        found = stems(word, term.language, term.mark, first=first, lookup=self.lookup, remembered=self.remembered)
        if capital and term.mark is Mark.ANY_FORM:
            # No dictionary has UAVs or ICBMs.
            found += ((fold(word) + "s", found[0][1]),)
        # Most stems are one term's alone, and share one entry with its other stems: a hundred terms make thousands of them.
        alone = {allows: ((allows, slot, cased),) for _, allows in found}
        for text, allows in found:
            own = alone[allows]
            known = self._stems.setdefault(text, own)
            if known is not own:
                self._stems[text] = known + own
        return slot

    def _wildcard(self, parts: list[str], slot: int) -> None:
        """``gunrun*``, as most are, is a look-up of a word's beginning; any other place of the star needs an expression."""
        if len(parts) == 2 and not parts[1]:
            self._prefixes.setdefault(parts[0], []).append(slot)
            self._prefix_lengths = tuple(sorted({*self._prefix_lengths, len(parts[0])}))
        else:
            self._wildcards.append((tuple(parts), slot))

    def _wild(self, stem: str) -> Iterator[int]:
        for length in self._prefix_lengths:
            if length > len(stem):
                break
            yield from self._prefixes.get(stem[:length], ())
        for parts, slot in self._wildcards:
            if _fits(stem, parts):
                yield slot

    # ------------------------------------------------------------------ meeting a surface
    def meet(self, surface: str) -> tuple[int, ...]:
        """The slots this raw surface word meets, and the starts of names it may be."""
        folded = fold(surface)
        out: dict[int, None] = {}
        possible = readings(folded, self._stems)
        for reading in possible:
            for allows, slot, cased in self._stems.get(reading.stem, ()):
                if not reading.bits & ~allows and (cased is None or _same_case(surface, cased)):
                    out[slot] = None
        if self._prefixes or self._wildcards:
            for reading in possible:
                if not reading.bits & ~_WILDCARD_BEFORE:
                    out.update(dict.fromkeys(self._wild(reading.stem)))
        if not self.names:
            return tuple(out)
        return (*out, *(-1 - start for start in self.names.opens(surface, folded, possible)))


_WILDCARD_BEFORE: Final = (Attach.CONJ | Attach.PREP | Attach.ARTICLE | Attach.HEBREW).value


def _fits(stem: str, parts: Sequence[str]) -> bool:
    """Whether the parts stand in the stem in order, the first at its beginning and the last at its end: linear, however many stars."""
    first, *middle, last = parts
    if not stem.startswith(first):
        return False
    at = len(first)
    for part in middle:
        found = stem.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(stem) - len(last) >= at and stem.endswith(last)


def _same_case(surface: str, cased: str) -> bool:
    """Whether a surface is the word as written, a suffix after an apostrophe or a plural s (UAVs) aside."""
    if cased == _CAPITALISED:
        return surface[:1].isupper()
    plain = unicodedata.normalize("NFKC", surface)
    if plain == cased:
        return True
    for apostrophe in _APOSTROPHES:
        plain = plain.partition(apostrophe)[0]
    return plain in (cased, cased + "s") if cased.isupper() else plain == cased


def split_term(text: str) -> list[str]:
    """The words of a term as the text's words would be split, a ``*`` kept with its word."""
    if "*" not in text:
        return [text[span.start : span.end] for span in words(text)]
    out: list[str] = []
    for chunk in re.split(r"[\s\-]+", text):
        if "*" in chunk:
            out.append(chunk)
        else:
            out.extend(chunk[span.start : span.end] for span in words(chunk))
    return out
