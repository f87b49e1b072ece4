"""Every bad watchlist has its words: the message a person reads is a golden file."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.errors import WatchlistError
from monitor.watchlist import load
from tests.golden_files import assert_golden

BAD = Path(__file__).parents[1] / "bad" / "watchlists"
FILES = {path.relative_to(BAD).as_posix(): path.read_text(encoding="utf-8") for path in BAD.rglob("*.yaml")}
NAMES = sorted(name.removesuffix(".yaml") for name in FILES if "/" not in name)


@pytest.mark.parametrize("name", NAMES)
def test_the_message_of_a_bad_watchlist(name: str) -> None:
    with pytest.raises(WatchlistError) as caught:
        load(name, FILES)
    assert caught.value.faults
    assert_golden(f"watchlists/{name}.txt", f"{caught.value}\n")


def test_a_list_that_is_not_there() -> None:
    with pytest.raises(WatchlistError, match="there is no watchlist 'nowhere'"):
        load("nowhere", FILES)


def test_a_bracket_bomb_is_refused_and_not_fatal() -> None:
    with pytest.raises(WatchlistError, match="nested more than"):
        load("bomb", {"bomb.yaml": "id: bomb\nwhen: " + "[" * 100_000})


def test_a_file_over_its_limit_is_refused() -> None:
    with pytest.raises(WatchlistError, match="larger than 1 MiB"):
        load("large", {"large.yaml": "id: large\n#" + "x" * (1 << 20)})
