"""Full stops: whether the one at hand ends its sentence, or belongs to an abbreviation, an initial, a number, a unit.

Each language writes its own, and the text does not say which language it is: what stands before the stop is looked up in
the lists of all of them (``abbreviations``), and where those leave it open, what stands after it decides.

This room knows only str.
"""

from __future__ import annotations

import re
from typing import Final

from monitor.text.abbreviations import (
    AFTER_A_TIME,
    AFTER_AN_ORDINAL,
    ANYWHERE,
    BEFORE_A_NAME,
    BEFORE_A_NUMBER,
    MAY_END,
    ROMAN,
    RULERS,
    SMALL,
    STARTERS,
    YEAR,
)
from monitor.text.survey import INVISIBLE, INVISIBLE_CHARS

_OPENERS: Final = "\"'“‘«‹(\\[{„‚—–\\-¿¡【「『《〈（*•"
_NEXT_LETTER: Final = re.compile(rf"[{_OPENERS}\s{INVISIBLE}]{{0,8}}(\w?)")
_NEXT_WORD: Final = re.compile(rf"[{_OPENERS}\s{INVISIBLE}]{{0,8}}([^\W\d_]{{1,12}})")
# In Hebrew a quotation mark before the last letter makes an abbreviation.
_TOKEN_EDGE: Final = re.compile('(?<![א-ת])["״]|["״](?![א-ת])|[\'“”«»(\\[{‘’…—–/،,;:]')
_DAY: Final = re.compile(r"\d{4}\. ?\d{1,2}\. ?\d{1,2}\Z")
_DATE_GOES_ON: Final = re.compile(r"\d{1,2}\.(?:\s|\Z)")
_LETTER_WITH_STOP: Final = re.compile(r"\s*[^\W\d_]\.")
#: Before a letter that is a unit: a number, in Arabic perhaps another letter after it (``5 м``, ``22,4 م د``, ``кв. м``).
_BEFORE_A_UNIT: Final = re.compile(r"(?:\d\s?(?:[\u0620-\u064a]\.?\s)?|(?:кв|куб)\.\s?)\Z")

#: The longest token looked at before a full stop; longer ones are not abbreviations.
_TOKEN: Final = 24
ABBREVIATIONS: Final = MAY_END | BEFORE_A_NAME | BEFORE_A_NUMBER | ANYWHERE | ROMAN
#: So many words with a year at their end are the beginning of a sentence: ``В мае 2020 г. Россия``.
_SHORT_BEGINNING: Final = 5


def _token(text: str, begin: int, at: int) -> str:
    """What stands before the punctuation at ``at``, back to a blank, an opening mark or a comma."""
    piece = text[max(at - _TOKEN, begin) : at]
    if not piece[-1:].isalnum():
        piece = piece.rstrip(INVISIBLE_CHARS)
        if not piece or piece[-1].isspace():
            return ""
    token = piece.rsplit(None, 1)[-1]
    if token.isalnum():
        return token
    return _TOKEN_EDGE.split(token)[-1].strip(INVISIBLE_CHARS)


def stays_open(text: str, begin: int, at: int) -> bool:
    """At a line break: only what must have a name after it holds a sentence open."""
    token = _token(text, begin, at)
    return _before_a_name(token) and not _is_unit(text, at, token)


def _before_a_name(token: str) -> bool:
    return token.casefold() in BEFORE_A_NAME and (token[0].isupper() or token[0] > "\u024f" or token in SMALL)


def full_stop_ends(text: str, begin: int, at: int, after: int) -> bool:
    """Whether the one full stop at ``at`` ends the sentence that began at ``begin``; the text goes on at ``after``."""
    word = text[max(at - _TOKEN, begin) : at].rpartition(" ")[2]
    token = word if word.isalnum() else _token(text, begin, at)
    key = token.casefold()
    if not token:
        return text[at - 1] != "/"  # Spanish ``C/. Mayor``
    if len(token) > 1 and token.isalpha() and key not in ABBREVIATIONS:
        return True
    if token.isdigit():
        return _number_ends(text, begin, at, token, after)
    if len(token) == 1 and (spaced := _spaced_out(text, begin, at, key)):
        return spaced in MAY_END or (spaced in ANYWHERE and _starts(text, after))
    if key in MAY_END:
        return _next_word(text, after) not in AFTER_A_TIME
    if key in BEFORE_A_NUMBER and next_letter(text, after).isdigit():
        return False
    if _is_unit(text, at, token):
        return _year_ends(text, begin, at, after) if key in YEAR else not _LETTER_WITH_STOP.match(text, after)
    if _before_a_name(token):
        return False
    if key in ROMAN:
        return not token.isupper() or _next_word(text, after) not in AFTER_AN_ORDINAL | RULERS
    if key in ANYWHERE or _is_initials(token):
        return _starts(text, after) and (".-" not in token or key in ANYWHERE)
    return True


def _number_ends(text: str, begin: int, at: int, token: str, after: int) -> bool:
    """``1. Item`` numbers an item, ``5. Mayıs`` is a day and ``2. Ordu`` an army, ``2024. 7. 4.`` a date."""
    if len(token) > 4 or _DATE_GOES_ON.match(text, after) or _DAY.search(text, max(at - 14, begin), at):
        return len(token) > 4
    if len(token) == 4:
        return True
    leads = at - begin < _TOKEN and text[begin:at].strip() == token
    return not leads and _next_word(text, after) not in AFTER_AN_ORDINAL


def _year_ends(text: str, begin: int, at: int, after: int) -> bool:
    """``в 2019 г.`` ends what has begun long before, unless no word follows (``2017 р. № 62``)."""
    long = len(text[begin:at].split(None, _SHORT_BEGINNING)) >= _SHORT_BEGINNING
    return _starts(text, after) or (long and next_letter(text, after).isalpha())


def _spaced_out(text: str, begin: int, at: int, letter: str) -> str:
    """The abbreviation that the letter before ``at`` ends where that is one of letters set apart and known (``и т. д.``, ``5 p. m.``),
    or an Arabic acronym (``أ ف ب.``)."""
    before = text[max(at - 5, begin) : at - 1]
    if before[-2:] == ". " and (key := f"{before[-3:-2].casefold()}.{letter}") in ABBREVIATIONS:
        return key
    if letter > "\u0600" and len(before) == 4 and before[1] == before[3] == " " and before[0].isalpha() and before[2].isalpha():
        return "etc"
    return ""


def _starts(text: str, after: int) -> bool:
    """Whether a word begins at ``after`` that begins sentences, and is not an initial (``В. В. Путин``)."""
    word = _NEXT_WORD.match(text, after)
    return word is not None and word[1] in STARTERS and not _LETTER_WITH_STOP.match(text, after)


def _is_initials(token: str) -> bool:
    """``J``, ``U.S``, ``J.-Y``, ``أ.ف.ب``: single letters, or short pieces parted by full stops."""
    if len(token) == 1:
        return token.isalpha() and not "\u2e80" <= token <= "\ud7a3"
    pieces = token.replace(".-", ".").split(".")
    return len(pieces) > 1 and all(len(piece) <= 2 and piece.isalpha() for piece in pieces) and not "\u2e80" <= token[0] <= "\ud7a3"


def _is_unit(text: str, at: int, token: str) -> bool:
    """``2019 م.``, ``2019 г.``, ``كلم/س.``: one letter after a number or a sign of division is a unit or an era, not an initial.
    (A Latin one is none after a number: ``100 a. C.``, ``14 N. Main St.``)"""
    if len(token) > 1 or at < 2:
        return False
    return text[at - 2] == "/" or (text[at - 1] > "\u024f" and bool(_BEFORE_A_UNIT.search(text, max(at - 7, 0), at - 1)))


def next_letter(text: str, at: int) -> str:
    """The letter or digit that comes at ``at``, after what may open a sentence; '' where another sign does."""
    found = _NEXT_LETTER.match(text, at)
    return found[1] if found else ""


def _next_word(text: str, at: int) -> str:
    found = _NEXT_WORD.match(text, at)
    return found[1] if found else ""
