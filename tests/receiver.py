"""A real HTTP receiver on loopback that records what it gets and answers as scripted, with every bad habit receivers have.

In a coroutine::

    async with Receiver() as receiver:
        receiver.script += [Reply(503), Reply(200)]
        ...                             # post to receiver.url
        assert receiver.ids() == [...]

From plain code (and beside a daemon in another process) the same on a thread of its own::

    with ThreadedReceiver() as receiver: ...

``stop`` and ``start`` make an outage: the port stays the same, connections are refused in between.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from types import TracebackType
from typing import Self

from aiohttp import web


class Habit(Enum):
    ANSWER = auto()
    HANG = auto()  # reads the request and says nothing
    HANG_IN_BODY = auto()  # sends the headers and then nothing
    DRIP = auto()  # sends its body a byte at a time, for ever
    RESET = auto()  # takes the request (it is recorded) and drops the connection: the acknowledgement is lost
    FLOOD = auto()  # sends a body without end, as fast as it is read


@dataclass(frozen=True, slots=True)
class Reply:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    habit: Habit = Habit.ANSWER
    delay: float = 0.0  # seconds before it answers


@dataclass(frozen=True, slots=True)
class Received:
    method: str
    path: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    reply: Reply

    @property
    def accepted(self) -> bool:
        """Whether the receiver took it for good, whatever the sender got to hear."""
        return self.reply.habit is Habit.RESET or 200 <= self.reply.status < 300


class Receiver:
    """``script`` is used up from the front, then ``default`` answers; ``answer`` (if set) decides instead of both."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.script: list[Reply] = []
        self.default = Reply()
        self.answer: Callable[[str, Mapping[str, str], bytes], Reply] | None = None
        self.requests: list[Received] = []
        self.flooded = 0  # bytes that FLOOD got rid of
        self.port = 0
        self._tls = tls
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/hook"

    def ids(self) -> list[str]:
        return [request.headers.get("webhook-id", "") for request in self.requests]

    def accepted_ids(self) -> list[str]:
        return [request.headers.get("webhook-id", "") for request in self.requests if request.accepted]

    async def start(self) -> None:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._handle)
        # handler_cancellation: a hanging handler ends with its client, so that closing never waits for it.
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.05, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=self._tls, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()

    # ---------------------------------------------------------------------------------------- answering
    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        reply = self._reply(request.path_qs, headers, body)
        self.requests.append(Received(request.method, request.path_qs, headers, body, reply))
        if reply.delay:
            await asyncio.sleep(reply.delay)
        match reply.habit:
            case Habit.ANSWER:
                return web.Response(status=reply.status, headers=dict(reply.headers), body=reply.body)
            case Habit.HANG:
                await asyncio.Event().wait()
            case Habit.RESET:
                assert request.transport is not None
                request.transport.abort()
        return await self._stream(request, reply)

    async def _stream(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        response = web.StreamResponse(status=reply.status, headers=dict(reply.headers))
        if reply.habit is Habit.RESET:
            return response
        await response.prepare(request)
        if reply.habit is Habit.HANG_IN_BODY:
            await asyncio.Event().wait()
        chunk, pause = (b"x", 0.02) if reply.habit is Habit.DRIP else (b"x" * 65536, 0.0)
        while True:
            await response.write(chunk)
            self.flooded += len(chunk)
            await asyncio.sleep(pause)

    def _reply(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        if self.answer is not None:
            return self.answer(path, headers, body)
        return self.script.pop(0) if self.script else self.default


class ThreadedReceiver(Receiver):
    """The same on a thread of its own, for tests that are not coroutines."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls=tls)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="receiver", daemon=True)

    def up(self) -> None:
        asyncio.run_coroutine_threadsafe(self.start(), self._loop).result(10)

    def down(self) -> None:
        asyncio.run_coroutine_threadsafe(self.stop(), self._loop).result(10)

    def __enter__(self) -> Self:
        self._thread.start()
        self.up()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
