"""Sentences: where one ends inside a paragraph of prose, with exact offsets.

What ends a sentence: ``. ! ? … ؟ ۔ । ॥ 。 ！ ？`` with the quotes and brackets that close after them; a line break after
such punctuation. What does not: the full stop of an abbreviation, an initial, a number or a domain name; ``؛`` and
colons; the two dots that Arabic news writes for a dash. Lines, paragraphs and headings are the layout's business.

This room knows only str.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from monitor.text.abbreviations import AFTER_A_TIME, ANYWHERE, BEFORE_A_NAME, BEFORE_A_NUMBER, MAY_END, MONTHS, SMALL, STARTERS

#: Characters that show nothing: marks of direction, joiners, byte order marks, soft hyphens. They never part or join anything.
INVISIBLE: Final = "\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
INVISIBLE_CHARS: Final = "\u00ad\u061c\ufeff" + "".join(map(chr, [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A)]))

_EAST_ASIAN: Final = "。！？｡．"
_SURE: Final = "؟۔।॥"
_ENDERS: Final = ".!?…‼⁇⁈⁉" + _SURE + _EAST_ASIAN
_CLOSERS: Final = "\"'”’»›)\\]}】」』》〉）］"
_OPENERS: Final = "\"'“‘«‹(\\[{„‚—–\\-¿¡【「『《〈（*•"

# Punctuation, what closes after it (French sets a no-break space before its closing guillemet), and the gap that follows.
_CANDIDATE: Final = re.compile(rf"([{_ENDERS}]+)((?:[{_CLOSERS}{INVISIBLE}]|[\u00a0\u202f][»›])*)([\s{INVISIBLE}]*)")
_NEXT_LETTER: Final = re.compile(rf"[{_OPENERS}\s{INVISIBLE}]{{0,8}}(\w?)")
_NEXT_WORD: Final = re.compile(rf"[{_OPENERS}\s{INVISIBLE}]{{0,8}}([^\W\d_]{{1,12}})")
_LAST_TOKEN: Final = re.compile(r"[^\s\"'“”«»(\[{‘’…—–/،,;:]+\Z")
_LINE_BREAK: Final = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_AFTER_CLOSED: Final = ",،、，;؛:"
_ENDERS_PLAIN: Final = frozenset(_ENDERS)
_TRAILING: Final = _CLOSERS.replace("\\", "") + INVISIBLE_CHARS + "\u00a0\u202f "

#: The longest token looked at before a full stop; longer ones are not abbreviations.
_TOKEN: Final = 24


def closed(line: str) -> bool:
    """Whether a line ends in closing punctuation (and what may close after it)."""
    tail = line.rstrip(_TRAILING)
    return bool(tail) and tail[-1] in _ENDERS_PLAIN


def split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The sentences of ``text[start:end]``, a piece of prose without headings: sorted, disjoint, without blanks at their ends.

    A plain line break inside it is a blank like any other.
    """
    begin = _skip_blank(text, start, end)
    for match in _CANDIDATE.finditer(text, begin, end):
        if match.end() < end and _ends(text, begin, match):
            yield begin, match.end(2)
            begin = match.end()
    end = start + len(text[start:end].rstrip())
    if begin < end:
        yield begin, end


def _skip_blank(text: str, start: int, end: int) -> int:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip())


def _ends(text: str, begin: int, match: re.Match[str]) -> bool:
    """Whether the punctuation of ``match`` ends the sentence that began at ``begin``; there is text after it."""
    marks, closers, gap = match.groups()
    following = text[match.end()]
    spaced = bool(gap.strip(INVISIBLE_CHARS))
    if following in _AFTER_CLOSED:
        return False
    if any(mark in _EAST_ASIAN for mark in marks):
        # A Japanese quotation goes on after its bracket: 「…。」と述べた.
        return not (closers and following in "とっ")
    if any(mark in _SURE for mark in marks):
        return spaced or following.isalpha()
    if not spaced:
        return _ends_glued(text, match, following)
    if _LINE_BREAK.search(gap):
        return not (marks == "." and _stays_open(text, match, begin))
    letter = _next(_NEXT_LETTER, text, match.end())
    if letter.islower():
        return False
    if marks == "..":
        # Arabic news writes two dots for a dash; with capitals to go by, a capital decides.
        return letter.isupper()
    return marks != "." or _full_stop_ends(text, match, begin)


def _ends_glued(text: str, match: re.Match[str], following: str) -> bool:
    """No blank after the punctuation: Arabic writers leave it out (``البلاد.وقال``), domain names and versions never have it."""
    marks, closers, _ = match.groups()
    if not "\u0620" <= following <= "\u06d3":
        return False
    if any(c in "”»’" for c in closers):
        return True
    before = text[max(match.start() - 3, 0) : match.start()]
    after = text[match.end() : match.end() + 2]
    return marks in {".", "!", "?", "…"} and (len(before), len(after)) == (3, 2) and before.isalpha() and after.isalpha()


def _token(text: str, match: re.Match[str], begin: int) -> str:
    at = match.start()
    found = _LAST_TOKEN.search(text[max(at - _TOKEN, begin) : at].rstrip(INVISIBLE_CHARS))
    return found[0].strip(INVISIBLE_CHARS) if found else ""


def _stays_open(text: str, match: re.Match[str], begin: int) -> bool:
    """At a line break: only what must have a name after it holds a sentence open."""
    token = _token(text, match, begin)
    return _before_a_name(token) and not _is_unit(text, match, token)


def _before_a_name(token: str) -> bool:
    return token.casefold() in BEFORE_A_NAME and (token[0].isupper() or token[0] > "\u024f" or token in SMALL)


def _full_stop_ends(text: str, match: re.Match[str], begin: int) -> bool:
    token = _token(text, match, begin)
    if not token:
        return True
    key = token.casefold()
    if token.isdigit() and len(token) <= 3:
        # "1. Item" numbers an item, "5. Mayıs" a day.
        leads = text[begin : match.start()].strip() == token if match.start() - begin < _TOKEN else False
        return not leads and _next(_NEXT_WORD, text, match.end()) not in MONTHS
    if key in MAY_END:
        return _next(_NEXT_WORD, text, match.end()) not in AFTER_A_TIME
    if _before_a_name(token):
        return _is_unit(text, match, token)
    if key in BEFORE_A_NUMBER:
        return not _next(_NEXT_LETTER, text, match.end()).isdigit()
    if key in ANYWHERE or _is_initials(token):
        return _next(_NEXT_WORD, text, match.end()) in STARTERS
    return True


def _is_initials(token: str) -> bool:
    """``J``, ``U.S``, ``أ.ف.ب``: single letters, or short pieces parted by full stops."""
    pieces = token.split(".")
    return (
        all(len(piece) <= 2 and piece.isalpha() for piece in pieces)
        and (len(pieces) > 1 or len(token) == 1)
        and not "\u2e80" <= token[0] <= "\u9fff"
    )


def _is_unit(text: str, match: re.Match[str], token: str) -> bool:
    """``2019 م.``, ``2019 г.``: one letter after a number is a unit or an era, not an initial."""
    before = text[max(match.start() - len(token) - 4, 0) : match.start() - len(token)].rstrip()
    return len(token) == 1 and before[-1:].isdigit()


def _next(pattern: re.Pattern[str], text: str, at: int) -> str:
    found = pattern.match(text, at)
    return found[1] if found else ""
