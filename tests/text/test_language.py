"""Language and script of a text: labels, on any string, without a sound."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.text.language import identify
from monitor.text.scripts import main_script, script_of, scripts_of

SAMPLES = {
    "ar": "أعلن الكرملين أن الرئيس الروسي سيبدأ زيارة دولة",
    "fa": "رئیس جمهور ایران گفت تحریم‌ها نقض شده است و پاسخ داده خواهد شد",
    "he": "צפון קוריאה סיפקה נשק לרוסיה",
    "en": "The president said that the sanctions had been violated.",
    "fr": "Le président a dit que les sanctions ont été violées.",
    "es": "El presidente dijo que las sanciones fueron violadas.",
    "ru": "Президент России заявил, что санкции нарушены.",
    "uk": "Президент України заявив, що санкції порушено.",
    "tr": "Rusya yaptırımları ihlal etti ve silah sevkiyatı yaptı.",
    "zh": "朝鲜向俄罗斯提供了武器，违反了制裁决议。",
    "ja": "北朝鮮はロシアに武器を供与した。",
    "ko": "북한은 러시아에 무기를 공급했다.",
}


@pytest.mark.parametrize("language", SAMPLES)
def test_the_twelve_languages(language: str) -> None:
    assert identify(SAMPLES[language]) == language
    assert identify(SAMPLES[language], hint="de") == language
    assert identify(f"\r\n{SAMPLES[language]}\n\n\u2028{SAMPLES[language]}\0") == language


def test_a_notice_in_another_script_does_not_decide() -> None:
    notice = "Jannah Theme License is not validated, Go to the theme options page to validate the license.\n"
    article = (SAMPLES["ar"] + "\n") * 5
    assert identify(notice + article) == "ar"
    assert identify(notice + (SAMPLES["fa"] + "\n") * 5) == "fa"


MENU = "Skip to content\nHome\nNews\nWorld\nSport\nSubscribe to our newsletter\nShare this article on Facebook\nPublished 12 May 2022\n\n"


@pytest.mark.parametrize("language", SAMPLES)
def test_a_menu_in_english_does_not_decide(language: str) -> None:
    paragraph = f"{SAMPLES[language]} {SAMPLES[language]}\n\n"
    assert identify(MENU + paragraph * 6) == language


def test_capitals_alone_are_read_as_what_they_are() -> None:
    assert identify(SAMPLES["en"].upper()) == "en"
    assert identify(SAMPLES["ru"].upper()) == "ru"


def test_foreign_names_do_not_make_arabic_persian() -> None:
    assert identify(SAMPLES["ar"] * 3 + " پوتين ") == "ar"


@pytest.mark.parametrize("text", ["", " ", "\n", "123", "…", "\ud800", "\0", "US", "😀"])
def test_what_says_nothing_is_what_the_source_says(text: str) -> None:
    assert identify(text) == "und"
    assert identify(text, hint="ar") == "ar"
    assert identify(text, hint="ar-EG") == "ar"
    assert identify(text, hint="nonsense") == "und"


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(codec=None, categories=None), max_size=120), st.text(max_size=8))
def test_any_string_has_an_answer(text: str, hint: str) -> None:
    assert identify(text, hint) == "und" or len(identify(text, hint)) == 2


def test_it_says_nothing(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    identify(SAMPLES["fr"] * 100)
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


@pytest.mark.parametrize(
    ("char", "script"),
    [("a", "Latin"), ("é", "Latin"), ("Ａ", "Latin"), ("ب", "Arabic"), ("ﷲ", "Arabic"), ("я", "Cyrillic"), ("א", "Hebrew"),
     ("中", "Han"), ("々", "Han"),
     ("は", "Kana"), ("ｶ", "Kana"), ("ー", "Kana"), ("한", "Hangul"), ("ω", "Greek"), ("क", "Devanagari"),
     ("1", ""), ("٣", ""), (".", ""), ("\u064b", ""), ("😀", ""), ("\ud800", "")],
)  # fmt: skip
def test_script_of(char: str, script: str) -> None:
    assert script_of(char) == script


def test_scripts_of_a_word_shows_look_alikes() -> None:
    assert scripts_of("police") == {"Latin"}
    assert scripts_of("pоlice") == {"Latin", "Cyrillic"}
    assert scripts_of("MD-550") == {"Latin"}
    assert scripts_of("550") == frozenset()


def test_main_script() -> None:
    assert main_script("السلاح في UN") == "Arabic"
    assert main_script("arms") == "Latin"
    assert main_script("123") == ""
