"""Masks and stance cues speak for their language: Chinese and Japanese share characters, and what is an idiom in the one stands by
chance in sentences of the other."""

from __future__ import annotations

import pytest

from monitor.match import Engine, compile_engine
from monitor.match.explain import explain
from monitor.model import Facts, Stance
from monitor.text.layout import lay_out
from monitor.text.scripts import writes_japanese
from monitor.watchlist import load_folder
from tests.text.lookups import silent

LIST = """
id: arms
groups:
  weapon: {zh: [武器], ja: [武器]}
  deal: {zh: [出售], ja: [売却]}
mask: {zh: [武器管], ja: [武器出]}
when: weapon
"""


def built(text: str) -> Engine:
    loaded = load_folder({"arms.yaml": text})
    assert not loaded.faults
    return compile_engine(loaded.watchlists, silent)


def found(text: str, language: str) -> bool:
    return bool(built(LIST).match(text, lay_out(text, all_body=True), Facts(language)))


@pytest.mark.parametrize(
    ("text", "language", "alerts"),
    [
        ("武器管道出现", "zh", False),
        ("武器管の部品が届いた", "ja", True),
        ("武器管の部品が届いた", "zh", True),  # the sentence says what it is, whatever the article is taken for
        ("武器管理協定", "ja", True),  # a heading without kana is of its article's language
        ("武器管理協定", "zh", False),
        ("武器管理協定", "und", False),  # both speak where nothing tells
        ("武器出口", "zh", True),
        ("武器出荷が始まった", "ja", False),
    ],
)
def test_a_mask_speaks_for_its_language(text: str, language: str, alerts: bool) -> None:
    assert found(text, language) is alerts


def test_explain_names_only_masks_that_speak() -> None:
    engine = built(LIST)
    taken = {
        text: [told.mask for told in explain(engine, "arms", text, lay_out(text, all_body=True), Facts(language)).masked]
        for text, language in (("武器管道出现", "zh"), ("武器管の部品が届いた", "ja"))
    }
    assert taken["武器管の部品が届いた"] == []
    assert set(taken["武器管道出现"]) == {"武器管"}


def test_a_cue_speaks_for_its_language() -> None:
    vocabulary = "vocabulary: said\nstance: {denied: {ja: [否認]}, planned: {zh: [計画]}}\n"
    loaded = load_folder({"vocabulary/said.yaml": vocabulary, "arms.yaml": LIST.replace("groups:", "use: [vocabulary/said]\ngroups:", 1)})
    assert not loaded.faults
    engine = compile_engine(loaded.watchlists, silent)
    for text, language, stance in (("武器の計画を発表した", "ja", Stance.REPORTED), ("武器の輸送を否認した", "ja", Stance.DENIED)):
        (match,) = engine.match(text, lay_out(text, all_body=True), Facts(language))
        assert match.stances == (stance,)


@pytest.mark.parametrize(
    ("text", "japanese"), [("武器を売る", True), ("ミサイル", True), ("武器出售", False), ("", False), ("鮮の" + "武" * 40, False)]
)
def test_japanese_has_its_share_of_kana(text: str, japanese: bool) -> None:
    assert writes_japanese(text) is japanese
