"""What passages say, in which words and of which terms, so that two events of one story can be told from two tellings of one.

Also which clauses made them true, one by one: where several did in one sentence, evidence names them in one text.

Groups, clauses and stances of a second event that was taken for the first are the same: an arms deal is an arms deal. What
differs are the other words of its evidence. Each is a number here, so that an alert can keep what it has told in a few
kilobytes. Pure; it must not know alerts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final
from zlib import crc32

from monitor.model import Evidence
from monitor.text.fingerprint_words import COMMON_CHARACTERS, COMMON_WORDS
from monitor.text.fold import fold
from monitor.text.words import is_cjk, pattern_for

#: Words an alert remembers: some forty passages. What does not fit is taken for news when it comes again.
MOST: Final = 600
#: The topmost of the 32 bits marks numbers, which say most: two reports of one event seldom differ in them.
NUMBER: Final = 1 << 31

#: Letters of a word that count: what follows is nearly always an ending.
_STEM: Final = 6
_COMMON: Final = frozenset(map(fold, COMMON_WORDS))
#: And, so, by, for, like, to and the article, in front of an Arabic word that is long enough to do without.
_ARABIC: Final = re.compile(r"(?:[وف]?(?:[بك]?ال|لل)|[وفبلك](?=[\u0621-\u064a]{4}))(?=[\u0621-\u064a]{2})")
_DIGITS: Final = re.compile(r"\d+")
#: What a query is made of, as far as it says where a clause ends: quoted text, parentheses, the word between clauses.
_BETWEEN: Final = re.compile(r'"(?:\\.|[^"\\])*"|[()]| OR ', re.DOTALL)


def words_of(evidence: Iterable[Evidence]) -> frozenset[int]:
    """All that these passages say, the terms that were found in them among it."""
    return frozenset().union(*(passage_words(passage) | passage_terms(passage) for passage in evidence))


def passage_words(passage: Evidence) -> frozenset[int]:
    """The content words and numbers of one passage as numbers of 32 bits; those of its hits are left out."""
    return frozenset(_numbers(passage))


def passage_terms(passage: Evidence) -> frozenset[int]:
    """Which terms of their groups were found, as such numbers: of a list of countries, arms for one say nothing of arms for another.
    Entities are told apart by themselves, whatever spelling was found."""
    return frozenset(_term(hit.group, hit.term) for hit in passage.hits if hit.entity is None)


@lru_cache(maxsize=20_000)
def clauses_of(written: str) -> tuple[str, ...]:
    """The clauses that a passage's text of clauses names: ``a NEAR/5 (b OR c) OR d`` names two. They are what was told, however many
    of them fired in one sentence: of what was told by two, each alone has been. Evidence is kept so in records too."""
    if " OR " not in written:
        return (written,)
    ends, depth = [], 0
    for found in _BETWEEN.finditer(written):
        part = found[0]
        depth += (part == "(") - (part == ")")
        if part == " OR " and depth == 0:
            ends.append(found.span())
    starts = [0, *(after for _, after in ends)]
    return tuple(written[start:end] for start, end in zip(starts, [*(end for end, _ in ends), len(written)], strict=True))


def remembered(before: frozenset[int], told: Iterable[int]) -> frozenset[int]:
    """With what is told now, as far as there is room."""
    new = sorted(set(told) - before)
    return before.union(new[: max(0, MOST - len(before))]) if new else before


def _numbers(passage: Evidence) -> Iterator[int]:
    taken = sorted((hit.start - passage.start, hit.end - passage.start) for hit in passage.hits)
    before = ""
    for found in pattern_for(passage.quote).finditer(passage.quote):
        while taken and taken[0][1] <= found.start():
            taken.pop(0)
        word, hit = found[0], bool(taken) and taken[0][0] < found.end()
        if is_cjk(word):
            # Characters that run together say something two by two.
            pair, before = before + word, "" if hit else word
            word = "" if hit or len(pair) < 2 else pair
        else:
            before = ""
            word = "" if hit else word
        number = _number(word) if word else 0
        if number:
            yield number


@lru_cache(maxsize=20_000)
def _term(group: str, term: str) -> int:
    return crc32(f"{group}\0{fold(term)}".encode("utf-8", "surrogatepass")) & ~NUMBER


@lru_cache(maxsize=20_000)
def _number(word: str) -> int:
    """0 for what says nothing: common words and single letters. One digit may be how many died."""
    folded = fold(word)
    digits = "".join(_DIGITS.findall(folded)) if folded[:1].isdigit() else ""
    if digits:
        return NUMBER | crc32(digits.encode())
    if folded in _COMMON or (is_cjk(word) and not COMMON_CHARACTERS.isdisjoint(word)):
        return 0
    found = _ARABIC.match(folded)
    stem = folded[found.end() if found else 0 :].removesuffix("'s")[:_STEM]
    return crc32(stem.encode("utf-8", "surrogatepass")) & ~NUMBER if len(stem) > 1 and stem not in _COMMON else 0
