"""Receivers that do every harm a receiver can, by name; in this process, or as a program that prints its address.

    async with hostile("drip") as bad:
        ...                             # post to bad.url

``python -m tests.sinks.hostile HABIT`` does the same for measurements, until its standard input ends.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.receiver import Habit, Receiver, Reply
from tests.sinks.mailserver import HANG, MailServer

TLS: Final = Path(__file__).parent.parent / "net" / "tls"
#: A name whose look-up hangs until it is let go.
SILENT: Final = "silent.test"
#: Bytes of the answer that has no end, as it is announced.
HUGE: Final = 10 * 1024**3


class Names:
    """Look-ups of names: everything under .test is loopback; that of SILENT hangs until ``let_go``."""

    def __init__(self) -> None:
        self._going = threading.Event()

    def __call__(self, host: str, port: int, **more: Any) -> Any:
        if host == SILENT:
            self._going.wait(60)
            raise socket.gaierror(socket.EAI_AGAIN, "no name server answers")
        return socket.getaddrinfo("127.0.0.1" if host.endswith(".test") else host, port, **more)

    def let_go(self) -> None:
        self._going.set()


@dataclass
class Bad:
    """``receiver`` where it is one, ``target`` is where it redirects to."""

    url: str = ""
    receiver: Receiver | None = None
    target: Receiver | None = None
    mail: MailServer | None = None
    names: Names = field(default_factory=Names)


async def _answers(bad: Bad, reply: Reply, tls: ssl.SSLContext | None = None) -> AsyncIterator[Bad]:
    async with Receiver(tls=tls) as receiver:
        receiver.default = reply
        bad.url, bad.receiver = receiver.url, receiver
        yield bad


async def _redirect(bad: Bad) -> AsyncIterator[Bad]:
    async with Receiver() as target:
        bad.target = target
        async for one in _answers(bad, Reply(307, {"Location": target.url})):
            yield one


async def _bad_tls(bad: Bad) -> AsyncIterator[Bad]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "other_name.pem", TLS / "key.pem")
    async for one in _answers(bad, Reply(), context):
        yield one


async def _drip_head(bad: Bad) -> AsyncIterator[Bad]:
    """Its status line never ends: a byte from time to time."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            writer.write(b"HTTP/1.1 200 OK\r\nX: ")
            while not writer.is_closing():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.1)

    async for one in _server(bad, drip, "http"):
        yield one


async def _silent_handshake(bad: Bad) -> AsyncIterator[Bad]:
    """Takes the connection and says nothing to TLS."""

    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            await reader.read()

    async for one in _server(bad, nothing, "https"):
        yield one


async def _server(
    bad: Bad, behave: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], scheme: str
) -> AsyncIterator[Bad]:
    tasks: set[asyncio.Task[None]] = set()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await behave(reader, writer)
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    bad.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield bad
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _silent_connect(bad: Bad) -> AsyncIterator[Bad]:
    """Its queue of connections is full, and what wants to connect is not answered at all."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(0)
    full = []
    for _ in range(3):
        one = socket.socket()
        one.setblocking(False)
        with suppress(BlockingIOError):
            one.connect(listening.getsockname())
        full.append(one)
    bad.url = f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
    try:
        yield bad
    finally:
        for one in (*full, listening):
            one.close()


async def _silent_name(bad: Bad) -> AsyncIterator[Bad]:
    bad.url = f"http://{SILENT}/hook"
    yield bad


async def _silent_mail(bad: Bad) -> AsyncIterator[Bad]:
    """A mail server that takes a letter and never says so."""
    async with MailServer() as server:
        server.verbs["DATA"] = HANG
        bad.mail = server
        yield bad


_FLOOD: Final = Reply(200, {"Content-Length": str(HUGE)}, habit=Habit.FLOOD)
HABITS: Final[dict[str, Callable[[Bad], AsyncIterator[Bad]]]] = {
    "redirect": _redirect,
    "reset": lambda bad: _answers(bad, Reply(habit=Habit.RESET)),
    "bad TLS": _bad_tls,
    "10 GB": lambda bad: _answers(bad, _FLOOD),
    "drip": lambda bad: _answers(bad, Reply(habit=Habit.DRIP)),
    "drip in head": _drip_head,
    "hang": lambda bad: _answers(bad, Reply(habit=Habit.HANG)),
    "hang in connect": _silent_connect,
    "hang in TLS": _silent_handshake,
    "hang in DNS": _silent_name,
    "hang in mail": _silent_mail,
}
#: Those that keep a sender busy until its deadline.
HANGING: Final = frozenset({"drip", "drip in head", "hang", "hang in connect", "hang in TLS", "hang in DNS", "hang in mail"})


@asynccontextmanager
async def hostile(habit: str) -> AsyncIterator[Bad]:
    bad = Bad()
    try:
        async for one in HABITS[habit](bad):
            yield one
    finally:
        bad.names.let_go()


async def _main(habit: str) -> None:
    async def run(url: str) -> None:
        print(url, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

    if habit == "well":
        async with Receiver() as receiver:
            await run(receiver.url)
    else:
        async with hostile(habit) as bad:
            await run(bad.url)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
