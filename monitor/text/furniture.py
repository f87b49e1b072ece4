"""Furniture: which lines of a text are menus, notices, labels and captions rather than the article.

A line is furniture when the phrase list knows it, when it is only a date, when it is short and in another script than
the text, when it is repeated, or when it has under five words, no closing punctuation, and is no heading before prose.
Furniture is marked, never deleted; a text without any prose keeps its few lines, whatever they look like.

This room knows only str.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from monitor.text.lines import Kind, Line
from monitor.text.phrases import NOTICE, are_known
from monitor.text.scripts import EAST_ASIAN, each_script, main_script
from monitor.text.sentences import split

#: Under this many words a line without closing punctuation is a label, not a sentence (fifteen characters in zh, ja, ko).
SHORT: Final = 5
#: A line in another script may be this long and still be a notice or a menu.
_FOREIGN: Final = 8
#: Prose: a closed line of five words, or one so long that nothing else is.
_LONG: Final = 20
#: A first line this long (in characters) with two sentences in it is a paragraph, not a headline.
_LONGEST_TITLE: Final = 250
#: Without any prose, this many short lines are a short item; more are a menu.
_SHORT_ITEM: Final = 3

#: How much of a line's first and last word is compared before the whole line is.
_EDGE: Final = 16

_BULLET: Final = re.compile(r"[-–—•·▪◦●○*■□»]|\(?[\w]{1,2}[.):\-]\s?\S")


def mark(lines: Sequence[Line], *, title: str = "", find_title: bool = True) -> None:
    """Give each line its kind. ``title`` is the text of a title that stands elsewhere; else the first line that is not
    furniture becomes it, unless ``find_title`` is off."""
    if len(lines) == 1 and not title:
        _mark_lone(lines[0], find_title=find_title)
        return
    _mark_known(lines)
    _mark_repeated(lines, title)
    first = _find_title(lines) if find_title else -1
    _mark_short(lines, first)
    if first >= 0:
        lines[first].kind = Kind.TITLE


def _mark_lone(line: Line, *, find_title: bool) -> None:
    """A text that is a single line is what it says: a title, or a paragraph if it holds more than one sentence."""
    line.kind = Kind.TITLE if find_title and not _several_sentences(line) else Kind.BODY


# ------------------------------------------------------------------------------------- what is known
def _mark_known(lines: Sequence[Line]) -> None:
    """Phrases, dates, other scripts, lines without a letter; and the headlines below "related articles"."""
    answers = are_known([(line.text, line.size, line.closed) for line in lines])
    own: AbstractSet[str] | None = None
    prose_begun = in_list = False
    for line, (listed, opens) in zip(lines, answers, strict=True):
        known = listed
        if not known and line.size <= _FOREIGN and len(line.text) <= NOTICE:
            if own is None:
                own = _own_scripts([line for line, (other, _) in zip(lines, answers, strict=True) if not other])
            known = _is_foreign(line.text, own)
        if known:
            line.kind = Kind.FURNITURE
        elif in_list:
            in_list = not (line.closed and line.size >= 2 * SHORT) and line.size < _LONG
            if in_list:
                line.kind = Kind.FURNITURE
        prose_begun = prose_begun or (line.closed and line.size >= 2 * SHORT) or line.size >= _LONG
        in_list = in_list or (opens and prose_begun)


def _own_scripts(lines: Sequence[Line]) -> AbstractSet[str]:
    """The script of a text, read from its three longest lines: menus are short. (Zh, ja and ko share theirs.)"""
    longest = sorted(lines, key=lambda line: line.end - line.start, reverse=True)[:3]
    script = main_script("".join([line.text[:120] for line in longest]))
    return EAST_ASIAN if script in EAST_ASIAN else {script} if script else set()


def _is_foreign(label: str, own: AbstractSet[str]) -> bool:
    """Whether a short line has no letter, or nearly all in other scripts than the text's: a name in Latin letters does not make
    a line foreign."""
    if own:
        # Half of it is enough to tell, nearly always.
        if sum(map(each_script(label[: len(label) // 2]).count, own)) * 5 >= len(label):
            return False
        scripts = each_script(label)
        ours = sum(map(scripts.count, own))
        if ours * 5 < len(label) - scripts.count(""):
            return True
    return not any(map(str.isalpha, label))


# ---------------------------------------------------------------------------------------- repetition
def _mark_repeated(lines: Sequence[Line], title: str) -> None:
    """A repeated label is furniture wherever it stands; of a repeated longer line, all but the first (it may be the title)."""
    # Lines that end or begin otherwise are different: of most texts there is no more to compare.
    ends = [line.text[-_EDGE:].rsplit(None, 1)[-1] for line in lines]
    ends += [title[-_EDGE:].rsplit(None, 1)[-1]] if title else []
    several = _several(ends)
    if not several:
        return
    candidates = [line for line, end in zip(lines, ends, strict=False) if end in several]
    beginnings = [line.text[:_EDGE].split(None, 1)[0] for line in candidates]
    beginnings += [title[:_EDGE].split(None, 1)[0]] if title else []
    several = _several(beginnings)
    compared = [
        (line, " ".join(line.text.split())) for line, beginning in zip(candidates, beginnings, strict=False) if beginning in several
    ]
    counts = Counter([text for _, text in compared])
    seen = {" ".join(title.split())} if title else set()
    for line, text in compared:
        label = line.size < SHORT and not line.closed
        if text in seen or (label and counts[text] > 1):
            line.kind = Kind.FURNITURE
        elif line.size >= SHORT:
            seen.add(text)


def _several(words: Sequence[str]) -> set[str]:
    """Those that stand in ``words`` more than once."""
    return set() if len(set(words)) == len(words) else {word for word, count in Counter(words).items() if count > 1}


# ------------------------------------------------------------------------------- the title and short lines
def _find_title(lines: Sequence[Line]) -> int:
    """The first line that is not furniture; -1 where that is a paragraph and no short line before it can be a headline."""
    first = next((i for i, line in enumerate(lines) if line.kind is Kind.BODY and not _is_short(line)), -1)
    if first < 0:
        return next((i for i, line in enumerate(lines) if line.kind is Kind.BODY), -1)
    if (lines[first].closed and lines[first].size >= 2 * SHORT) or lines[first].size > _LONG:
        # Prose already: a short headline stands before it, among labels shorter still.
        before = [i for i in range(first) if lines[i].kind is Kind.BODY and lines[i].size > 1]
        if before:
            return max(before, key=lambda i: (lines[i].size, -i))
        if _is_paragraph(lines[first]):
            return -1
    return first


def _is_paragraph(line: Line) -> bool:
    """Whether a line is plainly no headline: several sentences, and long or wrapped."""
    return (len(line.text) > _LONGEST_TITLE or len(line.text.splitlines()) > 1) and _several_sentences(line)


def _several_sentences(line: Line) -> bool:
    return len(split(line.text, 0, len(line.text))) > 1


def _mark_short(lines: Sequence[Line], title: int) -> None:
    """Short lines are furniture, but for headings (between prose and prose) and the items of a list that prose announces."""
    if not any(line.kind is Kind.BODY and _is_prose(line) for i, line in enumerate(lines) if i != title):
        short = [line for i, line in enumerate(lines) if i != title and line.kind is Kind.BODY and _is_short(line)]
        if len(short) <= _SHORT_ITEM:
            return
    prose_begun = in_list = False
    for i, line in enumerate(lines):
        if i == title or line.kind is not Kind.BODY:
            in_list = False
            continue
        if _is_short(line):
            heads = prose_begun and i + 1 < len(lines) and lines[i + 1].kind is Kind.BODY and _is_prose(lines[i + 1])
            item = in_list and bool(_BULLET.match(line.text))
            if not heads and not item:
                line.kind = Kind.FURNITURE
                in_list = False
            continue
        prose_begun = prose_begun or _is_prose(line)
        in_list = line.text.rstrip().endswith((":", "：")) or (in_list and bool(_BULLET.match(line.text)))


def _is_short(line: Line) -> bool:
    return line.size < SHORT and not line.closed


def _is_prose(line: Line) -> bool:
    return (line.closed and line.size >= SHORT) or line.size >= _LONG
