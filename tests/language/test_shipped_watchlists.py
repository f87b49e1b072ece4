"""The shipped watchlists: their own tests, the table of challenging passages, and the verdicts on the sample articles."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from monitor.match import Engine, compile_engine, languages_of, run_tests
from monitor.model import Facts, Match
from monitor.sources.watchlists import WatchlistFolder
from monitor.text.language import identify
from monitor.text.layout import lay_out
from monitor.watchlist import Loaded, load_folder
from tests.text.lookups import real

ROOT = Path(__file__).parents[2]
CHALLENGE = json.loads((Path(__file__).parent / "arabic_challenge.json").read_text(encoding="utf-8"))
LISTS = ("arms-transfer", "sanctions-measures", "sanctions-violation")


@cache
def shipped() -> tuple[Loaded, Engine]:
    loaded = load_folder(WatchlistFolder(ROOT / "watchlists").read())
    return loaded, compile_engine(loaded.watchlists, real(*sorted(languages_of(loaded.watchlists))))


def matches(text: str, *, all_body: bool = False) -> dict[str, Match]:
    _, engine = shipped()
    found = engine.match(text, lay_out(text, all_body=all_body), Facts(identify(text)))
    return {match.watchlist: match for match in found}


def test_they_load_without_fault_or_warning() -> None:
    loaded, _ = shipped()
    assert {name: tuple(map(str, faults)) for name, faults in loaded.faults.items()} == {}
    assert {name: tuple(map(str, found)) for name, found in loaded.warnings.items() if found} == {}
    assert {watchlist.id for watchlist in loaded.watchlists} >= set(LISTS)


@pytest.mark.parametrize("name", LISTS)
def test_each_passes_its_own_tests(name: str) -> None:
    loaded, engine = shipped()
    watchlist = next(w for w in loaded.watchlists if w.id == name)
    assert len(watchlist.tests) >= 15
    assert run_tests(watchlist, engine, WatchlistFolder(ROOT / "watchlists").read()) == ()


@pytest.mark.parametrize("passage", CHALLENGE, ids=lambda passage: f"{passage['watchlist']}-{CHALLENGE.index(passage)}")
def test_challenging_passages(passage: dict[str, object]) -> None:
    found = matches(str(passage["text"]), all_body=True)
    assert (passage["watchlist"] in found) is passage["alert"]


#: Passages that look like the thing and are not: no hit of the watchlist may touch them.
TRAPS = {
    "000": {"sanctions-violation": ["بسبب العقوبات الدولية المفروضة على بيونغ يانغ", "تعارض العقوبات الدولية الصارمة"]},
    "001": {"arms-transfer": ["تصدرت زيارة بوتين", "إطلاق الصواريخ الباليستية في عام 2022", "بصناعة تصدير مربحة"]},
    "002": {"arms-transfer": ["لا يوجد ما يكفي من الذخيرة في الحرب", "المسلحة نوويا", "التعاون العسكري بين البلدين"]},
    "003": {"arms-transfer": ["المتينة لرفاق السلاح", "تبادل الهدايا التذكارية", "المسلحة نوويا"]},
    "004": {"arms-transfer": ['"رفاق سلاح"', "«صامدة بين رفاق سلاح»", "متخصصين في صناعة السلاح"]},
}


@pytest.mark.parametrize(
    ("seed", "arms", "violation"),
    [
        ("000", set(), {"conditional"}),
        ("001", {"reported", "denied"}, {"reported"}),
        ("002", {"alleged"}, {"conditional"}),
        ("003", {"alleged"}, set()),
        ("004", {"planned"}, {"reported"}),
    ],
)
def test_sample_articles(seed: str, arms: set[str], violation: set[str]) -> None:
    path = next((ROOT / "seeds").glob(f"{seed}_*.txt"))
    text = path.read_text(encoding="utf-8")
    found = matches(text)
    for name, stances in (("arms-transfer", arms), ("sanctions-violation", violation)):
        assert (name in found) is bool(stances)
        if stances:
            assert stances <= set(found[name].stances)
    for name, traps in TRAPS[seed].items():
        hits = [hit for evidence in found[name].evidence for hit in evidence.hits] if name in found else []
        for trap in traps:
            start = text.index(trap)
            assert [hit.text for hit in hits if hit.start < start + len(trap) and start < hit.end] == []
