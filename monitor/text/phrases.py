"""The phrase list: what news pages carry beside their article, in twelve languages, and whether a line is one of these.

The list is package data, ``data/furniture.txt``; its syntax stands at its head. Phrases are compared folded.

This room knows only str.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final

from monitor.text.fold import fold

#: Copyright lines and the like are no longer than this.
NOTICE: Final = 200
#: Lines longer than this are not folded whole (folding costs 0.4 µs a character): only the beginnings of notices.
_FOLDED: Final = 80
#: Where the scripts of zh, ja and ko begin.
_EAST_ASIAN: Final = "\u2e80"
_GAPS: Final = re.compile(r"[\W_]+")
_DATE_TOKEN: Final = re.compile("[\u3400-\u9fff]|[^\\W\\d_\u3400-\u9fff]+")
_DIGIT: Final = re.compile(r"\d")
_PARTICLES: Final = frozenset({"and", "et", "y", "de", "del", "la", "le", "van", "von", "bin", "ibn", "al", "el", "in", "for"})


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrase list, folded. ``notices`` maps a first word to the beginnings of lines that start with it; those of scripts
    without blanks between words stand under ''. Each of ``inside`` holds one of ``inside_words``, its longest."""

    whole: frozenset[str]
    openers: frozenset[str]
    labels: frozenset[str]
    short: frozenset[str]
    names: frozenset[str]
    notices: dict[str, tuple[str, ...]]
    inside: tuple[str, ...]
    inside_words: tuple[str, ...]
    dates: frozenset[str]


def key(line: str) -> str:
    """A line or phrase as it is compared: folded, its punctuation and blanks as single blanks, none at the ends."""
    return _GAPS.sub(" ", fold(line)).strip()


@lru_cache(maxsize=1)
def phrases() -> Phrases:
    """The shipped phrase list (its syntax stands at the head of the file), read once."""
    source = resources.files("monitor.text").joinpath("data/furniture.txt").read_text(encoding="utf-8")
    return parse_phrases(source)


def parse_phrases(source: str) -> Phrases:
    whole, openers, labels, short = set[str](), set[str](), set[str](), set[str]()
    names, inside, dates = set[str](), set[str](), set[str]()
    notices: dict[str, list[str]] = {}
    in_dates = False
    for raw in source.splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            in_dates = line.endswith(" dates]")
            continue
        if in_dates:
            dates.update(key(word) for word in line.split())
            continue
        phrase = key(line)
        if line.startswith("..."):
            inside.add(phrase)
        elif line.endswith("..."):
            notices.setdefault(_first_word(phrase), []).append(phrase)
        elif line.endswith("~"):
            short.add(phrase)
            if line.startswith(">"):
                openers.add(phrase)
        elif line.endswith("@"):
            names.add(phrase)
        elif line.endswith(":"):
            labels.add(phrase)
        else:
            whole.add(phrase)
            if line.startswith(">"):
                openers.add(phrase)
    beginnings = {word: tuple(sorted(group)) for word, group in notices.items()}
    return Phrases(
        whole=frozenset(whole),
        openers=frozenset(openers),
        labels=frozenset(labels),
        short=frozenset(short),
        names=frozenset(names),
        notices=beginnings,
        inside=tuple(sorted(inside)),
        inside_words=tuple(sorted({max(phrase.split(" "), key=len) for phrase in inside})),
        dates=frozenset(dates),
    )


def is_known(text: str, size: int, *, closed: bool) -> tuple[bool, bool]:
    """Whether the phrase list knows a line (of ``size`` words, ``closed`` by punctuation), and whether it opens a list of headlines."""
    if len(text) <= _FOLDED:
        return _is_known_short(text, size, closed)
    return begins_notice(text) or (len(text) <= NOTICE and _holds_notice(_GAPS.sub(" ", text.casefold()))), False


def are_known(lines: Sequence[tuple[str, int, bool]]) -> list[tuple[bool, bool]]:
    """``is_known`` for each of a text's lines: (text, size, closed)."""
    # What stands inside notices is looked for in all the lines at once that are too long to be remembered: it is rarely there.
    middling = "\n".join([text for text, _, _ in lines if _FOLDED < len(text) <= NOTICE]).casefold()
    words = phrases().inside_words
    notices = any(map(middling.__contains__, filter(str.isascii, words) if middling.isascii() else words))
    return [
        _is_known_short(text, size, closed)
        if len(text) <= _FOLDED
        else is_known(text, size, closed=closed)
        if notices
        else (begins_notice(text), False)
        for text, size, closed in lines
    ]


def begins_notice(text: str) -> bool:
    """Whether a long line begins as a notice does."""
    return _may_begin_notice(text[:40].split(None, 1)[0]) and _is_notice(key(text[: 2 * _FOLDED]))


@lru_cache(maxsize=8_192)
def _may_begin_notice(opening: str) -> bool:
    return opening[0] >= _EAST_ASIAN or fold(opening) in phrases().notices


@lru_cache(maxsize=8_192)
def _is_known_short(text: str, size: int, closed: bool) -> tuple[bool, bool]:
    # Remembered: the menu of a site comes with each of its articles.
    known = phrases()
    folded = fold(text)
    phrase = _GAPS.sub(" ", folded).strip()
    if phrase in known.whole:
        return True, phrase in known.openers
    if size <= 8 and ":" in folded:
        label = key(folded.partition(":")[0])
        if label in known.labels:
            return True, False
    if size <= 10 and not closed:
        words = phrase.split(" ")
        for count in range(max(1, len(words) - 5), min(len(words), 5)):
            beginning = " ".join(words[:count])
            if beginning in known.short or (beginning in known.names and _are_names(text.split()[count:])):
                return True, beginning in known.openers
        if (_DIGIT.search(folded) or len(words) == 1) and _is_date(phrase):
            return True, False
    return _is_notice(phrase) or _holds_notice(phrase), False


def _are_names(words: Sequence[str]) -> bool:
    return not any(word[0].islower() for word in words if word not in _PARTICLES)


def _holds_notice(phrase: str) -> bool:
    return any(part in phrase for part in phrases().inside)


def _is_notice(phrase: str) -> bool:
    return phrase.startswith(phrases().notices.get(_first_word(phrase), ()))


def _first_word(phrase: str) -> str:
    return "" if phrase[:1] >= _EAST_ASIAN else phrase.partition(" ")[0]


def _is_date(phrase: str) -> bool:
    tokens = _DATE_TOKEN.findall(phrase)
    return bool(tokens) and all(token in phrases().dates for token in tokens)
