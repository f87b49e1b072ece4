"""Sentences: where one ends inside a paragraph of prose, with exact offsets.

What ends a sentence: ``. ! ? … ؟ ۔ । ॥ 。 ！ ？`` with the quotes and brackets that close after them; a line break after
such punctuation. What does not: the full stop of an abbreviation, an initial, a number or a domain name; ``؛`` and
colons; the two dots that Arabic news writes for a dash. Lines, paragraphs and headings are the layout's business.

This room knows only str.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from monitor.text.fullstops import ABBREVIATIONS, full_stop_ends, next_letter, stays_open
from monitor.text.survey import EAST_ASIAN_ENDERS, ENDERS, INVISIBLE, INVISIBLE_CHARS

_SURE: Final = "؟۔।॥"
_CLOSERS: Final = "\"'”’»›)\\]}】」』》〉）］"

# Punctuation (the stops of an ellipsis may be set apart), what closes after it (French sets a blank before its closing
# guillemet, and so do others between two quotes that close), and the gap that follows.
_CANDIDATE: Final = re.compile(
    rf"([{ENDERS}]+(?: \.+(?![\w.]))*)((?:[{_CLOSERS}{INVISIBLE}]|[\u00a0\u202f][»›]|[ \u00a0\u202f][»›”’](?!\w))*)([\s{INVISIBLE}]*)"
)
#: What goes on after a quotation: 「…。」と述べた, “….” 라고 말했다.
_GOES_ON: Final = re.compile("と|っ|を|など|라고|이라고|라며|라면서|고 |며 |면서 |하고 ")
_LINE_BREAK: Final = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_AFTER_CLOSED: Final = ",،、，;؛:"
_ENDERS_PLAIN: Final = frozenset(ENDERS)
_SURE_SET: Final = frozenset(_SURE)
_EAST_ASIAN_SET: Final = frozenset(EAST_ASIAN_ENDERS)
_TRAILING: Final = _CLOSERS.replace("\\", "") + INVISIBLE_CHARS + "\u00a0\u202f "

#: One of so many enders ends a sentence, nearly always.
_FEW: Final = 6
#: Of so few characters before its punctuation one must be a letter or a digit, or there is no sentence: ``. . .``
_NOTHING: Final = 3


def closed(line: str) -> bool:
    """Whether a line ends in closing punctuation (and what may close after it)."""
    last = line[-1:]
    if last in _ENDERS_PLAIN:
        return True
    if last.isalnum():
        return False
    tail = line.rstrip(_TRAILING)
    return bool(tail) and tail[-1] in _ENDERS_PLAIN


def ender_places(text: str, enders: str = ENDERS) -> list[int]:
    """Where the characters of ``enders`` stand, which may end a sentence, in order.

    Looking for each by itself is several times faster than looking for all with one pattern, most of them being absent.
    """
    places: list[int] = []
    for ender in enders:
        if ender in text:
            lengths = list(map(len, text.split(ender)))
            lengths.pop()
            places += [number + length for number, length in enumerate(accumulate(lengths))]
    places.sort()
    return places


class Enders(NamedTuple):
    """The ``places`` of characters that may end a sentence, in order, and which of them are ``sure``: full stops after a plain word
    and before a blank and a letter that is not small."""

    places: Sequence[int]
    sure: Sequence[bool]


def enders_of(text: str, enders: str = ENDERS) -> Enders:
    """None is said to be sure: ``split`` finds it out."""
    places = ender_places(text, enders)
    return Enders(places, [False] * len(places))


def split(text: str, start: int, end: int, enders: Enders | None = None, ahead: int = 0) -> list[tuple[int, int]]:
    """The sentences of ``text[start:end]``, a piece of prose without headings: sorted, disjoint, without blanks at their ends.

    A plain line break inside it is a blank like any other. ``enders`` are those of ``text``, where they are known; none of those
    before ``ahead`` is in the piece.
    """
    if start < end and (text[start].isspace() or text[end - 1].isspace()):
        start, end = _without_blanks(text, start, end)
    if enders is None:
        of_piece = enders_of(text[start:end])
        enders = Enders([start + at for at in of_piece.places], of_piece.sure)
    places, sure = enders
    found: list[tuple[int, int]] = []
    begin = dealt_with = start
    last = end - 1
    for number in range(bisect_left(places, start, ahead), bisect_left(places, last, ahead)):
        at = places[number]
        if at < dealt_with:
            continue
        if sure[number]:
            found.append((begin, at + 1))
            begin = at + 2
            continue
        if at - begin < _NOTHING and not any(map(str.isalnum, text[begin:at])):
            match = _CANDIDATE.match(text, at, end)
            assert match is not None, "an ender is a candidate"
            dealt_with = match.end()
            if found and match[3]:  # what stands alone after a sentence belongs to it
                found[-1] = (found[-1][0], match.end(2))
                begin = dealt_with
            continue
        following = text[at + 1]
        if text[at] == ".":
            # The two that are common, without a pattern: a full stop and a blank before a letter, and one inside a number or name.
            if following == " " and (after := text[at + 2]).isalnum():
                if not after.islower():
                    word = text[max(text.rfind(" ", begin, at) + 1, begin) : at]
                    plain = len(word) > 1 and word.isalpha() and word.casefold() not in ABBREVIATIONS
                    if plain or full_stop_ends(text, begin, at, at + 2):
                        found.append((begin, at + 1))
                        begin = at + 2
                continue
            if following.isalnum() and not _glues(following):
                continue
        match = _CANDIDATE.match(text, at, end)
        assert match is not None, "an ender is a candidate"
        dealt_with = match.end()
        if dealt_with < end and _ends(text, begin, match):
            found.append((begin, match.end(2)))
            begin = dealt_with
    if found and (begin == end or (end - begin <= _NOTHING and not any(map(str.isalnum, text[begin:end])))):
        found[-1] = (found[-1][0], end)
    elif begin < end:
        found.append((begin, end))
    return found


def are_several(text: str, start: int, end: int, enders: Enders) -> bool:
    """Whether ``text[start:end]`` holds more than one sentence."""
    ahead = bisect_left(enders.places, start)
    if True in enders.sure[ahead : min(bisect_left(enders.places, end - 1, ahead), ahead + _FEW)]:
        return True
    few = Enders(enders.places[ahead : ahead + _FEW], enders.sure[ahead : ahead + _FEW])
    return len(split(text, start, end, few)) > 1 or (len(few.places) == _FEW and len(split(text, start, end, enders, ahead)) > 1)


def _without_blanks(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())


def _ends(text: str, begin: int, match: re.Match[str]) -> bool:
    """Whether the punctuation of ``match`` ends the sentence that began at ``begin``; there is text after it."""
    marks, closers, gap = match.groups()
    following = text[match.end()]
    spaced = bool(gap.strip(INVISIBLE_CHARS))
    if following in _AFTER_CLOSED:
        return False
    if closers and _GOES_ON.match(text, match.end()):
        return False
    if not _EAST_ASIAN_SET.isdisjoint(marks):
        return True
    if not _SURE_SET.isdisjoint(marks):
        return spaced or following.isalpha()
    if not spaced:
        return _ends_glued(text, match, following)
    if _LINE_BREAK.search(gap):
        return not (marks == "." and stays_open(text, begin, match.start()))
    letter = next_letter(text, match.end())
    if letter.islower():
        return False
    if marks == "..":
        # Arabic news writes two dots for a dash; with capitals to go by, a capital decides.
        return letter.isupper()
    return marks != "." or full_stop_ends(text, begin, match.start(), match.end())


def _ends_glued(text: str, match: re.Match[str], following: str) -> bool:
    """No blank after the punctuation: Arabic writers leave it out (``البلاد.وقال``), domain names and versions never have it."""
    marks, closers, _ = match.groups()
    if not _glues(following):
        return False
    if any(c in "”»’" for c in closers):
        return True
    before = text[max(match.start() - 3, 0) : match.start()]
    after = text[match.end() : match.end() + 2]
    if marks not in {".", "!", "?", "…"} or len(before) < 3 or len(after) < 2 or not after.isalpha():
        return False
    return before.isalpha() or (marks == "." and before[:2].isalpha() and before[2].isspace())  # ``البلاد .وقال``


def _glues(following: str) -> bool:
    """Whether a sentence may begin with this letter without a blank before it."""
    return "\u0620" <= following <= "\u06d3"
