"""Survey: what a text holds at all, found in one pass before anyone looks for it.

Nearly every text breaks its lines with a newline, ends its sentences with a handful of marks and is not written in Han,
kana or hangul. To know that is to be spared looking for all that it could hold: line separators, full-width full
stops, characters that are words of their own. A survey may say "maybe" of what is not there, never "no" of what is.

This room knows only str.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

#: Characters that show nothing: marks of direction, joiners, byte order marks, soft hyphens. They never part or join anything.
INVISIBLE: Final = "\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
INVISIBLE_CHARS: Final = "\u00ad\u061c\ufeff" + "".join(map(chr, [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A)]))

#: Runs of zh, ja and ko letters, whose words are not set apart.
_EAST_ASIAN_CHARS: Final = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u30ff\u3105-\u9fff\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003fffd"
)
EAST_ASIAN: Final = re.compile(f"[{_EAST_ASIAN_CHARS}]+")
#: What may end a sentence, the four that are common first; the last five belong to East Asian texts.
ASCII_ENDERS: Final = ".!?"
COMMON_ENDERS: Final = ASCII_ENDERS + "…؟"
EAST_ASIAN_ENDERS: Final = "。！？｡．"
ENDERS: Final = COMMON_ENDERS + "‼⁇⁈⁉۔।॥" + EAST_ASIAN_ENDERS

#: Letters and common punctuation that folding changes, if at all, each by itself and into one: composed, and in no other dress.
#: (Latin-1 and Latin Extended-A, Cyrillic, Hebrew, Arabic.)
_SIMPLE_CHARS: Final = (
    "\t\n\r -~\u00a0-\u00a7\u00a9\u00ab\u00ac\u00ae\u00b0\u00b1\u00b6\u00b7\u00bb\u00bf-\u00de\u00e0-\u0131\u0134-\u013e"
    "\u0141-\u0148\u014a-\u017e\u0400-\u0482\u048a-\u052f\u05b0-\u05ea\u060c\u061b\u061f-\u0652\u0660-\u0674\u0679-\u06d3"
    "\u06d5\u06f0-\u06fc\u2010\u2012-\u2016\u2018-\u201e\u2020-\u2022\u2026"
)
_SIMPLE: Final = re.compile(f"[{_SIMPLE_CHARS}]*")
#: The same with characters that show nothing, and kana, Han, Hangul and their punctuation, whose width changes and nothing else.
_SIMPLE_TOO_CHARS: Final = (
    f"{_SIMPLE_CHARS}{INVISIBLE}\u3000-\u3029\u3041-\u3096\u30a1-\u30fe\u3400-\u9fff\uac00-\ud7a3\uff01-\uff0f\uff1a-\uff20"
)
_SIMPLE_TOO: Final = re.compile(f"[{_SIMPLE_TOO_CHARS}]*")
#: All below the East Asian blocks but the line breaks that are no newline, and the enders that are not common. (Carriage
#: returns are seen to apart.) Of few characters it is one look-up each, however many ranges there are.
_PLAIN_CHARS: Final = "\0-\n\r\x0e-\x1b\x1f-\x84\x86-\u06d3\u06d5-\u0963\u0966-\u10ff\u1200-\u2027\u202a-\u203b\u203d-\u2046\u204a-\u2e7f"
_PLAIN: Final = re.compile(f"[{_PLAIN_CHARS}]*")
_ASCII_BREAKS: Final = "\v\f\x1c\x1d\x1e"
_WESTERN_CHARS: Final = "\0-\u10ff\u1200-\u2e7f"
_WESTERN: Final = re.compile(f"[{_WESTERN_CHARS}]*")


class Survey(NamedTuple):
    """``simple``: but for characters that show nothing (which there may be if ``invisible``), folding changes the text letter by
    letter, or takes marks and tatweel out of it; ``newlines``: every line break is ``\\n`` or ``\\r\\n``; ``east_asian``: it may
    hold zh, ja or ko letters; ``enders``: those of ENDERS that it may hold."""

    simple: bool
    invisible: bool
    newlines: bool
    east_asian: bool
    enders: str


def survey(text: str) -> Survey:
    if text.isascii():
        newlines = not any(map(text.__contains__, _ASCII_BREAKS)) and not _lone_returns(text)
        return Survey(simple=True, invisible=False, newlines=newlines, east_asian=False, enders=ASCII_ENDERS)
    end = len(text)
    simple_to = _end(_SIMPLE, text, 0)
    invisible = simple_to < end
    simple = not invisible or _end(_SIMPLE_TOO, text, simple_to) == end
    plain_to = _end(_PLAIN, text, simple_to)
    if plain_to == end:
        return Survey(simple, invisible, newlines=not _lone_returns(text), east_asian=False, enders=COMMON_ENDERS)
    western_to = _end(_WESTERN, text, plain_to)
    if western_to == end:
        return Survey(simple, invisible, newlines=False, east_asian=False, enders=ENDERS[: -len(EAST_ASIAN_ENDERS)])
    return Survey(simple, invisible, newlines=False, east_asian=bool(EAST_ASIAN.search(text, western_to)), enders=ENDERS)


#: What a character may be, for the loop in C (``_layout.c``), and what a text may hold besides.
_NOT_SIMPLE, _NOT_SIMPLE_TOO, _NOT_PLAIN, _NOT_WESTERN, _IS_EAST_ASIAN, _IS_ENDER, _LONE_RETURN = (1 << bit for bit in range(7))


@lru_cache(maxsize=1)
def looks() -> bytes:
    """What each character below U+10000 may be."""
    every = "".join(map(chr, range(0x10000)))
    table = bytearray([_NOT_SIMPLE | _NOT_SIMPLE_TOO | _NOT_PLAIN | _NOT_WESTERN]) * len(every)
    for bit, chars in (
        (_NOT_SIMPLE, _SIMPLE_CHARS),
        (_NOT_SIMPLE_TOO, _SIMPLE_TOO_CHARS),
        (_NOT_PLAIN, _PLAIN_CHARS),
        (_NOT_WESTERN, _WESTERN_CHARS),
        (_IS_EAST_ASIAN, _EAST_ASIAN_CHARS),
        (_IS_ENDER, re.escape(ENDERS)),
    ):
        turned = bytes(known ^ bit for known in range(256))
        for run in re.finditer(f"[{chars}]+", every):
            table[run.start() : run.end()] = table[run.start() : run.end()].translate(turned)
    return bytes(table)


@lru_cache(maxsize=256)
def surveyed(seen: int, ascii_only: bool) -> Survey:
    """``survey`` of a text whose characters are all that is ``seen`` (of which none is left out, and nothing else is in)."""
    newlines = not seen & (_NOT_PLAIN | _LONE_RETURN)
    if ascii_only:
        return Survey(simple=True, invisible=False, newlines=newlines, east_asian=False, enders=ASCII_ENDERS)
    simple = not seen & _NOT_SIMPLE_TOO
    invisible = bool(seen & _NOT_SIMPLE)
    if not seen & _NOT_PLAIN:
        return Survey(simple, invisible, newlines, east_asian=False, enders=COMMON_ENDERS)
    enders = ENDERS if seen & _NOT_WESTERN else ENDERS[: -len(EAST_ASIAN_ENDERS)]
    return Survey(simple, invisible, newlines=False, east_asian=bool(seen & _NOT_WESTERN and seen & _IS_EAST_ASIAN), enders=enders)


def is_simple(text: str) -> bool:
    """``survey(text).simple``."""
    return _SIMPLE_TOO.fullmatch(text) is not None


def _lone_returns(text: str) -> bool:
    return "\r" in text and text.count("\r") != text.count("\r\n")


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    found = pattern.match(text, start)
    assert found is not None, "nothing is something"
    return found.end()
