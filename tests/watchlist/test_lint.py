"""Lint: what is warned about, and that an ordinary list is not."""

from __future__ import annotations

import pytest

from monitor.errors import WatchlistError
from monitor.watchlist import load, load_folder
from monitor.watchlist.lint import lint


def lookup(language: str, word: str) -> frozenset[str]:
    lemmas = ({"سلاح", "أسلحة"}, {"weapon", "weapons"}, {"عقوبة", "عقوبات", "العقوبة", "العقوبات"})
    return frozenset(next((forms for forms in lemmas if word in forms), ()))


def citation(language: str, word: str) -> str:
    return {"أسلحة": "سلاح", "weapons": "weapon", "عقوبات": "عقوبة"}.get(word, "")


def warnings(body: str) -> list[str]:
    found = lint(load("w", {"w.yaml": f"id: w\n{body}"}), lookup, citation)
    assert all(fault.warning and fault.file == "w.yaml" and fault.line and fault.column for fault in found)
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
        ("groups: {a: {en: [alpha]}, b: {en: [beta]}}\nwhen: b OR sentence(a, NOT a)\n", "can never be true: sentence(a, NOT a)"),
        ("groups: {a: {en: [alpha]}, b: {en: [beta]}}\nwhen: a OR a AND b\n", "a AND b adds nothing: a is true wherever it is"),
        ("groups: {a: {en: [alpha]}, b: {en: [beta]}}\nwhen: a AND (b OR NOT b)\n", "this is always true: b OR NOT b"),
        ("groups: {a: {en: [alpha]}}\nwhen: a\nseverity: high\nescalate: [{to: high, when: a}]\n", "this step raises nothing"),
        ("groups: {a: {en: [alpha]}}\nwhen: a\nescalate: [{to: high, when: a AND NOT a}]\n", "can never be true"),
        ("groups: {a: {en: [alpha, beta, alpha]}}\nwhen: a\n", "'alpha' (a) stands here twice"),
        ("groups: {a: {en: [gunrunner, gun*]}}\nwhen: a\n", "'gunrunner' (a) adds nothing: 'gun*' already finds it"),
        ("groups: {a: {ar: [سلاح, بالسلاح]}}\nwhen: a\n", "'بالسلاح' (a) adds nothing: 'سلاح' already finds it"),
        ("groups: {a: {en: [weapon (exact), weapon]}}\nwhen: a\n", "'weapon (exact)' (a) adds nothing: 'weapon' already finds it"),
        ("groups: {a: {en: [arms deal, arms-deal (this-form)]}}\nwhen: a\n", "'arms-deal (this-form)' (a) adds nothing"),
        ("groups: {a: {any: [Kim Jong Un (name), Kim Jong-un (name)]}}\nwhen: a\n", "'Kim Jong-un (name)' (a) adds nothing"),
        ("groups: {a: {ar: [أسلحة ثقيلة]}}\nmask: {ar: [سلاح]}\nwhen: a\n", "the mask 'سلاح' covers it"),
        ("groups: {a: {en: [gunrunner]}}\nmask: {any: [gun*]}\nwhen: a\n", "the mask 'gun*' covers it"),
        ("groups: {a: {en: [a*b]}}\nwhen: a\n", "a wildcard inside a word"),
        ('groups: {a: {en: [alpha]}}\nwhen: a AND "of"\n', '"of" is so short'),
        ('groups: {a: {en: [alpha]}}\nwhen: a AND "*ism"\n', '"*ism" begins with a wildcard'),
        ('groups: {a: {en: [alpha]}}\nwhen: a AND "weаpon"\n', "mixes scripts (Cyrillic, Latin)"),
        ("groups: {a: {en: [оружие]}}\nwhen: a\n", "is written in Cyrillic script, and stands under en"),
    ],
)
def test_a_warning(body: str, message: str) -> None:
    assert any(message in warning for warning in warnings(body)), warnings(body)


@pytest.mark.parametrize(
    "body",
    [
        "groups: {a: {en: [weapon, US, MANPADS], any: [weapon]}}\nwhen: a\n",  # any: shares every language
        "groups: {a: {en: [USA, usa (exact)]}}\nwhen: a\n",
        "groups: {a: {en: [weapon (this-form), weapon (exact) ]}, b: {en: [weapons (this-form)]}}\nwhen: a NEAR/5 b\n",
        "groups: {a: {en: [arms, arms deal]}}\nwhen: a\n",  # the longer one is shown
        "groups: {a: {ar: [MD-550, Rotax], ru: [Rotax 912], zh: [ミサイル], any: [оружие]}}\nwhen: a\n",
        "groups: {a: {en: [weapon]}}\nmask: {fr: [weapon]}\nwhen: a\n",
    ],
)
def test_what_is_meant_is_not_warned_of(body: str) -> None:
    assert [warning for warning in warnings(body) if "weapon (exact)" not in warning] == []


def test_a_warning_stands_at_its_term() -> None:
    assert warnings("groups:\n  a:\n    en: |\n      alpha\n      ab\nwhen: a\n") == [
        "6: 'ab' (a) is so short that it will be found everywhere"
    ]


@pytest.mark.parametrize(
    ("body", "under"),
    [
        ("groups: {a: {en: [cab, ab, about]}}\nwhen: a\n", "ab"),
        ("groups: {a: {ar: [بالسلاح, سلاح]}}\nwhen: a\n", "بالسلاح"),
        ("groups: {a: {en: [alpha]}, b: {en: [beta]}}\nwhen: |\n\n  (a OR b)\n  NEAR/60 b\n", "(a OR b)"),
        ("groups: {a: {en: [alpha]}}\nwhen: a\nescalate:\n  - {to: high, when: 'a AND \"of\"'}\n", '"of"'),
    ],
)
def test_a_warning_has_a_caret_under_what_it_is_about(body: str, under: str) -> None:
    (fault,) = lint(load("w", {"w.yaml": f"id: w\n{body}"}), lookup, citation)
    assert fault.source[fault.column - 1 : fault.column - 1 + fault.length] == under


@pytest.mark.parametrize(
    ("term", "message", "hint"),
    [
        ("weapon!", "'weapon!' is no wildcard here", "weapon*"),
        ("wom?n", "'wom?n' is no wildcard here", "wom*n"),
        ("arms AND deal", "'AND' is no operator here", "when:"),
        ("arms w/5 deal", "'w/5' is no operator here", "when:"),
    ],
)
def test_what_other_tools_write_into_a_term_is_warned_of(term: str, message: str, hint: str) -> None:
    loaded = load_folder({"w.yaml": f"id: w\ngroups: {{a: {{en: ['{term}', bread and butter, 'Stop! Go']}}}}\nwhen: a\n"})
    first = loaded.warnings["w"][0]
    assert message in first.message
    assert hint in first.hint
    assert len(loaded.watchlists) == 1


@pytest.mark.parametrize(
    ("term", "message"),
    [("武器*", "a wildcard means nothing in a script without blanks"), ("arms (exact) deal", "a mark stands behind its term")],
)
def test_what_could_never_be_found_is_refused(term: str, message: str) -> None:
    with pytest.raises(WatchlistError, match=message):
        load("w", {"w.yaml": f"id: w\ngroups: {{a: {{en: ['{term}']}}}}\nwhen: a\n"})
