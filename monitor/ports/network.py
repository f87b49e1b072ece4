"""Ports to the network: what is fetched, and what is posted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Fetched:
    """``url`` is the one answered last, ``complete`` False where the body ended early or was cut at the size limit. ``moved``
    is where an unbroken run of permanent redirects (301, 308) from the first address led, "" where there was none."""

    status: int
    url: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes = field(repr=False)  # a repr of 15 MiB, made by whoever prints a task, costs 100 MiB
    complete: bool
    moved: str = ""


class Fetcher(Protocol):
    async def get(self, url: str, headers: Mapping[str, str]) -> Fetched:
        """One conditional GET under every limit (size, time, redirects, address guard); raises FetchError."""


@dataclass(frozen=True, slots=True)
class Posted:
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)  # at most the first 64 KiB


@dataclass(frozen=True, slots=True)
class Tls:
    """How one receiver is spoken to, beyond what the system's store of authorities says: paths of PEM files, "" where not given.
    ``certificate`` (with ``key``, where that is a file of its own) shows who we are, ``authority`` whom to trust."""

    certificate: str = ""
    key: str = ""
    authority: str = ""


class Poster(Protocol):
    async def post(self, url: str, headers: Mapping[str, str], body: bytes, *, tls: Tls | None = None) -> Posted:
        """One POST under a total deadline, redirects not followed; raises FetchError where there is no answer.

        No secret and no URL stands in the error's message."""
