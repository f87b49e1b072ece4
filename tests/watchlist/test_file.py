"""The watchlist file: what is read from it, what a vocabulary brings, and what its version is."""

from __future__ import annotations

import pytest

from monitor.errors import WatchlistError
from monitor.model import Mode, Severity, Stance
from monitor.text.forms import Mark
from monitor.watchlist import Term, TestKind, Watchlist, load, load_folder

ARMS = """
vocabulary: arms
groups:
  weapon: {ar: [سلاح, ذخيرة], en: [weapon, artillery shell]}
stance:
  denied: {ar: [نفى], en: [denied]}
"""
FULL = """
id: full
title: Arms transfer
description: "Weapons changing hands: reported, alleged"
owner: desk
severity: high
labels: {topic: proliferation, code: 0123}
mode: shadow
max_alerts: 50/d
use: [vocabulary/arms]
groups:
  deal:
    ar: |
      صفقة أسلحة
      صفقات سلاح (this-form)   # a remark

      # a whole line of remark
    en: |
      arms deal
      gunrun*
      MANPADS (exact)
    any: |
      Rotax 912
    no: [no, 2231]
  weapon: {add: true, drop: [ذخيرة], en: [howitzer]}
  customers: {from: entities/customers.csv}
mask:
  ar: رفاق السلاح
  en: [comrades in arms]
when: |
  deal OR weapon NEAR/10 "delivery"
  OR customers AND weapon
escalate:
  - {to: critical, when: "title: (deal OR weapon)"}
tests:
  - alert: arms deal
    stance: planned
  - quiet: nothing
  - {alert_file: a.txt, evidence: صفقة أسلحة}
"""
CUSTOMERS = "id,name,aliases\nc1,Acme Arms,آكمي;ACME\nc2,Beta,\n"
FILES = {"full.yaml": FULL, "vocabulary/arms.yaml": ARMS, "entities/customers.csv": CUSTOMERS}


@pytest.fixture(scope="module")
def full() -> Watchlist:
    return load("full", FILES)


def texts(terms: tuple[Term, ...]) -> list[str]:
    return [term.text for term in terms]


def test_everything_of_a_full_file(full: Watchlist) -> None:
    assert (full.id, full.title, full.severity, full.mode, full.owner) == ("full", "Arms transfer", Severity.HIGH, Mode.SHADOW, "desk")
    assert full.labels == {"topic": "proliferation", "code": "0123"}
    assert full.max_alerts == (50, 86_400.0)
    assert [str(step.when) for step in full.escalate] == ["title: (deal OR weapon)"]
    assert [test.kind for test in full.tests] == [TestKind.ALERT, TestKind.QUIET, TestKind.ALERT]
    assert full.tests[0].stance is Stance.PLANNED
    assert full.tests[2].file == "a.txt"
    assert full.tests[2].evidence == ("صفقة أسلحة",)
    assert set(full.files) == set(FILES)


@pytest.mark.parametrize(
    ("written", "said"), [("fifty", "a number of alerts"), ("0/d", "a number of"), ("5/0h", "a number of"), ("5/8d", "more than 7 days")]
)
def test_a_limit_of_alerts_that_cannot_be_kept_is_refused(written: str, said: str) -> None:
    with pytest.raises(WatchlistError, match=said):
        load("bare", {"bare.yaml": f"id: bare\nmax_alerts: {written}\ngroups: {{a: {{en: [alpha]}}}}\nwhen: a\n"})
    assert load("bare", {"bare.yaml": "id: bare\nmax_alerts: 5/10m\ngroups: {a: {en: [alpha]}}\nwhen: a\n"}).facts.max_alerts == (5, 600.0)


def test_terms_keep_their_marks_and_languages(full: Watchlist) -> None:
    deal = {(t.language, t.text): t.mark for t in full.groups["deal"]}
    assert deal[("ar", "صفقات سلاح")] is Mark.THIS_FORM
    assert deal[("en", "MANPADS")] is Mark.EXACT
    assert deal[("any", "Rotax 912")] is Mark.ANY_FORM
    assert ("no", "no") in deal
    assert ("no", "2231") in deal
    assert ("ar", "صفقة أسلحة") in deal
    assert len(deal) == 8


def test_a_group_of_a_vocabulary_is_added_to_and_dropped_from(full: Watchlist) -> None:
    assert texts(full.groups["weapon"]) == ["سلاح", "weapon", "artillery shell", "howitzer"]


def test_names_come_with_their_entity(full: Watchlist) -> None:
    (names,) = full.names["customers"]
    assert list(names.spellings) == ["Acme Arms", "آكمي", "ACME", "Beta"]
    entity = names.entity(1)
    assert (entity.id, entity.name, entity.list) == ("c1", "Acme Arms", "entities/customers.csv")


def test_the_place_of_a_term_is_its_line(full: Watchlist) -> None:
    assert next(t for t in full.groups["deal"] if t.text == "MANPADS").place == "full.yaml:21"


def test_cues_come_from_what_is_used_or_from_the_shipped_file(full: Watchlist) -> None:
    assert texts(full.cues[Stance.DENIED]) == ["نفى", "denied"]
    bare = load("bare", {"bare.yaml": "id: bare\ngroups: {a: {en: [alpha]}}\nwhen: a\n"})
    assert {Stance.DENIED, Stance.ALLEGED, Stance.PLANNED, Stance.CONDITIONAL} <= set(bare.cues)


def test_the_version_changes_with_anything_the_list_uses() -> None:
    version = load("full", FILES).version
    assert load("full", dict(FILES)).version == version
    assert load("full", {**FILES, "vocabulary/arms.yaml": ARMS + "# a remark\n"}).version != version
    assert load("full", {**FILES, "other.yaml": "id: other"}).version == version


def test_a_folder_loads_what_it_can_and_names_the_rest() -> None:
    loaded = load_folder({**FILES, "broken.yaml": "id: broken\nwhen: (\n"})
    assert [w.id for w in loaded.watchlists] == ["full"]
    assert set(loaded.faults) == {"broken"}


def test_a_term_that_mixes_scripts_warns_and_loads() -> None:
    text = "id: mixed\ngroups: {a: {ru: [pакета]}}\nwhen: a\n"  # a Latin p before Cyrillic letters
    loaded = load_folder({"mixed.yaml": text})
    assert [w.id for w in loaded.watchlists] == ["mixed"]
    (warning,) = loaded.warnings["mixed"]
    assert "mixes scripts" in warning.message
    assert (warning.line, warning.column) == (2, 19)


def test_a_fault_in_a_vocabulary_is_told_for_each_list_that_uses_it() -> None:
    broken = {**FILES, "vocabulary/arms.yaml": "vocabulary: arms\ngroups: {weapon: {en: []}}\n"}
    with pytest.raises(WatchlistError, match=r"vocabulary/arms\.yaml"):
        load("full", broken)
