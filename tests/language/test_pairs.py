"""Tables of terms with words they find and words they pass by, for the languages whose forms are made by rule.

No corpus with lemmas is at hand for Hebrew and Korean, and dictionaries know little of Turkish and Persian endings: these
tables, written for the purpose, hold the rules to account.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.text.fold import fold
from monitor.text.forms import Mark, expand, meets, readings
from tests.text.lookups import real

LANGUAGES = {"turkish": "tr", "persian": "fa", "hebrew": "he", "korean": "ko"}
ROWS = [
    pytest.param(code, row, id=f"{code}-{row['term']}-{row['mark']}-{index}")
    for name, code in LANGUAGES.items()
    for index, row in enumerate(json.loads((Path(__file__).parent / f"{name}_pairs.json").read_text(encoding="utf-8")))
]


@pytest.mark.parametrize(("language", "row"), ROWS)
def test_pairs(language: str, row: dict[str, Any]) -> None:
    forms = expand(row["term"], language, Mark(row["mark"]), first=True, lookup=real("tr", "fa", "he"))
    stems = {form.text for form in forms}

    def finds(word: str) -> bool:
        # With and without knowing which stems are looked for the answer is one.
        answers = {any(meets(way, form) for way in readings(fold(word), some) for form in forms) for some in (None, stems)}
        assert len(answers) == 1
        return answers.pop()

    assert [word for word in row["found"] if not finds(word)] == []
    assert [word for word in row["passed"] if finds(word)] == []


@pytest.mark.parametrize(
    ("language", "word", "inside"),
    [("he", "נשק", {"הנשק": True, "בנשק": False, "והנשק": False}), ("ko", "거래", {"거래를": True, "무기거래": False})],
)
def test_a_later_word_of_a_phrase(language: str, word: str, inside: dict[str, bool]) -> None:
    forms = expand(word, language, Mark.ANY_FORM, first=False, lookup=real("tr", "fa", "he"))
    assert {each: any(meets(way, form) for way in readings(fold(each)) for form in forms) for each in inside} == inside


def test_light_verbs_of_persian_phrases_are_conjugated() -> None:
    later = {form.text for form in expand("کردن", "fa", Mark.ANY_FORM, first=False, lookup=real("tr", "fa", "he"))}
    assert {fold("کرد"), fold("می‌کند"), fold("کرده‌اند")} <= later
