"""What a term's word is looked for in: tables of what must and must not be found, and the laws of forms and readings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.text.fold import fold
from monitor.text.forms import Attach, Form, Lookup, Mark, Reading, expand, meets, readings
from tests.text.lookups import real, silent

PAIRS = json.loads((Path(__file__).parents[1] / "language" / "arabic_pairs.json").read_text(encoding="utf-8"))


def finds(
    term: str, surface: str, language: str = "ar", mark: Mark = Mark.ANY_FORM, *, first: bool = True, lookup: Lookup | None = None
) -> bool:
    forms = expand(term, language, mark, first=first, lookup=lookup or real("ar", "en", "ru", "fa", "tr", "es", "fr"))
    return any(meets(reading, form) for reading in readings(fold(surface)) for form in forms)


def test_arabic_pairs_that_must_match() -> None:
    missed = [
        pair
        for pair in PAIRS["must_match"]
        if not finds(pair["term"], pair["form"], mark=Mark.VERB if pair["kind"] == "verb" else Mark.ANY_FORM)
    ]
    for pair in missed:
        print(f"missed: {pair['term']} -> {pair['form']} ({pair['kind']})")
    assert len(PAIRS["must_match"]) - len(missed) >= 96


def test_arabic_pairs_that_must_not_match() -> None:
    joined = [pair for pair in PAIRS["must_not_match"] if finds(pair["term"], pair["form"])]
    assert joined == []


@pytest.mark.parametrize(
    ("term", "mark", "found", "passed"),
    [
        ("عقوبات", Mark.THIS_FORM, "العقوبات لعقوبات وعقوباتها للعقوبات وبعقوبات", "عقوبة العقوبة عقوبتين"),
        ("القاعدة", Mark.THIS_FORM, "القاعدة والقاعدة بالقاعدة للقاعدة", "قاعدة لقاعدة"),
        ("زود", Mark.VERB, "ستزود زودتها يزودون زوّدت وسيزود زودوهم فزودناه ليزود", "تزويد زاد زوج مزود الزود"),
        ("باع", Mark.VERB, "باع باعت باعوا بعنا يبيع ستبيع يبيعونها تباع بيعت وباعتها", "بيع بائع باعة"),
        ("أمد", Mark.VERB, "أمد أمدت يمد تمد سيمدون أمدتهم أمددنا", "مدة عمد"),
        ("اشترى", Mark.VERB, "اشترى اشترت اشتروا اشترينا يشتري تشتري يشترون سيشترونها", "شراء مشتر"),
        ("انتهك", Mark.VERB, "انتهك انتهكت ينتهك وتنتهك انتهكوا", "انتهاك"),
        ("استعاد", Mark.VERB, "استعاد استعدنا يستعيد استعيدت", "استعادة"),
        ("نفى", Mark.VERB, "نفى نفت نفوا ينفي تنفي ينفون نفاه سينفيها", "منفى نفط"),
        ("دعا", Mark.VERB, "دعا دعت دعوا يدعو تدعو يدعون", "دعم"),
        ("ورّد", Mark.VERB, "وردت يورد توردها", "يرد ترد"),
        ("أكد", Mark.VERB, "أكد أكدت يؤكد وتؤكد يؤكدون", "تأكيد"),
        ("صاروخ", Mark.ANY_FORM, "صواريخ الصاروخان صاروخين صاروخاً بصواريخها", "صاروخي صراخ"),
        ("باليستي", Mark.ANY_FORM, "باليستية الباليستية باليستيان", "باليه"),
        ("شراء", Mark.ANY_FORM, "شرائها لشرائه شراؤه بالشراء", "شر"),
        ("لغم", Mark.ANY_FORM, "ألغام الالغام لغمين", "الغاء"),
        ("وزير", Mark.ANY_FORM, "وزراء الوزير للوزراء", "زير"),
        ("التفاف", Mark.ANY_FORM, "الالتفاف التفافها بالتفاف", "تف"),
        ("تسلم", Mark.VERB, "تسلمت يتسلم وستتسلم", "تسليم"),
    ],
)
def test_arabic_forms(term: str, mark: Mark, found: str, passed: str) -> None:
    assert [surface for surface in found.split() if not finds(term, surface, mark=mark)] == []
    assert [surface for surface in passed.split() if finds(term, surface, mark=mark)] == []


def test_a_later_word_of_a_phrase_has_articles_and_suffixes_only() -> None:
    assert finds("سلاح", "الأسلحة", first=False)
    assert finds("سلاح", "أسلحتها", first=False)
    assert not finds("سلاح", "بأسلحة", first=False)
    assert not finds("سلاح", "والسلاح", first=False)


@pytest.mark.parametrize(
    ("language", "term", "mark", "found", "passed"),
    [
        ("en", "weapon", Mark.ANY_FORM, "weapons Weapon weapon's", "weaponry"),
        ("en", "sale", Mark.ANY_FORM, "sale sales Sales", "sail"),
        ("en", "arms", Mark.THIS_FORM, "Arms arms", "arm"),
        ("en", "supply", Mark.VERB, "supplied supplies supplying", "supplier"),
        ("ru", "оружие", Mark.ANY_FORM, "оружия оружием Оружию", "орудие"),
        ("tr", "silah", Mark.ANY_FORM, "silahlar silahı SİLAH", "sıla"),
        ("tr", "Ankara", Mark.ANY_FORM, "Ankara'nın Ankara’ya", "Anka"),
        ("fa", "سلاح", Mark.ANY_FORM, "سلاح\u200cها سلاح\u200cهای سلاحی", "صلاح"),
        ("fa", "پهپاد", Mark.ANY_FORM, "پهپادها پهپادهای", "پدر"),
        ("he", "נשק", Mark.ANY_FORM, "הנשק ונשק בנשק שהנשק", "משקה"),
        ("fr", "contourner", Mark.ANY_FORM, "contourne contourné contournées contournaient", "contour contournement"),
        ("fr", "durcir", Mark.ANY_FORM, "durcit durci durcies durcissent", "dur"),
        ("fr", "livrer", Mark.ANY_FORM, "livrait livré livrés", "livre livrée livrées livraison"),
        ("fr", "livrer", Mark.VERB, "livrait livré livrés livrées", "livraison"),
        ("fr", "interdit", Mark.ANY_FORM, "interdits interdite interdites", "interdire interdisait"),
        ("fr", "pouvoir", Mark.ANY_FORM, "pouvoirs Pouvoir", "peut pouvait"),
        ("fr", "pouvoir", Mark.VERB, "pouvoir peut pouvait", "pour"),
        ("es", "condenar", Mark.ANY_FORM, "condenaron condenado condenadas condenó", "condenación"),
        ("es", "vender", Mark.ANY_FORM, "vende vendidas vendidos vendió", "venta"),
        ("es", "entrar", Mark.ANY_FORM, "entra entraron entrado", "entrada entradas"),
        ("es", "prohibido", Mark.ANY_FORM, "prohibida prohibidos prohibidas", "prohibir prohíbe"),
        ("es", "partido", Mark.ANY_FORM, "partidos", "partida partidas partir"),
        ("es", "poder", Mark.ANY_FORM, "poderes", "puede podría"),
        ("es", "fusil", Mark.ANY_FORM, "fusiles fusil", "fusilar"),
        ("es", "munición", Mark.ANY_FORM, "municiones", "municionar"),
        ("es", "transpondedor", Mark.ANY_FORM, "transpondedores", "transponder"),
        ("es", "chip", Mark.ANY_FORM, "chips", "chipa"),
        ("fr", "transpondeur", Mark.ANY_FORM, "transpondeurs", "transporteurs"),
        ("fr", "torpille", Mark.ANY_FORM, "torpilles", "torpiller"),
        ("es", "este", Mark.ANY_FORM, "Este", "esta estos"),
        ("any", "Rotax", Mark.ANY_FORM, "ROTAX rotax", "Rotaxes"),
    ],
)
def test_other_languages(language: str, term: str, mark: Mark, found: str, passed: str) -> None:
    assert [surface for surface in found.split() if not finds(term, surface, language, mark)] == []
    assert [surface for surface in passed.split() if finds(term, surface, language, mark)] == []


@pytest.mark.parametrize("language", ["ar", "fa", "he", "ko"])
@pytest.mark.parametrize("word", ["MD", "2397", "٢٣٩٧"])
def test_a_code_has_no_plural_in_a_language_of_another_script(language: str, word: str) -> None:
    assert [form.text for form in expand(word, language, Mark.ANY_FORM, first=True, lookup=silent)] == [fold(word)]


def test_exact_allows_nothing_attached() -> None:
    assert finds("القاعدة", "القاعدة", mark=Mark.EXACT)
    assert not finds("القاعدة", "والقاعدة", mark=Mark.EXACT)


def test_without_a_dictionary_the_rules_still_hold() -> None:
    assert finds("مسيّرة", "بالمسيرات", lookup=silent)
    assert finds("زود", "ستزودها", mark=Mark.VERB, lookup=silent)


def test_every_form_says_why() -> None:
    forms = expand("سلاح", "ar", Mark.ANY_FORM, first=True, lookup=real("ar", "en", "ru", "fa", "tr"))
    assert forms[0] == Form("سلاح", forms[0].allows, "as written")
    assert {form.text: form.why for form in forms}["اسلحه"] == "same lemma as سلاح (dictionary)"


word = st.text(
    alphabet=st.sampled_from("ابتثجحخدذرزسشصضطظعغفقكلمنهويأإآىةؤئءabcdeiémtküşğжзёאבגדהוקםןת무기를다하보내'’ًّـ\u200c"),
    min_size=1,
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(
    word=word,
    language=st.sampled_from(["ar", "en", "ru", "fa", "he", "ko", "tr", "fr", "es", "any", "zz"]),
    mark=st.sampled_from(list(Mark)),
    first=st.booleans(),
)
def test_expand_holds_the_word_itself(word: str, language: str, mark: Mark, first: bool) -> None:
    forms = expand(word, language, mark, first=first, lookup=silent)
    assert forms[0].text == fold(word)
    assert len({form.text for form in forms}) == len(forms)
    assert all(form.why and form.text == fold(form.text) for form in forms)
    assert any(meets(reading, form) for reading in readings(fold(word)) for form in forms)


@settings(max_examples=300, deadline=None)
@given(surface=st.one_of(word, st.text(max_size=10)))
def test_readings_begin_with_the_bare_one_and_never_repeat(surface: str) -> None:
    folded = fold(surface)
    found = readings(folded)
    assert found[0] == Reading(folded, 0)
    assert len(set(found)) == len(found)
    assert all(reading.bits for reading in found[1:])


@given(stem=word, has=st.sampled_from(list(Attach)), allows=st.sampled_from(list(Attach)))
def test_meets_is_total(stem: str, has: Attach, allows: Attach) -> None:
    assert meets(Reading(stem, has.value), Form(stem, allows, "")) == (has in allows)
    assert not meets(Reading(stem, has.value), Form(stem + "x", allows, ""))


def test_english_past_forms_that_are_also_other_words() -> None:
    def texts(word: str, mark: Mark) -> set[str]:
        return {form.text for form in expand(word, "en", mark, first=True, lookup=silent)}

    assert "shot" in texts("shoot", Mark.ANY_FORM)
    assert "broke" in texts("break", Mark.VERB)
    assert "left" not in texts("leave", Mark.ANY_FORM)
    assert "left" in texts("leave", Mark.VERB)
    assert "shot" not in texts("shoot", Mark.THIS_FORM)
