"""Connections for what speaks no HTTP: a mail server, a log server. A name is looked up and its addresses are tried in turn.

The look-up has threads of its own (`NameLookup`), so that one that hangs for its 30 s holds up nobody else. There is no address
guard: these addresses are an operator's, and may be private. This module must not know what is said over a connection.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Final

from monitor.errors import FetchError
from monitor.net.guard import GetAddrInfo, NameLookup

#: Seconds given to one address of a name that has others: a dead first address must not eat the time of a living second.
ONE_OF_SEVERAL: Final = 5.0
#: Look-ups of one dialler that may hang at once.
LOOKUPS: Final = 4

#: (host, port) -> a connected socket that does not block. Raises FetchError.
Dial = Callable[[str, int], Awaitable[socket.socket]]


class Dialler:
    """``lookup`` is a door for tests: how names resolve."""

    def __init__(self, *, lookup: GetAddrInfo = socket.getaddrinfo, patience: float = ONE_OF_SEVERAL) -> None:
        self._names = NameLookup(lookup, limit=LOOKUPS)
        self._patience = patience

    async def dial(self, host: str, port: int) -> socket.socket:
        """A connected socket that does not block, the caller's from now on. How long it may take is the caller's business."""
        try:
            found = await self._names.resolve(host, port)
        except OSError:
            raise FetchError("the host name does not resolve", transport=True) from None
        problem: OSError = OSError("no address")
        for number, one in enumerate(found, start=1):
            try:
                async with asyncio.timeout(self._patience if number < len(found) else None):
                    return await _connected(one["family"], one["proto"], one["host"], port)
            except OSError as error:  # TimeoutError is one
                problem = error
        raise FetchError(f"not connected: {_reason(problem)}", transport=True)


async def _connected(family: int, protocol: int, address: str, port: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM, protocol)
    try:
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, (address, port))
    except BaseException:  # cancelled as well: nobody else knows of it
        made.close()
        raise
    return made


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no answer"
    return os.strerror(error.errno) if error.errno else str(error)
