"""An alert on a terminal: golden files for both directions, and no way out for hostile text."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Stance, ZoneKind
from monitor.render.plain import LONGEST_PASSAGE, plain
from monitor.render.terminal import alert_text, named_as, titled
from tests.golden_files import assert_golden
from tests.render.samples import ARABIC, DOCUMENTS, ENGLISH, UPDATE, Sample, passage, rendered, sample

OURS = re.compile(r"\x1b\[[0-9;]*m")
ISOLATES = "\u2066\u2067\u2068\u2069"


def shown(item: Sample, *, color: bool = False, width: int = 80) -> str:
    return alert_text(json.loads(rendered(item)), color=color, width=width)


@pytest.mark.parametrize(
    ("name", "item", "color", "width"),
    [
        ("arabic", ARABIC, False, 80),
        ("arabic_narrow", ARABIC, False, 44),
        ("arabic_color", ARABIC, True, 80),
        ("english", ENGLISH, False, 80),
        ("english_color", ENGLISH, True, 100),
        ("update", UPDATE, False, 80),
    ],
)
def test_golden(name: str, item: Sample, color: bool, width: int) -> None:
    assert_golden(f"terminal/{name}.txt", shown(item, color=color, width=width))


def cells(line: str) -> int:
    line = OURS.sub("", line)
    return sum(
        0 if unicodedata.category(c) in {"Mn", "Me", "Cf"} else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line
    )  # fmt: skip


@pytest.mark.parametrize("width", [40, 60, 80, 132])
@pytest.mark.parametrize("item", [ARABIC, ENGLISH])
def test_nothing_is_wider_than_asked_and_no_word_is_lost(item: Sample, width: int) -> None:
    text = shown(item, width=width)
    assert all(cells(line) <= width for line in text.splitlines()[1:])
    words = re.sub(rf"[{ISOLATES}\[\]]", "", text).split()
    for evidence in item.match.evidence[:3]:
        assert all(word in words for word in evidence.quote.split())


def test_who_is_named_is_told_as_the_list_has_it() -> None:
    quote = "Kim Jong-un met Kim Jongun and the man."
    item = sample(
        text=quote,
        title=quote,
        language="en",
        evidence=(passage(quote, quote, {"Kim Jong-un": "place", "Kim Jongun": "place"}, Stance.REPORTED),),
    )
    assert [line for line in shown(item).splitlines() if "named" in line] == [
        "  named: Kim Jong-un (Q1, places)",
        "  named: Kim Jongun (Q1, places)",
    ]
    assert named_as({"id": "Rosneft", "name": "Rosneft", "list": "n.csv"}) == "Rosneft (n.csv)"


@pytest.mark.parametrize(
    ("clause", "told"),
    [
        ("goods NEAR/10 transfer", "goods NEAR/10 transfer"),
        (f"goods NEAR/10 {'t' * 70} OR parts NEAR/10 transfer OR vessels", f"goods NEAR/10 {'t' * 70} OR parts NEAR/10 transfer …"),
        (f"goods OR parts NEAR/10 ({'word OR ' * 30}end)", f"goods OR parts NEAR/10 ({'word OR ' * 12}…"),
        (f'goods NEAR/10 "{"w " * 100}" OR b', "goods NEAR/10 …"),
        ("x" * 200, "x" * 120 + " …"),
    ],
)
def test_a_long_query_is_cut_between_its_clauses_or_words(clause: str, told: str) -> None:
    quote = "A deal of arms."
    item = sample(text=quote, title="T", language="en", evidence=(passage(quote, quote, {"deal": "deal"}, Stance.REPORTED, clause=clause),))
    assert f"reported: {told}" in " ".join(shown(item, width=400).split())


def test_a_title_that_never_ends_is_cut() -> None:
    for title in ("سلاح بيع " * 100_000, "\u0301" * 100_000 + "a" * 100_000, "x" * 421):
        text = titled(title, color=False, width=80)
        assert len(text) < LONGEST_PASSAGE + 100
        assert text.rstrip("\u2069\n").endswith("…")
    assert titled("x" * 420, color=False, width=500).strip() == "x" * 420


def test_hits_are_marked_whole() -> None:
    assert "[صفقة]" in shown(ARABIC)
    assert "\x1b[1;33mصفقة\x1b[0m" in shown(ARABIC, color=True)
    assert "[arms deal]" in shown(ENGLISH, width=200)
    assert "[" not in shown(ENGLISH, color=True, width=200).replace("\x1b[", "")


def test_every_line_of_right_to_left_text_is_isolated() -> None:
    for width in (44, 80):
        for line in shown(ARABIC, width=width).splitlines():
            if any(unicodedata.bidirectional(c) in {"R", "AL"} for c in line):
                # What is named begins with our own word, and is a line of ours.
                assert line.count("\u2066" if "named:" in line else "\u2067") == line.count("\u2069") == 1
                assert line.strip().startswith(("\u2067", "\u2066named:"))
                assert line.endswith("\u2069")
    assert not any(c in shown(ENGLISH) for c in ISOLATES)  # nothing to isolate


def test_more_than_three_passages_are_counted() -> None:
    assert "and 1 more passage\n" in shown(ENGLISH)
    more = replace(ENGLISH, match=replace(ENGLISH.match, evidence=ENGLISH.match.evidence * 3))
    assert "and 9 more passages\n" in shown(more)


def test_a_long_passage_is_cut_around_its_first_hit() -> None:
    quote = "word " * 300 + "the arms deal " + "tail " * 300
    long = sample(text=quote, title="t", language="en", evidence=(passage(quote, quote, {"arms deal": "deal"}, Stance.REPORTED),))
    text = " ".join(shown(long).split())
    assert "[arms deal]" in text
    assert "… word" not in text
    assert "…word" in text
    assert "tail…" in text or "tail …" in text
    assert len(text) < LONGEST_PASSAGE + 300


def test_chinese_is_wrapped_by_cells_without_spaces() -> None:
    quote = "俄罗斯与朝鲜达成武器交易" * 12
    item = sample(text=quote, title=quote, language="zh", evidence=(passage(quote, quote, {"武器交易": "deal"}, Stance.REPORTED),))
    text = shown(item, width=60)
    assert all(cells(line) <= 60 for line in text.splitlines()[1:])
    assert "[武器交易]" in text


HOSTILE = "x\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp\u2066\u2067\u2068\u2069\u202c\r\n\x00\x7f\u2028\ufeff\U000e0041\xady"


def test_fault_49_hostile_text_cannot_break_out() -> None:
    quote = f"Before {HOSTILE} arms deal {HOSTILE} after"
    item = sample(
        text=quote,
        title=HOSTILE,
        language=HOSTILE,
        url=f"https://x.example/{HOSTILE} z",
        evidence=(passage(quote, quote, {"arms deal": "deal"}, Stance.DENIED, ZoneKind.LEAD, HOSTILE),),
    )
    item = replace(item, article=replace(item.article, source=HOSTILE), facts=replace(item.facts, title=HOSTILE))
    for color in (False, True):
        text = shown(item, color=color)
        rest = OURS.sub("", text) if color else text
        assert not [c for c in rest if unicodedata.category(c) in {"Cc", "Zl", "Zp", "Cs"} and c != "\n"]
        assert not any(c in rest for c in "\u202a\u202b\u202c\u202d\u202e" + ISOLATES + "\ufeff\xad")
        assert len(text.splitlines()) < 16
        assert "[arms deal]" in text or color


@given(st.text())
def test_fault_49_nothing_a_terminal_obeys_is_left(text: str) -> None:
    for left in plain(text):
        assert left in "\u200c\u200d\u200e\u200f\u061c" or unicodedata.category(left) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_marks_are_not_stacked() -> None:
    assert plain("a" + "\u0301" * 5000 + "b") == "a" + "\u0301" * 8 + "b"
    assert plain("می‌خواهم") == "می‌خواهم"  # ZWNJ is spelling


@given(st.text(max_size=400), st.integers(1, 200), st.booleans())
def test_any_text_at_any_width(quote: str, width: int, color: bool) -> None:
    text = f"{quote} deal"
    item = sample(text=text, title=quote, language="und", evidence=(passage(text, text, {"deal": "deal"}, Stance.REPORTED),))
    out = shown(item, color=color, width=width)
    assert out.endswith("\n")
    lines = out.splitlines()
    assert all(line.count("\u2066") + line.count("\u2067") == line.count("\u2069") for line in lines)


@pytest.mark.parametrize("name", ["update", "closed", "refuted", "correction"])
def test_what_changed_stands_under_the_title(name: str) -> None:
    """Whoever follows alerts on a terminal reads what a mail says."""
    out = alert_text(json.loads(DOCUMENTS[name]), color=False, width=60)
    assert_golden(f"terminal/changed_{name}.txt", out)
    for line in out.splitlines():
        assert line.count("\u2066") + line.count("\u2067") == line.count("\u2069")


def test_what_a_story_is_and_why_the_article_is_in_it() -> None:
    document = json.loads(rendered(UPDATE))
    joined = {"kind": "rewrite", "article": "0" * 32, "score": 0.4, "explain": "shares with “A sale\x1b[31m” rare words: radar"}
    document["data"]["story"] |= {"articles": 3, "outlet_count": 2, "joined": joined}
    shown = alert_text(document, color=False, width=100)
    assert "  story: 3 articles of 2 outlets\n  shares with “A sale" in shown
    assert "\x1b" not in shown
    document["data"]["correction"] = {"withdrawn": True, "text_hash": "0" * 64, "title": "It was posters", "stances": []}
    document |= {"type": "monitor.alert.corrected"}
    document["data"]["reason"] = "correction"
    shown = alert_text(document, color=False, width=100)
    assert "  It was posters\n  Withdrawn: its article does not say any more what stands below\n  its title was: " in shown
    assert "  withdrawn, denied in the title: " in shown
    assert " (correction)  alert " in shown.splitlines()[0]
