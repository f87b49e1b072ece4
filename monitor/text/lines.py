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
_COUNTED: Final = 20

_EAST_ASIAN: Final = re.compile(
    "[\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u30ff\u3105-\u9fff\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003fffd]"
)
#: Nearly all that is not of zh, ja or ko, in ranges so few that a text is run through four times as fast.
_WESTERN: Final = re.compile("[\0-\u10ff\u1200-\u2e7f]*")
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


#: A line of the text as it stands there, without the blanks at its ends: where it starts, ends, and what it says.
_Physical = tuple[int, int, str]


def logical_lines(text: str, start: int, end: int, *, title_first: bool) -> tuple[list[Line], list[tuple[int, int]]]:
    """The logical lines of ``text[start:end]``, and the spans of lines that hold nothing but invisible characters.

    ``title_first`` says that a title may still come: it is not joined to the prose below it unless that goes on in lower case.
    """
    western = _WESTERN.match(text, start, end)
    east_asian = western is None or bool(_EAST_ASIAN.search(text, western.end(), end))
    lines: list[Line] = []
    invisible: list[tuple[int, int]] = []
    for block in _blocks(text, start, end, invisible):
        opens = True
        for run in _runs(block, title_first=title_first) if len(block) > 1 else (block,):
            line = _line(text, run, east_asian, opens)
            lines.append(line)
            opens = False
            title_first = title_first and line.size < 5
    return lines, invisible


def _blocks(text: str, start: int, end: int, invisible: list[tuple[int, int]]) -> Iterator[list[_Physical]]:
    """Runs of physical lines without a blank line between them."""
    block: list[_Physical] = []
    after = start
    for raw in text[start:end].splitlines(keepends=True):
        at, after = after, after + len(raw)
        piece = raw.strip()
        if piece:
            if raw[0] != piece[0]:
                at += len(raw) - len(raw.lstrip())
            if piece[0] not in INVISIBLE_CHARS or not _INVISIBLE_ONLY.match(piece):
                block.append((at, at + len(piece), piece))
                continue
            invisible.append((at, at + len(piece)))
        if block:
            yield block
            block = []
    if block:
        yield block


def _runs(block: list[_Physical], *, title_first: bool) -> Iterator[list[_Physical]]:
    """The block's physical lines, those of one wrapped paragraph together."""
    width = max(end - start for start, end, _ in block)
    run = [block[0]]
    lower = True
    for before, after in pairwise(block):
        goes_on = after[2][0].islower()
        # No line of a block this wide was wrapped, unless the next goes on in lower case: most breaks of the web.
        may_go_on = goes_on or (width <= WIDEST_WRAP and not (title_first and len(run) == 1))
        if may_go_on and _tight(before[2], after[2], width, goes_on=goes_on):
            run.append(after)
            lower = lower and goes_on
            continue
        if len(run) == 1:
            yield run
            title_first = title_first and len(run[0][2].split(None, 5)) < 5
        else:
            yield from _accepted(run, lower=lower)
            title_first = False
        run, lower = [after], True
    yield from _accepted(run, lower=lower)


def _accepted(run: list[_Physical], *, lower: bool) -> Iterator[list[_Physical]]:
    """A run of tight lines is a paragraph if it ends as prose does, or goes on in lower case all the way; else its lines are lines."""
    if len(run) == 1 or closed(run[-1][2]) or (lower and len(run[0][2]) >= 2 * _NARROWEST_WRAP):
        yield run
    else:
        yield from ([line] for line in run)


def _tight(before: str, after: str, width: int, *, goes_on: bool) -> bool:
    if closed(before[-16:]):
        return False
    length = len(before)
    if goes_on and length <= WIDEST_WRAP:
        return length >= _NARROWEST_WRAP // 2
    if not _NARROWEST_WRAP // 2 <= width <= WIDEST_WRAP:
        return False
    east_asian = bool(_EAST_ASIAN.match(before[-1]))
    if width < _NARROWEST_WRAP and not east_asian:
        return False
    word = 1 if east_asian else len(after[:width].split(None, 1)[0])
    return length + 1 + word >= _TIGHT * width


def _line(text: str, run: list[_Physical], east_asian: bool, opens: bool) -> Line:
    start, end, line = run[-1]
    last_width = end - start
    if len(run) > 1:
        start = run[0][0]
        line = text[start:end]
    return Line(start, end, line, _size(line, east_asian), closed(line), opens, last_width)


def _size(line: str, east_asian: bool) -> int:
    if east_asian and (characters := len(_EAST_ASIAN.findall(line, 0, 1000))) * 2 > len(line[:1000].replace(" ", "")):
        return characters // _EAST_ASIAN_WORD
    words = line.split(None, _COUNTED)
    if len(words) >= _COUNTED:
        return len(words)
    if "".join([word[0] for word in words]).isalnum():
        return len(words)
    return sum(1 for word in words if word[0].isalnum() or _ALNUM.search(word))
