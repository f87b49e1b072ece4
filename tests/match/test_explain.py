"""Explaining: the tree of what held and failed, near misses, masks and furniture; and what terms expand to."""

from __future__ import annotations

from monitor.match import compile_engine
from monitor.match.expansion import attachments, expansions
from monitor.match.explain import Explained, Explanation, explain
from monitor.model import Facts
from monitor.text.forms import Attach
from monitor.text.layout import lay_out
from monitor.watchlist import load

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
    assert [hit.text for hit in node(near, "a").hits] == ["alpha"]
    both = node(found.root, "a AND c")
    assert (both.held, both.near_miss, both.note) == (False, True, "c did not hold")
    assert node(found.root, "title: b").note == "found, but not in the title"
    assert node(found.root, "lang(fr)").note == "this article has en"
    assert node(found.root, "count(c) >= 2").note == "found 0 times, 2 needed apart from each other"


def test_a_match_is_told_with_its_tree() -> None:
    found = explained("An alpha beta.")
    assert found.match is not None
    assert found.root.held
    assert node(found.root, "a NEAR/2 b").held
    assert node(found.root, "NOT b").note == "it was found"


def test_what_a_mask_took_and_what_stands_in_furniture_is_named() -> None:
    text = "Gamma\n\nA headline that is long enough to be one\n\nHe met mister beta in the long and quiet street of the old town.\n\nalpha"
    found = explained(text, title=True)
    assert [(hit.text, hit.group) for hit in found.masked] == [("beta", "b")]
    assert {hit.text for hit in found.furniture} <= {"Gamma", "alpha"}
    assert found.furniture
    for hit in found.furniture:
        assert text[hit.start : hit.end] == hit.text


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
