"""``monitor explain`` and ``monitor terms`` as a person and a program see them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.program import program

LIST = """id: w
groups:
  weapon: {ar: [سلاح], en: [weapon]}
  transfer: {ar: [بيع], en: [sale]}
mask: {ar: [رفاق السلاح]}
when: weapon NEAR/3 transfer
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "w.yaml").write_text(LIST, encoding="utf-8")
    return tmp_path / "lists"


def test_explain_as_text(folder: Path) -> None:
    text = "رفاق السلاح يبحثون أمر بيع سفن قديمة جدا مع السلاح"
    done = program("explain", "-", "--watchlists", folder, stdin=text.encode())
    assert done.status == 0
    assert "w: not matched" in done.out
    assert "~ weapon NEAR/3 transfer   (at the nearest 4 words apart, 3 allowed)" in done.out
    assert "+ transfer   بيع" in done.out
    assert "taken by a mask: السلاح (weapon) by رفاق السلاح" in done.out


SPEAKING = """id: w
groups: {weapon: {ar: [صاروخ], en: [missile]}, transfer: {ar: [أرسل (verb)], en: [ship (verb)]}}
when: weapon NEAR/5 transfer
"""


def test_explain_says_how_each_passage_speaks_and_why(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "w.yaml").write_text(SPEAKING, encoding="utf-8")
    texts = [
        ("لم ترسل موسكو صواريخ إلى طهران.", "denied", "لم"),
        ("Moscow shipped missiles.", "reported", None),
        ("If nobody objects, Moscow will ship missiles.", "conditional", "If"),
    ]
    for text, stance, cue in texts:
        shown = program("explain", "-", "--watchlists", tmp_path / "lists", stdin=text.encode())
        assert f"  {stance}{f' (cue: {cue})' if cue else ''}: {text}" in shown.out
        told = program("explain", "-", "--watchlists", tmp_path / "lists", "--json", stdin=text.encode())
        [passage] = json.loads(told.out)["passages"]
        assert (passage["stance"], passage["quote"]) == (stance, text)
        assert passage["cue"] == (cue and {"text": cue, "start": text.index(cue), "end": text.index(cue) + len(cue)})


ARTICLE = """Weapon sale

A weapon was shown in the capital on the first day of the year, and many people came.

The sale that Kim Jong-un spoke of went on. Weapons for sale.

Read more: weapon sale
"""


def test_explain_tells_zones_names_and_what_does_not_count(folder: Path) -> None:
    (folder / "entities").mkdir()
    (folder / "entities" / "n.csv").write_text("id,name\nQ1,Kim Jong Un\n", encoding="utf-8")
    step = "escalate: [{to: critical, when: 'title: transfer'}]"
    more = f"  leader: {{from: entities/n.csv}}\n{step}\nwhen: sentence(leader, transfer, NOT weapon)\n"
    (folder / "w.yaml").write_text(LIST.partition("mask:")[0] + more, encoding="utf-8")
    done = program("explain", "-", "--watchlists", folder, stdin=ARTICLE.encode())
    lines = done.out.splitlines()
    assert [line.partition(":")[0] for line in lines[:4]] == ["title", "lead", "body", "furniture"]
    assert lines[0] == "title: 11 characters from 0 to 11: Weapon sale"
    assert "w: matched (critical)" in lines
    assert "    + leader   Kim Jong-un (Kim Jong Un, Q1)" in lines
    assert "      - weapon   (found, but not in this sentence)" in lines
    assert "  escalate to critical:" in lines
    assert "      + transfer   sale (title)" in lines
    assert "  in furniture, where nothing is matched: weapon (weapon), sale (transfer)" in lines


def test_explain_of_clauses_that_found_nothing_is_one_line_each(folder: Path) -> None:
    done = program("explain", "-", "--watchlists", folder, stdin=b"Nothing is said here.")
    assert [line for line in done.out.splitlines() if line.startswith("  ")] == [
        "  - weapon NEAR/3 transfer   (weapon and transfer did not hold)",
    ]


CLAUSES = """id: w
groups: {a: {en: [weapon]}, b: {en: [sale]}, c: {en: [missile]}, d: {en: [tank]}}
when: a AND NOT b OR c AND NOT b OR d NEAR/3 c OR lang(en) AND (c OR d)
"""


def test_explain_counts_the_clauses_of_which_nothing_was_found(folder: Path) -> None:
    (folder / "w.yaml").write_text(CLAUSES, encoding="utf-8")

    def tree(text: str, *options: str) -> list[str]:
        done = program("explain", "-", "--watchlists", folder, *options, stdin=text.encode())
        return [line for line in done.out.splitlines() if line.startswith("  ")]

    assert tree("The weapon is on show.")[1:] == [
        "    + a AND NOT b",
        "      + a   weapon (title)",
        "      + NOT b",
        "    - 3 more clauses found nothing",
        "  reported: The weapon is on show.",
    ]
    assert tree("Nothing is said here.")[1:] == []
    told = tree("The weapon is on show.", "--all")
    assert "    - d NEAR/3 c   (d and c did not hold)" in told
    assert "        - b   (not found)" in told
    assert not any("found nothing" in line for line in told)


def test_explain_tells_the_languages_that_do_not_meet(folder: Path) -> None:
    done = program("explain", "-", "--watchlists", folder, stdin="The weapon and بيع of it.".encode())
    assert [line for line in done.out.splitlines() if line.startswith("  ")] == [
        "  ~ weapon NEAR/3 transfer   (in one sentence, but in different languages)",
        "    + weapon   weapon (title; en)",
        "    + transfer   بيع (title; ar)",
    ]


def test_explain_as_json(folder: Path) -> None:
    done = program("explain", "-", "--watchlists", folder, "--watchlist", "w", "--json", stdin=b"weapon sale")
    answer = json.loads(done.out)
    assert answer["matched"] is True
    assert answer["query"]["held"] is True
    assert [(part["hits"][0]["text"], part["hits"][0]["zone"], part["hits"][0]["language"]) for part in answer["query"]["parts"]] == [
        ("weapon", "title", "en"),
        ("sale", "title", "en"),
    ]
    assert answer["severity"] == "medium"
    assert answer["zones"] == [{"zone": "title", "start": 0, "end": 11}]
    assert (answer["masked"], answer["furniture"], answer["with_furniture"], answer["escalate"]) == ([], [], False, [])


def test_explain_of_a_list_that_is_not_there(folder: Path) -> None:
    done = program("explain", "-", "--watchlists", folder, "--watchlist", "x", stdin=b"text")
    assert done.status == 2
    assert "there is no watchlist 'x'" in done.err
    assert "there are: w" in done.err


def test_terms_as_text(folder: Path) -> None:
    done = program("terms", "w", "سلاح", "--watchlists", folder)
    assert done.status == 0
    assert "weapon · ar · سلاح   w.yaml:3" in done.out
    assert "same lemma as سلاح (dictionary)" in done.out
    assert "بيع" not in done.out


def test_terms_as_json_is_one_line_a_term(folder: Path) -> None:
    lines = [json.loads(line) for line in program("terms", "w", "--watchlists", folder, "--json").out.splitlines()]
    assert [(line["group"], line["term"]) for line in lines] == [
        ("weapon", "سلاح"),
        ("weapon", "weapon"),
        ("transfer", "بيع"),
        ("transfer", "sale"),
        ("mask", "رفاق السلاح"),
    ]
    assert [line["kind"] for line in lines] == ["term"] * 4 + ["mask"]
    forms = {form["form"]: form["why"] for form in lines[1]["words"][0]["forms"]}
    assert forms["weapon"] == "as written"
    assert "weapons" in forms


def test_quoted_phrases_and_masks_are_listed_with_their_places_and_forms(folder: Path) -> None:
    quoting = LIST.replace("when: weapon NEAR/3 transfer", 'when: |\n  weapon NEAR/3 transfer\n  OR "arms deal" OR "MANPADS" (exact)')
    quoting += "escalate:\n  - {to: high, when: '\"arms deal\"'}\n"
    (folder / "w.yaml").write_text(quoting, encoding="utf-8")
    out = program("terms", "w", "--watchlists", folder).out
    assert 'when · en · "arms deal"   w.yaml:8' in out
    assert "deals" in out
    assert out.count('"arms deal"') == 1
    assert 'when · any · "MANPADS" (exact)   w.yaml:8' in out
    assert "mask · ar · رفاق السلاح   w.yaml:5   words under it are no hit" in out
    only = program("terms", "w", "رفاق السلاح", "--watchlists", folder, "--json").out
    (mask,) = (json.loads(line) for line in only.splitlines())
    assert mask["kind"] == "mask"
    assert {form["why"] for word in mask["words"] for form in word["forms"]} >= {"as written"}


@pytest.mark.parametrize(
    ("asked", "heads"),
    [
        ("سلم", ["transfer · ar · سلم (verb)   w.yaml:4", "goods · ar · سلم   w.yaml:5"]),
        ("سلم (verb)", ["transfer · ar · سلم (verb)   w.yaml:4"]),
        ("سلم(verb)", ["transfer · ar · سلم (verb)   w.yaml:4"]),
        ("سلم (name)", []),
        ("سلم (deed)", []),
        ('"MANPADS" (exact)', ['when · any · "MANPADS" (exact)   w.yaml:6']),
        ('"MANPADS"', ['when · any · "MANPADS" (exact)   w.yaml:6']),
        ('"سلم" (verb)', []),
    ],
)
def test_a_term_is_asked_for_as_it_is_headed(folder: Path, asked: str, heads: list[str]) -> None:
    written = "id: w\ngroups:\n  weapon: {en: [weapon]}\n  transfer: {ar: [سلم (verb)]}\n  goods: {ar: [سلم]}\n"
    written += "when: 'weapon AND transfer AND goods OR \"MANPADS\" (exact)'\n"
    (folder / "w.yaml").write_text(written, encoding="utf-8")
    done = program("terms", "w", asked, "--watchlists", folder)
    assert [line for line in done.out.splitlines() if line[0] != " "] == heads, done.err
    assert done.status == (0 if heads else 2)


def test_terms_of_what_is_not_there(folder: Path) -> None:
    none = program("terms", "nope", "--watchlists", folder)
    assert (none.status, "there is no watchlist 'nope'" in none.err, "nope.yaml" in none.err) == (2, True, True)
    assert "did you mean 'w'?" in program("terms", "ww", "--watchlists", folder).err
    done = program("terms", "w", "cannon", "--watchlists", folder)
    assert (done.status, "has no term 'cannon'" in done.err) == (2, True)
