from collections.abc import Sequence
from typing import Any

def look(
    hashes: Any,
    weights: Any,
    kinds: Any,
    counts: Any,
    logs: Any,
    base: float,
    most: float,
    common: float,
    posted: int,
    named: int,
    shift: int,
    /,
) -> tuple[bytearray, bytearray]: ...
def rank(table: Any, slots: int, places: Any, /) -> list[int]: ...
def post(table: Any, slots: int, places: Any, number: int, below: int, free: Any, /) -> None: ...
def agree(signature: Any, others: Sequence[bytes], head: int, /) -> list[int]: ...
def compare(
    stories: Sequence[tuple[Any, Any]], own: Any, mine: Any, named: Any, counts: Any, logs: Any, base: float, most: float, /
) -> list[tuple[float, float, int]]: ...
def news(hashes: Any, tally: Any, own: Any, counts: Any, logs: Any, base: float, most: float, counted: int, bar: float, /) -> float: ...
