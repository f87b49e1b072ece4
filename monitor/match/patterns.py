"""Terms into patterns: a term becomes a run of slots, one a word; a slot is met by some surfaces and not by others.

Patterns, slots and groups are interned: a vocabulary used by a hundred watchlists is compiled and scanned once. What a
slot is met by is decided once a surface (see ``Surfaces``) and remembered.

This room is pure: it must not know files, clocks or where a text came from.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from monitor.model import Entity
from monitor.text.fold import fold
from monitor.text.forms import Attach, Lookup, Mark, Remembered, readings, stems
from monitor.text.words import WORD, words
from monitor.watchlist import Term

#: Surfaces remembered before the memo starts anew: some 40 MB at the worst, and a vocabulary no day of news exceeds by much.
MEMO_LIMIT: Final = 200_000
#: All-capital Latin words of up to this many letters (US, WHO, OFAC) keep their case (DESIGN.md, "Text and language").
CAPITALS_LIMIT: Final = 5
_CAPITALS: Final = re.compile(rf"[A-ZÀ-ÖØ-Þ]{{2,{CAPITALS_LIMIT}}}")
_APOSTROPHES: Final = "'’ʼ‘＇"
#: Letters one foreign sound is written with in Arabic script (بيونغ, بيونج, بيونق).
_NAME_LETTERS: Final = str.maketrans({"غ": "ج", "ق": "ج", "'": None, '"': None, "-": None, " ": None})
#: Attachments a name's first word may have in Arabic script.
_BEFORE_NAME: Final = Attach.CONJ | Attach.PREP

ANY: Final = "any"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A term ready to be found. ``slots`` is empty for a name, which is found by its key."""

    id: int
    term: str
    language: str
    slots: tuple[int, ...]
    entity: Entity | None


def name_key(folded: str) -> str:
    """The key under which two spellings of a name are one: no blanks, hyphens or apostrophes, and غ, ق as ج."""
    return folded.translate(_NAME_LETTERS)


class Surfaces(dict[str, tuple[int, ...]]):
    """Memo: raw surface -> slots it meets. A number below zero is the start of a name: ``-1 - index`` into ``prefixes``."""

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


class Chunks(dict[str, bool]):
    """Memo: what stands between two blanks -> whether a word in it meets a slot that a query asks for."""

    def __init__(self, table: Table) -> None:
        super().__init__()
        self.table = table

    def __missing__(self, chunk: str) -> bool:
        if len(chunk) > _CHUNK_LIMIT:
            return True
        if len(self) >= MEMO_LIMIT:
            self.clear()
        surfaces, asked = self.table.surfaces, self.table.asked
        found = self[chunk] = any(slot < 0 or slot in asked for word in WORD.findall(chunk) for slot in surfaces[word])
        return found


class Table:
    """All patterns of one generation, and the memo of surfaces met so far."""

    def __init__(self, lookup: Lookup, remembered: Remembered | None = None) -> None:
        self.lookup = lookup
        self.remembered = remembered
        self.patterns: list[Pattern] = []
        self.single: dict[int, list[int]] = {}
        self.anchored: dict[int, list[tuple[int, int, tuple[int, ...]]]] = {}
        self.names: dict[str, list[int]] = {}
        self.name_keys: list[str] = []
        self.prefixes: list[str] = []
        self.surfaces = Surfaces(self)
        self.chunks = Chunks(self)
        #: Slots of the terms that queries ask for; masks and stance cues matter only where one of these is met.
        self.asked: set[int] = set()
        self._pattern_ids: dict[tuple[str, str, Mark, Entity | None], int] = {}
        self._slot_ids: dict[tuple[str, str, Mark, bool, bool], int] = {}
        # stem -> (attachments allowed, slot, word whose case counts or None), …
        self._stems: dict[str, tuple[tuple[int, int, str | None], ...]] = {}
        self._wildcards: list[tuple[re.Pattern[str], int]] = []
        self._prefix_ids: dict[str, int] = {}

    # ------------------------------------------------------------------ building
    def ask(self, term: Term) -> int:
        """The pattern of a term that a query asks for."""
        number = self.add(term)
        self.asked.update(self.patterns[number].slots)
        return number

    def add(self, term: Term) -> int:
        """The pattern of a term, the same one for equal terms."""
        key = (term.text, term.language, term.mark, term.entity)
        known = self._pattern_ids.get(key)
        if known is not None:
            return known
        number = len(self.patterns)
        self._pattern_ids[key] = number
        pattern = Pattern(number, term.text, term.language, self._slots(term), term.entity)
        self.patterns.append(pattern)
        if term.mark is Mark.NAME:
            self.names.setdefault(name_key(fold("".join(split_term(term.text)))), []).append(number)
        elif len(pattern.slots) == 1:
            self.single.setdefault(pattern.slots[0], []).append(number)
        else:
            anchor = self._anchor(term.text)
            self.anchored.setdefault(pattern.slots[anchor], []).append((number, anchor, pattern.slots))
        return number

    def seal(self) -> None:
        """Call once after the last ``add``: what needs all names sorted."""
        self.name_keys = sorted(self.names)

    def _slots(self, term: Term) -> tuple[int, ...]:
        if term.mark is Mark.NAME:
            return ()
        parts = split_term(term.text)
        # ARMS DEAL is a term written in capitals, not two acronyms; "US sanctions" keeps its US.
        shouted = len(parts) > 1 and sum(map(len, parts)) > CAPITALS_LIMIT and all(p.isupper() for p in parts if p.isalpha())
        return tuple(self._slot(part, term, index == 0, shouted) for index, part in enumerate(parts))

    def _anchor(self, text: str) -> int:
        """The word to look for first: the longest, which is as good a guess at the rarest as any without a corpus."""
        lengths = [len(part) for part in split_term(text)]
        return lengths.index(max(lengths))

    def _slot(self, word: str, term: Term, first: bool, shouted: bool) -> int:
        capital = bool(_CAPITALS.fullmatch(word)) and not shouted
        key = (word, term.language, term.mark, first, capital)
        if key in self._slot_ids:
            return self._slot_ids[key]
        slot = self._slot_ids[key] = len(self._slot_ids)
        if "*" in word:
            parts = map(re.escape, (fold(part) for part in word.split("*")))
            self._wildcards.append((re.compile("[^ ]*".join(parts)), slot))
            return slot
        cased = word if capital or term.mark is Mark.EXACT else None
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

    # ------------------------------------------------------------------ meeting a surface
    def meet(self, surface: str) -> tuple[int, ...]:
        """The slots this raw surface word meets, and the starts of names it may be."""
        folded = fold(surface)
        out: dict[int, None] = {}
        possible = readings(folded)
        for reading in possible:
            for allows, slot, cased in self._stems.get(reading.stem, ()):
                if not reading.has.value & ~allows and (cased is None or _same_case(surface, cased)):
                    out[slot] = None
        for pattern, slot in self._wildcards:
            if any(pattern.fullmatch(r.stem) for r in possible if not r.has.value & ~_WILDCARD_BEFORE):
                out[slot] = None
        if self.name_keys:
            for reading in possible:
                if not reading.has.value & ~_NAME_BEFORE:
                    self._name_start(name_key(reading.stem), out)
        return tuple(out)

    def _name_start(self, key: str, out: dict[int, None]) -> None:
        if len(key) < 2 or not self.has_name_prefix(key):
            return
        number = self._prefix_ids.get(key)
        if number is None:
            number = self._prefix_ids[key] = len(self.prefixes)
            self.prefixes.append(key)
        out[-1 - number] = None

    def has_name_prefix(self, key: str) -> bool:
        at = bisect_left(self.name_keys, key)
        return at < len(self.name_keys) and self.name_keys[at].startswith(key)


_WILDCARD_BEFORE: Final = (Attach.CONJ | Attach.PREP | Attach.ARTICLE | Attach.HEBREW).value
_NAME_BEFORE: Final = (_BEFORE_NAME | Attach.HEBREW | Attach.APOSTROPHE).value


def _same_case(surface: str, cased: str) -> bool:
    """Whether a surface is the word as written, a suffix after an apostrophe or a plural s (UAVs) aside."""
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


def continuations(surface: str) -> Iterable[str]:
    """The keys a later word of a name may have: all of it, and what stands before an apostrophe (Un's)."""
    folded = fold(surface)
    yield name_key(folded)
    before, apostrophe, _ = folded.partition("'")
    if apostrophe and before:
        yield name_key(before)
