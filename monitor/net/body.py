"""A body as it arrives: decoded within bounds, and honest about whether all of it came."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Final

from monitor.errors import FetchError
from monitor.net.limits import MIB, Limits

#: Encodings whose output we can bound while decoding: zlib takes ``max_length``. brotli (809 bytes hold a GiB) and zstd
#: have no decoder in the standard library of Python 3.11, so they are not offered, and refused when sent unasked.
ACCEPT_ENCODING: Final = "gzip, deflate"

#: A gzip file may be several members in a row; honest ones have one or two. Each costs a fresh decompressor.
MAX_GZIP_MEMBERS: Final = 100


class Body:
    """Collects a body as it arrives, decoded, and stops at the limits.

    ``full`` once a limit is reached; ``ended`` is True where the encoding itself says that nothing is missing.
    """

    def __init__(self, coding: str, limits: Limits) -> None:
        self._limits = limits
        self._coding = coding
        self._received = 0
        self._parts: list[bytes] = []
        self._room = limits.body_out
        self._members = 1
        self._inflater = zlib.decompressobj(wbits=31 if coding == "gzip" else 15) if coding else None
        self.full = False
        self.broken = False

    @property
    def ended(self) -> bool:
        return not self.full and not self.broken and (self._inflater is None or self._inflater.eof or not self._received)

    def feed(self, chunk: bytes) -> None:
        first = not self._received
        self._received += len(chunk)
        if self._received > self._limits.body_in:
            self.full = True
            return
        if self._inflater is None:
            self._keep(chunk)
            return
        try:
            self._inflate(chunk)
        except zlib.error:
            if not (first and self._coding == "deflate"):
                self.broken = True
                return
            # "deflate" is a zlib stream (RFC 9110 §8.4.1.2), but some servers send it without the zlib header.
            self._inflater = zlib.decompressobj(wbits=-15)
            try:
                self._inflate(chunk)
            except zlib.error:
                self.broken = True

    def content(self) -> bytes:
        return b"".join(self._parts)

    def _keep(self, data: bytes) -> None:
        if len(data) > self._room:
            self.full = True
            data = data[: self._room]
        self._room -= len(data)
        self._parts.append(data)

    def _inflate(self, chunk: bytes) -> None:
        assert self._inflater is not None
        while chunk:
            if self._inflater.eof:
                # What follows a gzip member is another member or padding; only a member goes on.
                if self._coding != "gzip" or not chunk.startswith(b"\x1f"):
                    return
                self._members += 1
                if self._members > MAX_GZIP_MEMBERS:
                    self.full = True
                    return
                self._inflater = zlib.decompressobj(wbits=31)
            # One byte over the room tells "exactly full" from "more to come"; in steps, so that a bomb costs no second copy.
            self._keep(self._inflater.decompress(chunk, min(self._room + 1, MIB)))
            if self.full:
                return
            chunk = self._inflater.unused_data or self._inflater.unconsumed_tail


def coding(headers: Mapping[str, str]) -> str:
    """The one content coding, or "" for none; a chain of codings is a bomb's shape and no honest feed's."""
    named = headers.get("content-encoding", "").strip().lower()
    named = {"x-gzip": "gzip", "identity": ""}.get(named, named)
    if named not in {"", "gzip", "deflate"}:
        raise FetchError("the answer is compressed in a way that was not asked for")
    return named
