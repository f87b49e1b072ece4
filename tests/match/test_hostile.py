"""Patterns that people write, however hostile, never run as regular expressions of theirs."""

from __future__ import annotations

import ast
from pathlib import Path
from time import process_time

import monitor
from monitor.match import compile_engine
from monitor.model import Facts
from monitor.text.layout import lay_out
from monitor.watchlist import load
from monitor.watchlist.shapes import Word

ROOT = Path(monitor.__file__).parent
#: The rooms that see what analysts write.
ROOMS = ("watchlist", "match", "story")
_FUNCTIONS = {"compile", "match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer"}

TERMS = ("*aa*aa*aa*b", "*aa*aa*", "aa*", "*aab", "ab*ab*ab*ab*c")


def test_fault_48_no_pattern_of_a_user_runs_as_a_regex() -> None:
    """Whatever these rooms match with an expression is a constant, or made of constants where the module is loaded."""
    made = []
    for room in ROOMS:
        for file in (ROOT / room).rglob("*.py"):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)):
                made += [f"{file.name}:{call.lineno}" for call in ast.walk(function) if _is_regex(call) and not _is_constant(call)]
    assert made == []


def _is_regex(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in _FUNCTIONS:
        return False
    return isinstance(node.func.value, ast.Name) and node.func.value.id in ("re", "regex")


def _is_constant(call: ast.AST) -> bool:
    """A constant, or a word taken literally between constants."""
    assert isinstance(call, ast.Call)
    pattern = call.args[0] if call.args else None
    if isinstance(pattern, ast.JoinedStr):
        return all(isinstance(part, ast.Constant) or "re.escape(" in ast.unparse(part) for part in pattern.values)
    return isinstance(pattern, ast.Constant)


def test_fault_48_hostile_wildcards_take_as_long_as_the_text_is() -> None:
    listed = "\n".join(f"      {term}" for term in TERMS)
    watchlist = load("w", {"w.yaml": f"id: w\ngroups:\n  a:\n    en: |\n{listed}\nwhen: a\n"})
    engine = compile_engine([watchlist], lambda language, word: frozenset())
    took = {}
    for size in (1_000, 10_000, 100_000):
        # One word of that length, words of many lengths, and words that nearly fit.
        text = "\n\n".join(["a" * size, " ".join("a" * (n % 40) + "c" for n in range(size // 20)), "ab" * (size // 2) + "d"])
        began = process_time()
        engine.match(text, lay_out(text, all_body=True), Facts())
        took[size] = (process_time() - began) * 1000
    print(" ".join(f"{size:,} characters: {ms:.1f} ms" for size, ms in took.items()))


def test_fault_48_comparing_hostile_wildcards_ends() -> None:
    """``check`` asks which term finds what another finds: an expression of thirteen stars would not come back from this."""
    hostile = Word({}, ("", *["ab"] * 12, "c"))
    assert not hostile.finds(Word({"ab" * 2_000: 0}))
    assert hostile.finds(Word({"ab" * 2_000 + "c": 0}))
    assert not Word({}, ("ab", "ba")).finds(Word({"aba": 0})), "pieces do not overlap"
