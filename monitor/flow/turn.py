"""Whose turn it is to decide: what is told of a story is decided by one at a time, from looking up what was told to the commit.

Two sources may bring one story at the same moment, and a person may close its alert meanwhile. It must not know what is
decided.
"""

from __future__ import annotations

import asyncio


class Turn:
    """``async with turn:`` around looking up, deciding and committing. Fair: first come, first served; not for nesting."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> None:
        await self._lock.acquire()

    async def __aexit__(self, *_: object) -> None:
        self._lock.release()
