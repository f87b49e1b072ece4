"""Words of other alphabets in plain Latin letters, for names that only these may stand in.

Letter by letter and without a dictionary: Arabic and Hebrew leave their short vowels unwritten, and so does this. Good enough to
tell one title from another at a glance, never for matching. This room knows only str.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_CYRILLIC: Final = (
    "а a б b в v г g д d е e ё yo ж zh з z и i й y к k л l м m н n о o п p р r с s т t у u ф f х kh ц ts ч ch ш sh щ shch ъ - ы y ь - "
    "э e ю yu я ya і i ї yi є ye ґ g ў u ј j љ lj њ nj ћ c ђ dj џ dz қ q ғ gh ң ng ө o ү u ұ u һ h ә a"
)
_GREEK: Final = "α a β v γ g δ d ε e ζ z η i θ th ι i κ k λ l μ m ν n ξ x ο o π p ρ r σ s ς s τ t υ y φ f χ ch ψ ps ω o"
_HEBREW: Final = "א a ב b ג g ד d ה h ו v ז z ח h ט t י y כ k ך k ל l מ m ם m נ n ן n ס s ע a פ p ף p צ ts ץ ts ק q ר r ש sh ת t"
_ARABIC: Final = (
    "ا a أ a إ i آ a ٱ a ء - ؤ u ئ i ب b ت t ث th ج j ح h خ kh د d ذ dh ر r ز z س s ش sh ص s ض d ط t ظ z ع a غ gh ف f ق q ك k ل l م m "
    "ن n ه h ة a و w ي y ى a پ p چ ch ژ zh گ g ک k ی y ھ h ہ h ے e ں n ٹ t ڈ d ڑ r"
)


def _table() -> dict[str, str]:
    words = " ".join((_CYRILLIC, _GREEK, _HEBREW, _ARABIC)).split()
    return {letter: "" if written == "-" else written for letter, written in zip(words[::2], words[1::2], strict=True)}


_LETTERS: Final = _table()


def latin(text: str) -> str:
    """``text`` in small letters, those of the alphabets above written in Latin ones; others stay."""
    plain = unicodedata.normalize("NFC", text).lower()
    return "".join(_LETTERS[char] if char in _LETTERS else _bare(char) for char in plain)


def _bare(char: str) -> str:
    """A letter of ours whose accents alone hid it (ά), else the character; marks upon letters are left off."""
    if unicodedata.category(char) == "Mn":
        return ""
    base = unicodedata.normalize("NFD", char)[0]
    return _LETTERS.get(base, char)
