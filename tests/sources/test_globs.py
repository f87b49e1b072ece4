"""Patterns of paths."""

from __future__ import annotations

import pytest

from monitor.sources.globs import matches


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("*.txt", "a.txt", True),
        ("*.txt", "below/a.txt", False),
        ("**/*.txt", "a.txt", True),
        ("**/*.txt", "below/deep/a.txt", True),
        ("**/*.txt", "below/a.html", False),
        ("2026/*.txt", "2026/a.txt", True),
        ("2026/*.txt", "2026/05/a.txt", False),
        ("2026/**", "2026/05/a.txt", True),
        ("2026/**/a.txt", "2026/a.txt", True),
        ("**/ar/**/*.txt", "x/ar/y/z/a.txt", True),
        ("**/ar/**/*.txt", "x/y/z/a.txt", False),
        ("part-??.[jt]*", "part-01.jsonl", True),
        ("part-??.[jt]*", "part-1.jsonl", False),
        ("*.TXT", "a.txt", False),
        ("./*.txt", "a.txt", False),
        ("**", "any/thing", True),
    ],
)
def test_a_pattern_speaks_of_names_and_folders(pattern: str, path: str, fits: bool) -> None:
    assert matches(path, [pattern]) is fits


def test_one_of_several_is_enough_and_none_is_all() -> None:
    assert matches("a.html", ["*.txt", "*.html"])
    assert matches("any/thing", [])


def test_no_pattern_takes_long() -> None:
    """One that tries every way of sharing out the names would not end."""
    pattern = "/".join(["**", "a*"] * 20)
    assert not matches("/".join(["a"] * 60 + ["b"]), [pattern])
