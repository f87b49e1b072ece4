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
from monitor.text.notices import Finder
from monitor.text.survey import Survey

#: Copyright lines and the like are no longer than this.
NOTICE: Final = 200
#: Lines longer than this are nothing but notices, which are known by their beginnings or by what stands inside.
_FOLDED: Final = 80
#: Where a line's first word has ended, however its writer stretched it.
_BEGINNING: Final = 40
#: So much of a line tells nearly always that it begins with no notice.
_GLANCE: Final = 20
#: How many lines, and beginnings of lines, are remembered.
_REMEMBERED: Final = 8_192
#: Where the scripts of zh, ja and ko begin.
_EAST_ASIAN: Final = "\u2e80"
_GAPS: Final = re.compile(r"[\W_]+")
_DATE_TOKEN: Final = re.compile("[\u3400-\u9fff]|[^\\W\\d_\u3400-\u9fff]+")
_DIGIT: Final = re.compile(r"\d")
_PARTICLES: Final = frozenset({"and", "et", "y", "de", "del", "la", "le", "van", "von", "bin", "ibn", "al", "el", "in", "for"})


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrase list, folded. ``notices`` maps a first word to the beginnings of lines that start with it, ``second_words`` to
    what may come second; the beginnings of scripts without blanks between words stand under ''. ``finder`` finds the texts that
    may hold one of ``inside``. ``first_words`` and ``first_letters`` are those of all phrases but ``inside``, ``link_words`` those
    of ``links``."""

    whole: frozenset[str]
    openers: frozenset[str]
    labels: frozenset[str]
    links: frozenset[str]
    link_words: frozenset[str]
    short: frozenset[str]
    names: frozenset[str]
    notices: dict[str, tuple[str, ...]]
    inside: tuple[str, ...]
    finder: Finder
    dates: frozenset[str]
    second_words: dict[str, frozenset[str]]
    first_words: frozenset[str]
    first_letters: frozenset[str]


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
    names, inside, dates, links = set[str](), set[str](), set[str](), set[str]()
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
        elif line.endswith(": ..."):
            links.add(phrase)
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
    begin = whole | labels | links | short | names | dates.union(*notices.values())
    beginnings = {word: tuple(sorted(group)) for word, group in notices.items()}
    return Phrases(
        whole=frozenset(whole),
        openers=frozenset(openers),
        labels=frozenset(labels),
        links=frozenset(links),
        link_words=frozenset(map(_first_word, links)),
        short=frozenset(short),
        names=frozenset(names),
        notices=beginnings,
        inside=tuple(sorted(inside)),
        finder=Finder(inside),
        dates=frozenset(dates),
        second_words={word: frozenset(["", *(phrase.split(" ")[1] for phrase in group if word)]) for word, group in beginnings.items()},
        first_words=frozenset(phrase.partition(" ")[0] for phrase in begin),
        first_letters=frozenset(phrase[0] for phrase in begin),
    )


def known_lines(texts: Sequence[str], sizes: Sequence[int], closed: Sequence[bool], found: Survey) -> dict[int, bool]:
    """Which of a text's lines (of ``sizes`` words, ``closed`` by punctuation) the phrase list knows, by their place, and whether
    they open a list of headlines. ``found`` is the survey of the text."""
    known = phrases()
    # Few lines begin with a word that any phrase begins with; only those are folded whole.
    answers: dict[int, bool] = {}
    for place, text in enumerate(texts):
        first = _FIRST_WORDS[text[:_BEGINNING].partition(" ")[0] if text[:1] < _EAST_ASIAN else text[0]]
        if first is None or (first == "" and (first := _later_word(text)) is None):
            continue
        listed = opens = False
        if len(text) <= _FOLDED:
            listed, opens = _is_known_short(text, sizes[place], closed[place])
        elif (start := _first_word(first)) in known.notices or start in known.link_words:
            listed = (len(text) <= NOTICE and _is_link(text)) or _begins_notice(text, start)
        if listed:
            answers[place] = opens
    # What may stand anywhere in a line is looked for in all lines at once: it is rarely there.
    short = [text for text in texts if len(text) <= NOTICE]
    if short and known.finder.may_be_in("\n".join(short), found):
        answers |= {place: False for place, text in enumerate(texts) if len(text) <= NOTICE and _holds_notice(text, found)}
    return answers


def _later_word(text: str) -> str | None:
    """The same of the first word of a line that does not begin with one; '' where it has none."""
    return next((first for first in map(_FIRST_WORDS.__getitem__, text[:_BEGINNING].split()) if first != ""), "")


def _holds_notice(text: str, found: Survey) -> bool:
    return phrases().finder.may_be_in(text, found) and any(map(key(text).__contains__, phrases().inside))


@lru_cache(maxsize=_REMEMBERED)
def _first_key(beginning: str) -> str:
    return key(beginning).partition(" ")[0]


class _FirstWords(dict[str, str | None]):
    """The first word of the key of each beginning of a line met so far, None where no phrase begins so: most lines begin with a
    common word that none begins with."""

    def __missing__(self, beginning: str) -> str | None:
        if len(self) >= _REMEMBERED:
            self.clear()
        known = phrases()
        word = _first_key(beginning)
        may_begin = word in known.first_words or not word.isalpha() or (word[0] >= _EAST_ASIAN and word[0] in known.first_letters)
        answer = self[beginning] = word if may_begin else None
        return answer


_FIRST_WORDS: Final = _FirstWords()


@lru_cache(maxsize=_REMEMBERED)
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
    if _is_link(text):
        return True, False
    if size <= 10 and not closed:
        words = phrase.split(" ")
        for count in range(max(1, len(words) - 5), min(len(words), 5)):
            beginning = " ".join(words[:count])
            if beginning in known.short or (beginning in known.names and _are_names(text.split()[count:])):
                return True, beginning in known.openers
        if (_DIGIT.search(folded) or len(words) == 1) and _is_date(phrase):
            return True, False
    return phrase.startswith(known.notices.get(_first_word(phrase), ())), False


def _are_names(words: Sequence[str]) -> bool:
    return not any(word[0].islower() for word in words if word not in _PARTICLES)


def _is_link(text: str) -> bool:
    """Whether a line is a label such as "related:" and what it leads to."""
    beginning = text[:_BEGINNING]
    if ":" not in beginning and "：" not in beginning:
        return False
    label, colon, _ = fold(beginning).partition(":")
    return bool(colon) and key(label) in phrases().links


def _begins_notice(text: str, first: str) -> bool:
    """Whether a long line, whose first word is ``first``, begins with a notice."""
    notices = phrases().notices.get(first)
    if notices is None:
        return False
    words = text[:_BEGINNING].split(None, 2)
    if len(words) == 3 and words[0].isalpha() and first and _first_key(words[1]) not in phrases().second_words[first]:
        return False
    beginning = key(text[:_GLANCE])[:-1]  # the last letter may have had marks
    if not beginning.startswith(notices) and not any(notice.startswith(beginning) for notice in notices):
        return False
    return key(text[: 2 * _FOLDED]).startswith(notices)


def _first_word(phrase: str) -> str:
    return "" if phrase[:1] >= _EAST_ASIAN else phrase.partition(" ")[0]


def _is_date(phrase: str) -> bool:
    tokens = _DATE_TOKEN.findall(phrase)
    return bool(tokens) and all(token in phrases().dates for token in tokens)
