"""Furniture learnt per source: lines that stand in one article after another and belong to none of them.

A *label* (a line without closing punctuation: a section's name, a call to subscribe) is learnt at its third article. A whole
*sentence* may be background that an agency repeats for weeks, and must go on matching: it is learnt only at its fifth
article, a day or more after the first, and only if it stood at the very beginning or end each time. What counts as another
article has another id and, beside the line itself, another longest line: one article published again under new ids teaches nothing.

Candidates live in memory, learnt lines in the record. This module must not know how either is stored, or what a line means.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from monitor.model import Zone, ZoneKind
from monitor.ports import Clock
from monitor.text.furniture import LEARNT
from monitor.text.phrases import key
from monitor.text.sentences import closed

#: Articles that a label, and a closed sentence, is seen in before it is learnt; and the seconds between the sentence's first and last.
LABEL_ARTICLES: Final = 3
SENTENCE_ARTICLES: Final = 5
SENTENCE_SPREAD: Final = 24 * 3600.0
#: A label has so many words at most; in scripts without blanks, characters.
LABEL_WORDS: Final = 20
LABEL_CHARACTERS: Final = 120
#: A sentence stands among so many first or last lines.
EDGE: Final = 3
#: Candidates of all sources together (some 30 MB); those longest not seen are forgotten. And learnt lines of one source.
CANDIDATES: Final = 100_000
LEARNT_LINES: Final = 500
#: Lines of one text that are looked at, from its beginning and from its end.
LOOKED_AT: Final = 200

#: When it was first seen (monotonic seconds), then an article and its longest line, twice or more. Empty: never to be learnt.
_Candidate = tuple[float | int, ...]
_NEVER: Final[_Candidate] = ()
_PROSE: Final = (ZoneKind.LEAD, ZoneKind.BODY)


class _Rule(NamedTuple):
    """Articles that a line is seen in before it is learnt, and seconds between the first and the last."""

    articles: int
    spread: float


_LABEL: Final = _Rule(LABEL_ARTICLES, 0.0)
_SENTENCE: Final = _Rule(SENTENCE_ARTICLES, SENTENCE_SPREAD)


class LineMemory:
    """``learnt`` is what the record holds, keys by source. ``candidates`` is a door for tests."""

    def __init__(self, clock: Clock, learnt: Mapping[str, frozenset[str]], *, candidates: int = CANDIDATES) -> None:
        self._clock = clock
        self._learnt = {source: set(lines) for source, lines in learnt.items()}
        self._new: dict[str, list[str]] = {}
        # Two generations: when the young one is full it becomes the old one, and what was not seen since is forgotten.
        self._generation = max(1, candidates // 2)
        self._young: dict[int, _Candidate] = {}
        self._old: dict[int, _Candidate] = {}

    def learnt_in(self, source: str, text: str) -> tuple[str, ...]:
        """Keys of the learnt lines that stand in this text."""
        learnt = self._learnt.get(source)
        if not learnt:
            return ()
        keys = dict.fromkeys(key(line) for _, line in _lines(text) if len(line) <= LEARNT)
        return tuple(one for one in keys if one in learnt)

    def note(self, source: str, article: str, text: str, zones: Sequence[Zone]) -> None:
        """One more text of the source."""
        lines = _lines(text)
        if len(lines) < 2:
            return
        next_longest, longest = sorted([line for _, line in lines], key=len)[-2:]
        starts = [zone.start for zone in zones]
        known_as, now = hash(article), self._clock.monotonic()
        for place, (start, line) in enumerate(lines):
            if len(line) > LEARNT or not _is_prose(start, starts, zones):
                continue
            sentence = closed(line)
            if not sentence and not _is_label(line):
                continue
            name = hash((source, line))
            seen = self._candidate(name)
            if sentence and (seen == _NEVER or EDGE <= place < len(lines) - EDGE):
                # Most sentences within a text never come again: only a candidate is worth a note that it is none.
                if seen is not None:
                    self._keep(name, _NEVER)
                continue
            rule, other = _SENTENCE if sentence else _LABEL, hash(next_longest if line == longest else longest)
            seen = _seen_in(seen or (now,), known_as, other, rule)
            if len(seen) > 2 * rule.articles and now - seen[0] >= rule.spread:
                self._learn(source, line)
                self._young.pop(name, None)
                self._old.pop(name, None)
            else:
                self._keep(name, seen)

    def take_new(self, source: str) -> tuple[str, ...]:
        """The lines learnt since this was last asked."""
        return tuple(self._new.pop(source, ()))

    # ------------------------------------------------------------------------------------- candidates
    def _candidate(self, name: int) -> _Candidate | None:
        young = self._young.get(name)
        return self._old.get(name) if young is None else young

    def _learn(self, source: str, line: str) -> None:
        learnt = self._learnt.setdefault(source, set())
        one = key(line)
        if one and one not in learnt and len(learnt) < LEARNT_LINES:
            learnt.add(one)
            self._new.setdefault(source, []).append(one)

    def _keep(self, name: int, candidate: _Candidate) -> None:
        self._young[name] = candidate
        if len(self._young) >= self._generation:
            self._old, self._young = self._young, {}


def _is_label(line: str) -> bool:
    return len(line) <= LABEL_CHARACTERS and line.count(" ") < LABEL_WORDS


def _is_prose(start: int, starts: Sequence[int], zones: Sequence[Zone]) -> bool:
    at = bisect_right(starts, start) - 1
    return at >= 0 and start < zones[at].end and zones[at].kind in _PROSE


def _seen_in(seen: _Candidate, article: int, other: int, rule: _Rule) -> _Candidate:
    """Also in this article, where it is another one than those before."""
    if len(seen) > 2 * rule.articles or article in seen[1::2] or other in seen[2::2]:
        return seen
    return (*seen, article, other)


def _lines(text: str) -> list[tuple[int, str]]:
    """The lines that say anything, with where they begin; of a text of very many, those at its beginning and end."""
    lines: list[tuple[int, str]] = []
    start = 0
    for raw in text.split("\n"):
        if line := raw.strip():
            lines.append((start + raw.index(line), line))
        start += len(raw) + 1
    return lines if len(lines) <= 2 * LOOKED_AT else lines[:LOOKED_AT] + lines[-LOOKED_AT:]
