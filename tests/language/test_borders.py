"""The table of docs/watchlists.md that says which shipped list takes what: each of its rows, in passages that lie on the border."""

from __future__ import annotations

import pytest

from tests.language.test_shipped_watchlists import ROOT, matches

VIOLATION, MEASURES, ARMS = "sanctions-violation", "sanctions-measures", "arms-transfer"

#: the first words of the row in the document, the passage, the lists that alert
BORDERS: tuple[tuple[str, str, set[str]], ...] = (
    ("new sanctions on a network", "The US Treasury announced new sanctions on a network of front companies.", {MEASURES}),
    ("new sanctions on a network", "Les États-Unis imposent de nouvelles sanctions à un réseau de sociétés écrans.", {MEASURES}),
    ("sanctions on a firm", "The US imposed sanctions on a Dubai firm for helping Iran evade sanctions.", {VIOLATION, MEASURES}),
    ("sanctions on a firm", "США ввели санкции против фирмы, которая помогала Ирану обходить санкции.", {VIOLATION, MEASURES}),
    ("a tanker under sanctions loads", "A sanctioned tanker unloaded crude at the port of Qingdao.", {VIOLATION}),
    ("a tanker under sanctions loads", "Подсанкционный танкер разгрузился в порту Циндао.", {VIOLATION}),
    ("a tanker under sanctions is boarded", "Estonian forces detained a sanctioned tanker in the Baltic.", {VIOLATION}),
    ("a tanker under sanctions is boarded", "海军登上一艘受制裁油轮并将其扣押。", {VIOLATION}),
    ("a tanker changes flag", "The tanker changed flags twice while it carried Iranian crude.", {VIOLATION}),
    ("a tanker changes flag", "Tankers that carry Russian oil sail with bogus insurance.", {VIOLATION}),
    ("forged end-user certificates", "The broker forged end-user certificates.", {VIOLATION}),
    ("forged end-user certificates", "Chips made in Europe were found in the wreckage of a Russian missile.", {VIOLATION, ARMS}),
    ("labourers of North Korea", "A shipyard hired hundreds of North Korean labourers.", {VIOLATION}),
    ("labourers of North Korea", "The ban covers North Korean coal exports and labourers hired abroad.", {MEASURES}),
    ("ports or skies closed", "Latvia closed its ports to Russian ships.", {MEASURES}),
    ("ports or skies closed", "Washington revoked the visas of ten Iranian officials.", {MEASURES}),
    ("property of people under sanctions", "An accountant was charged with hiding a blacklisted oligarch's yacht.", {VIOLATION}),
    ("a general licence given or renewed", "The United States renewed general licence 8 for energy payments.", {MEASURES}),
    ("a general licence given or renewed", "AB, Rus LNG'sine yönelik yasağı bir yıl öne çekti.", {MEASURES}),
    ("Of arms called by their type", "Kyiv asked Washington for Tomahawks.", {ARMS}),
    ("Of arms called by their type", "Perú optó por los cazas KF-21.", {ARMS}),
    ("Of arms called by their type", "The museum received a submarine.", set()),
    ("`arms-transfer` counts", "Poland lent two Patriot launchers to Romania.", {ARMS}),
    ("`arms-transfer` counts", "The film studio rented two tanks for the shoot.", set()),
)


@pytest.mark.parametrize(("row", "text", "lists"), BORDERS, ids=[text[:40] for _, text, _ in BORDERS])
def test_the_border_lies_where_the_document_says(row: str, text: str, lists: set[str]) -> None:
    assert row in (ROOT / "docs" / "watchlists.md").read_text(encoding="utf-8")
    assert set(matches(text, all_body=True)) & {VIOLATION, MEASURES, ARMS} == lists
