"""A message as plain text: golden files of every script, and nothing of a stranger's that moves what stands around it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.render.message import Link, read
from monitor.render.plain import is_rtl
from monitor.render.text import text
from tests.golden_files import assert_golden
from tests.render.clean import faults
from tests.render.samples import DOCUMENTS
from tests.sinks.payloads import FIELDS, placed

LINKS = (Link("Acknowledge", "https://monitor.example/a/ack"), Link("Close", "https://monitor.example/a/close"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_golden(name: str) -> None:
    assert_golden(f"messages/text/{name}.txt", text(replace(read(DOCUMENTS[name]), links=LINKS if name == "update" else ())))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_glance_is_enough(name: str) -> None:
    lines = text(read(DOCUMENTS[name])).splitlines()
    assert len(lines) <= 60
    assert lines[0].startswith("[")
    assert lines[1]


def test_a_line_of_right_to_left_text_begins_with_its_own_isolate() -> None:
    for name in ("arabic", "hebrew", "mixed"):
        for line in text(read(DOCUMENTS[name])).splitlines():
            if is_rtl(line):
                assert "\u2067" in line
                assert line.startswith(("\u2067", "named: "))


def test_what_is_new_stands_above_the_evidence() -> None:
    said = text(read(DOCUMENTS["update"]))
    assert said.index("New: is told differently") < said.index("A ministry spokesman")
    assert "now also in: English, Persian" in said
    assert "told by 7 outlets in Arabic, English, Persian" in said


def test_a_sample_says_so_before_all_else() -> None:
    assert text(replace(read(DOCUMENTS["english"]), sample=True)).startswith("[SAMPLE] [HIGH] ")


@settings(max_examples=150)
@given(st.sampled_from(sorted(FIELDS)), st.text(max_size=300))
def test_fault_49_any_text_in_any_field(field: str, foreign: str) -> None:
    said = text(read(placed(field, foreign)))
    assert faults(said) == []
    assert len(said.splitlines()) <= 60
