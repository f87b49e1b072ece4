"""Explaining: the tree of what held and failed, near misses, masks and furniture; and what terms expand to."""

from __future__ import annotations

import pytest
from hypothesis import given

from monitor.match import compile_engine
from monitor.match.expansion import attachments, expansions
from monitor.match.explain import Explained, Explanation, explain
from monitor.model import Facts, Severity, ZoneKind
from monitor.text.forms import Attach
from monitor.text.layout import lay_out
from monitor.watchlist import Watchlist, load
from monitor.watchlist.query import Node
from tests.match.oracle import true
from tests.match.test_oracle import GROUP_TERMS, GROUPS, lay, paragraphs, queries, sentences

LIST = """id: w
groups:
  a: {en: [alpha]}
  b: {en: [beta]}
  c: {en: [gamma]}
mask: {en: [mister beta]}
when: |
  a NEAR/2 b OR a AND c OR title: b OR sentence(a, NOT b) AND count(c) >= 2 AND lang(fr)
"""


def nothing(language: str, word: str) -> frozenset[str]:
    return frozenset()


def explained(text: str, *, title: bool = False) -> Explanation:
    engine = compile_engine([load("w", {"w.yaml": LIST})], nothing)
    return explain(engine, "w", text, lay_out(text, all_body=not title), Facts("en", "wire"))


def node(root: Explained, query: str) -> Explained:
    found = [root]
    while found:
        here = found.pop()
        if here.query == query:
            return here
        found.extend(here.parts)
    raise AssertionError(f"{query} is not in the tree")


def test_a_tree_says_what_held_and_what_failed_and_why() -> None:
    found = explained("One alpha and then after quite a while a beta.")
    assert found.match is None
    near = node(found.root, "a NEAR/2 b")
    assert (near.held, near.near_miss, near.note) == (False, True, "at the nearest 7 words apart, 2 allowed")
    assert [told.hit.text for told in node(near, "a").hits] == ["alpha"]
    both = node(found.root, "a AND c")
    assert (both.held, both.near_miss, both.note) == (False, True, "c did not hold")
    assert node(found.root, "title: b").note == "found, but not in the title"
    assert node(found.root, "lang(fr)").note == "this article has en"
    assert node(found.root, "count(c) >= 2").note == "found nowhere, 2 needed apart from each other"


def test_a_match_is_told_with_its_tree() -> None:
    found = explained("An alpha beta.")
    assert found.match is not None
    assert found.root.held
    assert node(found.root, "a NEAR/2 b").held
    assert node(found.root, "NOT b").note == "it was found in this sentence"


def test_what_a_mask_took_and_what_stands_in_furniture_is_named() -> None:
    text = "Gamma\n\nA headline that is long enough to be one\n\nHe met mister beta in the long and quiet street of the old town.\n\nalpha"
    found = explained(text, title=True)
    assert [(told.hit.text, told.hit.group, told.mask, told.zone) for told in found.masked] == [("beta", "b", "mister beta", ZoneKind.LEAD)]
    assert {told.hit.text for told in found.furniture} <= {"Gamma", "alpha"}
    assert found.furniture
    for told in found.furniture:
        assert text[told.hit.start : told.hit.end] == told.hit.text
        assert told.zone is ZoneKind.FURNITURE
    assert found.zones == lay_out(text).zones


def asked(when: str, text: str, *, body: bool = True, more: str = "") -> Explanation:
    groups = "groups: {a: {en: [alpha]}, b: {en: [beta]}, c: {en: [gamma]}, f: {fr: [bêta]}}"
    engine = compile_engine([load("w", {"w.yaml": f"id: w\n{groups}\nwhen: '{when}'\n{more}"})], nothing)
    return explain(engine, "w", text, lay_out(text, all_body=body), Facts("en", "wire", {"country": "EG"}))


@pytest.mark.parametrize(
    ("when", "text", "near_miss", "note"),
    [
        ("a AND b", "An alpha.", True, "b did not hold"),
        ("a AND b", "Nothing.", False, "a and b did not hold"),
        ("a AND b AND c", "An alpha.", False, "b and c did not hold"),
        ("a NEAR/1 b", "alpha x y beta", True, "at the nearest 2 words apart, 1 allowed"),
        ("a THEN/1 b", "beta alpha", True, "in the other order"),
        ("a NEAR/1 b", "An alpha. A beta.", True, "never in one sentence"),
        ("a NEAR/1 f", "alpha bêta", True, "in one sentence, but in different languages"),
        ("a THEN/1 f", "bêta alpha", True, "in the other order, and in different languages"),
        ("near(2, a, b, f)", "alpha beta bêta", True, "in one sentence, but in different languages"),
        ('a NEAR/1 "alpha"', "alpha", True, "in one sentence, but in the same words"),
        ("near(2, a, b, c)", "alpha x y beta z gamma", True, "at the nearest 3 words apart, 2 allowed"),
        ("near(2, a, b, c)", "Alpha beta. Gamma.", True, "never in one sentence, at the most a and b"),
        ("near(2, a, b, c)", "Alpha beta.", True, "c did not hold"),
        ("near(2, a, b, c)", "Alpha.", False, "b and c did not hold"),
        ("sentence(a, b)", "Alpha. Beta.", True, "not in one sentence; below, the one that comes nearest"),
        ("paragraph(a, NOT b)", "Alpha. Beta.", True, "NOT b did not hold"),
        ("count(a) >= 3", "alpha alpha", False, "found twice, 3 needed apart from each other"),
        ("title: a", "alpha", False, "found, but not in the title"),
        ("first(2, a)", "x y alpha", False, "found, but not in the first 2 words"),
        ("a AND lang(fr)", "alpha", True, "lang(fr) did not hold"),
        ("a AND NOT b", "Nothing.", False, "a did not hold"),
        ("a AND lang(en)", "Nothing.", False, "a did not hold"),
        ("sentence(a, NOT b)", "Nothing.", False, "a did not hold"),
        ("a AND NOT b", "Alpha beta.", True, "NOT b did not hold"),
    ],
)
def test_why_a_query_failed(when: str, text: str, near_miss: bool, note: str) -> None:
    root = asked(when, text).root
    assert (root.held, root.near_miss, root.note) == (False, near_miss, note)


def test_parts_know_whether_anything_of_them_is_in_the_article() -> None:
    root = asked("a AND b OR title: c OR count(a) >= 2 OR b AND NOT a", "Gamma.").root
    assert root.either
    assert [part.anywhere for part in root.parts] == [False, True, False, False]
    assert not any(part.either for part in root.parts)


def test_hits_have_the_language_of_their_term() -> None:
    root = asked('a NEAR/1 (f OR "gamma")', "alpha bêta").root
    assert [told.language for part in root.parts for told in (*part.hits, *(told for leaf in part.parts for told in leaf.hits))] == [
        "en",
        "fr",
    ]
    assert root.languages
    assert not asked("a NEAR/1 b", "alpha x y beta").root.languages
    assert {told.language for told in asked('"alpha"', "alpha").root.hits} == {"any"}


def test_parts_of_a_passage_are_told_of_the_one_that_comes_nearest() -> None:
    root = asked("sentence(a, b, c)", "An alpha. A beta gamma. A gamma.").root
    assert [(part.query, part.held, part.note) for part in root.parts] == [
        ("a", False, "found, but not in this sentence"),
        ("b", True, ""),
        ("c", True, ""),
    ]
    assert [told.hit.start for told in root.parts[2].hits] == [17]


def test_parts_behind_a_prefix_are_told_of_what_it_shows() -> None:
    text = "Alpha on the move today\n\nBeta and alpha stand in the body of this longer text, which is a lead."
    root = asked("title: (a AND b)", text, body=False).root
    assert [told.zone for told in root.parts[0].parts[0].hits] == [ZoneKind.TITLE]
    assert root.parts[0].parts[1].note == "found, but not in the title"
    first = asked("first(7, a AND first(3, b))", text, body=False).root
    assert [part.note for part in first.parts[0].parts[1].parts] == ["found, but not within the first 3 words"]


def test_filters_say_what_the_article_has() -> None:
    root = asked("a AND lang(fr) AND source(x) AND label(country=SA) AND label(desk=y)", "alpha").root
    assert [part.note for part in root.parts] == [
        "",
        "this article has en",
        "this article has wire",
        "this article has EG",
        "this article has (none)",
    ]


def test_steps_that_escalate_are_told() -> None:
    found = asked("a", "alpha", more="severity: low\nescalate: [{to: high, when: b}, {to: critical, when: a}]\n")
    assert [(to, node.held) for to, node in found.escalate] == [(Severity.HIGH, False), (Severity.CRITICAL, True)]


def test_what_furniture_would_have_made_of_it() -> None:
    text = "Alpha\n\nA headline that is long enough to be one\n\nHe met a beta in the long and quiet street of the old town.\n"
    assert asked("a AND b", text, body=False).with_furniture
    assert not asked("a NEAR/5 b", text, body=False).with_furniture
    assert not asked("b", text, body=False).with_furniture


@given(queries, sentences, paragraphs)
def test_the_tree_says_what_matching_says(query: Node, words: list[list[str]], breaks: list[int]) -> None:
    text, layout, plain = lay(words, breaks)
    engine = compile_engine([Watchlist("w", "v", {}, GROUP_TERMS, query)], nothing)
    found = explain(engine, "w", text, layout, Facts())
    assert found.root.held is (found.match is not None) is true(query, plain, GROUPS)
    assert found.root.note == "" if found.root.held else found.root.note
    assert not found.with_furniture


@pytest.mark.parametrize("when", ["a NEAR/5 b", "sentence(a, b, NOT c)", "count(a) >= 9999"])
def test_a_text_of_many_hits_costs_no_more_than_their_number(when: str) -> None:
    """Quadratic here would be minutes."""
    for text in ("alpha " * 10_000 + "x " * 20 + "beta " * 10_000, "Alpha gamma. Beta. " * 5_000):
        assert asked(when, text, more="mask: {en: [old alpha]}\n").root.query == when
    masked = asked(when, "old alpha beta " * 5_000, more="mask: {en: [old alpha]}\n")
    assert len(masked.masked) == 5_000


def test_expansions_name_every_form_and_its_reason() -> None:
    watchlist = load("w", {"w.yaml": "id: w\ngroups: {a: {ar: [سلاح], en: [gun*, arms deal], any: [Kim (name)]}}\nwhen: a\n"})
    found = {
        e.term.text: e
        for e in expansions(watchlist, lambda language, word: frozenset({"سلاح", "أسلحة"}) if word == "سلاح" else frozenset())
    }
    assert {form.text: form.why for form in found["سلاح"].words[0][1]}["اسلحه"] == "same lemma as سلاح (dictionary)"
    assert "ال" in attachments(found["سلاح"].words[0][1][0].allows)
    assert [form.why for form in found["gun*"].words[0][1]] == ["every word of this pattern"]
    assert [(form.text, form.why.partition(",")[0]) for form in found["Kim"].words[0][1]] == [("kim", "this name")]
    assert [word for word, _ in found["arms deal"].words] == ["arms", "deal"]
    assert [e.term.text for e in expansions(watchlist, nothing, "ARMS deal")] == ["arms deal"]


EVERY = """id: w
groups:
  a:
    ar: [سلاح, كيم جونغ أون (name), MD-550]
    en: [MANPADS (exact), US, Iran, ARMS DEAL, Rosneft (exact)]
    de: [Macht]
    zh: [武器]
    ko: [무기 거래]
    tr: [kitap]
    he: [נשק]
    any: [UAV]
when: a
"""


def test_expansions_say_what_capitals_the_text_must_have() -> None:
    watchlist = load("w", {"w.yaml": EVERY})
    why = {e.term.text: {f.text: f.why for f in e.words[0][1]} for e in expansions(watchlist, nothing)}
    assert why["US"]["us"] == "as written, in capitals only"
    assert why["MANPADS"] == {"manpads": "as written, in capitals only"}
    assert why["Rosneft"] == {"rosneft": "as written, capitals included"}
    assert why["Iran"]["iran"] == "as written"
    assert why["ARMS DEAL"]["arms"] == "as written"
    assert why["Macht"] == {"macht": "as written, capitalised only"}
    assert why["UAV"] == {"uav": "as written, in capitals only", "uavs": "plural of an abbreviation, in capitals only"}
    assert why["武器"] == {"武器": "these characters, one after the other"}


def test_expansions_are_asked_for_by_any_spelling_of_the_term() -> None:
    watchlist = load("w", {"w.yaml": EVERY})
    for wanted, found in (
        ("md 550", "MD-550"),
        ("كيم جونج اون", "كيم جونغ أون"),
        ("مسدس", ""),
        ("سِلاح", "سلاح"),
        ("무기  거래", "무기 거래"),
    ):
        assert [e.term.text for e in expansions(watchlist, nothing, wanted)] == ([found] if found else [])


def test_a_phrase_that_is_also_written_as_one_word_is_shown_so() -> None:
    watchlist = load("w", {"w.yaml": EVERY})
    (found,) = expansions(watchlist, nothing, "무기 거래")
    assert [word for word, _ in found.words] == ["무기", "거래", "무기거래"]


def test_every_attachment_has_a_name_for_people() -> None:
    for flag in Attach:
        assert all(word and "_" not in word for word in attachments(flag))
