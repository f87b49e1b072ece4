"""Lines: a text as its writer laid it out, before anyone asks what the lines mean.

Physical lines become logical ones: the lines of a hard-wrapped paragraph are joined again, so that no sentence is cut
in half and no wrapped line is taken for a menu entry. A break is taken for wrapping where the next word would not have
fitted (a *tight* break) and the run of such lines ends as prose ends, in closing punctuation.

This room knows only str.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise
from typing import Final

from monitor.text.sentences import INVISIBLE, INVISIBLE_CHARS, closed

#: No one wraps wider than this: a break after a longer line is meant, and ends a paragraph.
WIDEST_WRAP: Final = 120
#: Narrower than this no one can tell a wrapped paragraph from a list.
_NARROWEST_WRAP: Final = 20
#: A break is tight when the line and the next word would have filled this share of the widest line of its block.
_TIGHT: Final = 0.8
#: Zh, ja and ko words are not set apart: this many characters count as one word (fifteen characters are five words).
_EAST_ASIAN_WORD: Final = 3
#: Words are counted exactly up to here; beyond it a line is long, however long.
_COUNTED: Final = 40

_EAST_ASIAN: Final = re.compile(
    "[\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u30ff\u3105-\u9fff\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003fffd]"
)
_ALNUM: Final = re.compile(r"[^\W_]")
_INVISIBLE_ONLY: Final = re.compile(rf"[\s{INVISIBLE}]*\Z")


class Kind(Enum):
    TITLE = auto()
    BODY = auto()
    FURNITURE = auto()


@dataclass(slots=True)
class Line:
    """A logical line. ``size`` is its length in words (of which zh, ja and ko count three characters as one);
    ``opens`` says that a blank line or the edge of the text stands before it; ``last_width`` is that of its last physical line."""

    start: int
    end: int
    text: str
    size: int
    closed: bool
    opens: bool
    last_width: int
    kind: Kind = Kind.BODY


def logical_lines(text: str, start: int, end: int, *, title_first: bool) -> tuple[list[Line], list[tuple[int, int]]]:
    """The logical lines of ``text[start:end]``, and the spans of lines that hold nothing but invisible characters.

    ``title_first`` says that a title may still come: it is not joined to the prose below it unless that goes on in lower case.
    """
    east_asian = bool(_EAST_ASIAN.search(text, start, end))
    lines: list[Line] = []
    invisible: list[tuple[int, int]] = []
    for block in _blocks(text, start, end, invisible):
        opens = True
        for run in _runs(text, block, title_first=title_first):
            line = _line(text, run, east_asian, opens)
            lines.append(line)
            opens = False
            title_first = title_first and line.size < 5
    return lines, invisible


def _blocks(text: str, start: int, end: int, invisible: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Runs of physical lines without a blank line between them, as spans without blanks at their ends."""
    block: list[tuple[int, int]] = []
    at = start
    for raw in text[start:end].splitlines(keepends=True):
        piece = raw.strip()
        if piece:
            first = at if raw[0] == piece[0] else at + len(raw) - len(raw.lstrip())
            span = (first, first + len(piece))
            if piece[0] not in INVISIBLE_CHARS or not _INVISIBLE_ONLY.match(piece):
                block.append(span)
                at += len(raw)
                continue
            invisible.append(span)
        if block:
            yield block
            block = []
        at += len(raw)
    if block:
        yield block


def _runs(text: str, block: list[tuple[int, int]], *, title_first: bool) -> Iterator[list[tuple[int, int]]]:
    """The block's physical lines, those of one wrapped paragraph together."""
    if len(block) == 1:
        yield block
        return
    width = max(end - start for start, end in block)
    run = [block[0]]
    lower = True
    for before, after in pairwise(block):
        goes_on = text[after[0]].islower()
        guarded = title_first and len(run) == 1 and not goes_on
        if not guarded and _tight(text, before, after, width, goes_on=goes_on):
            run.append(after)
            lower = lower and goes_on
            continue
        yield from _accept(text, run, lower=lower)
        title_first = title_first and len(run) == 1 and len(text[run[0][0] : run[0][1]].split(None, 5)) < 5
        run, lower = [after], True
    yield from _accept(text, run, lower=lower)


def _accept(text: str, run: list[tuple[int, int]], *, lower: bool) -> Iterator[list[tuple[int, int]]]:
    """A run of tight lines is a paragraph if it ends as prose does, or goes on in lower case all the way; else its lines are lines."""
    start, end = run[-1]
    if len(run) == 1 or closed(text[start:end]) or (lower and run[0][1] - run[0][0] >= 2 * _NARROWEST_WRAP):
        yield run
    else:
        yield from ([span] for span in run)


def _tight(text: str, before: tuple[int, int], after: tuple[int, int], width: int, *, goes_on: bool) -> bool:
    length = before[1] - before[0]
    if closed(text[max(before[1] - 16, before[0]) : before[1]]):
        return False
    if goes_on and length <= WIDEST_WRAP:
        return length >= _NARROWEST_WRAP // 2
    east_asian = bool(_EAST_ASIAN.match(text, before[1] - 1))
    if not (_NARROWEST_WRAP // (2 if east_asian else 1) <= width <= WIDEST_WRAP):
        return False
    word = 1 if east_asian else len(text[after[0] : min(after[1], after[0] + width)].split(None, 1)[0])
    return length + 1 + word >= _TIGHT * width


def _line(text: str, run: list[tuple[int, int]], east_asian: bool, opens: bool) -> Line:
    start, end = run[0][0], run[-1][1]
    line = text[start:end]
    return Line(start, end, line, _size(line, east_asian), closed(line), opens, run[-1][1] - run[-1][0])


def _size(line: str, east_asian: bool) -> int:
    words = line.split(None, _COUNTED)
    if east_asian and (characters := len(_EAST_ASIAN.findall(line, 0, 1000))) * 2 > len(line[:1000].replace(" ", "")):
        return characters // _EAST_ASIAN_WORD
    return sum(1 for word in words if _ALNUM.search(word)) if len(words) < _COUNTED // 2 else len(words)
