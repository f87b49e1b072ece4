"""YAML that is built to blow up: refused, with its place, before anything grows."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import pytest

from monitor.errors import ConfigError, WatchlistError
from monitor.settings import Surroundings
from monitor.settings import load as load_settings
from monitor.watchlist import load

_LEVELS = "".join(f"x{n + 1}: &x{n + 1} [{', '.join([f'*x{n}'] * 10)}]\n" for n in range(9))
_MERGED = "".join(f"m{n + 1}: &m{n + 1}\n  <<: [{', '.join([f'*m{n}'] * 10)}]\n" for n in range(8))

BOMBS = {
    "aliases, nine levels": f"x0: &x0 [lol]\n{_LEVELS}",
    "merge keys": f"m0: &m0 {{a: 1}}\n{_MERGED}",
    "brackets": "title: " + "[" * 100_000,
    "braces": "title: " + "{a: " * 100_000,
    "lists in lists": "title:\n" + "".join(" " * n + "-\n" for n in range(900)),
    "an integer of 5,000 digits": "severity: " + "9" * 5_000,
    "a day that is none": "severity: 2024-02-30",
    "a key that is no": "no: high",
    "a float that is none": "severity: !!float a",
    "a time that is none": "severity: !!timestamp x",
    "an empty integer": "severity: !!int ''",
    "a tag that would make an object": "severity: !!python/object/apply:os.system [id]",
    "a key twice": "severity: high\nseverity: low",
    "half a character": 'severity: "\\uD800"',
    "a control character": "severity: hi\x07gh",
}


@pytest.mark.parametrize("name", BOMBS)
def test_fault_47_a_watchlist_that_would_blow_up_is_refused(name: str) -> None:
    text = f"id: bomb\n{BOMBS[name]}\ngroups: {{a: {{any: [rocket]}}}}\nwhen: a\n"
    began = perf_counter()
    with pytest.raises(WatchlistError) as caught:
        load("bomb", {"bomb.yaml": text})
    print(f"{name}: refused in {(perf_counter() - began) * 1000:.1f} ms")
    assert caught.value.faults
    assert all(fault.line for fault in caught.value.faults), "each with its place"
    assert len(str(caught.value)) < 100_000, "nor may the message blow up"


@pytest.mark.parametrize("name", BOMBS)
def test_fault_47_a_configuration_that_would_blow_up_is_refused(name: str, tmp_path: Path) -> None:
    file = tmp_path / "monitor.yaml"
    file.write_text(f"data_dir: var\nwatchlists: lists\n{BOMBS[name]}\n", encoding="utf-8")
    began = perf_counter()
    with pytest.raises(ConfigError) as caught:
        load_settings(file, around=Surroundings(environ={}, cwd=tmp_path))
    print(f"{name}: refused in {(perf_counter() - began) * 1000:.1f} ms")
    assert len(str(caught.value)) < 100_000
