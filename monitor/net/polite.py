"""Manners: one request at a time for a host, and a pause between two.

The pause counts from the end of one request to the beginning of the next, and every hop of a redirect takes its turn at the
host it leads to. Waiting for a turn is not held against the deadline of the request. This module must not know what is
fetched or why; feeds and the pages of their items wait in the same line.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

from monitor.net.client import Turn
from monitor.ports import Clock, Fetched

#: The pause is up to this much longer than asked for, never shorter, so that many hosts do not fall into step.
SPREAD: Final = 0.2


class TurnTaking(Protocol):
    """A fetcher that asks for a turn at each host it goes to (``HttpClient``)."""

    async def get(self, url: str, headers: Mapping[str, str], *, turn: Turn) -> Fetched: ...


class PoliteFetcher:
    """Implements the port Fetcher. ``spacing`` in seconds; ``random`` gives numbers in [0, 1)."""

    def __init__(
        self,
        fetcher: TurnTaking,
        clock: Clock,
        *,
        spacing: float,
        random: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._spacing = spacing
        self._random = random
        self._sleep = sleep
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    async def get(self, url: str, headers: Mapping[str, str]) -> Fetched:
        return await self._fetcher.get(url, headers, turn=self.turn)

    @property
    def hosts(self) -> int:
        """How many are remembered: those in use, and those whose pause has not passed."""
        return len(self._hosts)

    def turn(self, host: str) -> AbstractAsyncContextManager[None]:
        """In the order of asking; whoever gives up waiting leaves the line."""
        return _Turn(self, host)

    async def take(self, host: str) -> None:
        place = self._hosts.get(host)
        if place is None:
            place = self._hosts[host] = _Host()
        place.users += 1
        try:
            await place.line.acquire()
        except BaseException:
            self._leave(host, place)
            raise
        try:
            if (wait := place.free_at - self._clock.monotonic()) > 0:
                await self._sleep(wait)
        except BaseException:
            place.line.release()
            self._leave(host, place)
            raise

    def give_back(self, host: str) -> None:
        place = self._hosts[host]
        place.free_at = self._clock.monotonic() + self._spacing * (1 + SPREAD * self._random())
        place.line.release()
        self._leave(host, place)

    def _leave(self, host: str, place: _Host) -> None:
        place.users -= 1
        self._hosts.move_to_end(host)
        self._forget()

    def _forget(self) -> None:
        """Hosts that nobody waits for and whose pause has passed; the longest unused stand in front."""
        now = self._clock.monotonic()
        while self._hosts:
            host, place = next(iter(self._hosts.items()))
            if place.users or place.free_at > now:
                return
            del self._hosts[host]


class _Turn(AbstractAsyncContextManager[None]):
    """One turn. (A generator in its place costs a poll that brings nothing one part in thirty.)"""

    __slots__ = ("_host", "_polite")

    def __init__(self, polite: PoliteFetcher, host: str) -> None:
        self._polite = polite
        self._host = host

    async def __aenter__(self) -> None:
        await self._polite.take(self._host)

    async def __aexit__(self, *_: object) -> None:
        self._polite.give_back(self._host)


class _Host:
    __slots__ = ("free_at", "line", "users")

    def __init__(self) -> None:
        self.line = asyncio.Lock()
        self.free_at = 0.0  # monotonic seconds
        self.users = 0
