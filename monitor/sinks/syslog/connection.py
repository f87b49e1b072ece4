"""One connection to a syslog server, and how it ended: syslog has no answers, so all there is to know of is the connection.

    how it ended                                     what the server may not have
    -----------------------------------------------  --------------------------------------------------------------
    closed in order (FIN): it read all that came     what was sent in the last `GRACE`: it may not have written it down yet
    broken (reset, no route, time-out)               what was sent in the last minute, and the record sent last, however long ago

Those are sent again over the next connection, under the same id. This module must not know what a record is.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from contextlib import suppress
from typing import Final

from monitor.errors import FetchError
from monitor.net.dial import Dial
from monitor.ports import Clock
from monitor.sinks.place import Place

#: Seconds that a server may hold a record in memory. rsyslog writes within one.
GRACE: Final = 5.0
#: Milliseconds after which the system gives up on a server that confirms nothing (it would take a quarter of an hour otherwise),
#: and the seconds before that of which anything may be lost.
UNCONFIRMED: Final = 20_000
LOST: Final = 60.0
#: Records kept at most to be sent again.
KEPT: Final = 500
#: Seconds for a farewell.
FAREWELL: Final = 1.0


class NotTrusted(Exception):
    """The server's certificate is not accepted; its text says why."""


class Connection(asyncio.Protocol):
    """``ended`` is None while it lives, then whether it ended in order."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._transport: asyncio.Transport | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._gone = asyncio.Event()
        self._sent: deque[tuple[float, bytes]] = deque(maxlen=KEPT)
        self.ended: bool | None = None
        self._ended_at = 0.0

    # ------------------------------------------------------------------------------ asked by the loop
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        # What was sent is the system's, not ours. At a limit of 0 asyncio's TLS would wait for ever.
        transport.set_write_buffer_limits(high=1, low=0)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Nothing is expected, and nothing is kept of it."""

    def connection_lost(self, exc: Exception | None) -> None:
        if self.ended is None:
            self.ended, self._ended_at = exc is None, self._clock.monotonic()
        self._flowing.set()
        self._gone.set()

    def pause_writing(self) -> None:
        self._flowing.clear()

    def resume_writing(self) -> None:
        self._flowing.set()

    # ---------------------------------------------------------------------------- asked by the sender
    async def lives(self) -> bool:
        # Rounds of the loop: one sees what the system has to say of the connection, the next ones act on it.
        for _ in range(4):
            await asyncio.sleep(0)
        return self.ended is None

    async def send(self, frame: bytes) -> bool:
        """False where the connection has ended; what it may have lost is then told by `unsure`."""
        if not await self.lives() or self._transport is None:
            return False
        self._sent.append((self._clock.monotonic(), frame))
        self._transport.write(frame)
        await self._flowing.wait()
        return self.ended is None

    def unsure(self) -> list[bytes]:
        """The records, in order, that the server may not have. Only of a connection that has ended."""
        late = [frame for at, frame in self._sent if at >= self._ended_at - (GRACE if self.ended else LOST)]
        return late or ([] if self.ended else [frame for _, frame in list(self._sent)[-1:]])

    def end(self) -> None:
        """It is of no more use: what the system still holds of it is thrown away."""
        self.connection_lost(OSError())
        if self._transport is not None:
            self._transport.abort()

    async def close(self) -> None:
        """In order, within a second."""
        if self._transport is not None:
            self._transport.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL):
                    await self._gone.wait()
            self._transport.abort()


async def connected(place: Place, context: ssl.SSLContext | None, dial: Dial, clock: Clock) -> Connection:
    """Raises FetchError, NotTrusted."""
    dialled = await dial(place.host, place.port)
    _watched(dialled)
    made = Connection(clock)
    try:
        await asyncio.get_running_loop().create_connection(
            lambda: made, sock=dialled, ssl=context, server_hostname=place.host if context is not None else None
        )
    except ssl.SSLCertVerificationError as error:
        raise NotTrusted(error.verify_message or "not valid") from None
    except ssl.SSLError:
        raise FetchError(
            "no TLS connection could be agreed on: is this the port for TLS, and does the server want a certificate?"
        ) from None
    except OSError:
        raise FetchError("the connection was closed before anything was sent", transport=True) from None
    return made


def _watched(dialled: socket.socket) -> None:
    """The system asks from time to time whether the server is still there, and gives up on one that says nothing."""
    dialled.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", UNCONFIRMED)):
        if hasattr(socket, option):  # Linux has all of them, other systems some
            dialled.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
