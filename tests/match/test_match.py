"""What is found and what is shown for it: terms and their marks, masks, clauses, stance, severity."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.dictionaries import default_folder, open_lookup
from monitor.match import Engine, compile_engine, run_tests
from monitor.model import Facts, Match, Severity, Stance
from monitor.text.forms import Lookup
from monitor.text.layout import lay_out
from monitor.watchlist import load


@cache
def lookup() -> Lookup:
    return open_lookup(Path(default_folder({})), ["ar", "en"])


def nothing(language: str, word: str) -> frozenset[str]:
    return frozenset()


def engine(text: str, *, dictionary: bool = False, files: dict[str, str] | None = None) -> Engine:
    watchlist = load("w", {"w.yaml": "id: w\n" + text, **(files or {})})
    return compile_engine([watchlist], lookup() if dictionary else nothing)


def find(built: Engine, text: str, facts: Facts | None = None) -> Match | None:
    found = built.match(text, lay_out(text, all_body=True), facts or Facts())
    return found[0] if found else None


def hits(match: Match | None) -> list[str]:
    return [hit.text for evidence in match.evidence for hit in evidence.hits] if match else []


def group(*terms: str, language: str = "en", when: str = "a") -> Engine:
    listed = "\n".join(f"      {term}" for term in terms)
    return engine(f"groups:\n  a:\n    {language}: |\n{listed}\nwhen: {when}\n")


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("MD-550", "an MD550, an MD 550 and an MD-550", ["MD550", "MD 550", "MD-550"]),
        ("550", "MD550 and 550", ["550"]),
        ("F-16", "twelve F-16s, two F16s and an F-16", ["F-16s", "F16s", "F-16"]),
        ("*ab*cd", "xabxcd abcd abc", ["xabxcd", "abcd"]),
        ("2397", "resolution ٢٣٩٧", ["٢٣٩٧"]),
        ("US", "us and the US, US-made, the US's", ["US", "US", "US's"]),
        ("who", "WHO and who", ["WHO", "who"]),
        ("UAV", "two UAVs", ["UAVs"]),
        ("MANPADS (exact)", "manpads MANPADS Manpads", ["MANPADS"]),
        ("ARMS DEAL", "an arms deal", ["arms deal"]),
        ("gunrun*", "gunrunners and gunrunning, a gun run", ["gunrunners", "gunrunning"]),
        ("*connect* deal", "reconnected deal", ["reconnected deal"]),
        ("dual-use", "dual use, dual-use, dual  use", ["dual use", "dual-use", "dual  use"]),
        ("arms deal", "arms. Deal arms, deal", ["arms, deal"]),
        ("Kim Jong Un (name)", "Kim Jong-un's, Kim Jongun, Kim Jong Il, Kim", ["Kim Jong-un's", "Kim Jongun"]),
    ],
)
def test_marks_codes_and_capitals(term: str, text: str, found: list[str]) -> None:
    assert hits(find(group(term), text)) == found


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("كيم جونغ أون (name)", "كيم جونج اون وكيم جونغ إيل وكيم جونغ أون", ["كيم جونج اون", "وكيم جونغ أون"]),
        (
            "بيونغ يانغ (name)",
            "بيونغيانغ وبيونج يانج وفي بيونق يانق لبيونغ يانغ",
            ["بيونغيانغ", "وبيونج يانج", "بيونق يانق", "لبيونغ يانغ"],
        ),
        ("عقوبات (this-form)", "العقوبات وعقوباتها ولعقوبات عقوبة", ["العقوبات", "وعقوباتها", "ولعقوبات"]),
    ],
)
def test_arabic_without_a_dictionary(term: str, text: str, found: list[str]) -> None:
    assert hits(find(group(term, language="ar"), text)) == found


@pytest.mark.parametrize(
    ("language", "term", "text", "found"),
    [
        ("ko", "F-16", "F-16을 팔고 F-16은 F-16전투기를 XF-16을", ["F-16을", "F-16은", "F-16전투기를"]),
        ("ko", "2397", "결의 2397호에 따라", ["2397호에"]),
        ("ko", "EU", "EU의 제재, EU는 eu의", ["EU의", "EU는"]),
        ("fa", "MD-550", "MD-550ها و MD550های و MD-550a", ["MD-550ها", "MD550های"]),
        ("ar", "MD-550", "وMD-550 والـMD-550 بالMD550 لـ MD-550 AMD-550", ["وMD-550", "والـMD-550", "بالMD550", "MD-550"]),
        ("ar", "2397", "القرار 2397 و2397 بـ٢٣٩٧ وللـ2397 رقم2397", ["2397", "و2397", "بـ٢٣٩٧", "وللـ2397"]),
        ("ar", "NATO", "وNATO بالـNATO nato", ["وNATO", "بالـNATO"]),
        ("he", "F-16", "ה-F-16 וF-16 שבF16 F-16", ["F-16", "וF-16", "שבF16", "F-16"]),
        ("any", "550", "MD550 550m 550", ["550"]),
        ("en", "F-16", "F-16s F-16A XF-16s", ["F-16s"]),
    ],
)
def test_what_is_attached_to_codes_and_numbers(language: str, term: str, text: str, found: list[str]) -> None:
    assert hits(find(group(term, language=language), text)) == found


def test_evidence_is_exact_through_tatweel_marks_and_line_ends() -> None:
    text = "قال\r\nإن أَسْلِحَةًـ \u200fكثيرة😀 وصلت."
    match = find(group("أسلحة", language="ar"), text)
    assert match is not None
    (hit,) = match.evidence[0].hits
    assert text[hit.start : hit.end] == hit.text == "أَسْلِحَةًـ"


MASKED = """
groups:
  weapon: {ar: [سلاح], en: [arms]}
  transfer: {ar: [بيع], en: [sale]}
mask: {ar: [رفاق السلاح], en: [comrades in arms]}
when: weapon NEAR/5 transfer
"""


def test_masked_words_keep_their_place_but_are_no_hit() -> None:
    built = engine(MASKED, dictionary=True)
    assert find(built, "بيع رفاق السلاح") is None
    assert hits(find(built, "رفاق السلاح يريدون بيع السلاح")) == ["بيع", "السلاح"]
    assert find(built, "sale comrades in arms a b c") is None


def test_sides_of_near_share_a_language() -> None:
    built = engine("groups:\n  tank: {fr: [char]}\n  move: {en: [delivery], fr: [livraison], any: [X-1]}\nwhen: tank NEAR/5 move\n")
    assert find(built, "char delivery") is None
    assert find(built, "livraison de char") is not None
    assert find(built, "X-1 char") is not None


def test_a_quoted_phrase_is_of_no_one_language() -> None:
    built = engine("groups:\n  move: {ar: [بيع], en: [sale]}\nwhen: '\"Rotax\" NEAR/5 move'\n", dictionary=True)
    assert hits(find(built, "بيع محركات Rotax")) == ["بيع", "Rotax"]
    assert hits(find(built, "the sale of Rotax")) == ["sale", "Rotax"]


def test_filters_and_fields() -> None:
    built = engine("groups: {a: {en: [alpha]}}\nwhen: a AND lang(en) AND source(wire) AND label(country=EG, country=SA)\n")
    facts = Facts("en", "wire", {"country": "SA"})
    assert find(built, "alpha", facts) is not None
    for other in (Facts("ar", "wire", {"country": "SA"}), Facts("en", "x", {"country": "SA"}), Facts("en", "wire", {"country": "FR"})):
        assert find(built, "alpha", other) is None


def test_evidence_is_the_least_set_and_every_sentence_that_alone_would_do() -> None:
    built = engine("groups: {a: {en: [alpha]}, b: {en: [beta]}, c: {en: [gamma]}}\nwhen: a AND b OR c\n")
    apart = find(built, "One alpha here. Nothing here. Then beta there. More beta here.")
    assert apart is not None
    assert [e.quote for e in apart.evidence] == ["One alpha here.", "Then beta there."]
    assert {e.clause for e in apart.evidence} == {"a AND b"}
    together = find(built, "One alpha here. Both alpha and beta. A gamma. More alpha with beta and gamma.")
    assert together is not None
    assert [(e.quote, e.clause) for e in together.evidence] == [
        ("Both alpha and beta.", "a AND b"),
        ("A gamma.", "c"),
        ("More alpha with beta and gamma.", "a AND b OR c"),
    ]


def test_overlapping_terms_of_a_group_are_marked_once() -> None:
    match = find(group("arms deal", "arms", "deal"), "an arms deal")
    assert hits(match) == ["arms deal"]


def test_a_quoted_phrase_is_expanded_in_the_languages_of_the_list() -> None:
    built = engine('groups: {a: {ar: [موسكو], en: [Moscow]}}\nwhen: a AND ("صاروخ" OR "missile")\n', dictionary=True)
    assert hits(find(built, "موسكو والصواريخ")) == ["موسكو", "والصواريخ"]
    assert hits(find(built, "Moscow missiles")) == ["Moscow", "missiles"]


def test_severity_is_raised_by_what_escalates() -> None:
    built = engine("groups: {a: {en: [alpha]}, b: {en: [beta]}}\nwhen: a\nseverity: low\nescalate: [{to: critical, when: a NEAR/1 b}]\n")
    assert getattr(find(built, "alpha x y z beta"), "severity", None) is Severity.LOW
    assert getattr(find(built, "alpha beta"), "severity", None) is Severity.CRITICAL


CUES = """
groups: {deal: {en: [deal], ar: [صفقة]}}
when: deal
use: [vocabulary/cues]
"""
CUE_FILE = """
vocabulary: cues
stance:
  denied: {en: [denied, deny, ridiculous], ar: [نفى, ينف, سخيفة]}
  alleged: {en: [alleged, accused], ar: [زعم, اتهم]}
  planned: {en: [plans], ar: [محتملة]}
  conditional: {en: [would be], ar: [من شأن]}
"""


@pytest.mark.parametrize(
    ("text", "stance"),
    [
        ("They signed a deal.", Stance.REPORTED),
        ("He denied the deal.", Stance.DENIED),
        ("He did not deny the deal.", Stance.REPORTED),
        ("He is accused of a deal which Moscow called ridiculous.", Stance.ALLEGED),
        ("A deal would be illegal.", Stance.CONDITIONAL),
        ("Moscow plans a deal that others alleged long ago.", Stance.PLANNED),
        ("It would be a breach if Moscow plans a deal.", Stance.CONDITIONAL),
        ("نفى الكرملين الصفقة", Stance.DENIED),
        ("لم ينف الكرملين صفقة", Stance.REPORTED),
        ("وهناك صفقة محتملة", Stance.PLANNED),
    ],
)
def test_the_nearest_cue_says_the_stance(text: str, stance: Stance) -> None:
    match = find(engine(CUES, dictionary=True, files={"vocabulary/cues.yaml": CUE_FILE}), text)
    assert match is not None
    assert match.stances == (stance,)


def test_a_list_that_shares_terms_with_another_is_answered_for_itself() -> None:
    files = {
        f"{name}.yaml": f"id: {name}\ngroups: {{a: {{en: [alpha]}}, b: {{en: [beta]}}}}\nwhen: {when}\n"
        for name, when in (("p", "a"), ("q", "a AND b"), ("r", "b"))
    }
    built = compile_engine([load(name, files) for name in "pqr"], nothing)
    text = "alpha and beta"
    assert [m.watchlist for m in built.match(text, lay_out(text, all_body=True), Facts())] == ["p", "q", "r"]
    text = "alpha only"
    assert [m.watchlist for m in built.match(text, lay_out(text, all_body=True), Facts())] == ["p"]


def test_the_tests_of_a_list_say_what_failed() -> None:
    text = """
groups: {a: {en: [alpha]}}
when: a
tests:
  - alert: beta
  - quiet: an alpha
  - {alert: alpha, stance: denied}
  - {alert: alpha, severity: high}
  - {alert: alpha, evidence: gamma}
  - {alert_file: missing.txt}
  - {alert_file: there.txt, evidence: alpha}
  - alert: alpha
"""
    watchlist = load("w", {"w.yaml": "id: w" + text})
    failures = run_tests(
        watchlist, compile_engine([watchlist], nothing), {"seeds/there.txt": "A long enough line about the alpha of today."}
    )
    assert [f.split(":", 3)[2].strip() for f in failures] == [
        "should alert but is quiet",
        "should be quiet but alerts on alpha (a)",
        "alerts as reported, not as denied",
        "alerts with severity medium, not high",
        "alerts, but no evidence contains 'gamma'",
        "the test file missing.txt is missing; it is looked for in seeds/ beside the watchlists folder, then inside it",
    ]
    assert failures[0].startswith("w.yaml:5: ")


def test_one_watchlist_is_asked_for_and_matches_as_beside_the_others() -> None:
    lists = {
        "a": "id: a\ngroups: {x: {en: [alpha]}, y: {en: [beta]}}\nwhen: x NEAR/3 y\n",
        "b": "id: b\ngroups: {x: {en: [alpha]}}\nwhen: x\n",
        "c": "id: c\ngroups: {x: {en: [beta, gamma]}}\nmask: {en: [beta max]}\nwhen: count(x) >= 2\n",
    }
    built = compile_engine([load(name, {f"{name}.yaml": text}) for name, text in lists.items()], nothing)
    for text in ("alpha and beta", "alpha", "beta, gamma, beta", "beta max and gamma", "nothing", "alpha beta gamma"):
        laid = lay_out(text, all_body=True)
        every = built.match(text, laid, Facts())
        for name in lists:
            assert built.match(text, laid, Facts(), only=name) == tuple(match for match in every if match.watchlist == name)


ALPHABET = "سلاح ذخيرة بيع والب.\n\u064b\u0640\u200f😀ab 1٢أة"


@given(st.text(ALPHABET, max_size=80), st.text(ALPHABET, max_size=20))
def test_offsets_hold_for_any_text(before: str, after: str) -> None:
    built = _cached_pair()
    text = f"{before} وبالسلاح والذخائر بيع {after}"
    for match in built.match(text, lay_out(text), Facts()):
        for evidence in match.evidence:
            assert evidence.quote == text[evidence.start : evidence.end]
            for hit in evidence.hits:
                assert hit.text == text[hit.start : hit.end]
                assert evidence.start <= hit.start < hit.end <= evidence.end


@cache
def _cached_pair() -> Engine:
    return engine(MASKED.replace("سلاح]", "سلاح, ذخيرة]"), dictionary=True)


@given(st.text(max_size=200))
def test_any_string_at_all_is_answered(text: str) -> None:
    _cached_pair().match(text, lay_out(text), Facts())


@pytest.mark.parametrize(
    "text",
    [
        "ا" + "\u064b\u0655" * 500_000,
        "x" * 5_000_000,
        "سلاح بيع " * 50_000,
        "سلاح " * 50_000 + "بيع " * 50_000,
        "\n" * 1_000_000,
        "\ud800" * 1000,
    ],
    ids=["marks", "no blanks", "hits", "hits apart", "lines", "surrogates"],
)
def test_hostile_text_costs_no_more_than_its_length(text: str) -> None:
    """No bound in seconds: a quadratic step here would not end at all within the suite's time."""
    built = _cached_pair()
    started = time.process_time()
    built.match(text, lay_out(text), Facts())
    assert time.process_time() >= started


@pytest.mark.parametrize(
    "when", ["sentence(weapon, transfer)", "paragraph(weapon, transfer)", "near(50, weapon, transfer, weapon, transfer)"]
)
def test_many_passages_cost_no_more_than_their_number(when: str) -> None:
    """Each of these took half a minute while every passage looked at all hits of the text."""
    built = engine(MASKED.replace("when: weapon NEAR/5 transfer", f'when: "{when}"'))
    assert find(built, "Arms for sale are arms for sale. " * 8_000) is not None
    assert find(built, "arms sale " * 20_000) is not None


def test_a_wildcard_of_many_stars_is_linear() -> None:
    assert hits(find(group("*ab*cd*ef*gh*"), "The " + "abcdefg" * 5_000 + " here.")) == []
