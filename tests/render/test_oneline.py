"""A message on one line: what fits, what stays when it does not, and what a spreadsheet is never given."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.render.message import read
from monitor.render.oneline import cell, line
from tests.golden_files import assert_golden
from tests.render.clean import faults
from tests.render.samples import DOCUMENTS
from tests.sinks.payloads import FIELDS, placed

ISOLATES = "\u2066\u2067\u2068\u2069"


def test_golden() -> None:
    assert_golden("messages/oneline/all.txt", "".join(f"{line(read(document), 120)}\n" for document in DOCUMENTS.values()))
    assert_golden("messages/oneline/short.txt", "".join(f"{line(read(document), 60)}\n" for document in DOCUMENTS.values()))


def test_what_became_of_it_is_seen_on_a_phone() -> None:
    """Some forty characters of a subject are."""
    assert line(read(DOCUMENTS["refuted"]), 120)[:40].startswith("[HIGH] Arms transfer (closed as false): ")


def test_what_kind_of_news_it_is_survives_a_long_title() -> None:
    message = replace(read(DOCUMENTS["update"]), title="word " * 100)
    assert line(message, 60) == "[HIGH] Arms transfer (update): word word word word word wor…"


def test_a_sample_says_so() -> None:
    assert line(replace(read(DOCUMENTS["english"]), sample=True), 120).startswith("[SAMPLE] [HIGH] Arms transfer: ")


@settings(max_examples=150)
@given(st.sampled_from(sorted(FIELDS)), st.text(max_size=300), st.integers(40, 200))
def test_fault_49_any_text_in_any_field(field: str, foreign: str, most: int) -> None:
    said = line(read(placed(field, foreign)), most)
    assert said.startswith("[")
    assert faults(said) == []
    assert "\n" not in said
    assert len([c for c in said if c not in ISOLATES]) <= most


@pytest.mark.parametrize(
    "formula",
    ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", " =1", "\n=1", "＝1+1", "\x1f=1", "\ufeff=1", "\u200f\x00@SUM(1)"],
)
def test_a_cell_is_never_a_formula(formula: str) -> None:
    assert cell(formula) == f"'{formula}"


@given(st.text())
@example("\x1f=")
def test_a_cell_is_read_as_it_was(text: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerow([cell(text), "x"])
    ((first, second),) = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert (first.removeprefix("'"), second) in ((text, "x"), (text.removeprefix("'"), "x"))
    assert not first.lstrip().startswith(("=", "+", "-", "@"))
    assert not first.lstrip("\ufeff\u200e\u200f\x00").startswith(("=", "+", "-", "@"))
