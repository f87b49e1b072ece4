"""Lines: a text as its writer laid it out, before anyone asks what the lines mean.

Physical lines become logical ones: the lines of a hard-wrapped paragraph are joined again, so that no sentence is cut
in half and no wrapped line is taken for a menu entry. A break is taken for wrapping where the next word would not have
fitted (a *tight* break) and the run of such lines ends as prose ends, in closing punctuation. Of a *column*, a thousand
lines of a few characters one after another, the rest is one piece of furniture: no article holds one, and a text built
of nothing else must not become a million lines.

This room knows only str.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise
from operator import attrgetter
from typing import Final

from monitor.text.loops import COMPILED, kernel
from monitor.text.sentences import closed
from monitor.text.survey import EAST_ASIAN, ENDERS, INVISIBLE, INVISIBLE_CHARS, Survey

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
#: A column: more lines than this, each with fewer characters than that (a sentence of zh, ja or ko needs no more than four).
_COLUMN: Final = 1_000
_TINY: Final = 10
_TINY_EAST_ASIAN: Final = 4
#: Lines are cut out of so many characters at a time, so that those of a long text are never all there at once.
_CHUNK: Final = 1 << 18
#: In prose so many characters hold more words than are counted: no more are looked at.
_SURVEYED: Final = 160

_ALNUM: Final = re.compile(r"[^\W_]")
_INVISIBLE_ONLY: Final = re.compile(rf"[\s{INVISIBLE}]*\Z")


class Kind(Enum):
    TITLE = auto()
    BODY = auto()
    FURNITURE = auto()


@dataclass(slots=True)
class Line:
    """A logical line; ``text`` has blanks where it was wrapped. ``size`` is its length in words (of which zh, ja and ko count three
    characters as one); ``opens`` says that a blank line or the edge of the text stands before it; ``last_width`` is that of its
    last physical line."""

    start: int
    end: int
    text: str
    size: int
    closed: bool
    opens: bool
    last_width: int
    kind: Kind = Kind.BODY


#: A line of the text as it stands there, without the blanks at its ends: where it starts, ends, what it says, and its words.
_Physical = tuple[int, int, str, int]
#: Columns (with the last of their lines), and the spans of lines that hold nothing but invisible characters.
_Aside = tuple[list[_Physical], list[tuple[int, int]]]


def logical_lines(text: str, start: int, end: int, found: Survey, *, title_first: bool) -> tuple[list[Line], list[tuple[int, int]]]:
    """The logical lines of ``text[start:end]``, and the spans of lines that hold nothing but invisible characters.

    ``title_first`` says that a title may still come: it is not joined to the prose below it unless that goes on in lower case.
    """
    lines: list[Line] = []
    aside: _Aside = ([], [])
    columns, invisible = aside
    east_asian = found.east_asian
    for block in _blocks(text, start, end, found, aside):
        opens = True
        for run in zip(block) if _is_unwrapped(block) else _runs(block, title_first=title_first):
            first, last, line, size = run[-1]
            last_width = last - first
            if len(run) > 1:
                first = run[0][0]
                line = " ".join([piece for _, _, piece, _ in run])
                size = words_in(line)
            if east_asian:
                size = _size(line, size)
            shut = line[-1] in ENDERS or (not line[-1].isalnum() and closed(line))
            lines.append(Line(first, last, line, size, shut, opens, last_width))
            opens = False
            title_first = title_first and size < 5
    if columns:
        lines += [Line(first, last, line, 0, False, True, last - first, Kind.FURNITURE) for first, last, line, _ in columns]
        lines.sort(key=attrgetter("start"))
    return lines, invisible


def _blocks(text: str, start: int, end: int, found: Survey, aside: _Aside) -> Iterator[list[_Physical]]:
    """Runs of physical lines without a blank line between them, and without what is put aside."""
    columns, invisible = aside
    tiny = _TINY_EAST_ASIAN if found.east_asian else _TINY
    in_a_row = 0
    block: list[_Physical] = []
    for line in _cut(text, start, end, newlines=found.newlines):
        if line is not None:
            first, last, piece, _ = line
            in_a_row = in_a_row + 1 if last - first < tiny else 0
            if in_a_row > _COLUMN:
                if in_a_row > _COLUMN + 1:
                    first = columns.pop()[0]
                columns.append((first, last, piece, 0))
            elif piece[0] not in INVISIBLE_CHARS or not _INVISIBLE_ONLY.match(piece):
                block.append(line)
                continue
            else:
                invisible.append((first, last))
        if block:
            yield block
            block = []
    if block:
        yield block


def _cut(text: str, start: int, end: int, *, newlines: bool) -> Iterable[_Physical | None]:
    """The physical lines; None for each that is blank."""
    if COMPILED and newlines and end - start <= _CHUNK:
        return kernel.lines(text, start, end)
    return _cut_in_chunks(text, start, end, newlines=newlines)


def _cut_in_chunks(text: str, start: int, end: int, *, newlines: bool) -> Iterator[_Physical | None]:
    while start < end:
        cut = text.find("\n", start + _CHUNK, end)
        cut = end if cut < 0 else cut
        if not newlines:  # other line breaks are looked for one character at a time
            yield from _stripped(text[start : min(cut + 1, end)].splitlines(keepends=True), start, 0)
        elif COMPILED:
            yield from kernel.lines(text, start, cut)
        else:
            yield from lines_of(text, start, cut)
        start = cut + 1


def lines_of(text: str, start: int, end: int) -> Iterator[_Physical | None]:
    """The lines of ``text[start:end]``, whose only line breaks are newlines."""
    return _stripped(text[start:end].split("\n"), start, 1)


def _stripped(lines: Iterable[str], start: int, break_width: int) -> Iterator[_Physical | None]:
    for raw in lines:
        piece = raw.strip()
        if piece:
            at = start if raw[0] == piece[0] else start + len(raw) - len(raw.lstrip())
            yield at, at + len(piece), piece, words_in(piece)
        else:
            yield None
        start += len(raw) + break_width


def _is_unwrapped(block: list[_Physical]) -> bool:
    """No line of a block so wide was wrapped, unless the next goes on in lower case: most breaks of the web."""
    if len(block) == 1:
        return True
    if max([end - start for start, end, _, _ in block]) <= WIDEST_WRAP:
        return False
    beginnings = "".join([line[0] for _, _, line, _ in block])
    return beginnings == beginnings.upper()


def _runs(block: list[_Physical], *, title_first: bool) -> Iterator[Sequence[_Physical]]:
    """The block's physical lines, those of one wrapped paragraph together."""
    width = max([end - start for start, end, _, _ in block])
    run = [block[0]]
    lower = True
    for before, after in pairwise(block):
        goes_on = after[2][0].islower()
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


def _accepted(run: list[_Physical], *, lower: bool) -> Iterator[Sequence[_Physical]]:
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
    east_asian = bool(EAST_ASIAN.match(before[-1]))
    if width < _NARROWEST_WRAP and not east_asian:
        return False
    word = 1 if east_asian else len(after[:width].split(None, 1)[0])
    return length + 1 + word >= _TIGHT * width


def _size(line: str, words: int) -> int:
    """The size of a line of so many words that may hold zh, ja or ko letters."""
    others = EAST_ASIAN.sub("", line[:_SURVEYED])
    characters = len(line[:_SURVEYED]) - len(others)
    return characters // _EAST_ASIAN_WORD if characters > len(others) - others.count(" ") else words


def words_in(line: str) -> int:
    """How many words a line has that hold a letter or a digit; of many, one more than are counted."""
    if len(line) > _SURVEYED and line.count(" ", 0, _SURVEYED) >= _COUNTED and line.find("  ", 0, _SURVEYED) < 0:
        return _COUNTED + 1
    words = line.split(None, _COUNTED)
    if len(words) >= _COUNTED:
        return len(words)
    if "".join([word[0] for word in words]).isalnum():
        return len(words)
    return len([word for word in words if word[0].isalnum() or _ALNUM.search(word)])
