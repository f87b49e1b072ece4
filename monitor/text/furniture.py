"""Furniture: which lines of a text are menus, notices, labels and captions rather than the article.

A line is furniture when the phrase list knows it, when its source was seen to repeat it, when it is only a date, when it
is short and in another script than the text, when it is repeated, or when it has under five words, no closing
punctuation, and is no heading before prose.
Furniture is marked, never deleted; a text without any prose keeps its few lines, whatever they look like.

This room knows only str.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from monitor.text.lines import Kind, Line
from monitor.text.phrases import NOTICE, key, known_lines
from monitor.text.scripts import EAST_ASIAN, LATIN, each_script, main_script, majority_script
from monitor.text.sentences import Enders, are_several
from monitor.text.survey import Survey

#: By themselves: Python 3.11 takes as long to find a member in its enum as to compare a line with it.
_TITLE: Final = Kind.TITLE
_BODY: Final = Kind.BODY
_FURNITURE: Final = Kind.FURNITURE

#: Under this many words a line without closing punctuation is a label, not a sentence (fifteen characters in zh, ja, ko).
SHORT: Final = 5
#: Characters of a line that can be learnt.
LEARNT: Final = 300
#: A line in another script may be this long and still be a notice or a menu.
_FOREIGN: Final = 8
#: Prose: a closed line of five words, or one so long that nothing else is.
_LONG: Final = 20
#: A first line this long (in characters) with two sentences in it is a paragraph, not a headline.
_LONGEST_TITLE: Final = 250
#: Without any prose, this many short lines are a short item; more are a menu.
_SHORT_ITEM: Final = 3

#: No headline ends so.
_NO_HEADLINE: Final = frozenset(".。:：")
_BULLET: Final = re.compile(r"[-–—•·▪◦●○*■□»]|\(?[\w]{1,2}[.):\-]\s?\S")


def mark(
    text: str,
    lines: Sequence[Line],
    enders: Enders,
    found: Survey,
    *,
    title: str = "",
    find_title: bool = True,
    learnt: AbstractSet[str] = frozenset(),
) -> None:
    """Give each of the ``lines`` of ``text`` its kind. ``title`` is the text of a title that stands elsewhere; else the first line
    that is not furniture becomes it, unless ``find_title`` is off. ``enders`` are those of the text, ``learnt`` the keys of
    lines that its source repeats."""
    if len(lines) == 1 and not title:
        # A text that is a single line is what it says: a title, or a paragraph if it holds more than one sentence.
        lines[0].kind = _TITLE if find_title and not are_several(text, lines[0].start, lines[0].end, enders) else _BODY
        return
    if not lines:
        return
    texts = [line.text for line in lines]
    sizes = [line.size for line in lines]
    shortest = min(sizes)
    _mark_known(lines, texts, sizes, shortest, found)
    if learnt:
        _mark_learnt(lines, learnt)
    _mark_repeated(lines, texts, title)
    first = _find_title(text, lines, enders) if find_title else -1
    if shortest < SHORT:
        _mark_short(lines, first)
    if first >= 0:
        lines[first].kind = _TITLE


# ------------------------------------------------------------------------------------- what is known
def _mark_known(lines: Sequence[Line], texts: Sequence[str], sizes: Sequence[int], shortest: int, found: Survey) -> None:
    """Phrases, dates, other scripts, lines without a letter; and the headlines below "related articles"."""
    known = known_lines(texts, sizes, [line.closed for line in lines], found)
    for place in known:
        lines[place].kind = _FURNITURE
    own: str | None = None
    for place, size in enumerate(sizes) if shortest <= _FOREIGN else ():
        if size <= _FOREIGN and place not in known and len(texts[place]) <= NOTICE:
            if own is None:
                own = _own_script([text for other, text in enumerate(texts) if other not in known])
            if _is_foreign(texts[place], own):
                lines[place].kind = _FURNITURE
    if known and any(known.values()):
        _mark_headlines(lines, known)


def _mark_learnt(lines: Sequence[Line], learnt: AbstractSet[str]) -> None:
    for line in lines:
        if line.kind is _BODY and len(line.text) <= LEARNT and key(line.text) in learnt:
            line.kind = _FURNITURE


def _mark_headlines(lines: Sequence[Line], known: Mapping[int, bool]) -> None:
    """Below a line that opens a list of headlines, once there was prose, all is furniture until prose comes."""
    prose_begun = in_list = False
    for place, line in enumerate(lines):
        prose = line.size >= _LONG or (line.closed and line.size >= 2 * SHORT)
        if in_list and line.kind is not _FURNITURE:
            in_list = not prose
            if in_list:
                line.kind = _FURNITURE
        prose_begun = prose_begun or prose
        in_list = in_list or (known.get(place, False) and prose_begun)


def _own_script(texts: Sequence[str]) -> str:
    """The script of a text, read from its three longest lines: menus are short."""
    longest = sorted(texts, key=len, reverse=True)[:3]
    return main_script("".join([text[:120:3] for text in longest]))


def _is_foreign(label: str, own: str) -> bool:
    """Whether a short line has no letter, or nearly all in other scripts than the text's: a name in Latin letters does not make
    a line foreign. (Zh, ja and ko share theirs.)"""
    if label.isascii():
        return (own not in ("", LATIN)) or not any(map(str.isalpha, label))
    if own:
        if majority_script(label) == own:
            return False
        scripts = each_script(label)
        ours = sum(map(scripts.count, EAST_ASIAN)) if own in EAST_ASIAN else scripts.count(own)
        if ours * 5 < len(label) - scripts.count(""):
            return True
    return not any(map(str.isalpha, label))


# ---------------------------------------------------------------------------------------- repetition
def _mark_repeated(lines: Sequence[Line], texts: Sequence[str], title: str) -> None:
    """A repeated label is furniture wherever it stands; of a repeated longer line, all but the first (it may be the title)."""
    if title:
        first, last = title[0], title[-1]
        for line, text in zip(lines, texts, strict=True):
            if text[0] == first and text[-1] == last and text.split() == title.split():
                line.kind = _FURNITURE
    # Of most texts there is no more to compare than how long their lines are.
    if len(set(map(len, texts))) == len(texts) or len(set(texts)) == len(texts):
        return
    counts = Counter(texts)
    seen: set[str] = set()
    for line, text in zip(lines, texts, strict=True):
        if counts[text] > 1:
            if text in seen or (line.size < SHORT and not line.closed):
                line.kind = _FURNITURE
            elif line.size >= SHORT:
                seen.add(text)


# ------------------------------------------------------------------------------- the title and short lines
def _find_title(text: str, lines: Sequence[Line], enders: Enders) -> int:
    """The first line that is not furniture; -1 where that is a paragraph and no short line before it can be a headline."""
    first = next((i for i, line in enumerate(lines) if line.kind is _BODY and (line.size >= SHORT or line.closed)), -1)
    if first < 0:
        return next((i for i, line in enumerate(lines) if line.kind is _BODY), -1)
    if lines[first].size > _LONG or (lines[first].closed and lines[first].size >= 2 * SHORT) or lines[first].text[-1] in _NO_HEADLINE:
        # Prose already: a short headline stands before it, among labels shorter still.
        before = [i for i in range(first) if lines[i].kind is _BODY and lines[i].size > 1]
        if before:
            return max(before, key=lambda i: (lines[i].size, -i))
        if first == 1 and lines[0].kind is _BODY and lines[1].opens and lines[1].closed:
            return 0  # one word, set apart, with a closed paragraph right below it: a label would be known, or learnt
        if _is_paragraph(text, lines[first], enders):
            return -1
    return first


def _is_paragraph(text: str, line: Line, enders: Enders) -> bool:
    """Whether a line is plainly no headline: several sentences, and long or wrapped."""
    wrapped = line.last_width < line.end - line.start
    return (wrapped or len(line.text) > _LONGEST_TITLE) and are_several(text, line.start, line.end, enders)


def _mark_short(lines: Sequence[Line], title: int) -> None:
    """Short lines are furniture, but for headings (between prose and prose) and the items of a list that prose announces."""
    body = [line for i, line in enumerate(lines) if line.kind is _BODY and i != title]
    short = [line for line in body if line.size < SHORT and not line.closed]
    if not short or (len(short) <= _SHORT_ITEM and not any(map(_is_prose, body))):
        return
    prose_begun = in_list = False
    for i, line in enumerate(lines):
        if i == title or line.kind is not _BODY:
            in_list = False
        elif line.size < SHORT and not line.closed:
            heads = prose_begun and i + 1 < len(lines) and lines[i + 1].kind is _BODY and _is_prose(lines[i + 1])
            item = in_list and bool(_BULLET.match(line.text))
            if not heads and not item:
                line.kind = _FURNITURE
                in_list = False
        else:
            prose_begun = prose_begun or _is_prose(line)
            in_list = line.text.endswith((":", "：")) or (in_list and bool(_BULLET.match(line.text)))


def _is_prose(line: Line) -> bool:
    return line.size >= _LONG or (line.closed and line.size >= SHORT)
