"""The caret: that the column of a fault is the fault's whatever stands before it, and that the caret is drawn under it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import Fault, WatchlistError
from monitor.watchlist import load

#: What may stand in a quoted phrase before the fault: marks, wide characters, quotes and backslashes that YAML writes in two.
BEFORE = st.text("ab 武器ガسِلاَحé😀\\\"'نשׁ\u200f\u00a0\t", max_size=20).map(lambda text: f"{text}x")


def faults(body: str) -> tuple[Fault, ...]:
    with pytest.raises(WatchlistError) as caught:
        load("w", {"w.yaml": f"id: w\ngroups: {{a: {{en: [alpha]}}}}\n{body}"})
    return caught.value.faults


def phrase(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


WRITTEN: Final[dict[str, Callable[[str], str]]] = {
    "block": lambda query: f"when: |\n  a OR\n   {query}\n",
    "folded": lambda query: f"when: >\n  a OR\n  {query}\n",
    "single": lambda query: "when: '" + query.replace("'", "''") + "'\n",
    "double": lambda query: (
        'when: "' + query.replace("\\", "\\\\").replace('"', '\\"').replace("\u200f", "\\u200f").replace("\t", "\\t") + '"\n'
    ),
    "in a list": lambda query: "when: a\nescalate: [{to: high, when: '" + query.replace("'", "''") + "'}]\n",
}


@pytest.mark.parametrize("style", WRITTEN)
@given(before=BEFORE)
def test_a_column_is_that_of_the_fault(style: str, before: str) -> None:
    (fault,) = faults(WRITTEN[style](f"{phrase(before)} AND zzz"))
    assert fault.message == "unknown group 'zzz'"
    assert fault.source[fault.column - 1 : fault.column - 1 + fault.length] == "zzz"


def columns(text: str) -> int:
    """Terminal columns of a text without tabs."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.category(c) in ("Mn", "Cf") else 1 for c in text)


@pytest.mark.parametrize("before", ["", "سِلاَح", "武器と", "e\u0301 x\u200f", "a\tb", "x" * 300, "武" * 300])
@pytest.mark.parametrize("bad", ["w/5", "器器", "ّa"])
def test_the_caret_is_drawn_under_the_fault(before: str, bad: str) -> None:
    source = f"when: {before} {bad} after {'y' * 200}"
    shown = str(Fault("m", "w.yaml", 1, len(before) + 8, len(bad), source)).split("\n")
    line, caret = shown[1], shown[2]
    at = line.index(bad)
    assert columns(line[:at].replace("\t", "")) == columns(caret[: caret.index("^")].replace("\t", ""))
    assert columns(bad) == len(caret.strip())
    assert len(line) < 180


def test_a_fault_of_no_width_and_one_past_the_end_have_a_caret() -> None:
    assert str(Fault("m", "f", 1, 3, 1, "ab\u0301c")).split("\n")[2] == "    ^"
    assert str(Fault("m", "f", 1, 4, 9, "abc")).split("\n")[2] == "     ^"


def test_what_a_terminal_would_obey_is_not_printed() -> None:
    shown = str(Fault("m", "f", 1, 3, 1, "a\x1b[31mb\x9bc\rd"))
    assert "\x1b" not in shown
    assert "\x9b" not in shown
    assert "\r" not in shown


def test_a_control_character_is_named_with_its_place() -> None:
    (fault,) = faults("when: a AND \x1b b\n")
    assert (fault.line, fault.column) == (3, 13)
    assert "U+001B" in fault.message
