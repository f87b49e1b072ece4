"""The loops of layout that look at every character, in C where they were compiled when the program was installed.

``_layout`` finds what ``survey``, ``sentences`` and ``lines`` find, in a fifth of the time; tests hold them to one answer.

This room knows only str.
"""

from __future__ import annotations

from typing import Final

from monitor.text.fullstops import ABBREVIATIONS
from monitor.text.sentences import Enders, enders_of
from monitor.text.survey import Survey, looks, survey, surveyed

__all__ = ["COMPILED", "kernel", "look"]

_compiled = True
try:
    import monitor.text._layout as kernel
except ImportError:  # there was no compiler
    kernel = None  # type: ignore[assignment]
    _compiled = False

#: Whether ``kernel`` is there; it is called by nobody where it is not.
COMPILED: Final = _compiled
#: Letters of the longest abbreviation: longer words need not be looked up.
_LONGEST: Final = max(map(len, ABBREVIATIONS))


def look(text: str, cut: int = 0) -> tuple[Survey, Enders]:
    """What ``text`` holds at all, and where its sentences may end. ``cut`` is where a line may begin that no line's end stands before."""
    if not COMPILED or (0 < cut < len(text) and text[cut] != "\n"):
        found = survey(text)
        return found, enders_of(text, found.enders)
    seen, places, sure = kernel.look(text, looks(), ABBREVIATIONS, _LONGEST)
    return surveyed(seen, text.isascii()), Enders(places, sure)
