"""Which terms find which: a table with the real dictionaries, and that a term found so is really found."""

from __future__ import annotations

import pytest

from monitor.text.fold import fold
from monitor.text.forms import Mark, expand, meets, readings
from monitor.watchlist import Term
from monitor.watchlist.marks import split_mark
from monitor.watchlist.shapes import Shape, Shapes, _by_beginning, _candidates, redundant
from tests.text.lookups import real


def shaped(written: str, language: str) -> Shape:
    text, mark = split_mark(written)
    shapes = Shapes(real("ar", "en", "fa", "he", "ko", "ru", "tr"))
    return shapes.of(Term(text, language, mark if isinstance(mark, Mark) else Mark.ANY_FORM))


def useless(language: str, *terms: str) -> list[tuple[str, str]]:
    each = [shaped(term, language) for term in terms]
    return [(terms[each.index(one)], terms[each.index(finder)]) for one, finder in redundant(each)]


@pytest.mark.parametrize(
    ("language", "terms", "found"),
    [
        ("en", ["weapon", "weapons"], [("weapons", "weapon")]),
        ("en", ["weapons", "weapon"], [("weapon", "weapons")]),
        ("en", ["arms deal", "arms deals", "arms", "deal"], [("arms deals", "arms deal")]),
        ("en", ["gunrun*", "gunrunner", "gun*"], [("gunrun*", "gun*"), ("gunrunner", "gun*")]),
        ("en", ["*run*", "gunrun*"], [("gunrun*", "*run*")]),
        ("en", ["gun*", "*gun", "g*n"], []),
        ("en", ["weapon (exact)", "weapon (this-form)", "weapon"], [("weapon (exact)", "weapon"), ("weapon (this-form)", "weapon")]),
        ("en", ["weapon (exact)", "weapons (exact)"], []),
        ("en", ["MANPADS", "MANPADS (exact)"], [("MANPADS (exact)", "MANPADS")]),
        ("en", ["US", "us (this-form)"], [("US", "us (this-form)")]),
        ("en", ["US", "UK", "usa"], []),
        ("en", ["MD-550", "MD 550"], [("MD 550", "MD-550")]),
        ("ar", ["سلاح", "بالسلاح", "السلاح", "أسلحتهم", "سلاح ثقيل"], [(t, "سلاح") for t in ("بالسلاح", "السلاح", "أسلحتهم")]),
        ("ar", ["عقوبات (this-form)", "عقوبات", "عقوبة"], [("عقوبات (this-form)", "عقوبات"), ("عقوبة", "عقوبات")]),
        ("ru", ["санкция", "санкции", "санкций (this-form)"], [("санкции", "санкция"), ("санкций (this-form)", "санкция")]),
        ("ko", ["무기", "무기를", "무기거래"], [("무기를", "무기"), ("무기거래", "무기")]),
        ("tr", ["silah", "silahlar", "silahın", "silahlı"], [("silahlar", "silah"), ("silahın", "silah")]),
        ("any", ["Kim Jong Un (name)", "KIM JONGUN (name)", "Kim Jong Il (name)"], [("KIM JONGUN (name)", "Kim Jong Un (name)")]),
    ],
)
def test_terms_that_add_nothing(language: str, terms: list[str], found: list[tuple[str, str]]) -> None:
    assert useless(language, *terms) == found


@pytest.mark.parametrize(
    ("language", "mask", "term", "covered"),
    [
        ("ar", "سلاح", "أسلحة ثقيلة", True),
        ("ar", "رفاق السلاح", "سلاح", False),
        ("en", "comrades in arms", "old comrades in arms", True),
        ("en", "arms", "armed men", True),
        ("en", "arms race", "arms deal", False),
        ("en", "gun*", "a gunrunner there", True),
    ],
)
def test_masks_that_cover_a_term(language: str, mask: str, term: str, covered: bool) -> None:
    assert shaped(mask, language).finds_within(shaped(term, language)) is covered


def test_a_term_of_another_language_is_not_found() -> None:
    assert not shaped("char", "en").finds(shaped("char", "fr"))
    assert shaped("gun*", "any").finds(shaped("guns (exact)", "en"))


@pytest.mark.parametrize(("language", "one", "finder"), [("en", "weapons", "weapon"), ("ru", "санкции", "санкция")])
def test_what_is_called_found_is_found(language: str, one: str, finder: str) -> None:
    """Every form of the one is met by the other."""
    lookup = real("en", "ru", "tr")
    theirs = expand(finder, language, Mark.ANY_FORM, first=True, lookup=lookup)
    assert shaped(finder, language).finds(shaped(one, language))
    for form in expand(one, language, Mark.ANY_FORM, first=True, lookup=lookup):
        assert any(meets(reading, their) for reading in readings(fold(form.text), {f.text for f in theirs}) for their in theirs)


def test_no_finder_is_passed_over() -> None:
    """Terms are not compared one with every other: what could find a term is looked up, and nothing that does find it is left out."""
    written = {
        "en": "gun* g*n *gun gunrun* gunrunner gunrunners gun guns weapon weapons US us MD-550 arms deal* arms*deal",
        "ar": "سلاح بالسلاح أسلحتهم سل* صاروخ الصواريخ",
        "ru": "ракета ракеты ракет* ра*та реактивн*",
        "any": "TB-2 gun* сл* MD-550",
    }
    shapes = [shaped(term, language) for language, terms in written.items() for term in terms.split()]
    beginnings = _by_beginning(shapes)
    for one in shapes:
        finders = {at for at, other in enumerate(shapes) if other.finds(one)}
        assert finders <= set(_candidates(one, beginnings))
        within = {at for at, other in enumerate(shapes) if other.finds_within(one)}
        assert within <= set(_candidates(one, beginnings, within=True))


def test_a_group_is_compared_once_and_keeps_its_places() -> None:
    shapes = Shapes(real("en"))
    here = (Term("weapon", "en", place="a:1"), Term("weapons", "en", place="a:2"))
    there = (Term("weapon", "en", place="b:1"), Term("weapons", "en", place="b:2"))
    assert shapes.group(here)[1] is shapes.group(here)[1]
    ((one, finder),) = shapes.group(there)[1]
    assert (one.term.place, finder.term.place) == ("b:2", "b:1")
