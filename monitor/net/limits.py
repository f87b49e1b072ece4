"""The bounds of every exchange, in one frozen value that the client is built with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds and bytes. ``body_in`` counts what came over the wire, ``body_out`` what it was decompressed to."""

    fetch_seconds: float = 20.0
    post_seconds: float = 15.0
    body_in: int = 8 * MIB
    body_out: int = 15 * MIB
    answer: int = 64 * 1024
    hops: int = 5
    fetch_connections: int = 256
    #: To one receiver. Over all of them there is no bound, or those that hang would take it from those that are well.
    post_connections: int = 128
