"""Terms in the table: what a surface meets beyond the forms themselves, and what was worked out before."""

from __future__ import annotations

import pytest

from monitor.match.patterns import Table
from monitor.text.forms import Mark, Stems
from monitor.watchlist import Term
from tests.text.lookups import silent


def meets(term: Term, surface: str) -> bool:
    table = Table(silent)
    number = table.ask(term)
    return any(number in table.single.get(slot, ()) and slot in table.asked for slot in table.meet(surface))


@pytest.mark.parametrize(
    ("term", "language", "found", "passed"),
    [
        ("Macht", "de", "Macht MACHT", "macht"),
        ("macht", "de", "macht Macht", "mach"),
        ("무기 거래", "ko", "무기거래 무기거래를 불법무기거래가", "무기 거래 무기한"),
        ("جنگ افزار", "fa", "جنگ‌افزار جنگافزار جنگ‌افزارها", "جنگ افزار"),
        ("arms deal", "en", "", "armsdeal"),
        ("UAV", "en", "UAV UAVs UAV's", "uav"),
        ("EU", "ko", "EU EU의 EU는", "eu의"),
    ],
)
def test_one_word_that_a_term_is_found_in(term: str, language: str, found: str, passed: str) -> None:
    assert [word for word in found.split() if not meets(Term(term, language), word)] == []
    assert [word for word in passed.split() if meets(Term(term, language), word)] == []


def test_exact_phrases_are_not_joined() -> None:
    assert not meets(Term("무기 거래", "ko", Mark.EXACT), "무기거래")


def test_two_terms_that_share_a_form_are_both_met() -> None:
    table = Table(silent)
    slots = {table.patterns[table.ask(Term("weapon", "en", mark))].slots[0] for mark in (Mark.ANY_FORM, Mark.THIS_FORM)}
    assert len(slots) == 2
    assert set(table.meet("Weapon's")) == slots


def test_expansions_come_from_what_was_worked_out_before() -> None:
    remembered: dict[str, Stems] = {}
    first = Table(silent, remembered)
    first.ask(Term("weapon", "en"))
    assert list(remembered) == ["en any-form 1 weapon"]
    remembered["en any-form 1 weapon"] = (("otherword", 0),)
    second = Table(silent, remembered)
    second.ask(Term("weapon", "en"))
    assert second.meet("otherword")
    assert not second.meet("weapon")
