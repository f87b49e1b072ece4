"""What may be attached to a number in one graphic word: F-16을, و2397, ה-F16ים, MiG-29s.

Where letters and digits touch, a word ends and the graphic word goes on, so that 550 is not found in MD550. Languages that
attach their small words attach them to numbers as well; those are part of a hit, and no reason against it.

This room knows only str.
"""

from __future__ import annotations

import re
from typing import Final

from monitor.text.fold import fold
from monitor.text.forms_split import BEFORE_OTHERS

#: The English plural, Persian plurals and possessives, and in Korean particles and the counters that numbers stand with.
_BEHIND: Final = re.compile(r"s|ها(?:ي(?:ي|ش|شان|مان|تان)?)?|ي|[가-힣]+")


def may_stand_before(word: str) -> bool:
    """Whether this run of letters is one that is attached before a number."""
    return fold(word) in BEFORE_OTHERS


def may_stand_behind(word: str) -> bool:
    """Whether this run of letters is one that is attached behind a number."""
    return bool(_BEHIND.fullmatch(fold(word)))
