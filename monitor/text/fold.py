"""Folding: the key under which two spellings are one word, with a map back to the text.

Order matters: runs of combining marks are capped first, because NFKC reorders marks in quadratic time (python/cpython
gh-149079); then NFKC, case, and the letters that writers of Arabic, Persian, Hebrew, Russian and Turkish interchange.
Folding works cluster by cluster (a base character with what combines with it), so that every folded character knows
the cluster it came from and nothing is ever composed across a boundary that the map cannot express.

This room knows only str.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

#: More marks on one letter than any orthography uses (Arabic stacks three, Hebrew four with cantillation); the rest is noise.
MARKS_CAP: Final = 8
#: Characters of a word that is remembered.
_WORD: Final = 24


_BMP: Final = tuple(map(unicodedata.category, map(chr, range(0x10000))))


def category_class(*wanted: str) -> str:
    """Regex class body of all BMP characters whose general category starts with one of ``wanted``."""
    parts: list[str] = []
    start: int | None = None
    for code, category in enumerate(_BMP):
        inside = category[0] in wanted or category in wanted
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            parts.append(f"\\u{start:04x}-\\u{code - 1:04x}")
            start = None
    return "".join(parts)


#: Marks (Mn, Mc, Me), the format characters and the astral variation selectors and tags.
MARKS: Final = category_class("M") + r"\U0001e000-\U0001e02f\U000e0100-\U000e01ef"
FORMAT: Final = category_class("Cf") + r"\U000e0000-\U000e007f"
#: What joins the character before it in NFKC without being a mark: half-width voicing marks, conjoining and half-width jamo.
_JOINS: Final = r"\uff9e\uff9f\u1160-\u11ff\ud7b0-\ud7fb\uffa0-\uffdc"

_EXCESS_MARKS: Final = re.compile(rf"([{MARKS}]{{{MARKS_CAP}}})[{MARKS}]+")
_CLUSTER: Final = re.compile(rf"(?s:.)[{MARKS}{_JOINS}]*")
_FORMAT: Final = re.compile(f"[{FORMAT}]+")
_BEYOND_LETTERS: Final = re.compile(f"[{MARKS}{FORMAT}{_JOINS}]")

_LETTERS: Final = {
    # Arabic: alef with hamza, madda or wasla; hamza seats; alef maqsura and Persian ye; ta marbuta; Persian and Urdu kaf, heh.
    **dict.fromkeys("أإآٱٲٳ", "ا"),
    "ؤ": "و",
    **dict.fromkeys("ئىیېۍےٸ", "ي"),
    **dict.fromkeys("ةۀەہھۃ", "ه"),
    **dict.fromkeys("کڪګ", "ك"),
    "ـ": "",  # tatweel
    # Russian ё is written е more often than not; Turkish dotted and dotless i meet in capitals (İHA, IHA).
    "ё": "е",
    "ı": "i",
    # Apostrophes, geresh and gershayim inside words.
    **dict.fromkeys("’‘ʼʻ‛`´＇׳", "'"),
    **dict.fromkeys("״“”„", '"'),
}
_FOLD_TABLE: Final = str.maketrans(_LETTERS)


def _kept_mark(char: str) -> bool:
    """Whether a mark left after composition is part of the word: Indic and South-East Asian vowels are, accents and harakat are not."""
    return 0x0900 <= ord(char) < 0x1AB0 or ord(char) in (0x3099, 0x309A)


def _fold_plain(text: str) -> str:
    """Fold a string whose mark runs are capped, without a map."""
    text = _FORMAT.sub("", text)
    text = unicodedata.normalize("NFKC", text).casefold()
    # Case folding may leave marks behind (İ -> i + dot above) and may undo composition: compose once more, then drop what is left.
    text = unicodedata.normalize("NFKC", text).translate(_FOLD_TABLE)
    if text.isascii():
        return text
    out: list[str] = []
    for char in text:
        category = unicodedata.category(char)
        if category == "Nd":
            out.append(str(unicodedata.decimal(char)))
        elif category == "Cf" or (category[0] == "M" and not _kept_mark(char)):
            continue
        else:
            out.append(char)
    return "".join(out)


@lru_cache(maxsize=65_536)
def _fold_cluster(cluster: str) -> str:
    return _fold_plain(cluster)


def fold(text: str) -> str:
    """The folded key of a word or phrase. ``fold(s) == fold_map(s)[0]`` for every string."""
    if text.isascii():
        return text.lower().replace("`", "'")
    return _fold_word(text) if len(text) <= _WORD else _fold_any(text)


#: A word that is new is new to all who ask: it is folded for its forms, and soon after for its article's fingerprint.
@lru_cache(maxsize=8_192)
def _fold_word(text: str) -> str:
    return _fold_any(text)


def _fold_any(text: str) -> str:
    if not _BEYOND_LETTERS.search(text):  # every character is a cluster: the usual word, at a quarter of the cost
        return "".join(map(_fold_cluster, text))
    return "".join(map(_fold_cluster, _clusters(text)))


def _clusters(text: str) -> list[str]:
    # Format characters neither carry nor receive marks: without them a mark reaches the letter it is drawn on.
    return _CLUSTER.findall(_EXCESS_MARKS.sub(r"\1", _FORMAT.sub("", text)))


def fold_map(text: str) -> tuple[str, list[int]]:
    """The folded text and, for each folded character, the offset of the cluster in ``text`` that it came from.

    The list has one entry more than the folded text has characters: the length of ``text``. A folded span ``[i, j)``
    stands at ``[map[i], map[j])``: it ends where the next kept character begins, so that marks, tatweel and tanwin that
    trail a word stay inside it.
    """
    folded: list[str] = []
    offsets: list[int] = []
    kept: list[str] = []
    origins: list[int] = []
    run = 0
    for offset, char in enumerate(text):
        if _FORMAT.match(char):
            continue
        is_mark = unicodedata.category(char)[0] == "M"
        run = run + 1 if is_mark else 0
        if run > MARKS_CAP:
            continue
        kept.append(char)
        origins.append(offset)
    position = 0
    for cluster in _CLUSTER.findall("".join(kept)):
        key = _fold_cluster(cluster)
        folded.append(key)
        offsets.extend([origins[position]] * len(key))
        position += len(cluster)
    offsets.append(len(text))
    return "".join(folded), offsets
