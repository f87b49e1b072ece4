"""Which terms find which: whether every text that one term is found in is one that another is found in as well.

For the warnings of ``monitor check`` about terms that add nothing and terms that a mask always covers. A term's shape is
the forms of each of its words, so that بالسلاح is found by سلاح and gunrunner by gunrun*. Where two terms differ in
something rare (a pronoun that one form may carry and another may not) the answer is no.

Pure: the dictionary comes in as a look-up function.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from monitor.text.fold import fold
from monitor.text.forms import Lookup, Mark, Remembered, noun_by_capital, readings, stems
from monitor.text.names import name_key
from monitor.text.words import words
from monitor.watchlist.model import Term

ANY: Final = "any"
_WITH_STAR: Final = re.compile(r"[\s\-]+")


@dataclass(frozen=True)
class Word:
    """One word of a term: the attachments each of its forms allows by the form, or the pieces between its stars."""

    allowed: Mapping[str, int]
    pieces: tuple[str, ...] = ()

    def finds(self, other: Word) -> bool:
        """Whether whatever meets the other word meets this one."""
        if self.pieces:
            return other.pieces == self.pieces or all(self._fits(text) for text in (other.allowed or (other._least,)))
        if other.pieces:
            return False
        # A word that carries something (بالسلاح) is this one, whatever forms it would have if it were a word of its own.
        written = next(iter(other.allowed))
        carries = any(bits and not bits & ~self.allowed.get(stem, 0) for stem, bits in readings(written, self.allowed))
        return carries or all(self._meets(text, allows) for text, allows in other.allowed.items())

    def _meets(self, text: str, allows: int) -> bool:
        """Whether a form, with all that may be attached to it, is met."""
        found = ((bits, self.allowed.get(stem)) for stem, bits in readings(text, self.allowed))
        return any(known is not None and not (bits | allows) & ~known for bits, known in found)

    def _fits(self, text: str) -> bool:
        """Whether the pieces stand in the text in order, the first at its beginning and the last at its end. As an expression this
        would take longer than anybody lives where a list has enough stars."""
        first, *middle, last = self.pieces
        if not text.startswith(first):
            return False
        at = len(first)
        for piece in middle:
            found = text.find(piece, at)
            if found < 0:
                return False
            at = found + len(piece)
        return len(text) - len(last) >= at and text.endswith(last)

    @cached_property
    def _least(self) -> str:
        """What this pattern fits, with a character in the place of each star that only a star fits."""
        return "\1".join(self.pieces)


@dataclass(frozen=True)
class Shape:
    """A term, its words as written, and what they are looked for as; of a name only its key."""

    term: Term
    written: tuple[str, ...]
    words: tuple[Word, ...]
    key: str = ""

    def finds(self, other: Shape) -> bool:
        """Whether this term is found wherever the other one is, at the same words."""
        return len(self.words) == len(other.words) and self.finds_within(other)

    def finds_within(self, other: Shape) -> bool:
        """Whether this term is found wherever the other one is, at some of its words."""
        if self.term.language not in (other.term.language, ANY):
            return False
        if self.key or other.key:
            return self.key == other.key
        if self._needs_capitals and (self.written != other.written or self.term.mark is Mark.EXACT is not other.term.mark):
            return False
        spare = len(other.words) - len(self.words)
        return any(self._at(other.words[at:]) for at in range(spare + 1))

    def _at(self, others: Sequence[Word]) -> bool:
        return bool(self.words) and all(one.finds(other) for one, other in zip(self.words, others, strict=False))

    @cached_property
    def _needs_capitals(self) -> bool:
        """Whether small letters are not found: abbreviations, German nouns, exact spellings."""
        return self.term.mark is Mark.EXACT or any(part.isupper() or noun_by_capital(part, self.term.language) for part in self.written)


class Shapes:
    """Makes shapes, and compares those of a group. A word is worked out once however many terms, groups, masks and lists have it,
    and a group that several lists use is compared once. ``remembered`` is what is known of forms already."""

    def __init__(self, lookup: Lookup, remembered: Remembered | None = None) -> None:
        self._lookup, self._remembered = lookup, remembered
        self._words: dict[tuple[str, str, Mark, bool], Word] = {}
        # By identity: terms that are equal may stand in two files, and a warning names its place.
        self._groups: dict[int, tuple[Sequence[Term], list[Shape], list[tuple[Shape, Shape]]]] = {}

    def of(self, term: Term) -> Shape:
        if term.mark is Mark.NAME:
            return Shape(term, (), (), name_key(fold(term.text)))
        parts = tuple(part for chunk in _chunks(term.text) for part in chunk)
        return Shape(term, parts, tuple(self._word(part, term, index == 0) for index, part in enumerate(parts)))

    def group(self, terms: Sequence[Term]) -> tuple[list[Shape], list[tuple[Shape, Shape]]]:
        """The shapes of a group, and what ``redundant`` says of them."""
        if id(terms) not in self._groups:
            shapes = list(map(self.of, terms))
            self._groups[id(terms)] = (terms, shapes, redundant(shapes))
        _, shapes, useless = self._groups[id(terms)]
        return shapes, useless

    def _word(self, part: str, term: Term, first: bool) -> Word:
        key = (part, term.language, term.mark, first)
        found = self._words.get(key)
        if found is None:
            found = self._words[key] = self._worked_out(*key)
        return found

    def _worked_out(self, part: str, language: str, mark: Mark, first: bool) -> Word:
        if "*" in part:
            return Word({}, tuple(map(fold, part.split("*"))))
        return Word(dict(stems(part, language, mark, first=first, lookup=self._lookup, remembered=self._remembered)))


def _chunks(text: str) -> Iterable[list[str]]:
    """The words of a term, a star kept with its word."""
    for chunk in _WITH_STAR.split(text) if "*" in text else (text,):
        yield [chunk] if "*" in chunk else [chunk[span.start : span.end] for span in words(chunk)]


def redundant(shapes: Sequence[Shape]) -> list[tuple[Shape, Shape]]:
    """(a term that adds nothing, the one that finds it already), in the order of the terms; of two alike the first stays."""
    finders: dict[int, int] = {}
    beginnings = _by_beginning(shapes)
    for at in reversed(range(len(shapes))):
        one = shapes[at]
        finder = next((n for n in _candidates(one, beginnings) if n != at and n not in finders and shapes[n].finds(one)), None)
        if finder is not None:
            finders[at] = finder
    return [(shapes[at], shapes[_last(finders, at)]) for at in sorted(finders)]


def covering(masks: Sequence[Shape]) -> Callable[[Shape], Shape | None]:
    """What tells the first mask that finds something of a term wherever that term is found, or None."""
    beginnings = _by_beginning(masks)

    def first(one: Shape) -> Shape | None:
        return next((masks[at] for at in _candidates(one, beginnings, within=True) if masks[at].finds_within(one)), None)

    return first


def _last(finders: Mapping[int, int], at: int) -> int:
    """The finder of the finder, as far as it goes: a term that is kept."""
    while at in finders:
        at = finders[at]
    return at


#: Language -> form of a term's first word -> places of the terms; a word with a star stands under the star and its first two
#: letters, or under "" where it begins with the star.
_Beginnings = Mapping[str, Mapping[str, Sequence[int]]]
_STARRED: Final = 2


def _by_beginning(shapes: Sequence[Shape]) -> _Beginnings:
    places: dict[str, dict[str, list[int]]] = {}
    for at, one in enumerate(shapes):
        of_language = places.setdefault(one.term.language, {})
        for key in _keys(one):
            of_language.setdefault(key, []).append(at)
    return places


def _keys(one: Shape) -> Iterable[str]:
    if one.key:
        return (one.key,)
    first = one.words[0] if one.words else None
    if first is None or not first.pieces:
        return first.allowed if first is not None and first.allowed else ("",)
    beginning = first.pieces[0][:_STARRED]
    return ("*" + beginning if beginning else "",)


def _candidates(one: Shape, beginnings: _Beginnings, *, within: bool = False) -> Iterable[int]:
    """The terms that could find this one, in their order; ``within`` it, those that could find any of its words."""
    found: set[int] = set()
    for language in dict.fromkeys((one.term.language, ANY)):
        of_language = beginnings.get(language)
        if of_language:
            for key in _asked(one, of_language, within):
                found.update(of_language.get(key, ()))
    return sorted(found)


def _asked(one: Shape, of_language: Mapping[str, Sequence[int]], within: bool) -> Iterator[str]:
    if one.key:
        yield one.key
        return
    yield ""
    for word in one.words if within else one.words[:1]:
        written = next(iter(word.allowed)) if word.allowed else word.pieces[0]
        if word.allowed:
            yield from (stem for stem, _ in readings(written, of_language))
        yield from ("*" + written[:length] for length in range(1, _STARRED + 1))
