"""Lint: what is warned about, and that an ordinary list is not."""

from __future__ import annotations

import pytest

from monitor.watchlist import load
from monitor.watchlist.lint import lint


def lookup(language: str, word: str) -> frozenset[str]:
    lemmas = ({"سلاح", "أسلحة"}, {"weapon", "weapons"}, {"عقوبة", "عقوبات", "العقوبة", "العقوبات"})
    return frozenset(next((forms for forms in lemmas if word in forms), ()))


def citation(language: str, word: str) -> str:
    return {"أسلحة": "سلاح", "weapons": "weapon", "عقوبات": "عقوبة"}.get(word, "")


def warnings(body: str) -> list[str]:
    found = lint(load("w", {"w.yaml": f"id: w\n{body}"}), lookup, citation)
    assert all(fault.warning and fault.file == "w.yaml" for fault in found)
    return [f"{fault.line}: {fault.message}" for fault in found]


def test_an_ordinary_list_has_no_warning() -> None:
    text = """groups:
  weapon: {ar: [سلاح], en: [weapon, US], zh: [枪]}
  deal: {ar: [عقوبات (this-form)], en: [arms deal], zh: [协议]}
  last: {tr: [satış]}
  early: {tr: [silah], en: [gun]}
mask: {en: [comrades in arms]}
when: weapon NEAR/10 deal OR (weapon OR early) THEN/7 last OR early NEAR/3 deal
"""
    assert warnings(text) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("groups: {a: {en: [alpha]}, b: {en: [beta]}}\nwhen: a\n", "no query asks for the group 'b'"),
        (
            "groups: {a: {en: [alpha], ar: [ألف]}, b: {en: [beta]}}\nwhen: a AND b\n",
            "the ar terms of 'a' can never count: beside them b has none in ar",
        ),
        ("groups: {a: {en: [arms deal]}}\nmask: {en: [arms]}\nwhen: a\n", "the mask 'arms' covers it"),
        ("groups: {a: {en: [ab]}}\nwhen: a\n", "so short"),
        ("groups: {a: {en: ['*ism']}}\nwhen: a\n", "begins with a wildcard"),
        ("groups: {a: {ar: [سلاح, أسلحة]}}\nwhen: a\n", "'أسلحة' (a) adds nothing: 'سلاح' already finds it"),
        ("groups: {a: {en: [dual use, dual-use]}}\nwhen: a\n", "'dual-use' (a) adds nothing"),
        ("groups: {a: {ar: [عقوبات]}}\nwhen: a\n", "also finds 'عقوبة' and its other forms"),
        ("groups: {a: {en: [alpha]}, b: {en: [beta]}}\nwhen: a NEAR/60 b\n", "a NEAR/60 b reaches further"),
        ("groups: {a: {en: [alpha]}, b: {ar: [باء]}}\nwhen: a NEAR/6 b\n", "can never be true"),
        ("groups: {a: {en: [alpha]}}\nwhen: a AND NOT a\n", "can never be true"),
        ('groups: {a: {en: [alpha]}}\nwhen: "title: lead: a"\n', "can never be true"),
    ],
)
def test_a_warning(body: str, message: str) -> None:
    assert any(message in warning for warning in warnings(body)), warnings(body)


def test_a_warning_stands_at_its_term() -> None:
    assert warnings("groups:\n  a:\n    en: |\n      alpha\n      ab\nwhen: a\n") == [
        "6: 'ab' (a) is so short that it will be found everywhere"
    ]
