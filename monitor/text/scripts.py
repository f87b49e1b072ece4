"""Scripts: which writing system a character, a word or a text belongs to.

The script of a letter is read from its Unicode name (``ARABIC LETTER BEH``), so that every script Unicode knows has an
answer and no table of ranges has to be kept. Hiragana and Katakana are one script here, ``Kana``.

This room knows only str.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Final

ARABIC: Final = "Arabic"
CYRILLIC: Final = "Cyrillic"
HAN: Final = "Han"
HANGUL: Final = "Hangul"
HEBREW: Final = "Hebrew"
KANA: Final = "Kana"
LATIN: Final = "Latin"

#: Scripts of zh, ja and ko: their texts mix them freely, so that none of them is foreign to another.
EAST_ASIAN: Final = frozenset({HAN, KANA, HANGUL})

_BY_NAME: Final = {"Cjk": HAN, "Ideographic": HAN, "Hiragana": KANA, "Katakana": KANA, "Katakana-hiragana": KANA}
_KANA: Final = re.compile("[\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9f]")
_IDEOGRAPHS: Final = re.compile("[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")

#: First words of names that speak of a letter's dress, not of its script.
_NO_SCRIPT: Final = frozenset({"Modifier", "Combining", "Double", "Mathematical", "Squared", "Circled"})


#: Characters remembered: a text of every script there is does not fill the memory.
_REMEMBERED: Final = 16_384


class _Scripts(dict[str, str]):
    """The script of each character met so far; a look-up costs a tenth of a call."""

    def __missing__(self, char: str) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        script = self[char] = _read_script(char)
        return script


_SCRIPTS: Final = _Scripts()


def script_of(char: str) -> str:
    """The script of one character ('Arabic', 'Latin', 'Han' …); '' for digits, marks, punctuation, symbols and blanks."""
    return _SCRIPTS[char]


def each_script(text: str) -> list[str]:
    """``script_of`` each character of ``text``."""
    return list(map(_SCRIPTS.__getitem__, text))


def _read_script(char: str) -> str:
    if char.isascii():
        return LATIN if char.isalpha() else ""
    if unicodedata.category(char)[0] != "L":
        return ""
    # Full-width, mathematical and presentation forms are letters in other clothes.
    plain = unicodedata.normalize("NFKC", char).strip()[:1]
    if plain.isascii():
        return LATIN if plain.isalpha() else ""
    name = unicodedata.name(plain, "")
    first = name.partition(" ")[0].capitalize()
    return "" if first in _NO_SCRIPT else _BY_NAME.get(first, first)


#: The Windows code page of Arabic, which has Latin letters too.
_CODE_PAGE: Final = "cp1256"


def _bytes_of(script: str) -> bytes:
    """The bytes that the letters of a script have in the code page."""
    return bytes(byte for byte in range(256) if script_of(bytes((byte,)).decode(_CODE_PAGE)) == script)


_ARABIC_BYTES: Final = _bytes_of(ARABIC)
_LATIN_BYTES: Final = _bytes_of(LATIN)


def majority_script(text: str) -> str:
    """Arabic or Latin where for certain more than half of the characters of ``text`` are its letters, else ''.

    Compiled code counts them by way of the code page, in a twentieth of the time that asking for each takes.
    """
    arabic, latin = letters(text)
    return ARABIC if 2 * arabic > len(text) else LATIN if 2 * latin > len(text) else ""


def letters(text: str) -> tuple[int, int]:
    """How many letters of Arabic, and how many Latin ones, as far as its code page has them."""
    encoded = text.encode(_CODE_PAGE, "replace")
    return len(encoded) - len(encoded.translate(None, _ARABIC_BYTES)), len(encoded) - len(encoded.translate(None, _LATIN_BYTES))


def count_scripts(text: str) -> Counter[str]:
    """How many letters of each script ``text`` holds, in time linear in its length."""
    counts = Counter(each_script(text))
    del counts[""]
    return counts


def scripts_of(word: str) -> frozenset[str]:
    """The scripts of a word's letters. Two or more in one word are a sign of a look-alike letter (``pоlice`` with Cyrillic о)."""
    return frozenset(script for char in set(word) if (script := script_of(char)))


def writes_japanese(text: str) -> bool:
    """Whether East Asian text has its share of kana: a Chinese name of a shop may hold one, a sentence of Japanese is full of them."""
    kana = len(_KANA.findall(text))
    return kana > 0 and kana * 20 > kana + len(_IDEOGRAPHS.findall(text))


def main_script(text: str) -> str:
    """The script most letters of ``text`` belong to; '' where it has no letter."""
    if text.isascii():
        return LATIN if any(map(str.isalpha, text)) else ""
    majority = majority_script(text)
    if majority:
        return majority
    counts = count_scripts(text)
    return max(counts, key=lambda script: (counts[script], script)) if counts else ""
