from array import array
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from monitor.match.meanings import Values
from monitor.match.pairs import Numbers
from monitor.match.plain import Plain, TrueBy
from monitor.match.scan import Found
from monitor.match.telling import Told
from monitor.model import Evidence, Hit, Match, Sentence, Stance
from monitor.text.chunks import Hashes

def read(
    text: str,
    weights: Hashes,
    kinds: Any,
    quote: int,
    base: int,
    table: Hashes,
    beside: Mapping[int, int],
    /,
) -> tuple[bytearray, bytearray, bytearray, bytearray, list[int], bool, bool]: ...
def put(table: Hashes, numbers: Numbers, values: Numbers, /) -> list[int]: ...
def pass_over(
    table: Hashes, numbers: Hashes, values: Values, places: array[int], nothing: bytes, most: int, /
) -> tuple[list[int], int]: ...
def add_stems(table: Hashes, stems: tuple[tuple[str, int], ...], slot: int, /) -> None: ...
def move_stems(before: Hashes, table: Hashes, /) -> None: ...
def stem(table: Hashes, stem: str, /) -> tuple[tuple[int, int], ...]: ...
def settle(starts: bytearray, ends: bytearray, numbers: bytearray, values: bytearray, /) -> int: ...
def places(values: bytearray, low: int, high: int, bits: int, /) -> list[int]: ...
def find(
    text: str,
    starts: bytearray,
    ends: bytearray,
    values: bytearray,
    sentences: tuple[Sentence, ...],
    single: Sequence[tuple[int, ...]],
    alone: Any,
    met: Sequence[tuple[int, ...]],
    words: Sequence[int],
    phrases: Mapping[int, tuple[tuple[int, int, tuple[int, ...]], ...]],
    pairs: Any,
    filter: Any,  # noqa: A002
    aside: set[int],
    edges: Callable[[int, int], tuple[int, int]],
    doubtful: Set[int],
    inside: Callable[[int, int], bool],
    /,
) -> bytes: ...
def names(
    text: str,
    starts: bytearray,
    ends: bytearray,
    numbers: bytearray,
    values: bytearray,
    sentences: tuple[Sentence, ...],
    words: Sequence[int],
    known: Mapping[int, tuple[Any, ...] | None],
    doubtful: Set[int],
    begin: Sequence[int],
    whole: bool,
    slowly: Callable[[int, bool], None],
    /,
) -> bytes: ...
def merge(hits: bytes, more: bytes, /) -> bytes: ...
def found(hits: bytes, found: type[Found], /) -> dict[int, list[Found]]: ...
def by_group(
    hits: bytes,
    of: bytes | tuple[bytes, bytes],
    sets: list[tuple[int, ...]],
    found: type[Found],
    /,
) -> dict[int, list[Found]]: ...
def opened(hits: bytes, of: bytes | tuple[bytes, bytes], sets: bytes, article: bytes, sentence: bytes, clauses: int, /) -> list[int]: ...
def tell(
    text: str,
    sentences: tuple[Sentence, ...],
    hits: Sequence[Found],
    told: Told,
    stances: dict[int, Stance],
    stance: Stance,
    clauses: dict[int, str],
    clause: str,
    evidence: type[Evidence],
    hit: type[Hit],
    apart: Callable[[Sequence[Found]], tuple[Hit, ...]],
    /,
) -> tuple[Evidence, ...]: ...
def tell_groups(
    hits: bytes,
    of: bytes | tuple[bytes, bytes],
    true_by: TrueBy,
    lists: list[Plain],
    text: str,
    sentences: tuple[Sentence, ...],
    terms: Sequence[str | None],
    kit: tuple[Stance, type[Evidence], type[Hit], type[Found], Callable[[str, Sequence[Found], Told], tuple[Hit, ...]]],
    match: tuple[type[Match], tuple[Any, ...]],
    /,
) -> tuple[Match, ...] | None: ...
