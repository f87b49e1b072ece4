"""Terms into patterns: a term becomes a run of slots, one a word; a slot is met by some surfaces and not by others.

Patterns, slots and groups are interned: a vocabulary used by a hundred watchlists is compiled and scanned once. What a
slot is met by is decided once a surface (see ``Surfaces``) and remembered.

This room is pure: it must not know files, clocks or where a text came from.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from monitor.match.anchored import Anchored, beside_anchor
from monitor.match.meanings import Meanings
from monitor.match.names import LISTED, Names
from monitor.match.native import COMPILED, kernel
from monitor.match.pairs import Phrase
from monitor.match.stems import HashedStems, PlainStems, Stems
from monitor.model import Entity
from monitor.text.fold import fold
from monitor.text.forms import Attach, Lookup, Mark, Remembered, joined_spelling, noun_by_capital, readings, stems
from monitor.text.letters import fold_word
from monitor.text.native import COMPILED as WORDS_COMPILED
from monitor.text.sieve import Pieces, Sieve, can_begin
from monitor.text.words import words
from monitor.watchlist import Term
from monitor.watchlist.names import NameList

#: Surfaces remembered before the memo starts anew: 7 MB at the worst. Only words of sentences that are gone through one by one.
MEMO_LIMIT: Final = 32_768
#: Names of lists of which the pattern is remembered before the memo starts anew: half a megabyte.
LISTED_LIMIT: Final = 1_000
#: All-capital Latin words of up to this many letters (US, WHO, OFAC) keep their case (DESIGN.md, "Text and language").
CAPITALS_LIMIT: Final = 5
#: In place of the word whose case counts: any word will do that begins with a capital.
_CAPITALISED: Final = ""
_CAPITALS: Final = re.compile(rf"[A-ZÀ-ÖØ-Þ]{{2,{CAPITALS_LIMIT}}}")
_SHORT_KATAKANA: Final = re.compile(r"[\u30a1-\u30fa\u30fc]{1,3}")
#: Letters of which every run is one word, and blanks between: what most terms are.
_PLAIN_LETTERS: Final = (
    "[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017e\u0401-\u044f\u0451-\u045f\u05d0-\u05ea\u0621-\u063a\u0641-\u064a\uac00-\ud7a3]+"
)
_PLAIN: Final = re.compile(f"{_PLAIN_LETTERS}(?: {_PLAIN_LETTERS})*")
_BEYOND_LATIN: Final = "\u0370"
_OTHER_LETTERS: Final = re.compile(f"[{_BEYOND_LATIN}-\u1dff\u2c00-\U0010ffff]+")
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


class Table:
    """All patterns of one generation, and the memo of surfaces met so far."""

    def __init__(self, lookup: Lookup, remembered: Remembered | None = None, *, native: bool = True) -> None:
        """``native``: texts are read by the loop in C where there is one."""
        self.lookup = lookup
        self.remembered = remembered
        self.native = native and COMPILED
        self.patterns: list[Pattern] = []
        self.single: dict[int, tuple[int, ...]] = {}
        self.anchored = Anchored(self._phrase)
        self.names = Names()
        self.surfaces = Surfaces(self)
        #: Slots of the terms that queries ask for; masks and stance cues matter only where one of these is met.
        self.asked: set[int] = set()
        #: Slots of the others: those of single words, and those that their phrases are anchored at.
        self.others: set[int] = set()
        #: Phrases that queries ask for, by the slots of the two words each is looked for by: (pattern, place of the first of
        #: the two in it, its slots). And those slots: all, what comes after each, and what comes before.
        self.phrases: dict[tuple[int, int], tuple[Phrase, ...]] = {}
        self.of_phrases: set[int] = set()
        self.after: dict[int, tuple[int, ...]] = {}
        self.before: dict[int, tuple[int, ...]] = {}
        #: Patterns that are words of katakana too short to be told from a piece of a longer one by anything but their edges.
        self.short_katakana: set[int] = set()
        self.asked_for: set[int] = set()
        # Pattern -> the place of its anchor, where it is a phrase.
        self._anchors = array("I")
        # Pattern of a phrase -> the slot of the same phrase written as one word.
        self._joined: dict[int, tuple[int, ...]] = {}
        self._pattern_ids: dict[tuple[str, str, Mark, Entity | None, bool], int] = {}
        self._slot_ids: dict[tuple[str, str, Mark, bool, bool], int] = {}
        self._stems: Stems = HashedStems() if self.native else PlainStems()
        # Slot -> the word whose case counts.
        self._cased: dict[int, str] = {}
        # The patterns of names of lists that were asked for.
        self._listed: dict[int, Pattern] = {}
        self._wildcards: list[tuple[tuple[str, ...], int]] = []
        self._prefixes: dict[str, list[int]] = {}
        self._prefix_lengths: tuple[int, ...] = ()
        # The beginnings of all prefixes, each as long as the shortest: few words of a text begin so.
        self._prefix_heads: frozenset[str] = frozenset()
        #: What tells most words that meet nothing, where it can; and what it is made of, until it is.
        self.sieve: Sieve | None = None
        self._pieces = Pieces() if self.native and WORDS_COMPILED else None
        self.meanings = Meanings(self, *((kernel.put, kernel.pass_over) if self.native else ()))

    # ------------------------------------------------------------------ building
    def ask(self, term: Term, *, quoted: bool = False) -> int:
        """The pattern of a term that a query asks for; of one that it quotes it has the forms of a language, and is of none."""
        number = self.add(term, quoted=quoted)
        if number in self.asked_for:
            return number
        self.asked_for.add(number)
        slots = self.patterns[number].slots
        if len(slots) == 1:
            self.asked.add(slots[0])
        elif slots:
            # A phrase is looked for by two of its words, the anchor and the one beside it.
            _, anchor = self._phrase(number)
            at = min(anchor, anchor + beside_anchor(anchor, len(slots)))
            one, two = slots[at], slots[at + 1]
            if (one, two) not in self.phrases:
                _append(self.after, one, two)
                _append(self.before, two, one)
            self.phrases[one, two] = (*self.phrases.get((one, two), ()), (number, at, slots))
            self.of_phrases.update((one, two))
        self.asked.update(self._joined.get(number, ()))
        return number

    def ask_list(self, names: NameList) -> range:
        """The patterns of a list of names, the same ones for the same list."""
        return self.names.add_list(names)

    def add(self, term: Term, *, quoted: bool = False) -> int:
        """The pattern of a term, the same one for equal terms."""
        key = (term.text, term.language, term.mark, term.entity, quoted)
        known = self._pattern_ids.get(key)
        if known is not None:
            return known
        number = len(self.patterns)
        self._pattern_ids[key] = number
        parts = split_term(term.text) if term.mark is not Mark.NAME else []
        anchor = _anchor(parts) if len(parts) > 1 else 0
        self._anchors.append(anchor)
        pattern = Pattern(number, term.text, ANY if quoted else term.language, self._slots(parts, term), term.entity)
        self.patterns.append(pattern)
        if _SHORT_KATAKANA.fullmatch(term.text):
            self.short_katakana.add(number)
        if term.mark is Mark.NAME:
            self.names.add(term.text, number)
        elif len(pattern.slots) == 1:
            _append(self.single, pattern.slots[0], number)
        else:
            self.anchored.add(pattern.slots[anchor], number)
            self._join(parts, term, number)
        return number

    def _join(self, parts: list[str], term: Term, number: int) -> None:
        """The same phrase written as one word, in languages that write it either way."""
        joined = joined_spelling(parts, term.language, term.mark)
        if joined:
            slot = self._slot(joined, term, True, False)
            self._joined[number] = (slot,)
            _append(self.single, slot, number)

    def seal(self) -> None:
        """Call once after the last ``add``: what needs all names sorted, and what nobody asked for."""
        self.names.seal(native=self.native)
        self._prefix_heads = frozenset(prefix[: self._prefix_lengths[0]] for prefix in self._prefixes)
        single = (slot for slot, numbers in self.single.items() if not self.asked_for.issuperset(numbers))
        anchors = (slot for slot in self.anchored if not self.asked_for.issuperset(self.anchored.numbers(slot)))
        self.others.update(single, anchors)
        # What equal terms were told by is needed no more, and is some megabytes in every worker.
        for used_up in (self._pattern_ids, self._slot_ids, self._joined):
            used_up.clear()
        self.sieve, self._pieces = self._sieve(), None
        self.meanings = Meanings(self, *((kernel.put, kernel.pass_over) if self.native else ()))

    def _sieve(self) -> Sieve | None:
        """None where it would hold back too much or cannot be asked."""
        beginnings = [*self._prefixes, *(parts[0] for parts, _ in self._wildcards)]
        if self._pieces is None or not all(map(can_begin, beginnings)):
            return None
        return Sieve(self._pieces, beginnings, self.names.onward.filter if self.names.onward else None)

    def pattern(self, number: int) -> Pattern:
        if number < LISTED:
            return self.patterns[number]
        known = self._listed.get(number)
        if known is None:
            if len(self._listed) >= LISTED_LIMIT:
                self._listed.clear()
            names = self.names
            known = self._listed[number] = Pattern(number, names.spelling(number), names.language(number), (), names.entity(number))
        return known

    def _slots(self, parts: list[str], term: Term) -> tuple[int, ...]:
        if len(parts) == 1:
            return (self._slot(parts[0], term, True, False),)
        # ARMS DEAL is a term written in capitals, not two acronyms; "US sanctions" keeps its US.
        shouted = any(map(str.isupper, parts)) and sum(map(len, parts)) > CAPITALS_LIMIT and all(p.isupper() for p in parts if p.isalpha())
        return tuple([self._slot(part, term, index == 0, shouted) for index, part in enumerate(parts)])

    def _phrase(self, number: int) -> tuple[tuple[int, ...], int]:
        """The slots of a phrase, and the place of its anchor among them."""
        return self.patterns[number].slots, self._anchors[number]

    def _slot(self, word: str, term: Term, first: bool, shouted: bool) -> int:
        capital = not shouted and word.isupper() and _CAPITALS.fullmatch(word) is not None
        key = (word, term.language, term.mark, first, capital)
        known = self._slot_ids.get(key)
        if known is not None:
            return known
        slot = self._slot_ids[key] = len(self._slot_ids)
        if "*" in word:
            self._wildcard([fold(part) for part in word.split("*")], slot)
            return slot
        cased = word if capital or term.mark is Mark.EXACT else _CAPITALISED if noun_by_capital(word, term.language) else None
        found = stems(word, term.language, term.mark, first=first, lookup=self.lookup, remembered=self.remembered)
        if capital and term.mark is Mark.ANY_FORM:
            # No dictionary has UAVs or ICBMs.
            found += ((fold(word) + "s", found[0][1]),)
        if cased is not None:
            self._cased[slot] = cased
        self._stems.add(found, slot)
        if self._pieces is not None:
            self._pieces.add(found)
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
        folded = fold_word(surface)
        out: dict[int, None] = {}
        possible = readings(folded, self._stems)
        for stem, bits in possible:
            for allows, slot in self._stems.of(stem):
                if not bits & ~allows and (slot not in self._cased or _same_case(surface, self._cased[slot])):
                    out[slot] = None
        if self._prefixes or self._wildcards:
            shortest = self._prefix_lengths[0] if self._prefix_lengths else 0
            for stem, bits in possible:
                if (self._wildcards or stem[:shortest] in self._prefix_heads) and not bits & ~_WILDCARD_BEFORE:
                    out.update(dict.fromkeys(self._wild(stem)))
        if not self.names:
            return tuple(out)
        return (*out, *(-1 - start for start in self.names.opens(surface, folded, possible)))


def _append(some: dict[int, tuple[int, ...]], key: int, number: int) -> None:
    """Nearly all of these hold one number, for which a list takes twice the memory."""
    some[key] = (*some.get(key, ()), number)


def _anchor(parts: Sequence[str]) -> int:
    """The word to look for first: the longest, which is as good a guess at the rarest as any without a corpus."""
    lengths = list(map(len, parts))
    return lengths.index(max(lengths))


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
    """Whether a surface is the word as written, aside from a suffix after an apostrophe, a plural s (UAVs), and what other
    scripts attach (EU의, وNATO)."""
    if cased == _CAPITALISED:
        return surface[:1].isupper()
    plain = unicodedata.normalize("NFKC", surface)
    if plain == cased:
        return True
    if cased[0] < _BEYOND_LATIN:
        plain = _OTHER_LETTERS.sub("", plain)
    for apostrophe in _APOSTROPHES:
        plain = plain.partition(apostrophe)[0]
    return plain in (cased, cased + "s") if cased.isupper() else plain == cased


def split_term(text: str) -> list[str]:
    """The words of a term as the text's words would be split, a ``*`` kept with its word."""
    if _PLAIN.fullmatch(text):
        return text.split(" ")
    if "*" not in text:
        return [text[span.start : span.end] for span in words(text)]
    out: list[str] = []
    for chunk in re.split(r"[\s\-]+", text):
        if "*" in chunk:
            out.append(chunk)
        else:
            out.extend(chunk[span.start : span.end] for span in words(chunk))
    return out
