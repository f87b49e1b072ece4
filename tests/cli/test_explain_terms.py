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
    assert "taken by a mask: السلاح (weapon)" in done.out


def test_explain_as_json(folder: Path) -> None:
    done = program("explain", "-", "--watchlists", folder, "--watchlist", "w", "--json", stdin=b"weapon sale")
    answer = json.loads(done.out)
    assert answer["matched"] is True
    assert answer["query"]["held"] is True
    assert [part["hits"][0]["text"] for part in answer["query"]["parts"]] == ["weapon", "sale"]


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
    ]
    forms = {form["form"]: form["why"] for form in lines[1]["words"][0]["forms"]}
    assert forms["weapon"] == "as written"
    assert "weapons" in forms


def test_terms_of_what_is_not_there(folder: Path) -> None:
    assert program("terms", "x", "--watchlists", folder).status == 1
    done = program("terms", "w", "cannon", "--watchlists", folder)
    assert (done.status, "has no term 'cannon'" in done.err) == (2, True)
