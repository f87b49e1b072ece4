from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

def look(
    data: bytes, counts: Any, logs: Any, base: float, most: float, common: float, posted: int, named: int, shift: int, mask: int, /
) -> tuple[bytes, bytes, bytes, float] | None: ...
def rank(table: Any, slots: int, places: bytes, /) -> list[int]: ...
def post(
    table: Any, slots: int, places: bytes, number: int, below: int, articles: Mapping[int, Any] | None, name: str, story: int, /
) -> None: ...
def count(counts: Any, data: bytes, by: int, /) -> None: ...
def alike(
    data: bytes, table: Any, slots: int, places: bytes, articles: dict[int, Any], name: str, wanted: int, least: float, /
) -> list[tuple[float, int]]: ...
def closest(data: bytes, says: bytes, others: Sequence[bytes], /) -> tuple[int, bytes, int, int]: ...
def sides(data: bytes, says: bytes, other: bytes, counts: Any, logs: Any, base: float, most: float, /) -> tuple[Any, Any]: ...
def shown(
    data: bytes, says: bytes, shared: bytes, words: tuple[str, ...], name: int, number: int, most_words: int, most_numbers: int, /
) -> tuple[tuple[str, ...], tuple[str, ...]]: ...
def cosine(data: bytes, says: bytes, length: float, counts: Any, logs: Any, base: float, most: float, centroid: bytes, /) -> float: ...
def nearest(
    data: bytes,
    says: bytes,
    length: float,
    counts: Any,
    logs: Any,
    base: float,
    most: float,
    table: Any,
    slots: int,
    places: bytes,
    stories: dict[int, Any],
    name: str,
    passed: AbstractSet[int],
    wanted: int,
    least: float,
    names: int,
    /,
) -> list[tuple[float, int, int]]: ...
def news(
    data: bytes,
    says: bytes,
    centroid: bytes,
    counts: Any,
    logs: Any,
    base: float,
    most: float,
    counted: int,
    bar: float,
    shared: bytes | None,
    /,
) -> float: ...
def founded(centroid: bytes, data: bytes, most: int, /) -> bytes: ...
def tallied(centroid: bytes, data: bytes, by: int, /) -> bytes: ...
