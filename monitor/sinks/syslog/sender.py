"""The syslog sender: a record a delivery over one kept connection, made anew when it ends.

A record counts as delivered when the system has taken it. What a connection may have lost when it ended is sent again, under the
same id, before anything new, and with nothing new to send at the next beat: at least once, as far as a protocol without answers
goes. This module must not wait for longer than its deadline, nor try more than one new connection an attempt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from monitor.errors import FetchError
from monitor.model import Answer, AnswerKind, Delivery
from monitor.net.dial import Dial
from monitor.net.tls import Contexts
from monitor.ports import Clock, Tls
from monitor.render.message import Message, read
from monitor.sinks.place import Place
from monitor.sinks.syslog.connection import KEPT, Connection, NotTrusted, connected
from monitor.sinks.syslog.record import Head, record

#: Seconds around one attempt, connecting included.
DEADLINE: Final = 15.0
#: Seconds between two looks whether the connection has ended and lost something.
BEAT: Final = 15.0


class Syslog:
    """Implements the ports Sink and Beating. ``tls`` is None where none is spoken; ``read`` makes the message of a document."""

    batch = 1
    concurrency = 1
    never_pauses = False
    every = BEAT

    def __init__(
        self,
        name: str,
        head: Head,
        place: Place,
        *,
        tls: Tls | None,
        dial: Dial,
        clock: Clock,
        read: Callable[[bytes], Message] = read,
        deadline: float = DEADLINE,
    ) -> None:
        self.name = name
        self._head = head
        self._place = place
        self._tls = tls
        self._dial = dial
        self._clock = clock
        self._read = read
        self._deadline = deadline
        self._contexts = Contexts()
        self._connection: Connection | None = None
        #: What ended connections may have lost, in order.
        self._owed: list[bytes] = []
        #: Lanes send at the same time, and records must not stand in each other.
        self._turn = asyncio.Lock()

    async def start(self, recent: Callable[[int], Awaitable[Sequence[Delivery]]]) -> Sequence[Delivery]:
        return ()

    async def send(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        return [await self._attempt(delivery) for delivery in deliveries]

    async def beat(self) -> Answer:
        """Send again what the connection lost when it ended, if it did; nothing is said else."""
        if self._connection is None and not self._owed:
            return Answer(AnswerKind.DELIVERED)
        return await self._answered(None)

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _attempt(self, delivery: Delivery) -> Answer:
        try:
            frame = record(self._read(delivery.payload), delivery.payload, delivery.sequence, self._head)
        except ValueError as error:
            return Answer(AnswerKind.POISON, detail=str(error)[:200])
        return await self._answered(frame)

    async def _answered(self, frame: bytes | None) -> Answer:
        try:
            async with asyncio.timeout(self._deadline), self._turn:
                sent = await self._sent(frame)
        except TimeoutError:
            self._drop(frame)
            return Answer(AnswerKind.RETRY, detail=f"the syslog server took nothing within {self._deadline:g} s")
        except FetchError as error:
            return Answer(AnswerKind.RETRY, detail=error.message)
        except NotTrusted as error:
            return Answer(
                AnswerKind.PAUSE,
                detail=f"the TLS certificate is not accepted: {error}; mend it on the server, or name its authority under authority:",
            )
        return Answer(AnswerKind.DELIVERED) if sent else Answer(AnswerKind.RETRY, detail="the syslog server closes every connection")

    async def _sent(self, frame: bytes | None) -> bool:
        if self._connection is not None:
            if await (self._connection.send(frame) if frame is not None else self._connection.lives()):
                return True
            self._drop(frame)
        if frame is None and not self._owed:
            return True
        context = self._contexts.of(self._tls) if self._tls is not None else None
        self._connection = connection = await connected(self._place, context, self._dial, self._clock)
        # What is sent here is owed again if this connection ends: it is the connection's to remember.
        for one in [*self._owed, *([frame] if frame is not None else [])]:
            if not await connection.send(one):
                self._drop(frame)
                return False
            if self._owed:
                self._owed.pop(0)
        return True

    def _drop(self, but: bytes | None) -> None:
        """The connection is of no more use; what it may have lost is owed, ``but`` what is being sent: that is asked for again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.end()
            lost = [one for one in connection.unsure() if one != but]
            self._owed = [*lost, *(one for one in self._owed if one not in lost)][-KEPT:]
