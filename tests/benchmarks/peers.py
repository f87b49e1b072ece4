"""The other ways to find ten thousand terms in an article, each as fast as it goes: what ours is measured against.

All of them get the same folded forms, look for whole words, and answer with offsets into the text as it was written;
none of them reads clitics, reports the term a form came from, or cares about zones, so that each does less than the
engine does. A peer whose package is not installed is absent. ``Oracle`` is ours, written down as plainly as possible.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from monitor.text.fold import fold
from monitor.text.forms import Form, Lookup, Mark, expand, meets, readings
from monitor.text.words import glued, words
from tests.benchmarks.corpus import Drawn

#: (start, end) in code points of the text as written.
Place = tuple[int, int]
Find = Callable[[str], Sequence[Place]]


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms with their forms: ``words`` holds each single word's, ``forms`` all of them and the phrases as one list for peers."""

    drawn: Sequence[Drawn]
    words: Mapping[Drawn, tuple[Form, ...]]
    forms: Sequence[str]


def terms_of(drawn: Sequence[Drawn], lookup: Lookup, *, expanded: bool) -> Terms:
    """``expanded`` off leaves the peers the terms as written. Phrases are always as written: the product of two words' forms
    is some hundred spellings, which no automaton of ten thousand phrases could hold."""
    by_word: dict[Drawn, tuple[Form, ...]] = {}
    forms: dict[str, None] = {}
    for term in drawn:
        if expanded and " " not in term.text:
            by_word[term] = expand(term.text, term.language, Mark.ANY_FORM, first=True, lookup=lookup)
            forms.update(dict.fromkeys(form.text for form in by_word[term]))
        else:
            forms[fold(term.text)] = None
    forms.pop("", None)
    _table()  # made once, and no part of what is measured
    return Terms(drawn, by_word, list(forms))


# ------------------------------------------------------------------------------------------------ folding
@lru_cache(maxsize=1)
def _table() -> NDArray[np.uint32]:
    """Code point -> the one it folds to, 0 where it folds to nothing. What folds to several characters is left as it is."""
    table = np.arange(0x110000, dtype=np.uint32)
    for code in range(0x80, 0x10000):
        if not 0xD800 <= code < 0xE000 and len(folded := fold(chr(code))) < 2:
            table[code] = ord(folded) if folded else 0
    return table


class Folded:
    """A text folded for a peer in the fastest way there is in Python, and the way back to the text's own offsets."""

    __slots__ = ("_kept", "text")

    def __init__(self, text: str) -> None:
        text = text.lower()
        self._kept: NDArray[np.intp] | None = None
        if not text.isascii():
            folded = _table()[np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")]
            if not folded.all():
                self._kept = np.flatnonzero(folded)
                folded = folded[self._kept]
            text = folded.tobytes().decode("utf-32-le", "surrogatepass")
        self.text = text

    def places(self, found: Sequence[Place]) -> Sequence[Place]:
        if self._kept is None or not found:
            return found
        kept = self._kept
        starts, ends = np.array(found).T
        return list(zip(kept[starts].tolist(), (kept[ends - 1] + 1).tolist(), strict=True))


# -------------------------------------------------------------------------------------------------- peers
class Oracle:
    """The definition: every word read in every way, looked up, kept if the form allows what is attached. No memory."""

    name = "our oracle, plain Python"

    def __init__(self, terms: Terms, lookup: Lookup) -> None:
        self.single: dict[str, list[Form]] = {}
        self.phrases: dict[str, list[list[list[Form]]]] = {}
        for term in terms.drawn:
            parts = term.text.split()
            expanded = [
                list(expand(part, term.language, Mark.ANY_FORM, first=i == 0, lookup=lookup))
                if term not in terms.words
                else list(terms.words[term])
                for i, part in enumerate(parts)
            ]
            for form in expanded[0]:
                if len(parts) == 1:
                    self.single.setdefault(form.text, []).append(form)
                else:
                    self.phrases.setdefault(form.text, []).append(expanded)

    def __call__(self, text: str) -> Sequence[Place]:
        spans = words(text)
        read = [readings(fold(text[span.start : span.end])) for span in spans]
        found: set[Place] = set()
        for at, ways in enumerate(read):
            for reading in ways:
                if any(meets(reading, form) for form in self.single.get(reading.stem, ())):
                    found.add((spans[at].start, spans[at].end))
                for phrase in self.phrases.get(reading.stem, ()):
                    last = at + len(phrase)
                    if last <= len(spans) and all(
                        any(meets(way, form) for way in read[at + i] for form in forms) for i, forms in enumerate(phrase)
                    ):
                        found.add((spans[at].start, spans[last - 1].end))
        return sorted(place for place in found if not glued(text, place[0]) and not glued(text, place[1]))


def ahocorasick(forms: Sequence[str]) -> Find:
    """ahocorasick_rs, the longest form at each place; what is not a whole word is taken out again."""
    library = import_module("ahocorasick_rs")
    # A full automaton is twice as fast as the packed one, where its size allows.
    kind = library.Implementation.DFA if len(forms) <= 20_000 else library.Implementation.ContiguousNFA
    automaton = library.AhoCorasick(forms, matchkind=library.MatchKind.LeftmostLongest, implementation=kind, store_patterns=False)
    matches = automaton.find_matches_as_indexes

    def find(text: str) -> Sequence[Place]:
        folded = Folded(text)
        plain = f" {folded.text} "
        return folded.places([(s - 1, e - 1) for _, s, e in matches(plain) if not plain[s - 1].isalnum() and not plain[e].isalnum()])

    return find


def flashtext(forms: Sequence[str]) -> Find:
    processor = import_module("flashtext").KeywordProcessor(case_sensitive=True)
    # Left alone it takes every letter beyond ASCII for the end of a word.
    processor.set_non_word_boundaries(set(processor.non_word_boundaries) | {char for form in forms for char in form if char.isalnum()})
    for form in forms:
        processor.add_keyword(form)

    def find(text: str) -> Sequence[Place]:
        folded = Folded(text)
        return folded.places([(start, end) for _, start, end in processor.extract_keywords(folded.text, span_info=True)])

    return find


def spacy(forms: Sequence[str], language: str) -> Find:
    """PhraseMatcher over a blank pipeline: tokens, no model."""
    pipeline = import_module("spacy").blank(language)
    matcher = import_module("spacy.matcher").PhraseMatcher(pipeline.vocab)
    matcher.add("terms", [pipeline.make_doc(form) for form in forms])

    def find(text: str) -> Sequence[Place]:
        folded = Folded(text)
        document = pipeline.make_doc(folded.text)
        return folded.places([(span.start_char, span.end_char) for span in matcher(document, as_spans=True)])

    return find


def alternation(forms: Sequence[str]) -> Find:
    ordered = sorted(forms, key=len, reverse=True)
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, ordered))})\b")

    def find(text: str) -> Sequence[Place]:
        folded = Folded(text)
        return folded.places([match.span() for match in pattern.finditer(folded.text)])

    return find


@dataclass(frozen=True, slots=True)
class Peer:
    """``most`` is how many forms it can be built from in the time there is; ``build`` takes forms and the texts' language."""

    name: str
    package: str
    most: int
    build: Callable[[Sequence[str], str], Find]

    @property
    def installed(self) -> bool:
        return not self.package or find_spec(self.package) is not None


def _without_language(build: Callable[[Sequence[str]], Find]) -> Callable[[Sequence[str], str], Find]:
    def built(forms: Sequence[str], language: str) -> Find:
        return build(forms)

    return built


PEERS: Final[tuple[Peer, ...]] = (
    Peer("ahocorasick_rs", "ahocorasick_rs", 1_000_000, _without_language(ahocorasick)),
    Peer("spaCy PhraseMatcher", "spacy", 120_000, spacy),
    Peer("flashtext", "flashtext", 120_000, _without_language(flashtext)),
    Peer("re alternation", "", 10_000, _without_language(alternation)),
)


def package_version(package: str) -> str:
    """The version of an installed package, for the head of a table."""
    versions: Any = import_module("importlib.metadata")
    try:
        return str(versions.version(package))
    except versions.PackageNotFoundError:
        return "absent"
